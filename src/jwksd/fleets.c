/* SPDX-License-Identifier: MIT */
/*
 * Fleets: their directories say, while we run, which issuers there are.
 * Invariant: a directory that cannot be read, or that has become empty all at
 * once, withdraws nobody; it is more likely an unmounted disk than an
 * operator's wish.
 */
#include "jwksd/internal.h"

#include <stdio.h>
#include <string.h>

#define EMPTIED "%s has become empty"
#define EMPTIED_MIN 2 /* so many members do not leave in one moment */

static size_t
count_members(const struct publisher *p, const struct config_issuer *conf)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_issuers; i++)
		n += publisher_unit(p, p->issuers[i])->conf == conf;
	return n;
}

static bool
has_emptied(const struct publisher *p, const struct config_issuer *conf,
	size_t found)
{
	return found == 0 && count_members(p, conf) >= EMPTIED_MIN;
}

static void
tell_held(
	struct publisher *p, const struct config_issuer *conf, const char *why)
{
	char text[ERROR_TEXT_MAX + 128];

	snprintf(text, sizeof(text),
		"%s; its issuers stay as they are: to withdraw them take the "
		"issuers block out and reload",
		why);
	publisher_tell(p, LOG_LEVEL_WARN, conf->url, text);
}

/* Its members are read again, find nothing, and are held. */
static void
hold_fleet(
	struct publisher *p, const struct config_issuer *conf, const char *why)
{
	bool news = false;
	struct unit *u;
	size_t i;

	for (i = 0; i < p->n_issuers; i++) {
		u = publisher_unit(p, p->issuers[i]);
		if (u->conf != conf)
			continue;
		news = news || u->issuer.health == OIDC_FRESH;
		publisher_mark(p, u, false);
	}
	if (news)
		tell_held(p, conf, why);
}

/* A member whose directory was away has no watch that says it is back. */
static void
mark_unwell(struct publisher *p, const struct config_issuer *conf)
{
	struct unit *u;
	size_t i;

	for (i = 0; i < p->n_issuers; i++) {
		u = publisher_unit(p, p->issuers[i]);
		if (u->conf == conf && u->issuer.health != OIDC_FRESH)
			publisher_mark(p, u, false);
	}
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
	else if (has_emptied(p, conf, roster.count)) {
		error_set(&e, ERROR_INVALID, EMPTIED, conf->directory);
		hold_fleet(p, conf, e.text);
	} else {
		roster_finish(&roster);
		if (publisher_reconcile(p, &roster, conf, now, &e) != 0)
			publisher_tell(p, LOG_LEVEL_ERROR, conf->url, e.text);
		mark_unwell(p, conf);
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

/* The block in force that this one of a new configuration follows, or NULL. */
static const struct config_issuer *
same_fleet(const struct publisher *p, const struct config_issuer *conf)
{
	size_t i;

	if (p->config == NULL || conf->directory == NULL)
		return NULL;
	for (i = 0; i < p->config->n_issuers; i++)
		if (p->config->issuers[i].directory != NULL &&
			strcmp(p->config->issuers[i].url, conf->url) == 0)
			return &p->config->issuers[i];
	return NULL;
}

int
publisher_keep_fleet(struct publisher *p, const struct config_issuer *conf,
	struct roster *roster, struct error *e)
{
	const struct config_issuer *fleet = same_fleet(p, conf);
	struct error why = {0};
	size_t i;

	if (fleet == NULL || !has_emptied(p, fleet, 0))
		return 0;
	error_set(&why, ERROR_INVALID, EMPTIED, conf->directory);
	tell_held(p, conf, why.text);
	for (i = 0; i < p->n_issuers; i++)
		if (publisher_unit(p, p->issuers[i])->conf == fleet &&
			roster_add_member(
				roster, p->issuers[i]->url, conf, e) != 0)
			return -1;
	return 0;
}
