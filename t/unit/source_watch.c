/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "scratch.h"
#include "source/watch.h"

#define OWNERS 10000
#define EVENTS_MAX 2000000 /* of the queue: more than that is not tried */

static struct source_watch *watch;
static unsigned calls[OWNERS];
static unsigned everybody;

static void
changed(void *arg, uint32_t owner)
{
	assert_ptr_equal(arg, calls);
	if (owner == SOURCE_EVERYBODY) {
		everybody++;
		return;
	}
	assert_true(owner < OWNERS);
	calls[owner]++;
}

static int
setup(void **state)
{
	struct error e = {0};

	if (scratch_setup(state) != 0)
		return -1;
	memset(calls, 0, sizeof(calls));
	everybody = 0;
	watch = source_watch_new(changed, calls, &e);
	return watch == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	source_watch_free(watch);
	source_watch_free(NULL);
	return scratch_teardown(state);
}

static void
add(const char *path, uint32_t owner)
{
	struct error e = {0};

	if (source_watch_add(watch, path, owner, &e) != 0)
		fail_msg("%s: %s", path, e.text);
}

/* Forget what was called so far, and what is in the queue. */
static void
quiet(void)
{
	source_watch_read(watch);
	memset(calls, 0, sizeof(calls));
	everybody = 0;
}

/* Of the first ten owners those in the list, "1 3", were called, each at
 * least once, and no other. */
static void
assert_called(const char *owners, const char *what)
{
	char digit[2] = "0";
	uint32_t i;

	source_watch_read(watch);
	for (i = 0; i < 10; i++) {
		digit[0] = (char)('0' + i);
		if ((calls[i] > 0) != (strstr(owners, digit) != NULL))
			fail_msg("%s: owner %u was called %u times", what, i,
				calls[i]);
	}
	assert_int_equal(everybody, 0);
	quiet();
}

/* --- a file ------------------------------------------------------------- */

static void
test_file(void **state)
{
	(void)state;
	scratch_write("a", "1");
	scratch_write("b", "1");
	add("a", 1);
	add("b", 2);
	quiet();
	scratch_write("a", "2");
	assert_called("1", "rewritten in place");
	scratch_replace("a", "3");
	assert_called("1", "renamed over");
	assert_int_equal(chmod("b", 0600), 0);
	assert_called("2", "mode");
	scratch_remove("a");
	assert_called("1", "removed");
	scratch_write("a", "4");
	assert_called("1", "made again");
	scratch_rename("a", "c");
	assert_called("1", "renamed away");
	scratch_rename("c", "a");
	assert_called("1", "renamed back");
	scratch_write("beside", "1");
	scratch_write("a.swp", "1");
	scratch_remove("beside");
	assert_called("", "files beside");
	assert_int_equal(source_watch_count(watch), 1);
}

static void
test_directory(void **state)
{
	(void)state;
	scratch_mkdir("d");
	scratch_mkdir("d/sub");
	scratch_mkdir("other");
	add("d", 1);
	add("other/", 2);
	quiet();
	scratch_write("d/a", "1");
	assert_called("1", "a file made");
	scratch_write("d/a", "2");
	assert_called("1", "a file rewritten");
	scratch_remove("d/a");
	assert_called("1", "a file removed");
	scratch_write("d/sub/a", "1");
	assert_called("", "a file further down");
	scratch_write("other/a", "1");
	assert_called("2", "a file in the other");
	assert_int_equal(chmod("d", 0700), 0);
	assert_called("1", "mode");
	scratch_rename("other", "old");
	scratch_mkdir("other");
	assert_called("2", "the other replaced");
}

static void
test_removed_and_made_again(void **state)
{
	(void)state;
	scratch_mkdir("d");
	scratch_write("d/a", "1");
	add("d", 1);
	add("d/a", 2);
	assert_int_equal(source_watch_count(watch), 2);
	quiet();
	scratch_remove("d");
	assert_called("1 2", "removed");
	assert_int_equal(source_watch_count(watch), 1);
	/* whoever is called adds its paths again */
	source_watch_drop(watch, 1);
	source_watch_drop(watch, 2);
	assert_int_equal(source_watch_count(watch), 0);
	add("d", 1);
	add("d/a", 2);
	quiet();
	scratch_mkdir("d");
	assert_called("1 2", "made again");
	source_watch_drop(watch, 1);
	source_watch_drop(watch, 2);
	add("d", 1);
	add("d/a", 2);
	scratch_write("d/a", "2");
	assert_called("1 2", "the file made again");
}

static void
test_parent_is_missing_at_first(void **state)
{
	(void)state;
	add("x/y/z", 1);
	quiet();
	scratch_write("beside", "1");
	assert_called("", "a file beside");
	scratch_mkdir("x");
	assert_called("1", "the first directory");
	source_watch_drop(watch, 1);
	add("x/y/z", 1);
	scratch_mkdir("x/y");
	assert_called("1", "the second one");
	source_watch_drop(watch, 1);
	add("x/y/z", 1);
	quiet();
	scratch_write("x/y/z", "1");
	assert_called("1", "the file");
}

static void
test_absolute_path(void **state)
{
	char path[300];

	(void)state;
	scratch_mkdir("d");
	snprintf(path, sizeof(path), "%s/d/a", scratch_dir());
	add(path, 1);
	quiet();
	scratch_write("d/a", "1");
	assert_called("1", "made");
	add("/", 2);
	add("/no/such/place", 3);
	add(".", 4);
	quiet();
	scratch_write("e", "1");
	assert_called("4", "a file in .");
}

/* --- links -------------------------------------------------------------- */

static void
turn(const char *link, const char *target)
{
	scratch_link(target, "next~");
	scratch_rename("next~", link);
}

static void
test_link_and_its_target(void **state)
{
	(void)state;
	scratch_mkdir("t");
	scratch_write("t/one", "1");
	scratch_write("t/two", "2");
	scratch_link("t/one", "l");
	add("l", 1);
	quiet();
	scratch_write("t/one", "more");
	assert_called("1", "the target rewritten");
	scratch_replace("t/one", "more");
	assert_called("1", "the target replaced");
	scratch_write("t/two", "more");
	assert_called("", "what is beside the target");
	turn("l", "t/two");
	assert_called("1", "the link turned elsewhere");
}

/* A link on the way there, in every form of a path; what it led to stays. */
static void
test_link_on_the_way(void **state)
{
	char absolute[300];

	(void)state;
	scratch_mkdir("v1");
	scratch_mkdir("v1/keys");
	scratch_write("v1/keys/a", "1");
	scratch_mkdir("v2");
	scratch_mkdir("v2/keys");
	scratch_write("v2/keys/a", "2");
	scratch_link("v1", "current");
	snprintf(absolute, sizeof(absolute), "%s/current/keys", scratch_dir());
	add("current/keys/a", 1);
	add("current/keys", 2);
	add("current/keys/", 3);
	add("current", 4);
	add("current/", 5);
	add(absolute, 6);
	add("v1/keys/a", 7);
	quiet();
	turn("current", "v2");
	assert_called("1 2 3 4 5 6", "current -> v2");
}

/* kubelet: the files are links through ..data, which is swapped. */
static void
test_mounted_config_map(void **state)
{
	(void)state;
	scratch_mkdir("..1");
	scratch_write("..1/sa.pub", "1");
	scratch_link("..1", "..data");
	scratch_link("..data/sa.pub", "sa.pub");
	add("sa.pub", 1);
	add(".", 2);
	quiet();
	scratch_mkdir("..2");
	scratch_write("..2/sa.pub", "2");
	source_watch_read(watch);
	quiet();
	scratch_link("..2", "..data_tmp");
	quiet();
	/* the old directory stays for now */
	scratch_rename("..data_tmp", "..data");
	assert_called("1 2", "..data swapped");
}

static void
test_links_that_lead_nowhere(void **state)
{
	(void)state;
	scratch_link("loop", "loop");
	scratch_link("b", "a");
	scratch_link("a", "b");
	scratch_link("not/yet", "dangling");
	add("loop", 1);
	add("a", 2);
	add("dangling", 3);
	quiet();
	scratch_mkdir("not");
	assert_called("3", "the first directory");
	source_watch_drop(watch, 3);
	add("dangling", 3);
	quiet();
	scratch_write("not/yet", "1");
	assert_called("3", "the target made");
	scratch_replace("loop", "1");
	assert_called("1", "the loop replaced");
}

/* --- owners ------------------------------------------------------------- */

static void
test_drop_stops_calls(void **state)
{
	(void)state;
	scratch_mkdir("d");
	add("d", 1);
	add("d", 2);
	add("d", 2); /* twice is once */
	quiet();
	scratch_write("d/a", "1");
	source_watch_drop(watch, 1);
	assert_called("2", "dropped with events in the queue");
	source_watch_drop(watch, 2);
	assert_int_equal(source_watch_count(watch), 0);
	scratch_write("d/a", "2");
	assert_called("", "nobody is left");
	source_watch_drop(watch, 3);
	add("d", 1);
	quiet();
	scratch_write("d/a", "3");
	assert_called("1", "added again");
}

/* What the kernel has, as proc(5) shows it. */
static size_t
kernel_watches(void)
{
	char path[64], line[256];
	size_t n = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
		source_watch_fd(watch));
	info = fopen(path, "r");
	assert_non_null(info);
	while (fgets(line, sizeof(line), info) != NULL)
		n += strncmp(line, "inotify ", 8) == 0;
	fclose(info);
	return n;
}

/* Whatever the numbers of owners have in common. */
static void
test_drop_of_one_of_many(void **state)
{
	uint32_t owner;
	char path[16];

	(void)state;
	for (owner = 1; owner < 2000; owner += 64) {
		snprintf(path, sizeof(path), "d%u", owner);
		scratch_mkdir(path);
		add(path, owner);
	}
	assert_int_equal(source_watch_count(watch), 1 + 32);
	assert_int_equal(kernel_watches(), 1 + 32);
	source_watch_drop(watch, 65);
	assert_int_equal(source_watch_count(watch), 1 + 31);
	assert_int_equal(kernel_watches(), 1 + 31);
	quiet();
	scratch_write("d65/a", "1");
	scratch_write("d129/a", "1");
	source_watch_read(watch);
	assert_int_equal(calls[65], 0);
	assert_true(calls[129] > 0);
}

static void
test_inside_only(void **state)
{
	struct error e = {0};

	(void)state;
	scratch_mkdir("d");
	assert_int_equal(source_watch_inside(watch, "d", 1, &e), 0);
	assert_int_equal(source_watch_count(watch), 1);
	quiet();
	scratch_write("d/a", "1");
	assert_called("1", "inside");
	scratch_write("beside", "1");
	assert_called("", "outside");
	assert_int_equal(source_watch_inside(watch, "d/a", 1, &e), -1);
	assert_int_equal(e.code, ERROR_SYS);
	error_clear(&e);
	assert_int_equal(source_watch_inside(watch, "no", 1, &e), -1);
	assert_int_equal(e.code, ERROR_SYS);
	assert_non_null(strstr(e.text, "no: cannot be watched"));
}

static void
test_paths_that_are_too_long(void **state)
{
	char path[5000];
	struct error e = {0};

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(source_watch_add(watch, path, 1, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
	path[4000] = '\0';
	add(path, 1); /* no such file: the directory above is watched */
	add("", 1);
}

/* Ten thousand issuers of two files each: each is told of its own. */
static void
test_many_owners(void **state)
{
	char path[64];
	uint32_t i;

	(void)state;
	scratch_mkdir("shared");
	for (i = 0; i < OWNERS; i++) {
		snprintf(path, sizeof(path), "shared/%u", i);
		add(path, i);
		snprintf(path, sizeof(path), "d%u/key", i / 100);
		if (i % 100 == 0) {
			snprintf(path, sizeof(path), "d%u", i / 100);
			scratch_mkdir(path);
		}
		snprintf(path, sizeof(path), "d%u/%u", i / 100, i);
		add(path, i);
	}
	assert_int_equal(source_watch_count(watch), 1 + OWNERS / 100);
	quiet();
	for (i = 0; i < OWNERS; i += 997) {
		snprintf(path, sizeof(path), "d%u/%u", i / 100, i);
		scratch_write(path, "1");
	}
	scratch_write("shared/9999", "1");
	source_watch_read(watch);
	for (i = 0; i < OWNERS; i++)
		assert_int_equal(calls[i] > 0, i % 997 == 0 || i == 9999);
	for (i = 0; i < OWNERS; i++)
		if (i != 5000)
			source_watch_drop(watch, i);
	assert_int_equal(source_watch_count(watch), 2);
	quiet();
	scratch_write("shared/5000", "1");
	scratch_write("shared/5001", "1");
	source_watch_read(watch);
	assert_true(calls[5000] > 0);
	assert_int_equal(calls[5001], 0);
}

static void
test_queue_overflows(void **state)
{
	unsigned long most = 0;
	FILE *limit;
	unsigned long i;

	(void)state;
	limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	if (limit == NULL || fscanf(limit, "%lu", &most) != 1)
		most = EVENTS_MAX;
	if (limit != NULL)
		fclose(limit);
	if (most >= EVENTS_MAX) {
		print_message(
			"# skipped: the queue is too long to be filled\n");
		return; /* cmocka's skip() is "not ok" in TAP */
	}
	scratch_write("a", "1");
	scratch_write("b", "1");
	add("a", 1);
	quiet();
	/* two in turn: an event like the last one is not queued again */
	for (i = 0; i < most / 2 + 10; i++) {
		assert_int_equal(chmod("a", 0600), 0);
		assert_int_equal(chmod("b", 0600), 0);
	}
	source_watch_read(watch);
	assert_int_equal(everybody, 1);
	quiet();
	scratch_write("a", "2");
	assert_called("1", "after the overflow");
}

/* The kernel's limits cannot be lowered for a test without lowering them for
 * everybody, so inotify_add_watch() says what it would say then. */
static bool no_watches_left;

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int
__wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (!no_watches_left)
		return __real_inotify_add_watch(fd, path, mask);
	errno = ENOSPC;
	return -1;
}

static void
test_limit_of_watches(void **state)
{
	struct error e = {0};

	(void)state;
	scratch_write("a", "1");
	no_watches_left = true;
	assert_int_equal(source_watch_add(watch, "a", 1, &e), -1);
	no_watches_left = false;
	assert_int_equal(e.code, ERROR_LIMIT);
	assert_non_null(strstr(e.text, "fs.inotify.max_user_watches"));
	assert_int_equal(source_watch_count(watch), 0);
	add("a", 1);
	quiet();
	scratch_write("a", "2");
	assert_called("1", "there are watches again");
}

#define WATCH_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(test_file),
		WATCH_TEST(test_directory),
		WATCH_TEST(test_removed_and_made_again),
		WATCH_TEST(test_parent_is_missing_at_first),
		WATCH_TEST(test_absolute_path),
		WATCH_TEST(test_link_and_its_target),
		WATCH_TEST(test_link_on_the_way),
		WATCH_TEST(test_mounted_config_map),
		WATCH_TEST(test_links_that_lead_nowhere),
		WATCH_TEST(test_drop_stops_calls),
		WATCH_TEST(test_drop_of_one_of_many),
		WATCH_TEST(test_inside_only),
		WATCH_TEST(test_paths_that_are_too_long),
		WATCH_TEST(test_many_owners),
		WATCH_TEST(test_queue_overflows),
		WATCH_TEST(test_limit_of_watches),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
