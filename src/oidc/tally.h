/* SPDX-License-Identifier: MIT */
/*
 * Who came by: fetches of each issuer's documents, and when the last one was.
 * STS' fetches reach no CloudTrail, so this is all that an operator can see.
 *
 * Each worker writes only its own column, with relaxed stores; the main thread
 * adds the columns up.  Columns grow before a catalog that needs them is
 * published, and never shrink.
 */
#ifndef OIDC_TALLY_H
#define OIDC_TALLY_H

#include <stdint.h>

#include "base/error.h"
#include "oidc/document.h"

struct oidc_tally;

struct oidc_fetches {
	uint64_t count;
	int64_t last; /* 0: never */
};

struct oidc_tally *oidc_tally_new(unsigned workers, struct error *e)
	__attribute__((warn_unused_result));
void oidc_tally_free(struct oidc_tally *t);

/* A free slot for an issuer, its counts at zero; LIMIT past a million. */
int oidc_tally_take(struct oidc_tally *t, uint32_t *slot, struct error *e)
	__attribute__((warn_unused_result));
/* Give it back, once no worker can count on it any more. */
void oidc_tally_give(struct oidc_tally *t, uint32_t slot);

/* Worker's side. */
void oidc_tally_count(struct oidc_tally *t, unsigned worker, uint32_t slot,
	enum oidc_kind kind, int64_t now);

/* Main thread's side. */
struct oidc_fetches oidc_tally_sum(
	const struct oidc_tally *t, uint32_t slot, enum oidc_kind kind);

#endif
