/* SPDX-License-Identifier: MIT */
/*
 * What the admin pages show: plain values and borrowed records that the daemon
 * keeps up to date.  Everything here belongs to the main thread, on which the
 * admin server runs; the room admin only reads.
 */
#ifndef ADMIN_VIEW_H
#define ADMIN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/gate.h"
#include "http/server.h"
#include "oidc/issuer.h"
#include "oidc/tally.h"

/* One worker, in numbers. */
struct admin_worker {
	const struct http_server *server;
	uint64_t generation; /* of the catalog it serves */
};

/* A reload of configuration or sources, newest first in the view. */
#define ADMIN_EVENTS 16
struct admin_event {
	int64_t when;
	bool good;
	char text[256]; /* one line */
};

/* A fetch seen lately, newest first: who comes by. */
#define ADMIN_FETCHES 32
struct admin_fetch {
	int64_t when;
	unsigned status;
	uint8_t kind; /* enum oidc_kind */
	char issuer[256];
	char agent[96]; /* cut, control bytes replaced */
	char peer[64];
	const char *peer_class; /* unix, loopback, private, public or "" */
};

struct admin_view {
	const char *version;
	int64_t started;
	bool draining;

	struct oidc_issuer *const *issuers; /* sorted by URL */
	size_t n_issuers;
	size_t n_held; /* of them */
	size_t n_absent;
	const struct oidc_tally *tally;
	uint64_t generation; /* of the newest catalog */
	size_t catalogs_alive;
	size_t document_bytes;

	const struct admin_worker *workers;
	size_t n_workers;
	struct http_gate *gate;

	bool config_good; /* the last reading of jwksd.conf */
	char config_problem[512];
	int64_t config_read;                /* when the one in force was read */
	uint64_t reloads_good, reloads_bad; /* of the configuration */
	struct admin_event events[ADMIN_EVENTS];
	size_t n_events;
	struct admin_fetch fetches[ADMIN_FETCHES];
	size_t n_fetches;

	const struct http_tls *tls; /* NULL: none */
	char tls_problem[512];      /* "": none */

	size_t watches;     /* inotify watches in use */
	bool watches_short; /* the kernel refused more: some are polled */
	char watches_problem[256];
	int64_t last_scan;
	unsigned rescan; /* seconds */
};

#endif
