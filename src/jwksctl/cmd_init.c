/* SPDX-License-Identifier: MIT */
/*
 * jwksctl init: a keyring of a new key, or of the keys that a cluster has.
 * Adopted keys keep their kid, since running pods hold tokens with it, and an
 * adopted key that does not sign counts as retiring from now on, since nobody
 * knows when it last did.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/url.h"
#include "jwksctl/jwks.h"
#include "jwksctl/policy.h"
#include "jwksctl/take.h"
#include "jwksctl/text.h"
#include "key/parse.h"

/* What is gathered from --adopt and --adopt-jwks. */
struct adoption {
	struct key_set keys;
	/* of those whose private half there is: kid and file */
	struct {
		const char *kid;
		const char *path;
	} stored[KEY_SET_MAX];
	size_t n_stored;
};

static bool
is_stored(const struct adoption *a, const char *kid)
{
	size_t i;

	for (i = 0; i < a->n_stored; i++)
		if (strcmp(a->stored[i].kid, kid) == 0)
			return true;
	return false;
}

/* The file is a private key.  It is not copied yet: a key that is not adopted
 * in the end must not be there for `stage` to find. */
static int
adopt_private(const char *path, struct adoption *a, struct error *e)
{
	struct key *key = keyring_store_look_at(path, e);
	const struct key *kept;
	char kid[KEY_KID_MAX + 1];

	if (key == NULL)
		return -1;
	snprintf(kid, sizeof(kid), "%s", key->kid);
	if (key_set_add(&a->keys, key, e) != 0)
		return error_wrap(e, "%s", path);
	kept = key_set_find(&a->keys, kid);
	if (kept != NULL && !is_stored(a, kid) && a->n_stored < KEY_SET_MAX) {
		a->stored[a->n_stored].kid = kept->kid;
		a->stored[a->n_stored++].path = path;
	}
	return 0;
}

static int
adopt_file(const char *path, struct adoption *a, struct error *e)
{
	struct key_set found = KEY_SET_INIT;
	struct file_bytes file = {0};
	struct error why = {0};
	int rc;

	if (file_read(AT_FDCWD, path, KEY_FILE_MAX, &file, e) != 0)
		return error_wrap(e, "%s", path);
	rc = key_parse(file.data, file.len, &found, &why);
	file_bytes_release(&file);
	if (rc != 0 && why.code == ERROR_DENIED)
		return adopt_private(path, a, e);
	if (rc != 0)
		error_set(e, why.code, "%s: %s", path, why.text);
	else if (key_set_merge(&a->keys, &found, e) != 0)
		rc = error_wrap(e, "%s", path);
	key_set_release(&found);
	return rc;
}

static int
adopt_url(const char *url, struct adoption *a, struct error *e)
{
	struct key_set found = KEY_SET_INIT;
	int rc = jwks_load(url, &found, e);

	if (rc == 0 && key_set_merge(&a->keys, &found, e) != 0)
		rc = error_wrap(e, "%s", url);
	key_set_release(&found);
	return rc;
}

static int
adopt_jwks(const char *from, struct adoption *a, struct error *e)
{
	if (jwks_is_url(from))
		return adopt_url(from, a, e);
	return adopt_file(from, a, e);
}

static int
gather(struct ctl *ctl, struct adoption *a, struct error *e)
{
	const char *from;
	size_t i;

	from = ctl_value(ctl, "adopt");
	for (i = 1; from != NULL; i++) {
		if (adopt_file(from, a, e) != 0)
			return -1;
		from = ctl_value_at(ctl, "adopt", i);
	}
	from = ctl_value(ctl, "adopt-jwks");
	if (from != NULL && adopt_jwks(from, a, e) != 0)
		return -1;
	return 0;
}

/* Which of the adopted keys signs today. */
static const char *
find_signing(struct ctl *ctl, const struct adoption *a, struct error *e)
{
	const char *kid = ctl_value(ctl, "signing");

	if (kid != NULL) {
		if (key_set_find(&a->keys, kid) == NULL) {
			error_set(e, ERROR_NOTFOUND,
				"--signing %.64s: no such key was adopted",
				kid);
			return NULL;
		}
		return kid;
	}
	if (a->keys.count == 1)
		return a->keys.keys[0]->kid;
	if (a->n_stored == 1)
		return a->stored[0].kid;
	error_set(e, ERROR_INVALID,
		"%zu keys were adopted: give --signing KID (the kid in the "
		"header of a fresh token), or --adopt the signing key's file",
		a->keys.count);
	return NULL;
}

/* Copy the private halves, now that it is clear what is adopted. */
static int
copy_private(const struct keyring_store *store, const struct adoption *a,
	struct error *e)
{
	struct key *key;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < a->n_stored; i++) {
		key = keyring_store_adopt_key(store, a->stored[i].path, e);
		if (key == NULL)
			return -1;
		if (strcmp(key->kid, a->stored[i].kid) != 0)
			rc = error_set(e, ERROR_CONFLICT,
				"%s: changed while it was read; try again",
				a->stored[i].path);
		key_free(key);
	}
	return rc;
}

/* Move the adopted keys into the keyring. */
static int
enter(struct keyring *ring, struct adoption *a, const char *signing,
	int64_t now, struct error *e)
{
	struct keyring_key *k;
	struct key *key;
	bool stored;
	size_t i;

	for (i = 0; i < a->keys.count; i++) {
		key = a->keys.keys[i];
		a->keys.keys[i] = NULL; /* given to the keyring */
		if (key->alg == KEY_RS384 || key->alg == KEY_RS512) {
			error_set(e, ERROR_INVALID,
				"key %s is for %s, which kube-apiserver does "
				"not sign",
				key->kid, key_alg_name(key->alg));
			key_free(key);
			return -1;
		}
		stored = is_stored(a, key->kid);
		k = keyring_add(ring, key, e);
		if (k == NULL)
			return -1;
		k->in_store = stored;
		k->created = k->published = k->activated = now;
		if (strcmp(key->kid, signing) != 0)
			k->superseded = now;
	}
	return 0;
}

static int
make_first(const struct keyring_store *store, struct keyring *ring, int64_t now,
	struct error *e)
{
	struct key *key = keyring_store_make_key(store, ring, e);
	struct keyring_key *k;

	if (key == NULL)
		return -1;
	k = keyring_add(ring, key, e);
	if (k == NULL)
		return -1;
	k->in_store = true;
	k->created = k->published = k->activated = now;
	return 0;
}

static int
fill(struct ctl *ctl, struct take *take, struct error *e)
{
	struct keyring_request r = {
		.step = KEYRING_INIT,
		.now = ctl->clock.now,
		.by = ctl->by,
	};
	struct adoption a = {0};
	int rc = -1;

	if (gather(ctl, &a, e) != 0)
		goto out;
	if (a.keys.count == 0) {
		if (make_first(take->store, take->ring, r.now, e) != 0)
			goto out;
		r.kid = take->ring->keys[0].key->kid;
	} else {
		r.kid = find_signing(ctl, &a, e);
		if (r.kid == NULL || copy_private(take->store, &a, e) != 0 ||
			enter(take->ring, &a, r.kid, r.now, e) != 0)
			goto out;
	}
	rc = keyring_init_apply(take->ring, &r, e);
out:
	key_set_release(&a.keys);
	return rc;
}

static void
say(const struct take *take, int64_t now)
{
	const char *path = keyring_store_dir(take->store);
	char *full = realpath(path, NULL); /* for another program's file */
	char word[TEXT_WORD_MAX];
	const struct keyring_key *active = keyring_active(take->ring, now);

	printf("made a keyring of %zu key%s in %s; %s signs\n",
		take->ring->count, take->ring->count == 1 ? "" : "s", path,
		take->ring->last.kid);
	if (active != NULL && !active->in_store)
		printf("note: its private half is not in the keyring: the API "
		       "servers go on with their own file until the first "
		       "rotation\n");
	printf("next: let jwksd publish it:  issuer \"%s\" { keys = { \"%s\" "
	       "} }\n"
	       "      the API servers' flags: jwksctl apiserver-flags %s --for "
	       "TOOL\n",
		take->ring->issuer, full != NULL ? full : path,
		text_word(word, path));
	free(full);
}

static int
check_issuer(const char *issuer, struct error *e)
{
	struct config_url url;

	if (issuer == NULL)
		return error_set(e, ERROR_INVALID, "--issuer URL is needed");
	return config_url_parse(issuer, &url, e);
}

enum ctl_exit
cmd_init(struct ctl *ctl)
{
	const char *issuer = ctl_value(ctl, "issuer");
	struct keyring_policy policy = keyring_policy_default();
	enum ctl_exit code = CTL_FAILED;
	struct take take = {0};
	struct error e = {0};
	bool busy = false;

	if (check_issuer(issuer, &e) != 0 ||
		policy_read(ctl, &policy, &e) != 0 ||
		keyring_policy_check(&policy, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	take.store = keyring_store_create(ctl->dirs[0], &busy, &e);
	if (take.store != NULL)
		take.ring = keyring_new(issuer, &policy, &e);
	if (take.ring == NULL || fill(ctl, &take, &e) != 0 ||
		keyring_store_commit(take.store, take.ring, &e) != 0) {
		ctl_fail(&e);
		code = busy ? CTL_BUSY : CTL_FAILED;
	} else {
		code = take_settle(ctl, &take);
		say(&take, ctl->clock.now);
	}
	take_close(&take);
	return code;
}
