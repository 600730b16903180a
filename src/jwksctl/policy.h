/* SPDX-License-Identifier: MIT */
/*
 * A keyring's policy from the command line of init and of policy.
 */
#ifndef JWKSCTL_POLICY_H
#define JWKSCTL_POLICY_H

#include "jwksctl/cmd.h"
#include "keyring/keyring.h"

/* Put into the policy what the options say; the rules between the durations
 * are keyring_policy_check()'s. */
int policy_read(const struct ctl *ctl, struct keyring_policy *policy,
	struct error *e) __attribute__((warn_unused_result));

bool policy_same(
	const struct keyring_policy *a, const struct keyring_policy *b);

#endif
