/* SPDX-License-Identifier: MIT */
/*
 * The only input that the admin pages take.  Invariant: a value that was
 * accepted is terminated, whole and exactly what was sent; nothing is cut.
 */
#include "admin/query.h"

#include <string.h>

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Undo '+' and %XX. */
static int
decode(const char *p, size_t len, char out[ADMIN_QUERY_VALUE_MAX],
	struct error *e)
{
	size_t i, n = 0;
	int hi, lo;
	char c;

	for (i = 0; i < len; i++) {
		c = p[i];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			hi = len - i > 2 ? hex_digit(p[i + 1]) : -1;
			lo = len - i > 2 ? hex_digit(p[i + 2]) : -1;
			if (hi < 0 || lo < 0)
				return error_set(e, ERROR_INVALID,
					"%% without two hexadecimal digits");
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		if (c == '\0')
			return error_set(e, ERROR_INVALID, "a NUL byte");
		if (n == ADMIN_QUERY_VALUE_MAX - 1)
			return error_set(e, ERROR_LIMIT, "longer than %d bytes",
				ADMIN_QUERY_VALUE_MAX - 1);
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

static int
read_offset(const char *p, size_t len, size_t *out, struct error *e)
{
	size_t i, n = 0;

	if (len == 0 || len > 9)
		return error_set(
			e, ERROR_INVALID, "not a number of 1 to 9 digits");
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return error_set(e, ERROR_INVALID,
				"not a number of 1 to 9 digits");
		n = n * 10 + (size_t)(p[i] - '0');
	}
	*out = n;
	return 0;
}

static bool
is_name(const char *p, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(p, name, len) == 0;
}

/* One NAME or NAME=VALUE. */
static int
read_pair(const char *p, size_t len, struct admin_query *q, struct error *e)
{
	const char *eq = memchr(p, '=', len);
	size_t name_len = eq == NULL ? len : (size_t)(eq - p);
	const char *value = eq == NULL ? p + len : eq + 1;
	size_t value_len = len - (size_t)(value - p);

	if (is_name(p, name_len, "verbose"))
		q->verbose = true;
	else if (is_name(p, name_len, "q")) {
		if (decode(value, value_len, q->search, e) != 0)
			return error_wrap(e, "q");
	} else if (is_name(p, name_len, "issuer")) {
		if (decode(value, value_len, q->issuer, e) != 0)
			return error_wrap(e, "issuer");
	} else if (is_name(p, name_len, "offset")) {
		if (read_offset(value, value_len, &q->offset, e) != 0)
			return error_wrap(e, "offset");
	}
	return 0;
}

int
admin_query_parse(
	const struct http_span *text, struct admin_query *out, struct error *e)
{
	struct admin_query q = {0};
	const char *p = text->p, *end, *amp;

	for (end = p == NULL ? NULL : p + text->len; p != end; p = amp) {
		amp = memchr(p, '&', (size_t)(end - p));
		if (amp == NULL)
			amp = end;
		if (read_pair(p, (size_t)(amp - p), &q, e) != 0)
			return -1;
		if (amp != end)
			amp++;
	}
	*out = q;
	return 0;
}
