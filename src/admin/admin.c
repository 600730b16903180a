/* SPDX-License-Identifier: MIT */
/*
 * From a path to a page.  A page is rendered into one buffer and answered
 * whole or not at all: when memory runs out the client gets http's 500, never
 * a part that reads like good news.
 *
 * The clock is read here and nowhere below.
 */
#include "admin/admin.h"

#include <string.h>

#include "admin/health.h"
#include "admin/json.h"
#include "admin/metrics.h"
#include "admin/page.h"
#include "admin/query.h"
#include "base/clock.h"
#include "base/log.h"

#define TEXT "text/plain; charset=utf-8"

static const char nosniff[] = "X-Content-Type-Options: nosniff\r\n"
			      "Cross-Origin-Resource-Policy: same-origin\r\n";

/* Appends the content and returns the status. */
typedef unsigned page_fn(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out);

struct page {
	const char *path;
	const char *content_type;
	const char *fields;
	page_fn *render;
};

static const struct page pages[] = {
	{"/livez", TEXT, nosniff, admin_livez},
	{"/readyz", TEXT, nosniff, admin_readyz},
	{"/metrics", METRIC_CONTENT_TYPE, nosniff, admin_metrics_render},
	{"/status.json", "application/json", nosniff, admin_json_render},
	{"/", "text/html; charset=utf-8", admin_page_fields, admin_page_render},
};

static const struct page *
page_find(const struct http_span *path)
{
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (path->len == strlen(pages[i].path) &&
			memcmp(path->p, pages[i].path, path->len) == 0)
			return &pages[i];
	return NULL;
}

static void
plain(struct http_response_parts *parts, unsigned status)
{
	parts->status = status;
	parts->content_type = TEXT;
	parts->fields = nosniff;
}

/* Fill parts and body with what the request asks for. */
static void
render(const struct admin_view *view, const struct http_request *req,
	struct http_response_parts *parts, struct buf *body)
{
	const struct page *page = page_find(&req->path);
	struct admin_query query;
	struct error e = {0};

	if (page == NULL) {
		plain(parts, 404);
		buf_puts(body, "There are /, /status.json, /metrics, "
			       "/readyz?verbose and /livez here.\n");
	} else if (req->method != HTTP_GET && req->method != HTTP_HEAD) {
		parts->status = 204; /* the page is there: http says the rest */
	} else if (admin_query_parse(&req->query, &query, &e) != 0) {
		plain(parts, 400);
		buf_printf(body, "%s\n", e.text);
	} else {
		parts->content_type = page->content_type;
		parts->fields = page->fields;
		parts->status = page->render(view, &query, clock_now(), body);
	}
}

void
admin_handle(
	void *arg, const struct http_request *req, struct http_answer *answer)
{
	struct http_response_parts parts = {.cache_control = "no-store"};
	struct buf body = BUF_INIT;
	struct error e = {0};

	answer->response = NULL;
	render(arg, req, &parts, &body);
	if (!buf_ok(&body))
		error_nomem(&e);
	else {
		parts.content = body.data;
		parts.content_len = body.len;
		answer->response = http_response_new(&parts, &e);
	}
	answer->owned = answer->response != NULL;
	if (answer->response == NULL)
		log_error("admin", NULL, "no answer could be made: %s", e.text);
	buf_release(&body);
}
