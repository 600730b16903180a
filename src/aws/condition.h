/* SPDX-License-Identifier: MIT */
/*
 * One condition of a policy: operator, key and wanted values against what a
 * token has.  Pure.
 */
#ifndef AWS_CONDITION_H
#define AWS_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

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

/* What the caller has for a key: a list, or a text, or neither.  False: only
 * AWS knows it. */
bool aws_condition_values(const struct aws_caller *caller, const char *key,
	const json_t **list, const char **text);

enum aws_answer aws_condition_decide(const struct aws_condition *c,
	const struct aws_caller *caller, const char *key, const json_t *wanted);

#endif
