/* SPDX-License-Identifier: MIT */
/*
 * The bytes of the product.  Rendering is by hand, member by member, because
 * the order and the absence of white space are kube-apiserver's and are
 * compared with its output by test.  Invariant: what is rendered depends on
 * the configuration and the keys alone.
 */
#include "oidc/document.h"

#include <stdbool.h>
#include <stddef.h>
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
		return OIDC_DISCOVERY_SUFFIX;
	case OIDC_JWKS:
		return OIDC_JWKS_SUFFIX;
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
render_response(const struct oidc_documents_parts *parts, enum oidc_kind kind,
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

/* Up to where something with the alignment of a response may begin. */
static size_t
align(size_t size)
{
	const size_t unit = _Alignof(int64_t);

	return (size + unit - 1) / unit * unit;
}

static size_t
head_size(const struct oidc_documents *docs)
{
	return align(offsetof(struct oidc_documents, name) + docs->host_len +
		     docs->path_len);
}

static struct oidc_documents *
assemble(const struct oidc_documents *head, const struct config_url *url,
	struct http_response *const responses[OIDC_DOCUMENTS], struct error *e)
{
	struct oidc_documents *docs;
	size_t size = head_size(head);
	char *place;
	int kind;

	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		size += align(http_response_size(responses[kind]));
	docs = malloc(size);
	if (docs == NULL) {
		error_nomem(e);
		return NULL;
	}
	memcpy(docs, head, offsetof(struct oidc_documents, name));
	memcpy(docs->name, url->host, url->host_len);
	memcpy(docs->name + url->host_len, url->path, url->path_len);
	place = (char *)docs + head_size(head);
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		docs->response[kind] =
			http_response_copy(place, responses[kind]);
		place += align(http_response_size(responses[kind]));
	}
	return docs;
}

struct oidc_documents *
oidc_documents_new(const struct oidc_documents_parts *parts,
	const struct key_set *keys, struct error *e)
{
	struct http_response *responses[OIDC_DOCUMENTS] = {NULL};
	struct oidc_documents head = {.slot = parts->slot}, *docs = NULL;
	struct config_url url;
	int kind;

	if (config_url_parse(parts->issuer, &url, e) != 0)
		return NULL;
	head.host_len = (uint8_t)url.host_len;
	head.path_len = (uint8_t)url.path_len;
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++) {
		responses[kind] =
			render_response(parts, (enum oidc_kind)kind, keys, e);
		if (responses[kind] == NULL)
			goto out;
	}
	docs = assemble(&head, &url, responses, e);
out:
	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		http_response_free(responses[kind]);
	return docs;
}

void
oidc_documents_free(struct oidc_documents *docs)
{
	free(docs);
}

size_t
oidc_documents_size(const struct oidc_documents *docs)
{
	size_t size = head_size(docs);
	int kind;

	for (kind = 0; kind < OIDC_DOCUMENTS; kind++)
		size += align(http_response_size(docs->response[kind]));
	return size;
}
