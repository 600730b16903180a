/* SPDX-License-Identifier: MIT */
/* Each symbolic link on the way is met once, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "scratch.h"
#include "source/link.h"

static void
assert_next(const char *path, const char *stands, const char *next)
{
	char at[PATH_MAX], to[PATH_MAX];

	if (!source_link_next(path, at, to))
		fail_msg("no link along %s", path);
	assert_string_equal(at, stands);
	assert_string_equal(to, next);
}

static void
assert_end(const char *path)
{
	char at[PATH_MAX], to[PATH_MAX];

	assert_false(source_link_next(path, at, to));
}

static void
test_next(void **state)
{
	char path[PATH_MAX], target[PATH_MAX];

	(void)state;
	scratch_mkdir("..one");
	scratch_write("..one/sa.pub", "");
	scratch_link("..one", "..data");
	scratch_link("..data/sa.pub", "sa.pub");
	assert_next("sa.pub", "sa.pub", "./..data/sa.pub");
	assert_next("./..data/sa.pub", "./..data", "./..one/sa.pub");
	assert_end("./..one/sa.pub");
	assert_end("missing/sa.pub");
	assert_end("");

	snprintf(target, sizeof(target), "%.1000s/..one", scratch_dir());
	scratch_link(target, "absolute");
	snprintf(path, sizeof(path), "%.1000s/sa.pub", target);
	assert_next("absolute/sa.pub", "absolute", path);
	scratch_link("loop", "loop");
	assert_next("loop//x", "loop", "./loop//x");
}

static void
test_too_long(void **state)
{
	char path[PATH_MAX];

	(void)state;
	scratch_link("here", "l");
	memset(path, '/', sizeof(path));
	memcpy(path, "l", 1);
	path[sizeof(path) - 1] = '\0';
	assert_end(path); /* past it there is no room */
}

static void
test_parent(void **state)
{
	static const char *const cases[][2] = {{"a/b", "a"}, {"a", "."},
		{"/a", "/"}, {"/a/b", "/a"}, {"/", "/"}};
	char path[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(path, sizeof(path), "%s", cases[i][0]);
		source_link_parent(path);
		assert_string_equal(path, cases[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_next),
		SCRATCH_TEST(test_too_long),
		cmocka_unit_test(test_parent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
