/* SPDX-License-Identifier: MIT */
/*
 * jwksctl discard: take back a key that has not signed.
 */
#include "jwksctl/take.h"

enum ctl_exit
cmd_discard(struct ctl *ctl)
{
	return take_step(ctl, KEYRING_DISCARD, ctl_value(ctl, "kid"));
}
