/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a trust policy: what is granted is granted once, what is taken
 * out is gone, and every other byte of a policy stays.  The same bytes as a
 * token: read or refused.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aws/audit.h"
#include "aws/decide.h"
#include "aws/json.h"
#include "aws/policy.h"
#include "aws/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct aws_grant grant = {
	.provider_arn = "arn:aws:iam::1:oidc-provider/h/a",
	.issuer = "h/a",
	.audience = "x",
	.subjects = {{"s:a:b", false}, {"s:*", true}},
	.count = 2,
};

static void
ignore(size_t statement, enum aws_audit_kind kind, const char *text, void *arg)
{
	(void)arg;
	assert(statement > 0 && text[0] != '\0');
	assert(aws_audit_name(kind)[0] != '\0');
}

static void
check_reading(const char *text, size_t len)
{
	const struct aws_caller caller = {
		.issuer = "https://h/a", .subject = "s:a:b"};
	json_t *policy = aws_json_parse(text, len, NULL);
	char why[AWS_DECIDE_WHY_MAX];

	if (policy != NULL && aws_policy_check(policy, NULL) == 0) {
		(void)aws_decide(policy, &caller, why);
		assert(why[0] != '\0');
		(void)aws_audit(policy, NULL, 0, ignore, NULL);
	}
	json_decref(policy);
}

static void
check_policy(const char *text, size_t len)
{
	struct buf once = BUF_INIT, twice = BUF_INIT, less = BUF_INIT;
	struct error e = {0};
	size_t removed = 0;

	if (aws_policy_grant(text, len, &grant, &once, &e) != 0) {
		assert(e.code != ERROR_NONE && once.len == 0);
		return;
	}
	assert(aws_policy_grant(once.data, once.len, &grant, &twice, NULL) ==
		0);
	assert(once.len == twice.len &&
		memcmp(once.data, twice.data, once.len) == 0);
	if (aws_policy_revoke(
		    once.data, once.len, &grant, &less, &removed, &e) == 0) {
		assert(removed >= 2);
		assert(less.len < once.len);
	} else {
		assert(e.code == ERROR_CONFLICT);
	}
	check_reading(once.data, once.len);
	buf_release(&once);
	buf_release(&twice);
	buf_release(&less);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct aws_token token;

	assert(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_reading(text, size);
	check_policy(text, size);
	if (aws_token_parse(text, size, &token, NULL) == 0) {
		assert(token.signature_len > 0 && token.signed_len < size);
		aws_token_release(&token);
	}
	free(text);
	return 0;
}
