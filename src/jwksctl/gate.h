/* SPDX-License-Identifier: MIT */
/*
 * Gates: before a step whose safety depends on others, they are asked.
 *
 *   url        the public JWKS shows the kid; by default the issuer's own
 *   apiserver  each --apiserver lists the kid (/openid/v1/jwks)
 *   token      a fresh token (--token FILE) was signed with the kid
 *
 * Before activate the kid is the one that will sign; before retire it is the
 * active one, which must have taken over everywhere.  A gate that cannot be
 * reached is shut: only naming it with --waive opens it.
 */
#ifndef JWKSCTL_GATE_H
#define JWKSCTL_GATE_H

#include "jwksctl/cmd.h"
#include "keyring/step.h"

/* Ask all gates of activate or retire.  -1: the text names the gate and how
 * to waive it. */
int gate_check(struct ctl *ctl, const struct keyring *ring,
	enum keyring_step step, const struct keyring_key *key, struct error *e)
	__attribute__((warn_unused_result));

/* "url apiserver", what was waived by name, or "". */
#define GATE_WAIVED_MAX 32
int gate_waived(const struct ctl *ctl, char text[GATE_WAIVED_MAX],
	struct error *e) __attribute__((warn_unused_result));

#endif
