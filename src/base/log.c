/* SPDX-License-Identifier: MIT */
/*
 * State is a threshold and a flag, set once by the program; a line is built
 * in a local buffer and leaves in one write, so threads never mix lines.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define ISSUER_MAX 512 /* bytes of it on a line, quotes included */
#define MESSAGE_END (LOG_LINE_MAX - sizeof(" msg=\n") + 1)

static atomic_int shown = LOG_LEVEL_INFO;
static bool to_journal;

const char *
log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARN:
		return "warn";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "unknown";
}

int
log_level_parse(const char *name, enum log_level *level)
{
	enum log_level l;

	for (l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++) {
		if (strcmp(name, log_level_name(l)) == 0) {
			*level = l;
			return 0;
		}
	}
	return -1;
}

/* Is standard error the socket that systemd named in JOURNAL_STREAM? */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (stream == NULL || sscanf(stream, "%llu:%llu", &dev, &ino) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino;
}

void
log_open(enum log_level threshold)
{
	to_journal = stderr_is_journal();
	log_threshold(threshold);
}

void
log_threshold(enum log_level threshold)
{
	atomic_store_explicit(&shown, (int)threshold, memory_order_relaxed);
}

static bool
plain(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~' || value[i] == '"' ||
			value[i] == '\\' || value[i] == '=')
			return false;
	return len > 0;
}

/* Bytes that one becomes between quotes. */
static size_t
escaped_len(unsigned char c)
{
	if (c == '"' || c == '\\' || c == '\n')
		return 2;
	return c < ' ' || c > '~' ? 4 : 1;
}

/* How much of value fits into room bytes, quotes included. */
static size_t
fitting(const char *value, size_t room)
{
	size_t used = 2, i;

	for (i = 0; value[i] != '\0'; i++) {
		used += escaped_len((unsigned char)value[i]);
		if (used > room)
			break;
	}
	return i;
}

void
log_field(struct buf *b, const char *key, const char *value, size_t len)
{
	size_t i;
	unsigned char c;

	if (b->len > 0)
		buf_putc(b, ' ');
	buf_puts(b, key);
	buf_putc(b, '=');
	if (plain(value, len)) {
		buf_append(b, value, len);
		return;
	}
	buf_putc(b, '"');
	for (i = 0; i < len; i++) {
		c = (unsigned char)value[i];
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else if (c < ' ' || c > '~')
			buf_printf(b, "\\x%02x", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}

/* Syslog's numbers, sd-daemon(3). */
static char
journal_digit(enum log_level level)
{
	return "3467"[level];
}

/* Everything before the message; who it is about may be cut too. */
static void
begin_line(struct buf *b, enum log_level level, const char *module,
	const char *issuer)
{
	char now[CLOCK_TEXT_LEN + 1];

	if (to_journal) {
		buf_printf(b, "<%c>", journal_digit(level));
	} else {
		clock_format(now, clock_now());
		buf_printf(b, "time=%s ", now);
	}
	buf_printf(b, "level=%s", log_level_name(level));
	log_field(b, "mod", module, strlen(module));
	if (issuer != NULL)
		log_field(b, "issuer", issuer, fitting(issuer, ISSUER_MAX));
}

void
log_event(enum log_level level, const char *module, const char *issuer,
	const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	struct buf b = BUF_INIT;
	va_list ap;
	int n;

	if ((int)level > atomic_load_explicit(&shown, memory_order_relaxed))
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	begin_line(&b, level, module, issuer);
	log_field(&b, "msg", text, fitting(text, MESSAGE_END - b.len));
	buf_putc(&b, '\n');
	if (buf_ok(&b) && write(STDERR_FILENO, b.data, b.len) < 0) {
		/* nowhere left to say it */
	}
	buf_release(&b);
}
