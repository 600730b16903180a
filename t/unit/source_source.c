/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "sample_key.h"
#include "sample_ring.h"
#include "scratch.h"
#include "source/source.h"

#define ISSUER "https://h.example/a"
#define MAX_PATHS 8

/* Paths separated by blanks, as source_load wants them. */
struct paths {
	char text[1024];
	char *list[MAX_PATHS];
	size_t count;
};

static void
split(const char *text, struct paths *out)
{
	char *at, *save = NULL;

	out->count = 0;
	snprintf(out->text, sizeof(out->text), "%s", text);
	for (at = strtok_r(out->text, " ", &save); at != NULL;
		at = strtok_r(NULL, " ", &save)) {
		assert_true(out->count < MAX_PATHS);
		out->list[out->count++] = at;
	}
}

static int
load(const char *text, struct source_set *set, struct error *e)
{
	struct paths paths;

	split(text, &paths);
	return source_load(paths.list, paths.count, ISSUER, SAMPLE_NOW, set, e);
}

/* Exactly these sample keys, in this order, "0 1 2". */
static void
assert_keys(const struct source_set *set, const char *want)
{
	struct buf got = BUF_INIT;
	unsigned n;
	size_t i;

	for (i = 0; i < set->keys.count; i++) {
		for (n = 0; n < 20; n++)
			if (strcmp(set->keys.keys[i]->kid, sample_kid(n)) == 0)
				break;
		buf_printf(&got, "%s%u", i > 0 ? " " : "", n);
	}
	assert_string_equal(got.data == NULL ? "" : got.data, want);
	buf_release(&got);
}

static void
assert_loads(const char *text, const char *want)
{
	struct source_set set = {.keys = KEY_SET_INIT};
	struct error e = {0};
	size_t i;

	if (load(text, &set, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	assert_keys(&set, want);
	for (i = 0; i < set.keys.count; i++)
		assert_false(set.notes[i].has_state);
	assert_int_equal(set.max_age, -1);
	assert_int_equal(set.n_withdrawn, 0);
	source_set_release(&set);
}

/* Refused with this code and these words; a set that held keys holds them
 * still. */
static void
assert_refused(const char *text, enum error_code code, const char *why)
{
	struct source_set set = {.keys = KEY_SET_INIT, .max_age = 4711};
	struct source_set before = set;
	struct error e = {0};

	if (load(text, &set, &e) != -1)
		fail_msg("%s was taken", text);
	if (e.code != code || strstr(e.text, why) == NULL)
		fail_msg("%s: %s: %s", text, error_code_name(e.code), e.text);
	assert_memory_equal(&set, &before, sizeof(set));
	assert_int_equal(load(text, &set, NULL), -1);
}

/* --- files -------------------------------------------------------------- */

static void
test_order_is_that_of_the_paths(void **state)
{
	(void)state;
	scratch_write("b", sample_pems(0, 2));
	scratch_write("a", sample_pem(2));
	assert_loads("b a", "0 1 2");
	assert_loads("a b", "2 0 1");
}

static void
test_the_same_key_is_there_once(void **state)
{
	(void)state;
	scratch_write("a", sample_pems(0, 2));
	scratch_write("b", sample_pems(1, 2));
	scratch_write("c", sample_jwks(0, 3));
	assert_loads("a b c", "0 1 2");
	assert_loads("a a", "0 1");
	assert_loads("b a", "1 2 0");
}

static void
test_all_or_nothing(void **state)
{
	char jwks[1024], shouted[1024], *at;

	(void)state;
	scratch_write("good", sample_pem(0));
	scratch_write("empty", "");
	scratch_write("text", "no key in here\n");
	scratch_write("broken", "-----BEGIN PUBLIC KEY-----\nAAAA\n"
				"-----END PUBLIC KEY-----\n");
	scratch_mkdir("none");
	assert_refused("good missing", ERROR_SYS, "missing: cannot be found");
	assert_refused("missing good", ERROR_SYS, "missing: cannot be found");
	assert_refused("good broken", ERROR_PARSE, "broken: block 1: ");
	assert_refused("good empty", ERROR_NOTFOUND, "empty: ");
	assert_refused("good text", ERROR_NOTFOUND, "text: ");
	assert_refused("good /dev/null", ERROR_INVALID, "/dev/null: is a dev");
	scratch_link("missing", "dangling");
	assert_refused("good dangling", ERROR_SYS, "dangling: ");
	scratch_link("loop", "loop");
	assert_refused("good loop", ERROR_SYS, "loop: ");
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_refused("good fifo", ERROR_INVALID, "fifo: is a FIFO");
	/* another key under a kid that is there: one of them would be lost */
	snprintf(jwks, sizeof(jwks), "%s", sample_jwk(1));
	at = strstr(jwks, sample_kid(1));
	assert_non_null(at);
	memcpy(at, sample_kid(0), strlen(sample_kid(0)));
	scratch_write("clash", jwks);
	assert_refused("good clash", ERROR_CONFLICT, "clash: ");
	snprintf(shouted, sizeof(shouted), "none: no public key there");
	assert_refused("none", ERROR_NOTFOUND, shouted);
	assert_refused("", ERROR_NOTFOUND, "no public key there");
	assert_loads("good none", "0");
}

static void
test_too_large(void **state)
{
	int fd;

	(void)state;
	scratch_mkdir("d");
	fd = open("d/sparse.pem", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, INT64_C(10) << 30), 0);
	close(fd);
	assert_refused("d/sparse.pem", ERROR_LIMIT, "10737418240 bytes");
	assert_refused("d", ERROR_LIMIT, "d/sparse.pem: has 10737418240");
}

/* Whoever could write there could sign for the cluster. */
static void
test_world_writable_is_refused(void **state)
{
	(void)state;
	scratch_mkdir("d");
	scratch_write("d/a.pem", sample_pem(0));
	scratch_link("d/a.pem", "link");
	assert_int_equal(chmod("d/a.pem", 0666), 0);
	assert_refused("d", ERROR_DENIED,
		"d/a.pem: anyone may write to this file (mode 0666): chmod");
	assert_refused("link", ERROR_DENIED, "link: anyone may write");
	assert_int_equal(chmod("d/a.pem", 0664), 0);
	assert_loads("d link", "0");
}

static int
load_closed(void *arg)
{
	struct source_set set = {.keys = KEY_SET_INIT};
	char path[] = "closed.pem", *paths[] = {path};
	struct error *e = arg;

	return source_load(paths, 1, ISSUER, SAMPLE_NOW, &set, e) == -1 &&
			       e->code == ERROR_SYS &&
			       strstr(e->text, "closed.pem: cannot be opened")
		       ? 0
		       : 1;
}

static void
test_unreadable(void **state)
{
	struct error e = {0};

	(void)state;
	scratch_write("closed.pem", sample_pem(0));
	assert_int_equal(chmod("closed.pem", 0), 0);
	assert_int_equal(scratch_as_nobody(load_closed, &e), 0);
}

static void
test_modified_is_the_newest(void **state)
{
	struct source_set set = {.keys = KEY_SET_INIT};
	struct timespec old[2] = {{1000, 0}, {1000, 0}};
	struct timespec new[2] = {{2000, 999999999}, {2000, 999999999}};

	(void)state;
	scratch_write("a", sample_pem(0));
	scratch_write("b", sample_pem(1));
	assert_int_equal(utimensat(AT_FDCWD, "a", new, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "b", old, 0), 0);
	assert_int_equal(load("a b", &set, NULL), 0);
	assert_int_equal(set.modified, 2000);
	source_set_release(&set);
}

/* --- directories -------------------------------------------------------- */

static void
test_names_that_are_read(void **state)
{
	static const char *const read[] = {"a.pem", "b.pub", "c.crt", "d.cer",
		"e.der", "f.key", "g.json", "h.jwk", "i.jwks"};
	static const char *const not_read[] = {"pem", "a", "a.txt", "a.pem~",
		"a.pem.bak", ".a.pem", ".pem", "..2026", "README", "a.PEM",
		"a.sha256", "#a.pem#", "a.pem.swp"};
	char path[64];
	size_t i;

	(void)state;
	scratch_mkdir("d");
	for (i = 0; i < sizeof(not_read) / sizeof(not_read[0]); i++) {
		snprintf(path, sizeof(path), "d/%s", not_read[i]);
		scratch_write(path, "not for us");
	}
	scratch_mkdir("d/sub");
	scratch_write("d/sub/z.pem", sample_pem(9));
	for (i = sizeof(read) / sizeof(read[0]); i > 0; i--) {
		snprintf(path, sizeof(path), "d/%s", read[i - 1]);
		/* the form is told by the bytes */
		scratch_write(path, i % 2 == 0 ? sample_pem((unsigned)i - 1)
					       : sample_jwk((unsigned)i - 1));
	}
	assert_loads("d", "0 1 2 3 4 5 6 7 8");
	assert_loads("d/", "0 1 2 3 4 5 6 7 8");
	/* a path that is named is read whatever it is called */
	scratch_write("d/a.txt", sample_pem(9));
	assert_loads("d/a.txt d", "9 0 1 2 3 4 5 6 7 8");
	/* what has such a name and is no file makes the set an error */
	scratch_mkdir("d/x.pem");
	assert_refused("d", ERROR_INVALID, "d/x.pem: is a directory");
}

/* kubelet: sa.pub -> ..data/sa.pub, ..data -> ..TIME */
static void
test_mounted_config_map(void **state)
{
	(void)state;
	scratch_mkdir("d");
	scratch_mkdir("d/..1");
	scratch_write("d/..1/sa.pub", sample_pem(0));
	scratch_write("d/..1/old.pub", sample_pem(1));
	scratch_link("..1", "d/..data");
	scratch_link("..data/sa.pub", "d/sa.pub");
	scratch_link("..data/old.pub", "d/old.pub");
	assert_loads("d", "1 0");
	assert_loads("d/sa.pub", "0");
	scratch_mkdir("d/..2");
	scratch_write("d/..2/sa.pub", sample_pem(2));
	scratch_write("d/..2/old.pub", sample_pem(0));
	scratch_link("..2", "d/..data_tmp");
	scratch_rename("d/..data_tmp", "d/..data");
	assert_loads("d", "0 2");
}

static void
make_files(unsigned from, unsigned to)
{
	char path[32];

	for (; from < to; from++) {
		snprintf(path, sizeof(path), "d/%03u.pem", from);
		scratch_write(path, sample_pem(0));
	}
}

static void
test_number_of_files(void **state)
{
	static const enum keyring_state active[] = {KEYRING_ACTIVE};
	struct source_set set = {.keys = KEY_SET_INIT};

	(void)state;
	scratch_mkdir("d");
	make_files(0, SOURCE_FILES_MAX);
	assert_loads("d", "0");
	make_files(SOURCE_FILES_MAX, SOURCE_FILES_MAX + 1);
	assert_refused("d", ERROR_LIMIT,
		"d: more than 256 key files in one directory");
	/* beside a keyring they do not matter */
	scratch_write("d/keyring.json", sample_ring(ISSUER, 5, 1, active));
	assert_int_equal(load("d", &set, NULL), 0);
	assert_keys(&set, "5");
	source_set_release(&set);
}

/* --- keyrings ----------------------------------------------------------- */

static const enum keyring_state every_state[] = {KEYRING_RETIRED,
	KEYRING_RETIRING, KEYRING_REVOKED, KEYRING_ACTIVE, KEYRING_STAGED};

static void
assert_note(const struct source_set *set, size_t i, enum keyring_state state,
	int64_t since)
{
	assert_true(set->notes[i].has_state);
	assert_int_equal(set->notes[i].state, state);
	assert_int_equal(set->notes[i].since, since);
}

static void
test_keyring(void **state)
{
	struct source_set set = {.keys = KEY_SET_INIT};
	struct error e = {0};

	(void)state;
	scratch_mkdir("d");
	scratch_write("d/other.pem", "not even looked at");
	scratch_write("d/keyring.json", sample_ring(ISSUER, 0, 5, every_state));
	if (load("d", &set, &e) != 0)
		fail_msg("%s", e.text);
	assert_keys(&set, "1 3 4");
	assert_note(&set, 0, KEYRING_RETIRING, SAMPLE_SUPERSEDED);
	assert_note(&set, 1, KEYRING_ACTIVE, SAMPLE_ACTIVATED);
	assert_note(&set, 2, KEYRING_STAGED, SAMPLE_PUBLISHED);
	assert_true(set.notes[0].next_due > SAMPLE_SUPERSEDED);
	assert_int_equal(set.notes[1].next_due, 0);
	assert_int_equal(set.n_withdrawn, 2);
	assert_string_equal(set.withdrawn[0], sample_kid(0));
	assert_string_equal(set.withdrawn[1], sample_kid(2));
	assert_int_equal(set.max_age, SAMPLE_ROTATION_MAX_AGE);
	source_set_release(&set);
	assert_null(set.keys.keys);
	assert_int_equal(set.max_age, -1);
}

/* sa.pub and the keyring that it was taken from: what the keyring knows of a
 * key is known, whichever comes first. */
static void
test_keyring_beside_files(void **state)
{
	static const char *const orders[] = {"ring sa.pub", "sa.pub ring"};
	struct source_set set = {.keys = KEY_SET_INIT};
	struct error e = {0};
	size_t i, at;

	(void)state;
	scratch_mkdir("ring");
	scratch_write("ring/keyring.json",
		sample_ring(ISSUER, 0, 2,
			(enum keyring_state[]){
				KEYRING_ACTIVE, KEYRING_STAGED}));
	scratch_write("sa.pub", sample_pems(1, 2));
	for (i = 0; i < 2; i++) {
		if (load(orders[i], &set, &e) != 0)
			fail_msg("%s", e.text);
		assert_keys(&set, i == 0 ? "0 1 2" : "1 2 0");
		at = i == 0 ? 0 : 2;
		assert_note(&set, at, KEYRING_ACTIVE, SAMPLE_ACTIVATED);
		at = i == 0 ? 1 : 0;
		assert_note(&set, at, KEYRING_STAGED, SAMPLE_PUBLISHED);
		at = i == 0 ? 2 : 1;
		assert_false(set.notes[at].has_state);
		source_set_release(&set);
	}
}

/* Retired and revoked keys stay out, whoever else has them. */
static void
test_keyring_withdraws_from_files(void **state)
{
	static const char *const orders[] = {"ring sa.pub", "sa.pub ring"};
	struct source_set set = {.keys = KEY_SET_INIT};
	size_t i;

	(void)state;
	scratch_mkdir("ring");
	scratch_write("ring/keyring.json",
		sample_ring(ISSUER, 0, 3,
			(enum keyring_state[]){KEYRING_REVOKED, KEYRING_RETIRED,
				KEYRING_ACTIVE}));
	scratch_write("sa.pub", sample_pems(0, 4));
	for (i = 0; i < 2; i++) {
		assert_int_equal(load(orders[i], &set, NULL), 0);
		assert_keys(&set, "2 3");
		assert_note(&set, 0, KEYRING_ACTIVE, SAMPLE_ACTIVATED);
		assert_false(set.notes[1].has_state);
		source_set_release(&set);
	}
	scratch_write("sa.pub", sample_pems(0, 2));
	scratch_write("ring/keyring.json",
		sample_ring(ISSUER, 0, 2,
			(enum keyring_state[]){
				KEYRING_REVOKED, KEYRING_RETIRED}));
	assert_refused("ring sa.pub", ERROR_NOTFOUND, "no public key there");
}

/* The least of what they ask for, whichever comes first. */
static void
test_two_keyrings(void **state)
{
	static const enum keyring_state active[] = {KEYRING_ACTIVE};
	static const enum keyring_state staged[] = {KEYRING_STAGED};
	struct source_set set = {.keys = KEY_SET_INIT};

	(void)state;
	scratch_mkdir("open");
	scratch_mkdir("still");
	scratch_write("open/keyring.json", sample_ring(ISSUER, 0, 1, staged));
	scratch_write("still/keyring.json", sample_ring(ISSUER, 1, 1, active));
	assert_int_equal(load("open still", &set, NULL), 0);
	assert_int_equal(set.max_age, SAMPLE_ROTATION_MAX_AGE);
	source_set_release(&set);
	assert_int_equal(load("still open", &set, NULL), 0);
	assert_int_equal(set.max_age, SAMPLE_ROTATION_MAX_AGE);
	source_set_release(&set);
	assert_int_equal(load("still", &set, NULL), 0);
	assert_int_equal(set.max_age, SAMPLE_MAX_AGE);
	source_set_release(&set);
}

static void
test_keyring_that_is_wrong(void **state)
{
	static const enum keyring_state gone[] = {
		KEYRING_RETIRED, KEYRING_REVOKED};

	(void)state;
	scratch_mkdir("d");
	scratch_write("d/good.pem", sample_pem(0));
	scratch_write("d/keyring.json", "{}");
	assert_refused("d", ERROR_PARSE, "d/keyring.json: ");
	scratch_write("d/keyring.json",
		sample_ring("https://other.example", 0, 5, every_state));
	assert_refused("d", ERROR_CONFLICT,
		"d/keyring.json: this keyring is of the issuer "
		"\"https://other.example\"");
	scratch_write("d/keyring.json", sample_ring(ISSUER, 0, 2, gone));
	assert_refused("d", ERROR_NOTFOUND, "d: no public key there");
	scratch_remove("d/keyring.json");
	scratch_link("missing", "d/keyring.json");
	assert_refused("d", ERROR_SYS, "d/keyring.json: cannot be found");
}

static void
test_any_issuers_keyring(void **state)
{
	struct source_set set = {.keys = KEY_SET_INIT};
	char path[] = "keyring.json", *paths[] = {path};

	(void)state;
	scratch_write(path, sample_ring("https://other.example", 0, 1,
				    (enum keyring_state[]){KEYRING_ACTIVE}));
	assert_int_equal(
		source_load(paths, 1, NULL, SAMPLE_NOW, &set, NULL), 0);
	assert_keys(&set, "0");
	assert_int_equal(set.max_age, SAMPLE_MAX_AGE);
	source_set_release(&set);
}

/* What a mirror has let go may be missing, but is nobody else's to take out. */
static void
test_released(void **state)
{
	struct source_set set = {.keys = KEY_SET_INIT};
	struct error e = {0};
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text),
		"{\"keys\":[%s],\"withdrawn\":[{\"kid\":\"%s\"},"
		"{\"kid\":\"%s\"},{\"kid\":7},8]}",
		sample_jwk(0), sample_kid(1), sample_kid(2));
	scratch_write("mirror.jwks", text);
	scratch_write("other.pem", sample_pem(2));
	if (load("mirror.jwks other.pem", &set, &e) != 0)
		fail_msg("%s", e.text);
	assert_keys(&set, "0 2");
	assert_true(source_may_lack(&set, sample_kid(1)));
	assert_true(source_may_lack(&set, sample_kid(2)));
	assert_false(source_may_lack(&set, sample_kid(3)));
	assert_false(source_is_withdrawn(&set, sample_kid(1)));
	assert_int_equal(set.n_withdrawn, 0);
	source_set_release(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_order_is_that_of_the_paths),
		SCRATCH_TEST(test_the_same_key_is_there_once),
		SCRATCH_TEST(test_all_or_nothing),
		SCRATCH_TEST(test_too_large),
		SCRATCH_TEST(test_world_writable_is_refused),
		SCRATCH_TEST(test_unreadable),
		SCRATCH_TEST(test_modified_is_the_newest),
		SCRATCH_TEST(test_names_that_are_read),
		SCRATCH_TEST(test_mounted_config_map),
		SCRATCH_TEST(test_number_of_files),
		SCRATCH_TEST(test_keyring),
		SCRATCH_TEST(test_keyring_beside_files),
		SCRATCH_TEST(test_keyring_withdraws_from_files),
		SCRATCH_TEST(test_two_keyrings),
		SCRATCH_TEST(test_keyring_that_is_wrong),
		SCRATCH_TEST(test_any_issuers_keyring),
		SCRATCH_TEST(test_released),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
