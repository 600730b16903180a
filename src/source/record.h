/* SPDX-License-Identifier: MIT */
/*
 * The last good set of an issuer, on disk: what was published, so that a
 * restart does not lose it when the sources are bad just then, and so that a
 * key that goes missing while nobody runs is noticed.
 *
 * DIR/NAME.json, NAME = base64url(SHA-256(issuer)): a JWK Set with further
 * members: issuer, published (when), prints (one per key).  Public data, 0644.
 * jwksd writes it; `jwksd --acknowledge` rewrites it to let a key go.
 */
#ifndef SOURCE_RECORD_H
#define SOURCE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "key/key.h"
#include "source/source.h"

/* What tells one published key from another. */
struct source_mark {
	const char *kid;
	uint64_t print; /* source_print() */
};

/* 64 bits over everything that is published of a key. */
uint64_t source_print(const struct key *key);

/* A record that was read.  marks point into it. */
struct source_record {
	int64_t published;
	struct source_mark *marks;
	size_t n_marks;
	char *bytes; /* the file */
	size_t len;
	void *json; /* owns the kids */
};

/* NOTFOUND: there is none.  A record that cannot be read or is damaged is
 * another error, and is to be said: it is not "none". */
int source_record_load(int dirfd, const char *issuer, struct source_record *out,
	struct error *e) __attribute__((warn_unused_result));
void source_record_release(struct source_record *r);

/* The keys themselves, parsed with every check. */
int source_record_keys(const struct source_record *r, struct key_set *out,
	struct error *e) __attribute__((warn_unused_result));

/* Replace the record, durably.  jwks: the published document, whose keys marks
 * describe in order. */
int source_record_save(int dirfd, const char *issuer, int64_t published,
	const struct source_mark *marks, size_t n_marks, const char *jwks,
	size_t jwks_len, struct error *e) __attribute__((warn_unused_result));

/* The issuer is withdrawn: should it come back, it starts anew. */
void source_record_remove(int dirfd, const char *issuer);

/* Is every key of the record in the set, and the other way round, in the same
 * order? */
bool source_record_equals(
	const struct source_record *r, const struct key_set *keys);

/* A number that changes when the record is replaced; 0: there is none. */
uint64_t source_record_signature(int dirfd, const char *issuer);

/* Does next lack a published key that nobody has let go (source_may_lack())?
 * Then CONFLICT and a text that names the kids.  Pure. */
int source_check_loss(const struct source_mark *published, size_t n,
	const struct source_set *next, struct error *e)
	__attribute__((warn_unused_result));

#endif
