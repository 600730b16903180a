/* SPDX-License-Identifier: MIT */
/*
 * A keyring: the keys of one issuer with the moments of their life, as
 * DIR/keyring.json holds them.  The file is public and is the commit point of
 * a rotation; jwksd reads it, jwksctl writes it.
 *
 * States are never stored: they follow from the moments and the time
 * (keyring_state), as Knot DNS does with DNSSEC keys.
 *
 *   staged    published, not yet signing
 *   active    signing (of several activated keys, the one activated last)
 *   retiring  signed before; its tokens may still be presented
 *   retired   out of the JWKS; kept in the file for the record
 *   revoked   out of the JWKS at once, whatever its tokens
 *
 * Moments are int64_t seconds (base/clock.h); 0 means "has not happened".
 */
#ifndef KEYRING_KEYRING_H
#define KEYRING_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/key.h"

#define KEYRING_FILE "keyring.json"
#define KEYRING_VERSION 1
#define KEYRING_FILE_MAX (1024 * 1024)

enum keyring_state {
	KEYRING_STAGED,
	KEYRING_ACTIVE,
	KEYRING_RETIRING,
	KEYRING_RETIRED,
	KEYRING_REVOKED,
};
#define KEYRING_STATES 5

const char *keyring_state_name(enum keyring_state state); /* "staged" */

/* Durations are seconds. */
struct keyring_policy {
	enum key_alg alg;	 /* of the next key */
	unsigned bits;		 /* of the next RSA key */
	int64_t publish_ahead;	 /* staged for at least so long */
	int64_t token_lifetime;	 /* the longest that the cluster issues */
	int64_t skew;		 /* clocks, and what verifiers forgive */
	int64_t max_age;	 /* Cache-Control when no rotation is open */
	int64_t rotation_max_age; /* ... and while one is */
};

struct keyring_key {
	struct key *key; /* owned */
	int64_t created;
	int64_t published;  /* staged since */
	int64_t activated;  /* signs since */
	int64_t superseded; /* stopped signing: another key was activated */
	int64_t retired;
	int64_t revoked;
};

struct keyring {
	char *issuer;
	uint64_t generation; /* one more with every commit */
	int64_t updated;
	struct keyring_policy policy;
	struct keyring_key *keys; /* in the order of the JWKS */
	size_t count;
};

struct keyring_policy keyring_policy_default(void);

/* Bytes of keyring.json -> keyring, checked: known version (a newer one is
 * refused with a line that says so), every kid of its key, the order of
 * moments, at most one active key.  NULL on failure. */
struct keyring *keyring_parse(const char *bytes, size_t len, struct error *e)
	__attribute__((warn_unused_result));
void keyring_render(const struct keyring *ring, struct buf *out);
void keyring_free(struct keyring *ring);

/* The state at a moment.  Pure. */
enum keyring_state keyring_state(
	const struct keyring_key *key, int64_t now);

/* Does the JWKS hold it in this state? */
bool keyring_state_published(enum keyring_state state);

/* Is a key staged or retiring?  Then caches should be short. */
bool keyring_rotation_open(const struct keyring *ring, int64_t now);

/* Seconds for Cache-Control at this moment. */
int64_t keyring_max_age(const struct keyring *ring, int64_t now);

/* The earliest moment at which this key may go on to its next state (staged:
 * be activated; retiring: be retired), 0 when it waits for nothing. */
int64_t keyring_next_due(
	const struct keyring *ring, const struct keyring_key *key);

#endif
