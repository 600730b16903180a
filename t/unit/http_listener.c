/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/listener.h"

static struct http_address
address(const char *text)
{
	struct http_address a;
	struct error e = {0};

	if (http_address_parse(text, &a, &e) != 0)
		fail_msg("%s", e.text);
	return a;
}

static void
test_classes(void **state)
{
	static const char *const wanted[][2] = {
		{"127.9.9.9:1", "loopback"},
		{"10.255.255.255:1", "private"},
		{"11.0.0.0:1", "public"},
		{"172.15.255.255:1", "public"},
		{"172.16.0.0:1", "private"},
		{"172.31.255.255:1", "private"},
		{"172.32.0.0:1", "public"},
		{"192.168.0.1:1", "private"},
		{"192.169.0.1:1", "public"},
		{"100.64.0.1:1", "private"},
		{"100.128.0.1:1", "public"},
		{"169.254.1.1:1", "private"},
		{"203.0.113.1:1", "public"},
		{"[::1]:1", "loopback"},
		{"[fe80::1]:1", "private"},
		{"[fd00::1]:1", "private"},
		{"[2001:db8::1]:1", "public"},
		{"[::ffff:10.0.0.1]:1", "private"},
		{"[::ffff:203.0.113.1]:1", "public"},
		{"unix:/run/x", "unix"},
	};
	const struct sockaddr unknown = {.sa_family = AF_UNSPEC};
	struct http_address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		a = address(wanted[i][0]);
		assert_string_equal(
			http_address_class((struct sockaddr *)&a.addr),
			wanted[i][1]);
	}
	assert_string_equal(http_address_class(&unknown), "");
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
		bool local;
	} GOOD[] = {
		{"127.0.0.1:8080", "127.0.0.1:8080", true},
		{"127.255.0.9:1", "127.255.0.9:1", true},
		{"0.0.0.0:65535", "0.0.0.0:65535", false},
		{"192.0.2.1:80", "192.0.2.1:80", false},
		{"128.0.0.1:80", "128.0.0.1:80", false},
		{"[::1]:8080", "[::1]:8080", true},
		{"[::]:8080", "[::]:8080", false},
		{"[2001:DB8:0::1]:443", "[2001:db8::1]:443", false},
		{"*:8080", "[::]:8080", false},
		{"unix:/run/x.sock", "unix:/run/x.sock", true},
	};
	char text[HTTP_ADDRESS_TEXT_MAX];
	struct http_address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		a = address(GOOD[i].text);
		http_address_text((struct sockaddr *)&a.addr, a.len, text);
		assert_string_equal(text, GOOD[i].shown);
		assert_int_equal(http_address_is_local(&a), GOOD[i].local);
		assert_int_equal(a.any, GOOD[i].text[0] == '*');
	}
}

static void
test_no_addresses(void **state)
{
	static const char *const BAD[] = {"", ":", "8080", ":8080",
		"localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
		"127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1",
		"127.0.0.1:65536", "127.0.0.1:000001", "127.0.0.1:1 ",
		"127.0.0.256:80", "127.1:80", "[127.0.0.1]:80", "::1:80",
		"[::1]", "[::1:80", "::1]:80", "[]:80", "[::g]:80",
		"[fe80::1%lo]:80", "*", "*:", "**:80", "unix:", "unix:x.sock",
		"unix", "http://127.0.0.1:80", "127.0.0.1:80:81"};
	struct http_address a;
	struct error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		error_clear(&e);
		if (http_address_parse(BAD[i], &a, &e) == 0)
			fail_msg("\"%s\" is taken", BAD[i]);
		/* the text says which */
		assert_non_null(strstr(e.text, BAD[i]));
	}
}

static void
test_long_unix_path(void **state)
{
	char text[256] = "unix:/";
	char shown[HTTP_ADDRESS_TEXT_MAX];
	struct http_address a;
	struct error e = {0};
	struct sockaddr_un un;
	size_t max = sizeof(un.sun_path) - 1;

	(void)state;
	memset(text + 6, 'x', max - 1);
	a = address(text);
	http_address_text((struct sockaddr *)&a.addr, a.len, shown);
	assert_string_equal(shown, text);
	text[5 + max] = 'x';
	assert_int_equal(http_address_parse(text, &a, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
}

static void
test_unnamed_peers(void **state)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct sockaddr unbound = {.sa_family = AF_UNIX};
	char text[HTTP_ADDRESS_TEXT_MAX];

	(void)state;
	http_address_text(&none, sizeof(none), text);
	assert_string_equal(text, "unknown");
	http_address_text(&unbound, sizeof(unbound.sa_family), text);
	assert_string_equal(text, "unix:");
}

static int
listen_on(const struct http_address *a, bool shared)
{
	struct error e = {0};
	int fd = http_listen(a, shared, &e);

	if (fd < 0)
		fail_msg("%s", e.text);
	return fd;
}

/* The address with the port that the kernel chose. */
static struct http_address
bound(int fd)
{
	struct http_address a = {.len = sizeof(a.addr)};

	assert_int_equal(
		getsockname(fd, (struct sockaddr *)&a.addr, &a.len), 0);
	return a;
}

static int
option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void
assert_set_up(int fd, bool tcp)
{
	assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	if (tcp) {
		assert_int_not_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
		assert_int_not_equal(
			option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	}
}

static void
test_listen(void **state)
{
	struct http_address a = address("127.0.0.1:0");
	struct error e = {0};
	int fd = listen_on(&a, false);
	int other;

	(void)state;
	assert_set_up(fd, true);
	a = bound(fd);
	assert_int_equal(http_listen(&a, false, &e), -1);
	assert_int_equal(e.code, ERROR_SYS);
	assert_non_null(strstr(e.text, "127.0.0.1:"));
	assert_non_null(strstr(e.text, "in use"));
	close(fd);

	a = address("127.0.0.1:0");
	fd = listen_on(&a, true);
	a = bound(fd);
	other = listen_on(&a, true);
	assert_set_up(other, true);
	close(fd);
	close(other);
}

static void
test_listen_on_any(void **state)
{
	struct http_address a = address("*:0");
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6;
	int fd = listen_on(&a, false);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_set_up(fd, true);
	a = bound(fd);
	memcpy(&in6, &a.addr, sizeof(in6)); /* the port is at the same place */
	in.sin_port = in6.sin6_port;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
		connect(client, (struct sockaddr *)&in, sizeof(in)), 0);
	close(client);
	close(fd);
}

static int
make_directory(void **state)
{
	char *dir = strdup("/tmp/jwksd-listener-XXXXXX");

	if (dir == NULL || mkdtemp(dir) == NULL)
		return -1;
	*state = dir;
	return 0;
}

static int
remove_directory(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/s", (char *)*state);
	unlink(path);
	rmdir(*state);
	free(*state);
	return 0;
}

static void
test_listen_on_a_path(void **state)
{
	struct http_address a;
	struct error e = {0};
	struct stat st;
	char text[128];
	char *path = text + strlen("unix:");
	mode_t old = umask(0117);
	int fd;

	snprintf(text, sizeof(text), "unix:%s/s", (char *)*state);
	a = address(text);
	fd = listen_on(&a, true);
	umask(old);
	assert_set_up(fd, false);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	/* it answers: it is in use */
	assert_int_equal(http_listen(&a, false, &e), -1);
	assert_non_null(strstr(e.text, "in use"));
	/* its process is gone: it is replaced */
	close(fd);
	fd = listen_on(&a, false);
	close(fd);
	/* a file of another kind stays */
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	error_clear(&e);
	assert_int_equal(http_listen(&a, false, &e), -1);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void
test_adopt(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct error e = {0};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int pipes[2];

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(http_listen_adopt(fd, &e), -1);
	assert_int_equal(e.code, ERROR_INVALID);
	assert_int_equal(listen(fd, 1), 0);
	error_clear(&e);
	assert_int_equal(http_listen_adopt(fd, &e), 0);
	assert_set_up(fd, true);
	close(fd);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(http_listen_adopt(pipes[0], &e), -1);
	close(pipes[0]);
	close(pipes[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_no_addresses),
		cmocka_unit_test(test_long_unix_path),
		cmocka_unit_test(test_unnamed_peers),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_listen_on_any),
		cmocka_unit_test_setup_teardown(test_listen_on_a_path,
			make_directory, remove_directory),
		cmocka_unit_test(test_adopt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
