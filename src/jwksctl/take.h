/* SPDX-License-Identifier: MIT */
/*
 * Taking a step, the same way for every verb: lock, heal what an earlier run
 * left, check the clock, check the step, ask the gates, commit, heal, run the
 * hooks, say what comes next.
 */
#ifndef JWKSCTL_TAKE_H
#define JWKSCTL_TAKE_H

#include "jwksctl/cmd.h"
#include "keyring/step.h"

/* A keyring that is locked for the length of a command. */
struct take {
	struct keyring_store *store;
	struct keyring *ring;
};

/* Lock, load and heal; check the clock unless force.  CTL_OK, or the code to
 * exit with, said already. */
enum ctl_exit take_open(
	struct ctl *ctl, const char *dir, bool force, struct take *take);
void take_close(struct take *take);

/* kid NULL: the one that is meant. */
enum ctl_exit take_step(
	struct ctl *ctl, enum keyring_step step, const char *kid);

/* The same on a keyring that is open, without a second look at the clock. */
enum ctl_exit take_on(struct ctl *ctl, struct take *take,
	enum keyring_step step, const char *kid);

/* After the commit: derived files, clock, hooks.  What fails is said, and
 * tried again by the next run. */
enum ctl_exit take_settle(struct ctl *ctl, struct take *take);

#endif
