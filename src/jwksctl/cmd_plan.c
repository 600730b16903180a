/* SPDX-License-Identifier: MIT */
/*
 * jwksctl plan: the steps of the rotation that is open, or of the next one,
 * each with the moment from which it is safe when every step is taken on time.
 */
#include <stdio.h>

#include "jwksctl/text.h"
#include "jwksctl/view.h"

#define STEPS_MAX 16

struct planned {
	enum keyring_step step;
	const char *kid; /* NULL: of the key that is made first */
	int64_t when;
};

struct steps {
	struct planned list[STEPS_MAX]; /* by their time */
	size_t count;
};

struct plans {
	bool json;
	json_t *keyrings;
};

static void
add(struct steps *s, enum keyring_step step, const char *kid, int64_t when)
{
	size_t i;

	if (s->count == STEPS_MAX)
		return;
	for (i = s->count++; i > 0 && s->list[i - 1].when > when; i--)
		s->list[i] = s->list[i - 1];
	s->list[i] = (struct planned){step, kid, when};
}

/* The tail of a rotation: the new key is activated, then the old one waits. */
static void
add_change(struct steps *s, const struct keyring *ring, const char *kid,
	int64_t activation, int64_t now)
{
	const struct keyring_key *active = keyring_active(ring, now);
	struct keyring_key old;

	add(s, KEYRING_ACTIVATE, kid, activation);
	if (active == NULL)
		return;
	old = *active;
	old.superseded = activation > now ? activation : now;
	add(s, KEYRING_RETIRE, old.key->kid, keyring_next_due(ring, &old));
}

static void
foresee(struct steps *s, const struct keyring *ring, int64_t now)
{
	struct keyring_plan plan = keyring_plan(ring, now);
	const struct keyring_key *k;
	bool open = false;
	size_t i;

	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if (keyring_state(k, now) == KEYRING_RETIRING)
			add(s, KEYRING_RETIRE, k->key->kid,
				keyring_next_due(ring, k));
	}
	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if (keyring_state(k, now) != KEYRING_STAGED)
			continue;
		add_change(
			s, ring, k->key->kid, keyring_next_due(ring, k), now);
		open = true;
	}
	if (open || plan.step != KEYRING_STAGE || plan.when == 0)
		return;
	add(s, KEYRING_STAGE, NULL, plan.when);
	add_change(s, ring, NULL,
		(plan.when > now ? plan.when : now) +
			ring->policy.publish_ahead,
		now);
}

static void
print_text(struct ctl *ctl, const char *dir, const struct keyring *ring,
	const struct steps *s)
{
	char word[TEXT_WORD_MAX];
	char when[TEXT_MAX], wait[TEXT_MAX];
	int64_t now = ctl->clock.now;
	size_t i;

	printf("%s  %s\n", dir, ring->issuer);
	dir = text_word(word, dir);
	if (s->count == 0)
		printf("  nothing is planned; jwksctl rotate %s --now starts a "
		       "rotation\n",
			dir);
	for (i = 0; i < s->count; i++) {
		text_moment(when, s->list[i].when);
		text_duration(wait,
			s->list[i].when > now ? s->list[i].when - now : 0);
		printf("  %zu. from %s (%s%s)  jwksctl %s %s%s%s\n", i + 1,
			when, s->list[i].when > now ? "in " : "due",
			s->list[i].when > now ? wait : "",
			keyring_step_name(s->list[i].step), dir,
			s->list[i].kid != NULL ? " --kid " : "",
			s->list[i].kid != NULL ? s->list[i].kid : "");
	}
}

static json_t *
steps_json(const char *dir, const struct keyring *ring, const struct steps *s)
{
	json_t *list = json_array();
	char when[TEXT_MAX];
	size_t i;

	for (i = 0; i < s->count; i++) {
		text_moment(when, s->list[i].when);
		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s}", "step",
				      keyring_step_name(s->list[i].step), "kid",
				      s->list[i].kid, "when", when));
	}
	return json_pack("{s:s, s:s, s:o}", "dir", dir, "issuer", ring->issuer,
		"steps", list);
}

static enum ctl_exit
plan_one(
	struct ctl *ctl, const char *dir, const struct keyring *ring, void *arg)
{
	struct plans *plans = arg;
	struct steps s = {0};

	foresee(&s, ring, ctl->clock.now);
	if (plans->json)
		json_array_append_new(
			plans->keyrings, steps_json(dir, ring, &s));
	else
		print_text(ctl, dir, ring, &s);
	return CTL_OK;
}

enum ctl_exit
cmd_plan(struct ctl *ctl)
{
	struct plans plans = {0};
	struct error e = {0};
	enum ctl_exit code;

	if (ctl_json(ctl, &plans.json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (plans.json)
		plans.keyrings = json_array();
	code = view_each(ctl, plan_one, &plans);
	if (plans.json &&
		view_print(json_pack("{s:o}", "keyrings", plans.keyrings),
			&e) != 0)
		return ctl_fail(&e);
	return code;
}
