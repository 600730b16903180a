/* SPDX-License-Identifier: MIT */
/* What source_load would read anew changes the signature; nothing else does. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "scratch.h"
#include "source/source.h"

/* Of the directory d, the file f and the link l. */
static uint64_t
signature(void)
{
	char d[] = "d", f[] = "f", l[] = "l", *paths[] = {d, f, l};
	uint64_t h = source_signature(paths, 3);

	assert_int_not_equal(h, 0);
	assert_int_equal(h, source_signature(paths, 3));
	return h;
}

static uint64_t last;

static void
assert_changed(const char *what)
{
	uint64_t h = signature();

	if (h == last)
		fail_msg("not changed: %s", what);
	last = h;
}

static void
assert_same(const char *what)
{
	if (signature() != last)
		fail_msg("changed: %s", what);
}

static void
begin(void)
{
	scratch_mkdir("d");
	scratch_write("d/a.pem", "one");
	scratch_write("d/b.pem", "two");
	scratch_write("f", "three");
	scratch_mkdir("t1");
	scratch_write("t1/key", "four");
	scratch_mkdir("t2");
	scratch_write("t2/key", "five");
	scratch_link("t1", "t");
	scratch_link("t/key", "l");
	last = signature();
}

/* Later than any clock of the file system's could be. */
static void
set_mtime(const char *path, int64_t when)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = when}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
test_files_of_a_directory(void **state)
{
	(void)state;
	begin();
	scratch_write("d/c.pem", "new");
	assert_changed("a file added");
	scratch_rename("d/c.pem", "d/d.pem");
	assert_changed("a file renamed");
	scratch_remove("d/d.pem");
	assert_changed("a file removed");
	scratch_write("d/a.pem", "one more");
	assert_changed("a file that grew");
	scratch_write("d/a.pem", "two more");
	set_mtime("d/a.pem", 1000);
	assert_changed("other bytes, as many");
	set_mtime("d/a.pem", 1001);
	assert_changed("another time");
	scratch_replace("d/a.pem", "two more");
	assert_changed("replaced with the same bytes");
	assert_int_equal(chmod("d/a.pem", 0666), 0);
	assert_changed("mode");
	scratch_write("d/keyring.json", "{}");
	assert_changed("a keyring added");
	scratch_write("d/a.pem", "hidden by the keyring");
	assert_same("a file that the keyring hides");
	scratch_remove("d/keyring.json");
	assert_changed("a keyring removed");
}

static void
test_what_is_not_read(void **state)
{
	char byte;
	int fd;

	(void)state;
	begin();
	scratch_write("d/README", "text");
	assert_same("a file of another name");
	scratch_write("d/.a.pem.swp", "text");
	assert_same("a hidden file");
	scratch_write("beside", "text");
	assert_same("a file beside");
	scratch_mkdir("d/sub");
	scratch_write("d/sub/a.pem", "text");
	assert_same("a directory in it");
	scratch_remove("d/README");
	assert_same("a file of another name removed");
	set_mtime("d", 5);
	assert_same("the time of the directory");
	fd = open("d/a.pem", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
	assert_same("reading");
	scratch_write("t2/key", "not where the link leads");
	assert_same("another file of the link's name");
}

static void
test_files_and_links(void **state)
{
	(void)state;
	begin();
	scratch_replace("f", "three");
	assert_changed("f replaced");
	scratch_remove("f");
	assert_changed("f removed");
	assert_same("f not there");
	scratch_write("f", "three");
	assert_changed("f there again");
	scratch_write("t1/key", "longer than it was");
	assert_changed("what the link leads to");
	scratch_link("t2", "next");
	scratch_rename("next", "t");
	assert_changed("a link on the way turned elsewhere");
	scratch_link("t/key", "next");
	scratch_rename("next", "l");
	assert_same("the link replaced by one like it");
	scratch_remove("t");
	assert_changed("a link on the way removed");
}

static void
test_the_directory_itself(void **state)
{
	(void)state;
	begin();
	assert_int_equal(chmod("d", 0700), 0);
	assert_changed("mode of the directory");
	scratch_rename("d", "d.old");
	assert_changed("no directory");
	scratch_mkdir("d");
	assert_changed("an empty one");
	scratch_remove("d");
	scratch_rename("d.old", "d");
	assert_changed("the old one");
	scratch_remove("d");
	scratch_write("d", "a file");
	assert_changed("a file in its place");
}

static void
test_paths_count(void **state)
{
	char a[] = "f", b[] = "t1/key", *ab[] = {a, b}, *ba[] = {b, a};

	(void)state;
	begin();
	assert_int_not_equal(source_signature(ab, 2), source_signature(ba, 2));
	assert_int_not_equal(source_signature(ab, 2), source_signature(ab, 1));
	assert_int_not_equal(source_signature(NULL, 0), 0);
}

/* More than are read: what is there cannot be told, and is not read either. */
static void
test_too_many_files(void **state)
{
	char path[32];
	int i;

	(void)state;
	begin();
	for (i = 0; i < SOURCE_FILES_MAX + 10; i++) {
		snprintf(path, sizeof(path), "d/%04d.pem", i);
		scratch_write(path, "");
	}
	assert_changed("too many");
	for (i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "d/%04d.pem", i);
		scratch_remove(path);
	}
	assert_changed("not too many any more");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_files_of_a_directory),
		SCRATCH_TEST(test_what_is_not_read),
		SCRATCH_TEST(test_files_and_links),
		SCRATCH_TEST(test_the_directory_itself),
		SCRATCH_TEST(test_paths_count),
		SCRATCH_TEST(test_too_many_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
