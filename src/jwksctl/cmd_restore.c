/* SPDX-License-Identifier: MIT */
/*
 * jwksctl restore: publish a key again that was retired or revoked.
 */
#include "jwksctl/take.h"

enum ctl_exit
cmd_restore(struct ctl *ctl)
{
	return take_step(ctl, KEYRING_RESTORE, ctl->words[0]);
}
