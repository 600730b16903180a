/* SPDX-License-Identifier: MIT */
/*
 * What thumbprint and doctor have in common: one way to look at a server, so
 * that they cannot disagree.
 */
#include "aws/site.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "aws/json.h"
#include "aws/thumbprint.h"

/* ":PORT", or nothing for https's own. */
static int
read_port(const char *text, size_t len, char port[AWS_PORT_MAX + 1])
{
	if (len == 0) {
		memcpy(port, "443", 4);
		return 0;
	}
	if (text[0] != ':' || len < 2 || len > AWS_PORT_MAX + 1 ||
		strspn(text + 1, "0123456789") < len - 1)
		return -1;
	memcpy(port, text + 1, len - 1);
	port[len - 1] = '\0';
	return 0;
}

int
aws_site_parse(const char *url, struct aws_site *out, struct error *e)
{
	const char *host = url + strlen("https://"), *rest;
	struct aws_site site = {0};
	size_t all, len;

	if (strncmp(url, "https://", strlen("https://")) != 0)
		return error_set(
			e, ERROR_INVALID, "\"%.200s\" is not https", url);
	all = strcspn(host, "/?#");
	if (host[0] == '[') {
		host++;
		len = strcspn(host, "]/?#");
		rest = host + len + (host[len] == ']' ? 1 : 0);
		all -= (size_t)(rest - host) + 1;
	} else {
		len = strcspn(host, ":/?#");
		rest = host + len;
		all -= len;
	}
	if (len == 0 || len > REMOTE_HOST_MAX ||
		memchr(host, '@', len) != NULL ||
		(host != url + strlen("https://") && rest == host + len) ||
		read_port(rest, all, site.port) != 0)
		return error_set(e, ERROR_INVALID,
			"\"%.200s\" names no host that can be asked", url);
	memcpy(site.host, host, len);
	*out = site;
	return 0;
}

/* IANA's special-purpose registry, as far as it is not global. */
static bool
is_public4(uint32_t a)
{
	static const struct {
		uint32_t net;
		unsigned bits;
	} special[] = {
		{0x00000000, 8},
		{0x0a000000, 8},
		{0x64400000, 10},
		{0x7f000000, 8},
		{0xa9fe0000, 16},
		{0xac100000, 12},
		{0xc0000000, 24},
		{0xc0000200, 24},
		{0xc0a80000, 16},
		{0xc6120000, 15},
		{0xc6336400, 24},
		{0xcb007100, 24},
		{0xe0000000, 3},
	};
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if ((a ^ special[i].net) >> (32 - special[i].bits) == 0)
			return false;
	return true;
}

/* Global unicast is 2000::/3, less documentation; 4-in-6 is as its inside. */
static bool
is_public6(const unsigned char a[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(a, mapped, sizeof(mapped)) == 0)
		return is_public4((uint32_t)a[12] << 24 |
				  (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 |
				  a[15]);
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8)
		return false;
	return a[0] >> 5 == 1;
}

bool
aws_address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return is_public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof(in6));
		return is_public6(in6.sin6_addr.s6_addr);
	}
	return false;
}

int
aws_tls_look(const struct aws_site *site, const struct aws_eye *eye,
	struct aws_tls *out, struct error *e)
{
	const struct remote_peer peer = {
		.host = site->host,
		.port = site->port,
		.connect = eye->connect,
	};
	char ignored[REMOTE_WHY_MAX];
	enum remote_trust system;
	struct aws_tls tls = {0};
	int rc = -1;

	if (remote_chain_get(&peer, &tls.chain, e) != 0 ||
		remote_chain_verify(&tls.chain, site->host, eye->ca_file,
			eye->now, &tls.trust, tls.why, e) != 0 ||
		aws_thumbprint(&tls.chain, tls.thumbprint, e) != 0)
		goto out;
	/* a machine without CAs trusts nobody's */
	tls.public_ca = remote_chain_verify(&tls.chain, site->host, NULL,
				eye->now, &system, ignored, NULL) == 0 &&
			system == REMOTE_TRUSTED;
	tls.short_chain = aws_chain_is_short(&tls.chain);
	*out = tls;
	tls = (struct aws_tls){0}; /* given to the caller */
	rc = 0;
out:
	aws_tls_release(&tls);
	return rc;
}

void
aws_tls_release(struct aws_tls *tls)
{
	remote_chain_release(&tls->chain);
}

int
aws_get(const char *url, const struct aws_eye *eye,
	struct remote_answer *answer, struct error *e)
{
	const struct remote_request request = {
		.url = url,
		.ca_file = eye->ca_file,
		.connect = eye->connect,
	};

	return remote_get(&request, answer, e);
}

/* What a body is that should have been JSON. */
static int
read_document(struct aws_discovery *d, struct error *e)
{
	if (d->answer.status >= 300 && d->answer.status < 400)
		return error_set(e, ERROR_NET,
			"answers %u, a redirect to %.200s", d->answer.status,
			d->answer.location != NULL ? d->answer.location
						   : "nowhere");
	if (d->answer.status != 200)
		return error_set(e, ERROR_NET, "answers %u", d->answer.status);
	if (d->answer.encoding != NULL &&
		strcmp(d->answer.encoding, "identity") != 0)
		return error_set(e, ERROR_PARSE,
			"is sent with Content-Encoding %.32s, which nobody "
			"asked for",
			d->answer.encoding);
	d->root = aws_json_parse(d->answer.body, d->answer.len, e);
	if (d->root == NULL)
		return -1;
	d->jwks_uri = json_string_value(json_object_get(d->root, "jwks_uri"));
	if (d->jwks_uri == NULL)
		return error_set(e, ERROR_INVALID, "has no jwks_uri");
	return 0;
}

int
aws_discover(const char *issuer, const struct aws_eye *eye,
	struct aws_discovery *out, struct error *e)
{
	char url[AWS_URL_MAX];
	int n = snprintf(url, sizeof(url), "%s" AWS_DISCOVERY_SUFFIX, issuer);

	*out = (struct aws_discovery){0};
	if (n < 0 || (size_t)n >= sizeof(url))
		return error_set(e, ERROR_LIMIT, "the issuer is too long");
	if (aws_get(url, eye, &out->answer, e) != 0)
		return -1;
	if (read_document(out, e) != 0)
		return error_wrap(e, "%s", url);
	return 0;
}

void
aws_discovery_release(struct aws_discovery *d)
{
	remote_answer_release(&d->answer);
	json_decref(d->root);
	*d = (struct aws_discovery){0};
}
