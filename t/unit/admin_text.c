/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include "admin/text.h"

typedef void put_fn(struct buf *b, const char *text);

static void
assert_put(put_fn *put, const char *text, const char *want)
{
	struct buf b = BUF_INIT;

	put(&b, text);
	buf_append(&b, "", 0);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, want);
	buf_release(&b);
}

static void
test_html(void **state)
{
	(void)state;
	assert_put(admin_html, "", "");
	assert_put(admin_html, "<b a=\"1\" c='2'>&amp;",
		"&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
	assert_put(admin_html, "a\nb\x01\x7f", "a&#xfffd;b&#xfffd;&#xfffd;");
	assert_put(admin_html, "schl\xc3\xbcssel", "schl\xc3\xbcssel");
	assert_put(admin_html_url, "https://h/a<", "https://<wbr>h/<wbr>a&lt;");
}

static void
test_line_cannot_be_forged(void **state)
{
	(void)state;
	assert_put(admin_line, "a b~", "a b~");
	assert_put(admin_line, "x\n[-]y\r\x1b[2J\xff",
		"x\\x0a[-]y\\x0d\\x1b[2J\\xff");
}

static void
test_url_value(void **state)
{
	(void)state;
	assert_put(admin_url_value, "https://h.x/a-b_c~d",
		"https%3A%2F%2Fh.x%2Fa-b_c~d");
	assert_put(admin_url_value, "a b&c=\"\xff", "a%20b%26c%3D%22%FF");
}

static void
assert_duration(int64_t seconds, const char *want)
{
	char text[ADMIN_DURATION_MAX];

	admin_duration(text, seconds);
	assert_string_equal(text, want);
}

static void
test_duration(void **state)
{
	(void)state;
	assert_duration(-5, "0 s");
	assert_duration(0, "0 s");
	assert_duration(59, "59 s");
	assert_duration(60, "1 min");
	assert_duration(61, "1 min 1 s");
	assert_duration(3600, "1 h");
	assert_duration(3600 + 119, "1 h 1 min");
	assert_duration(SAMPLE_DAY - 1, "23 h 59 min");
	assert_duration(SAMPLE_DAY + SAMPLE_HOUR, "1 d 1 h");
	assert_duration(400 * SAMPLE_DAY + SAMPLE_HOUR, "400 d");
	assert_duration(INT64_MAX, "106751991167300 d");
}

static void
put_time(struct buf *b, const char *text)
{
	(void)text;
	admin_html_time(b, 0);
	admin_html_time(b, SAMPLE_NOW);
}

static void
put_moment(struct buf *b, const char *text)
{
	(void)text;
	admin_html_moment(b, 0, SAMPLE_NOW);
	admin_html_moment(b, SAMPLE_NOW - 60, SAMPLE_NOW);
	admin_html_moment(b, SAMPLE_NOW + 60, SAMPLE_NOW);
}

static void
test_time(void **state)
{
	(void)state;
	assert_put(put_time, NULL,
		"never<time datetime=\"2026-11-24T06:00:00Z\">"
		"2026-11-24 06:00</time>");
	assert_put(put_moment, NULL,
		"never<time datetime=\"2026-11-24T05:59:00Z\">"
		"2026-11-24 05:59</time> <span class=\"ago\">1 min ago</span>"
		"<time datetime=\"2026-11-24T06:01:00Z\">"
		"2026-11-24 06:01</time> <span class=\"ago\">in 1 min</span>");
}

static void
put_counts(struct buf *b, const char *text)
{
	static const uint64_t counts[] = {0, 999, 1000, 1234567, UINT64_MAX};
	size_t i;

	(void)text;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		admin_html_count(b, counts[i]);
		buf_putc(b, ' ');
	}
}

static void
put_sizes(struct buf *b, const char *text)
{
	static const uint64_t sizes[] = {
		0, 1023, 1024, 1536, 1048575, 1048576, UINT64_MAX};
	size_t i;

	(void)text;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		admin_html_bytes(b, sizes[i]);
		buf_putc(b, ' ');
	}
}

static void
test_numbers(void **state)
{
	(void)state;
	assert_put(put_counts, NULL,
		"0 999 1&#8239;000 1&#8239;234&#8239;567 "
		"18&#8239;446&#8239;744&#8239;073&#8239;709&#8239;551&#8239;615"
		" ");
	assert_put(put_sizes, NULL,
		"0 B 1023 B 1.0 KiB 1.5 KiB 1023.9 KiB 1.0 MiB 16383.9 PiB ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_line_cannot_be_forged),
		cmocka_unit_test(test_url_value),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
