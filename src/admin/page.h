/* SPDX-License-Identifier: MIT */
/*
 * The status page, for people: what is wrong first, then every issuer with
 * its keys, then the daemon itself.  One HTML document without script and
 * without anything from elsewhere.
 *
 * Bounded: ADMIN_PAGE_CARDS issuers or fewer are shown in full; of more, a
 * table of ADMIN_PAGE_ROWS, those with problems first, with ?q= to search,
 * ?offset= to go on and ?issuer= for one in full.
 */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include "admin/query.h"
#include "admin/status.h"
#include "admin/view.h"
#include "base/buf.h"

#define ADMIN_PAGE_CARDS 20
#define ADMIN_PAGE_ROWS 200

/* Field lines for the page: what a browser may do with it. */
extern const char admin_page_fields[];

/* 200, or 404 when ?issuer= names none of ours. */
unsigned admin_page_render(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out);

/* What the page is put together from; each appends a part of it. */
extern const char admin_page_style[];

void admin_page_issuers(struct buf *b, const struct admin_view *view,
	const struct admin_query *query, const struct admin_selection *chosen,
	int64_t now);
void admin_page_fetches(struct buf *b, const struct admin_view *view,
	const struct admin_totals *totals, int64_t now);
void admin_page_workers(struct buf *b, const struct admin_view *view);
void admin_page_reloads(
	struct buf *b, const struct admin_view *view, int64_t now);

/* The rotation of one issuer as an SVG; nothing when no key has a state. */
void admin_timeline(
	struct buf *b, const struct oidc_issuer *issuer, int64_t now);

/* <span class="badge WORD">WORD</span>: colour never stands alone. */
void admin_page_badge(struct buf *b, const char *css, const char *word);

/* Open a table cell; label stands before it where columns do not fit. */
void admin_page_cell(struct buf *b, const char *label);

#endif
