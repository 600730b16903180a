/* SPDX-License-Identifier: MIT */
/*
 * STS tells the caller little and CloudTrail less, so here each refusal has
 * the message that a pod sees and the reason that it does not.
 * Invariant: a check that fails has filled in both.
 */
#include "aws/sts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aws/decide.h"
#include "aws/json.h"
#include "aws/name.h"

static const struct {
	const char *code;
	unsigned http;
	const char *message;
} answers[AWS_STS_CODES] = {
	[AWS_STS_OK] = {"", 200, ""},
	[AWS_STS_NO_PROVIDER] = {"InvalidIdentityToken", 400,
		"No OpenIDConnect provider found in your account for "},
	[AWS_STS_NO_KEY] = {"InvalidIdentityToken", 400,
		"Couldn't retrieve verification key from your identity "
		"provider, please reference AssumeRoleWithWebIdentity "
		"documentation for requirements"},
	[AWS_STS_THUMBPRINT] = {"InvalidIdentityToken", 400,
		"OpenIDConnect provider's HTTPS certificate doesn't match "
		"configured thumbprint"},
	[AWS_STS_AUDIENCE] = {"InvalidIdentityToken", 400,
		"Incorrect token audience"},
	[AWS_STS_NOT_VALIDATED] = {"InvalidIdentityToken", 400,
		"The web identity token provided could not be validated"},
	[AWS_STS_NOT_JWT] = {"InvalidIdentityToken", 400,
		"The ID Token provided is not a valid JWT"},
	[AWS_STS_EXPIRED] = {"ExpiredTokenException", 400, "Token expired: "},
	[AWS_STS_IDP_COMMUNICATION] = {"IDPCommunicationError", 400,
		"The identity provider could not be reached; try again"},
	[AWS_STS_IDP_REJECTED] = {"IDPRejectedClaim", 403,
		"The identity provider rejected the claim"},
	[AWS_STS_ACCESS_DENIED] = {"AccessDenied", 403,
		"Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	[AWS_STS_REGION_DISABLED] = {"RegionDisabledException", 403,
		"STS is not activated in this region for your account"},
	[AWS_STS_DURATION] = {"ValidationError", 400,
		"The requested DurationSeconds exceeds the MaxSessionDuration "
		"set for this role."},
	[AWS_STS_PARAMETER] = {"ValidationError", 400,
		"1 validation error detected: "},
};

const char *
aws_sts_code(enum aws_sts sts)
{
	return answers[sts].code;
}

unsigned
aws_sts_http(enum aws_sts sts)
{
	return answers[sts].http;
}

int
aws_refuse(struct aws_refusal *r, enum aws_sts sts, const char *detail,
	const struct error *why)
{
	r->sts = sts;
	snprintf(r->message, sizeof(r->message), "%s%.250s",
		answers[sts].message, detail);
	r->why = *why;
	return -1;
}

int
aws_check_token(const char *text, size_t len, struct aws_token *out,
	struct aws_refusal *r)
{
	struct error e = {0};

	if (len < AWS_TOKEN_MIN || len > AWS_TOKEN_MAX) {
		error_set(&e, ERROR_LIMIT,
			"the token has %zu characters; STS takes %d to %d", len,
			AWS_TOKEN_MIN, AWS_TOKEN_MAX);
		return aws_refuse(r, AWS_STS_PARAMETER,
			"Value at 'webIdentityToken' failed to satisfy "
			"constraint: Member must have length less than or "
			"equal to 20000 and greater than or equal to 4",
			&e);
	}
	if (aws_token_parse(text, len, out, &e) == 0)
		return 0;
	return aws_refuse(r,
		e.code == ERROR_INVALID ? AWS_STS_NOT_VALIDATED
					: AWS_STS_NOT_JWT,
		"", &e);
}

int
aws_check_issuer(const struct aws_token *token,
	const struct aws_provider *provider, struct aws_refusal *r)
{
	const char *iss = aws_token_claim(token, "iss");
	struct error e = {0};

	if (iss == NULL) {
		error_set(&e, ERROR_NOTFOUND, "the token has no iss");
		return aws_refuse(r, AWS_STS_NOT_VALIDATED, "", &e);
	}
	if (provider != NULL && strncmp(iss, "https://", 8) == 0 &&
		aws_provider_is_for(provider, iss))
		return 0;
	error_set(&e, ERROR_NOTFOUND,
		"the token's iss is \"%.150s\", %s%.150s%s", iss,
		provider == NULL ? "and there is no provider"
				 : "the provider's URL is \"",
		provider == NULL ? "" : provider->url,
		provider == NULL ? "" : "\"");
	return aws_refuse(r, AWS_STS_NO_PROVIDER, iss, &e);
}

int
aws_check_signature(const struct aws_token *token, const struct key_set *keys,
	struct aws_refusal *r)
{
	const char *kid = aws_token_kid(token);
	const struct key *key;
	struct error e = {0};

	if (kid == NULL || kid[0] == '\0') {
		error_set(&e, ERROR_NOTFOUND, "the token's header has no kid");
		return aws_refuse(r, AWS_STS_NO_KEY, "", &e);
	}
	key = key_set_find(keys, kid);
	if (key == NULL) {
		error_set(&e, ERROR_NOTFOUND,
			"the token's kid %.64s is not in the JWKS", kid);
		return aws_refuse(r, AWS_STS_NO_KEY, "", &e);
	}
	if (aws_token_verify(token, key, &e) == 0)
		return 0;
	error_wrap(&e, "the token");
	return aws_refuse(r, AWS_STS_NOT_VALIDATED, "", &e);
}

/* A moment ahead of the clock, when it is there at all. */
static int
check_past(const struct aws_token *token, const char *name, int64_t now,
	bool needed, struct error *e)
{
	struct error why = {0};
	int64_t when = 0;

	if (aws_token_moment(token, name, &when, &why) != 0) {
		if (why.code == ERROR_NOTFOUND && !needed)
			return 0;
		return error_set(e, why.code, "the token: %s", why.text);
	}
	if (when <= now || when - now <= AWS_SKEW)
		return 0;
	return error_set(e, ERROR_EARLY,
		"the token's %s is %" PRId64 " seconds ahead of this clock",
		name, when - now);
}

int
aws_check_times(
	const struct aws_token *token, int64_t now, struct aws_refusal *r)
{
	struct error e = {0};
	char detail[128];
	int64_t expires = 0;

	if (aws_token_moment(token, "exp", &expires, &e) != 0) {
		error_wrap(&e, "the token");
		return aws_refuse(r, AWS_STS_NOT_VALIDATED, "", &e);
	}
	if (now >= expires && now - AWS_SKEW >= expires) {
		error_set(&e, ERROR_INVALID,
			"the token expired %" PRId64
			" seconds ago; IAM forgives %d",
			now - expires, AWS_SKEW);
		snprintf(detail, sizeof(detail),
			"current date/time %" PRId64
			" must be before the expiration date/time %" PRId64,
			now, expires);
		return aws_refuse(r, AWS_STS_EXPIRED, detail, &e);
	}
	if (check_past(token, "iat", now, true, &e) != 0 ||
		check_past(token, "nbf", now, false, &e) != 0)
		return aws_refuse(r, AWS_STS_NOT_VALIDATED, "", &e);
	return 0;
}

int
aws_check_subject(const struct aws_token *token, struct aws_refusal *r)
{
	const char *sub = aws_token_claim(token, "sub");
	struct error e = {0};

	if (sub == NULL || sub[0] == '\0')
		error_set(&e, ERROR_NOTFOUND, "the token has no sub");
	else if (strlen(sub) > AWS_SUBJECT_MAX)
		error_set(&e, ERROR_LIMIT,
			"the token's sub has %zu characters; STS takes %d: "
			"give the service account or its namespace a shorter "
			"name",
			strlen(sub), AWS_SUBJECT_MAX);
	else
		return 0;
	return aws_refuse(r, AWS_STS_NOT_VALIDATED, "", &e);
}

int
aws_check_audience(const struct aws_token *token,
	const struct aws_provider *provider, struct aws_refusal *r)
{
	const json_t *list = aws_token_audiences(token);
	const char *audience;
	struct error e = {0};
	size_t i;

	for (i = 0; i < aws_json_text_count(list); i++) {
		audience = aws_json_text_at(list, i);
		if (audience != NULL &&
			aws_provider_has_audience(provider, audience))
			return 0;
	}
	audience = aws_json_text_at(list, 0);
	if (audience == NULL)
		error_set(&e, ERROR_NOTFOUND, "the token has no aud");
	else
		error_set(&e, ERROR_INVALID,
			"the token's aud is \"%.150s\", the provider takes "
			"\"%.150s\"%s",
			audience,
			provider->n_audiences > 0 ? provider->audiences[0] : "",
			provider->n_audiences > 1 ? " and others" : "");
	return aws_refuse(r, AWS_STS_AUDIENCE, "", &e);
}

int
aws_check_policy(const struct aws_token *token, const json_t *policy,
	const char *account, struct aws_refusal *r)
{
	struct aws_caller caller = {
		.issuer = aws_token_claim(token, "iss"),
		.account = account,
		.subject = aws_token_claim(token, "sub"),
		.audiences = aws_token_audiences(token),
		.azp = aws_token_claim(token, "azp"),
	};
	char why[AWS_DECIDE_WHY_MAX];
	enum aws_answer answer;
	struct error e = {0};

	if (policy == NULL) {
		error_set(&e, ERROR_NOTFOUND, "there is no such role");
		return aws_refuse(r, AWS_STS_ACCESS_DENIED, "", &e);
	}
	if (caller.issuer == NULL)
		caller.issuer = "";
	answer = aws_decide(policy, &caller, why);
	if (answer == AWS_YES)
		return 0;
	error_set(&e, answer == AWS_UNKNOWN ? ERROR_CONFLICT : ERROR_DENIED,
		"%s", why);
	return aws_refuse(r, AWS_STS_ACCESS_DENIED, "", &e);
}

static int
check_duration(const struct aws_call *call, struct aws_refusal *r)
{
	struct error e = {0};

	if (call->duration == 0 || (call->duration >= AWS_DURATION_MIN &&
					   call->duration <= AWS_DURATION_MAX))
		return 0;
	error_set(&e, ERROR_INVALID,
		"a duration of %" PRId64 " seconds; STS takes %d to %d",
		call->duration, AWS_DURATION_MIN, AWS_DURATION_MAX);
	return aws_refuse(r, AWS_STS_PARAMETER,
		"Value at 'durationSeconds' failed to satisfy constraint", &e);
}

static int
check_session(const struct aws_call *call, struct aws_refusal *r)
{
	int64_t most = call->max_duration > 0 ? call->max_duration
					      : AWS_DURATION_DEFAULT;
	struct error e = {0};

	if (call->duration <= most)
		return 0;
	error_set(&e, ERROR_INVALID,
		"%" PRId64 " seconds are asked for; the role's "
		"MaxSessionDuration is %" PRId64,
		call->duration, most);
	return aws_refuse(r, AWS_STS_DURATION, "", &e);
}

static int
check_idp(const struct aws_call *call, struct aws_refusal *r)
{
	static const struct {
		enum aws_sts sts;
		const char *why;
	} states[] = {
		[AWS_IDP_OK] = {AWS_STS_OK, ""},
		[AWS_IDP_ERROR] = {AWS_STS_NO_KEY,
			"the issuer's documents cannot be read"},
		[AWS_IDP_UNREACHABLE] = {AWS_STS_IDP_COMMUNICATION,
			"the issuer cannot be reached for the moment"},
		[AWS_IDP_UNTRUSTED] = {AWS_STS_THUMBPRINT,
			"the issuer's certificate leads to no public CA and to "
			"no thumbprint of the provider"},
		[AWS_IDP_REJECTS] = {AWS_STS_IDP_REJECTED,
			"the issuer says that the claim is revoked"},
	};
	struct error e = {0};

	if (call->idp == AWS_IDP_OK)
		return 0;
	error_set(&e, ERROR_NET, "%s", states[call->idp].why);
	return aws_refuse(r, states[call->idp].sts, "", &e);
}

static int
check_region(const struct aws_call *call, struct aws_refusal *r)
{
	struct error e = {0};

	if (!call->region_off)
		return 0;
	error_set(&e, ERROR_DENIED, "STS is switched off in this region");
	return aws_refuse(r, AWS_STS_REGION_DISABLED, "", &e);
}

int
aws_simulate(const struct aws_call *call, struct aws_refusal *r)
{
	struct aws_token token = {0};
	int rc = -1;

	*r = (struct aws_refusal){0};
	if (check_region(call, r) != 0 || check_duration(call, r) != 0 ||
		aws_check_token(call->token, call->token_len, &token, r) != 0)
		return -1;
	if (aws_check_issuer(&token, call->provider, r) == 0 &&
		check_idp(call, r) == 0 &&
		aws_check_signature(&token, call->keys, r) == 0 &&
		aws_check_times(&token, call->now, r) == 0 &&
		aws_check_subject(&token, r) == 0 &&
		aws_check_audience(&token, call->provider, r) == 0 &&
		aws_check_policy(&token, call->policy, call->account, r) == 0 &&
		check_session(call, r) == 0)
		rc = 0;
	aws_token_release(&token);
	return rc;
}
