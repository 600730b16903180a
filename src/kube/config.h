/* SPDX-License-Identifier: MIT */
/*
 * A kubeconfig: how kubectl reaches a cluster, and as whom.  Server, CAs, and a
 * token or a client's certificate are taken; programs that make credentials
 * (exec, auth-provider) are not run, and a server whose certificate is not to
 * be verified is refused.
 */
#ifndef KUBE_CONFIG_H
#define KUBE_CONFIG_H

#include "base/error.h"

#define KUBE_CONFIG_MAX \
	(1024 * 1024) /* bytes of it and of each file it names */

/* Owned; NULL: not given. */
struct kube_config {
	char *server;
	char *ca_pem;
	char *cert_pem;
	char *key_pem; /* private: wiped when released */
	char *token;   /* likewise */
};

/* context NULL: the current one.  The text names the file and the member. */
int kube_config_load(const char *path, const char *context,
	struct kube_config *out, struct error *e)
	__attribute__((warn_unused_result));
void kube_config_release(struct kube_config *c);

#endif
