/* SPDX-License-Identifier: MIT */
/*
 * Which URLs may be an API server's: what is sent there is a token.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kube/apiserver.h"

static void
test_urls(void **state)
{
	static const char *const good[] = {
		"https://10.0.0.1:6443",
		"https://[fd00::1]:6443",
		"https://api.example.com",
		"https://rancher.example.com/k8s/clusters/c-1",
	};
	static const char *const bad[] = {
		"",
		"10.0.0.1:6443",
		"http://10.0.0.1:6443",
		"http://127.0.0.1:8001",
		"HTTPS://10.0.0.1:6443",
		"https://",
		"https:///x",
		"https://:6443",
		"https://api.example.com/",
		"https://user@api.example.com",
		"https://api.example.com?x=",
		"https://api.example.com#x",
	};
	struct error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		error_clear(&e);
		assert_int_equal(kube_apiserver_check(good[i], &e), 0);
		assert_string_equal(e.text, "");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(kube_apiserver_check(bad[i], &e), -1);
		assert_int_equal(e.code, ERROR_INVALID);
	}
}

static void
test_long_url(void **state)
{
	char url[KUBE_URL_MAX] = "https://";
	struct error e = {0};

	(void)state;
	memset(url + 8, 'a', KUBE_URL_MAX / 2 - 8);
	assert_int_equal(kube_apiserver_check(url, &e), 0);
	url[KUBE_URL_MAX / 2] = 'a';
	assert_int_equal(kube_apiserver_check(url, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_long_url),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
