/* SPDX-License-Identifier: MIT */
/*
 * The four forms of a request target (RFC 9112 section 3.2), and an authority,
 * which is also what Host holds.  Nothing is decoded: two targets are the same
 * if their bytes are.
 */
#include "http/scan.h"

#include <arpa/inet.h>

/* The first byte that is not of a path or query; also a '%' whose two digits
 * are not both there.  *query: the first '?', if there is one. */
static const char *
skip_path(const char *p, const char *end, const char **query)
{
	for (;;) {
		p = skip(p, end, PATH, '-', '9');
		if (p == end)
			return p;
		if (*p == '?') {
			if (*query == NULL)
				*query = p;
			p++;
		} else if (*p == '%' && end - p >= 3 && is(p[1], HEX) &&
			   is(p[2], HEX)) {
			p += 3;
		} else {
			return p;
		}
	}
}

static void
set_path(struct http_request *req, const char *p, const char *query,
	const char *end)
{
	if (query != NULL) {
		req->query = span(query + 1, end);
		end = query;
	}
	req->path = span(p, end);
}

/* RFC 3986 section 3.2.2, IPv6 literals only: nobody has an IPvFuture. */
static bool
is_ip_literal(const char *p, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (len < 2 || len - 2 >= sizeof(text) || p[len - 1] != ']')
		return false;
	memcpy(text, p + 1, len - 2);
	text[len - 2] = '\0';
	return inet_pton(AF_INET6, text, &addr) == 1;
}

/* *DIGIT, to 65535. */
static bool
is_port(const char *p, const char *end)
{
	unsigned value = 0;

	if (end - p > 5)
		return false;
	for (; p < end; p++) {
		if (!is(*p, DIGIT))
			return false;
		value = value * 10 + (unsigned)(*p - '0');
	}
	return value <= 65535;
}

bool
http_scan_authority(
	const char *p, const char *end, struct http_span *host, bool *has_port)
{
	const char *stop = p;

	if (p < end && *p == '[') {
		stop = memchr(p, ']', (size_t)(end - p));
		if (stop == NULL || !is_ip_literal(p, (size_t)(++stop - p)))
			return false;
	} else {
		stop = skip(p, end, HOST, '-', '.');
	}
	if (stop == p)
		return false;
	*host = span(p, stop);
	*has_port = end - stop > 1;
	return stop == end || (*stop == ':' && is_port(stop + 1, end));
}

/* RFC 9112 section 3.2.2.  OPTIONS without a path asks for the server, which
 * the last proxy would have written as '*' (section 3.2.4). */
static bool
parse_absolute_form(struct scan *s, const char *p, const char *end)
{
	const char *query = NULL;
	const char *authority;
	const char *path;
	bool has_port;

	if (end - p > 7 && WORD_IS(p, 7, "http://"))
		authority = p + 7;
	else if (end - p > 8 && WORD_IS(p, 8, "https://"))
		authority = p + 8;
	else
		return false;
	path = authority;
	while (path < end && *path != '/' && *path != '?')
		path++;
	if (!http_scan_authority(authority, path, &s->req->host, &has_port) ||
		skip_path(path, end, &query) != end)
		return false;
	s->absolute = true;
	set_path(s->req, path, query, end);
	if (s->req->path.len == 0)
		s->req->path = (struct http_span){
			s->req->method == HTTP_OPTIONS && query == NULL ? "*"
									: "/",
			1};
	return true;
}

/* A target that does not begin with '/': one of the other three forms. */
static enum http_parse
parse_other_form(struct scan *s)
{
	const char *start = s->p;
	const char *p = start;
	bool has_port;
	bool ok;

	p = skip(p, s->end, VISIBLE, '-', '9');
	if (p == s->end)
		return out_of_bytes(s);
	if (*p != ' ')
		return bad(s, 400);
	if (s->connect) {
		ok = http_scan_authority(start, p, &s->req->host, &has_port) &&
		     has_port;
		s->absolute = true;
		s->req->path = span(start, start);
	} else if (p - start == 1 && *start == '*') {
		ok = true; /* for OPTIONS, which parse_request_line looks at */
		s->req->path = span(start, p);
	} else {
		ok = parse_absolute_form(s, start, p);
	}
	if (!ok)
		return bad(s, 400);
	s->p = p + 1;
	return HTTP_PARSE_DONE;
}

enum http_parse
http_scan_target(struct scan *s)
{
	const char *start = s->p;
	const char *query = NULL;
	const char *p;

	if (start == s->end)
		return out_of_bytes(s);
	if (*start != '/')
		return parse_other_form(s);
	p = skip_path(start, s->end, &query);
	if (p == s->end || (*p == '%' && s->end - p < 3))
		return out_of_bytes(s);
	if (*p != ' ' || s->connect)
		return bad(s, 400);
	set_path(s->req, start, query, p);
	s->p = p + 1;
	return HTTP_PARSE_DONE;
}
