/* SPDX-License-Identifier: MIT */
/*
 * A worker: one thread, one event base, one http_server, the catalog of one
 * generation.  It shares nothing that is written with the other ones but the
 * gate, which is not on the request path.
 *
 * The main thread makes and starts it, hands it catalogs and tells it to
 * drain; all functions here are the main thread's.
 */
#ifndef JWKSD_WORKER_H
#define JWKSD_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/gate.h"
#include "http/server.h"
#include "jwksd/access.h"
#include "oidc/catalog.h"
#include "oidc/tally.h"

struct worker;

/* What all workers share; must outlive them. */
struct worker_shared {
	struct oidc_tally *tally;
	struct http_gate *gate;
	struct access_log *access; /* NULL: off */
	const struct http_prefix *proxies;
	size_t n_proxies;
	int wake_main; /* eventfd, rung when a worker took a catalog or ended */
	unsigned header_timeout, idle_timeout, write_timeout, linger_timeout;
};

/* A fetch that a worker noted for the status page. */
struct worker_fetch {
	int64_t when;
	uint32_t slot;
	uint8_t kind;
	unsigned status;
	char agent[96];
	char peer[64];
	const char *peer_class; /* http_address_class */
};
#define WORKER_FETCHES 32

struct worker *worker_new(unsigned index, const struct worker_shared *shared,
	const struct oidc_catalog *first, struct error *e)
	__attribute__((warn_unused_result));

/* Before it is started: accept from this socket, and own it. */
int worker_listen(struct worker *w, int fd, bool tls, struct error *e)
	__attribute__((warn_unused_result));
int worker_start(struct worker *w, struct error *e)
	__attribute__((warn_unused_result));

/* Hand it a newer catalog, to be taken before its next wake-up's requests. */
void worker_publish(struct worker *w, const struct oidc_catalog *catalog);

/* Hand it certificates, of which it takes a reference, for handshakes from its
 * next wake-up on; before it is started, for the first ones. */
void worker_use_tls(struct worker *w, struct http_tls *tls);

/* The generation it serves: nothing older is looked at by it. */
uint64_t worker_generation(const struct worker *w);

/* Answer what is open, and newcomers as long as somebody is still idle; end
 * when no connection is left. */
void worker_drain(struct worker *w);
/* End now. */
void worker_stop(struct worker *w);
bool worker_ended(const struct worker *w);

/* Wait for the thread, which was told to stop, and free everything. */
void worker_free(struct worker *w);

const struct http_server *worker_server(const struct worker *w);

/* Copy the latest fetches, newest first; returns how many. */
unsigned worker_fetches(
	struct worker *w, struct worker_fetch out[WORKER_FETCHES]);

#endif
