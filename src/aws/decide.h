/* SPDX-License-Identifier: MIT */
/*
 * Would a trust policy let this token in?  IAM's evaluation of a role's trust
 * policy for AssumeRoleWithWebIdentity: an explicit Deny wins, then an Allow
 * lets in, else it is denied.
 *
 * Conditions on what only AWS knows (aws:SourceIp, tags, the session's name)
 * and operators that are not for strings cannot be decided here, which is an
 * answer of its own, never taken for a yes.
 */
#ifndef AWS_DECIDE_H
#define AWS_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define AWS_DECIDE_WHY_MAX 400

enum aws_answer {
	AWS_NO,
	AWS_UNKNOWN,
	AWS_YES,
};

/* Who asks.  Borrowed. */
struct aws_caller {
	const char *issuer;      /* with or without https:// */
	const char *account;     /* of the provider; NULL: any */
	const char *subject;     /* NULL: the token has none */
	const json_t *audiences; /* a string or a list of them; NULL: none */
	const char *azp;         /* NULL: none */
};

/* why: which statement decided, or which condition of the statement that came
 * nearest stops it. */
enum aws_answer aws_decide(const json_t *policy,
	const struct aws_caller *caller, char why[AWS_DECIDE_WHY_MAX]);

/* Is a statement for web identities of this issuer, whatever its
 * conditions?  If not, why says what there is. */
bool aws_policy_names(
	const json_t *policy, const char *issuer, char why[AWS_DECIDE_WHY_MAX]);

/* Parts that the audit needs as well. */

/* Does the statement's Action (or NotAction) cover this room's action? */
bool aws_statement_is_web_identity(const json_t *statement);

/* Does the pattern, with * and ?, match the text?  Linear in practice: no
 * recursion. */
bool aws_like(const char *pattern, const char *text, bool fold);

/* An operator's name taken apart: ForAnyValue:StringLikeIfExists. */
enum aws_operator {
	AWS_EQUALS,
	AWS_LIKE,
	AWS_NULL,
	AWS_OTHER, /* one that is not decided here */
};

struct aws_condition {
	enum aws_operator op;
	bool negated;
	bool fold;   /* IgnoreCase */
	bool exists; /* ...IfExists: true when the key is missing */
	bool all;    /* ForAllValues: likewise true when it is missing */
};

struct aws_condition aws_condition_parse(const char *name);

#endif
