/* SPDX-License-Identifier: MIT */
/*
 * /livez and /readyz: for probes, and in the form of kube-apiserver's for the
 * people who know those.  Each appends plain text and returns the status.
 */
#ifndef ADMIN_HEALTH_H
#define ADMIN_HEALTH_H

#include "admin/query.h"
#include "admin/view.h"
#include "base/buf.h"

#define ADMIN_HEALTH_ISSUERS 100 /* named by /readyz at most */

unsigned admin_livez(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out);

/* 503 lists the checks as ?verbose does: whoever reads it needs them. */
unsigned admin_readyz(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out);

#endif
