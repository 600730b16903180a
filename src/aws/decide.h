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

#include "aws/condition.h"

#define AWS_DECIDE_WHY_MAX 400

/* The policy passed aws_policy_check(), here and below.
 * why: which statement decided, or which condition of the statement that came
 * nearest stops it. */
enum aws_answer aws_decide(const json_t *policy,
	const struct aws_caller *caller, char why[AWS_DECIDE_WHY_MAX]);

/* Is a statement for web identities of this issuer, whatever its
 * conditions?  If not, why says what there is. */
bool aws_policy_names(
	const json_t *policy, const char *issuer, char why[AWS_DECIDE_WHY_MAX]);

/* Does the statement's Action (or NotAction) cover this room's action? */
bool aws_statement_is_web_identity(const json_t *statement);

#endif
