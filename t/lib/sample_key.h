/* SPDX-License-Identifier: MIT */
/*
 * P-256 keys by number, made when one is first asked for and the same until
 * the program ends.  What is said of them comes from OpenSSL's encoders alone
 * (key_make.h).
 */
#ifndef T_LIB_SAMPLE_KEY_H
#define T_LIB_SAMPLE_KEY_H

#define SAMPLE_KEYS 300

const char *sample_pem(unsigned n); /* PUBLIC KEY */
const char *sample_jwk(unsigned n); /* as kube-apiserver prints it */
const char *sample_kid(unsigned n);

/* The PEM of count keys from the first on; the JWKS of them.  Valid until the
 * next call of the same function. */
const char *sample_pems(unsigned first, unsigned count);
const char *sample_jwks(unsigned first, unsigned count);

#endif
