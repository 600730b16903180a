/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "t/lib/ring.h"

#define DAY 86400

static struct keyring_policy
policy(void)
{
	struct keyring_policy p = keyring_policy_default();

	p.alg = KEY_ES256;
	p.bits = 256;
	return p;
}

static void
assert_step(struct keyring *ring, enum keyring_step step, const char *kid,
	int64_t now)
{
	struct error e = {0};

	if (ring_step(ring, step, kid, now, &e) != 0)
		fail_msg("%s: %s", keyring_step_name(step), e.text);
}

/* Refused with this code, and the keyring is as it was. */
static void
assert_refused(struct keyring *ring, enum keyring_step step, const char *kid,
	int64_t now, enum error_code code)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct error e = {0};

	keyring_render(ring, &before);
	assert_int_equal(ring_step(ring, step, kid, now, &e), -1);
	assert_int_equal(e.code, code);
	keyring_render(ring, &after);
	assert_string_equal(before.data, after.data);
	buf_release(&before);
	buf_release(&after);
}

static enum keyring_state
state(const struct keyring *ring, size_t i, int64_t now)
{
	return keyring_state(&ring->keys[i], now);
}

static void
test_a_whole_rotation_to_the_second(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);
	int64_t t = RING_START + 100, due;

	(void)arg;
	assert_false(keyring_rotation_open(ring, t));
	assert_int_equal(keyring_max_age(ring, t), 3600);
	assert_step(ring, KEYRING_STAGE, NULL, t);
	assert_int_equal(state(ring, 1, t), KEYRING_STAGED);
	assert_int_equal(keyring_max_age(ring, t), 300);
	due = t + DAY;
	assert_int_equal(keyring_next_due(ring, &ring->keys[1]), due);
	assert_refused(ring, KEYRING_ACTIVATE, NULL, due - 1, ERROR_EARLY);
	assert_step(ring, KEYRING_ACTIVATE, NULL, due);
	assert_int_equal(state(ring, 0, due), KEYRING_RETIRING);
	assert_int_equal(state(ring, 1, due), KEYRING_ACTIVE);
	t = due;
	due = t + 3600 + DAY + 300 + 3600;
	assert_int_equal(keyring_next_due(ring, &ring->keys[0]), due);
	assert_refused(ring, KEYRING_RETIRE, NULL, due - 1, ERROR_EARLY);
	assert_step(ring, KEYRING_RETIRE, NULL, due);
	assert_int_equal(state(ring, 0, due), KEYRING_RETIRED);
	assert_false(ring->keys[0].in_store);
	assert_false(keyring_rotation_open(ring, due));
	/* tokens for the API server itself live longer */
	assert_true(keyring_accepted(ring, &ring->keys[0], due));
	t += 3600 + 365 * DAY + 300;
	assert_true(keyring_accepted(ring, &ring->keys[0], t - 1));
	assert_false(keyring_accepted(ring, &ring->keys[0], t));
	keyring_free(ring);
}

static void
test_force_does_it_early_and_is_noted(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);
	struct keyring_request r = {.step = KEYRING_ACTIVATE,
		.now = RING_START + 1,
		.by = "test",
		.reason = "key leaked",
		.force = true};
	struct error e = {0};

	(void)arg;
	assert_step(ring, KEYRING_STAGE, NULL, RING_START + 1);
	assert_int_equal(keyring_step_apply(ring, &r, &e), 0);
	assert_true(ring->last.forced);
	assert_string_equal(ring->last.reason, "key leaked");
	assert_int_equal(ring->generation, 3);
	keyring_free(ring);
}

static void
test_the_wrong_state_is_refused(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);
	int64_t t = RING_START + 10;
	char first[64], second[64];

	(void)arg;
	strcpy(first, ring->keys[0].key->kid);
	assert_refused(ring, KEYRING_ACTIVATE, NULL, t, ERROR_NOTFOUND);
	assert_refused(ring, KEYRING_ACTIVATE, first, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_RETIRE, first, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_REVOKE, first, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_REVOKE, NULL, t, ERROR_INVALID);
	assert_refused(ring, KEYRING_RESTORE, first, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_DISCARD, first, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_RETIRE, "nobody", t, ERROR_NOTFOUND);
	assert_step(ring, KEYRING_STAGE, NULL, t);
	strcpy(second, ring->keys[1].key->kid);
	assert_refused(ring, KEYRING_STAGE, NULL, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_REVOKE, second, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_RETIRE, second, t, ERROR_CONFLICT);
	assert_step(ring, KEYRING_DISCARD, NULL, t);
	assert_refused(ring, KEYRING_RESTORE, second, t, ERROR_CONFLICT);
	assert_refused(ring, KEYRING_ACTIVATE, second, t, ERROR_CONFLICT);
	keyring_free(ring);
}

static void
test_undo(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);
	int64_t t = RING_START;
	char first[64];

	(void)arg;
	strcpy(first, ring->keys[0].key->kid);
	assert_step(ring, KEYRING_STAGE, NULL, t);
	t += DAY;
	assert_step(ring, KEYRING_ACTIVATE, NULL, t);
	/* activate: the old one signs again, at once */
	assert_step(ring, KEYRING_ACTIVATE, first, t + 5);
	assert_int_equal(state(ring, 0, t + 5), KEYRING_ACTIVE);
	assert_int_equal(state(ring, 1, t + 5), KEYRING_RETIRING);
	t = keyring_next_due(ring, &ring->keys[1]);
	assert_step(ring, KEYRING_RETIRE, NULL, t);
	/* retire: it comes back and waits again in full */
	assert_step(ring, KEYRING_RESTORE, ring->keys[1].key->kid, t + 5);
	assert_int_equal(state(ring, 1, t + 5), KEYRING_RETIRING);
	assert_refused(ring, KEYRING_RETIRE, NULL, t + 100, ERROR_EARLY);
	/* its private half was erased with the retirement */
	assert_refused(ring, KEYRING_ACTIVATE, ring->keys[1].key->kid, t + 100,
		ERROR_CONFLICT);
	/* revoke and restore */
	assert_step(ring, KEYRING_REVOKE, ring->keys[1].key->kid, t + 100);
	assert_int_equal(state(ring, 1, t + 100), KEYRING_REVOKED);
	assert_false(keyring_accepted(ring, &ring->keys[1], t + 100));
	assert_step(ring, KEYRING_RESTORE, ring->keys[1].key->kid, t + 200);
	assert_int_equal(state(ring, 1, t + 200), KEYRING_RETIRING);
	keyring_free(ring);
}

static void
test_a_clock_that_went_back_stops_it(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);

	(void)arg;
	assert_refused(
		ring, KEYRING_STAGE, NULL, RING_START - 1, ERROR_CONFLICT);
	assert_step(ring, KEYRING_STAGE, NULL, RING_START);
	assert_refused(
		ring, KEYRING_DISCARD, NULL, RING_START - 1, ERROR_CONFLICT);
	keyring_free(ring);
}

static void
test_a_slow_clock_publishes_nothing_withdrawn(void **arg)
{
	struct keyring_key k = {.published = 100,
		.activated = 200,
		.superseded = 300,
		.retired = 400};

	(void)arg;
	assert_int_equal(keyring_state(&k, 50), KEYRING_RETIRED);
	k.retired = 0;
	assert_int_equal(keyring_state(&k, 299), KEYRING_ACTIVE);
	assert_int_equal(keyring_state(&k, 300), KEYRING_RETIRING);
	assert_int_equal(keyring_state(&k, 199), KEYRING_STAGED);
	k.revoked = 500;
	assert_int_equal(keyring_state(&k, 50), KEYRING_REVOKED);
}

static void
test_plan(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);
	struct keyring_plan plan;
	int64_t t = RING_START;

	(void)arg;
	plan = keyring_plan(ring, t);
	assert_int_equal(plan.step, KEYRING_STAGE);
	assert_int_equal(plan.when, RING_START + 90 * DAY);
	ring->policy.period = 0;
	assert_int_equal(keyring_plan(ring, t).when, 0);
	assert_step(ring, KEYRING_STAGE, NULL, t);
	plan = keyring_plan(ring, t);
	assert_int_equal(plan.step, KEYRING_ACTIVATE);
	assert_int_equal(plan.when, t + DAY);
	assert_ptr_equal(plan.key, &ring->keys[1]);
	t = plan.when;
	assert_step(ring, KEYRING_ACTIVATE, NULL, t);
	plan = keyring_plan(ring, t);
	assert_int_equal(plan.step, KEYRING_RETIRE);
	assert_ptr_equal(plan.key, &ring->keys[0]);
	keyring_free(ring);
}

/* The file must not grow without end, nor lose what is still accepted. */
static void
test_old_keys_are_forgotten(void **arg)
{
	struct keyring_policy p = policy();
	struct keyring *ring;
	struct keyring_plan plan;
	int64_t t = RING_START;
	size_t i, accepted;
	int n;

	(void)arg;
	p.period = DAY;
	ring = ring_new(&p);
	for (n = 0; n < 2000; n++) {
		plan = keyring_plan(ring, t);
		if (plan.when > t)
			t = plan.when;
		assert_step(ring, plan.step,
			plan.key != NULL ? plan.key->key->kid : NULL, t);
		accepted = 0;
		for (i = 0; i < ring->count; i++)
			accepted += keyring_accepted(ring, &ring->keys[i], t);
		assert_true(ring->count <= accepted + 16);
	}
	assert_true(ring->count < KEYRING_KEYS_MAX);
	keyring_free(ring);
}

static void
test_policy_rules(void **arg)
{
	struct keyring_policy p = policy();

	(void)arg;
	assert_int_equal(keyring_policy_check(&p, NULL), 0);
	p.publish_ahead = p.max_age - 1;
	assert_int_equal(keyring_policy_check(&p, NULL), -1);
	p = policy();
	p.publish_ahead = p.rollout = 7200;
	assert_int_equal(keyring_policy_check(&p, NULL), 0);
	p.rollout++;
	assert_int_equal(keyring_policy_check(&p, NULL), -1);
	p = policy();
	p.rotation_max_age = p.max_age + 1;
	assert_int_equal(keyring_policy_check(&p, NULL), -1);
	p = policy();
	p.alg = KEY_RS384;
	assert_int_equal(keyring_policy_check(&p, NULL), -1);
	p = keyring_policy_default();
	p.bits = 1024;
	assert_int_equal(keyring_policy_check(&p, NULL), -1);
	p = policy();
	p.token_lifetime = INT64_MAX;
	assert_int_equal(keyring_policy_check(&p, NULL), -1);
}

/* Change one duration by so much; 0 or the error's code. */
static int
change(struct keyring *ring, int64_t now, size_t offset, int64_t by, bool force)
{
	struct keyring_policy p = ring->policy;
	struct keyring_request r = {.step = KEYRING_POLICY,
		.now = now,
		.by = "test",
		.reason = force ? "test" : NULL,
		.force = force};
	struct error e = {0};

	*(int64_t *)(void *)((char *)&p + offset) += by;
	return keyring_policy_apply(ring, &r, &p, &e) == 0 ? 0 : (int)e.code;
}

#define AT(member) offsetof(struct keyring_policy, member)

static void
test_policy_never_shortens_a_wait(void **arg)
{
	static const size_t held[] = {
		AT(token_lifetime), AT(api_token_lifetime), AT(max_age)};
	static const size_t waits[] = {AT(skew), AT(rollout)};
	struct keyring_policy p = policy();
	struct keyring *ring = ring_new(&p);
	int64_t t = RING_START + 1, due;
	size_t i;

	(void)arg;
	/* nothing waits: what bounds nothing that is out there may shrink */
	assert_int_equal(change(ring, t, AT(publish_ahead), -60, false), 0);
	assert_int_equal(change(ring, t, AT(skew), -60, false), 0);
	assert_null(ring->last.kid);
	assert_int_equal(ring->last.step, KEYRING_POLICY);
	for (i = 0; i < 3; i++) {
		assert_int_equal(
			change(ring, t, held[i], -1, false), ERROR_CONFLICT);
		assert_int_equal(change(ring, t, held[i], 1, false), 0);
	}
	assert_step(ring, KEYRING_STAGE, NULL, t);
	due = keyring_next_due(ring, &ring->keys[1]);
	assert_int_equal(
		change(ring, t, AT(publish_ahead), -1, false), ERROR_CONFLICT);
	assert_int_equal(keyring_next_due(ring, &ring->keys[1]), due);
	assert_int_equal(change(ring, due, AT(publish_ahead), -1, false), 0);
	assert_step(ring, KEYRING_ACTIVATE, NULL, due);
	/* retiring, and when that is over accepted by the API servers still */
	for (i = 0; i < 2; i++)
		assert_int_equal(
			change(ring, due, waits[i], -1, false), ERROR_CONFLICT);
	t = keyring_next_due(ring, &ring->keys[0]);
	assert_step(ring, KEYRING_RETIRE, NULL, t);
	for (i = 0; i < 2; i++)
		assert_int_equal(
			change(ring, t, waits[i], -1, false), ERROR_CONFLICT);
	t = keyring_accepted_until(ring, &ring->keys[0]);
	for (i = 0; i < 2; i++)
		assert_int_equal(change(ring, t, waits[i], -1, false), 0);
	assert_int_equal(change(ring, t, AT(token_lifetime), -1, true), 0);
	assert_int_equal(
		change(ring, t, AT(max_age), 10 * DAY, true), ERROR_INVALID);
	keyring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_rotation_to_the_second),
		cmocka_unit_test(test_force_does_it_early_and_is_noted),
		cmocka_unit_test(test_the_wrong_state_is_refused),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_a_clock_that_went_back_stops_it),
		cmocka_unit_test(test_a_slow_clock_publishes_nothing_withdrawn),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_old_keys_are_forgotten),
		cmocka_unit_test(test_policy_rules),
		cmocka_unit_test(test_policy_never_shortens_a_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
