/* SPDX-License-Identifier: MIT */
/*
 * Published keys and what others made of them: Kubernetes' own test
 * (pkg/serviceaccount), Azure's workload identity guide, RFC 7515, 7517, 7638.
 */
#include "key_check.h"

#define RSA_N                                                                  \
	"249XwEo9k4tM8fMxV7zxOhcrP-WvXn917koM5Qr2ZXs4vo26e4ytdlrV0bQ9SlcLpQVS" \
	"YjIxNfhTZdDt-ecIzshKuv1gKIxbbLQMOuK1eA_4HALyEkFgmS_tleLJrhc65tKPMGD-" \
	"pKQ_xhmzRuCG51RoiMgbQxaCyYxGfNLpLAZK9L0Tctv9a0mJmGIYnIOQM4kC1A1I1n3E" \
	"sXMWmeJUj7OTh_AjjCnMnkgvKT2tpKxYQ59PgDgU8Ssc7RDSmSkLxnrv-OrN80j6xrw0" \
	"OjEiB4Ycr0PqfzZcvy8efTtFQ_Jnc4Bp1zUtFXt7-QeevePtQ2EcyELXE0i63T1CujRM" \
	"Ww"

static const char kubernetes_rsa[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA249XwEo9k4tM8fMxV7zx\n"
	"OhcrP+WvXn917koM5Qr2ZXs4vo26e4ytdlrV0bQ9SlcLpQVSYjIxNfhTZdDt+ecI\n"
	"zshKuv1gKIxbbLQMOuK1eA/4HALyEkFgmS/tleLJrhc65tKPMGD+pKQ/xhmzRuCG\n"
	"51RoiMgbQxaCyYxGfNLpLAZK9L0Tctv9a0mJmGIYnIOQM4kC1A1I1n3EsXMWmeJU\n"
	"j7OTh/AjjCnMnkgvKT2tpKxYQ59PgDgU8Ssc7RDSmSkLxnrv+OrN80j6xrw0OjEi\n"
	"B4Ycr0PqfzZcvy8efTtFQ/Jnc4Bp1zUtFXt7+QeevePtQ2EcyELXE0i63T1CujRM\n"
	"WwIDAQAB\n"
	"-----END PUBLIC KEY-----\n";

static const char kubernetes_ec[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6cuzP8XuD5wal6wf9M6xDljTOPL\n"
	"X2i8uIp/C/ASqiIGUeeKQtX0/IR3qCXyThP/dbCiHrF3v1cuhBOHY8CLVg==\n"
	"-----END PUBLIC KEY-----";

static const char kubernetes_rsa_jwk[] =
	"{\"use\":\"sig\",\"kty\":\"RSA\","
	"\"kid\":\"JHJehTTTZlsspKHT-GaJxK7Kd1NQgZJu3fyK6K_QDYU\","
	"\"alg\":\"RS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}";

static const char kubernetes_ec_jwk[] =
	"{\"use\":\"sig\",\"kty\":\"EC\","
	"\"kid\":\"SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc\","
	"\"crv\":\"P-256\",\"alg\":\"ES256\","
	"\"x\":\"H6cuzP8XuD5wal6wf9M6xDljTOPLX2i8uIp_C_ASqiI\","
	"\"y\":\"BlHnikLV9PyEd6gl8k4T_3Wwoh6xd79XLoQTh2PAi1Y\"}";

static void
test_kubernetes(void **state)
{
	struct buf both = BUF_INIT, jwks = BUF_INIT;

	(void)state;
	key_check_gives("RSA", kubernetes_rsa, strlen(kubernetes_rsa),
		kubernetes_rsa_jwk);
	key_check_gives(
		"EC", kubernetes_ec, strlen(kubernetes_ec), kubernetes_ec_jwk);
	buf_printf(&both, "%s%s", kubernetes_rsa, kubernetes_ec);
	buf_printf(&jwks, "%s,%s", kubernetes_rsa_jwk, kubernetes_ec_jwk);
	key_check_gives("both", both.data, both.len, jwks.data);
	buf_release(&both);
	/* and back: what kube-apiserver serves comes out as it was */
	buf_printf(&both, "{\"keys\":[%s]}", jwks.data);
	key_check_gives("the JWKS", both.data, both.len, jwks.data);
	buf_release(&both);
	buf_release(&jwks);
}

#define AZURE_N                                                                \
	"ywg7HeKIFX3vleVKZHeYoNpuLHIDisnczYXrUdIGCNilCJFA1ymjG2UAADnt_FpYUsCV" \
	"yKYJTqcxNbK4boNg_P3uK39OAqXabwYrilEZvsVJQKhzn8dXLeqAnM98L8eBpySU208K" \
	"TsfMkS3Q6lqwurUP7c_a3g_1XRJukz_EmQxg9jLD_fQd5VwPTEo8HJQIFqIxFWzjTkkK" \
	"5hbcL9Cclkf6RpeRyjh7Vem57Fu-jAlxDUiYiqyieM4OBNm4CQjiqDE8_xOC8viNpHNw" \
	"542MYVDKSRnYui31lCOj32wBDphczR8BbnrZgbqN3K_zzB3gIjcGbWbbGA5xKJYqSu5u" \
	"RwN89_CWrT3vGw5RN3XQPSbhGC4smgZkOCw3N9i1b-x-rrd-mRse6F95ONaoslCJUbJv" \
	"xvDdb5X0P4_CVZRwJvUyP3OJ44ZvwzshA-zilG-QC9E1j2R9DTSMqOJzUuOxS0JIvobo" \
	"teI1FAByV9KyU948zQRM7r7MMZYBKWIsu6h7"

/* The kid that is published is the one that we work out. */
static void
test_azure_kid_of_3072_bits(void **state)
{
	static const char jwk[] =
		"{\"kty\":\"RSA\",\"kid\":\"\",\"n\":\"" AZURE_N
		"\",\"e\":\"AQAB\"}";

	(void)state;
	key_check_gives("Azure", jwk, strlen(jwk),
		"{\"use\":\"sig\",\"kty\":\"RSA\","
		"\"kid\":\"Me5VC6i4_4mymFj7T5rcUftFjYX70YoCfSnZB6-nBY4\","
		"\"alg\":\"RS256\",\"n\":\"" AZURE_N "\",\"e\":\"AQAB\"}");
}

#define RFC7517_N                                                              \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1R" \
	"K7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9" \
	"yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZg" \
	"nYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We" \
	"Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK" \
	"gw"
#define RFC7517_XY                                               \
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""

/* Appendix A.1; RFC 7638 section 3.1 has the same RSA key. */
static void
test_rfc7517(void **state)
{
	static const char rsa[] =
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RFC7517_N
		"\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}]}";
	static const char ec[] =
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"," RFC7517_XY
		",\"kid\":\"1\"}]}";
	static const char ec_enc[] =
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"," RFC7517_XY
		",\"use\":\"enc\",\"kid\":\"1\"}]}";

	(void)state;
	key_check_gives("RSA", rsa, strlen(rsa),
		"{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"2011-04-29\","
		"\"alg\":\"RS256\",\"n\":\"" RFC7517_N "\",\"e\":\"AQAB\"}");
	key_check_gives("EC", ec, strlen(ec),
		"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"1\","
		"\"crv\":\"P-256\",\"alg\":\"ES256\"," RFC7517_XY "}");
	key_check_refused("EC as the RFC has it", ec_enc, strlen(ec_enc),
		ERROR_INVALID, "keys[0]: use is enc");
}

#define RFC7515_N                                                              \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw" \
	"-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b3269" \
	"0r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS" \
	"-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aG" \
	"hyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp" \
	"oQ"
#define RFC7515_P256                                             \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define RFC7515_P521                                                           \
	"\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_"     \
	"NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\","                                  \
	"\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79a" \
	"jL4Kkd0AZMaZmh9ubmf63e3kyMj2\""

/* Appendices A.2 to A.4, without their private members. */
static void
test_rfc7515(void **state)
{
	static const char keys[] =
		"{\"keys\":[{\"kid\":\"a2\",\"kty\":\"RSA\",\"n\":\"" RFC7515_N
		"\",\"e\":\"AQAB\"},{\"kid\":\"a3\",\"kty\":\"EC\","
		"\"crv\":\"P-256\"," RFC7515_P256 "},{\"kid\":\"a4\","
		"\"kty\":\"EC\",\"crv\":\"P-521\"," RFC7515_P521 "}]}";

	(void)state;
	key_check_gives("A.2 to A.4", keys, strlen(keys),
		"{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"a2\","
		"\"alg\":\"RS256\",\"n\":\"" RFC7515_N "\",\"e\":\"AQAB\"},"
		"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"a3\","
		"\"crv\":\"P-256\",\"alg\":\"ES256\"," RFC7515_P256 "},"
		"{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"a4\","
		"\"crv\":\"P-521\",\"alg\":\"ES512\"," RFC7515_P521 "}");
}

static struct key *
make(const char *kid, struct error *e)
{
	EVP_PKEY *pkey = key_make_ec("P-384");
	struct buf spki = key_make_spki(pkey);
	struct key *key = key_new((unsigned char *)spki.data, spki.len, kid, e);

	buf_release(&spki);
	EVP_PKEY_free(pkey);
	return key;
}

static void
test_kid_given(void **state)
{
	struct key *key = make("a&\"\xc3\xa9", NULL);

	(void)state;
	assert_non_null(key);
	assert_string_equal(key->kid, "a&\"\xc3\xa9");
	assert_non_null(strstr(key->jwk,
		"\"kid\":\"a\\u0026\\\"\xc3\xa9\",\"crv\":\"P-384\""));
	assert_int_equal(strlen(key->jwk), key->jwk_len);
	assert_int_equal(key->type, KEY_EC);
	assert_int_equal(key->alg, KEY_ES384);
	assert_int_equal(key->bits, 384);
	key_free(key);
}

static void
test_kid_refused(void **state)
{
	char kid[KEY_KID_MAX + 2];
	struct key *key;
	struct error e;

	(void)state;
	error_clear(&e);
	assert_null(make("", &e));
	assert_int_equal(e.code, ERROR_INVALID);
	error_clear(&e);
	assert_null(make("\xc3", &e));
	assert_int_equal(e.code, ERROR_INVALID);
	memset(kid, 'k', sizeof(kid));
	kid[KEY_KID_MAX + 1] = '\0';
	error_clear(&e);
	assert_null(make(kid, &e));
	assert_int_equal(e.code, ERROR_LIMIT);
	kid[KEY_KID_MAX] = '\0';
	key = make(kid, NULL);
	assert_non_null(key);
	assert_string_equal(key->kid, kid);
	key_free(key);
}

/* A copy is the same in all that is published, and stands on its own. */
static void
test_copy(void **state)
{
	static const char jwks[] =
		"{\"kty\":\"RSA\",\"kid\":\"mine\",\"alg\":\"RS384\","
		"\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}";
	struct key_set set = KEY_SET_INIT;
	struct key *copy, *other;

	(void)state;
	assert_int_equal(key_parse(jwks, strlen(jwks), &set, NULL), 0);
	copy = key_copy(set.keys[0], NULL);
	assert_non_null(copy);
	assert_true(key_same(copy, set.keys[0]));
	assert_ptr_not_equal(copy->spki, set.keys[0]->spki);
	assert_string_equal(copy->jwk, set.keys[0]->jwk);
	key_set_release(&set);
	assert_string_equal(copy->kid, "mine");
	assert_int_equal(copy->alg, KEY_RS384);
	assert_int_equal(copy->bits, 2048);
	assert_int_equal(strlen(copy->jwk), copy->jwk_len);
	other = key_new(copy->spki, copy->spki_len, "other", NULL);
	assert_non_null(other);
	assert_true(key_same(copy, other));
	key_free(copy);
	assert_string_equal(other->kid, "other");
	key_free(other);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(key_type_name(KEY_RSA), "RSA");
	assert_string_equal(key_type_name(KEY_EC), "EC");
	assert_string_equal(key_alg_name(KEY_RS256), "RS256");
	assert_string_equal(key_alg_name(KEY_RS384), "RS384");
	assert_string_equal(key_alg_name(KEY_RS512), "RS512");
	assert_string_equal(key_alg_name(KEY_ES256), "ES256");
	assert_string_equal(key_alg_name(KEY_ES384), "ES384");
	assert_string_equal(key_alg_name(KEY_ES512), "ES512");
	key_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kubernetes),
		cmocka_unit_test(test_azure_kid_of_3072_bits),
		cmocka_unit_test(test_rfc7517),
		cmocka_unit_test(test_rfc7515),
		cmocka_unit_test(test_kid_given),
		cmocka_unit_test(test_kid_refused),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
