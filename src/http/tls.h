/* SPDX-License-Identifier: MIT */
/*
 * TLS for a server: certificates with their keys, and the keys of session
 * tickets.
 *
 * A set (struct http_tls) is built whole or not at all, never changes after
 * that, and is counted: all workers share one, and a new one takes its place
 * by pointer while handshakes and connections of the old one go on.  Every set
 * is built by the same function, so a change of certificates cannot change a
 * protocol version, a cipher suite or ALPN.
 *
 * TLS 1.2 and 1.3: AWS falls back to thumbprints where 1.3 is required.  ECDHE
 * with AEAD only (RFC 9325 section 4.2), no renegotiation, no compression, no
 * early data, ALPN "http/1.1" (RFC 7301).  A session is resumed by a ticket
 * that holds it (RFC 5077, RFC 8446 section 4.6.1); the server remembers none.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define HTTP_TLS_CERTIFICATES_MAX 256

struct http_tls;
struct http_tickets;

/* Two PEM files: a certificate with those that issued it behind it, each one
 * by the next, and its key, not encrypted, which others than its owner (and,
 * when that is root, its group) may not read. */
struct http_tls_files {
	const char *certificate;
	const char *key;
};

/* What is known of one certificate of a set. */
struct http_certificate {
	char *path;
	int64_t not_before;
	int64_t not_after;
	unsigned char public_key[32]; /* SHA-256 of its SubjectPublicKeyInfo */
};

/* Read the files and make a set of them, of which the caller has a reference.
 * The first certificate is for clients that name no server, or one of which no
 * certificate tells.  tickets must outlive the set and its connections.  NULL
 * when anything is wrong: the text names the file. */
struct http_tls *http_tls_load(const struct http_tls_files *files, size_t count,
	struct http_tickets *tickets, struct error *e)
	__attribute__((warn_unused_result));
struct http_tls *http_tls_ref(struct http_tls *tls);
void http_tls_unref(struct http_tls *tls); /* may be NULL */

size_t http_tls_count(const struct http_tls *tls);
const struct http_certificate *http_tls_certificate(
	const struct http_tls *tls, size_t i);

/* The certificate for a server's name: the first one with just that name among
 * its subjectAltNames, or else with a star for its first label (RFC 9525
 * section 6.3); its index, or -1. */
int http_tls_find(const struct http_tls *tls, const char *name);

/* How long a ticket key makes tickets, in seconds; then it only opens them for
 * as long again. */
#define HTTP_TICKETS_PERIOD (4 * 3600)

/* now: seconds of a clock that does not jump. */
struct http_tickets *http_tickets_new(int64_t now, struct error *e)
	__attribute__((warn_unused_result));
void http_tickets_free(struct http_tickets *t);

/* Change keys if it is time; to be called now and then.  -1: there is no new
 * key, the old one stays. */
int http_tickets_rotate(struct http_tickets *t, int64_t now, struct error *e)
	__attribute__((warn_unused_result));

#endif
