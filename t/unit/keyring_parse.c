/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "t/lib/ring.h"

/* keyring.json of a rotation that is half way. */
static char *
example(void)
{
	struct keyring_policy p = keyring_policy_default();
	struct keyring *ring;
	struct buf b = BUF_INIT;
	struct error e = {0};

	p.alg = KEY_ES256;
	p.bits = 256;
	ring = ring_new(&p);
	ring_need(ring_step(ring, KEYRING_STAGE, NULL, RING_START + 5, &e) == 0,
		"stage", &e);
	ring_need(ring_step(ring, KEYRING_ACTIVATE, NULL, RING_START + 86405,
			  &e) == 0,
		"activate", &e);
	keyring_render(ring, &b);
	keyring_free(ring);
	return buf_take(&b, NULL);
}

static void
test_renders_what_it_parsed(void **state)
{
	char *text = example();
	struct error e = {0};
	struct keyring *ring = keyring_parse(text, strlen(text), &e);
	struct buf b = BUF_INIT;

	(void)state;
	if (ring == NULL)
		fail_msg("%s", e.text);
	assert_string_equal(ring->issuer, RING_ISSUER);
	assert_int_equal(ring->generation, 3);
	assert_int_equal(ring->count, 2);
	assert_int_equal(keyring_state(&ring->keys[0], RING_START + 90000),
		KEYRING_RETIRING);
	assert_int_equal(keyring_state(&ring->keys[1], RING_START + 90000),
		KEYRING_ACTIVE);
	keyring_render(ring, &b);
	assert_string_equal(b.data, text);
	buf_release(&b);
	keyring_free(ring);
	free(text);
}

/* Replace the first `from` in the example; it must then be refused, and the
 * error must say `why`. */
static void
assert_refused(const char *from, const char *to, const char *why)
{
	char *text = example(), *at = strstr(text, from);
	struct buf b = BUF_INIT;
	struct error e = {0};
	struct keyring *ring;

	if (at == NULL)
		fail_msg("the example has no %s", from);
	buf_append(&b, text, (size_t)(at - text));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	ring = keyring_parse(b.data, b.len, &e);
	if (ring != NULL)
		fail_msg("taken with %s", to);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, why);
	buf_release(&b);
	free(text);
}

static void
test_refusals(void **state)
{
	(void)state;
	assert_refused("\"version\": 1", "\"version\": 2", "newer jwksctl");
	assert_refused("\"version\": 1", "\"version\": 0", "unknown");
	assert_refused("\"version\": 1", "\"vers\": 1", "version");
	assert_refused(
		"\"generation\"", "\"x\": 1, \"generation\"", "member \"x\"");
	assert_refused("\"in_store\"", "\"hidden\": true, \"in_store\"",
		"member \"hidden\"");
	assert_refused("\"skew\"", "\"skwe\"", "member \"skwe\"");
	assert_refused("\"in_store\": true", "\"in_store\": 1", "in_store");
	assert_refused("\"bits\": 256,\n      \"public\"",
		"\"bits\": 384,\n      \"public\"", "says ES256 of 384");
	assert_refused("\"alg\": \"ES256\",\n      \"bits\"",
		"\"alg\": \"RS256\",\n      \"bits\"", "but the key is ES256");
	assert_refused("\"generation\": 3", "\"generation\": -3", "generation");
	assert_refused(
		"\"activated\": \"2023", "\"activated\": \"2022", "before");
	assert_refused(
		"\"activated\": \"2023", "\"activated\": \"2029", "superseded");
	assert_refused("\"activated\"", "\"revoked\"", "never activated");
	assert_refused("\"updated\": \"2023", "\"updated\": \"2022",
		"own \"updated\"");
	assert_refused(
		"\"updated\": \"2023-11", "\"updated\": \"2023-13", "updated");
	assert_refused("\"superseded\": \"", "\"created2\": \"", "created2");
	assert_refused("BEGIN PUBLIC", "BEGIN PUBLIK", "public");
	assert_refused("\"publish_ahead\": 86400", "\"publish_ahead\": 60",
		"publish_ahead");
	assert_refused("\"keys\": [", "\"keys\": [], \"keys\": [", "line");
	assert_refused("{", "", "line");
}

static void
test_two_active_keys_are_refused(void **state)
{
	static const char line[] =
		",\n      \"superseded\": \"2023-11-15T22:13:25Z\"";
	char *text = example(), *at = strstr(text, line);
	struct error e = {0};

	(void)state;
	assert_non_null(at);
	memset(at, ' ', strlen(line));
	assert_null(keyring_parse(text, strlen(text), &e));
	assert_non_null(strstr(e.text, "two active keys"));
	free(text);
}

/* Cut anywhere it is refused, and never read beyond its end. */
static void
test_every_prefix_is_refused(void **state)
{
	char *text = example(), *copy;
	size_t len = strlen(text), i;

	(void)state;
	for (i = 0; i + 2 < len; i += 7) {
		copy = malloc(i + 1);
		assert_non_null(copy);
		memcpy(copy, text, i);
		copy[i] = '\0';
		assert_null(keyring_parse(copy, i, NULL));
		free(copy);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renders_what_it_parsed),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_two_active_keys_are_refused),
		cmocka_unit_test(test_every_prefix_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
