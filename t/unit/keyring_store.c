/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "keyring/store.h"
#include "t/lib/ring.h"

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Each test runs in an empty directory of its own. */
static int
enter(void **state)
{
	char *dir = strdup("/tmp/keyring_store.XXXXXX");

	if (dir == NULL || mkdtemp(dir) == NULL || chdir(dir) != 0)
		return -1;
	*state = dir;
	return 0;
}

static int
leave(void **state)
{
	char *dir = *state;
	int rc = chdir("/");

	rc |= nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
	return rc;
}

static struct keyring_store *
create(void)
{
	struct error e = {0};
	bool busy = false;
	struct keyring_store *s = keyring_store_create("kr", &busy, &e);

	if (s == NULL)
		fail_msg("%s", e.text);
	return s;
}

static int
heal(const struct keyring_store *s, const struct keyring *ring, struct error *e)
{
	if (keyring_store_heal(s, ring, RING_START, e) != 0)
		return -1;
	return keyring_store_heal_signing(s, ring, RING_START, e);
}

/* A committed and healed keyring with one active key. */
static struct keyring *
fill(const struct keyring_store *s)
{
	struct keyring_request r = {
		.step = KEYRING_INIT, .now = RING_START, .by = "test"};
	struct keyring_policy p = keyring_policy_default();
	struct keyring *ring;
	struct keyring_key *k;
	struct error e = {0};
	struct key *key;

	p.alg = KEY_ES256;
	p.bits = 256;
	ring = keyring_new(RING_ISSUER, &p, &e);
	ring_need(ring != NULL, "keyring_new", &e);
	key = keyring_store_make_key(s, ring, &e);
	ring_need(key != NULL, "make_key", &e);
	k = keyring_add(ring, key, &e);
	ring_need(k != NULL, "add", &e);
	k->in_store = true;
	k->created = k->published = k->activated = RING_START;
	r.kid = k->key->kid;
	ring_need(keyring_init_apply(ring, &r, &e) == 0, "init", &e);
	ring_need(keyring_store_commit(s, ring, &e) == 0, "commit", &e);
	ring_need(heal(s, ring, &e) == 0, "heal", &e);
	return ring;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
assert_same(const char *a, const char *b)
{
	struct file_bytes x = {0}, y = {0};

	assert_int_equal(file_read(AT_FDCWD, a, 100000, &x, NULL), 0);
	assert_int_equal(file_read(AT_FDCWD, b, 100000, &y, NULL), 0);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	file_bytes_release(&x);
	file_bytes_release(&y);
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void
test_modes_whatever_umask(void **state)
{
	mode_t before = umask(0);
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "kr/private/%s.pem",
		ring->keys[0].key->kid);
	assert_int_equal(mode_of("kr"), 0755);
	assert_int_equal(mode_of("kr/private"), 0700);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of("kr/keyring.json"), 0644);
	assert_int_equal(mode_of("kr/apiserver/sa.pub"), 0644);
	assert_int_equal(mode_of("kr/apiserver/sa.key"), 0600);
	assert_int_equal(mode_of("kr/lock"), 0600);
	assert_same(path, "kr/apiserver/sa.key");
	umask(before);
	keyring_free(ring);
	keyring_store_close(s);
}

static void
test_only_one_at_a_time(void **state)
{
	struct keyring_store *s = create(), *other;
	struct keyring *ring = fill(s);
	struct error e = {0};
	bool busy = false;

	(void)state;
	assert_null(keyring_store_lock("kr", &busy, &e));
	assert_true(busy);
	keyring_store_close(s);
	error_clear(&e);
	other = keyring_store_lock("kr", &busy, &e);
	assert_non_null(other);
	assert_false(busy);
	keyring_store_close(other);
	keyring_free(ring);
}

static void
test_nothing_there(void **state)
{
	struct keyring_store *s;
	struct error e = {0};
	bool busy = false;

	(void)state;
	assert_null(keyring_store_open("kr", &e));
	error_clear(&e);
	assert_int_equal(mkdir("kr", 0755), 0);
	assert_null(keyring_store_lock("kr", &busy, &e));
	assert_int_equal(e.code, ERROR_NOTFOUND);
	error_clear(&e);
	s = keyring_store_open("kr", &e);
	assert_non_null(s);
	assert_null(keyring_store_load(s, &e));
	assert_int_equal(e.code, ERROR_NOTFOUND);
	/* a file that is there but cannot be read is not "nothing" */
	error_clear(&e);
	assert_int_equal(mkdir("kr/keyring.json", 0755), 0);
	assert_null(keyring_store_load(s, &e));
	assert_int_equal(e.code, ERROR_INVALID);
	keyring_store_close(s);
}

static void
test_a_second_init_is_refused(void **state)
{
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	struct error e = {0};
	bool busy = false;

	(void)state;
	keyring_store_close(s);
	assert_null(keyring_store_create("kr", &busy, &e));
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_false(busy);
	keyring_free(ring);
}

static void
test_open_directories_are_refused(void **state)
{
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	struct error e = {0};
	bool busy = false;

	(void)state;
	keyring_store_close(s);
	keyring_free(ring);
	assert_int_equal(chmod("kr/private", 0750), 0);
	assert_null(keyring_store_lock("kr", &busy, &e));
	assert_int_equal(e.code, ERROR_DENIED);
	assert_int_equal(chmod("kr/private", 0700), 0);
	assert_int_equal(chmod("kr", 0777), 0);
	error_clear(&e);
	assert_null(keyring_store_lock("kr", &busy, &e));
	assert_int_equal(e.code, ERROR_DENIED);
}

static void
test_derived_files_are_healed(void **state)
{
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	struct error e = {0};
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "kr/private/%s.pem",
		ring->keys[0].key->kid);
	assert_int_equal(unlink("kr/apiserver/sa.pub"), 0);
	put("kr/apiserver/sa.key", "something else");
	put("kr/.keyring.json.1-2-3", "left by a crash");
	put("kr/apiserver/.sa.key.1-2-3", "left by a crash");
	put("kr/private/.x.pem.1-2-3", "left by a crash");
	put("kr/notes", "the operator's");
	assert_int_equal(truncate("kr/journal", 30), 0);
	assert_int_equal(heal(s, ring, &e), 0);
	assert_same(path, "kr/apiserver/sa.key");
	assert_int_equal(mode_of("kr/apiserver/sa.key"), 0600);
	assert_int_equal(access("kr/apiserver/sa.pub", F_OK), 0);
	assert_int_equal(access("kr/.keyring.json.1-2-3", F_OK), -1);
	assert_int_equal(access("kr/apiserver/.sa.key.1-2-3", F_OK), -1);
	assert_int_equal(access("kr/private/.x.pem.1-2-3", F_OK), -1);
	assert_int_equal(access("kr/notes", F_OK), 0);
	keyring_free(ring);
	keyring_store_close(s);
}

static void
test_the_journal_has_each_generation_once(void **state)
{
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	struct file_bytes file = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(heal(s, ring, &e), 0);
	assert_int_equal(
		file_read(AT_FDCWD, "kr/journal", 10000, &file, NULL), 0);
	assert_ptr_equal(strchr(file.data, '\n'), file.data + file.len - 1);
	assert_non_null(strstr(file.data, "\"generation\":1,"));
	file_bytes_release(&file);
	keyring_free(ring);
	keyring_store_close(s);
}

/* A private key whose commit never came is used, not lost and not doubled. */
static void
test_an_uncommitted_key_is_taken_up(void **state)
{
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	struct error e = {0};
	struct key *first = keyring_store_make_key(s, ring, &e);
	struct key *second = keyring_store_make_key(s, ring, &e);

	(void)state;
	assert_non_null(first);
	assert_non_null(second);
	assert_string_equal(first->kid, second->kid);
	key_free(first);
	key_free(second);
	keyring_free(ring);
	keyring_store_close(s);
}

static void
test_a_damaged_private_key_is_noticed(void **state)
{
	struct keyring_store *s = create();
	struct keyring *ring = fill(s);
	struct error e = {0};
	char path[128];

	(void)state;
	assert_int_equal(
		keyring_store_private_check(s, ring->keys[0].key, &e), 0);
	snprintf(path, sizeof(path), "kr/private/%s.pem",
		ring->keys[0].key->kid);
	put(path, "-----BEGIN EC PRIVATE KEY-----\n");
	assert_int_equal(
		keyring_store_private_check(s, ring->keys[0].key, &e), -1);
	assert_int_equal(heal(s, ring, &e), -1);
	keyring_free(ring);
	keyring_store_close(s);
}

static void
test_a_clock_that_jumped_is_noticed(void **state)
{
	struct keyring_clock c = {.now = 1000000, .uptime = 500, .boot = "a"};
	struct keyring_store *s = create();
	struct error e = {0};

	(void)state;
	assert_int_equal(keyring_store_clock_check(s, &c, 60, &e), 0);
	assert_int_equal(keyring_store_clock_save(s, &c, &e), 0);
	c.now += 1000;
	c.uptime += 1000;
	assert_int_equal(keyring_store_clock_check(s, &c, 60, &e), 0);
	c.now += 61;
	assert_int_equal(keyring_store_clock_check(s, &c, 60, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	c.now -= 122;
	assert_int_equal(keyring_store_clock_check(s, &c, 60, NULL), -1);
	/* another boot: only backwards can be told */
	strcpy(c.boot, "b");
	c.uptime = 3;
	assert_int_equal(keyring_store_clock_check(s, &c, 60, NULL), 0);
	c.now = 999999;
	assert_int_equal(keyring_store_clock_check(s, &c, 60, NULL), -1);
	put("kr/clock", "{}");
	assert_int_equal(keyring_store_clock_check(s, &c, 60, NULL), -1);
	keyring_store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_modes_whatever_umask),
		TEST(test_only_one_at_a_time),
		TEST(test_nothing_there),
		TEST(test_a_second_init_is_refused),
		TEST(test_open_directories_are_refused),
		TEST(test_derived_files_are_healed),
		TEST(test_the_journal_has_each_generation_once),
		TEST(test_an_uncommitted_key_is_taken_up),
		TEST(test_a_damaged_private_key_is_noticed),
		TEST(test_a_clock_that_jumped_is_noticed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
