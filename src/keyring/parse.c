/* SPDX-License-Identifier: MIT */
/*
 * keyring.json -> struct keyring.  Strict on purpose: within one version the
 * members are a closed set, because a reader that skips a member it does not
 * know may publish a key that the member says to withhold, and a writer that
 * skips it loses it at the next commit.  Whoever adds a member raises the
 * version, and a reader of the old one says that it is too old.
 */
#include "keyring/keyring.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "key/parse.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Refuse a member that is not in the list. */
static int
check_members(
	json_t *object, const char *const *known, size_t count, struct error *e)
{
	const char *name;
	json_t *value;
	size_t i;

	if (!json_is_object(object))
		return error_set(e, ERROR_PARSE, "is not an object");
	json_object_foreach(object, name, value)
	{
		for (i = 0; i < count; i++)
			if (strcmp(name, known[i]) == 0)
				break;
		if (i == count)
			return error_set(e, ERROR_PARSE,
				"unknown member \"%.64s\"", name);
	}
	return 0;
}

static int
get_string(
	json_t *object, const char *name, const char **value, struct error *e)
{
	json_t *v = json_object_get(object, name);

	if (!json_is_string(v))
		return error_set(e, ERROR_PARSE, "%s: not a string", name);
	*value = json_string_value(v);
	return 0;
}

static int
get_integer(json_t *object, const char *name, int64_t *value, struct error *e)
{
	json_t *v = json_object_get(object, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return error_set(
			e, ERROR_PARSE, "%s: not a number of 0 or more", name);
	*value = json_integer_value(v);
	return 0;
}

/* A moment; absent means that it has not happened. */
static int
get_moment(json_t *object, const char *name, int64_t *value, struct error *e)
{
	json_t *v = json_object_get(object, name);

	*value = 0;
	if (v == NULL)
		return 0;
	if (!json_is_string(v) ||
		clock_parse(json_string_value(v), value) != 0 || *value <= 0)
		return error_set(e, ERROR_PARSE,
			"%s: not a moment like 2026-11-23T20:51:00Z", name);
	return 0;
}

static int
get_alg(json_t *object, enum key_alg *alg, struct error *e)
{
	const char *name = NULL;
	enum key_alg a;

	if (get_string(object, "alg", &name, e) != 0)
		return -1;
	for (a = KEY_RS256; a <= KEY_ES512; a++) {
		if (strcmp(name, key_alg_name(a)) == 0) {
			*alg = a;
			return 0;
		}
	}
	return error_set(e, ERROR_PARSE, "alg: unknown \"%.16s\"", name);
}

static int
get_bits(json_t *object, unsigned *bits, struct error *e)
{
	int64_t value = 0;

	if (get_integer(object, "bits", &value, e) != 0)
		return -1;
	if (value > INT_MAX)
		return error_set(e, ERROR_PARSE, "bits: too large");
	*bits = (unsigned)value;
	return 0;
}

static int
parse_policy(json_t *object, struct keyring_policy *p, struct error *e)
{
	static const char *const known[] = {"alg", "bits", "publish_ahead",
		"token_lifetime", "skew", "max_age", "rotation_max_age",
		"rollout", "api_token_lifetime", "period"};

	if (check_members(object, known, COUNT(known), e) != 0 ||
		get_alg(object, &p->alg, e) != 0 ||
		get_bits(object, &p->bits, e) != 0 ||
		get_integer(object, "publish_ahead", &p->publish_ahead, e) !=
			0 ||
		get_integer(object, "token_lifetime", &p->token_lifetime, e) !=
			0 ||
		get_integer(object, "skew", &p->skew, e) != 0 ||
		get_integer(object, "max_age", &p->max_age, e) != 0 ||
		get_integer(object, "rotation_max_age", &p->rotation_max_age,
			e) != 0 ||
		get_integer(object, "rollout", &p->rollout, e) != 0 ||
		get_integer(object, "api_token_lifetime",
			&p->api_token_lifetime, e) != 0 ||
		get_integer(object, "period", &p->period, e) != 0)
		return -1;
	return 0;
}

/* The key of the PEM text, under the kid that it was adopted with. */
static struct key *
read_key(const char *pem, const char *kid, struct error *e)
{
	struct key_set set = KEY_SET_INIT;
	struct key *key = NULL;

	if (key_parse(pem, strlen(pem), &set, e) != 0) {
		error_wrap(e, "public");
		goto out;
	}
	if (set.count != 1) {
		error_set(
			e, ERROR_PARSE, "public: %zu keys, not one", set.count);
		goto out;
	}
	key = key_new(set.keys[0]->spki, set.keys[0]->spki_len, kid, e);
out:
	key_set_release(&set);
	return key;
}

static int
check_claims(json_t *object, const struct key *key, struct error *e)
{
	enum key_alg alg = KEY_RS256;
	unsigned bits = 0;

	if (get_alg(object, &alg, e) != 0 || get_bits(object, &bits, e) != 0)
		return -1;
	if (alg != key->alg || bits != key->bits)
		return error_set(e, ERROR_CONFLICT,
			"says %s of %u bits, but the key is %s of %u",
			key_alg_name(alg), bits, key_alg_name(key->alg),
			key->bits);
	return 0;
}

static int
parse_moments(json_t *object, struct keyring_key *k, struct error *e)
{
	if (get_moment(object, "created", &k->created, e) != 0 ||
		get_moment(object, "published", &k->published, e) != 0 ||
		get_moment(object, "activated", &k->activated, e) != 0 ||
		get_moment(object, "superseded", &k->superseded, e) != 0 ||
		get_moment(object, "retired", &k->retired, e) != 0 ||
		get_moment(object, "revoked", &k->revoked, e) != 0)
		return -1;
	return 0;
}

static int
parse_key(json_t *object, struct keyring *ring, struct error *e)
{
	static const char *const known[] = {"kid", "alg", "bits", "public",
		"in_store", "created", "published", "activated", "superseded",
		"retired", "revoked"};
	const char *kid = NULL, *pem = NULL;
	struct keyring_key got = {0}, *k;
	struct key *key;
	json_t *stored;

	if (check_members(object, known, COUNT(known), e) != 0 ||
		get_string(object, "kid", &kid, e) != 0 ||
		get_string(object, "public", &pem, e) != 0 ||
		parse_moments(object, &got, e) != 0)
		return -1;
	stored = json_object_get(object, "in_store");
	if (!json_is_boolean(stored))
		return error_set(e, ERROR_PARSE, "in_store: not true or false");
	got.in_store = json_is_true(stored);
	key = read_key(pem, kid, e);
	if (key == NULL)
		return -1;
	if (check_claims(object, key, e) != 0) {
		key_free(key);
		return -1;
	}
	k = keyring_add(ring, key, e);
	if (k == NULL)
		return -1;
	got.key = k->key;
	*k = got;
	return 0;
}

static int
parse_keys(json_t *array, struct keyring *ring, struct error *e)
{
	size_t i;

	if (!json_is_array(array))
		return error_set(e, ERROR_PARSE, "keys: not an array");
	for (i = 0; i < json_array_size(array); i++)
		if (parse_key(json_array_get(array, i), ring, e) != 0)
			return error_wrap(e, "keys[%zu]", i);
	return 0;
}

static int
get_step(json_t *object, enum keyring_step *step, struct error *e)
{
	const char *name = NULL;
	unsigned i;

	if (get_string(object, "step", &name, e) != 0)
		return -1;
	for (i = 0; i < KEYRING_STEPS; i++) {
		if (strcmp(name, keyring_step_name(i)) == 0) {
			*step = i;
			return 0;
		}
	}
	return error_set(e, ERROR_PARSE, "step: unknown \"%.16s\"", name);
}

/* True or false; absent is false. */
static int
get_flag(json_t *object, const char *name, bool *value, struct error *e)
{
	json_t *v = json_object_get(object, name);

	if (v != NULL && !json_is_boolean(v))
		return error_set(e, ERROR_PARSE, "%s: not true or false", name);
	*value = json_is_true(v);
	return 0;
}

/* A string that may be absent, copied. */
static int
copy_optional(json_t *object, const char *name, char **value, struct error *e)
{
	const char *text = NULL;

	if (json_object_get(object, name) == NULL)
		return 0;
	if (get_string(object, name, &text, e) != 0)
		return -1;
	*value = strdup(text);
	return *value == NULL ? error_nomem(e) : 0;
}

static int
parse_record(json_t *object, struct keyring_record *r, struct error *e)
{
	static const char *const known[] = {
		"step", "kid", "by", "reason", "waived", "forced", "healed"};

	if (check_members(object, known, COUNT(known), e) != 0 ||
		get_step(object, &r->step, e) != 0 ||
		copy_optional(object, "kid", &r->kid, e) != 0 ||
		copy_optional(object, "by", &r->by, e) != 0 ||
		copy_optional(object, "reason", &r->reason, e) != 0 ||
		copy_optional(object, "waived", &r->waived, e) != 0)
		return -1;
	if (get_flag(object, "forced", &r->forced, e) != 0 ||
		get_flag(object, "healed", &r->healed, e) != 0)
		return -1;
	return 0;
}

static int
check_version(json_t *root, struct error *e)
{
	int64_t version = 0;

	if (!json_is_object(root))
		return error_set(e, ERROR_PARSE, "is not an object");
	if (get_integer(root, "version", &version, e) != 0)
		return -1;
	if (version > KEYRING_VERSION)
		return error_set(e, ERROR_INVALID,
			"written by a newer jwksctl (version %lld, this "
			"program "
			"knows %d): upgrade this program",
			(long long)version, KEYRING_VERSION);
	if (version != KEYRING_VERSION)
		return error_set(e, ERROR_INVALID, "version %lld is unknown",
			(long long)version);
	return 0;
}

static struct keyring *
parse_root(json_t *root, struct error *e)
{
	static const char *const known[] = {"version", "issuer", "generation",
		"updated", "policy", "last", "keys"};
	struct keyring_policy none = {0};
	struct keyring *ring = NULL;
	const char *issuer = NULL;
	int64_t generation = 0;

	if (check_version(root, e) != 0 ||
		check_members(root, known, COUNT(known), e) != 0 ||
		get_string(root, "issuer", &issuer, e) != 0)
		return NULL;
	ring = keyring_new(issuer, &none, e);
	if (ring == NULL)
		return NULL;
	if (get_integer(root, "generation", &generation, e) != 0 ||
		get_moment(root, "updated", &ring->updated, e) != 0)
		goto fail;
	ring->generation = (uint64_t)generation;
	if (parse_policy(json_object_get(root, "policy"), &ring->policy, e) !=
		0) {
		error_wrap(e, "policy");
		goto fail;
	}
	if (parse_record(json_object_get(root, "last"), &ring->last, e) != 0) {
		error_wrap(e, "last");
		goto fail;
	}
	if (parse_keys(json_object_get(root, "keys"), ring, e) != 0 ||
		keyring_check(ring, e) != 0)
		goto fail;
	return ring;
fail:
	keyring_free(ring);
	return NULL;
}

struct keyring *
keyring_parse(const char *bytes, size_t len, struct error *e)
{
	struct keyring *ring;
	json_error_t why;
	json_t *root;

	if (len > KEYRING_FILE_MAX) {
		error_set(e, ERROR_LIMIT, "has %zu bytes, %d is the most", len,
			KEYRING_FILE_MAX);
		return NULL;
	}
	root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
	if (root == NULL) {
		error_set(e, ERROR_PARSE, "line %d: %s", why.line, why.text);
		return NULL;
	}
	ring = parse_root(root, e);
	json_decref(root);
	return ring;
}
