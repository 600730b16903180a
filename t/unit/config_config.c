/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "config/config.h"

#define ISSUER "issuer \"https://h/a\" { keys = k }\n"

static struct config *
parsed(const char *text)
{
	struct config_errors errors;
	struct config *c =
		config_parse(text, strlen(text), "/etc/jwksd/c", &errors);

	if (c == NULL)
		fail_msg("%s", errors.list[0].text);
	return c;
}

/* The text is refused, and these are all of its errors, up to a NULL. */
static void
assert_errors_of(const char *text, size_t len, ...)
{
	struct config_errors errors;
	const char *want;
	size_t i = 0;
	va_list ap;

	assert_null(config_parse(text, len, "c", &errors));
	va_start(ap, len);
	for (;;) {
		want = va_arg(ap, const char *);
		if (want == NULL)
			break;
		assert_true(i < errors.count);
		assert_string_equal(errors.list[i].text, want);
		i++;
	}
	va_end(ap);
	if (i < errors.count)
		fail_msg("also: %s", errors.list[i].text);
}

#define assert_errors(text, ...) \
	assert_errors_of(text, strlen(text), __VA_ARGS__, NULL)

static void
test_defaults(void **state)
{
	struct config *c = parsed(ISSUER);

	(void)state;
	assert_int_equal(c->n_listen, 1);
	assert_string_equal(c->listen[0], "127.0.0.1:8080");
	assert_string_equal(c->admin, "127.0.0.1:8081");
	assert_false(c->admin_public);
	assert_int_equal(c->workers, 0);
	assert_string_equal(c->state, JWKSD_STATEDIR "/state");
	assert_string_equal(c->access_log, "");
	assert_int_equal(c->access_log_sample, 1);
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_int_equal(c->header_timeout, 10);
	assert_int_equal(c->idle_timeout, 75);
	assert_int_equal(c->write_timeout, 30);
	assert_int_equal(c->drain_timeout, 10);
	assert_int_equal(c->max_connections, 10000);
	assert_int_equal(c->max_connections_per_address, 0);
	assert_int_equal(c->rescan, 60);
	assert_int_equal(c->n_issuers, 1);
	assert_int_equal(c->issuers[0].max_age, 3600);
	assert_string_equal(
		c->issuers[0].jwks_content_type, "application/jwk-set+json");
	assert_int_equal(c->n_files, 1);
	assert_string_equal(c->files[0], "/etc/jwksd/c");
	assert_null(config_origin(c, "workers").file);
	config_free(c);
}

static void
test_every_option(void **state)
{
	struct config *c = parsed(
		"listen = { \"127.0.0.1:1\", '[::1]:2', unix:/run/x }\n"
		"admin = \"\"\n"
		"admin-public = true\n"
		"workers = 256\n"
		"state = \"\"\n"
		"access-log = \"-\"\n"
		"access-log-sample = 1000000\n"
		"log-level = debug\n"
		"header-timeout = 1 idle-timeout = 2 write-timeout = 3\n"
		"drain-timeout = 0 max-connections = 4\n"
		"max-connections-per-address = 5 rescan = 010\n"
		"issuer \"https://h/a\" { keys = { a, \"b\", } max-age = 0\n"
		"  jwks-content-type = application/json }\n"
		"issuers \"https://h/id/*\" { directory = fleet\n"
		"  max-age = 86400 }\n");

	(void)state;
	assert_int_equal(c->n_listen, 3);
	assert_string_equal(c->listen[1], "[::1]:2");
	assert_string_equal(c->listen[2], "unix:/run/x");
	assert_string_equal(c->admin, "");
	assert_true(c->admin_public);
	assert_int_equal(c->workers, 256);
	assert_string_equal(c->state, "");
	assert_string_equal(c->access_log, "-");
	assert_int_equal(c->access_log_sample, 1000000);
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->header_timeout, 1);
	assert_int_equal(c->idle_timeout, 2);
	assert_int_equal(c->write_timeout, 3);
	assert_int_equal(c->drain_timeout, 0);
	assert_int_equal(c->max_connections, 4);
	assert_int_equal(c->max_connections_per_address, 5);
	assert_int_equal(c->rescan, 10); /* not octal */
	assert_int_equal(c->n_issuers, 2);
	assert_int_equal(c->issuers[0].n_keys, 2);
	assert_null(c->issuers[0].directory);
	assert_int_equal(c->issuers[0].max_age, 0);
	assert_string_equal(
		c->issuers[0].jwks_content_type, "application/json");
	assert_int_equal(c->issuers[0].line, 12);
	assert_string_equal(c->issuers[1].url, "https://h/id/*");
	assert_int_equal(c->issuers[1].n_keys, 0);
	assert_int_equal(c->issuers[1].max_age, 86400);
	assert_string_equal(c->issuers[1].file, "/etc/jwksd/c");
	assert_int_equal(c->issuers[1].line, 14);
	assert_int_equal(config_origin(c, "workers").line, 4);
	assert_int_equal(config_origin(c, "rescan").line, 11);
	assert_null(config_origin(c, "keys").file);
	config_free(c);
}

static void
test_paths_are_relative_to_the_file(void **state)
{
	struct config *c =
		parsed("state = s\naccess-log = a.log\n"
		       "issuer \"https://h/a\" { keys = { /k, k.pem, ../x } }\n"
		       "issuers \"https://h/*\" { directory = \"d\" }\n");

	(void)state;
	assert_string_equal(c->state, "/etc/jwksd/s");
	assert_string_equal(c->access_log, "/etc/jwksd/a.log");
	assert_string_equal(c->issuers[0].keys[0], "/k");
	assert_string_equal(c->issuers[0].keys[1], "/etc/jwksd/k.pem");
	assert_string_equal(c->issuers[0].keys[2], "/etc/jwksd/../x");
	assert_string_equal(c->issuers[1].directory, "/etc/jwksd/d");
	config_free(c);
}

static void
test_comments_and_quotes(void **state)
{
	struct config *c =
		parsed("# one\n// two\n/* three\n\n five */\n"
		       "listen = { # here\n 'a', /* and\n here */ \"b\" }\r\n"
		       "state = \"/a\\\"b\\\\c # no // comment /* here */\"\n"
		       "access-log = '/a\\'b\\c ${d}'\n" ISSUER);

	(void)state;
	assert_int_equal(c->n_listen, 2);
	assert_string_equal(c->state, "/a\"b\\c # no // comment /* here */");
	assert_string_equal(c->access_log, "/a'b\\c ${d}");
	assert_int_equal(config_origin(c, "state").line, 9);
	assert_int_equal(c->issuers[0].line, 11);
	config_free(c);
}

static void
test_values_out_of_type_or_range(void **state)
{
	(void)state;
	assert_errors("workers = 257\n\nrescan = 0\nadmin-public = maybe\n"
		      "log-level = loud\nheader-timeout = 1s\n"
		      "idle-timeout = -1\nwrite-timeout = 0x10\n"
		      "drain-timeout = ''\n"
		      "max-connections = 99999999999999999999\n" ISSUER,
		"c:1: workers: 257 is not between 0 and 256 threads",
		"c:3: rescan: 0 is not between 1 and 86400 seconds",
		"c:4: admin-public: \"maybe\" is neither true nor false",
		"c:5: log-level: \"loud\" is none of \"error\", \"warn\", "
		"\"info\", \"debug\"",
		"c:6: header-timeout: \"1s\" is not a whole number",
		"c:7: idle-timeout: \"-1\" is not a whole number",
		"c:8: write-timeout: \"0x10\" is not a whole number",
		"c:9: drain-timeout: \"\" is not a whole number",
		"c:10: max-connections: 99999999999999999999 is not between "
		"1 and 1000000 connections");
	assert_errors("listen = { a,\n '' }\n"
		      "issuer \"https://h\" { keys = ''\n"
		      "jwks-content-type = text/plain }\n"
		      "issuers \"https://h/*\" { directory = '' }",
		"c:2: listen: an empty string", "c:3: keys: an empty string",
		"c:4: jwks-content-type: \"text/plain\" is none of "
		"\"application/jwk-set+json\", \"application/json\"",
		"c:5: directory: an empty path");
}

static void
test_unknown_options(void **state)
{
	(void)state;
	assert_errors("nonsense = 1\nwrokers = { a,\n b }\n"
		      "issuer \"https://h\" { keys = k max_age = 3 }\n",
		"c:1: unknown option \"nonsense\"",
		"c:2: unknown option \"wrokers\"; did you mean workers?",
		"c:4: unknown option \"max_age\"; did you mean max-age?");
	assert_errors("isuer \"https://h\" { keys = k }\n",
		"c:1: unknown option \"isuer\"; did you mean issuer?");
	assert_errors("Workers = 1\n" ISSUER,
		"c:1: unknown option \"Workers\"; did you mean workers?");
}

static void
test_options_out_of_place(void **state)
{
	(void)state;
	assert_errors("max-age = 3\nkeys = k\ndirectory = d\n"
		      "issuer \"https://h/a\" { keys = k directory = d\n"
		      "workers = 1 }\n"
		      "issuers \"https://h/*\" { directory = d keys = k }\n",
		"c:1: max-age stands in a block only",
		"c:2: keys stands in an issuer block only",
		"c:3: directory stands in an issuers block only",
		"c:4: directory stands in an issuers block only",
		"c:5: workers stands outside of blocks only",
		"c:6: keys stands in an issuer block only");
}

static void
test_set_twice(void **state)
{
	(void)state;
	assert_errors("workers = 1\nworkers = 1\n"
		      "issuer \"https://h\" { keys = a\n keys = { b } }\n",
		"c:2: workers is set already, at c:1",
		"c:4: keys is set already, at c:3");
}

static void
test_blocks(void **state)
{
	(void)state;
	assert_errors("", "c:1: no issuer or issuers block: nothing to serve");
	assert_errors("workers = 1\n",
		"c:1: no issuer or issuers block: nothing to serve");
	assert_errors("\nissuer \"https://h/a\"\n{\n}\n"
		      "issuers \"https://h/*\" { max-age = 1 }\n"
		      "issuer \"https://h/a/\" { keys = k }\n"
		      "issuers \"https://h\" { directory = d }\n",
		"c:3: issuer \"https://h/a\": has no keys",
		"c:5: issuers \"https://h/*\": has no directory",
		"c:6: issuer \"https://h/a/\": a trailing slash; write "
		"\"https://h/a\"",
		"c:7: issuers \"https://h\": does not end in \"/*\"; the star "
		"stands for the names of the directories");
}

static void
test_issuers_twice(void **state)
{
	(void)state;
	assert_errors(ISSUER "issuer \"https://h/b\" { keys = k }\n" ISSUER,
		"c:3: \"https://h/a\" is there already, at c:1");
	assert_errors("issuers \"https://h/*\" { directory = d }\n"
		      "issuers \"https://h/*\" { directory = e }\n",
		"c:2: \"https://h/*\" is there already, at c:1");
	assert_errors("issuer \"http://localhost:1/a\" { keys = k }\n"
		      "issuer \"https://localhost/a\" { keys = k }\n",
		"c:2: \"https://localhost/a\" has the host and path of "
		"\"http://localhost:1/a\" at c:1");
	/* the same path elsewhere, a path in a path, a place in a fleet */
	config_free(
		parsed(ISSUER "issuer \"https://i/a\" { keys = k }\n"
			      "issuer \"https://h/a/b\" { keys = k }\n"
			      "issuer \"https://h\" { keys = k }\n"
			      "issuers \"https://h/*\" { directory = d }\n"));
}

static void
test_grammar(void **state)
{
	(void)state;
	assert_errors("workers 1\n",
		"c:1: missing equal sign after option 'workers'");
	assert_errors("\nworkers =\nadmin = a\n",
		"c:3: unexpected '='; is a value missing before it?");
	assert_errors("workers =\n", "c:2: a value is missing");
	assert_errors("issuer \"https://h\" { keys = }\n",
		"c:1: unexpected '}'; a value is missing");
	assert_errors(
		"= 1\n", "c:1: unexpected '='; is a value missing before it?");
	assert_errors("\nissuer \"https://h\" { keys = k\n\n",
		"c:2: a '{' that is never closed");
	assert_errors("issuer \"https://h\" {\n keys = k\n" ISSUER,
		"c:3: a block inside of the one at line 1; is a '}' missing "
		"above?");
	assert_errors("}", "c:1: a '}' without its '{'");
	assert_errors("listen = {}",
		"c:1: an empty list; leave the option out for its default");
	assert_errors(
		"\n/* \n\n", "c:2: a comment that begins here never ends");
	assert_errors("workers = 1;\n",
		"c:1: unexpected ';'; text with special characters stands in "
		"quotes");
	assert_errors("listen += { a }\n",
		"c:1: unexpected '+'; text with special characters stands in "
		"quotes");
	assert_errors("issuers https://h/* { directory = d }\n",
		"c:1: unexpected '*'; text with special characters stands in "
		"quotes");
	assert_errors(
		"issuer = 1\n", "c:1: missing title for section 'issuer'");
	assert_errors("\"\" 1\n", "c:1: not understood");
}

static void
test_strings(void **state)
{
	const char *again = "c:1: a string that begins here does not end on "
			    "its line";

	(void)state;
	assert_errors("state = \"a\n\"" ISSUER, again);
	assert_errors("state = 'a\\\n'" ISSUER, again);
	assert_errors("state = \"a", again);
	assert_errors("state = \"${HOME}\"\n",
		"c:1: environment variables are not read here; a \"${\" that "
		"is meant literally stands in single quotes");
	assert_errors("state = \"a\\n\"\n",
		"c:1: a backslash in double quotes stands before \\ or \" "
		"only");
	assert_errors("state = \"a\tb\"\n", "c:1: unexpected byte 0x09");
	assert_errors_of(
		"workers\0 = 1", 12, "c:1: unexpected byte 0x00", NULL);
	assert_errors_of(
		"state = \"\0\"", 11, "c:1: unexpected byte 0x00", NULL);
	assert_errors("\xef\xbb\xbfworkers = 1", "c:1: unexpected byte 0xef");
	/* none of it stays in the scanner */
	config_free(parsed(ISSUER));
}

static void
test_errors_are_printable(void **state)
{
	(void)state;
	assert_errors("issuer \"https://\xc3\xa9\" { keys = k }",
		"c:1: issuer \"https://??\": byte 0xc3; an issuer is of "
		"printable ASCII");
}

static void
test_errors_are_counted_past_the_list(void **state)
{
	struct config_errors errors;
	struct buf text = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 25; i++)
		buf_printf(&text, "nonsense-%d = 1\n", i);
	assert_true(buf_ok(&text));
	assert_null(config_parse(text.data, text.len, "c", &errors));
	assert_int_equal(errors.count, 25);
	assert_string_equal(errors.list[CONFIG_ERRORS_MAX - 1].text,
		"c:10: unknown option \"nonsense-9\"");
	buf_release(&text);
}

static void
test_long_words(void **state)
{
	struct config_errors errors;
	struct buf text = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, " = \"");
	for (i = 0; i < 100000; i++)
		buf_putc(&text, 'y');
	buf_puts(&text, "\"\nissuer \"https://");
	for (i = 0; i < 100000; i++)
		buf_putc(&text, 'z');
	buf_puts(&text, "\" { keys = k }\nworkers = ");
	for (i = 0; i < 100000; i++)
		buf_putc(&text, '9');
	assert_true(buf_ok(&text));
	assert_null(config_parse(text.data, text.len, "c", &errors));
	assert_int_equal(errors.count, 3);
	assert_non_null(strstr(errors.list[0].text, "c:1: unknown option"));
	assert_non_null(
		strstr(errors.list[1].text, "has 100008 bytes; IAM takes 255"));
	assert_non_null(
		strstr(errors.list[2].text, "is not between 0 and 256"));
	buf_release(&text);
}

/* libconfuse alone compares each title with all before. */
static void
test_many_blocks(void **state)
{
	struct buf text = BUF_INIT;
	struct config *c;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++)
		buf_printf(&text,
			"issuer \"https://oidc.example.com/%d\" {\n"
			"\tkeys = { \"/var/lib/%d.pem\" }\n}\n",
			i, i);
	assert_true(buf_ok(&text));
	c = parsed(text.data);
	assert_int_equal(c->n_issuers, 20000);
	assert_string_equal(
		c->issuers[19999].url, "https://oidc.example.com/19999");
	assert_int_equal(c->issuers[19999].line, 19999 * 3 + 1);
	config_free(c);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_paths_are_relative_to_the_file),
		cmocka_unit_test(test_comments_and_quotes),
		cmocka_unit_test(test_values_out_of_type_or_range),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_options_out_of_place),
		cmocka_unit_test(test_set_twice),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_issuers_twice),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_errors_are_printable),
		cmocka_unit_test(test_errors_are_counted_past_the_list),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_many_blocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
