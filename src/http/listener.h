/* SPDX-License-Identifier: MIT */
/*
 * Addresses and listening sockets.  Text forms:
 *     127.0.0.1:8080   [::1]:8080   *:8080 (IPv6 and IPv4)   unix:/run/x.sock
 * and the same with "tls:" before it.
 * Names are not resolved: a daemon that waits for DNS does not start.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct http_address {
	struct sockaddr_storage addr;
	socklen_t len;
	bool any; /* "*": also listen on IPv4 when there is no IPv6 */
	bool tls;
};

#define HTTP_ADDRESS_TEXT_MAX 128

int http_address_parse(const char *text, struct http_address *out,
	struct error *e) __attribute__((warn_unused_result));

/* Only this machine can reach it: 127/8, ::1 or a Unix socket. */
bool http_address_is_local(const struct http_address *a);

/* Where somebody is: "unix", "loopback", "private" (RFC 1918, 6598, 3927, 4193,
 * link-local), "public", or "" when that is not known. */
const char *http_address_class(const struct sockaddr *addr);

/* "127.0.0.1:8080", "unix:/path"; for a sockaddr of an accepted peer too. */
void http_address_text(const struct sockaddr *addr, socklen_t len,
	char text[HTTP_ADDRESS_TEXT_MAX]);

/* A non-blocking, close-on-exec listening socket.  shared: with SO_REUSEPORT,
 * for one socket a worker.  A Unix socket left behind by a dead process is
 * replaced, one that answers is "in use"; its mode is 0666 less the umask.
 * Returns the descriptor, or -1. */
int http_listen(const struct http_address *a, bool shared, struct error *e)
	__attribute__((warn_unused_result));

/* Set up a listening socket that came from outside (systemd). */
int http_listen_adopt(int fd, struct error *e)
	__attribute__((warn_unused_result));

#endif
