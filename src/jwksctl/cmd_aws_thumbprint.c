/* SPDX-License-Identifier: MIT */
/*
 * jwksctl aws thumbprint: what IAM would compute for an issuer, and whether it
 * would use it at all.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "aws/name.h"
#include "jwksctl/cmd_aws.h"
#include "jwksctl/view.h"

const struct ctl_option aws_thumbprint_options[] = {
	AWS_OPTION_OUTPUT,
	AWS_OPTION_EYE,
	AWS_OPTION_END,
};

struct aws_eye
aws_eye_of(const struct ctl *ctl)
{
	return (struct aws_eye){
		.connect = ctl_value(ctl, "connect"),
		.ca_file = ctl_value(ctl, "cacert"),
		.now = ctl->clock.now,
	};
}

/* What is to be said of a chain, or NULL; first what is worst. */
static const char *
remark(const struct aws_tls *tls)
{
	if (!tls->chain.tls12)
		return "the server demands TLS 1.3: IAM then goes by the "
		       "thumbprint; let it take TLS 1.2 as well";
	if (tls->short_chain)
		return "the server sends no intermediate certificate: the "
		       "thumbprint is the leaf's and changes at each renewal; "
		       "let it send the full chain";
	if (tls->trust == REMOTE_EXPIRED || tls->trust == REMOTE_OTHER_NAME ||
		tls->trust == REMOTE_WEAK)
		return "the certificate is not good: no thumbprint helps";
	if (!tls->public_ca)
		return "a private CA: IAM goes by the thumbprint, and each "
		       "change of this certificate needs a new one in IAM";
	return NULL;
}

static json_t *
view(const struct aws_site *site, const struct aws_tls *tls)
{
	const char *what = remark(tls);

	return json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:b, s:s?, s:s?}",
		"host", site->host, "port", site->port, "thumbprint",
		tls->thumbprint, "certificates", (int)tls->chain.count, "tls12",
		(int)tls->chain.tls12, "public_ca", (int)tls->public_ca, "used",
		(int)(!tls->public_ca || !tls->chain.tls12), "problem",
		tls->trust == REMOTE_TRUSTED ? NULL : tls->why, "remark", what);
}

static void
print(const struct aws_site *site, const struct aws_tls *tls)
{
	const char *what = remark(tls);

	printf("%s  %s (certificate %zu of %zu)\n", tls->thumbprint, site->host,
		tls->chain.count, tls->chain.count);
	if (tls->public_ca && tls->chain.tls12)
		printf("  not used by IAM: the chain leads to a public CA\n");
	if (what != NULL)
		printf("  %s\n", what);
	if (tls->trust != REMOTE_TRUSTED)
		printf("  %s\n", tls->why);
}

static int
look(const struct aws_site *site, const struct aws_eye *eye, json_t *list,
	bool *remarked, struct error *e)
{
	struct aws_tls tls = {0};
	int rc = 0;

	if (aws_tls_look(site, eye, &tls, e) != 0)
		return error_wrap(e, "%s:%s", site->host, site->port);
	if (remark(&tls) != NULL)
		*remarked = true;
	if (list == NULL)
		print(site, &tls);
	else if (json_array_append_new(list, view(site, &tls)) != 0)
		rc = error_nomem(e);
	aws_tls_release(&tls);
	return rc;
}

/* The host of jwks_uri, which is what IAM asks; without a document that can
 * be read, the issuer's own. */
static int
find_jwks_site(const char *issuer, const struct aws_eye *eye,
	struct aws_site *site, struct error *why)
{
	struct aws_discovery d = {0};
	int rc = -1;

	if (aws_discover(issuer, eye, &d, why) == 0)
		rc = aws_site_parse(d.jwks_uri, site, why);
	aws_discovery_release(&d);
	return rc;
}

enum ctl_exit
cmd_aws_thumbprint(struct ctl *ctl)
{
	struct aws_eye eye = aws_eye_of(ctl);
	const char *issuer = ctl->words[0];
	struct aws_site own = {0}, jwks = {0};
	bool json = false, remarked = false;
	struct error e = {0}, why = {0};
	json_t *list = NULL;
	int rc;

	if (ctl_json(ctl, &json, &e) != 0 ||
		aws_issuer_check(issuer, &e) != 0 ||
		aws_site_parse(issuer, &own, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	if (find_jwks_site(issuer, &eye, &jwks, &why) != 0) {
		fprintf(stderr,
			"jwksctl: note: no jwks_uri is known, so this is the "
			"issuer's host: %s\n",
			why.text);
		jwks = own;
		remarked = true;
	}
	if (json)
		list = json_array();
	rc = look(&jwks, &eye, list, &remarked, &e);
	if (rc == 0 && (strcmp(own.host, jwks.host) != 0 ||
			       strcmp(own.port, jwks.port) != 0))
		rc = look(&own, &eye, list, &remarked, &e);
	if (rc == 0 && json)
		rc = view_print(json_pack("{s:O}", "hosts", list), &e);
	json_decref(list);
	if (rc != 0)
		return ctl_fail(&e);
	return remarked ? CTL_FINDING : CTL_OK;
}
