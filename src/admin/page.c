/* SPDX-License-Identifier: MIT */
/*
 * The frame of the status page and its first screen.  Invariant: everything
 * that is not a literal here goes through admin/text.h, and the page works
 * with the policy below, which lets a browser load nothing at all.
 */
#include "admin/page.h"

#include "admin/text.h"

const char admin_page_fields[] =
	"Content-Security-Policy: default-src 'none'; "
	"style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
	"base-uri 'none'; frame-ancestors 'none'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n";

void
admin_page_badge(struct buf *b, const char *css, const char *word)
{
	buf_printf(b, "<span class=\"badge %s\">%s</span>", css, word);
}

void
admin_page_cell(struct buf *b, const char *label)
{
	buf_printf(b, "<td data-label=\"%s\">", label);
}

/* The one sentence that tells whether to read on. */
static void
put_headline(struct buf *b, const struct admin_view *v,
	const struct admin_check *checks, enum admin_grade grade)
{
	if (checks[ADMIN_CHECK_RUNNING].grade != ADMIN_OK)
		buf_puts(b, "Stopping");
	else if (checks[ADMIN_CHECK_CONFIG].grade == ADMIN_FAILED)
		buf_puts(b, "Not ready: no configuration");
	else if (v->n_absent > 0) {
		admin_html_count(b, v->n_absent);
		buf_puts(b, " of ");
		admin_html_count(b, v->n_issuers);
		buf_printf(b, " issuers %s not served",
			v->n_absent == 1 ? "is" : "are");
	} else if (grade == ADMIN_DEGRADED)
		buf_puts(b, "Serving, with something to mend");
	else if (v->n_issuers == 0)
		buf_puts(b, "Running, with no issuer yet");
	else if (v->n_issuers == 1)
		buf_puts(b, "The issuer is served");
	else {
		buf_puts(b, "All ");
		admin_html_count(b, v->n_issuers);
		buf_puts(b, " issuers are served");
	}
}

static void
put_checks(
	struct buf *b, const struct admin_check *checks, enum admin_grade grade)
{
	size_t i;

	for (i = 0; i < ADMIN_CHECKS; i++) {
		if (checks[i].grade != grade)
			continue;
		buf_puts(b, "<li>");
		admin_page_badge(
			b, admin_grade_name(grade), admin_grade_name(grade));
		buf_printf(b, " <strong>%s</strong>: ", checks[i].name);
		admin_html(b, checks[i].text);
		buf_puts(b, " <span class=\"advice\">");
		admin_html(b, checks[i].advice);
		buf_puts(b, "</span></li>");
	}
}

static void
put_state(struct buf *b, const struct admin_view *v,
	const struct admin_check *checks, enum admin_grade grade)
{
	buf_printf(b,
		"<section class=\"state %s\" aria-labelledby=\"state\">"
		"<h1 id=\"state\">",
		admin_grade_name(grade));
	put_headline(b, v, checks, grade);
	buf_puts(b, "</h1>");
	if (grade == ADMIN_OK) {
		buf_puts(b, "<p>Every check passes: the documents are what the "
			    "sources say, and all workers serve them.</p>");
	} else {
		buf_puts(b, "<ul>");
		put_checks(b, checks, ADMIN_FAILED);
		put_checks(b, checks, ADMIN_DEGRADED);
		buf_puts(b, "</ul>");
	}
	buf_puts(b, "</section>\n");
}

static void
fact(struct buf *b, const char *name)
{
	buf_printf(b, "<div><dt>%s</dt><dd>", name);
}

static void
fact_end(struct buf *b)
{
	buf_puts(b, "</dd></div>");
}

/* "3 active, 1 staged", leaving out what there is none of. */
static void
put_states(struct buf *b, const struct admin_totals *totals)
{
	unsigned state, alg;
	size_t n;
	const char *comma = "";

	for (state = 0; state < ADMIN_STATES; state++) {
		n = 0;
		for (alg = 0; alg < ADMIN_ALGS; alg++)
			n += totals->keys[state][alg];
		if (n == 0)
			continue;
		buf_puts(b, comma);
		admin_html_count(b, n);
		buf_printf(b, " %s",
			state == ADMIN_STATE_NONE ? "without keyring"
						  : admin_state_name(state));
		comma = ", ";
	}
}

static void
put_facts(struct buf *b, const struct admin_view *v,
	const struct admin_totals *totals, int64_t now)
{
	buf_puts(b, "<dl class=\"facts\">");
	fact(b, "Issuers");
	admin_html_count(b, v->n_issuers);
	buf_puts(b, "<small>");
	admin_html_count(b, v->n_issuers - v->n_held - v->n_absent);
	buf_puts(b, " fresh, ");
	admin_html_count(b, v->n_held);
	buf_puts(b, " held, ");
	admin_html_count(b, v->n_absent);
	buf_puts(b, " absent</small>");
	fact_end(b);
	fact(b, "Keys published");
	admin_html_count(b, admin_totals_keys(totals));
	buf_puts(b, "<small>");
	put_states(b, totals);
	buf_puts(b, "</small>");
	fact_end(b);
	fact(b, "JWKS last fetched");
	admin_html_moment(b, totals->fetches[OIDC_JWKS].last, now);
	fact_end(b);
	fact(b, "Connections");
	admin_html_count(b, http_gate_count(v->gate));
	fact_end(b);
	fact(b, "Catalog");
	buf_puts(b, "generation ");
	admin_html_count(b, v->generation);
	buf_puts(b, "<small>");
	admin_html_bytes(b, v->document_bytes);
	buf_puts(b, " of documents</small>");
	fact_end(b);
	fact(b, "Configuration read");
	admin_html_moment(b, v->config_read, now);
	fact_end(b);
	buf_puts(b, "</dl>\n");
}

/* A key, as an icon; the browser asks for one otherwise. */
static const char icon[] =
	"<link rel=\"icon\" href=\"data:image/svg+xml,"
	"%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
	"%3Cpath fill='none' stroke='%231f7a4d' stroke-width='2' "
	"d='M8 8a3 3 0 1 1-.1-.1M8 8l6 6M11 11l2-2'/%3E%3C/svg%3E\">";

static void
put_head(struct buf *b, const struct admin_view *v,
	const struct admin_check *checks, enum admin_grade grade, int64_t now)
{
	char up[ADMIN_DURATION_MAX];

	buf_puts(b,
		"<!DOCTYPE html>\n<html lang=\"en\"><head>"
		"<meta charset=\"utf-8\"><meta name=\"viewport\" "
		"content=\"width=device-width, initial-scale=1\">"
		"<meta name=\"color-scheme\" content=\"light dark\"><title>");
	put_headline(b, v, checks, grade);
	buf_printf(b, " - jwksd</title>%s<style>%s</style></head>\n<body>",
		icon, admin_page_style);
	buf_puts(b, "<header><p class=\"brand\">jwksd <span>");
	admin_html(b, v->version);
	admin_duration(up, now - v->started);
	buf_printf(b, "</span></p><p>up %s, as of ", up);
	admin_html_time(b, now);
	buf_puts(b, " UTC</p><nav aria-label=\"On this page\">"
		    "<a href=\"#issuers\">Issuers</a> "
		    "<a href=\"#fetches\">Fetches</a> "
		    "<a href=\"#workers\">Workers</a> "
		    "<a href=\"#reloads\">Reloads</a></nav></header>\n<main>");
}

static void
put_foot(struct buf *b)
{
	buf_puts(b, "</main>\n<footer><nav aria-label=\"For programs\">"
		    "<a href=\"/status.json\">status.json</a> "
		    "<a href=\"/metrics\">metrics</a> "
		    "<a href=\"/readyz?verbose\">readyz</a> "
		    "<a href=\"/livez\">livez</a></nav>"
		    "<p>All times are UTC. Reload the page to see it as of now."
		    "</p></footer></body></html>\n");
}

unsigned
admin_page_render(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out)
{
	struct admin_check checks[ADMIN_CHECKS];
	enum admin_grade grade = admin_checks_read(view, checks);
	struct admin_selection chosen;
	struct admin_totals totals;

	admin_totals_read(view, &totals);
	admin_select(view, query, ADMIN_PAGE_ROWS, &chosen);
	put_head(out, view, checks, grade, now);
	put_state(out, view, checks, grade);
	put_facts(out, view, &totals, now);
	admin_page_issuers(out, view, query, &chosen, now);
	admin_page_fetches(out, view, &totals, now);
	admin_page_workers(out, view);
	admin_page_reloads(out, view, now);
	put_foot(out);
	return query->issuer[0] != '\0' && chosen.matched == 0 ? 404 : 200;
}
