/* SPDX-License-Identifier: MIT */
/*
 * One place for what a key, a policy and a next step look like, so that list,
 * show, status and plan cannot come to differ.
 */
#include "jwksctl/view.h"

#include <stdio.h>

#include "base/clock.h"
#include "jwksctl/text.h"

struct keyring *
view_load(const char *dir, struct error *e)
{
	struct keyring_store *store = keyring_store_open(dir, e);
	struct keyring *ring;

	if (store == NULL)
		return NULL;
	ring = keyring_store_load(store, e);
	keyring_store_close(store);
	return ring;
}

/* A moment, or null when it has not happened. */
static json_t *
moment(int64_t when)
{
	char text[CLOCK_TEXT_LEN + 1];

	if (when == 0)
		return json_null();
	clock_format(text, when);
	return json_string(text);
}

json_t *
view_key(const struct keyring *ring, const struct keyring_key *k, int64_t now)
{
	enum keyring_state state = keyring_state(k, now);

	return json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:b, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:o, s:o}",
		"kid", k->key->kid, "state", keyring_state_name(state), "alg",
		key_alg_name(k->key->alg), "bits", (int)k->key->bits,
		"published_now", (int)keyring_state_published(state),
		"accepted_by_apiserver", (int)keyring_accepted(ring, k, now),
		"in_store", (int)k->in_store, "since",
		moment(keyring_since(k, now)), "next_due",
		moment(keyring_next_due(ring, k)), "created",
		moment(k->created), "published", moment(k->published),
		"activated", moment(k->activated), "superseded",
		moment(k->superseded), "retired", moment(k->retired), "revoked",
		moment(k->revoked));
}

json_t *
view_policy(const struct keyring_policy *p)
{
	return json_pack("{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"alg", key_alg_name(p->alg), "bits", (int)p->bits,
		"publish_ahead", (json_int_t)p->publish_ahead, "token_lifetime",
		(json_int_t)p->token_lifetime, "skew", (json_int_t)p->skew,
		"max_age", (json_int_t)p->max_age, "rotation_max_age",
		(json_int_t)p->rotation_max_age, "rollout",
		(json_int_t)p->rollout, "api_token_lifetime",
		(json_int_t)p->api_token_lifetime, "period",
		(json_int_t)p->period);
}

json_t *
view_plan(const struct keyring_plan *plan)
{
	return json_pack("{s:s, s:s?, s:o}", "step",
		keyring_step_name(plan->step), "kid",
		plan->key != NULL ? plan->key->key->kid : NULL, "when",
		moment(plan->when));
}

json_t *
view_keyring(const char *dir, const struct keyring *ring, int64_t now)
{
	struct keyring_plan plan = keyring_plan(ring, now);
	json_t *keys = json_array();
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (json_array_append_new(
			    keys, view_key(ring, &ring->keys[i], now)) != 0) {
			json_decref(keys);
			return NULL;
		}
	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "dir", dir,
		"issuer", ring->issuer, "generation",
		(json_int_t)ring->generation, "updated", moment(ring->updated),
		"policy", view_policy(&ring->policy), "keys", keys, "next",
		view_plan(&plan));
}

int
view_print(json_t *take, struct error *e)
{
	int rc = -1;

	if (take == NULL)
		return error_nomem(e);
	/* a failed write is found by ctl_main() */
	if (json_dumpf(take, stdout, JSON_INDENT(2)) != 0)
		error_set(e, ERROR_SYS, "standard output cannot be written");
	else
		rc = 0;
	putchar('\n');
	json_decref(take);
	return rc;
}

void
view_next(const char *dir, const struct keyring *ring, int64_t now)
{
	struct keyring_plan plan = keyring_plan(ring, now);
	char when[TEXT_MAX], wait[TEXT_MAX], word[TEXT_WORD_MAX];

	dir = text_word(word, dir);
	if (plan.when == 0) {
		printf("next: jwksctl %s %s, when you want a new key\n",
			keyring_step_name(plan.step), dir);
		return;
	}
	text_moment(when, plan.when);
	text_duration(wait, plan.when > now ? plan.when - now : 0);
	if (plan.when > now)
		printf("next: jwksctl %s %s, from %s (in %s)\n",
			keyring_step_name(plan.step), dir, when, wait);
	else
		printf("next: jwksctl %s %s, now (since %s)\n",
			keyring_step_name(plan.step), dir, when);
}

enum ctl_exit
view_each(struct ctl *ctl, view_each_fn each, void *arg)
{
	enum ctl_exit worst = CTL_OK, code;
	struct keyring *ring;
	struct error e;
	size_t i;

	for (i = 0; i < ctl->n_dirs; i++) {
		error_clear(&e);
		ring = view_load(ctl->dirs[i], &e);
		code = ring != NULL ? each(ctl, ctl->dirs[i], ring, arg)
				    : ctl_fail(&e);
		keyring_free(ring);
		if (code > worst)
			worst = code;
	}
	return worst;
}
