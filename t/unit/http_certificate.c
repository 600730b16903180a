/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../lib/certificate_make.h"
#include "../lib/scratch.h"
#include "http/tls.h"

static struct http_tickets *tickets;

/* NAME.crt and NAME.key. */
static struct http_tls *
load(const char *name, struct error *e)
{
	char certificate[64], key[64];
	const struct http_tls_files files = {certificate, key};

	snprintf(certificate, sizeof(certificate), "%s.crt", name);
	snprintf(key, sizeof(key), "%s.key", name);
	return http_tls_load(&files, 1, tickets, e);
}

static void
assert_refused(const char *name, enum error_code code, const char *text)
{
	struct error e = {0};

	assert_null(load(name, &e));
	if (strstr(e.text, text) == NULL || e.code != code)
		fail_msg("%s: %s", name, e.text);
}

static void
test_what_is_known(void **state)
{
	struct error e = {0};
	const struct http_certificate *c;
	struct http_tls *tls;
	time_t now = time(NULL);

	(void)state;
	certificate_files("a", "DNS:a.example");
	tls = load("a", &e);
	assert_non_null(tls);
	assert_int_equal(http_tls_count(tls), 1);
	c = http_tls_certificate(tls, 0);
	assert_string_equal(c->path, "a.crt");
	assert_true(c->not_before <= now && c->not_before > now - 60);
	assert_true(c->not_after > now + 29 * 86400);
	http_tls_unref(tls);
}

/* Both names are said: which of them is the wrong one is not known. */
static void
test_pair_does_not_match(void **state)
{
	(void)state;
	certificate_files("a", "DNS:a.example");
	certificate_files("b", "DNS:b.example");
	scratch_rename("b.key", "a.key");
	assert_refused("a", ERROR_CONFLICT,
		"certificate a.crt and key a.key do not belong together");
}

static void
test_files_that_are_wrong(void **state)
{
	size_t len;
	char *text;

	(void)state;
	certificate_files("a", "DNS:a.example");
	text = scratch_read("a.crt", &len);
	text[len - 10] = '\0';
	scratch_write("a.crt", text);
	assert_refused(
		"a", ERROR_PARSE, "certificate a.crt: a certificate cannot");
	scratch_write("a.crt", "");
	assert_refused("a", ERROR_NOTFOUND, "a.crt: there is no PEM");
	scratch_remove("a.crt");
	assert_refused("a", ERROR_SYS, "certificate a.crt: ");
	free(text);

	certificate_files("a", "DNS:a.example");
	text = scratch_read("a.key", &len);
	text[len - 10] = '\0';
	scratch_write("a.key", text);
	assert_refused("a", ERROR_PARSE, "key a.key: holds no PEM private key");
	scratch_remove("a.key");
	assert_refused("a", ERROR_SYS, "key a.key: ");
	free(text);
}

static void
test_encrypted_key(void **state)
{
	struct certificate c = certificate_make("DNS:a", NULL, 0, 1);
	const struct certificate *const list[] = {&c};

	(void)state;
	certificate_write("a.crt", list, 1);
	certificate_write_key("a.key", c.key, "secret");
	assert_refused("a", ERROR_INVALID, "key a.key: is encrypted");
	certificate_release(&c);
}

static void
test_key_that_others_can_read(void **state)
{
	static const struct {
		uid_t owner;
		mode_t mode;
		bool good;
	} rows[] = {
		{0, 0600, true},
		{0, 0400, true},
		{0, 0640, true},
		{0, 0644, false},
		{0, 0604, false},
		{0, 0660, false},
		{0, 0602, false},
		{0, 0610, false},
		{0, 0700, false},
		{1, 0600, true},
		{1, 0640, false},
	};
	struct error e;
	struct http_tls *tls;
	size_t i;

	(void)state;
	if (geteuid() != 0)
		skip();
	certificate_files("a", "DNS:a.example");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(chown("a.key", rows[i].owner, 0), 0);
		assert_int_equal(chmod("a.key", rows[i].mode), 0);
		tls = load("a", &e);
		if ((tls != NULL) != rows[i].good)
			fail_msg("%u %04o", rows[i].owner, rows[i].mode);
		if (tls == NULL)
			assert_non_null(strstr(e.text, "key a.key: has mode "));
		http_tls_unref(tls);
	}
}

static void
test_chain(void **state)
{
	struct certificate root = certificate_make(NULL, NULL, 0, 9);
	struct certificate middle = certificate_make(NULL, &root, 0, 9);
	struct certificate leaf = certificate_make("DNS:a", &middle, 0, 9);
	const struct certificate *const good[] = {&leaf, &middle, &root};
	const struct certificate *const short_one[] = {&leaf, &middle};
	const struct certificate *const mixed[] = {&leaf, &root, &middle};
	const struct certificate *many[17];
	struct error e = {0};
	struct http_tls *tls;
	size_t i;

	(void)state;
	certificate_write_key("a.key", leaf.key, NULL);
	certificate_write("a.crt", good, 3);
	tls = load("a", &e);
	assert_non_null(tls);
	http_tls_unref(tls);
	certificate_write("a.crt", short_one, 2);
	tls = load("a", &e);
	assert_non_null(tls);
	http_tls_unref(tls);
	certificate_write("a.crt", mixed, 3);
	assert_refused("a", ERROR_INVALID,
		"a.crt: its certificate 2 did not issue number 1");
	many[0] = &leaf;
	for (i = 1; i < 17; i++)
		many[i] = &root;
	certificate_write("a.crt", many, 17);
	assert_refused("a", ERROR_LIMIT, "more than 16 certificates");
	certificate_release(&leaf);
	certificate_release(&middle);
	certificate_release(&root);
}

static void
test_weak_key(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	struct certificate c = certificate_make_of(key, "DNS:a");
	const struct certificate *const list[] = {&c};

	(void)state;
	certificate_write("a.crt", list, 1);
	certificate_write_key("a.key", key, NULL);
	assert_refused("a", ERROR_INVALID, "certificate a.crt: cannot be used");
	certificate_release(&c);
	EVP_PKEY_free(key);
}

/* One bad pair, and there is no set at all. */
static void
test_all_or_nothing(void **state)
{
	const struct http_tls_files files[] = {
		{"a.crt", "a.key"}, {"b.crt", "b.key"}};
	struct error e = {0};

	(void)state;
	certificate_files("a", "DNS:a.example");
	assert_null(http_tls_load(files, 2, tickets, &e));
	assert_non_null(strstr(e.text, "b.crt"));
	error_clear(&e);
	assert_null(http_tls_load(files, 0, tickets, &e));
	assert_int_equal(e.code, ERROR_LIMIT);
	assert_null(http_tls_load(
		files, HTTP_TLS_CERTIFICATES_MAX + 1, tickets, NULL));
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		int found;
	} rows[] = {
		{"a.example", 0},
		{"A.eXample", 0},
		{"b.example", 0},
		{"x.b.example", 1},
		{"X.B.EXAMPLE", 1},
		/* one label only, and not none (RFC 9525 section 6.3) */
		{"y.x.b.example", -1},
		{".b.example", -1},
		{"b.example.", -1},
		{"*.b.example", -1},
		/* exactly goes before a star */
		{"www.b.example", 2},
		/* twice: the first one */
		{"twice.example", 0},
		{"c.example", -1},
		{"", -1},
		{".", -1},
		{"example", -1},
	};
	const struct http_tls_files files[] = {{"a.crt", "a.key"},
		{"b.crt", "b.key"}, {"c.crt", "c.key"}, {"d.crt", "d.key"}};
	struct error e = {0};
	struct http_tls *tls;
	char long_name[300];
	size_t i;

	(void)state;
	certificate_files("a", "DNS:twice.example,DNS:a.example,DNS:B.EXAMPLE");
	certificate_files("b", "DNS:*.b.example,IP:127.0.0.1");
	certificate_files("c", "DNS:www.b.example,DNS:twice.example");
	certificate_files("d", NULL);
	tls = http_tls_load(files, 4, tickets, &e);
	assert_non_null(tls);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (http_tls_find(tls, rows[i].name) != rows[i].found)
			fail_msg("%s: %d", rows[i].name,
				http_tls_find(tls, rows[i].name));
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(http_tls_find(tls, long_name), -1);
	http_tls_unref(tls);
}

static int
setup(void **state)
{
	(void)state;
	tickets = http_tickets_new(0, NULL);
	return tickets == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_tickets_free(tickets);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_what_is_known),
		SCRATCH_TEST(test_pair_does_not_match),
		SCRATCH_TEST(test_files_that_are_wrong),
		SCRATCH_TEST(test_encrypted_key),
		SCRATCH_TEST(test_key_that_others_can_read),
		SCRATCH_TEST(test_chain),
		SCRATCH_TEST(test_weak_key),
		SCRATCH_TEST(test_all_or_nothing),
		SCRATCH_TEST(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
