/* SPDX-License-Identifier: MIT */
/*
 * What was replaced, until no worker can look at it any more.
 *
 * A document, catalog or tally slot that the catalog of generation G no longer
 * has may be freed when every worker serves G or a newer one.  Main thread
 * only; that, and that generations only grow, replaces reference counts.
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

/* generation: of the first catalog without it.  When there is no memory to
 * remember a thing it is leaked, which is the safe way to fail. */
void graveyard_document(
	struct graveyard *g, struct oidc_document *doc, uint64_t generation);
void graveyard_catalog(
	struct graveyard *g, struct oidc_catalog *catalog, uint64_t generation);
void graveyard_slot(struct graveyard *g, uint32_t slot, uint64_t generation);

/* Free what no worker of at least this generation sees. */
void graveyard_sweep(struct graveyard *g, uint64_t oldest_generation);

size_t graveyard_catalogs(const struct graveyard *g);

#endif
