/* SPDX-License-Identifier: MIT */
/*
 * What tls.c, certificate.c and ticket.c know of each other, and nobody else.
 */
#ifndef HTTP_TLS_INTERNAL_H
#define HTTP_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "http/tls.h"

/* What OpenSSL's error queue says, as "what: reason" with that code (NOMEM when
 * memory ran out); the queue is empty afterwards.  Returns -1. */
int http_tls_error(struct error *e, enum error_code code, const char *what);

/* The names of a certificate, in lower case. */
struct http_names {
	char **list;
	size_t count;
};
void http_names_release(struct http_names *names);

/* ---- certificate.c ------------------------------------------------------- */

/* Read both files into ctx, and what there is to know into out and names, which
 * the caller releases in either case. */
int http_certificate_load(const struct http_tls_files *files, SSL_CTX *ctx,
	struct http_certificate *out, struct http_names *names, struct error *e)
	__attribute__((warn_unused_result));

/* ---- ticket.c ------------------------------------------------------------ */

/* Let ctx make and open tickets with these keys. */
int http_tickets_use(struct http_tickets *t, SSL_CTX *ctx, struct error *e)
	__attribute__((warn_unused_result));

#endif
