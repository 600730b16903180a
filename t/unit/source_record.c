/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "key/parse.h"
#include "sample_key.h"
#include "scratch.h"
#include "source/record.h"

#define ISSUER "https://h.example/a&b"
#define WHEN INT64_C(1795500000)

/* base64url(SHA-256(ISSUER)) as openssl and basenc give it. */
#define NAME "4pI5HU0uXf_HwLfLElwRYGlN7tkYsPdy-AOPvVu_nPM.json"

static int dir;

static int
setup(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	dir = open(".", O_RDONLY | O_DIRECTORY);
	return dir < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	close(dir);
	return scratch_teardown(state);
}

/* A set of sample keys, "0 2 1". */
static void
make(const char *which, struct key_set *set)
{
	const char *pem;

	*set = (struct key_set)KEY_SET_INIT;
	for (; *which != '\0'; which++) {
		if (*which == ' ')
			continue;
		pem = sample_pem((unsigned)(*which - '0'));
		assert_int_equal(key_parse(pem, strlen(pem), set, NULL), 0);
	}
}

static struct source_mark *
marks_of(const struct key_set *set)
{
	struct source_mark *marks = calloc(set->count + 1, sizeof(*marks));
	size_t i;

	assert_non_null(marks);
	for (i = 0; i < set->count; i++) {
		marks[i].kid = set->keys[i]->kid;
		marks[i].print = source_print(set->keys[i]);
	}
	return marks;
}

static void
save(const char *issuer, unsigned first, unsigned count)
{
	struct key_set set = KEY_SET_INIT;
	const char *pems = sample_pems(first, count);
	const char *jwks = sample_jwks(first, count);
	struct source_mark *marks;
	struct error e = {0};

	assert_int_equal(key_parse(pems, strlen(pems), &set, NULL), 0);
	marks = marks_of(&set);
	if (source_record_save(dir, issuer, WHEN, marks, count, jwks,
		    strlen(jwks), &e) != 0)
		fail_msg("%s", e.text);
	free(marks);
	key_set_release(&set);
}

static void
test_loads_what_was_saved(void **state)
{
	struct key_set set, back = KEY_SET_INIT;
	struct source_record r = {0};
	struct error e = {0};
	struct stat st;
	size_t i;

	(void)state;
	save(ISSUER, 0, 3);
	assert_int_equal(scratch_count("."), 1);
	assert_int_equal(stat(NAME, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	if (source_record_load(dir, ISSUER, &r, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(r.published, WHEN);
	assert_int_equal(r.n_marks, 3);
	make("012", &set);
	for (i = 0; i < 3; i++) {
		assert_string_equal(r.marks[i].kid, sample_kid((unsigned)i));
		assert_int_equal(r.marks[i].print, source_print(set.keys[i]));
	}
	if (source_record_keys(&r, &back, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(back.count, 3);
	for (i = 0; i < 3; i++)
		assert_string_equal(back.keys[i]->jwk, set.keys[i]->jwk);
	key_set_release(&back);
	key_set_release(&set);
	source_record_release(&r);
	assert_null(r.marks);
	source_record_release(&r);
}

static void
test_is_a_jwk_set(void **state)
{
	struct key_set set = KEY_SET_INIT;
	size_t len;
	char *bytes;

	(void)state;
	save(ISSUER, 0, 2);
	bytes = scratch_read(NAME, &len);
	assert_non_null(bytes);
	assert_memory_equal(bytes,
		"{\"issuer\":\"https://h.example/a\\u0026b\","
		"\"published\":\"2026-11-24T06:00:00Z\",\"prints\":[\"",
		85);
	assert_int_equal(bytes[len - 1], '\n');
	assert_int_equal(key_parse(bytes, len, &set, NULL), 0);
	assert_int_equal(set.count, 2);
	key_set_release(&set);
	free(bytes);
}

/* A set with key 9 under the kid of key 0. */
static void
reuse(struct key_set *set)
{
	struct buf b = BUF_INIT;
	const char *jwk = sample_jwk(9), *at = strstr(jwk, sample_kid(9));

	buf_append(&b, jwk, (size_t)(at - jwk));
	buf_puts(&b, sample_kid(0));
	buf_puts(&b, at + strlen(sample_kid(9)));
	assert_int_equal(key_parse(b.data, b.len, set, NULL), 0);
	buf_release(&b);
}

static void
assert_equals(const char *which, bool want)
{
	struct source_record r = {0};
	struct key_set set;

	assert_int_equal(source_record_load(dir, ISSUER, &r, NULL), 0);
	make(which, &set);
	if (source_record_equals(&r, &set) != want)
		fail_msg("%s: not %s", which, want ? "equal" : "different");
	key_set_release(&set);
	source_record_release(&r);
}

static void
test_equals(void **state)
{
	struct source_record r = {0};
	struct key_set set = KEY_SET_INIT;

	(void)state;
	save(ISSUER, 0, 1);
	reuse(&set);
	assert_int_equal(source_record_load(dir, ISSUER, &r, NULL), 0);
	assert_false(source_record_equals(&r, &set));
	source_record_release(&r);
	key_set_release(&set);
	save(ISSUER, 0, 3);
	assert_equals("0 1 2", true);
	assert_equals("0 2 1", false);
	assert_equals("0 1", false);
	assert_equals("0 1 2 3", false);
	assert_equals("0 1 3", false);
	assert_equals("", false);
}

/* --- what is no record -------------------------------------------------- */

static void
assert_load_fails(const char *issuer, enum error_code code, const char *why)
{
	struct source_record r = {.n_marks = 4711};
	struct error e = {0};

	assert_int_equal(source_record_load(dir, issuer, &r, &e), -1);
	if (e.code != code || strstr(e.text, why) == NULL)
		fail_msg("%s: %s", error_code_name(e.code), e.text);
	assert_non_null(strstr(e.text, "the last good set "));
	assert_int_equal(r.n_marks, 4711);
	assert_null(r.marks);
	assert_int_equal(source_record_load(dir, issuer, &r, NULL), -1);
}

static void
test_none(void **state)
{
	(void)state;
	save(ISSUER, 0, 1);
	assert_load_fails(
		"https://h.example/a", ERROR_NOTFOUND, "No such file");
	assert_int_equal(
		source_record_signature(dir, "https://h.example/a"), 0);
}

/* Anything else than "there is none" must not be taken for that. */
static void
test_cannot_be_read(void **state)
{
	(void)state;
	scratch_mkdir(NAME);
	assert_load_fails(ISSUER, ERROR_INVALID, "is a directory");
	scratch_remove(NAME);
	scratch_link(NAME, NAME);
	assert_load_fails(ISSUER, ERROR_SYS, "symbolic links");
}

/* The record of two keys with the first `from` in it replaced, or the rest of
 * it too when `to` is NULL. */
static void
damage(const char *from, const char *to)
{
	struct buf b = BUF_INIT;
	char *bytes, *at;

	save(ISSUER, 0, 2);
	bytes = scratch_read(NAME, NULL);
	assert_non_null(bytes);
	at = strstr(bytes, from);
	if (at == NULL)
		fail_msg("no %s in %s", from, bytes);
	buf_append(&b, bytes, (size_t)(at - bytes));
	if (to != NULL)
		buf_printf(&b, "%s%s", to, at + strlen(from));
	scratch_write_bytes(NAME, b.data, b.len);
	buf_release(&b);
	free(bytes);
}

static void
assert_damaged(const char *from, const char *to)
{
	damage(from, to);
	assert_load_fails(ISSUER, ERROR_PARSE, "is damaged");
}

static void
test_of_another_issuer(void **state)
{
	(void)state;
	damage("h.example/a", "h.example/c");
	assert_load_fails(ISSUER, ERROR_INVALID, "is of another issuer");
}

static void
test_damaged(void **state)
{
	(void)state;
	assert_damaged("]}", NULL);
	assert_damaged("{", NULL);
	assert_damaged("{\"issuer\"", "[{\"issuer\"");
	assert_damaged("\"published\":", "\"Published\":");
	assert_damaged("2026-11-24T06:00:00Z", "2026-11-31T06:00:00Z");
	assert_damaged("\"prints\":[", "\"prints\":[\"0123456789abcdef\",");
	assert_damaged("\"prints\":[\"", "\"prints\":[\"0");
	assert_damaged("\"prints\":[\"", "\"prints\":[\"x");
	assert_damaged("\"prints\":[", "\"prints\":[],\"x\":[");
	assert_damaged("\"keys\":[", "\"keys\":[],\"x\":[");
	assert_damaged("\"kid\":", "\"Kid\":");
	assert_damaged("\"issuer\":", "\"issuer\":\"" ISSUER "\",\"issuer\":");
	assert_damaged("\n", "}\n");
	scratch_write(NAME, "");
	assert_load_fails(ISSUER, ERROR_PARSE, "is damaged");
}

/* Its keys go through every check again. */
static void
test_keys_are_checked(void **state)
{
	struct key_set set = KEY_SET_INIT;
	struct source_record r = {0};
	struct error e = {0};
	char *bytes, *at;

	(void)state;
	save(ISSUER, 0, 1);
	bytes = scratch_read(NAME, NULL);
	at = strstr(bytes, "\"x\":\"");
	assert_non_null(at);
	at[5] = at[5] == 'A' ? 'B' : 'A'; /* off the curve */
	scratch_write(NAME, bytes);
	free(bytes);
	assert_int_equal(source_record_load(dir, ISSUER, &r, &e), 0);
	assert_int_equal(source_record_keys(&r, &set, &e), -1);
	assert_int_equal(set.count, 0);
	source_record_release(&r);
}

static void
test_saving_fails(void **state)
{
	const struct source_mark mark = {"k", 1};
	struct error e = {0};
	int fd;

	(void)state;
	fd = open("/proc/self", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(source_record_save(fd, ISSUER, WHEN, &mark, 1,
				 "{\"keys\":[{}]}", 13, &e),
		-1);
	assert_non_null(strstr(e.text, "the last good set " NAME ": "));
	close(fd);
}

static void
test_signature_changes_with_the_record(void **state)
{
	uint64_t first, again;

	(void)state;
	save(ISSUER, 0, 1);
	first = source_record_signature(dir, ISSUER);
	assert_int_not_equal(first, 0);
	assert_int_equal(first, source_record_signature(dir, ISSUER));
	save(ISSUER, 0, 1);
	again = source_record_signature(dir, ISSUER);
	assert_int_not_equal(first, again);
}

/* --- what may be lost --------------------------------------------------- */

static void
test_print_is_of_all_that_is_published(void **state)
{
	struct key_set set;

	(void)state;
	make("0 1 0", &set);
	assert_int_equal(set.count, 2);
	assert_int_not_equal(
		source_print(set.keys[0]), source_print(set.keys[1]));
	key_set_release(&set);
}

struct loss {
	const char *published; /* sample keys */
	const char *next;
	const char *withdrawn; /* by a keyring */
	bool reused;           /* the kid of key 0 names key 9 now */
	int lost;              /* the sample key that the text names, or -1 */
};

static const struct loss losses[] = {
	{"", "", "", false, -1},
	{"", "0", "", false, -1},
	{"0", "0", "", false, -1},
	{"0", "0 1", "", false, -1},
	{"0 1", "1 0", "", false, -1},
	{"0 1", "1 2 0", "", false, -1},
	{"0", "1", "", false, 0},
	{"0 1", "0", "", false, 1},
	{"0 1", "0", "1", false, -1},
	{"0 1", "0", "2", false, 1},
	{"0 1 2", "0", "1", false, 2},
	{"0 1 2", "0", "2 1", false, -1},
	{"0", "0", "0", false, -1},
	{"0", "", "", true, 0},
	/* withdrawing a kid does not give it to another key */
	{"0", "", "0", true, 0},
};

static void
withdraw(struct source_set *set, const char *which)
{
	set->withdrawn = calloc(10, sizeof(*set->withdrawn));
	assert_non_null(set->withdrawn);
	for (; *which != '\0'; which++)
		if (*which != ' ')
			set->withdrawn[set->n_withdrawn++] =
				strdup(sample_kid((unsigned)(*which - '0')));
}

static void
check_loss(const struct loss *l)
{
	struct source_set next = {.max_age = -1};
	struct source_mark *marks;
	struct key_set published;
	struct error e = {0};
	int rc;

	make(l->published, &published);
	marks = marks_of(&published);
	make(l->next, &next.keys);
	withdraw(&next, l->withdrawn);
	if (l->reused)
		reuse(&next.keys);
	rc = source_check_loss(marks, published.count, &next, &e);
	if (rc != (l->lost < 0 ? 0 : -1))
		fail_msg("%s -> %s: %s", l->published, l->next, e.text);
	if (rc != 0) {
		assert_int_equal(e.code, ERROR_CONFLICT);
		assert_non_null(strstr(e.text, sample_kid((unsigned)l->lost)));
		assert_int_equal(
			strstr(e.text, "another key") != NULL, l->reused);
	}
	free(marks);
	key_set_release(&published);
	source_set_release(&next);
}

static void
test_losses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		check_loss(&losses[i]);
}

static void
test_every_lost_key_is_named(void **state)
{
	struct source_set next = {.max_age = -1};
	struct key_set published;
	struct source_mark *marks;
	struct error e = {0};

	(void)state;
	make("0 1 2 3", &published);
	make("2", &next.keys);
	marks = marks_of(&published);
	assert_int_equal(source_check_loss(marks, 4, &next, &e), -1);
	assert_non_null(strstr(e.text, sample_kid(0)));
	assert_non_null(strstr(e.text, sample_kid(1)));
	assert_null(strstr(e.text, sample_kid(2)));
	assert_non_null(strstr(e.text, sample_kid(3)));
	free(marks);
	key_set_release(&published);
	source_set_release(&next);
}

#define RECORD_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(test_loads_what_was_saved),
		RECORD_TEST(test_is_a_jwk_set),
		RECORD_TEST(test_equals),
		RECORD_TEST(test_none),
		RECORD_TEST(test_cannot_be_read),
		RECORD_TEST(test_of_another_issuer),
		RECORD_TEST(test_damaged),
		RECORD_TEST(test_keys_are_checked),
		RECORD_TEST(test_saving_fails),
		RECORD_TEST(test_signature_changes_with_the_record),
		cmocka_unit_test(test_print_is_of_all_that_is_published),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_every_lost_key_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
