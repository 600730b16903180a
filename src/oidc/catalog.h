/* SPDX-License-Identifier: MIT */
/*
 * The catalog: all issuers' documents by host and path, immutable once it is
 * published.  Lookup is one hash whether there is one issuer or a hundred
 * thousand.
 *
 * Memory without counting: documents and catalogs belong to the main thread.
 * A worker borrows the catalog of one generation and says which (jwksd/worker);
 * what a generation replaced is freed when no worker uses an older one.  So a
 * new catalog shares every unchanged document with the last, and costs one
 * copy of a table of pointers.
 */
#ifndef OIDC_CATALOG_H
#define OIDC_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "oidc/document.h"

struct oidc_catalog;

/* An empty catalog, or a private copy of one, with room for so many issuers (at
 * least those that it copies).  Its generation is 0, or that of the one it
 * copies plus one. */
struct oidc_catalog *oidc_catalog_new(const struct oidc_catalog *from,
	size_t issuers, struct error *e) __attribute__((warn_unused_result));
void oidc_catalog_free(struct oidc_catalog *c); /* not the documents */

/* Before it is published: put in or replace; take out (by name).  put fails
 * with CONFLICT when the name is there with another issuer's slot, and with
 * LIMIT when there is no room for one more. */
int oidc_catalog_put(struct oidc_catalog *c, const struct oidc_documents *docs,
	struct error *e) __attribute__((warn_unused_result));
void oidc_catalog_remove(
	struct oidc_catalog *c, const struct oidc_documents *docs);

/* By the host (any case) and path of a request, which is an issuer's and the
 * suffix of a kind.  NULL: nobody's. */
const struct oidc_documents *oidc_catalog_find(const struct oidc_catalog *c,
	const char *host, size_t host_len, const char *path, size_t path_len,
	enum oidc_kind *kind);

uint64_t oidc_catalog_generation(const struct oidc_catalog *c);
size_t oidc_catalog_count(const struct oidc_catalog *c); /* issuers */
size_t oidc_catalog_size(const struct oidc_catalog *c); /* bytes of the table */

#endif
