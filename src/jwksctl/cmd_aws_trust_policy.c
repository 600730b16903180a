/* SPDX-License-Identifier: MIT */
/*
 * jwksctl aws trust-policy: the trust policy that lets service accounts become
 * a role; new, or an existing one with more or fewer of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/json.h"
#include "aws/name.h"
#include "aws/policy.h"
#include "aws/render.h"
#include "base/file.h"
#include "jwksctl/cmd_aws.h"

const struct ctl_option aws_trust_policy_options[] = {
	{"issuer", "URL", false, "the issuer, byte for byte as in tokens"},
	{"account", "ID", false, "the AWS account of provider and role"},
	{"partition", "NAME", false,
		"aws (default), aws-cn, aws-us-gov or aws-eusc"},
	{"service-account", "NS/NAME", true, "who may assume the role"},
	{"audience", "AUD", false,
		"who tokens are for (default: " AWS_AUDIENCE ")"},
	{"merge", "FILE", false, "add to this policy"},
	{"remove", "FILE", false, "take out of this policy"},
	{"wildcard", NULL, false, "allow * and ? in NS/NAME"},
	{"role", "NAME", false, "the whole role, not its policy only"},
	{"for", "FORM", false,
		"with --role: aws-cli (default), terraform, cloudformation or "
		"cdk"},
	AWS_OPTION_END,
};

struct request {
	struct buf arn;
	struct buf subjects[AWS_SUBJECTS_MAX];
	struct aws_grant grant;
	enum aws_form form;
};

static void
request_release(struct request *r)
{
	size_t i;

	for (i = 0; i < AWS_SUBJECTS_MAX; i++)
		buf_release(&r->subjects[i]);
	buf_release(&r->arn);
}

static int
read_names(const struct ctl *ctl, struct request *r, struct error *e)
{
	const char *issuer = ctl_value(ctl, "issuer");
	const char *account = ctl_value(ctl, "account");
	const char *partition = ctl_value(ctl, "partition");
	const char *audience = ctl_value(ctl, "audience");

	if (issuer == NULL || account == NULL)
		return error_set(e, ERROR_INVALID,
			"--issuer URL and --account ID are needed");
	if (aws_issuer_check(issuer, e) != 0 ||
		aws_account_check(account, e) != 0 ||
		aws_partition_check(partition, e) != 0)
		return -1;
	aws_provider_arn(&r->arn, partition, account, issuer);
	if (!buf_ok(&r->arn))
		return error_nomem(e);
	r->grant.provider_arn = r->arn.data;
	r->grant.issuer = aws_issuer_bare(issuer);
	r->grant.audience = audience != NULL ? audience : AWS_AUDIENCE;
	return 0;
}

static void
warn_subject(const struct aws_subject *s, bool grows)
{
	if (!grows)
		return;
	if (strlen(s->text) > AWS_SUBJECT_MAX)
		fprintf(stderr,
			"jwksctl: warning: %.60s... has %zu characters, and "
			"STS takes no sub over %d: such a token is refused\n",
			s->text, strlen(s->text), AWS_SUBJECT_MAX);
	if (s->wide)
		fprintf(stderr,
			"jwksctl: warning: %s also lets in service accounts "
			"that do not exist yet\n",
			s->text);
}

static int
read_subjects(const struct ctl *ctl, struct request *r, struct error *e)
{
	bool wildcard = ctl_has(ctl, "wildcard");
	struct aws_subject *s;
	const char *name;
	size_t i;

	for (i = 0; (name = ctl_value_at(ctl, "service-account", i)) != NULL;
		i++) {
		if (i == AWS_SUBJECTS_MAX)
			return error_set(e, ERROR_LIMIT,
				"more than %d service accounts at once",
				AWS_SUBJECTS_MAX);
		s = &r->grant.subjects[i];
		if (aws_subject(&r->subjects[i], name, wildcard, &s->wide, e) !=
			0)
			return -1;
		if (!buf_ok(&r->subjects[i]))
			return error_nomem(e);
		s->text = r->subjects[i].data;
		r->grant.count++;
	}
	if (i == 0)
		return error_set(e, ERROR_INVALID,
			"--service-account NS/NAME is needed");
	return 0;
}

static int
read_request(const struct ctl *ctl, struct request *r, struct error *e)
{
	const char *role = ctl_value(ctl, "role"),
		   *form = ctl_value(ctl, "for");

	if (ctl_has(ctl, "merge") && ctl_has(ctl, "remove"))
		return error_set(e, ERROR_INVALID,
			"--merge and --remove cannot be given together");
	if (form != NULL && role == NULL)
		return error_set(e, ERROR_INVALID, "--for needs --role NAME");
	if ((role != NULL && aws_role_name_check(role, e) != 0) ||
		(form != NULL && aws_form_parse(form, &r->form, e) != 0))
		return -1;
	return read_names(ctl, r, e) == 0 ? read_subjects(ctl, r, e) : -1;
}

/* The policy after the change. */
static int
make_policy(const struct ctl *ctl, const struct request *r, struct buf *out,
	struct error *e)
{
	const char *merge = ctl_value(ctl, "merge");
	const char *remove = ctl_value(ctl, "remove");
	const char *path = merge != NULL ? merge : remove;
	struct file_bytes file = {0};
	size_t removed = 0;
	int rc;

	if (path != NULL &&
		file_read(AT_FDCWD, path, AWS_JSON_MAX, &file, e) != 0)
		return error_wrap(e, "%s", path);
	if (remove != NULL)
		rc = aws_policy_revoke(
			file.data, file.len, &r->grant, out, &removed, e);
	else
		rc = aws_policy_grant(file.data, file.len, &r->grant, out, e);
	file_bytes_release(&file);
	if (rc != 0)
		return path != NULL ? error_wrap(e, "%s", path) : -1;
	if (!buf_ok(out))
		return error_nomem(e);
	if (remove != NULL && removed < r->grant.count)
		fprintf(stderr,
			"jwksctl: note: %zu of %zu were not in the policy\n",
			r->grant.count - removed, r->grant.count);
	return 0;
}

static int
check_size(const struct buf *policy, struct error *e)
{
	size_t size = aws_policy_size(policy->data, policy->len);

	if (size > AWS_POLICY_QUOTA_MAX)
		return error_set(e, ERROR_LIMIT,
			"the policy has %zu characters without white space, "
			"and IAM takes %d at most: use several roles",
			size, AWS_POLICY_QUOTA_MAX);
	if (size > AWS_POLICY_QUOTA)
		fprintf(stderr,
			"jwksctl: warning: the policy has %zu characters "
			"without white space, and IAM takes %d unless the "
			"account's quota L-C07B4B0D was raised (up to %d)\n",
			size, AWS_POLICY_QUOTA, AWS_POLICY_QUOTA_MAX);
	return 0;
}

static int
print_role(const char *role, const struct buf *policy, enum aws_form form,
	struct error *e)
{
	json_t *root = aws_json_parse(policy->data, policy->len, e);
	struct buf out = BUF_INIT;
	int rc = -1;

	if (root != NULL)
		rc = aws_render_role(&out, role, root, form, e);
	if (rc == 0 && !buf_ok(&out))
		rc = error_nomem(e);
	if (rc == 0)
		fputs(out.data, stdout);
	buf_release(&out);
	json_decref(root);
	return rc;
}

enum ctl_exit
cmd_aws_trust_policy(struct ctl *ctl)
{
	const char *role = ctl_value(ctl, "role");
	struct request *r = calloc(1, sizeof(*r));
	enum ctl_exit code = CTL_OK;
	struct buf policy = BUF_INIT;
	struct error e = {0};
	size_t i;
	int rc = -1;

	if (r == NULL) {
		error_nomem(&e);
		return ctl_fail(&e);
	}
	if (read_request(ctl, r, &e) != 0) {
		code = ctl_usage(&e, ctl->cmd);
		goto out;
	}
	for (i = 0; i < r->grant.count; i++)
		warn_subject(&r->grant.subjects[i], !ctl_has(ctl, "remove"));
	if (make_policy(ctl, r, &policy, &e) == 0 &&
		check_size(&policy, &e) == 0) {
		rc = 0;
		if (role != NULL)
			rc = print_role(role, &policy, r->form, &e);
		else
			fwrite(policy.data, 1, policy.len, stdout);
	}
	if (rc != 0)
		code = ctl_fail(&e);
out:
	request_release(r);
	free(r);
	buf_release(&policy);
	return code;
}
