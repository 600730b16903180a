/* SPDX-License-Identifier: MIT */
/*
 * Each stage compares one more thing with what the stages before it saw.
 * Invariant: every stage leaves a finding, and tokens are made, read and
 * dropped here: none is printed or sent anywhere.
 */
#include "jwksctl/kube_check.h"

#include <stdlib.h>
#include <string.h>

#include "aws/token.h"
#include "jwksctl/text.h"
#include "key/jwk.h"
#include "kube/pods.h"
#include "kube/token.h"

#define TOKEN_SECONDS 600 /* the shortest that an API server gives */
#define AWS_AUDIENCE "sts.amazonaws.com"
/* Nobody takes a token for it. */
#define NO_AUDIENCE "jwksctl-kube-check.invalid"

struct look {
	const struct kube_check *check;
	struct findings *f;
	char *issuer;        /* as the first server says; NULL: unknown */
	struct key_set keys; /* of all servers */
	bool signed_by_ring; /* the keyring's active key signs */
};

static bool
has(const struct key_set *set, const struct key *key)
{
	const struct key *found = key_set_find(set, key->kid);

	return found != NULL && key_same(found, key);
}

/* --- the API servers' documents ----------------------------------------- */

static void
look_at_issuer(struct look *l)
{
	const struct kube_check *c = l->check;
	struct error e;
	size_t i;
	char *issuer;

	l->f->stage = "issuer";
	for (i = 0; i < c->n_servers; i++) {
		error_clear(&e);
		issuer = kube_read_issuer(&c->servers[i], &e);
		if (issuer == NULL)
			finding_add(l->f, AWS_FAILED,
				"let it answer, and be asked with a token "
				"that may read it",
				"%s", e.text);
		else if (l->issuer != NULL && strcmp(issuer, l->issuer) != 0)
			finding_add(l->f, AWS_FAILED,
				"give every API server the same first "
				"--service-account-issuer",
				"%s issues as %.200s, others as %.200s",
				c->servers[i].url, issuer, l->issuer);
		if (l->issuer == NULL)
			l->issuer = issuer;
		else
			free(issuer);
	}
	if (l->issuer == NULL)
		return;
	if (c->ring != NULL && strcmp(c->ring->issuer, l->issuer) != 0)
		finding_add(l->f, AWS_FAILED,
			"jwksctl apiserver-flags --old-issuer shows how to "
			"change it; or give the keyring of this cluster",
			"the cluster issues as %.200s, the keyring is for "
			"%.200s",
			l->issuer, c->ring->issuer);
	else
		finding_add(l->f, AWS_PASSED, "", "%s", l->issuer);
}

/* One server's keys into all, and what it lacks of the others'. */
static void
look_at_keys_of(struct look *l, const struct kube_apiserver *server)
{
	struct key_set keys = KEY_SET_INIT;
	struct error e = {0};
	int64_t date = 0;
	size_t i;

	if (kube_read_keys(server, &keys, &date, &e) != 0) {
		finding_add(l->f, AWS_FAILED,
			"let it show its keys, all of a kind that others take",
			"%s", e.text);
		goto out;
	}
	if (date != 0 && llabs(date - l->check->eye.now) > 60)
		finding_add(l->f, AWS_WARNED, "set both clocks by NTP",
			"%s: its clock is %lld seconds from ours", server->url,
			(long long)(date - l->check->eye.now));
	for (i = 0; i < l->keys.count; i++)
		if (!has(&keys, l->keys.keys[i]))
			finding_add(l->f, AWS_FAILED,
				"give every API server the same "
				"--service-account-key-file and restart it",
				"%s does not accept key %s, which others do",
				server->url, l->keys.keys[i]->kid);
	for (i = 0; l->keys.count > 0 && i < keys.count; i++)
		if (!has(&l->keys, keys.keys[i]))
			finding_add(l->f, AWS_FAILED,
				"give every API server the same "
				"--service-account-key-file and restart it",
				"key %s is accepted by %s only",
				keys.keys[i]->kid, server->url);
	if (key_set_merge(&l->keys, &keys, &e) != 0)
		finding_add(l->f, AWS_FAILED, "they are of two clusters",
			"%s: %s", server->url, e.text);
out:
	key_set_release(&keys);
}

static void
look_at_keys(struct look *l)
{
	size_t i;

	l->f->stage = "jwks";
	for (i = 0; i < l->check->n_servers; i++)
		look_at_keys_of(l, &l->check->servers[i]);
	if (l->keys.count > 0)
		finding_add(l->f, AWS_PASSED, "", "%zu key%s accepted",
			l->keys.count, l->keys.count == 1 ? "" : "s");
}

/* --- a fresh token ------------------------------------------------------ */

/* Who signed it, and is that the keyring's active key? */
static void
look_at_signer(struct look *l, const struct kube_apiserver *s, const char *kid)
{
	const struct keyring *ring = l->check->ring;
	const struct keyring_key *active;

	if (ring == NULL)
		return;
	active = keyring_active(ring, l->check->eye.now);
	l->signed_by_ring =
		active != NULL && strcmp(active->key->kid, kid) == 0;
	if (keyring_find(ring, kid) == NULL)
		finding_add(l->f, AWS_FAILED,
			"let the API servers sign with the keyring's "
			"apiserver/sa.key, or adopt their key: jwksctl init "
			"--adopt",
			"%s signs with %.64s, which the keyring does not know",
			s->url, kid);
	else if (!l->signed_by_ring)
		finding_add(l->f, AWS_FAILED,
			"restart every API server, so that it reads the "
			"keyring's apiserver/sa.key",
			"%s signs with %.64s, which is %s in the keyring",
			s->url, kid,
			keyring_state_name(keyring_state(
				keyring_find(ring, kid), l->check->eye.now)));
}

static void
look_at_token(struct look *l, const struct kube_apiserver *s,
	const struct kube_token *made)
{
	const char *kid, *iss, *todo = "";
	const struct key *key;
	struct aws_token token = {0};
	struct error e = {0};

	if (aws_token_parse(made->text, strlen(made->text), &token, &e) != 0) {
		finding_add(l->f, AWS_FAILED,
			"AWS takes RS256 to RS512 and ES256 to ES512", "%s: %s",
			s->url, e.text);
		return;
	}
	kid = aws_token_kid(&token);
	iss = aws_token_claim(&token, "iss");
	key = kid != NULL ? key_set_find(&l->keys, kid) : NULL;
	if (iss == NULL || l->issuer == NULL || strcmp(iss, l->issuer) != 0)
		finding_add(l->f, AWS_FAILED,
			"restart it with the same --service-account-issuer",
			"%s: a token's iss is %.200s, not %.200s", s->url,
			iss != NULL ? iss : "missing",
			l->issuer != NULL ? l->issuer : "known");
	if (key == NULL) {
		todo = "name the public half of the signing key in "
		       "--service-account-key-file as well";
		error_set(&e, ERROR_NOTFOUND,
			"the key %.64s that signed it is in no JWKS",
			kid != NULL ? kid : "without a name");
	} else if (aws_token_verify(&token, key, &e) != 0) {
		todo = "find out who answers at that address";
	}
	if (e.code != ERROR_NONE) {
		finding_add(l->f, AWS_FAILED, todo, "%s: %s", s->url, e.text);
	} else {
		finding_add(l->f, AWS_PASSED, "",
			"a fresh one is signed with %s (%s)", kid,
			key_alg_name(key->alg));
		look_at_signer(l, s, kid);
	}
	aws_token_release(&token);
}

/* The API server's own audiences are those of a token that asks for none. */
static void
look_at_audiences(struct look *l, const json_t *audiences)
{
	const json_t *one;
	size_t i;

	l->f->stage = "audiences";
	json_array_foreach(audiences, i, one)
	{
		if (json_is_string(one) &&
			strcmp(json_string_value(one), AWS_AUDIENCE) == 0) {
			finding_add(l->f, AWS_WARNED,
				"take it out of --api-audiences: pods get it "
				"in tokens of their own",
				"the API server takes tokens for " AWS_AUDIENCE
				" as its own, and puts it into all others");
			return;
		}
	}
	one = json_array_get(audiences, 0);
	finding_add(l->f, AWS_PASSED, "", "the API server's own: %.200s%s",
		json_is_string(one) ? json_string_value(one) : "none",
		json_array_size(audiences) > 1 ? " and more" : "");
}

static void
look_at_tokens(struct look *l)
{
	const struct kube_check *c = l->check;
	json_t *audiences = NULL;
	struct kube_token made;
	struct error e;
	size_t i;

	for (i = 0; i < c->n_servers; i++) {
		l->f->stage = "token";
		error_clear(&e);
		if (kube_token_request(&c->servers[i], c->ns, c->account, NULL,
			    TOKEN_SECONDS, &made, &e) != 0) {
			finding_add(l->f, AWS_FAILED,
				"allow create on serviceaccounts/token, or "
				"name a service account that is there: "
				"--service-account",
				"%s", e.text);
			continue;
		}
		look_at_token(l, &c->servers[i], &made);
		if (audiences == NULL)
			audiences = json_deep_copy(made.audiences);
		kube_token_release(&made);
	}
	if (audiences != NULL)
		look_at_audiences(l, audiences);
	json_decref(audiences);
}

/* --- flags --------------------------------------------------------------- */

static bool
flag_has(const json_t *pod, const char *name, const char *value)
{
	const char *found;
	size_t i;

	for (i = 0;; i++) {
		found = kube_pod_flag(pod, name, i);
		if (found == NULL || strcmp(found, value) == 0)
			return found != NULL;
	}
}

/* Does it read the keyring's own files, wherever they are mounted? */
static bool
flag_ends(const json_t *pod, const char *name, const char *end)
{
	const char *found;
	size_t i, len = strlen(end), n;

	for (i = 0;; i++) {
		found = kube_pod_flag(pod, name, i);
		if (found == NULL)
			return false;
		n = strlen(found);
		if (n >= len && strcmp(found + n - len, end) == 0)
			return true;
	}
}

static void
look_at_key_flags(struct look *l, const json_t *pod)
{
	static const struct {
		const char *flag, *file;
	} files[] = {
		{"service-account-key-file", "/apiserver/sa.pub"},
		{"service-account-signing-key-file", "/apiserver/sa.key"},
	};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		value = kube_pod_flag(pod, files[i].flag, 0);
		if (value == NULL ||
			flag_ends(pod, files[i].flag, files[i].file))
			continue;
		finding_add(l->f, AWS_WARNED,
			"point it at the keyring's file, or copy that there "
			"after each step: jwksctl apiserver-flags",
			"%s: --%s is %.200s, not the keyring's %s: a "
			"rotation does not reach it by itself",
			kube_pod_name(pod), files[i].flag, value,
			files[i].file + 1);
	}
}

static void
look_at_pod(struct look *l, const json_t *pod)
{
	const char *name = kube_pod_name(pod);

	if (kube_pod_flag(pod, "service-account-signing-endpoint", 0) != NULL)
		finding_add(l->f, AWS_SKIPPED, "",
			"%s: an external signer holds the keys", name);
	else if (l->check->ring != NULL)
		look_at_key_flags(l, pod);
	if (l->issuer != NULL &&
		!flag_has(pod, "service-account-issuer", l->issuer))
		finding_add(l->f, AWS_FAILED,
			"give every API server the same "
			"--service-account-issuer",
			"%s: --service-account-issuer is not %.200s", name,
			l->issuer);
	else
		finding_add(l->f, AWS_PASSED, "",
			"%s: --service-account-issuer agrees", name);
}

static void
look_at_flags(struct look *l)
{
	struct error e = {0};
	const json_t *pod;
	json_t *pods;
	size_t i;

	l->f->stage = "flags";
	pods = kube_read_apiserver_pods(&l->check->servers[0], &e);
	if (pods == NULL)
		finding_add(l->f, AWS_SKIPPED,
			"allow list on pods of kube-system", "%s", e.text);
	else if (json_array_size(pods) == 0)
		finding_add(l->f, AWS_SKIPPED, "",
			"no API server runs as a pod of kube-system: its "
			"flags cannot be seen");
	json_array_foreach(pods, i, pod) look_at_pod(l, pod);
	json_decref(pods);
}

/* --- the keyring ---------------------------------------------------------- */

/* Does the cluster give tokens that outlive what a rotation waits for? */
static void
look_at_lifetime(struct look *l)
{
	const struct kube_check *c = l->check;
	int64_t wait = c->ring->policy.token_lifetime, most;
	struct kube_token made;
	char text[TEXT_MAX];

	/* for nobody, so that a token of that life is good for nothing */
	if (kube_token_request(&c->servers[0], c->ns, c->account, NO_AUDIENCE,
		    wait + 3600, &made, NULL) != 0)
		return; /* the stage token has said why */
	most = made.expires - c->eye.now;
	kube_token_release(&made);
	text_duration(text, wait);
	if (most > wait + c->ring->policy.skew)
		finding_add(l->f, AWS_WARNED,
			"set --service-account-max-token-expiration to it; or "
			"raise it: jwksctl policy --token-lifetime",
			"the cluster gives tokens that live longer than the "
			"%s that a rotation waits",
			text);
	else
		finding_add(l->f, AWS_PASSED, "",
			"no token for others outlives %s", text);
}

static void
look_at_ring(struct look *l)
{
	const struct keyring *ring = l->check->ring;
	int64_t now = l->check->eye.now;
	size_t i, missing = 0;

	l->f->stage = "keyring";
	if (ring == NULL) {
		finding_add(l->f, AWS_SKIPPED, "", "no --keyring given");
		return;
	}
	for (i = 0; i < ring->count; i++) {
		if (!keyring_state_published(
			    keyring_state(&ring->keys[i], now)) ||
			has(&l->keys, ring->keys[i].key))
			continue;
		missing++;
		finding_add(l->f, AWS_FAILED,
			"restart every API server with the keyring's "
			"apiserver/sa.pub before the next step",
			"the API servers do not accept key %s, which is %s",
			ring->keys[i].key->kid,
			keyring_state_name(keyring_state(&ring->keys[i], now)));
	}
	for (i = 0; i < l->keys.count; i++)
		if (keyring_find(ring, l->keys.keys[i]->kid) == NULL)
			finding_add(l->f, AWS_WARNED,
				"find out whose it is; take its file out of "
				"--service-account-key-file when nobody needs "
				"it",
				"the API servers accept key %s, which the "
				"keyring does not know",
				l->keys.keys[i]->kid);
	if (missing == 0)
		finding_add(l->f, AWS_PASSED, "",
			"the API servers accept all its keys%s",
			l->signed_by_ring ? ", and sign with its active one"
					  : "");
	look_at_lifetime(l);
}

/* --- what is published ---------------------------------------------------- */

static int
read_published(struct look *l, struct key_set *keys, struct error *e)
{
	const struct aws_eye *eye = &l->check->eye;
	struct remote_answer answer = {0};
	struct aws_discovery d = {0};
	const char *issuer;
	int rc = -1;

	if (aws_discover(l->issuer, eye, &d, e) != 0)
		goto out;
	issuer = json_string_value(json_object_get(d.root, "issuer"));
	if (issuer == NULL || strcmp(issuer, l->issuer) != 0) {
		error_set(e, ERROR_CONFLICT, "the document there is of %.200s",
			issuer != NULL ? issuer : "no issuer");
		goto out;
	}
	if (aws_get(d.jwks_uri, eye, &answer, e) != 0)
		goto out;
	if (answer.status != 200)
		error_set(e, ERROR_NET, "%.200s: answers %u", d.jwks_uri,
			answer.status);
	else
		rc = key_jwk_parse(answer.body, answer.len, keys, e);
out:
	remote_answer_release(&answer);
	aws_discovery_release(&d);
	return rc;
}

/* Retired keys stay with the API servers longer than they are published. */
static bool
is_retired(const struct look *l, const struct key *key)
{
	const struct keyring_key *k =
		l->check->ring != NULL ? keyring_find(l->check->ring, key->kid)
				       : NULL;

	return k != NULL &&
	       !keyring_state_published(keyring_state(k, l->check->eye.now));
}

static void
compare_published(struct look *l, const struct key_set *published)
{
	const struct key *key;
	size_t i, missing = 0;

	for (i = 0; i < l->keys.count; i++) {
		key = l->keys.keys[i];
		if (has(published, key) || is_retired(l, key))
			continue;
		missing++;
		finding_add(l->f, AWS_FAILED,
			"publish it before it signs: a source of jwksd lacks "
			"it, or a cache in front is old",
			"key %s of the API servers is not published", key->kid);
	}
	for (i = 0; i < published->count; i++)
		if (!has(&l->keys, published->keys[i]))
			finding_add(l->f, AWS_WARNED,
				"restart the API servers if it is to sign; "
				"retire it if its tokens have expired",
				"key %s is published, and no API server "
				"accepts it",
				published->keys[i]->kid);
	if (missing == 0)
		finding_add(l->f, AWS_PASSED, "",
			"all keys that may sign are published");
}

static void
look_at_published(struct look *l)
{
	struct key_set published = KEY_SET_INIT;
	struct error e = {0};

	l->f->stage = "published";
	if (l->issuer == NULL)
		finding_add(l->f, AWS_SKIPPED, "", "no issuer is known");
	else if (read_published(l, &published, &e) != 0)
		finding_add(l->f, AWS_FAILED,
			"jwksctl doctor ISSUER says more of that server", "%s",
			e.text);
	else
		compare_published(l, &published);
	key_set_release(&published);
}

bool
kube_check(const struct kube_check *check, struct findings *out)
{
	struct look l = {.check = check, .f = out};
	bool asked;

	look_at_issuer(&l);
	look_at_keys(&l);
	asked = l.issuer != NULL || l.keys.count > 0;
	if (asked) {
		look_at_tokens(&l);
		look_at_flags(&l);
		look_at_ring(&l);
		look_at_published(&l);
	}
	free(l.issuer);
	key_set_release(&l.keys);
	return asked;
}
