/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes.  Appending never reports: a buffer that could not
 * grow remembers it, ignores all later appends, and says so once at the end
 * (buf_ok, buf_take).  So code that renders reads like what it renders.
 *
 * The struct is the caller's; BUF_INIT or zeroes make it empty; buf_release
 * frees what it holds.  data is NUL-terminated whenever it is not NULL.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	bool failed; /* memory ran out: contents are not to be used */
};

#define BUF_INIT                  \
	{                         \
		NULL, 0, 0, false \
	}

void buf_release(struct buf *b);
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Append text as a JSON string, quotes included, the way Go's json.Marshal
 * does, which is what kube-apiserver publishes: & < > as \u0026 \u003c
 * \u003e, control bytes as \u00XX or \n \r \t, U+2028 and U+2029 escaped.
 * len bytes of valid UTF-8; invalid bytes become \ufffd. */
void buf_json(struct buf *b, const char *text, size_t len);

/* False when an append was lost. */
bool buf_ok(const struct buf *b);

/* Give the bytes away (free with free(3)) and leave the buffer empty.  NULL
 * when an append was lost; an empty buffer gives "". */
char *buf_take(struct buf *b, size_t *len);

#endif
