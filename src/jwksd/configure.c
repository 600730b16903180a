/* SPDX-License-Identifier: MIT */
/*
 * A configuration is taken over whole or not at all.  Invariant: when that
 * fails, the publisher is as it was, its state directory included.
 */
#include "jwksd/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/record.h"

#define TELL_EACH_MAX 20 /* more issuers at once are told as a number */

/* The state directory, made if it is missing; -1: there is none. */
static int
open_records(struct publisher *p, const char *path)
{
	struct error e = {0};
	char text[2 * ERROR_TEXT_MAX];
	int fd;

	if (path[0] == '\0')
		return -1;
	if (p->settings.remember && mkdir(path, 0755) != 0 && errno != EEXIST)
		error_sys(&e, "state %s: cannot be made", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		error_sys(&e, "state %s: cannot be opened", path);
	else if (p->settings.remember && faccessat(fd, ".", W_OK, 0) != 0)
		error_sys(&e, "state %s: cannot be written to", path);
	if (e.code == ERROR_NONE || !p->settings.remember)
		return fd;
	snprintf(text, sizeof(text),
		"%s; the last good sets will not survive a restart", e.text);
	publisher_tell(p, LOG_LEVEL_WARN, NULL, text);
	return fd;
}

static void
close_records(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* All records are to be written to another directory, if there is one. */
static void
move_records(struct publisher *p)
{
	struct unit *u;
	size_t i;

	for (i = 0; i < p->n_issuers; i++) {
		u = publisher_unit(p, p->issuers[i]);
		publisher_unmark_unsaved(p, u);
		u->save_failed = false;
		if (p->record_dir < 0 || u->issuer.documents == NULL)
			continue;
		u->record_signature =
			source_record_signature(p->record_dir, u->issuer.url);
		publisher_mark_unsaved(p, u);
	}
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

/* What the block asks for. */
static int
add_block(struct publisher *p, struct roster *roster,
	const struct config_issuer *conf, struct error *e)
{
	size_t before = roster->count, skipped = 0;

	if (roster_add(roster, conf, &skipped, e) != 0)
		return -1;
	tell_skipped(p, conf->directory, skipped);
	return roster->count > before
		       ? 0
		       : publisher_keep_fleet(p, conf, roster, e);
}

/* With p->config and p->record_dir those of the new configuration. */
static int
take_over(struct publisher *p, const struct roster *roster, int64_t now,
	struct error *e)
{
	int rc;

	if (p->watch != NULL)
		p->watches_problem[0] = '\0'; /* there may be more by now */
	else if (p->settings.watch && p->watches_problem[0] == '\0')
		publisher_open_watch(p); /* tried once */
	p->quiet = roster->count > TELL_EACH_MAX;
	rc = publisher_reconcile(p, roster, NULL, now, e);
	p->quiet = false;
	return rc;
}

int
publisher_configure(struct publisher *p, const struct config *config,
	int64_t now, struct error *e)
{
	const struct config *before = p->config;
	int records = p->record_dir, rc = -1;
	struct roster roster = ROSTER_INIT;
	bool other_state;
	size_t i;

	for (i = 0; i < config->n_issuers; i++)
		if (add_block(p, &roster, &config->issuers[i], e) != 0)
			goto out;
	roster_finish(&roster);
	other_state =
		before == NULL || strcmp(before->state, config->state) != 0;
	if (other_state)
		p->record_dir = open_records(p, config->state);
	p->config = config;
	if (take_over(p, &roster, now, e) != 0) {
		p->config = before;
		if (other_state) {
			close_records(p->record_dir);
			p->record_dir = records;
		}
		goto out;
	}
	if (other_state) {
		close_records(records);
		if (before != NULL)
			move_records(p);
	}
	publisher_watch_fleets(p);
	publisher_publish_next(p);
	rc = 0;
out:
	roster_release(&roster);
	return rc;
}
