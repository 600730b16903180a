/* SPDX-License-Identifier: MIT */
/*
 * The order of RFC 9110 section 13.2.2: If-Match, else If-Unmodified-Since;
 * then If-None-Match, else If-Modified-Since.  A condition that cannot be read
 * never turns an answer into 304: a client that asks badly gets the document.
 */
#include "http/conditional.h"

#include <string.h>
#include <strings.h>

#include "http/date.h"

/* The next entity tag of a list, without its W/; false at the end of the list
 * or of what can be read of it (sections 5.6.1 and 8.8.3). */
static bool
next_tag(struct http_span *list, struct http_span *tag, bool *weak)
{
	const char *p = list->p;
	const char *end = p + list->len;
	const char *close;

	while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
		p++;
	*weak = end - p > 2 && p[0] == 'W' && p[1] == '/';
	if (*weak)
		p += 2;
	if (p == end || *p != '"')
		return false;
	close = memchr(p + 1, '"', (size_t)(end - p - 1));
	if (close == NULL)
		return false;
	*tag = (struct http_span){p, (uint32_t)(close + 1 - p)};
	*list = (struct http_span){close + 1, (uint32_t)(end - close - 1)};
	return true;
}

/* One line of a list against the response's tag, which is strong. */
static bool
line_matches(
	struct http_span list, const struct http_response *r, bool weak_counts)
{
	struct http_span tag;
	const char *etag;
	size_t etag_len;
	bool weak;

	if (list.len == 1 && *list.p == '*')
		return true;
	etag = http_response_etag(r, &etag_len);
	while (etag != NULL && next_tag(&list, &tag, &weak)) {
		if ((!weak || weak_counts) && tag.len == etag_len &&
			memcmp(tag.p, etag, etag_len) == 0)
			return true;
	}
	return false;
}

/* The value of a field line of that name, NULL when it is another's.  *end: of
 * the line.  The parser has seen to it that all lines are well formed. */
static const char *
line_value(const char *line, const char *fields_end, const char *name,
	const char **end)
{
	size_t len = strlen(name);
	const char *stop = memchr(line, '\n', (size_t)(fields_end - line));

	*end = stop;
	if ((size_t)(stop - line) <= len || line[len] != ':' ||
		strncasecmp(line, name, len) != 0)
		return NULL;
	line += len + 1;
	while (*line == ' ' || *line == '\t')
		line++;
	return line;
}

/* The list in first, and in further lines of that name if there are any: they
 * are one list (section 5.3). */
static bool
list_matches(const struct http_request *req, struct http_span first,
	const char *name, const struct http_response *r, bool weak_counts)
{
	const char *fields_end = req->fields.p + req->fields.len;
	const char *line = req->fields.p;
	const char *value;
	const char *end;

	if (!req->lists_repeat)
		return line_matches(first, r, weak_counts);
	for (; line < fields_end; line = end + 1) {
		value = line_value(line, fields_end, name, &end);
		if (value == NULL)
			continue;
		/* up to the CR */
		first = (struct http_span){value, (uint32_t)(end - 1 - value)};
		if (line_matches(first, r, weak_counts))
			return true;
	}
	return false;
}

/* Whether the response was modified after the date in the field; unknown when
 * either is not a date, and then the field is to be ignored. */
enum modified { MODIFIED, UNMODIFIED, UNKNOWN };

static enum modified
modified_since(
	struct http_span field, const struct http_response *r, int64_t now)
{
	int64_t modified;
	int64_t since;

	if (field.p == NULL)
		return UNKNOWN;
	modified = http_response_modified(r);
	if (modified == 0 ||
		http_date_parse(field.p, field.len, now, &since) != 0)
		return UNKNOWN;
	return modified > since ? MODIFIED : UNMODIFIED;
}

enum http_condition
http_condition_check(const struct http_request *req,
	const struct http_response *response, int64_t now)
{
	if (req->if_match.p != NULL) {
		if (!list_matches(
			    req, req->if_match, "if-match", response, false))
			return HTTP_CONDITION_FAILED;
	} else if (modified_since(req->if_unmodified_since, response, now) ==
		   MODIFIED) {
		return HTTP_CONDITION_FAILED;
	}
	if (req->if_none_match.p != NULL) {
		if (list_matches(req, req->if_none_match, "if-none-match",
			    response, true))
			return HTTP_CONDITION_NOT_MODIFIED;
	} else if (modified_since(req->if_modified_since, response, now) ==
		   UNMODIFIED) {
		return HTTP_CONDITION_NOT_MODIFIED;
	}
	return HTTP_CONDITION_TRUE;
}
