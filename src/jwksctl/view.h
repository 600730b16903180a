/* SPDX-License-Identifier: MIT */
/*
 * A keyring as the commands show it: as JSON members that stay the same from
 * command to command, and as sentences.
 */
#ifndef JWKSCTL_VIEW_H
#define JWKSCTL_VIEW_H

#include <jansson.h>

#include "jwksctl/cmd.h"
#include "keyring/keyring.h"
#include "keyring/step.h"

/* Load the keyring of a directory, without locking it. */
struct keyring *view_load(const char *dir, struct error *e)
	__attribute__((warn_unused_result));

/* New references; NULL when out of memory. */
json_t *view_key(
	const struct keyring *ring, const struct keyring_key *k, int64_t now);
json_t *view_policy(const struct keyring_policy *p);
json_t *view_plan(const struct keyring_plan *plan);
/* {"dir", "issuer", "generation", "updated", "policy", "keys", "next"} */
json_t *view_keyring(const char *dir, const struct keyring *ring, int64_t now);

/* Print and release it, with a final newline. */
int view_print(json_t *take, struct error *e)
	__attribute__((warn_unused_result));

/* "next: jwksctl activate DIR, from 2026-11-24T... (in 23h 59m)" */
void view_next(const char *dir, const struct keyring *ring, int64_t now);

/* Each directory of the command line in turn; the worst exit code of all. */
typedef enum ctl_exit (*view_each_fn)(struct ctl *ctl, const char *dir,
	const struct keyring *ring, void *arg);
enum ctl_exit view_each(struct ctl *ctl, view_each_fn each, void *arg);

#endif
