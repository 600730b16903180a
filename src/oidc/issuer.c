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

void
oidc_issuer_init(struct oidc_issuer *issuer, const char *url, uint32_t slot)
{
	*issuer = (struct oidc_issuer){
		.url = url, .slot = slot, .health = OIDC_ABSENT};
}

void
oidc_issuer_release(struct oidc_issuer *issuer)
{
	free(issuer->keys);
	free(issuer->problem);
	issuer->keys = NULL;
	issuer->problem = NULL;
}

struct oidc_key *
oidc_keys_new(const struct key_set *set)
{
	struct oidc_key *keys;
	size_t text = 0, i, len;
	char *place;

	for (i = 0; i < set->count; i++)
		text += strlen(set->keys[i]->kid) + 1;
	text += set->count * sizeof(*keys);
	/* in 64 KiB, or kid_at would not do: a key is shorter than its JWK */
	keys = text > UINT16_MAX ? NULL : calloc(1, text);
	if (keys == NULL)
		return NULL;
	place = (char *)(keys + set->count);
	for (i = 0; i < set->count; i++) {
		len = strlen(set->keys[i]->kid) + 1;
		memcpy(place, set->keys[i]->kid, len);
		keys[i].kid_at = (uint16_t)(place - (char *)&keys[i]);
		keys[i].alg = (uint8_t)set->keys[i]->alg;
		keys[i].bits = (uint16_t)set->keys[i]->bits;
		place += len;
	}
	return keys;
}
