/* SPDX-License-Identifier: MIT */
/*
 * A step from the command line to the disk.  Invariant: nothing is said to be
 * done before its commit is durable, and what fails after the commit is said
 * as such, because the step itself stands.
 */
#include "jwksctl/take.h"

#include <stdio.h>
#include <string.h>

#include "jwksctl/gate.h"
#include "jwksctl/hook.h"
#include "jwksctl/policy.h"
#include "jwksctl/text.h"
#include "jwksctl/view.h"

#define REASON_MAX 1000 /* a line of the journal is bounded */

void
take_close(struct take *take)
{
	keyring_free(take->ring);
	keyring_store_close(take->store);
	*take = (struct take){0};
}

static void
warn(const struct error *e, const char *what)
{
	fprintf(stderr, "jwksctl: warning: %s: %s\n", what, e->text);
}

/* Where an earlier run died between its commit and the files of the API
 * servers, these can only start now to do what the waits are for. */
static int
catch_up(struct ctl *ctl, struct take *take, struct error *e)
{
	bool in_place = false;

	if (keyring_store_in_place(
		    take->store, take->ring, ctl->clock.now, &in_place, e) != 0)
		return -1;
	if (in_place)
		return 0;
	fprintf(stderr,
		"jwksctl: warning: %s: the files for the API servers were not "
		"in place; they are now, and waits begin again\n",
		keyring_store_dir(take->store));
	if (keyring_store_heal_journal(take->store, take->ring, e) != 0 ||
		keyring_late_apply(take->ring, ctl->clock.now, e) != 0)
		return -1;
	return keyring_store_commit(take->store, take->ring, e);
}

enum ctl_exit
take_open(struct ctl *ctl, const char *dir, bool force, struct take *take)
{
	struct error e = {0}, healing = {0};
	bool busy = false;

	*take = (struct take){0};
	take->store = keyring_store_lock(dir, &busy, &e);
	if (take->store != NULL)
		take->ring = keyring_store_load(take->store, &e);
	if (take->ring == NULL)
		goto fail;
	if (!force && keyring_store_clock_check(take->store, &ctl->clock,
			      take->ring->policy.skew + 60, &e) != 0)
		goto fail;
	if (catch_up(ctl, take, &e) != 0 ||
		keyring_store_heal(
			take->store, take->ring, ctl->clock.now, &e) != 0)
		goto fail;
	/* a key that is lost must not keep the next one from being made */
	if (keyring_store_heal_signing(
		    take->store, take->ring, ctl->clock.now, &healing) != 0)
		warn(&healing,
			"the API servers' signing key is not in place; put its "
			"file back, or replace the key (`jwksctl stage`)");
	return CTL_OK;
fail:
	take_close(take);
	ctl_fail(&e);
	return busy ? CTL_BUSY : CTL_FAILED;
}

enum ctl_exit
take_settle(struct ctl *ctl, struct take *take)
{
	enum ctl_exit code = CTL_OK;
	struct error e = {0};

	if (keyring_store_heal(take->store, take->ring, ctl->clock.now, &e) !=
			0 ||
		keyring_store_heal_signing(
			take->store, take->ring, ctl->clock.now, &e) != 0 ||
		keyring_store_clock_save(take->store, &ctl->clock, &e) != 0) {
		warn(&e, "committed, but a file that follows from it could not "
			 "be written; the next run tries again");
		code = CTL_FAILED;
	}
	error_clear(&e);
	if (hook_run(take->store, take->ring, &e) != 0) {
		warn(&e, "committed, but a hook failed; the next run tries "
			 "again");
		code = CTL_FAILED;
	}
	return code;
}

static bool
has_gates(enum keyring_step step)
{
	return step == KEYRING_ACTIVATE || step == KEYRING_RETIRE;
}

static int
make_request(struct ctl *ctl, struct keyring_request *r, char *waived,
	struct error *e)
{
	if (strcmp(ctl->cmd->name, "rotate") != 0) {
		r->force = ctl_has(ctl, "force");
		r->reason = ctl_value(ctl, "reason");
	}
	if (r->force && r->reason == NULL)
		return error_set(e, ERROR_INVALID, "--force needs --reason");
	if (r->reason != NULL && strlen(r->reason) > REASON_MAX)
		return error_set(e, ERROR_INVALID,
			"a reason has at most %d bytes", REASON_MAX);
	if (has_gates(r->step)) {
		if (gate_waived(ctl, waived, e) != 0)
			return -1;
		if (waived[0] != '\0')
			r->waived = waived;
	}
	return 0;
}

/* The key whose place the last step gave to another. */
static const struct keyring_key *
superseded(const struct keyring *ring)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (ring->keys[i].superseded == ring->updated &&
			ring->keys[i].retired == 0 &&
			ring->keys[i].revoked == 0)
			return &ring->keys[i];
	return NULL;
}

static void
explain_stage(const char *dir, const char *rollout)
{
	printf("do:   restart each kube-apiserver within %s, so that it "
	       "accepts the key:\n"
	       "      jwksctl apiserver-flags %s --for TOOL\n"
	       "undo: jwksctl discard %s\n",
		rollout, dir, dir);
}

static void
explain_activate(
	const char *dir, const char *rollout, const struct keyring *ring)
{
	const struct keyring_key *old = superseded(ring);

	printf("do:   restart each kube-apiserver, then each "
	       "kube-controller-manager, within %s, so that they sign with "
	       "it\n",
		rollout);
	if (old != NULL && old->in_store)
		printf("undo: jwksctl activate %s --kid %s\n", dir,
			old->key->kid);
}

static void
explain_revoke(const char *dir, const struct keyring *ring)
{
	char text[TEXT_MAX];

	text_duration(text, ring->policy.max_age);
	printf("note: tokens signed with it are refused from now on, except by "
	       "verifiers with\n"
	       "      a cached JWKS, which may accept them for %s more, and by "
	       "each\n"
	       "      kube-apiserver until it restarts.  How long AWS caches "
	       "is "
	       "not published:\n"
	       "      to be certain, change the trust policies.\n"
	       "undo: jwksctl restore %s %s\n",
		text, dir, ring->last.kid);
}

/* What the operator has to do, how he undoes it, and when he may go on. */
static void
explain(struct ctl *ctl, const struct take *take, enum keyring_step step)
{
	const char *path = keyring_store_dir(take->store);
	char rollout[TEXT_MAX], word[TEXT_WORD_MAX];
	const char *dir = text_word(word, path);

	text_duration(rollout, take->ring->policy.rollout);
	switch (step) {
	case KEYRING_STAGE:
		explain_stage(dir, rollout);
		break;
	case KEYRING_ACTIVATE:
		explain_activate(dir, rollout, take->ring);
		break;
	case KEYRING_RETIRE:
		printf("undo: jwksctl restore %s %s\n", dir,
			take->ring->last.kid);
		break;
	case KEYRING_REVOKE:
		explain_revoke(dir, take->ring);
		break;
	case KEYRING_RESTORE:
		printf("undo: jwksctl revoke %s %s\n", dir,
			take->ring->last.kid);
		break;
	case KEYRING_POLICY:
		printf("see:  jwksctl status %s\n"
		       "undo: jwksctl policy with the values of before, which "
		       "are in %s/journal\n",
			dir, dir);
		break;
	case KEYRING_INIT:
	case KEYRING_DISCARD:
		break;
	}
	view_next(path, take->ring, ctl->clock.now);
}

static const char *
done_text(enum keyring_step step)
{
	switch (step) {
	case KEYRING_INIT:
		return "made a keyring with";
	case KEYRING_STAGE:
		return "staged";
	case KEYRING_ACTIVATE:
		return "activated";
	case KEYRING_RETIRE:
		return "retired";
	case KEYRING_REVOKE:
		return "revoked";
	case KEYRING_RESTORE:
		return "restored";
	case KEYRING_DISCARD:
		return "discarded";
	case KEYRING_POLICY:
		return "changed the policy";
	}
	return "";
}

static enum ctl_exit
report(struct ctl *ctl, const struct take *take, enum keyring_step step)
{
	const char *kid = take->ring->last.kid;
	struct error e = {0};
	bool json = false;

	if (ctl_json(ctl, &json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (json) {
		if (view_print(view_keyring(keyring_store_dir(take->store),
				       take->ring, ctl->clock.now),
			    &e) != 0)
			return ctl_fail(&e);
		return CTL_OK;
	}
	printf("%s%s%s\n", done_text(step), kid != NULL ? " " : "",
		kid != NULL ? kid : "");
	explain(ctl, take, step);
	return CTL_OK;
}

/* Of several keyrings in a timer's log, which one? */
static int
wrap_dir(const struct take *take, struct error *e)
{
	return error_wrap(e, "%s", keyring_store_dir(take->store));
}

/* Make the key and put it into the keyring in memory. */
static int
stage(struct take *take, const struct keyring_request *r, struct error *e)
{
	struct key *key;

	if (keyring_stage_check(take->ring, r, e) != 0)
		return wrap_dir(take, e);
	key = keyring_store_make_key(take->store, take->ring, e);
	if (key == NULL)
		return -1;
	return keyring_stage_apply(take->ring, r, key, e);
}

static int
change_policy(struct ctl *ctl, struct take *take,
	const struct keyring_request *r, struct error *e)
{
	struct keyring_policy policy = take->ring->policy;

	if (policy_read(ctl, &policy, e) != 0)
		return -1;
	if (keyring_policy_apply(take->ring, r, &policy, e) != 0)
		return wrap_dir(take, e);
	return 0;
}

static int
change(struct ctl *ctl, struct take *take, const struct keyring_request *r,
	struct error *e)
{
	const struct keyring_key *k;

	if (r->step == KEYRING_STAGE)
		return stage(take, r, e);
	if (r->step == KEYRING_POLICY)
		return change_policy(ctl, take, r, e);
	k = keyring_step_check(take->ring, r, e);
	if (k == NULL)
		return wrap_dir(take, e);
	if (r->step == KEYRING_ACTIVATE &&
		keyring_store_private_check(take->store, k->key, e) != 0)
		return -1;
	if (has_gates(r->step) &&
		gate_check(ctl, take->ring, r->step, k, e) != 0)
		return -1;
	return keyring_step_apply(take->ring, r, e);
}

enum ctl_exit
take_on(struct ctl *ctl, struct take *take, enum keyring_step step,
	const char *kid)
{
	struct keyring_request r = {
		.step = step,
		.kid = kid,
		.now = ctl->clock.now,
		.by = ctl->by,
	};
	char waived[GATE_WAIVED_MAX];
	enum ctl_exit settled, code;
	struct error e = {0};

	if (make_request(ctl, &r, waived, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (change(ctl, take, &r, &e) != 0 ||
		keyring_store_commit(take->store, take->ring, &e) != 0)
		return ctl_fail(&e);
	settled = take_settle(ctl, take);
	code = report(ctl, take, step);
	return settled != CTL_OK ? settled : code;
}

enum ctl_exit
take_step(struct ctl *ctl, enum keyring_step step, const char *kid)
{
	struct take take = {0};
	struct error e = {0};
	enum ctl_exit code;
	bool json;

	/* before anything is done */
	if (ctl_json(ctl, &json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (ctl_has(ctl, "force") && ctl_value(ctl, "reason") == NULL) {
		error_set(&e, ERROR_INVALID, "--force needs --reason TEXT");
		return ctl_usage(&e, ctl->cmd);
	}
	code = take_open(ctl, ctl->dirs[0], ctl_has(ctl, "force"), &take);
	if (code == CTL_OK)
		code = take_on(ctl, &take, step, kid);
	take_close(&take);
	return code;
}
