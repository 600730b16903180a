/* SPDX-License-Identifier: MIT */
/*
 * A column per worker, cut into chunks that are made when a slot in them is
 * first taken and stay until the end: a worker never sees one move.  The
 * pointer to a new chunk reaches a worker with the catalog that first names
 * its slots, whose hand-over orders the two.
 */
#include "oidc/tally.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Large enough to be mapped, so that what is not used costs nothing. */
#define CHUNK 8192
#define CHUNKS 128 /* 1,048,576 issuers */

struct cell {
	_Atomic uint64_t count[OIDC_DOCUMENTS];
	_Atomic int64_t last[OIDC_DOCUMENTS];
};

struct column {
	struct cell *chunks[CHUNKS];
};

struct oidc_tally {
	unsigned workers;
	uint32_t used;  /* slots ever taken */
	uint32_t *free; /* slots given back, a stack */
	size_t n_free, cap_free;
	struct column columns[];
};

struct oidc_tally *
oidc_tally_new(unsigned workers, struct error *e)
{
	struct oidc_tally *t;

	t = calloc(1, sizeof(*t) + workers * sizeof(t->columns[0]));
	if (t == NULL) {
		error_nomem(e);
		return NULL;
	}
	t->workers = workers;
	return t;
}

void
oidc_tally_free(struct oidc_tally *t)
{
	unsigned w, i;

	if (t == NULL)
		return;
	for (w = 0; w < t->workers; w++)
		for (i = 0; i < CHUNKS; i++)
			free(t->columns[w].chunks[i]);
	free(t->free);
	free(t);
}

static struct cell *
cell_of(const struct oidc_tally *t, unsigned worker, uint32_t slot)
{
	return &t->columns[worker].chunks[slot / CHUNK][slot % CHUNK];
}

static int
make_chunk(struct oidc_tally *t, uint32_t chunk, struct error *e)
{
	struct cell **place;
	unsigned w;

	for (w = 0; w < t->workers; w++) {
		place = &t->columns[w].chunks[chunk];
		if (*place == NULL)
			*place = calloc(CHUNK, sizeof(**place));
		if (*place == NULL)
			return error_nomem(e);
	}
	return 0;
}

static void
clear(struct oidc_tally *t, uint32_t slot)
{
	struct cell *cell;
	unsigned w;
	int kind;

	for (w = 0; w < t->workers; w++) {
		cell = cell_of(t, w, slot);
		for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
			atomic_store_explicit(
				&cell->count[kind], 0, memory_order_relaxed);
			atomic_store_explicit(
				&cell->last[kind], 0, memory_order_relaxed);
		}
	}
}

int
oidc_tally_take(struct oidc_tally *t, uint32_t *slot, struct error *e)
{
	if (t->n_free > 0) {
		*slot = t->free[--t->n_free];
		clear(t, *slot);
		return 0;
	}
	if (t->used == CHUNK * CHUNKS)
		return error_set(e, ERROR_LIMIT, "more than %u issuers",
			(unsigned)CHUNK * CHUNKS);
	if (make_chunk(t, t->used / CHUNK, e) != 0)
		return -1;
	*slot = t->used++;
	return 0;
}

void
oidc_tally_give(struct oidc_tally *t, uint32_t slot)
{
	uint32_t *more;
	size_t cap;

	if (t->n_free == t->cap_free) {
		cap = t->cap_free == 0 ? 64 : t->cap_free * 2;
		more = realloc(t->free, cap * sizeof(*more));
		if (more == NULL)
			return; /* the slot is lost, nothing else */
		t->free = more;
		t->cap_free = cap;
	}
	t->free[t->n_free++] = slot;
}

void
oidc_tally_count(struct oidc_tally *t, unsigned worker, uint32_t slot,
	enum oidc_kind kind, int64_t now)
{
	struct cell *cell = cell_of(t, worker, slot);
	uint64_t count;

	/* only this worker writes here: no read-modify-write is needed */
	count = atomic_load_explicit(&cell->count[kind], memory_order_relaxed);
	atomic_store_explicit(
		&cell->count[kind], count + 1, memory_order_relaxed);
	atomic_store_explicit(&cell->last[kind], now, memory_order_relaxed);
}

struct oidc_fetches
oidc_tally_sum(const struct oidc_tally *t, uint32_t slot, enum oidc_kind kind)
{
	struct oidc_fetches sum = {0, 0};
	const struct cell *cell;
	unsigned w;
	int64_t last;

	for (w = 0; w < t->workers; w++) {
		cell = cell_of(t, w, slot);
		sum.count += atomic_load_explicit(
			&cell->count[kind], memory_order_relaxed);
		last = atomic_load_explicit(
			&cell->last[kind], memory_order_relaxed);
		if (last > sum.last)
			sum.last = last;
	}
	return sum;
}
