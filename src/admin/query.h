/* SPDX-License-Identifier: MIT */
/*
 * What may stand behind the '?' of an admin page.  Plain values; nothing is
 * kept of the request.
 */
#ifndef ADMIN_QUERY_H
#define ADMIN_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "http/request.h"

#define ADMIN_QUERY_VALUE_MAX 256 /* an issuer has 255 bytes at most */

struct admin_query {
	bool verbose;
	size_t offset;
	char search[ADMIN_QUERY_VALUE_MAX]; /* q= */
	char issuer[ADMIN_QUERY_VALUE_MAX];
};

/* Read application/x-www-form-urlencoded pairs.  Names that are not ours are
 * passed over, as a scraper may add some; a value of ours that is too long,
 * badly encoded, holds a NUL or is no number is INVALID, with a line for the
 * person who typed it. */
int admin_query_parse(const struct http_span *text, struct admin_query *out,
	struct error *e) __attribute__((warn_unused_result));

#endif
