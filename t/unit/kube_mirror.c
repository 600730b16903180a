/* SPDX-License-Identifier: MIT */
/*
 * What a mirror keeps.  The rules are played through some thousand random
 * rounds against a second, simple account of when each key was shown; the
 * file's form is tested by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "key_make.h"
#include "kube/mirror.h"

#define POOL 6
#define SERVERS 3
#define START 1700000000
#define KEEP 7200

static struct key *pool[POOL];

static int
setup(void **state)
{
	EVP_PKEY *pkey;
	struct buf spki;
	int i;

	(void)state;
	for (i = 0; i < POOL; i++) {
		pkey = key_make_ec("P-256");
		spki = key_make_spki(pkey);
		pool[i] = key_new(
			(unsigned char *)spki.data, spki.len, NULL, NULL);
		assert_non_null(pool[i]);
		buf_release(&spki);
		EVP_PKEY_free(pkey);
	}
	return 0;
}

static int
teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < POOL; i++)
		key_free(pool[i]);
	return 0;
}

static void
show(struct kube_reply *r, int i)
{
	r->good = true;
	assert_int_equal(
		key_set_add(&r->keys, key_copy(pool[i], NULL), NULL), 0);
}

static void
release(struct kube_reply *replies, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		kube_reply_release(&replies[i]);
}

static char *
text_of(const struct kube_mirror *m)
{
	struct buf b = BUF_INIT;
	char *text;

	kube_mirror_render(m, &b);
	text = buf_take(&b, NULL);
	assert_non_null(text);
	return text;
}

/* What is written is read to the same. */
static void
assert_round_trip(const struct kube_mirror *m)
{
	char *text = text_of(m), *again;
	struct kube_mirror read = {0};
	struct error e = {0};

	if (kube_mirror_parse(text, strlen(text), &read, &e) != 0)
		fail_msg("%s: %s", e.text, text);
	again = text_of(&read);
	assert_string_equal(text, again);
	kube_mirror_release(&read);
	free(text);
	free(again);
}

/* --- random rounds ------------------------------------------------------ */

/* The account: since when a key is shown by nobody, as far as that is known. */
struct account {
	bool there;
	int64_t since;
};

static unsigned
roll(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 16) % sides;
}

/* Servers that are down now and then, have a wrong clock now and then, and
 * show a key or two. */
static bool
play(unsigned *seed, struct kube_reply *replies, bool shown[POOL])
{
	bool certain = true;
	unsigned i, n;
	int k;

	memset(shown, 0, POOL * sizeof(shown[0]));
	for (i = 0; i < SERVERS; i++) {
		replies[i] = (struct kube_reply){.url = "https://a"};
		if (roll(seed, 8) == 0) {
			certain = false;
			continue;
		}
		if (roll(seed, 16) == 0) {
			replies[i].apart = roll(seed, 2) == 0 ? 301 : -301;
			certain = false;
		}
		for (n = 1 + roll(seed, 2); n > 0; n--) {
			k = (int)roll(seed, 1 + roll(seed, POOL));
			show(&replies[i], k);
			shown[k] = true;
		}
	}
	return certain;
}

static void
keep_account(struct account *a, bool shown, bool certain, int64_t now)
{
	if (shown)
		*a = (struct account){true, 0};
	else if (a->there && certain && a->since == 0)
		a->since = now;
	if (a->there && certain && a->since != 0 && now - a->since >= KEEP)
		a->there = false;
}

static void
assert_agrees(const struct kube_mirror *m, const struct account account[POOL])
{
	size_t i, count = 0;
	int k;

	for (k = 0; k < POOL; k++) {
		if (!account[k].there) {
			assert_null(key_set_find(&m->keys, pool[k]->kid));
			continue;
		}
		count++;
		for (i = 0; i < m->keys.count; i++)
			if (key_same(m->keys.keys[i], pool[k]))
				break;
		assert_true(i < m->keys.count);
		assert_int_equal(m->missing[i], account[k].since);
	}
	assert_int_equal(m->keys.count, count);
}

static void
test_random_rounds(void **state)
{
	struct kube_mirror m = {0}, next;
	struct account account[POOL] = {{0}};
	struct kube_reply replies[SERVERS];
	struct kube_round round = {
		.replies = replies, .count = SERVERS, .keep = KEEP};
	bool shown[POOL], certain;
	unsigned seed = 4711;
	int i, k;

	(void)state;
	round.now = START;
	for (i = 0; i < 3000; i++) {
		round.now += 60 * (1 + roll(&seed, 30));
		certain = play(&seed, replies, shown);
		next = (struct kube_mirror){0};
		assert_int_equal(kube_mirror_next(&m, &round, &next, NULL), 0);
		for (k = 0; k < POOL; k++)
			keep_account(&account[k], shown[k], certain, round.now);
		assert_agrees(&next, account);
		/* never empty again */
		assert_true(next.keys.count > 0 || m.keys.count == 0);
		if (next.keys.count > 0)
			assert_round_trip(&next);
		kube_mirror_release(&m);
		m = next;
		release(replies, SERVERS);
	}
	kube_mirror_release(&m);
}

/* --- the order ---------------------------------------------------------- */

static void
assert_order(const struct kube_mirror *m, const char *order)
{
	size_t i;

	assert_int_equal(m->keys.count, strlen(order));
	for (i = 0; i < m->keys.count; i++)
		assert_string_equal(
			m->keys.keys[i]->kid, pool[order[i] - '0']->kid);
}

static void
test_order(void **state)
{
	struct kube_reply r[2] = {{.url = "a"}, {.url = "b"}};
	struct kube_round round = {
		.replies = r, .count = 2, .now = START, .keep = -1};
	struct kube_mirror m = {0}, n = {0}, o = {0};

	(void)state;
	show(&r[0], 2);
	show(&r[0], 1);
	show(&r[1], 1);
	show(&r[1], 3);
	assert_int_equal(kube_mirror_next(&m, &round, &n, NULL), 0);
	assert_order(&n, "213");
	release(r, 2);
	/* they disagree: what was there stays in front */
	show(&r[0], 0);
	show(&r[1], 3);
	assert_int_equal(kube_mirror_next(&n, &round, &o, NULL), 0);
	assert_order(&o, "2130");
	kube_mirror_release(&n);
	release(r, 2);
	/* they agree */
	show(&r[0], 3);
	show(&r[0], 2);
	show(&r[1], 3);
	show(&r[1], 2);
	assert_int_equal(kube_mirror_next(&o, &round, &n, NULL), 0);
	assert_order(&n, "3210");
	assert_int_equal(n.missing[1], 0);
	assert_int_equal(n.missing[2], START);
	assert_int_equal(n.missing[3], START);
	kube_mirror_release(&n);
	kube_mirror_release(&o);
	release(r, 2);
}

/* --- what was let go ---------------------------------------------------- */

static void
test_withdrawn_is_bounded(void **state)
{
	struct kube_mirror m = {0}, next = {0};
	struct kube_reply r = {.url = "a"};
	struct kube_round round = {
		.replies = &r, .count = 1, .keep = -1, .now = START};
	int i;

	(void)state;
	for (i = 0; i < KUBE_WITHDRAWN_MAX; i++) {
		snprintf(m.withdrawn[i].kid, sizeof(m.withdrawn[i].kid),
			"kid-%d", i);
		m.withdrawn[i].when = START;
	}
	m.n_withdrawn = KUBE_WITHDRAWN_MAX;
	assert_int_equal(
		key_set_add(&m.keys, key_copy(pool[0], NULL), NULL), 0);
	show(&r, 1);
	round.accepted = &pool[0]->kid;
	round.n_accepted = 1;
	assert_int_equal(kube_mirror_next(&m, &round, &next, NULL), 0);
	assert_order(&next, "1");
	assert_int_equal(next.n_withdrawn, KUBE_WITHDRAWN_MAX);
	assert_string_equal(next.withdrawn[0].kid, "kid-1");
	assert_string_equal(
		next.withdrawn[KUBE_WITHDRAWN_MAX - 1].kid, pool[0]->kid);
	assert_round_trip(&next);
	kube_mirror_release(&m);
	kube_mirror_release(&next);
	release(&r, 1);
}

/* The longest kid, in all places. */
static void
test_long_kid(void **state)
{
	char kid[KEY_KID_MAX + 1];
	struct kube_mirror m = {0};
	struct key *key;

	(void)state;
	memset(kid, '"', KEY_KID_MAX);
	kid[KEY_KID_MAX] = '\0';
	key = key_new(pool[0]->spki, pool[0]->spki_len, kid, NULL);
	assert_non_null(key);
	assert_int_equal(key_set_add(&m.keys, key, NULL), 0);
	m.missing[0] = START;
	memcpy(m.withdrawn[0].kid, kid, sizeof(kid));
	m.withdrawn[0].when = START;
	m.n_withdrawn = 1;
	assert_round_trip(&m);
	kube_mirror_release(&m);
}

/* Too many keys to publish: nothing is decided, and it is said who. */
static void
test_too_many_keys(void **state)
{
	struct kube_mirror m = {0}, next = {0};
	struct kube_reply r = {.url = "https://a"};
	const struct kube_round round = {
		.replies = &r, .count = 1, .keep = -1, .now = START};
	struct error e = {0};
	EVP_PKEY *pkey;
	struct buf spki;
	struct key *key;
	int i;

	(void)state;
	for (i = 0; i < KEY_SET_MAX; i++) {
		pkey = key_make_ec("P-256");
		spki = key_make_spki(pkey);
		key = key_new((unsigned char *)spki.data, spki.len, NULL, NULL);
		assert_non_null(key);
		assert_int_equal(key_set_add(&m.keys, key, NULL), 0);
		buf_release(&spki);
		EVP_PKEY_free(pkey);
	}
	show(&r, 0);
	assert_int_equal(kube_mirror_next(&m, &round, &next, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
	assert_int_equal(next.keys.count, 0);
	kube_mirror_release(&m);
	release(&r, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_rounds),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_withdrawn_is_bounded),
		cmocka_unit_test(test_long_kid),
		cmocka_unit_test(test_too_many_keys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
