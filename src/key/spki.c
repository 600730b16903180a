/* SPDX-License-Identifier: MIT */
/*
 * Public keys in DER, read leniently where that cannot change which key it is
 * (absent NULL parameters, compressed points, long length octets) and written
 * in the one form whose hash is the kid.  Explicit curve parameters are
 * refused: they are a way to say P-256 and mean another generator.
 */
#include "key/numbers.h"

#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "key/der.h"
#include "key/internal.h"

static const unsigned char oid_rsa[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const unsigned char oid_ec[] = {
	0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static bool
is_oid(const struct key_der *oid, const unsigned char *want, size_t len)
{
	return oid->len == len && memcmp(oid->p, want, len) == 0;
}

/* "ED25519", "secp256k1", or "1.2.3" when OpenSSL has no name for it. */
static struct key_shown
oid_name(const struct key_der *oid)
{
	struct key_shown shown = key_show("unknown", 7);
	struct buf der = BUF_INIT;
	const unsigned char *p;
	ASN1_OBJECT *object = NULL;
	int nid;

	key_der_append(&der, KEY_DER_OID, oid->p, oid->len);
	if (buf_ok(&der)) {
		p = (const unsigned char *)der.data;
		object = d2i_ASN1_OBJECT(NULL, &p, (long)der.len);
	}
	if (object == NULL) {
		key_openssl_error(NULL, ERROR_PARSE, "object identifier");
	} else {
		nid = OBJ_obj2nid(object);
		if (nid != NID_undef)
			shown = key_show(
				OBJ_nid2sn(nid), strlen(OBJ_nid2sn(nid)));
		else
			OBJ_obj2txt(shown.text, sizeof(shown.text), object, 1);
	}
	ASN1_OBJECT_free(object);
	buf_release(&der);
	return shown;
}

/* The content of a RSAPublicKey: two positive INTEGERs and nothing more. */
static int
read_rsa(struct key_numbers *out, struct key_der in, struct error *e)
{
	struct key_der pair, n, exponent;

	if (!key_der_take(&in, KEY_DER_SEQUENCE, &pair) || in.len != 0 ||
		!key_der_take(&pair, KEY_DER_INTEGER, &n) ||
		!key_der_take(&pair, KEY_DER_INTEGER, &exponent) ||
		pair.len != 0)
		return error_set(e, ERROR_PARSE,
			"RSA key is not a modulus and an exponent");
	if (n.len == 0 || exponent.len == 0 || n.p[0] >= 0x80 ||
		exponent.p[0] >= 0x80)
		return error_set(e, ERROR_INVALID,
			"RSA modulus or exponent is negative or missing");
	return key_numbers_rsa(out, n.p, n.len, exponent.p, exponent.len, e);
}

static int
read_ec(struct key_numbers *out, struct key_der parameters,
	const struct key_der *point, struct error *e)
{
	const struct key_curve *curve;
	struct key_der oid;

	if (!key_der_take(&parameters, KEY_DER_OID, &oid) ||
		parameters.len != 0)
		return error_set(e, ERROR_INVALID,
			"EC key has explicit or no curve parameters; make one "
			"with a named curve: P-256, P-384 or P-521");
	curve = key_curve_find_oid(oid.p, oid.len);
	if (curve == NULL)
		return error_set(e, ERROR_INVALID,
			"EC curve is %s; only P-256, P-384 and P-521 are taken",
			oid_name(&oid).text);
	return key_numbers_ec(out, curve, point->p, point->len, e);
}

int
key_numbers_from_spki(struct key_numbers *out, const unsigned char *der,
	size_t len, struct error *e)
{
	struct key_der in = {der, len}, spki, algorithm, oid, bits, null;

	if (!key_der_take(&in, KEY_DER_SEQUENCE, &spki) || in.len != 0 ||
		!key_der_take(&spki, KEY_DER_SEQUENCE, &algorithm) ||
		!key_der_take(&algorithm, KEY_DER_OID, &oid) ||
		!key_der_take(&spki, KEY_DER_BIT_STRING, &bits) ||
		spki.len != 0 || bits.len == 0 || bits.p[0] != 0)
		return error_set(
			e, ERROR_PARSE, "public key is malformed or cut short");
	bits.p++; /* the count of unused bits */
	bits.len--;
	if (is_oid(&oid, oid_ec, sizeof(oid_ec)))
		return read_ec(out, algorithm, &bits, e);
	if (!is_oid(&oid, oid_rsa, sizeof(oid_rsa)))
		return error_set(e, ERROR_INVALID,
			"key is of type %s; only RSA and EC are taken",
			oid_name(&oid).text);
	if (algorithm.len != 0 &&
		(!key_der_take(&algorithm, KEY_DER_NULL, &null) ||
			null.len != 0 || algorithm.len != 0))
		return error_set(e, ERROR_PARSE,
			"RSA key has parameters where none belong");
	return read_rsa(out, bits, e);
}

int
key_numbers_from_pkcs1(struct key_numbers *out, const unsigned char *der,
	size_t len, struct error *e)
{
	return read_rsa(out, (struct key_der){der, len}, e);
}

int
key_numbers_from_certificate(struct key_numbers *out, const unsigned char *der,
	size_t len, struct error *e)
{
	const unsigned char *p = der;
	unsigned char *spki = NULL;
	X509 *certificate = d2i_X509(NULL, &p, (long)len);
	int spki_len, rc = -1;

	if (certificate == NULL) {
		key_openssl_error(
			e, ERROR_PARSE, "not a certificate, or cut short");
		goto out;
	}
	if (p != der + len) {
		error_set(e, ERROR_PARSE, "bytes follow the certificate");
		goto out;
	}
	spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
	if (spki_len <= 0) {
		key_openssl_error(e, ERROR_PARSE, "certificate has no key");
		goto out;
	}
	if (key_numbers_from_spki(out, spki, (size_t)spki_len, e) != 0)
		goto out;
	rc = 0;
out:
	OPENSSL_free(spki);
	X509_free(certificate);
	return rc;
}

/* An INTEGER of a number without leading zeros. */
static void
append_integer(struct buf *out, const unsigned char *p, size_t len)
{
	unsigned char content[1 + KEY_RSA_BITS_MAX / 8] = {0};
	size_t sign = p[0] >= 0x80;

	memcpy(content + sign, p, len);
	key_der_append(out, KEY_DER_INTEGER, content, sign + len);
}

/* What the BIT STRING holds, with its count of unused bits. */
static void
append_bits(struct buf *out, const struct key_numbers *numbers)
{
	struct buf pair = BUF_INIT;

	buf_putc(out, 0);
	if (numbers->curve != NULL) {
		buf_putc(out, 4); /* uncompressed */
		buf_append(out, numbers->first, numbers->first_len);
		buf_append(out, numbers->second, numbers->second_len);
		return;
	}
	append_integer(&pair, numbers->first, numbers->first_len);
	append_integer(&pair, numbers->second, numbers->second_len);
	key_der_append(out, KEY_DER_SEQUENCE, pair.data, pair.len);
	out->failed |= pair.failed;
	buf_release(&pair);
}

void
key_numbers_render(const struct key_numbers *numbers, struct buf *out)
{
	const struct key_curve *curve = numbers->curve;
	struct buf algorithm = BUF_INIT, bits = BUF_INIT, spki = BUF_INIT;

	if (curve == NULL) {
		key_der_append(
			&algorithm, KEY_DER_OID, oid_rsa, sizeof(oid_rsa));
		key_der_append(&algorithm, KEY_DER_NULL, "", 0);
	} else {
		key_der_append(&algorithm, KEY_DER_OID, oid_ec, sizeof(oid_ec));
		key_der_append(
			&algorithm, KEY_DER_OID, curve->oid, curve->oid_len);
	}
	append_bits(&bits, numbers);
	key_der_append(&spki, KEY_DER_SEQUENCE, algorithm.data, algorithm.len);
	key_der_append(&spki, KEY_DER_BIT_STRING, bits.data, bits.len);
	key_der_append(out, KEY_DER_SEQUENCE, spki.data, spki.len);
	out->failed |= algorithm.failed || bits.failed || spki.failed;
	buf_release(&algorithm);
	buf_release(&bits);
	buf_release(&spki);
}
