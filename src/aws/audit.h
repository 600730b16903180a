/* SPDX-License-Identifier: MIT */
/*
 * Trust policies that let in more than their authors think: found by reading
 * the conditions, without a token.  Only statements that allow web identities
 * are looked at.
 */
#ifndef AWS_AUDIT_H
#define AWS_AUDIT_H

#include <stddef.h>

#include <jansson.h>

#define AWS_AUDIT_TEXT_MAX 400

enum aws_audit_kind {
	AWS_AUDIT_ANYONE,         /* the principal is a star */
	AWS_AUDIT_NO_AUDIENCE,    /* no condition on aud that must hold */
	AWS_AUDIT_NO_SUBJECT,     /* likewise sub */
	AWS_AUDIT_WIDE_NAMESPACE, /* a wildcard in the namespace or before */
	AWS_AUDIT_WIDE_NAME,      /* a wildcard in the name */
	AWS_AUDIT_FOREIGN_ISSUER, /* a provider that is not expected */
	AWS_AUDIT_OTHER_ISSUER,   /* conditions on another provider's claims */
	AWS_AUDIT_LITERAL_STAR,   /* StringEquals with a star: lets nobody in */
};

const char *aws_audit_name(enum aws_audit_kind kind); /* "no-audience" */

/* statement counts from 1. */
typedef void (*aws_audit_fn)(size_t statement, enum aws_audit_kind kind,
	const char *text, void *arg);

/* Call found for each finding, in order.  issuers: the ones expected, or none
 * to expect any.  The policy passed aws_policy_check().  How many it were. */
size_t aws_audit(const json_t *policy, const char *const *issuers,
	size_t n_issuers, aws_audit_fn found, void *arg);

#endif
