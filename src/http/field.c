/* SPDX-License-Identifier: MIT */
/*
 * Field lines: their form, and those that say something to us.  All others are
 * checked for their form and passed over.
 */
#include "http/scan.h"

/* Cut the next member off a comma-separated list; false at its end. */
static bool
next_member(struct http_span *list, struct http_span *member)
{
	const char *p = list->p;
	const char *end;
	const char *stop;

	if (p == NULL)
		return false;
	end = p + list->len;
	stop = memchr(p, ',', list->len);
	if (stop == NULL) {
		stop = end;
		list->p = NULL;
	} else {
		*list = span(stop + 1, end);
	}
	while (p < stop && (*p == ' ' || *p == '\t'))
		p++;
	while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	*member = span(p, stop);
	return true;
}

static enum http_parse
on_connection(struct scan *s, struct http_span value)
{
	struct http_span m;

	while (next_member(&value, &m)) {
		if (WORD_IS(m.p, m.len, "close"))
			s->close = true;
		else if (WORD_IS(m.p, m.len, "keep-alive"))
			s->keep_alive = true;
	}
	return HTTP_PARSE_DONE;
}

/* RFC 9110 section 7.2: one, and valid. */
static enum http_parse
on_host(struct scan *s, struct http_span value)
{
	const char *end = value.p + value.len;
	struct http_span host;
	bool has_port;

	if (s->host || !http_scan_authority(value.p, end, &host, &has_port))
		return bad(s, 400);
	s->host = true;
	/* the target's authority wins (RFC 9112 section 3.2.2) */
	if (!s->absolute)
		s->req->host = host;
	return HTTP_PARSE_DONE;
}

/* RFC 9112 section 6.2 and 6.3.  Not with Transfer-Encoding, not twice. */
static enum http_parse
on_content_length(struct scan *s, struct http_span value)
{
	const char *p = value.p;
	const char *end = p + value.len;
	bool zero = true;

	if (s->content_length || s->transfer_encoding)
		return bad(s, 400);
	s->content_length = true;
	/* more digits than a 64-bit number has */
	if (value.len == 0 || value.len > 19)
		return bad(s, 400);
	for (; p < end; p++) {
		if (!is(*p, DIGIT))
			return bad(s, 400);
		if (*p != '0')
			zero = false;
	}
	if (!zero)
		s->req->body = true;
	return HTTP_PARSE_DONE;
}

/* RFC 9112 section 6.1 and 6.3: "chunked" once, last, and nothing unknown
 * before it; not in HTTP/1.0, and not beside Content-Length.  Empty members of
 * a list do not count (RFC 9110 section 5.6.1). */
static enum http_parse
on_transfer_encoding(struct scan *s, struct http_span value)
{
	struct http_span m;
	unsigned codings = 0;
	bool chunked = false;
	uint32_t i;

	if (s->transfer_encoding || s->content_length || s->req->minor == 0)
		return bad(s, 400);
	s->transfer_encoding = true;
	while (next_member(&value, &m)) {
		if (m.len == 0)
			continue;
		if (chunked)
			return bad(s, 400);
		for (i = 0; i < m.len; i++) {
			if (!is(m.p[i], TOKEN))
				return bad(s, 400);
		}
		chunked = WORD_IS(m.p, m.len, "chunked");
		codings++;
	}
	if (!chunked)
		return bad(s, 400);
	if (codings > 1)
		return bad(s, 501);
	s->req->body = true;
	return HTTP_PARSE_DONE;
}

/* RFC 9110 section 10.1.1; HTTP/1.0 had no expectations. */
static enum http_parse
on_expect(struct scan *s, struct http_span value)
{
	struct http_span m;

	if (s->req->minor == 0)
		return HTTP_PARSE_DONE;
	while (next_member(&value, &m)) {
		if (m.len == 0)
			continue;
		if (!WORD_IS(m.p, m.len, "100-continue"))
			return bad(s, 417);
		s->req->expect_continue = true;
	}
	return HTTP_PARSE_DONE;
}

/* A list: the first line is kept, that there are more is noted. */
static enum http_parse
on_list(struct scan *s, struct http_span *field, struct http_span value)
{
	if (field->p == NULL)
		*field = value;
	else
		s->req->lists_repeat = true;
	return HTTP_PARSE_DONE;
}

/* A date: two of them are none. */
static enum http_parse
on_date(struct http_span *field, struct http_span value)
{
	if (field->p == NULL)
		*field = value;
	else
		field->len = 0;
	return HTTP_PARSE_DONE;
}

/* A name that becomes the one of a framing field when '_' is read as '-'. */
static bool
is_disguised(const char *name, size_t len, const char *lower, const char *dash)
{
	size_t at = (size_t)(dash - lower);

	return name[at] == '_' && word_is(name, lower, at) &&
	       word_is(name + at + 1, dash + 1, len - at - 1);
}

static enum http_parse
on_field(struct scan *s, const char *name, size_t len, struct http_span value)
{
	static const char LENGTH[] = "content-length";
	static const char ENCODING[] = "transfer-encoding";
	struct http_request *req = s->req;

	switch (len) {
	case 4:
		if (word_is(name, "host", len))
			return on_host(s, value);
		break;
	case 6:
		if (word_is(name, "expect", len))
			return on_expect(s, value);
		break;
	case 8:
		if (word_is(name, "if-match", len))
			return on_list(s, &req->if_match, value);
		break;
	case 10:
		if (word_is(name, "user-agent", len))
			req->user_agent = value;
		else if (word_is(name, "connection", len))
			return on_connection(s, value);
		break;
	case 13:
		if (word_is(name, "if-none-match", len))
			return on_list(s, &req->if_none_match, value);
		break;
	case 14:
		if (word_is(name, LENGTH, len))
			return on_content_length(s, value);
		if (is_disguised(name, len, LENGTH, LENGTH + 7))
			return bad(s, 400);
		break;
	case 15:
		if (word_is(name, "x-forwarded-for", len))
			req->forwarded_for = value;
		break;
	case 17:
		if (word_is(name, ENCODING, len))
			return on_transfer_encoding(s, value);
		if (word_is(name, "if-modified-since", len))
			return on_date(&req->if_modified_since, value);
		if (is_disguised(name, len, ENCODING, ENCODING + 8))
			return bad(s, 400);
		break;
	case 19:
		if (word_is(name, "if-unmodified-since", len))
			return on_date(&req->if_unmodified_since, value);
		break;
	default:
		break;
	}
	return HTTP_PARSE_DONE;
}

/* field-name ":" OWS field-value OWS CRLF; no space before the colon, no line
 * that goes on in the next (RFC 9112 sections 5.1 and 5.2). */
static inline enum http_parse
parse_field(struct scan *s)
{
	const char *name = s->p;
	const char *p = skip_token(name, s->end);
	const char *name_end;
	const char *value;
	const char *stop;

	if (p == s->end)
		return out_of_bytes(s);
	if (*p != ':' || p == name)
		return bad(s, 400);
	name_end = p++;
	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	value = p;
	p = skip_value(p, s->end);
	if (p < s->end && *p != '\r')
		return bad(s, 400);
	if (s->end - p < 2)
		return out_of_bytes(s);
	if (p[1] != '\n')
		return bad(s, 400);
	for (stop = p; stop > value; stop--) {
		if (stop[-1] != ' ' && stop[-1] != '\t')
			break;
	}
	s->p = p + 2;
	return on_field(s, name, (size_t)(name_end - name), span(value, stop));
}

/* All of them and the empty line. */
enum http_parse
http_scan_fields(struct scan *s)
{
	const char *start = s->p;
	enum http_parse r;
	unsigned lines = 0;

	while (s->p < s->end && *s->p != '\r') {
		if (lines++ == HTTP_FIELDS_MAX)
			return bad(s, 431);
		r = parse_field(s);
		if (r != HTTP_PARSE_DONE)
			return r;
	}
	if (s->end - s->p < 2)
		return out_of_bytes(s);
	if (s->p[1] != '\n')
		return bad(s, 400);
	s->req->fields = span(start, s->p);
	s->p += 2;
	return HTTP_PARSE_DONE;
}
