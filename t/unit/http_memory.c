/* SPDX-License-Identifier: MIT */
/*
 * Out of memory at every place in turn: a server starts whole or not at all,
 * and one that runs loses at most the connection that needed the memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "../http/harness.h"

/* Ours are wrapped by the linker; libevent is given these. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

#define NEVER (-1)

static long left = NEVER; /* allocations that succeed */
static bool once;         /* after the one that fails they do again */

static bool
fails(void)
{
	if (left == NEVER)
		return false;
	if (left > 0) {
		left--;
		return false;
	}
	if (once)
		left = NEVER;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
	return fails() ? NULL : __real_realloc(block, size);
}

static void
handle(void *arg, const struct http_request *req, struct http_answer *answer)
{
	(void)arg;
	(void)req;
	(void)answer;
}

static struct http_server *
start(struct event_base *base, struct http_gate **gate, struct error *e)
{
	const struct http_settings settings = {.handler = handle};

	*gate = http_gate_new(10, 1);
	if (*gate == NULL)
		return NULL;
	return http_server_new(base, *gate, &settings, e);
}

static void
test_start(void **state)
{
	struct event_base *base = event_base_new();
	struct http_server *s = NULL;
	struct http_gate *gate;
	struct error e;
	long n;

	(void)state;
	assert_non_null(base);
	for (n = 0; s == NULL; n++) {
		error_clear(&e);
		left = n;
		s = start(base, &gate, &e);
		left = NEVER;
		if (s == NULL && gate != NULL)
			assert_int_not_equal(e.code, ERROR_NONE);
		http_server_free(s);
		http_gate_free(gate);
	}
	/* the gate, the server, its responses and their text at least */
	assert_true(n > 2 + 2 * HTTP_REFUSALS);
	event_base_free(base);
}

/* A client that makes the server keep all it can keep. */
static void
talk(struct harness *h, int fd)
{
	static const char *const STEPS[] = {
		"GET /doc HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /doc HTTP/1.1\r\nHo",
		"st: a\r\n\r\nGET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /do",
		"c HTTP/1.1\r\nHost: a\r\n\r\n",
	};
	char part[4096];
	size_t i;

	for (i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
		if (send(fd, STEPS[i], strlen(STEPS[i]), MSG_NOSIGNAL) < 0)
			break;
		harness_run(h);
	}
	do {
		harness_run(h);
	} while (recv(fd, part, sizeof(part), MSG_DONTWAIT) > 0);
}

/* Whether it got to the end of it with the n-th allocation failing. */
static bool
try_serving(long n)
{
	union http_peer peer = {.in = {.sin_family = AF_INET}};
	struct harness h;
	bool reached;
	int fds[2];

	harness_start(&h, 10, 2);
	left = n;
	fds[0] = harness_connect_from(&h, &peer, 4096);
	fds[1] = harness_connect_from(&h, &peer, 4096);
	talk(&h, fds[0]);
	talk(&h, fds[1]);
	reached = left == NEVER || left == 0;
	left = NEVER;
	close(fds[0]);
	close(fds[1]);
	harness_run(&h);
	harness_pass(&h, IDLE_TIMEOUT + 1);
	assert_int_equal(http_server_connections(h.server), 0);
	assert_int_equal(http_gate_count(h.gate), 0);
	/* it serves the next one as if nothing had been */
	fds[0] = harness_connect_from(&h, &peer, 0);
	talk(&h, fds[0]);
	assert_true(h.observed > 0);
	close(fds[0]);
	harness_stop(&h);
	return reached;
}

static void
test_serving(void **state)
{
	long n = 0;

	(void)state;
	once = false;
	while (try_serving(n))
		n++;
	assert_true(n > 10);
	once = true;
	n = 0;
	while (try_serving(n))
		n++;
	assert_true(n > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_serving),
	};

	event_set_mem_functions(__wrap_malloc, __wrap_realloc, free);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
