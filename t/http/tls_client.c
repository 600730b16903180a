/* SPDX-License-Identifier: MIT */
#include "tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tls_client: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	abort();
}

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_client *c = SSL_get_app_data(ssl);

	SSL_SESSION_free(c->session);
	c->session = session;
	return 1;
}

static void
on_info(const SSL *ssl, int where, int value)
{
	struct tls_client *c = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		c->alert = value & 0xff;
}

SSL_CTX *
tls_client_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	need(ctx != NULL, "context");
	SSL_CTX_set_session_cache_mode(
		ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	SSL_CTX_set_info_callback(ctx, on_info);
	return ctx;
}

void
tls_client_open(struct tls_client *c, struct harness *h, SSL_CTX *ctx,
	const char *name, SSL_SESSION *session, int buffer)
{
	*c = (struct tls_client){.h = h};
	c->fd = harness_connect_tls(h, buffer);
	c->ssl = SSL_new(ctx);
	need(c->ssl != NULL && SSL_set_app_data(c->ssl, c) == 1, "client");
	SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(c->ssl);
	if (name != NULL)
		need(SSL_set_tlsext_host_name(c->ssl, name) == 1, name);
	if (session != NULL)
		need(SSL_set_session(c->ssl, session) == 1, "session");
}

void
tls_client_close(struct tls_client *c)
{
	SSL_SESSION_free(c->session);
	/* or its session could not be resumed */
	SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	close(c->fd);
	harness_run(c->h);
}

char *
tls_client_take(struct tls_client *c, size_t *len)
{
	BIO *out = SSL_get_wbio(c->ssl);
	char *bytes;

	*len = BIO_ctrl_pending(out);
	bytes = malloc(*len + 1);
	need(bytes != NULL, "malloc");
	if (*len > 0)
		need(BIO_read(out, bytes, (int)*len) == (int)*len, "BIO_read");
	return bytes;
}

/* Whether anything was sent. */
static bool
send_out(struct tls_client *c)
{
	size_t len, pos, n;
	char *bytes = tls_client_take(c, &len);

	for (pos = 0; pos < len; pos += n) {
		n = c->cut > 0 && c->cut < len - pos ? c->cut : len - pos;
		/* what comes after the end may find the door shut */
		if (send(c->fd, bytes + pos, n, MSG_NOSIGNAL) != (ssize_t)n)
			break;
		harness_run(c->h);
	}
	free(bytes);
	return len > 0;
}

static bool
take_in(struct tls_client *c)
{
	size_t len;
	bool ended;
	char *bytes = harness_read(c->fd, &len, &ended);

	if (len > 0)
		need(BIO_write(SSL_get_rbio(c->ssl), bytes, (int)len) ==
				(int)len,
			"BIO_write");
	free(bytes);
	c->closed |= ended;
	return len > 0;
}

bool
tls_client_run(struct tls_client *c)
{
	bool moved;

	do {
		if (!SSL_is_init_finished(c->ssl))
			SSL_do_handshake(c->ssl);
		ERR_clear_error();
		moved = send_out(c);
		harness_run(c->h);
		moved |= take_in(c);
	} while (moved);
	return SSL_is_init_finished(c->ssl);
}

void
tls_client_say(struct tls_client *c, const void *bytes, size_t len)
{
	size_t pos, n;

	for (pos = 0; pos < len; pos += n) {
		n = c->record > 0 && c->record < len - pos ? c->record
							   : len - pos;
		if (SSL_write(c->ssl, (const char *)bytes + pos, (int)n) !=
			(int)n)
			break;
		if (c->record > 0)
			send_out(c);
	}
	ERR_clear_error();
	tls_client_run(c);
}

char *
tls_client_hear(struct tls_client *c, size_t *len)
{
	char *bytes = NULL;
	int n;

	*len = 0;
	do {
		tls_client_run(c);
		bytes = realloc(bytes, *len + READ_SIZE + 1);
		need(bytes != NULL, "realloc");
		n = SSL_read(c->ssl, bytes + *len, READ_SIZE);
		if (n > 0)
			*len += (size_t)n;
	} while (n > 0);
	c->ended |= SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN;
	ERR_clear_error();
	bytes[*len] = '\0';
	return bytes;
}
