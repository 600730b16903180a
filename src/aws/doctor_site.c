/* SPDX-License-Identifier: MIT */
/*
 * The first links: the issuer's URL, its name, its certificate, its discovery
 * document.  Invariant: nothing is asked of a server whose name or chain
 * failed, as STS would not ask it either.
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "aws/internal.h"
#include "aws/name.h"

#define SLOW_MS 500 /* Nimbus, and others like it, wait so long */
#define EXPIRES_SOON (14 * 86400)
#define DAY 86400

void
doctor_url(struct doctor *d)
{
	struct error e = {0};

	if (aws_issuer_check(d->patient->issuer, &e) != 0 ||
		aws_site_parse(d->patient->issuer, &d->site, &e) != 0) {
		d->site = (struct aws_site){0};
		doctor_fail(d, AWS_STS_NO_PROVIDER,
			"choose an issuer that IAM can register, and use it "
			"byte for byte in --service-account-issuer, jwksd.conf "
			"and IAM",
			"%s", e.text);
		return;
	}
	doctor_say(
		d, AWS_PASSED, "%s is one that IAM takes", d->patient->issuer);
}

/* All addresses of a name: how many can be reached from outside. */
static void
count_addresses(const struct addrinfo *list, size_t *public, size_t *private,
	char text[REMOTE_ADDRESS_MAX])
{
	const struct addrinfo *a;

	text[0] = '\0';
	for (a = list; a != NULL; a = a->ai_next) {
		if (aws_address_is_public(a->ai_addr)) {
			(*public)++;
			continue;
		}
		(*private)++;
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text,
			    REMOTE_ADDRESS_MAX, NULL, 0, NI_NUMERICHOST) != 0)
			text[0] = '\0';
	}
}

bool
doctor_lookup(struct doctor *d, const struct aws_site *site)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	size_t public = 0, private = 0;
	struct addrinfo *list = NULL;
	char text[REMOTE_ADDRESS_MAX];
	int code = getaddrinfo(site->host, site->port, &hints, &list);

	if (code != 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"publish the name in a public DNS zone", "%s: %s",
			site->host, gai_strerror(code));
		return false;
	}
	count_addresses(list, &public, &private, text);
	freeaddrinfo(list);
	if (public == 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"let the name lead to an address that the internet "
			"can reach; STS has no private path",
			"%s leads to %s, which is not public", site->host,
			text);
		return false;
	}
	if (private > 0)
		doctor_warn(d, "take the private addresses out of the zone",
			"%s also leads to %s, which is not public", site->host,
			text);
	return true;
}

void
doctor_dns(struct doctor *d)
{
	if (d->site.host[0] == '\0')
		doctor_say(d, AWS_SKIPPED, "no host to look up");
	else if (d->patient->eye.connect != NULL)
		doctor_say(d, AWS_SKIPPED,
			"not looked up: --connect %s stands for it",
			d->patient->eye.connect);
	else if (doctor_lookup(d, &d->site))
		doctor_say(d, AWS_PASSED, "%s leads to public addresses",
			d->site.host);
}

/* What is wrong with a chain, and what a pod would be told. */
static bool
judge_chain(struct doctor *d, const struct aws_site *site,
	const struct aws_tls *tls)
{
	bool alone = tls->short_chain;

	switch (tls->trust) {
	case REMOTE_TRUSTED:
		break;
	case REMOTE_UNKNOWN_CA:
		doctor_fail(d, AWS_STS_THUMBPRINT,
			alone ? "let the server send its intermediate "
				"certificates (the full chain)"
			      : "use a certificate of a public CA; or register "
				"the thumbprint (jwksctl aws thumbprint) and "
				"give --cacert here",
			"%s: the chain of %zu leads to no known CA: %s%s",
			site->host, tls->chain.count, tls->why,
			alone ? "; no intermediate certificate is sent" : "");
		return false;
	case REMOTE_EXPIRED:
	case REMOTE_OTHER_NAME:
	case REMOTE_WEAK:
	case REMOTE_REFUSED:
		doctor_fail(d, AWS_STS_NO_KEY,
			"renew the certificate: for this name, in its time, "
			"with SHA-256 and a key of 2048 bits",
			"%s: %s", site->host, tls->why);
		return false;
	}
	if (!tls->chain.tls12) {
		doctor_fail(d, AWS_STS_THUMBPRINT,
			"let the server take TLS 1.2 as well as 1.3",
			"%s demands TLS 1.3, which STS does not get past",
			site->host);
		return false;
	}
	return true;
}

bool
doctor_chain(struct doctor *d, const struct aws_site *site, struct aws_tls *tls)
{
	int64_t now = d->patient->eye.now;
	struct error e = {0};

	if (aws_tls_look(site, &d->patient->eye, tls, &e) != 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"let the server answer on port 443 to everybody, with "
			"TLS 1.2 and 1.3",
			"%s", e.text);
		return false;
	}
	if (!judge_chain(d, site, tls))
		return false;
	if (tls->chain.not_after - now < EXPIRES_SOON)
		doctor_warn(d, "renew the certificate",
			"%s: the certificate expires in %lld days", site->host,
			(long long)(tls->chain.not_after - now) / DAY);
	return true;
}

void
doctor_tls(struct doctor *d)
{
	if (d->site.host[0] == '\0' || doctor_failed(d, AWS_STAGE_DNS)) {
		doctor_say(d, AWS_SKIPPED, "no server to look at");
		return;
	}
	if (doctor_chain(d, &d->site, &d->tls))
		doctor_say(d, AWS_PASSED,
			"%s (%s): %zu certificates, trusted by %s",
			d->site.host, d->tls.chain.address, d->tls.chain.count,
			d->tls.public_ca ? "public CAs" : "--cacert only");
}

/* Members that AWS' manual lists, less those of kube-apiserver that work
 * without. */
static void
check_members(struct doctor *d)
{
	static const char *const lists[] = {"response_types_supported",
		"subject_types_supported",
		"id_token_signing_alg_values_supported"};
	const json_t *list;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		list = json_object_get(d->discovery.root, lists[i]);
		if (json_array_size(list) == 0)
			doctor_warn(d, "publish the document that jwksd makes",
				"the document has no %s", lists[i]);
	}
}

static void
check_transport(struct doctor *d, const struct remote_answer *a)
{
	const char *type = a->content_type;

	if (type == NULL || strncmp(type, "application/json", 16) != 0)
		doctor_warn(d, "send Content-Type: application/json",
			"Content-Type is %.100s",
			type != NULL ? type : "missing");
	if (a->elapsed_ms > SLOW_MS)
		doctor_warn(d, "let it answer faster",
			"the document took %u ms; STS waits 5 s for everything "
			"and others %d ms",
			a->elapsed_ms, SLOW_MS);
}

/* The document is JSON with a jwks_uri: is it this issuer's? */
static bool
check_document(struct doctor *d)
{
	const char *issuer =
		json_string_value(json_object_get(d->discovery.root, "issuer"));
	struct aws_site site;
	struct error e = {0};

	if (issuer == NULL || strcmp(issuer, d->patient->issuer) != 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"configure the issuer byte for byte as in tokens and "
			"IAM; a slash at the end counts",
			"the document's issuer is %s%.200s%s, not \"%.200s\"",
			issuer != NULL ? "\"" : "",
			issuer != NULL ? issuer : "missing",
			issuer != NULL ? "\"" : "", d->patient->issuer);
		return false;
	}
	if (aws_site_parse(d->discovery.jwks_uri, &site, &e) != 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"publish a jwks_uri that begins with https://",
			"jwks_uri: %s", e.text);
		return false;
	}
	return true;
}

void
doctor_discovery(struct doctor *d)
{
	struct error e = {0};

	if (d->tls.chain.count == 0 || doctor_failed(d, AWS_STAGE_TLS)) {
		doctor_say(d, AWS_SKIPPED, "no server that STS would ask");
		return;
	}
	if (aws_discover(d->patient->issuer, &d->patient->eye, &d->discovery,
		    &e) != 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"serve the discovery document there: status 200, "
			"JSON, no redirect, no challenge page",
			"%s", e.text);
		return;
	}
	if (!check_document(d))
		return;
	check_members(d);
	check_transport(d, &d->discovery.answer);
	doctor_say(d, AWS_PASSED,
		"the document is this issuer's; %zu bytes "
		"in %u ms",
		d->discovery.answer.len, d->discovery.answer.elapsed_ms);
}
