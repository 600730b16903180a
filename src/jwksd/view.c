/* SPDX-License-Identifier: MIT */
/*
 * The admin room knows neither workers nor publisher; here their numbers are
 * copied into the plain struct that it renders.
 */
#include "jwksd/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
view_event(struct admin_view *view, int64_t now, bool good, const char *issuer,
	const char *text)
{
	struct admin_event *event = &view->events[0];

	memmove(&view->events[1], &view->events[0],
		sizeof(view->events[0]) * (ADMIN_EVENTS - 1));
	if (view->n_events < ADMIN_EVENTS)
		view->n_events++;
	event->when = now;
	event->good = good;
	snprintf(event->text, sizeof(event->text), "%s%s%s",
		issuer == NULL ? "" : issuer, issuer == NULL ? "" : ": ", text);
}

static int
newer_first(const void *a, const void *b)
{
	const struct worker_fetch *x = a, *y = b;

	return (y->when > x->when) - (y->when < x->when);
}

/* The latest fetches of all workers together. */
static void
refresh_fetches(struct admin_view *view, const struct publisher *p,
	struct worker *const *workers, size_t n)
{
	struct worker_fetch *all;
	const struct oidc_issuer *issuer;
	struct admin_fetch *f;
	size_t count = 0, i;

	view->n_fetches = 0;
	all = calloc(n * WORKER_FETCHES + 1, sizeof(*all));
	if (all == NULL)
		return;
	for (i = 0; i < n; i++)
		count += worker_fetches(workers[i], all + count);
	qsort(all, count, sizeof(*all), newer_first);
	for (i = 0; i < count && view->n_fetches < ADMIN_FETCHES; i++) {
		issuer = publisher_by_slot(p, all[i].slot);
		if (issuer == NULL)
			continue; /* withdrawn since */
		f = &view->fetches[view->n_fetches++];
		f->when = all[i].when;
		f->status = all[i].status;
		f->kind = all[i].kind;
		snprintf(f->issuer, sizeof(f->issuer), "%s", issuer->url);
		snprintf(f->agent, sizeof(f->agent), "%s", all[i].agent);
		snprintf(f->peer, sizeof(f->peer), "%s", all[i].peer);
		f->peer_class = all[i].peer_class;
	}
	free(all);
}

void
view_refresh(struct admin_view *view, const struct publisher *p,
	struct worker *const *workers, struct admin_worker *rows, size_t n)
{
	struct publisher_status s = publisher_status(p);
	size_t i;

	view->issuers = publisher_issuers(p, &view->n_issuers);
	view->n_held = s.held;
	view->n_absent = s.absent;
	view->tally = publisher_tally(p);
	view->generation = oidc_catalog_generation(publisher_catalog(p));
	view->catalogs_alive = s.catalogs_alive;
	view->document_bytes = s.document_bytes;
	view->watches = s.watches;
	view->watches_short = s.watches_problem != NULL;
	snprintf(view->watches_problem, sizeof(view->watches_problem), "%s",
		s.watches_problem == NULL ? "" : s.watches_problem);
	view->last_scan = s.last_scan;
	for (i = 0; i < n; i++) {
		rows[i].server = worker_server(workers[i]);
		rows[i].generation = worker_generation(workers[i]);
	}
	view->workers = rows;
	view->n_workers = n;
	refresh_fetches(view, p, workers, n);
}
