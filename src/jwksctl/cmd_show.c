/* SPDX-License-Identifier: MIT */
/*
 * jwksctl show: all that the keyring says of one key, and its public half.
 */
#include <stdio.h>

#include "jwksctl/text.h"
#include "jwksctl/view.h"

static void
line(const char *name, const char *value)
{
	printf("%-12s %s\n", name, value);
}

static void
moment(const char *name, int64_t when)
{
	char text[TEXT_MAX];

	if (when == 0)
		return;
	text_moment(text, when);
	line(name, text);
}

static void
print_text(const struct keyring *ring, const struct keyring_key *k, int64_t now)
{
	char bits[16];

	snprintf(bits, sizeof(bits), "%u", k->key->bits);
	line("kid", k->key->kid);
	line("state", keyring_state_name(keyring_state(k, now)));
	line("alg", key_alg_name(k->key->alg));
	line("bits", bits);
	line("private half", k->in_store ? "in the keyring's directory"
					 : "not in the keyring's directory");
	moment("created", k->created);
	moment("published", k->published);
	moment("activated", k->activated);
	moment("superseded", k->superseded);
	moment("retired", k->retired);
	moment("revoked", k->revoked);
	moment("next step", keyring_next_due(ring, k));
}

static int
show(struct ctl *ctl, const struct keyring *ring, const struct keyring_key *k,
	bool json, struct error *e)
{
	struct buf pem = BUF_INIT;
	json_t *root = NULL;
	int rc = -1;

	keyring_pem(k->key, &pem);
	if (!buf_ok(&pem)) {
		error_nomem(e);
		goto out;
	}
	if (json) {
		root = view_key(ring, k, ctl->clock.now);
		if (json_object_set_new(
			    root, "public", json_string(pem.data)) != 0) {
			json_decref(root);
			error_nomem(e);
			goto out;
		}
		rc = view_print(root, e);
		goto out;
	}
	print_text(ring, k, ctl->clock.now);
	printf("\n%s", pem.data);
	rc = 0;
out:
	buf_release(&pem);
	return rc;
}

enum ctl_exit
cmd_show(struct ctl *ctl)
{
	const char *kid = ctl->words[0];
	const struct keyring_key *k;
	struct keyring *ring;
	struct error e = {0};
	bool json = false;
	int rc = -1;

	if (ctl_json(ctl, &json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	ring = view_load(ctl->dirs[0], &e);
	if (ring == NULL)
		return ctl_fail(&e);
	k = keyring_find(ring, kid);
	if (k == NULL)
		error_set(&e, ERROR_NOTFOUND,
			"no key %.64s: `jwksctl list %s` shows them", kid,
			ctl->dirs[0]);
	else
		rc = show(ctl, ring, k, json, &e);
	keyring_free(ring);
	return rc == 0 ? CTL_OK : ctl_fail(&e);
}
