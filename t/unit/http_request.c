/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../http/cases.h"
#include "http/request.h"

struct outcome {
	enum http_parse result;
	unsigned status;
	size_t used;
};

/* What lies behind the input must not matter: bytes that end a line, that may
 * stand anywhere and that may stand nowhere. */
static const char SLACK[] = {'\r', 'a', '\0'};

static struct outcome
parse_before(const char *bytes, size_t len, char slack)
{
	struct outcome o = {.status = 0};
	struct http_request req;
	char *copy = malloc(len + HTTP_SLACK);

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	memset(copy + len, slack, HTTP_SLACK);
	o.result = http_request_parse(copy, len, &req, &o.used, &o.status);
	free(copy);
	return o;
}

static bool
same(struct outcome a, struct outcome b)
{
	return a.result == b.result && a.status == b.status && a.used == b.used;
}

static struct outcome
parse(const char *bytes, size_t len)
{
	struct outcome o = parse_before(bytes, len, SLACK[0]);
	size_t i;

	for (i = 1; i < sizeof(SLACK); i++) {
		if (!same(o, parse_before(bytes, len, SLACK[i])))
			fail_msg("what is behind the end matters");
	}
	return o;
}

/* Whatever the first bytes gave, more bytes give; MORE may become anything. */
static void
check_every_split(const char *name, const char *bytes, size_t len)
{
	struct outcome whole = parse(bytes, len);
	struct outcome part;
	size_t i;

	for (i = 0; i < len; i++) {
		part = parse(bytes, i);
		if (part.result != HTTP_PARSE_MORE && !same(part, whole))
			fail_msg(
				"%s: cut at byte %zu: another answer", name, i);
		if (part.result == HTTP_PARSE_MORE &&
			whole.result == HTTP_PARSE_DONE && i >= whole.used)
			fail_msg("%s: cut at byte %zu: late", name, i);
	}
}

static void
test_cases(void **state)
{
	const struct http_case *c;
	struct outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < HTTP_CASES_COUNT; i++) {
		c = &HTTP_CASES[i];
		o = parse(c->bytes, c->len);
		if (c->fate == WAIT && o.result != HTTP_PARSE_MORE)
			fail_msg("%s: is not waited for", c->name);
		if (c->fate != WAIT && c->parse == 0 &&
			o.result != HTTP_PARSE_DONE)
			fail_msg("%s: refused with %u", c->name, o.status);
		if (c->parse != 0 &&
			(o.result != HTTP_PARSE_BAD || o.status != c->parse))
			fail_msg("%s: result %d, status %u instead of %u",
				c->name, (int)o.result, o.status, c->parse);
	}
}

static void
test_names_are_unique(void **state)
{
	size_t i;
	size_t j;

	(void)state;
	for (i = 0; i < HTTP_CASES_COUNT; i++) {
		for (j = 0; j < i; j++)
			assert_string_not_equal(
				HTTP_CASES[i].name, HTTP_CASES[j].name);
	}
}

static void
test_every_split(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HTTP_CASES_COUNT; i++)
		check_every_split(HTTP_CASES[i].name, HTTP_CASES[i].bytes,
			HTTP_CASES[i].len);
}

/* What follows a request does not change it. */
static void
test_what_follows(void **state)
{
	static const char *const NEXT[] = {
		"GET / HTTP/1.1\r\n", "\r\n", "\n", "\0x", " ", "\xff\xff"};
	char bytes[1024];
	struct outcome o;
	struct outcome more;
	size_t i;
	size_t j;

	(void)state;
	for (i = 0; i < HTTP_CASES_COUNT; i++) {
		o = parse(HTTP_CASES[i].bytes, HTTP_CASES[i].len);
		if (o.result == HTTP_PARSE_MORE)
			continue;
		for (j = 0; j < sizeof(NEXT) / sizeof(NEXT[0]); j++) {
			assert_true(HTTP_CASES[i].len + 32 < sizeof(bytes));
			memcpy(bytes, HTTP_CASES[i].bytes, HTTP_CASES[i].len);
			memcpy(bytes + HTTP_CASES[i].len, NEXT[j],
				strlen(NEXT[j]) + 1);
			more = parse(
				bytes, HTTP_CASES[i].len + strlen(NEXT[j]) + 1);
			if (!same(o, more))
				fail_msg("%s: changed by what follows",
					HTTP_CASES[i].name);
		}
	}
}

/* ---- each byte value in each place --------------------------------------- */

#define TCHARS                      \
	"!#$%&'*+-.^_`|~0123456789" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define PCHARS                         \
	"-._~!$&'()*+,;=:@/0123456789" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define HOSTCHARS        \
	"-._~0123456789" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static bool
is_one_of(unsigned byte, const char *set)
{
	return byte != 0 && strchr(set, (int)byte) != NULL;
}

static bool
is_value_byte(unsigned byte)
{
	return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/* Put the byte between two texts and expect the request to be taken or not;
 * at several distances from the start, as the scanner goes by blocks. */
static void
check_byte(const char *before, unsigned byte, const char *after, bool taken)
{
	char bytes[256];
	char *p = bytes;
	struct outcome o;

	p = stpcpy(p, before);
	*p++ = (char)byte;
	p = stpcpy(p, after);
	o = parse(bytes, (size_t)(p - bytes));
	if ((o.result == HTTP_PARSE_DONE) != taken)
		fail_msg("byte 0x%02x after \"%s\": result %d", byte, before,
			(int)o.result);
	check_every_split(before, bytes, (size_t)(p - bytes));
}

static void
test_bytes_of_a_target(void **state)
{
	unsigned b;

	(void)state;
	for (b = 0; b < 256; b++) {
		bool path = is_one_of(b, PCHARS) || b == '?';

		check_byte("GET /", b, "zbcdefghij HTTP/1.1\r\nHost: a\r\n\r\n",
			path);
		check_byte("GET /abcdefghi", b, " HTTP/1.1\r\nHost: a\r\n\r\n",
			path);
		check_byte("GET /abcdefghijk?x", b,
			"y HTTP/1.1\r\nHost: a\r\n\r\n", path);
		check_byte("GET http://h/a", b, "b HTTP/1.1\r\nHost: a\r\n\r\n",
			path);
	}
}

static void
test_bytes_of_a_field(void **state)
{
	unsigned b;

	(void)state;
	for (b = 0; b < 256; b++) {
		check_byte("GET / HTTP/1.1\r\nHost: a\r\nX", b, "y: z\r\n\r\n",
			is_one_of(b, TCHARS) || b == ':');
		check_byte("GET / HTTP/1.1\r\nHost: a\r\nAccept-Language", b,
			"yyyyyyyy: z\r\n\r\n",
			is_one_of(b, TCHARS) || b == ':');
		check_byte("GET / HTTP/1.1\r\nHost: a\r\nX: y", b, "z\r\n\r\n",
			is_value_byte(b));
		check_byte("GET / HTTP/1.1\r\nHost: a\r\nX:", b, "\r\n\r\n",
			is_value_byte(b));
		check_byte("GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789", b,
			"0123456789\r\n\r\n", is_value_byte(b));
		check_byte("GET / HTTP/1.1\r\nHost: a\r\n\t", b, "\r\n\r\n",
			false);
	}
}

static void
test_bytes_of_a_host(void **state)
{
	unsigned b;

	(void)state;
	for (b = 0; b < 256; b++) {
		bool blank = b == ' ' || b == '\t';

		check_byte("GET / HTTP/1.1\r\nHost: a", b, "1\r\n\r\n",
			is_one_of(b, HOSTCHARS) || b == ':');
		check_byte("GET / HTTP/1.1\r\nHost: abcdefghijklm", b,
			"\r\n\r\n",
			is_one_of(b, HOSTCHARS) || b == ':' || blank);
		check_byte("GET http://abc", b,
			"1/ HTTP/1.1\r\nHost: a\r\n\r\n",
			is_one_of(b, HOSTCHARS) || b == ':' || b == '/' ||
				b == '?');
	}
}

static void
test_bytes_of_a_line(void **state)
{
	unsigned b;

	(void)state;
	for (b = 0; b < 256; b++) {
		check_byte("", b, " / HTTP/1.1\r\nHost: a\r\n\r\n",
			is_one_of(b, TCHARS));
		check_byte("GET", b, " / HTTP/1.1\r\nHost: a\r\n\r\n",
			is_one_of(b, TCHARS));
		check_byte("GET", b, "/ HTTP/1.1\r\nHost: a\r\n\r\n", b == ' ');
		check_byte("GET /", b, "HTTP/1.1\r\nHost: a\r\n\r\n", b == ' ');
		check_byte("GET / HTTP/1.", b, "\r\nHost: a\r\n\r\n",
			b >= '0' && b <= '9');
		check_byte("GET / HTTP/", b, ".1\r\nHost: a\r\n\r\n", b == '1');
		check_byte("GET / HTTP/1.1", b, "\nHost: a\r\n\r\n", b == '\r');
		check_byte("GET / HTTP/1.1\r", b, "Host: a\r\n\r\n", b == '\n');
		check_byte("GET / HTTP/1.1\r\nHost: a\r\n\r", b, "", b == '\n');
	}
}

/* A byte anywhere in the line may not bring a Transfer-Encoding past us: the
 * request is refused, or it announces content, or the name is another one. */
static void
test_bytes_of_a_coding(void **state)
{
	static const char FIELD[] = "Transfer-Encoding: chunked";
	struct http_request req;
	char bytes[128 + HTTP_SLACK];
	unsigned status;
	size_t used;
	size_t at;
	unsigned b;

	(void)state;
	for (at = 0; at < sizeof(FIELD); at++) {
		for (b = 0; b < 256; b++) {
			char *p =
				stpcpy(bytes, "POST / HTTP/1.1\r\nHost: a\r\n");
			bool name = at <= strlen("Transfer-Encoding");

			p = mempcpy(p, FIELD, at);
			*p++ = (char)b;
			p = stpcpy(p, FIELD + at);
			p = stpcpy(p, "\r\n\r\n");
			if (http_request_parse(bytes, (size_t)(p - bytes), &req,
				    &used, &status) != HTTP_PARSE_DONE)
				continue;
			if (!req.body && !(name && is_one_of(b, TCHARS ":")))
				fail_msg("0x%02x at %zu brings it past us", b,
					at);
		}
	}
}

/* ---- what is found ------------------------------------------------------- */

static void
assert_span(struct http_span s, const char *want)
{
	if (want == NULL) {
		assert_null(s.p);
		return;
	}
	assert_non_null(s.p);
	assert_int_equal(s.len, strlen(want));
	assert_memory_equal(s.p, want, s.len);
}

/* What is found lies in a buffer of this function until the next call. */
static void
take(const char *bytes, struct http_request *req)
{
	static char copy[1024 + HTTP_SLACK];
	size_t len = strlen(bytes);
	unsigned status;
	size_t used = 0;

	assert_true(len <= 1024);
	memcpy(copy, bytes, len);
	assert_int_equal(http_request_parse(copy, len, req, &used, &status),
		HTTP_PARSE_DONE);
	assert_int_equal(used, len);
}

static void
test_what_is_found(void **state)
{
	struct http_request req;

	(void)state;
	take("HEAD /a/b?c=d?e HTTP/1.1\r\nhOsT:  Example.com:8080 \r\n"
	     "User-Agent: test/1 (x)\r\nX-Forwarded-For: 192.0.2.1\r\n"
	     "x-forwarded-for: 192.0.2.2, 192.0.2.3\r\n"
	     "If-None-Match: \"a\"\r\nIf-Match: \"b\"\r\n"
	     "If-Modified-Since: c\r\nIf-Unmodified-Since: d\r\n"
	     "Expect: 100-continue\r\n\r\n",
		&req);
	assert_int_equal(req.method, HTTP_HEAD);
	assert_int_equal(req.minor, 1);
	assert_true(req.keep_alive);
	assert_false(req.body);
	assert_true(req.expect_continue);
	assert_false(req.lists_repeat);
	assert_span(req.method_text, "HEAD");
	assert_span(req.host, "Example.com");
	assert_span(req.path, "/a/b");
	assert_span(req.query, "c=d?e");
	assert_span(req.user_agent, "test/1 (x)");
	assert_span(req.forwarded_for, "192.0.2.2, 192.0.2.3");
	assert_span(req.if_none_match, "\"a\"");
	assert_span(req.if_match, "\"b\"");
	assert_span(req.if_modified_since, "c");
	assert_span(req.if_unmodified_since, "d");

	take("GET / HTTP/1.0\r\n\r\n", &req);
	assert_int_equal(req.minor, 0);
	assert_false(req.keep_alive);
	assert_span(req.host, NULL);
	assert_span(req.query, NULL);
	assert_span(req.if_none_match, NULL);
	assert_span(req.fields, "");
}

static void
test_forms_of_the_target(void **state)
{
	struct http_request req;

	(void)state;
	take("GET http://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n", &req);
	assert_span(req.host, "b");
	assert_span(req.path, "/c");
	assert_span(req.query, "d");
	take("GET https://[::1]:80?d HTTP/1.1\r\nHost: a\r\n\r\n", &req);
	assert_span(req.host, "[::1]");
	assert_span(req.path, "/");
	assert_span(req.query, "d");
	take("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", &req);
	assert_span(req.path, "*");
	take("OPTIONS * HTTP/1.1\r\nHost: a:1\r\n\r\n", &req);
	assert_span(req.path, "*");
	assert_span(req.host, "a");
	take("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", &req);
	assert_span(req.host, "b");
	assert_span(req.path, "");
	assert_false(req.keep_alive);
}

static void
test_content_is_noticed(void **state)
{
	struct http_request req;

	(void)state;
	take("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", &req);
	assert_false(req.body);
	assert_true(req.keep_alive);
	take("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", &req);
	assert_true(req.body);
	assert_false(req.keep_alive);
	take("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		&req);
	assert_true(req.body);
	assert_false(req.keep_alive);
}

static void
test_repeated_lists_are_kept_together(void **state)
{
	struct http_request req;

	(void)state;
	take("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\"\r\nX: y\r\n"
	     "If-None-Match: \"b\"\r\n\r\n",
		&req);
	assert_true(req.lists_repeat);
	assert_span(req.if_none_match, "\"a\"");
	assert_span(req.fields, "Host: a\r\nIf-None-Match: \"a\"\r\nX: y\r\n"
				"If-None-Match: \"b\"\r\n");
}

/* ---- limits -------------------------------------------------------------- */

/* head, then fill n times, then tail */
static struct outcome
parse_long(const char *head, char fill, size_t n, const char *tail)
{
	size_t head_len = strlen(head);
	size_t tail_len = strlen(tail);
	char *bytes = malloc(head_len + n + tail_len);
	struct outcome o;

	assert_non_null(bytes);
	memcpy(bytes, head, head_len);
	memset(bytes + head_len, fill, n);
	memcpy(bytes + head_len + n, tail, tail_len);
	o = parse(bytes, head_len + n + tail_len);
	free(bytes);
	return o;
}

#define LINE_REST " HTTP/1.1\r\n"

static void
test_longest_line(void **state)
{
	size_t fill = HTTP_LINE_MAX - strlen("GET /") - strlen(LINE_REST);
	struct outcome o;

	(void)state;
	o = parse_long("GET /", 'a', fill, LINE_REST "Host: a\r\n\r\n");
	assert_int_equal(o.result, HTTP_PARSE_DONE);
	o = parse_long("GET /", 'a', fill + 1, LINE_REST "Host: a\r\n\r\n");
	assert_int_equal(o.result, HTTP_PARSE_BAD);
	assert_int_equal(o.status, 414);
	o = parse_long("GET /", 'a', HTTP_LINE_MAX - 6, "");
	assert_int_equal(o.result, HTTP_PARSE_MORE);
	o = parse_long("GET /", 'a', HTTP_LINE_MAX - 5, "");
	assert_int_equal(o.status, 414);
	/* a bad byte behind the limit is not what is wrong */
	o = parse_long("GET /", 'a', HTTP_LINE_MAX, "\x01");
	assert_int_equal(o.status, 414);
}

static void
test_longest_request(void **state)
{
	static const char HEAD[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
	size_t fill = HTTP_REQUEST_MAX - strlen(HEAD) - 4;
	struct outcome o;

	(void)state;
	o = parse_long(HEAD, 'a', fill, "\r\n\r\n");
	assert_int_equal(o.result, HTTP_PARSE_DONE);
	assert_int_equal(o.used, HTTP_REQUEST_MAX);
	o = parse_long(HEAD, 'a', fill + 1, "\r\n\r\n");
	assert_int_equal(o.result, HTTP_PARSE_BAD);
	assert_int_equal(o.status, 431);
	o = parse_long(HEAD, 'a', fill + 3, "");
	assert_int_equal(o.result, HTTP_PARSE_MORE);
	o = parse_long(HEAD, 'a', fill + 4, "");
	assert_int_equal(o.status, 431);
	/* a name without end, and one that fits but for its value */
	o = parse_long("GET / HTTP/1.1\r\n", 'n', HTTP_REQUEST_MAX, ": x\r\n");
	assert_int_equal(o.status, 431);
}

static void
test_most_fields(void **state)
{
	char bytes[HTTP_REQUEST_MAX] = "GET / HTTP/1.1\r\nHost: a\r\n";
	char *p = bytes + strlen(bytes);
	struct outcome o;
	int i;

	(void)state;
	for (i = 0; i < HTTP_FIELDS_MAX - 1; i++)
		p = stpcpy(p, "X: y\r\n");
	stpcpy(p, "\r\n");
	o = parse(bytes, strlen(bytes));
	assert_int_equal(o.result, HTTP_PARSE_DONE);
	stpcpy(p, "X: y\r\n\r\n");
	o = parse(bytes, strlen(bytes));
	assert_int_equal(o.result, HTTP_PARSE_BAD);
	assert_int_equal(o.status, 431);
	check_every_split("100 fields", bytes, strlen(bytes));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_names_are_unique),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_what_follows),
		cmocka_unit_test(test_bytes_of_a_target),
		cmocka_unit_test(test_bytes_of_a_field),
		cmocka_unit_test(test_bytes_of_a_host),
		cmocka_unit_test(test_bytes_of_a_line),
		cmocka_unit_test(test_bytes_of_a_coding),
		cmocka_unit_test(test_what_is_found),
		cmocka_unit_test(test_forms_of_the_target),
		cmocka_unit_test(test_content_is_noticed),
		cmocka_unit_test(test_repeated_lists_are_kept_together),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_longest_request),
		cmocka_unit_test(test_most_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
