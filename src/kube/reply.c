/* SPDX-License-Identifier: MIT */
/*
 * The issuer is asked first: a server of another cluster, behind a name that
 * was given away or a load balancer that was set up wrong, must not have its
 * keys published as this cluster's.  Invariant: a reply that is not good has no
 * keys.
 */
#include "kube/reply.h"

#include <stdlib.h>
#include <string.h>

static int
check_issuer(const struct kube_apiserver *server, const char *const *issuers,
	size_t n_issuers, struct error *e)
{
	char *issuer = kube_read_issuer(server, e);
	size_t i;
	int rc = -1;

	if (issuer == NULL)
		return -1;
	for (i = 0; i < n_issuers && rc != 0; i++)
		if (strcmp(issuer, issuers[i]) == 0)
			rc = 0;
	if (rc != 0)
		error_set(e, ERROR_CONFLICT,
			"%s: its issuer is \"%.255s\", not %.255s; it is of "
			"another cluster, or --issuer is wrong",
			server->url, issuer, n_issuers > 0 ? issuers[0] : "");
	free(issuer);
	return rc;
}

int
kube_ask(const struct kube_apiserver *server, const char *const *issuers,
	size_t n_issuers, int64_t now, struct kube_reply *out, struct error *e)
{
	struct kube_reply got = {.url = server->url, .good = true};
	int64_t date = 0;

	if (check_issuer(server, issuers, n_issuers, e) != 0 ||
		kube_read_keys(server, &got.keys, &date, e) != 0) {
		key_set_release(&got.keys);
		return -1;
	}
	if (date != 0)
		got.apart = date - now;
	*out = got;
	return 0;
}

void
kube_reply_release(struct kube_reply *reply)
{
	key_set_release(&reply->keys);
	*reply = (struct kube_reply){0};
}
