/* SPDX-License-Identifier: MIT */
/*
 * Looking for the next mark passes over 64 slots at a time, so that it costs
 * nothing beside what is done for a slot that is found.  Invariant: count is
 * the number of bits that are set.
 */
#include "jwksd/marks.h"

#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64
#define WORDS_MIN 16

void
marks_release(struct marks *m)
{
	free(m->bits);
	*m = (struct marks)MARKS_INIT;
}

int
marks_reach(struct marks *m, uint32_t slot, struct error *e)
{
	size_t words = m->words == 0 ? WORDS_MIN : m->words;
	uint64_t *more;

	while (words <= slot / WORD_BITS)
		words *= 2;
	if (words == m->words)
		return 0;
	more = realloc(m->bits, words * sizeof(*more));
	if (more == NULL)
		return error_nomem(e);
	memset(more + m->words, 0, (words - m->words) * sizeof(*more));
	m->bits = more;
	m->words = words;
	return 0;
}

static uint64_t
bit_of(uint32_t slot)
{
	return UINT64_C(1) << slot % WORD_BITS;
}

bool
marks_has(const struct marks *m, uint32_t slot)
{
	return (m->bits[slot / WORD_BITS] & bit_of(slot)) != 0;
}

void
marks_set(struct marks *m, uint32_t slot)
{
	if (marks_has(m, slot))
		return;
	m->bits[slot / WORD_BITS] |= bit_of(slot);
	m->count++;
}

void
marks_clear(struct marks *m, uint32_t slot)
{
	if (!marks_has(m, slot))
		return;
	m->bits[slot / WORD_BITS] &= ~bit_of(slot);
	m->count--;
}

bool
marks_next(struct marks *m, uint32_t *slot)
{
	size_t i, at = m->at;
	uint64_t word;

	/* once round, and what comes before the start in its word */
	for (i = 0; m->count > 0 && i <= m->words; i++) {
		word = m->bits[at / WORD_BITS] & ~UINT64_C(0) << at % WORD_BITS;
		at = at / WORD_BITS * WORD_BITS;
		if (word != 0) {
			at += (size_t)__builtin_ctzll(word);
			*slot = (uint32_t)at;
			m->at = (at + 1) % (m->words * WORD_BITS);
			return true;
		}
		at = (at + WORD_BITS) % (m->words * WORD_BITS);
	}
	return false;
}
