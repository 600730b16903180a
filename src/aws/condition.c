/* SPDX-License-Identifier: MIT */
/*
 * The string operators of IAM's policy language.  A key that is missing makes
 * a condition false unless its operator says otherwise, which is where most
 * policies that let in too much come from.
 */
#include "aws/condition.h"

#include <string.h>
#include <strings.h>

#include "aws/json.h"
#include "aws/name.h"

static char
lower(char c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
aws_like(const char *pattern, const char *text, bool fold)
{
	const char *star = NULL, *again = text;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern != '\0' &&
			   (*pattern == '?' || lower(*pattern, fold) ==
						       lower(*text, fold))) {
			pattern++;
			text++;
		} else if (star != NULL) {
			/* let the last star take one character more */
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

static bool
takes(const char **name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncasecmp(*name, prefix, len) != 0)
		return false;
	*name += len;
	return true;
}

struct aws_condition
aws_condition_parse(const char *name)
{
	struct aws_condition c = {.op = AWS_OTHER};

	if (takes(&name, "ForAllValues:"))
		c.all = true;
	else
		(void)takes(&name, "ForAnyValue:");
	if (takes(&name, "Null")) {
		c.op = name[0] == '\0' ? AWS_NULL : AWS_OTHER;
		return c;
	}
	if (!takes(&name, "String"))
		return c;
	c.negated = takes(&name, "Not");
	if (takes(&name, "Equals"))
		c.op = AWS_EQUALS;
	else if (takes(&name, "Like"))
		c.op = AWS_LIKE;
	if (c.op == AWS_EQUALS)
		c.fold = takes(&name, "IgnoreCase");
	c.exists = takes(&name, "IfExists");
	if (name[0] != '\0')
		c.op = AWS_OTHER;
	return c;
}

bool
aws_condition_values(const struct aws_caller *caller, const char *key,
	const json_t **list, const char **text)
{
	const char *issuer = aws_issuer_bare(caller->issuer);
	size_t len = strlen(issuer);

	*list = NULL;
	*text = NULL;
	if (strncasecmp(key, "aws:", 4) == 0 ||
		strncasecmp(key, "sts:", 4) == 0)
		return false;
	if (strncasecmp(key, issuer, len) != 0 || key[len] != ':')
		return true; /* another provider's: not in this token */
	if (strcasecmp(key + len, ":sub") == 0)
		*text = caller->subject;
	else if (strcasecmp(key + len, ":azp") == 0)
		*text = caller->azp;
	else if (strcasecmp(key + len, ":aud") == 0)
		*list = caller->audiences;
	return true;
}

static bool
matches(const struct aws_condition *c, const char *wanted, const char *value)
{
	if (c->op == AWS_LIKE)
		return aws_like(wanted, value, false);
	return c->fold ? strcasecmp(wanted, value) == 0
		       : strcmp(wanted, value) == 0;
}

static bool
matches_any(
	const struct aws_condition *c, const json_t *wanted, const char *value)
{
	const char *text;
	size_t i;

	for (i = 0; i < aws_json_text_count(wanted); i++) {
		text = aws_json_text_at(wanted, i);
		if (text != NULL && matches(c, text, value))
			return true;
	}
	return false;
}

/* A policy variable, which only AWS fills in. */
static bool
has_variable(const json_t *wanted)
{
	const char *text;
	size_t i;

	for (i = 0; i < aws_json_text_count(wanted); i++) {
		text = aws_json_text_at(wanted, i);
		if (text != NULL && strstr(text, "${") != NULL)
			return true;
	}
	return false;
}

static enum aws_answer
answer(bool yes)
{
	return yes ? AWS_YES : AWS_NO;
}

/* Over all values of the key: for each if all, else for any. */
static bool
holds_for(const struct aws_condition *c, const json_t *wanted,
	const json_t *list, const char *text)
{
	size_t i, count = text != NULL ? 1 : aws_json_text_count(list);
	const char *value;
	bool match;

	for (i = 0; i < count; i++) {
		value = text != NULL ? text : aws_json_text_at(list, i);
		match = value != NULL && matches_any(c, wanted, value);
		if (c->all && match == c->negated)
			return false;
		/* without ForAllValues one match decides, either way */
		if (!c->all && match)
			return !c->negated;
	}
	return c->all || c->negated;
}

enum aws_answer
aws_condition_decide(const struct aws_condition *c,
	const struct aws_caller *caller, const char *key, const json_t *wanted)
{
	const json_t *list;
	const char *text;
	bool missing;

	if (c->op == AWS_OTHER || has_variable(wanted) ||
		!aws_condition_values(caller, key, &list, &text))
		return AWS_UNKNOWN;
	missing = text == NULL && aws_json_text_count(list) == 0;
	if (c->op == AWS_NULL)
		return answer(missing == matches_any(c, wanted, "true"));
	if (missing)
		return answer(c->exists || c->all || c->negated);
	return answer(holds_for(c, wanted, list, text));
}
