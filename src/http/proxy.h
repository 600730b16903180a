/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol, versions 1 and 2: the first bytes of a connection in
 * which a proxy says whom it speaks for (HAProxy's doc/proxy-protocol.txt,
 * sections 2.1 and 2.2).  A receiver must not guess whether a header comes
 * (section 2): it must from the addresses that are trusted, and is an error in
 * the request line from all others.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The longest header: 16 bytes, addresses, and TLVs that nobody reads. */
#define HTTP_PROXY_MAX 4096

union http_peer {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

enum http_proxy {
	HTTP_PROXY_DONE, /* *used bytes are the header's */
	HTTP_PROXY_MORE, /* not yet whole, and right so far */
	HTTP_PROXY_BAD,
};

/* *peer and *peer_len become the client's address when the header has one;
 * a proxy that speaks for itself (LOCAL, UNKNOWN, AF_UNSPEC) leaves them. */
enum http_proxy http_proxy_parse(const char *bytes, size_t len,
	union http_peer *peer, socklen_t *peer_len, size_t *used);

/* A set of addresses that are trusted to speak for others. */
struct http_prefix {
	unsigned char bytes[16]; /* IPv4 mapped into IPv6, or IPv6 */
	unsigned bits;           /* of the 128 */
	bool local;              /* Unix sockets, and nothing else */
};

/* "10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "unix".  Bits behind the prefix
 * must be zero: 10.1.2.3/8 is more likely a slip than a wish. */
int http_prefix_parse(const char *text, struct http_prefix *out,
	struct error *e) __attribute__((warn_unused_result));
bool http_prefix_has(const struct http_prefix *p, const union http_peer *peer);

#endif
