/* SPDX-License-Identifier: MIT */
/*
 * jwksctl revoke: take a key out of the JWKS at once.  It is always asked for
 * by its kid, because its tokens die with it.
 */
#include "jwksctl/take.h"

enum ctl_exit
cmd_revoke(struct ctl *ctl)
{
	return take_step(ctl, KEYRING_REVOKE, ctl->words[0]);
}
