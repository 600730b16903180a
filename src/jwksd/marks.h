/* SPDX-License-Identifier: MIT */
/*
 * A set of slots (issuers, see oidc/tally.h) for which something is to be done.
 * A bit each, for most issuers are in none; marking cannot fail, because it
 * follows what cannot be called off.  Main thread only.
 */
#ifndef JWKSD_MARKS_H
#define JWKSD_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct marks {
	uint64_t *bits;
	size_t words;
	size_t count;
	size_t at; /* the slot after the one that was found last */
};

#define MARKS_INIT            \
	{                     \
		NULL, 0, 0, 0 \
	}

void marks_release(struct marks *m);

/* Room for all slots up to this one. */
int marks_reach(struct marks *m, uint32_t slot, struct error *e)
	__attribute__((warn_unused_result));

/* Of a slot that there is room for. */
void marks_set(struct marks *m, uint32_t slot);
void marks_clear(struct marks *m, uint32_t slot);
bool marks_has(const struct marks *m, uint32_t slot);

/* One that is marked, in turns: one that is marked again and again does not
 * keep others waiting.  false: there is none. */
bool marks_next(struct marks *m, uint32_t *slot);

static inline bool
marks_empty(const struct marks *m)
{
	return m->count == 0;
}

#endif
