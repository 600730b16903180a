/* SPDX-License-Identifier: MIT */
/*
 * Who renews a certificate replaces two files, one after the other, so a pair
 * that does not belong together is seen now and then, and is no reason to stop
 * serving the one before.  Invariant: what workers use was read whole.
 */
#include "jwksd/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "source/source.h"
#include "source/watch.h"

#define SOON (7 * 86400) /* a certificate that expires within is a problem */

struct certificates {
	struct certificates_settings settings;
	const struct config *config; /* NULL: none yet */
	struct http_tickets *tickets;
	struct http_tls *tls;
	struct source_watch *watch; /* NULL: only looked at now and then */
	bool touched;               /* a watch has told of something */
	uint64_t signature;         /* of what was read; 0: to be read again */
	int64_t last_look;
	char problem[ERROR_TEXT_MAX];
};

/* --- life --------------------------------------------------------------- */

static void
on_change(void *arg, uint32_t owner)
{
	struct certificates *c = arg;

	(void)owner;
	c->touched = true;
}

static int64_t
uptime(void)
{
	return clock_monotonic_ms() / 1000;
}

struct certificates *
certificates_new(const struct certificates_settings *settings, struct error *e)
{
	struct certificates *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		error_nomem(e);
		return NULL;
	}
	c->settings = *settings;
	c->tickets = http_tickets_new(uptime(), e);
	if (c->tickets == NULL) {
		free(c);
		return NULL;
	}
	/* without, rescan has to do */
	c->watch = source_watch_new(on_change, c, NULL);
	return c;
}

void
certificates_free(struct certificates *c)
{
	if (c == NULL)
		return;
	source_watch_free(c->watch);
	http_tls_unref(c->tls);
	http_tickets_free(c->tickets);
	free(c);
}

/* --- reading ------------------------------------------------------------ */

/* The issuer that publishes this key, or NULL. */
static const char *
publisher_of(const struct publisher *p, const struct http_certificate *cert)
{
	char kid[BASE64URL_LEN(sizeof(cert->public_key)) + 1];
	struct oidc_issuer *const *issuers;
	size_t n, i, k;

	base64url_encode(kid, cert->public_key, sizeof(cert->public_key));
	issuers = publisher_issuers(p, &n);
	for (i = 0; i < n; i++)
		for (k = 0; k < issuers[i]->n_keys; k++)
			if (strcmp(oidc_key_kid(&issuers[i]->keys[k]), kid) ==
				0)
				return issuers[i]->url;
	return NULL;
}

/* A key that signs tokens must not be in reach of this process. */
static int
check_apart(const struct certificates *c, const struct http_tls *tls,
	struct error *e)
{
	const struct http_certificate *cert;
	const char *issuer;
	size_t i;

	for (i = 0; i < http_tls_count(tls); i++) {
		cert = http_tls_certificate(tls, i);
		issuer = publisher_of(c->settings.publisher, cert);
		if (issuer != NULL)
			return error_set(e, ERROR_DENIED,
				"certificate %s: its key is one of issuer "
				"\"%s\", with which tokens are signed: make "
				"another one for TLS",
				cert->path, issuer);
	}
	return 0;
}

static struct http_tls *
load(const struct certificates *c, const struct config *config, struct error *e)
{
	size_t i, n = config->n_tls_certificates;
	struct http_tls_files *files = calloc(n, sizeof(*files));
	struct http_tls *tls;

	if (files == NULL) {
		error_nomem(e);
		return NULL;
	}
	for (i = 0; i < n; i++)
		files[i] = (struct http_tls_files){
			config->tls_certificates[i], config->tls_keys[i]};
	tls = http_tls_load(files, n, c->tickets, e);
	free(files);
	if (tls != NULL && c->settings.publisher != NULL &&
		check_apart(c, tls, e) != 0) {
		http_tls_unref(tls);
		tls = NULL;
	}
	return tls;
}

static uint64_t
signature(const struct config *config)
{
	return source_signature(
		       config->tls_certificates, config->n_tls_certificates) ^
	       source_signature(config->tls_keys, config->n_tls_keys) << 1;
}

int
certificates_read(const struct certificates *c, const struct config *config,
	struct certificates_reading *out, struct error *e)
{
	bool none = config->n_tls_certificates == 0;
	struct http_tls *tls = NULL;
	uint64_t before = signature(config);

	if (none && c->settings.needed)
		return error_set(e, ERROR_NOTFOUND,
			"an address with TLS needs tls-certificates and "
			"tls-keys");
	if (!none)
		tls = load(c, config, e);
	if (!none && tls == NULL)
		return -1;
	*out = (struct certificates_reading){tls, before};
	return 0;
}

/* --- watching ----------------------------------------------------------- */

static void
watch_all(struct certificates *c, char *const *paths, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (source_watch_add(c->watch, paths[i], 0, NULL) != 0) {
			/* it is looked at every rescan */
		}
}

/* Links on the way may lead elsewhere by now. */
static void
watch_again(struct certificates *c)
{
	if (c->watch == NULL)
		return;
	source_watch_drop(c->watch, 0);
	watch_all(
		c, c->config->tls_certificates, c->config->n_tls_certificates);
	watch_all(c, c->config->tls_keys, c->config->n_tls_keys);
}

int
certificates_watch_fd(const struct certificates *c)
{
	return c->watch == NULL ? -1 : source_watch_fd(c->watch);
}

bool
certificates_watch_read(struct certificates *c)
{
	source_watch_read(c->watch);
	return c->touched;
}

/* --- taking over -------------------------------------------------------- */

static void
tell(const struct certificates *c, enum log_level level, const char *text)
{
	c->settings.told(c->settings.arg, level, text);
}

static void
tell_all(const struct certificates *c)
{
	const struct http_certificate *cert;
	char text[ERROR_TEXT_MAX], until[CLOCK_TEXT_LEN + 1];
	size_t i;

	for (i = 0; i < http_tls_count(c->tls); i++) {
		cert = http_tls_certificate(c->tls, i);
		clock_format(until, cert->not_after);
		snprintf(text, sizeof(text), "certificate %s, until %s",
			cert->path, until);
		tell(c, LOG_LEVEL_INFO, text);
	}
}

static void
use(struct certificates *c, const struct certificates_reading *reading,
	int64_t now)
{
	char problem[ERROR_TEXT_MAX];

	http_tls_unref(c->tls);
	c->tls = reading->tls;
	c->signature = reading->signature;
	c->problem[0] = '\0';
	if (c->tls == NULL)
		return;
	c->settings.changed(c->settings.arg, c->tls);
	tell_all(c);
	certificates_problem(c, now, problem);
	if (problem[0] != '\0')
		tell(c, LOG_LEVEL_WARN, problem);
}

void
certificates_take(struct certificates *c, const struct config *config,
	const struct certificates_reading *reading, int64_t now)
{
	c->config = config;
	watch_again(c);
	use(c, reading, now);
}

static void
keep(struct certificates *c, const struct error *e)
{
	char text[ERROR_TEXT_MAX + 64];

	c->signature = 0;
	if (strcmp(c->problem, e->text) == 0)
		return;
	snprintf(c->problem, sizeof(c->problem), "%s", e->text);
	snprintf(text, sizeof(text), "the certificates in use stay: %s",
		e->text);
	tell(c, LOG_LEVEL_ERROR, text);
}

void
certificates_look(struct certificates *c, int64_t now)
{
	struct certificates_reading reading;
	struct error e = {0};

	c->touched = false;
	c->last_look = now;
	watch_again(c);
	if (signature(c->config) == c->signature)
		return;
	if (certificates_read(c, c->config, &reading, &e) == 0)
		use(c, &reading, now);
	else
		keep(c, &e);
}

void
certificates_second(struct certificates *c, int64_t now)
{
	struct error e = {0};

	if (http_tickets_rotate(c->tickets, uptime(), &e) != 0)
		tell(c, LOG_LEVEL_WARN, e.text);
	if (now < c->last_look || now - c->last_look >= c->config->rescan)
		certificates_look(c, now);
}

/* --- looking on --------------------------------------------------------- */

struct http_tls *
certificates_tls(const struct certificates *c)
{
	return c->tls;
}

void
certificates_problem(
	const struct certificates *c, int64_t now, char text[ERROR_TEXT_MAX])
{
	size_t i, n = c->tls == NULL ? 0 : http_tls_count(c->tls);
	const struct http_certificate *cert;
	char when[CLOCK_TEXT_LEN + 1];

	snprintf(text, ERROR_TEXT_MAX, "%s", c->problem);
	for (i = 0; i < n && text[0] == '\0'; i++) {
		cert = http_tls_certificate(c->tls, i);
		clock_format(when, cert->not_after);
		if (cert->not_before > now) {
			clock_format(when, cert->not_before);
			snprintf(text, ERROR_TEXT_MAX,
				"certificate %s is not valid before %s",
				cert->path, when);
		} else if (cert->not_after <= now + SOON) {
			snprintf(text, ERROR_TEXT_MAX,
				"certificate %s expires%s %s", cert->path,
				cert->not_after <= now ? ", and did on" : " on",
				when);
		}
	}
}
