/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests (RFC 9110 section 13).
 */
#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdint.h>

#include "http/request.h"
#include "http/response.h"

enum http_condition {
	HTTP_CONDITION_TRUE,         /* send the response */
	HTTP_CONDITION_NOT_MODIFIED, /* 304 */
	HTTP_CONDITION_FAILED,       /* 412 */
};

/* Whether the request has any. */
static inline bool
http_condition_any(const struct http_request *req)
{
	return req->if_none_match.p != NULL ||
	       req->if_modified_since.p != NULL || req->if_match.p != NULL ||
	       req->if_unmodified_since.p != NULL;
}

/* What the request's conditions make of a 200 to GET or HEAD.  now: of the
 * clock, for two-digit years. */
enum http_condition http_condition_check(const struct http_request *req,
	const struct http_response *response, int64_t now);

#endif
