/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

/* Standard error is a socket that keeps one write apart from the next. */
static int ours, stderr_before;
static char line[8 * LOG_LINE_MAX];

static int
setup(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) != 0)
		return -1;
	stderr_before = dup(STDERR_FILENO);
	if (stderr_before < 0 || dup2(pair[1], STDERR_FILENO) < 0)
		return -1;
	close(pair[1]);
	ours = pair[0];
	unsetenv("JOURNAL_STREAM");
	log_open(LOG_LEVEL_DEBUG);
	log_set_format(LOG_FORMAT_LOGFMT);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(ours);
	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	return 0;
}

/* The next line; "" when nothing was written. */
static const char *
next_line(void)
{
	ssize_t n = recv(ours, line, sizeof(line) - 1, 0);

	line[n < 0 ? 0 : n] = '\0';
	return line;
}

static void
test_line(void **state)
{
	char time[CLOCK_TEXT_LEN + 1] = "";
	int64_t before = clock_now(), when;

	(void)state;
	log_warn("source", "https://h/a", "%d keys are gone", 2);
	next_line();
	assert_memory_equal(line, "time=", 5);
	memcpy(time, line + 5, CLOCK_TEXT_LEN);
	assert_int_equal(clock_parse(time, &when), 0);
	assert_in_range(when, before, clock_now());
	assert_string_equal(line + 5 + CLOCK_TEXT_LEN,
		" level=warn mod=source issuer=https://h/a "
		"msg=\"2 keys are gone\"\n");
	log_info("jwksd", NULL, "stopped");
	assert_string_equal(next_line() + 5 + CLOCK_TEXT_LEN,
		" level=info mod=jwksd msg=stopped\n");
	assert_string_equal(next_line(), "");
}

static void
test_threshold(void **state)
{
	(void)state;
	log_threshold(LOG_LEVEL_WARN);
	log_info("jwksd", NULL, "x");
	log_debug("jwksd", NULL, "x");
	assert_string_equal(next_line(), "");
	log_error("jwksd", NULL, "x");
	assert_non_null(strstr(next_line(), "level=error"));
	log_warn("jwksd", NULL, "x");
	assert_non_null(strstr(next_line(), "level=warn"));
	log_threshold(LOG_LEVEL_DEBUG);
	log_debug("jwksd", NULL, "x");
	assert_non_null(strstr(next_line(), "level=debug"));
}

static void
test_escapes(void **state)
{
	(void)state;
	log_warn("m", "a b\"=\n", "%s",
		"say \"no\" \\ \n\r\t\x01\x7f\x80\xff \xc3\xa9 \x1b[31m");
	next_line();
	assert_string_equal(line + 5 + CLOCK_TEXT_LEN,
		" level=warn mod=m issuer=\"a b\\\"=\\n\" "
		"msg=\"say \\\"no\\\" \\\\ \\n\\x0d\\x09\\x01\\x7f\\x80\\xff "
		"\\xc3\\xa9 \\x1b[31m\"\n");
	log_warn("m", "", "a=b");
	assert_string_equal(next_line() + 5 + CLOCK_TEXT_LEN,
		" level=warn mod=m issuer=\"\" msg=\"a=b\"\n");
}

/* Never longer than LOG_LINE_MAX, whatever has to be escaped, and whole: the
 * quotes are closed and no escape is cut in two. */
static void
assert_cut(const char *issuer, const char *text, const char *tail)
{
	size_t len;

	log_warn("m", issuer, "%s", text);
	len = strlen(next_line());
	assert_in_range(len, LOG_LINE_MAX - 8, LOG_LINE_MAX);
	assert_string_equal(line + len - strlen(tail), tail);
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
}

static void
test_cut(void **state)
{
	char text[5000], issuer[5000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_cut(NULL, text, "xxx\n");
	text[5] = ' ';
	assert_cut(NULL, text, "xxx\"\n");
	memset(text, '\x01', sizeof(text) - 1);
	assert_cut("https://h/a", text, "\\x01\\x01\"\n");
	memset(text, '\n', sizeof(text) - 1);
	assert_cut("https://h/a", text, "\\n\\n\"\n");
	log_set_format(LOG_FORMAT_JSON);
	assert_cut("https://h/a", text, "\\n\\n\"}\n");
	memset(text, '\x01', sizeof(text) - 1);
	assert_cut(NULL, text, "\\u0001\\u0001\"}\n");
	log_set_format(LOG_FORMAT_LOGFMT);
	/* what the line is about must not crowd out what it says */
	memset(issuer, '\x02', sizeof(issuer) - 1);
	issuer[sizeof(issuer) - 1] = '\0';
	log_warn("m", issuer, "said");
	assert_true(strlen(next_line()) <= LOG_LINE_MAX);
	assert_non_null(strstr(line, " msg=said\n"));
}

static void
test_journal(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
		(unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_LEVEL_DEBUG);
	log_error("m", NULL, "a");
	assert_string_equal(next_line(), "<3>level=error mod=m msg=a\n");
	log_warn("m", NULL, "a");
	assert_string_equal(next_line(), "<4>level=warn mod=m msg=a\n");
	log_info("m", NULL, "a");
	assert_string_equal(next_line(), "<6>level=info mod=m msg=a\n");
	log_debug("m", NULL, "a");
	assert_string_equal(next_line(), "<7>level=debug mod=m msg=a\n");
	/* somebody else's stream, and none */
	snprintf(stream, sizeof(stream), "%llu:%llu",
		(unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_LEVEL_DEBUG);
	log_error("m", NULL, "a");
	assert_memory_equal(next_line(), "time=", 5);
	setenv("JOURNAL_STREAM", "8:", 1);
	log_open(LOG_LEVEL_DEBUG);
	log_error("m", NULL, "a");
	assert_memory_equal(next_line(), "time=", 5);
}

static void
test_fields(void **state)
{
	struct log_line l;

	(void)state;
	log_line_begin(&l, LOG_FORMAT_LOGFMT, "");
	log_line_text(&l, "a", "plain", 5);
	log_line_text(&l, "b", "", 0);
	log_line_text(&l, "c", "nul\0byte", 8);
	log_line_number(&l, "n", UINT64_MAX);
	log_line_text(&l, "d", "~!", 2);
	log_line_end(&l);
	assert_string_equal(l.text.data, "a=plain b=\"\" c=\"nul\\x00byte\" "
					 "n=18446744073709551615 d=~!\n");
	log_line_release(&l);
	log_line_begin(&l, LOG_FORMAT_JSON, "<6>");
	log_line_text(&l, "a", "plain=1", 7);
	log_line_text(&l, "b", "", 0);
	log_line_number(&l, "n", 0);
	log_line_text(&l, "c", "\0\"\\\n\t\x7f\xff", 7);
	log_line_end(&l);
	assert_string_equal(l.text.data,
		"<6>{\"a\":\"plain=1\",\"b\":\"\",\"n\":0,"
		"\"c\":\"\\u0000\\\"\\\\\\n\\u0009\\u007f\\u00ff\"}\n");
	log_line_release(&l);
}

static void
test_json(void **state)
{
	(void)state;
	log_set_format(LOG_FORMAT_JSON);
	log_warn("m", "https://h/a", "say \"%s\"", "a\nb");
	next_line();
	assert_memory_equal(line, "{\"time\":\"20", 11);
	assert_string_equal(line + strlen("{\"time\":\"") + CLOCK_TEXT_LEN,
		"\",\"level\":\"warn\",\"mod\":\"m\","
		"\"issuer\":\"https://h/a\","
		"\"msg\":\"say \\\"a\\nb\\\"\"}\n");
}

static void
test_level_names(void **state)
{
	enum log_level level = LOG_LEVEL_DEBUG, l;

	(void)state;
	for (l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++) {
		assert_int_equal(log_level_parse(log_level_name(l), &level), 0);
		assert_int_equal(level, l);
	}
	assert_int_equal(log_level_parse("warning", &level), -1);
	assert_int_equal(log_level_parse("", &level), -1);
	assert_int_equal(log_level_parse("WARN", &level), -1);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(test_line),
		LOG_TEST(test_threshold),
		LOG_TEST(test_escapes),
		LOG_TEST(test_cut),
		LOG_TEST(test_journal),
		LOG_TEST(test_json),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_level_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
