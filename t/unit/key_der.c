/* SPDX-License-Identifier: MIT */
#include "key_check.h"

#include "key/der.h"

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static bool
take(const char *bytes, size_t len, size_t *content, size_t *rest)
{
	/* on the heap and no larger, for ASan to guard */
	unsigned char *copy = malloc(len > 0 ? len : 1);
	struct key_der in = {copy, len}, out = {NULL, 0};
	bool taken;

	must(copy != NULL);
	memcpy(copy, bytes, len);
	taken = key_der_take(&in, KEY_DER_INTEGER, &out);
	assert_int_equal(taken, out.p != NULL);
	assert_int_equal(taken ? 1 : 0, in.p != copy);
	*content = out.len;
	*rest = in.len;
	free(copy);
	return taken;
}

static void
test_take(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int taken;
		size_t content, rest;
	} table[] = {
		{"", 0, 0, 0, 0},
		{"\x02", 1, 0, 0, 1},
		{"\x02\x00", 2, 1, 0, 0},
		{"\x02\x01", 2, 0, 0, 2},
		{"\x02\x01\x07\x05\x00", 5, 1, 1, 2},
		{"\x03\x01\x07", 3, 0, 0, 3},
		{"\x02\x81\x01\x07", 4, 1, 1, 0},
		{"\x02\x82\x00\x01\x07", 5, 1, 1, 0},
		{"\x02\x84\x00\x00\x00\x01\x07", 7, 1, 1, 0},
		{"\x02\x84\x00\x00\x00\x02\x07", 7, 0, 0, 7},
		{"\x02\x85\x00\x00\x00\x00\x01\x07", 8, 0, 0, 8},
		{"\x02\x84\xff\xff\xff\xff\x07", 7, 0, 0, 7},
		{"\x02\x80\x07\x00\x00", 5, 0, 0, 5},
		{"\x02\x82\x01", 3, 0, 0, 3},
		{"\x02\xff\x01", 3, 0, 0, 3},
	};
	size_t i, content, rest;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (take(table[i].bytes, table[i].len, &content, &rest) !=
			table[i].taken)
			fail_msg("row %zu", i);
		assert_int_equal(content, table[i].content);
		assert_int_equal(rest, table[i].rest);
	}
}

static void
test_append_is_minimal_and_reads_back(void **state)
{
	static const size_t lengths[] = {
		0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 20};
	static const size_t heads[] = {2, 2, 2, 3, 3, 4, 4, 5, 5};
	char *content = calloc(1, 1 << 20);
	struct key_der in, out;
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	must(content != NULL);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		key_der_append(&b, KEY_DER_OCTET_STRING, content, lengths[i]);
		assert_int_equal(b.len, lengths[i] + heads[i]);
		in = (struct key_der){(unsigned char *)b.data, b.len};
		assert_true(key_der_take(&in, KEY_DER_OCTET_STRING, &out));
		assert_int_equal(out.len, lengths[i]);
		assert_int_equal(in.len, 0);
		buf_release(&b);
	}
	free(content);
}

static void
test_tell(void **state)
{
	(void)state;
	assert_int_equal(key_form_tell(BYTES("")), KEY_FORM_UNKNOWN);
	assert_int_equal(key_form_tell(BYTES("\x30")), KEY_FORM_UNKNOWN);
	assert_int_equal(key_form_tell(BYTES("\x30\x00")), KEY_FORM_UNKNOWN);
	assert_int_equal(key_form_tell(BYTES("\x31\x05\x02\x01\x00\x02\x01")),
		KEY_FORM_UNKNOWN);
	assert_int_equal(
		key_form_tell(BYTES("\x30\x06\x02\x01\x00\x02\x01\x05")),
		KEY_FORM_PKCS1);
	assert_int_equal(
		key_form_tell(BYTES("\x30\x06\x02\x01\x01\x04\x01\x05")),
		KEY_FORM_SEC1);
	assert_int_equal(key_form_tell(BYTES("\x30\x05\x02\x01\x00\x30\x00")),
		KEY_FORM_PKCS8);
	assert_int_equal(key_form_tell(BYTES("\x30\x05\x02\x01\x01\x30\x00")),
		KEY_FORM_PKCS8);
	assert_int_equal(key_form_tell(BYTES("\x30\x05\x02\x01\x03\x30\x00")),
		KEY_FORM_PKCS12);
	assert_int_equal(key_form_tell(BYTES("\x30\x80\x02\x01\x03\x30\x80")),
		KEY_FORM_PKCS12);
	assert_int_equal(key_form_tell(BYTES("\x30\x04\x30\x00\x04\x00")),
		KEY_FORM_PKCS8_ENCRYPTED);
	assert_int_equal(key_form_tell(BYTES("\x30\x04\x30\x00\x03\x00")),
		KEY_FORM_SPKI);
	assert_int_equal(key_form_tell(BYTES("\x30\x06\x30\x00\x30\x00\x03")),
		KEY_FORM_CERTIFICATE);
	assert_int_equal(key_form_tell(BYTES("\x30\x08\x02\x02\x11\x11\x02\x02"
					     "\x11\x11")),
		KEY_FORM_RSA_PUBLIC);
	assert_int_equal(
		key_form_tell(BYTES("openssh-key-v1")), KEY_FORM_UNKNOWN);
	assert_int_equal(
		key_form_tell(BYTES("openssh-key-v1\0")), KEY_FORM_OPENSSH);
}

static void
test_private_and_names(void **state)
{
	enum key_form form;

	(void)state;
	for (form = KEY_FORM_UNKNOWN; form <= KEY_FORM_OPENSSH; form++) {
		assert_int_equal(key_form_private(form),
			form != KEY_FORM_UNKNOWN && form != KEY_FORM_SPKI &&
				form != KEY_FORM_CERTIFICATE &&
				form != KEY_FORM_RSA_PUBLIC);
		if (form != KEY_FORM_UNKNOWN)
			assert_string_not_equal(key_form_name(form), "unknown");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_append_is_minimal_and_reads_back),
		cmocka_unit_test(test_tell),
		cmocka_unit_test(test_private_and_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
