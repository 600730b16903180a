/* SPDX-License-Identifier: MIT */
/*
 * The model behind all admin pages: what is well and what is not, the totals
 * over all issuers, and which issuers are shown when there are too many to
 * show.  /readyz, /metrics, / and /status.json render the same values, so they
 * cannot disagree.
 *
 * Pure: reads the view, keeps nothing, cannot fail.
 */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "admin/query.h"
#include "admin/view.h"

enum admin_grade {
	ADMIN_OK,
	ADMIN_DEGRADED, /* everything is served; somebody should look */
	ADMIN_FAILED,   /* not ready */
};

const char *admin_grade_name(enum admin_grade grade); /* "ok", ... */

/* One thing that was looked at. */
struct admin_check {
	const char *name;
	enum admin_grade grade;
	char text[768];   /* what was found, one line, not escaped */
	char advice[256]; /* what to do about it; "" when ok */
};

enum admin_check_id {
	ADMIN_CHECK_RUNNING,
	ADMIN_CHECK_CONFIG,
	ADMIN_CHECK_SERVED,
	ADMIN_CHECK_FRESH,
	ADMIN_CHECK_TLS,
	ADMIN_CHECK_WATCHES,
	ADMIN_CHECK_WORKERS,
	ADMIN_CHECKS,
};

/* Fill all checks; returns the worst grade: FAILED means not ready. */
enum admin_grade admin_checks_read(
	const struct admin_view *view, struct admin_check checks[ADMIN_CHECKS]);

/* A published key is in one of the keyring's states or, when it comes from a
 * plain file, in none. */
#define ADMIN_STATE_NONE KEYRING_STATES
#define ADMIN_STATES (KEYRING_STATES + 1)
#define ADMIN_ALGS (KEY_ES512 + 1)

unsigned admin_key_state(const struct oidc_key *key);
const char *admin_state_name(unsigned state); /* "staged", ..., "none" */

struct admin_totals {
	size_t keys[ADMIN_STATES][ADMIN_ALGS];
	struct oidc_fetches fetches[OIDC_DOCUMENTS];
};

void admin_totals_read(
	const struct admin_view *view, struct admin_totals *totals);
size_t admin_totals_keys(const struct admin_totals *totals);

/* The earliest moment at which a step of this issuer's rotation is safe, and
 * the key it is of; 0 when it waits for nothing. */
int64_t admin_next_due(
	const struct oidc_issuer *issuer, const struct oidc_key **key);

/* The issuers to show: absent ones, then held, then fresh, each by URL. */
#define ADMIN_SHOWN_MAX 1000
struct admin_selection {
	size_t matched; /* by the query, shown or not */
	size_t offset;  /* of those, the first one shown */
	size_t shown;
	const struct oidc_issuer *list[ADMIN_SHOWN_MAX];
};

/* query NULL: all issuers.  limit is ADMIN_SHOWN_MAX at most. */
void admin_select(const struct admin_view *view,
	const struct admin_query *query, size_t limit,
	struct admin_selection *out);

#endif
