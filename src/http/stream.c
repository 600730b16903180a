/* SPDX-License-Identifier: MIT */
/*
 * TLS between a connection and its socket.  OpenSSL never sees the socket: it
 * reads what one recv brought and writes into one buffer that is sent once, so
 * a wake-up costs the same two system calls as without TLS.  Both buffers are
 * the server's, and empty between two wake-ups.
 *
 * Writing never has to wait: what the socket does not take is the connection's
 * (c->out), as records.  Reading takes no more from the socket than there is
 * room for when it is decrypted, so OpenSSL is left with a part of a record at
 * the most, and the socket's events tell of all the rest.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"

/* Made once: the method, which is not changed after that. */
static BIO_METHOD *method;

/* ---- what OpenSSL calls -------------------------------------------------- */

static int
on_read(BIO *bio, char *bytes, size_t size, size_t *got)
{
	const struct http_connection *c = BIO_get_data(bio);
	struct http_wire *w = c->server->wire;
	size_t n = w->in_len - w->in_read;

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	if (n > size)
		n = size;
	memcpy(bytes, w->in + w->in_read, n);
	w->in_read += n;
	*got = n;
	return 1;
}

static void
push(struct http_connection *c, bool last)
{
	struct http_wire *w = c->server->wire;
	size_t len = w->out_len;

	w->out_len = 0;
	if (len > 0 && !c->broken)
		http_connection_put(c, w->out, len, last);
}

/* A peer that is gone is noticed by push. */
static int
on_write(BIO *bio, const char *bytes, size_t len, size_t *written)
{
	struct http_connection *c = BIO_get_data(bio);
	struct http_wire *w = c->server->wire;

	if (len > sizeof(w->out) - w->out_len)
		push(c, false);
	if (len > sizeof(w->out)) {
		if (!c->broken)
			http_connection_put(c, bytes, len, false);
	} else {
		memcpy(w->out + w->out_len, bytes, len);
		w->out_len += len;
	}
	*written = len;
	return 1;
}

static long
on_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	/* it sends when it is told to by us; nothing else is asked of it */
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* ---- life ---------------------------------------------------------------- */

int
http_stream_set_up(struct http_server *s, struct error *e)
{
	if (method == NULL) {
		method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "http connection");
		if (method == NULL ||
			BIO_meth_set_read_ex(method, on_read) != 1 ||
			BIO_meth_set_write_ex(method, on_write) != 1 ||
			BIO_meth_set_ctrl(method, on_control) != 1) {
			ERR_clear_error();
			BIO_meth_free(method);
			method = NULL;
			return error_nomem(e);
		}
	}
	if (s->wire == NULL)
		s->wire = calloc(1, sizeof(*s->wire));
	return s->wire == NULL ? error_nomem(e) : 0;
}

int
http_stream_open(struct http_connection *c)
{
	BIO *bio = BIO_new(method);

	c->ssl = http_tls_open(c->server->tls);
	if (bio == NULL || c->ssl == NULL) {
		ERR_clear_error();
		BIO_free(bio);
		SSL_free(c->ssl);
		c->ssl = NULL;
		return -1;
	}
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(c->ssl, bio, bio);
	return 0;
}

/* RFC 8446 section 6.1: say that no more comes. */
static void
say_end(struct http_connection *c)
{
	if ((SSL_get_shutdown(c->ssl) & SSL_SENT_SHUTDOWN) != 0)
		return;
	/* 0: said, and the peer has not yet; which need not be waited for */
	if (SSL_shutdown(c->ssl) < 0)
		ERR_clear_error();
}

void
http_stream_close(struct http_connection *c)
{
	if (SSL_is_init_finished(c->ssl)) {
		if (!c->broken && c->out == NULL)
			say_end(c);
		push(c, true);
	} else if (!SSL_in_before(c->ssl)) {
		http_count(c->server, HTTP_COUNT_TLS_FAILED, 1);
	}
	c->server->wire->out_len = 0;
	SSL_free(c->ssl);
}

/* ---- bytes --------------------------------------------------------------- */

static void
count_handshake(struct http_connection *c)
{
	http_count(c->server,
		SSL_session_reused(c->ssl) ? HTTP_COUNT_TLS_RESUMED
					   : HTTP_COUNT_TLS_FULL,
		1);
}

/* Somebody wrote http:// for https://, and is told so in words that he
 * understands. */
static void
answer_plainly(struct http_connection *c)
{
	static const char line[] = "HTTP/1.1 400 Bad Request\r\n";
	static const char rest[] = "Content-Type: text/plain; charset=utf-8\r\n"
				   "Content-Length: 61\r\n"
				   "Cache-Control: no-store\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "Bad Request: this is a port for TLS, to be "
				   "asked by https://\n";
	struct http_wire *w = c->server->wire;
	char *p = w->out; /* an alert would be noise to him */

	p = mempcpy(p, line, sizeof(line) - 1);
	p = mempcpy(p, c->server->head + HTTP_OK_LINE_LEN, HTTP_DATE_LINE_LEN);
	p = mempcpy(p, rest, sizeof(rest) - 1);
	w->out_len = (size_t)(p - w->out);
}

/* Is there anything that OpenSSL has not looked at?  Asking it to read costs
 * more than knowing. */
static bool
has_more(const struct http_connection *c)
{
	const struct http_wire *w = c->server->wire;

	return w->in_read < w->in_len || SSL_has_pending(c->ssl);
}

/* Decrypt all that was received, and shake hands if need be. */
static size_t
decrypt(struct http_connection *c, char *bytes, size_t size)
{
	bool greeted = SSL_is_init_finished(c->ssl);
	size_t total = 0, n;
	int rc;

	do {
		n = 0;
		rc = SSL_read_ex(c->ssl, bytes + total, size - total, &n);
		total += n;
	} while (rc == 1 && total < size && has_more(c));
	if (rc != 1) {
		rc = SSL_get_error(c->ssl, rc);
		c->ended = rc == SSL_ERROR_ZERO_RETURN;
		c->broken = !c->ended && rc != SSL_ERROR_WANT_READ;
	}
	if (c->broken && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST)
		answer_plainly(c);
	if (!greeted && SSL_is_init_finished(c->ssl))
		count_handshake(c);
	c->partial = !SSL_is_init_finished(c->ssl) || SSL_has_pending(c->ssl);
	return total;
}

ssize_t
http_stream_receive(struct http_connection *c, char *bytes, size_t size)
{
	struct http_wire *w = c->server->wire;
	size_t max = size < sizeof(w->in) ? size : sizeof(w->in);
	ssize_t n = http_connection_recv(c, w->in, max);
	size_t got;
	bool broken;

	if (n <= 0)
		return n;
	w->in_len = (size_t)n;
	w->in_read = 0;
	ERR_clear_error();
	got = decrypt(c, bytes, size + HTTP_RECORD_MAX);
	/* what TLS itself has to send goes with the answer */
	if (got > 0 && !c->broken)
		return (ssize_t)got;
	broken = c->broken;
	c->broken = false; /* an alert may say why */
	push(c, false);
	c->broken |= broken;
	return c->broken || c->ended ? -1 : 0;
}

void
http_stream_send(struct http_connection *c, const char *bytes, size_t len)
{
	size_t written;

	if (len == 0 || c->broken)
		return;
	if (SSL_write_ex(c->ssl, bytes, len, &written) != 1) {
		ERR_clear_error();
		c->broken = true;
	}
}

void
http_stream_flush(struct http_connection *c)
{
	if (c->closing && !c->broken)
		say_end(c);
	push(c, c->closing && !c->linger);
}

bool
http_stream_is_open(const struct http_connection *c)
{
	return SSL_is_init_finished(c->ssl);
}
