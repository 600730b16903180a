/* SPDX-License-Identifier: MIT */
/*
 * Requests that are nearly right: rows of the case table and requests put
 * together from field lines, changed in ways that mean something to a parser of
 * HTTP.  The Nth mutant depends on the seed and on N alone.
 */
#ifndef T_FUZZ_MUTANT_H
#define T_FUZZ_MUTANT_H

#include <stddef.h>
#include <stdint.h>

#define MUTANT_MAX 2048

struct mutator {
	uint64_t seed;
	const char *path; /* in the place of /doc */
};

struct mutant {
	uint64_t number;
	size_t len;
	char bytes[MUTANT_MAX];
};

void mutant_make(const struct mutator *how, uint64_t number, struct mutant *m);

#endif
