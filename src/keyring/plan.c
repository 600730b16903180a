/* SPDX-License-Identifier: MIT */
/*
 * The next step of a keyring is the earliest of what its keys wait for.  A new
 * rotation starts only when none is open, so that a period that is shorter
 * than the waits makes rotations follow each other and not overlap.
 */
#include "keyring/step.h"

static void
consider(struct keyring_plan *plan, enum keyring_step step,
	const struct keyring_key *key, int64_t when)
{
	if (plan->when != 0 && plan->when <= when)
		return;
	*plan = (struct keyring_plan){.step = step, .key = key, .when = when};
}

struct keyring_plan
keyring_plan(const struct keyring *ring, int64_t now)
{
	struct keyring_plan plan = {.step = KEYRING_STAGE};
	const struct keyring_key *k;
	size_t i;

	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		switch (keyring_state(k, now)) {
		case KEYRING_STAGED:
			consider(&plan, KEYRING_ACTIVATE, k,
				keyring_next_due(ring, k));
			break;
		case KEYRING_RETIRING:
			consider(&plan, KEYRING_RETIRE, k,
				keyring_next_due(ring, k));
			break;
		case KEYRING_ACTIVE:
		case KEYRING_RETIRED:
		case KEYRING_REVOKED:
			break;
		}
	}
	if (plan.when != 0)
		return plan;
	k = keyring_active(ring, now);
	if (k != NULL && ring->policy.period > 0)
		plan.when = k->activated + ring->policy.period;
	return plan;
}
