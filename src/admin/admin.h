/* SPDX-License-Identifier: MIT */
/*
 * The admin pages: /livez, /readyz[?verbose], /metrics, /status.json and /.
 *
 *   /livez    200 "ok" whenever the main thread runs.  Says nothing of keys:
 *             restarting would not mend them.
 *   /readyz   503 when no issuer is served or we are draining; else 200.
 *             What is degraded (an issuer held, a fleet's member absent) is
 *             said under ?verbose: it must not take others out of service.
 *   /metrics  OpenMetrics.
 *   /         a page for people; no script, nothing from elsewhere.
 *   /status.json  the same for programs.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "admin/view.h"
#include "base/error.h"
#include "base/metric.h"
#include "http/server.h"

/* An http_handler_fn; arg is a const struct admin_view *. */
void admin_handle(
	void *arg, const struct http_request *req, struct http_answer *answer);

/* The table behind /metrics, for the manual and its test. */
extern const struct metric admin_metrics[];
extern const size_t admin_metrics_count;

#endif
