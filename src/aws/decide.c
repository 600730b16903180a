/* SPDX-License-Identifier: MIT */
/*
 * Three values throughout: what is not known makes a statement undecided, but
 * a condition that is certainly false still stops it.  Invariant: YES only
 * when every condition was understood and is true.
 */
#include "aws/decide.h"

#include <stdio.h>
#include <string.h>

#include "aws/json.h"
#include "aws/name.h"
#include "aws/policy.h"

#define SHOWN 100 /* characters of a policy's or token's string in a text */

/* How near a statement came: what is said of it is kept if none came nearer. */
enum nearness {
	FAR,       /* not about web identities */
	OTHER_IDP, /* for another provider */
	CONDITION, /* a condition stops it */
};

struct reason {
	enum nearness nearness;
	char *text;
};

static const char nothing_allows[] =
	"no statement allows sts:AssumeRoleWithWebIdentity";

static void
tell(struct reason *r, enum nearness nearness, const char *text)
{
	if (nearness <= r->nearness && r->text[0] != '\0')
		return;
	r->nearness = nearness;
	snprintf(r->text, AWS_DECIDE_WHY_MAX, "%s", text);
}

/* "statement 1: StringEquals ISSUER:sub wants "a" (and 2 more), the token has
 * "b"" */
static void
tell_condition(struct reason *r, size_t number, const char *op, const char *key,
	const json_t *wanted, const struct aws_caller *caller)
{
	const char *first = aws_json_text_at(wanted, 0), *text, *value;
	char more[32] = "", line[AWS_DECIDE_WHY_MAX];
	const json_t *list;

	(void)aws_condition_values(caller, key, &list, &text);
	value = text != NULL ? text : aws_json_text_at(list, 0);
	if (aws_json_text_count(wanted) > 1)
		snprintf(more, sizeof(more), " (or one of %zu more)",
			aws_json_text_count(wanted) - 1);
	snprintf(line, sizeof(line),
		"statement %zu: %.40s %.*s wants \"%.*s\"%s, the token has "
		"%s%.*s%s",
		number, op, SHOWN, key, SHOWN, first != NULL ? first : "", more,
		value != NULL ? "\"" : "", SHOWN,
		value != NULL ? value : "none", value != NULL ? "\"" : "");
	tell(r, CONDITION, line);
}

static void
tell_unknown(struct reason *r, size_t number, const char *op, const char *key)
{
	char line[AWS_DECIDE_WHY_MAX];

	snprintf(line, sizeof(line),
		"statement %zu: %.40s %.*s cannot be decided here: only AWS "
		"knows it",
		number, op, SHOWN, key);
	tell(r, CONDITION, line);
}

static enum aws_answer
decide_conditions(const json_t *statement, size_t number,
	const struct aws_caller *caller, struct reason *r)
{
	json_t *block = json_object_get(statement, "Condition");
	enum aws_answer all = AWS_YES, one;
	const char *op, *key;
	struct aws_condition c;
	json_t *keys, *wanted;

	json_object_foreach(block, op, keys)
	{
		c = aws_condition_parse(op);
		json_object_foreach(keys, key, wanted)
		{
			one = aws_condition_decide(&c, caller, key, wanted);
			if (one == AWS_NO) {
				tell_condition(
					r, number, op, key, wanted, caller);
				return AWS_NO;
			}
			if (one == AWS_UNKNOWN) {
				tell_unknown(r, number, op, key);
				all = AWS_UNKNOWN;
			}
		}
	}
	return all;
}

static bool
covers(const json_t *actions)
{
	const char *text;
	size_t i;

	for (i = 0; i < aws_json_text_count(actions); i++) {
		text = aws_json_text_at(actions, i);
		if (text != NULL && aws_like(text, AWS_ACTION, true))
			return true;
	}
	return false;
}

bool
aws_statement_is_web_identity(const json_t *statement)
{
	const json_t *not = json_object_get(statement, "NotAction");

	if (not != NULL)
		return !covers(not );
	return covers(json_object_get(statement, "Action"));
}

/* arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER */
static bool
is_provider(const char *arn, const struct aws_caller *caller)
{
	const char *at = strstr(arn, ":oidc-provider/");
	size_t len = caller->account != NULL ? strlen(caller->account) : 0;

	if (at == NULL || strcmp(strchr(at, '/') + 1,
				  aws_issuer_bare(caller->issuer)) != 0)
		return false;
	return caller->account == NULL ||
	       ((size_t)(at - arn) > len &&
		       memcmp(at - len, caller->account, len) == 0);
}

static enum aws_answer
decide_principal(const json_t *statement, size_t number,
	const struct aws_caller *caller, struct reason *r)
{
	const json_t *principal = json_object_get(statement, "Principal");
	const json_t *federated = json_object_get(principal, "Federated");
	const char *text = json_string_value(principal);
	char line[AWS_DECIDE_WHY_MAX];
	size_t i;

	if (principal == NULL)
		return AWS_UNKNOWN; /* NotPrincipal */
	if (text != NULL && strcmp(text, "*") == 0)
		return AWS_YES;
	for (i = 0; i < aws_json_text_count(federated); i++) {
		text = aws_json_text_at(federated, i);
		if (text != NULL && is_provider(text, caller))
			return AWS_YES;
	}
	text = aws_json_text_at(federated, 0);
	snprintf(line, sizeof(line),
		"no statement is for the provider of %.*s; statement %zu is "
		"for %.*s",
		SHOWN, caller->issuer, number, SHOWN,
		text != NULL ? text : "another kind of principal");
	tell(r, OTHER_IDP, line);
	return AWS_NO;
}

static enum aws_answer
decide_statement(const json_t *statement, size_t number,
	const struct aws_caller *caller, struct reason *r)
{
	enum aws_answer principal, conditions;

	if (!aws_statement_is_web_identity(statement)) {
		tell(r, FAR, nothing_allows);
		return AWS_NO;
	}
	principal = decide_principal(statement, number, caller, r);
	if (principal == AWS_NO)
		return AWS_NO;
	conditions = decide_conditions(statement, number, caller, r);
	return principal < conditions ? principal : conditions;
}

/* The answer of all statements; number of the one that decided in *at. */
static enum aws_answer
decide_all(const json_t *policy, const struct aws_caller *caller, bool deny,
	struct reason *r, size_t *at)
{
	const char *effect = deny ? "Deny" : "Allow";
	enum aws_answer best = AWS_NO, one;
	const json_t *statement;
	size_t i;

	*at = 0;
	for (i = 0; i < aws_policy_count(policy); i++) {
		statement = aws_policy_at(policy, i);
		if (strcmp(json_string_value(
				   json_object_get(statement, "Effect")),
			    effect) != 0)
			continue;
		one = decide_statement(statement, i + 1, caller, r);
		if (one > best) {
			best = one;
			*at = i + 1;
		}
	}
	return best;
}

enum aws_answer
aws_decide(const json_t *policy, const struct aws_caller *caller,
	char why[AWS_DECIDE_WHY_MAX])
{
	char ignored[AWS_DECIDE_WHY_MAX] = "";
	struct reason reason = {FAR, why}, unused = {FAR, ignored};
	enum aws_answer allowed, denied;
	size_t allows, denies;

	snprintf(why, AWS_DECIDE_WHY_MAX, "%s", "");
	allowed = decide_all(policy, caller, false, &reason, &allows);
	denied = decide_all(policy, caller, true, &unused, &denies);
	if (denied == AWS_YES) {
		snprintf(why, AWS_DECIDE_WHY_MAX, "statement %zu denies it",
			denies);
		return AWS_NO;
	}
	if (allowed == AWS_YES && denied == AWS_UNKNOWN) {
		snprintf(why, AWS_DECIDE_WHY_MAX,
			"statement %zu may deny it: only AWS knows what it "
			"asks for",
			denies);
		return AWS_UNKNOWN;
	}
	if (allowed == AWS_YES)
		snprintf(why, AWS_DECIDE_WHY_MAX, "statement %zu lets it in",
			allows);
	else if (why[0] == '\0')
		snprintf(why, AWS_DECIDE_WHY_MAX, "no statement allows it");
	return allowed;
}

bool
aws_policy_names(
	const json_t *policy, const char *issuer, char why[AWS_DECIDE_WHY_MAX])
{
	const struct aws_caller caller = {.issuer = issuer};
	struct reason reason = {FAR, why};
	const json_t *statement;
	size_t i;

	snprintf(why, AWS_DECIDE_WHY_MAX, "no statement in it");
	for (i = 0; i < aws_policy_count(policy); i++) {
		statement = aws_policy_at(policy, i);
		if (!aws_statement_is_web_identity(statement))
			tell(&reason, FAR, nothing_allows);
		else if (decide_principal(statement, i + 1, &caller, &reason) !=
			 AWS_NO)
			return true;
	}
	return false;
}
