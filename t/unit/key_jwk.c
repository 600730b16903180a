/* SPDX-License-Identifier: MIT */
#include "key_check.h"

#include <stdio.h>

#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y

static struct buf rsa; /* "n":"...","e":"AQAB" of a key made here */

static int
make_rsa(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf jwk = key_make_jwk(pkey, "", "");
	const char *n = strstr(jwk.data, "\"n\":");

	(void)state;
	must(n != NULL);
	buf_append(&rsa, n, strlen(n) - 1);
	buf_release(&jwk);
	EVP_PKEY_free(pkey);
	return 0;
}

static int
release_rsa(void **state)
{
	(void)state;
	buf_release(&rsa);
	return 0;
}

static void
gives(const char *text, const char *jwks)
{
	key_check_gives(text, text, strlen(text), jwks);
}

static void
refused(const char *text, enum error_code code, const char *word)
{
	key_check_refused(text, text, strlen(text), code, word);
}

/* A JWK of the RSA key with these members before its numbers. */
static struct buf
rsa_with(const char *members)
{
	struct buf jwk = BUF_INIT;

	buf_printf(&jwk, "{\"kty\":\"RSA\",%s%s}", members, rsa.data);
	must(buf_ok(&jwk));
	return jwk;
}

static void
rsa_gives(const char *members, const char *alg)
{
	struct buf jwk = rsa_with(members), want = BUF_INIT;

	buf_printf(&want,
		"{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"k\","
		"\"alg\":\"%s\",%s}",
		alg, rsa.data);
	gives(jwk.data, want.data);
	buf_release(&jwk);
	buf_release(&want);
}

static void
rsa_refused(const char *members, enum error_code code, const char *word)
{
	struct buf jwk = rsa_with(members);

	refused(jwk.data, code, word);
	buf_release(&jwk);
}

static void
test_alg(void **state)
{
	(void)state;
	rsa_gives("\"kid\":\"k\",", "RS256");
	rsa_gives("\"kid\":\"k\",\"alg\":\"RS256\",", "RS256");
	rsa_gives("\"kid\":\"k\",\"alg\":\"RS384\",", "RS384");
	rsa_gives("\"kid\":\"k\",\"alg\":\"RS512\",", "RS512");
	rsa_refused("\"alg\":\"PS256\",", ERROR_INVALID, "PS256");
	rsa_refused("\"alg\":\"ES256\",", ERROR_INVALID, "ES256");
	rsa_refused("\"alg\":\"RSA-OAEP\",", ERROR_INVALID, "RSA-OAEP");
	rsa_refused("\"alg\":\"none\",", ERROR_INVALID, "none");
	rsa_refused("\"alg\":\"\",", ERROR_INVALID, "alg");
	rsa_refused("\"alg\":null,", ERROR_INVALID, "member alg");
	refused("{\"alg\":\"ES384\"," EC "}", ERROR_INVALID, "ES384");
	refused("{\"alg\":\"RS256\"," EC "}", ERROR_INVALID, "RS256");
	gives("{\"kid\":\"k\",\"alg\":\"ES256\"," EC "}",
		"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"k\","
		"\"crv\":\"P-256\",\"alg\":\"ES256\"," X "," Y "}");
}

static void
test_purpose(void **state)
{
	(void)state;
	rsa_gives("\"kid\":\"k\",\"use\":\"sig\",\"key_ops\":[\"verify\"],",
		"RS256");
	rsa_gives("\"kid\":\"k\",\"key_ops\":[\"sign\",\"verify\"],", "RS256");
	rsa_refused("\"use\":\"enc\",", ERROR_INVALID, "use is enc");
	rsa_refused("\"use\":\"\",", ERROR_INVALID, "use");
	rsa_refused("\"use\":1,", ERROR_INVALID, "member use is not a string");
	rsa_refused("\"key_ops\":[\"encrypt\"],", ERROR_INVALID, "key_ops");
	rsa_refused("\"key_ops\":[],", ERROR_INVALID, "key_ops");
	rsa_refused("\"key_ops\":\"verify\",", ERROR_INVALID, "key_ops");
	rsa_refused("\"key_ops\":{\"verify\":1},", ERROR_INVALID, "key_ops");
	rsa_refused("\"key_ops\":[1,null],", ERROR_INVALID, "key_ops");
}

static void
test_kid(void **state)
{
	char kid[KEY_KID_MAX + 2];
	struct buf jwk = BUF_INIT;

	(void)state;
	gives("{\"kid\":\"<a&b>\\u00e9\\u2028\\n\"," EC "}",
		"{\"use\":\"sig\",\"kty\":\"EC\","
		"\"kid\":\"\\u003ca\\u0026b\\u003e\xc3\xa9\\u2028\\n\","
		"\"crv\":\"P-256\",\"alg\":\"ES256\"," X "," Y "}");
	refused("{\"kid\":7," EC "}", ERROR_INVALID, "member kid");
	refused("{\"kid\":\"a\\u0000b\"," EC "}", ERROR_PARSE,
		"not valid JSON");
	refused("{\"kid\":\"\\ud800\"," EC "}", ERROR_PARSE, "not valid JSON");
	refused("{\"kid\":\"\xff\"," EC "}", ERROR_PARSE, "UTF-8");
	memset(kid, 'k', sizeof(kid));
	kid[KEY_KID_MAX + 1] = '\0';
	buf_printf(&jwk, "{\"kid\":\"%s\"," EC "}", kid);
	refused(jwk.data, ERROR_LIMIT, "kid is longer than 255 bytes");
	buf_release(&jwk);
}

static void
test_other_members_are_dropped(void **state)
{
	(void)state;
	rsa_gives("\"kid\":\"k\",\"x5c\":[\"AAAA\"],\"x5t#S256\":\"a\","
		  "\"note\":{\"D\":[1,2.5e3,true]},",
		"RS256");
}

static void
test_private_members(void **state)
{
	static const char *const names[] = {
		"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
	struct buf text = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_printf(&text, "\"%s\":\"AQAB\",", names[i]);
		rsa_refused(text.data, ERROR_DENIED, "private key");
		buf_release(&text);
		buf_printf(&text, "{\"%s\" \n: 0," EC "}", names[i]);
		refused(text.data, ERROR_DENIED, "private key");
		buf_release(&text);
		/* in another key, deep in a note, and where nothing is valid */
		buf_printf(&text, "{\"keys\":[{" EC "},{\"%s\":\"A\"}]}",
			names[i]);
		refused(text.data, ERROR_DENIED, names[i]);
		buf_release(&text);
		buf_printf(&text, "{" EC ",\"a\":[{\"b\":{\"%s\":\"A\"}}]}",
			names[i]);
		refused(text.data, ERROR_DENIED, names[i]);
		buf_release(&text);
		buf_printf(&text, "{ !\"%s\":\"A\"", names[i]);
		refused(text.data, ERROR_DENIED, names[i]);
		buf_release(&text);
	}
	refused("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}]}",
		ERROR_DENIED, "private key");
	refused("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\"}]}", ERROR_DENIED,
		"oct");
	/* a name that could hide one */
	refused("{\"\\u0064\":\"AQAB\"," EC "}", ERROR_INVALID, "escape");
	/* behind a string that ends in a quote */
	refused("{\"a\":\"\\\"\",\"d\":\"A\"," EC "}", ERROR_DENIED, "with d");
	/* values are not names */
	gives("{\"kid\":\"k\",\"a\":\"\\\"\\\"d\\\":\"," EC "}",
		"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"k\","
		"\"crv\":\"P-256\",\"alg\":\"ES256\"," X "," Y "}");
	gives("{\"kid\":\"d\",\"note\":[\"p\",\"\\\\\\\"d\"]," EC "}",
		"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"d\","
		"\"crv\":\"P-256\",\"alg\":\"ES256\"," X "," Y "}");
}

static void
test_kty_and_crv(void **state)
{
	(void)state;
	refused("{\"keys\":[{\"kid\":\"a\"}]}", ERROR_INVALID,
		"keys[0]: member kty is missing");
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
		ERROR_INVALID, "kty is OKP");
	refused("{\"kty\":\"AKP\\u001b[2J\"}", ERROR_INVALID, "AKP?[2J");
	refused("{\"kty\":\"\\u007f\xc3\xa9\"}", ERROR_INVALID, "kty is ???;");
	refused("{\"kty\":[]}", ERROR_INVALID, "member kty");
	refused("{\"kty\":\"rsa\"}", ERROR_INVALID, "kty is rsa");
	refused("{\"kty\":\"EC\"," X "," Y "}", ERROR_INVALID,
		"member crv is missing");
	refused("{\"kty\":\"EC\",\"crv\":\"secp256k1\"," X "," Y "}",
		ERROR_INVALID, "crv is secp256k1");
	refused("{\"kty\":\"EC\",\"crv\":\"p-256\"," X "," Y "}", ERROR_INVALID,
		"crv is p-256");
	refused("{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}", ERROR_INVALID,
		"x and y have 32 and 32 bytes; P-384 has 48");
}

static void
test_numbers(void **state)
{
	struct buf text = BUF_INIT;
	int i;

	(void)state;
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB\"}", ERROR_INVALID,
		"member e is missing");
	refused("{\"kty\":\"RSA\",\"e\":\"AQAB\"}", ERROR_INVALID,
		"member n is missing");
	refused("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\"}", ERROR_INVALID,
		"RSA key has 0 bits");
	refused("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}",
		ERROR_INVALID, "RSA key has 17 bits, 2048 is the least");
	refused("{\"kty\":\"RSA\",\"e\":65537,\"n\":\"AQAB\"}", ERROR_INVALID,
		"member e is not a string");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," X "}", ERROR_INVALID,
		"member y is missing");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":\"\"}",
		ERROR_INVALID, "P-256 has 32");
	/* alphabet, padding, length, bits left over */
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"A+AB\"}", ERROR_PARSE,
		"member e is not base64url");
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB==\",\"e\":\"AQAB\"}",
		ERROR_PARSE, "member n is not base64url");
	refused("{\"kty\":\"RSA\",\"n\":\"AQABA\",\"e\":\"AQAB\"}", ERROR_PARSE,
		"member n is not base64url");
	refused("{\"kty\":\"RSA\",\"n\":\"AQ AB\",\"e\":\"AQAB\"}", ERROR_PARSE,
		"member n is not base64url");
	refused("{\"kty\":\"RSA\",\"n\":\"AR\",\"e\":\"AQAB\"}", ERROR_PARSE,
		"member n is not base64url");
	buf_puts(&text, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"");
	for (i = 0; i < 6000; i++)
		buf_putc(&text, 'B');
	buf_puts(&text, "\"}");
	refused(text.data, ERROR_LIMIT, "member n is too long");
	buf_release(&text);
}

/* 65537 and 2^64 more. */
static void
test_exponent_that_wraps(void **state)
{
	struct buf text = BUF_INIT;
	const char *exponent = strstr(rsa.data, "\"e\":");

	(void)state;
	must(exponent != NULL);
	buf_printf(&text, "{\"kty\":\"RSA\",%.*s\"e\":\"AQAAAAAAAQAB\"}",
		(int)(exponent - rsa.data), rsa.data);
	refused(text.data, ERROR_INVALID, "RSA exponent is over 2^31 - 1");
	buf_release(&text);
}

/* Leading zeros of n and e do not make another key, but no coordinate has
 * one too many. */
static void
test_leading_zeros(void **state)
{
	struct buf text = BUF_INIT, jwk = BUF_INIT;
	char *n = rsa.data + strlen("\"n\":\"");
	size_t len = strcspn(n, "\"");

	(void)state;
	/* three zero bytes are four characters */
	buf_printf(&text,
		"{\"kid\":\"k\",\"kty\":\"RSA\",\"n\":\"AAAA%.*s\","
		"\"e\":\"AAAAAQAB\"}",
		(int)len, n);
	buf_printf(&jwk,
		"{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"k\","
		"\"alg\":\"RS256\",%s}",
		rsa.data);
	gives(text.data, jwk.data);
	buf_release(&text);
	buf_release(&jwk);
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," Y ",\"x\":\"AAAA"
		"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
		ERROR_INVALID, "x and y have 35 and 32 bytes");
}

static void
test_point_off_the_curve(void **state)
{
	static const char zero[] =
		"{\"kty\":\"EC\",\"crv\":\"P-256\","
		"\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";

	(void)state;
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":"
		"\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}",
		ERROR_INVALID, "not a point on its curve");
	refused(zero, ERROR_INVALID, "not a point on its curve");
}

static void
test_sets(void **state)
{
	struct buf text = rsa_with("\"kid\":\"a\","), jwks = BUF_INIT;

	(void)state;
	buf_printf(&jwks, "{\"keys\":[%s,{\"kid\":\"a\"," EC "}]}", text.data);
	refused(jwks.data, ERROR_CONFLICT, "keys[1]: kid a");
	buf_release(&jwks);
	buf_printf(&jwks, "{\"keys\":[%s,{\"kid\":\"b\",%s]}", text.data,
		text.data + 1 + strlen("\"kty\":\"RSA\",\"kid\":\"a\","));
	refused(jwks.data, ERROR_INVALID, "keys[1]: member kty");
	buf_release(&jwks);
	buf_release(&text);
	refused("{\"keys\":[{\"kid\":\"a\"," EC "},{\"kid\":\"b\"," EC "}]}",
		ERROR_CONFLICT, "keys[1]: kid b");
	refused("{\"keys\":[]}", ERROR_NOTFOUND, "no key");
	refused("{\"keys\":{}}", ERROR_PARSE, "keys is not a JSON array");
	refused("{\"keys\":[1]}", ERROR_PARSE, "keys[0]: not a JSON object");
	refused("{\"keys\":[[{" EC "}]]}", ERROR_PARSE, "keys[0]");
	refused("{}", ERROR_PARSE, "neither a JWK Set");
	refused("[{" EC "}]", ERROR_PARSE, "neither a JWK Set");
	refused("{\"issuer\":\"https://h\"}", ERROR_PARSE, "neither a JWK Set");
}

static void
test_not_json(void **state)
{
	(void)state;
	refused("{\"keys\":[", ERROR_PARSE, "cut short");
	refused("{\"keys\":[\"", ERROR_PARSE, "JSON");
	refused("{\"keys\":[\"\\", ERROR_PARSE, "JSON");
	refused("{\"keys\"", ERROR_PARSE, "cut short");
	refused("{" EC "}{" EC "}", ERROR_PARSE, "not valid JSON at line 1");
	refused("{" EC ",}", ERROR_PARSE, "not valid JSON");
	refused("{'kty':'EC'}", ERROR_PARSE, "not valid JSON");
	refused("{\"kty\":\"EC\",\"kty\":\"EC\"}", ERROR_INVALID, "twice");
	refused("{\"keys\":[],\n\"keys\":[]}", ERROR_INVALID, "line 2");
	refused("{\"n\":1e999," EC "}", ERROR_PARSE, "JSON");
	refused("{\"keys\":[{" EC ",\"kid\":\"secretsecret\" \"x\"}]}",
		ERROR_PARSE, "not valid JSON at line 1 column");
	key_check_refused("a NUL", "{\0}", 3, ERROR_PARSE, "JSON");
	key_check_refused("NULs after it", "{}\0\0", 4, ERROR_PARSE, "JSON");
}

static void
test_depth(void **state)
{
	const size_t million = 1000000;
	char *deep = malloc(million + 1);
	struct buf text = BUF_INIT;
	int i, depth;

	(void)state;
	must(deep != NULL);
	memset(deep, '[', million);
	deep[million] = '\0';
	key_check_refused("[", deep, million, ERROR_LIMIT, "deeper than 32");
	memcpy(deep, "{\"a\":", 5);
	key_check_refused("{[", deep, million, ERROR_LIMIT, "deeper than 32");
	for (i = 0; i + 5 <= (int)million; i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	key_check_refused("{{", deep, million, ERROR_LIMIT, "deeper than 32");
	free(deep);
	/* side by side is not deep */
	buf_puts(&text, "{\"kid\":\"k\"," EC ",\"a\":[[]");
	for (i = 0; i < 100; i++)
		buf_puts(&text, ",[],{}");
	buf_puts(&text, "]}");
	gives(text.data, "{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"k\","
			 "\"crv\":\"P-256\",\"alg\":\"ES256\"," X "," Y "}");
	buf_release(&text);
	/* 32 is taken, 33 is not; the object itself is the first */
	for (depth = 31; depth <= 32; depth++) {
		buf_puts(&text, "{\"kid\":\"[[[[\"," EC ",\"a\":");
		for (i = 0; i < depth; i++)
			buf_putc(&text, '[');
		for (i = 0; i < depth; i++)
			buf_putc(&text, ']');
		buf_putc(&text, '}');
		if (depth == 31)
			gives(text.data, "{\"use\":\"sig\",\"kty\":\"EC\","
					 "\"kid\":\"[[[[\",\"crv\":\"P-256\","
					 "\"alg\":\"ES256\"," X "," Y "}");
		else
			refused(text.data, ERROR_LIMIT, "deeper than 32");
		buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alg),
		cmocka_unit_test(test_purpose),
		cmocka_unit_test(test_kid),
		cmocka_unit_test(test_other_members_are_dropped),
		cmocka_unit_test(test_private_members),
		cmocka_unit_test(test_kty_and_crv),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_exponent_that_wraps),
		cmocka_unit_test(test_leading_zeros),
		cmocka_unit_test(test_point_off_the_curve),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_depth),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_rsa, release_rsa);
}
