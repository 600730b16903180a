/* SPDX-License-Identifier: MIT */
/*
 * jwksctl policy: other waits, or another kind of key from the next one on.
 * A policy that is so already makes no generation, so that configuration
 * management can ask for it again and again.
 */
#include <stdio.h>

#include "jwksctl/policy.h"
#include "jwksctl/take.h"
#include "jwksctl/text.h"
#include "jwksctl/view.h"

enum ctl_exit
cmd_policy(struct ctl *ctl)
{
	struct keyring *ring = NULL;
	struct keyring_policy policy;
	char word[TEXT_WORD_MAX];
	struct error e = {0};
	enum ctl_exit code;
	bool json = false;

	if (ctl_json(ctl, &json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	ring = view_load(ctl->dirs[0], &e);
	if (ring == NULL)
		return ctl_fail(&e);
	policy = ring->policy;
	if (policy_read(ctl, &policy, &e) != 0) {
		code = ctl_usage(&e, ctl->cmd);
	} else if (!policy_same(&policy, &ring->policy)) {
		code = take_step(ctl, KEYRING_POLICY, NULL);
	} else if (json) {
		code = CTL_OK;
		if (view_print(view_keyring(ctl->dirs[0], ring, ctl->clock.now),
			    &e) != 0)
			code = ctl_fail(&e);
	} else {
		printf("the policy is so already: jwksctl status %s\n",
			text_word(word, ctl->dirs[0]));
		code = CTL_OK;
	}
	keyring_free(ring);
	return code;
}
