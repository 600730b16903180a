/* SPDX-License-Identifier: MIT */
/*
 * Keeping admin/view.h's struct up to date from the daemon's parts.
 */
#ifndef JWKSD_VIEW_H
#define JWKSD_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/view.h"
#include "jwksd/publisher.h"
#include "jwksd/worker.h"

/* Read everything that changes by itself; before a page is rendered.  rows has
 * room for n workers and is what view->workers points to afterwards. */
void view_refresh(struct admin_view *view, const struct publisher *p,
	struct worker *const *workers, struct admin_worker *rows, size_t n);

/* Remember an event, newest first. */
void view_event(struct admin_view *view, int64_t now, bool good,
	const char *issuer, const char *text);

#endif
