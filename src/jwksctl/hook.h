/* SPDX-License-Identifier: MIT */
/*
 * Hooks: programs of the operator's, DIR/hooks/STEP and DIR/hooks/change, run
 * after the commit of a generation, in this order.  They learn what happened
 * from JWKSCTL_DIR, JWKSCTL_ISSUER, JWKSCTL_STEP, JWKSCTL_KID and
 * JWKSCTL_GENERATION.  DIR/hooks.done holds the generation whose hooks have
 * all ended well; while it is behind, every run that changes anything tries
 * again.  A hook that others can write to is refused.
 */
#ifndef JWKSCTL_HOOK_H
#define JWKSCTL_HOOK_H

#include "base/error.h"
#include "keyring/store.h"

int hook_run(const struct keyring_store *store, const struct keyring *ring,
	struct error *e) __attribute__((warn_unused_result));

#endif
