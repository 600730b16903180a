/* SPDX-License-Identifier: MIT */
/*
 * What STS says: every error that its users know has a call here that gets it,
 * and conditions are decided as IAM decides them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <arpa/inet.h>

#include "aws/decide.h"
#include "aws/json.h"
#include "aws/site.h"
#include "aws/sts.h"
#include "aws/thumbprint.h"
#include "base/base64url.h"
#include "key/jwk.h"
#include "key_make.h"

#define NOW 1700000000
#define ISSUER "https://h.example/a"

static EVP_PKEY *signer;
static struct key_set keys = KEY_SET_INIT;

static int
setup(void **state)
{
	struct buf jwk = BUF_INIT, kid = BUF_INIT;
	struct error e = {0};

	(void)state;
	signer = key_make_ec("P-256");
	kid = key_make_kid(signer);
	jwk = key_make_jwk(signer, kid.data, "");
	must(key_jwk_parse(jwk.data, jwk.len, &keys, &e) == 0);
	buf_release(&jwk);
	buf_release(&kid);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	key_set_release(&keys);
	EVP_PKEY_free(signer);
	return 0;
}

/* r || s of a DER signature. */
static void
append_raw(struct buf *out, const unsigned char *der, size_t len)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char raw[64];

	must(sig != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32);
	must(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32);
	base64url_append(out, raw, sizeof(raw));
	ECDSA_SIG_free(sig);
}

static struct buf
mint_as(const char *header, const char *claims)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[256];
	size_t len = sizeof(sig);
	struct buf t = BUF_INIT;

	base64url_append(&t, header, strlen(header));
	buf_putc(&t, '.');
	base64url_append(&t, claims, strlen(claims));
	must(ctx != NULL &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signer) ==
			1 &&
		EVP_DigestSign(
			ctx, sig, &len, (unsigned char *)t.data, t.len) == 1);
	EVP_MD_CTX_free(ctx);
	buf_putc(&t, '.');
	append_raw(&t, sig, len);
	must(buf_ok(&t));
	return t;
}

static struct buf
mint(const char *claims)
{
	struct buf header = BUF_INIT, t;

	buf_printf(&header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}",
		keys.keys[0]->kid);
	t = mint_as(header.data, claims);
	buf_release(&header);
	return t;
}

#define CLAIMS(iss, sub, aud, iat, exp)                            \
	"{\"iss\":\"" iss "\",\"sub\":\"" sub "\",\"aud\":[\"" aud \
	"\"],\"iat\":" #iat ",\"exp\":" #exp "}"
#define WEB "system:serviceaccount:shop:web"
#define GOOD CLAIMS(ISSUER, WEB, "sts.amazonaws.com", 1699999990, 1700003600)

static json_t *
policy_for(const char *sub)
{
	struct buf text = BUF_INIT;
	struct error e = {0};
	json_t *policy;

	buf_printf(&text,
		"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
		"\"Federated\":\"arn:aws:iam::123456789012:oidc-provider/"
		"h.example/a\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\","
		"\"Condition\":{\"StringEquals\":{\"h.example/a:aud\":"
		"\"sts.amazonaws.com\",\"h.example/a:sub\":\"%s\"}}}]}",
		sub);
	policy = aws_json_parse(text.data, text.len, &e);
	must(policy != NULL);
	buf_release(&text);
	return policy;
}

static const struct aws_provider provider = {
	.url = "h.example/a",
	.audiences = {"sts.amazonaws.com"},
	.n_audiences = 1,
};

/* What STS says to a token, with the call otherwise as given. */
static void
expect_token(struct aws_call call, const struct buf *token, enum aws_sts sts,
	const char *message)
{
	struct aws_refusal r;
	int rc;

	call.token = token->data;
	call.token_len = token->len;
	rc = aws_simulate(&call, &r);
	assert_int_equal(r.sts, sts);
	assert_int_equal(rc, sts == AWS_STS_OK ? 0 : -1);
	if (sts != AWS_STS_OK) {
		assert_non_null(strstr(r.message, message));
		assert_true(r.why.text[0] != '\0');
		assert_null(strstr(r.why.text, token->data));
	}
}

static void
expect(struct aws_call call, const char *claims, enum aws_sts sts,
	const char *message)
{
	struct buf token = mint(claims);

	expect_token(call, &token, sts, message);
	buf_release(&token);
}

static struct aws_call
good_call(const json_t *policy)
{
	return (struct aws_call){
		.provider = &provider,
		.keys = &keys,
		.policy = policy,
		.now = NOW,
	};
}

static void
every_answer_has_its_call(void **state)
{
	json_t *policy = policy_for(WEB), *other = policy_for("x");
	const struct key_set none = KEY_SET_INIT;
	struct aws_call call = good_call(policy);
	struct aws_provider elsewhere = provider;

	(void)state;
	expect(call, GOOD, AWS_STS_OK, "");

	call.provider = NULL;
	expect(call, GOOD, AWS_STS_NO_PROVIDER,
		"No OpenIDConnect provider found in your account for " ISSUER);
	elsewhere.url = "https://h.example/a/";
	call.provider = &elsewhere;
	expect(call, GOOD, AWS_STS_NO_PROVIDER, "provider found");

	call = good_call(policy);
	call.keys = &none;
	expect(call, GOOD, AWS_STS_NO_KEY,
		"Couldn't retrieve verification key");
	call = good_call(policy);
	call.idp = AWS_IDP_ERROR;
	expect(call, GOOD, AWS_STS_NO_KEY,
		"Couldn't retrieve verification key");
	call.idp = AWS_IDP_UNTRUSTED;
	expect(call, GOOD, AWS_STS_THUMBPRINT, "configured thumbprint");
	call.idp = AWS_IDP_UNREACHABLE;
	expect(call, GOOD, AWS_STS_IDP_COMMUNICATION, "try again");
	call.idp = AWS_IDP_REJECTS;
	expect(call, GOOD, AWS_STS_IDP_REJECTED, "rejected");

	call = good_call(policy);
	expect(call, CLAIMS(ISSUER, WEB, "kubernetes", 1699999990, 1700003600),
		AWS_STS_AUDIENCE, "Incorrect token audience");
	expect(call,
		CLAIMS(ISSUER, WEB, "sts.amazonaws.com", 1699990000,
			1699999700),
		AWS_STS_EXPIRED,
		"current date/time 1700000000 must be before the expiration "
		"date/time 1699999700");
	expect(call,
		CLAIMS(ISSUER, WEB, "sts.amazonaws.com", 1699990000,
			1699999701),
		AWS_STS_OK, "");
	call.policy = other;
	expect(call, GOOD, AWS_STS_ACCESS_DENIED,
		"Not authorized to perform sts:AssumeRoleWithWebIdentity");
	call.policy = NULL;
	expect(call, GOOD, AWS_STS_ACCESS_DENIED, "Not authorized");

	call = good_call(policy);
	call.region_off = true;
	expect(call, GOOD, AWS_STS_REGION_DISABLED, "not activated");
	call = good_call(policy);
	call.duration = 7200;
	expect(call, GOOD, AWS_STS_DURATION, "exceeds the MaxSessionDuration");
	call.max_duration = 7200;
	expect(call, GOOD, AWS_STS_OK, "");
	call.duration = 60;
	expect(call, GOOD, AWS_STS_PARAMETER, "durationSeconds");
	json_decref(policy);
	json_decref(other);
}

/* Claims that are missing, of the wrong type or out of the world. */
static void
claims_are_checked(void **state)
{
	static const struct {
		const char *claims;
		enum aws_sts sts;
	} cases[] = {
		{"{}", AWS_STS_NOT_VALIDATED},
		{"{\"iss\":1}", AWS_STS_NOT_VALIDATED},
		{"{\"iss\":\"http://h.example/a\"}", AWS_STS_NO_PROVIDER},
		{"{\"iss\":\"h.example/a\"}", AWS_STS_NO_PROVIDER},
		{"{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"aud\":\"x\"}",
			AWS_STS_NOT_VALIDATED},
		{"{\"iss\":\"" ISSUER "\",\"exp\":1700003600.5}",
			AWS_STS_NOT_VALIDATED},
		{"{\"iss\":\"" ISSUER "\",\"exp\":-9223372036854775807}",
			AWS_STS_EXPIRED},
		{CLAIMS(ISSUER, WEB, "sts.amazonaws.com", 1700000400,
			 1700003600),
			AWS_STS_NOT_VALIDATED},
		{CLAIMS(ISSUER, "", "sts.amazonaws.com", 1699999990,
			 1700003600),
			AWS_STS_NOT_VALIDATED},
		{"{\"iss\":\"" ISSUER "\",\"sub\":\"" WEB
		 "\",\"iat\":1,\"exp\":1700003600}",
			AWS_STS_AUDIENCE},
		{"{\"iss\":\"" ISSUER "\",\"sub\":\"" WEB
		 "\",\"iat\":1,\"exp\":1700003600,\"aud\":\"x\",\"azp\":"
		 "\"sts.amazonaws.com\"}",
			AWS_STS_OK},
	};
	json_t *policy = policy_for(WEB);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(good_call(policy), cases[i].claims, cases[i].sts, "");
	json_decref(policy);
}

static void
tokens_are_read_strictly(void **state)
{
	static const char *const texts[] = {"abcd", "a.b", "a.b.c.d", "..",
		"e30.e30.", "e30=.e30.AA", "eyJhbGciOjF9.e30.AA",
		"bm90IGpzb24.e30.AA", "W10.e30.AA"};
	static const char *const headers[] = {"{\"alg\":\"none\"}",
		"{\"alg\":\"HS256\",\"kid\":\"a\"}",
		"{\"alg\":\"ES256\",\"crit\":[\"b64\"]}"};
	json_t *policy = policy_for(WEB);
	struct aws_call call = good_call(policy);
	struct aws_refusal r;
	struct buf token;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		call.token = texts[i];
		call.token_len = strlen(texts[i]);
		if (call.token_len < AWS_TOKEN_MIN)
			continue;
		assert_int_equal(aws_simulate(&call, &r), -1);
		assert_int_equal(r.sts, AWS_STS_NOT_JWT);
	}
	for (i = 0; i < 3; i++) {
		token = mint_as(headers[i], GOOD);
		expect_token(call, &token, AWS_STS_NOT_VALIDATED, "validated");
		buf_release(&token);
	}
	token = mint(GOOD);
	token.data[token.len - 3] =
		token.data[token.len - 3] == 'A' ? 'B' : 'A';
	expect_token(call, &token, AWS_STS_NOT_VALIDATED, "validated");
	token.len = 3;
	expect_token(call, &token, AWS_STS_PARAMETER, "webIdentityToken");
	buf_release(&token);
	json_decref(policy);
}

/* The answer to a caller whose aud is "x" and sub "s:a:b". */
static enum aws_answer
decide(const char *condition)
{
	json_t *aud = json_string("x");
	const struct aws_caller caller = {
		.issuer = ISSUER, .subject = "s:a:b", .audiences = aud};
	char why[AWS_DECIDE_WHY_MAX];
	struct buf text = BUF_INIT;
	struct error e = {0};
	enum aws_answer answer;
	json_t *policy;

	buf_printf(&text,
		"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{"
		"\"Federated\":[\"arn:aws:iam::1:oidc-provider/h.example/a\"]},"
		"\"Action\":[\"STS:assumerole*\"],\"Condition\":{%s}}}",
		condition);
	policy = aws_json_parse(text.data, text.len, &e);
	must(policy != NULL);
	answer = aws_decide(policy, &caller, why);
	assert_true(why[0] != '\0');
	json_decref(policy);
	json_decref(aud);
	buf_release(&text);
	return answer;
}

#define SUB "\"h.example/a:sub\":"

static void
conditions_are_iams(void **state)
{
	static const struct {
		const char *condition;
		enum aws_answer answer;
	} cases[] = {
		{"", AWS_YES},
		{"\"StringEquals\":{" SUB "\"s:a:b\"}", AWS_YES},
		{"\"StringEquals\":{" SUB "[\"x\",\"s:a:b\"]}", AWS_YES},
		{"\"StringEquals\":{" SUB "\"S:a:b\"}", AWS_NO},
		{"\"stringequals\":{\"H.example/a:SUB\":\"s:a:b\"}", AWS_YES},
		{"\"StringEqualsIgnoreCase\":{" SUB "\"S:A:b\"}", AWS_YES},
		{"\"StringLike\":{" SUB "\"s:*\"}", AWS_YES},
		{"\"StringLike\":{" SUB "\"s:?:b\"}", AWS_YES},
		{"\"StringLike\":{" SUB "\"s:?\"}", AWS_NO},
		{"\"StringLike\":{" SUB "\"*a*b*\"}", AWS_YES},
		{"\"StringNotEquals\":{" SUB "\"s:a:b\"}", AWS_NO},
		{"\"StringNotEquals\":{" SUB "\"other\"}", AWS_YES},
		{"\"StringNotLike\":{" SUB "\"s:*\"}", AWS_NO},
		{"\"StringEquals\":{\"h.example/a:azp\":\"x\"}", AWS_NO},
		{"\"StringEqualsIfExists\":{\"h.example/a:azp\":\"x\"}",
			AWS_YES},
		{"\"Null\":{\"h.example/a:azp\":\"true\"}", AWS_YES},
		{"\"Null\":{" SUB "\"true\"}", AWS_NO},
		{"\"Null\":{" SUB "\"false\"}", AWS_YES},
		{"\"ForAnyValue:StringEquals\":{\"h.example/a:aud\":\"x\"}",
			AWS_YES},
		{"\"ForAllValues:StringEquals\":{\"h.example/a:aud\":\"y\"}",
			AWS_NO},
		{"\"ForAllValues:StringEquals\":{\"h.example/a:azp\":\"y\"}",
			AWS_YES},
		{"\"StringEquals\":{\"h.example/b:sub\":\"s:a:b\"}", AWS_NO},
		{"\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}",
			AWS_UNKNOWN},
		{"\"StringEquals\":{" SUB "\"${aws:x}\"}", AWS_UNKNOWN},
		{"\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"},"
		 "\"StringEquals\":{" SUB "\"other\"}",
			AWS_NO},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decide(cases[i].condition), cases[i].answer);
}

/* A pattern that makes a backtracking matcher count to infinity. */
static void
patterns_take_linear_time(void **state)
{
	char pattern[512], text[2048];
	size_t i;

	(void)state;
	for (i = 0; i < 500; i += 2)
		memcpy(pattern + i, "a*", 2);
	memcpy(pattern + i, "b", 2);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(aws_like(pattern, text, false));
	assert_true(aws_like("*", "", false));
	assert_false(aws_like("", "a", false));
	assert_true(aws_like("", "", false));
}

static void
the_thumbprint_is_the_last_ones(void **state)
{
	EVP_PKEY *key = key_make_ec("P-256");
	struct buf first = key_make_certificate(signer);
	struct buf last = key_make_certificate(key);
	struct remote_chain chain = {
		.sent = {{(unsigned char *)first.data, first.len},
			{(unsigned char *)last.data, last.len}},
		.count = 2,
	};
	char text[AWS_THUMBPRINT_LEN + 1], want[AWS_THUMBPRINT_LEN + 1];
	unsigned char hash[SHA_DIGEST_LENGTH];
	struct error e = {0};
	size_t i;

	(void)state;
	must(EVP_Digest(last.data, last.len, hash, NULL, EVP_sha1(), NULL) ==
		1);
	for (i = 0; i < sizeof(hash); i++)
		snprintf(want + 2 * i, 3, "%02X", hash[i]);
	assert_int_equal(aws_thumbprint(&chain, text, &e), 0);
	assert_string_equal(text, want);
	assert_false(aws_chain_is_short(&chain));
	EVP_PKEY_free(key);
	buf_release(&first);
	buf_release(&last);
}

static bool
is_public(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return aws_address_is_public((struct sockaddr *)&in);
	must(inet_pton(AF_INET6, text, &in6.sin6_addr) == 1);
	return aws_address_is_public((struct sockaddr *)&in6);
}

static void
addresses_are_told(void **state)
{
	static const char *const public[] = {"8.8.8.8", "172.15.0.1",
		"172.32.0.1", "100.63.0.1", "192.0.1.1", "2600::1",
		"::ffff:8.8.8.8"};
	static const char *const private[] = {"10.1.2.3", "172.16.0.1",
		"172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.1.1",
		"100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1",
		"fe80::1", "fd00::1", "::ffff:10.0.0.1", "2001:db8::1"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(public) / sizeof(public[0]); i++)
		assert_true(is_public(public[i]));
	for (i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		assert_false(is_public(private[i]));
}

static void
urls_lead_to_sites(void **state)
{
	static const struct {
		const char *url, *host, *port;
	} cases[] = {
		{"https://h.example/a", "h.example", "443"},
		{"https://h.example", "h.example", "443"},
		{"https://h.example:8443/a:1", "h.example", "8443"},
		{"https://h.example?x", "h.example", "443"},
		{"https://[2001:db8::1]/a", "2001:db8::1", "443"},
		{"https://[::1]:99", "::1", "99"},
		{"https://", NULL, NULL},
		{"http://h.example/a", NULL, NULL},
		{"https://u@h.example/a", NULL, NULL},
		{"https://h.example:/a", NULL, NULL},
		{"https://h.example:999999/a", NULL, NULL},
		{"https://[::1", NULL, NULL},
		{"https://h.example:80x/", NULL, NULL},
	};
	struct aws_site site;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].host == NULL) {
			assert_int_equal(
				aws_site_parse(cases[i].url, &site, NULL), -1);
			continue;
		}
		assert_int_equal(aws_site_parse(cases[i].url, &site, NULL), 0);
		assert_string_equal(site.host, cases[i].host);
		assert_string_equal(site.port, cases[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_its_call),
		cmocka_unit_test(claims_are_checked),
		cmocka_unit_test(tokens_are_read_strictly),
		cmocka_unit_test(conditions_are_iams),
		cmocka_unit_test(patterns_take_linear_time),
		cmocka_unit_test(the_thumbprint_is_the_last_ones),
		cmocka_unit_test(addresses_are_told),
		cmocka_unit_test(urls_lead_to_sites),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
