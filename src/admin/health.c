/* SPDX-License-Identifier: MIT */
/*
 * [+] passes, [!] passes but somebody should look, [-] fails, one line each,
 * as kube-apiserver's /readyz?verbose prints them.  Invariant: the status is
 * 503 exactly when a line starts with [-].
 */
#include "admin/health.h"

#include "admin/status.h"
#include "admin/text.h"

static const char *
mark(enum admin_grade grade)
{
	switch (grade) {
	case ADMIN_OK:
		return "[+]";
	case ADMIN_DEGRADED:
		return "[!]";
	case ADMIN_FAILED:
		return "[-]";
	}
	return "[-]";
}

static void
put_check(struct buf *out, const struct admin_check *c)
{
	buf_printf(out, "%s%s %s: ", mark(c->grade), c->name,
		admin_grade_name(c->grade));
	admin_line(out, c->text);
	buf_putc(out, '\n');
}

static void
put_issuers(struct buf *out, const struct admin_view *view)
{
	const struct oidc_issuer *issuer;
	struct admin_selection chosen;
	size_t i;

	admin_select(view, NULL, ADMIN_HEALTH_ISSUERS, &chosen);
	for (i = 0; i < chosen.shown; i++) {
		issuer = chosen.list[i];
		if (issuer->health == OIDC_FRESH)
			return;
		buf_puts(out, mark(ADMIN_DEGRADED));
		buf_puts(out, "issuer ");
		admin_line(out, issuer->url);
		buf_printf(out, " %s: ", oidc_health_name(issuer->health));
		admin_line(out, issuer->problem == NULL ? "no reason was given"
							: issuer->problem);
		buf_putc(out, '\n');
	}
	if (view->n_absent + view->n_held > chosen.shown)
		buf_printf(out,
			"[!]%zu more issuers have problems: see /status.json\n",
			view->n_absent + view->n_held - chosen.shown);
}

unsigned
admin_livez(const struct admin_view *view, const struct admin_query *query,
	int64_t now, struct buf *out)
{
	(void)view;
	(void)query;
	(void)now;
	buf_puts(out, "ok\n");
	return 200;
}

unsigned
admin_readyz(const struct admin_view *view, const struct admin_query *query,
	int64_t now, struct buf *out)
{
	struct admin_check checks[ADMIN_CHECKS];
	bool ready = admin_checks_read(view, checks) != ADMIN_FAILED;
	size_t i;

	(void)now;
	if (ready && !query->verbose) {
		buf_puts(out, "ok\n");
		return 200;
	}
	for (i = 0; i < ADMIN_CHECKS; i++)
		put_check(out, &checks[i]);
	put_issuers(out, view);
	buf_printf(out, "readyz check %s\n", ready ? "passed" : "failed");
	return ready ? 200 : 503;
}
