/* SPDX-License-Identifier: MIT */
/*
 * jwksctl aws audit: existing trust policies, and what is too wide in them.
 * Takes policies and whatever the aws CLI prints that holds some.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "aws/audit.h"
#include "aws/json.h"
#include "aws/policy.h"
#include "jwksctl/cmd_aws.h"
#include "jwksctl/view.h"

#define ISSUERS_MAX 64

const struct ctl_option aws_audit_options[] = {
	{"issuer", "URL", true, "expect these issuers only"},
	AWS_OPTION_OUTPUT,
	AWS_OPTION_END,
};

struct audit {
	const char *issuers[ISSUERS_MAX];
	size_t n_issuers;
	json_t *findings; /* NULL: print as text */
	const char *path;
	const char *role; /* NULL: not known */
	size_t count;
	size_t policies;
	bool failed;
};

static void
found(size_t statement, enum aws_audit_kind kind, const char *text, void *arg)
{
	struct audit *a = arg;
	json_t *finding;

	a->count++;
	if (a->findings == NULL) {
		printf("%s: %s%sstatement %zu: %s: %s\n", a->path,
			a->role != NULL ? a->role : "",
			a->role != NULL ? ": " : "", statement,
			aws_audit_name(kind), text);
		return;
	}
	finding = json_pack("{s:s, s:s?, s:i, s:s, s:s}", "file", a->path,
		"role", a->role, "statement", (int)statement, "kind",
		aws_audit_name(kind), "text", text);
	if (json_array_append_new(a->findings, finding) != 0)
		a->failed = true;
}

static int
audit_policy(struct audit *a, const json_t *policy, struct error *e)
{
	if (aws_policy_check(policy, e) != 0)
		return -1;
	a->policies++;
	(void)aws_audit(policy, a->issuers, a->n_issuers, found, a);
	return a->failed ? error_nomem(e) : 0;
}

/* A role as the CLI prints it; the policy may be a string, as in create-role's
 * input. */
static int
audit_role(struct audit *a, const json_t *role, struct error *e)
{
	const json_t *policy =
		json_object_get(role, "AssumeRolePolicyDocument");
	json_t *parsed = NULL;
	int rc = -1;

	a->role = json_string_value(json_object_get(role, "RoleName"));
	if (json_is_string(policy)) {
		parsed = aws_json_parse(json_string_value(policy),
			json_string_length(policy), e);
		policy = parsed;
	}
	if (policy != NULL)
		rc = audit_policy(a, policy, e);
	else
		error_set(e, ERROR_PARSE, "no AssumeRolePolicyDocument in it");
	json_decref(parsed);
	if (rc != 0 && a->role != NULL)
		error_wrap(e, "%s", a->role);
	a->role = NULL;
	return rc;
}

static int
audit_roles(struct audit *a, const json_t *roles, struct error *e)
{
	const json_t *role;
	size_t i;

	json_array_foreach(
		roles, i, role) if (audit_role(a, role, e) != 0) return -1;
	return 0;
}

static int
audit_document(struct audit *a, const json_t *root, struct error *e)
{
	const json_t *role = json_object_get(root, "Role");
	const json_t *list = json_object_get(root, "Roles");

	if (list == NULL)
		list = json_object_get(root, "RoleDetailList");
	if (list != NULL)
		return audit_roles(a, list, e);
	if (role != NULL)
		return audit_role(a, role, e);
	if (json_object_get(root, "AssumeRolePolicyDocument") != NULL)
		return audit_role(a, root, e);
	return audit_policy(a, root, e);
}

static enum ctl_exit
audit_file(struct audit *a, const char *path)
{
	struct error e = {0};
	json_t *root = aws_json_load(path, &e);
	enum ctl_exit code = CTL_OK;

	a->path = path;
	if (root == NULL)
		return ctl_fail(&e);
	if (audit_document(a, root, &e) != 0) {
		error_wrap(&e, "%s", path);
		code = ctl_fail(&e);
	}
	json_decref(root);
	return code;
}

static int
read_issuers(const struct ctl *ctl, struct audit *a, struct error *e)
{
	const char *issuer;

	while ((issuer = ctl_value_at(ctl, "issuer", a->n_issuers)) != NULL) {
		if (a->n_issuers == ISSUERS_MAX)
			return error_set(e, ERROR_LIMIT, "more than %d issuers",
				ISSUERS_MAX);
		a->issuers[a->n_issuers++] = issuer;
	}
	return 0;
}

enum ctl_exit
cmd_aws_audit(struct ctl *ctl)
{
	enum ctl_exit code = CTL_OK, one;
	struct audit a = {0};
	struct error e = {0};
	bool json = false;
	size_t i;

	if (ctl_json(ctl, &json, &e) != 0 || read_issuers(ctl, &a, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (json)
		a.findings = json_array();
	for (i = 0; i < ctl->n_words; i++) {
		one = audit_file(&a, ctl->words[i]);
		if (one > code)
			code = one;
	}
	if (json && view_print(json_pack("{s:i, s:o}", "policies",
				       (int)a.policies, "findings", a.findings),
			    &e) != 0)
		return ctl_fail(&e);
	if (!json)
		printf("%zu polic%s, %zu finding%s\n", a.policies,
			a.policies == 1 ? "y" : "ies", a.count,
			a.count == 1 ? "" : "s");
	if (code == CTL_OK && a.count > 0)
		code = CTL_FINDING;
	return code;
}
