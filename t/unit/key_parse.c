/* SPDX-License-Identifier: MIT */
/*
 * Every form of a public key gives the same key, and no form of a private one
 * gets in, whatever is written on it.
 */
#include "key_check.h"

static const char *const public_labels[] = {"PUBLIC KEY", "RSA PUBLIC KEY",
	"CERTIFICATE", "EC PARAMETERS", "DH PARAMETERS", "X509 CRL",
	"ANYTHING"};

#define N_LABELS (sizeof(public_labels) / sizeof(public_labels[0]))

/* The DER alone, and under a label that is right, and under a wrong one. */
static void
assert_forms(const struct buf *der, const char *label, const char *jwk)
{
	struct buf pem = key_make_pem(label, der);

	key_check_gives(label, der->data, der->len, jwk);
	key_check_gives(label, pem.data, pem.len, jwk);
	buf_release(&pem);
	pem = key_make_pem("SOMETHING ELSE", der);
	key_check_gives("another label", pem.data, pem.len, jwk);
	buf_release(&pem);
}

static void
assert_every_form(EVP_PKEY *pkey)
{
	struct buf kid = key_make_kid(pkey);
	struct buf jwk = key_make_jwk(pkey, kid.data, ""), jwks = BUF_INIT;
	struct buf der = key_make_spki(pkey);

	assert_forms(&der, "PUBLIC KEY", jwk.data);
	buf_release(&der);
	der = key_make_certificate(pkey);
	assert_forms(&der, "CERTIFICATE", jwk.data);
	buf_release(&der);
	if (EVP_PKEY_is_a(pkey, "RSA") == 1) {
		der = key_make_pkcs1_public(pkey);
		assert_forms(&der, "RSA PUBLIC KEY", jwk.data);
		buf_release(&der);
	}
	key_check_gives("JWK", jwk.data, jwk.len, jwk.data);
	buf_printf(&jwks, " {\"keys\": [%s]}\n", jwk.data);
	key_check_gives("JWK Set", jwks.data, jwks.len, jwk.data);
	buf_release(&kid);
	buf_release(&jwk);
	buf_release(&jwks);
}

static void
test_public_forms(void **state)
{
	static const unsigned bits[] = {2048, 3072, 4096};
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	EVP_PKEY *pkey;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		pkey = key_make_rsa(bits[i]);
		assert_every_form(pkey);
		EVP_PKEY_free(pkey);
		pkey = key_make_ec(curves[i]);
		assert_every_form(pkey);
		EVP_PKEY_free(pkey);
	}
}

/* About one key in 256 has a coordinate with a leading zero, which stays. */
static void
test_leading_zero_of_a_coordinate(void **state)
{
	EVP_PKEY *pkey;
	struct buf kid, jwk, der;
	int i, seen = 0;

	(void)state;
	for (i = 0; i < 20000 && seen < 2; i++) {
		pkey = key_make_ec("P-256");
		kid = key_make_kid(pkey);
		jwk = key_make_jwk(pkey, kid.data, "");
		der = key_make_spki(pkey);
		if (strstr(jwk.data, "\"x\":\"AA") != NULL ||
			strstr(jwk.data, "\"y\":\"AA") != NULL) {
			key_check_gives("SPKI", der.data, der.len, jwk.data);
			key_check_gives("JWK", jwk.data, jwk.len, jwk.data);
			seen++;
		}
		buf_release(&kid);
		buf_release(&jwk);
		buf_release(&der);
		EVP_PKEY_free(pkey);
	}
	assert_int_equal(seen, 2);
}

/* The file is refused, and so it is with the DER cut short, and with a good
 * key before it. */
static void
refuse_private_der(const char *what, const struct buf *der)
{
	EVP_PKEY *good = key_make_ec("P-256");
	struct buf spki = key_make_spki(good), pem, file;
	size_t i;

	key_check_refused(
		what, der->data, der->len, ERROR_DENIED, "private key");
	key_check_refused(
		what, der->data, der->len - 5, ERROR_DENIED, "private key");
	for (i = 0; i < N_LABELS; i++) {
		pem = key_make_pem(public_labels[i], der);
		key_check_refused(what, pem.data, pem.len, ERROR_DENIED,
			"block 1: this is a private key");
		file = key_make_pem("PUBLIC KEY", &spki);
		buf_append(&file, pem.data, pem.len);
		key_check_refused(what, file.data, file.len, ERROR_DENIED,
			"block 2: this is a private key");
		buf_release(&file);
		buf_release(&pem);
	}
	buf_append(&spki, der->data, der->len);
	key_check_refused("behind a public key", spki.data, spki.len,
		ERROR_DENIED, "private key");
	buf_release(&spki);
	EVP_PKEY_free(good);
}

static void
refuse_private_label(const char *label, const struct buf *der)
{
	struct buf pem = key_make_pem(label, der), text = BUF_INIT;

	key_check_refused(label, pem.data, pem.len, ERROR_DENIED, label);
	/* even where it is only text, or cut off */
	buf_printf(&text, "note: -----BEGIN %s-----", label);
	key_check_refused(label, text.data, text.len, ERROR_DENIED, "line 1");
	buf_release(&text);
	buf_printf(&text, "{\"keys\":[],\"a\":\"-----BEGIN %s-----\"}", label);
	key_check_refused(label, text.data, text.len, ERROR_DENIED, label);
	buf_release(&text);
	buf_release(&pem);
}

static void
refuse_private_forms(EVP_PKEY *pkey, const char *label)
{
	struct buf der = key_make_pkcs8(pkey);

	refuse_private_der("PKCS#8", &der);
	refuse_private_label("PRIVATE KEY", &der);
	buf_release(&der);
	der = key_make_pkcs8_encrypted(pkey);
	refuse_private_der("encrypted PKCS#8", &der);
	refuse_private_label("ENCRYPTED PRIVATE KEY", &der);
	buf_release(&der);
	der = key_make_traditional(pkey);
	refuse_private_der("traditional", &der);
	refuse_private_label(label, &der);
	buf_release(&der);
	der = key_make_pkcs12(pkey);
	refuse_private_der("PKCS#12", &der);
	buf_release(&der);
}

static void
test_private_forms(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf der;

	(void)state;
	refuse_private_forms(pkey, "RSA PRIVATE KEY");
	EVP_PKEY_free(pkey);
	pkey = key_make_ec("P-256");
	refuse_private_forms(pkey, "EC PRIVATE KEY");
	EVP_PKEY_free(pkey);
	/* keys that we would not take as public ones are private all the same
	 */
	pkey = key_make("ED25519");
	der = key_make_pkcs8(pkey);
	refuse_private_der("Ed25519", &der);
	EVP_PKEY_free(pkey);
	buf_release(&der);
	der = key_make_openssh();
	refuse_private_der("OpenSSH", &der);
	refuse_private_label("OPENSSH PRIVATE KEY", &der);
	buf_release(&der);
}

/* BER with lengths left open, as some tools write PKCS#12. */
static void
test_private_with_indefinite_length(void **state)
{
	static const char p12[] =
		"\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d"
		"\x01\x07\x01";

	(void)state;
	key_check_refused("BER", p12, sizeof(p12) - 1, ERROR_DENIED, "PKCS#12");
}

static void
test_private_encrypted_the_old_way(void **state)
{
	static const char pem[] =
		"-----BEGIN PUBLIC KEY-----\n"
		"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
		"-----END PUBLIC KEY-----\n";

	(void)state;
	key_check_refused("Proc-Type", pem, strlen(pem), ERROR_DENIED,
		"block 1: this is a private key (encrypted)");
}

static void
test_certificate_and_key(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf cert = key_make_certificate(pkey);
	struct buf der = key_make_pkcs8(pkey);
	struct buf file = key_make_pem("CERTIFICATE", &cert);
	struct buf key = key_make_pem("PRIVATE KEY", &der);

	(void)state;
	buf_append(&file, key.data, key.len);
	key_check_refused("certificate, then key", file.data, file.len,
		ERROR_DENIED, "private key");
	buf_append(&key, file.data, file.len);
	key_check_refused("key, then certificate", key.data, key.len,
		ERROR_DENIED, "private key");
	buf_release(&cert);
	buf_release(&der);
	buf_release(&file);
	buf_release(&key);
	EVP_PKEY_free(pkey);
}

/* Nothing of a private key is in the line about it. */
static void
test_error_shows_nothing(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf der = key_make_traditional(pkey);
	struct buf pem = key_make_pem("PUBLIC KEY", &der);
	struct key_set set = KEY_SET_INIT;
	struct error e;
	char line[65] = {0};

	(void)state;
	error_clear(&e);
	memcpy(line, pem.data + strlen("-----BEGIN PUBLIC KEY-----\n"), 64);
	line[16] = '\0';
	assert_int_equal(key_parse(pem.data, pem.len, &set, &e), -1);
	assert_null(strstr(e.text, line));
	pem.data[50] = '*';
	error_clear(&e);
	assert_int_equal(key_parse(pem.data, pem.len, &set, &e), -1);
	assert_int_equal(e.code, ERROR_PARSE);
	assert_null(strstr(e.text, line));
	buf_release(&der);
	buf_release(&pem);
	EVP_PKEY_free(pkey);
}

static void
test_nothing_in_it(void **state)
{
	static const char puttygen[] = "PuTTY-User-Key-File-3: ssh-rsa\n";
	char *large = calloc(1, KEY_FILE_MAX + 2);

	(void)state;
	must(large != NULL);
	key_check_refused("empty", "", 0, ERROR_NOTFOUND, "empty");
	key_check_refused("blank", " \n\n", 3, ERROR_NOTFOUND, "no key");
	key_check_refused("text", "hello\n", 6, ERROR_NOTFOUND, "no key");
	key_check_refused("mark", "\xef\xbb\xbf", 3, ERROR_NOTFOUND, "empty");
	key_check_refused("NULs", large, 100, ERROR_NOTFOUND, "no key");
	key_check_refused("half a header", "\x30", 1, ERROR_NOTFOUND, "no key");
	key_check_refused(
		"large", large, KEY_FILE_MAX + 1, ERROR_LIMIT, "1048576");
	key_check_refused(
		"full", large, KEY_FILE_MAX, ERROR_NOTFOUND, "no key");
	key_check_refused("ssh-rsa", "ssh-rsa AAAA", 12, ERROR_PARSE,
		"ssh-keygen -e -m PKCS8");
	key_check_refused("PuTTY", puttygen, strlen(puttygen), ERROR_DENIED,
		"private key");
	free(large);
}

/* No cut of a file gives a key, and none is read beyond its end. */
static void
test_truncated(void **state)
{
	EVP_PKEY *pkey = key_make_ec("P-256");
	struct buf der = key_make_spki(pkey);
	struct buf pem = key_make_pem("PUBLIC KEY", &der);
	struct buf jwk = key_make_jwk(pkey, "k", "");
	struct key_set set = KEY_SET_INIT;
	char *copy;
	size_t len;

	(void)state;
	for (len = 0; len < jwk.len; len++) {
		copy = calloc(1, len + 1);
		must(copy != NULL);
		memcpy(copy, jwk.data, len);
		assert_int_equal(key_parse(copy, len, &set, NULL), -1);
		if (len < pem.len - 1) {
			memcpy(copy, pem.data, len);
			assert_int_equal(key_parse(copy, len, &set, NULL), -1);
		}
		if (len < der.len) {
			memcpy(copy, der.data, len);
			assert_int_equal(key_parse(copy, len, &set, NULL), -1);
		}
		free(copy);
	}
	assert_int_equal(set.count, 0);
	buf_release(&der);
	buf_release(&pem);
	buf_release(&jwk);
	EVP_PKEY_free(pkey);
}

static void
test_bytes_behind_the_der(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf der = key_make_spki(pkey);

	(void)state;
	buf_append(&der, "xyz", 3);
	key_check_refused("junk", der.data, der.len, ERROR_PARSE, "3 bytes");
	buf_release(&der);
	der = key_make_certificate(pkey);
	buf_append(&der, "", 1);
	key_check_refused("NUL", der.data, der.len, ERROR_PARSE, "1 bytes");
	buf_release(&der);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_forms),
		cmocka_unit_test(test_leading_zero_of_a_coordinate),
		cmocka_unit_test(test_private_forms),
		cmocka_unit_test(test_private_with_indefinite_length),
		cmocka_unit_test(test_private_encrypted_the_old_way),
		cmocka_unit_test(test_certificate_and_key),
		cmocka_unit_test(test_error_shows_nothing),
		cmocka_unit_test(test_nothing_in_it),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bytes_behind_the_der),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
