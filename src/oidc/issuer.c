/* SPDX-License-Identifier: MIT */
/*
 * The record only: who may change it and when is decided by the daemon.
 */
#include "oidc/issuer.h"

#include <stdlib.h>
#include <string.h>

const char *
oidc_health_name(enum oidc_health health)
{
	switch (health) {
	case OIDC_FRESH:
		return "fresh";
	case OIDC_HELD:
		return "held";
	case OIDC_ABSENT:
		return "absent";
	}
	return "unknown";
}

struct oidc_issuer *
oidc_issuer_new(const char *url, uint32_t slot)
{
	size_t len = strlen(url) + 1;
	struct oidc_issuer *issuer;
	char *copy;

	issuer = calloc(1, sizeof(*issuer) + len);
	if (issuer == NULL)
		return NULL;
	copy = (char *)(issuer + 1);
	memcpy(copy, url, len);
	issuer->url = copy;
	issuer->slot = slot;
	issuer->health = OIDC_ABSENT;
	return issuer;
}

void
oidc_issuer_free(struct oidc_issuer *issuer)
{
	if (issuer == NULL)
		return;
	free(issuer->keys);
	free(issuer->problem);
	free(issuer);
}

struct oidc_key *
oidc_keys_new(const struct key_set *set)
{
	struct oidc_key *keys;
	size_t text = 0, i, len;
	char *place;

	for (i = 0; i < set->count; i++)
		text += strlen(set->keys[i]->kid) + 1;
	keys = calloc(1, set->count * sizeof(*keys) + text);
	if (keys == NULL)
		return NULL;
	place = (char *)(keys + set->count);
	for (i = 0; i < set->count; i++) {
		len = strlen(set->keys[i]->kid) + 1;
		memcpy(place, set->keys[i]->kid, len);
		keys[i].kid = place;
		keys[i].alg = set->keys[i]->alg;
		keys[i].bits = (uint16_t)set->keys[i]->bits;
		place += len;
	}
	return keys;
}

size_t
oidc_issuer_size(const struct oidc_issuer *issuer)
{
	size_t size = sizeof(*issuer) + strlen(issuer->url) + 1;
	uint32_t i;
	int kind;

	for (i = 0; i < issuer->n_keys; i++)
		size += sizeof(issuer->keys[i]) + strlen(issuer->keys[i].kid) +
			1;
	if (issuer->problem != NULL)
		size += strlen(issuer->problem) + 1;
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		if (issuer->documents[kind] != NULL)
			size += oidc_document_size(issuer->documents[kind]);
	return size;
}
