/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "jwksd/marks.h"

static void
reach(struct marks *m, uint32_t slot)
{
	assert_int_equal(marks_reach(m, slot, NULL), 0);
}

static uint32_t
next(struct marks *m)
{
	uint32_t slot = UINT32_MAX;

	assert_true(marks_next(m, &slot));
	return slot;
}

static void
test_a_set(void **state)
{
	struct marks m = MARKS_INIT;
	uint32_t slot;

	(void)state;
	assert_true(marks_empty(&m));
	assert_false(marks_next(&m, &slot));
	reach(&m, 5000);
	assert_false(marks_next(&m, &slot));
	marks_set(&m, 5000);
	marks_set(&m, 5000);
	marks_set(&m, 0);
	assert_true(marks_has(&m, 5000));
	assert_false(marks_has(&m, 4999));
	/* what is marked stays so when there is more room */
	reach(&m, 1000000);
	assert_true(marks_has(&m, 5000));
	assert_false(marks_has(&m, 1000000));
	marks_clear(&m, 5000);
	marks_clear(&m, 5000);
	assert_false(marks_empty(&m));
	assert_int_equal(next(&m), 0);
	marks_clear(&m, 0);
	assert_true(marks_empty(&m));
	assert_false(marks_next(&m, &slot));
	marks_release(&m);
}

/* All that are marked come, each in its turn, whoever is marked again. */
static void
test_turns(void **state)
{
	static const uint32_t slots[] = {0, 1, 63, 64, 65, 700, 1023};
	struct marks m = MARKS_INIT;
	int round;
	size_t i;

	(void)state;
	reach(&m, 1023);
	for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		marks_set(&m, slots[i]);
	for (round = 0; round < 3; round++)
		for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
			assert_int_equal(next(&m), slots[i]);
	marks_clear(&m, 1023);
	assert_int_equal(next(&m), 0);
	/* the last one there is, before where the last look ended */
	for (i = 1; i < sizeof(slots) / sizeof(slots[0]); i++)
		marks_clear(&m, slots[i]);
	assert_int_equal(next(&m), 0);
	assert_int_equal(next(&m), 0);
	marks_release(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_set),
		cmocka_unit_test(test_turns),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
