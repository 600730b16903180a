/* SPDX-License-Identifier: MIT */
/*
 * Out of memory at every place in turn: a file is taken whole or not at all,
 * and nothing leaks.  The line may blame the file: OpenSSL and jansson have
 * words of their own for some of their failures.
 */
#include "key_check.h"

#include <jansson.h>
#include <openssl/crypto.h>

/* Ours are wrapped by the linker; the libraries are given these. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static long left = -1; /* allocations that succeed; -1: all */

static bool
fails(void)
{
	if (left < 0)
		return false;
	if (left == 0)
		return true;
	left--;
	return false;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
	return fails() ? NULL : __real_realloc(block, size);
}

static void *
openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 ? NULL : __wrap_malloc(size);
}

static void *
openssl_realloc(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_realloc(block, size);
}

static void
openssl_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

/* The n-th allocation and all after it fail, for n = 0, 1, ... */
static void
sweep(const char *what, const struct buf *bytes)
{
	struct key_set set = KEY_SET_INIT;
	struct error e;
	long n;
	int rc = -1;

	/* what OpenSSL could not set up once it never tries again */
	assert_int_equal(key_parse(bytes->data, bytes->len, &set, NULL), 0);
	key_set_release(&set);
	for (n = 0; rc != 0 && n < 10000; n++) {
		error_clear(&e);
		left = n;
		rc = key_parse(bytes->data, bytes->len, &set, &e);
		left = -1;
		if (rc == 0)
			break;
		assert_int_not_equal(e.code, ERROR_NONE);
		assert_int_equal(set.count, 0);
		assert_null(set.keys);
	}
	assert_int_equal(rc, 0);
	if (n < 5)
		fail_msg("%s: only %ld allocations", what, n);
	key_set_release(&set);
}

static void
sweep_key(EVP_PKEY *pkey)
{
	struct buf der = key_make_spki(pkey), jwks = BUF_INIT;
	struct buf pem = key_make_pem("PUBLIC KEY", &der);
	struct buf jwk = key_make_jwk(pkey, "k", ",\"x5c\":[]");

	buf_printf(&jwks, "{\"keys\":[%s]}", jwk.data);
	sweep("DER", &der);
	sweep("PEM", &pem);
	sweep("JWK Set", &jwks);
	buf_release(&der);
	buf_release(&pem);
	buf_release(&jwk);
	buf_release(&jwks);
	EVP_PKEY_free(pkey);
}

static void
test_public_keys(void **state)
{
	(void)state;
	sweep_key(key_make_rsa(2048));
	sweep_key(key_make_ec("P-256"));
	sweep_key(key_make_ec("P-521"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_keys),
	};

	must(CRYPTO_set_mem_functions(
		     openssl_malloc, openssl_realloc, openssl_free) == 1);
	json_set_alloc_funcs(__wrap_malloc, free);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
