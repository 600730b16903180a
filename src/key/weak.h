/* SPDX-License-Identifier: MIT */
/*
 * RSA moduli that are known to be easy to factor, told from the public key:
 *
 *   small factors  2 to 167: not the product of two large primes
 *   ROCA           CVE-2017-15361: made by Infineon's library, whose primes
 *                  leave residues that are all powers of 65537
 *   close primes   found by Fermat's method in KEY_FERMAT_STEPS steps, such as
 *                  CVE-2022-26320's
 *
 * Takes tens of microseconds.  Not told: whether the modulus is a prime (that
 * costs milliseconds), and keys that only a list would know, as those of
 * CVE-2008-0166 (Debian's OpenSSL of 2006 to 2008).
 */
#ifndef KEY_WEAK_H
#define KEY_WEAK_H

#include <stddef.h>

#include "base/error.h"

#define KEY_FERMAT_STEPS 100

/* n is big-endian.  0, or -1: INVALID when the modulus is weak, NOMEM. */
int key_weak_check(const unsigned char *n, size_t len, struct error *e)
	__attribute__((warn_unused_result));

#endif
