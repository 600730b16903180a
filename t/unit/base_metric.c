/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/metric.h"

static const struct metric good[] = {
	{"jwksd_requests", METRIC_COUNTER, "", "Answers."},
	{"jwksd_sent_bytes", METRIC_COUNTER, "bytes", "Bytes sent."},
	{"jwksd_start_time_seconds", METRIC_GAUGE, "seconds", "When."},
	{"jwksd_build", METRIC_INFO, "", "What runs."},
};

static void
test_good_table(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(metric_check(good, 4, "jwksd_", &e), 0);
	assert_int_equal(e.code, ERROR_NONE);
	assert_int_equal(metric_check(good, 0, "jwksd_", NULL), 0);
}

/* A table with this row behind two good ones is refused, and says why. */
static void
assert_refused(const char *name, enum metric_type type, const char *unit,
	const char *help, const char *why)
{
	const struct metric table[] = {
		good[0], good[1], {name, type, unit, help}};
	struct error e = {0};

	if (metric_check(table, 3, "jwksd_", &e) != -1)
		fail_msg("%s was taken", name);
	if (strstr(e.text, why) == NULL || strstr(e.text, name) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", name, e.text, why);
}

static void
test_bad_tables(void **state)
{
	(void)state;
	assert_refused("jwksd_requests", METRIC_GAUGE, "", "x", "twice");
	assert_refused("jwks_requests", METRIC_GAUGE, "", "x", "not jwksd_");
	assert_refused("jwksd_Requests", METRIC_GAUGE, "", "x", "[a-z0-9_]");
	assert_refused("jwksd_re:quests", METRIC_GAUGE, "", "x", "[a-z0-9_]");
	assert_refused("jwksd_\xc3\xa9", METRIC_GAUGE, "", "x", "[a-z0-9_]");
	assert_refused("jwksd_x_total", METRIC_COUNTER, "", "x", "reserved");
	assert_refused("jwksd_x_created", METRIC_GAUGE, "", "x", "reserved");
	assert_refused("jwksd_x_count", METRIC_GAUGE, "", "x", "reserved");
	assert_refused("jwksd_x_sum", METRIC_GAUGE, "", "x", "reserved");
	assert_refused("jwksd_x_bucket", METRIC_GAUGE, "", "x", "reserved");
	assert_refused("jwksd_x_gcount", METRIC_GAUGE, "", "x", "reserved");
	assert_refused("jwksd_x_gsum", METRIC_GAUGE, "", "x", "reserved");
	assert_refused("jwksd_x_info", METRIC_INFO, "", "x", "reserved");
	assert_refused("jwksd_age", METRIC_GAUGE, "seconds", "x", "its unit");
	assert_refused(
		"jwksd_ageseconds", METRIC_GAUGE, "seconds", "x", "its unit");
	assert_refused("jwksd_age_bytes", METRIC_INFO, "bytes", "x",
		"an info has no unit");
	assert_refused("jwksd_x", METRIC_GAUGE, "", "a\nb", "help");
	assert_refused("jwksd_x", METRIC_GAUGE, "", "a\\b", "help");
}

static void
test_text(void **state)
{
	struct buf b = BUF_INIT, labels = BUF_INIT;

	(void)state;
	metric_begin(&b, &good[0]);
	metric_label(&labels, "issuer", "https://h/a");
	metric_label(&labels, "note", "a\"b\\c\nd");
	metric_sample(&b, &good[0], labels.data, 3);
	metric_begin(&b, &good[1]);
	metric_sample(&b, &good[1], "", 9007199254740991.0);
	metric_begin(&b, &good[2]);
	metric_sample(&b, &good[2], "", 1795467060.25);
	metric_begin(&b, &good[3]);
	metric_sample(&b, &good[3], "version=\"1\"", 1);
	metric_end(&b);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data,
		"# TYPE jwksd_requests counter\n"
		"# HELP jwksd_requests Answers.\n"
		"jwksd_requests_total{issuer=\"https://h/a\","
		"note=\"a\\\"b\\\\c\\nd\"} 3\n"
		"# TYPE jwksd_sent_bytes counter\n"
		"# UNIT jwksd_sent_bytes bytes\n"
		"# HELP jwksd_sent_bytes Bytes sent.\n"
		"jwksd_sent_bytes_total 9007199254740991\n"
		"# TYPE jwksd_start_time_seconds gauge\n"
		"# UNIT jwksd_start_time_seconds seconds\n"
		"# HELP jwksd_start_time_seconds When.\n"
		"jwksd_start_time_seconds 1795467060.25\n"
		"# TYPE jwksd_build info\n"
		"# HELP jwksd_build What runs.\n"
		"jwksd_build_info{version=\"1\"} 1\n"
		"# EOF\n");
	buf_release(&labels);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_table),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
