/* SPDX-License-Identifier: MIT */
/*
 * The bytes of the product.  Rendering is by hand, member by member, because
 * the order and the absence of white space are kube-apiserver's and are
 * compared with its output by test.  Invariant: what is rendered depends on
 * the configuration and the keys alone.
 */
#include "oidc/document.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/url.h"

#define CACHE_CONTROL_MAX 64

const char *
oidc_kind_name(enum oidc_kind kind)
{
	switch (kind) {
	case OIDC_DISCOVERY:
		return "discovery";
	case OIDC_JWKS:
		return "jwks";
	}
	return "unknown";
}

const char *
oidc_kind_suffix(enum oidc_kind kind)
{
	switch (kind) {
	case OIDC_DISCOVERY:
		return "/.well-known/openid-configuration";
	case OIDC_JWKS:
		return "/openid/v1/jwks";
	}
	return "";
}

/* The algorithms of the keys, each once, sorted by name as Go's
 * sets.List(...) gives them: "ES256","RS256". */
static void
append_algorithms(const struct key_set *keys, struct buf *out)
{
	static const enum key_alg sorted[] = {KEY_ES256, KEY_ES384, KEY_ES512,
		KEY_RS256, KEY_RS384, KEY_RS512};
	size_t i, k;
	bool first = true;

	for (i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
		for (k = 0; k < keys->count; k++)
			if (keys->keys[k]->alg == sorted[i])
				break;
		if (k == keys->count)
			continue;
		buf_printf(out, "%s\"%s\"", first ? "" : ",",
			key_alg_name(sorted[i]));
		first = false;
	}
}

void
oidc_render_discovery(
	const char *issuer, const struct key_set *keys, struct buf *out)
{
	struct buf uri = BUF_INIT;

	buf_puts(&uri, issuer);
	buf_puts(&uri, oidc_kind_suffix(OIDC_JWKS));
	if (!buf_ok(&uri)) {
		out->failed = true;
		goto out;
	}
	buf_puts(out, "{\"issuer\":");
	buf_json(out, issuer, strlen(issuer));
	buf_puts(out, ",\"jwks_uri\":");
	buf_json(out, uri.data, uri.len);
	buf_puts(out, ",\"response_types_supported\":[\"id_token\"]"
		      ",\"subject_types_supported\":[\"public\"]"
		      ",\"id_token_signing_alg_values_supported\":[");
	append_algorithms(keys, out);
	/* the two members that EKS publishes and kube-apiserver does not */
	buf_puts(out, "],\"authorization_endpoint\":"
		      "\"urn:kubernetes:programmatic_authorization\""
		      ",\"claims_supported\":[\"sub\",\"iss\"]}");
out:
	buf_release(&uri);
}

void
oidc_render_jwks(const struct key_set *keys, struct buf *out)
{
	size_t i;

	buf_puts(out, "{\"keys\":[");
	for (i = 0; i < keys->count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		buf_append(out, keys->keys[i]->jwk, keys->keys[i]->jwk_len);
	}
	buf_puts(out, "]}");
}

/* The response of one document, from its bytes. */
static struct http_response *
render_response(const struct oidc_document_parts *parts, enum oidc_kind kind,
	const struct key_set *keys, struct error *e)
{
	struct http_response_parts rp = {.status = 200,
		.etag = true,
		.cors = true,
		.modified = parts->modified};
	struct http_response *response = NULL;
	struct buf content = BUF_INIT;
	char cache_control[CACHE_CONTROL_MAX];

	if (kind == OIDC_DISCOVERY) {
		rp.content_type = "application/json";
		oidc_render_discovery(parts->issuer, keys, &content);
	} else {
		rp.content_type = parts->jwks_content_type;
		if (rp.content_type == NULL)
			rp.content_type = OIDC_JWKS_CONTENT_TYPE;
		oidc_render_jwks(keys, &content);
	}
	if (!buf_ok(&content)) {
		error_nomem(e);
		goto out;
	}
	if (content.len > OIDC_DOCUMENT_MAX) {
		error_set(e, ERROR_LIMIT,
			"the %s document would have %zu bytes, %d is the most "
			"that verifiers read: publish fewer keys",
			oidc_kind_name(kind), content.len, OIDC_DOCUMENT_MAX);
		goto out;
	}
	snprintf(cache_control, sizeof(cache_control), "public, max-age=%u",
		parts->max_age);
	rp.cache_control = cache_control;
	rp.content = content.data;
	rp.content_len = content.len;
	response = http_response_new(&rp, e);
out:
	buf_release(&content);
	return response;
}

static struct oidc_document *
document_new(const struct oidc_document_parts *parts, enum oidc_kind kind,
	const struct key_set *keys, struct error *e)
{
	const char *suffix = oidc_kind_suffix(kind);
	struct oidc_document *doc;
	struct config_url url;
	size_t name_len;

	if (config_url_parse(parts->issuer, &url, e) != 0)
		return NULL;
	name_len = url.host_len + url.path_len + strlen(suffix);
	doc = calloc(1, sizeof(*doc) + name_len);
	if (doc == NULL) {
		error_nomem(e);
		return NULL;
	}
	doc->slot = parts->slot;
	doc->kind = (uint8_t)kind;
	doc->host_len = (uint8_t)url.host_len;
	doc->name_len = (uint16_t)name_len;
	memcpy(doc->name, url.host, url.host_len);
	memcpy(doc->name + url.host_len, url.path, url.path_len);
	memcpy(doc->name + url.host_len + url.path_len, suffix, strlen(suffix));
	doc->response = render_response(parts, kind, keys, e);
	if (doc->response == NULL) {
		oidc_document_free(doc);
		return NULL;
	}
	return doc;
}

int
oidc_documents_new(const struct oidc_document_parts *parts,
	const struct key_set *keys, struct oidc_document *docs[OIDC_DOCUMENTS],
	struct error *e)
{
	struct oidc_document *made[OIDC_DOCUMENTS] = {NULL};
	int kind;

	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		made[kind] = document_new(parts, (enum oidc_kind)kind, keys, e);
		if (made[kind] == NULL) {
			while (kind-- > 0)
				oidc_document_free(made[kind]);
			return -1;
		}
	}
	memcpy(docs, made, sizeof(made));
	return 0;
}

void
oidc_document_free(struct oidc_document *doc)
{
	if (doc == NULL)
		return;
	http_response_free(doc->response);
	free(doc);
}

size_t
oidc_document_size(const struct oidc_document *doc)
{
	return sizeof(*doc) + doc->name_len + http_response_size(doc->response);
}
