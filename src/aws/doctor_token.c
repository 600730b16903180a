/* SPDX-License-Identifier: MIT */
/*
 * The last links: the token, the provider in IAM, the role's trust policy.
 * The checks are those of aws/sts.h, so that doctor and simulate agree.
 */
#include <stdio.h>
#include <string.h>

#include "aws/decide.h"
#include "aws/internal.h"
#include "aws/json.h"
#include "aws/name.h"
#include "aws/policy.h"

/* Is it a token of this issuer? */
static int
check_issuer(struct doctor *d, const struct aws_token *token)
{
	const struct aws_provider self = {.url = d->patient->issuer};
	struct aws_refusal r = {0};

	if (aws_check_issuer(token, &self, &r) == 0)
		return 0;
	doctor_fail(d, r.sts,
		"the API server's first --service-account-issuer must be the "
		"issuer, byte for byte",
		"the token's iss is \"%.200s\", not \"%.200s\"",
		aws_token_claim(token, "iss") != NULL
			? aws_token_claim(token, "iss")
			: "",
		d->patient->issuer);
	return -1;
}

static int
check_audience(struct doctor *d, const struct aws_token *token)
{
	const struct aws_provider usual = {
		.url = d->patient->issuer,
		.audiences = {AWS_AUDIENCE},
		.n_audiences = 1,
	};
	const struct aws_provider *provider = d->patient->provider;
	struct aws_refusal r = {0};

	if (aws_check_audience(
		    token, provider != NULL ? provider : &usual, &r) == 0)
		return 0;
	if (provider == NULL && r.why.code == ERROR_INVALID) {
		doctor_warn(d, "give --provider FILE to compare with IAM's",
			"the token's aud is not " AWS_AUDIENCE);
		return 0;
	}
	doctor_refuse(d, &r,
		"let the pod ask for a token of that audience (the webhook's "
		"annotation eks.amazonaws.com/audience), or add the audience "
		"to the provider");
	return -1;
}

static int
check_token(struct doctor *d, const struct aws_token *token)
{
	struct aws_refusal r = {0};

	if (check_issuer(d, token) != 0)
		return -1;
	if (d->keys_known && aws_check_signature(token, &d->keys, &r) != 0) {
		doctor_refuse(d, &r,
			"publish the key that the API server signs with: "
			"compare its --service-account-key-file with the JWKS");
		return -1;
	}
	if (aws_check_times(token, d->patient->eye.now, &r) != 0) {
		doctor_refuse(d, &r,
			"use a fresh token; if it is one, set the clocks");
		return -1;
	}
	if (aws_check_subject(token, &r) != 0) {
		doctor_refuse(d, &r, "use a service account's token");
		return -1;
	}
	return check_audience(d, token);
}

void
doctor_token(struct doctor *d)
{
	const struct aws_patient *p = d->patient;
	struct aws_token token = {0};
	struct aws_refusal r = {0};

	if (p->token == NULL) {
		doctor_say(d, AWS_SKIPPED, "no --token given");
		return;
	}
	if (aws_check_token(p->token, p->token_len, &token, &r) != 0) {
		doctor_refuse(d, &r,
			"give a service account's token, as it is in the pod's "
			"AWS_WEB_IDENTITY_TOKEN_FILE");
		return;
	}
	if (check_token(d, &token) == 0)
		doctor_say(d, AWS_PASSED, "%s%.200s; %s",
			d->keys_known ? "signed by a key of the JWKS; "
				      : "its signature was not checked; ",
			aws_token_claim(&token, "sub"),
			key_alg_name(token.alg));
	aws_token_release(&token);
}

static void
check_thumbprint(struct doctor *d)
{
	const struct aws_tls *tls = &d->tls;

	if (tls->chain.count == 0 || tls->public_ca)
		return;
	if (aws_provider_has_thumbprint(d->patient->provider, tls->thumbprint))
		return;
	doctor_fail(d, AWS_STS_THUMBPRINT,
		"aws iam update-open-id-connect-provider-thumbprint, or use a "
		"certificate of a public CA",
		"the certificate's CA is not public, and its thumbprint %s is "
		"not among the provider's %zu",
		tls->thumbprint, d->patient->provider->n_thumbprints);
}

void
doctor_provider(struct doctor *d)
{
	const struct aws_provider *p = d->patient->provider;

	if (p == NULL) {
		if (d->tls.chain.count > 0 && !d->tls.public_ca)
			doctor_warn(d, "give --provider FILE to compare",
				"the certificate's CA is not public: the "
				"provider needs thumbprint %s",
				d->tls.thumbprint);
		else
			doctor_say(d, AWS_SKIPPED, "no --provider given");
		return;
	}
	if (!aws_provider_is_for(p, d->patient->issuer)) {
		doctor_fail(d, AWS_STS_NO_PROVIDER,
			"make a provider with exactly this URL: jwksctl aws "
			"provider",
			"the provider's URL is \"%.200s\", the issuer is "
			"\"%.200s\"",
			p->url, d->patient->issuer);
		return;
	}
	if (p->n_audiences == 0) {
		doctor_fail(d, AWS_STS_AUDIENCE,
			"aws iam add-client-id-to-open-id-connect-provider "
			"--client-id " AWS_AUDIENCE,
			"the provider has no audience");
		return;
	}
	check_thumbprint(d);
	if (!doctor_failed(d, AWS_STAGE_PROVIDER))
		doctor_say(d, AWS_PASSED,
			"it is for this issuer, with %zu "
			"audience%s",
			p->n_audiences, p->n_audiences == 1 ? "" : "s");
}

/* Without a token: is there a statement for this issuer at all? */
static void
check_without_token(struct doctor *d)
{
	char why[AWS_DECIDE_WHY_MAX];

	if (!aws_policy_names(d->patient->policy, d->patient->issuer, why))
		doctor_fail(d, AWS_STS_ACCESS_DENIED,
			"jwksctl aws trust-policy makes the statement", "%s",
			why);
	else
		doctor_say(d, AWS_PASSED,
			"a statement is for this issuer; give --token to try "
			"its conditions");
}

void
doctor_policy(struct doctor *d)
{
	const struct aws_patient *p = d->patient;
	struct aws_token token = {0};
	struct aws_refusal r = {0};

	if (p->policy == NULL) {
		doctor_say(d, AWS_SKIPPED, "no --role-policy given");
		return;
	}
	if (p->token == NULL ||
		aws_check_token(p->token, p->token_len, &token, &r) != 0) {
		check_without_token(d);
		return;
	}
	if (aws_check_policy(&token, p->policy, NULL, &r) == 0)
		doctor_say(d, AWS_PASSED, "this token would be let in");
	else if (r.why.code == ERROR_CONFLICT)
		doctor_warn(
			d, "look at this condition by hand", "%s", r.why.text);
	else
		doctor_refuse(d, &r,
			"change the role's trust policy: jwksctl aws "
			"trust-policy --merge FILE");
	aws_token_release(&token);
}
