/* SPDX-License-Identifier: MIT */
/*
 * The issuers that there are become those that there shall be.  Prepare, then
 * swap: what is new is read first, and only when all of it can be served is
 * anything else changed.
 */
#include "jwksd/internal.h"

#include <stdlib.h>
#include <string.h>

#include "source/record.h"

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
	return &p->by_slot[slot]->issuer;
}

struct oidc_issuer *const *
publisher_issuers(const struct publisher *p, size_t *count)
{
	*count = p->n_issuers;
	return p->issuers;
}

/* Room for this slot where there is something for each. */
static int
reach_slot(struct publisher *p, uint32_t slot, struct error *e)
{
	size_t slots = p->slots == 0 ? 64 : p->slots;
	struct unit **more;

	if (marks_reach(&p->dirty, slot, e) != 0 ||
		marks_reach(&p->unsaved, slot, e) != 0)
		return -1;
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
	} else {
		rc = publisher_apply(p, u, &load, now, e);
	}
	unit_load_release(&load);
	if (rc != 0)
		error_wrap(e, "issuer \"%s\"", entry->url);
	if (rc == 0 && u->issuer.health == OIDC_HELD)
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
	uint32_t slot = u->issuer.slot;

	if (p->watch != NULL)
		source_watch_drop(p->watch, slot);
	publisher_unmark_unsaved(p, u);
	if (u->issuer.documents != NULL)
		p->document_bytes -= oidc_documents_size(u->issuer.documents);
	p->by_slot[slot] = NULL;
	unit_free_all(u);
	oidc_tally_give(p->tally, slot);
}

/* An issuer that is no longer asked for; next is open. */
static void
remove_unit(struct publisher *p, struct unit *u)
{
	uint64_t generation = oidc_catalog_generation(p->next);
	struct oidc_issuer *issuer = &u->issuer;

	if (p->watch != NULL)
		source_watch_drop(p->watch, issuer->slot);
	publisher_unmark(p, u);
	publisher_unmark_unsaved(p, u);
	if (issuer->documents != NULL)
		oidc_catalog_remove(p->next, issuer->documents);
	publisher_bury_documents(p, issuer);
	graveyard_slot(p->graveyard, issuer->slot, generation);
	p->by_slot[issuer->slot] = NULL;
	if (p->settings.remember && p->record_dir >= 0)
		source_record_remove(p->record_dir, issuer->url);
	if (!p->quiet)
		publisher_tell(
			p, LOG_LEVEL_INFO, issuer->url, "no longer served");
	unit_free(u);
}

static void
drop_added(struct publisher *p, struct unit **added, size_t n)
{
	while (n > 0)
		drop_new_unit(p, added[--n]);
	free(added);
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
		if (added[n] == NULL) {
			drop_added(p, added, n);
			return NULL;
		}
		n++;
	}
	*count = n;
	return added;
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
			p->issuers[kept++] = &u->issuer;
			continue;
		}
		entry = roster_find(roster, u->issuer.url);
		if (entry == NULL) {
			remove_unit(p, u);
			continue;
		}
		if (scope == NULL)
			publisher_mark(p, u, !same_block(u->conf, entry->conf));
		u->conf = entry->conf;
		p->issuers[kept++] = &u->issuer;
	}
	p->n_issuers = kept;
}

static size_t
count_leavers(const struct publisher *p, const struct roster *roster,
	const struct config_issuer *scope)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_issuers; i++)
		n += (scope == NULL ||
			     publisher_unit(p, p->issuers[i])->conf == scope) &&
		     roster_find(roster, p->issuers[i]->url) == NULL;
	return n;
}

/* Everything that can fail of making the issuers (of one block, or all) those
 * of the roster: what is new is read and in next, and there is room for what
 * is done next.  The new ones, a list that the caller frees. */
static struct unit **
prepare(struct publisher *p, const struct roster *roster, size_t leavers,
	bool strict, int64_t now, size_t *count, struct error *e)
{
	struct oidc_issuer **issuers;
	struct unit **added;
	bool quiet = p->quiet;

	issuers = realloc(p->issuers,
		(p->n_issuers + roster->count + 1) * sizeof(*issuers));
	if (issuers == NULL) {
		error_nomem(e);
		return NULL;
	}
	p->issuers = issuers;
	if (publisher_open_next(p, roster->count, e) != 0)
		return NULL;
	p->quiet = true; /* nothing is published yet */
	added = add_missing(p, roster, strict, now, count, e);
	p->quiet = quiet;
	if (added != NULL &&
		graveyard_reserve(p->graveyard, leavers * 2 + 1, e) != 0) {
		drop_added(p, added, *count);
		added = NULL;
	}
	if (added == NULL)
		publisher_discard_next(p);
	return added;
}

int
publisher_reconcile(struct publisher *p, const struct roster *roster,
	const struct config_issuer *scope, int64_t now, struct error *e)
{
	size_t leavers = count_leavers(p, roster, scope), n = 0, i;
	struct unit **added;

	/* what was ready before is not at stake here */
	publisher_publish_next(p);
	added = prepare(p, roster, leavers, scope == NULL, now, &n, e);
	if (added == NULL)
		return -1;
	if (n == 0 && leavers == 0 && scope != NULL) {
		publisher_discard_next(p);
		free(added);
		return 0;
	}
	keep_or_remove(p, roster, scope);
	for (i = 0; i < n; i++) {
		p->issuers[p->n_issuers++] = &added[i]->issuer;
		publisher_tell_published(p, &added[i]->issuer);
	}
	if (n > 0)
		qsort(p->issuers, p->n_issuers, sizeof(*p->issuers),
			compare_issuers);
	free(added);
	return 0;
}
