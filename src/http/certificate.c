/* SPDX-License-Identifier: MIT */
/*
 * A certificate and its key, from two files that somebody else replaces one
 * after the other: what is accepted belongs together, or nothing is.
 *
 * The key stays in OpenSSL's memory; the file's bytes are wiped.
 */
#include <ctype.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "http/tls_internal.h"

#define FILE_MAX (256 * 1024)
#define CHAIN_MAX 16 /* certificates of one file */

int
http_tls_error(struct error *e, enum error_code code, const char *what)
{
	unsigned long err = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(err);

	ERR_clear_error();
	/* no entry at all: there was no memory for one */
	if (err == 0 || ERR_GET_REASON(err) == ERR_R_MALLOC_FAILURE)
		return error_nomem(e);
	if (reason == NULL)
		return error_set(e, code, "%s", what);
	return error_set(e, code, "%s (OpenSSL: %s)", what, reason);
}

void
http_names_release(struct http_names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct http_names){0};
}

/* ---- names --------------------------------------------------------------- */

static int
add_name(struct http_names *names, const ASN1_IA5STRING *text, struct error *e)
{
	size_t len = (size_t)ASN1_STRING_length(text);
	char **grown, *name;
	size_t i;

	grown = reallocarray(names->list, names->count + 1, sizeof(*grown));
	if (grown == NULL)
		return error_nomem(e);
	names->list = grown;
	name = strndup((const char *)ASN1_STRING_get0_data(text), len);
	if (name == NULL)
		return error_nomem(e);
	/* a NUL within would make another name of it */
	if (strlen(name) != len) {
		free(name);
		return 0;
	}
	for (i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	names->list[names->count++] = name;
	return 0;
}

static int
read_names(X509 *leaf, struct http_names *names, struct error *e)
{
	GENERAL_NAMES *all;
	const GENERAL_NAME *one;
	int i, rc = 0;

	all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	for (i = 0; rc == 0 && i < sk_GENERAL_NAME_num(all); i++) {
		one = sk_GENERAL_NAME_value(all, i);
		if (one->type == GEN_DNS)
			rc = add_name(names, one->d.dNSName, e);
	}
	GENERAL_NAMES_free(all);
	return rc;
}

/* ---- what it says -------------------------------------------------------- */

static int
read_time(const ASN1_TIME *text, int64_t *when, struct error *e)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(text, &tm) != 1)
		return http_tls_error(e, ERROR_PARSE, "a validity is no time");
	*when = timegm(&tm);
	return 0;
}

static int
read_public_key(X509 *leaf, struct http_certificate *out, struct error *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
	const unsigned char *sum = NULL;

	if (len > 0)
		sum = SHA256(der, (size_t)len, out->public_key);
	OPENSSL_free(der);
	return sum != NULL ? 0
			   : http_tls_error(
				     e, ERROR_PARSE, "its public key is none");
}

static int
describe(X509 *leaf, struct http_certificate *out, struct http_names *names,
	struct error *e)
{
	if (read_time(X509_get0_notBefore(leaf), &out->not_before, e) != 0 ||
		read_time(X509_get0_notAfter(leaf), &out->not_after, e) != 0 ||
		read_public_key(leaf, out, e) != 0)
		return -1;
	return read_names(leaf, names, e);
}

/* ---- the files ----------------------------------------------------------- */

static int
parse_chain(BIO *pem, STACK_OF(X509) * chain, struct error *e)
{
	X509 *one = PEM_read_bio_X509(pem, NULL, NULL, NULL);

	while (one != NULL) {
		if (sk_X509_push(chain, one) <= 0) {
			X509_free(one);
			return http_tls_error(e, ERROR_NOMEM, "out of memory");
		}
		if (sk_X509_num(chain) > CHAIN_MAX)
			return error_set(e, ERROR_LIMIT,
				"more than %d certificates", CHAIN_MAX);
		one = PEM_read_bio_X509(pem, NULL, NULL, NULL);
	}
	/* the end of the file is an error as well */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return http_tls_error(
			e, ERROR_PARSE, "a certificate cannot be read");
	ERR_clear_error();
	if (sk_X509_num(chain) == 0)
		return error_set(
			e, ERROR_NOTFOUND, "there is no PEM certificate in it");
	return 0;
}

/* Who checks a chain need not look for the next one elsewhere in it, and TLS
 * 1.2 asks for this order (RFC 5246 section 7.4.2). */
static int
check_order(STACK_OF(X509) * chain, struct error *e)
{
	int i;

	for (i = 1; i < sk_X509_num(chain); i++)
		if (X509_check_issued(sk_X509_value(chain, i),
			    sk_X509_value(chain, i - 1)) != X509_V_OK)
			return error_set(e, ERROR_INVALID,
				"its certificate %d did not issue number %d: "
				"the server's own comes first, then each one's "
				"issuer",
				i + 1, i);
	return 0;
}

static BIO *
open_bytes(const struct file_bytes *f, struct error *e)
{
	BIO *bio = BIO_new_mem_buf(f->data, (int)f->len);

	if (bio == NULL)
		http_tls_error(e, ERROR_NOMEM, "out of memory");
	return bio;
}

static int
read_chain(const char *path, STACK_OF(X509) * chain, struct error *e)
{
	struct file_bytes f = {0};
	BIO *pem = NULL;
	int rc = -1;

	if (file_read(AT_FDCWD, path, FILE_MAX, &f, e) != 0)
		goto out;
	pem = open_bytes(&f, e);
	if (pem != NULL && parse_chain(pem, chain, e) == 0)
		rc = check_order(chain, e);
out:
	BIO_free(pem);
	file_bytes_release(&f);
	return rc == 0 ? 0 : error_wrap(e, "certificate %s", path);
}

/* Nobody is there to be asked. */
static int
no_password(char *buf, int size, int rwflag, void *arg)
{
	bool *asked = arg;

	(void)buf;
	(void)size;
	(void)rwflag;
	*asked = true;
	return -1;
}

/* The rule of PostgreSQL's ssl_key_file, which leaves room for a key that root
 * owns and the daemon reads as its group. */
static int
check_mode(const struct file_id *id, struct error *e)
{
	mode_t allowed = S_IRUSR | S_IWUSR;

	if (id->uid == 0)
		allowed |= S_IRGRP;
	if ((id->mode & ALLPERMS & ~allowed) != 0)
		return error_set(e, ERROR_DENIED,
			"has mode %04o: only its owner may read it, and if "
			"that is root, its group (chmod 600, or 640)",
			(unsigned)id->mode & ALLPERMS);
	return 0;
}

static EVP_PKEY *
parse_key(const struct file_bytes *f, struct error *e)
{
	EVP_PKEY *key = NULL;
	bool asked = false;
	BIO *pem = open_bytes(f, e);

	if (pem == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(pem, NULL, no_password, &asked);
	if (key == NULL && asked) {
		ERR_clear_error();
		error_set(e, ERROR_INVALID,
			"is encrypted: nobody is there to type its passphrase");
	} else if (key == NULL) {
		http_tls_error(e, ERROR_PARSE, "holds no PEM private key");
	}
	BIO_free(pem);
	return key;
}

static EVP_PKEY *
read_key(const char *path, struct error *e)
{
	struct file_bytes f = {0};
	EVP_PKEY *key = NULL;

	if (file_read(AT_FDCWD, path, FILE_MAX, &f, e) == 0 &&
		check_mode(&f.id, e) == 0)
		key = parse_key(&f, e);
	file_bytes_release(&f);
	if (key == NULL)
		error_wrap(e, "key %s", path);
	return key;
}

/* ---- both ---------------------------------------------------------------- */

/* The leaf, its key, and what is sent behind it. */
static int
put(SSL_CTX *ctx, STACK_OF(X509) * chain, EVP_PKEY *key,
	const struct http_tls_files *files, struct error *e)
{
	X509 *leaf = sk_X509_value(chain, 0);
	int i;

	if (X509_check_private_key(leaf, key) != 1) {
		ERR_clear_error();
		return error_set(e, ERROR_CONFLICT,
			"certificate %s and key %s do not belong together",
			files->certificate, files->key);
	}
	if (SSL_CTX_use_certificate(ctx, leaf) != 1 ||
		SSL_CTX_use_PrivateKey(ctx, key) != 1)
		goto out;
	for (i = 1; i < sk_X509_num(chain); i++)
		if (SSL_CTX_add1_chain_cert(ctx, sk_X509_value(chain, i)) != 1)
			goto out;
	return 0;
out:
	http_tls_error(e, ERROR_INVALID, "cannot be used");
	return error_wrap(e, "certificate %s", files->certificate);
}

int
http_certificate_load(const struct http_tls_files *files, SSL_CTX *ctx,
	struct http_certificate *out, struct http_names *names, struct error *e)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	EVP_PKEY *key = NULL;
	int rc = -1;

	out->path = strdup(files->certificate);
	if (chain == NULL || out->path == NULL) {
		error_nomem(e);
		goto out;
	}
	if (read_chain(files->certificate, chain, e) != 0)
		goto out;
	key = read_key(files->key, e);
	if (key == NULL || put(ctx, chain, key, files, e) != 0)
		goto out;
	rc = describe(sk_X509_value(chain, 0), out, names, e);
	if (rc != 0)
		error_wrap(e, "certificate %s", files->certificate);
out:
	EVP_PKEY_free(key);
	sk_X509_pop_free(chain, X509_free);
	return rc;
}
