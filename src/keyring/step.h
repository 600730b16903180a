/* SPDX-License-Identifier: MIT */
/*
 * The steps of a rotation, on a keyring in memory, and what comes next.  Pure:
 * the store commits what a step made.  A step that may not be taken changes
 * nothing; its error is a sentence that names the next command.  After any
 * other failure (out of memory) the keyring is to be thrown away.
 *
 *   stage      a new key is published            undo: discard
 *   activate   the staged key signs              undo: activate the old one
 *   retire     a retiring key leaves the JWKS    undo: restore
 *   revoke     ... at once                       undo: restore
 *   restore    ... comes back, retiring          undo: retire
 *   discard    a staged key leaves the JWKS      undo: stage a new one
 *   policy     the waits and new keys' kind      undo: the earlier values
 */
#ifndef KEYRING_STEP_H
#define KEYRING_STEP_H

#include "keyring/keyring.h"

struct keyring_request {
	enum keyring_step step;
	const char *kid; /* NULL: the one that is meant, if it is clear */
	int64_t now;
	const char *by;
	const char *reason; /* or NULL */
	const char *waived; /* or NULL */
	bool force;         /* do it before its time */
};

/* The key that the request is about, when the step may be taken; NULL and
 * EARLY (the text says from when), CONFLICT (another step is due first, or
 * the clock went back) or NOTFOUND otherwise.  Not for INIT, STAGE
 * and POLICY, which are not about one key. */
struct keyring_key *keyring_step_check(const struct keyring *ring,
	const struct keyring_request *r, struct error *e)
	__attribute__((warn_unused_result));

/* May a key be staged? */
int keyring_stage_check(const struct keyring *ring,
	const struct keyring_request *r, struct error *e)
	__attribute__((warn_unused_result));

/* Check and do; the next generation, not yet committed. */
int keyring_step_apply(struct keyring *ring, const struct keyring_request *r,
	struct error *e) __attribute__((warn_unused_result));
/* Stage this key, whose private half is in the store; owns take. */
int keyring_stage_apply(struct keyring *ring, const struct keyring_request *r,
	struct key *take, struct error *e) __attribute__((warn_unused_result));
/* May the policy become this one?  CONFLICT: a wait that is open, or that is
 * owed to what others hold already, would become shorter. */
int keyring_policy_change_check(const struct keyring *ring,
	const struct keyring_request *r, const struct keyring_policy *policy,
	struct error *e) __attribute__((warn_unused_result));
/* Check and do it. */
int keyring_policy_apply(struct keyring *ring, const struct keyring_request *r,
	const struct keyring_policy *policy, struct error *e)
	__attribute__((warn_unused_result));
/* Note the request in a keyring of new keys: its first generation. */
int keyring_init_apply(struct keyring *ring, const struct keyring_request *r,
	struct error *e) __attribute__((warn_unused_result));

/* The API servers' files of this generation were not in place until now (the
 * run that made it died): all waits that are open start again.  The next
 * generation, of the same step. */
int keyring_late_apply(struct keyring *ring, int64_t now, struct error *e)
	__attribute__((warn_unused_result));

/* What comes next. */
struct keyring_plan {
	enum keyring_step step;
	const struct keyring_key *key; /* NULL: a key that is yet to be made */
	int64_t when;                  /* 0: not before somebody asks for it */
};

struct keyring_plan keyring_plan(const struct keyring *ring, int64_t now);

#endif
