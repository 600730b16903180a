/* SPDX-License-Identifier: MIT */
/*
 * The log: one event is one line, logfmt or JSON, on standard error.
 *
 *     time=2026-11-23T20:51:00Z level=warn mod=source issuer=https://h/a
 *     msg="..."                                          (on one line)
 *     {"time":"2026-11-23T20:51:00Z","level":"warn","mod":"source",...}
 *
 * When standard error is the journal's (JOURNAL_STREAM, systemd.exec(5)) the
 * time is left out and "<4>" stands in front, so that the level arrives.  All
 * text is escaped (base/logline.h).  A line is cut at LOG_LINE_MAX, whole.  Any
 * thread may log; a line is one write(2).  Only the rooms admin, jwksd and
 * jwksctl log; others return errors.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/logline.h"

#define LOG_LINE_MAX 1024

enum log_level {
	LOG_LEVEL_ERROR, /* somebody must act */
	LOG_LEVEL_WARN,  /* degraded; we carry on and say how */
	LOG_LEVEL_INFO,  /* life cycle: started, reloaded, stopped */
	LOG_LEVEL_DEBUG,
};

const char *log_level_name(enum log_level level);
int log_level_parse(const char *name, enum log_level *level);

/* Lines less important than threshold are dropped.  Call before threads. */
void log_open(enum log_level threshold);
void log_threshold(enum log_level threshold);

/* Of this log and, by whoever asks, of others; logfmt until it is set. */
void log_set_format(enum log_format f);
enum log_format log_format(void);

/* module: the room.  issuer: what it is about, or NULL. */
void log_event(enum log_level level, const char *module, const char *issuer,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_event(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
