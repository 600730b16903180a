/* SPDX-License-Identifier: MIT */
/*
 * The table of all families, and how a sample of one is written.  Invariant:
 * labels are forgotten after every sample, written or not, so none leaks into
 * the next.
 */
#include "admin/scrape.h"

#include <stdio.h>

#include "admin/admin.h"

const struct metric admin_metrics[] = {
	[M_BUILD] = {"jwksd_build", METRIC_INFO, "",
		"The version that runs; always 1."},
	[M_START] = {"jwksd_start_time_seconds", METRIC_GAUGE, "seconds",
		"When this process started, since the epoch."},
	[M_READY] = {"jwksd_ready", METRIC_GAUGE, "",
		"Whether /readyz says 200."},
	[M_CONFIG_GOOD] = {"jwksd_config_good", METRIC_GAUGE, "",
		"Whether the last reading of the configuration succeeded."},
	[M_CONFIG_READ] = {"jwksd_config_read_timestamp_seconds", METRIC_GAUGE,
		"seconds", "When the configuration in force was read."},
	[M_RELOADS] = {"jwksd_reloads", METRIC_COUNTER, "",
		"Reloads of the configuration, by result."},
	[M_ISSUERS] = {"jwksd_issuers", METRIC_GAUGE, "",
		"Issuers by health: fresh, held at the last good keys, or "
		"absent."},
	[M_ISSUERS_OMITTED] = {"jwksd_issuers_omitted", METRIC_GAUGE, "",
		"Issuers without series of their own, to bound their number."},
	[M_KEYS] = {"jwksd_keys", METRIC_GAUGE, "",
		"Published keys of all issuers by state in the keyring (none: "
		"from a plain file) and algorithm."},
	[M_GENERATION] = {"jwksd_catalog_generation", METRIC_GAUGE, "",
		"Generation of the newest catalog."},
	[M_WORKER_GENERATION] = {"jwksd_worker_catalog_generation",
		METRIC_GAUGE, "",
		"Generation of the catalog that each worker serves."},
	[M_CATALOGS] = {"jwksd_catalogs", METRIC_GAUGE, "",
		"Catalogs in memory: more than one while workers change over."},
	[M_DOCUMENTS_SIZE] = {"jwksd_documents_size_bytes", METRIC_GAUGE,
		"bytes", "Memory that the ready-made responses take."},
	[M_FETCHES] = {"jwksd_fetches", METRIC_COUNTER, "",
		"Fetches of all issuers' documents."},
	[M_LAST_FETCH] = {"jwksd_last_fetch_timestamp_seconds", METRIC_GAUGE,
		"seconds",
		"When anybody last fetched a document; no sample before."},
	[M_REQUESTS] = {"jwksd_requests", METRIC_COUNTER, "",
		"Requests answered, by worker and class of status; 4xx is "
		"without 404."},
	[M_SENT] = {"jwksd_sent_bytes", METRIC_COUNTER, "bytes",
		"Bytes sent in answers."},
	[M_CONNECTIONS] = {"jwksd_connections", METRIC_GAUGE, "",
		"Open connections."},
	[M_ACCEPTED] = {"jwksd_connections_accepted", METRIC_COUNTER, "",
		"Connections accepted."},
	[M_SHED] = {"jwksd_connections_shed", METRIC_COUNTER, "",
		"Connections closed at once, by the limit that was reached: "
		"total, address, or descriptors; or proxy: the PROXY header "
		"was missing."},
	[M_EVICTED] = {"jwksd_connections_evicted", METRIC_COUNTER, "",
		"Idle connections closed to make room for new ones."},
	[M_TIMED_OUT] = {"jwksd_connections_timed_out", METRIC_COUNTER, "",
		"Connections closed at a deadline: header, idle, or write."},
	[M_TLS_HANDSHAKES] = {"jwksd_tls_handshakes", METRIC_COUNTER, "",
		"TLS handshakes, by result: full, resumed, or failed."},
	[M_TLS_EXPIRY] = {"jwksd_tls_certificate_expiry_timestamp_seconds",
		METRIC_GAUGE, "seconds", "When a certificate in use expires."},
	[M_TLS_GOOD] = {"jwksd_tls_certificates_good", METRIC_GAUGE, "",
		"Whether the last reading of the certificates succeeded and "
		"none is about to expire; no sample without TLS."},
	[M_WATCHES] = {"jwksd_watches", METRIC_GAUGE, "",
		"inotify watches in use."},
	[M_WATCHES_SHORT] = {"jwksd_watches_short", METRIC_GAUGE, "",
		"Whether the kernel refused watches, so that some sources are "
		"only scanned."},
	[M_LAST_SCAN] = {"jwksd_last_scan_timestamp_seconds", METRIC_GAUGE,
		"seconds", "When all sources were last looked at."},
	[M_RESCAN] = {"jwksd_rescan_interval_seconds", METRIC_GAUGE, "seconds",
		"Time between two looks at all sources."},
	[M_ISSUER_HEALTH] = {"jwksd_issuer_health", METRIC_GAUGE, "",
		"1 for the health that the issuer is in, 0 for the others."},
	[M_ISSUER_KEYS] = {"jwksd_issuer_keys", METRIC_GAUGE, "",
		"Published keys of the issuer by state in the keyring."},
	[M_ISSUER_FETCHES] = {"jwksd_issuer_fetches", METRIC_COUNTER, "",
		"Fetches of the issuer's documents."},
	[M_ISSUER_LAST_FETCH] = {"jwksd_issuer_last_fetch_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the document was last fetched; no sample before."},
	[M_ISSUER_NEWEST_KEY] = {"jwksd_issuer_newest_key_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the newest key was published or, if it signs, began to."},
	[M_ISSUER_NEXT_STEP] = {"jwksd_issuer_next_step_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the next step of an open rotation is safe; no sample "
		"when there is none."},
	[M_ISSUER_CHANGED] = {"jwksd_issuer_changed_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the issuer's documents last changed."},
	[M_ISSUER_LOADED] = {"jwksd_issuer_loaded_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the issuer's sources were last read and good."},
	[M_ISSUER_MAX_AGE] = {"jwksd_issuer_max_age_seconds", METRIC_GAUGE,
		"seconds", "Cache-Control max-age of the issuer's documents."},
};
const size_t admin_metrics_count = METRICS;

_Static_assert(sizeof(admin_metrics) / sizeof(admin_metrics[0]) == METRICS,
	"a row each");

void
admin_scrape_begin(struct admin_scrape *s, enum admin_metric id)
{
	metric_begin(s->out, &admin_metrics[id]);
}

void
admin_scrape_label(struct admin_scrape *s, const char *key, const char *value)
{
	metric_label(&s->labels, key, value);
}

void
admin_scrape_label_number(struct admin_scrape *s, const char *key, size_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", n);
	admin_scrape_label(s, key, text);
}

void
admin_scrape_sample(struct admin_scrape *s, enum admin_metric id, double value)
{
	if (!buf_ok(&s->labels))
		s->out->failed = true;
	else
		metric_sample(s->out, &admin_metrics[id],
			s->labels.len == 0 ? "" : s->labels.data, value);
	s->labels.len = 0;
}

void
admin_scrape_sample_moment(
	struct admin_scrape *s, enum admin_metric id, int64_t when)
{
	if (when != 0)
		admin_scrape_sample(s, id, (double)when);
	s->labels.len = 0;
}
