/* SPDX-License-Identifier: MIT */
/*
 * A condition guards only if it must hold: IfExists, ForAllValues and the
 * negated operators are all true when the claim is missing or different.
 * Invariant: a statement without a finding names its service accounts.
 */
#include "aws/audit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "aws/decide.h"
#include "aws/json.h"
#include "aws/name.h"
#include "aws/policy.h"

struct audit {
	aws_audit_fn found;
	void *arg;
	size_t statement;
	size_t count;
};

/* What the conditions of a statement say of one issuer. */
struct guards {
	bool audience;
	bool subject;
};

const char *
aws_audit_name(enum aws_audit_kind kind)
{
	switch (kind) {
	case AWS_AUDIT_ANYONE:
		return "anyone";
	case AWS_AUDIT_NO_AUDIENCE:
		return "no-audience";
	case AWS_AUDIT_NO_SUBJECT:
		return "no-subject";
	case AWS_AUDIT_WIDE_NAMESPACE:
		return "wide-namespace";
	case AWS_AUDIT_WIDE_NAME:
		return "wide-name";
	case AWS_AUDIT_FOREIGN_ISSUER:
		return "foreign-issuer";
	case AWS_AUDIT_OTHER_ISSUER:
		return "other-issuer";
	case AWS_AUDIT_LITERAL_STAR:
		return "literal-star";
	}
	return "";
}

static void
report(struct audit *a, enum aws_audit_kind kind, const char *before,
	const char *name, const char *after)
{
	char text[AWS_AUDIT_TEXT_MAX];

	snprintf(text, sizeof(text), "%s%.200s%s", before, name, after);
	a->found(a->statement, kind, text, a->arg);
	a->count++;
}

/* The issuer of a provider's ARN, or what else is federated. */
static const char *
issuer_of(const char *federated)
{
	const char *at = strstr(federated, ":oidc-provider/");

	return at != NULL ? strchr(at, '/') + 1 : federated;
}

static bool
is_all_stars(const char *text)
{
	return text[strspn(text, "*")] == '\0';
}

/* Where the wildcard of a subject's pattern stands. */
static void
check_subject_pattern(struct audit *a, const char *pattern)
{
	size_t prefix = strlen(AWS_SUBJECT_PREFIX);
	size_t wild = strcspn(pattern, "*?");
	const char *name;

	if (pattern[wild] == '\0')
		return;
	name = wild >= prefix ? strchr(pattern + prefix, ':') : NULL;
	if (name != NULL && pattern + wild > name)
		report(a, AWS_AUDIT_WIDE_NAME, "any service account like ",
			pattern, ", those of tomorrow too, may assume it");
	else
		report(a, AWS_AUDIT_WIDE_NAMESPACE,
			"who may make a namespace may assume it: ", pattern,
			" takes any that fits");
}

/* One condition that must hold on a claim; does it guard? */
static bool
check_guard(struct audit *a, const struct aws_condition *c, bool subject,
	const json_t *wanted)
{
	bool guards = aws_json_text_count(wanted) > 0;
	const char *text;
	size_t i;

	for (i = 0; i < aws_json_text_count(wanted); i++) {
		text = aws_json_text_at(wanted, i);
		if (text == NULL)
			continue;
		if (c->op == AWS_LIKE && is_all_stars(text))
			guards = false;
		else if (c->op == AWS_LIKE && subject)
			check_subject_pattern(a, text);
		else if (c->op == AWS_EQUALS && strchr(text, '*') != NULL)
			report(a, AWS_AUDIT_LITERAL_STAR, "StringEquals ", text,
				" is compared as it is: it lets nobody in; "
				"StringLike has wildcards");
	}
	return guards;
}

static bool
must_hold(const struct aws_condition *c)
{
	return (c->op == AWS_EQUALS || c->op == AWS_LIKE) && !c->negated &&
	       !c->exists && !c->all;
}

static void
check_key(struct audit *a, const struct aws_condition *c, const char *issuer,
	const char *key, const json_t *wanted, struct guards *g)
{
	size_t len = strlen(issuer);
	const char *claim = strrchr(key, ':');

	if (claim == NULL || strncasecmp(key, "aws:", 4) == 0 ||
		strncasecmp(key, "sts:", 4) == 0)
		return;
	if ((size_t)(claim - key) != len ||
		strncasecmp(key, issuer, len) != 0) {
		if (must_hold(c))
			report(a, AWS_AUDIT_OTHER_ISSUER, "its condition on ",
				key,
				" is not about the provider in its principal: "
				"it lets nobody in");
		return;
	}
	if (!must_hold(c))
		return;
	if (strcasecmp(claim, ":sub") == 0 && check_guard(a, c, true, wanted))
		g->subject = true;
	if (strcasecmp(claim, ":aud") == 0 && check_guard(a, c, false, wanted))
		g->audience = true;
}

static void
check_issuer(struct audit *a, const json_t *statement, const char *issuer)
{
	json_t *keys, *wanted;
	const char *name, *key;
	struct aws_condition c;
	struct guards g = {0};

	json_object_foreach(json_object_get(statement, "Condition"), name, keys)
	{
		c = aws_condition_parse(name);
		json_object_foreach(keys, key, wanted)
			check_key(a, &c, issuer, key, wanted, &g);
	}
	if (!g.audience)
		report(a, AWS_AUDIT_NO_AUDIENCE, "no condition on ", issuer,
			":aud: tokens for any of the provider's audiences are "
			"let in");
	if (!g.subject)
		report(a, AWS_AUDIT_NO_SUBJECT, "no condition on ", issuer,
			":sub: every service account of the cluster is let in");
}

static bool
is_expected(const char *issuer, const char *const *issuers, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(issuer, aws_issuer_bare(issuers[i])) == 0)
			return true;
	return count == 0;
}

static void
check_statement(struct audit *a, const json_t *statement,
	const char *const *issuers, size_t n_issuers)
{
	const json_t *principal = json_object_get(statement, "Principal");
	const json_t *federated = json_object_get(principal, "Federated");
	const char *text = json_string_value(principal);
	size_t i;

	if (principal == NULL || (text != NULL && strcmp(text, "*") == 0))
		report(a, AWS_AUDIT_ANYONE, "its principal is anyone", "", "");
	for (i = 0; i < aws_json_text_count(federated); i++) {
		text = aws_json_text_at(federated, i);
		if (text == NULL)
			continue;
		if (strcmp(text, "*") == 0) {
			report(a, AWS_AUDIT_ANYONE,
				"it takes any provider of the account", "", "");
			continue;
		}
		if (!is_expected(issuer_of(text), issuers, n_issuers))
			report(a, AWS_AUDIT_FOREIGN_ISSUER, "it trusts ",
				issuer_of(text), ", which is not expected");
		check_issuer(a, statement, issuer_of(text));
	}
}

size_t
aws_audit(const json_t *policy, const char *const *issuers, size_t n_issuers,
	aws_audit_fn found, void *arg)
{
	struct audit a = {found, arg, 0, 0};
	const json_t *statement;
	const char *effect;
	size_t i;

	for (i = 0; i < aws_policy_count(policy); i++) {
		statement = aws_policy_at(policy, i);
		effect =
			json_string_value(json_object_get(statement, "Effect"));
		a.statement = i + 1;
		if (strcmp(effect, "Allow") == 0 &&
			aws_statement_is_web_identity(statement))
			check_statement(&a, statement, issuers, n_issuers);
	}
	return a.count;
}
