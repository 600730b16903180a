/* SPDX-License-Identifier: MIT */
/*
 * The publisher's life and its day: what a watch, a scan or a reload marks is
 * read again, what changed is published, and what was published is recorded.
 */
#include "jwksd/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* --- making and freeing ------------------------------------------------- */

static int
set_up(struct publisher *p, struct error *e)
{
	p->tally = oidc_tally_new(p->settings.workers, e);
	if (p->tally == NULL)
		return -1;
	p->graveyard = graveyard_new(p->tally);
	if (p->graveyard == NULL)
		return error_nomem(e);
	p->catalog = oidc_catalog_new(NULL, 0, e);
	return p->catalog == NULL ? -1 : 0;
}

struct publisher *
publisher_new(const struct publisher_settings *settings, struct error *e)
{
	struct publisher *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		error_nomem(e);
		return NULL;
	}
	p->settings = *settings;
	p->record_dir = -1;
	if (set_up(p, e) != 0) {
		publisher_free(p);
		return NULL;
	}
	return p;
}

void
publisher_free(struct publisher *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->slots; i++)
		if (p->by_slot[i] != NULL)
			unit_free_all(p->by_slot[i]);
	free(p->by_slot);
	marks_release(&p->dirty);
	marks_release(&p->unsaved);
	free(p->issuers);
	graveyard_free(p->graveyard);
	oidc_catalog_free(p->catalog);
	oidc_catalog_free(p->next);
	source_watch_free(p->watch);
	oidc_tally_free(p->tally);
	if (p->record_dir >= 0)
		close(p->record_dir);
	free(p);
}

void
publisher_tell(struct publisher *p, enum log_level level, const char *issuer,
	const char *text)
{
	if (p->settings.told != NULL)
		p->settings.told(p->settings.arg, level, issuer, text);
}

struct unit_context
publisher_context(const struct publisher *p, int64_t now)
{
	return (struct unit_context){.command = p->settings.command,
		.record_dir = p->record_dir,
		.now = now};
}

struct unit *
publisher_unit(const struct publisher *p, const struct oidc_issuer *issuer)
{
	return p->by_slot[issuer->slot];
}

/* --- queues ------------------------------------------------------------- */

void
publisher_mark(struct publisher *p, struct unit *u, bool force)
{
	u->force = u->force || force;
	marks_set(&p->dirty, u->issuer.slot);
}

void
publisher_unmark(struct publisher *p, struct unit *u)
{
	marks_clear(&p->dirty, u->issuer.slot);
	u->force = false;
}

void
publisher_mark_unsaved(struct publisher *p, struct unit *u)
{
	if (!p->settings.remember || p->record_dir < 0)
		return;
	u->unsaved = true;
	marks_set(&p->unsaved, u->issuer.slot);
}

void
publisher_unmark_unsaved(struct publisher *p, struct unit *u)
{
	u->unsaved = false;
	marks_clear(&p->unsaved, u->issuer.slot);
}

void
publisher_mark_all(struct publisher *p)
{
	size_t i;

	p->fleets_dirty = true;
	for (i = 0; i < p->n_issuers; i++)
		publisher_mark(p, publisher_unit(p, p->issuers[i]),
			p->issuers[i]->health != OIDC_FRESH);
}

/* A watch says that this owner's files may have changed. */
static void
changed(void *arg, uint32_t owner)
{
	struct publisher *p = arg;

	if (owner == SOURCE_EVERYBODY)
		publisher_mark_all(p);
	else if (owner == OWNER_FLEETS)
		p->fleets_dirty = true;
	else if (owner < p->slots && p->by_slot[owner] != NULL)
		publisher_mark(p, p->by_slot[owner], false);
}

/* --- watching ----------------------------------------------------------- */

static void
watch_failed(struct publisher *p, const struct error *e)
{
	char text[ERROR_TEXT_MAX + 96];

	if (p->watches_problem[0] != '\0')
		return;
	snprintf(p->watches_problem, sizeof(p->watches_problem), "%s", e->text);
	snprintf(text, sizeof(text),
		"%s; what is not watched is looked at every %u seconds",
		e->text, p->config->rescan);
	publisher_tell(p, LOG_LEVEL_WARN, NULL, text);
}

/* Without watches (fs.inotify.max_user_instances) all is looked at in turn. */
void
publisher_open_watch(struct publisher *p)
{
	struct error e = {0};

	p->watch = source_watch_new(changed, p, &e);
	if (p->watch == NULL)
		watch_failed(p, &e);
}

void
publisher_watch_unit(struct publisher *p, const struct unit *u)
{
	struct unit_paths paths;
	struct error e = {0};
	size_t i;
	int rc = 0;

	if (p->watch == NULL || unit_paths(u, &paths, NULL) != 0)
		return;
	source_watch_drop(p->watch, u->issuer.slot);
	for (i = 0; i < paths.count && rc == 0; i++) {
		/* of a fleet, the directory above is watched for all of it */
		if (u->conf->directory != NULL)
			rc = source_watch_inside(
				p->watch, paths.list[i], u->issuer.slot, &e);
		else
			rc = source_watch_add(
				p->watch, paths.list[i], u->issuer.slot, &e);
	}
	/* the record of a held one is where an operator lets a key go */
	if (rc == 0 && u->issuer.health == OIDC_HELD && p->record_dir >= 0)
		rc = source_watch_inside(
			p->watch, p->config->state, u->issuer.slot, &e);
	if (rc != 0 && e.code == ERROR_LIMIT)
		watch_failed(p, &e);
}

void
publisher_watch_fleets(struct publisher *p)
{
	struct error e = {0};
	size_t i;

	if (p->watch == NULL)
		return;
	source_watch_drop(p->watch, OWNER_FLEETS);
	for (i = 0; i < p->config->n_issuers; i++) {
		if (p->config->issuers[i].directory == NULL)
			continue;
		if (source_watch_add(p->watch, p->config->issuers[i].directory,
			    OWNER_FLEETS, &e) != 0)
			watch_failed(p, &e);
	}
}

int
publisher_watch_fd(const struct publisher *p)
{
	return p->watch == NULL ? -1 : source_watch_fd(p->watch);
}

bool
publisher_watch_read(struct publisher *p)
{
	source_watch_read(p->watch);
	return p->fleets_dirty || !marks_empty(&p->dirty);
}

/* --- the work ----------------------------------------------------------- */

/* Read one unit again, if it looks different. */
static void
refresh(struct publisher *p, struct unit *u, int64_t now)
{
	struct unit_context c = publisher_context(p, now);
	enum oidc_health before = u->issuer.health;
	struct error e = {0};
	struct unit_load load;
	bool force = u->force;

	publisher_unmark(p, u);
	publisher_watch_unit(p, u);
	if (!force && !unit_changed(u, &c))
		return;
	unit_read(u, &c, &load);
	if (publisher_apply(p, u, &load, now, &e) != 0)
		publisher_tell(p, LOG_LEVEL_ERROR, u->issuer.url, e.text);
	else if (u->issuer.health != before)
		/* the record is watched when it is held */
		publisher_watch_unit(p, u);
	/* at the next look there may be memory, though nothing has changed */
	if (e.code != ERROR_NONE || load.problem.code == ERROR_NOMEM)
		u->force = true;
	unit_load_release(&load);
}

static bool
time_left(int64_t deadline)
{
	return deadline == 0 || clock_monotonic_ms() < deadline;
}

static void
save_records(struct publisher *p, int64_t deadline)
{
	struct unit_context c = publisher_context(p, 0);
	struct error e;
	struct unit *u;
	uint32_t slot;
	bool again;

	while (time_left(deadline) && marks_next(&p->unsaved, &slot)) {
		u = p->by_slot[slot];
		publisher_unmark_unsaved(p, u);
		error_clear(&e);
		again = u->save_failed;
		if (unit_save(u, &c, &e) != 0 && !again)
			publisher_tell(
				p, LOG_LEVEL_WARN, u->issuer.url, e.text);
	}
}

bool
publisher_work(struct publisher *p, int64_t now, int64_t budget_ms)
{
	int64_t deadline =
		budget_ms == 0 ? 0 : clock_monotonic_ms() + budget_ms;
	uint32_t slot;

	if (p->fleets_dirty)
		publisher_look_at_fleets(p, now);
	while (time_left(deadline) && marks_next(&p->dirty, &slot))
		refresh(p, p->by_slot[slot], now);
	publisher_publish_next(p);
	save_records(p, deadline);
	return !marks_empty(&p->dirty) || !marks_empty(&p->unsaved);
}

void
publisher_flush(struct publisher *p, int64_t budget_ms)
{
	save_records(p, clock_monotonic_ms() + budget_ms);
}

void
publisher_scan(struct publisher *p, int64_t now)
{
	struct unit_context c = publisher_context(p, now);
	size_t part = p->slots / p->config->rescan + 1;
	struct unit *u;

	for (; part > 0; part--) {
		if (p->scan_slot >= p->slots) {
			/* a small round is soon done: wait */
			if (now >= p->last_scan &&
				now - p->last_scan < p->config->rescan)
				return;
			p->scan_slot = 0;
			p->last_scan = now;
			p->fleets_dirty = true;
		}
		u = p->scan_slot < p->slots ? p->by_slot[p->scan_slot] : NULL;
		p->scan_slot++;
		if (u == NULL)
			continue;
		if (u->issuer.health != OIDC_FRESH || unit_changed(u, &c))
			publisher_mark(p, u, u->issuer.health != OIDC_FRESH);
		if (u->save_failed)
			publisher_mark_unsaved(p, u);
	}
}

/* --- looking on --------------------------------------------------------- */

const struct oidc_catalog *
publisher_catalog(const struct publisher *p)
{
	return p->catalog;
}

struct oidc_tally *
publisher_tally(const struct publisher *p)
{
	return p->tally;
}

struct publisher_status
publisher_status(const struct publisher *p)
{
	struct publisher_status s = {
		.document_bytes = p->document_bytes,
		.catalogs_alive = 1 + graveyard_catalogs(p->graveyard),
		.watches = p->watch == NULL ? 0 : source_watch_count(p->watch),
		.last_scan = p->last_scan,
		.loads_good = p->loads_good,
		.loads_bad = p->loads_bad,
	};
	size_t i;

	if (p->watches_problem[0] != '\0')
		s.watches_problem = p->watches_problem;
	for (i = 0; i < p->n_issuers; i++) {
		s.held += p->issuers[i]->health == OIDC_HELD;
		s.absent += p->issuers[i]->health == OIDC_ABSENT;
	}
	return s;
}
