/* SPDX-License-Identifier: MIT */
/*
 * The fields stand in one order (Content-Type, Content-Length, ETag,
 * Last-Modified, Cache-Control, CORS, further ones), so that each answer is one
 * run of bytes of the block: the whole, the whole without its content, or from
 * ETag to the end of the fields.
 */
#include "http/response.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/buf.h"
#include "http/date.h"

struct status {
	unsigned code;
	const char *text;
	const char *line;
	size_t line_len;
};

#define STATUS(code, text)                                            \
	{                                                             \
		code, text, "HTTP/1.1 " #code " " text "\r\n",        \
			sizeof("HTTP/1.1 " #code " " text "\r\n") - 1 \
	}

static const struct status STATUSES[] = {
	STATUS(200, "OK"),
	STATUS(204, "No Content"),
	STATUS(304, "Not Modified"),
	STATUS(400, "Bad Request"),
	STATUS(403, "Forbidden"),
	STATUS(404, "Not Found"),
	STATUS(405, "Method Not Allowed"),
	STATUS(408, "Request Timeout"),
	STATUS(412, "Precondition Failed"),
	STATUS(414, "URI Too Long"),
	STATUS(417, "Expectation Failed"),
	STATUS(421, "Misdirected Request"),
	STATUS(431, "Request Header Fields Too Large"),
	STATUS(500, "Internal Server Error"),
	STATUS(501, "Not Implemented"),
	STATUS(503, "Service Unavailable"),
	STATUS(505, "HTTP Version Not Supported"),
};

#define NOT_MODIFIED 2 /* index */

struct http_response {
	int64_t modified;
	uint32_t len;        /* fields and content */
	uint16_t validators; /* where ETag, or what follows it, begins */
	uint16_t etag;       /* where its value begins */
	uint16_t fields_len; /* with the empty line */
	uint8_t etag_len;    /* 0: none */
	uint8_t status;      /* an index of STATUSES */
	char block[];
};

#define CONTENT_MAX (UINT32_MAX - UINT16_MAX)

/* 128 bits of the hash, which nobody can aim at, and two quotes. */
#define ETAG_BYTES 16
#define ETAG_LEN (2 + BASE64URL_LEN(ETAG_BYTES))

static const struct status *
status_find(unsigned code)
{
	size_t i;

	for (i = 0; i < sizeof(STATUSES) / sizeof(STATUSES[0]); i++) {
		if (STATUSES[i].code == code)
			return &STATUSES[i];
	}
	return NULL;
}

const char *
http_status_text(unsigned code)
{
	const struct status *s = status_find(code);

	return s == NULL ? NULL : s->text;
}

static int
append_etag(struct buf *b, const struct http_response_parts *parts,
	struct http_response *r, struct error *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[BASE64URL_LEN(ETAG_BYTES) + 1];

	if (EVP_Digest(parts->content, parts->content_len, digest, NULL,
		    EVP_sha256(), NULL) != 1)
		return error_set(e, ERROR_SYS, "SHA-256 is not available");
	base64url_encode(text, digest, ETAG_BYTES);
	buf_puts(b, "ETag: ");
	r->etag = (uint16_t)b->len;
	r->etag_len = ETAG_LEN;
	buf_printf(b, "\"%s\"\r\n", text);
	return 0;
}

static int
append_fields(struct buf *b, const struct http_response_parts *parts,
	struct http_response *r, struct error *e)
{
	char date[HTTP_DATE_LEN + 1];

	if (parts->content_type != NULL)
		buf_printf(b, "Content-Type: %s\r\n", parts->content_type);
	/* RFC 9110 section 8.6 forbids it there */
	if (parts->status != 204 && parts->status != 304)
		buf_printf(b, "Content-Length: %zu\r\n", parts->content_len);
	r->validators = (uint16_t)b->len;
	if (parts->etag && append_etag(b, parts, r, e) != 0)
		return -1;
	if (parts->modified != 0) {
		http_date_format(date, parts->modified);
		buf_printf(b, "Last-Modified: %s\r\n", date);
	}
	buf_printf(b, "Cache-Control: %s\r\n",
		parts->cache_control == NULL ? "no-store"
					     : parts->cache_control);
	if (parts->cors)
		buf_puts(b, "Access-Control-Allow-Origin: *\r\n");
	if (parts->fields != NULL)
		buf_puts(b, parts->fields);
	buf_puts(b, "\r\n");
	if (!buf_ok(b))
		return error_nomem(e);
	if (b->len > UINT16_MAX)
		return error_set(e, ERROR_LIMIT,
			"response fields of more than %d bytes", UINT16_MAX);
	r->fields_len = (uint16_t)b->len;
	return 0;
}

static bool
one_line(const char *text)
{
	return text == NULL || text[strcspn(text, "\r\n")] == '\0';
}

/* Lines, each of them ended by CRLF and none empty. */
static bool
field_lines(const char *text)
{
	size_t len;

	while (text != NULL && *text != '\0') {
		len = strcspn(text, "\r\n");
		if (len == 0 || strncmp(text + len, "\r\n", 2) != 0)
			return false;
		text += len + 2;
	}
	return true;
}

static int
check_parts(const struct http_response_parts *parts, struct error *e)
{
	if (status_find(parts->status) == NULL)
		return error_set(e, ERROR_INVALID,
			"response status %u is not one of ours", parts->status);
	if (!one_line(parts->content_type) || !one_line(parts->cache_control) ||
		!field_lines(parts->fields))
		return error_set(e, ERROR_INVALID,
			"response field with a stray line break");
	if (parts->content_len > CONTENT_MAX)
		return error_set(e, ERROR_LIMIT,
			"response content of more than %u bytes",
			(unsigned)CONTENT_MAX);
	if (parts->content_type == NULL && parts->content_len > 0)
		return error_set(e, ERROR_INVALID,
			"response content without a content type");
	return 0;
}

struct http_response *
http_response_new(const struct http_response_parts *parts, struct error *e)
{
	struct http_response shape = {0};
	struct http_response *made = NULL;
	struct buf b = BUF_INIT;

	if (check_parts(parts, e) != 0 ||
		append_fields(&b, parts, &shape, e) != 0)
		goto out;
	shape.status = (uint8_t)(status_find(parts->status) - STATUSES);
	shape.modified = parts->modified;
	shape.len = (uint32_t)(b.len + parts->content_len);
	made = malloc(http_response_size(&shape));
	if (made == NULL) {
		error_nomem(e);
		goto out;
	}
	memcpy(made, &shape, offsetof(struct http_response, block));
	memcpy(made->block, b.data, b.len);
	if (parts->content_len > 0)
		memcpy(made->block + b.len, parts->content, parts->content_len);
out:
	buf_release(&b);
	return made;
}

void
http_response_free(const struct http_response *r)
{
	free((void *)(uintptr_t)r);
}

unsigned
http_response_status(const struct http_response *r)
{
	return STATUSES[r->status].code;
}

size_t
http_response_size(const struct http_response *r)
{
	return offsetof(struct http_response, block) + r->len;
}

struct http_response *
http_response_copy(void *place, const struct http_response *r)
{
	return memcpy(place, r, http_response_size(r));
}

const char *
http_response_content(const struct http_response *r, size_t *len)
{
	*len = r->len - r->fields_len;
	return r->block + r->fields_len;
}

const char *
http_response_fields(const struct http_response *r, size_t *len)
{
	*len = r->fields_len - 2;
	return r->block;
}

void
http_response_cut(const struct http_response *r, enum http_cut cut,
	struct http_pieces *pieces)
{
	const struct status *status = &STATUSES[r->status];

	pieces->rest = r->block;
	switch (cut) {
	case HTTP_CUT_WHOLE:
		pieces->rest_len = r->len;
		break;
	case HTTP_CUT_HEAD:
		pieces->rest_len = r->fields_len;
		break;
	case HTTP_CUT_NOT_MODIFIED:
		status = &STATUSES[NOT_MODIFIED];
		pieces->rest = r->block + r->validators;
		pieces->rest_len = r->fields_len - r->validators;
		break;
	}
	pieces->status = status->code;
	pieces->line = status->line;
	pieces->line_len = status->line_len;
}

const char *
http_response_etag(const struct http_response *r, size_t *len)
{
	*len = r->etag_len;
	return r->etag_len == 0 ? NULL : r->block + r->etag;
}

int64_t
http_response_modified(const struct http_response *r)
{
	return r->modified;
}
