/* SPDX-License-Identifier: MIT */
/*
 * /status.json: what the status page says, for programs.  Moments are RFC 3339
 * text or null, durations and sizes are numbers of seconds and bytes.
 *
 * issuers.list holds the issuers that ?q= or ?issuer= select, those with
 * problems first, ADMIN_JSON_ISSUERS at most from ?offset= on; issuers.next is
 * the offset to go on with, or null.
 */
#ifndef ADMIN_JSON_H
#define ADMIN_JSON_H

#include "admin/query.h"
#include "admin/view.h"
#include "base/buf.h"

#define ADMIN_JSON_ISSUERS 1000

unsigned admin_json_render(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out);

#endif
