/* SPDX-License-Identifier: MIT */
/*
 * jwksctl status: how a keyring fares, in a few lines, and exit 1 when
 * something wants attention: a step is overdue, or no key signs.
 */
#include <stdio.h>

#include "base/clock.h"
#include "jwksctl/text.h"
#include "jwksctl/view.h"

struct status {
	bool json;
	json_t *keyrings;
};

/* One line, or NULL when all is well. */
static const char *
problem(const struct keyring *ring, int64_t now)
{
	struct keyring_plan plan = keyring_plan(ring, now);

	if (now < ring->updated)
		return "the clock is behind the keyring's last change";
	if (keyring_active(ring, now) == NULL)
		return "no key is active";
	if (plan.when != 0 && plan.when <= now)
		return "a step is due";
	return NULL;
}

static void
print_counts(const struct keyring *ring, int64_t now)
{
	size_t counts[KEYRING_STATES] = {0}, i;
	unsigned state;
	bool any = false;

	for (i = 0; i < ring->count; i++)
		counts[keyring_state(&ring->keys[i], now)]++;
	printf("keys:    ");
	for (state = 0; state < KEYRING_STATES; state++) {
		if (counts[state] == 0)
			continue;
		printf("%s%zu %s", any ? ", " : "", counts[state],
			keyring_state_name(state));
		any = true;
	}
	printf("\n");
}

static void
print_policy(const struct keyring_policy *p)
{
	char ahead[TEXT_MAX], life[TEXT_MAX], skew[TEXT_MAX], age[TEXT_MAX];
	char rollout[TEXT_MAX], period[TEXT_MAX];

	text_duration(ahead, p->publish_ahead);
	text_duration(life, p->token_lifetime);
	text_duration(skew, p->skew);
	text_duration(age, p->max_age);
	text_duration(rollout, p->rollout);
	text_duration(period, p->period);
	printf("policy:  %s, %u bits; publish-ahead %s, token-lifetime %s, "
	       "skew %s, max-age %s, rollout %s, period %s\n",
		key_alg_name(p->alg), p->bits, ahead, life, skew, age, rollout,
		p->period > 0 ? period : "none");
}

static void
print_text(const char *dir, const struct keyring *ring, int64_t now)
{
	const struct keyring_key *active = keyring_active(ring, now);
	const struct keyring_record *last = &ring->last;
	char updated[TEXT_MAX];

	text_moment(updated, ring->updated);
	printf("keyring: %s\nissuer:  %s\n", dir, ring->issuer);
	print_counts(ring, now);
	printf("signs:   %s\n",
		active != NULL ? active->key->kid : "none: a key is needed");
	print_policy(&ring->policy);
	printf("last:    %s%s%s by %s at %s (generation %llu)%s%s\n",
		keyring_step_name(last->step), last->kid != NULL ? " " : "",
		last->kid != NULL ? last->kid : "",
		last->by != NULL ? last->by : "somebody", updated,
		(unsigned long long)ring->generation,
		last->reason != NULL ? ": " : "",
		last->reason != NULL ? last->reason : "");
	view_next(dir, ring, now);
}

static enum ctl_exit
status_one(
	struct ctl *ctl, const char *dir, const struct keyring *ring, void *arg)
{
	const char *what = problem(ring, ctl->clock.now);
	struct status *status = arg;
	json_t *root;

	if (status->json) {
		root = view_keyring(dir, ring, ctl->clock.now);
		json_object_set_new(root, "problem",
			what != NULL ? json_string(what) : json_null());
		json_array_append_new(status->keyrings, root);
	} else {
		print_text(dir, ring, ctl->clock.now);
		if (what != NULL)
			printf("problem: %s\n", what);
		if (ctl->n_dirs > 1)
			printf("\n");
	}
	return what != NULL ? CTL_FINDING : CTL_OK;
}

enum ctl_exit
cmd_status(struct ctl *ctl)
{
	struct status status = {0};
	struct error e = {0};
	enum ctl_exit code;

	if (ctl_json(ctl, &status.json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (status.json)
		status.keyrings = json_array();
	code = view_each(ctl, status_one, &status);
	if (status.json &&
		view_print(json_pack("{s:o}", "keyrings", status.keyrings),
			&e) != 0)
		return ctl_fail(&e);
	return code;
}
