/* SPDX-License-Identifier: MIT */
/*
 * What may be published in place of what is: a set is taken whole or not at
 * all, and a key may only go when a rotation retired it or an operator said so.
 * Invariant: an issuer that has documents keeps having them.
 */
#include "jwksd/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/record.h"
#include "source/source.h"

struct unit *
unit_new(const char *url, uint32_t slot, const struct config_issuer *conf,
	struct error *e)
{
	size_t size = strlen(url) + 1;
	struct unit *u;

	u = calloc(1, sizeof(*u) + size);
	if (u == NULL) {
		error_nomem(e);
		return NULL;
	}
	memcpy(u->url, url, size);
	oidc_issuer_init(&u->issuer, u->url, slot);
	u->conf = conf;
	return u;
}

void
unit_free(struct unit *u)
{
	if (u == NULL)
		return;
	oidc_issuer_release(&u->issuer);
	free(u);
}

void
unit_free_all(struct unit *u)
{
	oidc_documents_free(u->issuer.documents);
	unit_free(u);
}

int
unit_paths(const struct unit *u, struct unit_paths *out, struct error *e)
{
	const char *name;
	int n;

	if (u->conf->directory == NULL) {
		out->list = u->conf->keys;
		out->count = u->conf->n_keys;
		return 0;
	}
	/* a fleet's member is called like the last segment of its URL */
	name = strrchr(u->issuer.url, '/') + 1;
	n = snprintf(out->room, sizeof(out->room), "%s/%s", u->conf->directory,
		name);
	if (n < 0 || (size_t)n >= sizeof(out->room))
		return error_set(e, ERROR_LIMIT, "%s: the path is too long",
			u->conf->directory);
	out->one[0] = out->room;
	out->list = out->one;
	out->count = 1;
	return 0;
}

bool
unit_changed(const struct unit *u, const struct unit_context *c)
{
	struct unit_paths paths;

	if (unit_paths(u, &paths, NULL) != 0 ||
		source_signature(paths.list, paths.count) != u->signature)
		return true;
	return u->issuer.health == OIDC_HELD && c->record_dir >= 0 &&
	       source_record_signature(c->record_dir, u->issuer.url) !=
		       u->record_signature;
}

/* --- reading ------------------------------------------------------------ */

void
unit_load_release(struct unit_load *load)
{
	oidc_documents_free(load->documents);
	free(load->keys);
	load->documents = NULL;
	load->keys = NULL;
}

/* The published keys as marks; NULL when there is no memory. */
static struct source_mark *
marks_of(const struct oidc_issuer *issuer)
{
	struct source_mark *marks;
	uint32_t i;

	marks = calloc(issuer->n_keys + 1, sizeof(*marks));
	for (i = 0; marks != NULL && i < issuer->n_keys; i++) {
		marks[i].kid = oidc_key_kid(&issuer->keys[i]);
		marks[i].print = issuer->keys[i].print;
	}
	return marks;
}

/* Is everything there that was published?  What that was, the record says
 * when this is the first reading, or when somebody rewrote it while the issuer
 * was held (--acknowledge); else we know it ourselves. */
static int
check_loss(const struct unit *u, const struct source_record *record,
	const struct source_set *set, struct error *e)
{
	struct source_mark *marks;
	int rc;

	if (record->n_marks > 0)
		return source_check_loss(
			record->marks, record->n_marks, set, e);
	marks = marks_of(&u->issuer);
	if (marks == NULL)
		return error_nomem(e);
	rc = source_check_loss(marks, u->issuer.n_keys, set, e);
	free(marks);
	return rc;
}

static int64_t
changed_at(const struct unit *u, const struct unit_context *c,
	const struct source_record *record, const struct source_set *set)
{
	if (source_record_equals(record, &set->keys))
		return record->published;
	if (u->issuer.documents != NULL || record->n_marks > 0 ||
		set->modified > c->now)
		return c->now;
	return set->modified;
}

/* Is this what is published already? */
static bool
same_as_published(const struct unit *u, const struct unit_load *load)
{
	const struct http_response *old, *new;
	const char *a, *b;
	size_t a_len, b_len;
	int kind;

	if (u->issuer.documents == NULL || u->issuer.max_age != load->max_age)
		return false;
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		old = u->issuer.documents->response[kind];
		new = load->documents->response[kind];
		a = http_response_content(old, &a_len);
		b = http_response_content(new, &b_len);
		if (a_len != b_len || memcmp(a, b, a_len) != 0)
			return false;
		a = http_response_fields(old, &a_len);
		b = http_response_fields(new, &b_len);
		/* everything but Last-Modified follows from what was compared
		 * and from the content type */
		if (a_len != b_len)
			return false;
	}
	return true;
}

/* Make the documents and the keys' description of a set. */
static int
render(const struct unit *u, const struct source_set *set,
	struct unit_load *load, struct error *e)
{
	const struct oidc_documents_parts parts = {
		.issuer = u->issuer.url,
		.jwks_content_type = u->conf->jwks_content_type,
		.max_age = load->max_age,
		.modified = load->changed,
		.slot = u->issuer.slot,
	};
	size_t i;

	load->documents = oidc_documents_new(&parts, &set->keys, e);
	if (load->documents == NULL)
		return -1;
	load->keys = oidc_keys_new(&set->keys);
	if (load->keys == NULL) {
		unit_load_release(load);
		return error_nomem(e);
	}
	load->n_keys = (uint32_t)set->keys.count;
	for (i = 0; i < set->keys.count; i++) {
		load->keys[i].print = source_print(set->keys.keys[i]);
		load->keys[i].since = load->changed;
		if (set->notes == NULL || !set->notes[i].has_state)
			continue;
		load->keys[i].has_state = true;
		load->keys[i].state = (uint8_t)set->notes[i].state;
		load->keys[i].since = set->notes[i].since;
		load->keys[i].next_due = set->notes[i].next_due;
	}
	return 0;
}

/* A key stays "since" the moment when we first published it. */
static void
keep_since(const struct unit *u, struct unit_load *load)
{
	const struct oidc_issuer *issuer = &u->issuer;
	uint32_t i, k;

	for (i = 0; i < load->n_keys; i++) {
		if (load->keys[i].has_state)
			continue;
		for (k = 0; k < issuer->n_keys; k++)
			if (issuer->keys[k].print == load->keys[i].print &&
				!issuer->keys[k].has_state)
				load->keys[i].since = issuer->keys[k].since;
	}
}

static unsigned
max_age_of(const struct unit *u, int64_t wanted)
{
	if (wanted >= 0 && wanted < (int64_t)u->conf->max_age)
		return (unsigned)wanted;
	return u->conf->max_age;
}

static int
read_fresh(const struct unit *u, const struct unit_context *c,
	const struct unit_paths *paths, const struct source_record *record,
	struct unit_load *load)
{
	struct source_set set = {.keys = KEY_SET_INIT, .max_age = -1};
	struct error loss = {0};
	int rc = -1;

	if (source_load(paths->list, paths->count, u->issuer.url, c->now, &set,
		    &load->problem) != 0)
		return -1;
	if (check_loss(u, record, &set, &loss) != 0) {
		error_set(&load->problem, loss.code,
			"%s: put back what is missing, or let it go with: %s "
			"--acknowledge %s",
			loss.text, c->command, u->issuer.url);
		goto out;
	}
	load->max_age = max_age_of(u, set.max_age);
	load->changed = changed_at(u, c, record, &set);
	load->recorded = source_record_equals(record, &set.keys);
	if (render(u, &set, load, &load->problem) != 0)
		goto out;
	keep_since(u, load);
	load->health = OIDC_FRESH;
	rc = 0;
out:
	source_set_release(&set);
	return rc;
}

/* Nothing published and the sources are bad: what was published last? */
static int
read_record(const struct unit *u, const struct source_record *record,
	struct unit_load *load)
{
	struct source_set set = {.keys = KEY_SET_INIT, .max_age = -1};
	int rc = -1;

	if (record->n_marks == 0)
		return -1;
	load->max_age = u->conf->max_age;
	load->changed = record->published;
	load->recorded = true;
	if (source_record_keys(record, &set.keys, &load->warning) == 0)
		rc = render(u, &set, load, &load->warning);
	source_set_release(&set);
	return rc;
}

static void
load_record(const struct unit *u, const struct unit_context *c,
	struct source_record *record, struct unit_load *load)
{
	struct error e = {0};

	load->record_signature = u->record_signature;
	if (c->record_dir < 0)
		return;
	/* an issuer that serves its sources needs none: it knows */
	if (u->issuer.documents != NULL && u->issuer.health != OIDC_HELD)
		return;
	load->record_signature =
		source_record_signature(c->record_dir, u->issuer.url);
	/* one that is still to be written says less than we know, unless
	 * somebody else has written it */
	if ((u->unsaved || u->save_failed) &&
		load->record_signature == u->record_signature)
		return;
	if (source_record_load(c->record_dir, u->issuer.url, record, &e) != 0 &&
		e.code != ERROR_NOTFOUND)
		load->warning = e;
}

void
unit_read(const struct unit *u, const struct unit_context *c,
	struct unit_load *load)
{
	struct source_record record = {0};
	struct unit_paths paths;

	memset(load, 0, sizeof(*load));
	load_record(u, c, &record, load);
	if (unit_paths(u, &paths, &load->problem) == 0) {
		/* before reading: a change meanwhile is then seen later */
		load->signature = source_signature(paths.list, paths.count);
		if (read_fresh(u, c, &paths, &record, load) == 0)
			goto out;
	}
	load->changed = u->issuer.changed;
	load->max_age = u->issuer.max_age;
	if (u->issuer.documents != NULL || read_record(u, &record, load) == 0)
		load->health = OIDC_HELD;
	else
		load->health = OIDC_ABSENT;
out:
	if (load->documents != NULL && same_as_published(u, load)) {
		oidc_documents_free(load->documents);
		load->documents = NULL;
		load->changed = u->issuer.changed;
	}
	source_record_release(&record);
}

int
unit_save(struct unit *u, const struct unit_context *c, struct error *e)
{
	const struct oidc_issuer *issuer = &u->issuer;
	struct source_mark *marks;
	const char *jwks;
	size_t len;
	int rc;

	jwks = http_response_content(
		issuer->documents->response[OIDC_JWKS], &len);
	marks = marks_of(issuer);
	if (marks == NULL)
		rc = error_nomem(e);
	else
		rc = source_record_save(c->record_dir, issuer->url,
			issuer->changed, marks, issuer->n_keys, jwks, len, e);
	free(marks);
	u->save_failed = rc != 0;
	u->record_signature =
		source_record_signature(c->record_dir, issuer->url);
	return rc;
}
