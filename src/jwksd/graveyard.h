/* SPDX-License-Identifier: MIT */
/*
 * What was replaced, until no worker can look at it any more.
 *
 * Documents, a catalog or a tally slot that the catalog of generation G no
 * longer has may be freed when every worker serves G or a newer one.  Main
 * thread only; that, and that generations only grow, replaces reference counts.
 */
#ifndef JWKSD_GRAVEYARD_H
#define JWKSD_GRAVEYARD_H

#include <stddef.h>
#include <stdint.h>

#include "oidc/catalog.h"
#include "oidc/document.h"
#include "oidc/tally.h"

struct graveyard;

struct graveyard *graveyard_new(struct oidc_tally *tally);
/* Frees all that is left: the workers have ended. */
void graveyard_free(struct graveyard *g);

/* Make sure that the next so many burials cannot fail: to be called while what
 * they follow from can still be called off. */
int graveyard_reserve(struct graveyard *g, size_t burials, struct error *e)
	__attribute__((warn_unused_result));

/* Bury one thing, for which there is a reserve.  generation:
 * of the first catalog without it. */
void graveyard_documents(
	struct graveyard *g, struct oidc_documents *docs, uint64_t generation);
void graveyard_catalog(
	struct graveyard *g, struct oidc_catalog *catalog, uint64_t generation);
void graveyard_slot(struct graveyard *g, uint32_t slot, uint64_t generation);

/* Free what no worker of at least this generation sees. */
void graveyard_sweep(struct graveyard *g, uint64_t oldest_generation);

size_t graveyard_catalogs(const struct graveyard *g);

#endif
