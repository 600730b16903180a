/* SPDX-License-Identifier: MIT */
/*
 * Why sticky failure: documents are rendered by dozens of small appends, and
 * a test after each would bury what is being written.  Invariant: after the
 * first failed append len and data no longer change.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 256

void
buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

/* Make room for len more bytes and the terminator. */
static bool
grow(struct buf *b, size_t len)
{
	size_t cap = b->cap == 0 ? BUF_FIRST : b->cap;
	char *data;

	if (b->failed)
		return false;
	if (len >= SIZE_MAX / 2 - b->len) {
		b->failed = true;
		return false;
	}
	if (b->len + len + 1 <= b->cap)
		return true;
	while (cap < b->len + len + 1)
		cap *= 2;
	data = realloc(b->data, cap);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void
buf_append(struct buf *b, const void *bytes, size_t len)
{
	if (!grow(b, len))
		return;
	if (len > 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *text)
{
	buf_append(b, text, strlen(text));
}

void
buf_putc(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	else if (grow(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

/* Length of the valid UTF-8 sequence at p, or 0 (RFC 3629 section 4). */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	unsigned char c = p[0], lo = 0x80, hi = 0xbf;
	size_t need, i;

	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		need = 2;
	else if (c >= 0xe0 && c <= 0xef)
		need = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		need = 4;
	else
		return 0;
	if (left < need)
		return 0;
	if (c == 0xe0)
		lo = 0xa0;
	else if (c == 0xed)
		hi = 0x9f;
	else if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < need; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return need;
}

static void
json_ascii(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"':
		buf_puts(b, "\\\"");
		break;
	case '\\':
		buf_puts(b, "\\\\");
		break;
	case '\n':
		buf_puts(b, "\\n");
		break;
	case '\r':
		buf_puts(b, "\\r");
		break;
	case '\t':
		buf_puts(b, "\\t");
		break;
	default:
		if (c < 0x20 || c == '&' || c == '<' || c == '>')
			buf_printf(b, "\\u%04x", c);
		else
			buf_putc(b, (char)c);
	}
}

void
buf_json(struct buf *b, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i, n;

	buf_putc(b, '"');
	for (i = 0; i < len; i += n) {
		n = utf8_len(p + i, len - i);
		if (n == 0) {
			buf_puts(b, "\\ufffd");
			n = 1;
		} else if (n == 1) {
			json_ascii(b, p[i]);
		} else if (n == 3 && p[i] == 0xe2 && p[i + 1] == 0x80 &&
			   (p[i + 2] | 1) == 0xa9) {
			buf_printf(b, "\\u202%c", p[i + 2] == 0xa8 ? '8' : '9');
		} else {
			buf_append(b, p + i, n);
		}
	}
	buf_putc(b, '"');
}

bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

char *
buf_take(struct buf *b, size_t *len)
{
	char *data;

	buf_append(b, "", 0); /* an empty buffer becomes "" */
	if (b->failed)
		return NULL;
	data = b->data;
	if (len != NULL)
		*len = b->len;
	*b = (struct buf)BUF_INIT;
	return data;
}
