/* SPDX-License-Identifier: MIT */
/*
 * AssumeRoleWithWebIdentity, decided here: what STS would answer, with its
 * code and message, and why.  Pure: the time is told, nothing is fetched.
 *
 * AWS publishes neither the order of its checks nor all of its messages; the
 * order is that of the message's own dependencies (a token must be read before
 * its issuer is looked for, verified before its claims are believed), and each
 * message is one that users have been shown.
 *
 * Each check is a function of its own, because the doctor makes them too.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "aws/provider.h"
#include "aws/token.h"
#include "base/error.h"
#include "key/key.h"

#define AWS_SKEW 300 /* seconds that IAM forgives behind exp */
#define AWS_DURATION_MIN 900
#define AWS_DURATION_MAX 43200
#define AWS_DURATION_DEFAULT 3600

enum aws_sts {
	AWS_STS_OK,
	AWS_STS_NO_PROVIDER,
	AWS_STS_NO_KEY,
	AWS_STS_THUMBPRINT,
	AWS_STS_AUDIENCE,
	AWS_STS_NOT_VALIDATED,
	AWS_STS_NOT_JWT,
	AWS_STS_EXPIRED,
	AWS_STS_IDP_COMMUNICATION,
	AWS_STS_IDP_REJECTED,
	AWS_STS_ACCESS_DENIED,
	AWS_STS_REGION_DISABLED,
	AWS_STS_DURATION,
	AWS_STS_PARAMETER,
};
#define AWS_STS_CODES 14

const char *aws_sts_code(enum aws_sts sts); /* "InvalidIdentityToken" */
unsigned aws_sts_http(enum aws_sts sts);

#define AWS_STS_MESSAGE_MAX 400

/* What a caller is told, and in why, what is behind it.  All zeroes: let in. */
struct aws_refusal {
	enum aws_sts sts;
	char message[AWS_STS_MESSAGE_MAX];
	struct error why;
};

/* Fill in a refusal; detail is for the messages that have one (the issuer).
 * Returns -1. */
int aws_refuse(struct aws_refusal *r, enum aws_sts sts, const char *detail,
	const struct error *why);

/* How the issuer answers STS. */
enum aws_idp {
	AWS_IDP_OK,
	AWS_IDP_ERROR,       /* not 200, not JSON, too slow */
	AWS_IDP_UNREACHABLE, /* not reached, and worth trying again */
	AWS_IDP_UNTRUSTED,   /* its certificate leads to no known CA, nor to
			      * a thumbprint of the provider */
	AWS_IDP_REJECTS,     /* it says that the claim was revoked */
};

struct aws_call {
	const char *token;
	size_t token_len;
	const struct aws_provider *provider; /* NULL: there is none */
	const struct key_set *keys;          /* what the JWKS holds */
	const json_t *policy;                /* NULL: no such role */
	const char *account;                 /* of the role; NULL: any */
	enum aws_idp idp;
	bool region_off;
	int64_t duration;     /* 0: not asked for */
	int64_t max_duration; /* of the role; 0: IAM's default of an hour */
	int64_t now;
};

/* 0 when the role would be assumed.  -1 with the refusal filled in. */
int aws_simulate(const struct aws_call *call, struct aws_refusal *r)
	__attribute__((warn_unused_result));

/* The checks.  0, or -1 with the refusal filled in. */
int aws_check_token(const char *text, size_t len, struct aws_token *out,
	struct aws_refusal *r) __attribute__((warn_unused_result));
int aws_check_issuer(const struct aws_token *token,
	const struct aws_provider *provider, struct aws_refusal *r)
	__attribute__((warn_unused_result));
int aws_check_signature(const struct aws_token *token,
	const struct key_set *keys, struct aws_refusal *r)
	__attribute__((warn_unused_result));
int aws_check_times(const struct aws_token *token, int64_t now,
	struct aws_refusal *r) __attribute__((warn_unused_result));
int aws_check_subject(const struct aws_token *token, struct aws_refusal *r)
	__attribute__((warn_unused_result));
int aws_check_audience(const struct aws_token *token,
	const struct aws_provider *provider, struct aws_refusal *r)
	__attribute__((warn_unused_result));
/* What cannot be decided here is a refusal with its reason. */
int aws_check_policy(const struct aws_token *token, const json_t *policy,
	const char *account, struct aws_refusal *r)
	__attribute__((warn_unused_result));

#endif
