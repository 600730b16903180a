/* SPDX-License-Identifier: MIT */
/*
 * How many connections there may be, in all and from one address.  One gate is
 * shared by all workers; it is asked when a connection is accepted and told
 * when it ends, never for a request, so its lock is not on the request path.
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct http_gate;
struct http_gate_entry; /* the place of one address */

enum http_admission {
	HTTP_ADMITTED,
	HTTP_FULL,         /* the total is reached */
	HTTP_ADDRESS_FULL, /* this address has all it may */
	HTTP_NO_MEMORY,
};

/* 0: no limit. */
struct http_gate *http_gate_new(size_t total, size_t per_address);
void http_gate_free(struct http_gate *gate);

/* Take a place.  peer of family AF_UNIX counts for the total only.  *entry is
 * to be given back; it may be NULL. */
enum http_admission http_gate_enter(struct http_gate *gate,
	const struct sockaddr *peer, struct http_gate_entry **entry);
void http_gate_leave(struct http_gate *gate, struct http_gate_entry *entry);

size_t http_gate_count(struct http_gate *gate);

#endif
