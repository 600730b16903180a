/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include <stdio.h>

#include "admin/health.h"
#include "admin/status.h"

static void
all_well(struct admin_sample *s)
{
	(void)s;
}

static void
draining(struct admin_sample *s)
{
	s->view.draining = true;
}

static void
never_read(struct admin_sample *s)
{
	s->view.config_good = false;
	s->view.config_read = 0;
}

static void
badly_read(struct admin_sample *s)
{
	s->view.config_good = false;
	snprintf(s->view.config_problem, sizeof(s->view.config_problem),
		"jwksd.conf:3: no such option");
}

static void
one_absent(struct admin_sample *s)
{
	admin_sample_health(s, 1, OIDC_ABSENT, "no key was found");
}

static void
all_absent(struct admin_sample *s)
{
	size_t i;

	for (i = 0; i < s->view.n_issuers; i++)
		admin_sample_health(s, i, OIDC_ABSENT, "no key was found");
}

static void
one_held(struct admin_sample *s)
{
	admin_sample_health(s, 1, OIDC_HELD, "a key vanished");
}

static void
watches_short(struct admin_sample *s)
{
	s->view.watches_short = true;
}

static void
worker_behind(struct admin_sample *s)
{
	s->workers[1].generation--;
}

static const struct {
	void (*change)(struct admin_sample *);
	unsigned status;
	const char *line; /* in the answer to ?verbose */
} cases[] = {
	{all_well, 200, "[+]served ok: 3 of 3 issuers\n"},
	{draining, 503, "[-]running failed: draining"},
	{never_read, 503, "[-]config failed: the configuration was never"},
	{badly_read, 200,
		"[!]config degraded: the last reading failed, the "
		"one of 2026-11-22T06:00:00Z stays in force: "
		"jwksd.conf:3: no such option\n"},
	{all_absent, 503, "[-]served failed: 3 of 3 issuers"},
	/* one directory of a fleet takes nobody else out of service */
	{one_absent, 200,
		"[!]issuer https://oidc.example.com/c000001 absent: "
		"no key was found\n"},
	{one_held, 200,
		"[!]issuer https://oidc.example.com/c000001 held: "
		"a key vanished\n"},
	{watches_short, 200, "[!]watches degraded: "},
	{worker_behind, 200, "[!]workers degraded: 1 of 2 not yet on "},
};

static void
test_readyz(void **state)
{
	const struct admin_query plain = {0}, verbose = {.verbose = true};
	struct buf brief = BUF_INIT, full = BUF_INIT;
	struct admin_sample *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = admin_sample_new(3);
		cases[i].change(s);
		assert_int_equal(
			admin_readyz(&s->view, &plain, SAMPLE_NOW, &brief),
			cases[i].status);
		assert_int_equal(
			admin_readyz(&s->view, &verbose, SAMPLE_NOW, &full),
			cases[i].status);
		assert_non_null(strstr(full.data, cases[i].line));
		assert_int_equal(cases[i].status == 503,
			strstr(full.data, "[-]") != NULL);
		assert_string_equal(brief.data,
			cases[i].status == 200 ? "ok\n" : full.data);
		assert_non_null(strstr(full.data,
			cases[i].status == 200 ? "readyz check passed\n"
					       : "readyz check failed\n"));
		buf_release(&brief);
		buf_release(&full);
		admin_sample_free(s);
	}
}

static void
test_livez_says_nothing_of_keys(void **state)
{
	struct admin_sample *s = admin_sample_new(2);
	const struct admin_query verbose = {.verbose = true};
	struct buf b = BUF_INIT;

	(void)state;
	never_read(s);
	one_absent(s);
	draining(s);
	assert_int_equal(admin_livez(&s->view, &verbose, SAMPLE_NOW, &b), 200);
	assert_string_equal(b.data, "ok\n");
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_no_issuer_is_ready(void **state)
{
	struct admin_sample *s = admin_sample_new(0);
	const struct admin_query plain = {0};
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(admin_readyz(&s->view, &plain, SAMPLE_NOW, &b), 200);
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_problems_stay_on_their_line(void **state)
{
	struct admin_sample *s = admin_sample_new(1);
	const struct admin_query plain = {0};
	struct buf b = BUF_INIT;

	(void)state;
	admin_sample_health(s, 0, OIDC_ABSENT, "x" SAMPLE_HOSTILE);
	snprintf(s->view.config_problem, sizeof(s->view.config_problem), "%s",
		SAMPLE_HOSTILE);
	s->view.config_good = false;
	assert_int_equal(admin_readyz(&s->view, &plain, SAMPLE_NOW, &b), 503);
	assert_null(strstr(b.data, "\n[-]x"));
	assert_null(strchr(b.data, '\x1b'));
	assert_null(strchr(b.data, '\xff'));
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_many_problems_are_counted(void **state)
{
	enum { ISSUERS = 1000 };
	struct admin_sample *s = admin_sample_new(ISSUERS);
	const struct admin_query verbose = {.verbose = true};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ISSUERS; i++)
		admin_sample_health(s, i, i < 10 ? OIDC_HELD : OIDC_ABSENT,
			"no key was found");
	assert_int_equal(admin_readyz(&s->view, &verbose, SAMPLE_NOW, &b), 200);
	assert_non_null(strstr(b.data, "/c000010 absent"));
	assert_null(strstr(b.data, "/c000000 held"));
	assert_non_null(strstr(b.data, "[!]900 more issuers have problems"));
	assert_true(b.len < 110 * ADMIN_HEALTH_ISSUERS);
	buf_release(&b);
	admin_sample_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readyz),
		cmocka_unit_test(test_livez_says_nothing_of_keys),
		cmocka_unit_test(test_no_issuer_is_ready),
		cmocka_unit_test(test_problems_stay_on_their_line),
		cmocka_unit_test(test_many_problems_are_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
