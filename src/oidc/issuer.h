/* SPDX-License-Identifier: MIT */
/*
 * One issuer as the daemon knows it while it runs: what is served for it and
 * how it fares.  Belongs to the main thread; workers see only its documents,
 * through a catalog.
 *
 * With a hundred thousand issuers every allocation counts: the keys are one,
 * the documents another, and the record is part of what its owner keeps of it.
 */
#ifndef OIDC_ISSUER_H
#define OIDC_ISSUER_H

#include <stddef.h>
#include <stdint.h>

#include "key/key.h"
#include "keyring/keyring.h"
#include "oidc/document.h"

/* How an issuer fares; the worst of all decides readiness. */
enum oidc_health {
	OIDC_FRESH,  /* serves what its sources say */
	OIDC_HELD,   /* serves the last good set: see problem */
	OIDC_ABSENT, /* has never had a good set: not served */
};

const char *oidc_health_name(enum oidc_health health); /* "fresh", ... */

/* What there is to say of a published key.  Part of an array that has the kids
 * behind it: not to be copied out of it. */
struct oidc_key {
	uint64_t print;   /* of the public key: tells a kid that was reused */
	int64_t since;    /* in this state; or first published by us */
	int64_t next_due; /* next step safe at; 0: nothing to wait for */
	uint16_t kid_at;  /* bytes from here to the kid */
	uint16_t bits;
	uint8_t alg;       /* enum key_alg */
	uint8_t has_state; /* it comes from a keyring */
	uint8_t state;     /* enum keyring_state */
};

static inline const char *
oidc_key_kid(const struct oidc_key *key)
{
	return (const char *)key + key->kid_at;
}

struct oidc_issuer {
	const char *url;                  /* the owner's */
	struct oidc_key *keys;            /* in the order of the JWKS */
	struct oidc_documents *documents; /* NULL: absent */
	char *problem; /* NULL, or one line: what is wrong, what to do */
	int64_t problem_since;
	int64_t changed; /* the documents, last */
	int64_t loaded;  /* the sources were last read and good */
	uint32_t slot;   /* its place in the tally */
	uint32_t n_keys;
	unsigned max_age; /* as published */
	enum oidc_health health;
};

/* The record of that URL, which must live as long; slot is the caller's. */
void oidc_issuer_init(
	struct oidc_issuer *issuer, const char *url, uint32_t slot);
/* Not its documents: they may still be looked up (see catalog.h). */
void oidc_issuer_release(struct oidc_issuer *issuer);

/* The array for a set: kid, alg and bits are filled in, the rest is zero.  One
 * block, the caller's to free.  NULL when out of memory, or for a set that is
 * too large for OIDC_DOCUMENT_MAX by far. */
struct oidc_key *oidc_keys_new(const struct key_set *set);

#endif
