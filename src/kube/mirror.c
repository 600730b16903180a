/* SPDX-License-Identifier: MIT */
/*
 * One round's arithmetic.  Invariants: a mirror never becomes empty, for a good
 * reply has a key; and a key leaves it only by may_go().
 */
#include "kube/mirror.h"

#include <stdio.h>
#include <string.h>

void
kube_mirror_release(struct kube_mirror *m)
{
	key_set_release(&m->keys);
	*m = (struct kube_mirror){0};
}

static bool
has_key(const struct key_set *set, const struct key *key)
{
	const struct key *found = key_set_find(set, key->kid);

	return found != NULL && key_same(found, key);
}

static bool
is_shown(const struct kube_round *round, const struct key *key)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (has_key(&round->replies[i].keys, key))
			return true;
	return false;
}

/* Why nothing may be concluded from a key's absence, or NULL. */
static const struct kube_reply *
find_doubt(const struct kube_round *round)
{
	const struct kube_reply *r;
	size_t i;

	for (i = 0; i < round->count; i++) {
		r = &round->replies[i];
		if (!r->good || r->apart > KUBE_SKEW_MAX ||
			r->apart < -KUBE_SKEW_MAX)
			return r;
	}
	return NULL;
}

static bool
is_accepted(const struct kube_round *round, const char *kid)
{
	size_t i;

	for (i = 0; i < round->n_accepted; i++)
		if (strcmp(round->accepted[i], kid) == 0)
			return true;
	return false;
}

/* Since when key i of the old mirror is missing after this round. */
static int64_t
missing_since(
	const struct kube_mirror *old, size_t i, const struct kube_round *round)
{
	if (is_shown(round, old->keys.keys[i]))
		return 0;
	if (old->missing[i] != 0 || find_doubt(round) != NULL)
		return old->missing[i];
	return round->now;
}

static bool
may_go(const struct kube_mirror *old, size_t i, const struct kube_round *round)
{
	int64_t since = missing_since(old, i, round);

	if (since == 0 || find_doubt(round) != NULL)
		return false;
	return is_accepted(round, old->keys.keys[i]->kid) ||
	       (round->keep >= 0 && round->now - since >= round->keep);
}

/* Whoever says that a key may go is told when it cannot. */
static int
check_accepted(const struct kube_mirror *old, const struct kube_round *round,
	struct error *e)
{
	const struct kube_reply *doubt = find_doubt(round);
	const struct key *key;
	size_t i;

	for (i = 0; i < round->n_accepted; i++) {
		key = key_set_find(&old->keys, round->accepted[i]);
		if (key == NULL)
			return error_set(e, ERROR_NOTFOUND, "has no key %.255s",
				round->accepted[i]);
		if (is_shown(round, key))
			return error_set(e, ERROR_CONFLICT,
				"key %s cannot go: an API server shows it",
				key->kid);
		if (doubt != NULL)
			return error_set(e, ERROR_CONFLICT,
				"key %s cannot go: %s %s", key->kid, doubt->url,
				doubt->good ? "has another time than this "
					      "machine"
					    : "did not answer and may have it");
	}
	return 0;
}

static int
add_copy(struct kube_mirror *m, const struct key *key, struct error *e)
{
	struct key *copy = key_copy(key, e);

	return copy == NULL ? -1 : key_set_add(&m->keys, copy, e);
}

static int
add_replies(struct kube_mirror *next, const struct kube_round *round,
	struct error *e)
{
	const struct kube_reply *r;
	size_t i, k;

	for (i = 0; i < round->count; i++) {
		r = &round->replies[i];
		for (k = 0; k < r->keys.count; k++)
			if (add_copy(next, r->keys.keys[k], e) != 0)
				return error_wrap(e, "%s", r->url);
	}
	return 0;
}

static void
withdraw(struct kube_mirror *m, const char *kid, int64_t now)
{
	if (m->n_withdrawn == KUBE_WITHDRAWN_MAX) {
		memmove(m->withdrawn, m->withdrawn + 1,
			(KUBE_WITHDRAWN_MAX - 1) * sizeof(m->withdrawn[0]));
		m->n_withdrawn--;
	}
	snprintf(m->withdrawn[m->n_withdrawn].kid, sizeof(m->withdrawn[0].kid),
		"%s", kid);
	m->withdrawn[m->n_withdrawn++].when = now;
}

/* What was known, with what this round says of it. */
static int
add_old(struct kube_mirror *next, const struct kube_mirror *old,
	const struct kube_round *round, struct error *e)
{
	size_t i, before;

	for (i = 0; i < old->keys.count; i++) {
		if (may_go(old, i, round)) {
			withdraw(next, old->keys.keys[i]->kid, round->now);
			continue;
		}
		before = next->keys.count;
		if (add_copy(next, old->keys.keys[i], e) != 0)
			return -1;
		if (next->keys.count > before)
			next->missing[before] = missing_since(old, i, round);
	}
	return 0;
}

/* A key that is there again was not let go. */
static void
keep_withdrawn(struct kube_mirror *next, const struct kube_mirror *old,
	const struct kube_round *round)
{
	const struct kube_withdrawn *w;
	size_t i, k;

	for (i = 0; i < old->n_withdrawn; i++) {
		w = &old->withdrawn[i];
		for (k = 0; k < round->count; k++)
			if (key_set_find(&round->replies[k].keys, w->kid) !=
				NULL)
				break;
		if (k == round->count)
			withdraw(next, w->kid, w->when);
	}
}

static bool
same_order(const struct key_set *a, const struct key_set *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->keys[i]->kid, b->keys[i]->kid) != 0)
			return false;
	return true;
}

/* Do all servers show one and the same JWKS?  Then its order is ours; else the
 * old one stays, so that the file is not rewritten for whoever answers first.
 */
static bool
is_unanimous(const struct kube_round *round)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (!round->replies[i].good ||
			!same_order(&round->replies[0].keys,
				&round->replies[i].keys))
			return false;
	return true;
}

int
kube_mirror_next(const struct kube_mirror *old, const struct kube_round *round,
	struct kube_mirror *next, struct error *e)
{
	struct kube_mirror m = {0};
	int rc;

	if (check_accepted(old, round, e) != 0)
		return -1;
	keep_withdrawn(&m, old, round);
	if (is_unanimous(round)) {
		rc = add_replies(&m, round, e);
		if (rc == 0)
			rc = add_old(&m, old, round, e);
	} else {
		rc = add_old(&m, old, round, e);
		if (rc == 0)
			rc = add_replies(&m, round, e);
	}
	if (rc == 0)
		*next = m;
	else
		kube_mirror_release(&m);
	return rc;
}

/* Index of this very key, or the count. */
static size_t
find_key(const struct kube_mirror *m, const struct key *key)
{
	size_t i;

	for (i = 0; i < m->keys.count; i++)
		if (strcmp(m->keys.keys[i]->kid, key->kid) == 0 &&
			key_same(m->keys.keys[i], key))
			break;
	return i;
}

void
kube_mirror_compare(const struct kube_mirror *old,
	const struct kube_mirror *next, kube_change_fn tell, void *arg)
{
	const struct key *key;
	size_t i, k;

	for (i = 0; i < old->keys.count; i++) {
		key = old->keys.keys[i];
		k = find_key(next, key);
		if (k == next->keys.count)
			tell(arg, KUBE_DROPPED, key->kid);
		else if (old->missing[i] == 0 && next->missing[k] != 0)
			tell(arg, KUBE_MISSING, key->kid);
		else if (old->missing[i] != 0 && next->missing[k] == 0)
			tell(arg, KUBE_RETURNED, key->kid);
	}
	for (k = 0; k < next->keys.count; k++) {
		key = next->keys.keys[k];
		if (find_key(old, key) == old->keys.count)
			tell(arg, KUBE_ADDED, key->kid);
	}
}
