/* SPDX-License-Identifier: MIT */
/*
 * The certificates that a server sends, exactly as it sends them, and whether
 * they are to be trusted: AWS IAM's thumbprint is a matter of the last one
 * sent, which no HTTP library tells.
 *
 * A handshake with SNI and nothing after it.  Whether the chain is trusted is
 * a second question, so that it can be asked of several sets of CAs and of any
 * moment.  Connecting and the handshake end within the time limit; looking a
 * name up takes as long as the resolver's own limits allow.
 */
#ifndef REMOTE_CHAIN_H
#define REMOTE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define REMOTE_CHAIN_MAX 16 /* certificates; a longer chain is refused */
#define REMOTE_ADDRESS_MAX 64
#define REMOTE_WHY_MAX 128
#define REMOTE_HOST_MAX 255

struct remote_peer {
	const char *host;    /* the name that is asked for */
	const char *port;    /* digits */
	const char *connect; /* "HOST:PORT" to connect to instead, or NULL */
	unsigned timeout_ms; /* 0: REMOTE_TIMEOUT_MS */
};

struct remote_certificate {
	unsigned char *der;
	size_t len;
};

struct remote_chain {
	struct remote_certificate sent[REMOTE_CHAIN_MAX]; /* leaf first */
	size_t count;                                     /* 1 at least */
	bool tls12;        /* the server takes TLS 1.2 */
	int64_t not_after; /* of the leaf */
	char address[REMOTE_ADDRESS_MAX];
};

enum remote_trust {
	REMOTE_TRUSTED,
	REMOTE_UNKNOWN_CA, /* leads to no CA of the set */
	REMOTE_EXPIRED,    /* or not valid yet */
	REMOTE_OTHER_NAME, /* not for this host */
	REMOTE_WEAK,       /* SHA-1, or a key that is too small */
	REMOTE_REFUSED,    /* anything else */
};

/* NET: not reached or broken off.  TLS: no handshake with any version. */
int remote_chain_get(const struct remote_peer *peer, struct remote_chain *out,
	struct error *e) __attribute__((warn_unused_result));
void remote_chain_release(struct remote_chain *chain);

/* ca_file: PEM; NULL: the system's.  why is OpenSSL's reason, "" when trusted.
 * -1 when it could not be found out. */
int remote_chain_verify(const struct remote_chain *chain, const char *host,
	const char *ca_file, int64_t now, enum remote_trust *trust,
	char why[REMOTE_WHY_MAX], struct error *e)
	__attribute__((warn_unused_result));

#endif
