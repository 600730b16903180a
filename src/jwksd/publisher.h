/* SPDX-License-Identifier: MIT */
/*
 * The publisher: which issuers there are, what each of them serves, and the
 * catalogs that the workers get.  All of it is the main thread's.
 *
 * An issuer's new set is published only if all of it is good and no published
 * key is missing from it that no rotation retired; else the last good set goes
 * on being served and the issuer says why (oidc_issuer.problem).  The last
 * good sets are kept in the state directory (source/record.h).
 */
#ifndef JWKSD_PUBLISHER_H
#define JWKSD_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "oidc/catalog.h"
#include "oidc/issuer.h"
#include "oidc/tally.h"

struct publisher;

struct publisher_settings {
	unsigned workers;    /* columns of the tally */
	const char *command; /* how an operator calls us: "jwksd -c FILE" */
	bool watch;          /* use inotify where it can be had */
	bool remember;       /* read and write the state directory */
	/* A new catalog is to be handed out.  NULL: nobody listens. */
	void (*published)(void *arg, const struct oidc_catalog *catalog);
	/* What happened to an issuer (or NULL), one line. */
	void (*told)(void *arg, enum log_level level, const char *issuer,
		const char *text);
	void *arg;
};

struct publisher *publisher_new(const struct publisher_settings *settings,
	struct error *e) __attribute__((warn_unused_result));
void publisher_free(struct publisher *p);

/* Take over a configuration, which must live until the next one is taken over.
 * Reads the sources of all new issuers first; when one of them has never had a
 * good set, nothing changes and the text says which and why (a fleet's member
 * does not count: it is absent until it is mended).  A fleet whose directory
 * has become empty keeps its issuers, held. */
int publisher_configure(struct publisher *p, const struct config *config,
	int64_t now, struct error *e) __attribute__((warn_unused_result));

/* Read again what may have changed, or, with everything, whatever there is;
 * for at most about budget milliseconds (0: until done).  True when something
 * is left to do.  Publishes what is new. */
bool publisher_work(struct publisher *p, int64_t now, int64_t budget_ms);
void publisher_mark_all(struct publisher *p);

/* Look over a part of all sources for changes that no watch has told of; the
 * round is as long as `rescan`.  To be called once a second. */
void publisher_scan(struct publisher *p, int64_t now);

/* After the first publisher_configure: the descriptor that says that a source
 * changed, -1 without watches; and the reading of it.  True when there is
 * work. */
int publisher_watch_fd(const struct publisher *p);
bool publisher_watch_read(struct publisher *p);

/* Free what no worker of at least this generation can see. */
void publisher_reclaim(struct publisher *p, uint64_t oldest_generation);

/* Write the records that are still to be written, for at most so long. */
void publisher_flush(struct publisher *p, int64_t budget_ms);

const struct oidc_catalog *publisher_catalog(const struct publisher *p);
struct oidc_tally *publisher_tally(const struct publisher *p);

/* All issuers, sorted by URL; valid until the next call that changes them. */
struct oidc_issuer *const *publisher_issuers(
	const struct publisher *p, size_t *count);
const struct oidc_issuer *publisher_find(
	const struct publisher *p, const char *url);
const struct oidc_issuer *publisher_by_slot(
	const struct publisher *p, uint32_t slot);

struct publisher_status {
	size_t held, absent;
	size_t document_bytes; /* of all documents served */
	size_t catalogs_alive;
	size_t watches;
	const char *watches_problem; /* NULL: all are in place */
	int64_t last_scan;
	uint64_t loads_good, loads_bad;
};
struct publisher_status publisher_status(const struct publisher *p);

#endif
