/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "key/parse.h"
#include "oidc/issuer.h"
#include "sample_key.h"

static void
test_record(void **state)
{
	char url[] = "https://h.example/a";
	struct oidc_issuer *issuer = oidc_issuer_new(url, 7);

	(void)state;
	assert_non_null(issuer);
	memset(url, 'x', sizeof(url) - 1); /* it has a copy */
	assert_string_equal(issuer->url, "https://h.example/a");
	assert_int_equal(issuer->slot, 7);
	assert_int_equal(issuer->health, OIDC_ABSENT);
	assert_null(issuer->documents[OIDC_JWKS]);
	assert_null(issuer->problem);
	assert_true(oidc_issuer_size(issuer) >= sizeof(*issuer) + sizeof(url));
	oidc_issuer_free(issuer);
	oidc_issuer_free(NULL);
}

static void
test_keys(void **state)
{
	struct key_set set = KEY_SET_INIT;
	struct oidc_issuer *issuer = oidc_issuer_new("https://h", 0);
	size_t bare = oidc_issuer_size(issuer);
	const char *pems = sample_pems(0, 3);
	struct oidc_key *keys;
	unsigned i;

	(void)state;
	assert_int_equal(key_parse(pems, strlen(pems), &set, NULL), 0);
	keys = oidc_keys_new(&set);
	assert_non_null(keys);
	key_set_release(&set); /* nothing is borrowed from it */
	for (i = 0; i < 3; i++) {
		assert_string_equal(keys[i].kid, sample_kid(i));
		assert_int_equal(keys[i].alg, KEY_ES256);
		assert_int_equal(keys[i].bits, 256);
		assert_int_equal(keys[i].has_state, 0);
		assert_int_equal(keys[i].print, 0);
	}
	issuer->keys = keys;
	issuer->n_keys = 3;
	issuer->problem = strdup("a problem");
	assert_int_equal(oidc_issuer_size(issuer),
		bare + 3 * (sizeof(*keys) + 44) + sizeof("a problem"));
	oidc_issuer_free(issuer);
	keys = oidc_keys_new(&set); /* of none */
	assert_non_null(keys);
	free(keys);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(oidc_health_name(OIDC_FRESH), "fresh");
	assert_string_equal(oidc_health_name(OIDC_HELD), "held");
	assert_string_equal(oidc_health_name(OIDC_ABSENT), "absent");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
