/* SPDX-License-Identifier: MIT */
/*
 * Tokens are made to be looked at here and are sent nowhere.  Invariant: none
 * is in an error.
 */
#include "kube/token.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

int
kube_name_check(const char *name, struct error *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	size_t len = strlen(name);

	if (len == 0 || len > KUBE_NAME_MAX || strspn(name, allowed) != len ||
		strspn(name, "-.") > 0)
		return error_set(e, ERROR_INVALID,
			"\"%.64s\" is not a name as Kubernetes takes it", name);
	return 0;
}

static int
read_status(
	const struct remote_answer *a, struct kube_token *out, struct error *e)
{
	struct kube_token token = {0};
	const json_t *status, *spec;
	const char *expires;

	token.root = json_loadb(a->body, a->len, JSON_REJECT_DUPLICATES, NULL);
	status = json_object_get(token.root, "status");
	spec = json_object_get(token.root, "spec");
	token.text = json_string_value(json_object_get(status, "token"));
	token.audiences = json_object_get(spec, "audiences");
	expires = json_string_value(
		json_object_get(status, "expirationTimestamp"));
	if (token.text == NULL || expires == NULL ||
		!json_is_array(token.audiences) ||
		clock_parse(expires, &token.expires) != 0) {
		kube_token_release(&token);
		return error_set(e, ERROR_PARSE, "is not a TokenRequest");
	}
	*out = token;
	return 0;
}

int
kube_token_request(const struct kube_apiserver *server, const char *ns,
	const char *account, const char *audience, int64_t seconds,
	struct kube_token *out, struct error *e)
{
	struct buf path = BUF_INIT, json = BUF_INIT;
	struct remote_answer answer = {0};
	int rc = -1;

	buf_printf(&path, "/api/v1/namespaces/%s/serviceaccounts/%s/token", ns,
		account);
	buf_printf(&json,
		"{\"apiVersion\":\"authentication.k8s.io/v1\","
		"\"kind\":\"TokenRequest\",\"spec\":{\"expirationSeconds\":"
		"%lld",
		(long long)seconds);
	if (audience != NULL) {
		buf_puts(&json, ",\"audiences\":[");
		buf_json(&json, audience, strlen(audience));
		buf_putc(&json, ']');
	}
	buf_puts(&json, "}}");
	if (!buf_ok(&path) || !buf_ok(&json)) {
		error_nomem(e);
		goto out;
	}
	if (kube_post(server, path.data, json.data, KUBE_DOCUMENT_MAX, &answer,
		    e) != 0)
		goto out;
	rc = read_status(&answer, out, e);
	if (rc != 0)
		error_wrap(e, "%s%s", server->url, path.data);
	explicit_bzero(answer.body, answer.len);
out:
	remote_answer_release(&answer);
	buf_release(&path);
	buf_release(&json);
	return rc;
}

void
kube_token_release(struct kube_token *token)
{
	json_decref(token->root);
	*token = (struct kube_token){0};
}
