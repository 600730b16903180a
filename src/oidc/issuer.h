/* SPDX-License-Identifier: MIT */
/*
 * One issuer as the daemon knows it while it runs: what is served for it and
 * how it fares.  Belongs to the main thread; workers see only its documents,
 * through a catalog.
 *
 * The record, its URL and its keys are one allocation each, and documents are
 * the bytes that are sent: with a hundred thousand issuers every pointer
 * counts.
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

/* What there is to say of a published key. */
struct oidc_key {
	const char *kid; /* in the same allocation as the array */
	enum key_alg alg;
	uint16_t bits;
	uint8_t has_state; /* it comes from a keyring */
	uint8_t state;     /* enum keyring_state */
	uint64_t print;    /* of the public key: tells a kid that was reused */
	int64_t since;     /* in this state; or first published by us */
	int64_t next_due;  /* next step safe at; 0: nothing to wait for */
};

struct oidc_issuer {
	const char *url;
	enum oidc_health health;
	uint32_t slot; /* its place in the tally */
	uint32_t n_keys;
	struct oidc_key *keys; /* in the order of the JWKS; one block */
	struct oidc_document *documents[OIDC_DOCUMENTS]; /* NULL: absent */
	char *problem; /* NULL, or one line: what is wrong, what to do */
	int64_t problem_since;
	int64_t changed;  /* the documents, last */
	int64_t loaded;   /* the sources were last read and good */
	unsigned max_age; /* as published */
};

/* The record of that URL; slot is the caller's.  NULL when out of memory. */
struct oidc_issuer *oidc_issuer_new(const char *url, uint32_t slot);
/* Not its documents: they may still be looked up (see catalog.h). */
void oidc_issuer_free(struct oidc_issuer *issuer);

/* The array for a set: kid, alg and bits are filled in, the rest is zero.  One
 * block, the caller's to free.  NULL when out of memory. */
struct oidc_key *oidc_keys_new(const struct key_set *set);

/* Bytes of memory that it takes, documents included. */
size_t oidc_issuer_size(const struct oidc_issuer *issuer);

#endif
