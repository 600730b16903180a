/* SPDX-License-Identifier: MIT */
#include "key_check.h"

#include <openssl/err.h>

/* A copy with a NUL behind it and nothing more, for ASan to guard. */
static char *
exactly(const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	must(copy != NULL);
	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void
key_check_gives(
	const char *what, const char *bytes, size_t len, const char *jwks)
{
	struct key_set set = KEY_SET_INIT;
	struct buf got = BUF_INIT;
	char *copy = exactly(bytes, len);
	struct error e;
	size_t i;

	error_clear(&e);
	if (key_parse(copy, len, &set, &e) != 0)
		fail_msg("%s: %s", what, e.text);
	assert_int_equal(e.code, ERROR_NONE);
	assert_int_equal(ERR_peek_error(), 0);
	for (i = 0; i < set.count; i++) {
		if (i > 0)
			buf_putc(&got, ',');
		buf_append(&got, set.keys[i]->jwk, set.keys[i]->jwk_len);
	}
	assert_true(buf_ok(&got));
	if (strcmp(got.data, jwks) != 0)
		fail_msg("%s: got %s, want %s", what, got.data, jwks);
	buf_release(&got);
	key_set_release(&set);
	free(copy);
}

/* A key that every refused input meets in the set. */
static struct key *
resident(void)
{
	EVP_PKEY *pkey = key_make_ec("P-256");
	struct buf spki = key_make_spki(pkey);
	struct key *key =
		key_new((unsigned char *)spki.data, spki.len, "resident", NULL);

	must(key != NULL);
	buf_release(&spki);
	EVP_PKEY_free(pkey);
	return key;
}

void
key_check_refused(const char *what, const char *bytes, size_t len,
	enum error_code code, const char *word)
{
	struct key_set set = KEY_SET_INIT;
	struct key *before = resident();
	char *copy = exactly(bytes, len);
	struct error e;

	error_clear(&e);
	must(key_set_add(&set, before, NULL) == 0);
	if (key_parse(copy, len, &set, &e) != -1)
		fail_msg("%s: was taken", what);
	if (e.code != code)
		fail_msg("%s: %s: %s", what, error_code_name(e.code), e.text);
	if (strstr(e.text, word) == NULL)
		fail_msg("%s: no \"%s\" in: %s", what, word, e.text);
	assert_null(strchr(e.text, '\n'));
	/* nothing is left in OpenSSL's queue for others to find */
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(set.count, 1);
	assert_ptr_equal(set.keys[0], before);
	key_set_release(&set);
	free(copy);
}
