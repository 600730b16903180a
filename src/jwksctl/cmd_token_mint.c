/* SPDX-License-Identifier: MIT */
/*
 * jwksctl token mint: a token shaped like a service account's, signed with the
 * keyring's active key, for trying out what trusts the issuer.  It is a real
 * token: whoever may read the private key can make any.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jwt.h>
#include <openssl/rand.h>

#include "base/file.h"
#include "jwksctl/text.h"
#include "jwksctl/view.h"
#include "keyring/private.h"

#define EXPIRES_DEFAULT 600
#define KEY_PATH "apiserver/sa.key"

struct mint {
	const char *issuer;
	const char *kid;
	char *namespace;
	const char *name;
	const char *audience;
	int64_t now;
	int64_t expires; /* seconds from now */
};

static jwt_alg_t
jwt_alg_of(enum key_alg alg)
{
	switch (alg) {
	case KEY_RS256:
		return JWT_ALG_RS256;
	case KEY_RS384:
		return JWT_ALG_RS384;
	case KEY_RS512:
		return JWT_ALG_RS512;
	case KEY_ES256:
		return JWT_ALG_ES256;
	case KEY_ES384:
		return JWT_ALG_ES384;
	case KEY_ES512:
		return JWT_ALG_ES512;
	}
	return JWT_ALG_NONE;
}

/* "NAMESPACE/NAME" in two; namespace is to be freed. */
static int
read_account(struct mint *m, const char *account, struct error *e)
{
	const char *slash = account != NULL ? strchr(account, '/') : NULL;

	if (slash == NULL || slash == account || slash[1] == '\0' ||
		strchr(slash + 1, '/') != NULL)
		return error_set(e, ERROR_INVALID,
			"--service-account NAMESPACE/NAME is needed");
	m->namespace = strndup(account, (size_t)(slash - account));
	if (m->namespace == NULL)
		return error_nomem(e);
	m->name = slash + 1;
	return 0;
}

/* RFC 9562 version 4, as kube-apiserver's jti is. */
static int
random_uuid(char text[37], struct error *e)
{
	unsigned char b[16];

	if (RAND_bytes(b, sizeof(b)) != 1)
		return error_set(e, ERROR_NOMEM, "no random bytes");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text, 37,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		"%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

/* The members and their names are kube-apiserver's (pkg/serviceaccount). */
static json_t *
make_claims(const struct mint *m, struct error *e)
{
	char jti[37], uid[37], subject[512];
	json_t *claims;

	if (random_uuid(jti, e) != 0 || random_uuid(uid, e) != 0)
		return NULL;
	if (snprintf(subject, sizeof(subject), "system:serviceaccount:%s:%s",
		    m->namespace, m->name) >= (int)sizeof(subject)) {
		error_set(e, ERROR_LIMIT, "the service account's name is long");
		return NULL;
	}
	claims = json_pack("{s:[s], s:I, s:I, s:s, s:s, s:{s:s, s:{s:s, s:s}}, "
			   "s:I, s:s}",
		"aud", m->audience, "exp", (json_int_t)(m->now + m->expires),
		"iat", (json_int_t)m->now, "iss", m->issuer, "jti", jti,
		"kubernetes.io", "namespace", m->namespace, "serviceaccount",
		"name", m->name, "uid", uid, "nbf", (json_int_t)m->now, "sub",
		subject);
	if (claims == NULL)
		error_set(e, ERROR_INVALID, "a name is not UTF-8");
	return claims;
}

/* libjwt copies the key and wipes its copy when the jwt is freed. */
static int
sign(const struct mint *m, enum key_alg alg, const struct file_bytes *key,
	struct error *e)
{
	json_t *claims = make_claims(m, e);
	char *text = NULL, *token = NULL;
	jwt_t *jwt = NULL;
	int rc = -1;

	if (claims == NULL)
		return -1;
	text = json_dumps(claims, JSON_COMPACT);
	if (text == NULL || jwt_new(&jwt) != 0) {
		error_nomem(e);
		goto out;
	}
	if (jwt_set_alg(jwt, jwt_alg_of(alg), (unsigned char *)key->data,
		    (int)key->len) != 0 ||
		jwt_add_header(jwt, "kid", m->kid) != 0 ||
		jwt_add_grants_json(jwt, text) != 0) {
		error_set(e, ERROR_INVALID, "libjwt does not take the claims");
		goto out;
	}
	token = jwt_encode_str(jwt);
	if (token == NULL) {
		error_set(e, ERROR_INVALID, "libjwt could not sign");
		goto out;
	}
	printf("%s\n", token);
	rc = 0;
out:
	free(token);
	jwt_free(jwt);
	free(text);
	json_decref(claims);
	return rc;
}

/* The signing key's file, which must be the active key: libjwt would sign with
 * whatever is in it. */
static int
read_key(const struct keyring_store *store, const struct key *active,
	struct file_bytes *file, struct error *e)
{
	int fd = keyring_store_fd(store), rc = -1;
	struct keyring_private *p;
	struct key *public = NULL;

	p = keyring_private_load(fd, KEY_PATH, e);
	if (p != NULL)
	public = keyring_private_public(p, e);
	if (public != NULL && strcmp(public->kid, active->kid) != 0)
		error_set(e, ERROR_CONFLICT,
			"is not the active key: `jwksctl rotate` puts it "
			"right");
	else if (public != NULL)
		rc = file_read(fd, KEY_PATH, KEYRING_PRIVATE_MAX, file, e);
	key_free(public);
	keyring_private_free(p);
	return rc == 0 ? 0
		       : error_wrap(e, "%s/%s", keyring_store_dir(store),
				 KEY_PATH);
}

static int
mint(struct ctl *ctl, struct mint *m, struct error *e)
{
	const struct keyring_key *active;
	struct keyring_store *store;
	struct keyring *ring = NULL;
	struct file_bytes file = {0};
	int rc = -1;

	store = keyring_store_open(ctl->dirs[0], e);
	if (store != NULL)
		ring = keyring_store_load(store, e);
	if (ring == NULL)
		goto out;
	active = keyring_active(ring, m->now);
	if (active == NULL) {
		error_set(e, ERROR_NOTFOUND, "no key is active");
		goto out;
	}
	if (read_key(store, active->key, &file, e) != 0)
		goto out;
	m->issuer = ring->issuer;
	m->kid = active->key->kid;
	rc = sign(m, active->key->alg, &file, e);
out:
	file_bytes_release(&file);
	keyring_free(ring);
	keyring_store_close(store);
	return rc;
}

enum ctl_exit
cmd_token_mint(struct ctl *ctl)
{
	struct mint m = {
		.audience = ctl_value(ctl, "audience"),
		.now = ctl->clock.now,
		.expires = EXPIRES_DEFAULT,
	};
	const char *expires = ctl_value(ctl, "expires");
	struct error e = {0};
	int rc;

	if (m.audience == NULL)
		m.audience = "sts.amazonaws.com";
	if (read_account(&m, ctl_value(ctl, "service-account"), &e) != 0 ||
		(expires != NULL &&
			text_duration_parse(expires, &m.expires, &e) != 0)) {
		free(m.namespace);
		return ctl_usage(&e, ctl->cmd);
	}
	rc = mint(ctl, &m, &e);
	free(m.namespace);
	return rc == 0 ? CTL_OK : ctl_fail(&e);
}
