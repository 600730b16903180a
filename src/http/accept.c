/* SPDX-License-Identifier: MIT */
/*
 * A listener always makes progress or pauses.  Its event is level-triggered,
 * so each wake-up must take something from the queue: when there are no
 * descriptors, an idle connection is ended for the new one; when there is none,
 * the reserve descriptor is given up for as long as it takes to accept the new
 * connection and close it; and when even that fails, the listener sleeps until
 * a connection ends or the next tick comes, instead of spinning.  The first
 * descriptor that becomes free is the reserve's: without it there would be no
 * end to the sleeping while the queue is long.
 */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A wake-up takes one connection, as most have no more; after one that found
 * several, and now and then to find out, it takes all up to a limit.  So a
 * quiet listener makes no call that only learns that the queue is empty. */
#define ACCEPT_MAX 64
#define PROBE_EVERY 8

static void
pause_listener(struct http_listener *l)
{
	event_del(l->event);
	l->paused = true;
	l->server->starved = true;
}

static void
take_reserve(struct http_server *s)
{
	s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->reserve < 0)
		s->starved = true;
}

void
http_server_recover(struct http_server *s)
{
	struct http_listener *l;

	s->starved = false;
	if (s->reserve < 0)
		take_reserve(s);
	LIST_FOREACH(l, &s->listeners, link) {
		if (!l->paused)
			continue;
		if (event_add(l->event, NULL) == 0)
			l->paused = false;
		else
			s->starved = true;
	}
}

/* End the longest idle connection. */
static bool
evict(struct http_server *s)
{
	struct http_connection *c = TAILQ_FIRST(&s->lists[HTTP_IDLE]);

	if (c == NULL)
		return false;
	http_connection_close(c);
	http_count(s, HTTP_COUNT_EVICTED, 1);
	return true;
}

/* Accept and close one with the reserve's descriptor. */
static bool
shed(struct http_listener *l)
{
	struct http_server *s = l->server;
	int fd;

	if (s->reserve >= 0)
		close(s->reserve);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		http_count(s, HTTP_COUNT_SHED_DESCRIPTORS, 1);
	}
	take_reserve(s);
	return fd >= 0 && s->reserve >= 0;
}

/* Whether to go on accepting. */
static bool
on_accept_error(struct http_listener *l, int err)
{
	switch (err) {
	case EAGAIN:
		return false;
	/* the connection went away, or brought an error of its own with it
	 * (accept(2)): it is out of the queue */
	case EINTR:
	case ECONNABORTED:
	case EPERM:
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
		return true;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (evict(l->server) || shed(l))
			return true;
		break;
	default:
		break;
	}
	pause_listener(l);
	return false;
}

static bool
accept_one(struct http_listener *l)
{
	union http_peer peer = {.sa = {.sa_family = AF_UNSPEC}};
	socklen_t len = sizeof(peer);
	int fd;

	fd = accept4(l->fd, &peer.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return on_accept_error(l, errno);
	/* a Unix socket's name may be longer: only its family is kept */
	http_server_take(l->server, fd, l->tls, &peer,
		len < sizeof(peer) ? len : (socklen_t)sizeof(peer));
	return true;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct http_listener *l = arg;
	unsigned max = 1;
	unsigned n = 0;

	(void)fd;
	(void)what;
	http_server_update_date(l->server);
	if (l->busy || ++l->wakes % PROBE_EVERY == 0)
		max = ACCEPT_MAX;
	while (n < max && accept_one(l))
		n++;
	l->busy = n > 1;
}

void
http_listener_empty(struct http_listener *l)
{
	unsigned n = 0;

	while (n < SOMAXCONN && accept_one(l))
		n++;
}

struct http_listener *
http_listener_new(struct http_server *s, int fd, bool tls, struct error *e)
{
	struct http_listener *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		error_nomem(e);
		return NULL;
	}
	l->server = s;
	l->fd = fd;
	l->tls = tls;
	l->event = event_new(s->base, fd, EV_READ | EV_PERSIST, on_accept, l);
	if (l->event == NULL || event_add(l->event, NULL) != 0) {
		error_set(e, ERROR_SYS, "cannot watch a listening socket");
		if (l->event != NULL)
			event_free(l->event);
		free(l);
		return NULL;
	}
	return l;
}

void
http_listener_free(struct http_listener *l)
{
	event_free(l->event);
	close(l->fd);
	free(l);
}

void
http_server_take(struct http_server *s, int fd, bool tls,
	const union http_peer *peer, socklen_t peer_len)
{
	struct http_gate_entry *place;
	enum http_admission admission;

	admission = http_gate_enter(s->gate, &peer->sa, &place);
	if (admission == HTTP_FULL && evict(s))
		admission = http_gate_enter(s->gate, &peer->sa, &place);
	switch (admission) {
	case HTTP_ADMITTED:
		if (http_connection_open(s, fd, tls, peer, peer_len, place) ==
			0) {
			http_count(s, HTTP_COUNT_ACCEPTED, 1);
			return;
		}
		http_gate_leave(s->gate, place);
		http_count(s, HTTP_COUNT_SHED_DESCRIPTORS, 1);
		break;
	case HTTP_NO_MEMORY:
		http_count(s, HTTP_COUNT_SHED_DESCRIPTORS, 1);
		break;
	case HTTP_FULL:
		http_count(s, HTTP_COUNT_SHED_TOTAL, 1);
		break;
	case HTTP_ADDRESS_FULL:
		http_count(s, HTTP_COUNT_SHED_ADDRESS, 1);
		break;
	}
	close(fd);
}
