/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include <jansson.h>
#include <stdio.h>

#include "admin/json.h"
#include "base/clock.h"

static json_t *
render(const struct admin_sample *s, const struct admin_query *query)
{
	struct buf b = BUF_INIT;
	json_error_t e;
	json_t *root;

	assert_int_equal(
		admin_json_render(&s->view, query, SAMPLE_NOW, &b), 200);
	assert_true(buf_ok(&b));
	root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &e);
	if (root == NULL)
		fail_msg("line %d column %d: %s", e.line, e.column, e.text);
	buf_release(&b);
	return root;
}

/* The member at a path of names and array indices: "issuers/list/0/url". */
static json_t *
at(json_t *root, const char *path)
{
	char copy[128], *name, *rest = copy;
	json_t *here = root;

	snprintf(copy, sizeof(copy), "%s", path);
	for (name = strsep(&rest, "/"); name != NULL;
		name = strsep(&rest, "/")) {
		here = json_is_array(here)
			       ? json_array_get(here, strtoul(name, NULL, 10))
			       : json_object_get(here, name);
		if (here == NULL)
			fail_msg("no %s in %s", name, path);
	}
	return here;
}

static void
assert_number(json_t *root, const char *path, json_int_t want)
{
	assert_true(json_is_integer(at(root, path)));
	assert_int_equal(json_integer_value(at(root, path)), want);
}

static void
assert_text(json_t *root, const char *path, const char *want)
{
	assert_true(json_is_string(at(root, path)));
	assert_string_equal(json_string_value(at(root, path)), want);
}

static void
assert_moment(json_t *root, const char *path, int64_t want)
{
	char text[CLOCK_TEXT_LEN + 1];

	clock_format(text, want);
	assert_text(root, path, text);
}

static void
test_agrees_with_the_view(void **state)
{
	struct admin_sample *s = admin_sample_new(3);
	const struct admin_query all = {0};
	json_t *root;

	(void)state;
	admin_sample_health(s, 2, OIDC_HELD, "a key vanished");
	oidc_tally_count(s->tally, 0, s->issuers[2]->slot, OIDC_JWKS, 100);
	oidc_tally_count(s->tally, 1, s->issuers[2]->slot, OIDC_JWKS, 200);
	admin_sample_event(s, SAMPLE_NOW - 5, false, "kept generation 42");
	root = render(s, &all);
	assert_text(root, "version", "1.2.3");
	assert_moment(root, "now", SAMPLE_NOW);
	assert_moment(root, "started", s->view.started);
	assert_text(root, "grade", "degraded");
	assert_true(json_is_true(at(root, "ready")));
	assert_text(root, "checks/3/name", "fresh");
	assert_text(root, "checks/3/grade", "degraded");
	assert_true(json_is_null(at(root, "checks/0/advice")));
	assert_number(root, "issuers/total", 3);
	assert_number(root, "issuers/fresh", 2);
	assert_number(root, "issuers/held", 1);
	assert_number(root, "issuers/absent", 0);
	assert_true(json_is_null(at(root, "issuers/next")));
	assert_text(root, "issuers/list/0/url", s->issuers[2]->url);
	assert_text(root, "issuers/list/0/health", "held");
	assert_text(root, "issuers/list/0/problem", "a key vanished");
	assert_number(root, "issuers/list/0/fetches/jwks/count", 2);
	assert_moment(root, "issuers/list/0/fetches/jwks/last", 200);
	assert_true(json_is_null(
		at(root, "issuers/list/0/fetches/discovery/last")));
	assert_number(root, "issuers/list/0/max_age", 3600);
	assert_text(root, "issuers/list/1/keys/0/kid",
		oidc_key_kid(s->issuers[0]->keys));
	assert_text(root, "issuers/list/1/keys/1/state", "staged");
	assert_moment(root, "issuers/list/1/keys/1/next_due",
		s->issuers[0]->keys[1].next_due);
	assert_number(root, "keys/by_state/staged", 3);
	assert_number(root, "keys/by_alg/RS256", 6);
	assert_number(root, "fetches/jwks/count", 2);
	assert_number(root, "workers/1/generation", 42);
	assert_number(root, "workers/0/connections", 0);
	assert_number(root, "catalog/generation", 42);
	assert_text(root, "reloads/events/0/text", "kept generation 42");
	assert_true(json_is_false(at(root, "reloads/events/0/good")));
	json_decref(root);
	admin_sample_free(s);
}

static void
test_hostile_text_is_still_json(void **state)
{
	static const char *const kids[] = {SAMPLE_HOSTILE};
	struct admin_sample *s = admin_sample_new(1);
	const struct admin_query all = {0};
	json_t *root;

	(void)state;
	admin_sample_keys(s, 0, kids, 1);
	admin_sample_health(s, 0, OIDC_HELD, SAMPLE_HOSTILE);
	admin_sample_event(s, 1, false, SAMPLE_HOSTILE);
	admin_sample_fetch(s, 1, OIDC_JWKS, "https://h", SAMPLE_HOSTILE, "::1");
	snprintf(s->view.config_problem, sizeof(s->view.config_problem), "%s",
		SAMPLE_HOSTILE);
	s->view.config_good = false;
	root = render(s, &all);
	assert_non_null(
		strstr(json_string_value(at(root, "fetches/recent/0/agent")),
			"<script>'\"&\\\n[-]x \x1b[31m\xef\xbf\xbd"));
	assert_true(json_is_null(at(root, "issuers/list/0/keys/0/state")));
	json_decref(root);
	admin_sample_free(s);
}

static void
test_walks_by_offset(void **state)
{
	enum { ISSUERS = 2500 };
	struct admin_sample *s = admin_sample_new(ISSUERS);
	struct admin_query query = {0};
	size_t seen = 0, rounds = 0, i;
	char *found = calloc(ISSUERS, 1);
	json_t *root, *list, *next = NULL;

	(void)state;
	assert_non_null(found);
	admin_sample_health(s, 1700, OIDC_ABSENT, "no key was found");
	do {
		root = render(s, &query);
		list = at(root, "issuers/list");
		assert_true(json_array_size(list) <= ADMIN_JSON_ISSUERS);
		for (i = 0; i < json_array_size(list); i++) {
			const char *url = json_string_value(json_object_get(
				json_array_get(list, i), "url"));
			size_t nth = strtoul(strrchr(url, 'c') + 1, NULL, 10);

			assert_false(found[nth]);
			found[nth] = 1;
			assert_int_equal(seen == 0, nth == 1700);
			seen++;
		}
		next = at(root, "issuers/next");
		query.offset = (size_t)json_integer_value(next);
		assert_true(++rounds <= 3);
		i = json_is_null(next);
		json_decref(root);
	} while (!i);
	assert_int_equal(seen, ISSUERS);
	assert_int_equal(rounds, 3);
	free(found);
	admin_sample_free(s);
}

static void
test_selects(void **state)
{
	struct admin_sample *s = admin_sample_new(30);
	struct admin_query query = {.search = "/C00001"};
	json_t *root;

	(void)state;
	root = render(s, &query);
	assert_number(root, "issuers/total", 30);
	assert_number(root, "issuers/matched", 10);
	json_decref(root);
	query = (struct admin_query){.offset = 999};
	root = render(s, &query);
	assert_int_equal(json_array_size(at(root, "issuers/list")), 0);
	assert_true(json_is_null(at(root, "issuers/next")));
	json_decref(root);
	query = (struct admin_query){
		.issuer = "https://oidc.example.com/c000007"};
	root = render(s, &query);
	assert_number(root, "issuers/matched", 1);
	assert_text(root, "issuers/list/0/url", query.issuer);
	json_decref(root);
	admin_sample_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_view),
		cmocka_unit_test(test_hostile_text_is_still_json),
		cmocka_unit_test(test_walks_by_offset),
		cmocka_unit_test(test_selects),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
