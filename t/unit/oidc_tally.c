/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oidc/tally.h"

#define SLOTS_MAX 1048576

static struct oidc_tally *
tally(unsigned workers)
{
	struct error e = {0};
	struct oidc_tally *t = oidc_tally_new(workers, &e);

	if (t == NULL)
		fail_msg("%s", e.text);
	return t;
}

static uint32_t
take(struct oidc_tally *t)
{
	struct error e = {0};
	uint32_t slot = UINT32_MAX;

	if (oidc_tally_take(t, &slot, &e) != 0)
		fail_msg("%s", e.text);
	return slot;
}

static void
assert_sum(const struct oidc_tally *t, uint32_t slot, enum oidc_kind kind,
	uint64_t count, int64_t last)
{
	struct oidc_fetches sum = oidc_tally_sum(t, slot, kind);

	assert_int_equal(sum.count, count);
	assert_int_equal(sum.last, last);
}

static void
test_adds_up_the_workers(void **state)
{
	struct oidc_tally *t = tally(3);
	uint32_t a = take(t), b = take(t);

	(void)state;
	assert_int_not_equal(a, b);
	assert_sum(t, a, OIDC_JWKS, 0, 0);
	oidc_tally_count(t, 0, a, OIDC_JWKS, 100);
	oidc_tally_count(t, 2, a, OIDC_JWKS, 300);
	oidc_tally_count(t, 1, a, OIDC_JWKS, 200);
	oidc_tally_count(t, 1, a, OIDC_JWKS, 250);
	oidc_tally_count(t, 1, b, OIDC_DISCOVERY, 7);
	assert_sum(t, a, OIDC_JWKS, 4, 300);
	assert_sum(t, a, OIDC_DISCOVERY, 0, 0);
	assert_sum(t, b, OIDC_DISCOVERY, 1, 7);
	assert_sum(t, b, OIDC_JWKS, 0, 0);
	oidc_tally_free(t);
	oidc_tally_free(NULL);
}

/* A new issuer does not inherit the fetches of one that is gone. */
static void
test_slots_come_back_empty(void **state)
{
	struct oidc_tally *t = tally(2);
	bool seen[200] = {false};
	uint32_t slots[200], slot, i;

	(void)state;
	for (i = 0; i < 200; i++) {
		slots[i] = take(t);
		oidc_tally_count(t, i % 2, slots[i], OIDC_JWKS, i + 1);
		oidc_tally_count(t, 1, slots[i], OIDC_DISCOVERY, i + 1);
	}
	for (i = 0; i < 200; i += 2)
		oidc_tally_give(t, slots[i]);
	for (i = 0; i < 200; i += 2) {
		slot = take(t);
		assert_in_range(slot, 0, 199); /* no new ones were needed */
		assert_int_equal(slot % 2, slots[0] % 2);
		assert_false(seen[slot]);
		seen[slot] = true;
		assert_sum(t, slot, OIDC_JWKS, 0, 0);
		assert_sum(t, slot, OIDC_DISCOVERY, 0, 0);
	}
	for (i = 1; i < 200; i += 2) {
		assert_sum(t, slots[i], OIDC_JWKS, 1, i + 1);
		assert_sum(t, slots[i], OIDC_DISCOVERY, 1, i + 1);
	}
	oidc_tally_free(t);
}

static void
test_a_million_and_no_more(void **state)
{
	struct oidc_tally *t = tally(1);
	struct error e = {0};
	uint32_t slot, i;

	(void)state;
	for (i = 0; i < SLOTS_MAX; i++)
		if (oidc_tally_take(t, &slot, &e) != 0 || slot != i)
			fail_msg("slot %u: %s", i, e.text);
	oidc_tally_count(t, 0, slot, OIDC_JWKS, 1);
	slot = 4711;
	assert_int_equal(oidc_tally_take(t, &slot, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
	assert_string_equal(e.text, "more than 1048576 issuers");
	assert_int_equal(slot, 4711);
	oidc_tally_give(t, SLOTS_MAX - 1);
	assert_int_equal(take(t), SLOTS_MAX - 1);
	assert_sum(t, SLOTS_MAX - 1, OIDC_JWKS, 0, 0);
	oidc_tally_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_up_the_workers),
		cmocka_unit_test(test_slots_come_back_empty),
		cmocka_unit_test(test_a_million_and_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
