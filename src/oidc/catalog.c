/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with linear probing, at most two thirds full, so that a
 * look-up mostly touches one cache line of the table and then the documents.
 * Removal shifts back instead of leaving marks, because a table is copied again
 * and again.  Invariant: between a name's home slot and its place no slot is
 * empty.
 */
#include "oidc/catalog.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ROOM_MIN 8

struct slot {
	uint64_t hash;
	const struct oidc_documents *docs; /* NULL: empty */
};

struct oidc_catalog {
	uint64_t generation;
	size_t count;
	size_t room;
	size_t size; /* in slots; less than 2^32 */
	struct slot slots[];
};

/* Hosts are looked up in any case: the hash is of their bytes with bit 5 set,
 * which makes letters lower case.  What else that makes equal is told apart
 * when the names are compared. */
#define FOLD 0x2020202020202020ULL

static inline uint64_t
load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* All of less than 8 bytes, in some order. */
static inline uint64_t
load_short(const char *p, size_t len)
{
	uint32_t a, b;

	if (len >= 4) {
		memcpy(&a, p, sizeof(a));
		memcpy(&b, p + len - 4, sizeof(b));
		return (uint64_t)a << 32 | b;
	}
	if (len == 0)
		return 0;
	return (uint64_t)(unsigned char)p[0] << 16 |
	       (uint64_t)(unsigned char)p[len / 2] << 8 |
	       (unsigned char)p[len - 1];
}

static inline uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

/* Eight bytes at a time; the last eight may overlap those before. */
static inline uint64_t
hash_bytes(uint64_t h, const char *p, size_t len, uint64_t fold)
{
	if (len < 8)
		return mix(h, load_short(p, len) | fold);
	for (; len > 8; p += 8, len -= 8)
		h = mix(h, load8(p) | fold);
	return mix(h, load8(p + len - 8) | fold);
}

static inline bool
equal(const char *a, const char *b, size_t len)
{
	if (len < 8)
		return load_short(a, len) == load_short(b, len);
	for (; len > 8; a += 8, b += 8, len -= 8)
		if (load8(a) != load8(b))
			return false;
	return load8(a + len - 8) == load8(b + len - 8);
}

/* Is host the name, which is in lower case, in any case? */
static bool
equal_host(const char *name, const char *host, size_t len)
{
	size_t i;
	char c;

	if (equal(name, host, len))
		return true;
	for (i = 0; i < len; i++) {
		c = host[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c != name[i])
			return false;
	}
	return true;
}

/* Host and path are hashed one after the other, so that a request's need not
 * be joined. */
static inline uint64_t
hash_name(const char *host, size_t host_len, const char *path, size_t path_len)
{
	uint64_t h = (uint64_t)host_len << 32 ^ path_len;

	return hash_bytes(
		hash_bytes(h, host, host_len, FOLD), path, path_len, 0);
}

static uint64_t
hash_of(const struct oidc_documents *docs)
{
	return hash_name(docs->name, docs->host_len,
		docs->name + docs->host_len, docs->path_len);
}

/* The hash's part of the whole. */
static inline size_t
home_of(const struct oidc_catalog *c, uint64_t hash)
{
	return (size_t)((hash >> 32) * c->size >> 32);
}

static inline size_t
after(const struct oidc_catalog *c, size_t i)
{
	return i + 1 == c->size ? 0 : i + 1;
}

/* How far it is from one slot onwards to another. */
static size_t
distance(const struct oidc_catalog *c, size_t from, size_t to)
{
	return to >= from ? to - from : to + c->size - from;
}

/* In steps of an eighth, so that most copies have the size of what they copy
 * and need no hashing. */
static size_t
round_room(size_t issuers)
{
	size_t step = 1;

	if (issuers <= ROOM_MIN)
		return ROOM_MIN;
	while (step * 16 <= issuers)
		step *= 2;
	return (issuers + step - 1) / step * step;
}

static struct oidc_catalog *
catalog_alloc(size_t issuers, struct error *e)
{
	struct oidc_catalog *c;
	size_t room = round_room(issuers), size = room + room / 2;

	c = calloc(1, sizeof(*c) + size * sizeof(c->slots[0]));
	if (c == NULL) {
		error_nomem(e);
		return NULL;
	}
	c->room = room;
	c->size = size;
	return c;
}

static void
insert(struct oidc_catalog *c, const struct slot *s)
{
	size_t i = home_of(c, s->hash);

	while (c->slots[i].docs != NULL)
		i = after(c, i);
	c->slots[i] = *s;
	c->count++;
}

struct oidc_catalog *
oidc_catalog_new(
	const struct oidc_catalog *from, size_t issuers, struct error *e)
{
	struct oidc_catalog *c;
	size_t i;

	if (from != NULL && issuers < from->count)
		issuers = from->count;
	c = catalog_alloc(issuers, e);
	if (c == NULL || from == NULL)
		return c;
	c->generation = from->generation + 1;
	if (c->size == from->size) {
		memcpy(c->slots, from->slots, c->size * sizeof(c->slots[0]));
		c->count = from->count;
		return c;
	}
	for (i = 0; i < from->size; i++)
		if (from->slots[i].docs != NULL)
			insert(c, &from->slots[i]);
	return c;
}

void
oidc_catalog_free(struct oidc_catalog *c)
{
	free(c);
}

static bool
same_name(const struct oidc_documents *a, const struct oidc_documents *b)
{
	return a->host_len == b->host_len && a->path_len == b->path_len &&
	       memcmp(a->name, b->name, (size_t)a->host_len + a->path_len) == 0;
}

/* The slot of that name, or the empty one where it would go. */
static struct slot *
find_slot(struct oidc_catalog *c, uint64_t hash, const struct oidc_documents *d)
{
	struct slot *s;
	size_t i;

	for (i = home_of(c, hash);; i = after(c, i)) {
		s = &c->slots[i];
		if (s->docs == NULL ||
			(s->hash == hash && same_name(s->docs, d)))
			return s;
	}
}

int
oidc_catalog_put(struct oidc_catalog *c, const struct oidc_documents *docs,
	struct error *e)
{
	uint64_t hash = hash_of(docs);
	struct slot *s = find_slot(c, hash, docs);

	if (s->docs == NULL) {
		if (c->count == c->room)
			return error_set(e, ERROR_LIMIT,
				"the catalog was made for fewer issuers");
		s->hash = hash;
		c->count++;
	} else if (s->docs->slot != docs->slot) {
		return error_set(e, ERROR_CONFLICT,
			"%.*s is already served for another issuer",
			docs->host_len + docs->path_len, docs->name);
	}
	s->docs = docs;
	return 0;
}

void
oidc_catalog_remove(struct oidc_catalog *c, const struct oidc_documents *docs)
{
	struct slot *s = find_slot(c, hash_of(docs), docs);
	size_t hole, i, home;

	if (s->docs == NULL)
		return;
	hole = (size_t)(s - c->slots);
	c->slots[hole].docs = NULL;
	c->count--;
	for (i = after(c, hole); c->slots[i].docs != NULL; i = after(c, i)) {
		home = home_of(c, c->slots[i].hash);
		/* may it move to the hole?  not past its home */
		if (distance(c, home, i) < distance(c, hole, i))
			continue;
		c->slots[hole] = c->slots[i];
		c->slots[i].docs = NULL;
		hole = i;
	}
}

/* The length of the issuer's part of a path; -1: it is no document's. */
static inline ssize_t
cut_suffix(const char *path, size_t len, enum oidc_kind *kind)
{
	static const char DISCOVERY[] = OIDC_DISCOVERY_SUFFIX;
	static const char JWKS[] = OIDC_JWKS_SUFFIX;
	const size_t discovery = sizeof(DISCOVERY) - 1;
	const size_t jwks = sizeof(JWKS) - 1;

	if (len >= jwks && memcmp(path + len - jwks, JWKS, jwks) == 0) {
		*kind = OIDC_JWKS;
		return (ssize_t)(len - jwks);
	}
	if (len >= discovery &&
		memcmp(path + len - discovery, DISCOVERY, discovery) == 0) {
		*kind = OIDC_DISCOVERY;
		return (ssize_t)(len - discovery);
	}
	return -1;
}

const struct oidc_documents *
oidc_catalog_find(const struct oidc_catalog *c, const char *host,
	size_t host_len, const char *path, size_t path_len,
	enum oidc_kind *kind)
{
	ssize_t prefix = cut_suffix(path, path_len, kind);
	size_t len = (size_t)prefix, i;
	const struct oidc_documents *docs;
	uint64_t hash;

	if (prefix < 0)
		return NULL;
	hash = hash_name(host, host_len, path, len);
	for (i = home_of(c, hash);; i = after(c, i)) {
		docs = c->slots[i].docs;
		if (docs == NULL)
			return NULL;
		if (c->slots[i].hash == hash && docs->host_len == host_len &&
			docs->path_len == len &&
			equal_host(docs->name, host, host_len) &&
			equal(docs->name + host_len, path, len))
			return docs;
	}
}

uint64_t
oidc_catalog_generation(const struct oidc_catalog *c)
{
	return c->generation;
}

size_t
oidc_catalog_count(const struct oidc_catalog *c)
{
	return c->count;
}

size_t
oidc_catalog_size(const struct oidc_catalog *c)
{
	return sizeof(*c) + c->size * sizeof(c->slots[0]);
}
