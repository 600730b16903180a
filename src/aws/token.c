/* SPDX-License-Identifier: MIT */
/*
 * libjwt 1.10 decodes leniently and knows no JWKS, so it cannot tell what STS
 * would say.  Invariant: the algorithm is the key's, never only the token's
 * word for it.
 */
#include "aws/token.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "aws/json.h"
#include "base/base64url.h"

#define ALGS 6
#define ECDSA_WIDTH_MAX 66

static int
not_jwt(struct error *e, const char *what)
{
	return error_set(e, ERROR_PARSE, "not a JWT: %s", what);
}

/* The bytes of one base64url part, with a NUL behind them. */
static unsigned char *
decode(const char *text, size_t len, size_t *out_len)
{
	unsigned char *bytes = malloc(len + 1);
	ssize_t n;

	if (bytes == NULL)
		return NULL;
	n = base64url_decode(bytes, text, len);
	if (n < 0) {
		free(bytes);
		return NULL;
	}
	bytes[n] = '\0';
	*out_len = (size_t)n;
	return bytes;
}

static json_t *
decode_object(const char *text, size_t len, const char *what, struct error *e)
{
	size_t n = 0;
	unsigned char *bytes = decode(text, len, &n);
	struct error why = {0};
	json_t *root = NULL;

	if (bytes == NULL)
		error_set(e, ERROR_PARSE, "not a JWT: its %s is not base64url",
			what);
	else
		root = aws_json_parse((const char *)bytes, n, &why);
	free(bytes);
	if (root == NULL)
		error_set(e, ERROR_PARSE, "not a JWT: its %s is %s", what,
			why.text);
	else if (!json_is_object(root)) {
		json_decref(root);
		root = NULL;
		error_set(e, ERROR_PARSE,
			"not a JWT: its %s is not a JSON object", what);
	}
	return root;
}

static int
read_alg(struct aws_token *t, struct error *e)
{
	const char *name = json_string_value(json_object_get(t->header, "alg"));
	int i;

	if (name == NULL)
		return not_jwt(e, "its header has no alg");
	if (json_object_get(t->header, "crit") != NULL)
		return error_set(e, ERROR_INVALID,
			"its header demands extensions (crit)");
	for (i = 0; i < ALGS; i++)
		if (strcmp(name, key_alg_name((enum key_alg)i)) == 0) {
			t->alg = (enum key_alg)i;
			return 0;
		}
	return error_set(e, ERROR_INVALID,
		"alg is %.16s; STS takes RS256, RS384, RS512, ES256, ES384 and "
		"ES512",
		name);
}

int
aws_token_parse(
	const char *text, size_t len, struct aws_token *out, struct error *e)
{
	struct aws_token t = {.text = text};
	const char *first = memchr(text, '.', len), *second = NULL;
	int rc = -1;

	if (first != NULL)
		second = memchr(
			first + 1, '.', len - (size_t)(first + 1 - text));
	if (second == NULL ||
		memchr(second + 1, '.', len - (size_t)(second + 1 - text)) !=
			NULL)
		return not_jwt(e, "it has not three parts");
	t.signed_len = (size_t)(second - text);
	t.header = decode_object(text, (size_t)(first - text), "header", e);
	if (t.header == NULL)
		goto out;
	t.claims = decode_object(
		first + 1, (size_t)(second - first - 1), "payload", e);
	if (t.claims == NULL)
		goto out;
	t.signature =
		decode(second + 1, len - t.signed_len - 1, &t.signature_len);
	if (t.signature == NULL || t.signature_len == 0) {
		not_jwt(e, "its signature is not base64url");
		goto out;
	}
	if (read_alg(&t, e) != 0)
		goto out;
	*out = t;
	t = (struct aws_token){0}; /* given to the caller */
	rc = 0;
out:
	aws_token_release(&t);
	return rc;
}

void
aws_token_release(struct aws_token *token)
{
	json_decref(token->header);
	json_decref(token->claims);
	free(token->signature);
	*token = (struct aws_token){0};
}

const char *
aws_token_kid(const struct aws_token *token)
{
	return json_string_value(json_object_get(token->header, "kid"));
}

const char *
aws_token_claim(const struct aws_token *token, const char *name)
{
	return json_string_value(json_object_get(token->claims, name));
}

const json_t *
aws_token_audiences(const struct aws_token *token)
{
	const json_t *azp = json_object_get(token->claims, "azp");

	return json_is_string(azp) ? azp
				   : json_object_get(token->claims, "aud");
}

int
aws_token_moment(const struct aws_token *token, const char *name, int64_t *when,
	struct error *e)
{
	const json_t *value = json_object_get(token->claims, name);

	if (value == NULL)
		return error_set(e, ERROR_NOTFOUND, "it has no %s", name);
	if (!json_is_integer(value))
		return error_set(
			e, ERROR_INVALID, "its %s is not a whole number", name);
	*when = json_integer_value(value);
	return 0;
}

static const EVP_MD *
digest_of(enum key_alg alg)
{
	switch (alg) {
	case KEY_RS256:
	case KEY_ES256:
		return EVP_sha256();
	case KEY_RS384:
	case KEY_ES384:
		return EVP_sha384();
	case KEY_RS512:
	case KEY_ES512:
		return EVP_sha512();
	}
	return NULL;
}

/* R || S, each as wide as the field, into DER.  RFC 7518 section 3.4. */
static unsigned char *
ecdsa_der(const struct aws_token *t, unsigned bits, size_t *len)
{
	size_t width = (bits + 7) / 8;
	unsigned char *der = NULL;
	ECDSA_SIG *sig = NULL;
	BIGNUM *r = NULL, *s = NULL;
	int n = -1;

	if (t->signature_len != 2 * width || width > ECDSA_WIDTH_MAX)
		return NULL;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(t->signature, (int)width, NULL);
	s = BN_bin2bn(t->signature + width, (int)width, NULL);
	if (sig != NULL && r != NULL && s != NULL &&
		ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* the signature's */
		n = i2d_ECDSA_SIG(sig, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	if (n <= 0)
		return NULL;
	*len = (size_t)n;
	return der;
}

static bool
verify(const struct aws_token *t, EVP_PKEY *pkey, const unsigned char *sig,
	size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	good = ctx != NULL &&
	       EVP_DigestVerifyInit(ctx, NULL, digest_of(t->alg), NULL, pkey) ==
		       1 &&
	       EVP_DigestVerify(ctx, sig, sig_len,
		       (const unsigned char *)t->text, t->signed_len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

int
aws_token_verify(
	const struct aws_token *token, const struct key *key, struct error *e)
{
	const unsigned char *p = key->spki, *sig = token->signature;
	size_t sig_len = token->signature_len;
	unsigned char *der = NULL;
	EVP_PKEY *pkey = NULL;
	bool good;

	if (token->alg != key->alg)
		return error_set(e, ERROR_DENIED,
			"it says %s, but key %.64s is for %s",
			key_alg_name(token->alg), key->kid,
			key_alg_name(key->alg));
	pkey = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	if (key->type == KEY_EC)
		sig = der = ecdsa_der(token, key->bits, &sig_len);
	good = pkey != NULL && sig != NULL && verify(token, pkey, sig, sig_len);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	if (good)
		return 0;
	return error_set(
		e, ERROR_DENIED, "its signature is not by key %.64s", key->kid);
}
