/* SPDX-License-Identifier: MIT */
/* The issuers of blocks; jwksd_fleet.c has those of fleets. */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key/parse.h"
#include "source/record.h"

#define A "https://h.example/a"
#define B "https://h.example/b"
#define BLOCK_A "issuer \"" A "\" { keys = { \"a\" } }\n"
#define BLOCK_B "issuer \"" B "\" { keys = { \"b\" } }\n"

#define CLASH_1 "http://localhost:1/a/x"

static void
set_mtime(const char *path, int64_t when)
{
	struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A serves sample key 0 and has since `when`. */
static void
start(struct publish *x)
{
	scratch_write("a", sample_pem(0));
	set_mtime("a", SAMPLE_NOW - 1000);
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	publish_forget(x);
}

static int64_t
modified(const struct publish *x, const char *url)
{
	return http_response_modified(publish_response(x, url, OIDC_JWKS));
}

/* --- the first reading -------------------------------------------------- */

static void
test_first_load(void **state)
{
	struct publish *x = *state;
	const struct oidc_issuer *issuer;
	struct publisher_status status;
	size_t n;

	scratch_write("a", sample_pems(0, 2));
	set_mtime("a", SAMPLE_NOW - 1000);
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	assert_int_equal(x->catalogs, 1);
	assert_int_equal(x->generation, 1);
	assert_int_equal(publish_told(x, "info " A ": published 2 keys: "), 1);
	assert_int_equal(publish_told(x, sample_kid(1)), 1);
	/* it has not been published before: the file says since when */
	assert_int_equal(modified(x, A), SAMPLE_NOW - 1000);
	issuer = publisher_issuers(x->p, &n)[0];
	assert_int_equal(n, 1);
	assert_int_equal(issuer->changed, SAMPLE_NOW - 1000);
	assert_int_equal(issuer->loaded, SAMPLE_NOW);
	assert_int_equal(issuer->keys[0].since, SAMPLE_NOW - 1000);
	assert_int_equal(issuer->max_age, 3600);
	status = publisher_status(x->p);
	assert_int_equal(status.held + status.absent, 0);
	assert_int_equal(
		status.document_bytes, oidc_documents_size(issuer->documents));
	assert_int_equal(status.loads_good, 1);
	assert_int_equal(status.loads_bad, 0);
	assert_true(status.watches > 0);
	assert_null(status.watches_problem);
	assert_int_equal(scratch_count("state"), 1);
}

static void
test_a_file_from_the_future(void **state)
{
	struct publish *x = *state;

	scratch_write("a", sample_pem(0));
	set_mtime("a", SAMPLE_NOW + 1000);
	publish_configure(x, BLOCK_A);
	assert_int_equal(modified(x, A), SAMPLE_NOW);
}

static void
test_bad_at_first(void **state)
{
	struct publish *x = *state;
	struct error e = {0};
	size_t n;

	scratch_write("a", sample_pem(0));
	scratch_write("b", "no key\n");
	assert_int_equal(publish_try(x, BLOCK_A BLOCK_B, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_memory_equal(e.text, "issuer \"" B "\": b: ", strlen(B) + 14);
	assert_int_equal(x->catalogs, 0);
	assert_int_equal(publish_told(x, "published"), 0);
	publisher_issuers(x->p, &n);
	assert_int_equal(n, 0);
	assert_null(publish_jwks(x, A));
	/* and again, when it is mended */
	scratch_write("b", sample_pem(1));
	publish_configure(x, BLOCK_A BLOCK_B);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	publish_assert(x, B, OIDC_FRESH, 1, 1);
}

static void
test_bad_at_first_with_a_record(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_write("a", "no key\n");
	publish_restart(x, true);
	x->now += 100;
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_HELD, 0, 1);
	assert_int_equal(modified(x, A), SAMPLE_NOW - 1000);
	assert_int_equal(
		publish_told(x, "warn " A ": keeping the last good set: a: "),
		1);
	assert_int_equal(publisher_status(x->p).held, 1);
	scratch_write("a", sample_pems(0, 2));
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	assert_int_equal(
		publish_told(x, "info " A ": the sources are good again"), 1);
	assert_int_equal(modified(x, A), SAMPLE_NOW + 100);
}

/* What was lost while nobody ran. */
static void
test_shrunk_at_first(void **state)
{
	struct publish *x = *state;

	scratch_write("a", sample_pems(0, 2));
	publish_configure(x, BLOCK_A);
	publish_restart(x, true);
	scratch_write("a", sample_pem(0));
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_HELD, 0, 2);
	assert_int_equal(publish_told(x, sample_kid(1)), 2);
}

/* A restart is no change. */
static void
test_good_again_after_a_restart(void **state)
{
	struct publish *x = *state;

	start(x);
	set_mtime("a", SAMPLE_NOW - 10);
	publish_restart(x, true);
	x->now += 5000;
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(modified(x, A), SAMPLE_NOW - 1000);
}

static void
test_damaged_record(void **state)
{
	struct publish *x = *state;
	struct error e = {0};
	char *bytes;
	int i;

	start(x);
	scratch_write(scratch_only("state"), "{");
	publish_restart(x, true);
	scratch_write("a", "no key\n");
	assert_int_equal(publish_try(x, BLOCK_A, &e), -1);
	assert_non_null(strstr(e.text, "issuer \"" A "\": a: "));
	/* good sources need no record, but it is said, once, and mended */
	scratch_write("a", sample_pem(0));
	publish_configure(x, BLOCK_A);
	for (i = 0; i < 3; i++)
		publish_work_all(x);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(publish_told(x, "is damaged"), 1);
	bytes = scratch_read(scratch_only("state"), NULL);
	assert_non_null(strstr(bytes, sample_kid(0)));
	free(bytes);
	/* damaged while it is what is served */
	publish_forget(x);
	scratch_write("a", "no key\n");
	publish_work(x);
	scratch_write(scratch_only("state"), "{");
	for (i = 0; i < 5; i++)
		publish_work_all(x);
	publish_assert(x, A, OIDC_HELD, 0, 1);
	assert_int_equal(publish_told(x, "is damaged"), 1);
}

/* --- changes ------------------------------------------------------------ */

static void
test_change_is_published(void **state)
{
	struct publish *x = *state;
	const struct oidc_issuer *issuer;

	start(x);
	x->now += 60;
	scratch_write("a", sample_pems(0, 3));
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 3);
	assert_int_equal(x->generation, 2);
	assert_int_equal(modified(x, A), SAMPLE_NOW + 60);
	assert_int_equal(publish_told(x, "published 3 keys: "), 1);
	/* a key has been there since it was first published */
	issuer = publisher_find(x->p, A);
	assert_int_equal(issuer->keys[0].since, SAMPLE_NOW - 1000);
	assert_int_equal(issuer->keys[2].since, SAMPLE_NOW + 60);
	publish_restart(x, true);
	scratch_write("a", "bad\n");
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_HELD, 0, 3);
}

static void
test_same_bytes_are_not_published_again(void **state)
{
	struct publish *x = *state;
	const struct http_response *doc;

	start(x);
	doc = publish_response(x, A, OIDC_JWKS);
	x->now += 60;
	scratch_replace("a", sample_pem(0));
	publish_work(x);
	scratch_write("a", sample_jwk(0)); /* in another form */
	publish_work(x);
	publish_work_all(x);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(x->catalogs, 1);
	assert_ptr_equal(publish_response(x, A, OIDC_JWKS), doc);
	assert_int_equal(publisher_find(x->p, A)->loaded, SAMPLE_NOW + 60);
	assert_int_equal(publisher_find(x->p, A)->changed, SAMPLE_NOW - 1000);
	assert_int_equal(publish_told(x, ""), 0);
}

/* Sources that went bad in this way are held with this problem, told once,
 * and what comes back is served. */
static void
assert_held(struct publish *x, const char *bytes, const char *problem)
{
	uint64_t generation = x->generation;
	int64_t since;
	int i;

	publish_forget(x);
	if (bytes == NULL)
		scratch_remove("a");
	else
		scratch_write("a", bytes);
	publish_work(x);
	since = x->now;
	for (i = 0; i < 3; i++) {
		x->now += 10;
		publish_work_all(x);
	}
	publish_assert(x, A, OIDC_HELD, 0, 2);
	if (strstr(publisher_find(x->p, A)->problem, problem) == NULL)
		fail_msg("not \"%s\": %s", problem,
			publisher_find(x->p, A)->problem);
	assert_int_equal(publisher_find(x->p, A)->problem_since, since);
	assert_int_equal(
		publish_told(x, "warn " A ": keeping the last good set: "), 1);
	assert_int_equal(publish_told(x, problem), 1);
	assert_int_equal(x->generation, generation);
	scratch_write("a", sample_pems(0, 2));
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	assert_int_equal(publish_told(x, "the sources are good again"), 1);
	assert_int_equal(x->generation, generation);
}

static void
test_held(void **state)
{
	struct publish *x = *state;
	struct buf want = BUF_INIT, private = BUF_INIT;

	scratch_write("a", sample_pems(0, 2));
	publish_configure(x, BLOCK_A);
	assert_held(x, NULL, "a: cannot be found: No such file");
	assert_held(x, "", "a: the file is empty");
	assert_held(x, "no key in here\n", "a: no key in it");
	buf_printf(&private, "%s-----BEGIN PRIVATE %s-----\n", sample_pem(0),
		"KEY");
	assert_held(x, private.data, "private key");
	buf_printf(&want,
		"the published key %s is gone from the sources and no "
		"rotation retired it: put back what is missing, or let it go "
		"with: "
		"jwksd -c t.conf --acknowledge " A,
		sample_kid(1));
	assert_held(x, sample_pem(0), want.data);
	buf_release(&want);
	buf_printf(&want, "the published key %s is gone", sample_kid(0));
	assert_held(x, sample_pems(1, 3), want.data);
	buf_release(&want);
	buf_release(&private);
	assert_int_equal(publisher_status(x->p).held, 0);
}

static void
test_another_problem_is_told_again(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_write("a", "no key\n");
	publish_work(x);
	scratch_remove("a");
	x->now += 10;
	publish_work(x);
	assert_int_equal(publish_told(x, "keeping the last good set"), 2);
	assert_int_equal(publish_told(x, "cannot be found"), 1);
	assert_int_equal(publisher_find(x->p, A)->problem_since, SAMPLE_NOW);
}

/* --- letting keys go ---------------------------------------------------- */

/* What jwksd --acknowledge does: write down what the sources say now. */
static void
acknowledge(const char *url, unsigned first, unsigned count)
{
	struct source_mark marks[8];
	struct key_set set = KEY_SET_INIT;
	const char *pems = sample_pems(first, count);
	const char *jwks = sample_jwks(first, count);
	unsigned i;
	int dir;

	assert_int_equal(key_parse(pems, strlen(pems), &set, NULL), 0);
	for (i = 0; i < count; i++) {
		marks[i].kid = set.keys[i]->kid;
		marks[i].print = source_print(set.keys[i]);
	}
	dir = open("state", O_RDONLY | O_DIRECTORY);
	assert_true(dir >= 0);
	assert_int_equal(source_record_save(dir, url, SAMPLE_NOW + 5, marks,
				 count, jwks, strlen(jwks), NULL),
		0);
	close(dir);
	key_set_release(&set);
}

static void
test_acknowledge(void **state)
{
	struct publish *x = *state;

	scratch_write("a", sample_pems(0, 2));
	publish_configure(x, BLOCK_A);
	scratch_write("a", sample_pem(0));
	publish_work(x);
	publish_assert(x, A, OIDC_HELD, 0, 2);
	x->now += 60;
	acknowledge(A, 0, 1);
	publish_work(x); /* the record is watched too */
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(modified(x, A), SAMPLE_NOW + 5);
	/* the other key may not go as well because of that */
	scratch_write("a", sample_pem(1));
	publish_work(x);
	publish_assert(x, A, OIDC_HELD, 0, 1);
}

/* Only what was acknowledged may go. */
static void
test_acknowledge_of_something_else(void **state)
{
	struct publish *x = *state;

	scratch_write("a", sample_pems(0, 3));
	publish_configure(x, BLOCK_A);
	scratch_write("a", sample_pem(0));
	publish_work(x);
	acknowledge(A, 0, 2);
	publish_work(x);
	publish_assert(x, A, OIDC_HELD, 0, 3);
	assert_non_null(
		strstr(publisher_find(x->p, A)->problem, sample_kid(1)));
}

static void
write_ring(const char *url, unsigned first, unsigned count,
	const enum keyring_state *states)
{
	scratch_replace(
		"a/keyring.json", sample_ring(url, first, count, states));
}

static void
test_a_rotation_may_take_a_key_out(void **state)
{
	const enum keyring_state one[] = {KEYRING_RETIRING, KEYRING_ACTIVE};
	const enum keyring_state two[] = {KEYRING_RETIRED, KEYRING_ACTIVE};
	struct publish *x = *state;
	const struct oidc_issuer *issuer;

	scratch_mkdir("a");
	write_ring(A, 0, 2, one);
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	issuer = publisher_find(x->p, A);
	/* a rotation is open: caches are to be short */
	assert_int_equal(issuer->max_age, SAMPLE_ROTATION_MAX_AGE);
	assert_int_equal(issuer->keys[0].has_state, 1);
	assert_int_equal(issuer->keys[0].state, KEYRING_RETIRING);
	assert_int_equal(issuer->keys[0].since, SAMPLE_SUPERSEDED);
	assert_int_equal(issuer->keys[1].state, KEYRING_ACTIVE);
	write_ring(A, 0, 2, two);
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 1, 1);
	assert_int_equal(publisher_find(x->p, A)->max_age, SAMPLE_MAX_AGE);
	/* the keyring forgets a key that is published */
	write_ring(A, 2, 1, &one[1]);
	publish_work(x);
	publish_assert(x, A, OIDC_HELD, 1, 1);
}

static void
test_state_without_new_bytes(void **state)
{
	const enum keyring_state one[] = {KEYRING_ACTIVE, KEYRING_STAGED};
	const enum keyring_state two[] = {KEYRING_RETIRING, KEYRING_ACTIVE};
	struct publish *x = *state;

	scratch_mkdir("a");
	write_ring(A, 0, 2, one);
	publish_configure(x, BLOCK_A);
	write_ring(A, 0, 2, two);
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	assert_int_equal(x->catalogs, 1);
	assert_int_equal(
		publisher_find(x->p, A)->keys[1].state, KEYRING_ACTIVE);
}

/* --- another configuration ---------------------------------------------- */

static void
test_blocks_come_and_go(void **state)
{
	struct publish *x = *state;
	const struct http_response *doc;
	struct publisher_status status;
	uint32_t slot;

	start(x);
	scratch_write("b", sample_pem(1));
	doc = publish_response(x, A, OIDC_JWKS);
	publish_configure(x, BLOCK_B BLOCK_A);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	publish_assert(x, B, OIDC_FRESH, 1, 1);
	assert_int_equal(x->catalogs, 2);
	assert_ptr_equal(publish_response(x, A, OIDC_JWKS), doc);
	slot = publisher_find(x->p, A)->slot;
	publish_configure(x, BLOCK_B);
	publish_assert(x, B, OIDC_FRESH, 1, 1);
	assert_null(publisher_find(x->p, A));
	assert_null(publish_jwks(x, A));
	assert_null(publisher_by_slot(x->p, slot));
	assert_int_equal(publish_told(x, "info " A ": no longer served"), 1);
	status = publisher_status(x->p);
	assert_int_equal(status.catalogs_alive, 4);
	/* a worker may still be behind: what A had is there until none is */
	publisher_reclaim(x->p, 2);
	assert_int_equal(publisher_status(x->p).catalogs_alive, 2);
	publisher_reclaim(x->p, 3);
	assert_int_equal(publisher_status(x->p).catalogs_alive, 1);
	/* its file is nobody's any more */
	scratch_write("a", sample_pem(3));
	publish_work(x);
	assert_int_equal(x->generation, 3);
}

static void
test_options_of_a_block_change(void **state)
{
	struct publish *x = *state;
	const char *fields;
	size_t len;
	char text[2048];

	start(x);
	publish_configure(x, "issuer \"" A "\" { keys = { \"a\" } max-age = 77 "
			     "jwks-content-type = \"application/json\" }\n");
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(publisher_find(x->p, A)->max_age, 77);
	fields = http_response_fields(publish_response(x, A, OIDC_JWKS), &len);
	snprintf(text, sizeof(text), "%.*s", (int)len, fields);
	assert_non_null(strstr(text, "max-age=77\r\n"));
	assert_non_null(strstr(text, "Content-Type: application/json\r\n"));
	publish_configure(
		x, "issuer \"" A "\" { keys = { \"a\" } max-age = 77 }\n");
	fields = http_response_fields(publish_response(x, A, OIDC_JWKS), &len);
	snprintf(text, sizeof(text), "%.*s", (int)len, fields);
	assert_non_null(strstr(text, "application/jwk-set+json\r\n"));
	publish_configure(
		x, "issuer \"" A "\" { keys = { \"a\" } max-age = 55 }\n");
	fields = http_response_fields(publish_response(x, A, OIDC_JWKS), &len);
	snprintf(text, sizeof(text), "%.*s", (int)len, fields);
	assert_non_null(strstr(text, "max-age=55\r\n"));
	/* other files, which must have the key that is published */
	scratch_write("b", sample_pem(1));
	publish_configure(x, "issuer \"" A "\" { keys = { \"b\" } }\n");
	publish_assert(x, A, OIDC_HELD, 0, 1);
	publish_configure(x, "issuer \"" A "\" { keys = { \"a\", \"b\" } }\n");
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	assert_int_equal(publisher_find(x->p, A)->max_age, 3600);
}

/* Nothing of it is taken over: not the good half, not the new options. */
static void
test_failing_configuration_changes_nothing(void **state)
{
	struct publish *x = *state;
	struct publisher_status before, after;
	const struct http_response *doc;
	struct error e = {0};
	size_t n;
	int i;

	start(x);
	scratch_mkdir("c");
	scratch_write("c/key.pem", sample_pem(2));
	scratch_write("b", "no key\n");
	doc = publish_response(x, A, OIDC_JWKS);
	before = publisher_status(x->p);
	for (i = 0; i < 3; i++) {
		error_clear(&e);
		assert_int_equal(
			publish_try(x,
				"state = \"elsewhere\"\n"
				"issuer \"" A
				"\" { keys = { \"a\" } max-age = 77 }\n"
				"issuer \"https://aa.example\" "
				"{ keys = { \"c\" } }\n" BLOCK_B,
				&e),
			-1);
		assert_non_null(strstr(e.text, "issuer \"" B "\": b: "));
		publish_work_all(x);
	}
	after = publisher_status(x->p);
	assert_int_equal(after.document_bytes, before.document_bytes);
	assert_int_equal(after.watches, before.watches);
	assert_int_equal(after.catalogs_alive, before.catalogs_alive);
	publisher_issuers(x->p, &n);
	assert_int_equal(n, 1);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_ptr_equal(publish_response(x, A, OIDC_JWKS), doc);
	assert_int_equal(publisher_find(x->p, A)->max_age, 3600);
	assert_null(publish_jwks(x, "https://aa.example"));
	assert_int_equal(x->catalogs, 1);
	assert_int_equal(publish_told(x, "published"), 0);
	/* slots were given back: the next one is the second */
	scratch_write("b", sample_pem(1));
	publish_configure(x, BLOCK_A BLOCK_B);
	assert_int_equal(publisher_find(x->p, B)->slot, 1);
	/* and the state directory is the old one */
	assert_int_equal(scratch_count("state"), 2);
	assert_int_equal(scratch_count("elsewhere"), 0);
}

static void
test_another_state_directory(void **state)
{
	struct publish *x = *state;

	start(x);
	publish_configure(x, "state = \"elsewhere\"\n" BLOCK_A);
	assert_int_equal(scratch_count("elsewhere"), 1);
	publish_restart(x, true);
	scratch_write("a", "no key\n");
	publish_configure(x, "state = \"elsewhere\"\n" BLOCK_A);
	publish_assert(x, A, OIDC_HELD, 0, 1);
	publish_configure(x, "state = \"\"\n" BLOCK_A);
	publish_assert(x, A, OIDC_HELD, 0, 1);
	scratch_write("a", sample_pems(0, 2));
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
}

/* Two names for one place in the catalog; a fleet's member is told apart only
 * when its directory is there. */
static void
test_two_issuers_of_one_place(void **state)
{
	struct publish *x = *state;
	struct error e = {0};

	scratch_write("a", sample_pem(0));
	scratch_mkdir("fleet");
	scratch_mkdir("fleet/x");
	scratch_write("fleet/x/key.pem", sample_pem(1));
	assert_int_equal(publish_try(x,
				 "issuer \"" CLASH_1 "\" { keys = { \"a\" } }\n"
				 "issuers \"http://localhost:2/a/*\" "
				 "{ directory = \"fleet\" }\n",
				 &e),
		-1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "is already served for another issuer"));
	assert_non_null(strstr(e.text, "http://localhost:2/a/x"));
}

/* --- records ------------------------------------------------------------ */

/* A full disk, or a directory that was taken away: said once, made up for. */
static void
test_record_that_cannot_be_written(void **state)
{
	struct publish *x = *state;
	char path[256];
	int i;

	start(x);
	snprintf(path, sizeof(path), "%s", scratch_only("state"));
	scratch_remove(path);
	scratch_mkdir(path);
	scratch_write("a", sample_pems(0, 2));
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	assert_int_equal(publish_told(x, "warn " A ": the last good set "), 1);
	for (i = 0; i < 200; i++) {
		publisher_scan(x->p, ++x->now);
		publisher_work(x->p, x->now, 0);
	}
	assert_int_equal(publish_told(x, "the last good set "), 1);
	/* the record knows nothing of the second key: it must not go for that
	 */
	scratch_remove(path);
	acknowledge(A, 0, 1);
	scratch_remove(path);
	for (i = 0; i < 200; i++) {
		publisher_scan(x->p, ++x->now);
		publisher_work(x->p, x->now, 0);
	}
	assert_int_equal(scratch_count("state"), 1);
	publish_restart(x, true);
	scratch_write("a", "no key\n");
	publish_configure(x, BLOCK_A);
	publish_assert(x, A, OIDC_HELD, 0, 2);
}

/* As on a full disk, which has room again afterwards. */
static void
work_without_room(struct publish *x)
{
	struct rlimit before, none;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	publish_work(x);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void
test_stale_record_lets_no_key_go(void **state)
{
	struct publish *x = *state;

	start(x);
	scratch_write("a", sample_pems(0, 2));
	work_without_room(x);
	assert_int_equal(publish_told(x, "File too large"), 1);
	assert_int_equal(scratch_count("state"), 1);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	/* the record has the first key only, and nobody wrote that */
	scratch_write("a", "no key\n");
	publish_work(x);
	scratch_write("a", sample_pem(0));
	publish_work(x);
	publish_assert(x, A, OIDC_HELD, 0, 2);
}

static void
test_state_that_cannot_be_made(void **state)
{
	struct publish *x = *state;

	scratch_write("a", sample_pem(0));
	scratch_write("file", "");
	publish_configure(x, "state = \"file\"\n" BLOCK_A);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(publish_told(x, "warn -: state "), 1);
	assert_int_equal(publish_told(x, "will not survive a restart"), 1);
	scratch_write("a", "no key\n");
	publish_work(x);
	publish_assert(x, A, OIDC_HELD, 0, 1);
}

static void
test_flush(void **state)
{
	struct publish *x = *state;
	struct error e = {0};

	scratch_write("a", sample_pem(0));
	assert_int_equal(publish_try(x, BLOCK_A, &e), 0);
	assert_int_equal(scratch_count("state"), 0);
	publisher_flush(x->p, 5000);
	assert_int_equal(scratch_count("state"), 1);
}

/* --- being told, or not ------------------------------------------------- */

static bool no_inotify, no_watches_left;

int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int
__wrap_inotify_init1(int flags)
{
	if (!no_inotify)
		return __real_inotify_init1(flags);
	errno = EMFILE;
	return -1;
}

int
__wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (!no_watches_left)
		return __real_inotify_add_watch(fd, path, mask);
	errno = ENOSPC;
	return -1;
}

/* A second has passed. */
static void
tick(struct publish *x)
{
	publisher_scan(x->p, ++x->now);
	publisher_work(x->p, x->now, 0);
}

static void
ticks(struct publish *x, int seconds)
{
	while (seconds-- > 0)
		tick(x);
}

static void
test_scan_sees_what_nobody_told(void **state)
{
	struct publish *x = *state;
	int64_t round;

	publish_restart(x, false);
	assert_int_equal(publisher_watch_fd(x->p), -1);
	scratch_write("a", sample_pem(0));
	publish_configure(x, "rescan = 100\n" BLOCK_A);
	assert_int_equal(publisher_watch_fd(x->p), -1);
	ticks(x, 250);
	round = publisher_status(x->p).last_scan;
	assert_in_range(round, x->now - 101, x->now);
	scratch_write("a", sample_pems(0, 2));
	ticks(x, 101);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	/* not sooner than it should */
	round = publisher_status(x->p).last_scan;
	while (publisher_status(x->p).last_scan == round)
		tick(x);
	round = publisher_status(x->p).last_scan;
	ticks(x, 99);
	assert_int_equal(publisher_status(x->p).last_scan, round);
	ticks(x, 2);
	assert_in_range(
		publisher_status(x->p).last_scan, round + 100, round + 101);
	/* the clock was set back by a day: no day without looking */
	x->now -= 86400;
	scratch_write("a", sample_pems(0, 3));
	ticks(x, 201);
	publish_assert(x, A, OIDC_FRESH, 0, 3);
}

static void
test_kernel_has_no_watches_left(void **state)
{
	struct publish *x = *state;

	scratch_write("a", sample_pem(0));
	scratch_write("b", sample_pem(1));
	no_watches_left = true;
	publish_configure(x, "rescan = 10\n" BLOCK_A BLOCK_B);
	no_watches_left = false;
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	assert_int_equal(publish_told(x, "fs.inotify.max_user_watches"), 1);
	assert_int_equal(publish_told(x, "is looked at every 10 seconds"), 1);
	assert_non_null(publisher_status(x->p).watches_problem);
	scratch_write("a", sample_pems(0, 2));
	publish_work(x);
	publish_assert(x, A, OIDC_FRESH, 0, 1);
	ticks(x, 21);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
	/* the limit was raised: a reload finds that out */
	publish_configure(x, BLOCK_A BLOCK_B);
	assert_null(publisher_status(x->p).watches_problem);
	scratch_write("b", sample_pems(1, 2));
	publish_work(x);
	publish_assert(x, B, OIDC_FRESH, 1, 2);
}

static void
test_kernel_has_no_inotify_left(void **state)
{
	struct publish *x = *state;

	no_inotify = true;
	publish_restart(x, true);
	scratch_write("a", sample_pem(0));
	publish_configure(x, "rescan = 10\n" BLOCK_A);
	no_inotify = false;
	assert_int_equal(publisher_watch_fd(x->p), -1);
	assert_int_equal(publish_told(x, "warn -: inotify: "), 1);
	assert_non_null(publisher_status(x->p).watches_problem);
	scratch_write("a", sample_pems(0, 2));
	ticks(x, 21);
	publish_assert(x, A, OIDC_FRESH, 0, 2);
}

/* In slices, so that the loop turns in between; all of it in the end. */
static void
test_work_in_slices(void **state)
{
	struct publish *x = *state;
	struct buf blocks = BUF_INIT;
	char name[32];
	int i, slices = 0;
	size_t n;

	buf_puts(&blocks, "state = \"\"\n");
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		scratch_write(name, sample_pem(0));
		buf_printf(&blocks,
			"issuer \"https://h.example/%d\" "
			"{ keys = { \"%s\" } }\n",
			i, name);
	}
	publish_configure(x, blocks.data);
	/* very many are not told one by one */
	assert_int_equal(publish_told(x, "published"), 0);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		scratch_write(name, sample_pems(0, 2));
	}
	assert_true(publisher_watch_read(x->p));
	while (publisher_work(x->p, x->now, 1))
		slices++;
	assert_true(slices > 0);
	publisher_issuers(x->p, &n);
	assert_int_equal(n, 300);
	publish_assert(x, "https://h.example/0", OIDC_FRESH, 0, 2);
	publish_assert(x, "https://h.example/299", OIDC_FRESH, 0, 2);
	publisher_reclaim(x->p, x->generation);
	assert_int_equal(publisher_status(x->p).catalogs_alive, 1);
	buf_release(&blocks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(test_first_load),
		PUBLISH_TEST(test_a_file_from_the_future),
		PUBLISH_TEST(test_bad_at_first),
		PUBLISH_TEST(test_bad_at_first_with_a_record),
		PUBLISH_TEST(test_shrunk_at_first),
		PUBLISH_TEST(test_good_again_after_a_restart),
		PUBLISH_TEST(test_damaged_record),
		PUBLISH_TEST(test_change_is_published),
		PUBLISH_TEST(test_same_bytes_are_not_published_again),
		PUBLISH_TEST(test_held),
		PUBLISH_TEST(test_another_problem_is_told_again),
		PUBLISH_TEST(test_acknowledge),
		PUBLISH_TEST(test_acknowledge_of_something_else),
		PUBLISH_TEST(test_a_rotation_may_take_a_key_out),
		PUBLISH_TEST(test_state_without_new_bytes),
		PUBLISH_TEST(test_blocks_come_and_go),
		PUBLISH_TEST(test_options_of_a_block_change),
		PUBLISH_TEST(test_failing_configuration_changes_nothing),
		PUBLISH_TEST(test_another_state_directory),
		PUBLISH_TEST(test_two_issuers_of_one_place),
		PUBLISH_TEST(test_record_that_cannot_be_written),
		PUBLISH_TEST(test_stale_record_lets_no_key_go),
		PUBLISH_TEST(test_state_that_cannot_be_made),
		PUBLISH_TEST(test_flush),
		PUBLISH_TEST(test_scan_sees_what_nobody_told),
		PUBLISH_TEST(test_kernel_has_no_watches_left),
		PUBLISH_TEST(test_kernel_has_no_inotify_left),
		PUBLISH_TEST(test_work_in_slices),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
