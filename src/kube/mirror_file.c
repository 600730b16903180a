/* SPDX-License-Identifier: MIT */
/*
 * A mirror as the bytes of its file.  Invariant: what is rendered parses to
 * the same, and a file that does not parse is never taken for an empty one.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "key/jwk.h"
#include "kube/mirror.h"

/* {"kid": ..., NAME: moment} */
static int
read_mark(const json_t *mark, const char *name, const char **kid, int64_t *when,
	struct error *e)
{
	const char *moment = json_string_value(json_object_get(mark, name));

	*kid = json_string_value(json_object_get(mark, "kid"));
	if (*kid == NULL || strlen(*kid) > KEY_KID_MAX)
		return error_set(e, ERROR_PARSE, "no kid");
	if (moment == NULL || clock_parse(moment, when) != 0)
		return error_set(e, ERROR_PARSE, "%s is not a moment", name);
	return 0;
}

static int
read_missing(const json_t *root, struct kube_mirror *m, struct error *e)
{
	const char *kid = NULL;
	const json_t *mark;
	int64_t since = 0;
	size_t i, k;

	json_array_foreach(json_object_get(root, "missing"), i, mark)
	{
		if (read_mark(mark, "since", &kid, &since, e) != 0)
			return error_wrap(e, "missing[%zu]", i);
		for (k = 0; k < m->keys.count; k++)
			if (strcmp(m->keys.keys[k]->kid, kid) == 0)
				m->missing[k] = since;
	}
	return 0;
}

static int
read_withdrawn(const json_t *root, struct kube_mirror *m, struct error *e)
{
	struct kube_withdrawn *w;
	const char *kid = NULL;
	const json_t *mark;
	int64_t when = 0;
	size_t i;

	json_array_foreach(json_object_get(root, "withdrawn"), i, mark)
	{
		if (i == KUBE_WITHDRAWN_MAX)
			return error_set(e, ERROR_LIMIT,
				"withdrawn: has more than %d",
				KUBE_WITHDRAWN_MAX);
		if (read_mark(mark, "when", &kid, &when, e) != 0)
			return error_wrap(e, "withdrawn[%zu]", i);
		w = &m->withdrawn[m->n_withdrawn++];
		snprintf(w->kid, sizeof(w->kid), "%s", kid);
		w->when = when;
	}
	return 0;
}

int
kube_mirror_parse(
	const char *text, size_t len, struct kube_mirror *out, struct error *e)
{
	struct kube_mirror m = {0};
	json_t *root = NULL;
	int rc = -1;

	if (key_jwk_parse(text, len, &m.keys, e) != 0)
		goto out;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (root == NULL) {
		error_nomem(e);
		goto out;
	}
	if (m.keys.count == 0) {
		error_set(e, ERROR_INVALID, "has no key");
		goto out;
	}
	if (read_missing(root, &m, e) != 0 || read_withdrawn(root, &m, e) != 0)
		goto out;
	*out = m;
	m = (struct kube_mirror){0}; /* given to the caller */
	rc = 0;
out:
	json_decref(root);
	kube_mirror_release(&m);
	return rc;
}

static void
render_mark(struct buf *out, bool first, const char *kid, const char *name,
	int64_t when)
{
	char moment[CLOCK_TEXT_LEN + 1];

	clock_format(moment, when);
	buf_puts(out, first ? "{\"kid\":" : ",{\"kid\":");
	buf_json(out, kid, strlen(kid));
	buf_printf(out, ",\"%s\":\"%s\"}", name, moment);
}

static void
render_missing(const struct kube_mirror *m, struct buf *out)
{
	bool first = true;
	size_t i;

	for (i = 0; i < m->keys.count; i++) {
		if (m->missing[i] == 0)
			continue;
		if (first)
			buf_puts(out, ",\"missing\":[");
		render_mark(out, first, m->keys.keys[i]->kid, "since",
			m->missing[i]);
		first = false;
	}
	if (!first)
		buf_putc(out, ']');
}

void
kube_mirror_render(const struct kube_mirror *m, struct buf *out)
{
	size_t i;

	buf_puts(out, "{\"keys\":[");
	for (i = 0; i < m->keys.count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		buf_append(out, m->keys.keys[i]->jwk, m->keys.keys[i]->jwk_len);
	}
	buf_putc(out, ']');
	render_missing(m, out);
	for (i = 0; i < m->n_withdrawn; i++) {
		if (i == 0)
			buf_puts(out, ",\"withdrawn\":[");
		render_mark(out, i == 0, m->withdrawn[i].kid, "when",
			m->withdrawn[i].when);
	}
	buf_puts(out, m->n_withdrawn > 0 ? "]}" : "}");
}
