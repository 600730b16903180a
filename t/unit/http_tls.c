/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../http/cases.h"
#include "../http/tls_client.h"
#include "../lib/certificate_make.h"
#include "../lib/scratch.h"
#include "http/tls.h"

#define REQUEST "GET /doc HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST_REQUEST "GET /doc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static const struct http_tls_files FILES[] = {
	{"a.crt", "a.key"}, {"b.crt", "b.key"}};

/* What every test has: a server with two certificates, and a client. */
static struct {
	struct harness h;
	struct http_tickets *tickets;
	struct http_tls *tls;
	SSL_CTX *ctx;
} all;

static int
setup(void **state)
{
	struct error e = {0};

	if (scratch_setup(state) != 0)
		return -1;
	certificate_files("a", "DNS:a.example");
	certificate_files("b", "DNS:*.b.example");
	harness_start(&all.h, 0, 0);
	all.tickets = http_tickets_new(0, &e);
	all.tls = http_tls_load(FILES, 2, all.tickets, &e);
	if (all.tls == NULL)
		fail_msg("%s", e.text);
	harness_use_tls(&all.h, all.tls);
	all.ctx = tls_client_context();
	return 0;
}

static int
teardown(void **state)
{
	harness_stop(&all.h);
	http_tls_unref(all.tls);
	http_tickets_free(all.tickets);
	SSL_CTX_free(all.ctx);
	return scratch_teardown(state);
}

static uint64_t
counted(enum http_counter which)
{
	return http_server_counter(all.h.server, which);
}

static void
open_client(struct tls_client *c, const char *name)
{
	tls_client_open(c, &all.h, all.ctx, name, NULL, 0);
}

/* Connect and shake hands. */
static void
greet(struct tls_client *c)
{
	open_client(c, "a.example");
	assert_true(tls_client_run(c));
}

static struct reply
ask(struct tls_client *c, const char *text, unsigned status)
{
	struct reply r;
	size_t len;
	char *bytes;

	tls_client_say(c, text, strlen(text));
	bytes = tls_client_hear(c, &len);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.status, status);
	assert_int_equal(r.len, len);
	free(bytes);
	return r;
}

static void
assert_no_connections(void)
{
	harness_run(&all.h);
	assert_int_equal(http_server_connections(all.h.server), 0);
}

/* ---- the case table ------------------------------------------------------ */

static void
check_case(const struct http_case *k, size_t record)
{
	bool head = k->parse == 0 && strncmp(k->bytes, "HEAD ", 5) == 0;
	struct reply r = {0};
	struct tls_client c;
	bool complete;
	size_t len;
	char *bytes;

	open_client(&c, "a.example");
	assert_true(tls_client_run(&c));
	c.record = record;
	tls_client_say(&c, k->bytes, k->len);
	if (k->fate == CLOSE)
		tls_client_say(&c, REQUEST, strlen(REQUEST));
	bytes = tls_client_hear(&c, &len);
	complete = harness_reply(bytes, len, head, &r);
	if (k->fate == WAIT && (len > 0 || c.closed))
		fail_msg("%s: is not waited for", k->name);
	if (k->fate != WAIT && (!complete || r.status != k->status))
		fail_msg("%s: %u instead of %u", k->name, r.status, k->status);
	if (k->fate != WAIT && r.len != len)
		fail_msg("%s: more than one answer", k->name);
	if (r.close != (k->fate == CLOSE) || c.ended != (k->fate == CLOSE) ||
		c.closed != (k->fate == CLOSE))
		fail_msg("%s: the connection is %s", k->name,
			c.ended ? "closed" : "kept");
	free(bytes);
	if (k->fate == KEEP)
		ask(&c, REQUEST, 200);
	tls_client_close(&c);
	assert_no_connections();
}

static void
test_cases(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HTTP_CASES_COUNT; i++)
		check_case(&HTTP_CASES[i], 0);
}

/* A record for each byte. */
static void
test_cases_in_records_of_a_byte(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HTTP_CASES_COUNT; i++)
		if (HTTP_CASES[i].len < 400)
			check_case(&HTTP_CASES[i], 1);
}

/* ---- handshakes ---------------------------------------------------------- */

static void
use_version(int version)
{
	assert_int_equal(SSL_CTX_set_min_proto_version(all.ctx, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(all.ctx, version), 1);
}

static void
test_versions(void **state)
{
	static const int good[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	static const int bad[] = {TLS1_VERSION, TLS1_1_VERSION};
	struct tls_client c;
	size_t i;

	(void)state;
	SSL_CTX_set_security_level(all.ctx, 0);
	for (i = 0; i < 2; i++) {
		use_version(good[i]);
		greet(&c);
		assert_int_equal(SSL_version(c.ssl), good[i]);
		ask(&c, REQUEST, 200);
		ask(&c, LAST_REQUEST, 200);
		assert_true(c.ended);
		assert_true(c.closed);
		tls_client_close(&c);
		use_version(bad[i]);
		open_client(&c, NULL);
		assert_false(tls_client_run(&c));
		assert_int_equal(c.alert, SSL_AD_PROTOCOL_VERSION);
		assert_true(c.closed);
		tls_client_close(&c);
	}
	assert_int_equal(counted(HTTP_COUNT_TLS_FULL), 2);
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 2);
}

/* The handshake up to every so many bytes, then the rest. */
static void
check_cut(int version, size_t every)
{
	struct tls_client c;
	size_t len = SIZE_MAX, cut;
	char *bytes;

	use_version(version);
	for (cut = 1; cut < len; cut += every) {
		open_client(&c, "a.example");
		SSL_do_handshake(c.ssl);
		bytes = tls_client_take(&c, &len);
		harness_write(c.fd, bytes, cut);
		harness_run(&all.h);
		harness_write(c.fd, bytes + cut, len - cut);
		assert_true(tls_client_run(&c));
		ask(&c, REQUEST, 200);
		free(bytes);
		tls_client_close(&c);
	}
	assert_true(cut > 100);
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 0);
	assert_no_connections();
}

static void
test_client_hello_cut(void **state)
{
	(void)state;
	check_cut(TLS1_2_VERSION, 7);
	check_cut(TLS1_3_VERSION, 1);
}

static void
test_whole_handshake_byte_by_byte(void **state)
{
	struct tls_client c;

	(void)state;
	open_client(&c, "a.example");
	c.cut = 1;
	assert_true(tls_client_run(&c));
	ask(&c, REQUEST, 200);
	tls_client_close(&c);
}

/* The subject of the certificate that a client of this name gets. */
static bool
is_shown(const char *name, const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *wanted = PEM_read_X509(f, NULL, NULL, NULL), *got;
	struct tls_client c;
	bool same;

	fclose(f);
	open_client(&c, name);
	assert_true(tls_client_run(&c));
	got = SSL_get1_peer_certificate(c.ssl);
	same = X509_cmp(got, wanted) == 0;
	X509_free(got);
	X509_free(wanted);
	ask(&c, REQUEST, 200);
	tls_client_close(&c);
	return same;
}

static void
test_server_names(void **state)
{
	(void)state;
	assert_true(is_shown("a.example", "a.crt"));
	assert_true(is_shown("x.b.example", "b.crt"));
	assert_true(is_shown("X.B.example", "b.crt"));
	/* the first one for all others, who may know what they do */
	assert_true(is_shown("b.example", "a.crt"));
	assert_true(is_shown("c.example", "a.crt"));
	assert_true(is_shown(NULL, "a.crt"));
}

static void
test_alpn(void **state)
{
	static const unsigned char both[] = "\x02h2\x08http/1.1";
	static const unsigned char other[] = "\x02h2\x08http/1.0";
	const unsigned char *got;
	struct tls_client c;
	unsigned len;

	(void)state;
	open_client(&c, NULL);
	SSL_set_alpn_protos(c.ssl, both, sizeof(both) - 1);
	assert_true(tls_client_run(&c));
	SSL_get0_alpn_selected(c.ssl, &got, &len);
	assert_int_equal(len, 8);
	assert_memory_equal(got, "http/1.1", 8);
	tls_client_close(&c);
	open_client(&c, NULL);
	SSL_set_alpn_protos(c.ssl, other, sizeof(other) - 1);
	assert_false(tls_client_run(&c));
	assert_int_equal(c.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
	assert_true(c.closed);
	tls_client_close(&c);
}

/* ---- sessions ------------------------------------------------------------ */

/* Come back with a session; returns whether it was resumed, and the newest
 * session in *session. */
static bool
come_back(SSL_SESSION **session)
{
	struct tls_client c;
	bool resumed;

	tls_client_open(&c, &all.h, all.ctx, "a.example", *session, 0);
	assert_true(tls_client_run(&c));
	ask(&c, REQUEST, 200);
	resumed = SSL_session_reused(c.ssl);
	SSL_SESSION_free(*session);
	/* of 1.3 what was told, of 1.2 what is in use */
	*session = c.session != NULL ? c.session : SSL_get1_session(c.ssl);
	c.session = NULL;
	tls_client_close(&c);
	return resumed;
}

static void
check_sessions(int version)
{
	uint64_t before = counted(HTTP_COUNT_TLS_RESUMED);
	SSL_SESSION *session = NULL;
	struct http_tls *other;

	use_version(version);
	assert_false(come_back(&session));
	assert_non_null(session);
	assert_true(come_back(&session));
	assert_true(come_back(&session));
	/* other certificates, the same keys of tickets */
	other = http_tls_load(FILES, 1, all.tickets, NULL);
	assert_non_null(other);
	harness_use_tls(&all.h, other);
	http_tls_unref(other);
	assert_true(come_back(&session));
	assert_int_equal(counted(HTTP_COUNT_TLS_RESUMED), before + 3);
	SSL_SESSION_free(session);
}

static void
test_resumption(void **state)
{
	(void)state;
	check_sessions(TLS1_2_VERSION);
	check_sessions(TLS1_3_VERSION);
	assert_int_equal(counted(HTTP_COUNT_TLS_FULL), 2);
}

static void
rotate(int64_t now)
{
	assert_int_equal(http_tickets_rotate(all.tickets, now, NULL), 0);
}

/* A ticket is good for a period at least, and for two at the most. */
static void
test_ticket_keys_rotate(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	SSL_SESSION *session, *old;
	int64_t now = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		use_version(versions[i]);
		session = NULL;
		assert_false(come_back(&session));
		rotate(now + HTTP_TICKETS_PERIOD - 1);
		assert_true(come_back(&session));
		old = session;
		SSL_SESSION_up_ref(old);
		rotate(now += HTTP_TICKETS_PERIOD);
		/* the one before still opens, and a new ticket comes */
		assert_true(come_back(&session));
		assert_ptr_not_equal(session, old);
		rotate(now += HTTP_TICKETS_PERIOD);
		assert_true(come_back(&session));
		assert_false(come_back(&old));
		/* after a long pause none opens */
		rotate(now += 5 * HTTP_TICKETS_PERIOD);
		assert_false(come_back(&session));
		SSL_SESSION_free(session);
		SSL_SESSION_free(old);
	}
}

/* ---- what goes wrong ----------------------------------------------------- */

static void
test_garbage(void **state)
{
	static const char texts[][64] = {
		"\x16\x03\x01\xff\xff",
		"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
		"\x17\x03\x03\x00\x01x",
		"\x80\x2e\x01\x00\x02",
		"hello, world\r\n",
	};
	size_t i, len;
	bool ended;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fd = harness_connect_tls(&all.h, 0);
		harness_write(fd, texts[i], sizeof(texts[i]));
		harness_run(&all.h);
		free(harness_read(fd, &len, &ended));
		if (!ended)
			fail_msg("%zu: the connection is open", i);
		close(fd);
		assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), i + 1);
	}
	assert_no_connections();
}

static void
test_plain_request(void **state)
{
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;
	int fd = harness_connect_tls(&all.h, 0);

	(void)state;
	harness_write(fd, REQUEST, strlen(REQUEST));
	harness_run(&all.h);
	bytes = harness_read(fd, &len, &ended);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.status, 400);
	assert_int_equal(r.len, len);
	assert_true(r.close && ended);
	assert_non_null(strstr(bytes, "https://"));
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 1);
	free(bytes);
	close(fd);
	assert_no_connections();
}

static void
test_client_goes_in_the_middle(void **state)
{
	struct tls_client c;
	size_t len;
	char *bytes;
	int fd;

	(void)state;
	open_client(&c, NULL);
	SSL_do_handshake(c.ssl);
	bytes = tls_client_take(&c, &len);
	harness_write(c.fd, bytes, len);
	harness_run(&all.h);
	tls_client_close(&c);
	assert_no_connections();
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 1);
	/* it and the end at once */
	fd = harness_connect_tls(&all.h, 0);
	harness_write(fd, bytes, len);
	close(fd);
	harness_run(&all.h);
	assert_no_connections();
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 2);
	/* who says nothing has not failed at anything */
	close(harness_connect_tls(&all.h, 0));
	assert_no_connections();
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 2);
	free(bytes);
}

static void
test_deadlines(void **state)
{
	struct tls_client c;
	size_t len;
	bool ended;
	char *bytes;
	int fd;

	(void)state;
	/* the handshake has the time of a request's head, however it drips */
	open_client(&c, NULL);
	SSL_do_handshake(c.ssl);
	bytes = tls_client_take(&c, &len);
	harness_write(c.fd, bytes, 1);
	harness_run(&all.h);
	harness_pass(&all.h, HEADER_TIMEOUT);
	harness_write(c.fd, bytes + 1, 1);
	harness_run(&all.h);
	assert_int_equal(http_server_connections(all.h.server), 1);
	harness_pass(&all.h, 1);
	assert_no_connections();
	assert_int_equal(counted(HTTP_COUNT_TIMEOUT_HEADER), 1);
	assert_int_equal(counted(HTTP_COUNT_TLS_FAILED), 1);
	tls_client_close(&c);
	free(bytes);
	/* and so has a record, which is refused as part of a request */
	greet(&c);
	harness_write(c.fd, "\x17\x03\x03", 3);
	harness_run(&all.h);
	harness_pass(&all.h, HEADER_TIMEOUT + 1);
	bytes = tls_client_hear(&c, &len);
	assert_memory_equal(bytes, "HTTP/1.1 408 ", 13);
	assert_true(c.ended);
	free(bytes);
	tls_client_close(&c);
	/* who says nothing is idle */
	fd = harness_connect_tls(&all.h, 0);
	harness_pass(&all.h, IDLE_TIMEOUT);
	assert_int_equal(http_server_connections(all.h.server), 1);
	harness_pass(&all.h, 1);
	free(harness_read(fd, &len, &ended));
	assert_true(ended && len == 0);
	close(fd);
	/* after a handshake too, and is told the end */
	greet(&c);
	harness_pass(&all.h, IDLE_TIMEOUT + 1);
	free(tls_client_hear(&c, &len));
	assert_true(c.ended && c.closed);
	tls_client_close(&c);
}

static void
test_renegotiation_is_refused(void **state)
{
	struct tls_client c;

	(void)state;
	use_version(TLS1_2_VERSION);
	greet(&c);
	assert_int_equal(SSL_renegotiate(c.ssl), 1);
	SSL_do_handshake(c.ssl);
	tls_client_run(&c);
	assert_int_equal(c.alert, SSL_AD_NO_RENEGOTIATION);
	tls_client_close(&c);
	assert_no_connections();
}

static void
test_key_update(void **state)
{
	struct tls_client c;
	int i;

	(void)state;
	use_version(TLS1_3_VERSION);
	greet(&c);
	for (i = 0; i < 20; i++) {
		assert_int_equal(
			SSL_key_update(c.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		ask(&c, REQUEST, 200);
	}
	tls_client_close(&c);
}

/* ---- the end ------------------------------------------------------------- */

/* A client that has said its end is answered all that it asked. */
static void
test_request_and_end_at_once(void **state)
{
	struct tls_client c;
	struct reply r;
	size_t len;
	char *bytes;

	(void)state;
	greet(&c);
	assert_int_equal(
		SSL_write(c.ssl, REQUEST, strlen(REQUEST)), strlen(REQUEST));
	assert_int_equal(SSL_shutdown(c.ssl), 0);
	bytes = tls_client_hear(&c, &len);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.status, 200);
	assert_false(r.close);
	assert_true(c.ended && c.closed);
	free(bytes);
	tls_client_close(&c);
	/* and without a request it is told ours */
	greet(&c);
	assert_int_equal(SSL_shutdown(c.ssl), 0);
	free(tls_client_hear(&c, &len));
	assert_true(c.ended && c.closed);
	tls_client_close(&c);
	assert_no_connections();
}

static void
test_bytes_behind_the_end(void **state)
{
	struct tls_client c;

	(void)state;
	greet(&c);
	assert_int_equal(SSL_shutdown(c.ssl), 0);
	tls_client_run(&c);
	/* the door is shut, whatever comes */
	send(c.fd, "garbage", 7, MSG_NOSIGNAL);
	tls_client_close(&c);
	assert_no_connections();
}

/* ---- many bytes ---------------------------------------------------------- */

static void
test_pipelined(void **state)
{
	const size_t count = 5000;
	size_t len, pos = 0, i, one = strlen(REQUEST);
	char *requests = malloc(count * one), *bytes;
	struct tls_client c;
	struct reply r;

	(void)state;
	assert_non_null(requests);
	for (i = 0; i < count; i++)
		memcpy(requests + i * one, REQUEST, one);
	greet(&c);
	assert_int_equal(
		SSL_write(c.ssl, requests, (int)(count * one)), count * one);
	bytes = tls_client_hear(&c, &len);
	for (i = 0; i < count; i++) {
		assert_true(harness_reply(bytes + pos, len - pos, false, &r));
		assert_int_equal(r.status, 200);
		pos += r.len;
	}
	assert_int_equal(pos, len);
	free(bytes);
	free(requests);
	ask(&c, LAST_REQUEST, 200);
	tls_client_close(&c);
}

/* Socket buffers of some KB, and a reader that takes them one by one. */
static void
test_large_answer_through_a_small_socket(void **state)
{
	static const char big[] = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
				  "GET /big HTTP/1.1\r\nHost: a\r\n"
				  "Connection: close\r\n\r\n";
	struct tls_client c;
	struct reply r;
	size_t len;
	char *bytes;

	(void)state;
	tls_client_open(&c, &all.h, all.ctx, NULL, NULL, 4096);
	assert_true(tls_client_run(&c));
	tls_client_say(&c, big, strlen(big));
	bytes = tls_client_hear(&c, &len);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.len - r.fields_len, BIG_LEN);
	assert_true(harness_reply(bytes + r.len, len - r.len, false, &r));
	assert_int_equal(r.len - r.fields_len, BIG_LEN);
	assert_true(c.ended && c.closed);
	free(bytes);
	tls_client_close(&c);
	assert_no_connections();
}

/* One that is reading nothing has the write's deadline. */
static void
test_reader_that_stops(void **state)
{
	static const char big[] = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
	struct tls_client c;
	size_t len;
	char *bytes;

	(void)state;
	tls_client_open(&c, &all.h, all.ctx, NULL, NULL, 4096);
	assert_true(tls_client_run(&c));
	assert_int_equal(SSL_write(c.ssl, big, (int)strlen(big)), strlen(big));
	bytes = tls_client_take(&c, &len);
	harness_write(c.fd, bytes, len);
	free(bytes);
	harness_run(&all.h);
	assert_int_equal(http_server_connections(all.h.server), 1);
	harness_pass(&all.h, WRITE_TIMEOUT + 1);
	assert_no_connections();
	assert_int_equal(counted(HTTP_COUNT_TIMEOUT_WRITE), 1);
	tls_client_close(&c);
}

/* ---- other certificates -------------------------------------------------- */

/* Who is in the middle of a handshake gets the new certificate; who is
 * connected notices nothing. */
static void
test_certificates_change(void **state)
{
	struct tls_client before, during;
	struct http_tls *other;
	struct error e = {0};
	X509 *old, *new;
	size_t len;
	char *bytes;

	(void)state;
	greet(&before);
	open_client(&during, "a.example");
	SSL_do_handshake(during.ssl);
	bytes = tls_client_take(&during, &len);
	harness_write(during.fd, bytes, len / 2);
	harness_run(&all.h);
	certificate_files("a", "DNS:a.example");
	other = http_tls_load(FILES, 2, all.tickets, &e);
	assert_non_null(other);
	harness_use_tls(&all.h, other);
	http_tls_unref(other);
	http_tls_unref(all.tls);
	all.tls = NULL;
	harness_write(during.fd, bytes + len / 2, len - len / 2);
	assert_true(tls_client_run(&during));
	old = SSL_get1_peer_certificate(before.ssl);
	new = SSL_get1_peer_certificate(during.ssl);
	assert_int_not_equal(X509_cmp(old, new), 0);
	ask(&before, REQUEST, 200);
	ask(&during, REQUEST, 200);
	X509_free(old);
	X509_free(new);
	free(bytes);
	tls_client_close(&before);
	tls_client_close(&during);
	assert_true(is_shown("a.example", "a.crt"));
}

/* Plain connections and those with TLS share buffers, not bytes. */
static void
test_beside_plain_ones(void **state)
{
	static const char part[] = "GET /doc HT";
	struct tls_client c;
	struct reply r;
	size_t len;
	bool ended;
	char *bytes;
	int fd = harness_connect(&all.h, 0);

	(void)state;
	greet(&c);
	tls_client_say(&c, part, strlen(part));
	harness_write(fd, REQUEST, strlen(REQUEST));
	harness_run(&all.h);
	bytes = harness_read(fd, &len, &ended);
	assert_true(harness_reply(bytes, len, false, &r));
	assert_int_equal(r.len, len);
	free(bytes);
	ask(&c, "TP/1.1\r\nHost: a\r\n\r\n", 200);
	tls_client_close(&c);
	close(fd);
	assert_no_connections();
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_cases_in_records_of_a_byte),
		TEST(test_versions),
		TEST(test_client_hello_cut),
		TEST(test_whole_handshake_byte_by_byte),
		TEST(test_server_names),
		TEST(test_alpn),
		TEST(test_resumption),
		TEST(test_ticket_keys_rotate),
		TEST(test_garbage),
		TEST(test_plain_request),
		TEST(test_client_goes_in_the_middle),
		TEST(test_deadlines),
		TEST(test_renegotiation_is_refused),
		TEST(test_key_update),
		TEST(test_request_and_end_at_once),
		TEST(test_bytes_behind_the_end),
		TEST(test_pipelined),
		TEST(test_large_answer_through_a_small_socket),
		TEST(test_reader_that_stops),
		TEST(test_certificates_change),
		TEST(test_beside_plain_ones),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
