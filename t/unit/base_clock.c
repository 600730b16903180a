/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"

#define DAY 86400
#define YEAR_0 INT64_C(-62167219200)
#define YEAR_9999 INT64_C(253402300799)

static void
assert_moment(const char *text, int64_t when)
{
	char got[CLOCK_TEXT_LEN + 1];
	int64_t back = 0;

	clock_format(got, when);
	assert_string_equal(got, text);
	assert_int_equal(clock_parse(text, &back), 0);
	assert_int_equal(back, when);
}

static void
test_known_moments(void **state)
{
	(void)state;
	assert_moment("1970-01-01T00:00:00Z", 0);
	assert_moment("1969-12-31T23:59:59Z", -1);
	assert_moment("2000-02-29T12:00:00Z", 951825600);
	assert_moment("2016-12-31T23:59:59Z", 1483228799);
	assert_moment("2038-01-19T03:14:08Z", INT64_C(2147483648));
	assert_moment("2026-11-23T20:51:00Z", 1795467060);
	assert_moment("0000-01-01T00:00:00Z", YEAR_0);
	assert_moment("9999-12-31T23:59:59Z", YEAR_9999);
}

/* The day after a date of the Gregorian calendar. */
static void
next_day(int *year, int *month, int *day)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);

	if (++*day <= days[*month - 1] + (leap && *month == 2))
		return;
	*day = 1;
	if (++*month <= 12)
		return;
	*month = 1;
	++*year;
}

static void
test_every_day_of_400_years(void **state)
{
	int year = 1850, month = 1, day = 1;
	int64_t when = INT64_C(-3786825600), back;
	char want[64], got[CLOCK_TEXT_LEN + 1];

	(void)state;
	for (; year < 2250; when += DAY, next_day(&year, &month, &day)) {
		snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			year, month, day, (year + day) % 24, (day * 7) % 60,
			(month * 13 + day) % 60);
		back = when + (year + day) % 24 * 3600 + (day * 7) % 60 * 60 +
		       (month * 13 + day) % 60;
		clock_format(got, back);
		if (strcmp(got, want) != 0)
			fail_msg("got %s, want %s", got, want);
		assert_int_equal(clock_parse(want, &back), 0);
		clock_format(got, back);
		assert_string_equal(got, want);
	}
}

static void
test_years_beyond_are_clamped(void **state)
{
	char text[CLOCK_TEXT_LEN + 1];

	(void)state;
	clock_format(text, INT64_MIN);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
	clock_format(text, YEAR_0 - 1);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
	clock_format(text, YEAR_9999 + 1);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	clock_format(text, INT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void
test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"2026",
		"2026-11-23",
		"2026-11-23T20:51Z",
		"2026-11-23T20:51:00",
		"2026-11-23T20:51:00z",
		"2026-11-23t20:51:00Z",
		"2026-11-23 20:51:00Z",
		"2026-11-23T20:51:00Z ",
		" 2026-11-23T20:51:00",
		"2026-11-23T20:51:00ZZ",
		"2026-11-23T20:51:0Z",
		"2026-11-23T20:51:000Z",
		"2026-11-23T20:51:00.5Z",
		"2026-11-23T20:51:00+0",
		"2026-11-23T20:51:00+00:00",
		"2026/11/23T20:51:00Z",
		"2026-11-23T20.51.00Z",
		"+026-11-23T20:51:00Z",
		"-026-11-23T20:51:00Z",
		"2026- 1-23T20:51:00Z",
		"2026-1x-23T20:51:00Z",
		"2026-11-2\xb2T20:51:00Z",
		/* of the right form, but there is no such moment */
		"2026-02-29T00:00:00Z",
		"2024-02-30T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026-00-10T00:00:00Z",
		"2026-13-10T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-11-00T00:00:00Z",
		"2026-11-32T00:00:00Z",
		"2026-11-23T24:00:00Z",
		"2026-11-23T20:60:00Z",
		"2026-11-23T20:51:60Z",
		/* a leap second that was: POSIX' seconds do not count it */
		"2016-12-31T23:59:60Z",
		"9999-12-31T23:59:60Z",
	};
	int64_t when = 4711;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (clock_parse(texts[i], &when) != -1)
			fail_msg("\"%s\" was taken", texts[i]);
		assert_int_equal(when, 4711);
	}
	assert_int_equal(clock_parse("2024-02-29T00:00:00Z", &when), 0);
	assert_int_equal(clock_parse("2000-02-29T00:00:00Z", &when), 0);
}

static void
test_monotonic_does_not_go_back(void **state)
{
	int64_t before = clock_monotonic_ms(), after;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++, before = after) {
		after = clock_monotonic_ms();
		assert_true(after >= before);
	}
	assert_true(clock_now() > INT64_C(1700000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_moments),
		cmocka_unit_test(test_every_day_of_400_years),
		cmocka_unit_test(test_years_beyond_are_clamped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_monotonic_does_not_go_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
