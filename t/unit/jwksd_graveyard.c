/* SPDX-License-Identifier: MIT */
/* That nothing is freed twice or never is what the sanitizers' build adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "jwksd/graveyard.h"

static struct oidc_tally *tally;
static struct graveyard *graveyard;

static int
setup(void **state)
{
	(void)state;
	tally = oidc_tally_new(1, NULL);
	graveyard = graveyard_new(tally);
	return tally == NULL || graveyard == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	graveyard_free(graveyard);
	graveyard_free(NULL);
	oidc_tally_free(tally);
	return 0;
}

static void
reserve(size_t n)
{
	struct error e = {0};

	if (graveyard_reserve(graveyard, n, &e) != 0)
		fail_msg("%s", e.text);
}

static struct oidc_catalog *
catalog(void)
{
	struct oidc_catalog *c = oidc_catalog_new(NULL, 1, NULL);

	assert_non_null(c);
	return c;
}

static struct oidc_documents *
documents(void)
{
	struct oidc_documents *docs = calloc(1, sizeof(*docs));

	assert_non_null(docs);
	docs->slot = 4711;
	return docs;
}

static uint32_t
take(void)
{
	uint32_t slot;

	assert_int_equal(oidc_tally_take(tally, &slot, NULL), 0);
	return slot;
}

static void
test_waits_for_the_oldest_worker(void **state)
{
	struct oidc_documents *docs = documents();

	(void)state;
	reserve(4);
	graveyard_documents(graveyard, docs, 5);
	graveyard_catalog(graveyard, catalog(), 5);
	graveyard_catalog(graveyard, catalog(), 6);
	assert_int_equal(graveyard_catalogs(graveyard), 2);
	graveyard_sweep(graveyard, 4);
	assert_int_equal(graveyard_catalogs(graveyard), 2);
	assert_int_equal(docs->slot, 4711);
	graveyard_sweep(graveyard, 5);
	assert_int_equal(graveyard_catalogs(graveyard), 1);
	graveyard_sweep(graveyard, 5);
	assert_int_equal(graveyard_catalogs(graveyard), 1);
	graveyard_sweep(graveyard, UINT64_MAX);
	assert_int_equal(graveyard_catalogs(graveyard), 0);
}

static void
test_slots_are_not_given_back_too_early(void **state)
{
	uint32_t slot = take();

	(void)state;
	reserve(1);
	graveyard_slot(graveyard, slot, 3);
	graveyard_sweep(graveyard, 2);
	assert_int_not_equal(take(), slot);
	graveyard_sweep(graveyard, 3);
	assert_int_equal(take(), slot);
}

/* What is left when the program ends goes too. */
static void
test_end(void **state)
{
	(void)state;
	reserve(10);
	graveyard_documents(graveyard, documents(), 1);
	graveyard_catalog(graveyard, catalog(), 2);
	graveyard_slot(graveyard, take(), 9);
}

static void
test_reserve_is_a_total(void **state)
{
	(void)state;
	reserve(2);
	reserve(2);
	graveyard_catalog(graveyard, catalog(), 1);
	reserve(1);
	graveyard_catalog(graveyard, catalog(), 1);
	reserve(0);
	graveyard_sweep(graveyard, 1);
	assert_int_equal(graveyard_catalogs(graveyard), 0);
}

#define GRAVE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		GRAVE_TEST(test_waits_for_the_oldest_worker),
		GRAVE_TEST(test_slots_are_not_given_back_too_early),
		GRAVE_TEST(test_end),
		GRAVE_TEST(test_reserve_is_a_total),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
