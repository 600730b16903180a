/* SPDX-License-Identifier: MIT */
/*
 * What is put into manifests stands where it belongs, and nothing else is put
 * there.  What the manifests do is looked at in t/95-cluster/irsa.t.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kube/irsa.h"
#include "kube/template.h"

static void
assert_renders(const char *template, const char *want)
{
	const struct template_value values[] = {
		{"A", "one"},
		{"A_B", "@A@"},
		{"NOTHING", NULL},
		{NULL, NULL},
	};
	struct buf b = BUF_INIT;

	template_render(&b, template, values);
	assert_true(buf_ok(&b));
	assert_string_equal(b.data, want);
	buf_release(&b);
}

static void
test_names_are_filled_in(void **state)
{
	(void)state;
	assert_renders("", "");
	assert_renders("a", "a");
	assert_renders("@A@", "one");
	assert_renders("<@A@@A@>", "<oneone>");
	assert_renders("<@NOTHING@>", "<>");
}

static void
test_other_at_signs_stay(void **state)
{
	(void)state;
	assert_renders("a@b", "a@b");
	assert_renders("@@", "@@");
	assert_renders("@C@A@", "@Cone");
	assert_renders("a@b @A@ @", "a@b one @");
	/* what was put in is not looked at again */
	assert_renders("@A_B@", "@A@");
}

static void
assert_check(const struct irsa *irsa, const char *why)
{
	struct error e = {0};

	if (why == NULL) {
		assert_int_equal(irsa_check(irsa, &e), 0);
		return;
	}
	assert_int_equal(irsa_check(irsa, &e), -1);
	assert_int_equal(e.code, ERROR_INVALID);
	assert_non_null(strstr(e.text, why));
}

static void
test_values_are_checked(void **state)
{
	struct irsa irsa = irsa_defaults;

	(void)state;
	assert_check(&irsa, NULL);
	irsa.expiration = IRSA_EXPIRATION_MIN;
	assert_check(&irsa, NULL);
	irsa.expiration = IRSA_EXPIRATION_MIN - 1;
	assert_check(&irsa, "not after 599");
	irsa.expiration = IRSA_EXPIRATION_MAX + 1;
	assert_check(&irsa, "not after 86401");

	irsa = irsa_defaults;
	irsa.audience = "a'b";
	assert_check(&irsa, "audience");
	irsa = irsa_defaults;
	irsa.prefix = "eks.amazonaws.com/";
	assert_check(&irsa, "annotation prefix");
	irsa = irsa_defaults;
	irsa.region = "";
	assert_check(&irsa, "region");
	irsa = irsa_defaults;
	irsa.selector = "example.com/irsa=yes";
	assert_check(&irsa, NULL);
	irsa.selector = "a==b";
	assert_check(&irsa, "KEY=VALUE");
	irsa.selector = "a=";
	assert_check(&irsa, "selector");
	irsa = irsa_defaults;
	irsa.api_version = "v2";
	assert_check(&irsa, "API version");
}

/* With every option and with none, no at-sign is left but an image's. */
static void
test_manifests_are_complete(void **state)
{
	struct irsa irsa = irsa_defaults;
	struct buf b = BUF_INIT;
	int round;

	(void)state;
	for (round = 0; round < 2; round++) {
		irsa_policy_render(&b, &irsa);
		irsa_webhook_render(&b, &irsa);
		irsa.region = "eu-central-1";
		irsa.selector = "irsa=yes";
		irsa.regional = irsa.session_name = true;
	}
	assert_true(buf_ok(&b));
	assert_null(strchr(b.data, '@'));
	assert_null(strchr(b.data, '\t'));
	assert_int_equal(b.data[b.len - 1], '\n');
	assert_non_null(strstr(b.data, "        irsa: 'yes'\n"));
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_filled_in),
		cmocka_unit_test(test_other_at_signs_stay),
		cmocka_unit_test(test_values_are_checked),
		cmocka_unit_test(test_manifests_are_complete),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
