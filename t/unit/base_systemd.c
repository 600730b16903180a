/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/systemd.h"
#include "scratch.h"

/* --- sd_notify ---------------------------------------------------------- */

/* A socket as the manager's; '@' stands for the NUL of an abstract name. */
static int
manager(const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    strlen(name));
	int fd;

	memcpy(un.sun_path, name, strlen(name));
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *
received(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
assert_notifies(const char *name)
{
	int fd = manager(name);

	systemd_notify("READY=1\nSTATUS=serving");
	assert_string_equal(received(fd), "READY=1\nSTATUS=serving");
	assert_string_equal(received(fd), "");
	close(fd);
	systemd_notify("WATCHDOG=1"); /* the manager is gone */
	unsetenv("NOTIFY_SOCKET");
}

static void
test_notify(void **state)
{
	char name[120];

	(void)state;
	snprintf(name, sizeof(name), "%s/notify", scratch_dir());
	assert_notifies(name);
	snprintf(name, sizeof(name), "@jwksd-test-%d", (int)getpid());
	assert_notifies(name);
}

static void
test_notify_nobody(void **state)
{
	char name[200];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	systemd_notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	systemd_notify("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	systemd_notify("READY=1");
	setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
	systemd_notify("READY=1");
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	systemd_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
}

static void
test_notify_reloading(void **state)
{
	int64_t before = clock_monotonic_ms() * 1000, usec = 0;
	char name[120], tail[64] = "";
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "%s/notify", scratch_dir());
	fd = manager(name);
	systemd_notify_reloading();
	assert_int_equal(
		sscanf(received(fd),
			"RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "\n%63s", &usec,
			tail),
		2);
	assert_in_range(usec, before, (clock_monotonic_ms() + 1) * 1000);
	assert_string_equal(tail, "STATUS=reloading");
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

/* --- sd_watchdog_enabled ------------------------------------------------ */

/* "self" stands for our process id, NULL for no variable. */
static void
set(const char *name, const char *value)
{
	char pid[32];

	if (value != NULL && strcmp(value, "self") == 0) {
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		value = pid;
	}
	if (value == NULL)
		unsetenv(name);
	else
		setenv(name, value, 1);
}

static const struct {
	const char *usec, *pid;
	int64_t ms;
} watchdogs[] = {
	{NULL, NULL, 0},
	{NULL, "self", 0},
	{"30000000", NULL, 15000},
	{"30000000", "self", 15000},
	{"30000000", "1", 0},
	{"30000000", "", 0},
	{"30000000", "x", 0},
	{"2000", NULL, 1},
	{"1", NULL, 1},
	{"0", NULL, 0},
	{"-1", NULL, 0},
	{"", NULL, 0},
	{"30s", NULL, 0},
	{"99999999999999999999", NULL, 0},
};

static void
test_watchdog(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(watchdogs) / sizeof(watchdogs[0]); i++) {
		set("WATCHDOG_USEC", watchdogs[i].usec);
		set("WATCHDOG_PID", watchdogs[i].pid);
		if (systemd_watchdog_ms() != watchdogs[i].ms)
			fail_msg("row %zu: %" PRId64, i, systemd_watchdog_ms());
	}
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* --- sd_listen_fds ------------------------------------------------------ */

struct handed {
	const char *fds, *pid, *names;
	int open; /* descriptors that there are from 3 on */
	int count;
	const char *want; /* their names, joined with '|' */
};

static const struct handed hand_overs[] = {
	{NULL, NULL, NULL, 2, 0, ""},
	{NULL, "self", NULL, 2, 0, ""},
	{"2", NULL, NULL, 2, 0, ""},
	{"2", "1", NULL, 2, 0, ""},
	{"2", "x", NULL, 2, 0, ""},
	{"0", "self", NULL, 0, 0, ""},
	{"1", "self", NULL, 1, 1, ""},
	{"2", "self", NULL, 2, 2, "|"},
	{"2", "self", "http:admin", 2, 2, "http|admin"},
	{"3", "self", "http:admin", 3, 3, "http|admin|"},
	{"2", "self", "a:b:c", 2, 2, "a|b"},
	{"2", "self", ":admin", 2, 2, "|admin"},
	{"2", "self", "", 2, 2, "|"},
	{"64", "self", NULL, 64, 64, NULL},
	{"65", "self", NULL, 65, -1, NULL},
	{"-1", "self", NULL, 1, -1, NULL},
	{"x", "self", NULL, 1, -1, NULL},
	{"", "self", NULL, 1, -1, NULL},
	{"2x", "self", NULL, 2, -1, NULL},
	{"99999999999999999999", "self", NULL, 1, -1, NULL},
	{"2", "self", NULL, 1, -1, NULL},
};

/* In a child, whose descriptors from 3 on are its own: 0 when all is as the
 * row says, else the line of what is not. */
static int
listen_fds(void *arg)
{
	const struct handed *h = arg;
	struct error e = {0};
	char names[256] = "";
	int first = -1, count, i;

	for (i = 3; i < 100; i++)
		close(i);
	for (i = 3; i < 3 + h->open; i++)
		if (open("/dev/null", O_RDONLY) != i)
			return 1;
	set("LISTEN_FDS", h->fds);
	set("LISTEN_PID", h->pid);
	set("LISTEN_FDNAMES", h->names);
	count = systemd_listen_fds(&first, &e);
	if (count != h->count)
		return 2;
	if ((count < 0) != (e.code != ERROR_NONE))
		return 3;
	if (count <= 0)
		return first == -1 || first == 3 ? 0 : 4;
	if (first != 3 || getenv("LISTEN_FDS") != NULL ||
		getenv("LISTEN_PID") != NULL ||
		getenv("LISTEN_FDNAMES") != NULL)
		return 5;
	for (i = 0; i < count; i++) {
		if ((fcntl(first + i, F_GETFD) & FD_CLOEXEC) == 0)
			return 6;
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			"%s%s", i > 0 ? "|" : "", systemd_listen_name(i));
	}
	if (h->want != NULL && strcmp(names, h->want) != 0)
		return 7;
	return systemd_listen_name(-1)[0] == '\0' &&
			       systemd_listen_name(64)[0] == '\0'
		       ? 0
		       : 8;
}

static void
test_listen_fds(void **state)
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
			_exit(listen_fds((void *)(uintptr_t)&hand_overs[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("row %zu: return %d", i, WEXITSTATUS(status));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_notify),
		cmocka_unit_test(test_notify_nobody),
		SCRATCH_TEST(test_notify_reloading),
		cmocka_unit_test(test_watchdog),
		cmocka_unit_test(test_listen_fds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
