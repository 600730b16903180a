/* SPDX-License-Identifier: MIT */
/*
 * A struct key is made in one place, of numbers that passed the rules, and its
 * bytes are made with it: spki, kid and jwk cannot disagree, and nobody has to
 * render or allocate anything when a document is put together.
 */
#include "key/key.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "base/base64url.h"
#include "key/internal.h"

#define KID_BYTES 32 /* SHA-256 */

const char *
key_type_name(enum key_type type)
{
	switch (type) {
	case KEY_RSA:
		return "RSA";
	case KEY_EC:
		return "EC";
	}
	return "unknown";
}

const char *
key_alg_name(enum key_alg alg)
{
	switch (alg) {
	case KEY_RS256:
		return "RS256";
	case KEY_RS384:
		return "RS384";
	case KEY_RS512:
		return "RS512";
	case KEY_ES256:
		return "ES256";
	case KEY_ES384:
		return "ES384";
	case KEY_ES512:
		return "ES512";
	}
	return "unknown";
}

/* Kubernetes' kid. */
static int
hash_kid(const struct buf *spki, char kid[BASE64URL_LEN(KID_BYTES) + 1],
	struct error *e)
{
	unsigned char digest[KID_BYTES];

	if (EVP_Digest(spki->data, spki->len, digest, NULL, EVP_sha256(),
		    NULL) != 1)
		return key_openssl_error(e, ERROR_NOMEM, "SHA-256");
	base64url_encode(kid, digest, sizeof(digest));
	return 0;
}

static int
check_kid(const char *kid, struct error *e)
{
	json_t *text;

	if (kid[0] == '\0')
		return error_set(e, ERROR_INVALID, "kid is empty");
	if (strlen(kid) > KEY_KID_MAX)
		return error_set(e, ERROR_LIMIT, "kid is longer than %d bytes",
			KEY_KID_MAX);
	text = json_string(kid); /* NULL when it is not UTF-8 */
	if (text == NULL)
		return error_set(e, ERROR_INVALID, "kid is not UTF-8");
	json_decref(text);
	return 0;
}

static void
append_number(struct buf *out, const char *name, const unsigned char *bytes,
	size_t len)
{
	buf_printf(out, ",\"%s\":\"", name);
	base64url_append(out, bytes, len);
	buf_putc(out, '"');
}

/* The order of members is that of go-jose's rawJSONWebKey. */
static void
render_jwk(struct buf *out, const struct key_numbers *numbers, enum key_alg alg,
	const char *kid)
{
	bool rsa = numbers->curve == NULL;

	buf_printf(out, "{\"use\":\"sig\",\"kty\":\"%s\",\"kid\":",
		key_type_name(rsa ? KEY_RSA : KEY_EC));
	buf_json(out, kid, strlen(kid));
	if (!rsa)
		buf_printf(out, ",\"crv\":\"%s\"", numbers->curve->name);
	buf_printf(out, ",\"alg\":\"%s\"", key_alg_name(alg));
	append_number(out, rsa ? "n" : "x", numbers->first, numbers->first_len);
	append_number(
		out, rsa ? "e" : "y", numbers->second, numbers->second_len);
	buf_putc(out, '}');
}

/* The struct and all it points to, in one block. */
static struct key *
pack(const struct key_numbers *numbers, enum key_alg alg,
	const struct buf *spki, const char *kid, const struct buf *jwk)
{
	size_t kid_size = strlen(kid) + 1;
	struct key *key =
		malloc(sizeof(*key) + spki->len + kid_size + jwk->len + 1);
	char *p;

	if (key == NULL)
		return NULL;
	p = (char *)(key + 1);
	key->type = numbers->curve == NULL ? KEY_RSA : KEY_EC;
	key->alg = alg;
	key->bits = numbers->bits;
	key->spki = memcpy(p, spki->data, spki->len);
	key->spki_len = spki->len;
	p += spki->len;
	key->kid = memcpy(p, kid, kid_size);
	p += kid_size;
	key->jwk = memcpy(p, jwk->data, jwk->len + 1);
	key->jwk_len = jwk->len;
	return key;
}

struct key *
key_from_numbers(const struct key_numbers *numbers, enum key_alg alg,
	const char *kid, struct error *e)
{
	char own[BASE64URL_LEN(KID_BYTES) + 1];
	struct buf spki = BUF_INIT, jwk = BUF_INIT;
	struct key *key = NULL;

	key_numbers_render(numbers, &spki);
	if (!buf_ok(&spki)) {
		error_nomem(e);
		goto out;
	}
	if (kid == NULL) {
		if (hash_kid(&spki, own, e) != 0)
			goto out;
		kid = own;
	} else if (check_kid(kid, e) != 0) {
		goto out;
	}
	render_jwk(&jwk, numbers, alg, kid);
	if (buf_ok(&jwk))
		key = pack(numbers, alg, &spki, kid, &jwk);
	if (key == NULL)
		error_nomem(e);
out:
	buf_release(&spki);
	buf_release(&jwk);
	return key;
}

struct key *
key_new(const unsigned char *spki, size_t len, const char *kid, struct error *e)
{
	struct key_numbers numbers;

	if (key_numbers_from_spki(&numbers, spki, len, e) != 0)
		return NULL;
	return key_from_numbers(&numbers, key_numbers_alg(&numbers), kid, e);
}

struct key *
key_copy(const struct key *key, struct error *e)
{
	size_t kid_size = strlen(key->kid) + 1;
	size_t rest = key->spki_len + kid_size + key->jwk_len + 1;
	struct key *copy = malloc(sizeof(*copy) + rest);
	char *p;

	if (copy == NULL) {
		error_nomem(e);
		return NULL;
	}
	*copy = *key;
	/* as pack() laid it out */
	p = memcpy(copy + 1, key + 1, rest);
	copy->spki = (const unsigned char *)p;
	copy->kid = p + key->spki_len;
	copy->jwk = copy->kid + kid_size;
	return copy;
}

bool
key_same(const struct key *a, const struct key *b)
{
	return a->spki_len == b->spki_len &&
	       memcmp(a->spki, b->spki, a->spki_len) == 0;
}

void
key_free(struct key *key)
{
	free(key);
}
