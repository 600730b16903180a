/* SPDX-License-Identifier: MIT */
/*
 * Session tickets are opened with the key that made them or the one before it,
 * so a ticket lives for a period at least.  All threads share the keys, for a
 * client comes back to any of them; they are in no file, so after a restart
 * clients shake hands in full once.  Invariant: a key that is no longer used
 * is overwritten, and with it all that was ever said under its tickets is out
 * of reach.
 *
 * The lock is taken once a handshake, to copy a key of 80 bytes.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "http/tls_internal.h"

#define NAME_LEN 16 /* RFC 5077 section 4, as are the next */
#define IV_LEN 16
#define SECRET_LEN 32

struct ticket_key {
	unsigned char name[NAME_LEN];
	unsigned char cipher[SECRET_LEN];
	unsigned char mac[SECRET_LEN];
};

enum { NEWEST, BEFORE, KEYS };

struct http_tickets {
	pthread_mutex_t lock;
	EVP_CIPHER *cipher; /* fetched once: that is not cheap */
	int64_t since;      /* when the newest key was made */
	struct ticket_key keys[KEYS];
};

/* ---- keys ---------------------------------------------------------------- */

static int
make_key(struct ticket_key *key, struct error *e)
{
	if (RAND_bytes(key->name, sizeof(key->name)) != 1 ||
		RAND_priv_bytes(key->cipher, sizeof(key->cipher)) != 1 ||
		RAND_priv_bytes(key->mac, sizeof(key->mac)) != 1)
		return http_tls_error(
			e, ERROR_SYS, "no random bytes for a ticket key");
	return 0;
}

struct http_tickets *
http_tickets_new(int64_t now, struct error *e)
{
	struct http_tickets *t = calloc(1, sizeof(*t));
	int i;

	if (t == NULL) {
		error_nomem(e);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->since = now;
	t->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	if (t->cipher == NULL) {
		http_tls_error(e, ERROR_TLS, "no AES-256-CBC for tickets");
		goto out;
	}
	/* the one before is random too, so that nobody can guess it */
	for (i = 0; i < KEYS; i++)
		if (make_key(&t->keys[i], e) != 0)
			goto out;
	return t;
out:
	http_tickets_free(t);
	return NULL;
}

void
http_tickets_free(struct http_tickets *t)
{
	if (t == NULL)
		return;
	EVP_CIPHER_free(t->cipher);
	pthread_mutex_destroy(&t->lock);
	OPENSSL_cleanse(t->keys, sizeof(t->keys));
	free(t);
}

int
http_tickets_rotate(struct http_tickets *t, int64_t now, struct error *e)
{
	struct ticket_key fresh;

	if (now - t->since < HTTP_TICKETS_PERIOD)
		return 0;
	if (make_key(&fresh, e) != 0)
		return -1;
	pthread_mutex_lock(&t->lock);
	/* after a long pause the newest is too old for both places */
	if (now - t->since < 2 * HTTP_TICKETS_PERIOD)
		t->keys[BEFORE] = t->keys[NEWEST];
	else
		t->keys[BEFORE] = fresh;
	t->keys[NEWEST] = fresh;
	t->since = now;
	pthread_mutex_unlock(&t->lock);
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	return 0;
}

/* ---- OpenSSL asks -------------------------------------------------------- */

/* The key by this name, or with NULL the newest; -1: there is none. */
static int
take_key(struct http_tickets *t, const unsigned char *name,
	struct ticket_key *out)
{
	int i, found = name == NULL ? NEWEST : -1;

	pthread_mutex_lock(&t->lock);
	for (i = 0; found < 0 && i < KEYS; i++)
		if (memcmp(t->keys[i].name, name, NAME_LEN) == 0)
			found = i;
	if (found >= 0)
		*out = t->keys[found];
	pthread_mutex_unlock(&t->lock);
	return found;
}

static int
set_mac(EVP_MAC_CTX *mac, struct ticket_key *key)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(
			OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
		OSSL_PARAM_utf8_string(
			OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
		OSSL_PARAM_END,
	};

	return EVP_MAC_CTX_set_params(mac, params);
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 is no ticket, or a full handshake;
 * 2 opens it and has a new one made.  TLS 1.3 clients use one only once (RFC
 * 8446 appendix C.4), so they always get a new one. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
	EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int making)
{
	struct http_tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct ticket_key key;
	int found = take_key(t, making ? NULL : name, &key);
	int rc = -1;

	if (found < 0)
		return 0;
	if (making) {
		memcpy(name, key.name, NAME_LEN);
		if (RAND_bytes(iv, IV_LEN) != 1)
			goto out;
	}
	if (EVP_CipherInit_ex(
		    cipher, t->cipher, NULL, key.cipher, iv, making) != 1 ||
		set_mac(mac, &key) != 1)
		goto out;
	rc = !making && (found != NEWEST || SSL_version(ssl) == TLS1_3_VERSION)
		     ? 2
		     : 1;
out:
	OPENSSL_cleanse(&key, sizeof(key));
	return rc;
}

int
http_tickets_use(struct http_tickets *t, SSL_CTX *ctx, struct error *e)
{
	if (SSL_CTX_set_app_data(ctx, t) != 1 ||
		SSL_CTX_set_num_tickets(ctx, 1) != 1 ||
		SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) != 1)
		return http_tls_error(
			e, ERROR_TLS, "session tickets cannot be set up");
	/* what it returns is the old one */
	SSL_CTX_set_timeout(ctx, HTTP_TICKETS_PERIOD);
	return 0;
}
