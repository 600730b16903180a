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
	struct oidc_issuer issuer;

	(void)state;
	oidc_issuer_init(&issuer, "https://h.example/a", 7);
	assert_string_equal(issuer.url, "https://h.example/a");
	assert_int_equal(issuer.slot, 7);
	assert_int_equal(issuer.health, OIDC_ABSENT);
	assert_null(issuer.documents);
	assert_null(issuer.problem);
	oidc_issuer_release(&issuer);
}

static void
test_keys(void **state)
{
	struct key_set set = KEY_SET_INIT;
	struct oidc_issuer issuer;
	const char *pems = sample_pems(0, 3);
	struct oidc_key *keys;
	unsigned i;

	(void)state;
	assert_int_equal(key_parse(pems, strlen(pems), &set, NULL), 0);
	keys = oidc_keys_new(&set);
	assert_non_null(keys);
	key_set_release(&set); /* nothing is borrowed from it */
	for (i = 0; i < 3; i++) {
		assert_string_equal(oidc_key_kid(&keys[i]), sample_kid(i));
		assert_int_equal(keys[i].alg, KEY_ES256);
		assert_int_equal(keys[i].bits, 256);
		assert_int_equal(keys[i].has_state, 0);
		assert_int_equal(keys[i].print, 0);
	}
	/* they go with the issuer */
	oidc_issuer_init(&issuer, "https://h", 0);
	issuer.keys = keys;
	issuer.n_keys = 3;
	issuer.problem = strdup("a problem");
	oidc_issuer_release(&issuer);
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
