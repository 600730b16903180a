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
 * A moment that lies ahead of the clock has not happened yet, except for the
 * two that withdraw a key: a clock that is behind must not publish a key that
 * was withdrawn.
 *
 * Pure and free of private keys: what holds those is keyring/private.h, which
 * only keyring/store.h uses, and jwksd links neither.
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
#define KEYRING_KEYS_MAX 256 /* in the file, withdrawn ones included */

enum keyring_state {
	KEYRING_STAGED,
	KEYRING_ACTIVE,
	KEYRING_RETIRING,
	KEYRING_RETIRED,
	KEYRING_REVOKED,
};
#define KEYRING_STATES 5

const char *keyring_state_name(enum keyring_state state); /* "staged" */

/* What a generation was committed for. */
enum keyring_step {
	KEYRING_INIT,
	KEYRING_STAGE,
	KEYRING_ACTIVATE,
	KEYRING_RETIRE,
	KEYRING_REVOKE,
	KEYRING_RESTORE,
	KEYRING_DISCARD,
	KEYRING_POLICY,
};
#define KEYRING_STEPS 8

const char *keyring_step_name(enum keyring_step step); /* "activate" */

/* Durations are seconds. */
struct keyring_policy {
	enum key_alg alg;           /* of the next key */
	unsigned bits;              /* of the next key */
	int64_t publish_ahead;      /* staged for at least so long */
	int64_t token_lifetime;     /* the longest that the cluster issues */
	int64_t skew;               /* clocks, and what verifiers forgive */
	int64_t max_age;            /* Cache-Control when no rotation is open */
	int64_t rotation_max_age;   /* ... and while one is */
	int64_t rollout;            /* until all API servers have restarted */
	int64_t api_token_lifetime; /* of tokens for the API server itself */
	int64_t period; /* an active key is replaced then; 0: never */
};

struct keyring_key {
	struct key *key; /* owned */
	bool in_store;   /* the store has its private half */
	int64_t created;
	int64_t published;  /* staged since */
	int64_t activated;  /* signs since */
	int64_t superseded; /* stopped signing: another key was activated */
	int64_t retired;
	int64_t revoked;
};

/* Who made this generation of what, and why: what the journal says of it.
 * Kept here so that the journal can be healed after a crash. */
struct keyring_record {
	enum keyring_step step;
	char *kid; /* NULL: it was not about one key */
	char *by;
	char *reason; /* NULL: none was given */
	char *waived; /* gates that were not asked, by name; NULL: none */
	bool forced;  /* before its time */
	bool healed;  /* its files came late: see keyring_late_apply() */
};

struct keyring {
	char *issuer;
	uint64_t generation; /* one more with every commit */
	int64_t updated;
	struct keyring_policy policy;
	struct keyring_record last;
	struct keyring_key *keys; /* in the order of the JWKS */
	size_t count;
};

struct keyring_policy keyring_policy_default(void);

/* The rules between the durations, and of algorithm and size. */
int keyring_policy_check(const struct keyring_policy *policy, struct error *e)
	__attribute__((warn_unused_result));

/* An empty keyring, generation 0.  NULL when out of memory. */
struct keyring *keyring_new(const char *issuer,
	const struct keyring_policy *policy, struct error *e)
	__attribute__((warn_unused_result));
void keyring_free(struct keyring *ring);

/* Put a key at the end and own it from then on, also when this fails.  The
 * entry is for the caller to fill in, valid until the next one is added.
 * CONFLICT: the kid is there.  LIMIT: KEYRING_KEYS_MAX. */
struct keyring_key *keyring_add(struct keyring *ring, struct key *take,
	struct error *e) __attribute__((warn_unused_result));
/* Take entry i out and free it. */
void keyring_remove(struct keyring *ring, size_t i);

/* Bytes of keyring.json -> keyring, checked: known version (a newer one is
 * refused with a line that says so), no member it does not know, every kid of
 * its key, the order of moments, at most one active key.  NULL on failure. */
struct keyring *keyring_parse(const char *bytes, size_t len, struct error *e)
	__attribute__((warn_unused_result));
void keyring_render(const struct keyring *ring, struct buf *out);
/* The policy's members, "alg" first, with this between them. */
void keyring_policy_render(
	struct buf *out, const struct keyring_policy *p, const char *between);

/* The same checks on a keyring in memory. */
int keyring_check(const struct keyring *ring, struct error *e)
	__attribute__((warn_unused_result));

/* By kid, or the one that signs; borrowed, or NULL. */
struct keyring_key *keyring_find(const struct keyring *ring, const char *kid);
struct keyring_key *keyring_active(const struct keyring *ring, int64_t now);

/* The state at a moment.  Pure. */
enum keyring_state keyring_state(const struct keyring_key *key, int64_t now);

/* Since when it is in that state. */
int64_t keyring_since(const struct keyring_key *key, int64_t now);

/* Does the JWKS hold it in this state? */
bool keyring_state_published(enum keyring_state state);

/* Must API servers accept its tokens?  Longer than it is published: tokens
 * for the API server itself may live for api_token_lifetime. */
bool keyring_accepted(
	const struct keyring *ring, const struct keyring_key *key, int64_t now);
/* ... until when, once it has stopped signing; 0 before that. */
int64_t keyring_accepted_until(
	const struct keyring *ring, const struct keyring_key *key);

/* Is a key staged or retiring?  Then caches should be short. */
bool keyring_rotation_open(const struct keyring *ring, int64_t now);

/* Seconds for Cache-Control at this moment. */
int64_t keyring_max_age(const struct keyring *ring, int64_t now);

/* The earliest moment at which this key may go on to its next state (staged:
 * be activated; retiring: be retired), 0 when it waits for nothing. */
int64_t keyring_next_due(
	const struct keyring *ring, const struct keyring_key *key);

/* Append "-----BEGIN PUBLIC KEY-----" ... of a key. */
void keyring_pem(const struct key *key, struct buf *out);

#endif
