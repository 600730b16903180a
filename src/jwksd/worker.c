/* SPDX-License-Identifier: MIT */
/*
 * The hand-over of a catalog has no lock and no count: the main thread stores
 * a pointer and rings; the worker loads it between two wake-ups and answers
 * with the generation it now serves.  What that generation replaced may be
 * freed when every worker has said so (publisher.c).
 */
#include "jwksd/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/listener.h"

#define NOTES_A_SECOND 8 /* fetches noted for the status page */

/* Between two looks at what may wait; and at the end of a drain, for which the
 * clients of a restart are waiting. */
static const struct timeval TICK = {0, 250000};
static const struct timeval DRAIN_TICK = {0, 10000};

enum command {
	COMMAND_NONE,
	COMMAND_DRAIN,
	COMMAND_STOP,
};

struct worker {
	unsigned index;
	const struct worker_shared *shared;
	pthread_t thread;
	bool started;

	/* between the threads */
	int wake; /* eventfd: there is something for the worker */
	_Atomic(const struct oidc_catalog *) latest;
	_Atomic uint64_t generation;
	_Atomic(struct http_tls *) next_tls; /* a reference, or NULL */
	atomic_int command;
	atomic_bool ended;

	/* the worker's own */
	struct event_base *base;
	struct event *wake_event;
	struct event *tick_event;
	struct http_server *server;
	struct access_writer *access;
	const struct oidc_catalog *catalog;
	const struct oidc_documents *answered; /* for the observer */
	bool draining;
	int64_t note_second;
	unsigned notes_left;

	pthread_mutex_t notes_lock; /* taken some times a second at the most */
	struct worker_fetch notes[WORKER_FETCHES];
	uint64_t notes_count;
};

/* --- answering ---------------------------------------------------------- */

/* What somebody is told who asks for nobody's documents; one for all. */
static struct http_response *not_found;
static pthread_once_t not_found_once = PTHREAD_ONCE_INIT;

static void
make_not_found(void)
{
	static const char text[] = "no such document\n";
	const struct http_response_parts parts = {.status = 404,
		.content_type = "text/plain; charset=utf-8",
		.content = text,
		.content_len = sizeof(text) - 1,
		.cors = true};

	not_found = http_response_new(&parts, NULL);
}

static void
handle(void *arg, const struct http_request *req, struct http_answer *answer)
{
	struct worker *w = arg;
	const struct oidc_documents *docs;
	enum oidc_kind kind = OIDC_DISCOVERY;

	docs = oidc_catalog_find(w->catalog, req->host.p, req->host.len,
		req->path.p, req->path.len, &kind);
	w->answered = docs;
	answer->tag = kind;
	answer->response = docs != NULL ? docs->response[kind] : not_found;
}

/* Remember who came by, so many times a second at the most. */
static void
note_fetch(struct worker *w, const struct http_exchange *x, uint32_t slot)
{
	struct worker_fetch *note;
	struct http_span agent = x->req->user_agent;
	char peer[HTTP_ADDRESS_TEXT_MAX];
	size_t i, len;

	if (x->when != w->note_second) {
		w->note_second = x->when;
		w->notes_left = NOTES_A_SECOND;
	}
	if (w->notes_left == 0)
		return;
	w->notes_left--;
	http_address_text(x->peer, x->peer_len, peer);
	pthread_mutex_lock(&w->notes_lock);
	note = &w->notes[w->notes_count++ % WORKER_FETCHES];
	note->when = x->when;
	note->slot = slot;
	note->kind = (uint8_t)x->tag;
	note->status = x->status;
	len = agent.p == NULL ? 0 : agent.len;
	if (len > sizeof(note->agent) - 1)
		len = sizeof(note->agent) - 1;
	for (i = 0; i < len; i++)
		note->agent[i] = agent.p[i] >= ' ' && agent.p[i] <= '~'
					 ? agent.p[i]
					 : '?';
	note->agent[len] = '\0';
	snprintf(note->peer, sizeof(note->peer), "%.63s", peer);
	note->peer_class = http_address_class(x->peer);
	pthread_mutex_unlock(&w->notes_lock);
}

static void
observe(void *arg, const struct http_exchange *x)
{
	struct worker *w = arg;
	const struct oidc_documents *docs = w->answered;
	enum oidc_kind kind = (enum oidc_kind)x->tag;

	w->answered = NULL;
	if (docs != NULL && (x->status == 200 || x->status == 304)) {
		oidc_tally_count(
			w->shared->tally, w->index, docs->slot, kind, x->when);
		note_fetch(w, x, docs->slot);
	}
	if (w->access != NULL)
		access_write(w->access, x,
			docs == NULL ? NULL : oidc_kind_name(kind),
			oidc_catalog_generation(w->catalog));
}

/* --- the thread --------------------------------------------------------- */

static void
ring(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void
take_catalog(struct worker *w)
{
	const struct oidc_catalog *latest;

	latest = atomic_load_explicit(&w->latest, memory_order_acquire);
	if (latest == w->catalog)
		return;
	w->catalog = latest;
	atomic_store_explicit(&w->generation, oidc_catalog_generation(latest),
		memory_order_release);
	ring(w->shared->wake_main);
}

static void
take_tls(struct worker *w)
{
	struct http_tls *tls = atomic_exchange(&w->next_tls, NULL);

	if (tls != NULL)
		http_server_use_tls(w->server, tls);
}

/* Newcomers are taken in until nobody is idle: then the end is near. */
static void
go_on_draining(struct worker *w)
{
	if (!w->draining)
		return;
	if (!http_server_has_idle(w->server))
		http_server_stop_accepting(w->server);
	if (http_server_connections(w->server) == 0)
		event_base_loopbreak(w->base);
}

static void
start_draining(struct worker *w)
{
	if (!w->draining) {
		http_server_drain(w->server);
		/* if this fails, the end is seen a little later */
		(void)event_add(w->tick_event, &DRAIN_TICK);
	}
	w->draining = true;
	go_on_draining(w);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0) {
		/* rung twice, read once */
	}
	take_catalog(w);
	take_tls(w);
	switch (atomic_load(&w->command)) {
	case COMMAND_STOP:
		http_server_stop_accepting(w->server);
		event_base_loopbreak(w->base);
		break;
	case COMMAND_DRAIN:
		start_draining(w);
		break;
	default:
		break;
	}
}

/* What may wait, and the end of a drain. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	if (w->access != NULL)
		access_flush(w->access);
	go_on_draining(w);
}

static void *
run(void *arg)
{
	struct worker *w = arg;
	char name[16];

	/* by itself: to name another thread is to write below /proc */
	snprintf(name, sizeof(name), "worker-%u", w->index % 1000);
	pthread_setname_np(pthread_self(), name);
	take_tls(w);
	event_base_dispatch(w->base);
	if (w->access != NULL)
		access_flush(w->access);
	/* a worker that has ended looks at no catalog any more */
	atomic_store_explicit(&w->generation, UINT64_MAX, memory_order_release);
	atomic_store(&w->ended, true);
	ring(w->shared->wake_main);
	return NULL;
}

/* --- the main thread's side --------------------------------------------- */

static struct event_base *
new_base(struct error *e)
{
	struct event_config *config;
	struct event_base *base = NULL;

	config = event_config_new();
	if (config != NULL &&
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	if (base == NULL)
		error_set(e, ERROR_SYS, "an event base cannot be made");
	return base;
}

static int
add_events(struct worker *w, struct error *e)
{
	w->wake_event =
		event_new(w->base, w->wake, EV_READ | EV_PERSIST, on_wake, w);
	w->tick_event = event_new(w->base, -1, EV_PERSIST, on_tick, w);
	if (w->wake_event == NULL || w->tick_event == NULL ||
		event_add(w->wake_event, NULL) != 0 ||
		event_add(w->tick_event, &TICK) != 0)
		return error_set(e, ERROR_SYS, "an event cannot be added");
	return 0;
}

static int
set_up(struct worker *w, struct error *e)
{
	const struct worker_shared *s = w->shared;
	const struct http_settings settings = {
		.header_timeout = s->header_timeout,
		.idle_timeout = s->idle_timeout,
		.write_timeout = s->write_timeout,
		.linger_timeout = s->linger_timeout,
		.proxies = s->proxies,
		.n_proxies = s->n_proxies,
		.handler = handle,
		.observer = observe,
		.arg = w,
	};

	pthread_once(&not_found_once, make_not_found);
	if (not_found == NULL)
		return error_nomem(e);
	w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->wake < 0)
		return error_sys(e, "eventfd");
	w->base = new_base(e);
	if (w->base == NULL || add_events(w, e) != 0)
		return -1;
	if (s->access != NULL) {
		w->access = access_writer_new(s->access);
		if (w->access == NULL)
			return error_nomem(e);
	}
	w->server = http_server_new(w->base, s->gate, &settings, e);
	return w->server == NULL ? -1 : 0;
}

struct worker *
worker_new(unsigned index, const struct worker_shared *shared,
	const struct oidc_catalog *first, struct error *e)
{
	struct worker *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		error_nomem(e);
		return NULL;
	}
	w->index = index;
	w->shared = shared;
	w->wake = -1;
	w->catalog = first;
	atomic_init(&w->latest, first);
	atomic_init(&w->generation, oidc_catalog_generation(first));
	pthread_mutex_init(&w->notes_lock, NULL);
	if (set_up(w, e) != 0) {
		error_wrap(e, "worker %u", index);
		worker_free(w);
		return NULL;
	}
	return w;
}

int
worker_listen(struct worker *w, int fd, bool tls, struct error *e)
{
	return tls ? http_server_listen_tls(w->server, fd, e)
		   : http_server_listen(w->server, fd, e);
}

int
worker_start(struct worker *w, struct error *e)
{
	sigset_t all, before;
	int rc;

	/* signals are the main thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		errno = rc;
		return error_sys(e, "worker %u: no thread", w->index);
	}
	w->started = true;
	return 0;
}

void
worker_publish(struct worker *w, const struct oidc_catalog *catalog)
{
	atomic_store_explicit(&w->latest, catalog, memory_order_release);
	ring(w->wake);
}

void
worker_use_tls(struct worker *w, struct http_tls *tls)
{
	/* the one before it may not have been taken */
	http_tls_unref(atomic_exchange(&w->next_tls, http_tls_ref(tls)));
	ring(w->wake);
}

uint64_t
worker_generation(const struct worker *w)
{
	return atomic_load_explicit(&w->generation, memory_order_acquire);
}

void
worker_drain(struct worker *w)
{
	atomic_store(&w->command, COMMAND_DRAIN);
	ring(w->wake);
}

void
worker_stop(struct worker *w)
{
	atomic_store(&w->command, COMMAND_STOP);
	ring(w->wake);
}

bool
worker_ended(const struct worker *w)
{
	return atomic_load(&w->ended);
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	if (w->started)
		pthread_join(w->thread, NULL);
	http_server_free(w->server);
	http_tls_unref(atomic_load(&w->next_tls));
	access_writer_free(w->access);
	if (w->wake_event != NULL)
		event_free(w->wake_event);
	if (w->tick_event != NULL)
		event_free(w->tick_event);
	if (w->base != NULL)
		event_base_free(w->base);
	if (w->wake >= 0)
		close(w->wake);
	pthread_mutex_destroy(&w->notes_lock);
	free(w);
}

const struct http_server *
worker_server(const struct worker *w)
{
	return w->server;
}

unsigned
worker_fetches(struct worker *w, struct worker_fetch out[WORKER_FETCHES])
{
	uint64_t i, n;

	pthread_mutex_lock(&w->notes_lock);
	n = w->notes_count < WORKER_FETCHES ? w->notes_count : WORKER_FETCHES;
	for (i = 0; i < n; i++)
		out[i] = w->notes[(w->notes_count - 1 - i) % WORKER_FETCHES];
	pthread_mutex_unlock(&w->notes_lock);
	return (unsigned)n;
}
