/* SPDX-License-Identifier: MIT */
/*
 * jwksctl kube check: does a cluster that runs agree with the keyring and with
 * what is published for it?  Here is how to reach it and what is printed; what
 * is looked at is in kube_check.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwksctl/cmd_aws.h"
#include "jwksctl/cmd_kube.h"
#include "jwksctl/kube_check.h"
#include "jwksctl/view.h"
#include "kube/config.h"
#include "kube/token.h"

const struct ctl_option kube_check_options[] = {
	{"kubeconfig", "FILE", false,
		"how to reach the cluster; else KUBECONFIG, ~/.kube/config"},
	{"context", "NAME", false, "of the kubeconfig; else the current one"},
	{"apiserver", "URL", true,
		"ask this API server; each of several, to compare them"},
	{"ca", "FILE", false, "the cluster's CAs (PEM)"},
	{"bearer", "FILE", false, "token to show"},
	{"service-account", "NS/NAME", false,
		"whose token to make; else default/default"},
	{"keyring", "DIR", false, "compare with this keyring"},
	AWS_OPTION_EYE,
	AWS_OPTION_OUTPUT,
	AWS_OPTION_END,
};

/* What a check borrows from. */
struct access {
	struct kube_config config;
	char ns[KUBE_NAME_MAX + 1];
	struct keyring *ring;
	struct kube_check check;
};

static void
access_release(struct access *a)
{
	kube_config_release(&a->config);
	keyring_free(a->ring);
}

/* The kubeconfig to take, unless all is said by options. */
static int
find_config(const struct ctl *ctl, char *path, size_t size, bool *found,
	struct error *e)
{
	const char *given = ctl_value(ctl, "kubeconfig"), *home;
	int n;

	*found = false;
	if (given == NULL && ctl_has(ctl, "apiserver") && ctl_has(ctl, "ca") &&
		ctl_has(ctl, "bearer"))
		return 0;
	if (given == NULL)
		given = getenv("KUBECONFIG");
	if (given != NULL && given[0] == '\0')
		given = NULL;
	home = getenv("HOME");
	if (given != NULL && strchr(given, ':') != NULL)
		return error_set(e, ERROR_INVALID,
			"KUBECONFIG names several files: give --kubeconfig");
	if (given != NULL)
		n = snprintf(path, size, "%s", given);
	else
		n = snprintf(path, size, "%s/.kube/config",
			home != NULL ? home : "");
	if (n < 0 || (size_t)n >= size)
		return error_set(e, ERROR_LIMIT, "the kubeconfig's name");
	*found = true;
	return 0;
}

static int
read_config(const struct ctl *ctl, struct access *a, struct error *e)
{
	char path[4096];
	bool found = false;

	if (find_config(ctl, path, sizeof(path), &found, e) != 0)
		return -1;
	if (!found)
		return 0;
	return kube_config_load(path, ctl_value(ctl, "context"), &a->config, e);
}

/* Options win over the kubeconfig, one by one. */
static int
add_server(const struct ctl *ctl, struct access *a, const char *url,
	struct error *e)
{
	struct kube_apiserver *s;

	if (kube_apiserver_check(url, e) != 0)
		return -1;
	if (a->check.n_servers == KUBE_CHECK_SERVERS_MAX)
		return error_set(e, ERROR_LIMIT, "more than %d API servers",
			KUBE_CHECK_SERVERS_MAX);
	s = &a->check.servers[a->check.n_servers++];
	s->url = url;
	s->ca_file = ctl_value(ctl, "ca");
	if (s->ca_file == NULL)
		s->ca_pem = a->config.ca_pem;
	s->token_file = ctl_value(ctl, "bearer");
	if (s->token_file == NULL) {
		s->token = a->config.token;
		s->cert_pem = a->config.cert_pem;
		s->key_pem = a->config.key_pem;
	}
	return 0;
}

static int
add_servers(const struct ctl *ctl, struct access *a, struct error *e)
{
	const char *url = ctl_value(ctl, "apiserver");
	size_t i;

	if (url == NULL)
		return add_server(ctl, a, a->config.server, e);
	for (i = 1; url != NULL; i++) {
		if (add_server(ctl, a, url, e) != 0)
			return -1;
		url = ctl_value_at(ctl, "apiserver", i);
	}
	return 0;
}

static int
read_account(const struct ctl *ctl, struct access *a, struct error *e)
{
	const char *given = ctl_value(ctl, "service-account"), *slash;

	if (given == NULL)
		given = "default/default";
	slash = strchr(given, '/');
	if (slash == NULL || (size_t)(slash - given) > KUBE_NAME_MAX)
		return error_set(e, ERROR_INVALID,
			"--service-account %.64s: NAMESPACE/NAME", given);
	snprintf(a->ns, sizeof(a->ns), "%.*s", (int)(slash - given), given);
	a->check.ns = a->ns;
	a->check.account = slash + 1;
	if (kube_name_check(a->check.ns, e) != 0 ||
		kube_name_check(a->check.account, e) != 0)
		return error_wrap(e, "--service-account");
	return 0;
}

static int
read_ring(const struct ctl *ctl, struct access *a, struct error *e)
{
	const char *dir = ctl_value(ctl, "keyring");

	if (dir == NULL)
		return 0;
	a->ring = view_load(dir, e);
	a->check.ring = a->ring;
	return a->ring == NULL ? -1 : 0;
}

static int
print(const struct ctl *ctl, const struct findings *f, bool json,
	struct error *e)
{
	json_t *list;
	size_t i;

	if (json) {
		list = finding_view(f);
		if (list == NULL)
			return error_nomem(e);
		return view_print(json_pack("{s:o}", "findings", list), e);
	}
	for (i = 0; i < f->count; i++)
		finding_print(f->list[i].stage, f->list[i].verdict,
			f->list[i].seen, f->list[i].todo, ctl->colour);
	return 0;
}

static enum ctl_exit
look(const struct ctl *ctl, struct access *a, bool json, struct error *e)
{
	struct findings *f = calloc(1, sizeof(*f));
	enum ctl_exit code = CTL_FAILED;
	bool asked;

	if (f == NULL) {
		error_nomem(e);
		return CTL_FAILED;
	}
	a->check.eye = aws_eye_of(ctl);
	asked = kube_check(&a->check, f);
	if (print(ctl, f, json, e) == 0) {
		if (!asked)
			error_set(e, ERROR_NET, "no API server could be asked");
		else
			code = finding_any(f, AWS_FAILED) ? CTL_FINDING
							  : CTL_OK;
	}
	free(f);
	return code;
}

enum ctl_exit
cmd_kube_check(struct ctl *ctl)
{
	enum ctl_exit code = CTL_FAILED;
	struct access access = {0};
	struct error e = {0};
	bool json = false;

	if (ctl_json(ctl, &json, &e) != 0 ||
		read_account(ctl, &access, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (read_config(ctl, &access, &e) == 0 &&
		add_servers(ctl, &access, &e) == 0 &&
		read_ring(ctl, &access, &e) == 0)
		code = look(ctl, &access, json, &e);
	if (code == CTL_FAILED)
		ctl_fail(&e);
	access_release(&access);
	return code;
}
