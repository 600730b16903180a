/* SPDX-License-Identifier: MIT */
/*
 * What `jwksctl kube check` looks at, stage by stage: the API server's
 * documents, a fresh token, its flags; the keyring; what is published.
 */
#ifndef JWKSCTL_KUBE_CHECK_H
#define JWKSCTL_KUBE_CHECK_H

#include "aws/site.h"
#include "jwksctl/finding.h"
#include "keyring/keyring.h"
#include "kube/apiserver.h"

#define KUBE_CHECK_SERVERS_MAX 16

/* Borrowed. */
struct kube_check {
	struct kube_apiserver
		servers[KUBE_CHECK_SERVERS_MAX]; /* of a cluster */
	size_t n_servers;                        /* 1 at least */
	const char *ns; /* of the service account whose token is made */
	const char *account;
	const struct keyring *ring; /* NULL: none was given */
	struct aws_eye eye;         /* for what is published */
};

/* False when no API server could be asked: nothing was found out. */
bool kube_check(const struct kube_check *check, struct findings *out);

#endif
