/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "http/date.h"

/* RFC 9110 section 5.6.7: three ways to write 784111777 */
#define EXAMPLE 784111777
#define NOW 1790000000 /* in 2026 */

static void
assert_date(const char *text, int64_t want)
{
	int64_t when = -1;

	if (http_date_parse(text, strlen(text), NOW, &when) != 0)
		fail_msg("\"%s\" is not read", text);
	assert_int_equal(when, want);
}

static void
test_written(void **state)
{
	char text[HTTP_DATE_LEN + 1];

	(void)state;
	http_date_format(text, EXAMPLE);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	http_date_format(text, 0);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date_format(text, INT64_C(253402300799));
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date_format(text, INT64_MAX);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date_format(text, INT64_MIN);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void
test_three_forms(void **state)
{
	(void)state;
	assert_date("Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE);
	assert_date("Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE);
	assert_date("Sun Nov  6 08:49:37 1994", EXAMPLE);
	assert_date("Wed Nov 16 08:49:37 1994", EXAMPLE + 10 * 86400);
}

/* Every form of every day of 130 years and each hour of one. */
static void
test_round_trip(void **state)
{
	static const char *const LONG[] = {"Sunday", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday"};
	char rfc850[160];
	char text[64];
	char rest[64];
	struct tm tm;
	int64_t when;
	time_t t;

	(void)state;
	for (when = 0; when < INT64_C(4102444800);
		when += when < 86400 * 366 ? 3599 : 86400 + 1) {
		http_date_format(text, when);
		assert_date(text, when);
		t = (time_t)when;
		gmtime_r(&t, &tm);
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
		assert_date(text, when);
		/* within 50 years of NOW its two digits mean that year */
		if (when > INT64_C(2145916800))
			continue;
		if (tm.tm_year + 1900 < 1977)
			continue;
		strftime(rest, sizeof(rest), "%H:%M:%S GMT", &tm);
		strftime(text, sizeof(text), "%d-%b", &tm);
		snprintf(rfc850, sizeof(rfc850), "%s, %s-%02d %s",
			LONG[tm.tm_wday], text, tm.tm_year % 100, rest);
		assert_date(rfc850, when);
	}
}

static void
test_two_digit_years(void **state)
{
	int64_t when;
	const char *text = "Friday, 01-Jan-77 00:00:00 GMT";

	(void)state;
	/* in 2026: 76 is 2076, 77 was 1977 */
	assert_date("Wednesday, 01-Jan-76 00:00:00 GMT", INT64_C(3345062400));
	assert_date("Saturday, 01-Jan-77 00:00:00 GMT", INT64_C(220924800));
	/* in 1990 it is another */
	assert_int_equal(
		http_date_parse(text, strlen(text), 631152000, &when), 0);
	assert_int_equal(when, INT64_C(220924800));
	/* in 2030 */
	assert_int_equal(
		http_date_parse(text, strlen(text), INT64_C(1893456000), &when),
		0);
	assert_int_equal(when, INT64_C(3376684800));
}

static void
test_refused(void **state)
{
	static const char *const BAD[] = {
		"",
		"Sun",
		"Sun,",
		"Sun, ",
		"yesterday",
		"784111777",
		"1994-11-06T08:49:37Z",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 ",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 gmt",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		" Sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
		"Sun 06 Nov 1994 08:49:37 GMT",
		"Sun,  06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT",
		"Sun, 06 Nov 1994 8:49:37 GMT",
		"Sun, 06 Nov 1994 08:49 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:00 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 30 Feb 1994 08:49:37 GMT",
		"Sun, 29 Feb 1994 08:49:37 GMT",
		"Sun, 29 Feb 1900 08:49:37 GMT",
		"Sun, +6 Nov 1994 08:49:37 GMT",
		"Xyz, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37",
		"Sunday 06-Nov-94 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"Sun Nov 06 08:49:37 1994 GMT",
		"Sun Nov  6 08:49:37 94",
		"Sun Nov  6 08:49:37",
		"Sun, 32 Dec 1994 08:49:60 GMT",
	};
	int64_t when;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		if (http_date_parse(BAD[i], strlen(BAD[i]), NOW, &when) == 0)
			fail_msg("\"%s\" is read as a date", BAD[i]);
	}
	/* the grammar has leap seconds, and leap years have 29 February */
	assert_date("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
	assert_date("Tue, 29 Feb 2000 00:00:00 GMT", 951782400);
}

static void
test_no_prefix_is_a_date(void **state)
{
	static const char *const DATES[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
	int64_t when;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (len = 0; len < strlen(DATES[i]); len++)
			assert_int_equal(
				http_date_parse(DATES[i], len, NOW, &when), -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_three_forms),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_two_digit_years),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_prefix_is_a_date),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
