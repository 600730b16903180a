/* SPDX-License-Identifier: MIT */
/*
 * /metrics, as OpenMetrics 1.0.  The table is admin_metrics (admin/admin.h).
 *
 * Cardinality is bounded: totals cover every issuer, series with an issuer
 * label only the first ADMIN_METRICS_ISSUERS of them, absent and held ones
 * first; jwksd_issuers_omitted says how many were left out.  Labels hold
 * what the configuration says (issuers) and fixed words, never what a client
 * sent.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/query.h"
#include "admin/view.h"
#include "base/buf.h"

#define ADMIN_METRICS_ISSUERS 100

unsigned admin_metrics_render(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out);

#endif
