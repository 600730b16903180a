/* SPDX-License-Identifier: MIT */
/*
 * A token is a secret for as long as it lives: it is read into memory that is
 * wiped, and no error quotes it.
 */
#include "jwksctl/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_BYTES_MAX (32 * 1024)

static int
read_input(struct file_bytes *out, struct error *e)
{
	ssize_t n;

	out->data = malloc(TOKEN_BYTES_MAX + 1);
	if (out->data == NULL)
		return error_nomem(e);
	while (out->len < TOKEN_BYTES_MAX) {
		n = read(STDIN_FILENO, out->data + out->len,
			TOKEN_BYTES_MAX - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, "standard input");
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	out->data[out->len] = '\0';
	return 0;
}

int
token_read(const char *path, struct file_bytes *out, struct error *e)
{
	size_t start;

	if (strcmp(path, "-") == 0) {
		if (read_input(out, e) != 0) {
			file_bytes_release(out);
			return -1;
		}
	} else if (file_read(AT_FDCWD, path, TOKEN_BYTES_MAX, out, e) != 0) {
		return error_wrap(e, "%s", path);
	}
	while (out->len > 0 && strchr(" \t\r\n", out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	start = strspn(out->data, " \t\r\n");
	memmove(out->data, out->data + start, out->len - start + 1);
	out->len -= start;
	return 0;
}
