/* SPDX-License-Identifier: MIT */
/*
 * What was read becomes what is served.  Nothing here reads a file; nothing of
 * the catalog that the workers have is touched.
 */
#include "jwksd/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the catalog under construction ------------------------------------- */

int
publisher_open_next(struct publisher *p, size_t more, struct error *e)
{
	if (p->next != NULL)
		return 0;
	if (graveyard_reserve(p->graveyard, 1, e) != 0)
		return -1;
	p->next = oidc_catalog_new(p->catalog, p->n_issuers + more, e);
	return p->next == NULL ? -1 : 0;
}

void
publisher_discard_next(struct publisher *p)
{
	oidc_catalog_free(p->next);
	p->next = NULL;
}

void
publisher_publish_next(struct publisher *p)
{
	if (p->next == NULL)
		return;
	if (p->settings.published != NULL)
		p->settings.published(p->settings.arg, p->next);
	graveyard_catalog(
		p->graveyard, p->catalog, oidc_catalog_generation(p->next));
	p->catalog = p->next;
	p->next = NULL;
}

void
publisher_reclaim(struct publisher *p, uint64_t oldest_generation)
{
	graveyard_sweep(p->graveyard, oldest_generation);
}

/* --- applying what was read --------------------------------------------- */

void
publisher_tell_published(struct publisher *p, const struct oidc_issuer *issuer)
{
	struct buf b = BUF_INIT;
	uint32_t i;

	if (p->quiet || issuer->documents == NULL)
		return;
	buf_printf(&b, "published %u key%s:", issuer->n_keys,
		issuer->n_keys == 1 ? "" : "s");
	for (i = 0; i < issuer->n_keys; i++)
		buf_printf(&b, " %s", oidc_key_kid(&issuer->keys[i]));
	publisher_tell(p, LOG_LEVEL_INFO, issuer->url,
		buf_ok(&b) ? b.data : "published");
	buf_release(&b);
}

/* Say what is wrong, once, and remember it. */
static void
set_problem(struct publisher *p, struct unit *u, const struct error *problem,
	int64_t now)
{
	struct oidc_issuer *issuer = &u->issuer;
	char text[ERROR_TEXT_MAX + 64];

	if (problem->code == ERROR_NONE) {
		if (issuer->problem != NULL)
			publisher_tell(p, LOG_LEVEL_INFO, issuer->url,
				"the sources are good again");
		free(issuer->problem);
		issuer->problem = NULL;
		return;
	}
	if (issuer->problem != NULL &&
		strcmp(issuer->problem, problem->text) == 0)
		return;
	if (issuer->problem == NULL)
		issuer->problem_since = now;
	free(issuer->problem);
	issuer->problem = strdup(problem->text);
	snprintf(text, sizeof(text), "%s: %s",
		issuer->health == OIDC_ABSENT ? "not served"
					      : "keeping the last good set",
		problem->text);
	publisher_tell(p,
		issuer->health == OIDC_ABSENT ? LOG_LEVEL_ERROR
					      : LOG_LEVEL_WARN,
		issuer->url, text);
}

void
publisher_bury_documents(struct publisher *p, struct oidc_issuer *issuer)
{
	if (issuer->documents == NULL)
		return;
	p->document_bytes -= oidc_documents_size(issuer->documents);
	graveyard_documents(p->graveyard, issuer->documents,
		oidc_catalog_generation(p->next));
	issuer->documents = NULL;
}

static int
put_documents(struct publisher *p, struct unit *u, struct unit_load *load,
	struct error *e)
{
	struct oidc_issuer *issuer = &u->issuer;

	/* for the documents that are replaced, and the catalog */
	if (publisher_open_next(p, 0, e) != 0 ||
		graveyard_reserve(p->graveyard, 2, e) != 0 ||
		oidc_catalog_put(p->next, load->documents, e) != 0)
		return -1;
	publisher_bury_documents(p, issuer);
	issuer->documents = load->documents;
	p->document_bytes += oidc_documents_size(load->documents);
	load->documents = NULL; /* the issuer's now */
	return 0;
}

/* A damaged record is told when it is met, not at every look. */
static void
tell_warning(
	struct publisher *p, const struct unit *u, const struct unit_load *load)
{
	if (load->warning.code != ERROR_NONE &&
		load->record_signature != u->record_signature)
		publisher_tell(
			p, LOG_LEVEL_WARN, u->issuer.url, load->warning.text);
}

int
publisher_apply(struct publisher *p, struct unit *u, struct unit_load *load,
	int64_t now, struct error *e)
{
	struct oidc_issuer *issuer = &u->issuer;
	bool new_documents = load->documents != NULL;

	if (new_documents && put_documents(p, u, load, e) != 0)
		return -1;
	if (load->keys != NULL) {
		free(issuer->keys);
		issuer->keys = load->keys;
		issuer->n_keys = load->n_keys;
		load->keys = NULL; /* the issuer's now */
	}
	issuer->health = load->health;
	issuer->max_age = load->max_age;
	issuer->changed = load->changed;
	if (load->health == OIDC_FRESH) {
		issuer->loaded = now;
		p->loads_good++;
	} else {
		p->loads_bad++;
	}
	tell_warning(p, u, load);
	u->signature = load->signature;
	u->record_signature = load->record_signature;
	set_problem(p, u, &load->problem, now);
	if (new_documents)
		publisher_tell_published(p, issuer);
	if (new_documents && !load->recorded)
		publisher_mark_unsaved(p, u);
	return 0;
}
