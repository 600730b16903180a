/* SPDX-License-Identifier: MIT */
/*
 * The mirror of jwksctl: rounds over the API servers of a cluster, once or as
 * a service.
 */
#ifndef JWKSCTL_MIRROR_H
#define JWKSCTL_MIRROR_H

#include "jwksctl/cmd.h"
#include "jwksctl/trouble.h"
#include "kube/mirror.h"

#define MIRROR_SERVERS_MAX 16
#define MIRROR_ISSUERS_MAX 8
#define MIRROR_ACCEPTED_MAX 16

struct mirror_server {
	struct kube_apiserver at;
	struct kube_reply reply;
	struct trouble trouble;
};

/* Strings are borrowed. */
struct mirror {
	const char *out; /* the file */
	const char *issuers[MIRROR_ISSUERS_MAX];
	size_t n_issuers;
	struct mirror_server servers[MIRROR_SERVERS_MAX];
	size_t n_servers;
	const char *accepted[MIRROR_ACCEPTED_MAX]; /* kids that may go */
	size_t n_accepted;
	int64_t interval; /* seconds */
	int64_t keep;     /* likewise; -1: for ever */
	bool once;
	int64_t now; /* of a single round; a service reads the clock */

	bool stop;              /* a signal asks for it */
	struct trouble trouble; /* with the file */
	struct kube_summary summary;
	char status[200];
};

/* Whatever is wrong has been said when these return. */
enum ctl_exit mirror_once(struct mirror *m);
enum ctl_exit mirror_serve(struct mirror *m);

#endif
