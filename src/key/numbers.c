/* SPDX-License-Identifier: MIT */
/*
 * The rules stand in one place, behind the only two functions that fill a
 * struct key_numbers, so that no form of a key file can be a way around them.
 */
#include "key/numbers.h"

#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "key/internal.h"
#include "key/weak.h"

static const struct key_curve curves[] = {
	{"P-256", KEY_ES256, 256, 32, NID_X9_62_prime256v1,
		{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 8},
	{"P-384", KEY_ES384, 384, 48, NID_secp384r1,
		{0x2b, 0x81, 0x04, 0x00, 0x22}, 5},
	{"P-521", KEY_ES512, 521, 66, NID_secp521r1,
		{0x2b, 0x81, 0x04, 0x00, 0x23}, 5},
};

#define N_CURVES (sizeof(curves) / sizeof(curves[0]))

const struct key_curve *
key_curve_find(const char *name)
{
	size_t i;

	for (i = 0; i < N_CURVES; i++)
		if (strcmp(curves[i].name, name) == 0)
			return &curves[i];
	return NULL;
}

const struct key_curve *
key_curve_find_oid(const unsigned char *oid, size_t len)
{
	size_t i;

	for (i = 0; i < N_CURVES; i++)
		if (curves[i].oid_len == len &&
			memcmp(curves[i].oid, oid, len) == 0)
			return &curves[i];
	return NULL;
}

enum key_alg
key_numbers_alg(const struct key_numbers *numbers)
{
	return numbers->curve == NULL ? KEY_RS256 : numbers->curve->alg;
}

/* Step over leading zeros. */
static void
strip(const unsigned char **p, size_t *len)
{
	while (*len > 0 && **p == 0) {
		(*p)++;
		(*len)--;
	}
}

/* The width of a number without leading zeros. */
static size_t
bit_length(const unsigned char *p, size_t len)
{
	unsigned top;
	size_t bits = len * 8;

	if (len == 0)
		return 0;
	for (top = p[0]; top < 0x80; top <<= 1)
		bits--;
	return bits;
}

static int
check_exponent(const unsigned char *p, size_t len, struct error *e)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value = value << 8 | p[i];
	if (value % 2 == 0)
		return error_set(e, ERROR_INVALID,
			"RSA exponent is even: this is not an RSA key");
	if (len > sizeof(value) || value > KEY_EXPONENT_MAX)
		return error_set(e, ERROR_INVALID,
			"RSA exponent is over 2^31 - 1, the most that "
			"kube-apiserver takes");
	if (value < KEY_EXPONENT_MIN)
		return error_set(e, ERROR_INVALID,
			"RSA exponent is %u, 65537 is the least",
			(unsigned)value);
	return 0;
}

int
key_numbers_rsa(struct key_numbers *out, const unsigned char *n, size_t n_len,
	const unsigned char *exponent, size_t exponent_len, struct error *e)
{
	size_t bits;

	strip(&n, &n_len);
	strip(&exponent, &exponent_len);
	bits = bit_length(n, n_len);
	if (bits < KEY_RSA_BITS_MIN)
		return error_set(e, ERROR_INVALID,
			"RSA key has %zu bits, %d is the least", bits,
			KEY_RSA_BITS_MIN);
	if (bits > KEY_RSA_BITS_MAX)
		return error_set(e, ERROR_INVALID,
			"RSA key has %zu bits, %d is the most", bits,
			KEY_RSA_BITS_MAX);
	if (check_exponent(exponent, exponent_len, e) != 0 ||
		key_weak_check(n, n_len, e) != 0)
		return -1;
	out->curve = NULL;
	out->bits = (unsigned)bits;
	memcpy(out->first, n, n_len);
	out->first_len = n_len;
	memcpy(out->second, exponent, exponent_len);
	out->second_len = exponent_len;
	return 0;
}

int
key_numbers_ec(struct key_numbers *out, const struct key_curve *curve,
	const unsigned char *octets, size_t len, struct error *e)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curve->nid);
	EC_POINT *point = NULL;
	BIGNUM *x = BN_new(), *y = BN_new();
	int width = (int)curve->width, rc = -1;

	if (group != NULL)
		point = EC_POINT_new(group);
	if (point == NULL || x == NULL || y == NULL) {
		key_openssl_error(e, ERROR_INVALID, "EC curve is not usable");
		goto out;
	}
	/* fails for a point that is not on the curve; infinity has no x, y */
	if (EC_POINT_oct2point(group, point, octets, len, NULL) != 1 ||
		EC_POINT_get_affine_coordinates(group, point, x, y, NULL) !=
			1) {
		key_openssl_error(
			e, ERROR_INVALID, "EC key is not a point on its curve");
		goto out;
	}
	if (BN_bn2binpad(x, out->first, width) != width ||
		BN_bn2binpad(y, out->second, width) != width) {
		key_openssl_error(e, ERROR_INVALID, "EC coordinate too wide");
		goto out;
	}
	out->curve = curve;
	out->bits = curve->bits;
	out->first_len = out->second_len = curve->width;
	rc = 0;
out:
	BN_free(x);
	BN_free(y);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return rc;
}
