/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"

/* A turn of the loop may make events for the next one. */
#define TURNS 4
#define READ_SIZE 65536

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
	abort();
}

static struct http_response *
make(unsigned status, const void *content, size_t len, struct error *e)
{
	struct http_response_parts parts = {
		.status = status,
		.content_type = "application/json",
		.cache_control = status == 200 ? "public, max-age=3600" : NULL,
		.modified = status == 200 ? HTTP_CASES_MODIFIED : 0,
		.etag = status == 200,
		.cors = true,
		.content = content,
		.content_len = len,
	};

	return http_response_new(&parts, e);
}

static bool
path_is(const struct http_request *req, const char *path)
{
	return req->path.len == strlen(path) &&
	       memcmp(req->path.p, path, req->path.len) == 0;
}

static void
handle(void *arg, const struct http_request *req, struct http_answer *answer)
{
	struct harness *h = arg;
	char *content;

	answer->tag = 7;
	if (path_is(req, "/doc")) {
		answer->response = h->doc;
	} else if (path_is(req, "/big")) {
		content = malloc(h->big_len);
		if (content == NULL)
			return;
		memset(content, 'b', h->big_len);
		answer->response = make(200, content, h->big_len, NULL);
		answer->owned = true;
		free(content);
	} else if (!path_is(req, "/nothing")) {
		answer->response = h->missing;
	}
}

static void
observe(void *arg, const struct http_exchange *x)
{
	struct harness *h = arg;

	h->observed++;
	h->last = *x;
	h->last_had_request = x->req != NULL;
	h->observed_bytes += x->bytes;
}

void
harness_start(struct harness *h, size_t total, size_t per_address)
{
	struct http_settings settings = {
		.header_timeout = HEADER_TIMEOUT,
		.idle_timeout = IDLE_TIMEOUT,
		.write_timeout = WRITE_TIMEOUT,
		.linger_timeout = LINGER_TIMEOUT,
		.proxies = &h->proxies,
		.n_proxies = 1,
		.handler = handle,
		.observer = observe,
		.arg = h,
	};
	struct error e = {0};

	memset(h, 0, sizeof(*h));
	h->big_len = BIG_LEN;
	need(http_prefix_parse("198.51.100.0/24", &h->proxies, &e) == 0,
		e.text);
	h->base = event_base_new();
	h->gate = http_gate_new(total, per_address);
	h->doc = make(200, DOC, strlen(DOC), &e);
	h->missing = make(404, "{}", 2, &e);
	need(h->base != NULL && h->gate != NULL && h->doc != NULL &&
			h->missing != NULL,
		"start");
	h->server = http_server_new(h->base, h->gate, &settings, &e);
	need(h->server != NULL, e.text);
	/* time passes when the test says so */
	event_del(h->server->tick);
	h->now = h->server->now;
}

void
harness_stop(struct harness *h)
{
	http_server_free(h->server);
	http_gate_free(h->gate);
	http_response_free(h->doc);
	http_response_free(h->missing);
	event_base_free(h->base);
}

static int
connect_to(struct harness *h, bool tls, const union http_peer *peer, int buffer)
{
	int fds[2];
	int i;

	need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		     fds) == 0,
		"socketpair");
	for (i = 0; i < 2 && buffer > 0; i++) {
		need(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer,
			     sizeof(buffer)) == 0,
			"SO_SNDBUF");
	}
	http_server_take(h->server, fds[0], tls, peer, sizeof(*peer));
	return fds[1];
}

int
harness_connect_from(struct harness *h, const union http_peer *peer, int buffer)
{
	return connect_to(h, false, peer, buffer);
}

int
harness_connect(struct harness *h, int buffer)
{
	const union http_peer peer = {.sa = {.sa_family = AF_UNIX}};

	return connect_to(h, false, &peer, buffer);
}

int
harness_connect_tls(struct harness *h, int buffer)
{
	const union http_peer peer = {.sa = {.sa_family = AF_UNIX}};

	return connect_to(h, true, &peer, buffer);
}

void
harness_use_tls(struct harness *h, struct http_tls *tls)
{
	need(http_stream_set_up(h->server, NULL) == 0, "TLS");
	http_server_use_tls(h->server, http_tls_ref(tls));
}

void
harness_run(struct harness *h)
{
	int i;

	for (i = 0; i < TURNS; i++)
		event_base_loop(h->base, EVLOOP_NONBLOCK);
}

void
harness_pass(struct harness *h, unsigned seconds)
{
	h->now += seconds;
	http_server_sweep(h->server, h->now);
	harness_run(h);
}

void
harness_write(int fd, const void *bytes, size_t len)
{
	need(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len, "send");
}

char *
harness_read(int fd, size_t *len, bool *ended)
{
	char *bytes = NULL;
	ssize_t n;

	*len = 0;
	*ended = false;
	do {
		bytes = realloc(bytes, *len + READ_SIZE + 1);
		need(bytes != NULL, "realloc");
		n = recv(fd, bytes + *len, READ_SIZE, MSG_DONTWAIT);
		if (n > 0)
			*len += (size_t)n;
	} while (n > 0);
	need(n == 0 || errno == EAGAIN || errno == ECONNRESET, "recv");
	*ended = n == 0 || errno == ECONNRESET;
	bytes[*len] = '\0';
	return bytes;
}

/* The value of a field, NULL when it is not there. */
static const char *
field(const char *bytes, const char *end, const char *name)
{
	const char *p = strstr(bytes, name);

	return p == NULL || p > end ? NULL : p + strlen(name);
}

bool
harness_reply(const char *bytes, size_t len, bool head, struct reply *reply)
{
	const char *end;
	const char *value;

	memset(reply, 0, sizeof(*reply));
	end = memmem(bytes, len, "\r\n\r\n", 4);
	if (end == NULL)
		return false;
	need(sscanf(bytes, "HTTP/1.1 %3u ", &reply->status) == 1, "reply");
	reply->fields_len = (size_t)(end - bytes) + 4;
	reply->len = reply->fields_len;
	value = field(bytes, end, "\r\nConnection: ");
	reply->close = value != NULL && strncmp(value, "close\r\n", 7) == 0;
	reply->keep_alive =
		value != NULL && strncmp(value, "keep-alive\r\n", 12) == 0;
	value = field(bytes, end, "\r\nContent-Length: ");
	if (value != NULL && !head)
		reply->len += strtoul(value, NULL, 10);
	/* every answer has its time */
	need(field(bytes, end, "\r\nDate: ") != NULL, "no Date");
	need(field(bytes, end, "\r\nCache-Control: ") != NULL,
		"no Cache-Control");
	return reply->len <= len;
}
