/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"

static void
assert_json(const char *text, size_t len, const char *want)
{
	struct buf b = BUF_INIT;

	buf_json(&b, text, len);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, want);
	buf_release(&b);
}

static void
test_json_is_gos(void **state)
{
	(void)state;
	assert_json("a&b<c>\"\\\n\r\t\x01", 12,
		"\"a\\u0026b\\u003cc\\u003e\\\"\\\\\\n\\r\\t\\u0001\"");
	assert_json("\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91", 9,
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\"");
	assert_json("\xe2\x80\xa8\xe2\x80\xa9", 6, "\"\\u2028\\u2029\"");
	/* overlong, surrogate, beyond U+10FFFF, cut short */
	assert_json("\xc0\xaf", 2, "\"\\ufffd\\ufffd\"");
	assert_json("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
	assert_json("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	assert_json("\xe2\x82", 2, "\"\\ufffd\\ufffd\"");
}

static void
test_grows_and_terminates(void **state)
{
	struct buf b = BUF_INIT;
	size_t len;
	char *text;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.len, 3890);
	assert_int_equal(b.data[b.len], 0);
	text = buf_take(&b, &len);
	assert_int_equal(len, strlen(text));
	assert_null(b.data);
	buf_release(&b);
	free(text);
}

static void
test_empty_takes_as_empty_string(void **state)
{
	struct buf b = BUF_INIT;
	char *text = buf_take(&b, NULL);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

static void
test_failure_sticks(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "kept");
	buf_append(&b, "x", SIZE_MAX / 2);
	assert_false(buf_ok(&b));
	buf_puts(&b, "lost");
	assert_string_equal(b.data, "kept");
	assert_null(buf_take(&b, NULL));
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_is_gos),
		cmocka_unit_test(test_grows_and_terminates),
		cmocka_unit_test(test_empty_takes_as_empty_string),
		cmocka_unit_test(test_failure_sticks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
