/* SPDX-License-Identifier: MIT */
/*
 * Keyrings for tests, with keys made at run time.  Everything fails the test
 * by stopping it.
 */
#ifndef T_LIB_RING_H
#define T_LIB_RING_H

#include <stdio.h>
#include <stdlib.h>

#include "keyring/keyring.h"
#include "keyring/private.h"
#include "keyring/step.h"

#define RING_ISSUER "https://oidc.example.com/test"
#define RING_START ((int64_t)1700000000)

static inline void
ring_need(bool fine, const char *what, const struct error *e)
{
	if (fine)
		return;
	printf("Bail out! %s: %s\n", what, e->text);
	exit(1);
}

static inline struct key *
ring_new_key(void)
{
	struct error e = {0};
	struct keyring_private *p = keyring_private_new(KEY_ES256, 256, &e);
	struct key *key;

	ring_need(p != NULL, "a key cannot be made", &e);
	key = keyring_private_public(p, &e);
	ring_need(key != NULL, "a key has no public half", &e);
	keyring_private_free(p);
	return key;
}

/* One active key since RING_START. */
static inline struct keyring *
ring_new(const struct keyring_policy *policy)
{
	struct keyring_request r = {
		.step = KEYRING_INIT, .now = RING_START, .by = "test"};
	struct error e = {0};
	struct keyring *ring = keyring_new(RING_ISSUER, policy, &e);
	struct keyring_key *k;

	ring_need(ring != NULL, "keyring_new", &e);
	k = keyring_add(ring, ring_new_key(), &e);
	ring_need(k != NULL, "keyring_add", &e);
	k->in_store = true;
	k->created = k->published = k->activated = RING_START;
	r.kid = k->key->kid;
	ring_need(keyring_init_apply(ring, &r, &e) == 0, "init", &e);
	return ring;
}

static inline int
ring_step(struct keyring *ring, enum keyring_step step, const char *kid,
	int64_t now, struct error *e)
{
	struct keyring_request r = {
		.step = step, .kid = kid, .now = now, .by = "test"};

	error_clear(e);
	if (step == KEYRING_STAGE)
		return keyring_stage_apply(ring, &r, ring_new_key(), e);
	return keyring_step_apply(ring, &r, e);
}

#endif
