/* SPDX-License-Identifier: MIT */
/*
 * Findings: what was looked at, what was seen, and what to do about it.
 */
#ifndef JWKSCTL_FINDING_H
#define JWKSCTL_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "aws/doctor.h"

#define FINDINGS_MAX 128

struct finding {
	const char *stage; /* static */
	enum aws_verdict verdict;
	char seen[AWS_SEEN_MAX];
	char todo[AWS_TODO_MAX]; /* "": nothing */
};

struct findings {
	struct finding list[FINDINGS_MAX];
	size_t count;
	const char *stage; /* of the next one */
};

/* Add one, or write over the last when there are too many.  todo: "" when
 * there is nothing to do. */
void finding_add(struct findings *f, enum aws_verdict verdict, const char *todo,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

bool finding_any(const struct findings *f, enum aws_verdict verdict);

/* [{"stage", "verdict", "seen", "todo"}]; NULL when out of memory. */
json_t *finding_view(const struct findings *f);

/* One of them as people read it, on standard output. */
void finding_print(const char *stage, enum aws_verdict verdict,
	const char *seen, const char *todo, bool colour);
/* Text that a server chose may hold anything: printed without it. */
void finding_print_line(const char *text);

#endif
