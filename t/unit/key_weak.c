/* SPDX-License-Identifier: MIT */
/* Weak moduli, constructed here; nobody's keys. */
#include "key_check.h"

#include "key/weak.h"

static BN_CTX *ctx;

static int
open_ctx(void **state)
{
	(void)state;
	ctx = BN_CTX_new();
	return ctx == NULL;
}

static int
close_ctx(void **state)
{
	(void)state;
	BN_CTX_free(ctx);
	return 0;
}

static BIGNUM *
random_prime(int bits)
{
	BIGNUM *p = BN_new();

	must(p != NULL);
	must(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL) == 1);
	return p;
}

/* The least prime that is at least p. */
static void
next_prime(BIGNUM *p)
{
	if (!BN_is_odd(p))
		must(BN_add_word(p, 1) == 1);
	while (BN_check_prime(p, ctx, NULL) != 1)
		must(BN_add_word(p, 2) == 1);
}

/* What key_weak_check says of n; the key is refused as a whole likewise. */
static void
check(const BIGNUM *n, const char *word)
{
	unsigned char bytes[KEY_FILE_MAX / 256];
	struct buf der = key_make_spki_of(n, 65537);
	struct error e;
	int len = BN_bn2bin(n, bytes), rc;

	error_clear(&e);
	rc = key_weak_check(bytes, (size_t)len, &e);
	if (word == NULL) {
		if (rc != 0)
			fail_msg("refused: %s", e.text);
		assert_int_equal(e.code, ERROR_NONE);
	} else {
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERROR_INVALID);
		if (strstr(e.text, word) == NULL)
			fail_msg("no \"%s\" in: %s", word, e.text);
		key_check_refused(word, der.data, der.len, ERROR_INVALID, word);
	}
	buf_release(&der);
}

static BIGNUM *
product(const BIGNUM *p, const BIGNUM *q)
{
	BIGNUM *n = BN_new();

	must(n != NULL && BN_mul(n, p, q, ctx) == 1);
	return n;
}

static void
test_good_keys(void **state)
{
	BIGNUM *p, *q, *n;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		p = random_prime(1024);
		q = random_prime(1025);
		n = product(p, q);
		check(n, NULL);
		BN_free(p);
		BN_free(q);
		BN_free(n);
	}
}

static void
test_small_factors(void **state)
{
	static const unsigned factors[] = {3, 5, 7, 127, 163, 167};
	BIGNUM *p = random_prime(2048), *n;
	char word[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		n = BN_dup(p);
		must(n != NULL && BN_mul_word(n, factors[i]) == 1);
		snprintf(word, sizeof(word), "divisible by %u:", factors[i]);
		check(n, word);
		BN_free(n);
	}
	n = BN_dup(p);
	must(n != NULL && BN_mul_word(n, 2) == 1);
	check(n, "even");
	BN_free(n);
	BN_free(p);
}

/* p of the bits above and a q that is that much larger. */
static void
check_distance(int distance_bits, const char *word)
{
	BIGNUM *p = random_prime(1025), *q = BN_dup(p), *distance = BN_new();
	BIGNUM *n;

	must(q != NULL && distance != NULL);
	must(BN_set_bit(distance, distance_bits) == 1);
	must(BN_add(q, q, distance) == 1);
	next_prime(q);
	n = product(p, q);
	check(n, word);
	BN_free(p);
	BN_free(q);
	BN_free(distance);
	BN_free(n);
}

static void
test_close_primes(void **state)
{
	(void)state;
	check_distance(1, "close primes");
	check_distance(64, "close primes");
	/* Fermat takes (q - p)^2 / 8 sqrt(n) steps: one here ... */
	check_distance(512, "close primes");
	/* ... and over 256 here, more than are made */
	check_distance(518, NULL);
	check_distance(900, NULL);
}

/* a^2 - b^2 with b = 2^bits and a random a of 1026 bits: found after about
 * b^2 / 2a steps.  Most such
 * numbers have small factors: those are not what is tried here. */
static int
check_steps(int bits)
{
	BIGNUM *a = BN_new(), *b = BN_new(), *n = BN_new();
	unsigned char bytes[300];
	struct error e;
	int len, rc;

	must(a != NULL && b != NULL && n != NULL);
	must(BN_set_bit(b, 2 * bits) == 1);
	do {
		must(BN_rand(a, 1026, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) ==
			1);
		must(BN_sqr(n, a, ctx) == 1 && BN_sub(n, n, b) == 1);
		len = BN_bn2bin(n, bytes);
		error_clear(&e);
		rc = key_weak_check(bytes, (size_t)len, &e);
	} while (rc != 0 && strstr(e.text, "close primes") == NULL);
	BN_free(a);
	BN_free(b);
	BN_free(n);
	return rc;
}

static void
test_number_of_steps(void **state)
{
	(void)state;
	assert_int_equal(check_steps(516), -1); /* 32 to 64 steps */
	assert_int_equal(check_steps(517), 0);  /* 128 to 256 */
}

static void
test_square(void **state)
{
	BIGNUM *p = random_prime(1025), *n = product(p, p);

	(void)state;
	check(n, "close primes");
	BN_free(p);
	BN_free(n);
}

/* p = k M + (65537^a mod M), M the product of the first 126 primes: the form
 * of the primes in question for keys of 2048 bits. */
static BIGNUM *
roca_prime(void)
{
	BIGNUM *m = BN_new(), *p = BN_new(), *a = BN_new(), *k = BN_new();
	BIGNUM *base = BN_new();
	unsigned candidate, divisor, count;

	must(m != NULL && p != NULL && a != NULL && k != NULL && base != NULL);
	must(BN_one(m) == 1 && BN_set_word(base, 65537) == 1);
	for (candidate = 2, count = 0; count < 126; candidate++) {
		for (divisor = 2; candidate % divisor != 0; divisor++)
			;
		if (divisor != candidate)
			continue;
		must(BN_mul_word(m, candidate) == 1);
		count++;
	}
	do {
		must(BN_rand(a, 250, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
		must(BN_mod_exp(p, base, a, m, ctx) == 1);
		must(BN_rand(k, 1025 - BN_num_bits(m), BN_RAND_TOP_TWO,
			     BN_RAND_BOTTOM_ANY) == 1);
		must(BN_mul(k, k, m, ctx) == 1 && BN_add(p, p, k) == 1);
	} while (BN_check_prime(p, ctx, NULL) != 1);
	BN_free(m);
	BN_free(a);
	BN_free(k);
	BN_free(base);
	return p;
}

static void
test_roca(void **state)
{
	BIGNUM *p = roca_prime(), *q = roca_prime(), *n = product(p, q);
	BIGNUM *other = random_prime(1025), *half;

	(void)state;
	check(n, "ROCA");
	/* one such prime alone leaves no fingerprint */
	half = product(p, other);
	check(half, NULL);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_free(other);
	BN_free(half);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_keys),
		cmocka_unit_test(test_small_factors),
		cmocka_unit_test(test_close_primes),
		cmocka_unit_test(test_number_of_steps),
		cmocka_unit_test(test_square),
		cmocka_unit_test(test_roca),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
