/* SPDX-License-Identifier: MIT */
/*
 * Trust policies: which service accounts of which issuer may become a role.
 *
 * A grant is one statement: the provider as principal, the exact audience, and
 * the list of subjects.  Granting more adds to the statement of that provider
 * and audience if it has exactly this shape, or appends a new one; statements
 * of any other shape are never touched, not by a byte.  Subjects with
 * wildcards live in a statement of their own (StringLike).
 */
#ifndef AWS_POLICY_H
#define AWS_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

#define AWS_POLICY_QUOTA 2048     /* characters, white space not counted */
#define AWS_POLICY_QUOTA_MAX 8192 /* the most that AWS raises it to */
#define AWS_SUBJECTS_MAX 256      /* in one grant */

#define AWS_ACTION "sts:AssumeRoleWithWebIdentity"

struct aws_subject {
	const char *text; /* system:serviceaccount:NAMESPACE:NAME */
	bool wide;        /* with wildcards */
};

/* Strings are borrowed. */
struct aws_grant {
	const char *provider_arn;
	const char *issuer; /* without https:// */
	const char *audience;
	struct aws_subject subjects[AWS_SUBJECTS_MAX];
	size_t count;
};

/* The policy in text (NULL: none yet) with the grant in it, appended to out.
 * What is granted already changes nothing: then out is the text. */
int aws_policy_grant(const char *text, size_t len,
	const struct aws_grant *grant, struct buf *out, struct error *e)
	__attribute__((warn_unused_result));

/* The policy without the grant's subjects; *removed is how many there were.
 * CONFLICT: no statement would be left. */
int aws_policy_revoke(const char *text, size_t len,
	const struct aws_grant *grant, struct buf *out, size_t *removed,
	struct error *e) __attribute__((warn_unused_result));

/* What IAM counts. */
size_t aws_policy_size(const char *text, size_t len);

/* Is it one that IAM could take: an object with statements that are objects
 * with an Effect?  Of the statements only their shape is looked at. */
int aws_policy_check(const json_t *policy, struct error *e)
	__attribute__((warn_unused_result));

/* Statement i, from 0, borrowed; a lone statement is the only one. */
size_t aws_policy_count(const json_t *policy);
const json_t *aws_policy_at(const json_t *policy, size_t i);

#endif
