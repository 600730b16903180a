/* SPDX-License-Identifier: MIT */
/*
 * An IAM OIDC provider: what is planned, or what IAM holds.  A plain value
 * that borrows its strings.
 *
 * IAM's limits are those of its API model: URL 1 to 255 characters, at most
 * 100 audiences of 1 to 255, at most 5 thumbprints of 40 hexadecimal digits.
 */
#ifndef AWS_PROVIDER_H
#define AWS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

#define AWS_AUDIENCES_MAX 100
#define AWS_AUDIENCE_LEN_MAX 255
#define AWS_THUMBPRINTS_MAX 5
#define AWS_THUMBPRINT_LEN 40

struct aws_provider {
	const char *url; /* as written: IAM gives it back without https:// */
	const char *audiences[AWS_AUDIENCES_MAX];
	size_t n_audiences;
	const char *thumbprints[AWS_THUMBPRINTS_MAX];
	size_t n_thumbprints;
};

/* LIMIT, INVALID.  The same string again is dropped. */
int aws_provider_add_audience(struct aws_provider *p, const char *audience,
	struct error *e) __attribute__((warn_unused_result));
int aws_provider_add_thumbprint(struct aws_provider *p, const char *thumbprint,
	struct error *e) __attribute__((warn_unused_result));

/* What `aws iam get-open-id-connect-provider` prints, or what our own
 * aws-cli form holds.  Borrows from root.  The URL is not checked. */
int aws_provider_read(const json_t *root, struct aws_provider *out,
	struct error *e) __attribute__((warn_unused_result));

/* Is it for this issuer, byte for byte? */
bool aws_provider_is_for(const struct aws_provider *p, const char *issuer);

bool aws_provider_has_audience(
	const struct aws_provider *p, const char *audience);
bool aws_provider_has_thumbprint(
	const struct aws_provider *p, const char *thumbprint);

#endif
