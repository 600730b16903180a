/* SPDX-License-Identifier: MIT */
/*
 * Where the statements of a policy stand in its text, so that one can be put
 * in, replaced or taken out while every other byte stays as it is.  For text
 * that a JSON parser has taken already.
 */
#ifndef AWS_SPAN_H
#define AWS_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define AWS_STATEMENTS_MAX 1024

struct aws_span {
	size_t begin;
	size_t end; /* behind the last byte */
};

struct aws_spans {
	bool array; /* Statement is an array; else it is its only element */
	struct aws_span whole; /* the value of Statement */
	struct aws_span *items;
	size_t count;
};

/* INVALID: no member Statement that is written plainly.  LIMIT. */
int aws_spans_find(const char *text, size_t len, struct aws_spans *out,
	struct error *e) __attribute__((warn_unused_result));
void aws_spans_release(struct aws_spans *spans);

/* Append the text with item i exchanged, an item added at the end, or item i
 * taken out, which must not be the only one. */
void aws_spans_replace(const struct aws_spans *spans, const char *text,
	size_t len, size_t i, const char *item, struct buf *out);
void aws_spans_add(const struct aws_spans *spans, const char *text, size_t len,
	const char *item, struct buf *out);
void aws_spans_remove(const struct aws_spans *spans, const char *text,
	size_t len, size_t i, struct buf *out);

/* The white space right before an item.  Is there a line's end before it? */
bool aws_spans_indent(const struct aws_spans *spans, const char *text, size_t i,
	struct aws_span *indent);

#endif
