/* SPDX-License-Identifier: MIT */
/*
 * jwksctl token decode: header and claims of a token, as they are.  It checks
 * no signature, and says so.
 */
#include <stdio.h>

#include "aws/token.h"
#include "jwksctl/token.h"
#include "jwksctl/view.h"

enum ctl_exit
cmd_token_decode(struct ctl *ctl)
{
	struct aws_token token = {0};
	struct file_bytes file = {0};
	struct error e = {0};
	json_t *root;
	int rc = -1;

	if (token_read(ctl->words[0], &file, &e) != 0)
		return ctl_fail(&e);
	if (aws_token_parse(file.data, file.len, &token, &e) == 0) {
		root = json_pack("{s:O, s:O, s:b}", "header", token.header,
			"claims", token.claims, "verified", 0);
		rc = view_print(root, &e);
	}
	aws_token_release(&token);
	file_bytes_release(&file);
	return rc == 0 ? CTL_OK : ctl_fail(&e);
}
