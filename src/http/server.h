/* SPDX-License-Identifier: MIT */
/*
 * One thread's HTTP server: its connections on one libevent base.
 *
 * A server, its connections and its counters belong to the thread that runs
 * the base; only the gate is shared, and counters may be read by another
 * thread (they are written with relaxed atomics).  Connections are served with
 * libevent `event` callbacks, one recv and one send a wake-up; evhttp and
 * bufferevents cost two to five times more (contrib/bench says how measured).
 *
 * A connection is idle (waits for a request), reading (has a part of one),
 * writing (its socket is full) or lingering (answered, closed for writing, the
 * rest of the input is read away so that the answer is not lost to a reset).
 * A TLS handshake that has begun, and a part of a record, count as reading.
 * Each has its deadline; a partial request's does not move with further bytes.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <event2/event.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "http/gate.h"
#include "http/proxy.h"
#include "http/request.h"
#include "http/response.h"
#include "http/tls.h"

/* What a handler gives back. */
struct http_answer {
	const struct http_response *response;
	bool owned;   /* made for this request: freed after it was copied */
	uint32_t tag; /* the handler's own, handed on to the observer */
};

/* Answer a request.  Must set answer->response; NULL means 500 and close.
 * Called for GET, HEAD and OPTIONS, and for other methods that exist
 * (HTTP_OTHER) only to learn whether the path does: http itself makes 204, 304,
 * 405 and 412 of an answer below 300, and 501 of an unknown method.
 * Runs on the server's thread; must not block. */
typedef void http_handler_fn(
	void *arg, const struct http_request *req, struct http_answer *answer);

/* Told after each answer, refused requests included (req NULL when it could
 * not be parsed).  status and bytes are what was sent. */
struct http_exchange {
	const struct http_request *req;
	unsigned status;
	uint64_t bytes;
	int64_t when; /* seconds since 1970, as Date says */
	uint32_t tag;
	const struct sockaddr *peer; /* AF_UNSPEC where it is not known */
	socklen_t peer_len;
};
typedef void http_observer_fn(void *arg, const struct http_exchange *x);

struct http_settings {
	unsigned header_timeout; /* seconds; from a request's first byte */
	unsigned idle_timeout;   /* between requests */
	unsigned write_timeout;  /* without the peer taking 16 KiB or all */
	unsigned linger_timeout; /* reading away what follows an error */
	/* Whose connections begin with a PROXY header (http/proxy.h); the
	 * list must outlive the server. */
	const struct http_prefix *proxies;
	size_t n_proxies;
	http_handler_fn *handler;
	http_observer_fn *observer; /* NULL: none */
	void *arg;                  /* for both */
};

enum http_counter {
	HTTP_COUNT_ACCEPTED,
	HTTP_COUNT_SHED_TOTAL, /* closed at once: the gate was full */
	HTTP_COUNT_SHED_ADDRESS,
	HTTP_COUNT_SHED_DESCRIPTORS, /* EMFILE, ENFILE, out of memory */
	HTTP_COUNT_SHED_PROXY,       /* a trusted proxy sent no header */
	HTTP_COUNT_EVICTED,          /* idle, closed to make room */
	HTTP_COUNT_TIMEOUT_HEADER,
	HTTP_COUNT_TIMEOUT_IDLE,
	HTTP_COUNT_TIMEOUT_WRITE,
	HTTP_COUNT_TLS_FULL,    /* handshakes */
	HTTP_COUNT_TLS_RESUMED, /* ... by a ticket */
	HTTP_COUNT_TLS_FAILED,  /* begun, and not completed */
	HTTP_COUNT_BYTES_SENT,
	HTTP_COUNT_2XX,
	HTTP_COUNT_304,
	HTTP_COUNT_404,
	HTTP_COUNT_4XX, /* the other ones */
	HTTP_COUNT_5XX,
	HTTP_COUNTERS,
};

struct http_server;

/* settings are copied.  base and gate must outlive the server. */
struct http_server *http_server_new(struct event_base *base,
	struct http_gate *gate, const struct http_settings *settings,
	struct error *e) __attribute__((warn_unused_result));

/* Closes all connections; listening sockets are closed too. */
void http_server_free(struct http_server *s);

/* Accept from this socket, and own it. */
int http_server_listen(struct http_server *s, int fd, struct error *e)
	__attribute__((warn_unused_result));

/* The same with TLS; before the first connection comes, there must be
 * certificates. */
int http_server_listen_tls(struct http_server *s, int fd, struct error *e)
	__attribute__((warn_unused_result));

/* Shake hands with these certificates from now on; owns the reference. */
void http_server_use_tls(struct http_server *s, struct http_tls *tls);

/* From now on every answer carries Connection: close.  Connections end with
 * their next answer or at their deadline.  idle connections are kept, for a
 * request may be on its way, and as long as that takes newcomers are answered
 * too: who restarts us starts the next one when we have ended. */
void http_server_drain(struct http_server *s);
bool http_server_has_idle(const struct http_server *s);

/* Take in what waits to be accepted, and close the listening sockets. */
void http_server_stop_accepting(struct http_server *s);

size_t http_server_connections(const struct http_server *s);
uint64_t http_server_counter(
	const struct http_server *s, enum http_counter which);
const char *http_counter_name(enum http_counter which); /* "accepted", ... */

#endif
