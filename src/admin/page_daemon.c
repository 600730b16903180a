/* SPDX-License-Identifier: MIT */
/*
 * The daemon on the status page: who fetches, what the workers do, what the
 * last reloads brought.  STS' fetches are seen nowhere else, so they stand
 * before the workers.
 */
#include "admin/page.h"

#include <inttypes.h>

#include "admin/text.h"

static void
put_totals(struct buf *b, const struct admin_totals *totals, int64_t now)
{
	unsigned kind;

	buf_puts(b,
		"<table><caption>Fetches by document since the start</caption>"
		"<thead><tr><th scope=\"col\">Document</th>"
		"<th scope=\"col\" class=\"n\">Fetches</th>"
		"<th scope=\"col\">Last</th></tr></thead><tbody>\n");
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		buf_printf(b, "<tr><th scope=\"row\">%s</th>",
			oidc_kind_name((enum oidc_kind)kind));
		buf_puts(b, "<td class=\"n\" data-label=\"Fetches\">");
		admin_html_count(b, totals->fetches[kind].count);
		buf_puts(b, "</td>");
		admin_page_cell(b, "Last");
		admin_html_moment(b, totals->fetches[kind].last, now);
		buf_puts(b, "</td></tr>\n");
	}
	buf_puts(b, "</tbody></table>");
}

static void
put_fetch(struct buf *b, const struct admin_fetch *f, int64_t now)
{
	buf_puts(b, "<tr>");
	admin_page_cell(b, "When");
	admin_html_moment(b, f->when, now);
	buf_puts(b, "</td>");
	admin_page_cell(b, "Document");
	buf_printf(b, "%s</td>", oidc_kind_name((enum oidc_kind)f->kind));
	admin_page_cell(b, "Issuer");
	buf_puts(b, "<span class=\"wrap\">");
	admin_html_url(b, f->issuer);
	buf_puts(b, "</span></td>");
	admin_page_cell(b, "Status");
	buf_printf(b, "%u</td>", f->status);
	admin_page_cell(b, "From");
	buf_puts(b, "<code>");
	admin_html(b, f->peer);
	buf_printf(b, "</code> %s</td>", f->peer_class);
	admin_page_cell(b, "Agent");
	buf_puts(b, "<bdi class=\"wrap\">");
	admin_html(b, f->agent);
	buf_puts(b, "</bdi></td></tr>\n");
}

void
admin_page_fetches(struct buf *b, const struct admin_view *view,
	const struct admin_totals *totals, int64_t now)
{
	size_t i;

	buf_puts(b, "<section aria-labelledby=\"fetches\">"
		    "<h2 id=\"fetches\">Fetches</h2>");
	put_totals(b, totals, now);
	if (view->n_fetches == 0) {
		buf_puts(b,
			"<p class=\"none\">Nobody has fetched a document since "
			"the start. STS comes by when a token is presented "
			"to it and it does not know the keys.</p></section>\n");
		return;
	}
	buf_puts(b,
		"<table><caption>Who came by last</caption><thead><tr>"
		"<th scope=\"col\">When</th><th scope=\"col\">Document</th>"
		"<th scope=\"col\">Issuer</th><th scope=\"col\">Status</th>"
		"<th scope=\"col\">From</th><th scope=\"col\">Agent</th></tr>"
		"</thead><tbody>\n");
	for (i = 0; i < view->n_fetches; i++)
		put_fetch(b, &view->fetches[i], now);
	buf_puts(b, "</tbody></table></section>\n");
}

/* Columns of the workers' table: each the sum of some counters. */
static const struct column {
	const char *name;
	enum http_counter first, last;
} columns[] = {
	{"Accepted", HTTP_COUNT_ACCEPTED, HTTP_COUNT_ACCEPTED},
	{"2xx", HTTP_COUNT_2XX, HTTP_COUNT_2XX},
	{"304", HTTP_COUNT_304, HTTP_COUNT_304},
	{"404", HTTP_COUNT_404, HTTP_COUNT_404},
	{"4xx", HTTP_COUNT_4XX, HTTP_COUNT_4XX},
	{"5xx", HTTP_COUNT_5XX, HTTP_COUNT_5XX},
	{"Shed", HTTP_COUNT_SHED_TOTAL, HTTP_COUNT_SHED_PROXY},
	{"Evicted", HTTP_COUNT_EVICTED, HTTP_COUNT_EVICTED},
	{"Timed out", HTTP_COUNT_TIMEOUT_HEADER, HTTP_COUNT_TIMEOUT_WRITE},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void
put_number(struct buf *b, const char *label, uint64_t n)
{
	buf_printf(b, "<td class=\"n\" data-label=\"%s\">", label);
	admin_html_count(b, n);
	buf_puts(b, "</td>");
}

static void
put_worker(struct buf *b, const struct admin_worker *w, size_t nth)
{
	uint64_t sum;
	unsigned which;
	size_t i;

	buf_printf(
		b, "<tr><th scope=\"row\" data-label=\"Worker\">%zu</th>", nth);
	put_number(b, "Generation", w->generation);
	put_number(b, "Connections", http_server_connections(w->server));
	for (i = 0; i < COLUMNS; i++) {
		sum = 0;
		for (which = columns[i].first; which <= columns[i].last;
			which++)
			sum += http_server_counter(
				w->server, (enum http_counter)which);
		put_number(b, columns[i].name, sum);
	}
	buf_puts(b, "<td class=\"n\" data-label=\"Sent\">");
	admin_html_bytes(
		b, http_server_counter(w->server, HTTP_COUNT_BYTES_SENT));
	buf_puts(b, "</td></tr>\n");
}

void
admin_page_workers(struct buf *b, const struct admin_view *view)
{
	size_t i;

	buf_puts(b, "<section aria-labelledby=\"workers\">"
		    "<h2 id=\"workers\">Workers</h2><table>"
		    "<caption>Workers since the start; 4xx is without 404"
		    "</caption><thead><tr><th scope=\"col\">Worker</th>"
		    "<th scope=\"col\" class=\"n\">Generation</th>"
		    "<th scope=\"col\" class=\"n\">Connections</th>");
	for (i = 0; i < COLUMNS; i++)
		buf_printf(b, "<th scope=\"col\" class=\"n\">%s</th>",
			columns[i].name);
	buf_puts(b, "<th scope=\"col\" class=\"n\">Sent</th></tr></thead>"
		    "<tbody>\n");
	for (i = 0; i < view->n_workers; i++)
		put_worker(b, &view->workers[i], i);
	buf_puts(b, "</tbody></table></section>\n");
}

static void
put_event(struct buf *b, const struct admin_event *e, int64_t now)
{
	buf_puts(b, "<tr>");
	admin_page_cell(b, "When");
	admin_html_moment(b, e->when, now);
	buf_puts(b, "</td>");
	admin_page_cell(b, "Result");
	admin_page_badge(
		b, e->good ? "ok" : "failed", e->good ? "good" : "bad");
	buf_puts(b, "</td>");
	admin_page_cell(b, "What");
	buf_puts(b, "<bdi class=\"wrap\">");
	admin_html(b, e->text);
	buf_puts(b, "</bdi></td></tr>\n");
}

static void
put_watching(struct buf *b, const struct admin_view *v, int64_t now)
{
	buf_puts(b, "<p>Reloads of the configuration since the start: ");
	admin_html_count(b, v->reloads_good);
	buf_puts(b, " good, ");
	admin_html_count(b, v->reloads_bad);
	buf_puts(b, " bad. ");
	admin_html_count(b, v->watches);
	buf_printf(b, " watch%s in use", v->watches == 1 ? "" : "es");
	buf_puts(b, v->watches_short ? ", fewer than are needed" : "");
	buf_printf(b, "; all sources are looked at every %u s", v->rescan);
	if (v->last_scan != 0) {
		buf_puts(b, ", last ");
		admin_html_moment(b, v->last_scan, now);
	}
	buf_puts(b, ".</p>");
}

void
admin_page_reloads(struct buf *b, const struct admin_view *view, int64_t now)
{
	size_t i;

	buf_puts(b, "<section aria-labelledby=\"reloads\">"
		    "<h2 id=\"reloads\">Reloads</h2>");
	put_watching(b, view, now);
	if (view->n_events > 0) {
		buf_puts(b,
			"<table><caption>What was read last</caption><thead>"
			"<tr><th scope=\"col\">When</th>"
			"<th scope=\"col\">Result</th>"
			"<th scope=\"col\">What</th></tr></thead><tbody>\n");
		for (i = 0; i < view->n_events; i++)
			put_event(b, &view->events[i], now);
		buf_puts(b, "</tbody></table>");
	}
	buf_puts(b, "</section>\n");
}
