/* SPDX-License-Identifier: MIT */
/*
 * A Kubernetes API server, asked what it says of its service-account tokens
 * (kubernetes pkg/routes/openidmetadata.go): the two documents stand at the
 * root of the server, whatever the issuer's path.
 *
 * https only, no redirect, a bound on time and size (remote/remote.h).  The
 * token is read from its file for each request, since kubelet replaces it
 * before it expires, and is sent to this server only; libcurl reads the CAs
 * for each request too, so both may change while a program runs.
 */
#ifndef KUBE_APISERVER_H
#define KUBE_APISERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "key/key.h"
#include "remote/remote.h"

#define KUBE_URL_MAX 1024
#define KUBE_TOKEN_MAX (64 * 1024)
#define KUBE_DOCUMENT_MAX (256 * 1024) /* bytes of each of the two */

/* Strings are borrowed. */
struct kube_apiserver {
	const char *url;        /* passed kube_apiserver_check() */
	const char *ca_file;    /* PEM, trusted alone; NULL: the system's */
	const char *token_file; /* NULL: none is shown */
	/* or what is in memory, of a kubeconfig; NULL: not given */
	const char *ca_pem;
	const char *cert_pem;
	const char *key_pem;
	const char *token;
};

/* Is it https://HOST[:PORT][/PATH], without user, query, fragment or slash at
 * the end?  A path is that of a proxy before the server. */
int kube_apiserver_check(const char *url, struct error *e)
	__attribute__((warn_unused_result));

/* GET a path, "/...".  Any status but 200 is an error: DENIED for 401 and 403,
 * else NET.  The text names the URL and what to do. */
int kube_get(const struct kube_apiserver *server, const char *path, size_t max,
	struct remote_answer *answer, struct error *e)
	__attribute__((warn_unused_result));

/* POST this JSON; 200 and 201 are good. */
int kube_post(const struct kube_apiserver *server, const char *path,
	const char *json, size_t max, struct remote_answer *answer,
	struct error *e) __attribute__((warn_unused_result));

/* The issuer that the server names in its discovery document; the caller's to
 * free.  NULL on failure. */
char *kube_read_issuer(const struct kube_apiserver *server, struct error *e)
	__attribute__((warn_unused_result));

/* The keys of its JWKS, one at least, appended to keys with every check of the
 * room key; on failure some may have been.
 * date: of the server's clock; 0: it does not say. */
int kube_read_keys(const struct kube_apiserver *server, struct key_set *keys,
	int64_t *date, struct error *e) __attribute__((warn_unused_result));

#endif
