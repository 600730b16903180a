/* SPDX-License-Identifier: MIT */
/*
 * jwksctl activate: the staged key signs from now on; or, as its undo, one that
 * signed before does so again.
 */
#include "jwksctl/take.h"

enum ctl_exit
cmd_activate(struct ctl *ctl)
{
	return take_step(ctl, KEYRING_ACTIVATE, ctl_value(ctl, "kid"));
}
