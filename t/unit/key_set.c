/* SPDX-License-Identifier: MIT */
#include "key_check.h"

static struct key *
key_of(const struct buf *spki, const char *kid)
{
	struct key *key =
		key_new((unsigned char *)spki->data, spki->len, kid, NULL);

	must(key != NULL);
	return key;
}

static struct buf
new_spki(const char *curve)
{
	EVP_PKEY *pkey = key_make_ec(curve);
	struct buf spki = key_make_spki(pkey);

	EVP_PKEY_free(pkey);
	return spki;
}

static void
test_order_and_find(void **state)
{
	struct key_set set = KEY_SET_INIT;
	struct buf a = new_spki("P-256"), b = new_spki("P-256");

	(void)state;
	assert_int_equal(key_set_add(&set, key_of(&a, "zz"), NULL), 0);
	assert_int_equal(key_set_add(&set, key_of(&b, "aa"), NULL), 0);
	assert_int_equal(set.count, 2);
	assert_string_equal(set.keys[0]->kid, "zz");
	assert_ptr_equal(key_set_find(&set, "aa"), set.keys[1]);
	assert_null(key_set_find(&set, "a"));
	key_set_release(&set);
	assert_int_equal(set.count, 0);
	assert_null(set.keys);
	buf_release(&a);
	buf_release(&b);
}

static void
test_same_key_is_dropped(void **state)
{
	struct key_set set = KEY_SET_INIT;
	struct buf a = new_spki("P-256");

	(void)state;
	assert_int_equal(key_set_add(&set, key_of(&a, NULL), NULL), 0);
	assert_int_equal(key_set_add(&set, key_of(&a, NULL), NULL), 0);
	assert_int_equal(set.count, 1);
	key_set_release(&set);
	buf_release(&a);
}

static void
refuse_add(struct key_set *set, struct key *take, enum error_code code,
	const char *word)
{
	struct error e;
	size_t before = set->count;

	error_clear(&e);
	assert_int_equal(key_set_add(set, take, &e), -1);
	assert_int_equal(e.code, code);
	if (strstr(e.text, word) == NULL)
		fail_msg("no \"%s\" in: %s", word, e.text);
	assert_int_equal(set->count, before);
}

static void
test_conflicts(void **state)
{
	struct key_set set = KEY_SET_INIT;
	struct buf a = new_spki("P-256"), b = new_spki("P-256");

	(void)state;
	assert_int_equal(key_set_add(&set, key_of(&a, "one"), NULL), 0);
	refuse_add(&set, key_of(&b, "one"), ERROR_CONFLICT, "another key");
	refuse_add(&set, key_of(&a, "two"), ERROR_CONFLICT, "as kid one");
	/* what a kid holds does not reach a terminal */
	refuse_add(&set, key_of(&a, "\x1b[2J"), ERROR_CONFLICT, "?[2J");
	key_set_release(&set);
	buf_release(&a);
	buf_release(&b);
}

/* The same kid and key, with RS256 and RS512. */
static void
test_conflict_of_alg(void **state)
{
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf spki = key_make_spki(pkey), jwk = BUF_INIT;
	struct key_set set = KEY_SET_INIT, other = KEY_SET_INIT;
	struct error e;
	char *alg;

	(void)state;
	error_clear(&e);
	jwk = key_make_jwk(pkey, "k", "");
	alg = strstr(jwk.data, "RS256");
	must(alg != NULL);
	memcpy(alg, "RS512", 5);
	assert_int_equal(key_parse(jwk.data, jwk.len, &other, NULL), 0);
	assert_int_equal(other.keys[0]->alg, KEY_RS512);
	assert_int_equal(key_set_add(&set, key_of(&spki, "k"), NULL), 0);
	assert_int_equal(key_set_merge(&set, &other, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "with alg RS256, not RS512"));
	key_set_release(&set);
	buf_release(&spki);
	buf_release(&jwk);
	EVP_PKEY_free(pkey);
}

static void
test_limit_is_per_type(void **state)
{
	struct key_set set = KEY_SET_INIT;
	EVP_PKEY *pkey = key_make_rsa(2048);
	struct buf rsa = key_make_spki(pkey), spki;
	int i;

	(void)state;
	for (i = 0; i <= KEY_SET_MAX; i++) {
		spki = new_spki("P-256");
		if (i < KEY_SET_MAX)
			assert_int_equal(
				key_set_add(&set, key_of(&spki, NULL), NULL),
				0);
		else
			refuse_add(&set, key_of(&spki, NULL), ERROR_LIMIT,
				"more than 100 EC keys");
		buf_release(&spki);
	}
	assert_int_equal(key_set_add(&set, key_of(&rsa, NULL), NULL), 0);
	assert_int_equal(set.count, KEY_SET_MAX + 1);
	key_set_release(&set);
	buf_release(&rsa);
	EVP_PKEY_free(pkey);
}

static void
test_merge_is_all_or_nothing(void **state)
{
	struct key_set set = KEY_SET_INIT, from = KEY_SET_INIT;
	struct buf a = new_spki("P-256"), b = new_spki("P-384");
	struct buf c = new_spki("P-521");
	struct error e;

	(void)state;
	error_clear(&e);
	assert_int_equal(key_set_add(&set, key_of(&a, "a"), NULL), 0);
	assert_int_equal(key_set_add(&from, key_of(&b, "b"), NULL), 0);
	assert_int_equal(key_set_add(&from, key_of(&c, "a"), NULL), 0);
	assert_int_equal(key_set_merge(&set, &from, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_int_equal(set.count, 1);
	assert_int_equal(from.count, 0);
	assert_null(from.keys);

	assert_int_equal(key_set_add(&from, key_of(&b, "b"), NULL), 0);
	assert_int_equal(key_set_add(&from, key_of(&a, "a"), NULL), 0);
	assert_int_equal(key_set_add(&from, key_of(&c, "c"), NULL), 0);
	assert_int_equal(key_set_merge(&set, &from, NULL), 0);
	assert_int_equal(set.count, 3);
	assert_string_equal(set.keys[0]->kid, "a");
	assert_string_equal(set.keys[1]->kid, "b");
	assert_string_equal(set.keys[2]->kid, "c");
	key_set_release(&set);
	buf_release(&a);
	buf_release(&b);
	buf_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_find),
		cmocka_unit_test(test_same_key_is_dropped),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_conflict_of_alg),
		cmocka_unit_test(test_limit_is_per_type),
		cmocka_unit_test(test_merge_is_all_or_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
