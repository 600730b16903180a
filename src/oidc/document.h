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

const char *oidc_kind_name(enum oidc_kind kind);   /* "discovery", "jwks" */
const char *oidc_kind_suffix(enum oidc_kind kind); /* "/.well-known/..." */

/* Append the bytes.  keys is not empty. */
void oidc_render_discovery(
	const char *issuer, const struct key_set *keys, struct buf *out);
void oidc_render_jwks(const struct key_set *keys, struct buf *out);

/* A document in one allocation with what it is looked up by. */
struct oidc_document {
	struct http_response *response;
	uint32_t slot; /* the issuer's */
	uint8_t kind;
	uint8_t host_len;
	uint16_t name_len;
	char name[]; /* host then path, not terminated */
};

struct oidc_document_parts {
	const char *issuer;
	const char *jwks_content_type; /* NULL: OIDC_JWKS_CONTENT_TYPE */
	unsigned max_age;
	int64_t modified;
	uint32_t slot;
};

/* Render both documents; docs[kind].  LIMIT when one is too large. */
int oidc_documents_new(const struct oidc_document_parts *parts,
	const struct key_set *keys, struct oidc_document *docs[OIDC_DOCUMENTS],
	struct error *e) __attribute__((warn_unused_result));
void oidc_document_free(struct oidc_document *doc);
size_t oidc_document_size(const struct oidc_document *doc);

#endif
