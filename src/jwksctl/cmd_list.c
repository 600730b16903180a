/* SPDX-License-Identifier: MIT */
/*
 * jwksctl list: a line for each key, of one keyring or of many.
 */
#include <stdio.h>

#include "jwksctl/text.h"
#include "jwksctl/view.h"

struct list {
	bool json;
	json_t *keyrings;
};

static const char *
state_colour(enum keyring_state state)
{
	switch (state) {
	case KEYRING_ACTIVE:
		return "\033[32m";
	case KEYRING_STAGED:
		return "\033[36m";
	case KEYRING_RETIRING:
		return "\033[33m";
	case KEYRING_RETIRED:
		return "\033[2m";
	case KEYRING_REVOKED:
		return "\033[31m";
	}
	return "";
}

static void
add_key(struct ctl *ctl, struct text_table *t, const struct keyring *ring,
	const struct keyring_key *k)
{
	enum keyring_state state = keyring_state(k, ctl->clock.now);
	char bits[16], created[TEXT_MAX], published[TEXT_MAX];
	char active[TEXT_MAX], due[TEXT_MAX];

	snprintf(bits, sizeof(bits), "%u", k->key->bits);
	text_moment(created, k->created);
	text_moment(published, k->published);
	text_moment(active, k->activated);
	text_moment(due, keyring_next_due(ring, k));
	text_table_add(t, state_colour(state),
		(const char *const[]){keyring_state_name(state), k->key->kid,
			key_alg_name(k->key->alg), bits, created, published,
			active, due});
}

static int
print_text(struct ctl *ctl, const char *dir, const struct keyring *ring,
	struct error *e)
{
	static const char *const heading[] = {"STATE", "KID", "ALG", "BITS",
		"CREATED", "PUBLISHED", "ACTIVE-SINCE", "NEXT-STEP-SAFE"};
	struct text_table t = {.columns = 8};
	size_t i;

	if (ctl->n_dirs > 1)
		printf("%s  %s\n", dir, ring->issuer);
	text_table_add(&t, "\033[1m", heading);
	for (i = 0; i < ring->count; i++)
		add_key(ctl, &t, ring, &ring->keys[i]);
	return text_table_print(&t, ctl->colour, e);
}

static enum ctl_exit
list_one(
	struct ctl *ctl, const char *dir, const struct keyring *ring, void *arg)
{
	struct list *list = arg;
	struct error e = {0};

	if (!list->json)
		return print_text(ctl, dir, ring, &e) == 0 ? CTL_OK
							   : ctl_fail(&e);
	if (json_array_append_new(list->keyrings,
		    view_keyring(dir, ring, ctl->clock.now)) != 0) {
		error_nomem(&e);
		return ctl_fail(&e);
	}
	return CTL_OK;
}

enum ctl_exit
cmd_list(struct ctl *ctl)
{
	struct list list = {0};
	struct error e = {0};
	enum ctl_exit code;

	if (ctl_json(ctl, &list.json, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (list.json)
		list.keyrings = json_array();
	code = view_each(ctl, list_one, &list);
	if (list.json &&
		view_print(json_pack("{s:o}", "keyrings", list.keyrings), &e) !=
			0)
		return ctl_fail(&e);
	return code;
}
