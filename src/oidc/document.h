/* SPDX-License-Identifier: MIT */
/*
 * The two documents of an issuer, as bytes and as ready-made responses.
 *
 * Bytes are kube-apiserver's (pkg/serviceaccount/openidmetadata.go): its five
 * members in its order, then the two that EKS adds (authorization_endpoint,
 * claims_supported); a JWKS of {"use","kty","kid",...} in the order of the
 * keys; no white space, no final newline.
 *
 * Paths are the issuer's path plus a fixed suffix: OpenID Connect Discovery 1.0
 * section 4, and kube-apiserver's /openid/v1/jwks.
 */
#ifndef OIDC_DOCUMENT_H
#define OIDC_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/response.h"
#include "key/key.h"

enum oidc_kind {
	OIDC_DISCOVERY,
	OIDC_JWKS,
};
#define OIDC_DOCUMENTS 2

#define OIDC_DOCUMENT_MAX 51200 /* bytes: Nimbus' default limit */
/* kube-apiserver's. */
#define OIDC_JWKS_CONTENT_TYPE "application/jwk-set+json"

#define OIDC_DISCOVERY_SUFFIX "/.well-known/openid-configuration"
#define OIDC_JWKS_SUFFIX "/openid/v1/jwks"

const char *oidc_kind_name(enum oidc_kind kind);   /* "discovery", "jwks" */
const char *oidc_kind_suffix(enum oidc_kind kind); /* "/.well-known/..." */

/* Append the bytes.  keys is not empty. */
void oidc_render_discovery(
	const char *issuer, const struct key_set *keys, struct buf *out);
void oidc_render_jwks(const struct key_set *keys, struct buf *out);

/* Both documents of an issuer in one block with what they are looked up by: a
 * document's name is that and the suffix of its kind.  Immutable. */
struct oidc_documents {
	const struct http_response *response[OIDC_DOCUMENTS]; /* in the block */
	uint32_t slot;                                        /* the issuer's */
	uint8_t host_len;
	uint8_t path_len; /* of the issuer: a URL has at most 255 bytes */
	char name[];      /* host then path, not terminated */
};

struct oidc_documents_parts {
	const char *issuer;
	const char *jwks_content_type; /* NULL: OIDC_JWKS_CONTENT_TYPE */
	unsigned max_age;
	int64_t modified;
	uint32_t slot;
};

/* Render both.  NULL with LIMIT when one is too large. */
struct oidc_documents *oidc_documents_new(
	const struct oidc_documents_parts *parts, const struct key_set *keys,
	struct error *e) __attribute__((warn_unused_result));
void oidc_documents_free(struct oidc_documents *docs);
size_t oidc_documents_size(const struct oidc_documents *docs);

#endif
