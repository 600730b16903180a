/* SPDX-License-Identifier: MIT */
#include "key_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

void
key_make_abort(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s failed\n", file, line, what);
	abort();
}

EVP_PKEY *
key_make_rsa(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	must(key != NULL);
	return key;
}

EVP_PKEY *
key_make_ec(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	must(key != NULL);
	return key;
}

EVP_PKEY *
key_make(const char *type)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);

	must(key != NULL);
	return key;
}

static struct buf
encode(EVP_PKEY *key, int selection, const char *structure, bool encrypted)
{
	OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(
		key, selection, "DER", structure, NULL);
	struct buf out = BUF_INIT;
	unsigned char *der = NULL;
	size_t len = 0;

	must(ctx != NULL);
	if (encrypted) {
		must(OSSL_ENCODER_CTX_set_cipher(ctx, "AES-256-CBC", NULL) ==
			1);
		must(OSSL_ENCODER_CTX_set_passphrase(
			     ctx, (const unsigned char *)"secret", 6) == 1);
	}
	must(OSSL_ENCODER_to_data(ctx, &der, &len) == 1);
	buf_append(&out, der, len);
	OPENSSL_free(der);
	OSSL_ENCODER_CTX_free(ctx);
	must(buf_ok(&out));
	return out;
}

struct buf
key_make_spki(EVP_PKEY *key)
{
	return encode(key, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", false);
}

struct buf
key_make_pkcs1_public(EVP_PKEY *key)
{
	return encode(key, EVP_PKEY_PUBLIC_KEY, "pkcs1", false);
}

struct buf
key_make_pkcs8(EVP_PKEY *key)
{
	return encode(key, EVP_PKEY_KEYPAIR, "PrivateKeyInfo", false);
}

struct buf
key_make_pkcs8_encrypted(EVP_PKEY *key)
{
	return encode(key, EVP_PKEY_KEYPAIR, "EncryptedPrivateKeyInfo", true);
}

struct buf
key_make_traditional(EVP_PKEY *key)
{
	return encode(key, EVP_PKEY_KEYPAIR, "type-specific", false);
}

static X509 *
certify(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name;

	must(x != NULL);
	name = X509_get_subject_name(x);
	must(X509_set_version(x, X509_VERSION_3) == 1);
	must(ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(x), -7200) != NULL);
	/* out of date: that must not matter */
	must(X509_gmtime_adj(X509_getm_notAfter(x), -3600) != NULL);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		     (const unsigned char *)"sa", -1, -1, 0) == 1);
	must(X509_set_issuer_name(x, name) == 1);
	must(X509_set_pubkey(x, key) == 1);
	must(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

struct buf
key_make_certificate(EVP_PKEY *key)
{
	struct buf out = BUF_INIT;
	X509 *x = certify(key);
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	must(len > 0);
	buf_append(&out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	return out;
}

struct buf
key_make_pkcs12(EVP_PKEY *key)
{
	struct buf out = BUF_INIT;
	X509 *x = certify(key);
	PKCS12 *bundle =
		PKCS12_create("secret", "sa", key, x, NULL, 0, 0, 1, 1, 0);
	unsigned char *der = NULL;
	int len;

	must(bundle != NULL);
	len = i2d_PKCS12(bundle, &der);
	must(len > 0);
	buf_append(&out, der, (size_t)len);
	OPENSSL_free(der);
	PKCS12_free(bundle);
	X509_free(x);
	return out;
}

struct buf
key_make_openssh(void)
{
	struct buf out = BUF_INIT;
	unsigned char noise[300];

	must(RAND_bytes(noise, sizeof(noise)) == 1);
	buf_append(&out, "openssh-key-v1", 15);
	buf_append(&out, noise, sizeof(noise));
	return out;
}

struct buf
key_make_spki_of(const BIGNUM *n, unsigned long exponent)
{
	struct buf out = BUF_INIT;
	BIGNUM *e = BN_new();
	X509_PUBKEY *spki = X509_PUBKEY_new();
	unsigned char *pair = NULL, *der = NULL;
	ASN1_INTEGER *integers[2];
	ASN1_TYPE types[2];
	STACK_OF(ASN1_TYPE) *sequence = sk_ASN1_TYPE_new_null();
	int len, i;

	must(e != NULL && spki != NULL && sequence != NULL);
	must(BN_set_word(e, exponent) == 1);
	integers[0] = BN_to_ASN1_INTEGER(n, NULL);
	integers[1] = BN_to_ASN1_INTEGER(e, NULL);
	for (i = 0; i < 2; i++) {
		must(integers[i] != NULL);
		types[i].type = V_ASN1_INTEGER;
		types[i].value.integer = integers[i];
		must(sk_ASN1_TYPE_push(sequence, &types[i]) > 0);
	}
	len = i2d_ASN1_SEQUENCE_ANY(sequence, &pair);
	must(len > 0);
	must(X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaEncryption),
		     V_ASN1_NULL, NULL, pair, len) == 1);
	len = i2d_X509_PUBKEY(spki, &der);
	must(len > 0);
	buf_append(&out, der, (size_t)len);
	OPENSSL_free(der);
	X509_PUBKEY_free(spki);
	ASN1_INTEGER_free(integers[0]);
	ASN1_INTEGER_free(integers[1]);
	sk_ASN1_TYPE_free(sequence);
	BN_free(e);
	return out;
}

struct buf
key_make_pem(const char *label, const struct buf *der)
{
	struct buf out = BUF_INIT;
	unsigned char line[65];
	size_t at, n;

	buf_printf(&out, "-----BEGIN %s-----\n", label);
	for (at = 0; at < der->len; at += n) {
		n = der->len - at < 48 ? der->len - at : 48;
		EVP_EncodeBlock(line, (unsigned char *)der->data + at, (int)n);
		buf_printf(&out, "%s\n", (char *)line);
	}
	buf_printf(&out, "-----END %s-----\n", label);
	must(buf_ok(&out));
	return out;
}

/* base64url by way of OpenSSL's base64. */
static void
append_base64url(struct buf *out, const unsigned char *bytes, size_t len)
{
	unsigned char *text = malloc(len * 2 + 5);
	int i, n;

	must(text != NULL);
	n = EVP_EncodeBlock(text, bytes, (int)len);
	for (i = 0; i < n && text[i] != '='; i++)
		buf_putc(out, text[i] == '+'   ? '-'
			      : text[i] == '/' ? '_'
					       : (char)text[i]);
	free(text);
}

struct buf
key_make_kid(EVP_PKEY *key)
{
	struct buf spki = key_make_spki(key), out = BUF_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	must(EVP_Digest(spki.data, spki.len, digest, &len, EVP_sha256(),
		     NULL) == 1);
	append_base64url(&out, digest, len);
	must(buf_ok(&out));
	buf_release(&spki);
	return out;
}

static void
append_number(struct buf *out, EVP_PKEY *key, const char *name,
	const char *param, int width)
{
	unsigned char bytes[2048];
	BIGNUM *number = NULL;

	must(EVP_PKEY_get_bn_param(key, param, &number) == 1);
	if (width == 0)
		width = BN_num_bytes(number);
	must(BN_bn2binpad(number, bytes, width) == width);
	buf_printf(out, ",\"%s\":\"", name);
	append_base64url(out, bytes, (size_t)width);
	buf_putc(out, '"');
	BN_free(number);
}

struct buf
key_make_jwk(EVP_PKEY *key, const char *kid, const char *members)
{
	struct buf out = BUF_INIT;
	int bits = EVP_PKEY_get_bits(key), width = (bits + 7) / 8;

	if (EVP_PKEY_is_a(key, "RSA") == 1) {
		buf_printf(&out,
			"{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"%s\","
			"\"alg\":\"RS256\"",
			kid);
		append_number(&out, key, "n", OSSL_PKEY_PARAM_RSA_N, 0);
		append_number(&out, key, "e", OSSL_PKEY_PARAM_RSA_E, 0);
	} else {
		buf_printf(&out,
			"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"%s\","
			"\"crv\":\"P-%d\",\"alg\":\"ES%d\"",
			kid, bits, bits == 521 ? 512 : bits);
		append_number(&out, key, "x", OSSL_PKEY_PARAM_EC_PUB_X, width);
		append_number(&out, key, "y", OSSL_PKEY_PARAM_EC_PUB_Y, width);
	}
	buf_printf(&out, "%s}", members);
	must(buf_ok(&out));
	return out;
}
