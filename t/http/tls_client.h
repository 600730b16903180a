/* SPDX-License-Identifier: MIT */
/*
 * A TLS client at the other end of a harness' connection.  It holds every byte
 * of both directions in its hands, so a test says how they are cut.
 */
#ifndef T_HTTP_TLS_CLIENT_H
#define T_HTTP_TLS_CLIENT_H

#include <openssl/ssl.h>

#include "harness.h"

struct tls_client {
	struct harness *h;
	SSL *ssl;
	int fd;
	size_t record;        /* bytes of content in a record; 0: all */
	size_t cut;           /* bytes of a write; 0: all */
	bool closed;          /* the server closed the socket */
	bool ended;           /* ... after a close_notify */
	int alert;            /* what the server said last, or 0 */
	SSL_SESSION *session; /* the newest ticket */
};

/* One that trusts everybody; to be changed before the first client. */
SSL_CTX *tls_client_context(void);

/* A connection on which nothing was said.  session: to be resumed, or NULL. */
void tls_client_open(struct tls_client *c, struct harness *h, SSL_CTX *ctx,
	const char *name, SSL_SESSION *session, int buffer);
void tls_client_close(struct tls_client *c);

/* Let both sides do all they can; false: they have no connection. */
bool tls_client_run(struct tls_client *c);

/* Send this in records of that size. */
void tls_client_say(struct tls_client *c, const void *bytes, size_t len);

/* What the client wants to send and has not: taken out, for the test to do
 * with it what it likes; free(3). */
char *tls_client_take(struct tls_client *c, size_t *len);

/* All that has come, with a NUL behind it; free(3). */
char *tls_client_hear(struct tls_client *c, size_t *len);

#endif
