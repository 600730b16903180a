/* SPDX-License-Identifier: MIT */
/*
 * jwksctl aws provider: the IAM OIDC provider of an issuer, ready to be
 * applied.  Nothing here talks to AWS.
 */
#include <stdio.h>

#include "aws/name.h"
#include "aws/provider.h"
#include "aws/render.h"
#include "jwksctl/cmd_aws.h"

const struct ctl_option aws_provider_options[] = {
	{"issuer", "URL", false, "the issuer, byte for byte as in tokens"},
	{"audience", "AUD", true,
		"who tokens are for (default: " AWS_AUDIENCE ")"},
	{"thumbprint", "HEX", true,
		"of a private CA; see jwksctl aws thumbprint"},
	{"for", "FORM", false,
		"aws-cli (default), terraform, cloudformation or cdk"},
	{"account", "ID", false, "say which ARN the provider will have"},
	{"partition", "NAME", false,
		"aws (default), aws-cn, aws-us-gov or aws-eusc"},
	AWS_OPTION_END,
};

static int
read_plan(const struct ctl *ctl, struct aws_provider *p, enum aws_form *form,
	struct error *e)
{
	const char *account = ctl_value(ctl, "account");
	const char *name = ctl_value(ctl, "for"), *value;
	size_t i;

	p->url = ctl_value(ctl, "issuer");
	if (p->url == NULL)
		return error_set(e, ERROR_INVALID, "--issuer URL is needed");
	if (aws_issuer_check(p->url, e) != 0 ||
		aws_partition_check(ctl_value(ctl, "partition"), e) != 0 ||
		(account != NULL && aws_account_check(account, e) != 0) ||
		(name != NULL && aws_form_parse(name, form, e) != 0))
		return -1;
	for (i = 0; (value = ctl_value_at(ctl, "audience", i)) != NULL; i++)
		if (aws_provider_add_audience(p, value, e) != 0)
			return -1;
	for (i = 0; (value = ctl_value_at(ctl, "thumbprint", i)) != NULL; i++)
		if (aws_provider_add_thumbprint(p, value, e) != 0)
			return -1;
	if (p->n_audiences == 0)
		return aws_provider_add_audience(p, AWS_AUDIENCE, e);
	return 0;
}

/* Beside the document, which is all that goes to standard output. */
static void
say_arn(const struct ctl *ctl, const struct aws_provider *p)
{
	const char *account = ctl_value(ctl, "account");
	struct buf arn = BUF_INIT;

	if (account == NULL)
		return;
	aws_provider_arn(&arn, ctl_value(ctl, "partition"), account, p->url);
	if (buf_ok(&arn))
		fprintf(stderr, "jwksctl: note: it will be %s\n", arn.data);
	buf_release(&arn);
}

enum ctl_exit
cmd_aws_provider(struct ctl *ctl)
{
	enum aws_form form = AWS_FORM_CLI;
	enum ctl_exit code = CTL_OK;
	struct aws_provider p = {0};
	struct buf out = BUF_INIT;
	struct error e = {0};

	if (read_plan(ctl, &p, &form, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (aws_render_provider(&out, &p, form, &e) != 0 || !buf_ok(&out)) {
		error_nomem(&e);
		code = ctl_fail(&e);
	} else {
		fputs(out.data, stdout);
		say_arn(ctl, &p);
	}
	buf_release(&out);
	return code;
}
