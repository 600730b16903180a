/* SPDX-License-Identifier: MIT */
/*
 * The keyring in memory: making one, its keys, and the rules that any keyring
 * keeps.  The rules stand here and not in the parser because a step is checked
 * by them too, before it is committed: a file that jwksctl writes and jwksd
 * then refuses would end a rotation half way.
 */
#include "keyring/keyring.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define HOUR ((int64_t)3600)
#define DAY (24 * HOUR)
#define DURATION_MAX (10 * 366 * DAY)

const char *
keyring_step_name(enum keyring_step step)
{
	switch (step) {
	case KEYRING_INIT:
		return "init";
	case KEYRING_STAGE:
		return "stage";
	case KEYRING_ACTIVATE:
		return "activate";
	case KEYRING_RETIRE:
		return "retire";
	case KEYRING_REVOKE:
		return "revoke";
	case KEYRING_RESTORE:
		return "restore";
	case KEYRING_DISCARD:
		return "discard";
	case KEYRING_POLICY:
		return "policy";
	}
	return "unknown";
}

struct keyring_policy
keyring_policy_default(void)
{
	return (struct keyring_policy){
		.alg = KEY_RS256,
		.bits = 2048,
		.publish_ahead = DAY,
		.token_lifetime = DAY,
		.skew = 300,
		.max_age = HOUR,
		.rotation_max_age = 300,
		.rollout = HOUR,
		.api_token_lifetime = 365 * DAY,
		.period = 90 * DAY,
	};
}

static int
check_size(const struct keyring_policy *p, struct error *e)
{
	unsigned bits = 0;

	switch (p->alg) {
	case KEY_RS256:
		if (p->bits < 2048 || p->bits > 16384 || p->bits % 8 != 0)
			return error_set(e, ERROR_INVALID,
				"policy: RSA of %u bits: 2048, 3072 and 4096 "
				"are what verifiers know",
				p->bits);
		return 0;
	case KEY_ES256:
		bits = 256;
		break;
	case KEY_ES384:
		bits = 384;
		break;
	case KEY_ES512:
		bits = 521;
		break;
	case KEY_RS384:
	case KEY_RS512:
		return error_set(e, ERROR_INVALID,
			"policy: kube-apiserver does not sign %s; take RS256",
			key_alg_name(p->alg));
	}
	if (p->bits != bits)
		return error_set(e, ERROR_INVALID,
			"policy: %s has %u bits, not %u", key_alg_name(p->alg),
			bits, p->bits);
	return 0;
}

static int
check_duration(const char *name, int64_t value, int64_t least, struct error *e)
{
	if (value < least || value > DURATION_MAX)
		return error_set(e, ERROR_INVALID,
			"policy: %s is %lld seconds, %lld to %lld are possible",
			name, (long long)value, (long long)least,
			(long long)DURATION_MAX);
	return 0;
}

int
keyring_policy_check(const struct keyring_policy *p, struct error *e)
{
	if (check_size(p, e) != 0 ||
		check_duration("max_age", p->max_age, 0, e) != 0 ||
		check_duration("rotation_max_age", p->rotation_max_age, 0, e) !=
			0 ||
		check_duration("rollout", p->rollout, 0, e) != 0 ||
		check_duration("skew", p->skew, 0, e) != 0 ||
		check_duration("token_lifetime", p->token_lifetime, 600, e) !=
			0 ||
		check_duration("api_token_lifetime", p->api_token_lifetime, 0,
			e) != 0 ||
		check_duration("publish_ahead", p->publish_ahead, 0, e) != 0 ||
		check_duration("period", p->period, 0, e) != 0)
		return -1;
	if (p->rotation_max_age > p->max_age)
		return error_set(e, ERROR_INVALID,
			"policy: rotation_max_age is longer than max_age");
	if (p->publish_ahead < p->max_age)
		return error_set(e, ERROR_INVALID,
			"policy: publish_ahead is shorter than max_age: "
			"verifiers would meet a key that their copy of the "
			"JWKS does not have");
	if (p->publish_ahead < p->rollout)
		return error_set(e, ERROR_INVALID,
			"policy: publish_ahead is shorter than rollout: an API "
			"server would meet a key that it does not accept yet");
	return 0;
}

struct keyring *
keyring_new(const char *issuer, const struct keyring_policy *policy,
	struct error *e)
{
	struct keyring *ring = calloc(1, sizeof(*ring));

	if (ring != NULL)
		ring->issuer = strdup(issuer);
	if (ring == NULL || ring->issuer == NULL) {
		keyring_free(ring);
		error_nomem(e);
		return NULL;
	}
	ring->policy = *policy;
	return ring;
}

void
keyring_free(struct keyring *ring)
{
	size_t i;

	if (ring == NULL)
		return;
	for (i = 0; i < ring->count; i++)
		key_free(ring->keys[i].key);
	free(ring->keys);
	free(ring->issuer);
	free(ring->last.kid);
	free(ring->last.by);
	free(ring->last.reason);
	free(ring->last.waived);
	free(ring);
}

struct keyring_key *
keyring_add(struct keyring *ring, struct key *take, struct error *e)
{
	struct keyring_key *keys;

	if (keyring_find(ring, take->kid) != NULL) {
		error_set(e, ERROR_CONFLICT, "key %s is there already",
			take->kid);
		goto fail;
	}
	if (ring->count >= KEYRING_KEYS_MAX) {
		error_set(
			e, ERROR_LIMIT, "more than %d keys", KEYRING_KEYS_MAX);
		goto fail;
	}
	keys = reallocarray(ring->keys, ring->count + 1, sizeof(*keys));
	if (keys == NULL) {
		error_nomem(e);
		goto fail;
	}
	ring->keys = keys;
	keys[ring->count] = (struct keyring_key){.key = take};
	return &keys[ring->count++];
fail:
	key_free(take);
	return NULL;
}

void
keyring_remove(struct keyring *ring, size_t i)
{
	key_free(ring->keys[i].key);
	memmove(&ring->keys[i], &ring->keys[i + 1],
		(ring->count - i - 1) * sizeof(*ring->keys));
	ring->count--;
}

struct keyring_key *
keyring_find(const struct keyring *ring, const char *kid)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (strcmp(ring->keys[i].key->kid, kid) == 0)
			return &ring->keys[i];
	return NULL;
}

struct keyring_key *
keyring_active(const struct keyring *ring, int64_t now)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (keyring_state(&ring->keys[i], now) == KEYRING_ACTIVE)
			return &ring->keys[i];
	return NULL;
}

/* A private file is named by its kid, so such a key has Kubernetes' kid. */
static bool
kid_is_a_file_name(const char *kid)
{
	return strlen(kid) == 43 &&
	       strspn(kid,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		       "0123456789-_") == 43;
}

/* Each moment after the one before it, none ahead of the last commit. */
static int
check_moments(const struct keyring_key *k, int64_t updated, struct error *e)
{
	const int64_t moments[] = {k->created, k->published, k->activated,
		k->superseded, k->retired};
	static const char *const names[] = {
		"created", "published", "activated", "superseded", "retired"};
	int64_t last = 1;
	const char *before = "the beginning of time";
	size_t i;

	if (k->created == 0 || k->published == 0)
		return error_set(
			e, ERROR_INVALID, "created and published are needed");
	if (k->superseded != 0 && k->activated == 0)
		return error_set(
			e, ERROR_INVALID, "superseded, but never activated");
	if (k->retired != 0 && k->superseded == 0)
		return error_set(
			e, ERROR_INVALID, "retired, but never superseded");
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		if (moments[i] == 0)
			continue;
		if (moments[i] < last)
			return error_set(e, ERROR_INVALID, "%s is before %s",
				names[i], before);
		last = moments[i];
		before = names[i];
	}
	if (last > updated || k->revoked > updated)
		return error_set(e, ERROR_INVALID,
			"a moment is after the keyring's own \"updated\"");
	if (k->revoked != 0 && k->revoked < k->published)
		return error_set(
			e, ERROR_INVALID, "revoked is before published");
	return 0;
}

static bool
signs(const struct keyring_key *k)
{
	return k->activated != 0 && k->superseded == 0 && k->revoked == 0;
}

int
keyring_check(const struct keyring *ring, struct error *e)
{
	const struct keyring_key *active = NULL, *k;
	size_t i;

	if (keyring_policy_check(&ring->policy, e) != 0)
		return -1;
	if (ring->count == 0)
		return error_set(e, ERROR_NOTFOUND, "holds no key");
	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if (check_moments(k, ring->updated, e) != 0)
			return error_wrap(e, "key %s", k->key->kid);
		if (k->in_store && !kid_is_a_file_name(k->key->kid))
			return error_set(e, ERROR_INVALID,
				"key %s: in_store, but the kid is not "
				"Kubernetes'",
				k->key->kid);
		if (!signs(k))
			continue;
		if (active != NULL)
			return error_set(e, ERROR_CONFLICT,
				"two active keys: %s and %s", active->key->kid,
				k->key->kid);
		active = k;
	}
	return 0;
}

/* PEM lines hold 64 characters, which are 48 bytes (RFC 7468 section 2). */
void
keyring_pem(const struct key *key, struct buf *out)
{
	unsigned char line[65];
	size_t i, n;

	buf_puts(out, "-----BEGIN PUBLIC KEY-----\n");
	for (i = 0; i < key->spki_len; i += n) {
		n = key->spki_len - i < 48 ? key->spki_len - i : 48;
		EVP_EncodeBlock(line, key->spki + i, (int)n);
		buf_puts(out, (const char *)line);
		buf_putc(out, '\n');
	}
	buf_puts(out, "-----END PUBLIC KEY-----\n");
}
