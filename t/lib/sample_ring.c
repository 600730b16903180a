/* SPDX-License-Identifier: MIT */
#include "sample_ring.h"

#include <string.h>

#include "key/parse.h"
#include "key_make.h"
#include "sample_key.h"

static struct key *
sample_key(unsigned n)
{
	struct key_set set = KEY_SET_INIT;
	const char *pem = sample_pem(n);
	struct key *key;

	must(key_parse(pem, strlen(pem), &set, NULL) == 0);
	key = set.keys[0];
	set.count = 0; /* the caller's */
	key_set_release(&set);
	return key;
}

static void
set_moments(struct keyring_key *k, enum keyring_state state)
{
	k->created = k->published = SAMPLE_PUBLISHED;
	if (state == KEYRING_REVOKED)
		k->revoked = SAMPLE_RETIRED;
	if (state == KEYRING_STAGED || state == KEYRING_REVOKED)
		return;
	k->activated = SAMPLE_ACTIVATED;
	if (state == KEYRING_ACTIVE)
		return;
	k->superseded = SAMPLE_SUPERSEDED;
	if (state == KEYRING_RETIRED)
		k->retired = SAMPLE_RETIRED;
}

const char *
sample_ring(const char *issuer, unsigned first, unsigned count,
	const enum keyring_state *states)
{
	static struct buf text;
	struct keyring_policy policy = keyring_policy_default();
	struct keyring_key *k;
	struct keyring *ring;
	unsigned i;

	policy.max_age = SAMPLE_MAX_AGE;
	policy.rotation_max_age = SAMPLE_ROTATION_MAX_AGE;
	ring = keyring_new(issuer, &policy, NULL);
	must(ring != NULL);
	ring->generation = 7;
	ring->updated = SAMPLE_NOW;
	ring->last.step = KEYRING_STAGE;
	ring->last.kid = strdup(sample_kid(first));
	ring->last.by = strdup("test");
	must(ring->last.kid != NULL && ring->last.by != NULL);
	for (i = 0; i < count; i++) {
		k = keyring_add(ring, sample_key(first + i), NULL);
		must(k != NULL);
		set_moments(k, states[i]);
	}
	buf_release(&text);
	keyring_render(ring, &text);
	must(buf_ok(&text));
	keyring_free(ring);
	return text.data;
}
