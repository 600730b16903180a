/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "base/base64url.h"

/* RFC 4648 section 10, in the alphabet of section 5 and without padding. */
static const struct {
	const char *bytes;
	const char *text;
} vectors[] = {
	{"", ""},
	{"f", "Zg"},
	{"fo", "Zm8"},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg"},
	{"fooba", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xbe", "-_--"},
	{"\xff\xef\xbf", "_--_"},
};

static void
test_vectors(void **state)
{
	char text[16], bytes[16];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		len = strlen(vectors[i].bytes);
		assert_int_equal(BASE64URL_LEN(len), strlen(vectors[i].text));
		base64url_encode(text, vectors[i].bytes, len);
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(
			base64url_decode(bytes, text, strlen(text)), len);
		assert_memory_equal(bytes, vectors[i].bytes, len);
	}
}

/* OpenSSL's base64 in our alphabet. */
static size_t
openssl_encode(char *out, const unsigned char *bytes, size_t len)
{
	size_t n =
		(size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
	size_t i;

	while (n > 0 && out[n - 1] == '=')
		n--;
	for (i = 0; i < n; i++)
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	out[n] = '\0';
	return n;
}

static void
test_every_length_as_openssl_has_it(void **state)
{
	unsigned char bytes[100], *back;
	char want[140], *got;
	struct buf b = BUF_INIT;
	size_t len, i, n;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 167 + 251);
	for (len = 0; len <= sizeof(bytes); len++) {
		n = openssl_encode(want, bytes, len);
		assert_int_equal(BASE64URL_LEN(len), n);
		/* exactly as large as is documented, for ASan */
		got = malloc(n + 1);
		assert_non_null(got);
		base64url_encode(got, bytes, len);
		assert_string_equal(got, want);
		back = malloc(n * 3 / 4 + 1);
		assert_non_null(back);
		assert_int_equal(base64url_decode(back, got, n), len);
		assert_memory_equal(back, bytes, len);
		buf_puts(&b, "kid:");
		base64url_append(&b, bytes, len);
		assert_string_equal(b.data + 4, want);
		buf_release(&b);
		free(back);
		free(got);
	}
}

static void
test_refused(void **state)
{
	static const char *const texts[] = {
		/* no number of bytes has so many characters */
		"A",
		"AAAAA",
		/* padding, white space, the other alphabet, beyond it */
		"Zg==",
		"Zm8=",
		"Zm 9v",
		"Zm9v\n",
		"ab+d",
		"ab/d",
		"ab.d",
		"abc\x80",
		"\xc1zz0",
		/* bits that nothing is made of are not zero */
		"Zh",
		"Zv",
		"Zm9",
		"Zm9vYh",
		"AAB",
		"_x",
	};
	char out[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (base64url_decode(out, texts[i], strlen(texts[i])) != -1)
			fail_msg("\"%s\" was taken", texts[i]);
	assert_int_equal(base64url_decode(out, "AA\0A", 4), -1);
}

/* Of the 64 last characters that one byte can have, four are the right form. */
static void
test_only_canonical_forms(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[2] = "A", out[2];
	int taken = 0, i;

	(void)state;
	for (i = 0; i < 64; i++) {
		text[1] = alphabet[i];
		taken += base64url_decode(out, text, 2) == 1;
	}
	assert_int_equal(taken, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_length_as_openssl_has_it),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_only_canonical_forms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
