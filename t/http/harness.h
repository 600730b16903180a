/* SPDX-License-Identifier: MIT */
/*
 * A server in the test's own process, and its clients at the other end of
 * socket pairs.  Nothing runs but in harness_run, so a test sees each step; the
 * server's clock stands still until harness_pass.
 *
 * Peers of 198.51.100.0/24 are proxies that speak for others.
 *
 * Resources: /doc (200, ETag, Last-Modified), /big (BIG_LEN bytes, made for
 * each request), /nothing (the handler has no answer), all others 404.
 */
#ifndef T_HTTP_HARNESS_H
#define T_HTTP_HARNESS_H

#include "http/internal.h"

#define BIG_LEN (3u << 20)
#define DOC "{\"keys\":[]}"

#define HEADER_TIMEOUT 10
#define IDLE_TIMEOUT 75
#define WRITE_TIMEOUT 30
#define LINGER_TIMEOUT 5

struct harness {
	struct event_base *base;
	struct http_gate *gate;
	struct http_server *server;
	struct http_prefix proxies;
	struct http_response *doc;
	struct http_response *missing;
	uint32_t now;
	size_t big_len;
	/* what the observer was told */
	unsigned observed;
	struct http_exchange last;
	bool last_had_request;
	uint64_t observed_bytes;
};

/* Aborts when something cannot be had. */
void harness_start(struct harness *h, size_t total, size_t per_address);
void harness_stop(struct harness *h);

/* The client's end of a new connection; buffer: its and the server's socket
 * buffers, 0 for the usual size. */
int harness_connect(struct harness *h, int buffer);
int harness_connect_from(
	struct harness *h, const union http_peer *peer, int buffer);

/* The same, of a listener with TLS, which harness_use_tls has set up. */
int harness_connect_tls(struct harness *h, int buffer);

/* Use these certificates from now on; the reference stays the caller's. */
void harness_use_tls(struct harness *h, struct http_tls *tls);

/* Let the server do all it can. */
void harness_run(struct harness *h);

/* Let so many seconds pass, then run. */
void harness_pass(struct harness *h, unsigned seconds);

/* Write all of it, or fail. */
void harness_write(int fd, const void *bytes, size_t len);

/* All bytes that are there, with a NUL behind them; free(3).  *ended: the
 * server closed the connection.  Does not run the server.
 */
char *harness_read(int fd, size_t *len, bool *ended);

struct reply {
	unsigned status;
	bool close;        /* Connection: close */
	bool keep_alive;   /* Connection: keep-alive */
	size_t fields_len; /* status line and fields with the empty line */
	size_t len;        /* all of it */
};

/* Take the first reply apart; false when it is not complete.  Fails on what is
 * no HTTP response.  head: it has no content. */
bool harness_reply(
	const char *bytes, size_t len, bool head, struct reply *reply);

#endif
