/* SPDX-License-Identifier: MIT */
/*
 * An API server is believed only when it was reached over TLS under the CAs
 * that were given, and only as far as what it says is well formed.  Invariant:
 * the token is in memory for the length of a request, and in no error.
 */
#include "kube/apiserver.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "key/jwk.h"

#define DISCOVERY_PATH "/.well-known/openid-configuration"
#define JWKS_PATH "/openid/v1/jwks"

int
kube_apiserver_check(const char *url, struct error *e)
{
	const char *host = url + strlen("https://");
	size_t len = strlen(url);

	if (strncmp(url, "https://", strlen("https://")) != 0)
		return error_set(e, ERROR_INVALID,
			"\"%.200s\": an API server's URL begins with https://",
			url);
	if (host[0] == '\0' || host[0] == '/' || host[0] == ':')
		return error_set(
			e, ERROR_INVALID, "\"%.200s\" names no host", url);
	if (strpbrk(host, "@?#") != NULL || url[len - 1] == '/')
		return error_set(e, ERROR_INVALID,
			"\"%.200s\": write https://HOST:PORT, with no user, "
			"query, fragment or slash at the end",
			url);
	/* a path of ours still fits behind it */
	if (len > KUBE_URL_MAX / 2)
		return error_set(e, ERROR_LIMIT,
			"\"%.60s...\" is longer than %d bytes", url,
			KUBE_URL_MAX / 2);
	return 0;
}

/* A small secret file without the white space around it. */
static int
read_token(const char *path, struct file_bytes *file, struct error *e)
{
	size_t start;

	if (file_read(AT_FDCWD, path, KUBE_TOKEN_MAX, file, e) != 0)
		return error_wrap(e, "token %s", path);
	start = strspn(file->data, " \t\r\n");
	memmove(file->data, file->data + start, file->len - start + 1);
	file->data[strcspn(file->data, " \t\r\n")] = '\0';
	if (file->data[0] == '\0')
		return error_set(e, ERROR_PARSE, "token %s: is empty", path);
	return 0;
}

/* Everything but 200 is told with what helps against it. */
static int
refuse_status(const struct remote_answer *a, const char *path, struct error *e)
{
	bool document = strcmp(path, DISCOVERY_PATH) == 0 ||
			strcmp(path, JWKS_PATH) == 0;

	switch (a->status) {
	case 401:
		return error_set(e, ERROR_DENIED,
			"answers 401: it wants a token that is valid now and "
			"meant for it");
	case 403:
		return error_set(e, ERROR_DENIED, "answers 403: %s",
			document ? "bind the ClusterRole "
				   "system:service-account-issuer-discovery to "
				   "who asks"
				 : "who asks may not do that");
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return error_set(e, ERROR_NET,
			"answers %u, a redirect, which is not followed: name "
			"the API server itself",
			a->status);
	default:
		return error_set(e, ERROR_NET, "answers %u", a->status);
	}
}

/* json NULL: a GET. */
static int
exchange(const struct kube_apiserver *server, const char *path,
	const char *json, size_t max, struct remote_answer *answer,
	struct error *e)
{
	char url[KUBE_URL_MAX];
	struct remote_request request = {
		.url = url,
		.ca_file = server->ca_file,
		.ca_pem = server->ca_pem,
		.cert_pem = server->cert_pem,
		.key_pem = server->key_pem,
		.bearer = server->token,
		.json = json,
		.max = max,
	};
	struct remote_answer got = {0};
	struct file_bytes token = {0};
	int rc = -1;

	if ((size_t)snprintf(url, sizeof(url), "%s%s", server->url, path) >=
		sizeof(url)) {
		error_set(e, ERROR_LIMIT, "the URL is too long");
		goto out;
	}
	if (server->token_file != NULL) {
		if (read_token(server->token_file, &token, e) != 0)
			goto out;
		request.bearer = token.data;
	}
	if (remote_get(&request, &got, e) != 0)
		goto out;
	if (got.status != 200 && (json == NULL || got.status != 201)) {
		refuse_status(&got, path, e);
		error_wrap(e, "%s", url);
		goto out;
	}
	*answer = got;
	got = (struct remote_answer){0}; /* given to the caller */
	rc = 0;
out:
	file_bytes_release(&token);
	remote_answer_release(&got);
	return rc;
}

int
kube_get(const struct kube_apiserver *server, const char *path, size_t max,
	struct remote_answer *answer, struct error *e)
{
	return exchange(server, path, NULL, max, answer, e);
}

int
kube_post(const struct kube_apiserver *server, const char *path,
	const char *json, size_t max, struct remote_answer *answer,
	struct error *e)
{
	return exchange(server, path, json, max, answer, e);
}

static char *
parse_issuer(const struct remote_answer *a, struct error *e)
{
	json_t *root =
		json_loadb(a->body, a->len, JSON_REJECT_DUPLICATES, NULL);
	const char *value = json_string_value(json_object_get(root, "issuer"));
	char *issuer = NULL;

	if (value == NULL) {
		error_set(e, ERROR_PARSE,
			"is not a discovery document: no issuer in it");
	} else {
		issuer = strdup(value);
		if (issuer == NULL)
			error_nomem(e);
	}
	json_decref(root);
	return issuer;
}

char *
kube_read_issuer(const struct kube_apiserver *server, struct error *e)
{
	struct remote_answer answer = {0};
	char *issuer;

	if (kube_get(server, DISCOVERY_PATH, KUBE_DOCUMENT_MAX, &answer, e) !=
		0)
		return NULL;
	issuer = parse_issuer(&answer, e);
	if (issuer == NULL)
		error_wrap(e, "%s" DISCOVERY_PATH, server->url);
	remote_answer_release(&answer);
	return issuer;
}

int
kube_read_keys(const struct kube_apiserver *server, struct key_set *keys,
	int64_t *date, struct error *e)
{
	struct remote_answer answer = {0};
	size_t before = keys->count;
	int rc;

	if (kube_get(server, JWKS_PATH, KUBE_DOCUMENT_MAX, &answer, e) != 0)
		return -1;
	rc = key_jwk_parse(answer.body, answer.len, keys, e);
	if (rc == 0 && keys->count == before)
		rc = error_set(e, ERROR_NOTFOUND, "shows no key");
	if (rc != 0)
		error_wrap(e, "%s" JWKS_PATH, server->url);
	else
		*date = answer.date;
	remote_answer_release(&answer);
	return rc;
}
