/* SPDX-License-Identifier: MIT */
/*
 * A JSON library gives back a document of its own making: numbers, escapes and
 * white space of statements that are none of our business would change.  The
 * text was parsed before, so this scanner only counts brackets.
 * Invariant: no index leaves the text, whatever it holds.
 */
#include "aws/span.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

static size_t
skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] != '\0' && strchr(blanks, text[at]) != NULL)
		at++;
	return at;
}

/* at stands on the opening quote. */
static size_t
skip_string(const char *text, size_t len, size_t at)
{
	at++;
	while (at < len && text[at] != '"')
		at += text[at] == '\\' && at + 1 < len ? 2 : 1;
	return at < len ? at + 1 : len;
}

static size_t
skip_value(const char *text, size_t len, size_t at)
{
	size_t depth = 0;

	while (at < len) {
		if (text[at] == '"') {
			at = skip_string(text, len, at);
		} else if (text[at] == '{' || text[at] == '[') {
			depth++;
			at++;
		} else if (depth > 0) {
			if (text[at] == '}' || text[at] == ']')
				depth--;
			at++;
		} else {
			/* a number or a word */
			while (at < len &&
				strchr(",]} \t\r\n", text[at]) == NULL)
				at++;
		}
		if (depth == 0)
			break;
	}
	return at;
}

static int
add_item(struct aws_spans *s, size_t begin, size_t end, struct error *e)
{
	struct aws_span *items;

	if (s->count == AWS_STATEMENTS_MAX)
		return error_set(e, ERROR_LIMIT, "more than %d statements",
			AWS_STATEMENTS_MAX);
	items = reallocarray(s->items, s->count + 1, sizeof(*items));
	if (items == NULL)
		return error_nomem(e);
	s->items = items;
	s->items[s->count++] = (struct aws_span){begin, end};
	return 0;
}

static int
find_items(const char *text, struct aws_spans *s, struct error *e)
{
	size_t at = s->whole.begin, end = s->whole.end, item;

	s->array = text[at] == '[';
	if (!s->array)
		return add_item(s, at, end, e);
	at = skip_blanks(text, end, at + 1);
	while (at + 1 < end) {
		item = at;
		at = skip_value(text, end - 1, at);
		if (add_item(s, item, at, e) != 0)
			return -1;
		at = skip_blanks(text, end, at);
		if (text[at] == ',')
			at = skip_blanks(text, end, at + 1);
	}
	return 0;
}

int
aws_spans_find(
	const char *text, size_t len, struct aws_spans *out, struct error *e)
{
	static const char name[] = "\"Statement\"";
	struct aws_spans s = {0};
	size_t at = skip_blanks(text, len, 0), key, end;

	at = skip_blanks(text, len, at + 1);
	while (at < len && text[at] == '"') {
		key = at;
		end = skip_string(text, len, at);
		at = skip_blanks(text, len, end);
		s.whole.begin = skip_blanks(text, len, at + 1);
		s.whole.end = skip_value(text, len, s.whole.begin);
		if (end - key == sizeof(name) - 1 &&
			memcmp(text + key, name, sizeof(name) - 1) == 0)
			break;
		at = skip_blanks(text, len, s.whole.end);
		at = skip_blanks(text, len, at + 1);
		s.whole = (struct aws_span){0};
	}
	if (s.whole.end == 0 || s.whole.end > len)
		return error_set(e, ERROR_INVALID, "no Statement in it");
	if (find_items(text, &s, e) != 0) {
		aws_spans_release(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void
aws_spans_release(struct aws_spans *spans)
{
	free(spans->items);
	*spans = (struct aws_spans){0};
}

/* All of text, with item in place of the bytes from begin to end. */
static void
splice(const char *text, size_t len, size_t begin, size_t end, const char *item,
	struct buf *out)
{
	buf_append(out, text, begin);
	buf_puts(out, item);
	buf_append(out, text + end, len - end);
}

void
aws_spans_replace(const struct aws_spans *spans, const char *text, size_t len,
	size_t i, const char *item, struct buf *out)
{
	splice(text, len, spans->items[i].begin, spans->items[i].end, item,
		out);
}

bool
aws_spans_indent(const struct aws_spans *spans, const char *text, size_t i,
	struct aws_span *indent)
{
	size_t begin = spans->items[i].begin;

	indent->end = begin;
	while (begin > 0 && strchr(" \t", text[begin - 1]) != NULL)
		begin--;
	indent->begin = begin;
	return begin > 0 && text[begin - 1] == '\n';
}

void
aws_spans_add(const struct aws_spans *spans, const char *text, size_t len,
	const char *item, struct buf *out)
{
	size_t at = spans->whole.begin;
	struct aws_span indent;

	if (spans->count == 0) {
		splice(text, len, at + 1, at + 1, item, out);
		return;
	}
	if (!spans->array) {
		buf_append(out, text, at);
		buf_putc(out, '[');
		buf_append(out, text + at, spans->whole.end - at);
		buf_puts(out, ", ");
		buf_puts(out, item);
		buf_putc(out, ']');
		buf_append(
			out, text + spans->whole.end, len - spans->whole.end);
		return;
	}
	at = spans->items[spans->count - 1].end;
	buf_append(out, text, at);
	buf_putc(out, ',');
	if (aws_spans_indent(spans, text, spans->count - 1, &indent)) {
		buf_putc(out, '\n');
		buf_append(out, text + indent.begin, indent.end - indent.begin);
	}
	buf_puts(out, item);
	buf_append(out, text + at, len - at);
}

void
aws_spans_remove(const struct aws_spans *spans, const char *text, size_t len,
	size_t i, struct buf *out)
{
	if (i + 1 < spans->count)
		splice(text, len, spans->items[i].begin,
			spans->items[i + 1].begin, "", out);
	else
		splice(text, len, spans->items[i - 1].end, spans->items[i].end,
			"", out);
}
