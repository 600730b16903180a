/* SPDX-License-Identifier: MIT */
/*
 * Assembly.  The main thread owns everything but the workers' connections: it
 * waits for signals, for changed files and for the admin listener's clients.
 * Reading is put off a little after a change, so that a burst of changes is
 * read once, and is done in slices, so that the admin pages stay alive.
 */
#include "jwksd/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/systemd.h"
#include "http/listener.h"
#include "jwksd/access.h"
#include "jwksd/certificates.h"
#include "jwksd/complain.h"
#include "jwksd/losses.h"
#include "jwksd/publisher.h"
#include "jwksd/sandbox.h"
#include "jwksd/sockets.h"
#include "jwksd/view.h"
#include "jwksd/worker.h"

#define MMAP_THRESHOLD 131072 /* bytes; glibc's at the start */
#define QUIET_MS 100          /* read when nothing has changed for so long */
#define QUIET_MAX_MS 1000     /* ... but do not wait longer than this */
#define SLICE_MS 50           /* of reading, before the loop turns again */
#define FLUSH_MS 5000         /* for writing records when stopping */
#define LINGER_S 5
#define ADMIN_CONNECTIONS 64
#define WORKERS_MAX 256

enum timer {
	TIMER_WORK,
	TIMER_SECOND,
	TIMER_WATCHDOG,
	TIMER_DRAIN,
	TIMERS,
};

#define SIGNALS 4

struct daemon {
	const char *config_path;
	char command[512]; /* how to call us with this configuration */
	struct config *config;
	struct event_base *base;
	struct sandbox sandbox;
	struct publisher *publisher;
	struct certificates *certificates;
	struct access_log *access;
	struct http_gate *gate;
	struct http_gate *admin_gate;
	struct http_server *admin;
	struct http_prefix *proxies; /* may speak for others */
	size_t n_proxies;
	struct worker_shared shared;
	struct worker *workers[WORKERS_MAX];
	size_t n_workers; /* that there are */
	unsigned wanted;  /* that there shall be */
	struct admin_worker rows[WORKERS_MAX];
	struct admin_view view;
	struct event *timers[TIMERS];
	struct event *signals[SIGNALS];
	struct event *wake;
	struct event *watch;
	struct losses losses;
	struct event *watch_tls;
	int64_t change_first; /* monotonic; of a burst, 0: none */
	bool draining;
	bool failed;
};

/* --- what happened ------------------------------------------------------ */

static void
told(void *arg, enum log_level level, const char *issuer, const char *text)
{
	struct daemon *d = arg;

	log_event(level, "publish", issuer, "%s", text);
	if (level != LOG_LEVEL_DEBUG)
		view_event(&d->view, clock_now(), level == LOG_LEVEL_INFO,
			issuer, text);
}

static void
published(void *arg, const struct oidc_catalog *catalog)
{
	struct daemon *d = arg;
	size_t i;

	for (i = 0; i < d->n_workers; i++)
		worker_publish(d->workers[i], catalog);
}

static void
told_tls(void *arg, enum log_level level, const char *text)
{
	struct daemon *d = arg;

	log_event(level, "tls", NULL, "%s", text);
	view_event(&d->view, clock_now(), level == LOG_LEVEL_INFO, NULL, text);
}

static void
certified(void *arg, struct http_tls *tls)
{
	struct daemon *d = arg;
	size_t i;

	for (i = 0; i < d->n_workers; i++)
		worker_use_tls(d->workers[i], tls);
}

static void
from_libevent(int severity, const char *text)
{
	log_event(severity >= EVENT_LOG_WARN ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
		"libevent", NULL, "%s", text);
}

/* --- reading again ------------------------------------------------------ */

static void
start_timer(struct daemon *d, enum timer which, int64_t ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	if (event_add(d->timers[which], &tv) != 0)
		log_error("jwksd", NULL, "a timer cannot be started");
}

/* Something changed: read when it has become quiet. */
static void
work_soon(struct daemon *d)
{
	int64_t now = clock_monotonic_ms(), wait = QUIET_MS;

	if (d->change_first == 0)
		d->change_first = now;
	if (d->change_first + QUIET_MAX_MS - now < wait)
		wait = d->change_first + QUIET_MAX_MS - now;
	start_timer(d, TIMER_WORK, wait < 0 ? 0 : wait);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	d->change_first = 0;
	certificates_look(d->certificates, clock_now());
	if (publisher_work(d->publisher, clock_now(), SLICE_MS))
		start_timer(d, TIMER_WORK, 0);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (publisher_watch_read(d->publisher))
		work_soon(d);
}

static void
tell_losses(struct daemon *d)
{
	uint64_t totals[LOSSES_KINDS] = {0};
	char text[300];
	size_t i, kind;

	for (i = 0; i < d->n_workers; i++)
		for (kind = 0; kind < LOSSES_KINDS; kind++)
			totals[kind] += http_server_counter(
				worker_server(d->workers[i]),
				losses_counters[kind]);
	if (losses_tell(&d->losses, totals, clock_monotonic_ms(), text,
		    sizeof(text)))
		log_warn("http", NULL, "%s", text);
}

static void
on_watch_tls(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (certificates_watch_read(d->certificates))
		work_soon(d);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	tell_losses(d);
	if (d->draining)
		return;
	publisher_scan(d->publisher, clock_now());
	certificates_second(d->certificates, clock_now());
	if (d->change_first == 0 &&
		!event_pending(d->timers[TIMER_WORK], EV_TIMEOUT, NULL))
		start_timer(d, TIMER_WORK, 0);
}

static void
on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	systemd_notify("WATCHDOG=1");
}

/* --- reload ------------------------------------------------------------- */

static bool
same_list(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
	size_t i;

	if (n_a != n_b)
		return false;
	for (i = 0; i < n_a; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

/* What a reload cannot change is said, not ignored. */
static void
tell_restart(const struct config *old, const struct config *new)
{
	const struct {
		const char *option;
		bool same;
	} table[] = {
		{"listen", same_list(old->listen, old->n_listen, new->listen,
				   new->n_listen)},
		{"proxy-protocol", same_list(old->proxies, old->n_proxies,
					   new->proxies, new->n_proxies)},
		{"admin", strcmp(old->admin, new->admin) == 0},
		{"workers", old->workers == new->workers},
		{"sandbox", old->sandbox == new->sandbox},
		{"access-log", strcmp(old->access_log, new->access_log) == 0},
		{"access-log-sample",
			old->access_log_sample == new->access_log_sample},
		{"header-timeout", old->header_timeout == new->header_timeout},
		{"idle-timeout", old->idle_timeout == new->idle_timeout},
		{"write-timeout", old->write_timeout == new->write_timeout},
		{"max-connections",
			old->max_connections == new->max_connections},
		{"max-connections-per-address",
			old->max_connections_per_address ==
				new->max_connections_per_address},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!table[i].same)
			log_warn("jwksd", NULL,
				"%s was changed: that takes effect when jwksd "
				"is restarted",
				table[i].option);
}

static void
reload_failed(struct daemon *d, const char *text)
{
	struct admin_view *view = &d->view;

	log_error("jwksd", NULL,
		"configuration not reloaded, the old one stays: %s", text);
	view->config_good = false;
	view->reloads_bad++;
	snprintf(
		view->config_problem, sizeof(view->config_problem), "%s", text);
	view_event(view, clock_now(), false, NULL, text);
}

static void
log_like(const struct config *config)
{
	log_threshold(config->log_level);
	log_set_format(strcmp(config->log_format, "json") == 0
			       ? LOG_FORMAT_JSON
			       : LOG_FORMAT_LOGFMT);
}

static void
take_config(struct daemon *d, struct config *config)
{
	tell_restart(d->config, config);
	config_free(d->config);
	d->config = config;
	log_like(config);
	d->view.config_good = true;
	d->view.config_problem[0] = '\0';
	d->view.config_read = clock_now();
	d->view.reloads_good++;
	d->view.rescan = config->rescan;
	view_event(&d->view, clock_now(), true, NULL, "configuration reloaded");
	log_info("jwksd", NULL, "configuration reloaded");
}

/* Reading a fleet leaves holes in the heap, which its documents do not fill. */
static void
give_memory_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* All of the new configuration, or nothing. */
static int
configure(struct daemon *d, const struct config *config, struct error *e)
{
	struct certificates_reading reading;
	int64_t now = clock_now();

	if (certificates_read(d->certificates, config, &reading, e) != 0)
		return -1;
	if (publisher_configure(d->publisher, config, now, e) != 0) {
		http_tls_unref(reading.tls);
		return -1;
	}
	certificates_take(d->certificates, config, &reading, now);
	return 0;
}

static void
reload(struct daemon *d)
{
	struct config_errors *errors;
	struct config *config = NULL;
	struct error e = {0};
	size_t i;

	systemd_notify_reloading();
	errors = calloc(1, sizeof(*errors));
	if (errors == NULL)
		reload_failed(d, "out of memory");
	else
		config = config_load(d->config_path, errors);
	if (config != NULL) {
		if (sandbox_check(&d->sandbox, d->config, config, &e) == 0 &&
			configure(d, config, &e) == 0) {
			take_config(d, config);
		} else {
			reload_failed(d, e.text);
			config_free(config);
		}
	} else if (errors != NULL) {
		for (i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++)
			reload_failed(d, errors->list[i].text);
	}
	free(errors);
	publisher_mark_all(d->publisher);
	publisher_work(d->publisher, clock_now(), 0);
	give_memory_back();
	systemd_notify("READY=1\nSTATUS=serving");
}

/* --- stopping ----------------------------------------------------------- */

static void
stop_workers(struct daemon *d)
{
	size_t i;

	for (i = 0; i < d->n_workers; i++)
		worker_stop(d->workers[i]);
}

static void
on_drain_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	log_warn("jwksd", NULL,
		"drain-timeout is over: closing what is still open");
	stop_workers(arg);
}

static void
drain(struct daemon *d)
{
	size_t i;

	if (d->draining) { /* told twice: now */
		stop_workers(d);
		return;
	}
	log_info("jwksd", NULL, "stopping: answering what is open");
	systemd_notify("STOPPING=1\nSTATUS=answering what is open");
	d->draining = true;
	d->view.draining = true;
	for (i = 0; i < d->n_workers; i++)
		worker_drain(d->workers[i]);
	start_timer(d, TIMER_DRAIN, (int64_t)d->config->drain_timeout * 1000);
}

/* A worker took a catalog, or has ended. */
static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	uint64_t oldest = UINT64_MAX, g, count;
	size_t i, ended = 0;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0) {
		/* rung twice, read once */
	}
	for (i = 0; i < d->n_workers; i++) {
		g = worker_generation(d->workers[i]);
		if (g < oldest)
			oldest = g;
		ended += worker_ended(d->workers[i]);
	}
	publisher_reclaim(d->publisher, oldest);
	if (ended == d->n_workers)
		event_base_loopbreak(d->base);
	else if (ended > 0 && !d->draining) {
		log_error("jwksd", NULL, "a worker ended by itself: stopping");
		d->failed = true;
		drain(d);
	}
}

static void
on_signal(evutil_socket_t signal, short what, void *arg)
{
	struct daemon *d = arg;
	struct error e = {0};

	(void)what;
	if (signal == SIGHUP && !d->draining) {
		reload(d);
	} else if (signal == SIGUSR1 && d->access != NULL) {
		if (access_log_reopen(d->access, &e) != 0)
			log_error("jwksd", NULL, "%s", e.text);
		else
			log_info("jwksd", NULL, "access log reopened");
	} else if (signal == SIGTERM || signal == SIGINT) {
		drain(d);
	}
}

/* --- the admin listener ------------------------------------------------- */

static void
handle_admin(
	void *arg, const struct http_request *req, struct http_answer *answer)
{
	struct daemon *d = arg;

	view_refresh(&d->view, d->publisher, d->workers, d->rows, d->n_workers);
	d->view.gate = d->gate;
	d->view.tls = certificates_tls(d->certificates);
	certificates_problem(d->certificates, clock_now(), d->view.tls_problem);
	admin_handle(&d->view, req, answer);
}

static int
start_admin(struct daemon *d, int fd, struct error *e)
{
	const struct http_settings settings = {
		.header_timeout = d->config->header_timeout,
		.idle_timeout = d->config->idle_timeout,
		.write_timeout = d->config->write_timeout,
		.linger_timeout = LINGER_S,
		.handler = handle_admin,
		.arg = d,
	};

	if (fd < 0)
		return 0;
	d->admin_gate = http_gate_new(ADMIN_CONNECTIONS, 0);
	if (d->admin_gate == NULL) {
		close(fd);
		return error_nomem(e);
	}
	d->admin = http_server_new(d->base, d->admin_gate, &settings, e);
	if (d->admin == NULL) {
		close(fd);
		return -1;
	}
	return http_server_listen(d->admin, fd, e);
}

/* --- starting ----------------------------------------------------------- */

/* A catalog is a large table that comes and goes: map it, so that it goes.  By
 * itself glibc raises the threshold when the first one is freed. */
static void
keep_heap_small(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
#endif
}

/* No core file may hold what was read, and as many descriptors as allowed. */
static void
limit_process(void)
{
	struct rlimit limit = {0, 0};

	if (setrlimit(RLIMIT_CORE, &limit) != 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_warn("jwksd", NULL, "core files cannot be turned off: %s",
			strerror(errno));
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			log_warn("jwksd", NULL,
				"the limit of open files stays as it is: %s",
				strerror(errno));
	}
	signal(SIGPIPE, SIG_IGN);
}

static int
add_timers(struct daemon *d, struct error *e)
{
	static const event_callback_fn callbacks[TIMERS] = {
		on_work, on_second, on_watchdog, on_drain_end};
	int64_t watchdog = systemd_watchdog_ms();
	int i;

	for (i = 0; i < TIMERS; i++) {
		d->timers[i] = event_new(d->base, -1,
			i == TIMER_SECOND || i == TIMER_WATCHDOG ? EV_PERSIST
								 : 0,
			callbacks[i], d);
		if (d->timers[i] == NULL)
			return error_nomem(e);
	}
	start_timer(d, TIMER_SECOND, 1000);
	if (watchdog > 0)
		start_timer(d, TIMER_WATCHDOG, watchdog);
	return 0;
}

static int
add_event(struct daemon *d, struct event **place, int fd, short what,
	event_callback_fn callback, struct error *e)
{
	*place =
		event_new(d->base, fd, (short)(what | EV_PERSIST), callback, d);
	if (*place == NULL || event_add(*place, NULL) != 0)
		return error_set(e, ERROR_SYS, "an event cannot be added");
	return 0;
}

static int
add_events(struct daemon *d, struct error *e)
{
	static const int signals[SIGNALS] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};
	int i, fd = publisher_watch_fd(d->publisher);

	for (i = 0; i < SIGNALS; i++)
		if (add_event(d, &d->signals[i], signals[i], EV_SIGNAL,
			    on_signal, e) != 0)
			return -1;
	if (add_event(d, &d->wake, d->shared.wake_main, EV_READ, on_wake, e) !=
		0)
		return -1;
	if (fd >= 0 && add_event(d, &d->watch, fd, EV_READ, on_watch, e) != 0)
		return -1;
	fd = certificates_watch_fd(d->certificates);
	if (fd >= 0 &&
		add_event(d, &d->watch_tls, fd, EV_READ, on_watch_tls, e) != 0)
		return -1;
	return add_timers(d, e);
}

static int
start_publisher(struct daemon *d, struct error *e)
{
	const struct publisher_settings settings = {
		.workers = d->wanted,
		.command = d->command,
		.watch = true,
		.remember = true,
		.published = published,
		.told = told,
		.arg = d,
	};

	d->publisher = publisher_new(&settings, e);
	if (d->publisher == NULL)
		return -1;
	if (publisher_configure(d->publisher, d->config, clock_now(), e) != 0)
		return -1;
	give_memory_back();
	return 0;
}

/* After the publisher, whose keys are not to be theirs. */
static int
start_certificates(struct daemon *d, bool needed, struct error *e)
{
	const struct certificates_settings settings = {
		.publisher = d->publisher,
		.needed = needed,
		.changed = certified,
		.told = told_tls,
		.arg = d,
	};
	struct certificates_reading reading;

	d->certificates = certificates_new(&settings, e);
	if (d->certificates == NULL ||
		certificates_read(d->certificates, d->config, &reading, e) != 0)
		return -1;
	certificates_take(d->certificates, d->config, &reading, clock_now());
	return 0;
}

static int
start_workers(struct daemon *d, struct sockets *sockets, struct error *e)
{
	struct http_tls *tls = certificates_tls(d->certificates);
	size_t i, a;
	struct worker *w;

	d->shared = (struct worker_shared){
		.tally = publisher_tally(d->publisher),
		.gate = d->gate,
		.access = d->access,
		.proxies = d->proxies,
		.n_proxies = d->n_proxies,
		.wake_main = d->shared.wake_main,
		.header_timeout = d->config->header_timeout,
		.idle_timeout = d->config->idle_timeout,
		.write_timeout = d->config->write_timeout,
		.linger_timeout = LINGER_S,
	};
	for (i = 0; i < d->wanted; i++) {
		w = worker_new((unsigned)i, &d->shared,
			publisher_catalog(d->publisher), e);
		if (w == NULL)
			return -1;
		d->workers[d->n_workers++] = w;
		if (tls != NULL)
			worker_use_tls(w, tls);
		for (a = 0; a < sockets->n_addresses; a++)
			if (worker_listen(w, sockets_take(sockets, a, i),
				    sockets->tls[a], e) != 0)
				return -1;
	}
	for (i = 0; i < d->n_workers; i++)
		if (worker_start(d->workers[i], e) != 0)
			return -1;
	publisher_reclaim(d->publisher,
		oidc_catalog_generation(publisher_catalog(d->publisher)));
	return 0;
}

static void
tell_address(int fd, bool tls, const char *what)
{
	char text[HTTP_ADDRESS_TEXT_MAX];
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return;
	http_address_text((struct sockaddr *)&addr, len, text);
	log_info("jwksd", NULL, "%s on %s%s", what, tls ? "tls:" : "", text);
}

static void
tell_sandbox(const struct daemon *d)
{
	if (!d->config->sandbox)
		log_warn("sandbox", NULL, "sandbox = false: there is none");
	else if (!sandbox_is_built())
		log_info("sandbox", NULL,
			"built with sanitizers or to count lines: there is "
			"none");
	else
		sandbox_tell(&d->sandbox);
}

static void
tell_ready(struct daemon *d)
{
	struct publisher_status s = publisher_status(d->publisher);
	struct oidc_issuer *const *issuers;
	size_t n, i, keys = 0;
	char message[128];

	issuers = publisher_issuers(d->publisher, &n);
	for (i = 0; i < n; i++)
		keys += issuers[i]->n_keys;
	snprintf(message, sizeof(message), "ready: %zu issuer%s, %zu key%s", n,
		n == 1 ? "" : "s", keys, keys == 1 ? "" : "s");
	log_info("jwksd", NULL, "%s", message);
	tell_sandbox(d);
	if (s.held + s.absent > 0)
		log_warn("jwksd", NULL,
			"serving their last good set: %zu, not served: %zu; "
			"the status page says why",
			s.held, s.absent);
	systemd_notify("READY=1\nSTATUS=serving");
}

static unsigned
count_workers(const struct config *config)
{
	long n = config->workers;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	if (n < 1)
		n = 1;
	return n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

/* When all is open that must be, and before any key is read or any request
 * answered; threads that are started afterwards are confined too. */
static int
confine(struct daemon *d, struct error *e)
{
	if (!d->config->sandbox || !sandbox_is_built())
		return 0;
	return sandbox_enter(d->config, &d->sandbox, e);
}

static int
start(struct daemon *d, struct sockets *sockets, struct error *e)
{
	size_t a;

	d->wanted = count_workers(d->config);
	if (sockets_proxies(d->config, &d->proxies, &d->n_proxies, e) != 0)
		return -1;
	if (sockets_open(d->config, d->wanted, sockets, e) != 0)
		return -1;
	d->base = event_base_new();
	d->gate = http_gate_new(d->config->max_connections,
		d->config->max_connections_per_address);
	d->shared.wake_main = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->base == NULL || d->gate == NULL || d->shared.wake_main < 0)
		return error_sys(e, "cannot be set up");
	if (d->config->access_log[0] != '\0') {
		d->access = access_log_open(
			d->config->access_log, d->config->access_log_sample, e);
		if (d->access == NULL)
			return -1;
	}
	if (confine(d, e) != 0 || start_publisher(d, e) != 0 ||
		start_certificates(d, sockets_have_tls(sockets), e) != 0 ||
		add_events(d, e) != 0)
		return -1;
	for (a = 0; a < sockets->n_addresses; a++)
		tell_address(sockets->public[a * sockets->n_workers],
			sockets -> tls[a], "listening");
	tell_address(sockets->admin, false, "admin");
	if (start_admin(d, sockets_take_admin(sockets), e) != 0)
		return -1;
	return start_workers(d, sockets, e);
}

static void
release(struct daemon *d)
{
	size_t i;

	stop_workers(d);
	for (i = 0; i < d->n_workers; i++)
		worker_free(d->workers[i]);
	http_server_free(d->admin);
	for (i = 0; i < TIMERS; i++)
		if (d->timers[i] != NULL)
			event_free(d->timers[i]);
	for (i = 0; i < SIGNALS; i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->wake != NULL)
		event_free(d->wake);
	if (d->watch != NULL)
		event_free(d->watch);
	if (d->watch_tls != NULL)
		event_free(d->watch_tls);
	certificates_free(d->certificates);
	publisher_free(d->publisher);
	if (d->shared.wake_main >= 0)
		close(d->shared.wake_main);
	http_gate_free(d->gate);
	http_gate_free(d->admin_gate);
	access_log_close(d->access);
	free(d->proxies);
	if (d->base != NULL)
		event_base_free(d->base);
	config_free(d->config);
	free(d);
}

static int
serve(struct daemon *d)
{
	int rc = EXIT_FAILURE;

	tell_ready(d);
	if (event_base_dispatch(d->base) == 0 && !d->failed)
		rc = EXIT_SUCCESS;
	publisher_flush(d->publisher, FLUSH_MS);
	log_info("jwksd", NULL, "stopped");
	return rc;
}

/* A command that is shown should work when it is pasted, wherever that is. */
static void
name_command(struct daemon *d)
{
	char *path = realpath(d->config_path, NULL);

	if (strcmp(d->config_path, JWKSD_SYSCONFDIR "/jwksd.conf") == 0)
		snprintf(d->command, sizeof(d->command), "jwksd");
	else
		snprintf(d->command, sizeof(d->command), "jwksd -c %s",
			path != NULL ? path : d->config_path);
	free(path);
}

int
daemon_run(const char *config_path)
{
	struct sockets sockets = {.admin = -1};
	struct error e = {0};
	struct daemon *d;
	int rc = EXIT_FAILURE;

	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	d->shared.wake_main = -1;
	d->config_path = config_path;
	name_command(d);
	d->config = complain_load(config_path);
	if (d->config == NULL)
		goto out;
	log_open(d->config->log_level);
	log_like(d->config);
	event_set_log_callback(from_libevent);
	limit_process();
	keep_heap_small();
	d->view.version = PACKAGE_VERSION;
	d->view.started = clock_now();
	d->view.config_good = true;
	d->view.config_read = d->view.started;
	d->view.rescan = d->config->rescan;
	if (start(d, &sockets, &e) == 0)
		rc = serve(d);
	else
		complain("%s", e.text);
	sockets_release(&sockets);
out:
	release(d);
	return rc;
}
