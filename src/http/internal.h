/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a server know of each other.  For room http only, and for
 * its own tests (the sweeper is told the time, so that deadlines can be tested
 * without waiting).
 *
 *     server.c      the whole: lists, sweeper, counters, ready-made refusals
 *     accept.c      takes connections in, within limits
 *     connection.c  its state machine
 *     socket.c      its bytes, in and out
 *     stream.c      TLS, if any, between the two
 *     answer.c      which response a request gets
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <event2/event_struct.h>
#include <string.h>
#include <sys/queue.h>

#include "http/date.h"
#include "http/proxy.h"
#include "http/server.h"
#include "http/tls.h"

/* Room for a whole request that is not yet complete, and as much again. */
#define HTTP_INPUT_SIZE (2 * HTTP_REQUEST_MAX)
/* Answers to a batch of pipelined requests are sent when they fill this. */
#define HTTP_OUTPUT_SIZE 65536
/* Content of a TLS record (RFC 8446 section 5.1). */
#define HTTP_RECORD_MAX 16384
/* The same batch as records, with what ends a handshake before it. */
#define HTTP_WIRE_SIZE (HTTP_OUTPUT_SIZE + 8192)

struct ssl_st; /* OpenSSL's SSL */

/* Each phase has its list, its deadline, and one way on at that deadline. */
enum http_phase {
	HTTP_IDLE,
	HTTP_READING,
	HTTP_WRITING,
	HTTP_LINGERING,
	HTTP_PHASES,
};

/*
 * Buffers belong to the server and are shared: a connection has memory of its
 * own only for a part of a request (at most HTTP_INPUT_SIZE) and for what its
 * socket did not take (HTTP_OUTPUT_SIZE and one response).
 */
struct http_connection {
	TAILQ_ENTRY(http_connection) link; /* in the list of its phase */
	TAILQ_ENTRY(http_connection) turn; /* in the server's turns */
	struct http_server *server;
	struct http_gate_entry *place;
	struct event event;
	struct ssl_st *ssl; /* NULL: plain */
	char *in;
	char *out; /* not NULL: the socket is full, and nothing is read */
	size_t out_len;
	size_t out_sent;
	uint32_t in_len;
	uint32_t in_size;
	uint32_t since;    /* when this phase's time began to run */
	uint32_t progress; /* writing: bytes since then; lingering: in all */
	int fd;
	union http_peer peer;
	socklen_t peer_len;
	short watched; /* events that are added, 0: none */
	uint8_t phase; /* enum http_phase */
	bool proxied;  /* a PROXY header is still to come */
	bool full;     /* the last recv left no room: there may be more */
	bool hung_up;  /* the peer sends no more than what is there */
	bool again;    /* read again, no event will tell */
	bool behind;   /* in holds whole requests: they need another turn */
	bool waiting;  /* in the server's turns */
	bool partial;  /* TLS: part of a handshake or record has come */
	bool ended;    /* TLS: the peer said that it sends no more */
	bool closing;  /* the last answer was made */
	bool linger;   /* read on before closing, so that it arrives */
	bool broken;   /* the peer is gone, or there is no memory */
};

TAILQ_HEAD(http_connections, http_connection);

struct http_listener {
	LIST_ENTRY(http_listener) link;
	struct http_server *server;
	struct event *event;
	int fd;
	bool tls;
	bool paused; /* there were no descriptors */
	bool busy;   /* more than one connection waited last time */
	unsigned wakes;
};

/* What comes from the network and goes there, of TLS. */
struct http_wire {
	size_t in_len;
	size_t in_read; /* by OpenSSL */
	size_t out_len;
	char in[HTTP_INPUT_SIZE];
	char out[HTTP_WIRE_SIZE];
};

#define HTTP_REFUSALS 10
#define HTTP_OK_LINE "HTTP/1.1 200 OK\r\n"
#define HTTP_OK_LINE_LEN (sizeof(HTTP_OK_LINE) - 1)
#define HTTP_DATE_LINE_LEN (sizeof("Date: \r\n") - 1 + HTTP_DATE_LEN)

struct http_server {
	struct event_base *base;
	struct http_gate *gate;
	struct http_settings settings;
	struct event *tick;
	struct event *turn; /* pending while somebody waits for one */
	struct http_connections turns;
	LIST_HEAD(, http_listener) listeners;
	struct http_connections lists[HTTP_PHASES];
	_Atomic size_t connections;
	struct http_connections spare; /* structs to be used again */
	size_t spares;
	int reserve;  /* a descriptor to give up when there are no others */
	bool starved; /* it is lost, or a listener is paused */
	uint32_t now; /* seconds, as of the last tick */
	int64_t date_of;
	/* a status line, for nearly all answers have this one, and Date */
	char head[HTTP_OK_LINE_LEN + HTTP_DATE_LINE_LEN + 1];
	bool draining;
	struct http_response *refusals[HTTP_REFUSALS];
	struct http_response *options;
	_Atomic uint64_t counters[HTTP_COUNTERS];
	struct http_request request; /* the one that is being answered */
	size_t turn_bytes;           /* of the answers since the last flush */
	struct http_tls *tls;        /* NULL: none; for new handshakes */
	struct http_wire *wire;      /* NULL: no listener needs it */
	size_t output_len;
	char input[HTTP_INPUT_SIZE + HTTP_RECORD_MAX + HTTP_SLACK];
	char output[HTTP_OUTPUT_SIZE];
};

/* ---- server.c ------------------------------------------------------------ */

/* Only the server's thread writes, so no read-modify-write is needed. */
static inline void
http_count(struct http_server *s, enum http_counter which, uint64_t n)
{
	uint64_t old =
		atomic_load_explicit(&s->counters[which], memory_order_relaxed);

	atomic_store_explicit(
		&s->counters[which], old + n, memory_order_relaxed);
}

static inline void
http_count_connections(struct http_server *s, int by)
{
	size_t old =
		atomic_load_explicit(&s->connections, memory_order_relaxed);

	atomic_store_explicit(
		&s->connections, old + (size_t)by, memory_order_relaxed);
}

/* Render Date again when the second has changed.  Called once a wake-up. */
void http_server_update_date(struct http_server *s);

/* Set the time, in seconds that only go up, and end what is overdue. */
void http_server_sweep(struct http_server *s, uint32_t now);

/* The ready-made refusal with this status. */
const struct http_response *http_server_refusal(
	const struct http_server *s, unsigned status);

/* ---- accept.c ------------------------------------------------------------ */

struct http_listener *http_listener_new(
	struct http_server *s, int fd, bool tls, struct error *e);
void http_listener_free(struct http_listener *l);
/* Take in what waits to be accepted. */
void http_listener_empty(struct http_listener *l);
/* There may be descriptors again: go on after a pause. */
void http_server_recover(struct http_server *s);

/* Serve a connected socket, within the limits; owns fd in any case. */
void http_server_take(struct http_server *s, int fd, bool tls,
	const union http_peer *peer, socklen_t peer_len);

/* ---- connection.c -------------------------------------------------------- */

/* Owns fd and place if it succeeds; -1: no memory. */
int http_connection_open(struct http_server *s, int fd, bool tls,
	const union http_peer *peer, socklen_t peer_len,
	struct http_gate_entry *place);
void http_connection_close(struct http_connection *c);
/* Its deadline is over. */
void http_connection_expire(struct http_connection *c);
/* Let those go on that gave way to others. */
void http_connections_take_turns(struct http_server *s);

/* ---- socket.c ------------------------------------------------------------ */

/* Bytes that were read; 0: there are none now; -1: there will be none.  With
 * TLS it may be up to HTTP_RECORD_MAX more than size. */
ssize_t http_connection_receive(
	struct http_connection *c, void *bytes, size_t size);

/* The same, of the socket's own bytes. */
ssize_t http_connection_recv(
	struct http_connection *c, void *bytes, size_t size);

/* Send the socket's own bytes, behind those that wait.  last: the connection
 * is closed right after. */
void http_connection_put(
	struct http_connection *c, const char *bytes, size_t len, bool last);

/* Send what was appended.  What the socket does not take is in c->out after
 * that; c->broken is set when the peer is gone or memory ran out. */
void http_connection_flush(struct http_connection *c);

/* Send of c->out, which is NULL when all is sent.  What was taken, or -1. */
ssize_t http_connection_send_stored(struct http_connection *c);

/* Queue bytes for sending, in the shared buffer if it has room. */
void http_connection_append_slowly(
	struct http_connection *c, const void *bytes, size_t len);

static inline void
http_connection_append(struct http_connection *c, const void *bytes, size_t len)
{
	struct http_server *s = c->server;

	if (c->out != NULL || len > HTTP_OUTPUT_SIZE - s->output_len) {
		http_connection_append_slowly(c, bytes, len);
		return;
	}
	memcpy(s->output + s->output_len, bytes, len);
	s->output_len += len;
}

/* ---- stream.c ------------------------------------------------------------ */

/* Once before the first connection with TLS. */
int http_stream_set_up(struct http_server *s, struct error *e)
	__attribute__((warn_unused_result));

/* Make c->ssl, which http_stream_close frees; -1: no memory. */
int http_stream_open(struct http_connection *c)
	__attribute__((warn_unused_result));
void http_stream_close(struct http_connection *c);

/* As http_connection_receive. */
ssize_t http_stream_receive(
	struct http_connection *c, char *bytes, size_t size);

/* Make records of these bytes. */
void http_stream_send(struct http_connection *c, const char *bytes, size_t len);

/* Send all records, and when the connection is closing, say so behind them. */
void http_stream_flush(struct http_connection *c);

/* Hands were shaken: requests can come and answers go. */
bool http_stream_is_open(const struct http_connection *c);

/* ---- tls.c --------------------------------------------------------------- */

/* A server's side of a new connection, whose BIO has the connection as its
 * data; NULL: no memory. */
struct ssl_st *http_tls_open(const struct http_tls *tls);

/* ---- answer.c ------------------------------------------------------------ */

/* Append the answer to a request and set c->closing and c->linger.  last: no
 * further request has arrived. */
void http_answer_request(
	struct http_connection *c, const struct http_request *req, bool last);

/* The same for one that is not to be read any further. */
void http_answer_refusal(struct http_connection *c, unsigned status);

#endif
