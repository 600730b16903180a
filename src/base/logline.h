/* SPDX-License-Identifier: MIT */
/*
 * One line of a log, as logfmt or as JSON (RFC 8259, one object a line):
 *
 *     level=warn mod=source msg="2 keys are gone"
 *     {"level":"warn","mod":"source","msg":"2 keys are gone"}
 *
 * A value's control bytes, quotes and bytes above 0x7e never get out raw:
 * logfmt writes \xNN, JSON \u00NN, for each byte.  Keys are ours and need no
 * escape.  The struct is the caller's; log_line_begin opens it, the text may
 * be used after log_line_end, log_line_release frees it.
 */
#ifndef BASE_LOGLINE_H
#define BASE_LOGLINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum log_format {
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JSON,
};

struct log_line {
	struct buf text;
	enum log_format format;
	bool empty; /* no field yet */
};

/* prefix: stands raw in front of everything; "" for none. */
void log_line_begin(
	struct log_line *l, enum log_format format, const char *prefix);
void log_line_text(
	struct log_line *l, const char *key, const char *value, size_t len);
/* As much of value as fits into room bytes, key and quotes included. */
void log_line_text_within(
	struct log_line *l, const char *key, const char *value, size_t room);
void log_line_number(struct log_line *l, const char *key, uint64_t value);
/* Close it, newline included: adds LOG_LINE_END_MAX bytes at most. */
void log_line_end(struct log_line *l);
void log_line_release(struct log_line *l);

#define LOG_LINE_END_MAX 2

#endif
