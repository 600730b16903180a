/* SPDX-License-Identifier: MIT */
/*
 * States, waits and cache times: arithmetic on moments and nothing else, so
 * that a simulation can run thousands of rotations through the very code that
 * decides.  Invariant: nothing here reads the clock.
 */
#include "keyring/keyring.h"

const char *
keyring_state_name(enum keyring_state state)
{
	switch (state) {
	case KEYRING_STAGED:
		return "staged";
	case KEYRING_ACTIVE:
		return "active";
	case KEYRING_RETIRING:
		return "retiring";
	case KEYRING_RETIRED:
		return "retired";
	case KEYRING_REVOKED:
		return "revoked";
	}
	return "unknown";
}

static bool
happened(int64_t moment, int64_t now)
{
	return moment != 0 && moment <= now;
}

enum keyring_state
keyring_state(const struct keyring_key *key, int64_t now)
{
	if (key->revoked != 0)
		return KEYRING_REVOKED;
	if (key->retired != 0)
		return KEYRING_RETIRED;
	if (happened(key->superseded, now))
		return KEYRING_RETIRING;
	if (happened(key->activated, now))
		return KEYRING_ACTIVE;
	return KEYRING_STAGED;
}

int64_t
keyring_since(const struct keyring_key *key, int64_t now)
{
	switch (keyring_state(key, now)) {
	case KEYRING_STAGED:
		return key->published;
	case KEYRING_ACTIVE:
		return key->activated;
	case KEYRING_RETIRING:
		return key->superseded;
	case KEYRING_RETIRED:
		return key->retired;
	case KEYRING_REVOKED:
		return key->revoked;
	}
	return 0;
}

bool
keyring_state_published(enum keyring_state state)
{
	return state == KEYRING_STAGED || state == KEYRING_ACTIVE ||
	       state == KEYRING_RETIRING;
}

bool
keyring_accepted(
	const struct keyring *ring, const struct keyring_key *key, int64_t now)
{
	enum keyring_state state = keyring_state(key, now);

	if (state != KEYRING_RETIRED)
		return state != KEYRING_REVOKED;
	return now < keyring_accepted_until(ring, key);
}

int64_t
keyring_accepted_until(
	const struct keyring *ring, const struct keyring_key *key)
{
	const struct keyring_policy *p = &ring->policy;

	if (key->superseded == 0)
		return 0;
	return key->superseded + p->rollout + p->api_token_lifetime + p->skew;
}

bool
keyring_rotation_open(const struct keyring *ring, int64_t now)
{
	enum keyring_state state;
	size_t i;

	for (i = 0; i < ring->count; i++) {
		state = keyring_state(&ring->keys[i], now);
		if (state == KEYRING_STAGED || state == KEYRING_RETIRING)
			return true;
	}
	return false;
}

int64_t
keyring_max_age(const struct keyring *ring, int64_t now)
{
	return keyring_rotation_open(ring, now) ? ring->policy.rotation_max_age
						: ring->policy.max_age;
}

/*
 * Staged: verifiers that fetched just before it was published see it when
 * their copy has aged, and API servers must have restarted to accept it.
 *
 * Retiring: the last API server may sign with it until the roll-out is over;
 * that token lives for token_lifetime, as the verifier's clock sees it; and
 * one max_age more is kept in reserve.
 */
int64_t
keyring_next_due(const struct keyring *ring, const struct keyring_key *key)
{
	const struct keyring_policy *p = &ring->policy;

	if (key->revoked != 0 || key->retired != 0)
		return 0;
	if (key->superseded != 0)
		return key->superseded + p->rollout + p->token_lifetime +
		       p->skew + p->max_age;
	if (key->activated != 0)
		return 0;
	return key->published + p->publish_ahead;
}
