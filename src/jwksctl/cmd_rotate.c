/* SPDX-License-Identifier: MIT */
/*
 * jwksctl rotate: the step that is due, or when it will be.  It is for timers:
 * "nothing is due" is success, and nothing is ever forced.
 */
#include <stdio.h>

#include "jwksctl/take.h"
#include "jwksctl/view.h"

/* Nothing is due: say so, after what an earlier run owes has been done. */
static enum ctl_exit
idle(struct ctl *ctl, struct take *take, bool json)
{
	const char *dir = keyring_store_dir(take->store);
	enum ctl_exit code = take_settle(ctl, take);
	struct error e = {0};

	if (!json) {
		printf("nothing is due\n");
		view_next(dir, take->ring, ctl->clock.now);
		return code;
	}
	if (view_print(view_keyring(dir, take->ring, ctl->clock.now), &e) != 0)
		return ctl_fail(&e);
	return code;
}

enum ctl_exit
cmd_rotate(struct ctl *ctl)
{
	struct take take = {0};
	struct keyring_plan plan;
	struct error e = {0};
	enum ctl_exit code;
	bool json = false;

	if (ctl_json(ctl, &json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	code = take_open(ctl, ctl->dirs[0], false, &take);
	if (code != CTL_OK)
		return code;
	plan = keyring_plan(take.ring, ctl->clock.now);
	if (plan.step == KEYRING_STAGE && ctl_has(ctl, "now"))
		plan.when = ctl->clock.now;
	if (plan.when == 0 || plan.when > ctl->clock.now)
		code = idle(ctl, &take, json);
	else
		code = take_on(ctl, &take, plan.step,
			plan.key != NULL ? plan.key->key->kid : NULL);
	take_close(&take);
	return code;
}
