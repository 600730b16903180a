/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "jwksd/access.h"
#include "scratch.h"

#define NOW INT64_C(1795500000)

static struct access_log *
open_log(const char *path, unsigned sample)
{
	struct error e = {0};
	struct access_log *log = access_log_open(path, sample, &e);

	if (log == NULL)
		fail_msg("%s", e.text);
	return log;
}

static struct http_span
span(const char *text)
{
	struct http_span s = {.p = text};

	if (text != NULL)
		s.len = (uint32_t)strlen(text);
	return s;
}

static struct sockaddr_in peer = {.sin_family = AF_INET};

/* A GET of path, answered with 200. */
static void
answer(struct access_writer *w, const char *path, const char *agent,
	const char *document)
{
	const struct http_request req = {
		.method_text = span("GET"),
		.host = span("h.example"),
		.path = span(path),
		.user_agent = span(agent),
	};
	const struct http_exchange x = {
		.req = &req,
		.status = 200,
		.bytes = 4096,
		.when = NOW,
		.peer = (struct sockaddr *)&peer,
		.peer_len = sizeof(peer),
	};

	inet_pton(AF_INET, "192.0.2.1", &peer.sin_addr);
	peer.sin_port = htons(4711);
	access_write(w, &x, document, 7);
}

static void
assert_file(const char *path, const char *want)
{
	char *got = scratch_read(path, NULL);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

#define HEAD(status, bytes)                                              \
	"time=2026-11-24T06:00:00Z client=192.0.2.1:4711 status=" status \
	" bytes=" bytes

static void
test_lines(void **state)
{
	struct access_log *log = open_log("log", 1);
	struct access_writer *w = access_writer_new(log);
	struct http_exchange bad = {.status = 400,
		.bytes = 99,
		.when = NOW,
		.peer = (struct sockaddr *)&peer,
		.peer_len = sizeof(peer)};

	(void)state;
	answer(w, "/a/openid/v1/jwks", "Go-http-client/2.0", "jwks");
	answer(w, "/", NULL, NULL);
	access_write(w, &bad, NULL, 7); /* could not be parsed */
	access_flush(w);
	assert_file("log",
		HEAD("200",
			"4096") " method=GET host=h.example "
				"path=/a/openid/v1/jwks doc=jwks gen=7 "
				"agent=Go-http-client/2.0\n" HEAD("200",
					"4096") " method=GET host=h.example "
						"path=/ gen=7\n" HEAD("400",
							"99") " gen=7\n");
	access_writer_free(w);
	access_log_close(log);
}

static void
test_json(void **state)
{
	struct access_log *log = open_log("log", 1);
	struct access_writer *w = access_writer_new(log);

	(void)state;
	log_set_format(LOG_FORMAT_JSON);
	answer(w, "/a\"", "a\x1b\xc3\r\n{}", "jwks");
	log_set_format(LOG_FORMAT_LOGFMT);
	access_flush(w);
	assert_file("log", "{\"time\":\"2026-11-24T06:00:00Z\","
			   "\"client\":\"192.0.2.1:4711\",\"status\":200,"
			   "\"bytes\":4096,\"method\":\"GET\","
			   "\"host\":\"h.example\",\"path\":\"/a\\\"\","
			   "\"doc\":\"jwks\",\"gen\":7,"
			   "\"agent\":\"a\\u001b\\u00c3\\u000d\\n{}\"}\n");
	access_writer_free(w);
	access_log_close(log);
}

/* What a client sends stays on its line and in its quotes, and is cut. */
static void
test_hostile_values(void **state)
{
	struct access_log *log = open_log("log", 1);
	struct access_writer *w = access_writer_new(log);
	char longer[2000];
	char *got;

	(void)state;
	answer(w, "/\"x y=\\", "a\x1b[31m\x80\r\nstatus=500", NULL);
	access_flush(w);
	assert_file("log",
		HEAD("200", "4096") " method=GET host=h.example "
				    "path=\"/\\\"x y=\\\\\" gen=7 "
				    "agent=\"a\\x1b[31m\\x80\\x0d\\nstatus="
				    "500\"\n");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	answer(w, "/", longer, NULL);
	access_flush(w);
	got = scratch_read("log", NULL);
	assert_int_equal(strspn(strstr(got, "agent=x") + 6, "x"), 512);
	free(got);
	access_writer_free(w);
	access_log_close(log);
}

static size_t
count_lines(const char *path)
{
	char *got = scratch_read(path, NULL), *p;
	size_t n = 0;

	assert_non_null(got);
	for (p = got; *p != '\0'; p++)
		n += *p == '\n';
	free(got);
	return n;
}

/* One of so many, for each worker. */
static void
test_sample(void **state)
{
	struct access_log *log = open_log("log", 10);
	struct access_writer *one = access_writer_new(log);
	struct access_writer *two = access_writer_new(log);
	int i;

	(void)state;
	for (i = 0; i < 95; i++)
		answer(one, "/", NULL, NULL);
	for (i = 0; i < 9; i++)
		answer(two, "/", NULL, NULL);
	access_flush(one);
	access_flush(two);
	assert_int_equal(count_lines("log"), 9);
	answer(two, "/", NULL, NULL);
	access_writer_free(two); /* flushes */
	assert_int_equal(count_lines("log"), 10);
	access_writer_free(one);
	access_writer_free(NULL);
	access_log_close(log);
	access_log_close(NULL);
}

/* Lines are gathered, but not without end, and are whole in the file. */
static void
test_gathers(void **state)
{
	struct access_log *log = open_log("log", 1);
	struct access_writer *w = access_writer_new(log);
	struct stat st;
	char *got;
	int i;

	(void)state;
	answer(w, "/", NULL, NULL);
	assert_int_equal(stat("log", &st), 0);
	assert_int_equal(st.st_size, 0);
	for (i = 0; i < 1000; i++)
		answer(w, "/", NULL, NULL);
	assert_int_equal(stat("log", &st), 0);
	assert_true(st.st_size > 32768);
	got = scratch_read("log", NULL);
	assert_int_equal(got[st.st_size - 1], '\n');
	free(got);
	access_writer_free(w);
	assert_int_equal(count_lines("log"), 1001);
	access_log_close(log);
}

static void
test_reopen(void **state)
{
	struct access_log *log = open_log("log", 1);
	struct access_writer *w = access_writer_new(log);
	struct error e = {0};
	struct stat st;

	(void)state;
	assert_int_equal(stat("log", &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
	answer(w, "/1", NULL, NULL);
	access_flush(w);
	scratch_rename("log", "log.1");
	answer(w, "/2", NULL, NULL);
	access_flush(w);
	if (access_log_reopen(log, &e) != 0)
		fail_msg("%s", e.text);
	answer(w, "/3", NULL, NULL);
	access_flush(w);
	assert_int_equal(count_lines("log.1"), 2);
	assert_int_equal(count_lines("log"), 1);
	/* one that cannot be: the old file goes on */
	scratch_remove("log");
	scratch_mkdir("log");
	assert_int_equal(access_log_reopen(log, &e), -1);
	assert_non_null(strstr(e.text, "access-log log: cannot be opened"));
	answer(w, "/4", NULL, NULL);
	access_flush(w);
	scratch_remove("log");
	assert_int_equal(access_log_reopen(log, NULL), 0);
	answer(w, "/5", NULL, NULL);
	access_writer_free(w);
	access_log_close(log);
	assert_int_equal(count_lines("log"), 1);
}

static void
test_appends(void **state)
{
	struct access_log *log;
	struct access_writer *w;

	(void)state;
	scratch_write("log", "before\n");
	log = open_log("log", 1);
	w = access_writer_new(log);
	answer(w, "/", NULL, NULL);
	access_writer_free(w);
	access_log_close(log);
	assert_int_equal(count_lines("log"), 2);
}

static void
assert_not_opened(const char *path)
{
	struct error e = {0};

	assert_null(access_log_open(path, 1, &e));
	assert_int_equal(e.code, ERROR_SYS);
	assert_non_null(strstr(e.text, path));
}

/* A FIFO that nobody reads must not stop us, a link not lead us astray. */
static void
test_not_opened(void **state)
{
	(void)state;
	assert_not_opened("no/such/log");
	scratch_mkdir("d");
	assert_not_opened("d");
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_not_opened("fifo");
	scratch_write("target", "");
	scratch_link("target", "link");
	assert_not_opened("link");
}

static void
test_slow_reader_of_a_fifo(void **state)
{
	struct access_log *log;
	struct access_writer *w;
	int fd, i;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0644), 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	log = open_log("fifo", 1);
	w = access_writer_new(log);
	for (i = 0; i < 5000; i++) /* more than a pipe holds */
		answer(w, "/", NULL, NULL);
	access_writer_free(w);
	access_log_close(log);
	close(fd);
}

static void
test_standard_error(void **state)
{
	struct access_log *log = open_log("-", 1);
	struct access_writer *w = access_writer_new(log);
	struct error e = {0};
	int before, fd;

	(void)state;
	before = dup(STDERR_FILENO);
	fd = open("err", O_WRONLY | O_CREAT, 0600);
	assert_true(before >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	answer(w, "/", NULL, NULL);
	assert_int_equal(access_log_reopen(log, &e), 0);
	access_writer_free(w);
	access_log_close(log);
	assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0); /* is not closed */
	dup2(before, STDERR_FILENO);
	close(before);
	assert_int_equal(count_lines("err"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_lines),
		SCRATCH_TEST(test_json),
		SCRATCH_TEST(test_hostile_values),
		SCRATCH_TEST(test_sample),
		SCRATCH_TEST(test_gathers),
		SCRATCH_TEST(test_reopen),
		SCRATCH_TEST(test_appends),
		SCRATCH_TEST(test_not_opened),
		SCRATCH_TEST(test_slow_reader_of_a_fifo),
		SCRATCH_TEST(test_standard_error),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
