/* SPDX-License-Identifier: MIT */
/*
 * The HTTP/1.1 request parser (RFC 9112): a pure function over bytes, strict,
 * one pass, no copy.  What it leaves open is decided by http/connection.
 *
 * Strictness is deliberate: a request that any proxy in front of us might read
 * in another way is refused, never repaired.  Every clause that a refusal rests
 * on stands beside it in request.c and in the case table under t/.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX 8192     /* request line: longer is 414 */
#define HTTP_REQUEST_MAX 16384 /* line and fields: longer is 431 */
#define HTTP_FIELDS_MAX 100    /* field lines: more is 431 */

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_OPTIONS,
	HTTP_OTHER,   /* registered, but not for us: 405 */
	HTTP_UNKNOWN, /* not registered: 501 */
};

/* Bytes that live in the connection's input buffer: valid while the handler
 * runs, not after. */
struct http_span {
	const char *p; /* NULL: not there */
	uint32_t len;
};

struct http_request {
	enum http_method method;
	uint8_t minor;   /* HTTP/1.minor */
	bool keep_alive; /* the client allows another request */
	bool body;       /* content is announced: never read, we close;
			  * keep_alive is false */
	bool expect_continue;
	struct http_span method_text; /* as sent */
	struct http_span host;   /* without port, case as sent; of the target
				  * if it is in absolute form */
	struct http_span path;   /* before any '?'; "*" in asterisk form; empty
				  * for CONNECT */
	struct http_span query;  /* after the '?', or p NULL */
	struct http_span fields; /* all field lines, each with its CRLF */
	bool lists_repeat;       /* one of the next two stands in several lines,
				  * of which this is the first */
	struct http_span if_match;
	struct http_span if_none_match;
	struct http_span if_modified_since;
	struct http_span if_unmodified_since;
	struct http_span user_agent;
	struct http_span forwarded_for; /* the last line of X-Forwarded-For,
					 * for the access log only */
};

enum http_parse {
	HTTP_PARSE_MORE, /* so far good, not yet whole */
	HTTP_PARSE_DONE,
	HTTP_PARSE_BAD, /* answer with the status and close */
};

/* Parse the request at buf.  DONE: *used bytes are it.  BAD: *status is 400,
 * 414, 417, 431, 501 or 505.  How the bytes arrived changes nothing: the answer
 * for a prefix is MORE or that for every longer input, and nothing is MORE once
 * HTTP_REQUEST_MAX bytes are there.  Behind len there must be HTTP_SLACK bytes
 * that can be read; what they hold does not matter. */
#define HTTP_SLACK 16
enum http_parse http_request_parse(const char *buf, size_t len,
	struct http_request *req, size_t *used, unsigned *status);

#endif
