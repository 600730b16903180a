/* SPDX-License-Identifier: MIT */
#include "certificate_make.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DAY 86400L
#define VALID_DAYS 30

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "certificate_make: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	need(ext != NULL && X509_add_ext(x, ext, -1) == 1, value);
	X509_EXTENSION_free(ext);
}

static void
set_name(X509 *x)
{
	static int serial;
	X509_NAME *name = X509_get_subject_name(x);
	char text[32];

	snprintf(text, sizeof(text), "test %d", ++serial);
	need(ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1 &&
			X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				(const unsigned char *)text, -1, -1, 0) == 1,
		"a name");
}

static struct certificate
make(EVP_PKEY *key, const char *names, const struct certificate *issuer,
	int from_days, int until_days)
{
	struct certificate c = {X509_new(), key};
	X509 *by = issuer == NULL ? c.x509 : issuer->x509;

	need(c.x509 != NULL && c.key != NULL, "memory");
	set_name(c.x509);
	need(X509_set_version(c.x509, X509_VERSION_3) == 1 &&
			X509_set_pubkey(c.x509, key) == 1 &&
			X509_gmtime_adj(X509_getm_notBefore(c.x509),
				from_days * DAY) != NULL &&
			X509_gmtime_adj(X509_getm_notAfter(c.x509),
				until_days * DAY) != NULL &&
			X509_set_issuer_name(
				c.x509, X509_get_subject_name(by)) == 1,
		"a certificate");
	if (names != NULL)
		add_extension(c.x509, NID_subject_alt_name, names);
	else
		add_extension(c.x509, NID_basic_constraints, "CA:TRUE");
	need(X509_sign(c.x509, issuer == NULL ? key : issuer->key,
		     EVP_sha256()) > 0,
		"a signature");
	return c;
}

struct certificate
certificate_make(const char *names, const struct certificate *issuer,
	int from_days, int until_days)
{
	return make(EVP_EC_gen("P-256"), names, issuer, from_days, until_days);
}

struct certificate
certificate_make_of(EVP_PKEY *key, const char *names)
{
	need(EVP_PKEY_up_ref(key) == 1, "a key");
	return make(key, names, NULL, 0, VALID_DAYS);
}

void
certificate_release(struct certificate *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
}

void
certificate_write(
	const char *path, const struct certificate *const *list, size_t count)
{
	FILE *f = fopen(path, "w");
	size_t i;

	need(f != NULL, path);
	for (i = 0; i < count; i++)
		need(PEM_write_X509(f, list[i]->x509) == 1, path);
	need(fclose(f) == 0, path);
}

void
certificate_write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
	mode_t before = umask(077);
	FILE *f = fopen(path, "w");

	need(f != NULL, path);
	need(PEM_write_PKCS8PrivateKey(f, key,
		     passphrase == NULL ? NULL : EVP_aes_256_cbc(), passphrase,
		     passphrase == NULL ? 0 : (int)strlen(passphrase), NULL,
		     NULL) == 1,
		path);
	need(fclose(f) == 0, path);
	umask(before);
}

void
certificate_files(const char *name, const char *names)
{
	struct certificate c = certificate_make(names, NULL, 0, VALID_DAYS);
	const struct certificate *const list[] = {&c};
	char path[64];

	snprintf(path, sizeof(path), "%s.crt", name);
	certificate_write(path, list, 1);
	snprintf(path, sizeof(path), "%s.key", name);
	certificate_write_key(path, c.key, NULL);
	certificate_release(&c);
}
