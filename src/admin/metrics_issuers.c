/* SPDX-License-Identifier: MIT */
/*
 * The families with an issuer label: the only ones whose number of series
 * depends on the configuration, and so the ones that are bounded.
 */
#include "admin/scrape.h"

static void
put_issuer_health(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	unsigned health;

	for (health = 0; health <= OIDC_ABSENT; health++) {
		admin_scrape_label(s, "issuer", issuer->url);
		admin_scrape_label(s, "health",
			oidc_health_name((enum oidc_health)health));
		admin_scrape_sample(
			s, M_ISSUER_HEALTH, issuer->health == health);
	}
}

/* Retired and revoked keys are never published: no series for them. */
static void
put_issuer_keys(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	size_t count[ADMIN_STATES] = {0};
	unsigned state;
	uint32_t i;

	for (i = 0; i < issuer->n_keys; i++)
		count[admin_key_state(&issuer->keys[i])]++;
	for (state = 0; state < ADMIN_STATES; state++) {
		if (state == KEYRING_RETIRED || state == KEYRING_REVOKED)
			continue;
		admin_scrape_label(s, "issuer", issuer->url);
		admin_scrape_label(s, "state", admin_state_name(state));
		admin_scrape_sample(s, M_ISSUER_KEYS, (double)count[state]);
	}
}

static void
put_issuer_fetches(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	unsigned kind;

	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		admin_scrape_label(s, "issuer", issuer->url);
		admin_scrape_label(
			s, "document", oidc_kind_name((enum oidc_kind)kind));
		admin_scrape_sample(s, M_ISSUER_FETCHES,
			(double)oidc_tally_sum(s->view->tally, issuer->slot,
				(enum oidc_kind)kind)
				.count);
	}
}

static void
put_issuer_last_fetch(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	unsigned kind;

	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		admin_scrape_label(s, "issuer", issuer->url);
		admin_scrape_label(
			s, "document", oidc_kind_name((enum oidc_kind)kind));
		admin_scrape_sample_moment(s, M_ISSUER_LAST_FETCH,
			oidc_tally_sum(s->view->tally, issuer->slot,
				(enum oidc_kind)kind)
				.last);
	}
}

static void
put_issuer_newest_key(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	int64_t newest = 0;
	uint32_t i;

	for (i = 0; i < issuer->n_keys; i++)
		if (admin_key_state(&issuer->keys[i]) != KEYRING_RETIRING &&
			issuer->keys[i].since > newest)
			newest = issuer->keys[i].since;
	admin_scrape_label(s, "issuer", issuer->url);
	admin_scrape_sample_moment(s, M_ISSUER_NEWEST_KEY, newest);
}

static void
put_issuer_next_step(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	admin_scrape_label(s, "issuer", issuer->url);
	admin_scrape_sample_moment(
		s, M_ISSUER_NEXT_STEP, admin_next_due(issuer, NULL));
}

static void
put_issuer_changed(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	admin_scrape_label(s, "issuer", issuer->url);
	admin_scrape_sample_moment(s, M_ISSUER_CHANGED, issuer->changed);
}

static void
put_issuer_loaded(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	admin_scrape_label(s, "issuer", issuer->url);
	admin_scrape_sample_moment(s, M_ISSUER_LOADED, issuer->loaded);
}

static void
put_issuer_max_age(struct admin_scrape *s, const struct oidc_issuer *issuer)
{
	admin_scrape_label(s, "issuer", issuer->url);
	admin_scrape_sample(s, M_ISSUER_MAX_AGE, issuer->max_age);
}

void
admin_scrape_issuers(struct admin_scrape *s)
{
	static const struct {
		enum admin_metric id;
		void (*put)(struct admin_scrape *, const struct oidc_issuer *);
	} families[] = {
		{M_ISSUER_HEALTH, put_issuer_health},
		{M_ISSUER_KEYS, put_issuer_keys},
		{M_ISSUER_FETCHES, put_issuer_fetches},
		{M_ISSUER_LAST_FETCH, put_issuer_last_fetch},
		{M_ISSUER_NEWEST_KEY, put_issuer_newest_key},
		{M_ISSUER_NEXT_STEP, put_issuer_next_step},
		{M_ISSUER_CHANGED, put_issuer_changed},
		{M_ISSUER_LOADED, put_issuer_loaded},
		{M_ISSUER_MAX_AGE, put_issuer_max_age},
	};
	size_t f, i;

	for (f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		admin_scrape_begin(s, families[f].id);
		for (i = 0; i < s->issuers.shown; i++)
			families[f].put(s, s->issuers.list[i]);
	}
}
