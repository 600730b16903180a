/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with linear probing, at most half full, so that a look-up
 * touches one cache line of the table and then the document.  Removal shifts
 * back instead of leaving marks, because a table is copied again and again.
 * Invariant: between a name's home slot and its place no slot is empty.
 */
#include "oidc/catalog.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 16

struct slot {
	uint64_t hash;
	const struct oidc_document *doc; /* NULL: empty */
};

struct oidc_catalog {
	uint64_t generation;
	size_t count;
	size_t mask;
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

/* The last len < 8 bytes, in some order. */
static inline uint64_t
load_tail(const char *p, size_t len)
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

static inline uint64_t
hash_bytes(uint64_t h, const char *p, size_t len, uint64_t fold)
{
	h = mix(h, len);
	for (; len >= 8; p += 8, len -= 8)
		h = mix(h, load8(p) | fold);
	return mix(h, load_tail(p, len) | fold);
}

static inline bool
equal(const char *a, const char *b, size_t len)
{
	for (; len >= 8; a += 8, b += 8, len -= 8)
		if (load8(a) != load8(b))
			return false;
	return load_tail(a, len) == load_tail(b, len);
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
	return hash_bytes(
		hash_bytes(0, host, host_len, FOLD), path, path_len, 0);
}

static uint64_t
hash_document(const struct oidc_document *doc)
{
	return hash_name(doc->name, doc->host_len, doc->name + doc->host_len,
		(size_t)doc->name_len - doc->host_len);
}

static struct oidc_catalog *
catalog_alloc(size_t documents, struct error *e)
{
	struct oidc_catalog *c;
	size_t slots = SLOTS_MIN;

	while (slots < documents * 2)
		slots *= 2;
	c = calloc(1, sizeof(*c) + slots * sizeof(c->slots[0]));
	if (c == NULL) {
		error_nomem(e);
		return NULL;
	}
	c->mask = slots - 1;
	return c;
}

static void
insert(struct oidc_catalog *c, uint64_t hash, const struct oidc_document *doc)
{
	size_t i;

	for (i = hash & c->mask; c->slots[i].doc != NULL; i = (i + 1) & c->mask)
		;
	c->slots[i].hash = hash;
	c->slots[i].doc = doc;
	c->count++;
}

struct oidc_catalog *
oidc_catalog_new(
	const struct oidc_catalog *from, size_t documents, struct error *e)
{
	struct oidc_catalog *c;
	size_t i;

	if (from != NULL && documents < from->count)
		documents = from->count;
	c = catalog_alloc(documents, e);
	if (c == NULL || from == NULL)
		return c;
	c->generation = from->generation + 1;
	if (c->mask == from->mask) {
		memcpy(c->slots, from->slots,
			(c->mask + 1) * sizeof(c->slots[0]));
		c->count = from->count;
		return c;
	}
	for (i = 0; i <= from->mask; i++)
		if (from->slots[i].doc != NULL)
			insert(c, from->slots[i].hash, from->slots[i].doc);
	return c;
}

void
oidc_catalog_free(struct oidc_catalog *c)
{
	free(c);
}

/* The slot of that name, or the empty one where it would go. */
static struct slot *
find_slot(struct oidc_catalog *c, uint64_t hash, const struct oidc_document *d)
{
	struct slot *s;
	size_t i;

	for (i = hash & c->mask;; i = (i + 1) & c->mask) {
		s = &c->slots[i];
		if (s->doc == NULL ||
			(s->hash == hash && s->doc->name_len == d->name_len &&
				s->doc->host_len == d->host_len &&
				memcmp(s->doc->name, d->name, d->name_len) ==
					0))
			return s;
	}
}

int
oidc_catalog_put(struct oidc_catalog *c, const struct oidc_document *doc,
	struct error *e)
{
	uint64_t hash = hash_document(doc);
	struct slot *s = find_slot(c, hash, doc);

	if (s->doc == NULL) {
		if (c->count >= (c->mask + 1) / 2)
			return error_set(e, ERROR_LIMIT,
				"the catalog was made for fewer documents");
		s->hash = hash;
		c->count++;
	} else if (s->doc->slot != doc->slot) {
		return error_set(e, ERROR_CONFLICT,
			"%.*s is already served for another issuer",
			(int)doc->name_len, doc->name);
	}
	s->doc = doc;
	return 0;
}

void
oidc_catalog_remove(struct oidc_catalog *c, const struct oidc_document *doc)
{
	struct slot *s = find_slot(c, hash_document(doc), doc);
	size_t hole, i, home;

	if (s->doc == NULL)
		return;
	hole = (size_t)(s - c->slots);
	c->slots[hole].doc = NULL;
	c->count--;
	for (i = (hole + 1) & c->mask; c->slots[i].doc != NULL;
		i = (i + 1) & c->mask) {
		home = c->slots[i].hash & c->mask;
		/* may it move to the hole?  not past its home */
		if (((i - home) & c->mask) < ((i - hole) & c->mask))
			continue;
		c->slots[hole] = c->slots[i];
		c->slots[i].doc = NULL;
		hole = i;
	}
}

const struct oidc_document *
oidc_catalog_find(const struct oidc_catalog *c, const char *host,
	size_t host_len, const char *path, size_t path_len)
{
	const struct oidc_document *doc;
	uint64_t hash;
	size_t i;

	hash = hash_name(host, host_len, path, path_len);
	for (i = hash & c->mask;; i = (i + 1) & c->mask) {
		doc = c->slots[i].doc;
		if (doc == NULL)
			return NULL;
		if (c->slots[i].hash == hash && doc->host_len == host_len &&
			doc->name_len == host_len + path_len &&
			equal_host(doc->name, host, host_len) &&
			equal(doc->name + host_len, path, path_len))
			return doc;
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
	return sizeof(*c) + (c->mask + 1) * sizeof(c->slots[0]);
}
