/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"

static void
test_first_error_wins(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(error_set(&e, ERROR_LIMIT, "%d keys", 101), -1);
	assert_int_equal(error_set(&e, ERROR_PARSE, "later"), -1);
	errno = EIO;
	assert_int_equal(error_sys(&e, "later"), -1);
	assert_int_equal(error_nomem(&e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
	assert_string_equal(e.text, "101 keys");
	error_clear(&e);
	assert_int_equal(e.code, ERROR_NONE);
	assert_string_equal(e.text, "");
	assert_int_equal(error_nomem(&e), -1);
	assert_int_equal(e.code, ERROR_NOMEM);
}

static void
test_context_goes_before(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(error_wrap(&e, "nothing to wrap"), -1);
	assert_int_equal(e.code, ERROR_NONE);
	assert_string_equal(e.text, "");
	error_set(&e, ERROR_INVALID, "too short");
	assert_int_equal(error_wrap(&e, "block %d", 2), -1);
	error_wrap(&e, "/etc/k/%s", "a.pem");
	assert_string_equal(e.text, "/etc/k/a.pem: block 2: too short");
	assert_int_equal(e.code, ERROR_INVALID);
}

/* A caller may ask errno after the text was made. */
static void
test_system_errors_name_the_reason_and_keep_it(void **state)
{
	struct error e = {0};

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_sys(&e, "%s", "cannot be found"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(e.code, ERROR_SYS);
	assert_string_equal(
		e.text, "cannot be found: No such file or directory");
}

static void
test_null_is_no_error_wanted(void **state)
{
	(void)state;
	error_clear(NULL);
	assert_int_equal(error_set(NULL, ERROR_SYS, "x"), -1);
	assert_int_equal(error_sys(NULL, "x"), -1);
	assert_int_equal(error_nomem(NULL), -1);
	assert_int_equal(error_wrap(NULL, "x"), -1);
}

static void
test_text_is_cut(void **state)
{
	char longer[2 * ERROR_TEXT_MAX];
	struct error e = {0};
	int i;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_set(&e, ERROR_PARSE, "%s", longer);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	for (i = 0; i < 10; i++)
		error_wrap(&e, "context");
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	assert_memory_equal(e.text, "context: context: ", 18);
	error_wrap(&e, "%s", longer);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	errno = ENOENT;
	error_clear(&e);
	error_sys(&e, "%s", longer);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
}

static void
test_every_code_has_its_name(void **state)
{
	int a, b;

	(void)state;
	for (a = ERROR_NONE; a <= ERROR_TLS; a++) {
		assert_string_not_equal(
			error_code_name((enum error_code)a), "unknown");
		for (b = ERROR_NONE; b < a; b++)
			assert_string_not_equal(
				error_code_name((enum error_code)a),
				error_code_name((enum error_code)b));
	}
	assert_string_equal(error_code_name(ERROR_NOTFOUND), "notfound");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_error_wins),
		cmocka_unit_test(test_context_goes_before),
		cmocka_unit_test(
			test_system_errors_name_the_reason_and_keep_it),
		cmocka_unit_test(test_null_is_no_error_wanted),
		cmocka_unit_test(test_text_is_cut),
		cmocka_unit_test(test_every_code_has_its_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
