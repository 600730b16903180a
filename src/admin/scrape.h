/* SPDX-License-Identifier: MIT */
/*
 * One scrape of /metrics while it is being written: what it shows, where it
 * goes, and the labels of the sample that is put together.  Only for the
 * modules that write metrics.
 */
#ifndef ADMIN_SCRAPE_H
#define ADMIN_SCRAPE_H

#include "admin/status.h"
#include "admin/view.h"
#include "base/buf.h"

/* A row of admin_metrics each, in this order. */
enum admin_metric {
	M_BUILD,
	M_START,
	M_READY,
	M_CONFIG_GOOD,
	M_CONFIG_READ,
	M_RELOADS,
	M_ISSUERS,
	M_ISSUERS_OMITTED,
	M_KEYS,
	M_GENERATION,
	M_WORKER_GENERATION,
	M_CATALOGS,
	M_DOCUMENTS_SIZE,
	M_FETCHES,
	M_LAST_FETCH,
	M_REQUESTS,
	M_SENT,
	M_CONNECTIONS,
	M_ACCEPTED,
	M_SHED,
	M_EVICTED,
	M_TIMED_OUT,
	M_TLS_HANDSHAKES,
	M_TLS_EXPIRY,
	M_TLS_GOOD,
	M_WATCHES,
	M_WATCHES_SHORT,
	M_LAST_SCAN,
	M_RESCAN,
	M_ISSUER_HEALTH,
	M_ISSUER_KEYS,
	M_ISSUER_FETCHES,
	M_ISSUER_LAST_FETCH,
	M_ISSUER_NEWEST_KEY,
	M_ISSUER_NEXT_STEP,
	M_ISSUER_CHANGED,
	M_ISSUER_LOADED,
	M_ISSUER_MAX_AGE,
	METRICS,
};

struct admin_scrape {
	const struct admin_view *view;
	struct admin_totals totals;
	struct admin_selection issuers; /* those with series of their own */
	struct buf *out;
	struct buf labels;
};

/* Begin a family; its samples follow at once. */
void admin_scrape_begin(struct admin_scrape *s, enum admin_metric id);

/* Labels of the next sample. */
void admin_scrape_label(
	struct admin_scrape *s, const char *key, const char *value);
void admin_scrape_label_number(
	struct admin_scrape *s, const char *key, size_t n);

/* Write the sample with the labels collected, and forget those. */
void admin_scrape_sample(
	struct admin_scrape *s, enum admin_metric id, double value);

/* The same; but a moment that has not come yet, 0, has no sample. */
void admin_scrape_sample_moment(
	struct admin_scrape *s, enum admin_metric id, int64_t when);

/* The families with an issuer label. */
void admin_scrape_issuers(struct admin_scrape *s);

#endif
