/* SPDX-License-Identifier: MIT */
/*
 * Deadlines cost nothing per request: each phase has one time-out, so its list,
 * appended to at the tail, is sorted by deadline, and a tick a second looks at
 * the heads.  A deadline is met within the second after it.
 */
#include "http/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

struct refusal {
	unsigned status;
	const char *text;
	const char *fields;
};

static const struct refusal REFUSALS[HTTP_REFUSALS] = {
	{400,
		"Bad Request: not HTTP/1.1 as RFC 9112 has it, or content "
		"where none is taken\n",
		NULL},
	{405, "Method Not Allowed: there is only GET, HEAD and OPTIONS\n",
		ALLOW},
	{408, "Request Timeout: the request did not arrive in time\n", NULL},
	{412, "Precondition Failed\n", NULL},
	{414, "URI Too Long\n", NULL},
	{417, "Expectation Failed: only 100-continue is known\n", NULL},
	{431, "Request Header Fields Too Large\n", NULL},
	{500, "Internal Server Error\n", NULL},
	{501, "Not Implemented: unknown method or transfer coding\n", NULL},
	{505, "HTTP Version Not Supported: this is HTTP/1.1\n", NULL},
};

static const struct http_response_parts OPTIONS_PARTS = {
	.status = 204,
	.cors = true,
	.fields = ALLOW "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
			"Access-Control-Allow-Headers: *\r\n"
			"Access-Control-Max-Age: 86400\r\n",
};

void
http_server_update_date(struct http_server *s)
{
	/* seconds are all that is needed, and time() makes no system call */
	int64_t now = (int64_t)time(NULL);
	char *p = s->head;

	if (now == s->date_of)
		return;
	s->date_of = now;
	p = stpcpy(p, HTTP_OK_LINE "Date: ");
	http_date_format(p, now);
	memcpy(p + HTTP_DATE_LEN, "\r\n", 3);
}

static unsigned
time_out_of(const struct http_server *s, enum http_phase phase)
{
	switch (phase) {
	case HTTP_IDLE:
		return s->settings.idle_timeout;
	case HTTP_READING:
		return s->settings.header_timeout;
	case HTTP_WRITING:
		return s->settings.write_timeout;
	case HTTP_LINGERING:
	case HTTP_PHASES:
		break;
	}
	return s->settings.linger_timeout;
}

void
http_server_sweep(struct http_server *s, uint32_t now)
{
	struct http_connection *c;
	enum http_phase phase;
	unsigned time_out;

	s->now = now;
	http_server_update_date(s);
	for (phase = HTTP_IDLE; phase < HTTP_PHASES; phase++) {
		time_out = time_out_of(s, phase);
		c = TAILQ_FIRST(&s->lists[phase]);
		/* since is up to a second before the event */
		while (c != NULL && now - c->since > time_out) {
			http_connection_expire(c); /* off this list */
			c = TAILQ_FIRST(&s->lists[phase]);
		}
	}
}

static uint32_t
seconds(void)
{
	return (uint32_t)(clock_monotonic_ms() / 1000);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;

	(void)fd;
	(void)what;
	http_server_sweep(s, seconds());
	if (s->starved)
		http_server_recover(s);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	http_connections_take_turns(arg);
}

const struct http_response *
http_server_refusal(const struct http_server *s, unsigned status)
{
	size_t i = 0;

	while (i < HTTP_REFUSALS - 1 && REFUSALS[i].status != status)
		i++;
	return s->refusals[i];
}

static int
make_responses(struct http_server *s, struct error *e)
{
	struct http_response_parts parts = {
		.content_type = "text/plain; charset=utf-8"};
	size_t i;

	for (i = 0; i < HTTP_REFUSALS; i++) {
		parts.status = REFUSALS[i].status;
		parts.fields = REFUSALS[i].fields;
		parts.content = REFUSALS[i].text;
		parts.content_len = strlen(REFUSALS[i].text);
		s->refusals[i] = http_response_new(&parts, e);
		if (s->refusals[i] == NULL)
			return -1;
	}
	s->options = http_response_new(&OPTIONS_PARTS, e);
	return s->options == NULL ? -1 : 0;
}

static int
start(struct http_server *s, struct error *e)
{
	static const struct timeval SECOND = {1, 0};
	const int needed = EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE;

	if ((event_base_get_features(s->base) & needed) != needed)
		return error_set(e, ERROR_SYS,
			"libevent's %s has no edge-triggered events",
			event_base_get_method(s->base));
	if (make_responses(s, e) != 0)
		return -1;
	s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->reserve < 0)
		return error_sys(e, "/dev/null");
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	s->turn = event_new(s->base, -1, 0, on_turn, s);
	if (s->tick == NULL || s->turn == NULL ||
		event_add(s->tick, &SECOND) != 0)
		return error_set(e, ERROR_SYS, "cannot add a timer");
	return 0;
}

struct http_server *
http_server_new(struct event_base *base, struct http_gate *gate,
	const struct http_settings *settings, struct error *e)
{
	struct http_server *s = calloc(1, sizeof(*s));
	int i;

	if (s == NULL) {
		error_nomem(e);
		return NULL;
	}
	s->base = base;
	s->gate = gate;
	s->settings = *settings;
	s->reserve = -1;
	s->now = seconds();
	LIST_INIT(&s->listeners);
	TAILQ_INIT(&s->turns);
	TAILQ_INIT(&s->spare);
	for (i = 0; i < HTTP_PHASES; i++)
		TAILQ_INIT(&s->lists[i]);
	http_server_update_date(s);
	if (start(s, e) != 0) {
		http_server_free(s);
		return NULL;
	}
	return s;
}

static void
close_listeners(struct http_server *s)
{
	struct http_listener *l;

	while (!LIST_EMPTY(&s->listeners)) {
		l = LIST_FIRST(&s->listeners);
		LIST_REMOVE(l, link);
		http_listener_free(l);
	}
}

void
http_server_free(struct http_server *s)
{
	struct http_connection *c;
	int i;

	if (s == NULL)
		return;
	close_listeners(s);
	for (i = 0; i < HTTP_PHASES; i++) {
		while (!TAILQ_EMPTY(&s->lists[i]))
			http_connection_close(TAILQ_FIRST(&s->lists[i]));
	}
	while (!TAILQ_EMPTY(&s->spare)) {
		c = TAILQ_FIRST(&s->spare);
		TAILQ_REMOVE(&s->spare, c, link);
		free(c);
	}
	for (i = 0; i < HTTP_REFUSALS; i++)
		http_response_free(s->refusals[i]);
	http_response_free(s->options);
	if (s->tick != NULL)
		event_free(s->tick);
	if (s->turn != NULL)
		event_free(s->turn);
	if (s->reserve >= 0)
		close(s->reserve);
	http_tls_unref(s->tls);
	free(s->wire);
	free(s);
}

static int
listen_on(struct http_server *s, int fd, bool tls, struct error *e)
{
	struct http_listener *l = http_listener_new(s, fd, tls, e);

	if (l == NULL) {
		close(fd);
		return -1;
	}
	LIST_INSERT_HEAD(&s->listeners, l, link);
	return 0;
}

int
http_server_listen(struct http_server *s, int fd, struct error *e)
{
	return listen_on(s, fd, false, e);
}

int
http_server_listen_tls(struct http_server *s, int fd, struct error *e)
{
	if (http_stream_set_up(s, e) != 0) {
		close(fd);
		return -1;
	}
	return listen_on(s, fd, true, e);
}

void
http_server_use_tls(struct http_server *s, struct http_tls *tls)
{
	http_tls_unref(s->tls);
	s->tls = tls;
}

void
http_server_drain(struct http_server *s)
{
	s->draining = true;
}

bool
http_server_has_idle(const struct http_server *s)
{
	return !TAILQ_EMPTY(&s->lists[HTTP_IDLE]);
}

void
http_server_stop_accepting(struct http_server *s)
{
	struct http_listener *l;

	/* connections in the queue would be reset with their listener */
	LIST_FOREACH(l, &s->listeners, link) {
		http_listener_empty(l);
	}
	close_listeners(s);
}

size_t
http_server_connections(const struct http_server *s)
{
	return atomic_load_explicit(&s->connections, memory_order_relaxed);
}

uint64_t
http_server_counter(const struct http_server *s, enum http_counter which)
{
	return atomic_load_explicit(&s->counters[which], memory_order_relaxed);
}

const char *
http_counter_name(enum http_counter which)
{
	switch (which) {
	case HTTP_COUNT_ACCEPTED:
		return "accepted";
	case HTTP_COUNT_SHED_TOTAL:
		return "shed_total";
	case HTTP_COUNT_SHED_ADDRESS:
		return "shed_address";
	case HTTP_COUNT_SHED_DESCRIPTORS:
		return "shed_descriptors";
	case HTTP_COUNT_SHED_PROXY:
		return "shed_proxy";
	case HTTP_COUNT_EVICTED:
		return "evicted";
	case HTTP_COUNT_TIMEOUT_HEADER:
		return "timeout_header";
	case HTTP_COUNT_TIMEOUT_IDLE:
		return "timeout_idle";
	case HTTP_COUNT_TIMEOUT_WRITE:
		return "timeout_write";
	case HTTP_COUNT_TLS_FULL:
		return "tls_full";
	case HTTP_COUNT_TLS_RESUMED:
		return "tls_resumed";
	case HTTP_COUNT_TLS_FAILED:
		return "tls_failed";
	case HTTP_COUNT_BYTES_SENT:
		return "bytes_sent";
	case HTTP_COUNT_2XX:
		return "2xx";
	case HTTP_COUNT_304:
		return "304";
	case HTTP_COUNT_404:
		return "404";
	case HTTP_COUNT_4XX:
		return "4xx";
	case HTTP_COUNT_5XX:
		return "5xx";
	case HTTP_COUNTERS:
		break;
	}
	return "";
}
