/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's client is asked to go on whatever the server shows, since a chain
 * that is not trusted is what there is to look at; nothing is sent through
 * such a connection.  Invariant: certificates are kept in the order in which
 * they were sent, and none is added that was not.
 */
#include "remote/chain.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "remote/dial.h"
#include "remote/remote.h"

#define SECURITY_LEVEL 2 /* 112 bits: no SHA-1, no RSA under 2048 */

void
remote_chain_release(struct remote_chain *chain)
{
	size_t i;

	for (i = 0; i < chain->count; i++)
		OPENSSL_free(chain->sent[i].der);
	*chain = (struct remote_chain){0};
}

/* "HOST:PORT" or "[ADDRESS]:PORT" into its parts. */
static int
split_connect(const char *connect, char host[REMOTE_HOST_MAX + 1],
	const char **port, struct error *e)
{
	const char *colon = strrchr(connect, ':'), *from = connect;
	size_t len = colon != NULL ? (size_t)(colon - connect) : 0;

	if (len > 1 && from[0] == '[' && from[len - 1] == ']') {
		from++;
		len -= 2;
	}
	if (len == 0 || len > REMOTE_HOST_MAX || colon[1] == '\0')
		return error_set(e, ERROR_INVALID, "\"%.64s\" is not HOST:PORT",
			connect);
	memcpy(host, from, len);
	host[len] = '\0';
	*port = colon + 1;
	return 0;
}

static int
dial_peer(const struct remote_peer *peer, int64_t deadline, char *address,
	struct error *e)
{
	char host[REMOTE_HOST_MAX + 1];
	const char *port = peer->port;
	int fd;

	if (peer->connect != NULL) {
		if (split_connect(peer->connect, host, &port, e) != 0)
			return -1;
	} else if (strlen(peer->host) > REMOTE_HOST_MAX) {
		return error_set(e, ERROR_INVALID, "the host is too long");
	} else {
		memcpy(host, peer->host, strlen(peer->host) + 1);
	}
	fd = remote_dial(host, port, deadline, address, REMOTE_ADDRESS_MAX, e);
	return fd >= 0 ? fd : error_wrap(e, "%s:%s", host, port);
}

/* What the queue's first entry says; the queue is empty afterwards. */
static int
tls_error(struct error *e)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return error_set(e, ERROR_TLS, "no TLS handshake: %s",
		reason != NULL ? reason : "the server broke off");
}

static int
shake(SSL *ssl, int fd, int64_t deadline, struct error *e)
{
	int n;

	for (;;) {
		ERR_clear_error();
		n = SSL_connect(ssl);
		if (n == 1)
			return 0;
		switch (SSL_get_error(ssl, n)) {
		case SSL_ERROR_WANT_READ:
			if (remote_wait(fd, POLLIN, deadline, e) != 0)
				return -1;
			break;
		case SSL_ERROR_WANT_WRITE:
			if (remote_wait(fd, POLLOUT, deadline, e) != 0)
				return -1;
			break;
		default:
			return tls_error(e);
		}
	}
}

static int
keep(struct remote_chain *chain, X509 *certificate, struct error *e)
{
	unsigned char *der = NULL;
	int len;

	if (chain->count == REMOTE_CHAIN_MAX)
		return error_set(e, ERROR_LIMIT,
			"sends more than %d certificates", REMOTE_CHAIN_MAX);
	len = i2d_X509(certificate, &der);
	if (len <= 0)
		return error_nomem(e);
	chain->sent[chain->count].der = der;
	chain->sent[chain->count++].len = (size_t)len;
	return 0;
}

static int64_t
moment_of(const ASN1_TIME *time)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;

	if (epoch == NULL || ASN1_TIME_diff(&days, &seconds, epoch, time) != 1)
		days = seconds = 0;
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + seconds;
}

static int
keep_all(struct remote_chain *chain, SSL *ssl, struct error *e)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl);
	int i;

	if (sent == NULL || sk_X509_num(sent) <= 0)
		return error_set(
			e, ERROR_TLS, "the server sends no certificate");
	for (i = 0; i < sk_X509_num(sent); i++)
		if (keep(chain, sk_X509_value(sent, i), e) != 0)
			return -1;
	chain->not_after =
		moment_of(X509_get0_notAfter(sk_X509_value(sent, 0)));
	return 0;
}

static SSL_CTX *
make_context(int version_max, struct error *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL ||
		SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_max_proto_version(ctx, version_max) != 1) {
		SSL_CTX_free(ctx);
		ERR_clear_error();
		error_nomem(e);
		return NULL;
	}
	/* looked at afterwards, in remote_chain_verify() */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	return ctx;
}

static bool
is_address(const char *host)
{
	return host[strspn(host, "0123456789.")] == '\0' ||
	       strchr(host, ':') != NULL;
}

/* One connection with versions up to version_max; 0: whatever both know. */
static int
get(const struct remote_peer *peer, int version_max, struct remote_chain *out,
	struct error *e)
{
	unsigned limit =
		peer->timeout_ms > 0 ? peer->timeout_ms : REMOTE_TIMEOUT_MS;
	int64_t deadline = clock_monotonic_ms() + limit;
	struct remote_chain chain = {.tls12 = version_max != 0};
	SSL_CTX *ctx = NULL;
	SSL *ssl = NULL;
	int fd = -1, rc = -1;

	ctx = make_context(version_max, e);
	if (ctx == NULL)
		goto out;
	fd = dial_peer(peer, deadline, chain.address, e);
	if (fd < 0)
		goto out;
	ssl = SSL_new(ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
		(!is_address(peer->host) &&
			SSL_set_tlsext_host_name(ssl, peer->host) != 1)) {
		ERR_clear_error();
		error_nomem(e);
		goto out;
	}
	if (shake(ssl, fd, deadline, e) != 0 || keep_all(&chain, ssl, e) != 0)
		goto out;
	*out = chain;
	chain = (struct remote_chain){0}; /* given to the caller */
	rc = 0;
out:
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	if (fd >= 0)
		close(fd);
	remote_chain_release(&chain);
	return rc;
}

int
remote_chain_get(const struct remote_peer *peer, struct remote_chain *out,
	struct error *e)
{
	struct error first = {0};

	if (get(peer, TLS1_2_VERSION, out, &first) == 0)
		return 0;
	/* only a handshake that failed may be a matter of the version */
	if (first.code == ERROR_TLS && get(peer, 0, out, NULL) == 0)
		return 0;
	return error_set(e, first.code, "%s", first.text);
}

static enum remote_trust
trust_of(int code)
{
	switch (code) {
	case X509_V_OK:
		return REMOTE_TRUSTED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return REMOTE_UNKNOWN_CA;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return REMOTE_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return REMOTE_OTHER_NAME;
	case X509_V_ERR_CA_MD_TOO_WEAK:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_EE_KEY_TOO_SMALL:
		return REMOTE_WEAK;
	default:
		return REMOTE_REFUSED;
	}
}

static X509 *
certificate_at(const struct remote_chain *chain, size_t i)
{
	const unsigned char *p = chain->sent[i].der;

	if (chain->sent[i].len > LONG_MAX)
		return NULL;
	return d2i_X509(NULL, &p, (long)chain->sent[i].len);
}

/* The certificates behind the leaf. */
static STACK_OF(X509) * read_others(const struct remote_chain *chain)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *x;
	size_t i;

	for (i = 1; others != NULL && i < chain->count; i++) {
		x = certificate_at(chain, i);
		if (x != NULL && sk_X509_push(others, x) > 0)
			continue;
		X509_free(x);
		sk_X509_pop_free(others, X509_free);
		others = NULL;
	}
	return others;
}

static int
set_rules(X509_STORE_CTX *ctx, const char *host, int64_t now)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	if (X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) != 1)
		return -1;
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ? 0 : -1;
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 ? 0 : -1;
}

int
remote_chain_verify(const struct remote_chain *chain, const char *host,
	const char *ca_file, int64_t now, enum remote_trust *trust,
	char why[REMOTE_WHY_MAX], struct error *e)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *leaf = certificate_at(chain, 0);
	STACK_OF(X509) *others = read_others(chain);
	int code, rc = -1;

	if (store == NULL || ctx == NULL || leaf == NULL || others == NULL) {
		error_nomem(e);
		goto out;
	}
	if (ca_file != NULL ? X509_STORE_load_file(store, ca_file) != 1
			    : X509_STORE_set_default_paths(store) != 1) {
		error_set(e, ERROR_INVALID,
			"%s: no certificates can be read from it",
			ca_file != NULL ? ca_file : "the system's CAs");
		goto out;
	}
	if (X509_STORE_CTX_init(ctx, store, leaf, others) != 1 ||
		set_rules(ctx, host, now) != 0) {
		error_set(e, ERROR_TLS, "the chain cannot be checked");
		goto out;
	}
	code = X509_verify_cert(ctx) == 1 ? X509_V_OK
					  : X509_STORE_CTX_get_error(ctx);
	*trust = trust_of(code);
	snprintf(why, REMOTE_WHY_MAX, "%s",
		code == X509_V_OK ? "" : X509_verify_cert_error_string(code));
	rc = 0;
out:
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return rc;
}
