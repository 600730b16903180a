/* SPDX-License-Identifier: MIT */
/*
 * jwksctl retire: take a key out of the JWKS when its last token has expired.
 */
#include "jwksctl/take.h"

enum ctl_exit
cmd_retire(struct ctl *ctl)
{
	return take_step(ctl, KEYRING_RETIRE, ctl_value(ctl, "kid"));
}
