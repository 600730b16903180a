/* SPDX-License-Identifier: MIT */
/*
 * Keys for tests, made while they run and in every form that people have key
 * files in.  What is expected of them is worked out with OpenSSL's encoders
 * alone: nothing of it is shared with the room key.
 *
 * A failure here is a broken test, so it prints where and aborts.  Results
 * are the caller's: EVP_PKEY_free, buf_release.
 */
#ifndef T_LIB_KEY_MAKE_H
#define T_LIB_KEY_MAKE_H

#include <stdbool.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "base/buf.h"

#define must(condition)                                                 \
	do {                                                            \
		if (!(condition))                                       \
			key_make_abort(__FILE__, __LINE__, #condition); \
	} while (0)

_Noreturn void key_make_abort(const char *file, int line, const char *what);

EVP_PKEY *key_make_rsa(unsigned bits);
EVP_PKEY *key_make_ec(const char *curve); /* "P-256" */
EVP_PKEY *key_make(const char *type);     /* "ED25519" */

/* DER. */
struct buf key_make_spki(EVP_PKEY *key);
struct buf key_make_pkcs1_public(EVP_PKEY *key);
struct buf key_make_certificate(EVP_PKEY *key);
struct buf key_make_pkcs8(EVP_PKEY *key);
struct buf key_make_pkcs8_encrypted(EVP_PKEY *key);
struct buf key_make_traditional(EVP_PKEY *key); /* PKCS#1 or SEC 1 */
struct buf key_make_pkcs12(EVP_PKEY *key);
struct buf key_make_openssh(void); /* its frame, around random bytes */

/* DER of an RSA public key with these numbers, which need not make sense. */
struct buf key_make_spki_of(const BIGNUM *n, unsigned long exponent);

/* Text. */
struct buf key_make_pem(const char *label, const struct buf *der);
struct buf key_make_kid(EVP_PKEY *key);
/* As kube-apiserver prints it; members are put before the last brace. */
struct buf key_make_jwk(EVP_PKEY *key, const char *kid, const char *members);

#endif
