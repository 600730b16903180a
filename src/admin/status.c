/* SPDX-License-Identifier: MIT */
/*
 * Grades follow one rule: FAILED when nobody is served, or when we ask to be
 * left alone; DEGRADED when something is not served as the configuration and
 * the sources say.  A restart mends neither, which is why none of this is in
 * /livez.
 */
#include "admin/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

const char *
admin_grade_name(enum admin_grade grade)
{
	switch (grade) {
	case ADMIN_OK:
		return "ok";
	case ADMIN_DEGRADED:
		return "degraded";
	case ADMIN_FAILED:
		return "failed";
	}
	return "unknown";
}

static void __attribute__((format(printf, 3, 4)))
found(struct admin_check *c, enum admin_grade grade, const char *fmt, ...)
{
	va_list ap;

	c->grade = grade;
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 2, 3)))
advise(struct admin_check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->advice, sizeof(c->advice), fmt, ap);
	va_end(ap);
}

static void
check_running(const struct admin_view *v, struct admin_check *c)
{
	char since[CLOCK_TEXT_LEN + 1];

	clock_format(since, v->started);
	if (!v->draining) {
		found(c, ADMIN_OK, "since %s", since);
		return;
	}
	found(c, ADMIN_FAILED,
		"draining: stopping as soon as the requests "
		"under way are answered");
	advise(c, "Nothing, if you stopped or replaced it; send traffic to "
		  "another replica.");
}

static void
check_config(const struct admin_view *v, struct admin_check *c)
{
	char read[CLOCK_TEXT_LEN + 1];

	clock_format(read, v->config_read);
	if (v->config_read == 0) {
		found(c, ADMIN_FAILED, "the configuration was never read%s%s",
			v->config_problem[0] == '\0' ? "" : ": ",
			v->config_problem);
		advise(c, "Check it with jwksd -t, then reload.");
	} else if (!v->config_good) {
		found(c, ADMIN_DEGRADED,
			"the last reading failed, the one of %s stays in "
			"force: %s",
			read, v->config_problem);
		advise(c, "Mend the line it names, check with jwksd -t, then "
			  "reload.");
	} else {
		found(c, ADMIN_OK, "read %s", read);
	}
}

static void
check_served(const struct admin_view *v, struct admin_check *c)
{
	if (v->n_absent == 0) {
		found(c, ADMIN_OK, "%zu of %zu issuers", v->n_issuers,
			v->n_issuers);
		return;
	}
	/* one directory of a fleet must not take the others out of service */
	found(c, v->n_absent == v->n_issuers ? ADMIN_FAILED : ADMIN_DEGRADED,
		"%zu of %zu issuers %s never had a good set of keys and "
		"%s 404",
		v->n_absent, v->n_issuers, v->n_absent == 1 ? "has" : "have",
		v->n_absent == 1 ? "answers" : "answer");
	advise(c, "Put public keys where the issuer's configuration points; "
		  "they are picked up without a reload.");
}

static void
check_fresh(const struct admin_view *v, struct admin_check *c)
{
	if (v->n_held == 0) {
		found(c, ADMIN_OK, "no issuer is held at an older set of keys");
		return;
	}
	found(c, ADMIN_DEGRADED,
		"%zu of %zu issuers %s held: the last good keys are served, "
		"not what the sources say now",
		v->n_held, v->n_issuers, v->n_held == 1 ? "is" : "are");
	advise(c, "Mend what the issuer's problem names; tokens of keys that "
		  "are not yet served will be refused.");
}

static void
check_tls(const struct admin_view *v, struct admin_check *c)
{
	if (v->tls == NULL) {
		found(c, ADMIN_OK, "not in use");
	} else if (v->tls_problem[0] == '\0') {
		found(c, ADMIN_OK, "%zu in use", http_tls_count(v->tls));
	} else {
		found(c, ADMIN_DEGRADED, "%s", v->tls_problem);
		advise(c, "Put a certificate and its key into place; they are "
			  "picked up without a reload.");
	}
}

static void
check_watches(const struct admin_view *v, struct admin_check *c)
{
	if (!v->watches_short) {
		found(c, ADMIN_OK, "%zu in use", v->watches);
		return;
	}
	found(c, ADMIN_DEGRADED, "the kernel gave only %zu watches%s%s",
		v->watches, v->watches_problem[0] == '\0' ? "" : ": ",
		v->watches_problem);
	advise(c,
		"Raise fs.inotify.max_user_watches; until then the rest is "
		"looked at every %u s.",
		v->rescan);
}

static void
check_workers(const struct admin_view *v, struct admin_check *c)
{
	size_t i, behind = 0;

	for (i = 0; i < v->n_workers; i++)
		if (v->workers[i].generation != v->generation)
			behind++;
	if (behind == 0) {
		found(c, ADMIN_OK, "%zu on generation %" PRIu64, v->n_workers,
			v->generation);
		return;
	}
	found(c, ADMIN_DEGRADED, "%zu of %zu not yet on generation %" PRIu64,
		behind, v->n_workers, v->generation);
	advise(c, "Look again: it passes at once. If it stays, the worker is "
		  "stuck: restart, and report it.");
}

enum admin_grade
admin_checks_read(
	const struct admin_view *view, struct admin_check checks[ADMIN_CHECKS])
{
	static const struct {
		const char *name;
		void (*read)(const struct admin_view *, struct admin_check *);
	} rows[ADMIN_CHECKS] = {
		[ADMIN_CHECK_RUNNING] = {"running", check_running},
		[ADMIN_CHECK_CONFIG] = {"config", check_config},
		[ADMIN_CHECK_SERVED] = {"served", check_served},
		[ADMIN_CHECK_FRESH] = {"fresh", check_fresh},
		[ADMIN_CHECK_TLS] = {"tls", check_tls},
		[ADMIN_CHECK_WATCHES] = {"watches", check_watches},
		[ADMIN_CHECK_WORKERS] = {"workers", check_workers},
	};
	enum admin_grade worst = ADMIN_OK;
	size_t i;

	for (i = 0; i < ADMIN_CHECKS; i++) {
		checks[i].name = rows[i].name;
		checks[i].advice[0] = '\0';
		rows[i].read(view, &checks[i]);
		if (checks[i].grade > worst)
			worst = checks[i].grade;
	}
	return worst;
}

unsigned
admin_key_state(const struct oidc_key *key)
{
	return key->has_state ? key->state : ADMIN_STATE_NONE;
}

const char *
admin_state_name(unsigned state)
{
	if (state == ADMIN_STATE_NONE)
		return "none";
	return keyring_state_name((enum keyring_state)state);
}

static void
add_fetches(struct oidc_fetches *sum, struct oidc_fetches more)
{
	sum->count += more.count;
	if (more.last > sum->last)
		sum->last = more.last;
}

void
admin_totals_read(const struct admin_view *view, struct admin_totals *totals)
{
	const struct oidc_issuer *issuer;
	size_t i, k;

	memset(totals, 0, sizeof(*totals));
	for (i = 0; i < view->n_issuers; i++) {
		issuer = view->issuers[i];
		for (k = 0; k < issuer->n_keys; k++)
			totals->keys[admin_key_state(&issuer->keys[k])]
				    [issuer->keys[k].alg]++;
		for (k = 0; k < OIDC_DOCUMENTS; k++)
			add_fetches(&totals->fetches[k],
				oidc_tally_sum(view->tally, issuer->slot,
					(enum oidc_kind)k));
	}
}

size_t
admin_totals_keys(const struct admin_totals *totals)
{
	size_t state, alg, sum = 0;

	for (state = 0; state < ADMIN_STATES; state++)
		for (alg = 0; alg < ADMIN_ALGS; alg++)
			sum += totals->keys[state][alg];
	return sum;
}

int64_t
admin_next_due(const struct oidc_issuer *issuer, const struct oidc_key **key)
{
	int64_t first = 0;
	uint32_t i;

	for (i = 0; i < issuer->n_keys; i++) {
		if (issuer->keys[i].next_due == 0 ||
			(first != 0 && issuer->keys[i].next_due >= first))
			continue;
		first = issuer->keys[i].next_due;
		if (key != NULL)
			*key = &issuer->keys[i];
	}
	return first;
}

static bool
wanted(const struct oidc_issuer *issuer, const struct admin_query *query)
{
	if (query == NULL)
		return true;
	if (query->issuer[0] != '\0')
		return strcmp(issuer->url, query->issuer) == 0;
	return strcasestr(issuer->url, query->search) != NULL;
}

void
admin_select(const struct admin_view *view, const struct admin_query *query,
	size_t limit, struct admin_selection *out)
{
	static const enum oidc_health order[] = {
		OIDC_ABSENT, OIDC_HELD, OIDC_FRESH};
	const struct oidc_issuer *issuer;
	size_t i, k;

	out->matched = 0;
	out->offset = query == NULL ? 0 : query->offset;
	out->shown = 0;
	for (k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (i = 0; i < view->n_issuers; i++) {
			issuer = view->issuers[i];
			if (issuer->health != order[k] ||
				!wanted(issuer, query))
				continue;
			if (out->matched++ >= out->offset && out->shown < limit)
				out->list[out->shown++] = issuer;
		}
}
