/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>

#include "http/gate.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;

	if (strchr(text, ':') != NULL) {
		in6->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	} else {
		in->sin_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
	}
	return storage;
}

static enum http_admission
enter(struct http_gate *gate, const char *text, struct http_gate_entry **entry)
{
	struct sockaddr_storage peer = address(text);

	return http_gate_enter(gate, (struct sockaddr *)&peer, entry);
}

static void
test_total(void **state)
{
	struct http_gate *gate = http_gate_new(2, 0);
	struct http_gate_entry *e[3];

	(void)state;
	assert_non_null(gate);
	assert_int_equal(enter(gate, "192.0.2.1", &e[0]), HTTP_ADMITTED);
	assert_int_equal(enter(gate, "192.0.2.1", &e[1]), HTTP_ADMITTED);
	assert_int_equal(enter(gate, "192.0.2.2", &e[2]), HTTP_FULL);
	assert_int_equal(http_gate_count(gate), 2);
	http_gate_leave(gate, e[0]);
	assert_int_equal(enter(gate, "192.0.2.2", &e[0]), HTTP_ADMITTED);
	http_gate_leave(gate, e[0]);
	http_gate_leave(gate, e[1]);
	assert_int_equal(http_gate_count(gate), 0);
	http_gate_free(gate);
}

static void
test_per_address(void **state)
{
	struct http_gate *gate = http_gate_new(0, 2);
	struct http_gate_entry *e[4];

	(void)state;
	assert_non_null(gate);
	assert_int_equal(enter(gate, "192.0.2.1", &e[0]), HTTP_ADMITTED);
	assert_int_equal(enter(gate, "192.0.2.1", &e[1]), HTTP_ADMITTED);
	assert_int_equal(enter(gate, "192.0.2.1", &e[2]), HTTP_ADDRESS_FULL);
	assert_int_equal(enter(gate, "192.0.2.2", &e[2]), HTTP_ADMITTED);
	assert_int_equal(http_gate_count(gate), 3);
	http_gate_leave(gate, e[1]);
	assert_int_equal(enter(gate, "192.0.2.1", &e[1]), HTTP_ADMITTED);
	assert_int_equal(enter(gate, "192.0.2.1", &e[3]), HTTP_ADDRESS_FULL);
	http_gate_leave(gate, e[0]);
	http_gate_leave(gate, e[1]);
	http_gate_leave(gate, e[2]);
	/* its entry is gone and made again */
	assert_int_equal(enter(gate, "192.0.2.1", &e[0]), HTTP_ADMITTED);
	http_gate_leave(gate, e[0]);
	http_gate_free(gate);
}

static void
test_what_one_address_is(void **state)
{
	struct http_gate *gate = http_gate_new(0, 1);
	struct http_gate_entry *e[6];

	(void)state;
	assert_non_null(gate);
	/* a /64 is one, the next /64 another */
	assert_int_equal(enter(gate, "2001:db8::1", &e[0]), HTTP_ADMITTED);
	assert_int_equal(
		enter(gate, "2001:db8::ffff:2", &e[1]), HTTP_ADDRESS_FULL);
	assert_int_equal(enter(gate, "2001:db8:0:1::1", &e[1]), HTTP_ADMITTED);
	/* IPv4 is the same address when it comes through an IPv6 socket */
	assert_int_equal(enter(gate, "192.0.2.1", &e[2]), HTTP_ADMITTED);
	assert_int_equal(
		enter(gate, "::ffff:192.0.2.1", &e[3]), HTTP_ADDRESS_FULL);
	assert_int_equal(enter(gate, "::ffff:192.0.2.2", &e[3]), HTTP_ADMITTED);
	/* the same 64 bits in the other family */
	assert_int_equal(enter(gate, "c000:201::", &e[4]), HTTP_ADMITTED);
	assert_int_equal(enter(gate, "0:0:c000:201::", &e[5]), HTTP_ADMITTED);
	while (http_gate_count(gate) > 0)
		http_gate_leave(gate, e[http_gate_count(gate) - 1]);
	http_gate_free(gate);
}

static void
test_unix_counts_for_the_total_only(void **state)
{
	struct http_gate *gate = http_gate_new(3, 1);
	struct sockaddr peer = {.sa_family = AF_UNIX};
	struct http_gate_entry *e;
	int i;

	(void)state;
	assert_non_null(gate);
	for (i = 0; i < 3; i++) {
		assert_int_equal(
			http_gate_enter(gate, &peer, &e), HTTP_ADMITTED);
		assert_null(e);
	}
	assert_int_equal(http_gate_enter(gate, &peer, &e), HTTP_FULL);
	for (i = 0; i < 3; i++)
		http_gate_leave(gate, NULL);
	http_gate_free(gate);
}

static void
test_many_addresses(void **state)
{
	enum { COUNT = 50000 };
	struct http_gate *gate = http_gate_new(COUNT, 1);
	struct http_gate_entry **e = calloc(COUNT, sizeof(*e));
	struct sockaddr_in peer = {.sin_family = AF_INET};
	struct http_gate_entry *none;
	uint32_t i;

	(void)state;
	assert_non_null(gate);
	assert_non_null(e);
	for (i = 0; i < COUNT; i++) {
		peer.sin_addr.s_addr = htonl(0x0a000000 + i);
		assert_int_equal(
			http_gate_enter(gate, (struct sockaddr *)&peer, &e[i]),
			HTTP_ADMITTED);
		http_gate_leave(gate, e[i]);
		assert_int_equal(
			http_gate_enter(gate, (struct sockaddr *)&peer, &e[i]),
			HTTP_ADMITTED);
	}
	assert_int_equal(http_gate_enter(gate, (struct sockaddr *)&peer, &none),
		HTTP_FULL);
	for (i = 0; i < COUNT; i += 2)
		http_gate_leave(gate, e[i]);
	assert_int_equal(http_gate_enter(gate, (struct sockaddr *)&peer, &none),
		HTTP_ADDRESS_FULL);
	for (i = 1; i < COUNT; i += 2)
		http_gate_leave(gate, e[i]);
	assert_int_equal(http_gate_count(gate), 0);
	free(e);
	http_gate_free(gate);
}

static void *
come_and_go(void *arg)
{
	struct http_gate *gate = arg;
	struct sockaddr_in peer = {.sin_family = AF_INET};
	struct http_gate_entry *e;
	int i;

	for (i = 0; i < 20000; i++) {
		peer.sin_addr.s_addr = (in_addr_t)(i % 7);
		if (http_gate_enter(gate, (struct sockaddr *)&peer, &e) ==
			HTTP_ADMITTED)
			http_gate_leave(gate, e);
	}
	return NULL;
}

static void
test_several_threads(void **state)
{
	struct http_gate *gate = http_gate_new(3, 1);
	pthread_t threads[4];
	int i;

	(void)state;
	assert_non_null(gate);
	for (i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, come_and_go, gate),
			0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(http_gate_count(gate), 0);
	http_gate_free(gate);
	http_gate_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_total),
		cmocka_unit_test(test_per_address),
		cmocka_unit_test(test_what_one_address_is),
		cmocka_unit_test(test_unix_counts_for_the_total_only),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_several_threads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
