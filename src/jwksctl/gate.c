/* SPDX-License-Identifier: MIT */
/*
 * The waits make a step safe if everybody did his part in time; the gates look
 * whether they did.  Invariant: no answer, or one that is not understood, is
 * never a yes.
 */
#include "jwksctl/gate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64url.h"
#include "base/file.h"
#include "key/parse.h"
#include "oidc/document.h"
#include "remote/remote.h"

#define TOKEN_MAX (64 * 1024)

static const char *const gates[] = {"url", "apiserver", "token"};

#define GATES (sizeof(gates) / sizeof(gates[0]))

static bool
waived(const struct ctl *ctl, const char *gate)
{
	const char *name = ctl_value(ctl, "waive");
	size_t i;

	for (i = 1; name != NULL; i++) {
		if (strcmp(name, gate) == 0)
			return true;
		name = ctl_value_at(ctl, "waive", i);
	}
	return false;
}

int
gate_waived(const struct ctl *ctl, char text[GATE_WAIVED_MAX], struct error *e)
{
	size_t i, g, used = 0;
	const char *name;

	name = ctl_value(ctl, "waive");
	for (i = 1; name != NULL; i++) {
		for (g = 0; g < GATES && strcmp(name, gates[g]) != 0; g++)
			;
		if (g == GATES)
			return error_set(e, ERROR_INVALID,
				"--waive %.32s: the gates are url, apiserver "
				"and token",
				name);
		name = ctl_value_at(ctl, "waive", i);
	}
	text[0] = '\0';
	for (g = 0; g < GATES; g++) {
		if (!waived(ctl, gates[g]))
			continue;
		used += (size_t)snprintf(text + used, GATE_WAIVED_MAX - used,
			"%s%s", used > 0 ? " " : "", gates[g]);
	}
	return 0;
}

/* The other side's clock is a second opinion on ours: a wait that is measured
 * with a clock that was set wrong at boot has not passed. */
static int
check_date(struct ctl *ctl, const struct keyring *ring,
	const struct remote_answer *answer, struct error *e)
{
	int64_t apart = answer->date - ctl->clock.now;

	if (answer->date == 0 || llabs(apart) <= ring->policy.skew + 60)
		return 0;
	return error_set(e, ERROR_CONFLICT,
		"its clock is %lld seconds from ours: which one is right?",
		(long long)apart);
}

/* Does the JWKS at the URL hold this very key, not only its kid? */
static int
check_jwks(struct ctl *ctl, const struct keyring *ring,
	const struct remote_request *request, const struct key *key,
	struct error *e)
{
	struct remote_answer answer = {0};
	struct key_set set = KEY_SET_INIT;
	const struct key *found;
	int rc = -1;

	if (remote_get(request, &answer, e) != 0)
		return -1;
	if (answer.status != 200) {
		error_set(e, ERROR_NET, "%s: answers %u", request->url,
			answer.status);
		goto out;
	}
	if (key_parse(answer.body, answer.len, &set, e) != 0) {
		error_wrap(e, "%s", request->url);
		goto out;
	}
	found = key_set_find(&set, key->kid);
	if (found == NULL || found->spki_len != key->spki_len ||
		memcmp(found->spki, key->spki, key->spki_len) != 0)
		error_set(e, ERROR_NOTFOUND, "%s: does not show key %s",
			request->url, key->kid);
	else if (check_date(ctl, ring, &answer, e) != 0)
		error_wrap(e, "%s", request->url);
	else
		rc = 0;
out:
	key_set_release(&set);
	remote_answer_release(&answer);
	return rc;
}

static int
check_public(struct ctl *ctl, const struct keyring *ring, const struct key *key,
	struct error *e)
{
	struct remote_request request = {
		.url = ctl_value(ctl, "url"),
		.ca_file = ctl_value(ctl, "ca"),
		.connect = ctl_value(ctl, "connect"),
	};
	struct buf url = BUF_INIT;
	int rc;

	if (request.url == NULL) {
		buf_puts(&url, ring->issuer);
		buf_puts(&url, oidc_kind_suffix(OIDC_JWKS));
		if (!buf_ok(&url)) {
			buf_release(&url);
			return error_nomem(e);
		}
		request.url = url.data;
	}
	rc = check_jwks(ctl, ring, &request, key, e);
	buf_release(&url);
	return rc;
}

/* A small secret file without its last newline. */
static int
read_token(const char *path, struct file_bytes *file, struct error *e)
{
	if (file_read(AT_FDCWD, path, TOKEN_MAX, file, e) != 0)
		return error_wrap(e, "%s", path);
	file->data[strcspn(file->data, "\r\n")] = '\0';
	return 0;
}

static int
check_apiserver(struct ctl *ctl, const struct keyring *ring, const char *server,
	const struct key *key, const char *bearer, struct error *e)
{
	struct remote_request request = {
		.ca_file = ctl_value(ctl, "ca"),
		.bearer = bearer,
	};
	struct buf url = BUF_INIT;
	int rc;

	buf_puts(&url, server);
	buf_puts(&url, oidc_kind_suffix(OIDC_JWKS));
	if (!buf_ok(&url)) {
		buf_release(&url);
		return error_nomem(e);
	}
	request.url = url.data;
	rc = check_jwks(ctl, ring, &request, key, e);
	buf_release(&url);
	return rc;
}

static int
check_apiservers(struct ctl *ctl, const struct keyring *ring,
	const struct key *key, struct error *e)
{
	const char *bearer = ctl_value(ctl, "bearer"), *server;
	struct file_bytes file = {0};
	int rc = 0;
	size_t i;

	if (bearer != NULL && read_token(bearer, &file, e) != 0)
		return -1;
	for (i = 0; rc == 0; i++) {
		server = ctl_value_at(ctl, "apiserver", i);
		if (server == NULL)
			break;
		rc = check_apiserver(ctl, ring, server, key, file.data, e);
	}
	file_bytes_release(&file);
	return rc;
}

/* The kid in the header of a compact JWS; a string to be freed. */
static char *
token_kid(const char *token, struct error *e)
{
	size_t len = strcspn(token, ".");
	char *header = malloc(len + 1), *kid = NULL;
	json_t *root = NULL;
	const char *value;
	ssize_t n = -1;

	if (header != NULL)
		n = base64url_decode(header, token, len);
	if (n >= 0)
		root = json_loadb(header, (size_t)n, 0, NULL);
	value = json_string_value(json_object_get(root, "kid"));
	if (value == NULL)
		error_set(e, ERROR_PARSE, "is not a token with a kid");
	else
		kid = strdup(value);
	json_decref(root);
	free(header);
	return kid;
}

static int
check_token(const char *path, const struct key *key, struct error *e)
{
	struct file_bytes file = {0};
	char *kid = NULL;
	int rc = -1;

	if (read_token(path, &file, e) != 0)
		return -1;
	kid = token_kid(file.data, e);
	if (kid == NULL)
		error_wrap(e, "%s", path);
	else if (strcmp(kid, key->kid) != 0)
		error_set(e, ERROR_CONFLICT,
			"%s: was signed with %.64s, not with %s: has every API "
			"server restarted?",
			path, kid, key->kid);
	else
		rc = 0;
	free(kid);
	file_bytes_release(&file);
	return rc;
}

static int
shut(const char *gate, const struct error *why, struct error *e)
{
	return error_set(e, why->code,
		"gate %s: %.350s; to go on without it: --waive %s", gate,
		why->text, gate);
}

int
gate_check(struct ctl *ctl, const struct keyring *ring, enum keyring_step step,
	const struct keyring_key *key, struct error *e)
{
	const char *token = ctl_value(ctl, "token");
	struct error why = {0};

	if (step == KEYRING_RETIRE)
		key = keyring_active(ring, ctl->clock.now);
	if (key == NULL)
		return error_set(e, ERROR_CONFLICT, "no key is active");
	if (!waived(ctl, "url") && check_public(ctl, ring, key->key, &why) != 0)
		return shut("url", &why, e);
	if (!waived(ctl, "apiserver") &&
		check_apiservers(ctl, ring, key->key, &why) != 0)
		return shut("apiserver", &why, e);
	if (step == KEYRING_RETIRE && token != NULL && !waived(ctl, "token") &&
		check_token(token, key->key, &why) != 0)
		return shut("token", &why, e);
	return 0;
}
