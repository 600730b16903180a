/* SPDX-License-Identifier: MIT */
/*
 * A mutation that would not fit is left out; nothing here can fail.
 */
#include "mutant.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "../http/cases.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct chunk {
	const char *bytes;
	size_t len;
};

#define CHUNK(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const char *const START_LINES[] = {
	"GET /doc HTTP/1.1\r\n",
	"GET /doc HTTP/1.1\r\n",
	"GET /doc HTTP/1.1\r\n",
	"GET /doc?a=b HTTP/1.1\r\n",
	"GET /doc HTTP/1.0\r\n",
	"HEAD /doc HTTP/1.1\r\n",
	"OPTIONS /doc HTTP/1.1\r\n",
	"POST /doc HTTP/1.1\r\n",
	"GET http://a/doc HTTP/1.1\r\n",
};

static const char *const LINES[] = {
	"Host: a\r\n",
	"Host:a\r\n",
	"Host: a:80\r\n",
	"host: A\r\n",
	"Host: b\r\n",
	"Content-Length: 0\r\n",
	"Content-Length:\t0 \r\n",
	"content-length: 00\r\n",
	"Content-Length: 5\r\n",
	"Content-Length: 0, 0\r\n",
	"Content-Length : 0\r\n",
	"Content-Length\r\n",
	"Content_Length: 5\r\n",
	"X-Content-Length: 5\r\n",
	"Transfer-Encoding: chunked\r\n",
	"Transfer-Encoding: identity\r\n",
	"Transfer-Encoding: gzip, chunked\r\n",
	"Transfer-Encoding:\vchunked\r\n",
	"Transfer-Encoding : chunked\r\n",
	"Transfer_Encoding: chunked\r\n",
	"X-Transfer-Encoding: chunked\r\n",
	"Content-Encoding: chunked\r\n",
	"TE: trailers, chunked\r\n",
	"Trailer: X-A\r\n",
	"Connection: close\r\n",
	"Connection: keep-alive\r\n",
	"Connection: keep-alive, close\r\n",
	"Connection: Upgrade, HTTP2-Settings\r\n",
	"Connection: Host, Content-Length\r\n",
	"Proxy-Connection: keep-alive\r\n",
	"Keep-Alive: timeout=5, max=1\r\n",
	"Upgrade: h2c\r\n",
	"Upgrade: websocket\r\n",
	"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
	"Sec-WebSocket-Version: 13\r\n",
	"Expect: 100-continue\r\n",
	"Expect:\r\n",
	"Range: bytes=0-1\r\n",
	"Range: bytes=5-1,-0\r\n",
	"If-Range: \"x\"\r\n",
	"If-None-Match: *\r\n",
	"If-None-Match: \"x\", , W/\"y\"\r\n",
	"If-Match: *\r\n",
	"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n",
	"Max-Forwards: 0\r\n",
	"Cookie: a=b; c=\"d\"\r\n",
	"Authorization: Basic YTpi\r\n",
	"Accept: */*;q=0.1, text/html\r\n",
	"Accept-Encoding: gzip, br;q=0\r\n",
	"Forwarded: for=\"[::1]:80\";host=b\r\n",
	"X-Forwarded-For: 127.0.0.1, ::1\r\n",
	"X-HTTP-Method-Override: PUT\r\n",
	"Via: 1.0 x, 1.1 y\r\n",
	"X-A:\r\n",
	"X-A: \x80\xff\r\n",
	"X-A: a\tb\r\n",
	"X-A: b\r\n c\r\n",
	"X_A.b~c: d\r\n",
	"!#$%&'*+-.^_`|~: x\r\n",
};

static const struct chunk TOKENS[] = {
	CHUNK("\r\n"),
	CHUNK("\n"),
	CHUNK("\r"),
	CHUNK("\0"),
	CHUNK(" "),
	CHUNK("\t"),
	CHUNK("\x0b"),
	CHUNK("\x0c"),
	CHUNK("\x7f"),
	CHUNK("\x80"),
	CHUNK("\xff"),
	CHUNK("\xc3\xa9"),
	CHUNK(":"),
	CHUNK(","),
	CHUNK(";"),
	CHUNK("\\"),
	CHUNK("\""),
	CHUNK("#"),
	CHUNK("?"),
	CHUNK("/"),
	CHUNK("//"),
	CHUNK("/../"),
	CHUNK("/./"),
	CHUNK("@"),
	CHUNK("["),
	CHUNK("]"),
	CHUNK("*"),
	CHUNK("+"),
	CHUNK("-"),
	CHUNK("_"),
	CHUNK("."),
	CHUNK("%00"),
	CHUNK("%0d%0a"),
	CHUNK("%2f"),
	CHUNK("%"),
	CHUNK("0"),
	CHUNK("1"),
	CHUNK("5"),
	CHUNK("0x"),
	CHUNK("chunked"),
	CHUNK("http://a"),
	CHUNK("https://b:80"),
	CHUNK("[::1]"),
	CHUNK("a:80"),
	CHUNK("HTTP/1.0"),
	CHUNK("HTTP/1.1"),
	CHUNK("HTTP/1.2"),
	CHUNK("HTTP/2.0"),
	CHUNK("\r\n\r\n"),
	CHUNK("\r\n "),
	CHUNK("\r\r\n"),
	CHUNK("\n\n"),
	CHUNK("0\r\n\r\n"),
	CHUNK("5\r\nhello\r\n0\r\n\r\n"),
	CHUNK("hello"),
	CHUNK("GET "),
	CHUNK("HEAD "),
	CHUNK("PRI * "),
};

/* ---- chance -------------------------------------------------------------- */

/* splitmix64: any seed will do, and a generator a mutant costs nothing. */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t
below(uint64_t *chance, size_t n)
{
	return n == 0 ? 0 : (size_t)(next(chance) % n);
}

static bool
one_in(uint64_t *chance, size_t n)
{
	return below(chance, n) == 0;
}

/* ---- bytes --------------------------------------------------------------- */

/* Put bytes in the place of others. */
static void
splice(struct mutant *m, size_t at, size_t old, const char *bytes, size_t len)
{
	size_t tail = m->len - at - old;

	if (at + len + tail > MUTANT_MAX)
		return;
	memmove(m->bytes + at + len, m->bytes + at + old, tail);
	memcpy(m->bytes + at, bytes, len);
	m->len = at + len + tail;
}

static void
append(struct mutant *m, const char *bytes, size_t len)
{
	splice(m, m->len, 0, bytes, len);
}

/* The line at a place: where it begins, and its length with its end. */
static size_t
line_at(const struct mutant *m, size_t at, size_t *len)
{
	size_t start = at;
	size_t end = at;

	while (start > 0 && m->bytes[start - 1] != '\n')
		start--;
	while (end < m->len && m->bytes[end++] != '\n')
		;
	*len = end - start;
	return start;
}

/* ---- mutations ----------------------------------------------------------- */

static void
insert_token(struct mutant *m, uint64_t *chance)
{
	const struct chunk *token = &TOKENS[below(chance, COUNT(TOKENS))];

	splice(m, below(chance, m->len + 1), 0, token->bytes, token->len);
}

static void
replace_byte(struct mutant *m, uint64_t *chance)
{
	const struct chunk *token = &TOKENS[below(chance, COUNT(TOKENS))];

	if (m->len > 0)
		splice(m, below(chance, m->len), 1, token->bytes, token->len);
}

static void
any_byte(struct mutant *m, uint64_t *chance)
{
	if (m->len > 0)
		m->bytes[below(chance, m->len)] = (char)next(chance);
}

static void
delete_some(struct mutant *m, uint64_t *chance)
{
	size_t at = below(chance, m->len);
	size_t len = 1 + below(chance, 3);

	splice(m, at, len > m->len - at ? m->len - at : len, "", 0);
}

static void
insert_line(struct mutant *m, uint64_t *chance)
{
	const char *line = LINES[below(chance, COUNT(LINES))];
	size_t len;
	size_t at = line_at(m, below(chance, m->len), &len);

	splice(m, at + len, 0, line, strlen(line));
}

static void
repeat_line(struct mutant *m, uint64_t *chance)
{
	char line[MUTANT_MAX];
	size_t len;
	size_t at = line_at(m, below(chance, m->len), &len);

	memcpy(line, m->bytes + at, len);
	at = line_at(m, below(chance, m->len), &(size_t){0});
	splice(m, at, 0, line, len);
}

static void
delete_line(struct mutant *m, uint64_t *chance)
{
	size_t len;
	size_t at = line_at(m, below(chance, m->len), &len);

	splice(m, at, len, "", 0);
}

/* CRLF becomes another end of a line. */
static void
end_line(struct mutant *m, uint64_t *chance)
{
	static const char *const ENDS[] = {"\n", "\r", "\n\r", "\r\r\n",
		" \r\n", "\r\n ", "\t\r\n", "\r\n\t"};
	const char *end = ENDS[below(chance, COUNT(ENDS))];
	size_t len;
	size_t at = line_at(m, below(chance, m->len), &len);

	if (len >= 2 && m->bytes[at + len - 2] == '\r')
		splice(m, at + len - 2, 2, end, strlen(end));
}

static void
swap_case(struct mutant *m, uint64_t *chance)
{
	size_t at = below(chance, m->len);
	size_t left = 1 + below(chance, 12);

	for (; left > 0 && at < m->len; left--, at++) {
		if (isalpha((unsigned char)m->bytes[at]))
			m->bytes[at] ^= 0x20;
	}
}

/* Around a colon, a comma or a space. */
static void
insert_at_delimiter(struct mutant *m, uint64_t *chance)
{
	static const char BYTES[] = " \t,:;\x0b\0\r\n\"=";
	size_t at = below(chance, m->len);

	while (at < m->len && strchr(":, /", m->bytes[at]) == NULL)
		at++;
	if (at < m->len)
		splice(m, at + below(chance, 2), 0,
			&BYTES[below(chance, sizeof(BYTES) - 1)], 1);
}

typedef void mutation_fn(struct mutant *m, uint64_t *chance);

static mutation_fn *const MUTATIONS[] = {insert_token, insert_token,
	replace_byte, any_byte, delete_some, insert_line, insert_line,
	insert_line, repeat_line, delete_line, end_line, swap_case,
	insert_at_delimiter, insert_at_delimiter};

/* ---- the whole ----------------------------------------------------------- */

static void
append_request(struct mutant *m, uint64_t *chance)
{
	const struct http_case *c;
	const char *text;
	size_t lines;

	if (one_in(chance, 3)) {
		c = &HTTP_CASES[below(chance, HTTP_CASES_COUNT)];
		append(m, c->bytes, c->len);
		return;
	}
	text = START_LINES[below(chance, COUNT(START_LINES))];
	append(m, text, strlen(text));
	append(m, HOST, strlen(HOST));
	for (lines = below(chance, 4); lines > 0; lines--) {
		text = LINES[below(chance, COUNT(LINES))];
		append(m, text, strlen(text));
	}
	append(m, "\r\n", 2);
}

static void
set_path(struct mutant *m, const char *path)
{
	size_t len = strlen(path);
	size_t i;

	for (i = 0; i + 4 <= m->len; i++) {
		if (memcmp(m->bytes + i, "/doc", 4) != 0)
			continue;
		splice(m, i, 4, path, len);
		i += len - 1;
	}
}

void
mutant_make(const struct mutator *how, uint64_t number, struct mutant *m)
{
	uint64_t chance = how->seed ^ (number * 0xd1342543de82ef95);
	size_t changes;

	m->number = number;
	m->len = 0;
	append_request(m, &chance);
	while (one_in(&chance, 4))
		append_request(m, &chance);
	for (changes = below(&chance, 5); changes > 0; changes--)
		MUTATIONS[below(&chance, COUNT(MUTATIONS))](m, &chance);
	set_path(m, how->path);
}
