/* SPDX-License-Identifier: MIT */
/*
 * The request parser.  What it says of the input it must have said, or have
 * waited, for each prefix; and what it takes must look like a request to a
 * second reader that goes line by line and knows nothing of the first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/request.h"

#define INPUT_MAX (HTTP_REQUEST_MAX + 64)
/* All prefixes of what is shorter, some of what is longer. */
#define SHORT 512
#define STEP 97

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

struct outcome {
	enum http_parse result;
	unsigned status;
	size_t used;
};

/* A copy with nothing behind its slack, so that a sanitizer sees what reads
 * further; free(3). */
static char *
padded(const char *bytes, size_t len, char slack)
{
	char *copy = malloc(len + HTTP_SLACK);

	must(copy != NULL);
	memcpy(copy, bytes, len);
	memset(copy + len, slack, HTTP_SLACK);
	return copy;
}

static struct outcome
parse_before(const char *bytes, size_t len, char slack)
{
	struct outcome o = {.status = 0};
	struct http_request req;
	char *copy = padded(bytes, len, slack);

	o.result = http_request_parse(copy, len, &req, &o.used, &o.status);
	free(copy);
	return o;
}

static bool
same(struct outcome a, struct outcome b)
{
	return a.result == b.result && a.status == b.status && a.used == b.used;
}

/* What lies behind the input must not matter. */
static struct outcome
parse(const char *bytes, size_t len)
{
	struct outcome o = parse_before(bytes, len, 'a');

	must(same(o, parse_before(bytes, len, '\r')));
	return o;
}

static void
check_prefix(const char *bytes, size_t len, struct outcome whole)
{
	struct outcome part = parse(bytes, len);

	must(len < HTTP_REQUEST_MAX || part.result != HTTP_PARSE_MORE);
	must(part.result == HTTP_PARSE_MORE || same(part, whole));
	if (whole.result == HTTP_PARSE_DONE)
		must((part.result == HTTP_PARSE_DONE) == (len >= whole.used));
}

static bool
line_is(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncasecmp(line, name, n) == 0;
}

/* A field line of the second reader. */
static void
check_field(const char *line, size_t len, const struct http_request *req,
	unsigned *hosts)
{
	const char *colon = memchr(line, ':', len);
	const char *p;
	size_t i;

	must(colon != NULL && colon > line);
	for (p = line; p < colon; p++)
		must(*p > ' ' && *p < 0x7f &&
			strchr("\"(),/;<=>?@[\\]{}", *p) == NULL);
	for (i = 0; i < len; i++)
		must(line[i] == '\t' ||
			((uint8_t)line[i] >= 0x20 && line[i] != 0x7f));
	if (line_is(line, len, "host:"))
		++*hosts;
	if (line_is(line, len, "transfer-encoding:"))
		must(req->body && req->minor > 0);
	if (line_is(line, len, "content-length:")) {
		for (p = colon + 1; p < line + len; p++) {
			must(strchr("0123456789 \t", *p) != NULL);
			if (*p >= '1' && *p <= '9')
				must(req->body);
		}
	}
}

static void
check_lines(const char *bytes, size_t len, const struct http_request *req)
{
	const char *end = bytes + len;
	const char *line = bytes;
	const char *stop;
	unsigned lines = 0;
	unsigned hosts = 0;

	if (line[0] == '\r')
		line += 2;
	for (;; line = stop + 2) {
		stop = memchr(line, '\n', (size_t)(end - line));
		must(stop != NULL && stop > line && stop[-1] == '\r');
		stop--;
		must(memchr(line, '\r', (size_t)(stop - line)) == NULL);
		if (stop == line)
			break;
		if (lines++ > 0)
			check_field(line, (size_t)(stop - line), req, &hosts);
	}
	must(stop + 2 == end);
	must(lines > 0 && lines - 1 <= HTTP_FIELDS_MAX);
	must(hosts <= 1 && (hosts == 1 || req->minor == 0));
}

static void
check_span(struct http_span s, const char *bytes, size_t len)
{
	uint32_t i;

	if (s.p == NULL)
		return;
	must((s.p >= bytes && s.p + s.len <= bytes + len) ||
		(s.len == 1 && (*s.p == '/' || *s.p == '*')));
	for (i = 0; i < s.len; i++)
		must(s.p[i] != '\0' && s.p[i] != '\n' && s.p[i] != '\r');
}

static void
check_request(const char *input, size_t len)
{
	char *bytes = padded(input, len, 0);
	struct http_request req;
	unsigned status;
	size_t used;
	uint32_t i;

	must(http_request_parse(bytes, len, &req, &used, &status) ==
		HTTP_PARSE_DONE);
	must(used <= len && used <= HTTP_REQUEST_MAX);
	check_lines(bytes, used, &req);
	check_span(req.method_text, bytes, used);
	check_span(req.host, bytes, used);
	check_span(req.path, bytes, used);
	check_span(req.query, bytes, used);
	check_span(req.if_match, bytes, used);
	check_span(req.if_none_match, bytes, used);
	check_span(req.if_modified_since, bytes, used);
	check_span(req.if_unmodified_since, bytes, used);
	check_span(req.user_agent, bytes, used);
	check_span(req.forwarded_for, bytes, used);
	must(req.host.p != NULL || req.minor == 0);
	must(req.path.p != NULL);
	must(req.path.len == 0 || *req.path.p == '/' ||
		(req.path.len == 1 && *req.path.p == '*' &&
			req.method == HTTP_OPTIONS));
	for (i = 0; i < req.path.len; i++)
		must(req.path.p[i] > ' ' && req.path.p[i] < 0x7f &&
			strchr("\"#<>?[\\]^`{|}", req.path.p[i]) == NULL);
	must(!req.body || !req.keep_alive);
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct outcome whole;
	size_t len;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	whole = parse(bytes, size);
	must(size < HTTP_REQUEST_MAX || whole.result != HTTP_PARSE_MORE);
	for (len = 0; len < size; len += size <= SHORT ? 1 : STEP)
		check_prefix(bytes, len, whole);
	if (whole.result == HTTP_PARSE_DONE)
		check_request(bytes, size);
	return 0;
}
