/* SPDX-License-Identifier: MIT */
/* The rules: sizes, exponents, curves, points; and one form for the kid. */
#include "key_check.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

static void
refused_der(const char *what, const void *der, size_t len, enum error_code code,
	const char *word)
{
	key_check_refused(what, der, len, code, word);
}

/* A random odd number of that many bits. */
static BIGNUM *
random_modulus(int bits)
{
	BIGNUM *n = BN_new();

	must(n != NULL);
	must(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) == 1);
	return n;
}

static void
refused_rsa(
	const char *what, int bits, unsigned long exponent, const char *word)
{
	BIGNUM *n = random_modulus(bits);
	struct buf der = key_make_spki_of(n, exponent);

	key_check_refused(what, der.data, der.len, ERROR_INVALID, word);
	buf_release(&der);
	BN_free(n);
}

static void
test_rsa_sizes(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(1024);
	struct buf der = key_make_spki(pkey);
	struct buf pem = key_make_pem("PUBLIC KEY", &der);

	(void)state;
	key_check_refused("1024", pem.data, pem.len, ERROR_INVALID,
		"block 1: RSA key has 1024 bits, 2048 is the least");
	refused_rsa("0", 8, 65537, "RSA key has 8 bits");
	refused_rsa("2047", 2047, 65537, "RSA key has 2047 bits");
	refused_rsa("16385", 16385, 65537,
		"RSA key has 16385 bits, 16384 is the most");
	refused_rsa("65536", 65536, 65537, "16384 is the most");
	buf_release(&der);
	buf_release(&pem);
	EVP_PKEY_free(pkey);
}

/* The largest size, and the smallest that is no round number. */
static void
accepted_size(int bits)
{
	struct key *key = NULL;
	struct buf der;
	BIGNUM *n;
	int tries;

	/* one in nine has no small factor */
	for (tries = 0; tries < 1000 && key == NULL; tries++) {
		n = random_modulus(bits);
		der = key_make_spki_of(n, 65537);
		key = key_new((unsigned char *)der.data, der.len, NULL, NULL);
		if (key != NULL) {
			assert_int_equal(key->bits, bits);
			assert_int_equal(key->spki_len, der.len);
			assert_memory_equal(key->spki, der.data, der.len);
		}
		buf_release(&der);
		BN_free(n);
	}
	assert_non_null(key);
	key_free(key);
}

static void
test_rsa_sizes_accepted(void **state)
{
	(void)state;
	accepted_size(2048);
	accepted_size(2049);
	accepted_size(2055);
	accepted_size(16384);
}

static void
test_exponents(void **state)
{
	(void)state;
	refused_rsa("e = 0", 2048, 0, "exponent");
	refused_rsa("e = 1", 2048, 1, "RSA exponent is 1, 65537 is the least");
	refused_rsa("e = 2", 2048, 2, "even");
	refused_rsa("e = 3", 2048, 3, "RSA exponent is 3, 65537 is the least");
	refused_rsa("e = 65535", 2048, 65535, "RSA exponent is 65535");
	refused_rsa("e = 65536", 2048, 65536, "even");
	refused_rsa("e = 2^31 + 1", 2048, 0x80000001, "over 2^31 - 1");
	refused_rsa("e = 2^64 - 1", 2048, ~0UL, "over 2^31 - 1");
}

static void
test_largest_exponent(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct key *key;
	struct buf der;
	BIGNUM *n = NULL;

	(void)state;
	must(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
	der = key_make_spki_of(n, 0x7fffffff);
	key = key_new((unsigned char *)der.data, der.len, NULL, NULL);
	assert_non_null(key);
	assert_non_null(strstr(key->jwk, "\"e\":\"f____w\""));
	key_free(key);
	buf_release(&der);
	BN_free(n);
	EVP_PKEY_free(pkey);
}

static void
test_negative(void **state)
{
	/* SEQUENCE { INTEGER of 257 bytes, INTEGER } in an RSAPublicKey */
	unsigned char der[4 + 4 + 257 + 5] = {
		0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0xc1};

	(void)state;
	memcpy(der + 8 + 257, "\x02\x03\x01\x00\x01", 5);
	refused_der("n", der, sizeof(der), ERROR_INVALID, "negative");
	der[8] = 0x41;
	memcpy(der + 8 + 257, "\x02\x03\x81\x00\x01", 5);
	refused_der("e", der, sizeof(der), ERROR_INVALID, "negative");
}

static void
test_types_and_curves(void **state)
{
	static const struct {
		const char *type, *curve, *word;
	} table[] = {
		{"ED25519", NULL, "key is of type ED25519"},
		{"X25519", NULL, "key is of type X25519"},
		{"ED448", NULL, "key is of type ED448"},
		{NULL, "prime192v1", "EC curve is prime192v1"},
		{NULL, "secp224r1", "EC curve is secp224r1"},
		{NULL, "secp256k1", "EC curve is secp256k1"},
		{NULL, "brainpoolP256r1", "EC curve is brainpoolP256r1"},
	};
	EVP_PKEY *pkey;
	struct buf der;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		pkey = table[i].curve != NULL ? key_make_ec(table[i].curve)
					      : key_make(table[i].type);
		der = key_make_spki(pkey);
		key_check_refused(table[i].word, der.data, der.len,
			ERROR_INVALID, table[i].word);
		buf_release(&der);
		EVP_PKEY_free(pkey);
	}
}

static void
test_unknown_type(void **state)
{
	static const char der[] = "\x30\x0a\x30\x05\x06\x03\x2a\x03\x04\x03\x01"
				  "\x00";
	static const char no_oid[] =
		"\x30\x0a\x30\x05\x06\x03\x80\x80\x80\x03\x01\x00";

	(void)state;
	refused_der(
		"1.2.3.4", der, 12, ERROR_INVALID, "key is of type 1.2.3.4");
	refused_der("?", no_oid, 12, ERROR_INVALID, "key is of type unknown");
}

static void
test_rsa_pss(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pkey = NULL;
	struct buf der;

	(void)state;
	must(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1);
	must(EVP_PKEY_generate(ctx, &pkey) == 1);
	der = key_make_spki(pkey);
	key_check_refused("RSA-PSS", der.data, der.len, ERROR_INVALID,
		"key is of type RSASSA-PSS");
	buf_release(&der);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
}

/* The key with its point in that form, which must give the same kid. */
static void
test_point_forms(void **state)
{
	static const char *const forms[] = {"compressed", "hybrid"};
	EVP_PKEY *pkey = key_make_ec("P-256");
	struct buf kid = key_make_kid(pkey), der;
	struct buf jwk = key_make_jwk(pkey, kid.data, "");
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		must(EVP_PKEY_set_utf8_string_param(pkey,
			     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			     forms[i]) == 1);
		der = key_make_spki(pkey);
		key_check_gives(forms[i], der.data, der.len, jwk.data);
		buf_release(&der);
	}
	must(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
		     OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
	der = key_make_spki(pkey);
	key_check_refused("explicit parameters", der.data, der.len,
		ERROR_INVALID, "explicit");
	buf_release(&der);
	buf_release(&kid);
	buf_release(&jwk);
	EVP_PKEY_free(pkey);
}

static void
test_points_refused(void **state)
{
	static const char infinity[] =
		"\x30\x19\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08"
		"\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x02\x00\x00";
	EVP_PKEY *pkey = key_make_ec("P-521");
	struct buf der = key_make_spki(pkey);
	size_t at;

	(void)state;
	refused_der("infinity", infinity, sizeof(infinity) - 1, ERROR_INVALID,
		"not a point on its curve");
	/* any single wrong byte of the point is off the curve, or its format */
	for (at = der.len - 133; at < der.len; at++) {
		der.data[at] ^= 0x10;
		refused_der("a point off the curve", der.data, der.len,
			ERROR_INVALID, "not a point on its curve");
		der.data[at] ^= 0x10;
	}
	buf_release(&der);
	EVP_PKEY_free(pkey);
}

/* RSA without its NULL is Kubernetes' kid with it. */
static void
test_rsa_without_null(void **state)
{
	static const char null[] = "\x01\x01\x01\x05\x00\x03";
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf der = key_make_spki(pkey), kid = key_make_kid(pkey);
	struct buf jwk = key_make_jwk(pkey, kid.data, "");
	char *p = memmem(der.data, der.len, null, 6);

	(void)state;
	must(p != NULL);
	/* 30 82 01 22 30 0d 06 09 OID 05 00 03 ... */
	memmove(p + 3, p + 5, der.len - (size_t)(p + 5 - der.data));
	der.len -= 2;
	der.data[3] = (char)(der.data[3] - 2);
	der.data[5] = (char)(der.data[5] - 2);
	key_check_gives("absent", der.data, der.len, jwk.data);
	buf_release(&der);
	der = key_make_spki(pkey);
	p = memmem(der.data, der.len, null, 6);
	must(p != NULL);
	p[3] = 0x04;
	key_check_refused("an OCTET STRING", der.data, der.len, ERROR_PARSE,
		"parameters");
	buf_release(&der);
	buf_release(&kid);
	buf_release(&jwk);
	EVP_PKEY_free(pkey);
}

/* No single changed byte crashes, or gives the same key by another name. */
static void
test_any_byte_changed(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf der = key_make_certificate(pkey);
	struct key_set set = KEY_SET_INIT;
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < der.len; i++) {
		bit = 1 << i % 8;
		der.data[i] = (char)(der.data[i] ^ bit);
		if (key_parse(der.data, der.len, &set, NULL) == 0)
			key_set_release(&set);
		assert_int_equal(set.count, 0);
		der.data[i] = (char)(der.data[i] ^ bit);
	}
	buf_release(&der);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa_sizes),
		cmocka_unit_test(test_rsa_sizes_accepted),
		cmocka_unit_test(test_exponents),
		cmocka_unit_test(test_largest_exponent),
		cmocka_unit_test(test_negative),
		cmocka_unit_test(test_types_and_curves),
		cmocka_unit_test(test_unknown_type),
		cmocka_unit_test(test_rsa_pss),
		cmocka_unit_test(test_point_forms),
		cmocka_unit_test(test_points_refused),
		cmocka_unit_test(test_rsa_without_null),
		cmocka_unit_test(test_any_byte_changed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
