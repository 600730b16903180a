/* SPDX-License-Identifier: MIT */
/*
 * What one API server answered when a mirror asked it: the keys of its JWKS,
 * if it is a server of the cluster that is expected, and how far its clock is
 * from ours.
 */
#ifndef KUBE_REPLY_H
#define KUBE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "key/key.h"
#include "kube/apiserver.h"

struct kube_reply {
	const char *url; /* the server's, borrowed */
	bool good;       /* else there are no keys */
	struct key_set keys;
	int64_t apart; /* seconds that its clock is ahead of ours; 0 when it
			* does not say */
};

/* Ask at the moment `now`.  The issuer of its discovery document has to be one
 * of these, byte for byte; CONFLICT when it is not. */
int kube_ask(const struct kube_apiserver *server, const char *const *issuers,
	size_t n_issuers, int64_t now, struct kube_reply *out, struct error *e)
	__attribute__((warn_unused_result));
void kube_reply_release(struct kube_reply *reply);

#endif
