/* SPDX-License-Identifier: MIT */
/*
 * May the policy change?  Every wait is worked out from it, so a change must
 * not end one early that is running; and what was issued under the longer
 * lifetimes of before (tokens, cached copies of the JWKS) outlives the change,
 * though the keyring would no longer wait for it.  Longer is always fine.
 */
#include "keyring/step.h"

#include "base/clock.h"

static int
check_held(const char *option, const char *what, int64_t before, int64_t after,
	struct error *e)
{
	if (after >= before)
		return 0;
	return error_set(e, ERROR_CONFLICT,
		"--%s: %s from before the change may live for %lld seconds, "
		"and would no longer be waited for: shorten them where they "
		"are made, let that time pass, then give --force --reason TEXT",
		option, what, (long long)before);
}

static int
check_wait(const struct keyring_key *k, int64_t now, int64_t before,
	int64_t after, struct error *e)
{
	char when[CLOCK_TEXT_LEN + 1];

	if (after >= before || now >= before)
		return 0;
	clock_format(when, before);
	return error_set(e, ERROR_CONFLICT,
		"key %s waits until %s, which this would shorten: change the "
		"policy after that, or give --force --reason TEXT",
		k->key->kid, when);
}

int
keyring_policy_change_check(const struct keyring *ring,
	const struct keyring_request *r, const struct keyring_policy *policy,
	struct error *e)
{
	const struct keyring_policy *p = &ring->policy;
	struct keyring changed = *ring; /* borrows the keys */
	const struct keyring_key *k;
	size_t i;

	if (keyring_policy_check(policy, e) != 0)
		return -1;
	if (r->force)
		return 0;
	changed.policy = *policy;
	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if (check_wait(k, r->now, keyring_next_due(ring, k),
			    keyring_next_due(&changed, k), e) != 0 ||
			(k->revoked == 0 &&
				check_wait(k, r->now,
					keyring_accepted_until(ring, k),
					keyring_accepted_until(&changed, k),
					e) != 0))
			return -1;
	}
	if (check_held("token-lifetime", "tokens", p->token_lifetime,
		    policy->token_lifetime, e) != 0 ||
		check_held("api-token-lifetime", "tokens for the API server",
			p->api_token_lifetime, policy->api_token_lifetime,
			e) != 0)
		return -1;
	return check_held("max-age", "copies of the JWKS", p->max_age,
		policy->max_age, e);
}
