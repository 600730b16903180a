/* SPDX-License-Identifier: MIT */
/*
 * Every key of a fleet comes through here, so the checks work on residues that
 * fit a machine word and touch the modulus itself only a handful of times.
 */
#include "key/weak.h"

#include <stdbool.h>
#include <stdint.h>

#include <openssl/bn.h>

#include "key/internal.h"

/* The primes that ROCA's fingerprint looks at (Nemec et al., "The Return of
 * Coppersmith's Attack", CCS 2017), which also serve as small factors. */
static const unsigned char primes[] = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37,
	41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
	113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

#define N_PRIMES (sizeof(primes) / sizeof(primes[0]))

/* A square leaves a square modulo each of the first FILTER_PRIMES primes, of
 * which FILTER is the product; one number in a hundred does by chance. */
#define FILTER_PRIMES 8
#define FILTER (3ULL * 5 * 7 * 11 * 13 * 17 * 19 * 23)

/* residues[i] = n modulo primes[i]. */
static int
take_residues(const BIGNUM *n, BN_CTX *ctx, unsigned char *residues)
{
	BIGNUM *product = BN_new(), *rest = BN_new();
	int rc = -1;
	size_t i;

	if (product == NULL || rest == NULL || BN_one(product) != 1)
		goto out;
	for (i = 0; i < N_PRIMES; i++)
		if (BN_mul_word(product, primes[i]) != 1)
			goto out;
	if (BN_mod(rest, n, product, ctx) != 1)
		goto out;
	for (i = 0; i < N_PRIMES; i++)
		residues[i] = (unsigned char)BN_mod_word(rest, primes[i]);
	rc = 0;
out:
	BN_free(product);
	BN_free(rest);
	return rc;
}

/* Is r a power of 65537 modulo p? */
static bool
is_power(unsigned r, unsigned p)
{
	unsigned power = 1;

	do {
		if (power == r)
			return true;
		power = power * (65537 % p) % p;
	} while (power != 1);
	return false;
}

/* Is r a square modulo p? */
static bool
is_residue(unsigned r, unsigned p)
{
	unsigned i;

	for (i = 0; i <= p / 2; i++)
		if (i * i % p == r)
			return true;
	return false;
}

static bool
may_be_square(uint64_t v)
{
	size_t i;

	for (i = 0; i < FILTER_PRIMES; i++)
		if (!is_residue((unsigned)(v % primes[i]), primes[i]))
			return false;
	return true;
}

/* root = the largest integer whose square is at most v, which is not 0; Newton
 * from above. */
static int
square_root(BIGNUM *root, const BIGNUM *v, BN_CTX *ctx)
{
	BIGNUM *next = BN_new();
	int rc = -1;

	if (next == NULL || BN_set_bit(next, (BN_num_bits(v) + 1) / 2) != 1)
		goto out;
	do {
		if (BN_copy(root, next) == NULL ||
			BN_div(next, NULL, v, root, ctx) != 1 ||
			BN_add(next, next, root) != 1 ||
			BN_rshift1(next, next) != 1)
			goto out;
	} while (BN_cmp(next, root) < 0);
	rc = 0;
out:
	BN_free(next);
	return rc;
}

/* Is (root + step) squared, minus n, a square?  1 yes, 0 no, -1 failure. */
static int
splits(const BIGNUM *n, const BIGNUM *root, unsigned step, BN_CTX *ctx)
{
	BIGNUM *a = BN_dup(root), *v = BN_new(), *b = BN_new();
	int rc = -1;

	if (a == NULL || v == NULL || b == NULL || BN_add_word(a, step) != 1 ||
		BN_sqr(v, a, ctx) != 1 || BN_sub(v, v, n) != 1)
		goto out;
	if (BN_is_negative(v) || BN_is_zero(v)) {
		rc = BN_is_zero(v);
		goto out;
	}
	if (square_root(b, v, ctx) != 0 || BN_sqr(b, b, ctx) != 1)
		goto out;
	rc = BN_cmp(b, v) == 0;
out:
	BN_free(a);
	BN_free(v);
	BN_free(b);
	return rc;
}

/* Fermat: n = (a - b)(a + b) shows as a * a - n = b * b, and soon when a is
 * counted up from the root of n and the factors are close.  1 when they are
 * found, 0 when not, -1 on failure. */
static int
has_close_factors(const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *root = BN_new();
	uint64_t a, n_word;
	unsigned step;
	int rc = -1;

	if (root == NULL || square_root(root, n, ctx) != 0)
		goto out;
	n_word = BN_mod_word(n, FILTER);
	a = BN_mod_word(root, FILTER);
	rc = 0;
	for (step = 0; step <= KEY_FERMAT_STEPS && rc == 0; step++, a++)
		if (may_be_square((a * a + FILTER - n_word) % FILTER))
			rc = splits(n, root, step, ctx);
out:
	BN_free(root);
	return rc;
}

static int
check_residues(const unsigned char *residues, struct error *e)
{
	bool roca = true;
	size_t i;

	for (i = 0; i < N_PRIMES; i++) {
		if (residues[i] == 0)
			return error_set(e, ERROR_INVALID,
				"RSA modulus is divisible by %d: make a new "
				"key",
				primes[i]);
		roca = roca && is_power(residues[i], primes[i]);
	}
	if (roca)
		return error_set(e, ERROR_INVALID,
			"RSA key has the ROCA weakness (CVE-2017-15361): make "
			"a new key with other software");
	return 0;
}

int
key_weak_check(const unsigned char *bytes, size_t len, struct error *e)
{
	unsigned char residues[N_PRIMES];
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = BN_bin2bn(bytes, (int)len, NULL);
	int found, rc = -1;

	if (ctx == NULL || n == NULL) {
		key_openssl_error(e, ERROR_NOMEM, "RSA modulus");
		goto out;
	}
	if (!BN_is_odd(n)) {
		error_set(e, ERROR_INVALID, "RSA modulus is even");
		goto out;
	}
	if (take_residues(n, ctx, residues) != 0) {
		key_openssl_error(e, ERROR_NOMEM, "RSA modulus");
		goto out;
	}
	if (check_residues(residues, e) != 0)
		goto out;
	found = has_close_factors(n, ctx);
	if (found < 0)
		key_openssl_error(e, ERROR_NOMEM, "RSA modulus");
	if (found > 0)
		error_set(e, ERROR_INVALID,
			"RSA key is made of two close primes and easily "
			"factored: make a new key");
	if (found != 0)
		goto out;
	rc = 0;
out:
	BN_free(n);
	BN_CTX_free(ctx);
	return rc;
}
