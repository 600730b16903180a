/* SPDX-License-Identifier: MIT */
/*
 * All bytes of a connection pass here, and only here; those of TLS pass twice,
 * before and after they were made records (stream.c).
 *
 * Output goes to the server's shared buffer, which is empty between two
 * wake-ups; what the socket does not take of it is the connection's own
 * (c->out), and then all further output is put behind that.
 */
#include "http/internal.h"

#include <errno.h>
#include <stdlib.h>

static bool
is_temporary(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

/* Take the header of a trusted proxy off the socket, where it stays until it
 * is whole.  As http_connection_receive; 1: there is none any more. */
static ssize_t
receive_proxy_header(struct http_connection *c)
{
	char bytes[HTTP_PROXY_MAX];
	enum http_proxy header;
	size_t used = 0;
	ssize_t n;

	c->again = false; /* more of it makes an edge of its own */
	n = recv(c->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && is_temporary(errno))
		return 0;
	if (n <= 0)
		return -1;
	header = http_proxy_parse(
		bytes, (size_t)n, &c->peer, &c->peer_len, &used);
	if (header == HTTP_PROXY_MORE && !c->hung_up)
		return 0;
	if (header != HTTP_PROXY_DONE ||
		recv(c->fd, bytes, used, MSG_DONTWAIT) != (ssize_t)used) {
		http_count(c->server, HTTP_COUNT_SHED_PROXY, 1);
		return -1;
	}
	c->proxied = false;
	return 1;
}

ssize_t
http_connection_recv(struct http_connection *c, void *bytes, size_t size)
{
	ssize_t n = c->proxied ? receive_proxy_header(c) : 1;

	if (n <= 0)
		return n;
	n = recv(c->fd, bytes, size, MSG_DONTWAIT);
	c->full = n > 0 && (size_t)n == size;
	c->again = n > 0 && (c->full || c->hung_up);
	if (n > 0)
		return n;
	return n < 0 && is_temporary(errno) ? 0 : -1;
}

ssize_t
http_connection_receive(struct http_connection *c, void *bytes, size_t size)
{
	return c->ssl != NULL ? http_stream_receive(c, bytes, size)
			      : http_connection_recv(c, bytes, size);
}

/* last: the connection is closed right after, so the FIN can go with the
 * bytes.  Returns what was taken; -1: the peer is gone. */
static ssize_t
transmit(struct http_connection *c, const void *bytes, size_t len, bool last)
{
	ssize_t n = send(c->fd, bytes, len,
		MSG_NOSIGNAL | MSG_DONTWAIT | (last ? MSG_MORE : 0));

	if (n >= 0)
		return n;
	return is_temporary(errno) ? 0 : -1;
}

static void
store_output(struct http_connection *c, const char *bytes, size_t len)
{
	char *grown = realloc(c->out, c->out_len + len);

	if (grown == NULL) {
		c->broken = true;
		return;
	}
	memcpy(grown + c->out_len, bytes, len);
	c->out = grown;
	c->out_len += len;
}

static void
send_or_store(
	struct http_connection *c, const char *bytes, size_t len, bool last)
{
	ssize_t n = transmit(c, bytes, len, last);

	if (n < 0)
		c->broken = true;
	else if ((size_t)n < len)
		store_output(c, bytes + n, len - (size_t)n);
}

void
http_connection_put(
	struct http_connection *c, const char *bytes, size_t len, bool last)
{
	if (c->out != NULL)
		store_output(c, bytes, len);
	else
		send_or_store(c, bytes, len, last);
}

static void
send_output(struct http_connection *c, bool last)
{
	struct http_server *s = c->server;
	size_t len = s->output_len;

	s->output_len = 0;
	if (len > 0 && !c->broken)
		send_or_store(c, s->output, len, last);
}

static void
encrypt_output(struct http_connection *c)
{
	struct http_server *s = c->server;
	size_t len = s->output_len;

	s->output_len = 0;
	http_stream_send(c, s->output, len);
}

void
http_connection_flush(struct http_connection *c)
{
	if (c->ssl == NULL) {
		send_output(c, c->closing && !c->linger);
	} else {
		encrypt_output(c);
		http_stream_flush(c);
	}
}

void
http_connection_append_slowly(
	struct http_connection *c, const void *bytes, size_t len)
{
	if (c->ssl != NULL)
		encrypt_output(c);
	else if (c->out == NULL)
		send_output(c, false);
	if (c->broken)
		return;
	if (c->out == NULL && len <= HTTP_OUTPUT_SIZE)
		http_connection_append(c, bytes, len);
	else if (c->ssl != NULL)
		http_stream_send(c, bytes, len);
	else
		http_connection_put(c, bytes, len, false);
}

ssize_t
http_connection_send_stored(struct http_connection *c)
{
	size_t left = c->out_len - c->out_sent;
	ssize_t n = transmit(c, c->out + c->out_sent, left, false);

	if (n <= 0)
		return n;
	c->out_sent += (size_t)n;
	if ((size_t)n == left) {
		free(c->out);
		c->out = NULL;
		c->out_len = 0;
		c->out_sent = 0;
	}
	return n;
}
