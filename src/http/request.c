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
 *  - Transfer-Encoding takes no empty list members or parameters.
 *  - Transfer_Encoding and Content_Length are refused: there are gateways that
 *    read '_' as '-'.
 *  - only "100-continue" alone is an expectation.
 * Where it is as lax as the RFC says: one empty line before a request line is
 * skipped (RFC 9112 section 2.2); If-Modified-Since or If-Unmodified-Since
 * given twice is ignored (RFC 9110 sections 13.1.3, 13.1.4); a list may stand
 * in several lines (section 5.3).
 */
#include "http/request.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

enum {
	TOKEN = 1, /* RFC 9110 section 5.6.2 */
	PATH = 2,  /* pchar without %XX, and '/' (RFC 3986 section 3.3) */
	HOST = 4,  /* what we take of reg-name */
	VALUE = 8, /* field-vchar, obs-text, SP and HTAB */
	DIGIT = 16,
	HEX = 32,
	VISIBLE = 64, /* VCHAR */
};

#define ALPHA (TOKEN | PATH | HOST | VALUE | VISIBLE)
#define NUMBER (ALPHA | DIGIT | HEX)

static const uint8_t CLASS[256] = {
	['\t'] = VALUE,
	[' '] = VALUE,
	['!'] = TOKEN | PATH | VALUE | VISIBLE,
	['"'] = VALUE | VISIBLE,
	['#'] = TOKEN | VALUE | VISIBLE,
	['$'] = TOKEN | PATH | VALUE | VISIBLE,
	['%'] = TOKEN | VALUE | VISIBLE,
	['&'] = TOKEN | PATH | VALUE | VISIBLE,
	['\''] = TOKEN | PATH | VALUE | VISIBLE,
	['('] = PATH | VALUE | VISIBLE,
	[')'] = PATH | VALUE | VISIBLE,
	['*'] = TOKEN | PATH | VALUE | VISIBLE,
	['+'] = TOKEN | PATH | VALUE | VISIBLE,
	[','] = PATH | VALUE | VISIBLE,
	['-'] = ALPHA,
	['.'] = ALPHA,
	['/'] = PATH | VALUE | VISIBLE,
	['0' ... '9'] = NUMBER,
	[':'] = PATH | VALUE | VISIBLE,
	[';'] = PATH | VALUE | VISIBLE,
	['<'] = VALUE | VISIBLE,
	['='] = PATH | VALUE | VISIBLE,
	['>'] = VALUE | VISIBLE,
	['?'] = VALUE | VISIBLE,
	['@'] = PATH | VALUE | VISIBLE,
	['A' ... 'F'] = ALPHA | HEX,
	['G' ... 'Z'] = ALPHA,
	['['] = VALUE | VISIBLE,
	['\\'] = VALUE | VISIBLE,
	[']'] = VALUE | VISIBLE,
	['^'] = TOKEN | VALUE | VISIBLE,
	['_'] = ALPHA,
	['`'] = TOKEN | VALUE | VISIBLE,
	['a' ... 'f'] = ALPHA | HEX,
	['g' ... 'z'] = ALPHA,
	['{'] = VALUE | VISIBLE,
	['|'] = TOKEN | VALUE | VISIBLE,
	['}'] = VALUE | VISIBLE,
	['~'] = ALPHA,
	[0x80 ... 0xff] = VALUE,
};

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

struct scan {
	const char *p;     /* the next byte */
	const char *end;   /* of what is there, or of what is allowed */
	bool limited;      /* end is what is allowed */
	unsigned too_long; /* the status when that is not enough */
	unsigned status;   /* of the refusal */
	struct http_request *req;
	bool absolute; /* the target named the host */
	bool connect;
	bool host; /* fields that were seen */
	bool content_length;
	bool transfer_encoding;
	bool close;
	bool keep_alive;
};

static inline bool
is(char c, unsigned class)
{
	return (CLASS[(unsigned char)c] & class) != 0;
}

#define BYTES(b) (UINT64_C(0x0101010101010101) * (b))
#define HIGH_BITS BYTES(0x80)

/* Eight bytes, the first one lowest. */
static inline uint64_t
load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* Which of eight bytes has the first high bit. */
static inline unsigned
first(uint64_t high_bits)
{
	return (unsigned)__builtin_ctzll(high_bits) / 8;
}

/* The high bit of each byte that is no letter and not from..to.  A carry can
 * only come from a byte above 0x7f, which is marked, and spoil what is above
 * it; the first mark is right. */
static inline uint64_t
mark_others(uint64_t w, uint8_t from, uint8_t to)
{
	uint64_t lower = w | BYTES(0x20);
	uint64_t letters =
		(lower + BYTES(0x80 - 'a')) & ~(lower + BYTES(0x7f - 'z'));
	uint64_t range = (w + BYTES(0x80u - from)) & ~(w + BYTES(0x7fu - to));

	return (~(letters | range) | w) & HIGH_BITS;
}

/* The high bit of each byte below 0x20 and of each 0x7f.  A borrow can only
 * come from a byte that is marked, and spoil what is above it. */
static inline uint64_t
mark_controls(uint64_t w)
{
	uint64_t del = w ^ BYTES(0x7f);

	return (((w - BYTES(0x20)) & ~w) | ((del - BYTES(1)) & ~del)) &
	       HIGH_BITS;
}

/* The first byte that is not of the class: eight at a time while they are of
 * what the class is mostly used for, which is letters and from..to. */
static inline const char *
skip(const char *p, const char *end, unsigned class, uint8_t from, uint8_t to)
{
	uint64_t marks;

	for (;;) {
		while (end - p >= 8) {
			marks = mark_others(load(p), from, to);
			if (marks != 0) {
				p += first(marks);
				break;
			}
			p += 8;
		}
		if (p == end || !is(*p, class))
			return p;
		p++;
	}
}

static inline const char *
skip_token(const char *p, const char *end)
{
	return skip(p, end, TOKEN, '-', '-');
}

static inline const char *
skip_value(const char *p, const char *end)
{
	uint64_t marks;

	for (;;) {
		while (end - p >= 8) {
			marks = mark_controls(load(p));
			if (marks != 0) {
				p += first(marks);
				break;
			}
			p += 8;
		}
		if (p == end || !is(*p, VALUE))
			return p;
		p++;
	}
}

static enum http_parse
bad(struct scan *s, unsigned status)
{
	s->status = status;
	return HTTP_PARSE_BAD;
}

/* The bytes ran out before the element did. */
static enum http_parse
out_of_bytes(struct scan *s)
{
	return s->limited ? bad(s, s->too_long) : HTTP_PARSE_MORE;
}

static void
set_end(struct scan *s, const char *start, size_t len, size_t max,
	unsigned too_long)
{
	s->limited = len >= max;
	s->end = start + (s->limited ? max : len);
	s->too_long = too_long;
}

static inline struct http_span
span(const char *p, const char *end)
{
	struct http_span s = {p, (uint32_t)(end - p)};

	return s;
}

/* Whether the text is this word, of the same length, in any case.  Setting bit
 * 5 makes lower case of a letter; what else it would make a letter, a digit,
 * '-' or '/' of is a control byte, which never gets here. */
static inline bool
word_is(const char *p, const char *lower, size_t len)
{
	uint32_t a;
	uint32_t b;

	for (; len >= 4; len -= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, lower, 4);
		if ((a | 0x20202020) != b)
			return false;
		p += 4;
		lower += 4;
	}
	for (; len > 0; len--) {
		if ((*p++ | 0x20) != *lower++)
			return false;
	}
	return true;
}

#define LEN(literal) (sizeof(literal) - 1)
#define WORD_IS(p, len, literal) \
	((len) == LEN(literal) && word_is(p, literal, LEN(literal)))

/* ---- the request line ---------------------------------------------------- */

static enum http_method
find_method(const char *name, size_t len)
{
	size_t i;

	if (len == 3 && memcmp(name, "GET", 3) == 0)
		return HTTP_GET;
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
	const char *p = skip_token(start, s->end);
	size_t len;

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

/* uri-host [ ":" port ]; neither empty, userinfo nor anything else.  What is
 * behind end, to limit, may be looked at: it begins with no byte of a host. */
static bool
split_authority(const char *p, const char *end, const char *limit,
	struct http_span *host, bool *has_port)
{
	const char *stop = p;

	if (p < end && *p == '[') {
		stop = memchr(p, ']', (size_t)(end - p));
		if (stop == NULL || !is_ip_literal(p, (size_t)(++stop - p)))
			return false;
	} else {
		stop = skip(p, limit, HOST, '-', '.');
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
	if (!split_authority(authority, path, path, &s->req->host, &has_port) ||
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
		ok = split_authority(start, p, p, &s->req->host, &has_port) &&
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

static enum http_parse
parse_target(struct scan *s)
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
		r = parse_target(s);
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

/* ---- the fields ---------------------------------------------------------- */

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

	if (s->host || !split_authority(value.p, end, s->end, &host, &has_port))
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
 * before it; not in HTTP/1.0, and not beside Content-Length. */
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
		if (chunked || m.len == 0)
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
	if (s->req->minor == 0)
		return HTTP_PARSE_DONE;
	if (!WORD_IS(value.p, value.len, "100-continue"))
		return bad(s, 417);
	s->req->expect_continue = true;
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
static enum http_parse
parse_fields(struct scan *s)
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

/* ---- the request --------------------------------------------------------- */

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
	r = parse_fields(s);
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
