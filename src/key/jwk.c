/* SPDX-License-Identifier: MIT */
/*
 * The text is gone over once before the JSON parser sees it: how deep it is
 * nested, because jansson recurses, and whether any object has a member that
 * only private keys have.  So a private JWK is refused before any copy of it is
 * made, wherever in the document it stands.  For that to be complete, member
 * names are looked at as they are written and may hold no escapes.
 */
#include "key/jwk.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "base/base64url.h"
#include "key/internal.h"

/* Bytes of a decoded n, x or y; larger ones are refused unseen. */
#define NUMBER_MAX 4096

/* RFC 7518 sections 6.2.2, 6.3.2 and 6.4. */
static const char *const private_members[] = {
	"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

static int
refuse_private(struct error *e, const char *what)
{
	return error_set(e, ERROR_DENIED,
		"this is a private key (a JWK with %s); only the public "
		"members belong here",
		what);
}

static int
check_name(const char *name, size_t len, struct error *e)
{
	size_t i;

	if (memchr(name, '\\', len) != NULL)
		return error_set(e, ERROR_INVALID,
			"JSON member name with an escape; write it plainly");
	for (i = 0; i < sizeof(private_members) / sizeof(*private_members); i++)
		if (strlen(private_members[i]) == len &&
			memcmp(private_members[i], name, len) == 0)
			return refuse_private(e, private_members[i]);
	return 0;
}

/* The closing quote of the string that begins at text[at], or len. */
static size_t
string_end(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] != '"')
		at += text[at] == '\\' ? 2 : 1;
	return at < len ? at : len;
}

/* Is the string that ends before text[at] a member's name? */
static bool
is_name(const char *text, size_t len, size_t at)
{
	return at < len && text[at + strspn(text + at, " \t\r\n")] == ':';
}

static int
check_text(const char *text, size_t len, struct error *e)
{
	size_t i, end;
	unsigned depth = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == '{' || text[i] == '[')
			depth++;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
		if (depth > KEY_JSON_DEPTH_MAX)
			return error_set(e, ERROR_LIMIT,
				"JSON is nested deeper than %d",
				KEY_JSON_DEPTH_MAX);
		if (text[i] != '"')
			continue;
		end = string_end(text, len, i + 1);
		if (is_name(text, len, end + 1) &&
			check_name(text + i + 1, end - i - 1, e) != 0)
			return -1;
		i = end;
	}
	return 0;
}

/* jansson's own words quote the text, so they are not used. */
static json_t *
load(const char *text, size_t len, struct error *e)
{
	json_error_t problem;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);

	if (root != NULL)
		return root;
	switch (json_error_code(&problem)) {
	case json_error_unknown: /* jansson's words when it has no memory */
	case json_error_out_of_memory:
		error_nomem(e);
		break;
	case json_error_duplicate_key:
		error_set(e, ERROR_INVALID,
			"line %d: a JSON member stands twice in its object",
			problem.line);
		break;
	case json_error_premature_end_of_input:
		error_set(e, ERROR_PARSE, "JSON is cut short");
		break;
	case json_error_invalid_utf8:
		error_set(e, ERROR_PARSE, "JSON is not UTF-8");
		break;
	default:
		error_set(e, ERROR_PARSE, "not valid JSON at line %d column %d",
			problem.line, problem.column);
	}
	return NULL;
}

/* The text of a member: *value is NULL when there is no such member. */
static int
text_member(const json_t *jwk, const char *name, const char **value,
	struct error *e)
{
	const json_t *member = json_object_get(jwk, name);

	if (member != NULL && !json_is_string(member))
		return error_set(
			e, ERROR_INVALID, "member %s is not a string", name);
	*value = json_string_value(member);
	return 0;
}

/* The bytes of a member that must be there. */
static int
number_member(const json_t *jwk, const char *name,
	unsigned char bytes[NUMBER_MAX], size_t *len, struct error *e)
{
	const char *text = NULL;
	ssize_t n;

	if (text_member(jwk, name, &text, e) != 0)
		return -1;
	if (text == NULL)
		return error_set(
			e, ERROR_INVALID, "member %s is missing", name);
	if (strlen(text) > BASE64URL_LEN(NUMBER_MAX))
		return error_set(e, ERROR_LIMIT, "member %s is too long", name);
	n = base64url_decode(bytes, text, strlen(text));
	if (n < 0)
		return error_set(e, ERROR_PARSE,
			"member %s is not base64url without padding", name);
	*len = (size_t)n;
	return 0;
}

static int
read_rsa(const json_t *jwk, struct key_numbers *numbers, struct error *e)
{
	unsigned char n[NUMBER_MAX], exponent[NUMBER_MAX];
	size_t n_len, exponent_len;

	if (number_member(jwk, "n", n, &n_len, e) != 0 ||
		number_member(jwk, "e", exponent, &exponent_len, e) != 0)
		return -1;
	return key_numbers_rsa(numbers, n, n_len, exponent, exponent_len, e);
}

static int
read_ec(const json_t *jwk, struct key_numbers *numbers, struct error *e)
{
	unsigned char x[NUMBER_MAX], y[NUMBER_MAX];
	unsigned char point[1 + 2 * KEY_COORDINATE_MAX] = {4};
	const struct key_curve *curve;
	const char *crv = NULL;
	size_t x_len, y_len;

	if (text_member(jwk, "crv", &crv, e) != 0)
		return -1;
	if (crv == NULL)
		return error_set(e, ERROR_INVALID, "member crv is missing");
	curve = key_curve_find(crv);
	if (curve == NULL)
		return error_set(e, ERROR_INVALID,
			"crv is %s; only P-256, P-384 and P-521 are taken",
			key_show(crv, strlen(crv)).text);
	if (number_member(jwk, "x", x, &x_len, e) != 0 ||
		number_member(jwk, "y", y, &y_len, e) != 0)
		return -1;
	if (x_len != curve->width || y_len != curve->width)
		return error_set(e, ERROR_INVALID,
			"x and y have %zu and %zu bytes; %s has %zu", x_len,
			y_len, curve->name, curve->width);
	memcpy(point + 1, x, x_len);
	memcpy(point + 1 + x_len, y, y_len);
	return key_numbers_ec(numbers, curve, point, 1 + x_len + y_len, e);
}

static int
read_numbers(const json_t *jwk, struct key_numbers *numbers, struct error *e)
{
	const char *kty = NULL;

	if (text_member(jwk, "kty", &kty, e) != 0)
		return -1;
	if (kty == NULL)
		return error_set(e, ERROR_INVALID, "member kty is missing");
	if (strcmp(kty, "RSA") == 0)
		return read_rsa(jwk, numbers, e);
	if (strcmp(kty, "EC") == 0)
		return read_ec(jwk, numbers, e);
	if (strcmp(kty, "oct") == 0)
		return refuse_private(e, "kty oct");
	return error_set(e, ERROR_INVALID,
		"kty is %s; only RSA and EC are taken",
		key_show(kty, strlen(kty)).text);
}

/* A key that says what it is for must be for verifying signatures. */
static int
check_purpose(const json_t *jwk, struct error *e)
{
	const json_t *operations = json_object_get(jwk, "key_ops");
	const json_t *operation;
	const char *use = NULL;
	bool verifies = operations == NULL;
	size_t i;

	if (text_member(jwk, "use", &use, e) != 0)
		return -1;
	if (use != NULL && strcmp(use, "sig") != 0)
		return error_set(e, ERROR_INVALID,
			"use is %s; only keys for sig belong here",
			key_show(use, strlen(use)).text);
	json_array_foreach(operations, i,
		operation) if (json_is_string(operation) &&
			       strcmp(json_string_value(operation), "verify") ==
				       0) verifies = true;
	if (!verifies)
		return error_set(e, ERROR_INVALID,
			"key_ops does not hold verify; only keys for verifying "
			"belong here");
	return 0;
}

static int
read_alg(const json_t *jwk, const struct key_numbers *numbers,
	enum key_alg *alg, struct error *e)
{
	static const enum key_alg rsa[] = {KEY_RS256, KEY_RS384, KEY_RS512};
	const char *name = NULL;
	size_t i;

	if (text_member(jwk, "alg", &name, e) != 0)
		return -1;
	*alg = key_numbers_alg(numbers);
	if (name == NULL || strcmp(name, key_alg_name(*alg)) == 0)
		return 0;
	for (i = 0; numbers->curve == NULL && i < 3; i++) {
		*alg = rsa[i];
		if (strcmp(name, key_alg_name(rsa[i])) == 0)
			return 0;
	}
	return error_set(e, ERROR_INVALID, "alg %s is not one for this key: %s",
		key_show(name, strlen(name)).text,
		numbers->curve == NULL ? "RS256, RS384 or RS512"
				       : key_alg_name(numbers->curve->alg));
}

static struct key *
read_key(const json_t *jwk, struct error *e)
{
	struct key_numbers numbers;
	enum key_alg alg;
	const char *kid = NULL;

	if (!json_is_object(jwk)) {
		error_set(e, ERROR_PARSE, "not a JSON object");
		return NULL;
	}
	if (read_numbers(jwk, &numbers, e) != 0 || check_purpose(jwk, e) != 0 ||
		read_alg(jwk, &numbers, &alg, e) != 0 ||
		text_member(jwk, "kid", &kid, e) != 0)
		return NULL;
	if (kid != NULL && kid[0] == '\0')
		kid = NULL;
	return key_from_numbers(&numbers, alg, kid, e);
}

static int
read_set(const json_t *keys, struct key_set *set, struct error *e)
{
	const json_t *jwk;
	struct key *key;
	size_t i;

	if (!json_is_array(keys))
		return error_set(e, ERROR_PARSE, "keys is not a JSON array");
	json_array_foreach(keys, i, jwk)
	{
		key = read_key(jwk, e);
		if (key == NULL || key_set_add(set, key, e) != 0)
			return error_wrap(e, "keys[%zu]", i);
	}
	return 0;
}

int
key_jwk_parse(
	const char *text, size_t len, struct key_set *set, struct error *e)
{
	json_t *root = NULL, *keys;
	struct key *key;
	int rc = -1;

	if (check_text(text, len, e) != 0)
		return -1;
	root = load(text, len, e);
	if (root == NULL)
		return -1;
	keys = json_object_get(root, "keys");
	if (keys != NULL) {
		rc = read_set(keys, set, e);
	} else if (json_object_get(root, "kty") != NULL) {
		key = read_key(root, e);
		if (key != NULL)
			rc = key_set_add(set, key, e);
	} else {
		error_set(e, ERROR_PARSE,
			"JSON is neither a JWK Set (an object with keys) nor a "
			"JWK (an object with kty)");
	}
	json_decref(root);
	return rc;
}
