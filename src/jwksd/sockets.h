/* SPDX-License-Identifier: MIT */
/*
 * The listening sockets: those that systemd handed over, else those of the
 * configuration, one of each address for each worker.
 */
#ifndef JWKSD_SOCKETS_H
#define JWKSD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "http/proxy.h"

struct sockets {
	int *public; /* n_addresses rows of n_workers descriptors */
	bool *tls;   /* of each row */
	size_t n_addresses;
	size_t n_workers;
	int admin; /* -1: none */
};

/* Could the configuration's addresses be listened on, as far as can be told
 * without trying?  *tls: there is one with TLS. */
int sockets_check(const struct config *config, bool *tls, struct error *e)
	__attribute__((warn_unused_result));

/* The configuration's trusted proxies; *out is to be freed with free(3). */
int sockets_proxies(const struct config *config, struct http_prefix **out,
	size_t *count, struct error *e) __attribute__((warn_unused_result));

/* Open all.  Of the sockets that were handed over, one may be named "admin",
 * for which the rule of the admin address holds; the others are the public
 * ones, with TLS if they are named "tls".  They replace the addresses of the
 * configuration. */
int sockets_open(const struct config *config, unsigned workers,
	struct sockets *out, struct error *e)
	__attribute__((warn_unused_result));

/* The descriptor for a worker; it is the caller's from then on. */
int sockets_take(struct sockets *s, size_t address, size_t worker);
int sockets_take_admin(struct sockets *s);

/* Is there one with TLS? */
bool sockets_have_tls(const struct sockets *s);

/* Close those that nobody took. */
void sockets_release(struct sockets *s);

#endif
