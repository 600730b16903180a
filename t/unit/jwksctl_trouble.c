/* SPDX-License-Identifier: MIT */
/*
 * How often a failure that lasts is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jwksctl/trouble.h"

static bool
note(struct trouble *t, const char *text)
{
	struct error e = {0};

	error_set(&e, ERROR_NET, "%s", text);
	return trouble_note(t, &e);
}

static void
test_repeats(void **state)
{
	struct trouble t = {0};
	int i, told = 0;

	(void)state;
	for (i = 0; i < 10000; i++)
		told += note(&t, "down");
	assert_int_equal(told, 5); /* 1, 10, 100, 1000, 10000 */
	assert_int_equal(trouble_end(&t), 10000);
	assert_int_equal(trouble_end(&t), 0);
	assert_true(note(&t, "down"));
	assert_int_equal(trouble_end(&t), 1);
}

/* Other words are another failure; other numbers are not. */
static void
test_words(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{"timed out after 5001 ms", "timed out after 49 ms", true},
		{"1 of 2", "21 of 3", true},
		{"answers 500", "answers 500 twice", false},
		{"answers 500", "refused", false},
		{"refused", "answers 500", false},
		{"", "x", false},
		{"a1b", "ab", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trouble t = {0};

		assert_true(note(&t, cases[i].a));
		assert_int_equal(note(&t, cases[i].b), !cases[i].same);
		assert_int_equal(trouble_end(&t), 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
