/* SPDX-License-Identifier: MIT */
/*
 * What the files of the publisher share: publisher.c (life, queues, the work),
 * apply.c (what was read becomes a catalog), members.c (which issuers there
 * are), fleets.c and configure.c (which there shall be).  For them only.
 *
 * A catalog under construction (next) is private: units are read and applied
 * to it one by one, and either it is published whole or thrown away.  What it
 * replaces goes to the graveyard under its generation.  Invariants: a slot of
 * by_slot is its issuer's tally slot; issuers[] holds the same units, sorted.
 */
#ifndef JWKSD_INTERNAL_H
#define JWKSD_INTERNAL_H

#include "jwksd/graveyard.h"
#include "jwksd/marks.h"
#include "jwksd/publisher.h"
#include "jwksd/roster.h"
#include "jwksd/unit.h"
#include "source/watch.h"

/* Of the watches on fleets' directories. */
#define OWNER_FLEETS (UINT32_MAX - 1)

struct publisher {
	struct publisher_settings settings;
	const struct config *config;
	struct oidc_tally *tally;
	struct graveyard *graveyard;
	struct oidc_catalog *catalog; /* published */
	struct oidc_catalog *next;    /* under construction, or NULL */
	struct source_watch *watch;   /* NULL: none */
	char watches_problem[ERROR_TEXT_MAX];
	int record_dir;

	struct unit **by_slot;
	size_t slots;
	struct oidc_issuer **issuers;
	size_t n_issuers;
	size_t document_bytes;

	struct marks dirty;   /* to be read */
	struct marks unsaved; /* their record is to be written */
	bool fleets_dirty;
	size_t scan_slot;
	int64_t last_scan;
	uint64_t loads_good, loads_bad;
	bool quiet; /* what is published now is not told one by one */
};

/* publisher.c */
void publisher_tell(struct publisher *p, enum log_level level,
	const char *issuer, const char *text);
struct unit_context publisher_context(const struct publisher *p, int64_t now);
struct unit *publisher_unit(
	const struct publisher *p, const struct oidc_issuer *issuer);
/* force: read it though it looks the same. */
void publisher_mark(struct publisher *p, struct unit *u, bool force);
void publisher_unmark(struct publisher *p, struct unit *u);
void publisher_mark_unsaved(struct publisher *p, struct unit *u);
void publisher_unmark_unsaved(struct publisher *p, struct unit *u);
void publisher_open_watch(struct publisher *p);
void publisher_watch_unit(struct publisher *p, const struct unit *u);
void publisher_watch_fleets(struct publisher *p);

/* apply.c */
/* Make sure that next is there, with room for the documents of all issuers and
 * of so many more. */
int publisher_open_next(struct publisher *p, size_t more, struct error *e)
	__attribute__((warn_unused_result));
void publisher_discard_next(struct publisher *p);
void publisher_publish_next(struct publisher *p);
/* What the issuer has served is not in next, or not for long. */
void publisher_bury_documents(struct publisher *p, struct oidc_issuer *issuer);
/* Take over what was read.  -1: nothing was; to be tried again. */
int publisher_apply(struct publisher *p, struct unit *u, struct unit_load *load,
	int64_t now, struct error *e) __attribute__((warn_unused_result));
void publisher_tell_published(
	struct publisher *p, const struct oidc_issuer *issuer);

/* members.c */
/* Make the issuers (of one block, or with scope NULL all) those of the roster.
 * What follows is in next, to be published.  On failure all is as before. */
int publisher_reconcile(struct publisher *p, const struct roster *roster,
	const struct config_issuer *scope, int64_t now, struct error *e)
	__attribute__((warn_unused_result));

/* fleets.c */
void publisher_look_at_fleets(struct publisher *p, int64_t now);
/* Of a fleet of a new configuration that has no members: those that it has
 * now, unless they went one by one, are to stay. */
int publisher_keep_fleet(struct publisher *p, const struct config_issuer *conf,
	struct roster *roster, struct error *e)
	__attribute__((warn_unused_result));

#endif
