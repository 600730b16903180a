/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include <stdio.h>

#include "admin/page.h"
#include "base/clock.h"

static unsigned
render(const struct admin_sample *s, const struct admin_query *query,
	struct buf *b)
{
	unsigned status;

	buf_release(b);
	status = admin_page_render(&s->view, query, SAMPLE_NOW, b);
	assert_true(buf_ok(b));
	return status;
}

static size_t
count(const struct buf *b, const char *text)
{
	const char *p = b->data;
	size_t n = 0;

	for (p = strstr(p, text); p != NULL; p = strstr(p + 1, text))
		n++;
	return n;
}

static void
assert_headline(const struct admin_sample *s, const char *want)
{
	const struct admin_query all = {0};
	struct buf b = BUF_INIT;
	char h1[128];

	render(s, &all, &b);
	snprintf(h1, sizeof(h1), "<h1 id=\"state\">%s</h1>", want);
	assert_non_null(strstr(b.data, h1));
	buf_release(&b);
}

static void
test_says_what_is_wrong_first(void **state)
{
	struct admin_sample *s = admin_sample_new(3);
	const struct admin_query all = {0};
	struct buf b = BUF_INIT;

	(void)state;
	assert_headline(s, "All 3 issuers are served");
	admin_sample_health(s, 2, OIDC_HELD, "a key vanished");
	assert_headline(s, "Serving, with something to mend");
	admin_sample_health(s, 1, OIDC_ABSENT, "no key was found");
	assert_headline(s, "1 of 3 issuers is not served");
	render(s, &all, &b);
	/* failed before degraded, absent before held before fresh */
	assert_true(strstr(b.data, "<strong>served</strong>") <
		    strstr(b.data, "<strong>fresh</strong>"));
	assert_true(strstr(b.data, "no key was found") <
		    strstr(b.data, "a key vanished"));
	assert_true(strstr(b.data, "a key vanished") <
		    strstr(b.data, "badge fresh"));
	buf_release(&b);
	s->view.config_read = 0;
	assert_headline(s, "Not ready: no configuration");
	s->view.draining = true;
	assert_headline(s, "Stopping");
	admin_sample_free(s);
}

static void
test_none_and_one(void **state)
{
	struct admin_sample *s = admin_sample_new(0);
	const struct admin_query all = {0};
	struct buf b = BUF_INIT;

	(void)state;
	assert_headline(s, "Running, with no issuer yet");
	render(s, &all, &b);
	assert_non_null(strstr(b.data, "No issuer is configured"));
	assert_non_null(strstr(b.data, "Nobody has fetched"));
	assert_int_equal(count(&b, "<article"), 0);
	admin_sample_free(s);
	s = admin_sample_new(1);
	assert_headline(s, "The issuer is served");
	render(s, &all, &b);
	assert_int_equal(count(&b, "<article"), 1);
	assert_int_equal(count(&b, "<svg class=\"timeline\""), 1);
	assert_null(strstr(b.data, "role=\"search\""));
	assert_null(strstr(b.data, "<script"));
	assert_null(strstr(b.data, "http-equiv"));
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_a_fleet_is_bounded(void **state)
{
	enum { ISSUERS = 100000 };
	struct admin_sample *s = admin_sample_new(ISSUERS);
	struct admin_query query = {0};
	struct buf b = BUF_INIT;
	int64_t began;

	(void)state;
	admin_sample_health(s, 77777, OIDC_ABSENT, "no key was found");
	began = clock_monotonic_ms();
	render(s, &query, &b);
	/* some 20 ms; with room for a sanitizer and a busy machine */
	assert_true(clock_monotonic_ms() - began < 3000);
	assert_true(b.len < 200 * 1024);
	assert_int_equal(count(&b, "<a href=\"/?issuer="), ADMIN_PAGE_ROWS);
	assert_true(strstr(b.data, "c077777") < strstr(b.data, "c000000"));
	assert_non_null(strstr(b.data, "offset=200#issuers\">Next</a>"));
	assert_null(strstr(b.data, ">Previous</a>"));
	query.offset = 250;
	render(s, &query, &b);
	assert_non_null(strstr(b.data, "offset=50#issuers\">Previous</a>"));
	query = (struct admin_query){.search = "c09999"};
	render(s, &query, &b);
	assert_int_equal(count(&b, "<article"), 10);
	assert_non_null(strstr(b.data, "value=\"c09999\""));
	query.offset = 123456;
	assert_int_equal(render(s, &query, &b), 200);
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_one_issuer_in_full(void **state)
{
	struct admin_sample *s = admin_sample_new(50);
	struct admin_query query = {
		.issuer = "https://oidc.example.com/c000031"};
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(render(s, &query, &b), 200);
	assert_int_equal(count(&b, "<article"), 1);
	assert_int_equal(count(&b, oidc_key_kid(s->issuers[31]->keys)), 1);
	query = (struct admin_query){.issuer = "https://oidc.example.com/c"};
	assert_int_equal(render(s, &query, &b), 404);
	assert_non_null(strstr(b.data, "No issuer matches"));
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_hostile_text_stays_text(void **state)
{
	static const char *const kids[] = {SAMPLE_HOSTILE, "<i>"};
	struct admin_sample *s = admin_sample_new(30);
	struct admin_query query = {.search = "\"><script>"};
	struct buf b = BUF_INIT;

	(void)state;
	s->view.version = SAMPLE_HOSTILE;
	admin_sample_keys(s, 0, kids, 2);
	admin_sample_state(s, 0, 1, KEYRING_STAGED, 1, 0);
	admin_sample_health(s, 0, OIDC_HELD, SAMPLE_HOSTILE);
	admin_sample_event(s, 1, false, SAMPLE_HOSTILE);
	admin_sample_fetch(
		s, 1, OIDC_JWKS, "https://h/<", SAMPLE_HOSTILE, SAMPLE_HOSTILE);
	snprintf(s->view.config_problem, sizeof(s->view.config_problem), "%s",
		SAMPLE_HOSTILE);
	snprintf(s->view.watches_problem, sizeof(s->view.watches_problem), "%s",
		SAMPLE_HOSTILE);
	s->view.config_good = false;
	s->view.watches_short = true;
	render(s, &query, &b);
	assert_null(strstr(b.data, "<script"));
	assert_null(strchr(b.data, '\x1b'));
	assert_int_equal(count(&b, "</style>"), 1);
	assert_non_null(strstr(b.data, "value=\"&quot;&gt;&lt;script&gt;\""));
	query = (struct admin_query){
		.issuer = "https://oidc.example.com/c000000"};
	render(s, &query, &b);
	assert_null(strstr(b.data, "<script"));
	assert_null(strstr(b.data, "<i>"));
	/* version, config, watches, problem, caption kid, agent, peer, event */
	assert_true(
		count(&b, "&lt;script&gt;&#39;&quot;&amp;\\&#xfffd;[-]x") >= 8);
	buf_release(&b);
	admin_sample_free(s);
}

/* Each percentage in the drawing, as hundredths; all must be 0 to 10000. */
static void
assert_places(const char *svg)
{
	const char *p;
	size_t seen = 0;
	unsigned a, b;

	for (p = strstr(svg, "%\""); p != NULL; p = strstr(p + 1, "%\"")) {
		const char *q = p;

		while (q[-1] != '"')
			q--;
		if (sscanf(q, "%u.%u%%", &a, &b) == 2)
			assert_true(a * 100 + b <= 10000);
		else
			assert_int_equal(strncmp(q, "100%", 4), 0);
		seen++;
	}
	assert_true(seen > 0);
}

static void
test_timeline_fits(void **state)
{
	static const int64_t moments[] = {0, 1, SAMPLE_NOW - 400 * SAMPLE_DAY,
		SAMPLE_NOW - 1, SAMPLE_NOW, SAMPLE_NOW + 1,
		SAMPLE_NOW + 3 * SAMPLE_DAY, INT64_C(253402300799), INT64_MAX,
		INT64_MIN};
	const size_t n = sizeof(moments) / sizeof(moments[0]);
	struct admin_sample *s = admin_sample_new(1);
	struct buf b = BUF_INIT;
	size_t i, k;

	(void)state;
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++) {
			admin_sample_state(s, 0, 0, KEYRING_RETIRING,
				moments[i], moments[k]);
			admin_sample_state(
				s, 0, 1, KEYRING_ACTIVE, moments[k], 0);
			admin_timeline(&b, s->issuers[0], SAMPLE_NOW);
			assert_true(buf_ok(&b));
			assert_places(b.data);
			assert_true(b.len < 4096);
			buf_release(&b);
		}
	admin_sample_free(s);
}

static void
test_timeline_in_words(void **state)
{
	struct admin_sample *s = admin_sample_new(1);
	static const char *const plain[] = {"file"};
	struct buf b = BUF_INIT;

	(void)state;
	admin_timeline(&b, s->issuers[0], SAMPLE_NOW);
	assert_non_null(strstr(b.data,
		"Key b7RJbqnX&#8230;: staged since 2026-11-23T17:00:00Z, safe "
		"to activate from 2026-11-24T17:00:00Z."));
	assert_non_null(strstr(b.data, "Key QT8YdVKc&#8230;: active since "));
	buf_release(&b);
	admin_sample_keys(s, 0, plain, 1);
	admin_timeline(&b, s->issuers[0], SAMPLE_NOW);
	assert_int_equal(b.len, 0);
	admin_sample_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_is_wrong_first),
		cmocka_unit_test(test_none_and_one),
		cmocka_unit_test(test_a_fleet_is_bounded),
		cmocka_unit_test(test_one_issuer_in_full),
		cmocka_unit_test(test_hostile_text_stays_text),
		cmocka_unit_test(test_timeline_fits),
		cmocka_unit_test(test_timeline_in_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
