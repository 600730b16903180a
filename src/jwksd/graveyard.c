/* SPDX-License-Identifier: MIT */
/*
 * A queue, because things are replaced in the order of generations: sweeping
 * stops at the first one that is too young.
 */
#include "jwksd/graveyard.h"

#include <stdlib.h>
#include <sys/queue.h>

enum kind {
	DOCUMENT,
	CATALOG,
	SLOT,
};

struct grave {
	STAILQ_ENTRY(grave) next;
	uint64_t generation;
	enum kind kind;
	union {
		struct oidc_document *document;
		struct oidc_catalog *catalog;
		uint32_t slot;
	} what;
};

struct graveyard {
	struct oidc_tally *tally;
	size_t catalogs;
	STAILQ_HEAD(, grave) queue;
};

struct graveyard *
graveyard_new(struct oidc_tally *tally)
{
	struct graveyard *g;

	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	g->tally = tally;
	STAILQ_INIT(&g->queue);
	return g;
}

void
graveyard_free(struct graveyard *g)
{
	if (g == NULL)
		return;
	graveyard_sweep(g, UINT64_MAX);
	free(g);
}

static struct grave *
dig(struct graveyard *g, enum kind kind, uint64_t generation)
{
	struct grave *grave;

	grave = calloc(1, sizeof(*grave));
	if (grave == NULL)
		return NULL;
	grave->kind = kind;
	grave->generation = generation;
	STAILQ_INSERT_TAIL(&g->queue, grave, next);
	return grave;
}

void
graveyard_document(
	struct graveyard *g, struct oidc_document *doc, uint64_t generation)
{
	struct grave *grave;

	if (doc == NULL)
		return;
	grave = dig(g, DOCUMENT, generation);
	if (grave != NULL)
		grave->what.document = doc;
}

void
graveyard_catalog(
	struct graveyard *g, struct oidc_catalog *catalog, uint64_t generation)
{
	struct grave *grave = dig(g, CATALOG, generation);

	if (grave == NULL)
		return;
	grave->what.catalog = catalog;
	g->catalogs++;
}

void
graveyard_slot(struct graveyard *g, uint32_t slot, uint64_t generation)
{
	struct grave *grave = dig(g, SLOT, generation);

	if (grave != NULL)
		grave->what.slot = slot;
}

static void
bury(struct graveyard *g, struct grave *grave)
{
	switch (grave->kind) {
	case DOCUMENT:
		oidc_document_free(grave->what.document);
		break;
	case CATALOG:
		oidc_catalog_free(grave->what.catalog);
		g->catalogs--;
		break;
	case SLOT:
		oidc_tally_give(g->tally, grave->what.slot);
		break;
	}
	free(grave);
}

void
graveyard_sweep(struct graveyard *g, uint64_t oldest_generation)
{
	struct grave *grave;

	for (;;) {
		grave = STAILQ_FIRST(&g->queue);
		if (grave == NULL || grave->generation > oldest_generation)
			return;
		STAILQ_REMOVE_HEAD(&g->queue, next);
		bury(g, grave);
	}
}

size_t
graveyard_catalogs(const struct graveyard *g)
{
	return g->catalogs;
}
