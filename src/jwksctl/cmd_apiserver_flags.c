/* SPDX-License-Identifier: MIT */
/*
 * jwksctl apiserver-flags: what to put where so that a cluster's API servers
 * accept and sign with the keyring's keys.  The paths never change, so a
 * rotation needs restarts only; the issuer's change is a procedure of three
 * restarts, in which the first issuer named signs and all are accepted.
 *
 * Flags that are set already must be replaced, not added to: kube-apiserver
 * takes the issuer and the key file several times, and then means all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/url.h"
#include "jwksctl/text.h"
#include "jwksctl/view.h"
#include "oidc/document.h"

struct flags {
	char *dir;             /* absolute, of the keyring */
	const char *issuer[2]; /* the first one signs */
	const char *jwks_of;   /* issuer whose JWKS verifiers are sent to */
	bool signs;            /* the signing key is in the keyring */
};

struct tool {
	const char *name;
	void (*print)(const struct flags *f);
};

/* Each flag of kube-apiserver, between two strings. */
static void
print_each(const struct flags *f, const char *before, const char *equals,
	const char *after)
{
	size_t i;

	for (i = 0; i < 2 && f->issuer[i] != NULL; i++)
		printf("%sservice-account-issuer%s%s%s\n", before, equals,
			f->issuer[i], after);
	printf("%sservice-account-jwks-uri%s%s%s%s\n", before, equals,
		f->jwks_of, oidc_kind_suffix(OIDC_JWKS), after);
	printf("%sservice-account-key-file%s%s/apiserver/sa.pub%s\n", before,
		equals, f->dir, after);
	if (f->signs)
		printf("%sservice-account-signing-key-file%s%s/apiserver/"
		       "sa.key%s\n",
			before, equals, f->dir, after);
}

static void
print_manager(const struct flags *f, const char *before, const char *equals,
	const char *after)
{
	printf("%sservice-account-private-key-file%s%s/apiserver/sa.key%s\n",
		before, equals, f->dir, after);
}

static void
print_systemd(const struct flags *f)
{
	bool quoted = strchr(f->dir, ' ') != NULL;
	const char *before = quoted ? "\"--" : "--";
	const char *after = quoted ? "\" \\" : " \\";

	printf("# kube-apiserver\n");
	print_each(f, before, "=", after);
	if (!f->signs)
		return;
	printf("# kube-controller-manager\n");
	print_manager(f, before, "=", after);
}

static void
kubeadm_volume(const struct flags *f)
{
	printf("  extraVolumes:\n"
	       "  - name: jwksctl\n"
	       "    hostPath: %s/apiserver\n"
	       "    mountPath: %s/apiserver\n"
	       "    readOnly: true\n"
	       "    pathType: Directory\n",
		f->dir, f->dir);
}

static void
print_kubeadm(const struct flags *f)
{
	printf("# kubeadm's ConfigMap kubeadm-config and --config file; then "
	       "on "
	       "each control-plane node:\n"
	       "#   kubeadm init phase control-plane apiserver --config FILE\n"
	       "apiVersion: kubeadm.k8s.io/v1beta4\n"
	       "kind: ClusterConfiguration\n"
	       "apiServer:\n"
	       "  extraArgs:\n");
	print_each(f, "  - name: ", "\n    value: ", "");
	kubeadm_volume(f);
	if (!f->signs)
		return;
	printf("controllerManager:\n  extraArgs:\n");
	print_manager(f, "  - name: ", "\n    value: ", "");
	kubeadm_volume(f);
}

static void
print_k3s(const struct flags *f)
{
	printf("# /etc/rancher/k3s/config.yaml on each server\n"
	       "kube-apiserver-arg:\n");
	print_each(f, "- \"", "=", "\"");
	if (!f->signs)
		return;
	printf("kube-controller-manager-arg:\n");
	print_manager(f, "- \"", "=", "\"");
}

static void
print_rke2(const struct flags *f)
{
	printf("# /etc/rancher/rke2/config.yaml on each server\n"
	       "kube-apiserver-arg:\n");
	print_each(f, "- \"", "=", "\"");
	printf("kube-apiserver-extra-mount:\n- \"%s/apiserver:%s/apiserver:"
	       "ro\"\n",
		f->dir, f->dir);
	if (!f->signs)
		return;
	printf("kube-controller-manager-arg:\n");
	print_manager(f, "- \"", "=", "\"");
	printf("kube-controller-manager-extra-mount:\n- \"%s/apiserver:%s/"
	       "apiserver:ro\"\n",
		f->dir, f->dir);
}

/* Talos refuses both key files in extraArgs, and accepts only the key that it
 * signs with. */
static void
print_talos(const struct flags *f)
{
	printf("# a patch for `talosctl patch machineconfig` on each "
	       "control-plane node\n"
	       "# Talos sets the key files itself, from "
	       "cluster.serviceAccount.key, and refuses\n"
	       "# them here.  Its API servers accept one key only, so on Talos "
	       "a key can be\n"
	       "# published by this keyring (jwksctl init --adopt), but not "
	       "rotated without a gap.\n"
	       "cluster:\n"
	       "  apiServer:\n"
	       "    extraArgs:\n"
	       "      service-account-issuer: %s\n"
	       "      service-account-jwks-uri: %s%s\n",
		f->issuer[0], f->jwks_of, oidc_kind_suffix(OIDC_JWKS));
	if (f->issuer[1] != NULL)
		printf("# a second issuer (%s) needs a Talos whose extraArgs "
		       "take lists\n",
			f->issuer[1]);
}

static void
print_kops(const struct flags *f)
{
	printf("# kops edit cluster; kOps keeps the keys itself, so each step "
	       "is also told to it\n"
	       "spec:\n"
	       "  kubeAPIServer:\n"
	       "    serviceAccountIssuer: %s\n",
		f->issuer[0]);
	if (f->issuer[1] != NULL)
		printf("    additionalServiceAccountIssuers:\n    - %s\n",
			f->issuer[1]);
	printf("    serviceAccountJWKSURI: %s%s\n", f->jwks_of,
		oidc_kind_suffix(OIDC_JWKS));
	printf("# after jwksctl stage:\n"
	       "#   kops create keypair service-account --key "
	       "%s/private/KID.pem\n"
	       "# after jwksctl activate:  kops promote keypair "
	       "service-account\n"
	       "# after jwksctl retire:    kops distrust keypair "
	       "service-account\n"
	       "# after each of them:\n"
	       "#   kops update cluster --yes && kops rolling-update cluster "
	       "--yes\n",
		f->dir);
}

static const struct tool tools[] = {
	{"kubeadm", print_kubeadm},
	{"k3s", print_k3s},
	{"rke2", print_rke2},
	{"talos", print_talos},
	{"kops", print_kops},
	{"systemd", print_systemd},
};

static const struct tool *
find_tool(const char *name, struct error *e)
{
	size_t i;

	for (i = 0; name != NULL && i < sizeof(tools) / sizeof(tools[0]); i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	error_set(e, ERROR_INVALID,
		"--for kubeadm, k3s, rke2, talos, kops or systemd");
	return NULL;
}

/* What the state of the rotation asks for. */
static void
print_now(const struct keyring *ring, const char *dir, int64_t now)
{
	struct keyring_plan plan = keyring_plan(ring, now);
	bool staged = plan.step == KEYRING_ACTIVATE;
	char word[TEXT_WORD_MAX];

	printf("# Replace flags of these names that are set already; do not "
	       "add to them.\n"
	       "# They stay the same in every step of a rotation: restart each "
	       "kube-apiserver\n"
	       "# after `stage` (it then accepts the new key), and each "
	       "kube-apiserver and then\n"
	       "# each kube-controller-manager after `activate` (they then "
	       "sign "
	       "with it).\n");
	if (staged)
		printf("# Now: a key is staged; restart each kube-apiserver "
		       "before `jwksctl activate %s`.\n",
			text_word(word, dir));
	printf("\n");
}

static void
print_change(const struct tool *tool, struct flags f, const char *old)
{
	const char *new = f.issuer[0];

	printf("# The issuer's change, from %s\n"
	       "# 0. Publish the documents of both issuers with these keys, "
	       "and "
	       "register the new\n"
	       "#    issuer with AWS; let the trust policies of all roles "
	       "allow "
	       "both.\n\n"
	       "# 1. Accept both, sign for the old one; restart all API "
	       "servers.\n",
		old);
	f.issuer[0] = old;
	f.issuer[1] = new;
	f.jwks_of = old;
	tool->print(&f);
	printf("\n# 2. Accept both, sign for the new one; restart all API "
	       "servers.\n");
	f.issuer[0] = new;
	f.issuer[1] = old;
	f.jwks_of = new;
	tool->print(&f);
	printf("\n# 3. When the last token for the old issuer has expired "
	       "(token-lifetime, and a\n"
	       "#    year for clients that never read their token again): "
	       "the new one only.\n");
	f.issuer[1] = NULL;
	tool->print(&f);
}

static int
print_flags(struct ctl *ctl, const struct tool *tool,
	const struct keyring *ring, const char *old, struct error *e)
{
	const struct keyring_key *active = keyring_active(ring, ctl->clock.now);
	struct flags f = {
		.issuer = {ring->issuer, NULL},
		.jwks_of = ring->issuer,
		.signs = active != NULL && active->in_store,
	};

	f.dir = realpath(ctl->dirs[0], NULL);
	if (f.dir == NULL)
		return error_sys(e, "%s", ctl->dirs[0]);
	print_now(ring, ctl->dirs[0], ctl->clock.now);
	if (!f.signs)
		printf("# The key that signs is not in the keyring: leave "
		       "--service-account-signing-key-file\n"
		       "# and the controller manager as they are, and run this "
		       "again after `activate`.\n\n");
	if (old != NULL)
		print_change(tool, f, old);
	else
		tool->print(&f);
	free(f.dir);
	return 0;
}

enum ctl_exit
cmd_apiserver_flags(struct ctl *ctl)
{
	const char *old = ctl_value(ctl, "old-issuer");
	const struct tool *tool;
	struct config_url url;
	struct keyring *ring;
	struct error e = {0};
	int rc;

	tool = find_tool(ctl_value(ctl, "for"), &e);
	if (tool == NULL ||
		(old != NULL && config_url_parse(old, &url, &e) != 0))
		return ctl_usage(&e, ctl->cmd);
	ring = view_load(ctl->dirs[0], &e);
	if (ring == NULL)
		return ctl_fail(&e);
	rc = print_flags(ctl, tool, ring, old, &e);
	keyring_free(ring);
	return rc == 0 ? CTL_OK : ctl_fail(&e);
}
