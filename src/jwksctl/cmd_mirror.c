/* SPDX-License-Identifier: MIT */
/*
 * jwksctl mirror: the keys that API servers show, kept in a file for jwksd.
 * For clusters whose key files cannot be read; it needs no private key and no
 * keyring.  Here is its command line; the rest is in mirror.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jwksctl/cmd_kube.h"
#include "jwksctl/mirror.h"
#include "jwksctl/text.h"

#define INTERVAL 60
#define INTERVAL_MIN 5
#define INTERVAL_MAX 86400
/* tokens live for ten minutes at least, and one of several servers behind a
 * name is asked by chance */
#define KEEP_MIN 3600

#define POD_FILES "/var/run/secrets/kubernetes.io/serviceaccount/"

const struct ctl_option mirror_options[] = {
	{"issuer", "URL", true,
		"the cluster's issuer; a second one while it changes"},
	{"out", "FILE", false, "the JWKS to keep, for jwksd's keys"},
	{"apiserver", "URL[,URL]", true,
		"an API server; else the one that pods are told of"},
	{"ca", "FILE", false, "the cluster's CAs (PEM); else a pod's"},
	{"bearer", "FILE", false, "token to show; else a pod's, if it has one"},
	{"interval", "TIME", false, "ask so often; else 1m"},
	{"keep", "TIME", false,
		"let keys go that no server has shown for so long; else never"},
	{"accept-removal", "KID", true,
		"with --once: let this key go that no server shows"},
	{"once", NULL, false, "ask once and end"},
	{NULL, NULL, false, NULL},
};

/* The address that every pod is told of. */
static int
pod_apiserver(struct buf *urls, struct error *e)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	bool v6;

	if (host == NULL || port == NULL)
		return error_set(e, ERROR_INVALID,
			"which API server? this is no pod: give --apiserver");
	v6 = strchr(host, ':') != NULL;
	buf_printf(urls, "https://%s%s%s:%s", v6 ? "[" : "", host,
		v6 ? "]" : "", port);
	return 0;
}

static int
add_server(struct mirror *m, const struct ctl *ctl, const char *url,
	struct error *e)
{
	struct mirror_server *s;

	if (kube_apiserver_check(url, e) != 0)
		return -1;
	if (m->n_servers == MIRROR_SERVERS_MAX)
		return error_set(e, ERROR_LIMIT, "more than %d API servers",
			MIRROR_SERVERS_MAX);
	s = &m->servers[m->n_servers++];
	s->at.url = url;
	s->at.ca_file = ctl_value(ctl, "ca");
	s->at.token_file = ctl_value(ctl, "bearer");
	if (s->at.ca_file == NULL)
		s->at.ca_file = POD_FILES "ca.crt";
	/* without one it is asked as anybody */
	if (s->at.token_file == NULL && access(POD_FILES "token", F_OK) == 0)
		s->at.token_file = POD_FILES "token";
	return 0;
}

static int
read_servers(
	struct mirror *m, const struct ctl *ctl, char **urls, struct error *e)
{
	struct buf text = BUF_INIT;
	const char *value;
	char *rest, *url;
	size_t i, len;
	int rc = 0;

	for (i = 0;; i++) {
		value = ctl_value_at(ctl, "apiserver", i);
		if (value == NULL)
			break;
		buf_printf(&text, "%s%s", i > 0 ? "," : "", value);
	}
	if (i == 0 && pod_apiserver(&text, e) != 0) {
		buf_release(&text);
		return -1;
	}
	*urls = buf_take(&text, &len);
	if (*urls == NULL)
		return error_nomem(e);
	rest = *urls;
	while (rest != NULL && rc == 0) {
		url = strsep(&rest, ",");
		rc = add_server(m, ctl, url, e);
	}
	return rc;
}

static int
read_list(const struct ctl *ctl, const char *name, const char **list,
	size_t max, size_t *count, struct error *e)
{
	const char *value;
	size_t i;

	for (i = 0;; i++) {
		value = ctl_value_at(ctl, name, i);
		if (value == NULL)
			break;
		if (i == max)
			return error_set(e, ERROR_LIMIT,
				"--%s is given more than %zu times", name, max);
		list[i] = value;
	}
	*count = i;
	return 0;
}

static int
read_times(struct mirror *m, const struct ctl *ctl, struct error *e)
{
	const char *interval = ctl_value(ctl, "interval");
	const char *keep = ctl_value(ctl, "keep");

	m->interval = INTERVAL;
	m->keep = -1;
	if (interval != NULL &&
		text_duration_parse(interval, &m->interval, e) != 0)
		return error_wrap(e, "--interval");
	if (m->interval < INTERVAL_MIN || m->interval > INTERVAL_MAX)
		return error_set(e, ERROR_INVALID,
			"--interval %s: between 5s and 1d", interval);
	if (keep != NULL && text_duration_parse(keep, &m->keep, e) != 0)
		return error_wrap(e, "--keep");
	if (keep != NULL && m->keep < KEEP_MIN)
		return error_set(e, ERROR_INVALID,
			"--keep %s: 1h at least; better the longest life of a "
			"token",
			keep);
	return 0;
}

static int
read_options(
	struct mirror *m, const struct ctl *ctl, char **urls, struct error *e)
{
	m->out = ctl_value(ctl, "out");
	m->once = ctl_has(ctl, "once");
	if (m->out == NULL)
		return error_set(e, ERROR_INVALID, "--out FILE is missing");
	if (read_list(ctl, "issuer", m->issuers, MIRROR_ISSUERS_MAX,
		    &m->n_issuers, e) != 0 ||
		read_list(ctl, "accept-removal", m->accepted,
			MIRROR_ACCEPTED_MAX, &m->n_accepted, e) != 0)
		return -1;
	if (m->n_issuers == 0)
		return error_set(e, ERROR_INVALID,
			"--issuer URL is missing: the issuer of the cluster's "
			"tokens");
	if (m->n_accepted > 0 && !m->once)
		return error_set(e, ERROR_INVALID,
			"--accept-removal is for a run of its own: add --once");
	if (read_times(m, ctl, e) != 0)
		return -1;
	return read_servers(m, ctl, urls, e);
}

enum ctl_exit
cmd_mirror(struct ctl *ctl)
{
	struct mirror *m = calloc(1, sizeof(*m));
	char *urls = NULL; /* what the servers' URLs point into */
	struct error e = {0};
	enum ctl_exit code;
	size_t i;

	if (m == NULL) {
		error_nomem(&e);
		return ctl_fail(&e);
	}
	m->now = ctl->clock.now;
	if (read_options(m, ctl, &urls, &e) != 0)
		code = ctl_usage(&e, ctl->cmd);
	else
		code = m->once ? mirror_once(m) : mirror_serve(m);
	for (i = 0; i < m->n_servers; i++)
		kube_reply_release(&m->servers[i].reply);
	free(urls);
	free(m);
	return code;
}
