/* SPDX-License-Identifier: MIT */
/*
 * A queue, because things are replaced in the order of generations: sweeping
 * stops at the first one that is too young.  Graves are dug in advance, because
 * a thing that workers may still look at can neither be freed nor forgotten.
 */
#include "jwksd/graveyard.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

enum kind {
	DOCUMENTS,
	CATALOG,
	SLOT,
};

struct grave {
	STAILQ_ENTRY(grave) next;
	uint64_t generation;
	enum kind kind;
	union {
		struct oidc_documents *documents;
		struct oidc_catalog *catalog;
		uint32_t slot;
	} what;
};

struct graveyard {
	struct oidc_tally *tally;
	size_t catalogs;
	size_t spare_count;
	STAILQ_HEAD(, grave) queue;
	STAILQ_HEAD(, grave) spare;
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
	STAILQ_INIT(&g->spare);
	return g;
}

void
graveyard_free(struct graveyard *g)
{
	struct grave *grave;

	if (g == NULL)
		return;
	graveyard_sweep(g, UINT64_MAX);
	while ((grave = STAILQ_FIRST(&g->spare)) != NULL) {
		STAILQ_REMOVE_HEAD(&g->spare, next);
		free(grave);
	}
	free(g);
}

int
graveyard_reserve(struct graveyard *g, size_t burials, struct error *e)
{
	struct grave *grave;

	while (g->spare_count < burials) {
		grave = calloc(1, sizeof(*grave));
		if (grave == NULL)
			return error_nomem(e);
		STAILQ_INSERT_TAIL(&g->spare, grave, next);
		g->spare_count++;
	}
	return 0;
}

/* The grave of the next thing. */
static struct grave *
dig(struct graveyard *g, enum kind kind, uint64_t generation)
{
	struct grave *grave = STAILQ_FIRST(&g->spare);

	assert(grave != NULL);
	STAILQ_REMOVE_HEAD(&g->spare, next);
	g->spare_count--;
	grave->kind = kind;
	grave->generation = generation;
	STAILQ_INSERT_TAIL(&g->queue, grave, next);
	return grave;
}

void
graveyard_documents(
	struct graveyard *g, struct oidc_documents *docs, uint64_t generation)
{
	dig(g, DOCUMENTS, generation)->what.documents = docs;
}

void
graveyard_catalog(
	struct graveyard *g, struct oidc_catalog *catalog, uint64_t generation)
{
	dig(g, CATALOG, generation)->what.catalog = catalog;
	g->catalogs++;
}

void
graveyard_slot(struct graveyard *g, uint32_t slot, uint64_t generation)
{
	dig(g, SLOT, generation)->what.slot = slot;
}

static void
bury(struct graveyard *g, struct grave *grave)
{
	switch (grave->kind) {
	case DOCUMENTS:
		oidc_documents_free(grave->what.documents);
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
