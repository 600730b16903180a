/* SPDX-License-Identifier: MIT */
/*
 * jwksctl kube irsa-policy: what to apply so that pods get the role of their
 * service account.  Asks no cluster.
 */
#include <stdio.h>

#include "jwksctl/cmd_kube.h"
#include "jwksctl/text.h"
#include "kube/irsa.h"

const struct ctl_option kube_irsa_policy_options[] = {
	{"api-version", "VERSION", false,
		"v1 (default, Kubernetes 1.36) or v1beta1 (1.34 and 1.35)"},
	{"name", "NAME", false, "of what is printed (default: " IRSA_NAME ")"},
	{"annotation-prefix", "PREFIX", false, "default: " IRSA_PREFIX},
	{"audience", "AUD", false,
		"of tokens, unless annotated (default: " IRSA_AUDIENCE ")"},
	{"token-expiration", "TIME", false,
		"of tokens, unless annotated (default: 24h)"},
	{"region", "REGION", false, "set AWS_REGION and AWS_DEFAULT_REGION"},
	{"sts-regional-endpoints", NULL, false,
		"use the region's STS, unless annotated"},
	{"session-name", NULL, false,
		"set AWS_ROLE_SESSION_NAME to the pod's name"},
	{"selector", "KEY=VALUE", false,
		"only service accounts with this label"},
	{"webhook", NULL, false,
		"the webhook of AWS, for clusters without these policies"},
	{"namespace", "NS", false,
		"of the webhook (default: " IRSA_WEBHOOK_NAMESPACE ")"},
	{"image", "IMAGE", false, "of the webhook"},
	{NULL, NULL, false, NULL},
};

/* Which of the two the option is for; the other one would ignore it. */
static int
check_options(const struct ctl *ctl, struct error *e)
{
	static const char *const policy[] = {
		"api-version", "session-name", "selector"};
	static const char *const webhook[] = {"namespace", "image"};
	size_t i;

	for (i = 0; i < sizeof(policy) / sizeof(policy[0]); i++)
		if (ctl_has(ctl, "webhook") && ctl_has(ctl, policy[i]))
			return error_set(e, ERROR_INVALID,
				"--%s is not for --webhook", policy[i]);
	for (i = 0; i < sizeof(webhook) / sizeof(webhook[0]); i++)
		if (!ctl_has(ctl, "webhook") && ctl_has(ctl, webhook[i]))
			return error_set(e, ERROR_INVALID,
				"--%s is for --webhook", webhook[i]);
	return 0;
}

static void
take(const struct ctl *ctl, const char *option, const char **member)
{
	const char *value = ctl_value(ctl, option);

	if (value != NULL)
		*member = value;
}

static int
read_options(const struct ctl *ctl, struct irsa *irsa, struct error *e)
{
	const char *expiration = ctl_value(ctl, "token-expiration");

	take(ctl, "api-version", &irsa->api_version);
	take(ctl, "name", &irsa->name);
	take(ctl, "annotation-prefix", &irsa->prefix);
	take(ctl, "audience", &irsa->audience);
	take(ctl, "region", &irsa->region);
	take(ctl, "selector", &irsa->selector);
	take(ctl, "namespace", &irsa->namespace);
	take(ctl, "image", &irsa->image);
	irsa->regional = ctl_has(ctl, "sts-regional-endpoints");
	irsa->session_name = ctl_has(ctl, "session-name");
	if (expiration != NULL &&
		text_duration_parse(expiration, &irsa->expiration, e) != 0)
		return error_wrap(e, "--token-expiration");
	if (check_options(ctl, e) != 0)
		return -1;
	return irsa_check(irsa, e);
}

enum ctl_exit
cmd_kube_irsa_policy(struct ctl *ctl)
{
	struct irsa irsa = irsa_defaults;
	enum ctl_exit code = CTL_OK;
	struct buf out = BUF_INIT;
	struct error e = {0};

	if (read_options(ctl, &irsa, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (ctl_has(ctl, "webhook"))
		irsa_webhook_render(&out, &irsa);
	else
		irsa_policy_render(&out, &irsa);
	if (buf_ok(&out)) {
		fputs(out.data, stdout);
	} else {
		error_nomem(&e);
		code = ctl_fail(&e);
	}
	buf_release(&out);
	return code;
}
