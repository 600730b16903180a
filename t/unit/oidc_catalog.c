/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oidc/catalog.h"

/* Documents that are looked up and never sent. */
static struct oidc_documents *
documents(const char *host, const char *path, uint32_t slot)
{
	size_t host_len = strlen(host), path_len = strlen(path);
	struct oidc_documents *doc;

	doc = calloc(1, sizeof(*doc) + host_len + path_len);
	assert_non_null(doc);
	doc->slot = slot;
	doc->host_len = (uint8_t)host_len;
	doc->path_len = (uint8_t)path_len;
	memcpy(doc->name, host, host_len);
	memcpy(doc->name + host_len, path, path_len);
	return doc;
}

/* What the issuer's paths lead to: both documents to the same. */
static const struct oidc_documents *
find_in(const struct oidc_catalog *c, const char *host, size_t host_len,
	const char *path)
{
	const struct oidc_documents *found[OIDC_DOCUMENTS];
	char whole[512];
	enum oidc_kind got;
	int kind;

	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		snprintf(whole, sizeof(whole), "%s%s", path,
			oidc_kind_suffix((enum oidc_kind)kind));
		found[kind] = oidc_catalog_find(
			c, host, host_len, whole, strlen(whole), &got);
		assert_int_equal(got, kind);
	}
	assert_ptr_equal(found[OIDC_JWKS], found[OIDC_DISCOVERY]);
	return found[OIDC_JWKS];
}

static const struct oidc_documents *
find(const struct oidc_catalog *c, const char *host, const char *path)
{
	return find_in(c, host, strlen(host), path);
}

static struct oidc_catalog *
copy(const struct oidc_catalog *from, size_t documents)
{
	struct error e = {0};
	struct oidc_catalog *c = oidc_catalog_new(from, documents, &e);

	if (c == NULL)
		fail_msg("%s", e.text);
	return c;
}

static void
put(struct oidc_catalog *c, const struct oidc_documents *doc)
{
	struct error e = {0};

	if (oidc_catalog_put(c, doc, &e) != 0)
		fail_msg("%s", e.text);
}

static void
test_empty(void **state)
{
	struct oidc_catalog *c = copy(NULL, 0);

	(void)state;
	assert_null(find(c, "", ""));
	assert_null(find(c, "h.example", "/openid/v1/jwks"));
	assert_int_equal(oidc_catalog_count(c), 0);
	assert_int_equal(oidc_catalog_generation(c), 0);
	oidc_catalog_free(c);
	oidc_catalog_free(NULL);
}

static void
test_whole_names_only(void **state)
{
	struct oidc_documents *doc = documents("h.example", "/a/openid", 1);
	struct oidc_documents *bare = documents("hh", "", 2);
	struct oidc_catalog *c = copy(NULL, 2);
	char host[400];

	(void)state;
	put(c, doc);
	put(c, bare);
	assert_ptr_equal(find(c, "h.example", "/a/openid"), doc);
	/* the host in any case, the path in its own */
	assert_ptr_equal(find(c, "H.eXamPLE", "/a/openid"), doc);
	assert_null(find(c, "h.example", "/A/openid"));
	/* no part of it, nothing more, cut elsewhere */
	assert_null(find(c, "h.example", "/a/openi"));
	assert_null(find(c, "h.example", "/a/openid/"));
	assert_null(find(c, "h.example", ""));
	assert_null(find(c, "h.exampl", "e/a/openid"));
	assert_null(find(c, "h.example/a", "/openid"));
	assert_null(find(c, "", "h.example/a/openid"));
	assert_null(find(c, "h.example/a/openid", ""));
	assert_null(find(c, "h.example.", "/a/openid"));
	assert_null(find_in(c, "h.example\0", 10, "/a/openid"));
	/* bytes whose bit 0x20 is set are not letters all the same */
	assert_null(find(c,
		"h\x0e"
		"example",
		"/a/openid"));
	assert_ptr_equal(find(c, "hh", ""), bare);
	assert_null(find(c, "h", "h"));
	memset(host, 'h', sizeof(host));
	assert_null(find_in(c, host, 255, ""));
	assert_null(find_in(c, host, 256, ""));
	assert_null(find_in(c, host, sizeof(host), ""));
	oidc_catalog_free(c);
	free(doc);
	free(bare);
}

static void
test_replace_and_conflict(void **state)
{
	struct oidc_documents *first = documents("h", "/a", 1);
	struct oidc_documents *again = documents("h", "/a", 1);
	struct oidc_documents *other = documents("h", "/a", 2);
	struct oidc_catalog *c = copy(NULL, 1);
	struct error e = {0};

	(void)state;
	put(c, first);
	put(c, again);
	assert_int_equal(oidc_catalog_count(c), 1);
	assert_ptr_equal(find(c, "h", "/a"), again);
	assert_int_equal(oidc_catalog_put(c, other, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "h/a is already served for another issuer");
	assert_ptr_equal(find(c, "h", "/a"), again);
	/* by name: the one that was replaced stands for the one that is there
	 */
	oidc_catalog_remove(c, first);
	assert_null(find(c, "h", "/a"));
	oidc_catalog_remove(c, first);
	assert_int_equal(oidc_catalog_count(c), 0);
	put(c, other);
	assert_ptr_equal(find(c, "h", "/a"), other);
	oidc_catalog_free(c);
	free(first);
	free(again);
	free(other);
}

/* A copy has all of the old one, whatever room was asked for; what is done to
 * it the old one does not see. */
static void
test_copies_and_generations(void **state)
{
	struct oidc_documents *docs[100];
	struct oidc_catalog *old, *new;
	char path[16];
	uint32_t i;

	(void)state;
	old = copy(NULL, 100);
	for (i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		docs[i] = documents("h", path, i);
		if (i < 60)
			put(old, docs[i]);
	}
	for (i = 0; i < 3; i++) {
		new = copy(old, i == 0 ? 0 : i == 1 ? 100 : 5000);
		assert_int_equal(oidc_catalog_generation(new),
			oidc_catalog_generation(old) + 1);
		assert_int_equal(oidc_catalog_count(new), 60);
		assert_ptr_equal(find(new, "h", "/59"), docs[59]);
		if (i > 0) {
			put(new, docs[60 + i]);
			oidc_catalog_remove(new, docs[0]);
			assert_null(find(new, "h", "/0"));
		}
		assert_ptr_equal(find(old, "h", "/0"), docs[0]);
		assert_null(find(old, "h", "/61"));
		assert_int_equal(oidc_catalog_count(old), 60);
		oidc_catalog_free(new);
	}
	oidc_catalog_free(old);
	for (i = 0; i < 100; i++)
		free(docs[i]);
}

static const struct oidc_documents *
find_whole(const struct oidc_catalog *c, const char *path)
{
	enum oidc_kind kind;

	return oidc_catalog_find(c, "h", 1, path, strlen(path), &kind);
}

/* The suffixes byte for byte, at the end, once. */
static void
test_suffixes(void **state)
{
	struct oidc_documents *docs = documents("h", "/a", 1);
	struct oidc_documents *odd = documents("h", "/a/openid/v1/jwks", 2);
	struct oidc_catalog *c = copy(NULL, 2);

	(void)state;
	put(c, docs);
	put(c, odd);
	assert_ptr_equal(find_whole(c, "/a/openid/v1/jwks"), docs);
	assert_ptr_equal(
		find_whole(c, "/a/.well-known/openid-configuration"), docs);
	assert_ptr_equal(
		find_whole(c, "/a/openid/v1/jwks/openid/v1/jwks"), odd);
	assert_null(find_whole(c, ""));
	assert_null(find_whole(c, "/a"));
	assert_null(find_whole(c, "/a/"));
	assert_null(find_whole(c, "/aopenid/v1/jwks"));
	assert_null(find_whole(c, "/a/openid/v1/jwks/"));
	assert_null(find_whole(c, "/a/openid/v1/jwk"));
	assert_null(find_whole(c, "/a/OPENID/v1/jwks"));
	assert_null(find_whole(c, "/a/.well-known/openid-configuratioN"));
	assert_null(find_whole(c, "/a/.well-known/jwks"));
	assert_null(find_whole(c, "/openid/v1/jwks"));
	oidc_catalog_free(c);
	free(docs);
	free(odd);
}

/* Room is what was asked for; beyond it a name is refused, never lost. */
static void
test_room(void **state)
{
	struct oidc_documents *docs[1000];
	struct oidc_catalog *c;
	struct error e = {0};
	char path[16];
	size_t rooms[] = {1, 8, 9, 100, 512, 513, 1000}, i, k;

	(void)state;
	for (k = 0; k < 1000; k++) {
		snprintf(path, sizeof(path), "/%zu", k);
		docs[k] = documents("h", path, (uint32_t)k);
	}
	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		c = copy(NULL, rooms[i]);
		for (k = 0; k < rooms[i]; k++)
			put(c, docs[k]);
		for (; k < 1000; k++)
			if (oidc_catalog_put(c, docs[k], &e) != 0)
				break;
		assert_int_equal(oidc_catalog_count(c), k);
		if (k < 1000)
			assert_int_equal(e.code, ERROR_LIMIT);
		error_clear(&e);
		/* one that is there has its place all the same */
		put(c, docs[0]);
		assert_true(oidc_catalog_size(c) >= 2 * k * sizeof(void *));
		oidc_catalog_free(c);
	}
	for (k = 0; k < 1000; k++)
		free(docs[k]);
}

/* --- against a plain list ----------------------------------------------- */

#define NAMES 600
#define STEPS 100000

/* A generator of our own, so that a failure can be run again. */
static uint32_t
next_random(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

static void
assert_found(const struct oidc_catalog *c, const struct oidc_documents *docs,
	bool there)
{
	char path[256];

	snprintf(path, sizeof(path), "%.*s", docs->path_len,
		docs->name + docs->host_len);
	assert_ptr_equal(find_in(c, docs->name, docs->host_len, path),
		there ? docs : NULL);
}

static void
assert_same(const struct oidc_catalog *c, struct oidc_documents *const *docs,
	const bool *there)
{
	size_t i, count = 0;

	for (i = 0; i < NAMES; i++) {
		count += there[i];
		assert_found(c, docs[i], there[i]);
	}
	assert_int_equal(oidc_catalog_count(c), count);
}

static void
test_random_steps(void **state)
{
	struct oidc_documents *docs[NAMES];
	bool there[NAMES] = {false};
	struct oidc_catalog *c = copy(NULL, NAMES), *next;
	char host[32], path[64];
	uint64_t generation = 0;
	int step;
	uint32_t i;

	(void)state;
	/* long probe sequences: small tables are made again and again */
	for (i = 0; i < NAMES; i++) {
		snprintf(host, sizeof(host), "h%u.example", i % 7);
		snprintf(path, sizeof(path), "/%.*s%u", (int)(i % 20),
			"abcdefghijklmnopqrst", i);
		docs[i] = documents(host, path, i);
	}
	for (step = 0; step < STEPS; step++) {
		i = next_random() % NAMES;
		switch (next_random() % 4) {
		case 0:
		case 1:
			put(c, docs[i]);
			there[i] = true;
			break;
		case 2:
			oidc_catalog_remove(c, docs[i]);
			there[i] = false;
			break;
		default:
			assert_found(c, docs[i], there[i]);
		}
		if (step % 500 != 0)
			continue;
		assert_same(c, docs, there);
		next = copy(c, NAMES + next_random() % 3000);
		oidc_catalog_free(c);
		c = next;
		assert_int_equal(oidc_catalog_generation(c), ++generation);
		assert_same(c, docs, there);
	}
	oidc_catalog_free(c);
	for (i = 0; i < NAMES; i++)
		free(docs[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_whole_names_only),
		cmocka_unit_test(test_replace_and_conflict),
		cmocka_unit_test(test_copies_and_generations),
		cmocka_unit_test(test_suffixes),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_random_steps),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
