/* SPDX-License-Identifier: MIT */
/*
 * Errors live in the caller's struct so that a library function neither logs
 * nor allocates to say what went wrong.  Invariant: text is always terminated
 * and code is ERROR_NONE exactly when text is empty.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
error_clear(struct error *e)
{
	if (e == NULL)
		return;
	e->code = ERROR_NONE;
	e->text[0] = '\0';
}

static void set_text(struct error *e, enum error_code code, const char *fmt,
	va_list ap) __attribute__((format(printf, 3, 0)));

static void
set_text(struct error *e, enum error_code code, const char *fmt, va_list ap)
{
	e->code = code;
	if (vsnprintf(e->text, sizeof(e->text), fmt, ap) < 0)
		snprintf(e->text, sizeof(e->text), "%s",
			"an error whose text could not be formatted");
}

int
error_set(struct error *e, enum error_code code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL || e->code != ERROR_NONE)
		return -1;
	va_start(ap, fmt);
	set_text(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

int
error_sys(struct error *e, const char *fmt, ...)
{
	int saved = errno;
	size_t used;
	va_list ap;

	if (e == NULL || e->code != ERROR_NONE)
		return -1;
	va_start(ap, fmt);
	set_text(e, ERROR_SYS, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s",
		strerror(saved));
	errno = saved;
	return -1;
}

int
error_nomem(struct error *e)
{
	return error_set(e, ERROR_NOMEM, "out of memory");
}

int
error_wrap(struct error *e, const char *fmt, ...)
{
	char context[ERROR_TEXT_MAX];
	size_t used, room;
	va_list ap;

	if (e == NULL || e->code == ERROR_NONE)
		return -1;
	va_start(ap, fmt);
	if (vsnprintf(context, sizeof(context) - 2, fmt, ap) < 0)
		context[0] = '\0';
	va_end(ap);
	used = strlen(context);
	memcpy(context + used, ": ", 3);
	used += 2;
	room = sizeof(e->text) - 1 - used;
	memmove(e->text + used, e->text, room);
	memcpy(e->text, context, used);
	e->text[sizeof(e->text) - 1] = '\0';
	return -1;
}

const char *
error_code_name(enum error_code code)
{
	switch (code) {
	case ERROR_NONE:
		return "none";
	case ERROR_NOMEM:
		return "nomem";
	case ERROR_SYS:
		return "sys";
	case ERROR_PARSE:
		return "parse";
	case ERROR_INVALID:
		return "invalid";
	case ERROR_NOTFOUND:
		return "notfound";
	case ERROR_CONFLICT:
		return "conflict";
	case ERROR_DENIED:
		return "denied";
	case ERROR_LIMIT:
		return "limit";
	case ERROR_EARLY:
		return "early";
	case ERROR_NET:
		return "net";
	case ERROR_TLS:
		return "tls";
	}
	return "unknown";
}
