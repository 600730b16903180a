/* SPDX-License-Identifier: MIT */
/*
 * Totals, top to bottom in the order of the table.  Invariant: every family
 * of the table is begun once, also when it has no sample today.
 */
#include "admin/metrics.h"

#include "admin/admin.h"
#include "admin/scrape.h"

/* A family of one sample without labels. */
static void
single(struct admin_scrape *s, enum admin_metric id, double value)
{
	admin_scrape_begin(s, id);
	admin_scrape_sample(s, id, value);
}

static void
single_moment(struct admin_scrape *s, enum admin_metric id, int64_t when)
{
	admin_scrape_begin(s, id);
	admin_scrape_sample_moment(s, id, when);
}

static void
put_process(struct admin_scrape *s)
{
	const struct admin_view *v = s->view;
	struct admin_check checks[ADMIN_CHECKS];

	admin_scrape_begin(s, M_BUILD);
	admin_scrape_label(s, "version", v->version);
	admin_scrape_sample(s, M_BUILD, 1);
	single_moment(s, M_START, v->started);
	single(s, M_READY, admin_checks_read(v, checks) != ADMIN_FAILED);
	single(s, M_CONFIG_GOOD, v->config_good);
	single_moment(s, M_CONFIG_READ, v->config_read);
	admin_scrape_begin(s, M_RELOADS);
	admin_scrape_label(s, "result", "good");
	admin_scrape_sample(s, M_RELOADS, (double)v->reloads_good);
	admin_scrape_label(s, "result", "bad");
	admin_scrape_sample(s, M_RELOADS, (double)v->reloads_bad);
}

static void
put_issuers(struct admin_scrape *s)
{
	const struct admin_view *v = s->view;
	const size_t count[] = {
		[OIDC_FRESH] = v->n_issuers - v->n_held - v->n_absent,
		[OIDC_HELD] = v->n_held,
		[OIDC_ABSENT] = v->n_absent,
	};
	unsigned health;

	admin_scrape_begin(s, M_ISSUERS);
	for (health = 0; health <= OIDC_ABSENT; health++) {
		admin_scrape_label(s, "health",
			oidc_health_name((enum oidc_health)health));
		admin_scrape_sample(s, M_ISSUERS, (double)count[health]);
	}
	single(s, M_ISSUERS_OMITTED, (double)(v->n_issuers - s->issuers.shown));
}

static void
put_keys(struct admin_scrape *s)
{
	unsigned state, alg;

	admin_scrape_begin(s, M_KEYS);
	for (state = 0; state < ADMIN_STATES; state++)
		for (alg = 0; alg < ADMIN_ALGS; alg++) {
			admin_scrape_label(s, "state", admin_state_name(state));
			admin_scrape_label(
				s, "alg", key_alg_name((enum key_alg)alg));
			admin_scrape_sample(
				s, M_KEYS, (double)s->totals.keys[state][alg]);
		}
}

static void
put_catalog(struct admin_scrape *s)
{
	const struct admin_view *v = s->view;
	size_t i;

	single(s, M_GENERATION, (double)v->generation);
	admin_scrape_begin(s, M_WORKER_GENERATION);
	for (i = 0; i < v->n_workers; i++) {
		admin_scrape_label_number(s, "worker", i);
		admin_scrape_sample(s, M_WORKER_GENERATION,
			(double)v->workers[i].generation);
	}
	single(s, M_CATALOGS, (double)v->catalogs_alive);
	single(s, M_DOCUMENTS_SIZE, (double)v->document_bytes);
}

static void
put_fetches(struct admin_scrape *s)
{
	unsigned kind;

	admin_scrape_begin(s, M_FETCHES);
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		admin_scrape_label(
			s, "document", oidc_kind_name((enum oidc_kind)kind));
		admin_scrape_sample(
			s, M_FETCHES, (double)s->totals.fetches[kind].count);
	}
	admin_scrape_begin(s, M_LAST_FETCH);
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		admin_scrape_label(
			s, "document", oidc_kind_name((enum oidc_kind)kind));
		admin_scrape_sample_moment(
			s, M_LAST_FETCH, s->totals.fetches[kind].last);
	}
}

/* A worker's counter, and the label that tells it from others of its family. */
struct counter {
	enum http_counter which;
	const char *value;
};

static void
put_counters(struct admin_scrape *s, enum admin_metric id, const char *key,
	const struct counter *counters, size_t count)
{
	const struct http_server *server;
	size_t i, k;

	admin_scrape_begin(s, id);
	for (i = 0; i < s->view->n_workers; i++)
		for (k = 0; k < count; k++) {
			server = s->view->workers[i].server;
			admin_scrape_label_number(s, "worker", i);
			if (key != NULL)
				admin_scrape_label(s, key, counters[k].value);
			admin_scrape_sample(s, id,
				(double)http_server_counter(
					server, counters[k].which));
		}
}

#define PUT_COUNTERS(s, id, key, counters) \
	put_counters(s, id, key, counters, \
		sizeof(counters) / sizeof((counters)[0]))

static void
put_workers(struct admin_scrape *s)
{
	static const struct counter requests[] = {
		{HTTP_COUNT_2XX, "2xx"},
		{HTTP_COUNT_304, "304"},
		{HTTP_COUNT_404, "404"},
		{HTTP_COUNT_4XX, "4xx"},
		{HTTP_COUNT_5XX, "5xx"},
	};
	static const struct counter sent[] = {{HTTP_COUNT_BYTES_SENT, NULL}};
	static const struct counter accepted[] = {{HTTP_COUNT_ACCEPTED, NULL}};
	static const struct counter shed[] = {
		{HTTP_COUNT_SHED_TOTAL, "total"},
		{HTTP_COUNT_SHED_ADDRESS, "address"},
		{HTTP_COUNT_SHED_DESCRIPTORS, "descriptors"},
		{HTTP_COUNT_SHED_PROXY, "proxy"},
	};
	static const struct counter evicted[] = {{HTTP_COUNT_EVICTED, NULL}};
	static const struct counter timed_out[] = {
		{HTTP_COUNT_TIMEOUT_HEADER, "header"},
		{HTTP_COUNT_TIMEOUT_IDLE, "idle"},
		{HTTP_COUNT_TIMEOUT_WRITE, "write"},
	};
	static const struct counter handshakes[] = {
		{HTTP_COUNT_TLS_FULL, "full"},
		{HTTP_COUNT_TLS_RESUMED, "resumed"},
		{HTTP_COUNT_TLS_FAILED, "failed"},
	};
	size_t i;

	PUT_COUNTERS(s, M_REQUESTS, "class", requests);
	PUT_COUNTERS(s, M_SENT, NULL, sent);
	admin_scrape_begin(s, M_CONNECTIONS);
	for (i = 0; i < s->view->n_workers; i++) {
		admin_scrape_label_number(s, "worker", i);
		admin_scrape_sample(s, M_CONNECTIONS,
			(double)http_server_connections(
				s->view->workers[i].server));
	}
	PUT_COUNTERS(s, M_ACCEPTED, NULL, accepted);
	PUT_COUNTERS(s, M_SHED, "cause", shed);
	PUT_COUNTERS(s, M_EVICTED, NULL, evicted);
	PUT_COUNTERS(s, M_TIMED_OUT, "cause", timed_out);
	PUT_COUNTERS(s, M_TLS_HANDSHAKES, "result", handshakes);
}

static void
put_tls(struct admin_scrape *s)
{
	const struct admin_view *v = s->view;
	const struct http_certificate *c;
	size_t i, n = v->tls == NULL ? 0 : http_tls_count(v->tls);

	admin_scrape_begin(s, M_TLS_EXPIRY);
	for (i = 0; i < n; i++) {
		c = http_tls_certificate(v->tls, i);
		admin_scrape_label(s, "certificate", c->path);
		admin_scrape_sample(s, M_TLS_EXPIRY, (double)c->not_after);
	}
	admin_scrape_begin(s, M_TLS_GOOD);
	if (n > 0)
		admin_scrape_sample(s, M_TLS_GOOD, v->tls_problem[0] == '\0');
}

static void
put_sources(struct admin_scrape *s)
{
	const struct admin_view *v = s->view;

	single(s, M_WATCHES, (double)v->watches);
	single(s, M_WATCHES_SHORT, v->watches_short);
	single_moment(s, M_LAST_SCAN, v->last_scan);
	single(s, M_RESCAN, v->rescan);
}

unsigned
admin_metrics_render(const struct admin_view *view,
	const struct admin_query *query, int64_t now, struct buf *out)
{
	struct admin_scrape s = {.view = view, .out = out, .labels = BUF_INIT};

	(void)query;
	(void)now;
	admin_totals_read(view, &s.totals);
	admin_select(view, NULL, ADMIN_METRICS_ISSUERS, &s.issuers);
	put_process(&s);
	put_issuers(&s);
	put_keys(&s);
	put_catalog(&s);
	put_fetches(&s);
	put_workers(&s);
	put_tls(&s);
	put_sources(&s);
	admin_scrape_issuers(&s);
	metric_end(out);
	buf_release(&s.labels);
	return 200;
}
