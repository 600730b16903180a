/* SPDX-License-Identifier: MIT */
/*
 * jwksctl lint: what those who read a JWKS would make of it.  The set is looked
 * at as JSON and not only through key_parse(), because what is to be found
 * here is what key_parse() refuses as a whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "jwksctl/jwks.h"
#include "jwksctl/view.h"
#include "key/parse.h"

/* A reader of key sets: what it documents, or its code does. */
struct reader {
	const char *name;
	const char *algs;   /* with a blank on each side */
	size_t keys_max;    /* of one type; 0: no limit is known */
	size_t bytes_max;   /* likewise */
	bool stops;         /* a key that it does not know hides the next */
	const char *advice; /* when an algorithm is not taken */
};

static const struct reader readers[] = {
	{"AWS IAM", " RS256 RS384 RS512 ES256 ES384 ES512 ", 100, 0, false,
		"AWS takes RSA and P-256, P-384, P-521"},
	{"Google Cloud", " RS256 ES256 ", 0, 0, false,
		"workload identity federation takes RS256 and ES256"},
	{"Entra ID", " RS256 ", 100, 0, false, "Entra takes RS256 only"},
	{"Vault", " RS256 ", 0, 0, false,
		"set jwt_supported_algs, whose default is RS256"},
	{"MinIO", " RS256 RS384 RS512 ES256 ES384 ES512 ", 0, 0, true,
		"MinIO stops reading at such a key"},
	{"go-oidc", " RS256 RS384 RS512 ES256 ES384 ES512 ", 0, 0, false,
		"go-oidc passes over keys that it does not know"},
	{"Nimbus", " RS256 RS384 RS512 ES256 ES384 ES512 ", 0, 51200, false,
		"Nimbus passes over keys that it does not know"},
};

#define READERS (sizeof(readers) / sizeof(readers[0]))

/* What one key of the set is. */
struct entry {
	const char *kid;
	const char *kty;
	const char *alg; /* said, or what its type gives */
	bool sound;      /* its members are there and well formed */
};

struct lint {
	struct entry *entries;
	size_t count;
	size_t bytes;
	unsigned findings;
};

static const char *
text_member(json_t *key, const char *name)
{
	const char *value = json_string_value(json_object_get(key, name));

	return value != NULL ? value : "";
}

static bool
is_base64url(json_t *key, const char *name)
{
	const char *text = text_member(key, name);
	size_t len = strlen(text);
	unsigned char *bytes = malloc(len + 1);
	bool good = bytes != NULL && len > 0 &&
		    base64url_decode(bytes, text, len) > 0;

	free(bytes);
	return good;
}

static const char *
usual_alg(const char *kty, const char *crv)
{
	if (strcmp(kty, "RSA") == 0)
		return "RS256";
	if (strcmp(crv, "P-256") == 0)
		return "ES256";
	if (strcmp(crv, "P-384") == 0)
		return "ES384";
	if (strcmp(crv, "P-521") == 0)
		return "ES512";
	return "";
}

static struct entry
look_at(json_t *key)
{
	struct entry e = {.kid = text_member(key, "kid"),
		.kty = text_member(key, "kty"),
		.alg = text_member(key, "alg")};

	if (e.alg[0] == '\0')
		e.alg = usual_alg(e.kty, text_member(key, "crv"));
	if (strcmp(e.kty, "RSA") == 0)
		e.sound = is_base64url(key, "n") && is_base64url(key, "e");
	else if (strcmp(e.kty, "EC") == 0)
		e.sound = is_base64url(key, "x") && is_base64url(key, "y");
	e.sound = e.sound && e.kid[0] != '\0';
	return e;
}

static void
find(struct lint *l, const char *who, const char *what, const char *more)
{
	printf("%-13s %s: %s\n", who, what, more);
	l->findings++;
}

static bool
takes(const struct reader *r, const struct entry *e)
{
	char word[32];

	snprintf(word, sizeof(word), " %.16s ", e->alg);
	return e->sound && e->alg[0] != '\0' && strstr(r->algs, word) != NULL;
}

static size_t
count_type(const struct lint *l, const char *kty)
{
	size_t i, n = 0;

	for (i = 0; i < l->count; i++)
		n += strcmp(l->entries[i].kty, kty) == 0;
	return n;
}

static void
read_as(struct lint *l, const struct reader *r)
{
	size_t i, taken = 0;
	bool stopped = false;

	for (i = 0; i < l->count; i++) {
		if (takes(r, &l->entries[i]) && !stopped) {
			taken++;
			continue;
		}
		stopped = stopped || r->stops;
	}
	if (taken == l->count)
		printf("%-13s takes all %zu keys\n", r->name, taken);
	else {
		printf("%-13s takes %zu of %zu keys: %s\n", r->name, taken,
			l->count, r->advice);
		l->findings++;
	}
	if (r->bytes_max != 0 && l->bytes > r->bytes_max) {
		printf("%-13s reads %zu bytes, these are %zu\n", r->name,
			r->bytes_max, l->bytes);
		l->findings++;
	}
	if (r->keys_max != 0 && (count_type(l, "RSA") > r->keys_max ||
					count_type(l, "EC") > r->keys_max)) {
		printf("%-13s reads %zu keys of a type\n", r->name,
			r->keys_max);
		l->findings++;
	}
}

static void
look_at_keys(struct lint *l)
{
	const struct entry *e;
	size_t i;

	for (i = 0; i < l->count; i++) {
		e = &l->entries[i];
		if (e->kid[0] == '\0')
			find(l, "key", "without a kid",
				"no verifier can choose it");
		else if (!e->sound)
			find(l, "key", e->kid,
				"a member is missing or is not base64url "
				"without padding");
	}
}

static int
lint_set(struct lint *l, const char *bytes, size_t len, struct error *e)
{
	struct key_set set = KEY_SET_INIT;
	struct error refusal = {0};
	json_t *root, *keys;
	json_error_t why;
	int rc = -1;
	size_t i;

	root = json_loadb(bytes, len, 0, &why);
	keys = json_object_get(root, "keys");
	if (!json_is_array(keys)) {
		error_set(e, ERROR_PARSE, "is not a JWKS");
		goto out;
	}
	l->bytes = len;
	l->count = json_array_size(keys);
	l->entries = calloc(l->count + 1, sizeof(*l->entries));
	if (l->entries == NULL) {
		error_nomem(e);
		goto out;
	}
	for (i = 0; i < l->count; i++)
		l->entries[i] = look_at(json_array_get(keys, i));
	if (key_parse(bytes, len, &set, &refusal) != 0)
		find(l, "jwksd", "would refuse it", refusal.text);
	look_at_keys(l);
	for (i = 0; i < READERS; i++)
		read_as(l, &readers[i]);
	rc = 0;
out:
	key_set_release(&set);
	free(l->entries);
	json_decref(root);
	return rc;
}

enum ctl_exit
cmd_lint(struct ctl *ctl)
{
	const char *from = ctl->words[0];
	struct lint l = {0};
	struct error e = {0};
	size_t len = 0;
	char *bytes;
	int rc;

	bytes = jwks_read(from, &len, &e);
	if (bytes == NULL)
		return ctl_fail(&e);
	rc = lint_set(&l, bytes, len, &e);
	explicit_bzero(bytes, len);
	free(bytes);
	if (rc != 0) {
		error_wrap(&e, "%s", from);
		return ctl_fail(&e);
	}
	return l.findings > 0 ? CTL_FINDING : CTL_OK;
}
