/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../http/cases.h"
#include "../http/harness.h"
#include "http/listener.h"

#define REQUEST "GET /doc HTTP/1.1\r\nHost: a\r\n\r\n"

static int
setup(void **state)
{
	struct harness *h = malloc(sizeof(*h));

	assert_non_null(h);
	harness_start(h, 0, 0);
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	harness_stop(*state);
	free(*state);
	return 0;
}

static void
send_text(int fd, const char *text)
{
	harness_write(fd, text, strlen(text));
}

/* Send this and expect one complete reply with this status. */
static struct reply
ask(struct harness *h, int fd, const char *text, unsigned status)
{
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;

	send_text(fd, text);
	harness_run(h);
	bytes = harness_read(fd, &len, &ended);
	assert_true(
		harness_reply(bytes, len, strncmp(text, "HEAD", 4) == 0, &r));
	assert_int_equal(r.status, status);
	assert_int_equal(r.len, len);
	assert_int_equal(ended, r.close);
	free(bytes);
	return r;
}

static void
assert_ended(int fd)
{
	size_t len;
	bool ended;

	free(harness_read(fd, &len, &ended));
	assert_int_equal(len, 0);
	assert_true(ended);
}

static void
assert_open(int fd)
{
	size_t len;
	bool ended;

	free(harness_read(fd, &len, &ended));
	assert_int_equal(len, 0);
	assert_false(ended);
}

/* ---- the case table ------------------------------------------------------ */

/* step: so many bytes a write. */
static void
send_in_steps(
	struct harness *h, int fd, const char *bytes, size_t len, size_t step)
{
	size_t n;

	for (; len > 0; bytes += n, len -= n) {
		n = len < step ? len : step;
		/* what comes after the last answer may find the door shut */
		if (send(fd, bytes, n, MSG_NOSIGNAL) < 0)
			return;
		harness_run(h);
	}
}

static void
check_case(struct harness *h, const struct http_case *c, size_t step)
{
	bool head = c->parse == 0 && strncmp(c->bytes, "HEAD ", 5) == 0;
	int fd = harness_connect(h, 0);
	struct reply r = {0};
	bool complete;
	bool ended;
	size_t len;
	char *bytes;

	send_in_steps(h, fd, c->bytes, c->len, step);
	if (c->fate == CLOSE)
		send_in_steps(h, fd, REQUEST, strlen(REQUEST), step);
	bytes = harness_read(fd, &len, &ended);
	complete = harness_reply(bytes, len, head, &r);
	if (c->fate == WAIT && (len > 0 || ended))
		fail_msg("%s: is not waited for", c->name);
	if (c->fate != WAIT && (!complete || r.status != c->status))
		fail_msg("%s: %u instead of %u", c->name, r.status, c->status);
	if (c->fate != WAIT && r.len != len)
		fail_msg("%s: more than one answer", c->name);
	if (r.close != (c->fate == CLOSE) || ended != (c->fate == CLOSE))
		fail_msg("%s: the connection is %s", c->name,
			ended ? "closed" : "kept");
	free(bytes);
	if (c->fate == KEEP)
		ask(h, fd, REQUEST, 200);
	close(fd);
	harness_run(h);
	assert_int_equal(http_server_connections(h->server), 0);
}

static void
test_cases(void **state)
{
	size_t i;

	for (i = 0; i < HTTP_CASES_COUNT; i++)
		check_case(*state, &HTTP_CASES[i], SIZE_MAX);
}

static void
test_cases_byte_by_byte(void **state)
{
	size_t i;

	for (i = 0; i < HTTP_CASES_COUNT; i++)
		check_case(*state, &HTTP_CASES[i], 1);
}

/* ---- answers ------------------------------------------------------------- */

/* The answer to this request, as text; free(3). */
static char *
answer_to(struct harness *h, const char *request)
{
	int fd = harness_connect(h, 0);
	bool ended;
	size_t len;
	char *bytes;

	send_text(fd, request);
	harness_run(h);
	bytes = harness_read(fd, &len, &ended);
	close(fd);
	harness_run(h);
	return bytes;
}

/* Without the Date line, which may differ by a second. */
static void
cut_date(char *bytes)
{
	char *date = strstr(bytes, "Date: ");
	char *end;

	assert_non_null(date);
	end = strstr(date, "\r\n");
	memmove(date, end + 2, strlen(end + 2) + 1);
}

static void
test_get(void **state)
{
	char *got = answer_to(*state, REQUEST);

	cut_date(got);
	assert_string_equal(got, "HTTP/1.1 200 OK\r\n"
				 "Content-Type: application/json\r\n"
				 "Content-Length: 11\r\n"
				 "ETag: \"ljjRGRRzXQByAC3U1nxzSg\"\r\n"
				 "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"
				 "\r\n"
				 "Cache-Control: public, max-age=3600\r\n"
				 "Access-Control-Allow-Origin: *\r\n"
				 "\r\n" DOC);
	free(got);
}

static void
test_head_is_get_without_content(void **state)
{
	char *get = answer_to(*state, REQUEST);
	char *head = answer_to(*state, "HEAD /doc HTTP/1.1\r\nHost: a\r\n\r\n");

	cut_date(get);
	cut_date(head);
	get[strlen(get) - strlen(DOC)] = '\0';
	assert_string_equal(get, head);
	free(get);
	free(head);
}

static void
test_not_modified(void **state)
{
	struct harness *h = *state;
	char request[256];
	size_t etag_len;
	const char *etag = http_response_etag(h->doc, &etag_len);
	char *got;

	snprintf(request, sizeof(request),
		"GET /doc HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x,\", "
		"W/%.*s\r\n\r\n",
		(int)etag_len, etag);
	got = answer_to(h, request);
	cut_date(got);
	assert_string_equal(got, "HTTP/1.1 304 Not Modified\r\n"
				 "ETag: \"ljjRGRRzXQByAC3U1nxzSg\"\r\n"
				 "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"
				 "\r\n"
				 "Cache-Control: public, max-age=3600\r\n"
				 "Access-Control-Allow-Origin: *\r\n"
				 "\r\n");
	free(got);
	/* strong comparison: a weak tag is no match (RFC 9110 13.1.1) */
	snprintf(request, sizeof(request),
		"GET /doc HTTP/1.1\r\nHost: a\r\nIf-Match: W/%.*s\r\n\r\n",
		(int)etag_len, etag);
	got = answer_to(h, request);
	assert_memory_equal(got, "HTTP/1.1 412 ", 13);
	free(got);
	snprintf(request, sizeof(request),
		"GET /doc HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n"
		"If-match:\t%.*s\r\n\r\n",
		(int)etag_len, etag);
	got = answer_to(h, request);
	assert_memory_equal(got, "HTTP/1.1 200 ", 13);
	free(got);
}

static void
test_preflight(void **state)
{
	char *got = answer_to(*state,
		"OPTIONS /doc HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\n"
		"Access-Control-Request-Method: GET\r\n\r\n");

	cut_date(got);
	assert_string_equal(got,
		"HTTP/1.1 204 No Content\r\n"
		"Cache-Control: no-store\r\n"
		"Access-Control-Allow-Origin: *\r\n"
		"Allow: GET, HEAD, OPTIONS\r\n"
		"Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
		"Access-Control-Allow-Headers: *\r\n"
		"Access-Control-Max-Age: 86400\r\n"
		"\r\n");
	free(got);
}

/* No refusal may be cached, and each says in a line what it is. */
static void
test_refusals(void **state)
{
	static const char *const REQUESTS[] = {
		"POST /doc HTTP/1.1\r\nHost: a\r\n\r\n",
		"FOO /doc HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /doc HTTP/1.1\r\n\r\n",
		"GET /doc HTTP/2.0\r\n\r\n",
		"GET /doc HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
		"GET /doc HTTP/1.1\r\nHost: a\r\nIf-Match: x\r\n\r\n",
		"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
	};
	const char *content;
	char *got;
	size_t i;

	for (i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++) {
		got = answer_to(*state, REQUESTS[i]);
		assert_non_null(strstr(got, "\r\nCache-Control: no-store\r\n"));
		assert_non_null(strstr(got,
			"\r\nContent-Type: text/plain; charset=utf-8\r\n"));
		content = strstr(got, "\r\n\r\n");
		assert_non_null(content);
		content += 4;
		assert_int_equal(strcspn(content, "\n") + 1, strlen(content));
		assert_int_equal(strstr(got, " 405 ") != NULL,
			strstr(got, "\r\nAllow: GET, HEAD, OPTIONS\r\n") !=
				NULL);
		free(got);
	}
}

static void
test_http_1_0_is_told_that_we_stay(void **state)
{
	int fd = harness_connect(*state, 0);
	struct reply r = ask(*state, fd,
		"GET /doc HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200);

	assert_true(r.keep_alive);
	assert_false(r.close);
	r = ask(*state, fd, REQUEST, 200);
	assert_false(r.keep_alive);
	close(fd);
}

static void
test_observer_and_counters(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	uint64_t bytes = 0;

	bytes += ask(h, fd, REQUEST, 200).len;
	assert_int_equal(h->observed, 1);
	assert_int_equal(h->last.status, 200);
	assert_int_equal(h->last.tag, 7);
	assert_true(h->last_had_request);
	assert_int_equal(h->last.peer->sa_family, AF_UNIX);
	bytes += ask(h, fd,
		"GET /doc HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", 304)
			 .len;
	assert_int_equal(h->last.status, 304);
	bytes += ask(h, fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 404).len;
	bytes += ask(h, fd, "POST /doc HTTP/1.1\r\nHost: a\r\n\r\n", 405).len;
	bytes += ask(h, fd, "FOO /doc HTTP/1.1\r\nHost: a\r\n\r\n", 501).len;
	bytes += ask(h, fd, "GET\r\n", 400).len;
	assert_int_equal(h->observed, 6);
	assert_false(h->last_had_request);
	assert_int_equal(h->observed_bytes, bytes);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_BYTES_SENT), bytes);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_2XX), 1);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_304), 1);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_404), 1);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_4XX), 2);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_5XX), 1);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_ACCEPTED), 1);
	close(fd);
}

static void
test_counters_have_names(void **state)
{
	enum http_counter i;
	enum http_counter j;

	(void)state;
	for (i = HTTP_COUNT_ACCEPTED; i < HTTP_COUNTERS; i++) {
		assert_string_not_equal(http_counter_name(i), "");
		for (j = HTTP_COUNT_ACCEPTED; j < i; j++)
			assert_string_not_equal(
				http_counter_name(i), http_counter_name(j));
	}
}

/* ---- moving bytes -------------------------------------------------------- */

static void
test_pipelined_in_order(void **state)
{
	static const char MISSING[] = "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n";
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	char requests[100 * 64];
	char *p = requests;
	struct reply r;
	size_t len;
	size_t pos = 0;
	bool ended;
	char *bytes;
	int i;

	for (i = 0; i < 100; i++)
		p = stpcpy(p, i % 3 == 0 ? MISSING : REQUEST);
	/* the last one is cut */
	harness_write(fd, requests, (size_t)(p - requests) - 3);
	harness_run(h);
	harness_write(fd, p - 3, 3);
	harness_run(h);
	bytes = harness_read(fd, &len, &ended);
	for (i = 0; i < 100; i++) {
		assert_true(
			harness_reply(bytes + pos, len - pos, i % 3 == 0, &r));
		assert_int_equal(r.status, i % 3 == 0 ? 404 : 200);
		pos += r.len;
	}
	assert_int_equal(pos, len);
	assert_false(ended);
	free(bytes);
	close(fd);
}

/* Read until so many replies came; the server runs in between. */
static void
read_replies(struct harness *h, int fd, int count)
{
	size_t have = 0;
	char *all = NULL;
	struct reply r;
	size_t pos;
	size_t len;
	bool ended;
	char *bytes;
	int idle = 0;

	while (count > 0 && idle < 100) {
		harness_run(h);
		bytes = harness_read(fd, &len, &ended);
		idle = len == 0 ? idle + 1 : 0;
		all = realloc(all, have + len + 1);
		assert_non_null(all);
		memcpy(all + have, bytes, len + 1);
		have += len;
		free(bytes);
		for (pos = 0; harness_reply(all + pos, have - pos, false, &r);
			pos += r.len) {
			assert_int_equal(r.status, 200);
			count--;
		}
		memmove(all, all + pos, have - pos + 1);
		have -= pos;
	}
	assert_int_equal(count, 0);
	assert_int_equal(have, 0);
	free(all);
}

/* 6,000 requests from a peer that does not read: the server stops reading them
 * with bounded memory, and answers all once the peer reads. */
static void
test_back_pressure(void **state)
{
	enum { COUNT = 6000 };
	struct harness *h = *state;
	int fd = harness_connect(h, 65536);
	const struct http_connection *c;
	size_t total = COUNT * strlen(REQUEST);
	char *requests = malloc(total + 1);
	char *p = requests;
	size_t sent = 0;
	ssize_t n = 1;
	int i;

	assert_non_null(requests);
	for (i = 0; i < COUNT; i++)
		p = stpcpy(p, REQUEST);
	while (n > 0) {
		n = send(fd, requests + sent, total - sent, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		harness_run(h);
	}
	c = TAILQ_FIRST(&h->server->lists[HTTP_WRITING]);
	assert_non_null(c);
	assert_true(sent < total);
	assert_true(c->out_len <= HTTP_OUTPUT_SIZE + 1024);
	assert_true(c->in_len <= HTTP_INPUT_SIZE);
	assert_true(h->observed < COUNT / 2);
	for (i = 0; sent < total && i < 100000; i++) {
		size_t len;
		bool ended;

		/* make room by reading, so that the rest can be sent */
		free(harness_read(fd, &len, &ended));
		harness_run(h);
		n = send(fd, requests + sent, total - sent, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(sent, total);
	for (i = 0; i < 1000 && h->observed < COUNT; i++) {
		size_t len;
		bool ended;

		free(harness_read(fd, &len, &ended));
		harness_run(h);
	}
	assert_int_equal(h->observed, COUNT);
	free(requests);
	close(fd);
}

static void
test_bigger_than_the_buffer(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 65536);

	send_text(fd, "GET /doc HTTP/1.1\r\nHost: a\r\n\r\n"
		      "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
		      "GET /doc HTTP/1.1\r\nHost: a\r\n\r\n"
		      "GET /big HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST);
	harness_run(h);
	assert_int_equal(h->observed, 2);
	read_replies(h, fd, 5);
	ask(h, fd, REQUEST, 200);
	close(fd);
}

/* More than fits into the input buffer in one read. */
static void
test_full_input_buffer(void **state)
{
	enum { COUNT = 3 * HTTP_INPUT_SIZE / (int)sizeof(REQUEST) };
	struct harness *h = *state;
	int fd = harness_connect(h, 1 << 20);
	char *requests = malloc(COUNT * sizeof(REQUEST));
	char *p = requests;
	int i;

	assert_non_null(requests);
	for (i = 0; i < COUNT; i++)
		p = stpcpy(p, REQUEST);
	send_text(fd, requests);
	read_replies(h, fd, COUNT);
	free(requests);
	close(fd);
}

/* One that sends ever more requests has a turn like all others: when the server
 * has looked around once, who came with it is answered, and it is not. */
static void
test_a_flood_takes_turns(void **state)
{
	enum { COUNT = 3 * HTTP_INPUT_SIZE / (int)sizeof(REQUEST) };
	struct harness *h = *state;
	int flood = harness_connect(h, 1 << 20);
	int other = harness_connect(h, 0);
	char *requests = malloc(COUNT * sizeof(REQUEST));
	char *p = requests;
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;
	int i;

	assert_non_null(requests);
	for (i = 0; i < COUNT; i++)
		p = stpcpy(p, REQUEST);
	harness_run(h);
	send_text(flood, requests);
	send_text(other, REQUEST);
	event_base_loop(h->base, EVLOOP_ONCE);
	assert_true(h->observed_bytes < 2 * HTTP_OUTPUT_SIZE);
	bytes = harness_read(other, &len, &ended);
	assert_true(harness_reply(bytes, len, false, &r));
	free(bytes);
	/* it sends no more, and is answered to the end all the same */
	read_replies(h, flood, COUNT);
	assert_int_equal(h->observed, COUNT + 1);
	free(requests);
	close(flood);
	close(other);
}

static void
test_half_closed_by_the_client(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;

	/* before the server sees anything, so FIN and request come at once */
	send_text(fd, REQUEST REQUEST);
	shutdown(fd, SHUT_WR);
	harness_run(h);
	bytes = harness_read(fd, &len, &ended);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.len * 2, len);
	assert_true(ended);
	assert_int_equal(http_server_connections(h->server), 0);
	free(bytes);
	close(fd);
}

static void
test_ended_in_a_request(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);

	send_text(fd, "GET /doc HT");
	harness_run(h);
	assert_int_equal(http_server_connections(h->server), 1);
	shutdown(fd, SHUT_WR);
	harness_run(h);
	assert_ended(fd);
	assert_int_equal(http_server_connections(h->server), 0);
	close(fd);
}

static void
test_gone_while_writing(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 65536);

	send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	harness_run(h);
	assert_non_null(TAILQ_FIRST(&h->server->lists[HTTP_WRITING]));
	close(fd);
	harness_run(h);
	assert_int_equal(http_server_connections(h->server), 0);
}

/* ---- deadlines ----------------------------------------------------------- */

static void
test_idle_deadline(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);

	harness_pass(h, IDLE_TIMEOUT);
	ask(h, fd, REQUEST, 200);
	harness_pass(h, IDLE_TIMEOUT);
	assert_open(fd);
	harness_pass(h, 1);
	assert_ended(fd);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_TIMEOUT_IDLE), 1);
	close(fd);
}

static void
test_reading_deadline_does_not_move(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;
	int i;

	harness_pass(h, IDLE_TIMEOUT);
	send_text(fd, "GET /doc HTTP/1.1\r\n");
	harness_run(h);
	for (i = 0; i < HEADER_TIMEOUT; i++) {
		harness_pass(h, 1);
		assert_open(fd);
		send_text(fd, "X: y\r\n");
		harness_run(h);
	}
	harness_pass(h, 1);
	bytes = harness_read(fd, &len, &ended);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.status, 408);
	assert_true(r.close);
	assert_true(ended);
	free(bytes);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_TIMEOUT_HEADER), 1);
	close(fd);
}

/* Each pipelined request has its own time. */
static void
test_reading_deadline_begins_anew(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	size_t len;
	bool ended;
	int i;

	send_text(fd, "GET /doc ");
	harness_run(h);
	for (i = 0; i < 5; i++) {
		harness_pass(h, HEADER_TIMEOUT - 1);
		send_text(fd, "HTTP/1.1\r\nHost: a\r\n\r\nGET /doc ");
		harness_run(h);
		free(harness_read(fd, &len, &ended));
		assert_true(len > 0);
		assert_false(ended);
	}
	close(fd);
}

/* A peer that takes a byte now and then does not keep the connection. */
static void
test_writing_deadline(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 65536);
	char byte;
	int i;

	send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	harness_run(h);
	for (i = 0; i < WRITE_TIMEOUT; i++) {
		assert_int_equal(recv(fd, &byte, 1, 0), 1);
		harness_pass(h, 1);
	}
	assert_int_equal(http_server_connections(h->server), 1);
	harness_pass(h, 1);
	assert_int_equal(http_server_connections(h->server), 0);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_TIMEOUT_WRITE), 1);
	close(fd);
}

static void
test_writing_deadline_moves_with_progress(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 65536);
	size_t len;
	bool ended;
	int i;

	send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	harness_run(h);
	for (i = 0; i < 10; i++) {
		harness_pass(h, WRITE_TIMEOUT);
		free(harness_read(fd, &len, &ended));
		assert_true(len >= 16384);
		assert_false(ended);
		harness_run(h);
	}
	assert_int_equal(http_server_connections(h->server), 1);
	close(fd);
}

static void
test_lingering(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;

	send_text(fd, "POST /doc HTTP/1.1\r\nHost: a\r\n"
		      "Content-Length: 1000000\r\n\r\n");
	harness_run(h);
	send_text(fd, "what a client sends until it sees the answer");
	harness_run(h);
	bytes = harness_read(fd, &len, &ended);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.status, 405);
	assert_true(ended);
	free(bytes);
	/* read away, not reset */
	assert_int_equal(http_server_connections(h->server), 1);
	send_text(fd, REQUEST);
	harness_pass(h, LINGER_TIMEOUT);
	assert_int_equal(h->observed, 1);
	assert_int_equal(http_server_connections(h->server), 1);
	harness_pass(h, 1);
	assert_int_equal(http_server_connections(h->server), 0);
	close(fd);
}

static void
test_lingering_ends(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	char junk[65536];
	int i;

	send_text(fd, "GET\r\n");
	harness_run(h);
	shutdown(fd, SHUT_WR);
	harness_run(h);
	assert_int_equal(http_server_connections(h->server), 0);
	close(fd);

	memset(junk, 'x', sizeof(junk));
	fd = harness_connect(h, 1 << 20);
	send_text(fd, "GET\r\n");
	for (i = 0; i < 100; i++) {
		harness_run(h);
		if (send(fd, junk, sizeof(junk), MSG_NOSIGNAL) < 0)
			break;
	}
	assert_int_equal(http_server_connections(h->server), 0);
	assert_in_range(i, 16, 24);
	close(fd);
}

/* ---- limits -------------------------------------------------------------- */

static void
restart(struct harness *h, size_t total, size_t per_address)
{
	harness_stop(h);
	harness_start(h, total, per_address);
}

static void
test_full_evicts_the_longest_idle(void **state)
{
	struct harness *h = *state;
	int fds[4];
	int i;

	restart(h, 3, 0);
	for (i = 0; i < 3; i++) {
		fds[i] = harness_connect(h, 0);
		harness_pass(h, 1);
	}
	ask(h, fds[0], REQUEST, 200);
	fds[3] = harness_connect(h, 0);
	harness_run(h);
	assert_ended(fds[1]);
	ask(h, fds[0], REQUEST, 200);
	ask(h, fds[2], REQUEST, 200);
	ask(h, fds[3], REQUEST, 200);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_EVICTED), 1);
	assert_int_equal(http_gate_count(h->gate), 3);
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

static void
test_full_of_busy_ones_sheds(void **state)
{
	struct harness *h = *state;
	int busy;
	int fd;

	restart(h, 1, 0);
	busy = harness_connect(h, 0);
	send_text(busy, "GET /doc ");
	harness_run(h);
	fd = harness_connect(h, 0);
	assert_ended(fd);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_SHED_TOTAL), 1);
	ask(h, busy, "HTTP/1.1\r\nHost: a\r\n\r\n", 200);
	close(fd);
	close(busy);
}

static void
test_address_full_sheds(void **state)
{
	struct harness *h = *state;
	union http_peer peer = {.in = {.sin_family = AF_INET}};
	int fds[4];
	int i;

	restart(h, 0, 2);
	peer.in.sin_addr.s_addr = htonl(0xc0000201);
	for (i = 0; i < 3; i++)
		fds[i] = harness_connect_from(h, &peer, 0);
	peer.in.sin_addr.s_addr = htonl(0xc0000202);
	fds[3] = harness_connect_from(h, &peer, 0);
	assert_ended(fds[2]);
	ask(h, fds[3], REQUEST, 200);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_SHED_ADDRESS), 1);
	close(fds[0]);
	harness_run(h);
	close(fds[2]);
	peer.in.sin_addr.s_addr = htonl(0xc0000201);
	fds[2] = harness_connect_from(h, &peer, 0);
	ask(h, fds[2], REQUEST, 200);
	for (i = 1; i < 4; i++)
		close(fds[i]);
}

static int
connect_proxy(struct harness *h)
{
	union http_peer peer = {.in = {.sin_family = AF_INET}};

	peer.in.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1 */
	return harness_connect_from(h, &peer, 0);
}

static void
assert_peer(const struct harness *h, const char *want)
{
	char text[HTTP_ADDRESS_TEXT_MAX];

	http_address_text(h->last.peer, h->last.peer_len, text);
	assert_string_equal(text, want);
}

#define PROXY_V1 "PROXY TCP4 192.0.2.9 198.51.100.1 4711 443\r\n"
#define PROXY_V2                                                       \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\x09\xc6\x33\x64\1" \
	"\x12\x67\x01\xbb"

/* Cut at every byte, a header is taken off and what follows is answered; the
 * next request of the connection has none. */
static void
test_proxy_header(void **state)
{
	static const char v1[] = PROXY_V1 REQUEST, v2[] = PROXY_V2 REQUEST;
	const struct {
		const char *bytes;
		size_t len;
	} headers[] = {{v1, sizeof(v1) - 1}, {v2, sizeof(v2) - 1}};
	struct harness *h = *state;
	size_t i, cut;
	int fd;

	for (i = 0; i < 2; i++) {
		for (cut = 0; cut < headers[i].len; cut++) {
			fd = connect_proxy(h);
			harness_write(fd, headers[i].bytes, cut);
			harness_run(h);
			harness_write(fd, headers[i].bytes + cut,
				headers[i].len - cut);
			ask(h, fd, "", 200);
			assert_peer(h, "192.0.2.9:4711");
			ask(h, fd, REQUEST, 200);
			assert_peer(h, "192.0.2.9:4711");
			close(fd);
			harness_run(h);
		}
	}
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_SHED_PROXY), 0);
}

static void
test_proxy_header_wanted(void **state)
{
	struct harness *h = *state;
	int fd;

	fd = connect_proxy(h);
	send_text(fd, REQUEST);
	harness_run(h);
	assert_ended(fd);
	close(fd);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_SHED_PROXY), 1);
	/* it ends before it is whole: no spinning, no wait */
	fd = connect_proxy(h);
	send_text(fd, "PROXY TCP4 192");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	harness_run(h);
	assert_ended(fd);
	close(fd);
	/* half of it and silence */
	fd = connect_proxy(h);
	send_text(fd, "PROXY TCP4 192");
	harness_run(h);
	harness_pass(h, IDLE_TIMEOUT + 1);
	assert_ended(fd);
	close(fd);
	/* a stranger's is a bad request line */
	fd = harness_connect(h, 0);
	ask(h, fd, PROXY_V1 REQUEST, 400);
	close(fd);
	assert_int_equal(h->observed, 1);
}

/* A listener on a port of the kernel's choice, and its address. */
static int
listen_somewhere(struct harness *h, struct sockaddr_storage *addr)
{
	struct http_address a;
	socklen_t len = sizeof(*addr);
	struct error e = {0};
	int fd;

	assert_int_equal(http_address_parse("127.0.0.1:0", &a, &e), 0);
	fd = http_listen(&a, false, &e);
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)addr, &len), 0);
	assert_int_equal(http_server_listen(h->server, fd, &e), 0);
	return fd;
}

static int
dial(const struct sockaddr_storage *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)addr,
				 sizeof(struct sockaddr_in)),
		0);
	return fd;
}

/* Over TCP bytes need not be there at once: run until they are. */
static char *
wait_for_end(struct harness *h, int fd, size_t *len)
{
	char *all = NULL;
	size_t have = 0;
	bool ended = false;
	char *bytes;
	int i;

	for (i = 0; i < 100000 && !ended; i++) {
		harness_run(h);
		bytes = harness_read(fd, len, &ended);
		all = realloc(all, have + *len + 1);
		assert_non_null(all);
		memcpy(all + have, bytes, *len + 1);
		have += *len;
		free(bytes);
	}
	assert_true(ended);
	*len = have;
	return all;
}

static void
test_over_tcp(void **state)
{
	struct harness *h = *state;
	struct sockaddr_storage addr;
	struct reply r;
	size_t len;
	char *bytes;
	int fd;
	int i;

	listen_somewhere(h, &addr);
	/* more than the listener's probing takes to come round */
	for (i = 0; i < 20; i++) {
		fd = dial(&addr);
		send_text(fd, "GET /doc HTTP/1.1\r\nHost: a\r\n"
			      "Connection: close\r\n\r\n");
		bytes = wait_for_end(h, fd, &len);
		assert_true(harness_reply(bytes, len, false, &r));
		assert_int_equal(r.status, 200);
		assert_true(r.close);
		assert_int_equal(r.len, len);
		free(bytes);
		close(fd);
	}
	assert_int_equal(h->last.peer->sa_family, AF_INET);
	assert_int_equal(http_server_connections(h->server), 0);
}

/* Many at once, each answered. */
static void
test_burst_of_connections(void **state)
{
	enum { COUNT = 200 };
	struct harness *h = *state;
	struct sockaddr_storage addr;
	struct reply r;
	int fds[COUNT];
	size_t len;
	char *bytes;
	int i;

	listen_somewhere(h, &addr);
	for (i = 0; i < COUNT; i++) {
		fds[i] = dial(&addr);
		send_text(fds[i], "GET /doc HTTP/1.0\r\n\r\n");
	}
	for (i = 0; i < COUNT; i++) {
		bytes = wait_for_end(h, fds[i], &len);
		assert_true(harness_reply(bytes, len, false, &r));
		assert_int_equal(r.status, 200);
		free(bytes);
		close(fds[i]);
	}
}

/* No descriptor is left: an idle connection makes room, and without one the
 * new connection is closed; the listener stays and does not spin. */
static void
test_out_of_descriptors(void **state)
{
	struct harness *h = *state;
	struct sockaddr_storage addr;
	struct rlimit old;
	struct rlimit low;
	int clients[3];
	int fds[64];
	size_t len;
	int n = 0;
	int i;

	listen_somewhere(h, &addr);
	for (i = 0; i < 3; i++)
		clients[i] = dial(&addr);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)clients[2] + 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (;;) {
		fds[n] = dup(clients[0]);
		if (fds[n] < 0)
			break;
		n++;
	}
	/* nothing idle: the first is shed through the reserve */
	send_text(clients[0], REQUEST);
	for (i = 0; i < 100000 && http_server_counter(h->server,
					  HTTP_COUNT_SHED_DESCRIPTORS) == 0;
		i++)
		harness_run(h);
	assert_int_equal(
		http_server_counter(h->server, HTTP_COUNT_SHED_DESCRIPTORS), 1);
	assert_true(h->server->reserve >= 0);
	/* one descriptor: taken by the second, given up for the third */
	close(fds[--n]);
	send_text(clients[1], REQUEST);
	for (i = 0; i < 100000 && h->observed == 0; i++)
		harness_run(h);
	assert_int_equal(h->observed, 1);
	send_text(clients[2], "GET /doc HTTP/1.0\r\n\r\n");
	free(wait_for_end(h, clients[2], &len));
	assert_true(len > 0);
	assert_int_equal(http_server_counter(h->server, HTTP_COUNT_EVICTED), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	while (n > 0)
		close(fds[--n]);
	for (i = 0; i < 3; i++)
		close(clients[i]);
}

/* Even the reserve is lost: the listener sleeps until there is one again. */
static void
test_listener_pauses(void **state)
{
	struct harness *h = *state;
	struct sockaddr_storage addr;
	struct http_listener *l;
	struct rlimit old;
	struct rlimit low;
	size_t len;
	int fd;
	int i;

	listen_somewhere(h, &addr);
	l = LIST_FIRST(&h->server->listeners);
	fd = dial(&addr);
	send_text(fd, "GET /doc HTTP/1.0\r\n\r\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 0;
	close(h->server->reserve);
	h->server->reserve = -1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (i = 0; i < 100000 && !l->paused; i++)
		event_base_loop(h->base, EVLOOP_NONBLOCK);
	assert_true(l->paused);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	http_server_recover(h->server);
	assert_false(l->paused);
	assert_true(h->server->reserve >= 0);
	assert_false(h->server->starved);
	free(wait_for_end(h, fd, &len));
	assert_true(len > 0);
	close(fd);
}

static void
test_memory_of_an_idle_connection(void **state)
{
	struct harness *h = *state;
	const struct http_connection *c;
	int fd = harness_connect(h, 0);

	ask(h, fd, "GET /doc HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200);
	c = TAILQ_FIRST(&h->server->lists[HTTP_IDLE]);
	assert_non_null(c);
	assert_null(c->in);
	assert_null(c->out);
	assert_true(sizeof(*c) <= 384);
	close(fd);
}

/* ---- drain --------------------------------------------------------------- */

static void
test_drain(void **state)
{
	struct harness *h = *state;
	int idle = harness_connect(h, 0);
	int partial = harness_connect(h, 0);
	int quiet = harness_connect(h, 0);
	struct reply r;

	ask(h, idle, REQUEST, 200);
	send_text(partial, "GET /doc ");
	harness_run(h);
	http_server_drain(h->server);
	harness_run(h);
	assert_open(idle);
	assert_open(partial);
	assert_true(http_server_has_idle(h->server));
	r = ask(h, idle, REQUEST, 200);
	assert_true(r.close);
	r = ask(h, partial, "HTTP/1.1\r\nHost: a\r\n\r\n", 200);
	assert_true(r.close);
	close(idle);
	close(partial);
	harness_run(h);
	assert_int_equal(http_server_connections(h->server), 1);
	harness_pass(h, IDLE_TIMEOUT + 1);
	assert_false(http_server_has_idle(h->server));
	assert_int_equal(http_server_connections(h->server), 0);
	close(quiet);
}

/* What has arrived is answered; only the last answer closes. */
static void
test_drain_answers_what_is_there(void **state)
{
	struct harness *h = *state;
	int fd = harness_connect(h, 0);
	struct reply r;
	size_t pos = 0;
	size_t len;
	bool ended;
	char *bytes;
	int i;

	http_server_drain(h->server);
	send_text(fd, REQUEST REQUEST REQUEST "GET /d");
	harness_run(h);
	bytes = harness_read(fd, &len, &ended);
	for (i = 0; i < 3; i++, pos += r.len) {
		assert_true(harness_reply(bytes + pos, len - pos, false, &r));
		assert_int_equal(r.close, i == 2);
	}
	assert_int_equal(pos, len);
	assert_true(ended);
	free(bytes);
	close(fd);
}

/* Connections that were not yet accepted are served. */
static void
test_drain_empties_the_queue(void **state)
{
	struct harness *h = *state;
	struct sockaddr_storage addr;
	int fds[5];
	size_t len;
	char *bytes;
	int i;

	listen_somewhere(h, &addr);
	for (i = 0; i < 5; i++) {
		fds[i] = dial(&addr);
		send_text(fds[i], REQUEST);
	}
	http_server_drain(h->server);
	assert_false(LIST_EMPTY(&h->server->listeners));
	http_server_stop_accepting(h->server);
	assert_true(LIST_EMPTY(&h->server->listeners));
	for (i = 0; i < 5; i++) {
		bytes = wait_for_end(h, fds[i], &len);
		assert_memory_equal(bytes, "HTTP/1.1 200 ", 13);
		free(bytes);
		close(fds[i]);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_cases_byte_by_byte),
		TEST(test_get),
		TEST(test_head_is_get_without_content),
		TEST(test_not_modified),
		TEST(test_preflight),
		TEST(test_refusals),
		TEST(test_http_1_0_is_told_that_we_stay),
		TEST(test_observer_and_counters),
		cmocka_unit_test(test_counters_have_names),
		TEST(test_pipelined_in_order),
		TEST(test_back_pressure),
		TEST(test_bigger_than_the_buffer),
		TEST(test_full_input_buffer),
		TEST(test_a_flood_takes_turns),
		TEST(test_half_closed_by_the_client),
		TEST(test_ended_in_a_request),
		TEST(test_gone_while_writing),
		TEST(test_idle_deadline),
		TEST(test_reading_deadline_does_not_move),
		TEST(test_reading_deadline_begins_anew),
		TEST(test_writing_deadline),
		TEST(test_writing_deadline_moves_with_progress),
		TEST(test_lingering),
		TEST(test_lingering_ends),
		TEST(test_full_evicts_the_longest_idle),
		TEST(test_full_of_busy_ones_sheds),
		TEST(test_address_full_sheds),
		TEST(test_proxy_header),
		TEST(test_proxy_header_wanted),
		TEST(test_over_tcp),
		TEST(test_burst_of_connections),
		TEST(test_out_of_descriptors),
		TEST(test_listener_pauses),
		TEST(test_memory_of_an_idle_connection),
		TEST(test_drain),
		TEST(test_drain_answers_what_is_there),
		TEST(test_drain_empties_the_queue),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
