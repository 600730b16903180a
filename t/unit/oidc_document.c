/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "key/parse.h"
#include "key_make.h"
#include "oidc/document.h"
#include "sample_key.h"

/* RFC 7517 appendix A.1. */
#define RSA_N                                                                  \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1R" \
	"K7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9" \
	"yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZg" \
	"nYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We" \
	"Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK" \
	"gw"

/* The P-256 key of kube-apiserver's own tests of these documents. */
static const char kubernetes_pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6cuzP8XuD5wal6wf9M6xDljTOPL\n"
	"X2i8uIp/C/ASqiIGUeeKQtX0/IR3qCXyThP/dbCiHrF3v1cuhBOHY8CLVg==\n"
	"-----END PUBLIC KEY-----\n";
static const char kubernetes_jwk[] =
	"{\"use\":\"sig\",\"kty\":\"EC\","
	"\"kid\":\"SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc\","
	"\"crv\":\"P-256\",\"alg\":\"ES256\","
	"\"x\":\"H6cuzP8XuD5wal6wf9M6xDljTOPLX2i8uIp_C_ASqiI\","
	"\"y\":\"BlHnikLV9PyEd6gl8k4T_3Wwoh6xd79XLoQTh2PAi1Y\"}";

static void
add(struct key_set *set, const char *text)
{
	struct error e = {0};

	if (key_parse(text, strlen(text), set, &e) != 0)
		fail_msg("%s: %s", e.text, text);
}

static void
add_rsa(struct key_set *set, const char *kid, const char *alg)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"{\"kty\":\"RSA\",\"kid\":\"%s\",\"alg\":\"%s\","
		"\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
		kid, alg);
	add(set, text);
}

static void
assert_discovery(
	const char *issuer, const struct key_set *keys, const char *want)
{
	struct buf b = BUF_INIT;

	oidc_render_discovery(issuer, keys, &b);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, want);
	buf_release(&b);
}

/* kube-apiserver's bytes for this issuer, then the two members of EKS. */
static void
test_discovery(void **state)
{
	struct key_set keys = KEY_SET_INIT;

	(void)state;
	add_rsa(&keys, "r", "RS256");
	add(&keys, kubernetes_pem);
	assert_discovery("https://issuer.example.com", &keys,
		"{\"issuer\":\"https://issuer.example.com\","
		"\"jwks_uri\":\"https://issuer.example.com/openid/v1/jwks\","
		"\"response_types_supported\":[\"id_token\"],"
		"\"subject_types_supported\":[\"public\"],"
		"\"id_token_signing_alg_values_supported\":"
		"[\"ES256\",\"RS256\"],"
		"\"authorization_endpoint\":"
		"\"urn:kubernetes:programmatic_authorization\","
		"\"claims_supported\":[\"sub\",\"iss\"]}");
	key_set_release(&keys);
}

static void
test_discovery_escapes_as_go_does(void **state)
{
	struct key_set keys = KEY_SET_INIT;

	(void)state;
	add(&keys, kubernetes_pem);
	assert_discovery("https://h.example/a&b'c", &keys,
		"{\"issuer\":\"https://h.example/a\\u0026b'c\","
		"\"jwks_uri\":"
		"\"https://h.example/a\\u0026b'c/openid/v1/jwks\","
		"\"response_types_supported\":[\"id_token\"],"
		"\"subject_types_supported\":[\"public\"],"
		"\"id_token_signing_alg_values_supported\":[\"ES256\"],"
		"\"authorization_endpoint\":"
		"\"urn:kubernetes:programmatic_authorization\","
		"\"claims_supported\":[\"sub\",\"iss\"]}");
	key_set_release(&keys);
}

/* Each once, sorted, in whatever order the keys are. */
static void
assert_algorithms(const struct key_set *keys, const char *want)
{
	struct buf b = BUF_INIT;
	char member[256];

	snprintf(member, sizeof(member),
		"\"id_token_signing_alg_values_supported\":[%s],", want);
	oidc_render_discovery("https://h.example", keys, &b);
	if (strstr(b.data, member) == NULL)
		fail_msg("no %s in %s", member, b.data);
	buf_release(&b);
}

static void
add_curve(struct key_set *set, const char *curve)
{
	EVP_PKEY *key = key_make_ec(curve);
	struct buf der = key_make_spki(key);
	struct buf pem = key_make_pem("PUBLIC KEY", &der);

	add(set, pem.data);
	buf_release(&pem);
	buf_release(&der);
	EVP_PKEY_free(key);
}

static void
add_new_rsa(struct key_set *set, const char *alg)
{
	EVP_PKEY *key = key_make_rsa(2048);
	struct buf jwk = key_make_jwk(key, alg, "");
	char *at = strstr(jwk.data, "\"alg\":\"RS256\"");

	must(at != NULL);
	memcpy(at + 7, alg, 5);
	add(set, jwk.data);
	buf_release(&jwk);
	EVP_PKEY_free(key);
}

static void
test_algorithms(void **state)
{
	static const char *const rs[] = {"RS512", "RS384", "RS256"};
	struct key_set keys = KEY_SET_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		add_rsa(&keys, "r", rs[i]);
		add_curve(&keys, "P-521");
		add_curve(&keys, "P-521");
		if (i == 0)
			assert_algorithms(&keys, "\"ES512\",\"RS512\"");
		else if (i == 1)
			assert_algorithms(&keys, "\"ES512\",\"RS384\"");
		else
			assert_algorithms(&keys, "\"ES512\",\"RS256\"");
		key_set_release(&keys);
	}
	add_rsa(&keys, "r", "RS512");
	add_new_rsa(&keys, "RS384");
	add_curve(&keys, "P-521");
	add_curve(&keys, "P-384");
	add_new_rsa(&keys, "RS256");
	add_curve(&keys, "P-256");
	assert_algorithms(&keys,
		"\"ES256\",\"ES384\",\"ES512\",\"RS256\",\"RS384\",\"RS512\"");
	key_set_release(&keys);
}

static void
test_jwks(void **state)
{
	struct key_set keys = KEY_SET_INIT;
	struct buf b = BUF_INIT, want = BUF_INIT;

	(void)state;
	add(&keys, kubernetes_pem);
	oidc_render_jwks(&keys, &b);
	buf_printf(&want, "{\"keys\":[%s]}", kubernetes_jwk);
	assert_string_equal(b.data, want.data);
	buf_release(&b);
	buf_release(&want);
	/* in the order of the keys, which is not that of the kids */
	add_rsa(&keys, "a", "RS256");
	add(&keys, sample_pems(0, 3));
	oidc_render_jwks(&keys, &b);
	buf_printf(&want,
		"{\"keys\":[%s,{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"a\","
		"\"alg\":\"RS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"},"
		"%s,%s,%s]}",
		kubernetes_jwk, sample_jwk(0), sample_jwk(1), sample_jwk(2));
	assert_string_equal(b.data, want.data);
	buf_release(&b);
	buf_release(&want);
	key_set_release(&keys);
}

/* --- documents ---------------------------------------------------------- */

static void
assert_name(const char *issuer, const char *host, const char *path)
{
	const struct oidc_documents_parts parts = {
		.issuer = issuer, .max_age = 3600, .slot = 7};
	struct oidc_documents *docs;
	struct key_set keys = KEY_SET_INIT;
	struct error e = {0};
	char want[512];
	size_t len;

	add(&keys, kubernetes_pem);
	docs = oidc_documents_new(&parts, &keys, &e);
	if (docs == NULL)
		fail_msg("%s: %s", issuer, e.text);
	snprintf(want, sizeof(want), "%s%s", host, path);
	len = strlen(want);
	assert_int_equal(docs->slot, 7);
	assert_int_equal(docs->host_len, strlen(host));
	assert_int_equal(docs->path_len, strlen(path));
	assert_memory_equal(docs->name, want, len);
	assert_in_range(oidc_documents_size(docs), sizeof(*docs) + len,
		sizeof(*docs) + len + 7 +
			http_response_size(docs->response[OIDC_JWKS]) + 7 +
			http_response_size(docs->response[OIDC_DISCOVERY]) + 7);
	oidc_documents_free(docs);
	key_set_release(&keys);
}

static void
test_names(void **state)
{
	char longest[256];

	(void)state;
	assert_name("https://h.example", "h.example", "");
	assert_name("https://h.example/prod", "h.example", "/prod");
	assert_name("https://h.example/id/A-1_b~", "h.example", "/id/A-1_b~");
	assert_name("http://localhost:8080/x", "localhost", "/x");
	assert_name("http://127.0.0.1", "127.0.0.1", "");
	assert_name("http://[::1]:8080", "[::1]", "");
	assert_name("https://[::1]/x", "[::1]", "/x");
	/* 255 bytes */
	memset(longest, 'p', 255);
	memcpy(longest, "https://h/", 10);
	longest[255] = '\0';
	assert_name(longest, "h", longest + 9);
}

static void
assert_response(const struct http_response *response, const char *type,
	const char *content, const char *modified)
{
	char fields[2048];
	const char *p;
	size_t len;

	assert_int_equal(http_response_status(response), 200);
	p = http_response_content(response, &len);
	assert_int_equal(len, strlen(content));
	assert_memory_equal(p, content, len);
	p = http_response_fields(response, &len);
	snprintf(fields, sizeof(fields), "%.*s", (int)len, p);
	assert_non_null(strstr(fields, type));
	assert_non_null(
		strstr(fields, "Cache-Control: public, max-age=300\r\n"));
	assert_non_null(strstr(fields, "Access-Control-Allow-Origin: *\r\n"));
	assert_non_null(strstr(fields, "ETag: \""));
	assert_non_null(strstr(fields, modified));
}

static void
test_responses(void **state)
{
	struct oidc_documents_parts parts = {.issuer = "https://h.example/a",
		.max_age = 300,
		.modified = 951825600};
	struct oidc_documents *docs;
	struct key_set keys = KEY_SET_INIT;
	struct buf discovery = BUF_INIT;
	int again;

	(void)state;
	add(&keys, sample_pem(0));
	oidc_render_discovery(parts.issuer, &keys, &discovery);
	for (again = 0; again < 2; again++) {
		docs = oidc_documents_new(&parts, &keys, NULL);
		assert_non_null(docs);
		assert_response(docs->response[OIDC_DISCOVERY],
			"Content-Type: application/json\r\n", discovery.data,
			"Last-Modified: Tue, 29 Feb 2000 12:00:00 GMT\r\n");
		assert_response(docs->response[OIDC_JWKS],
			again ? "Content-Type: application/json\r\n"
			      : "Content-Type: application/jwk-set+json\r\n",
			sample_jwks(0, 1),
			"Last-Modified: Tue, 29 Feb 2000 12:00:00 GMT\r\n");
		oidc_documents_free(docs);
		parts.jwks_content_type = "application/json";
	}
	oidc_documents_free(NULL);
	buf_release(&discovery);
	key_set_release(&keys);
}

/* 100 keys on P-521 with kids of 255 bytes, then one RSA key whose kid makes
 * up the length that is wanted. */
static void
fill(struct key_set *keys, size_t want)
{
	struct buf text = BUF_INIT, rest = BUF_INIT, kid = BUF_INIT, jwk;
	EVP_PKEY *key;
	size_t short_of;
	int i;

	buf_puts(&text, "{\"keys\":[");
	for (i = 0; i < 100; i++) {
		key = key_make_ec("P-521");
		buf_printf(&kid, "%03d%0*d", i, 252, 0);
		jwk = key_make_jwk(key, kid.data, "");
		buf_printf(&text, "%s%s", i > 0 ? "," : "", jwk.data);
		buf_release(&jwk);
		buf_release(&kid);
		EVP_PKEY_free(key);
	}
	buf_puts(&text, "]}");
	assert_true(buf_ok(&text));
	add(keys, text.data);
	buf_printf(&rest,
		",{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"\","
		"\"alg\":\"RS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}");
	short_of = want - text.len - rest.len;
	assert_in_range(short_of, 1, 255);
	buf_printf(&kid, "%0*d", (int)short_of, 0);
	add_rsa(keys, kid.data, "RS256");
	buf_release(&kid);
	buf_release(&rest);
	buf_release(&text);
}

static void
test_limit(void **state)
{
	const struct oidc_documents_parts parts = {
		.issuer = "https://h.example", .max_age = 60};
	struct oidc_documents *docs;
	struct key_set keys = KEY_SET_INIT;
	struct error e = {0};
	size_t len;

	(void)state;
	fill(&keys, 51200);
	docs = oidc_documents_new(&parts, &keys, &e);
	if (docs == NULL)
		fail_msg("%s", e.text);
	http_response_content(docs->response[OIDC_JWKS], &len);
	assert_int_equal(len, 51200);
	oidc_documents_free(docs);
	key_set_release(&keys);
	fill(&keys, 51201);
	assert_null(oidc_documents_new(&parts, &keys, &e));
	assert_int_equal(e.code, ERROR_LIMIT);
	assert_non_null(strstr(e.text,
		"the jwks document would have 51201 bytes, 51200 is the most"));
	key_set_release(&keys);
}

static void
test_not_an_issuer(void **state)
{
	const struct oidc_documents_parts parts = {
		.issuer = "https://h.example/", .max_age = 60};
	struct key_set keys = KEY_SET_INIT;
	struct error e = {0};

	(void)state;
	add(&keys, kubernetes_pem);
	assert_null(oidc_documents_new(&parts, &keys, &e));
	assert_int_equal(e.code, ERROR_INVALID);
	key_set_release(&keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_discovery_escapes_as_go_does),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_jwks),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_not_an_issuer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
