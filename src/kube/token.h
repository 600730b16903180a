/* SPDX-License-Identifier: MIT */
/*
 * A service account's token, made by the API server on request (TokenRequest,
 * kubernetes.io/docs/reference/kubernetes-api/authentication-resources/
 * token-request-v1).
 */
#ifndef KUBE_TOKEN_H
#define KUBE_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "kube/apiserver.h"

#define KUBE_NAME_MAX 253 /* of a namespace or a service account */

struct kube_token {
	json_t *root;
	const char *text;        /* the token; points into root */
	const json_t *audiences; /* of the token, as the server gave them */
	int64_t expires;
};

/* A namespace's or a service account's name?  (RFC 1123, as Kubernetes) */
int kube_name_check(const char *name, struct error *e)
	__attribute__((warn_unused_result));

/* audience NULL: the API server's own, all of them. */
int kube_token_request(const struct kube_apiserver *server, const char *ns,
	const char *account, const char *audience, int64_t seconds,
	struct kube_token *out, struct error *e)
	__attribute__((warn_unused_result));
void kube_token_release(struct kube_token *token);

#endif
