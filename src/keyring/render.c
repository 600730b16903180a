/* SPDX-License-Identifier: MIT */
/*
 * struct keyring -> keyring.json.  One form only: two keyrings are equal when
 * their bytes are, which is what the journal's hash relies on.
 */
#include "keyring/keyring.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

static void
render_string(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "\"%s\": ", name);
	buf_json(out, value, strlen(value));
}

static void
render_moment(struct buf *out, const char *name, int64_t moment)
{
	char text[CLOCK_TEXT_LEN + 1];

	if (moment == 0)
		return;
	clock_format(text, moment);
	buf_printf(out, ",\n      \"%s\": \"%s\"", name, text);
}

void
keyring_policy_render(
	struct buf *out, const struct keyring_policy *p, const char *between)
{
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{"publish_ahead", p->publish_ahead},
		{"token_lifetime", p->token_lifetime},
		{"skew", p->skew},
		{"max_age", p->max_age},
		{"rotation_max_age", p->rotation_max_age},
		{"rollout", p->rollout},
		{"api_token_lifetime", p->api_token_lifetime},
		{"period", p->period},
	};
	size_t i;

	render_string(out, "alg", key_alg_name(p->alg));
	buf_printf(out, "%s\"bits\": %u", between, p->bits);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		buf_printf(out, "%s\"%s\": %" PRId64, between, rows[i].name,
			rows[i].value);
}

static void
render_policy(struct buf *out, const struct keyring_policy *p)
{
	buf_puts(out, "  \"policy\": {\n    ");
	keyring_policy_render(out, p, ",\n    ");
	buf_puts(out, "\n  },\n");
}

static void
render_record(struct buf *out, const struct keyring_record *r)
{
	buf_puts(out, "  \"last\": {");
	render_string(out, "step", keyring_step_name(r->step));
	buf_puts(out, ", ");
	if (r->kid != NULL) {
		render_string(out, "kid", r->kid);
		buf_puts(out, ", ");
	}
	render_string(out, "by", r->by == NULL ? "" : r->by);
	if (r->reason != NULL) {
		buf_puts(out, ", ");
		render_string(out, "reason", r->reason);
	}
	if (r->waived != NULL) {
		buf_puts(out, ", ");
		render_string(out, "waived", r->waived);
	}
	if (r->forced)
		buf_puts(out, ", \"forced\": true");
	if (r->healed)
		buf_puts(out, ", \"healed\": true");
	buf_puts(out, "},\n");
}

static void
render_key(struct buf *out, const struct keyring_key *k)
{
	struct buf pem = BUF_INIT;

	buf_puts(out, "    {\n      ");
	render_string(out, "kid", k->key->kid);
	buf_puts(out, ",\n      ");
	render_string(out, "alg", key_alg_name(k->key->alg));
	buf_printf(out, ",\n      \"bits\": %u,\n      ", k->key->bits);
	keyring_pem(k->key, &pem);
	if (buf_ok(&pem))
		render_string(out, "public", pem.data);
	else
		out->failed = true;
	buf_release(&pem);
	buf_printf(out, ",\n      \"in_store\": %s",
		k->in_store ? "true" : "false");
	render_moment(out, "created", k->created);
	render_moment(out, "published", k->published);
	render_moment(out, "activated", k->activated);
	render_moment(out, "superseded", k->superseded);
	render_moment(out, "retired", k->retired);
	render_moment(out, "revoked", k->revoked);
	buf_puts(out, "\n    }");
}

void
keyring_render(const struct keyring *ring, struct buf *out)
{
	char updated[CLOCK_TEXT_LEN + 1];
	size_t i;

	clock_format(updated, ring->updated);
	buf_printf(out, "{\n  \"version\": %d,\n  ", KEYRING_VERSION);
	render_string(out, "issuer", ring->issuer);
	buf_printf(
		out, ",\n  \"generation\": %" PRIu64 ",\n", ring->generation);
	buf_printf(out, "  \"updated\": \"%s\",\n", updated);
	render_policy(out, &ring->policy);
	render_record(out, &ring->last);
	buf_puts(out, "  \"keys\": [");
	for (i = 0; i < ring->count; i++) {
		buf_puts(out, i == 0 ? "\n" : ",\n");
		render_key(out, &ring->keys[i]);
	}
	buf_puts(out, ring->count == 0 ? "]\n}\n" : "\n  ]\n}\n");
}
