/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include "admin/query.h"

/* Parse a copy without a terminator, so that a sanitizer sees one byte more. */
static int
parse(const char *text, struct admin_query *q, struct error *e)
{
	size_t len = strlen(text);
	char *copy = malloc(len == 0 ? 1 : len);
	struct http_span span = {copy, (uint32_t)len};
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rc = admin_query_parse(&span, q, e);
	free(copy);
	return rc;
}

static void
test_absent_and_empty(void **state)
{
	const struct http_span none = {NULL, 0};
	struct admin_query q = {.verbose = true, .offset = 3};

	(void)state;
	assert_int_equal(admin_query_parse(&none, &q, NULL), 0);
	assert_false(q.verbose);
	assert_int_equal(q.offset, 0);
	assert_string_equal(q.search, "");
	assert_int_equal(parse("", &q, NULL), 0);
	assert_int_equal(parse("&&=&x", &q, NULL), 0);
	assert_string_equal(q.issuer, "");
}

static void
test_values(void **state)
{
	struct admin_query q;

	(void)state;
	assert_int_equal(parse("verbose", &q, NULL), 0);
	assert_true(q.verbose);
	assert_int_equal(
		parse("q=a+b%2fC%41&offset=000000200&issuer=https://h/x&z=1",
			&q, NULL),
		0);
	assert_false(q.verbose);
	assert_string_equal(q.search, "a b/CA");
	assert_string_equal(q.issuer, "https://h/x");
	assert_int_equal(q.offset, 200);
	assert_int_equal(parse("verbose=1&q=", &q, NULL), 0);
	assert_true(q.verbose);
	assert_string_equal(q.search, "");
	assert_int_equal(parse("verbosely&qq=1&offsets=x", &q, NULL), 0);
	assert_false(q.verbose);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"q=%", "q: % without two hexadecimal digits"},
		{"q=%4", "q: % without two hexadecimal digits"},
		{"q=a%4g", "q: % without two hexadecimal digits"},
		{"q=%&41", "q: % without two hexadecimal digits"},
		{"issuer=a%00b", "issuer: a NUL byte"},
		{"offset=", "offset: not a number of 1 to 9 digits"},
		{"offset", "offset: not a number of 1 to 9 digits"},
		{"offset=-1", "offset: not a number of 1 to 9 digits"},
		{"offset=1x", "offset: not a number of 1 to 9 digits"},
		{"offset=1234567890", "offset: not a number of 1 to 9 digits"},
	};
	struct admin_query q = {.offset = 7};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error e = {0};

		assert_int_equal(parse(cases[i].text, &q, &e), -1);
		assert_string_equal(e.text, cases[i].why);
		assert_int_equal(q.offset, 7);
	}
}

static void
test_longest(void **state)
{
	char text[2 + ADMIN_QUERY_VALUE_MAX + 1] = "q=";
	struct admin_query q;
	struct error e = {0};

	(void)state;
	memset(text + 2, 'a', ADMIN_QUERY_VALUE_MAX - 1);
	assert_int_equal(parse(text, &q, NULL), 0);
	assert_int_equal(strlen(q.search), ADMIN_QUERY_VALUE_MAX - 1);
	text[2 + ADMIN_QUERY_VALUE_MAX - 1] = 'a';
	assert_int_equal(parse(text, &q, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent_and_empty),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
