/* SPDX-License-Identifier: MIT */
/*
 * The only file that sees private key bytes.  Invariant: they live in OpenSSL
 * objects, in secure BIOs and in struct file_bytes, all of which are wiped
 * when they are freed.
 */
#include "keyring/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/file.h"

struct keyring_private {
	EVP_PKEY *pkey;
};

/* OpenSSL's reason, without its queue staying behind.  Its texts name
 * functions and causes, never bytes. */
static int
openssl_error(struct error *e, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	error_set(e, ERROR_INVALID, "%s: %s", what,
		reason != NULL ? reason : "OpenSSL gives no reason");
	ERR_clear_error();
	return -1;
}

static struct keyring_private *
wrap(EVP_PKEY *take, struct error *e)
{
	struct keyring_private *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		EVP_PKEY_free(take);
		error_nomem(e);
		return NULL;
	}
	p->pkey = take;
	return p;
}

struct keyring_private *
keyring_private_new(enum key_alg alg, unsigned bits, struct error *e)
{
	EVP_PKEY *pkey = NULL;

	switch (alg) {
	case KEY_RS256:
	case KEY_RS384:
	case KEY_RS512:
		pkey = EVP_RSA_gen(bits);
		break;
	case KEY_ES256:
		pkey = EVP_EC_gen("P-256");
		break;
	case KEY_ES384:
		pkey = EVP_EC_gen("P-384");
		break;
	case KEY_ES512:
		pkey = EVP_EC_gen("P-521");
		break;
	}
	if (pkey == NULL) {
		openssl_error(e, "cannot generate a key");
		return NULL;
	}
	return wrap(pkey, e);
}

void
keyring_private_free(struct keyring_private *p)
{
	if (p == NULL)
		return;
	EVP_PKEY_free(p->pkey);
	free(p);
}

/* An encrypted key must not make OpenSSL ask on the terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)buf;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

static struct keyring_private *
parse(const struct file_bytes *file, struct error *e)
{
	struct keyring_private *p = NULL;
	bool asked = false;
	EVP_PKEY *pkey;
	BIO *bio;

	bio = BIO_new_mem_buf(file->data, (int)file->len);
	if (bio == NULL) {
		error_nomem(e);
		return NULL;
	}
	ERR_clear_error();
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, &asked);
	if (pkey != NULL)
		p = wrap(pkey, e);
	else if (asked)
		error_set(e, ERROR_INVALID,
			"is encrypted, and kube-apiserver could not read it "
			"either");
	else if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		error_set(e, ERROR_NOTFOUND, "holds no private key");
	else
		openssl_error(e, "is not a private key");
	ERR_clear_error();
	BIO_free(bio);
	return p;
}

struct keyring_private *
keyring_private_load(int dirfd, const char *path, struct error *e)
{
	struct keyring_private *p;
	struct file_bytes file = {0};

	if (file_read(dirfd, path, KEYRING_PRIVATE_MAX, &file, e) != 0)
		return NULL;
	p = parse(&file, e);
	file_bytes_release(&file);
	return p;
}

int
keyring_private_save(const struct keyring_private *p, int dirfd,
	const char *name, struct error *e)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *bytes = NULL;
	long len;
	int rc = -1;

	if (bio == NULL)
		return error_nomem(e);
	/* the traditional form: every version of kube-apiserver reads it, for
	 * signing and, of an EC key, also for verifying */
	if (PEM_write_bio_PrivateKey_traditional(
		    bio, p->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		openssl_error(e, "cannot be written as PEM");
		goto out;
	}
	len = BIO_get_mem_data(bio, &bytes);
	if (len <= 0) {
		openssl_error(e, "cannot be written as PEM");
		goto out;
	}
	rc = file_replace_at(dirfd, name, bytes, (size_t)len, 0600, e);
out:
	BIO_free(bio);
	return rc;
}

struct key *
keyring_private_public(const struct keyring_private *p, struct error *e)
{
	unsigned char *spki = NULL;
	struct key *key;
	int len;

	len = i2d_PUBKEY(p->pkey, &spki);
	if (len <= 0) {
		openssl_error(e, "has no public half");
		return NULL;
	}
	key = key_new(spki, (size_t)len, NULL, e);
	OPENSSL_free(spki);
	return key;
}
