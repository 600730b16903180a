/* SPDX-License-Identifier: MIT */
/*
 * Issuers on the status page: cards when they are few, a table when they are
 * many.  Both put the problem right under the name, because that is what
 * somebody who opens this page at night looks for.
 */
#include "admin/page.h"

#include "admin/text.h"

static const char *
state_css(const struct oidc_key *key)
{
	return admin_state_name(admin_key_state(key));
}

static const char *
state_word(const struct oidc_key *key)
{
	return key->has_state ? state_css(key) : "no keyring";
}

/* The step that a key waits for, and from when it breaks nobody. */
static void
put_next_step(struct buf *b, const struct oidc_key *key, int64_t now)
{
	if (!key->has_state || key->next_due == 0) {
		buf_puts(b, "<span class=\"none\">nothing to wait for</span>");
		return;
	}
	buf_puts(b, key->state == KEYRING_STAGED ? "activate" : "retire");
	buf_puts(b, key->next_due <= now ? ": <strong>safe</strong> since "
					 : ": safe from ");
	admin_html_moment(b, key->next_due, now);
}

static void
put_key_row(struct buf *b, const struct oidc_key *key, int64_t now)
{
	buf_puts(b, "<tr><th scope=\"row\"><code>");
	admin_html(b, oidc_key_kid(key));
	buf_puts(b, "</code></th>");
	buf_puts(b, "<td class=\"tight\" data-label=\"Algorithm\">");
	buf_printf(b, "%s, %u bits</td>", key_alg_name(key->alg), key->bits);
	admin_page_cell(b, "State");
	admin_page_badge(b, state_css(key), state_word(key));
	buf_puts(b, "</td>");
	admin_page_cell(b, "Since");
	admin_html_moment(b, key->since, now);
	buf_puts(b, "</td>");
	admin_page_cell(b, "Next step");
	put_next_step(b, key, now);
	buf_puts(b, "</td></tr>\n");
}

static void
put_keys(struct buf *b, const struct oidc_issuer *issuer, int64_t now)
{
	uint32_t i;

	if (issuer->n_keys == 0) {
		buf_puts(b, "<p class=\"none\">No keys are published: both "
			    "documents answer 404.</p>");
		return;
	}
	buf_puts(b, "<table><caption>Keys of ");
	admin_html(b, issuer->url);
	buf_puts(b,
		"</caption><thead><tr><th scope=\"col\">Key (kid)</th>"
		"<th scope=\"col\">Algorithm</th><th scope=\"col\">State</th>"
		"<th scope=\"col\">Since</th><th scope=\"col\">Next step</th>"
		"</tr></thead><tbody>\n");
	for (i = 0; i < issuer->n_keys; i++)
		put_key_row(b, &issuer->keys[i], now);
	buf_puts(b, "</tbody></table>");
}

static void
put_problem(struct buf *b, const struct oidc_issuer *issuer, int64_t now)
{
	if (issuer->problem == NULL)
		return;
	buf_printf(b, "<p class=\"problem %s\"><bdi>",
		oidc_health_name(issuer->health));
	admin_html(b, issuer->problem);
	buf_puts(b, "</bdi>");
	if (issuer->problem_since != 0) {
		buf_puts(b, " <span class=\"ago\">since</span> ");
		admin_html_moment(b, issuer->problem_since, now);
	}
	buf_puts(b, "</p>");
}

static void
put_meta(struct buf *b, const struct admin_view *v,
	const struct oidc_issuer *issuer, int64_t now)
{
	struct oidc_fetches f;
	unsigned kind;

	buf_puts(b, "<dl class=\"meta\">");
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		f = oidc_tally_sum(
			v->tally, issuer->slot, (enum oidc_kind)kind);
		buf_printf(b, "<div><dt>%s fetched</dt><dd>",
			oidc_kind_name((enum oidc_kind)kind));
		if (f.count > 0) {
			admin_html_count(b, f.count);
			buf_printf(
				b, " time%s, last ", f.count == 1 ? "" : "s");
		}
		admin_html_moment(b, f.last, now);
		buf_puts(b, "</dd></div>");
	}
	buf_puts(b, "<div><dt>documents changed</dt><dd>");
	admin_html_moment(b, issuer->changed, now);
	buf_puts(b, "</dd></div><div><dt>sources read</dt><dd>");
	admin_html_moment(b, issuer->loaded, now);
	buf_puts(b, "</dd></div>");
	if (issuer->n_keys > 0)
		buf_printf(b, "<div><dt>max-age</dt><dd>%u s</dd></div>",
			issuer->max_age);
	buf_puts(b, "</dl>");
}

static void
put_link(struct buf *b, const struct oidc_issuer *issuer)
{
	buf_puts(b, "<a href=\"/?issuer=");
	admin_url_value(b, issuer->url);
	buf_puts(b, "\">");
	admin_html_url(b, issuer->url);
	buf_puts(b, "</a>");
}

static void
put_health(struct buf *b, const struct oidc_issuer *issuer)
{
	admin_page_badge(b, oidc_health_name(issuer->health),
		oidc_health_name(issuer->health));
}

static void
put_card(struct buf *b, const struct admin_view *v,
	const struct oidc_issuer *issuer, size_t nth, int64_t now)
{
	buf_printf(b, "<article aria-labelledby=\"i%zu\"><h3 id=\"i%zu\">", nth,
		nth);
	put_link(b, issuer);
	buf_putc(b, ' ');
	put_health(b, issuer);
	buf_puts(b, "</h3>");
	put_problem(b, issuer, now);
	put_keys(b, issuer, now);
	admin_timeline(b, issuer, now);
	put_meta(b, v, issuer, now);
	buf_puts(b, "</article>\n");
}

/* "3: 1 staged, 2 active" */
static void
put_key_summary(struct buf *b, const struct oidc_issuer *issuer)
{
	size_t count[ADMIN_STATES] = {0};
	const char *sep = ": ";
	unsigned state;
	uint32_t i;

	for (i = 0; i < issuer->n_keys; i++)
		count[admin_key_state(&issuer->keys[i])]++;
	buf_printf(b, "%u", issuer->n_keys);
	for (state = 0; state < ADMIN_STATE_NONE; state++) {
		if (count[state] == 0)
			continue;
		buf_printf(b, "%s%zu %s", sep, count[state],
			admin_state_name(state));
		sep = ", ";
	}
}

static void
put_row(struct buf *b, const struct admin_view *v,
	const struct oidc_issuer *issuer, int64_t now)
{
	const struct oidc_key *key = NULL;

	buf_puts(b, "<tr><th scope=\"row\">");
	put_link(b, issuer);
	put_problem(b, issuer, now);
	buf_puts(b, "</th>");
	admin_page_cell(b, "Health");
	put_health(b, issuer);
	buf_puts(b, "</td>");
	admin_page_cell(b, "Keys");
	put_key_summary(b, issuer);
	buf_puts(b, "</td>");
	admin_page_cell(b, "Next step");
	if (admin_next_due(issuer, &key) == 0)
		buf_puts(b, "<span class=\"none\">none</span>");
	else
		put_next_step(b, key, now);
	buf_puts(b, "</td>");
	admin_page_cell(b, "JWKS last fetched");
	admin_html_moment(
		b, oidc_tally_sum(v->tally, issuer->slot, OIDC_JWKS).last, now);
	buf_puts(b, "</td></tr>\n");
}

static void
put_table(struct buf *b, const struct admin_view *v,
	const struct admin_selection *chosen, int64_t now)
{
	size_t i;

	buf_puts(b,
		"<table class=\"list\"><caption>Issuers, those with problems "
		"first</caption><thead><tr><th scope=\"col\">Issuer</th>"
		"<th scope=\"col\">Health</th><th scope=\"col\">Keys</th>"
		"<th scope=\"col\">Next step</th>"
		"<th scope=\"col\">JWKS last fetched</th></tr></thead>"
		"<tbody>\n");
	for (i = 0; i < chosen->shown; i++)
		put_row(b, v, chosen->list[i], now);
	buf_puts(b, "</tbody></table>");
}

static void
put_search(struct buf *b, const struct admin_query *query)
{
	buf_puts(b,
		"<form role=\"search\" action=\"/\"><label for=\"q\">Find an "
		"issuer</label> <input type=\"search\" id=\"q\" name=\"q\" "
		"maxlength=\"255\" value=\"");
	admin_html(b, query->search);
	buf_puts(b, "\"> <button>Search</button></form>");
}

static void
put_page_link(struct buf *b, const struct admin_query *query, size_t offset,
	const char *text)
{
	buf_puts(b, " <a href=\"/?q=");
	admin_url_value(b, query->search);
	buf_printf(b, "&amp;offset=%zu#issuers\">%s</a>", offset, text);
}

/* Which part of how many is shown, and the way to the rest. */
static void
put_range(struct buf *b, const struct admin_query *query,
	const struct admin_selection *chosen)
{
	size_t end = chosen->offset + chosen->shown;

	buf_puts(b, "<p class=\"range\">");
	if (chosen->shown == 0) {
		buf_puts(b, "None of ");
		admin_html_count(b, chosen->matched);
	} else {
		admin_html_count(b, chosen->offset + 1);
		buf_puts(b, " to ");
		admin_html_count(b, end);
		buf_puts(b, " of ");
		admin_html_count(b, chosen->matched);
		buf_puts(b, ", those with problems first.");
	}
	if (chosen->offset > 0)
		put_page_link(b, query,
			chosen->offset < ADMIN_PAGE_ROWS
				? 0
				: chosen->offset - ADMIN_PAGE_ROWS,
			"Previous");
	if (end < chosen->matched)
		put_page_link(b, query, end, "Next");
	buf_puts(b, "</p>");
}

static void
put_none(struct buf *b, const struct admin_view *v)
{
	if (v->n_issuers > 0)
		buf_puts(b, "<p>No issuer matches.</p>");
	else
		buf_puts(b,
			"<p>No issuer is configured. Add an <code>issuer</code>"
			" block to jwksd.conf and reload, or a directory below "
			"that of an <code>issuers</code> block.</p>");
}

void
admin_page_issuers(struct buf *b, const struct admin_view *view,
	const struct admin_query *query, const struct admin_selection *chosen,
	int64_t now)
{
	size_t i;

	buf_puts(b, "<section aria-labelledby=\"issuers\">"
		    "<h2 id=\"issuers\">Issuers</h2>");
	if (query->issuer[0] != '\0')
		buf_puts(b, "<p><a href=\"/\">All issuers</a></p>");
	else if (view->n_issuers > ADMIN_PAGE_CARDS)
		put_search(b, query);
	if (chosen->matched == 0)
		put_none(b, view);
	else if (chosen->matched <= ADMIN_PAGE_CARDS)
		for (i = 0; i < chosen->shown; i++)
			put_card(b, view, chosen->list[i], i, now);
	else {
		put_range(b, query, chosen);
		put_table(b, view, chosen, now);
		put_range(b, query, chosen);
	}
	buf_puts(b, "</section>\n");
}
