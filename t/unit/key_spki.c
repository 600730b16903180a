/* SPDX-License-Identifier: MIT */
/* DER that is nearly a public key. */
#include "key_check.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "key/der.h"
#include "key/numbers.h"

#define RSA_OID "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"

/* What a SubjectPublicKeyInfo is put together from. */
struct parts {
	const char *parameters; /* DER behind the object identifier */
	size_t parameters_len;
	const char *in_pair; /* DER behind the exponent */
	const char *behind_pair;
	const char *behind_bits;
	const char *behind_all;
	char unused;
};

static const struct parts whole = {"\x05\x00", 2, "", "", "", "", 0};

static unsigned char modulus[257]; /* with a leading zero */

static int
make_modulus(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	BIGNUM *n = NULL;

	(void)state;
	must(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
	must(BN_bn2binpad(n, modulus, sizeof(modulus)) == sizeof(modulus));
	BN_free(n);
	EVP_PKEY_free(pkey);
	return 0;
}

static struct buf
assemble(const struct parts *parts)
{
	struct buf pair = BUF_INIT, bits = BUF_INIT, algorithm = BUF_INIT;
	struct buf spki = BUF_INIT, out = BUF_INIT;

	key_der_append(&pair, KEY_DER_INTEGER, modulus, sizeof(modulus));
	key_der_append(&pair, KEY_DER_INTEGER, "\x01\x00\x01", 3);
	buf_puts(&pair, parts->in_pair);
	buf_putc(&bits, parts->unused);
	key_der_append(&bits, KEY_DER_SEQUENCE, pair.data, pair.len);
	buf_puts(&bits, parts->behind_pair);
	key_der_append(&algorithm, KEY_DER_OID, RSA_OID, 9);
	buf_append(&algorithm, parts->parameters, parts->parameters_len);
	key_der_append(&spki, KEY_DER_SEQUENCE, algorithm.data, algorithm.len);
	key_der_append(&spki, KEY_DER_BIT_STRING, bits.data, bits.len);
	buf_puts(&spki, parts->behind_bits);
	key_der_append(&out, KEY_DER_SEQUENCE, spki.data, spki.len);
	buf_puts(&out, parts->behind_all);
	must(buf_ok(&out));
	buf_release(&pair);
	buf_release(&bits);
	buf_release(&algorithm);
	buf_release(&spki);
	return out;
}

static void
refused(const char *what, const struct parts *parts, const char *word)
{
	struct buf der = assemble(parts);
	struct error e;

	error_clear(&e);
	if (key_new((unsigned char *)der.data, der.len, NULL, &e) != NULL)
		fail_msg("%s: was taken", what);
	assert_int_equal(e.code, ERROR_PARSE);
	if (strstr(e.text, word) == NULL)
		fail_msg("%s: no \"%s\" in: %s", what, word, e.text);
	buf_release(&der);
}

static void
test_structure(void **state)
{
	struct parts parts = whole;
	struct buf der = assemble(&whole);
	struct key *key =
		key_new((unsigned char *)der.data, der.len, NULL, NULL);

	(void)state;
	assert_non_null(key);
	assert_int_equal(key->spki_len, der.len);
	assert_memory_equal(key->spki, der.data, der.len);
	key_free(key);
	buf_release(&der);

	parts.in_pair = "\x02\x01\x03";
	refused("three integers", &parts, "not a modulus and an exponent");
	parts = whole;
	parts.behind_pair = "\x05";
	refused("a byte behind the pair", &parts, "not a modulus");
	parts = whole;
	parts.behind_bits = "\x02\x01\x03";
	refused("a third member", &parts, "malformed");
	parts = whole;
	parts.behind_all = "x";
	refused("a byte behind it all", &parts, "malformed");
	parts = whole;
	parts.unused = 1;
	refused("unused bits", &parts, "malformed");
	parts = whole;
	parts.parameters = "\x05\x01\x00";
	parts.parameters_len = 3;
	refused("a NULL with content", &parts, "parameters");
	parts.parameters = "\x05\x00\x05\x00";
	parts.parameters_len = 4;
	refused("two NULLs", &parts, "parameters");
}

static void
test_cut(void **state)
{
	struct buf der = assemble(&whole);
	size_t len;

	(void)state;
	for (len = 0; len < der.len; len++)
		assert_null(
			key_new((unsigned char *)der.data, len, NULL, NULL));
	buf_release(&der);
}

static void
test_certificate_to_the_last_byte(void **state)
{
	EVP_PKEY *pkey = key_make_ec("P-256");
	struct buf der = key_make_certificate(pkey);
	struct key_numbers numbers;
	struct error e;

	(void)state;
	error_clear(&e);
	assert_int_equal(key_numbers_from_certificate(&numbers,
				 (unsigned char *)der.data, der.len, &e),
		0);
	assert_string_equal(numbers.curve->name, "P-256");
	buf_putc(&der, 0);
	assert_int_equal(key_numbers_from_certificate(&numbers,
				 (unsigned char *)der.data, der.len, &e),
		-1);
	assert_int_equal(e.code, ERROR_PARSE);
	assert_int_equal(ERR_peek_error(), 0);
	buf_release(&der);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_certificate_to_the_last_byte),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_modulus, NULL);
}
