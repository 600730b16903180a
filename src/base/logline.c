/* SPDX-License-Identifier: MIT */
/*
 * Both formats are one walk over the fields with other marks between them, so
 * that neither can say what the other does not.  Invariant: whatever a value
 * holds, the line stays one line of printable ASCII.
 */
#include "base/logline.h"

#include <string.h>

void
log_line_begin(struct log_line *l, enum log_format format, const char *prefix)
{
	l->text = (struct buf)BUF_INIT;
	l->format = format;
	l->empty = true;
	buf_puts(&l->text, prefix);
	if (format == LOG_FORMAT_JSON)
		buf_putc(&l->text, '{');
}

static void
put_key(struct log_line *l, const char *key)
{
	if (l->format == LOG_FORMAT_JSON)
		buf_printf(&l->text, "%s\"%s\":", l->empty ? "" : ",", key);
	else
		buf_printf(&l->text, "%s%s=", l->empty ? "" : " ", key);
	l->empty = false;
}

static bool
needs_no_quotes(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~' || value[i] == '"' ||
			value[i] == '\\' || value[i] == '=')
			return false;
	return len > 0;
}

static bool
is_raw(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* Bytes that one becomes between quotes. */
static size_t
escaped_len(enum log_format format, unsigned char c)
{
	if (is_raw(c))
		return 1;
	if (c == '"' || c == '\\' || c == '\n')
		return 2;
	return format == LOG_FORMAT_JSON ? 6 : 4;
}

static void
put_quoted(struct log_line *l, const char *value, size_t len)
{
	const char *escape = l->format == LOG_FORMAT_JSON ? "\\u00" : "\\x";
	unsigned char c;
	size_t i;

	buf_putc(&l->text, '"');
	for (i = 0; i < len; i++) {
		c = (unsigned char)value[i];
		if (is_raw(c))
			buf_putc(&l->text, (char)c);
		else if (c == '\n')
			buf_puts(&l->text, "\\n");
		else if (c == '"' || c == '\\')
			buf_printf(&l->text, "\\%c", c);
		else
			buf_printf(&l->text, "%s%02x", escape, c);
	}
	buf_putc(&l->text, '"');
}

void
log_line_text(
	struct log_line *l, const char *key, const char *value, size_t len)
{
	put_key(l, key);
	if (l->format == LOG_FORMAT_LOGFMT && needs_no_quotes(value, len))
		buf_append(&l->text, value, len);
	else
		put_quoted(l, value, len);
}

void
log_line_text_within(
	struct log_line *l, const char *key, const char *value, size_t room)
{
	size_t used = strlen(",\"\":\"\"") + strlen(key), i;

	for (i = 0; value[i] != '\0'; i++) {
		used += escaped_len(l->format, (unsigned char)value[i]);
		if (used > room)
			break;
	}
	log_line_text(l, key, value, i);
}

void
log_line_number(struct log_line *l, const char *key, uint64_t value)
{
	put_key(l, key);
	buf_printf(&l->text, "%llu", (unsigned long long)value);
}

void
log_line_end(struct log_line *l)
{
	buf_puts(&l->text, l->format == LOG_FORMAT_JSON ? "}\n" : "\n");
}

void
log_line_release(struct log_line *l)
{
	buf_release(&l->text);
}
