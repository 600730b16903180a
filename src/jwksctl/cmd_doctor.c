/* SPDX-License-Identifier: MIT */
/*
 * jwksctl doctor: the way from a token to a role, and the one link of it that
 * is broken.  The exit code says which: CTL_STAGE and the stage's number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "aws/doctor.h"
#include "aws/json.h"
#include "aws/policy.h"
#include "jwksctl/cmd_aws.h"
#include "jwksctl/finding.h"
#include "jwksctl/jwks.h"
#include "jwksctl/token.h"
#include "jwksctl/view.h"
#include "key/parse.h"

const struct ctl_option doctor_options[] = {
	{"token", "FILE", false, "a pod's token; it is sent nowhere"},
	{"provider", "FILE", false,
		"what aws iam get-open-id-connect-provider prints"},
	{"role-policy", "FILE", false, "the role's trust policy"},
	{"keyring", "DIR", false, "compare the JWKS with this keyring"},
	{"apiserver", "URL|FILE", false,
		"compare the JWKS with an API server's"},
	{"apiserver-ca", "FILE", false, "CAs to trust for --apiserver"},
	AWS_OPTION_EYE,
	AWS_OPTION_OUTPUT,
	AWS_OPTION_END,
};

/* What a patient borrows from. */
struct chart {
	struct file_bytes token;
	json_t *provider_root;
	struct aws_provider provider;
	json_t *policy;
	struct keyring *ring;
	struct key_set ring_keys;
	struct key_set apiserver;
	struct error apiserver_problem;
};

static void
chart_release(struct chart *c)
{
	file_bytes_release(&c->token);
	json_decref(c->provider_root);
	json_decref(c->policy);
	keyring_free(c->ring);
	key_set_release(&c->ring_keys);
	key_set_release(&c->apiserver);
}

static int
read_aws(const struct ctl *ctl, struct chart *c, struct aws_patient *p,
	struct error *e)
{
	const char *provider = ctl_value(ctl, "provider");
	const char *policy = ctl_value(ctl, "role-policy");

	if (provider != NULL) {
		c->provider_root = aws_json_load(provider, e);
		if (c->provider_root == NULL)
			return -1;
		if (aws_provider_read(c->provider_root, &c->provider, e) != 0)
			return error_wrap(e, "%s", provider);
		p->provider = &c->provider;
	}
	if (policy != NULL) {
		c->policy = aws_json_load(policy, e);
		if (c->policy == NULL)
			return -1;
		if (aws_policy_check(c->policy, e) != 0)
			return error_wrap(e, "%s", policy);
		p->policy = c->policy;
	}
	return 0;
}

static int
read_keyring(const struct ctl *ctl, struct chart *c, struct aws_patient *p,
	struct error *e)
{
	const char *dir = ctl_value(ctl, "keyring");

	if (dir == NULL)
		return 0;
	c->ring = view_load(dir, e);
	if (c->ring == NULL ||
		jwks_of(c->ring, ctl->clock.now, &c->ring_keys, e) != 0)
		return -1;
	p->ring_issuer = c->ring->issuer;
	p->ring = &c->ring_keys;
	return 0;
}

/* Without credentials: no token of anybody's is sent, not even there. */
static int
get_apiserver(const char *server, const char *ca_file, struct key_set *set,
	struct error *e)
{
	struct remote_request request = {.ca_file = ca_file};
	struct remote_answer answer = {0};
	char url[AWS_URL_MAX];
	int rc = -1;

	if ((size_t)snprintf(url, sizeof(url), "%s/openid/v1/jwks", server) >=
		sizeof(url))
		return error_set(e, ERROR_LIMIT, "the URL is too long");
	request.url = url;
	if (remote_get(&request, &answer, e) != 0)
		return -1;
	if (answer.status == 200)
		rc = key_parse(answer.body, answer.len, set, e);
	else
		error_set(e, ERROR_NET, "answers %u", answer.status);
	remote_answer_release(&answer);
	return rc == 0 ? 0 : error_wrap(e, "%s", url);
}

/* What goes wrong here is a finding. */
static void
read_apiserver(const struct ctl *ctl, struct chart *c, struct aws_patient *p)
{
	const char *from = ctl_value(ctl, "apiserver");
	int rc;

	if (from == NULL)
		return;
	if (jwks_is_url(from))
		rc = get_apiserver(from, ctl_value(ctl, "apiserver-ca"),
			&c->apiserver, &c->apiserver_problem);
	else
		rc = jwks_load(from, &c->apiserver, &c->apiserver_problem);
	if (rc == 0)
		p->apiserver = &c->apiserver;
	else
		p->apiserver_problem = c->apiserver_problem.text;
}

static int
read_chart(const struct ctl *ctl, struct chart *c, struct aws_patient *p,
	struct error *e)
{
	const char *token = ctl_value(ctl, "token");

	if (token != NULL) {
		if (token_read(token, &c->token, e) != 0)
			return -1;
		p->token = c->token.data;
		p->token_len = c->token.len;
	}
	if (read_aws(ctl, c, p, e) != 0 || read_keyring(ctl, c, p, e) != 0)
		return -1;
	read_apiserver(ctl, c, p);
	return 0;
}

static json_t *
view_finding(const struct aws_finding *f)
{
	bool told = f->sts != AWS_STS_OK;

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?}", "stage",
		aws_stage_name(f->stage), "verdict",
		aws_verdict_name(f->verdict), "seen", f->seen, "todo",
		f->todo[0] != '\0' ? f->todo : NULL, "sts_code",
		told ? aws_sts_code(f->sts) : NULL, "sts_message",
		told ? f->message : NULL);
}

static int
print_json(const struct ctl *ctl, const struct aws_report *r, struct error *e)
{
	const struct aws_finding *broken = aws_report_broken(r);
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < r->count; i++)
		if (json_array_append_new(
			    list, view_finding(&r->findings[i])) != 0) {
			json_decref(list);
			return error_nomem(e);
		}
	return view_print(
		json_pack("{s:s, s:s?, s:o}", "issuer", ctl->words[0], "broken",
			broken != NULL ? aws_stage_name(broken->stage) : NULL,
			"findings", list),
		e);
}

static void
print_text(const struct ctl *ctl, const struct aws_report *r)
{
	const struct aws_finding *broken = aws_report_broken(r), *f;
	size_t i;

	for (i = 0; i < r->count; i++) {
		f = &r->findings[i];
		finding_print(aws_stage_name(f->stage), f->verdict, f->seen,
			f->todo, ctl->colour);
	}
	if (broken == NULL) {
		printf("\nno broken link was found\n");
		return;
	}
	printf("\nbroken: %s: ", aws_stage_name(broken->stage));
	finding_print_line(broken->seen);
	if (broken->sts == AWS_STS_OK)
		printf("STS does not complain of it\n");
	else
		printf("a pod sees: An error occurred (%s) when calling the "
		       "AssumeRoleWithWebIdentity operation: %s\n",
			aws_sts_code(broken->sts), broken->message);
	printf("do: %s\n", broken->todo);
}

static enum ctl_exit
examine(struct ctl *ctl, const struct aws_patient *patient, bool json,
	struct error *e)
{
	struct aws_report *report = calloc(1, sizeof(*report));
	const struct aws_finding *broken;
	enum ctl_exit code = CTL_OK;

	if (report == NULL) {
		error_nomem(e);
		return CTL_FAILED;
	}
	aws_doctor(patient, report);
	broken = aws_report_broken(report);
	if (broken != NULL)
		code = (enum ctl_exit)(CTL_STAGE + (int)broken->stage);
	if (!json)
		print_text(ctl, report);
	else if (print_json(ctl, report, e) != 0)
		code = CTL_FAILED;
	free(report);
	return code;
}

enum ctl_exit
cmd_doctor(struct ctl *ctl)
{
	struct aws_patient patient = {.issuer = ctl->words[0]};
	enum ctl_exit code = CTL_FAILED;
	struct chart chart = {0};
	struct error e = {0};
	bool json = false;

	if (ctl_json(ctl, &json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	patient.eye = aws_eye_of(ctl);
	if (read_chart(ctl, &chart, &patient, &e) == 0)
		code = examine(ctl, &patient, json, &e);
	if (code == CTL_FAILED)
		ctl_fail(&e);
	chart_release(&chart);
	return code;
}
