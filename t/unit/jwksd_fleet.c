/* SPDX-License-Identifier: MIT */
/* Issuers that a directory's subdirectories name. */
#include "publish.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST "https://h.example/"
#define FLEET "issuers \"" HOST "id/*\" { directory = \"fleet\" }\n"
#define ID(name) HOST "id/" name

/* fleet/NAME/sa.pub */
static void
member(const char *name, unsigned first, unsigned count)
{
	char path[300];

	snprintf(path, sizeof(path), "fleet/%s", name);
	if (access(path, F_OK) != 0)
		scratch_mkdir(path);
	snprintf(path, sizeof(path), "fleet/%s/sa.pub", name);
	scratch_replace(path, sample_pems(first, count));
}

/* Members a and b, serving sample keys 0 and 1. */
static void
start(struct publish *x)
{
	scratch_mkdir("fleet");
	member("a", 0, 1);
	member("b", 1, 1);
	publish_configure(x, FLEET);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
	publish_assert(x, ID("b"), OIDC_FRESH, 1, 1);
	publish_forget(x);
}

static size_t
count(const struct publish *x)
{
	size_t n;

	publisher_issuers(x->p, &n);
	return n;
}

static void
test_members_come_change_and_go(void **state)
{
	struct publish *x = *state;
	const struct http_response *b;
	uint32_t slot;

	start(x);
	b = publish_response(x, ID("b"), OIDC_JWKS);
	/* as kubelet or rsync would: the directory first, then the file */
	scratch_mkdir("fleet/c");
	publish_work(x);
	publish_assert_absent(x, ID("c"));
	scratch_write("fleet/c/sa.pub", sample_pem(2));
	publish_work(x);
	publish_assert(x, ID("c"), OIDC_FRESH, 2, 1);
	member("a", 0, 3);
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 3);
	scratch_remove("fleet/a");
	publish_work(x);
	assert_null(publisher_find(x->p, ID("a")));
	assert_null(publish_jwks(x, ID("a")));
	assert_int_equal(count(x), 2);
	scratch_rename("fleet/c", "fleet/d");
	publish_work(x);
	assert_null(publisher_find(x->p, ID("c")));
	publish_assert(x, ID("d"), OIDC_FRESH, 2, 1);
	assert_ptr_equal(publish_response(x, ID("b"), OIDC_JWKS), b);
	/* slots come back, with nothing counted */
	slot = publisher_find(x->p, ID("b"))->slot;
	oidc_tally_count(publisher_tally(x->p), 1, slot, OIDC_JWKS, 5);
	scratch_remove("fleet/b");
	publish_work(x);
	member("h", 6, 1);
	publish_work(x); /* a worker may still count on the old slot */
	assert_int_not_equal(publisher_find(x->p, ID("h"))->slot, slot);
	publisher_reclaim(x->p, x->generation);
	member("e", 3, 1);
	member("f", 4, 1);
	member("g", 5, 1);
	publish_work(x);
	assert_int_equal(
		oidc_tally_sum(publisher_tally(x->p), slot, OIDC_JWKS).count,
		0);
	assert_non_null(publisher_by_slot(x->p, slot));
}

/* A cluster that was taken down and made again has other keys. */
static void
test_a_withdrawn_member_starts_anew(void **state)
{
	struct publish *x = *state;

	start(x);
	publish_work(x);
	scratch_remove("fleet/a");
	publish_work(x);
	assert_null(publisher_find(x->p, ID("a")));
	member("a", 5, 1);
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 5, 1);
}

static void
test_a_bad_member_harms_no_other(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_mkdir("fleet/bad");
	scratch_write("fleet/bad/sa.pub", "no key\n");
	member("c", 2, 1);
	scratch_write("fleet/b/sa.pub", "no key\n");
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
	publish_assert(x, ID("b"), OIDC_HELD, 1, 1);
	publish_assert(x, ID("c"), OIDC_FRESH, 2, 1);
	publish_assert_absent(x, ID("bad"));
	assert_int_equal(
		publish_told(x, "error " ID("bad") ": not served: fleet/bad"),
		1);
	assert_int_equal(publisher_status(x->p).absent, 1);
	publish_work_all(x);
	assert_int_equal(publish_told(x, "not served"), 1);
	member("bad", 3, 1);
	publish_work(x);
	publish_assert(x, ID("bad"), OIDC_FRESH, 3, 1);
	/* nor does it stop a start */
	scratch_write("fleet/a/sa.pub", "no key\n");
	scratch_remove("state");
	publish_restart(x, true);
	publish_configure(x, FLEET);
	publish_assert_absent(x, ID("a"));
	publish_assert(x, ID("c"), OIDC_FRESH, 2, 1);
}

static void
test_names_that_cannot_be(void **state)
{
	struct publish *x = *state;
	char longest[240];

	scratch_mkdir("fleet");
	member("a", 0, 1);
	member(".hidden", 1, 1);
	member("b c", 1, 1);
	member("d%41", 1, 1);
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	member(longest, 1, 1); /* 239 and what stands before: too long */
	scratch_write("fleet/file", sample_pem(1));
	scratch_link("a", "fleet/link");
	scratch_link("file", "fleet/to-file");
	publish_configure(x, FLEET);
	assert_int_equal(count(x), 2);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
	publish_assert(x, ID("link"), OIDC_FRESH, 0, 1);
	assert_int_equal(publish_told(x, "fleet: 3 directories left out"), 1);
}

/* --- a fleet that vanishes ---------------------------------------------- */

static void
assert_all_held(struct publish *x)
{
	publish_assert(x, ID("a"), OIDC_HELD, 0, 1);
	publish_assert(x, ID("b"), OIDC_HELD, 1, 1);
	assert_int_equal(count(x), 2);
}

static void
test_emptied_directory_is_held(void **state)
{
	struct publish *x = *state;

	start(x);
	/* as an unmounted disk leaves it */
	scratch_rename("fleet", "elsewhere");
	scratch_mkdir("fleet");
	publish_work(x);
	assert_all_held(x);
	assert_int_equal(
		publish_told(x, "warn " HOST "id/*: fleet has become empty; "
				"its issuers stay as they are"),
		1);
	publish_work_all(x);
	assert_int_equal(publish_told(x, "has become empty"), 1);
	/* a reload does not mean it any more than the disk did */
	publish_configure(x, FLEET);
	assert_all_held(x);
	publish_configure(x, "issuers \"" HOST "id/*\" { directory = \"fleet\" "
			     "max-age = 60 }\n");
	assert_all_held(x);
	scratch_remove("fleet");
	scratch_rename("elsewhere", "fleet");
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
	publish_assert(x, ID("b"), OIDC_FRESH, 1, 1);
	/* taking the block out does mean it */
	scratch_write("a", sample_pem(5));
	publish_configure(x, "issuer \"" HOST "x\" { keys = { \"a\" } }\n");
	assert_int_equal(count(x), 1);
	assert_null(publish_jwks(x, ID("a")));
}

static void
test_removed_directory_is_held(void **state)
{
	struct publish *x = *state;
	struct error e = {0};

	start(x);
	scratch_rename("fleet", "elsewhere");
	publish_work(x);
	assert_all_held(x);
	assert_int_equal(publish_told(x, "fleet: cannot be opened"), 1);
	/* such a configuration would not do at a start */
	assert_int_equal(publish_try(x, FLEET, &e), -1);
	assert_non_null(strstr(e.text, "fleet: cannot be opened"));
	assert_all_held(x);
	scratch_rename("elsewhere", "fleet");
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
}

/* One after the other they may all go. */
static void
test_the_last_one_may_leave(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_remove("fleet/a");
	publish_work(x);
	scratch_remove("fleet/b");
	publish_work(x);
	assert_int_equal(count(x), 0);
	assert_null(publish_jwks(x, ID("b")));
	member("c", 2, 1);
	publish_work(x);
	publish_assert(x, ID("c"), OIDC_FRESH, 2, 1);
}

/* --- with other blocks -------------------------------------------------- */

static void
test_a_block_goes_before_a_member(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_write("own", sample_pems(0, 2));
	publish_configure(
		x, FLEET "issuer \"" ID("a") "\" { keys = { \"own\" } }\n");
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 2);
	publish_assert(x, ID("b"), OIDC_FRESH, 1, 1);
	assert_int_equal(count(x), 2);
	/* its directory is not looked at */
	member("a", 7, 1);
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 2);
	scratch_remove("fleet/a");
	publish_work(x);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 2);
	/* back to being a member */
	member("a", 0, 2);
	publish_configure(x, FLEET);
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 2);
}

static void
test_two_fleets(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_mkdir("other");
	scratch_mkdir("other/a");
	scratch_write("other/a/k.pem", sample_pem(5));
	publish_configure(x,
		FLEET "issuers \"https://o.example/*\" { directory = \"other\" "
		      "max-age = 60 }\n");
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
	publish_assert(x, "https://o.example/a", OIDC_FRESH, 5, 1);
	assert_int_equal(
		publisher_find(x->p, "https://o.example/a")->max_age, 60);
	scratch_mkdir("other/b");
	scratch_write("other/b/k.pem", sample_pem(6));
	scratch_remove("fleet/a");
	publish_work(x);
	publish_assert(x, "https://o.example/b", OIDC_FRESH, 6, 1);
	assert_null(publisher_find(x->p, ID("a")));
	assert_int_equal(count(x), 3);
}

/* Without watches a scan finds them. */
static void
test_scan(void **state)
{
	struct publish *x = *state;
	int i;

	publish_restart(x, false);
	scratch_mkdir("fleet");
	publish_configure(x, "rescan = 10\n" FLEET);
	assert_int_equal(count(x), 0);
	member("a", 0, 1);
	for (i = 0; i < 11; i++) {
		publisher_scan(x->p, ++x->now);
		publisher_work(x->p, x->now, 0);
	}
	publish_assert(x, ID("a"), OIDC_FRESH, 0, 1);
}

/* The catalog grows with its members, and what was replaced goes. */
static void
test_many_members(void **state)
{
	struct publish *x = *state;
	char name[16], url[64];
	int i;

	scratch_mkdir("fleet");
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		member(name, (unsigned)i % 50, 1);
		if (i == 0)
			publish_configure(x, "state = \"\"\n" FLEET);
		if (i % 20 != 0)
			continue;
		publish_work(x);
		assert_int_equal(count(x), i + 1);
		publisher_reclaim(x->p, x->generation);
		assert_int_equal(publisher_status(x->p).catalogs_alive, 1);
	}
	publish_work(x);
	for (i = 0; i < 200; i++) {
		snprintf(url, sizeof(url), ID("m%d"), i);
		publish_assert(x, url, OIDC_FRESH, (unsigned)i % 50, 1);
	}
	assert_int_equal(oidc_catalog_count(publisher_catalog(x->p)), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(test_members_come_change_and_go),
		PUBLISH_TEST(test_a_bad_member_harms_no_other),
		PUBLISH_TEST(test_a_withdrawn_member_starts_anew),
		PUBLISH_TEST(test_names_that_cannot_be),
		PUBLISH_TEST(test_emptied_directory_is_held),
		PUBLISH_TEST(test_removed_directory_is_held),
		PUBLISH_TEST(test_the_last_one_may_leave),
		PUBLISH_TEST(test_a_block_goes_before_a_member),
		PUBLISH_TEST(test_two_fleets),
		PUBLISH_TEST(test_scan),
		PUBLISH_TEST(test_many_members),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
