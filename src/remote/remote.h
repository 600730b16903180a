/* SPDX-License-Identifier: MIT */
/*
 * One HTTPS request with limits, for programs that look at what is published
 * and at API servers.
 *
 * https only, except to localhost, 127.0.0.1 and [::1]; the server's name and
 * chain are always verified; no redirect is followed, no proxy used, nothing
 * decompressed, no cookie kept; the whole exchange ends within the time limit
 * and the body within the size limit.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define REMOTE_BODY_MAX (1024 * 1024)
#define REMOTE_TIMEOUT_MS 5000 /* what AWS STS allows an issuer */

struct remote_request {
	const char *url;
	const char *ca_file;  /* PEM, trusted alone; NULL: the system's */
	const char *connect;  /* "HOST:PORT" to connect to instead, or NULL */
	const char *bearer;   /* token for Authorization, or NULL; it is sent
			       * to that URL only */
	const char *ca_pem;   /* instead of ca_file */
	const char *cert_pem; /* a client's certificate and its private key, */
	const char *key_pem;  /* or NULL both */
	const char *json;     /* to POST; NULL: a GET */
	size_t max;           /* bytes of body; 0: REMOTE_BODY_MAX */
	unsigned timeout_ms;  /* 0: REMOTE_TIMEOUT_MS */
};

struct remote_answer {
	unsigned status;
	char *content_type; /* NULL: none, as are the next three */
	char *cache_control;
	char *location;      /* where a redirect would have led */
	char *encoding;      /* Content-Encoding; the body is as it was sent */
	char *address;       /* the peer's, as text */
	unsigned elapsed_ms; /* the whole exchange, name resolution included */
	int64_t date;        /* of the server; 0: none */
	char *body;          /* NUL-terminated */
	size_t len;
};

void remote_answer_release(struct remote_answer *a);

/* Any status is an answer, and so is one to a POST.  INVALID: not a URL for
 * this room.  NET: not reached or broken off.  TLS: the server could not be
 * verified.  LIMIT: the body is too large.  The text names the URL. */
int remote_get(const struct remote_request *request,
	struct remote_answer *answer, struct error *e)
	__attribute__((warn_unused_result));

#endif
