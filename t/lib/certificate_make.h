/* SPDX-License-Identifier: MIT */
/*
 * Certificates for tests of TLS, made while they run, in files of the current
 * directory: NAME.crt and NAME.key.  A failure here is a broken test: it
 * aborts.
 */
#ifndef T_LIB_CERTIFICATE_MAKE_H
#define T_LIB_CERTIFICATE_MAKE_H

#include <openssl/x509.h>

struct certificate {
	X509 *x509;
	EVP_PKEY *key;
};

/* names: "DNS:a.example,DNS:*.b.example", or NULL for none.  issuer: who signs
 * it, NULL for itself.  It is valid from from_days to until_days from now. */
struct certificate certificate_make(const char *names,
	const struct certificate *issuer, int from_days, int until_days);
/* Of its own key. */
struct certificate certificate_make_of(EVP_PKEY *key, const char *names);
void certificate_release(struct certificate *c);

/* One after the other into a file. */
void certificate_write(
	const char *path, const struct certificate *const *list, size_t count);
/* passphrase NULL: not encrypted; the file has mode 0600. */
void certificate_write_key(
	const char *path, EVP_PKEY *key, const char *passphrase);

/* A self-signed one for these names as NAME.crt and NAME.key. */
void certificate_files(const char *name, const char *names);

#endif
