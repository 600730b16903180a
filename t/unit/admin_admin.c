/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin.h"
#include "http/listener.h"

static struct http_span
span(const char *text)
{
	return (struct http_span){
		text, text == NULL ? 0 : (uint32_t)strlen(text)};
}

/* Ask the handler; the caller frees the response. */
static struct http_response *
ask(struct admin_sample *s, enum http_method method, const char *path,
	const char *query)
{
	const struct http_request req = {
		.method = method,
		.path = span(path),
		.query = span(query),
	};
	struct http_answer answer = {0};

	admin_handle(&s->view, &req, &answer);
	assert_non_null(answer.response);
	assert_true(answer.owned);
	return (struct http_response *)answer.response;
}

static bool
has_field(const struct http_response *r, const char *line)
{
	size_t len;
	const char *fields = http_response_fields(r, &len);

	return memmem(fields, len, line, strlen(line)) != NULL;
}

static void
test_routes(void **state)
{
	static const struct {
		enum http_method method;
		const char *path, *query;
		unsigned status;
		const char *type;
	} cases[] = {
		{HTTP_GET, "/livez", NULL, 200, "text/plain; charset=utf-8"},
		{HTTP_HEAD, "/readyz", NULL, 200, "text/plain; charset=utf-8"},
		{HTTP_GET, "/readyz", "verbose", 200,
			"text/plain; charset=utf-8"},
		{HTTP_GET, "/metrics", NULL, 200, METRIC_CONTENT_TYPE},
		{HTTP_GET, "/status.json", NULL, 200, "application/json"},
		{HTTP_GET, "/", NULL, 200, "text/html; charset=utf-8"},
		{HTTP_GET, "/", "issuer=nobody", 404,
			"text/html; charset=utf-8"},
		{HTTP_GET, "/", "q=%zz", 400, "text/plain; charset=utf-8"},
		{HTTP_GET, "/livez/", NULL, 404, "text/plain; charset=utf-8"},
		{HTTP_GET, "/live", NULL, 404, "text/plain; charset=utf-8"},
		{HTTP_GET, "//", NULL, 404, "text/plain; charset=utf-8"},
		{HTTP_GET, "/Metrics", NULL, 404, "text/plain; charset=utf-8"},
		{HTTP_OPTIONS, "*", NULL, 404, "text/plain; charset=utf-8"},
	};
	struct admin_sample *s = admin_sample_new(2);
	char type[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_response *r =
			ask(s, cases[i].method, cases[i].path, cases[i].query);

		assert_int_equal(http_response_status(r), cases[i].status);
		snprintf(type, sizeof(type), "Content-Type: %s\r\n",
			cases[i].type);
		assert_true(has_field(r, type));
		assert_true(has_field(r, "Cache-Control: no-store\r\n"));
		assert_true(
			has_field(r, "X-Content-Type-Options: nosniff\r\n"));
		assert_false(has_field(r, "Access-Control-"));
		http_response_free(r);
	}
	admin_sample_free(s);
}

static void
test_page_may_load_nothing(void **state)
{
	struct admin_sample *s = admin_sample_new(1);
	struct http_response *r = ask(s, HTTP_GET, "/", NULL);

	(void)state;
	assert_true(
		has_field(r, "Content-Security-Policy: default-src 'none'; "));
	assert_true(has_field(r, "frame-ancestors 'none'"));
	assert_true(has_field(r, "X-Frame-Options: DENY\r\n"));
	assert_true(has_field(r, "Referrer-Policy: no-referrer\r\n"));
	http_response_free(r);
	admin_sample_free(s);
}

static void
test_other_methods_render_nothing(void **state)
{
	struct admin_sample *s = admin_sample_new(1);
	struct http_response *r;
	size_t len;

	(void)state;
	r = ask(s, HTTP_OPTIONS, "/metrics", NULL);
	assert_int_equal(http_response_status(r), 204);
	http_response_content(r, &len);
	assert_int_equal(len, 0);
	http_response_free(r);
	r = ask(s, HTTP_OTHER, "/nothing", NULL);
	assert_int_equal(http_response_status(r), 404);
	http_response_free(r);
	admin_sample_free(s);
}

static struct http_server *
serve(struct admin_sample *s, int *port)
{
	const struct http_settings settings = {
		.header_timeout = 10,
		.idle_timeout = 75,
		.write_timeout = 30,
		.linger_timeout = 2,
		.handler = admin_handle,
		.arg = &s->view,
	};
	struct http_address address;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	struct http_server *server;
	int fd;

	assert_int_equal(http_address_parse("127.0.0.1:0", &address, NULL), 0);
	fd = http_listen(&address, false, NULL);
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*port = ntohs(sin.sin_port);
	server = http_server_new(s->base, s->view.gate, &settings, NULL);
	assert_non_null(server);
	assert_int_equal(http_server_listen(server, fd, NULL), 0);
	return server;
}

/* Send a request that ends the connection, and read all of the answer while
 * the server runs on this thread. */
static void
fetch(struct event_base *base, int port, const char *path, struct buf *answer)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char request[128], bytes[4096];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ssize_t n;

	snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n",
		path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(send(fd, request, strlen(request), 0),
		(ssize_t)strlen(request));
	for (n = 1; n != 0;) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n > 0)
			buf_append(answer, bytes, (size_t)n);
		else if (n < 0)
			assert_int_equal(errno, EAGAIN);
	}
	close(fd);
}

static void
test_through_a_server(void **state)
{
	struct admin_sample *s = admin_sample_new(40);
	const struct http_server *spare = s->workers[0].server;
	struct http_server *server;
	struct buf b = BUF_INIT;
	int port;

	(void)state;
	server = serve(s, &port);
	s->workers[0].server = server;
	fetch(s->base, port, "/readyz?verbose", &b);
	assert_non_null(strstr(b.data, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(b.data, "\r\n\r\n[+]running ok"));
	buf_release(&b);
	fetch(s->base, port, "/nothing", &b);
	assert_non_null(strstr(b.data, "HTTP/1.1 404 Not Found\r\n"));
	buf_release(&b);
	fetch(s->base, port, "/metrics", &b);
	assert_non_null(strstr(b.data, "\njwksd_requests_total{worker=\"0\","
				       "class=\"2xx\"} 1\n"));
	assert_non_null(strstr(b.data, "\njwksd_requests_total{worker=\"0\","
				       "class=\"404\"} 1\n"));
	assert_string_equal(b.data + b.len - 6, "# EOF\n");
	buf_release(&b);
	assert_int_equal(http_server_counter(server, HTTP_COUNT_ACCEPTED), 3);
	assert_int_equal(http_server_connections(server), 0);
	s->workers[0].server = spare;
	http_server_free(server);
	admin_sample_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_page_may_load_nothing),
		cmocka_unit_test(test_other_methods_render_nothing),
		cmocka_unit_test(test_through_a_server),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
