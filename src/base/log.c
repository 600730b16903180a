/* SPDX-License-Identifier: MIT */
/*
 * State is a threshold, a format and a flag; a line is built in a local buffer
 * and leaves in one write, so threads never mix lines.
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

static atomic_int shown = LOG_LEVEL_INFO;
static atomic_int format = LOG_FORMAT_LOGFMT;
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

void
log_set_format(enum log_format f)
{
	atomic_store_explicit(&format, (int)f, memory_order_relaxed);
}

enum log_format
log_format(void)
{
	return (enum log_format)atomic_load_explicit(
		&format, memory_order_relaxed);
}

/* Syslog's numbers, sd-daemon(3). */
static char
journal_digit(enum log_level level)
{
	return "3467"[level];
}

/* Everything before the message; who it is about may be cut too. */
static void
begin_line(struct log_line *l, enum log_level level, const char *module,
	const char *issuer)
{
	const char *name = log_level_name(level);
	char text[CLOCK_TEXT_LEN + 1] = "";

	if (to_journal)
		snprintf(text, sizeof(text), "<%c>", journal_digit(level));
	log_line_begin(l, log_format(), text);
	if (!to_journal) {
		clock_format(text, clock_now());
		log_line_text(l, "time", text, strlen(text));
	}
	log_line_text(l, "level", name, strlen(name));
	log_line_text(l, "mod", module, strlen(module));
	if (issuer != NULL)
		log_line_text_within(l, "issuer", issuer, ISSUER_MAX);
}

void
log_event(enum log_level level, const char *module, const char *issuer,
	const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	struct log_line l;
	va_list ap;
	int n;

	if ((int)level > atomic_load_explicit(&shown, memory_order_relaxed))
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	begin_line(&l, level, module, issuer);
	log_line_text_within(
		&l, "msg", text, LOG_LINE_MAX - LOG_LINE_END_MAX - l.text.len);
	log_line_end(&l);
	if (buf_ok(&l.text) &&
		write(STDERR_FILENO, l.text.data, l.text.len) < 0) {
		/* nowhere left to say it */
	}
	log_line_release(&l);
}
