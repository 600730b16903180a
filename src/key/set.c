/* SPDX-License-Identifier: MIT */
/*
 * A set is at most 200 keys, so it is searched from end to end.  Invariant: no
 * kid and no key is in it twice.
 */
#include "key/key.h"

#include <stdlib.h>
#include <string.h>

#include "key/internal.h"

static struct key_shown
kid_of(const struct key *key)
{
	return key_show(key->kid, strlen(key->kid));
}

/* 1 when the set has this very key, 0 when it has nothing of it, -1 when it
 * has something that contradicts it. */
static int
compare(const struct key *have, const struct key *new, struct error *e)
{
	bool kid = strcmp(have->kid, new->kid) == 0;
	bool key = key_same(have, new);

	if (!kid && !key)
		return 0;
	if (kid && key && have->alg == new->alg)
		return 1;
	if (!key)
		return error_set(e, ERROR_CONFLICT,
			"kid %s is that of another key already",
			kid_of(new).text);
	if (!kid)
		return error_set(e, ERROR_CONFLICT,
			"kid %s: the same key is there already as kid %s",
			kid_of(new).text, kid_of(have).text);
	return error_set(e, ERROR_CONFLICT,
		"kid %s: the same key is there already with alg %s, not %s",
		kid_of(new).text, key_alg_name(have->alg),
		key_alg_name(new->alg));
}

static int
append(struct key_set *set, struct key *take, struct error *e)
{
	struct key **keys =
		realloc(set->keys, (set->count + 1) * sizeof(*keys));

	if (keys == NULL)
		return error_nomem(e);
	keys[set->count++] = take;
	set->keys = keys;
	return 0;
}

int
key_set_add(struct key_set *set, struct key *take, struct error *e)
{
	size_t i, of_type = 0;
	int found = 0;

	for (i = 0; i < set->count && found == 0; i++) {
		found = compare(set->keys[i], take, e);
		of_type += set->keys[i]->type == take->type;
	}
	if (found == 0 && of_type >= KEY_SET_MAX)
		found = error_set(e, ERROR_LIMIT,
			"more than %d %s keys; AWS looks at no more",
			KEY_SET_MAX, key_type_name(take->type));
	if (found == 0 && append(set, take, e) == 0)
		return 0;
	key_free(take);
	return found == 1 ? 0 : -1;
}

/* Free the keys from the count-th on. */
static void
truncate_to(struct key_set *set, size_t count)
{
	while (set->count > count)
		key_free(set->keys[--set->count]);
}

int
key_set_merge(struct key_set *set, struct key_set *from, struct error *e)
{
	size_t i, before = set->count;
	int rc = 0;

	for (i = 0; i < from->count; i++) {
		if (rc == 0)
			rc = key_set_add(set, from->keys[i], e);
		else
			key_free(from->keys[i]);
	}
	if (rc != 0)
		truncate_to(set, before);
	from->count = 0;
	key_set_release(from);
	return rc;
}

const struct key *
key_set_find(const struct key_set *set, const char *kid)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (strcmp(set->keys[i]->kid, kid) == 0)
			return set->keys[i];
	return NULL;
}

void
key_set_release(struct key_set *set)
{
	truncate_to(set, 0);
	free(set->keys);
	*set = (struct key_set)KEY_SET_INIT;
}
