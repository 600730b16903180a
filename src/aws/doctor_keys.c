/* SPDX-License-Identifier: MIT */
/*
 * The JWKS, and whether it is the one that the keyring and the API servers
 * think it is.  Keys are read one by one, so that a finding can say which one
 * is bad and the good ones serve the stages behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/internal.h"
#include "aws/json.h"
#include "key/jwk.h"

#define SLOW_MS 500
#define NIMBUS_BYTES (50 * 1024)
#define MANY_KEYS 10

/* An entry that verifiers pass over: another type or another use. */
static bool
is_passed_over(struct doctor *d, const json_t *jwk, size_t i)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const char *use = json_string_value(json_object_get(jwk, "use"));

	if (kty != NULL && strcmp(kty, "OKP") != 0 && strcmp(kty, "AKP") != 0 &&
		(use == NULL || strcmp(use, "enc") != 0))
		return false;
	if (kty == NULL)
		return false;
	doctor_warn(d, "keep keys for others out of this JWKS",
		"key %zu is of a kind that STS does not use (kty %.16s, use "
		"%.16s)",
		i + 1, kty, use != NULL ? use : "missing");
	return true;
}

static void
tell_bad_key(struct doctor *d, size_t i, const struct error *e)
{
	if (e->code == ERROR_DENIED)
		doctor_fail(d, AWS_STS_OK,
			"take the file off the server at once and rotate: who "
			"has read it can sign as any service account",
			"key %zu is published with its private half", i + 1);
	else
		doctor_fail(d, AWS_STS_NO_KEY,
			"publish keys that STS takes: RSA of 2048 bits or more "
			"or P-256, P-384, P-521; each kid once",
			"key %zu: %s", i + 1, e->text);
}

/* One entry of the set; 0 when it is good or passed over. */
static int
read_key(struct doctor *d, const json_t *jwk, size_t i)
{
	const char *kid = json_string_value(json_object_get(jwk, "kid"));
	char *text = json_dumps(jwk, JSON_COMPACT | JSON_ENCODE_ANY);
	struct key_set one = KEY_SET_INIT;
	struct error e = {0};
	int rc = -1;

	if (text == NULL) {
		error_nomem(&e);
		goto out;
	}
	/* first, for it refuses private parts whatever the type */
	rc = key_jwk_parse(text, strlen(text), &one, &e);
	if (rc != 0 && e.code != ERROR_DENIED && is_passed_over(d, jwk, i)) {
		rc = 0;
		goto out;
	}
	if (rc == 0 && kid == NULL)
		rc = error_set(&e, ERROR_INVALID,
			"it has no kid, and STS finds keys by kid");
	if (rc == 0 && kid[0] == '\0')
		goto out; /* for tokens of before Kubernetes 1.16 */
	if (rc == 0)
		rc = key_set_merge(&d->keys, &one, &e);
out:
	if (rc != 0)
		tell_bad_key(d, i, &e);
	key_set_release(&one);
	free(text);
	return rc;
}

static bool
read_keys(struct doctor *d, const json_t *keys)
{
	const json_t *jwk;
	bool good = true;
	size_t i;

	json_array_foreach(keys, i, jwk)
	{
		if (i > 2 * KEY_SET_MAX) {
			doctor_fail(d, AWS_STS_NO_KEY,
				"publish the keys of one cluster only",
				"%zu keys; STS takes %d of a type",
				json_array_size(keys), KEY_SET_MAX);
			return false;
		}
		if (read_key(d, jwk, i) != 0)
			good = false;
		if (!good && i > MANY_KEYS)
			return false; /* one finding would do */
	}
	return good;
}

static bool
read_set(struct doctor *d, const struct remote_answer *a)
{
	struct error e = {0};
	json_t *root = NULL;
	const json_t *keys;
	bool good = false;

	if (a->encoding != NULL && strcmp(a->encoding, "identity") != 0)
		error_set(&e, ERROR_PARSE,
			"it is sent with Content-Encoding %.32s, which nobody "
			"asked for",
			a->encoding);
	else
		root = aws_json_parse(a->body, a->len, &e);
	keys = json_object_get(root, "keys");
	if (root == NULL || !json_is_array(keys)) {
		doctor_fail(d, AWS_STS_NO_KEY, "serve the JWKS there",
			"%.200s: %s", d->discovery.jwks_uri,
			root == NULL ? e.text : "no array of keys in it");
		goto out;
	}
	good = read_keys(d, keys);
	d->keys_known = true;
	if (good && d->keys.count == 0) {
		doctor_fail(d, AWS_STS_NO_KEY, "publish the cluster's keys",
			"no key in the JWKS that STS could use");
		good = false;
	}
out:
	json_decref(root);
	return good;
}

static bool
fetch(struct doctor *d, struct remote_answer *a)
{
	struct error e = {0};

	if (aws_get(d->discovery.jwks_uri, &d->patient->eye, a, &e) != 0) {
		doctor_fail(d, AWS_STS_NO_KEY,
			"let jwks_uri lead to the JWKS, from outside too", "%s",
			e.text);
		return false;
	}
	if (a->status == 200)
		return true;
	doctor_fail(d, AWS_STS_NO_KEY,
		"serve the JWKS there: status 200, no redirect",
		"%.200s answers %u%s%.200s", d->discovery.jwks_uri, a->status,
		a->location != NULL ? ", a redirect to " : "",
		a->location != NULL ? a->location : "");
	return false;
}

/* Another host than the issuer's is looked at like that one. */
static bool
look_at_host(struct doctor *d)
{
	struct aws_tls tls = {0};
	struct aws_site site;

	if (aws_site_parse(d->discovery.jwks_uri, &site, NULL) != 0)
		return false;
	if (strcmp(site.host, d->site.host) == 0 &&
		strcmp(site.port, d->site.port) == 0)
		return true;
	if ((d->patient->eye.connect == NULL && !doctor_lookup(d, &site)) ||
		!doctor_chain(d, &site, &tls)) {
		aws_tls_release(&tls);
		return false;
	}
	/* IAM's thumbprint is this host's */
	aws_tls_release(&d->tls);
	d->tls = tls;
	return true;
}

static void
check_transport(struct doctor *d, const struct remote_answer *a)
{
	unsigned both = a->elapsed_ms + d->discovery.answer.elapsed_ms;

	if (a->elapsed_ms > SLOW_MS || both > REMOTE_TIMEOUT_MS)
		doctor_warn(d, "let it answer faster",
			"the JWKS took %u ms; STS waits 5 s for everything "
			"and others %d ms",
			a->elapsed_ms, SLOW_MS);
	if (a->len > NIMBUS_BYTES)
		doctor_warn(d, "publish fewer keys",
			"the JWKS has %zu bytes; some verifiers read %d",
			a->len, NIMBUS_BYTES);
	if (d->keys.count > MANY_KEYS)
		doctor_warn(d, "retire keys that no longer sign",
			"%zu keys; AWS names many keys as a cause of failures",
			d->keys.count);
}

void
doctor_jwks(struct doctor *d)
{
	struct remote_answer a = {0};

	if (d->discovery.jwks_uri == NULL ||
		doctor_failed(d, AWS_STAGE_DISCOVERY)) {
		doctor_say(d, AWS_SKIPPED, "no jwks_uri to follow");
		return;
	}
	if (look_at_host(d) && fetch(d, &a) && read_set(d, &a)) {
		check_transport(d, &a);
		doctor_say(d, AWS_PASSED, "%zu key%s, %zu bytes in %u ms",
			d->keys.count, d->keys.count == 1 ? "" : "s", a.len,
			a.elapsed_ms);
	}
	remote_answer_release(&a);
}

/* Are all of these in the JWKS, under the same kid? */
static const struct key *
find_missing(const struct doctor *d, const struct key_set *expected)
{
	const struct key *key, *found;
	size_t i;

	for (i = 0; i < expected->count; i++) {
		key = expected->keys[i];
		found = key_set_find(&d->keys, key->kid);
		if (found == NULL || found->spki_len != key->spki_len ||
			memcmp(found->spki, key->spki, key->spki_len) != 0)
			return key;
	}
	return NULL;
}

static void
compare(struct doctor *d, const struct key_set *expected, const char *whose,
	const char *todo)
{
	const struct key *missing = find_missing(d, expected);
	size_t i;

	if (missing != NULL) {
		doctor_fail(d, AWS_STS_NO_KEY, todo,
			"the JWKS lacks key %.64s of %s", missing->kid, whose);
		return;
	}
	for (i = 0; i < d->keys.count; i++)
		if (key_set_find(expected, d->keys.keys[i]->kid) == NULL)
			doctor_warn(d, "find out whose it is, or retire it",
				"the JWKS has key %.64s, which is none of %s",
				d->keys.keys[i]->kid, whose);
	doctor_say(d, AWS_PASSED, "all %zu keys of %s are in the JWKS",
		expected->count, whose);
}

void
doctor_keyring(struct doctor *d)
{
	const struct aws_patient *p = d->patient;

	if (p->ring == NULL)
		doctor_say(d, AWS_SKIPPED, "no --keyring given");
	else if (strcmp(p->ring_issuer, p->issuer) != 0)
		doctor_fail(d, AWS_STS_NO_KEY,
			"give the keyring of this issuer, or this keyring's "
			"issuer",
			"the keyring is for %.200s", p->ring_issuer);
	else if (!d->keys_known)
		doctor_say(d, AWS_SKIPPED, "no JWKS to compare with");
	else
		compare(d, p->ring, "the keyring",
			"let jwksd publish this keyring: look at its log and "
			"status page, and at caches in between");
}

void
doctor_apiserver(struct doctor *d)
{
	const struct aws_patient *p = d->patient;

	if (p->apiserver_problem != NULL)
		doctor_fail(d, AWS_STS_OK,
			"save what `kubectl get --raw /openid/v1/jwks` prints "
			"and give that file to --apiserver",
			"%s", p->apiserver_problem);
	else if (p->apiserver == NULL)
		doctor_say(d, AWS_SKIPPED, "no --apiserver given");
	else if (!d->keys_known)
		doctor_say(d, AWS_SKIPPED, "no JWKS to compare with");
	else
		compare(d, p->apiserver, "the API server",
			"publish the API server's keys: its tokens are signed "
			"with one of them");
}
