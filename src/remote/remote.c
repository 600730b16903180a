/* SPDX-License-Identifier: MIT */
/*
 * libcurl with everything switched off that could take a request elsewhere
 * than to the one origin that the operator named (redirects, proxies from the
 * environment, other protocols), so that a document found is the origin's.
 */
#include "remote/remote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"

struct body {
	struct buf bytes;
	size_t max;
	bool too_large;
};

void
remote_answer_release(struct remote_answer *a)
{
	free(a->content_type);
	free(a->cache_control);
	free(a->location);
	free(a->encoding);
	free(a->address);
	free(a->body);
	*a = (struct remote_answer){0};
}

static size_t
take(char *bytes, size_t size, size_t count, void *arg)
{
	struct body *body = arg;
	size_t len = size * count;

	if (len > body->max - body->bytes.len) {
		body->too_large = true;
		return 0;
	}
	buf_append(&body->bytes, bytes, len);
	return buf_ok(&body->bytes) ? len : 0;
}

static bool
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 ||
	       strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
}

/* The protocol that this URL may use, or NULL. */
static const char *
check_url(const char *url, struct error *e)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL;
	const char *allowed = NULL;

	if (u == NULL) {
		error_nomem(e);
		return NULL;
	}
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		error_set(e, ERROR_INVALID, "not a URL");
	else if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
		error_set(e, ERROR_INVALID, "a URL with a user in it");
	else if (strcmp(scheme, "https") == 0)
		allowed = "https";
	else if (strcmp(scheme, "http") == 0 && is_loopback(host))
		allowed = "http";
	else
		error_set(e, ERROR_INVALID,
			"only https (and http to a loopback address) is asked");
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(u);
	return allowed;
}

static int
set_limits(CURL *curl, const struct remote_request *r, const char *protocol,
	struct body *body, char *reason)
{
	long timeout =
		r->timeout_ms > 0 ? (long)r->timeout_ms : REMOTE_TIMEOUT_MS;

	return curl_easy_setopt(curl, CURLOPT_URL, r->url) == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
				       protocol) == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION,
				       0L) == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_PROXY, "") ==
				       CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") ==
				       CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ==
				       CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
				       timeout) == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_SSLVERSION,
				       (long)CURL_SSLVERSION_TLSv1_2) ==
				       CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_USERAGENT,
				       "jwksctl") == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER,
				       reason) == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION,
				       take) == CURLE_OK &&
			       curl_easy_setopt(curl, CURLOPT_WRITEDATA,
				       body) == CURLE_OK
		       ? 0
		       : -1;
}

static int
set_text(CURL *curl, CURLoption option, const char *text)
{
	struct curl_blob blob;

	if (text == NULL)
		return 0;
	blob.data = (void *)(uintptr_t)text; /* libcurl only reads it */
	blob.len = strlen(text);
	blob.flags = CURL_BLOB_NOCOPY;
	return curl_easy_setopt(curl, option, &blob) == CURLE_OK ? 0 : -1;
}

static int
set_post(CURL *curl, const struct remote_request *r, struct curl_slist **fields)
{
	if (r->json == NULL)
		return 0;
	*fields = curl_slist_append(NULL, "Content-Type: application/json");
	if (*fields == NULL ||
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *fields) !=
			CURLE_OK ||
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->json) != CURLE_OK)
		return -1;
	return 0;
}

/* connect_to is curl's list, to be freed after the transfer. */
static int
set_peer(CURL *curl, const struct remote_request *r,
	struct curl_slist **connect_to)
{
	char entry[300];

	/* no others: libcurl would go on trusting the system's directory */
	if ((r->ca_file != NULL || r->ca_pem != NULL) &&
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK)
		return -1;
	if (r->ca_file != NULL &&
		curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca_file) != CURLE_OK)
		return -1;
	if (set_text(curl, CURLOPT_CAINFO_BLOB, r->ca_pem) != 0 ||
		set_text(curl, CURLOPT_SSLCERT_BLOB, r->cert_pem) != 0 ||
		set_text(curl, CURLOPT_SSLKEY_BLOB, r->key_pem) != 0)
		return -1;
	if (r->bearer != NULL &&
		(curl_easy_setopt(curl, CURLOPT_HTTPAUTH,
			 (long)CURLAUTH_BEARER) != CURLE_OK ||
			curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER,
				r->bearer) != CURLE_OK))
		return -1;
	if (r->connect == NULL)
		return 0;
	if (snprintf(entry, sizeof(entry), "::%s", r->connect) >=
		(int)sizeof(entry))
		return -1;
	*connect_to = curl_slist_append(NULL, entry);
	if (*connect_to == NULL)
		return -1;
	return curl_easy_setopt(curl, CURLOPT_CONNECT_TO, *connect_to) ==
			       CURLE_OK
		       ? 0
		       : -1;
}

static int
transfer_error(CURLcode code, const struct body *body, const char *reason,
	struct error *e)
{
	if (body->too_large)
		return error_set(e, ERROR_LIMIT, "answers more than %zu bytes",
			body->max);
	if (body->bytes.failed)
		return error_nomem(e);
	if (reason[0] == '\0')
		reason = curl_easy_strerror(code);
	return error_set(e,
		code == CURLE_PEER_FAILED_VERIFICATION ||
				code == CURLE_SSL_CACERT_BADFILE ||
				code == CURLE_SSL_CONNECT_ERROR
			? ERROR_TLS
			: ERROR_NET,
		"%s", reason);
}

/* A header's value, copied; *value stays NULL when there is none. */
static int
copy_header(CURL *curl, const char *name, char **value, struct error *e)
{
	struct curl_header *header;

	if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) !=
		CURLHE_OK)
		return 0;
	*value = strdup(header->value);
	return *value == NULL ? error_nomem(e) : 0;
}

/* Who answered, and how fast. */
static int
copy_exchange(CURL *curl, struct remote_answer *got, struct error *e)
{
	curl_off_t elapsed_us = 0;
	char *address = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address) !=
			CURLE_OK ||
		address == NULL ||
		curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &elapsed_us) !=
			CURLE_OK)
		return error_set(
			e, ERROR_NET, "libcurl does not know its peer");
	got->elapsed_ms = (unsigned)(elapsed_us / 1000);
	got->address = strdup(address);
	return got->address == NULL ? error_nomem(e) : 0;
}

static int
read_answer(CURL *curl, struct body *body, struct remote_answer *answer,
	struct error *e)
{
	struct remote_answer got = {0};
	char *date = NULL;
	long status = 0;
	int rc = -1;

	if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) !=
			CURLE_OK ||
		status <= 0) {
		error_set(e, ERROR_NET, "answers without a status");
		goto out;
	}
	got.status = (unsigned)status;
	if (copy_header(curl, "Content-Type", &got.content_type, e) != 0 ||
		copy_header(curl, "Cache-Control", &got.cache_control, e) !=
			0 ||
		copy_header(curl, "Location", &got.location, e) != 0 ||
		copy_header(curl, "Content-Encoding", &got.encoding, e) != 0 ||
		copy_header(curl, "Date", &date, e) != 0 ||
		copy_exchange(curl, &got, e) != 0)
		goto out;
	if (date != NULL && curl_getdate(date, NULL) > 0)
		got.date = curl_getdate(date, NULL);
	got.body = buf_take(&body->bytes, &got.len);
	if (got.body == NULL) {
		error_nomem(e);
		goto out;
	}
	*answer = got;
	got = (struct remote_answer){0}; /* given to the caller */
	rc = 0;
out:
	free(date);
	remote_answer_release(&got);
	return rc;
}

int
remote_get(const struct remote_request *request, struct remote_answer *answer,
	struct error *e)
{
	struct body body = {BUF_INIT, request->max, false};
	struct curl_slist *connect_to = NULL, *fields = NULL;
	char reason[CURL_ERROR_SIZE] = "";
	const char *protocol;
	CURL *curl = NULL;
	CURLcode code;
	int rc = -1;

	if (body.max == 0)
		body.max = REMOTE_BODY_MAX;
	protocol = check_url(request->url, e);
	if (protocol == NULL)
		goto out;
	curl = curl_easy_init();
	if (curl == NULL ||
		set_limits(curl, request, protocol, &body, reason) != 0 ||
		set_peer(curl, request, &connect_to) != 0 ||
		set_post(curl, request, &fields) != 0) {
		error_set(e, ERROR_NOMEM, "libcurl cannot be set up");
		goto out;
	}
	code = curl_easy_perform(curl);
	if (code != CURLE_OK) {
		transfer_error(code, &body, reason, e);
		goto out;
	}
	rc = read_answer(curl, &body, answer, e);
out:
	curl_easy_cleanup(curl);
	curl_slist_free_all(connect_to);
	curl_slist_free_all(fields);
	buf_release(&body.bytes);
	return rc == 0 ? 0 : error_wrap(e, "%s", request->url);
}
