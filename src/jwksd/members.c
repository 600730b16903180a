/* SPDX-License-Identifier: MIT */
/*
 * Which issuers there are: those that the configuration names and those that
 * fleets' directories hold.  Prepare, then swap: what is new is read first, and
 * only when all of it can be served is anything else changed.
 */
#include "jwksd/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jwksd/roster.h"

#define TELL_EACH_MAX 20 /* more issuers at once are told as a number */

/* --- which issuers there are -------------------------------------------- */

static int
compare_url(const void *url, const void *place)
{
	return strcmp(url, (*(struct oidc_issuer *const *)place)->url);
}

static int
compare_issuers(const void *a, const void *b)
{
	return strcmp((*(struct oidc_issuer *const *)a)->url,
		(*(struct oidc_issuer *const *)b)->url);
}

const struct oidc_issuer *
publisher_find(const struct publisher *p, const char *url)
{
	struct oidc_issuer **place;

	if (p->n_issuers == 0)
		return NULL;
	place = bsearch(url, p->issuers, p->n_issuers, sizeof(*p->issuers),
		compare_url);
	return place == NULL ? NULL : *place;
}

const struct oidc_issuer *
publisher_by_slot(const struct publisher *p, uint32_t slot)
{
	if (slot >= p->slots || p->by_slot[slot] == NULL)
		return NULL;
	return p->by_slot[slot]->issuer;
}

struct oidc_issuer *const *
publisher_issuers(const struct publisher *p, size_t *count)
{
	*count = p->n_issuers;
	return p->issuers;
}

/* Room in by_slot for this slot. */
static int
reach_slot(struct publisher *p, uint32_t slot, struct error *e)
{
	size_t slots = p->slots == 0 ? 64 : p->slots;
	struct unit **more;

	if (slot < p->slots)
		return 0;
	while (slots <= slot)
		slots *= 2;
	more = realloc(p->by_slot, slots * sizeof(*more));
	if (more == NULL)
		return error_nomem(e);
	memset(more + p->slots, 0, (slots - p->slots) * sizeof(*more));
	p->by_slot = more;
	p->slots = slots;
	return 0;
}

/* A unit that is new, read and in next, but not in issuers[] yet. */
static struct unit *
add_unit(struct publisher *p, const struct roster_entry *entry, bool strict,
	int64_t now, struct error *e)
{
	struct unit_context c = publisher_context(p, now);
	struct unit_load load;
	struct unit *u;
	uint32_t slot;
	int rc;

	if (oidc_tally_take(p->tally, &slot, e) != 0)
		return NULL;
	if (reach_slot(p, slot, e) != 0)
		goto give_back;
	u = unit_new(entry->url, slot, entry->conf, e);
	if (u == NULL)
		goto give_back;
	p->by_slot[slot] = u;
	publisher_watch_unit(p, u);
	unit_read(u, &c, &load);
	if (load.health == OIDC_ABSENT && strict &&
		entry->conf->directory == NULL) {
		rc = error_set(e, load.problem.code, "%s", load.problem.text);
		error_wrap(e, "issuer \"%s\"", entry->url);
	} else {
		rc = publisher_apply(p, u, &load, now);
		if (rc != 0)
			error_nomem(e);
	}
	unit_load_release(&load);
	if (rc == 0 && u->issuer->health == OIDC_HELD)
		publisher_watch_unit(p, u);
	if (rc == 0)
		return u;
	if (p->watch != NULL)
		source_watch_drop(p->watch, slot);
	p->by_slot[slot] = NULL;
	unit_free(u);
give_back:
	oidc_tally_give(p->tally, slot);
	return NULL;
}

/* Undo add_unit: next is thrown away, so nobody has seen its documents. */
static void
drop_new_unit(struct publisher *p, struct unit *u)
{
	uint32_t slot = u->issuer->slot;
	int kind;

	if (p->watch != NULL)
		source_watch_drop(p->watch, slot);
	publisher_unmark_unsaved(p, u);
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		if (u->issuer->documents[kind] != NULL)
			p->document_bytes -=
				oidc_document_size(u->issuer->documents[kind]);
	p->by_slot[slot] = NULL;
	unit_free_all(u);
	oidc_tally_give(p->tally, slot);
}

/* An issuer that is no longer asked for; next is open. */
static void
remove_unit(struct publisher *p, struct unit *u)
{
	uint64_t generation = oidc_catalog_generation(p->next);
	struct oidc_issuer *issuer = u->issuer;
	int kind;

	if (p->watch != NULL)
		source_watch_drop(p->watch, issuer->slot);
	publisher_unmark(p, u);
	publisher_unmark_unsaved(p, u);
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		if (issuer->documents[kind] == NULL)
			continue;
		oidc_catalog_remove(p->next, issuer->documents[kind]);
		p->document_bytes -=
			oidc_document_size(issuer->documents[kind]);
		graveyard_document(
			p->graveyard, issuer->documents[kind], generation);
	}
	graveyard_slot(p->graveyard, issuer->slot, generation);
	p->by_slot[issuer->slot] = NULL;
	if (!p->quiet)
		publisher_tell(
			p, LOG_LEVEL_INFO, issuer->url, "no longer served");
	unit_free(u);
}

/* Those of the roster that are not there yet, read; a list that the caller
 * frees.  On failure everything is as before. */
static struct unit **
add_missing(struct publisher *p, const struct roster *roster, bool strict,
	int64_t now, size_t *count, struct error *e)
{
	struct unit **added;
	size_t i, n = 0;

	added = calloc(roster->count + 1, sizeof(*added));
	if (added == NULL) {
		error_nomem(e);
		return NULL;
	}
	for (i = 0; i < roster->count; i++) {
		if (publisher_find(p, roster->list[i].url) != NULL)
			continue;
		added[n] = add_unit(p, &roster->list[i], strict, now, e);
		if (added[n] == NULL)
			goto fail;
		n++;
	}
	*count = n;
	return added;
fail:
	while (n > 0)
		drop_new_unit(p, added[--n]);
	free(added);
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Do two blocks ask for the same documents? */
static bool
same_block(const struct config_issuer *a, const struct config_issuer *b)
{
	size_t i;

	if (a == b)
		return true;
	if (a->max_age != b->max_age || a->n_keys != b->n_keys ||
		!same_text(a->directory, b->directory) ||
		!same_text(a->jwks_content_type, b->jwks_content_type))
		return false;
	for (i = 0; i < a->n_keys; i++)
		if (strcmp(a->keys[i], b->keys[i]) != 0)
			return false;
	return true;
}

/* Give the units that stay their blocks of the new configuration and take the
 * others out.  scope: only those of this block; NULL: all. */
static void
keep_or_remove(struct publisher *p, const struct roster *roster,
	const struct config_issuer *scope)
{
	const struct roster_entry *entry;
	size_t i, kept = 0;
	struct unit *u;

	for (i = 0; i < p->n_issuers; i++) {
		u = publisher_unit(p, p->issuers[i]);
		if (scope != NULL && u->conf != scope) {
			p->issuers[kept++] = u->issuer;
			continue;
		}
		entry = roster_find(roster, u->issuer->url);
		if (entry == NULL) {
			remove_unit(p, u);
			continue;
		}
		if (scope == NULL)
			publisher_mark(p, u, !same_block(u->conf, entry->conf));
		u->conf = entry->conf;
		p->issuers[kept++] = u->issuer;
	}
	p->n_issuers = kept;
}

static bool
anyone_leaves(const struct publisher *p, const struct roster *roster,
	const struct config_issuer *scope)
{
	size_t i;

	for (i = 0; i < p->n_issuers; i++)
		if ((scope == NULL ||
			    publisher_unit(p, p->issuers[i])->conf == scope) &&
			roster_find(roster, p->issuers[i]->url) == NULL)
			return true;
	return false;
}

/* Make the issuers (of one block, or all) those of the roster. */
static int
reconcile(struct publisher *p, const struct roster *roster,
	const struct config_issuer *scope, int64_t now, struct error *e)
{
	struct oidc_issuer **issuers;
	struct unit **added = NULL;
	size_t n = 0, i;

	publisher_publish_next(
		p); /* what was ready before is not at stake here */
	issuers = realloc(p->issuers,
		(p->n_issuers + roster->count + 1) * sizeof(*issuers));
	if (issuers == NULL)
		return error_nomem(e);
	p->issuers = issuers;
	if (publisher_open_next(p, roster->count, e) != 0)
		return -1;
	added = add_missing(p, roster, scope == NULL, now, &n, e);
	if (added == NULL) {
		publisher_discard_next(p);
		return -1;
	}
	if (n == 0 && scope != NULL && !anyone_leaves(p, roster, scope)) {
		publisher_discard_next(p);
		free(added);
		return 0;
	}
	keep_or_remove(p, roster, scope);
	for (i = 0; i < n; i++)
		p->issuers[p->n_issuers++] = added[i]->issuer;
	if (n > 0)
		qsort(p->issuers, p->n_issuers, sizeof(*p->issuers),
			compare_issuers);
	free(added);
	return 0;
}

static void
tell_skipped(struct publisher *p, const char *directory, size_t skipped)
{
	char text[ERROR_TEXT_MAX];

	if (skipped == 0)
		return;
	snprintf(text, sizeof(text),
		"%.300s: %zu directories left out: their names cannot stand in "
		"an issuer's URL ([A-Za-z0-9._~-])",
		directory, skipped);
	publisher_tell(p, LOG_LEVEL_WARN, NULL, text);
}

/* The state directory, made if it is missing. */
static void
open_records(struct publisher *p)
{
	const char *path = p->config->state;
	struct error e = {0};
	char text[2 * ERROR_TEXT_MAX];
	int fd;

	if (p->record_dir >= 0)
		close(p->record_dir);
	p->record_dir = -1;
	if (path[0] == '\0')
		return;
	if (p->settings.remember && mkdir(path, 0755) != 0 && errno != EEXIST)
		error_sys(&e, "state %s: cannot be made", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		error_sys(&e, "state %s: cannot be opened", path);
	else if (p->settings.remember && faccessat(fd, ".", W_OK, 0) != 0)
		error_sys(&e, "state %s: cannot be written to", path);
	p->record_dir = fd;
	if (e.code == ERROR_NONE || !p->settings.remember)
		return;
	snprintf(text, sizeof(text),
		"%s; the last good sets will not survive a restart", e.text);
	publisher_tell(p, LOG_LEVEL_WARN, NULL, text);
}

int
publisher_configure(struct publisher *p, const struct config *config,
	int64_t now, struct error *e)
{
	const struct config *before = p->config;
	struct roster roster = ROSTER_INIT;
	size_t i, skipped;
	int rc = -1;

	for (i = 0; i < config->n_issuers; i++) {
		skipped = 0;
		if (roster_add(&roster, &config->issuers[i], &skipped, e) != 0)
			goto out;
		tell_skipped(p, config->issuers[i].directory, skipped);
	}
	roster_finish(&roster);
	p->config = config;
	if (before == NULL || strcmp(before->state, config->state) != 0)
		open_records(p);
	p->quiet = roster.count > TELL_EACH_MAX;
	rc = reconcile(p, &roster, NULL, now, e);
	p->quiet = false;
	if (rc != 0) {
		p->config = before;
		goto out;
	}
	publisher_watch_fleets(p);
	publisher_publish_next(p);
out:
	roster_release(&roster);
	return rc;
}

/* --- fleets ------------------------------------------------------------- */

static size_t
count_members(const struct publisher *p, const struct config_issuer *conf)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_issuers; i++)
		n += publisher_unit(p, p->issuers[i])->conf == conf;
	return n;
}

/* A fleet whose directory vanished or emptied all at once is more likely an
 * unmounted disk than an operator's wish: its members are read again, find
 * nothing, and are held. */
static void
hold_fleet(
	struct publisher *p, const struct config_issuer *conf, const char *why)
{
	char text[ERROR_TEXT_MAX + 128];
	bool news = false;
	struct unit *u;
	size_t i;

	for (i = 0; i < p->n_issuers; i++) {
		u = publisher_unit(p, p->issuers[i]);
		if (u->conf != conf)
			continue;
		news = news || u->issuer->health == OIDC_FRESH;
		publisher_mark(p, u, false);
	}
	snprintf(text, sizeof(text),
		"%s; its issuers stay as they are: to withdraw them take the "
		"issuers block out and reload",
		why);
	if (news)
		publisher_tell(p, LOG_LEVEL_WARN, conf->url, text);
}

static void
look_at_fleet(
	struct publisher *p, const struct config_issuer *conf, int64_t now)
{
	struct roster roster = ROSTER_INIT;
	struct error e = {0};
	size_t skipped = 0;

	if (roster_add(&roster, conf, &skipped, &e) != 0)
		hold_fleet(p, conf, e.text);
	else if (roster.count == 0 && count_members(p, conf) > 1) {
		error_set(&e, ERROR_INVALID, "%s has become empty",
			conf->directory);
		hold_fleet(p, conf, e.text);
	} else {
		roster_finish(&roster);
		if (reconcile(p, &roster, conf, now, &e) != 0)
			publisher_tell(p, LOG_LEVEL_ERROR, conf->url, e.text);
	}
	roster_release(&roster);
}

void
publisher_look_at_fleets(struct publisher *p, int64_t now)
{
	size_t i;

	p->fleets_dirty = false;
	publisher_watch_fleets(p);
	for (i = 0; i < p->config->n_issuers; i++)
		if (p->config->issuers[i].directory != NULL)
			look_at_fleet(p, &p->config->issuers[i], now);
}
