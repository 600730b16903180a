/* SPDX-License-Identifier: MIT */
/*
 * What every handshake starts from.  Each certificate has a context of its own;
 * a connection starts with the first one's and goes over to another when it has
 * heard the server's name.  Invariant: contexts differ in their certificate and
 * in nothing else (make_context).
 */
#include "http/tls.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"
#include "http/tls_internal.h"

#define NAME_MAX_LEN 255 /* RFC 1035 section 2.3.4 */

/* TLS 1.2's; AES-128 first, for it is the fastest, and enough.  Whoever has no
 * AES in hardware, and says so by his order, gets ChaCha20. */
#define CIPHERS_1_2                                                  \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_1_3                                      \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS "X25519:P-256:P-384"
/* RSA below 2048 bits and SHA-1 are refused (SSL_CTX_set_security_level(3)). */
#define SECURITY_LEVEL 2

/* A name and the certificate that has it. */
struct name {
	char *text;
	int index;
};

struct http_tls {
	atomic_uint references;
	size_t count;
	struct http_certificate *certificates;
	SSL_CTX **contexts; /* in step */
	struct name *names; /* sorted */
	size_t n_names;
};

/* ---- names --------------------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order != 0 ? order
			  : (x->index > y->index) - (x->index < y->index);
}

static int
find_exactly(const struct http_tls *tls, const char *name)
{
	size_t low = 0, high = tls->n_names, middle;

	/* the first that is not less: of several, the first certificate's */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(tls->names[middle].text, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tls->n_names || strcmp(tls->names[low].text, name) != 0)
		return -1;
	return tls->names[low].index;
}

int
http_tls_find(const struct http_tls *tls, const char *name)
{
	char text[NAME_MAX_LEN + 2];
	size_t len = strlen(name), i;
	char *dot;
	int found;

	/* a star in the name that is asked for would match itself */
	if (len > NAME_MAX_LEN || strchr(name, '*') != NULL)
		return -1;
	for (i = 0; i <= len; i++)
		text[i] = name[i] >= 'A' && name[i] <= 'Z'
				  ? (char)(name[i] - 'A' + 'a')
				  : name[i];
	found = find_exactly(tls, text);
	dot = strchr(text, '.');
	if (found >= 0 || dot == NULL || dot == text)
		return found;
	*--dot = '*';
	return find_exactly(tls, dot);
}

/* ---- while a client shakes hands ----------------------------------------- */

/* The connection's server may have a newer set by now: it counts. */
static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct http_connection *c = BIO_get_data(SSL_get_rbio(ssl));
	const struct http_tls *tls = c->server->tls;
	int found = name == NULL ? -1 : http_tls_find(tls, name);

	(void)arg;
	/* the client knows better than we whom it trusts: no alert */
	if (found < 0)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_set_SSL_CTX(ssl, tls->contexts[found]) == NULL) {
		*alert = SSL_AD_INTERNAL_ERROR;
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	return SSL_TLSEXT_ERR_OK;
}

/* RFC 7301 section 3.2: what the client offers has to have ours in it.  OpenSSL
 * has looked at the list's form. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char OURS[] = "\x08http/1.1";
	unsigned i;

	(void)ssl;
	(void)arg;
	for (i = 0; i + sizeof(OURS) - 1 <= in_len; i += in[i] + 1U)
		if (memcmp(in + i, OURS, sizeof(OURS) - 1) == 0) {
			*out = in + i + 1;
			*out_len = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL *
http_tls_open(const struct http_tls *tls)
{
	SSL *ssl = SSL_new(tls->contexts[0]);

	if (ssl != NULL)
		SSL_set_accept_state(ssl);
	return ssl;
}

/* ---- making -------------------------------------------------------------- */

static int
set_protocol(SSL_CTX *ctx, struct error *e)
{
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(ctx, CIPHERS_1_2) != 1 ||
		SSL_CTX_set_ciphersuites(ctx, CIPHERS_1_3) != 1 ||
		SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
		SSL_CTX_set_max_early_data(ctx, 0) != 1)
		return http_tls_error(e, ERROR_TLS,
			"TLS cannot be set up: openssl.cnf may forbid what is "
			"needed");
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	/* these return what is set, not whether it could be */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* a record's head and content with one call of ours, not two */
	SSL_CTX_set_read_ahead(ctx, 1);
	/* 10 KB less for a connection that waits */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	return 0;
}

static SSL_CTX *
make_context(struct http_tickets *tickets, struct error *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL) {
		http_tls_error(e, ERROR_TLS, "TLS cannot be set up");
		return NULL;
	}
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	if (SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name) != 1) {
		http_tls_error(e, ERROR_TLS, "SNI cannot be set up");
	} else if (set_protocol(ctx, e) == 0 &&
		   http_tickets_use(tickets, ctx, e) == 0) {
		return ctx;
	}
	SSL_CTX_free(ctx);
	return NULL;
}

/* Owns the names' texts, which are taken out of names. */
static int
add_names(struct http_tls *tls, struct http_names *names, int index,
	struct error *e)
{
	struct name *grown;
	size_t i;

	grown = reallocarray(
		tls->names, tls->n_names + names->count + 1, sizeof(*grown));
	if (grown == NULL)
		return error_nomem(e);
	tls->names = grown;
	for (i = 0; i < names->count; i++) {
		grown[tls->n_names++] = (struct name){names->list[i], index};
		names->list[i] = NULL; /* the set's now */
	}
	return 0;
}

/* One more certificate. */
static int
add(struct http_tls *tls, const struct http_tls_files *files,
	struct http_tickets *tickets, struct error *e)
{
	size_t i = tls->count++;
	struct http_names names = {0};
	int rc = -1;

	tls->contexts[i] = make_context(tickets, e);
	if (tls->contexts[i] != NULL &&
		http_certificate_load(files, tls->contexts[i],
			&tls->certificates[i], &names, e) == 0)
		rc = add_names(tls, &names, (int)i, e);
	http_names_release(&names);
	return rc;
}

struct http_tls *
http_tls_load(const struct http_tls_files *files, size_t count,
	struct http_tickets *tickets, struct error *e)
{
	struct http_tls *tls = NULL;
	size_t i;

	if (count == 0 || count > HTTP_TLS_CERTIFICATES_MAX) {
		error_set(e, ERROR_LIMIT, "%zu certificates; 1 to %d may be",
			count, HTTP_TLS_CERTIFICATES_MAX);
		return NULL;
	}
	tls = calloc(1, sizeof(*tls));
	if (tls == NULL)
		goto out;
	atomic_init(&tls->references, 1);
	tls->certificates = calloc(count, sizeof(*tls->certificates));
	tls->contexts = calloc(count, sizeof(SSL_CTX *));
	if (tls->certificates == NULL || tls->contexts == NULL)
		goto out;
	for (i = 0; i < count; i++)
		if (add(tls, &files[i], tickets, e) != 0)
			goto out;
	qsort(tls->names, tls->n_names, sizeof(*tls->names), compare_names);
	return tls;
out:
	error_nomem(e); /* unless there is a better reason */
	http_tls_unref(tls);
	return NULL;
}

struct http_tls *
http_tls_ref(struct http_tls *tls)
{
	atomic_fetch_add(&tls->references, 1);
	return tls;
}

void
http_tls_unref(struct http_tls *tls)
{
	size_t i;

	if (tls == NULL || atomic_fetch_sub(&tls->references, 1) != 1)
		return;
	for (i = 0; i < tls->count; i++) {
		SSL_CTX_free(tls->contexts[i]);
		free(tls->certificates[i].path);
	}
	for (i = 0; i < tls->n_names; i++)
		free(tls->names[i].text);
	free(tls->names);
	free(tls->contexts);
	free(tls->certificates);
	free(tls);
}

size_t
http_tls_count(const struct http_tls *tls)
{
	return tls->count;
}

const struct http_certificate *
http_tls_certificate(const struct http_tls *tls, size_t i)
{
	return &tls->certificates[i];
}
