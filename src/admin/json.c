/* SPDX-License-Identifier: MIT */
/*
 * Written straight into the answer: a tree in memory first would cost ten
 * times the bytes.  The writer below knows one thing, where a comma goes.
 * Invariant: strings pass buf_json(), so the text is valid JSON and UTF-8
 * whatever an agent or a file name held.
 */
#include "admin/json.h"

#include <inttypes.h>
#include <string.h>

#include "admin/status.h"
#include "base/clock.h"

/* A comma, unless this is the first member; then its name, unless it is an
 * element of an array. */
static void
member(struct buf *b, const char *name)
{
	char last = b->len == 0 ? '{' : b->data[b->len - 1];

	if (last != '{' && last != '[')
		buf_putc(b, ',');
	if (name != NULL)
		buf_printf(b, "\"%s\":", name);
}

/* Open an object or array ('{' or '[') as a member. */
static void
open_member(struct buf *b, const char *name, char bracket)
{
	member(b, name);
	buf_putc(b, bracket);
}

static void
put_text(struct buf *b, const char *name, const char *text)
{
	member(b, name);
	buf_json(b, text, strlen(text));
}

static void
put_text_or_null(struct buf *b, const char *name, const char *text)
{
	if (text != NULL) {
		put_text(b, name, text);
		return;
	}
	member(b, name);
	buf_puts(b, "null");
}

static void
put_number(struct buf *b, const char *name, uint64_t n)
{
	member(b, name);
	buf_printf(b, "%" PRIu64, n);
}

static void
put_bool(struct buf *b, const char *name, bool yes)
{
	member(b, name);
	buf_puts(b, yes ? "true" : "false");
}

static void
put_moment(struct buf *b, const char *name, int64_t when)
{
	char text[CLOCK_TEXT_LEN + 1];

	clock_format(text, when);
	put_text_or_null(b, name, when == 0 ? NULL : text);
}

static void
put_checks(struct buf *b, const struct admin_check checks[ADMIN_CHECKS])
{
	size_t i;

	open_member(b, "checks", '[');
	for (i = 0; i < ADMIN_CHECKS; i++) {
		open_member(b, NULL, '{');
		put_text(b, "name", checks[i].name);
		put_text(b, "grade", admin_grade_name(checks[i].grade));
		put_text(b, "text", checks[i].text);
		put_text_or_null(b, "advice",
			checks[i].advice[0] == '\0' ? NULL : checks[i].advice);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void
put_tally(struct buf *b, const char *name, struct oidc_fetches fetches)
{
	open_member(b, name, '{');
	put_number(b, "count", fetches.count);
	put_moment(b, "last", fetches.last);
	buf_putc(b, '}');
}

static void
put_key(struct buf *b, const struct oidc_key *key)
{
	open_member(b, NULL, '{');
	put_text(b, "kid", oidc_key_kid(key));
	put_text(b, "alg", key_alg_name(key->alg));
	put_number(b, "bits", key->bits);
	put_text_or_null(b, "state",
		key->has_state ? admin_state_name(key->state) : NULL);
	put_moment(b, "since", key->since);
	put_moment(b, "next_due", key->next_due);
	buf_putc(b, '}');
}

static void
put_issuer(struct buf *b, const struct admin_view *v,
	const struct oidc_issuer *issuer)
{
	unsigned kind;
	uint32_t i;

	open_member(b, NULL, '{');
	put_text(b, "url", issuer->url);
	put_text(b, "health", oidc_health_name(issuer->health));
	put_text_or_null(b, "problem", issuer->problem);
	put_moment(b, "problem_since",
		issuer->problem == NULL ? 0 : issuer->problem_since);
	put_moment(b, "changed", issuer->changed);
	put_moment(b, "loaded", issuer->loaded);
	put_number(b, "max_age", issuer->max_age);
	open_member(b, "keys", '[');
	for (i = 0; i < issuer->n_keys; i++)
		put_key(b, &issuer->keys[i]);
	buf_putc(b, ']');
	open_member(b, "fetches", '{');
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		put_tally(b, oidc_kind_name((enum oidc_kind)kind),
			oidc_tally_sum(
				v->tally, issuer->slot, (enum oidc_kind)kind));
	buf_puts(b, "}}");
}

static void
put_issuers(struct buf *b, const struct admin_view *v,
	const struct admin_selection *chosen)
{
	size_t i, next = chosen->offset + chosen->shown;

	open_member(b, "issuers", '{');
	put_number(b, "total", v->n_issuers);
	put_number(b, "fresh", v->n_issuers - v->n_held - v->n_absent);
	put_number(b, "held", v->n_held);
	put_number(b, "absent", v->n_absent);
	put_number(b, "matched", chosen->matched);
	put_number(b, "offset", chosen->offset);
	member(b, "next");
	if (next < chosen->matched)
		buf_printf(b, "%zu", next);
	else
		buf_puts(b, "null");
	open_member(b, "list", '[');
	for (i = 0; i < chosen->shown; i++)
		put_issuer(b, v, chosen->list[i]);
	buf_puts(b, "]}");
}

static void
put_totals(struct buf *b, const struct admin_totals *totals)
{
	unsigned state, alg;
	size_t by_state[ADMIN_STATES] = {0}, by_alg[ADMIN_ALGS] = {0};

	for (state = 0; state < ADMIN_STATES; state++)
		for (alg = 0; alg < ADMIN_ALGS; alg++) {
			by_state[state] += totals->keys[state][alg];
			by_alg[alg] += totals->keys[state][alg];
		}
	open_member(b, "keys", '{');
	put_number(b, "total", admin_totals_keys(totals));
	open_member(b, "by_state", '{');
	for (state = 0; state < ADMIN_STATES; state++)
		put_number(b, admin_state_name(state), by_state[state]);
	buf_putc(b, '}');
	open_member(b, "by_alg", '{');
	for (alg = 0; alg < ADMIN_ALGS; alg++)
		put_number(b, key_alg_name((enum key_alg)alg), by_alg[alg]);
	buf_puts(b, "}}");
}

static void
put_fetch(struct buf *b, const struct admin_fetch *f)
{
	open_member(b, NULL, '{');
	put_moment(b, "when", f->when);
	put_number(b, "status", f->status);
	put_text(b, "document", oidc_kind_name((enum oidc_kind)f->kind));
	put_text(b, "issuer", f->issuer);
	put_text(b, "agent", f->agent);
	put_text(b, "peer", f->peer);
	put_text(b, "peer_class", f->peer_class);
	buf_putc(b, '}');
}

static void
put_fetches(struct buf *b, const struct admin_view *v,
	const struct admin_totals *totals)
{
	unsigned kind;
	size_t i;

	open_member(b, "fetches", '{');
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		put_tally(b, oidc_kind_name((enum oidc_kind)kind),
			totals->fetches[kind]);
	open_member(b, "recent", '[');
	for (i = 0; i < v->n_fetches; i++)
		put_fetch(b, &v->fetches[i]);
	buf_puts(b, "]}");
}

static void
put_workers(struct buf *b, const struct admin_view *v)
{
	const struct admin_worker *w;
	unsigned which;
	size_t i;

	open_member(b, "workers", '[');
	for (i = 0; i < v->n_workers; i++) {
		w = &v->workers[i];
		open_member(b, NULL, '{');
		put_number(b, "worker", i);
		put_number(b, "generation", w->generation);
		put_number(
			b, "connections", http_server_connections(w->server));
		for (which = 0; which < HTTP_COUNTERS; which++)
			put_number(b,
				http_counter_name((enum http_counter)which),
				http_server_counter(
					w->server, (enum http_counter)which));
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void
put_config(struct buf *b, const struct admin_view *v)
{
	size_t i;

	open_member(b, "config", '{');
	put_bool(b, "good", v->config_good);
	put_text_or_null(
		b, "problem", v->config_good ? NULL : v->config_problem);
	put_moment(b, "read", v->config_read);
	buf_putc(b, '}');
	open_member(b, "reloads", '{');
	put_number(b, "good", v->reloads_good);
	put_number(b, "bad", v->reloads_bad);
	open_member(b, "events", '[');
	for (i = 0; i < v->n_events; i++) {
		open_member(b, NULL, '{');
		put_moment(b, "when", v->events[i].when);
		put_bool(b, "good", v->events[i].good);
		put_text(b, "text", v->events[i].text);
		buf_putc(b, '}');
	}
	buf_puts(b, "]}");
}

static void
put_process(struct buf *b, const struct admin_view *v)
{
	open_member(b, "catalog", '{');
	put_number(b, "generation", v->generation);
	put_number(b, "alive", v->catalogs_alive);
	put_number(b, "document_bytes", v->document_bytes);
	buf_putc(b, '}');
	open_member(b, "watches", '{');
	put_number(b, "in_use", v->watches);
	put_bool(b, "short", v->watches_short);
	put_text_or_null(
		b, "problem", v->watches_short ? v->watches_problem : NULL);
	put_moment(b, "last_scan", v->last_scan);
	put_number(b, "rescan", v->rescan);
	buf_putc(b, '}');
	put_number(b, "connections", http_gate_count(v->gate));
}

unsigned
admin_json_render(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out)
{
	struct admin_check checks[ADMIN_CHECKS];
	enum admin_grade grade = admin_checks_read(view, checks);
	struct admin_selection chosen;
	struct admin_totals totals;

	admin_select(view, query, ADMIN_JSON_ISSUERS, &chosen);
	admin_totals_read(view, &totals);
	buf_putc(out, '{');
	put_text(out, "version", view->version);
	put_moment(out, "now", now);
	put_moment(out, "started", view->started);
	put_text(out, "grade", admin_grade_name(grade));
	put_bool(out, "ready", grade != ADMIN_FAILED);
	put_bool(out, "draining", view->draining);
	put_checks(out, checks);
	put_config(out, view);
	put_process(out, view);
	put_totals(out, &totals);
	put_fetches(out, view, &totals);
	put_workers(out, view);
	put_issuers(out, view, &chosen);
	buf_puts(out, "}\n");
	return 200;
}
