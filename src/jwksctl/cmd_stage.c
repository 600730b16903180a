/* SPDX-License-Identifier: MIT */
/*
 * jwksctl stage: make the next key and publish it; it does not sign yet.
 */
#include "jwksctl/take.h"

enum ctl_exit
cmd_stage(struct ctl *ctl)
{
	return take_step(ctl, KEYRING_STAGE, NULL);
}
