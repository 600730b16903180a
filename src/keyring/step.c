/* SPDX-License-Identifier: MIT */
/*
 * Which step is allowed when.  This file is why jwksctl cannot be rushed by
 * accident: every way to change a keyring passes keyring_step_check() or
 * keyring_stage_check(), and each of them asks the clock that the caller read.
 */
#include "keyring/step.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define WITHDRAWN_KEPT 16 /* for the record; the journal has them all */

/* A clock that went back would let a wait start again or end twice. */
static int
check_clock(const struct keyring *ring, const struct keyring_request *r,
	struct error *e)
{
	char now[CLOCK_TEXT_LEN + 1], updated[CLOCK_TEXT_LEN + 1];

	if (r->now >= ring->updated || r->force)
		return 0;
	clock_format(now, r->now);
	clock_format(updated, ring->updated);
	return error_set(e, ERROR_CONFLICT,
		"the clock says %s, but the keyring was changed at %s: set the "
		"clock first (timedatectl)",
		now, updated);
}

static int
check_due(const struct keyring *ring, const struct keyring_key *k,
	const struct keyring_request *r, const char *why, struct error *e)
{
	char when[CLOCK_TEXT_LEN + 1];
	int64_t due = keyring_next_due(ring, k);

	if (r->now >= due || r->force)
		return 0;
	clock_format(when, due);
	return error_set(e, ERROR_EARLY,
		"too early to %s %s: safe from %s, when %s",
		keyring_step_name(r->step), k->key->kid, when, why);
}

/* The state whose key a step takes when no kid is given. */
static enum keyring_state
wanted_state(enum keyring_step step)
{
	return step == KEYRING_RETIRE ? KEYRING_RETIRING : KEYRING_STAGED;
}

/* The key by its kid; or the only one, or the one due first, that a step can
 * be about. */
static struct keyring_key *
pick(const struct keyring *ring, const struct keyring_request *r,
	struct error *e)
{
	enum keyring_state want = wanted_state(r->step);
	struct keyring_key *best = NULL, *k;
	size_t i;

	if (r->kid != NULL) {
		k = keyring_find(ring, r->kid);
		if (k == NULL)
			error_set(e, ERROR_NOTFOUND,
				"no key %.64s: `jwksctl list` shows them",
				r->kid);
		return k;
	}
	if (r->step == KEYRING_REVOKE || r->step == KEYRING_RESTORE) {
		error_set(e, ERROR_INVALID, "%s which key? give its kid",
			keyring_step_name(r->step));
		return NULL;
	}
	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if (keyring_state(k, r->now) == want &&
			(best == NULL || keyring_next_due(ring, k) <
						 keyring_next_due(ring, best)))
			best = k;
	}
	if (best == NULL)
		error_set(e, ERROR_NOTFOUND,
			"no key is %s: nothing to %s; `jwksctl status` says "
			"what comes next",
			keyring_state_name(want), keyring_step_name(r->step));
	return best;
}

static int
refuse(const struct keyring_key *k, const struct keyring_request *r,
	const char *instead, struct error *e)
{
	return error_set(e, ERROR_CONFLICT, "key %s is %s: %s", k->key->kid,
		keyring_state_name(keyring_state(k, r->now)), instead);
}

static int
check_activate(const struct keyring *ring, const struct keyring_key *k,
	const struct keyring_request *r, struct error *e)
{
	switch (keyring_state(k, r->now)) {
	case KEYRING_STAGED:
		break;
	case KEYRING_ACTIVE:
		return refuse(k, r, "it signs already", e);
	case KEYRING_RETIRING: /* undo: everybody knows it still */
		break;
	case KEYRING_RETIRED:
	case KEYRING_REVOKED:
		return refuse(k, r, "stage a new key instead", e);
	}
	if (!k->in_store)
		return error_set(e, ERROR_CONFLICT,
			"key %s: its private half is not in this keyring's "
			"directory; stage a new key instead",
			k->key->kid);
	if (keyring_state(k, r->now) == KEYRING_RETIRING)
		return 0;
	return check_due(ring, k, r,
		"every cached JWKS and every API server knows it", e);
}

static int
check_retire(const struct keyring *ring, const struct keyring_key *k,
	const struct keyring_request *r, struct error *e)
{
	switch (keyring_state(k, r->now)) {
	case KEYRING_STAGED:
		return refuse(k, r, "use discard", e);
	case KEYRING_ACTIVE:
		return refuse(k, r, "stage and activate another one first", e);
	case KEYRING_RETIRING:
		return check_due(ring, k, r,
			"the last token signed with it has expired", e);
	case KEYRING_RETIRED:
	case KEYRING_REVOKED:
		return refuse(k, r, "it is out of the JWKS already", e);
	}
	return -1;
}

static int
check_revoke(const struct keyring_key *k, const struct keyring_request *r,
	struct error *e)
{
	switch (keyring_state(k, r->now)) {
	case KEYRING_STAGED:
		return refuse(k, r, "it never signed; use discard", e);
	case KEYRING_ACTIVE:
		return refuse(k, r,
			"the API servers would go on signing with it; first "
			"`jwksctl stage` and `jwksctl activate --force "
			"--reason TEXT`, restart them, then revoke it",
			e);
	case KEYRING_RETIRING:
	case KEYRING_RETIRED:
		return 0;
	case KEYRING_REVOKED:
		return refuse(k, r, "nothing to do", e);
	}
	return -1;
}

static int
check_restore(const struct keyring_key *k, const struct keyring_request *r,
	struct error *e)
{
	enum keyring_state state = keyring_state(k, r->now);

	if (keyring_state_published(state))
		return refuse(k, r, "it is in the JWKS", e);
	if (k->superseded == 0)
		return error_set(e, ERROR_CONFLICT,
			"key %s was discarded before it signed: stage a new "
			"key instead",
			k->key->kid);
	return 0;
}

static int
check_discard(const struct keyring_key *k, const struct keyring_request *r,
	struct error *e)
{
	if (keyring_state(k, r->now) != KEYRING_STAGED)
		return refuse(k, r, "only a staged key can be discarded", e);
	return 0;
}

struct keyring_key *
keyring_step_check(const struct keyring *ring, const struct keyring_request *r,
	struct error *e)
{
	struct keyring_key *k;
	int rc = -1;

	if (check_clock(ring, r, e) != 0)
		return NULL;
	k = pick(ring, r, e);
	if (k == NULL)
		return NULL;
	switch (r->step) {
	case KEYRING_ACTIVATE:
		rc = check_activate(ring, k, r, e);
		break;
	case KEYRING_RETIRE:
		rc = check_retire(ring, k, r, e);
		break;
	case KEYRING_REVOKE:
		rc = check_revoke(k, r, e);
		break;
	case KEYRING_RESTORE:
		rc = check_restore(k, r, e);
		break;
	case KEYRING_DISCARD:
		rc = check_discard(k, r, e);
		break;
	case KEYRING_INIT:
	case KEYRING_STAGE:
	case KEYRING_POLICY:
		error_set(e, ERROR_INVALID, "%s is not about one key",
			keyring_step_name(r->step));
		break;
	}
	return rc == 0 ? k : NULL;
}

int
keyring_stage_check(const struct keyring *ring, const struct keyring_request *r,
	struct error *e)
{
	size_t i, published = 0;

	if (check_clock(ring, r, e) != 0)
		return -1;
	for (i = 0; i < ring->count; i++) {
		if (keyring_state(&ring->keys[i], r->now) == KEYRING_STAGED)
			return error_set(e, ERROR_CONFLICT,
				"key %s is staged already: activate it, or "
				"discard it",
				ring->keys[i].key->kid);
		published += keyring_state_published(
			keyring_state(&ring->keys[i], r->now));
	}
	if (published >= KEY_SET_MAX)
		return error_set(e, ERROR_LIMIT,
			"%zu keys are published, which is all that AWS reads: "
			"retire some first",
			published);
	return 0;
}

static int
replace(char **text, const char *with, struct error *e)
{
	char *copy = NULL;

	if (with != NULL) {
		copy = strdup(with);
		if (copy == NULL)
			return error_nomem(e);
	}
	free(*text);
	*text = copy;
	return 0;
}

/* A forced step on a clock that went back must still keep the order. */
static int64_t
moment_of(const struct keyring *ring, int64_t now)
{
	return now > ring->updated ? now : ring->updated;
}

static int64_t
withdrawn(const struct keyring_key *k)
{
	return k->revoked > k->retired ? k->revoked : k->retired;
}

/* Forget what was withdrawn longest ago and is accepted by nobody. */
static void
prune(struct keyring *ring, int64_t now)
{
	size_t i, oldest, idle;

	do {
		oldest = ring->count;
		idle = 0;
		for (i = 0; i < ring->count; i++) {
			if (keyring_accepted(ring, &ring->keys[i], now))
				continue;
			idle++;
			if (oldest == ring->count ||
				withdrawn(&ring->keys[i]) <
					withdrawn(&ring->keys[oldest]))
				oldest = i;
		}
		if (idle > WITHDRAWN_KEPT)
			keyring_remove(ring, oldest);
	} while (idle > WITHDRAWN_KEPT + 1);
}

/* What every generation notes, and the rules that every one must keep. */
static int
finish(struct keyring *ring, const struct keyring_request *r, const char *kid,
	int64_t moment, struct error *e)
{
	struct keyring_record *last = &ring->last;

	last->step = r->step;
	last->forced = r->force;
	last->healed = false;
	if (replace(&last->kid, kid, e) != 0 ||
		replace(&last->by, r->by, e) != 0 ||
		replace(&last->reason, r->reason, e) != 0 ||
		replace(&last->waived, r->waived, e) != 0)
		return -1;
	ring->updated = moment;
	ring->generation++;
	prune(ring, moment);
	return keyring_check(ring, e);
}

static void
activate(struct keyring *ring, struct keyring_key *k, int64_t moment)
{
	struct keyring_key *active = keyring_active(ring, moment);

	if (active != NULL)
		active->superseded = moment;
	k->activated = moment;
	k->superseded = 0;
}

/* A key that comes back starts its wait again: its tokens may have been
 * refused for a while, and rotate must not take it out at once. */
static void
restore(struct keyring_key *k, int64_t moment)
{
	k->retired = 0;
	k->revoked = 0;
	k->superseded = moment;
}

int
keyring_step_apply(
	struct keyring *ring, const struct keyring_request *r, struct error *e)
{
	int64_t moment = moment_of(ring, r->now);
	struct keyring_key *k = keyring_step_check(ring, r, e);

	if (k == NULL)
		return -1;
	switch (r->step) {
	case KEYRING_ACTIVATE:
		activate(ring, k, moment);
		break;
	case KEYRING_RETIRE:
		k->retired = moment;
		k->in_store = false;
		break;
	case KEYRING_REVOKE:
	case KEYRING_DISCARD:
		k->revoked = moment;
		k->in_store = false;
		break;
	case KEYRING_RESTORE:
		restore(k, moment);
		break;
	case KEYRING_INIT:
	case KEYRING_STAGE:
	case KEYRING_POLICY:
		break; /* keyring_step_check() refused them */
	}
	return finish(ring, r, k->key->kid, moment, e);
}

int
keyring_stage_apply(struct keyring *ring, const struct keyring_request *r,
	struct key *take, struct error *e)
{
	int64_t moment = moment_of(ring, r->now);
	struct keyring_key *k;

	if (keyring_stage_check(ring, r, e) != 0) {
		key_free(take);
		return -1;
	}
	k = keyring_add(ring, take, e);
	if (k == NULL)
		return -1;
	k->in_store = true;
	k->created = moment;
	k->published = moment;
	return finish(ring, r, take->kid, moment, e);
}

int
keyring_init_apply(
	struct keyring *ring, const struct keyring_request *r, struct error *e)
{
	return finish(ring, r, r->kid, r->now, e);
}

int
keyring_policy_apply(struct keyring *ring, const struct keyring_request *r,
	const struct keyring_policy *policy, struct error *e)
{
	if (check_clock(ring, r, e) != 0 ||
		keyring_policy_change_check(ring, r, policy, e) != 0)
		return -1;
	ring->policy = *policy;
	return finish(ring, r, NULL, moment_of(ring, r->now), e);
}

int
keyring_late_apply(struct keyring *ring, int64_t now, struct error *e)
{
	int64_t moment = moment_of(ring, now);
	struct keyring_key *k;
	size_t i;

	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if (keyring_state(k, moment) == KEYRING_STAGED)
			k->published = moment;
		else if (keyring_state(k, moment) == KEYRING_RETIRING)
			k->superseded = moment;
	}
	ring->last.healed = true;
	ring->updated = moment;
	ring->generation++;
	return keyring_check(ring, e);
}
