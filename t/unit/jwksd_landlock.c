/* SPDX-License-Identifier: MIT */
/* Landlock as kernels of several ages have it: the kernel's answer about its
 * ABI is replaced by an older one's, everything else is the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "jwksd/landlock.h"
#include "scratch.h"

#define CREATE_RULESET 444

long __real_syscall(
	long number, long a, long b, long c, long d, long f, long g);
long __wrap_syscall(
	long number, long a, long b, long c, long d, long f, long g);

static int pretended; /* an ABI, -errno, or 0: the kernel's own */

long
__wrap_syscall(long number, long a, long b, long c, long d, long f, long g)
{
	if (number == CREATE_RULESET && a == 0 && pretended != 0) {
		if (pretended > 0)
			return pretended;
		errno = -pretended;
		return -1;
	}
	return __real_syscall(number, a, b, c, d, f, g);
}

static int
kernel_abi(void)
{
	struct error e = {0};
	struct landlock l;

	pretended = 0;
	if (landlock_open(&l, &e) != 0)
		fail_msg("%s", e.text);
	landlock_close(&l);
	return l.abi;
}

static int
allow(const struct landlock *l, const char *path, enum landlock_access what)
{
	struct error e = {0};
	int fd = open(path, O_PATH | O_CLOEXEC), rc;

	rc = landlock_allow(l, fd, what, &e);
	if (rc != 0)
		print_error("%s: %s\n", path, e.text);
	close(fd);
	return rc;
}

static int
enter(void)
{
	struct error e = {0};
	struct landlock l;
	int rc;

	rc = landlock_open(&l, &e);
	if (rc == 0)
		rc = allow(&l, "read", LANDLOCK_READ);
	if (rc == 0)
		rc = allow(&l, "one/file", LANDLOCK_READ);
	if (rc == 0)
		rc = allow(&l, "write", LANDLOCK_WRITE);
	if (rc == 0)
		rc = allow(&l, "replace", LANDLOCK_REPLACE);
	if (rc == 0)
		rc = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (rc == 0)
		rc = landlock_enter(&l, &e);
	landlock_close(&l);
	return rc;
}

static int
can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
can_bind(void)
{
	const struct sockaddr_in any = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	rc = bind(fd, (const struct sockaddr *)&any, sizeof(any));
	close(fd);
	return rc == 0;
}

/* In a child, for it is for good.  The line that is wrong, 0: none. */
static int
inside(int abi)
{
#define CHECK(condition)                        \
	do {                                    \
		if (!(condition))               \
			return __LINE__ & 0xff; \
	} while (0)
	CHECK(enter() == 0);
	CHECK(can_open("read/file", O_RDONLY));
	CHECK(can_open("read", O_RDONLY | O_DIRECTORY));
	CHECK(!can_open("read/file", O_WRONLY));
	CHECK(!can_open("read/new", O_WRONLY | O_CREAT));
	CHECK(rename("read/file", "read/other") != 0);
	CHECK(can_open("one/file", O_RDONLY));
	CHECK(!can_open("one/other", O_RDONLY));
	CHECK(can_open("write/file", O_WRONLY | O_APPEND));
	CHECK(can_open("write/new", O_WRONLY | O_CREAT));
	CHECK(!can_open("write/file", O_RDONLY));
	CHECK(unlink("write/file") != 0);
	CHECK(can_open("replace/new", O_WRONLY | O_CREAT | O_TRUNC));
	CHECK(rename("replace/new", "replace/file") == 0);
	CHECK(can_open("replace/file", O_RDONLY));
	CHECK(unlink("replace/file") == 0);
	CHECK(mkdir("replace/directory", 0755) != 0);
	CHECK(symlink("a", "replace/link") != 0);
	CHECK(!can_open("outside", O_RDONLY));
	CHECK(!can_open("/", O_RDONLY | O_DIRECTORY));
	CHECK(abi < 3 || truncate("write/file", 0) != 0);
	CHECK(can_bind() == (abi < 4));
	CHECK((kill(getppid(), 0) == 0) == (abi < 6));
#undef CHECK
	return 0;
}

static void
assert_confined(int abi)
{
	int status;
	pid_t pid;

	pretended = abi;
	pid = fork();
	if (pid == 0)
		_exit(inside(abi));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("ABI %d: status %#x, line & 255 = %d", abi, status,
			WEXITSTATUS(status));
}

static void
make_files(void)
{
	static const char *const names[] = {"read", "write", "replace", "one"};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		scratch_mkdir(names[i]);
		snprintf(path, sizeof(path), "%s/file", names[i]);
		scratch_write(path, "x");
	}
	scratch_write("one/other", "x");
	scratch_write("outside", "x");
}

static void
test_confined(void **state)
{
	int most = kernel_abi(), abi;

	(void)state;
	if (most == 0)
		skip();
	for (abi = 1; abi <= most; abi++) {
		make_files();
		assert_confined(abi);
		scratch_remove("read");
		scratch_remove("write");
		scratch_remove("replace");
		scratch_remove("one");
	}
}

/* Kernels that do not have it, or have it turned off, and containers that
 * forbid what they do not know. */
static void
test_absent(void **state)
{
	static const int reasons[] = {ENOSYS, EOPNOTSUPP, EPERM};
	struct error e = {0};
	struct landlock l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		pretended = -reasons[i];
		assert_int_equal(landlock_open(&l, &e), 0);
		assert_int_equal(l.abi, 0);
		assert_int_equal(landlock_allow(&l, -1, LANDLOCK_READ, &e), 0);
		assert_int_equal(landlock_enter(&l, &e), 0);
		landlock_close(&l);
	}
	pretended = -ENOMEM;
	assert_int_equal(landlock_open(&l, &e), -1);
	assert_non_null(strstr(e.text, "Landlock"));
	landlock_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_confined),
		cmocka_unit_test(test_absent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
