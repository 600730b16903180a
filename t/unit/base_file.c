/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
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
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "scratch.h"

#define MAX 4096

/* free() of the code under test comes by here: what it gives back must not
 * hold the secret any more. */
static const char *secret;
static bool secret_freed;

void __real_free(void *p);
void __wrap_free(void *p);

void
__wrap_free(void *p)
{
	if (p != NULL && secret != NULL &&
		memcmp(p, secret, strlen(secret)) == 0)
		secret_freed = true;
	__real_free(p);
}

static void
assert_reads(const char *path, const char *want, size_t len)
{
	struct file_bytes f = {0};
	struct error e = {0};

	if (file_read(AT_FDCWD, path, MAX, &f, &e) != 0)
		fail_msg("%s: %s", path, e.text);
	assert_int_equal(f.len, len);
	assert_int_equal(f.id.size, len);
	assert_memory_equal(f.data, want, len);
	assert_int_equal(f.data[len], 0);
	file_bytes_release(&f);
	assert_null(f.data);
	assert_int_equal(f.len, 0);
}

static void
assert_refused(const char *path, enum error_code code, const char *why)
{
	struct file_bytes f = {.len = 4711};
	struct error e = {0};

	assert_int_equal(file_read(AT_FDCWD, path, MAX, &f, &e), -1);
	if (e.code != code || strstr(e.text, why) == NULL)
		fail_msg("%s: %s: %s", path, error_code_name(e.code), e.text);
	assert_null(f.data);
	assert_int_equal(f.len, 4711);
	assert_int_equal(file_read(AT_FDCWD, path, MAX, &f, NULL), -1);
}

/* --- reading ------------------------------------------------------------ */

static void
test_reads_up_to_the_most(void **state)
{
	static char bytes[MAX + 1];

	(void)state;
	memset(bytes, 'k', sizeof(bytes));
	bytes[7] = '\0';
	scratch_write_bytes("empty", "", 0);
	assert_reads("empty", "", 0);
	scratch_write_bytes("one", bytes, 1);
	assert_reads("one", bytes, 1);
	scratch_write_bytes("most", bytes, MAX);
	assert_reads("most", bytes, MAX);
	scratch_write_bytes("more", bytes, MAX + 1);
	assert_refused("more", ERROR_LIMIT, "has 4097 bytes, 4096 is the most");
}

static void
test_follows_links_and_dirfd(void **state)
{
	struct file_bytes f = {0};
	struct error e = {0};
	int fd;

	(void)state;
	scratch_mkdir("d");
	scratch_write("d/a", "bytes");
	scratch_link("d", "..data");
	scratch_link("..data/a", "link");
	assert_reads("link", "bytes", 5);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(file_read(fd, "a", MAX, &f, &e), 0);
	assert_string_equal(f.data, "bytes");
	file_bytes_release(&f);
	close(fd);
}

/* None of them may block, be read without end, or be opened at all. */
static void
test_refuses_what_is_no_file(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_refused("fifo", ERROR_INVALID, "is a FIFO");
	scratch_link("fifo", "to-fifo");
	assert_refused("to-fifo", ERROR_INVALID, "is a FIFO");
	assert_refused("/dev/zero", ERROR_INVALID, "is a device");
	scratch_mkdir("d");
	assert_refused("d", ERROR_INVALID, "is a directory");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_refused("socket", ERROR_INVALID, "is a socket");
	close(fd);
}

static void
test_what_is_not_there_leaves_errno(void **state)
{
	struct file_bytes f = {0};
	struct error e = {0};

	(void)state;
	assert_refused("missing", ERROR_SYS, "No such file");
	scratch_link("missing", "dangling");
	assert_refused("dangling", ERROR_SYS, "No such file");
	scratch_link("loop", "loop");
	assert_refused("loop", ERROR_SYS, "cannot be found");
	errno = 0;
	assert_int_equal(file_read(AT_FDCWD, "missing", MAX, &f, &e), -1);
	assert_int_equal(errno, ENOENT);
}

static int
read_secret(void *arg)
{
	struct file_bytes f = {0};
	struct error *e = arg;
	int rc;

	rc = file_read(AT_FDCWD, "closed", MAX, &f, e);
	return rc == -1 && e->code == ERROR_SYS && errno == EACCES &&
			       strstr(e->text, "cannot be opened") != NULL
		       ? 0
		       : 1;
}

static void
test_unreadable(void **state)
{
	struct error e = {0};

	(void)state;
	scratch_write("closed", "x");
	assert_int_equal(chmod("closed", 0), 0);
	assert_int_equal(scratch_as_nobody(read_secret, &e), 0);
}

static void
test_ten_gigabytes_are_not_read(void **state)
{
	int fd;

	(void)state;
	fd = open("sparse", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, INT64_C(10) << 30), 0);
	close(fd);
	assert_refused("sparse", ERROR_LIMIT, "has 10737418240 bytes");
}

/* A file of /proc says that it is empty and never is: to a reader that is a
 * file that grows whenever it looks. */
static void
test_gives_up_on_what_keeps_changing(void **state)
{
	(void)state;
	assert_refused("/proc/self/status", ERROR_CONFLICT, "kept changing");
}

static void
test_id_tells_states_apart(void **state)
{
	struct file_id first, again;
	struct timespec old[2] = {{1, 0}, {1, 0}};
	struct stat st;

	(void)state;
	scratch_write("a", "one");
	assert_int_equal(utimensat(AT_FDCWD, "a", old, 0), 0);
	assert_int_equal(stat("a", &st), 0);
	first = file_id_from(&st);
	assert_int_equal(first.mtime_ns, 1000000000);
	again = file_id_from(&st);
	assert_true(file_id_equal(&first, &again));
	again.mode ^= 1;
	assert_false(file_id_equal(&first, &again));
	again = first;
	again.mtime_ns++;
	assert_false(file_id_equal(&first, &again));
	scratch_replace("a", "one");
	assert_int_equal(stat("a", &st), 0);
	again = file_id_from(&st);
	assert_false(file_id_equal(&first, &again));
}

static void
test_wipes(void **state)
{
	static const char text[] = "-----BEGIN SOMETHING SECRET-----";
	struct file_bytes f = {0};

	(void)state;
	scratch_write("a", text);
	assert_int_equal(file_read(AT_FDCWD, "a", MAX, &f, NULL), 0);
	assert_string_equal(f.data, text);
	secret = text;
	secret_freed = false;
	file_bytes_release(&f);
	secret = NULL;
	assert_false(secret_freed);
	file_bytes_release(&f); /* nothing is left to release */
}

/* --- replacing ---------------------------------------------------------- */

static int
replace(const char *name, const char *text, mode_t mode, struct error *e)
{
	int rc, fd;

	fd = open(".", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return -2;
	rc = file_replace_at(fd, name, text, strlen(text), mode, e);
	close(fd);
	return rc;
}

static void
assert_replaced(const char *name, const char *text, mode_t mode)
{
	struct error e = {0};
	struct stat st;

	if (replace(name, text, mode, &e) != 0)
		fail_msg("%s: %s", name, e.text);
	assert_reads(name, text, strlen(text));
	assert_int_equal(lstat(name, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
test_mode_is_what_was_asked_for(void **state)
{
	mode_t before = umask(077);

	(void)state;
	assert_replaced("a", "one", 0644);
	umask(0);
	assert_replaced("a", "two", 0600);
	assert_replaced("a", "", 0400);
	assert_replaced("a", "three", 0640);
	umask(before);
	assert_int_equal(scratch_count("."), 1);
}

static void
test_replaces_the_name_not_what_it_leads_to(void **state)
{
	char longest[256];

	(void)state;
	scratch_write("target", "kept");
	scratch_link("target", "link");
	assert_replaced("link", "new", 0644);
	assert_reads("target", "kept", 4);
	memset(longest, 'n', 255);
	longest[255] = '\0';
	assert_replaced(longest, "new", 0644);
	assert_int_equal(scratch_count("."), 3);
}

/* Whoever has the old one open goes on reading the old bytes. */
static void
test_old_file_is_not_written_to(void **state)
{
	char old[4] = "";
	int fd;

	(void)state;
	scratch_write("a", "old");
	fd = open("a", O_RDONLY);
	assert_true(fd >= 0);
	assert_replaced("a", "new and longer", 0644);
	assert_int_equal(read(fd, old, 4), 3);
	assert_string_equal(old, "old");
	close(fd);
}

static void
test_failure_leaves_nothing_behind(void **state)
{
	struct error e = {0};

	(void)state;
	scratch_mkdir("d");
	scratch_write("d/kept", "x");
	assert_int_equal(replace("d", "new", 0644, &e), -1);
	assert_int_equal(e.code, ERROR_SYS);
	assert_non_null(strstr(e.text, "cannot be replaced: Is a directory"));
	assert_reads("d/kept", "x", 1);
	assert_int_equal(scratch_count("."), 1);
	error_clear(&e);
	assert_int_equal(replace("no/such", "new", 0644, &e), -1);
	assert_int_equal(scratch_count("."), 1);
	assert_int_equal(scratch_count("d"), 1);
}

static int
replace_closed(void *arg)
{
	struct error *e = arg;

	return replace("a", "new", 0644, e) == -1 && e->code == ERROR_SYS &&
			       strstr(e->text, "cannot create") != NULL
		       ? 0
		       : 1;
}

static void
test_directory_that_may_not_be_written_to(void **state)
{
	struct error e = {0};

	(void)state;
	scratch_mkdir("d");
	scratch_write("d/a", "old");
	assert_int_equal(chmod("d", 0555), 0);
	assert_int_equal(chdir("d"), 0);
	assert_int_equal(scratch_as_nobody(replace_closed, &e), 0);
	assert_int_equal(chdir(".."), 0);
	assert_reads("d/a", "old", 3);
	assert_int_equal(scratch_count("d"), 1);
	assert_int_equal(chmod("d", 0755), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_reads_up_to_the_most),
		SCRATCH_TEST(test_follows_links_and_dirfd),
		SCRATCH_TEST(test_refuses_what_is_no_file),
		SCRATCH_TEST(test_what_is_not_there_leaves_errno),
		SCRATCH_TEST(test_unreadable),
		SCRATCH_TEST(test_ten_gigabytes_are_not_read),
		SCRATCH_TEST(test_gives_up_on_what_keeps_changing),
		SCRATCH_TEST(test_id_tells_states_apart),
		SCRATCH_TEST(test_wipes),
		SCRATCH_TEST(test_mode_is_what_was_asked_for),
		SCRATCH_TEST(test_replaces_the_name_not_what_it_leads_to),
		SCRATCH_TEST(test_old_file_is_not_written_to),
		SCRATCH_TEST(test_failure_leaves_nothing_behind),
		SCRATCH_TEST(test_directory_that_may_not_be_written_to),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
