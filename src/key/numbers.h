/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a public key: modulus and exponent, or the coordinates of a
 * point.  A plain value.  Whatever form a key came in, it goes through here,
 * and a struct that one of these functions filled has passed every rule:
 *
 *   RSA  2048 to 16384 bits; an odd exponent from 65537 to 2^31 - 1 (the
 *        largest that Go's crypto/rsa, and so kube-apiserver, takes); no
 *        modulus that key_weak_check knows to be weak
 *   EC   a point other than infinity on P-256, P-384 or P-521.  Their cofactor
 *        is 1, so that such a point is of the right order.
 *
 * Rendering gives one form whatever was read: RSA with NULL parameters and
 * minimal integers, EC with a named curve and an uncompressed point.  It is
 * what Go's x509.MarshalPKIXPublicKey gives, so the kid is Kubernetes'.
 *
 * Codes: PARSE, INVALID, NOMEM.  Out parameters are filled only on success.
 */
#ifndef KEY_NUMBERS_H
#define KEY_NUMBERS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/key.h"

#define KEY_RSA_BITS_MIN 2048
#define KEY_RSA_BITS_MAX 16384
#define KEY_EXPONENT_MIN 65537
#define KEY_EXPONENT_MAX 0x7fffffff
#define KEY_COORDINATE_MAX 66 /* bytes: P-521 */

struct key_curve {
	const char *name; /* "P-256", a JWK's crv */
	enum key_alg alg;
	unsigned bits;
	size_t width;         /* bytes of a coordinate */
	int nid;              /* OpenSSL's */
	unsigned char oid[8]; /* DER content */
	size_t oid_len;
};

/* NULL: not one that is taken. */
const struct key_curve *key_curve_find(const char *name);
const struct key_curve *key_curve_find_oid(
	const unsigned char *oid, size_t len);

struct key_numbers {
	const struct key_curve *curve; /* NULL: RSA */
	unsigned bits;
	/* big-endian: n without leading zeros, or x as wide as the curve */
	unsigned char first[KEY_RSA_BITS_MAX / 8];
	size_t first_len;
	unsigned char second[KEY_COORDINATE_MAX]; /* likewise e or y */
	size_t second_len;
};

/* The algorithm that kube-apiserver gives such a key. */
enum key_alg key_numbers_alg(const struct key_numbers *numbers);

/* Big-endian modulus and exponent; leading zeros do not matter. */
int key_numbers_rsa(struct key_numbers *out, const unsigned char *n,
	size_t n_len, const unsigned char *exponent, size_t exponent_len,
	struct error *e) __attribute__((warn_unused_result));

/* A point in any form of SEC 1 section 2.3.3. */
int key_numbers_ec(struct key_numbers *out, const struct key_curve *curve,
	const unsigned char *point, size_t len, struct error *e)
	__attribute__((warn_unused_result));

/* The SubjectPublicKeyInfo, RSAPublicKey or Certificate that the bytes hold
 * from the first to the last.  A certificate's dates and signature do not
 * matter, as to kube-apiserver. */
int key_numbers_from_spki(struct key_numbers *out, const unsigned char *der,
	size_t len, struct error *e) __attribute__((warn_unused_result));
int key_numbers_from_pkcs1(struct key_numbers *out, const unsigned char *der,
	size_t len, struct error *e) __attribute__((warn_unused_result));
int key_numbers_from_certificate(struct key_numbers *out,
	const unsigned char *der, size_t len, struct error *e)
	__attribute__((warn_unused_result));

/* Append the DER SubjectPublicKeyInfo. */
void key_numbers_render(const struct key_numbers *numbers, struct buf *out);

#endif
