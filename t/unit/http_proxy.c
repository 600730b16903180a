/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/listener.h"
#include "http/proxy.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2(text) SIGNATURE text, sizeof(SIGNATURE text) - 1
#define V1(text) text, sizeof(text) - 1
#define PORTS "\xdc\x04\x01\xbb"
#define TCP4 "\xc0\x00\x02\x01\xc6\x33\x64\x01" PORTS
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define SIX(n) "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" n

static const struct {
	const char *bytes;
	size_t len;
	const char *peer; /* "" unchanged, NULL refused */
} cases[] = {
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"),
		"192.0.2.1:56324"},
	{V1("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"),
		"[2001:db8::1]:56324"},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\n"), "192.0.2.1:0"},
	{V1("PROXY UNKNOWN\r\n"), ""},
	{V1("PROXY UNKNOWN ffff::1 what ever\r\n"), ""},
	{V1("PROXY UNKNOWNS\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n"), NULL},
	{V1("PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 65536\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 056324 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 +56324 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1  443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1 "
	    "99999999999999999999999999999 443\r\n"),
		NULL},
	{V1("PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100 56324 443\r\n"), NULL},
	{V1("PROXY TCP4 2001:db8::1 198.51.100.1 56324 443\r\n"), NULL},
	{V1("PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
	{V1("PROXY TCP5 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
	{V1("PROXY TCP4 192.0.2.1 198.51.100.1\0 56324 443\r\n"), NULL},
	{V1("PROXY \r\n"), NULL},
	{V1("PROXY\tTCP4 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
	{V1("proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
	{V1("GET / HTTP/1.1\r\n"), NULL}, {V1("\x16\x03\x01\x02\x00"), NULL},
	/* 107 bytes are the most, 108 are too many */
	{V1("PROXY UNKNOWN " HUNDRED), NULL},
	{V2("\x21\x11\0\x0c" TCP4), "192.0.2.1:56324"},
	{V2("\x21\x11\0\x10" TCP4 "\x04\0\x01x"), "192.0.2.1:56324"},
	{V2("\x21\x21\0\x24" SIX("\1") SIX("\2") PORTS), "[2001:db8::1]:56324"},
	{V2("\x20\0\0\0"), ""}, {V2("\x20\x11\0\x0c" TCP4), ""},
	{V2("\x21\0\0\x02xy"), ""}, {V2("\x21\x12\0\x0c" TCP4), ""}, /* UDP */
	{V2("\x21\x31\0\0"), ""}, /* a Unix socket */
	{V2("\x21\x11\0\x0bTCP4 short "), NULL},
	{V2("\x21\x21\0\x0c" TCP4), NULL}, {V2("\x22\x11\0\x0c" TCP4), NULL},
	{V2("\x11\x11\0\x0c" TCP4), NULL},
	{V2("\x21\x11\x0f\xf1" TCP4), NULL}, /* 1 longer than we take */
};

/* In a block of its own, so that sanitizers see a byte too many. */
static enum http_proxy
parse(const char *bytes, size_t len, union http_peer *peer, socklen_t *peer_len,
	size_t *used)
{
	char *copy = malloc(len + (len == 0));
	enum http_proxy result;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	result = http_proxy_parse(copy, len, peer, peer_len, used);
	free(copy);
	return result;
}

static void
assert_case(const char *bytes, size_t len, const char *want)
{
	union http_peer peer = {.sa = {.sa_family = AF_UNIX}};
	socklen_t peer_len = sizeof(sa_family_t);
	char text[HTTP_ADDRESS_TEXT_MAX] = "";
	size_t used = 0;

	assert_int_equal(
		parse(bytes, len, &peer, &peer_len, &used), HTTP_PROXY_DONE);
	assert_int_equal(used, len);
	if (want[0] == '\0') {
		assert_int_equal(peer.sa.sa_family, AF_UNIX);
		return;
	}
	http_address_text(&peer.sa, peer_len, text);
	assert_string_equal(text, want);
}

static void
test_cases(void **state)
{
	union http_peer peer = {.sa = {.sa_family = AF_UNIX}};
	socklen_t peer_len = sizeof(sa_family_t);
	size_t used, i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].peer != NULL)
			assert_case(
				cases[i].bytes, cases[i].len, cases[i].peer);
		else if (parse(cases[i].bytes, cases[i].len, &peer, &peer_len,
				 &used) != HTTP_PROXY_BAD)
			fail_msg("case %zu is not refused", i);
		assert_int_equal(peer.sa.sa_family, AF_UNIX);
	}
}

/* Cut anywhere, a header that is right is not yet whole; what comes behind it
 * is not its own. */
static void
test_cut(void **state)
{
	union http_peer peer;
	socklen_t peer_len;
	char longer[256];
	size_t used, i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].peer == NULL)
			continue;
		for (n = 0; n < cases[i].len; n++)
			assert_int_equal(parse(cases[i].bytes, n, &peer,
						 &peer_len, &used),
				HTTP_PROXY_MORE);
		memcpy(longer, cases[i].bytes, cases[i].len);
		memcpy(longer + cases[i].len, "GET /\n", 6);
		assert_int_equal(parse(longer, cases[i].len + 6, &peer,
					 &peer_len, &used),
			HTTP_PROXY_DONE);
		assert_int_equal(used, cases[i].len);
	}
}

/* No header may keep us waiting for more than its greatest length. */
static void
test_longest(void **state)
{
	static const char head[] = SIGNATURE "\x21\x11\x0f\xf0" TCP4;
	static char bytes[HTTP_PROXY_MAX];
	union http_peer peer;
	socklen_t peer_len;
	size_t used = 0;

	(void)state;
	memcpy(bytes, head, sizeof(head) - 1);
	assert_int_equal(
		parse(bytes, sizeof(bytes) - 1, &peer, &peer_len, &used),
		HTTP_PROXY_MORE);
	assert_int_equal(parse(bytes, sizeof(bytes), &peer, &peer_len, &used),
		HTTP_PROXY_DONE);
	assert_int_equal(used, HTTP_PROXY_MAX);
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, "PROXY UNKNOWN", 13);
	assert_int_equal(
		parse(bytes, 106, &peer, &peer_len, &used), HTTP_PROXY_MORE);
	assert_int_equal(
		parse(bytes, 107, &peer, &peer_len, &used), HTTP_PROXY_BAD);
	memcpy(bytes + 105, "\r\n", 2);
	assert_int_equal(
		parse(bytes, 107, &peer, &peer_len, &used), HTTP_PROXY_DONE);
}

static bool
trusts(const char *prefix, const char *address)
{
	struct http_prefix p;
	struct http_address a;
	union http_peer peer;
	struct error e = {0};

	if (http_prefix_parse(prefix, &p, &e) != 0)
		fail_msg("%s", e.text);
	if (http_address_parse(address, &a, &e) != 0)
		fail_msg("%s", e.text);
	memcpy(&peer, &a.addr, sizeof(peer));
	return http_prefix_has(&p, &peer);
}

static void
test_prefixes(void **state)
{
	(void)state;
	assert_true(trusts("10.0.0.0/8", "10.255.0.1:1"));
	assert_false(trusts("10.0.0.0/8", "11.0.0.0:1"));
	assert_true(trusts("10.0.0.0/8", "[::ffff:10.1.2.3]:1"));
	assert_true(trusts("192.0.2.1", "192.0.2.1:1"));
	assert_false(trusts("192.0.2.1", "192.0.2.0:1"));
	assert_true(trusts("192.0.2.128/25", "192.0.2.255:1"));
	assert_false(trusts("192.0.2.128/25", "192.0.2.127:1"));
	assert_true(trusts("2001:db8::/33", "[2001:db8:7fff::1]:1"));
	assert_false(trusts("2001:db8::/33", "[2001:db8:8000::1]:1"));
	assert_true(trusts("0.0.0.0/0", "203.0.113.9:1"));
	assert_false(trusts("0.0.0.0/0", "[2001:db8::1]:1"));
	assert_true(trusts("::/0", "203.0.113.9:1"));
	assert_true(trusts("unix", "unix:/run/x"));
	assert_false(trusts("unix", "127.0.0.1:1"));
	assert_false(trusts("::/0", "unix:/run/x"));
}

static void
test_no_prefix(void **state)
{
	static const char *const texts[] = {"", "10.0.0.0/33", "10.0.0.1/8",
		"10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8",
		"10.0.0", "::1/129", "2001:db8::1/64", "localhost", "Unix",
		"10.0.0.0/8 ", "0000:0000:0000:0000:0000:0000:0000:0000:0000",
		HUNDRED};
	struct http_prefix p;
	struct error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(&e, 0, sizeof(e));
		if (http_prefix_parse(texts[i], &p, &e) == 0)
			fail_msg("\"%s\" is taken", texts[i]);
		assert_non_null(strstr(e.text, "is no address"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_no_prefix),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
