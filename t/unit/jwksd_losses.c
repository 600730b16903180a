/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "jwksd/losses.h"

static const char said[] =
	"connections turned away: 3 by max-connections, 0 by "
	"max-connections-per-address, 1 for want of descriptors or memory, "
	"0 for want of the PROXY header that proxy-protocol asks for; "
	"idle ones closed to make room: 2";

static void
test_nothing(void **state)
{
	const uint64_t totals[LOSSES_KINDS] = {0};
	struct losses l = {0};
	char text[300];

	(void)state;
	assert_false(losses_tell(&l, totals, 1, text, sizeof(text)));
	assert_false(losses_tell(&l, totals, INT64_MAX, text, sizeof(text)));
}

/* The first is told at once, a minute's worth of the next ones in one line. */
static void
test_counted(void **state)
{
	uint64_t totals[LOSSES_KINDS] = {3, 0, 1, 0, 2};
	struct losses l = {0};
	char text[300];

	(void)state;
	assert_true(losses_tell(&l, totals, 5000, text, sizeof(text)));
	assert_string_equal(text, said);
	assert_false(losses_tell(&l, totals, 5000, text, sizeof(text)));
	totals[1] = 7;
	assert_false(losses_tell(
		&l, totals, 5000 + LOSSES_QUIET_MS - 1, text, sizeof(text)));
	totals[1] = 8;
	assert_true(losses_tell(
		&l, totals, 5000 + LOSSES_QUIET_MS, text, sizeof(text)));
	assert_non_null(strstr(text, ": 0 by max-connections, 8 by "));
	assert_false(losses_tell(
		&l, totals, 5000 + 9 * LOSSES_QUIET_MS, text, sizeof(text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
