/* SPDX-License-Identifier: MIT */
/*
 * Metrics as OpenMetrics 1.0 text, which Prometheus scrapes.  A program keeps
 * one table of struct metric; metric_check() refuses a table that a scraper
 * would misread, and the manual and its test read the same table.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define METRIC_CONTENT_TYPE \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metric_type {
	METRIC_COUNTER, /* the name is without _total, which is added */
	METRIC_GAUGE,
	METRIC_INFO, /* the name is without _info, which is added */
};

struct metric {
	const char *name; /* jwksd_..., with the unit as its last word */
	enum metric_type type;
	const char *unit; /* "seconds", "bytes", or "" */
	const char *help;
};

/* Names unique, of [a-z0-9_], prefixed, not ending in a reserved suffix, and
 * ending in the unit if there is one, which an info has not; help that needs
 * no escapes. */
int metric_check(const struct metric *table, size_t count, const char *prefix,
	struct error *e) __attribute__((warn_unused_result));

/* # TYPE, # UNIT and # HELP lines; then samples of it, nothing between. */
void metric_begin(struct buf *b, const struct metric *m);

/* labels: "" or key="value" pairs made with metric_label. */
void metric_sample(struct buf *b, const struct metric *m, const char *labels,
	double value);

/* Append key="value", escaped, with a comma before it when b is not empty. */
void metric_label(struct buf *b, const char *key, const char *value);

/* The last line, "# EOF". */
void metric_end(struct buf *b);

#endif
