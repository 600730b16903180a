/* SPDX-License-Identifier: MIT */
/*
 * Ready-made responses: everything but the status line, Date and Connection is
 * rendered once, into one block, from which 200, HEAD, 304 and 412 are cut.
 *
 * Immutable after construction; one owner.  The connection copies the bytes it
 * sends while the handler's answer is valid, so a response needs no reference
 * count: its owner frees it when no worker can look it up any more.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct http_response;

/* What the fields of a response are made of.  Strings hold no CR or LF. */
struct http_response_parts {
	unsigned status;           /* 200, 204, 404, ...: one this room knows */
	const char *content_type;  /* NULL when there is no content */
	const char *cache_control; /* NULL: "no-store" */
	int64_t modified;          /* Last-Modified; 0: none */
	bool etag;                 /* strong, of the SHA-256 of the content */
	bool cors;                 /* Access-Control-Allow-Origin: * */
	const char *fields;        /* further field lines, each with CRLF */
	const void *content;
	size_t content_len;
};

struct http_response *http_response_new(const struct http_response_parts *parts,
	struct error *e) __attribute__((warn_unused_result));
void http_response_free(const struct http_response *r);

unsigned http_response_status(const struct http_response *r);
/* Bytes of memory it takes. */
size_t http_response_size(const struct http_response *r);
/* A copy in place, which has that many bytes, aligned for a pointer, and is
 * freed by whoever made it.  Returns place. */
struct http_response *http_response_copy(
	void *place, const struct http_response *r);
/* The content, for --print, -t and exports. */
const char *http_response_content(const struct http_response *r, size_t *len);
/* The fields as they are sent with a 200, without Date; not terminated. */
const char *http_response_fields(const struct http_response *r, size_t *len);

/* "Not Found"; NULL for a status this room does not send. */
const char *http_status_text(unsigned status);

/* What a response is cut down to. */
enum http_cut {
	HTTP_CUT_WHOLE,
	HTTP_CUT_HEAD,         /* all fields, no content */
	HTTP_CUT_NOT_MODIFIED, /* 304, the fields from ETag on */
};

/* The bytes of it: Date and Connection go in between. */
struct http_pieces {
	unsigned status;
	const char *line; /* "HTTP/1.1 200 OK\r\n" */
	size_t line_len;
	const char *rest;
	size_t rest_len;
};
void http_response_cut(const struct http_response *r, enum http_cut cut,
	struct http_pieces *pieces);

/* The entity tag with its quotes; NULL when it has none. */
const char *http_response_etag(const struct http_response *r, size_t *len);
/* What Last-Modified says; 0 when it is not there. */
int64_t http_response_modified(const struct http_response *r);

#endif
