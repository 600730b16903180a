/* SPDX-License-Identifier: MIT */
/*
 * A server as STS sees it: where a URL leads, which chain it shows and who
 * trusts that, what its discovery document says.
 */
#ifndef AWS_SITE_H
#define AWS_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <jansson.h>

#include "aws/provider.h"
#include "base/error.h"
#include "remote/chain.h"
#include "remote/remote.h"

#define AWS_DISCOVERY_SUFFIX "/.well-known/openid-configuration"
#define AWS_PORT_MAX 5
#define AWS_URL_MAX 1024

/* How to look; NULL and 0 are the defaults. */
struct aws_eye {
	const char *connect; /* "HOST:PORT" instead of where names lead */
	const char *ca_file; /* CAs to take for the public ones */
	int64_t now;
};

struct aws_site {
	char host[REMOTE_HOST_MAX + 1]; /* an IPv6 address without brackets */
	char port[AWS_PORT_MAX + 1];
};

/* Where an https URL leads. */
int aws_site_parse(const char *url, struct aws_site *out, struct error *e)
	__attribute__((warn_unused_result));

/* Can an address be reached from the internet? */
bool aws_address_is_public(const struct sockaddr *address);

struct aws_tls {
	struct remote_chain chain;
	enum remote_trust trust; /* by eye->ca_file, or the system's */
	char why[REMOTE_WHY_MAX];
	bool public_ca; /* trusted by the system's CAs */
	bool short_chain;
	char thumbprint[AWS_THUMBPRINT_LEN + 1];
};

int aws_tls_look(const struct aws_site *site, const struct aws_eye *eye,
	struct aws_tls *out, struct error *e)
	__attribute__((warn_unused_result));
void aws_tls_release(struct aws_tls *tls);

/* The discovery document of an issuer, as far as there is one. */
struct aws_discovery {
	struct remote_answer answer; /* status 0: none came */
	json_t *root;                /* NULL: not a JSON object */
	const char *jwks_uri;        /* NULL: none in it */
};

/* -1: no answer, or not a document with a jwks_uri; what there is of it is
 * in *out all the same, which is to be released either way. */
int aws_discover(const char *issuer, const struct aws_eye *eye,
	struct aws_discovery *out, struct error *e)
	__attribute__((warn_unused_result));
void aws_discovery_release(struct aws_discovery *d);

/* GET with the eye's limits. */
int aws_get(const char *url, const struct aws_eye *eye,
	struct remote_answer *answer, struct error *e)
	__attribute__((warn_unused_result));

#endif
