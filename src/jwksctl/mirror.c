/* SPDX-License-Identifier: MIT */
/*
 * Rounds.  All that has to be known in the next one is in the file, so a round
 * of a service and a single one are the same.  Invariant: signals are taken
 * between two requests only, each of which is over in seconds, so that no
 * round is left half done.
 */
#include "jwksctl/mirror.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/systemd.h"
#include "jwksctl/text.h"

/* To a person, or to the log. */
static void say(const struct mirror *m, enum log_level level, const char *fmt,
	...) __attribute__((format(printf, 3, 4)));

static void
say(const struct mirror *m, enum log_level level, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!m->once)
		log_event(level, "kube", m->issuers[0], "%s", text);
	else if (level == LOG_LEVEL_INFO)
		printf("%s\n", text);
	else
		fprintf(stderr, "jwksctl: %s\n", text);
}

static void
say_trouble(const struct mirror *m, struct trouble *t, const struct error *e)
{
	if (!trouble_note(t, e))
		return;
	if (t->count > 1)
		say(m, LOG_LEVEL_WARN, "%s (failure %lu in a row)", e->text,
			t->count);
	else
		say(m, LOG_LEVEL_WARN, "%s", e->text);
}

/* Moments are the clock's; a single run is told what time it is. */
static int64_t
now_of(const struct mirror *m)
{
	return m->once ? m->now : clock_now();
}

/* --- signals ------------------------------------------------------------ */

/* The signals that end the service, and the one that is a round at once. */
static void
fill_signals(sigset_t *set, bool with_hangup)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	if (with_hangup)
		sigaddset(set, SIGHUP);
}

/* Wait for one of them, but not beyond so many milliseconds.  True when it
 * came; m->stop says whether it is the end. */
static bool
take_signal(struct mirror *m, bool with_hangup, int64_t ms)
{
	const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
	sigset_t set;
	int got;

	fill_signals(&set, with_hangup);
	got = sigtimedwait(&set, NULL, &wait);
	if (got == SIGTERM || got == SIGINT)
		m->stop = true;
	return got > 0;
}

/* --- a round ------------------------------------------------------------ */

static void
ask(struct mirror *m, struct mirror_server *s)
{
	struct error e = {0};
	unsigned long times;

	kube_reply_release(&s->reply);
	s->reply.url = s->at.url;
	if (kube_ask(&s->at, m->issuers, m->n_issuers, now_of(m), &s->reply,
		    &e) == 0 &&
		llabs(s->reply.apart) > KUBE_SKEW_MAX)
		error_set(&e, ERROR_CONFLICT,
			"%s: its clock is %lld seconds from ours: until they "
			"agree no key is let go",
			s->at.url, (long long)s->reply.apart);
	if (e.code != ERROR_NONE) {
		say_trouble(m, &s->trouble, &e);
		return;
	}
	times = trouble_end(&s->trouble);
	if (times > 0)
		say(m, LOG_LEVEL_INFO, "%s: good again, after %lu failure%s",
			s->at.url, times, times == 1 ? "" : "s");
}

static void
ask_all(struct mirror *m)
{
	size_t i;

	for (i = 0; i < m->n_servers && !m->stop; i++) {
		ask(m, &m->servers[i]);
		if (m->once)
			continue;
		systemd_notify("WATCHDOG=1");
		/* a hangup waits: it asks for a round after this one */
		take_signal(m, false, 0);
	}
}

static void
say_missing(const struct mirror *m, const char *kid)
{
	char text[TEXT_MAX];

	if (m->keep < 0) {
		say(m, LOG_LEVEL_WARN,
			"key %s: no API server shows it any longer; it stays "
			"until it is let go, with the same command and --once "
			"--accept-removal=%s",
			kid, kid);
		return;
	}
	text_moment(text, now_of(m) + m->keep);
	say(m, LOG_LEVEL_WARN,
		"key %s: no API server shows it any longer; it stays until %s",
		kid, text);
}

static void
say_change(void *arg, enum kube_change change, const char *kid)
{
	const struct mirror *m = arg;

	switch (change) {
	case KUBE_ADDED:
		say(m, LOG_LEVEL_INFO, "key %s: added", kid);
		break;
	case KUBE_MISSING:
		say_missing(m, kid);
		break;
	case KUBE_RETURNED:
		say(m, LOG_LEVEL_INFO, "key %s: shown again", kid);
		break;
	case KUBE_DROPPED:
		say(m, LOG_LEVEL_WARN, "key %s: removed", kid);
		break;
	}
}

/* The file after what the servers said. */
static int
update(struct mirror *m)
{
	struct kube_reply replies[MIRROR_SERVERS_MAX];
	const struct kube_round round = {
		.replies = replies,
		.count = m->n_servers,
		.now = now_of(m),
		.keep = m->keep,
		.accepted = m->accepted,
		.n_accepted = m->n_accepted,
	};
	struct error e = {0};
	size_t i;

	for (i = 0; i < m->n_servers; i++)
		replies[i] = m->servers[i].reply; /* borrowed */
	if (kube_mirror_update(
		    m->out, &round, say_change, m, &m->summary, &e) != 0) {
		say_trouble(m, &m->trouble, &e);
		return -1;
	}
	if (trouble_end(&m->trouble) > 0)
		say(m, LOG_LEVEL_INFO, "%s: good again", m->out);
	return 0;
}

static size_t
count_good(const struct mirror *m)
{
	size_t i, good = 0;

	for (i = 0; i < m->n_servers; i++)
		good += m->servers[i].reply.good;
	return good;
}

enum ctl_exit
mirror_once(struct mirror *m)
{
	ask_all(m);
	if (update(m) != 0 || count_good(m) == 0)
		return CTL_FAILED;
	say(m, LOG_LEVEL_INFO, "%s: %zu key%s, %s", m->out, m->summary.keys,
		m->summary.keys == 1 ? "" : "s",
		m->summary.written ? "written" : "unchanged");
	/* a server that is down must not keep what waits for the file from
	 * starting */
	return CTL_OK;
}

/* --- the service -------------------------------------------------------- */

/* Up to a tenth more or less, so that many mirrors do not ask in step. */
static int64_t
jittered_ms(int64_t seconds)
{
	int64_t span = seconds * 200;
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) !=
		(ssize_t)sizeof(random))
		random = (uint32_t)clock_monotonic_ms();
	return seconds * 900 + (int64_t)random % (span + 1);
}

/* Ready as soon as there is a file that jwksd can read. */
static void
report(struct mirror *m, bool file_is_good)
{
	char status[sizeof(m->status)], message[sizeof(status) + 32];

	if (file_is_good)
		snprintf(status, sizeof(status),
			"%zu key%s, %zu missing; %zu of %zu API servers answer",
			m->summary.keys, m->summary.keys == 1 ? "" : "s",
			m->summary.missing, count_good(m), m->n_servers);
	else
		snprintf(status, sizeof(status), "%.180s", m->trouble.text);
	if (strcmp(status, m->status) == 0)
		return;
	snprintf(message, sizeof(message), "%sSTATUS=%s",
		file_is_good ? "READY=1\n" : "", status);
	systemd_notify(message);
	if (file_is_good && m->status[0] == '\0')
		say(m, LOG_LEVEL_INFO, "%s: %s", m->out, status);
	memcpy(m->status, status, sizeof(status));
}

/* Until the next round. */
static void
rest(struct mirror *m)
{
	int64_t until = clock_monotonic_ms() + jittered_ms(m->interval);
	int64_t watchdog = systemd_watchdog_ms(), left;

	for (;;) {
		left = until - clock_monotonic_ms();
		if (left <= 0)
			return;
		if (watchdog > 0 && left > watchdog)
			left = watchdog;
		if (take_signal(m, true, left))
			return;
		systemd_notify("WATCHDOG=1");
	}
}

enum ctl_exit
mirror_serve(struct mirror *m)
{
	struct error e = {0};
	sigset_t set;

	fill_signals(&set, true);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
		error_sys(&e, "signals cannot be blocked");
		return ctl_fail(&e);
	}
	log_open(LOG_LEVEL_INFO);
	while (!m->stop) {
		ask_all(m);
		if (m->stop)
			break;
		report(m, update(m) == 0);
		rest(m);
	}
	systemd_notify("STOPPING=1\nSTATUS=stopping");
	say(m, LOG_LEVEL_INFO, "%s: no longer kept up to date: stopping",
		m->out);
	return CTL_OK;
}
