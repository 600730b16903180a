/* SPDX-License-Identifier: MIT */
/*
 * jwksctl aws simulate: AssumeRoleWithWebIdentity, decided from files.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "aws/json.h"
#include "aws/name.h"
#include "aws/policy.h"
#include "aws/sts.h"
#include "jwksctl/cmd_aws.h"
#include "jwksctl/jwks.h"
#include "jwksctl/text.h"
#include "jwksctl/token.h"
#include "jwksctl/view.h"

const struct ctl_option aws_simulate_options[] = {
	{"token", "FILE", false, "the service account's token"},
	{"keys", "FILE", false,
		"the issuer's JWKS or public keys: a file or URL"},
	{"provider", "FILE", false,
		"what aws iam get-open-id-connect-provider prints"},
	{"role-policy", "FILE", false, "the role's trust policy"},
	{"account", "ID", false, "of the role (default: not looked at)"},
	{"issuer-state", "STATE", false,
		"ok (default), error, unreachable, untrusted or rejects"},
	{"duration", "TIME", false, "DurationSeconds of the call"},
	{"max-duration", "TIME", false,
		"the role's MaxSessionDuration (default: 1h)"},
	{"region-off", NULL, false, "STS is switched off in the region"},
	AWS_OPTION_OUTPUT,
	AWS_OPTION_END,
};

/* What a call borrows from. */
struct inputs {
	struct file_bytes token;
	struct key_set keys;
	json_t *provider_root;
	struct aws_provider provider;
	json_t *policy;
};

static void
inputs_release(struct inputs *in)
{
	file_bytes_release(&in->token);
	key_set_release(&in->keys);
	json_decref(in->provider_root);
	json_decref(in->policy);
}

static int
read_inputs(const struct ctl *ctl, struct inputs *in, struct aws_call *call,
	struct error *e)
{
	const char *provider = ctl_value(ctl, "provider");
	const char *policy = ctl_value(ctl, "role-policy");
	const char *keys = ctl_value(ctl, "keys");

	if (token_read(ctl_value(ctl, "token"), &in->token, e) != 0 ||
		(keys != NULL && jwks_load(keys, &in->keys, e) != 0))
		return -1;
	call->token = in->token.data;
	call->token_len = in->token.len;
	call->keys = &in->keys;
	if (provider != NULL) {
		in->provider_root = aws_json_load(provider, e);
		if (in->provider_root == NULL)
			return -1;
		if (aws_provider_read(in->provider_root, &in->provider, e) != 0)
			return error_wrap(e, "%s", provider);
		call->provider = &in->provider;
	}
	if (policy != NULL) {
		in->policy = aws_json_load(policy, e);
		if (in->policy == NULL)
			return -1;
		if (aws_policy_check(in->policy, e) != 0)
			return error_wrap(e, "%s", policy);
		call->policy = in->policy;
	}
	return 0;
}

static int
read_state(const char *name, enum aws_idp *idp, struct error *e)
{
	static const char *const names[] = {
		"ok", "error", "unreachable", "untrusted", "rejects"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name == NULL || strcmp(name, names[i]) == 0) {
			*idp = (enum aws_idp)i;
			return 0;
		}
	return error_set(e, ERROR_INVALID,
		"--issuer-state %.32s: the states are ok, error, unreachable, "
		"untrusted and rejects",
		name);
}

static int
read_options(const struct ctl *ctl, struct aws_call *call, struct error *e)
{
	const char *duration = ctl_value(ctl, "duration");
	const char *most = ctl_value(ctl, "max-duration");

	call->now = ctl->clock.now;
	call->region_off = ctl_has(ctl, "region-off");
	call->account = ctl_value(ctl, "account");
	if (ctl_value(ctl, "token") == NULL)
		return error_set(e, ERROR_INVALID, "--token FILE is needed");
	if ((call->account != NULL &&
		    aws_account_check(call->account, e) != 0) ||
		(duration != NULL && text_duration_parse(duration,
					     &call->duration, e) != 0) ||
		(most != NULL &&
			text_duration_parse(most, &call->max_duration, e) != 0))
		return -1;
	return read_state(ctl_value(ctl, "issuer-state"), &call->idp, e);
}

static int
print(const struct aws_refusal *r, bool json, struct error *e)
{
	bool allowed = r->sts == AWS_STS_OK;

	if (json)
		return view_print(
			json_pack("{s:b, s:s?, s:i, s:s?, s:s?}", "allowed",
				(int)allowed, "code",
				allowed ? NULL : aws_sts_code(r->sts), "http",
				(int)aws_sts_http(r->sts), "message",
				allowed ? NULL : r->message, "why",
				allowed ? NULL : r->why.text),
			e);
	if (allowed)
		printf("allowed\n");
	else
		printf("refused: %s\nSTS says: An error occurred (%s) when "
		       "calling the AssumeRoleWithWebIdentity operation: %s\n",
			r->why.text, aws_sts_code(r->sts), r->message);
	return 0;
}

enum ctl_exit
cmd_aws_simulate(struct ctl *ctl)
{
	struct aws_refusal refusal = {0};
	enum ctl_exit code = CTL_FAILED;
	struct aws_call call = {0};
	struct inputs in = {0};
	struct error e = {0};
	bool json = false;

	if (ctl_json(ctl, &json, &e) != 0 || read_options(ctl, &call, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (read_inputs(ctl, &in, &call, &e) == 0) {
		code = aws_simulate(&call, &refusal) == 0 ? CTL_OK
							  : CTL_FINDING;
		if (print(&refusal, json, &e) != 0)
			code = CTL_FAILED;
	}
	if (code == CTL_FAILED)
		ctl_fail(&e);
	inputs_release(&in);
	return code;
}
