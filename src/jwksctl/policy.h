/* SPDX-License-Identifier: MIT */
/*
 * A keyring's policy from the command line of init.
 */
#ifndef JWKSCTL_POLICY_H
#define JWKSCTL_POLICY_H

#include "jwksctl/cmd.h"
#include "keyring/keyring.h"

/* The defaults, with what the options say instead; checked. */
int policy_read(const struct ctl *ctl, struct keyring_policy *out,
	struct error *e) __attribute__((warn_unused_result));

#endif
