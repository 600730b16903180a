/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/url.h"
#include "jwksd/roster.h"
#include "scratch.h"

static char pattern[] = "https://h/id/*", directory[] = "fleet";
static char url_a[] = "https://h/id/a", url_z[] = "https://h/z";
/* as in a file: their order is that of their addresses */
static const struct config_issuer blocks[] = {
	{.url = pattern, .directory = directory},
	{.url = url_z},
	{.url = url_a},
};

static void
add(struct roster *r, const struct config_issuer *conf, size_t skipped)
{
	struct error e = {0};
	size_t n = 0;

	if (roster_add(r, conf, &n, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(n, skipped);
}

static void
test_sorted_and_each_once(void **state)
{
	struct roster r = ROSTER_INIT;
	size_t i;

	(void)state;
	scratch_mkdir("fleet");
	scratch_mkdir("fleet/b");
	scratch_mkdir("fleet/a");
	scratch_mkdir("fleet/A");
	for (i = 0; i < 3; i++)
		add(&r, &blocks[i], 0);
	assert_int_equal(roster_add_member(&r, url_a, &blocks[0], NULL), 0);
	assert_int_equal(
		roster_add_member(&r, "https://h/id/0", &blocks[0], NULL), 0);
	roster_finish(&r);
	assert_int_equal(r.count, 5);
	for (i = 1; i < r.count; i++)
		assert_true(strcmp(r.list[i - 1].url, r.list[i].url) < 0);
	/* the block before the fleet */
	assert_ptr_equal(roster_find(&r, url_a)->conf, &blocks[2]);
	assert_ptr_equal(roster_find(&r, "https://h/id/b")->conf, &blocks[0]);
	assert_ptr_equal(roster_find(&r, url_z)->conf, &blocks[1]);
	assert_null(roster_find(&r, "https://h/id/c"));
	assert_null(roster_find(&r, "https://h/id/"));
	assert_null(roster_find(&r, ""));
	roster_release(&r);
	assert_int_equal(r.count, 0);
	roster_release(&r);
}

static void
test_empty(void **state)
{
	struct roster r = ROSTER_INIT;

	(void)state;
	scratch_mkdir("fleet");
	add(&r, &blocks[0], 0);
	roster_finish(&r);
	assert_int_equal(r.count, 0);
	assert_null(roster_find(&r, url_a));
	roster_release(&r);
}

static void
test_directory_that_cannot_be_read(void **state)
{
	struct roster r = ROSTER_INIT;
	struct error e = {0};
	size_t skipped = 0;

	(void)state;
	assert_int_equal(roster_add(&r, &blocks[0], &skipped, &e), -1);
	assert_int_equal(e.code, ERROR_SYS);
	assert_non_null(strstr(e.text, "fleet: cannot be opened"));
	scratch_write("fleet", "");
	error_clear(&e);
	assert_int_equal(roster_add(&r, &blocks[0], &skipped, &e), -1);
	assert_non_null(strstr(e.text, "Not a directory"));
	roster_release(&r);
}

/* An issuer has 255 bytes at most: 13 of them stand before the star here. */
static void
test_longest_name(void **state)
{
	struct roster r = ROSTER_INIT;
	char path[300];

	(void)state;
	scratch_mkdir("fleet");
	snprintf(path, sizeof(path), "fleet/%0*d", 242, 0);
	scratch_mkdir(path);
	snprintf(path, sizeof(path), "fleet/%0*d", 243, 0);
	scratch_mkdir(path);
	add(&r, &blocks[0], 1);
	assert_int_equal(r.count, 1);
	assert_int_equal(strlen(r.list[0].url), CONFIG_URL_MAX);
	roster_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_sorted_and_each_once),
		SCRATCH_TEST(test_empty),
		SCRATCH_TEST(test_directory_that_cannot_be_read),
		SCRATCH_TEST(test_longest_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
