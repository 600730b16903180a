/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/url.h"

static void
assert_issuer(
	const char *url, const char *host, const char *path, bool loopback)
{
	struct config_url u = {0};
	struct error e = {0};

	if (config_url_parse(url, &u, &e) != 0)
		fail_msg("%s: %s", url, e.text);
	assert_int_equal(u.host_len, strlen(host));
	assert_memory_equal(u.host, host, strlen(host));
	assert_int_equal(u.path_len, strlen(path));
	assert_string_equal(u.path, path);
	assert_int_equal(u.loopback, loopback);
}

static void
assert_refused(const char *url, const char *why)
{
	struct config_url u = {0};
	struct error e = {0};

	if (config_url_parse(url, &u, &e) == 0)
		fail_msg("%s: was taken", url);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s: \"%s\" is not in: %s", url, why, e.text);
	assert_int_equal(e.code, ERROR_INVALID);
	assert_null(u.host); /* untouched */
}

static void
test_taken(void **state)
{
	(void)state;
	assert_issuer("https://h", "h", "", false);
	assert_issuer("https://oidc.example.com/prod", "oidc.example.com",
		"/prod", false);
	assert_issuer("https://a-b.example/id/A.b_c~d-e/1", "a-b.example",
		"/id/A.b_c~d-e/1", false);
	assert_issuer("https://xn--bcher-kva.example", "xn--bcher-kva.example",
		"", false);
	assert_issuer("https://192.0.2.1/a", "192.0.2.1", "/a", false);
	assert_issuer("https://h.example/a:b@c,d;e=f", "h.example",
		"/a:b@c,d;e=f", false);
	assert_issuer("https://h/...", "h", "/...", false);
}

static void
test_loopback_may_have_http_and_a_port(void **state)
{
	(void)state;
	assert_issuer("http://localhost", "localhost", "", true);
	assert_issuer("http://localhost:8080/a", "localhost", "/a", true);
	assert_issuer("https://127.0.0.1:443", "127.0.0.1", "", true);
	assert_issuer("http://[::1]:1/a", "[::1]", "/a", true);
	assert_issuer("http://[::1]", "[::1]", "", true);
	assert_refused("http://localhost:/a", "not a port");
	assert_refused("http://localhost:0", "not a port");
	assert_refused("http://localhost:080", "not a port");
	assert_refused("http://localhost:123456", "not a port");
	assert_refused("http://localhost:80x", "not a port");
	assert_refused("http://[::1]x", "not a port");
	assert_refused("http://localhost.example", "http is for localhost");
	assert_refused("http://127.0.0.2", "http is for localhost");
}

static void
test_refused_with_what_to_write(void **state)
{
	(void)state;
	assert_refused(
		"https://h/a/", "a trailing slash; write \"https://h/a\"");
	assert_refused("https://h/", "a trailing slash; write \"https://h\"");
	assert_refused("https://H.Example/A", "write \"https://h.example/A\"");
	assert_refused("http://h.example/a", "write \"https://h.example/a\"");
	assert_refused("https://h.example:443/a",
		"a port, which IAM does not take; "
		"write \"https://h.example/a\"");
	assert_refused("https://u:p@h/a", "a user name; write \"https://h/a\"");
	assert_refused("https://h/a?b=c", "a query; write \"https://h/a\"");
	assert_refused("https://h/a#b", "a fragment; write \"https://h/a\"");
	assert_refused("h.example/a", "write \"https://h.example/a\"");
	assert_refused("HTTPS://h.example/a", "write \"https://h.example/a\"");
	assert_refused("ftp://h.example/a", "write \"https://h.example/a\"");
}

static void
test_refused_path(void **state)
{
	(void)state;
	assert_refused("https://h/a//b", "an empty path segment");
	assert_refused("https://h//b", "an empty path segment");
	assert_refused("https://h/../b", "a \"..\" path segment");
	assert_refused("https://h/a/.", "a \".\" path segment");
	assert_refused("https://h/%61", "%-encoding");
	assert_refused("https://h/*", "a star");
	assert_refused("https://h/a*b", "a star");
	assert_refused("https://h/a\"b", "'\"' in the path");
	assert_refused("https://h/a\\b", "'\\' in the path");
	assert_refused("https://h/a b", "byte 0x20");
	assert_refused("https://h/\xc3\xa9", "byte 0xc3");
	assert_refused("https://h/a\n", "byte 0x0a");
}

static void
test_refused_host(void **state)
{
	(void)state;
	assert_refused("", "empty");
	assert_refused("https://", "no host");
	assert_refused("https:///a", "no host");
	assert_refused("https://:80", "no host");
	assert_refused("https://h./a", "not a host name");
	assert_refused("https://.h/a", "not a host name");
	assert_refused("https://a..b", "not a host name");
	assert_refused("https://-a", "not a host name");
	assert_refused("https://a-.b", "not a host name");
	assert_refused("https://a_b", "'_' in the host");
	assert_refused("https://[2001:db8::1]/a", "an IPv6 address");
	assert_refused("https://[::1", "an IPv6 address");
	assert_refused("https://"
		       "a123456789b123456789c123456789d123456789e123456789"
		       "f12345678901234",
		"not a host name"); /* a label of 64 */
}

static void
test_length(void **state)
{
	char url[300];

	(void)state;
	memset(url, 'x', sizeof(url));
	memcpy(url, "https://h/", 10);
	url[CONFIG_URL_MAX + 1] = '\0';
	assert_refused(url, "has 256 bytes; IAM takes 255 at most");
	url[CONFIG_URL_MAX] = '\0';
	assert_issuer(url, "h", url + 9, false);
	/* upper case at the longest: the proposal fits too */
	url[8] = 'H';
	assert_refused(url, "write \"https://h/");
}

static void
assert_pattern(const char *pattern, const char *why)
{
	struct error e = {0};
	int rc = config_url_pattern(pattern, &e);

	if (why == NULL) {
		if (rc != 0)
			fail_msg("%s: %s", pattern, e.text);
		return;
	}
	if (rc == 0)
		fail_msg("%s: was taken", pattern);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s: \"%s\" is not in: %s", pattern, why, e.text);
}

static void
test_pattern(void **state)
{
	(void)state;
	assert_pattern("https://h.example/id/*", NULL);
	assert_pattern("https://h.example/*", NULL);
	assert_pattern("http://localhost:8080/*", NULL);
	assert_pattern("https://h.example/id", "does not end in \"/*\"");
	assert_pattern("https://h.example/id*", "does not end in \"/*\"");
	assert_pattern("https://h.example/*/", "does not end in \"/*\"");
	assert_pattern("*", "does not end in \"/*\"");
	assert_pattern("", "does not end in \"/*\"");
	assert_pattern("https://*/*", "'*' in the host");
	assert_pattern("https://h/*/*", "a star");
	assert_pattern("https://h/a//*", "an empty path segment");
	assert_pattern("https://H/*", "write \"https://h/*\"");
	assert_pattern("http://h/*", "write \"https://h/*\"");
}

static void
test_name(void **state)
{
	(void)state;
	assert_true(config_url_name_ok("prod"));
	assert_true(config_url_name_ok("Prod-1.eu_west~2"));
	assert_false(config_url_name_ok(""));
	assert_false(config_url_name_ok("."));
	assert_false(config_url_name_ok(".."));
	assert_false(config_url_name_ok("..data"));
	assert_false(config_url_name_ok("a/b"));
	assert_false(config_url_name_ok("a b"));
	assert_false(config_url_name_ok("a%20b"));
	assert_false(config_url_name_ok("caf\xc3\xa9"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_loopback_may_have_http_and_a_port),
		cmocka_unit_test(test_refused_with_what_to_write),
		cmocka_unit_test(test_refused_path),
		cmocka_unit_test(test_refused_host),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
