/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/response.h"

#define CONTENT "{\"keys\":[]}"

static const struct http_response_parts FULL = {
	.status = 200,
	.content_type = "application/jwk-set+json",
	.cache_control = "public, max-age=60",
	.modified = 784111777,
	.etag = true,
	.cors = true,
	.fields = "X-A: b\r\nX-C: d\r\n",
	.content = CONTENT,
	.content_len = sizeof(CONTENT) - 1,
};

#define HEAD_FIELDS \
	"Content-Type: application/jwk-set+json\r\nContent-Length: 11\r\n"
#define VALIDATORS                                         \
	"ETag: \"ljjRGRRzXQByAC3U1nxzSg\"\r\n"             \
	"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n" \
	"Cache-Control: public, max-age=60\r\n"            \
	"Access-Control-Allow-Origin: *\r\nX-A: b\r\nX-C: d\r\n"

static struct http_response *
make(const struct http_response_parts *parts)
{
	struct error e = {0};
	struct http_response *r = http_response_new(parts, &e);

	if (r == NULL)
		fail_msg("%s", e.text);
	return r;
}

static void
assert_bytes(const char *p, size_t len, const char *want)
{
	assert_int_equal(len, strlen(want));
	assert_memory_equal(p, want, len);
}

static void
test_cuts(void **state)
{
	struct http_response *r = make(&FULL);
	struct http_pieces p;

	(void)state;
	http_response_cut(r, HTTP_CUT_WHOLE, &p);
	assert_int_equal(p.status, 200);
	assert_bytes(p.line, p.line_len, "HTTP/1.1 200 OK\r\n");
	assert_bytes(p.rest, p.rest_len, HEAD_FIELDS VALIDATORS "\r\n" CONTENT);
	http_response_cut(r, HTTP_CUT_HEAD, &p);
	assert_int_equal(p.status, 200);
	assert_bytes(p.line, p.line_len, "HTTP/1.1 200 OK\r\n");
	assert_bytes(p.rest, p.rest_len, HEAD_FIELDS VALIDATORS "\r\n");
	http_response_cut(r, HTTP_CUT_NOT_MODIFIED, &p);
	assert_int_equal(p.status, 304);
	assert_bytes(p.line, p.line_len, "HTTP/1.1 304 Not Modified\r\n");
	assert_bytes(p.rest, p.rest_len, VALIDATORS "\r\n");
	http_response_free(r);
}

static void
test_parts_of_it(void **state)
{
	struct http_response *r = make(&FULL);
	const char *p;
	size_t len;

	(void)state;
	assert_int_equal(http_response_status(r), 200);
	assert_int_equal(http_response_modified(r), 784111777);
	p = http_response_etag(r, &len);
	assert_bytes(p, len, "\"ljjRGRRzXQByAC3U1nxzSg\"");
	p = http_response_content(r, &len);
	assert_bytes(p, len, CONTENT);
	p = http_response_fields(r, &len);
	assert_bytes(p, len, HEAD_FIELDS VALIDATORS);
	assert_in_range(http_response_size(r), len + 13, len + 13 + 128);
	http_response_free(r);
}

static void
test_least(void **state)
{
	struct http_response_parts parts = {.status = 204};
	struct http_response *r = make(&parts);
	struct http_pieces p;
	size_t len;

	(void)state;
	http_response_cut(r, HTTP_CUT_WHOLE, &p);
	/* RFC 9110 section 8.6: no Content-Length in a 204 */
	assert_bytes(p.rest, p.rest_len, "Cache-Control: no-store\r\n\r\n");
	assert_null(http_response_etag(r, &len));
	assert_int_equal(http_response_modified(r), 0);
	http_response_free(r);

	parts.status = 200;
	r = make(&parts);
	http_response_cut(r, HTTP_CUT_WHOLE, &p);
	assert_bytes(p.rest, p.rest_len,
		"Content-Length: 0\r\nCache-Control: no-store\r\n\r\n");
	http_response_free(r);
}

static void
test_tag_is_of_the_content(void **state)
{
	struct http_response_parts parts = FULL;
	struct http_response *a = make(&parts);
	struct http_response *b;
	const char *tag_a;
	const char *tag_b;
	size_t len;

	(void)state;
	parts.cache_control = "public, max-age=1";
	b = make(&parts);
	tag_a = http_response_etag(a, &len);
	tag_b = http_response_etag(b, &len);
	assert_memory_equal(tag_a, tag_b, len);
	http_response_free(b);
	parts.content = "{\"keys\":[ ]}";
	b = make(&parts);
	tag_b = http_response_etag(b, &len);
	assert_memory_not_equal(tag_a, tag_b, len);
	http_response_free(a);
	http_response_free(b);
}

static void
assert_refused(struct http_response_parts parts)
{
	struct error e = {0};

	assert_null(http_response_new(&parts, &e));
	assert_int_equal(e.code, ERROR_INVALID);
}

static void
test_refused(void **state)
{
	static const char *const LINES[] = {"X-A: b", "X-A: b\n", "X-A: b\r",
		"X-A: b\r\n\r\n", "\r\n", "X-A: b\r\nX", "X-A: b\nY: c\r\n"};
	struct http_response_parts parts;
	size_t i;

	(void)state;
	parts = FULL;
	parts.status = 299;
	assert_refused(parts);
	parts = FULL;
	parts.content_type = "a/b\r\nX: y";
	assert_refused(parts);
	parts = FULL;
	parts.cache_control = "no-store\n";
	assert_refused(parts);
	parts = FULL;
	parts.content_type = NULL;
	assert_refused(parts);
	for (i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
		parts = FULL;
		parts.fields = LINES[i];
		assert_refused(parts);
	}
}

/* Offsets into the fields have sixteen bits. */
static void
test_too_large(void **state)
{
	static char fields[UINT16_MAX + 1] = "X: ";
	struct http_response_parts parts = FULL;
	struct error e = {0};

	(void)state;
	memset(fields + 3, 'x', sizeof(fields) - 4);
	memcpy(fields + sizeof(fields) - 3, "\r\n", 3);
	parts.fields = fields;
	assert_null(http_response_new(&parts, &e));
	assert_int_equal(e.code, ERROR_LIMIT);
	parts.fields = NULL;
	parts.content_len = UINT32_MAX;
	error_clear(&e);
	assert_null(http_response_new(&parts, &e)); /* not looked at */
	assert_int_equal(e.code, ERROR_LIMIT);
}

/* In place, and as good as what it is a copy of when that is gone. */
static void
test_copy(void **state)
{
	struct http_response *r = make(&FULL), *copy;
	size_t size = http_response_size(r), len;
	struct http_pieces p;
	void *place = malloc(size);

	(void)state;
	assert_non_null(place);
	copy = http_response_copy(place, r);
	assert_ptr_equal(copy, place);
	http_response_free(r);
	assert_int_equal(http_response_size(copy), size);
	assert_int_equal(http_response_modified(copy), 784111777);
	http_response_cut(copy, HTTP_CUT_WHOLE, &p);
	assert_int_equal(p.status, 200);
	assert_bytes(p.rest, p.rest_len, HEAD_FIELDS VALIDATORS "\r\n" CONTENT);
	assert_bytes(http_response_content(copy, &len), 11, CONTENT);
	free(place);
}

static void
test_status_texts(void **state)
{
	(void)state;
	assert_string_equal(http_status_text(404), "Not Found");
	assert_string_equal(http_status_text(304), "Not Modified");
	assert_string_equal(
		http_status_text(505), "HTTP Version Not Supported");
	assert_null(http_status_text(100));
	assert_null(http_status_text(0));
	http_response_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_parts_of_it),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_tag_is_of_the_content),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_status_texts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
