/* SPDX-License-Identifier: MIT */
/*
 * One pass from left to right.  The invariant that makes it safe to parse what
 * has arrived so far: every refusal is decided by the first byte that calls for
 * it, or by a limit counted from the first byte, never by what happens to be
 * the last byte there.
 *
 * Where this is stricter than RFC 9110 and 9112, for the sake of proxies that
 * may see another request in the same bytes:
 *  - Host is letters, digits, "-._~" or an IPv6 literal; a reg-name may also
 *    hold sub-delims and %XX (RFC 3986 section 3.2.2), no host name does.
 *  - Content-Length given twice is refused even if both say the same
 *    (RFC 9112 section 6.3 permits either).
 *  - Transfer-Encoding takes no parameters.
 *  - Transfer_Encoding and Content_Length are refused: there are gateways that
 *    read '_' as '-'.
 *  - no expectation but "100-continue" is known.
 * Where it is as lax as the RFC says: one empty line before a request line is
 * skipped (RFC 9112 section 2.2); If-Modified-Since or If-Unmodified-Since
 * given twice is ignored (RFC 9110 sections 13.1.3, 13.1.4); a list may stand
 * in several lines (section 5.3).
 */
#include "http/scan.h"

/* The methods of the IANA registry that are not ours. */
static const char *const REGISTERED[] = {"ACL", "BASELINE-CONTROL", "BIND",
	"CHECKIN", "CHECKOUT", "CONNECT", "COPY", "DELETE", "LABEL", "LINK",
	"LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF",
	"MKWORKSPACE", "MOVE", "ORDERPATCH", "PATCH", "POST", "PRI", "PROPFIND",
	"PROPPATCH", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "TRACE",
	"UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE",
	"UPDATEREDIRECTREF", "VERSION-CONTROL"};

/* Longer than any of them: 501 without waiting for its end (RFC 9112 s. 3). */
#define METHOD_MAX 32

static enum http_method
find_method(const char *name, size_t len)
{
	size_t i;

	if (len == 4 && memcmp(name, "HEAD", 4) == 0)
		return HTTP_HEAD;
	if (len == 7 && memcmp(name, "OPTIONS", 7) == 0)
		return HTTP_OPTIONS;
	for (i = 0; i < sizeof(REGISTERED) / sizeof(REGISTERED[0]); i++) {
		if (strlen(REGISTERED[i]) == len &&
			memcmp(name, REGISTERED[i], len) == 0)
			return HTTP_OTHER;
	}
	return HTTP_UNKNOWN;
}

static enum http_parse
parse_method(struct scan *s)
{
	const char *start = s->p;
	const char *p;
	size_t len;

	/* nearly all of them, and the only way to GET */
	if (s->end - start >= 4 && memcmp(start, "GET ", 4) == 0) {
		s->req->method_text = span(start, start + 3);
		s->req->method = HTTP_GET;
		s->p = start + 4;
		return HTTP_PARSE_DONE;
	}
	p = skip_token(start, s->end);
	len = (size_t)(p - start);
	if (len > METHOD_MAX)
		return bad(s, 501);
	if (p == s->end)
		return out_of_bytes(s);
	if (*p != ' ' || len == 0)
		return bad(s, 400);
	s->req->method_text = span(start, p);
	s->req->method = find_method(start, len);
	s->connect = len == 7 && memcmp(start, "CONNECT", 7) == 0;
	s->p = p + 1;
	return HTTP_PARSE_DONE;
}

/* HTTP-version CRLF.  Case matters, and so does the number of digits
 * (RFC 9112 section 2.3). */
static enum http_parse
parse_version(struct scan *s)
{
	static const char FORM[] = "HTTP/0.0\r\n";
	const size_t form_len = LEN(FORM);
	const char *p = s->p;
	size_t len = (size_t)(s->end - p);
	size_t i = 0;

	if (len >= form_len && memcmp(p, "HTTP/1.1\r\n", form_len) == 0)
		i = form_len;
	for (; i < form_len && i < len; i++) {
		if (FORM[i] == '0' ? !is(p[i], DIGIT) : p[i] != FORM[i])
			return bad(s, 400);
	}
	if (i < form_len)
		return out_of_bytes(s);
	if (p[5] != '1')
		return bad(s, 505);
	s->req->minor = (uint8_t)(p[7] - '0');
	s->p = p + form_len;
	return HTTP_PARSE_DONE;
}

static enum http_parse
parse_request_line(struct scan *s)
{
	enum http_parse r;

	r = parse_method(s);
	if (r == HTTP_PARSE_DONE)
		r = http_scan_target(s);
	if (r == HTTP_PARSE_DONE)
		r = parse_version(s);
	if (r != HTTP_PARSE_DONE)
		return r;
	/* asterisk-form is for OPTIONS only (RFC 9112 section 3.2.4) */
	if (*s->req->path.p == '*' && s->req->path.len == 1 &&
		s->req->method != HTTP_OPTIONS)
		return bad(s, 400);
	return HTTP_PARSE_DONE;
}

static void
set_end(struct scan *s, const char *start, size_t len, size_t max,
	unsigned too_long)
{
	s->limited = len >= max;
	s->end = start + (s->limited ? max : len);
	s->too_long = too_long;
}

static enum http_parse
parse(struct scan *s, const char *buf, size_t len)
{
	enum http_parse r;
	size_t skip = 0;

	if (len > 0 && buf[0] == '\r') {
		if (len == 1)
			return HTTP_PARSE_MORE;
		if (buf[1] != '\n')
			return bad(s, 400);
		skip = 2;
	}
	s->p = buf + skip;
	set_end(s, s->p, len - skip, HTTP_LINE_MAX, 414);
	r = parse_request_line(s);
	if (r != HTTP_PARSE_DONE)
		return r;
	set_end(s, buf, len, HTTP_REQUEST_MAX, 431);
	r = http_scan_fields(s);
	if (r != HTTP_PARSE_DONE)
		return r;
	if (!s->host && s->req->minor > 0)
		return bad(s, 400);
	s->req->keep_alive = !s->close && !s->req->body && !s->connect &&
			     (s->req->minor > 0 || s->keep_alive);
	return HTTP_PARSE_DONE;
}

enum http_parse
http_request_parse(const char *buf, size_t len, struct http_request *req,
	size_t *used, unsigned *status)
{
	struct scan s = {.req = req};
	enum http_parse r;

	memset(req, 0, sizeof(*req));
	r = parse(&s, buf, len);
	if (r == HTTP_PARSE_BAD)
		*status = s.status;
	if (r == HTTP_PARSE_DONE)
		*used = (size_t)(s.p - buf);
	return r;
}
