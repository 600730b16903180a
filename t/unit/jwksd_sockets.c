/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "http/listener.h"
#include "jwksd/sockets.h"
#include "scratch.h"

#define WORKERS 3
#define ADDRESSES_MAX 4

/* A configuration of these addresses; "" for no admin pages. */
struct asked {
	struct config config;
	char *listen[ADDRESSES_MAX];
	char text[ADDRESSES_MAX][160];
	char admin[160];
};

static struct config *
ask(struct asked *a, const char *admin, const char *one, const char *two)
{
	const char *listen[] = {one, two};
	size_t i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < 2 && listen[i] != NULL; i++) {
		snprintf(a->text[i], sizeof(a->text[i]), "%s", listen[i]);
		a->listen[i] = a->text[i];
		a->config.n_listen++;
	}
	a->config.listen = a->listen;
	snprintf(a->admin, sizeof(a->admin), "%s", admin);
	a->config.admin = a->admin;
	return &a->config;
}

static void
open_all(const struct config *config, unsigned workers, struct sockets *s)
{
	struct error e = {0};

	if (sockets_open(config, workers, s, &e) != 0)
		fail_msg("%s", e.text);
}

static void
assert_refused(const struct config *config, unsigned workers,
	enum error_code code, const char *why)
{
	struct sockets s = {.n_workers = 4711};
	struct error e = {0};

	assert_int_equal(sockets_open(config, workers, &s, &e), -1);
	if (e.code != code || strstr(e.text, why) == NULL)
		fail_msg("%s: %s", error_code_name(e.code), e.text);
	assert_int_equal(s.n_workers, 4711);
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage addr;
	struct sockaddr_in in;
	socklen_t len = sizeof(addr);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	memcpy(&in, &addr, sizeof(in)); /* the port of both families */
	return ntohs(in.sin_port);
}

static void
assert_listens(int fd)
{
	socklen_t len = sizeof(int);
	int listening = 0;

	assert_true(fd >= 0);
	assert_int_equal(
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len), 0);
	assert_int_equal(listening, 1);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

/* --- TCP ---------------------------------------------------------------- */

static void
test_a_socket_for_each_worker(void **state)
{
	struct sockets s;
	struct asked a;
	size_t i, k;
	unsigned port[2];

	(void)state;
	open_all(ask(&a, "", "127.0.0.1:0", "127.0.0.1:0"), WORKERS, &s);
	assert_int_equal(s.n_addresses, 2);
	assert_int_equal(s.n_workers, WORKERS);
	assert_int_equal(s.admin, -1);
	for (i = 0; i < 2; i++) {
		port[i] = port_of(s.public[i * WORKERS]);
		assert_int_not_equal(port[i], 0);
		for (k = 0; k < WORKERS; k++) {
			assert_listens(s.public[i * WORKERS + k]);
			assert_int_equal(
				port_of(s.public[i * WORKERS + k]), port[i]);
			assert_true(k == 0 || s.public[i * WORKERS + k] !=
						      s.public[i * WORKERS]);
		}
	}
	assert_int_not_equal(port[0], port[1]);
	sockets_release(&s);
	assert_null(s.public);
	sockets_release(&s);
}

static void
test_taking(void **state)
{
	struct sockets s;
	struct asked a;
	int taken, admin;

	(void)state;
	open_all(ask(&a, "127.0.0.1:0", "127.0.0.1:0", NULL), 2, &s);
	taken = sockets_take(&s, 0, 1);
	assert_listens(taken);
	assert_int_equal(sockets_take(&s, 0, 1), -1);
	admin = sockets_take_admin(&s);
	assert_listens(admin);
	assert_int_equal(sockets_take_admin(&s), -1);
	sockets_release(&s);
	assert_listens(taken); /* is the worker's */
	assert_listens(admin);
	close(taken);
	close(admin);
}

/* Though our own workers share the port, two daemons must not. */
static void
test_port_in_use(void **state)
{
	struct sockets s, more;
	struct asked a, b;
	unsigned workers;
	char text[64];

	(void)state;
	for (workers = 1; workers <= WORKERS; workers += WORKERS - 1) {
		open_all(ask(&a, "", "127.0.0.1:0", NULL), workers, &s);
		snprintf(text, sizeof(text), "127.0.0.1:%u",
			port_of(s.public[0]));
		assert_refused(ask(&b, "", text, NULL), 1, ERROR_SYS,
			"Address already in use");
		assert_refused(
			ask(&b, "", text, NULL), WORKERS, ERROR_SYS, text);
		assert_refused(ask(&b, text, "127.0.0.1:0", NULL), WORKERS,
			ERROR_SYS, "admin \"127.0.0.1:");
		sockets_release(&s);
		/* free again, at once */
		open_all(ask(&b, "", text, NULL), WORKERS, &more);
		sockets_release(&more);
	}
}

/* The good half is closed when the other half fails. */
static void
test_all_or_nothing(void **state)
{
	struct sockets s;
	struct asked a;
	size_t before = scratch_count("/proc/self/fd");

	(void)state;
	assert_refused(ask(&a, "", "127.0.0.1:0", "nonsense"), WORKERS,
		ERROR_PARSE, "listen \"nonsense\": ");
	assert_refused(ask(&a, "nonsense", "127.0.0.1:0", NULL), WORKERS,
		ERROR_PARSE, "admin \"nonsense\": ");
	assert_refused(ask(&a, "", NULL, NULL), WORKERS, ERROR_INVALID,
		"nothing to listen on");
	open_all(ask(&a, "127.0.0.1:0", "127.0.0.1:0", NULL), 1, &s);
	sockets_release(&s);
	assert_int_equal(scratch_count("/proc/self/fd"), before);
	open_all(ask(&a, "", "127.0.0.1:0", NULL), 1, &s);
	sockets_release(&s);
}

static void
test_both_families(void **state)
{
	struct sockaddr_in6 loopback = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockets s;
	struct asked a;
	int fd;

	(void)state;
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&loopback, sizeof(loopback)) != 0) {
		print_message("# skipped: no IPv6 here\n");
		return; /* cmocka's skip() is "not ok" in TAP */
	}
	close(fd);
	open_all(ask(&a, "[::1]:0", "[::1]:0", "*:0"), WORKERS, &s);
	assert_int_equal(port_of(s.public[1]), port_of(s.public[0]));
	assert_int_equal(
		port_of(s.public[WORKERS]), port_of(s.public[WORKERS + 2]));
	sockets_release(&s);
}

/* --- the admin address -------------------------------------------------- */

static void
test_admin_is_for_this_machine(void **state)
{
	static const char *const public[] = {"0.0.0.0:0", "*:0", "[::]:0"};
	struct error e = {0};
	struct sockets s;
	struct asked a;
	bool tls;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		ask(&a, public[i], "127.0.0.1:0", NULL);
		assert_refused(&a.config, 1, ERROR_DENIED, "admin-public");
		error_clear(&e);
		assert_int_equal(sockets_check(&a.config, &tls, &e), -1);
		assert_int_equal(e.code, ERROR_DENIED);
		a.config.admin_public = true;
		assert_int_equal(sockets_check(&a.config, &tls, &e), 0);
	}
	ask(&a, "0.0.0.0:0", "127.0.0.1:0", NULL);
	a.config.admin_public = true;
	open_all(&a.config, 1, &s);
	assert_listens(s.admin);
	sockets_release(&s);
	error_clear(&e);
	assert_int_equal(
		sockets_check(ask(&a, "", "127.0.0.1:0", "x"), &tls, &e), -1);
	assert_non_null(strstr(e.text, "listen \"x\": "));
}

/* --- Unix sockets ------------------------------------------------------- */

static void
test_unix_is_shared(void **state)
{
	struct sockets s, more;
	struct asked a;
	char text[160];
	struct stat st;
	int i;

	(void)state;
	snprintf(text, sizeof(text), "unix:%s/socket", scratch_dir());
	open_all(ask(&a, "", text, NULL), WORKERS, &s);
	for (i = 0; i < WORKERS; i++)
		assert_listens(s.public[i]);
	/* one that answers is in use, and stays */
	assert_refused(&a.config, WORKERS, ERROR_SYS, "in use");
	assert_int_equal(stat("socket", &st), 0);
	sockets_release(&s);
	/* what nobody listens on any more is a leftover */
	assert_int_equal(stat("socket", &st), 0);
	open_all(&a.config, WORKERS, &more);
	assert_refused(&a.config, 1, ERROR_SYS, "in use");
	sockets_release(&more);
	/* a file is not ours to replace */
	scratch_remove("socket");
	scratch_write("socket", "kept");
	assert_refused(&a.config, WORKERS, ERROR_SYS, "in use");
	assert_int_equal(stat("socket", &st), 0);
	assert_int_equal(st.st_size, 4);
}

/* --- handed over -------------------------------------------------------- */

struct handed {
	const char *names;
	const char *hosts; /* of the sockets, as many letters: l(oopback),
			    * a(ny), d(atagram) */
	const char *admin; /* of the configuration */
	bool admin_public;
	const char *why; /* it is refused, or NULL */
	size_t n_public;
	bool has_admin;
};

static const struct handed hand_overs[] = {
	{"http", "l", "", false, NULL, 1, false},
	{"http:http", "la", "", false, NULL, 2, false},
	{"http:admin", "al", "", false, NULL, 1, true},
	{"admin:http", "la", "127.0.0.1:0", false, NULL, 1, true},
	{"http", "a", "127.0.0.1:0", false, NULL, 1, true},
	/* only the admin's: the configuration's addresses are opened */
	{"admin", "l", "", false, NULL, 1, true},
	{"admin:http", "al", "", true, NULL, 1, true},
	{"admin:http", "al", "", false,
		"socket 1 of LISTEN_FDS: others than this machine", 0, false},
	{"admin:admin", "ll", "", false,
		"socket 2 of LISTEN_FDS: a second one named admin", 0, false},
	{"http:http", "ld", "", false, "socket 2 of LISTEN_FDS: descriptor 4",
		0, false},
};

static int
hand_over(char host)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_addr.s_addr =
			htonl(host == 'a' ? INADDR_ANY : INADDR_LOOPBACK)};
	int fd;

	fd = socket(AF_INET, host == 'd' ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
		return -1;
	if (host != 'd' && listen(fd, 5) != 0)
		return -1;
	return fd;
}

/* In a child: 0 when all is as the row says. */
static int
adopt(const struct handed *h)
{
	struct error e = {0};
	struct sockets s;
	struct asked a;
	char text[16];
	size_t i;

	for (i = 3; i < 100; i++)
		close((int)i);
	for (i = 0; h->hosts[i] != '\0'; i++)
		if (hand_over(h->hosts[i]) != 3 + (int)i)
			return 1;
	snprintf(text, sizeof(text), "%zu", i);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDNAMES", h->names, 1);
	ask(&a, h->admin, "127.0.0.1:0", NULL);
	a.config.admin_public = h->admin_public;
	if (sockets_open(&a.config, WORKERS, &s, &e) != 0)
		return h->why != NULL && strstr(e.text, h->why) != NULL ? 0 : 2;
	if (h->why != NULL)
		return 3;
	if (s.n_addresses != h->n_public || (s.admin >= 0) != h->has_admin)
		return 4;
	for (i = 0; i < WORKERS * s.n_addresses; i++)
		if (s.public[i] < 0 ||
			(fcntl(s.public[i], F_GETFL) & O_NONBLOCK) == 0 ||
			port_of(s.public[i]) !=
				port_of(s.public[i - i % WORKERS]))
			return 5;
	sockets_release(&s);
	return 0;
}

static void
test_handed_over(void **state)
{
	int status;
	size_t i;
	pid_t pid;

	(void)state;
	for (i = 0; i < sizeof(hand_overs) / sizeof(hand_overs[0]); i++) {
		fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(adopt(&hand_overs[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("row %zu: return %d", i, WEXITSTATUS(status));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_socket_for_each_worker),
		cmocka_unit_test(test_taking),
		cmocka_unit_test(test_port_in_use),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_admin_is_for_this_machine),
		SCRATCH_TEST(test_unix_is_shared),
		cmocka_unit_test(test_handed_over),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
