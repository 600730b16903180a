/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

/* Each test has a directory of its own, which it is in. */
static char scratch[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/config_include.XXXXXX");
	return mkdtemp(scratch) == NULL || chdir(scratch) != 0 ||
	       mkdir("conf.d", 0755) != 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
teardown(void **state)
{
	(void)state;
	if (chdir("/") != 0)
		return -1;
	return nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct config *
loaded(const char *path)
{
	struct config_errors errors;
	struct config *c = config_load(path, &errors);

	if (c == NULL)
		fail_msg("%s", errors.list[0].text);
	return c;
}

static void
assert_error(const char *path, const char *want)
{
	struct config_errors errors;

	assert_null(config_load(path, &errors));
	assert_string_equal(errors.list[0].text, want);
	assert_int_equal(errors.count, 1);
}

static void
test_include_is_relative(void **state)
{
	struct config *c;
	char path[128];

	(void)state;
	write_file("c", "include(\"conf.d/a.conf\")\nworkers = 3\n");
	write_file("conf.d/a.conf",
		"\nissuer \"https://h/a\" { keys = k }\ninclude(b.conf)\n");
	write_file("conf.d/b.conf", "log-level = warn\n");
	snprintf(path, sizeof(path), "%s/c", scratch);
	c = loaded(path);
	assert_int_equal(c->n_files, 3);
	assert_string_equal(c->files[0], path);
	snprintf(path, sizeof(path), "%s/conf.d/a.conf", scratch);
	assert_string_equal(c->files[1], path);
	assert_string_equal(c->issuers[0].file, path);
	assert_int_equal(c->issuers[0].line, 2);
	snprintf(path, sizeof(path), "%s/conf.d/k", scratch);
	assert_string_equal(c->issuers[0].keys[0], path);
	snprintf(path, sizeof(path), "%s/conf.d/b.conf", scratch);
	assert_string_equal(c->files[2], path);
	assert_string_equal(config_origin(c, "log-level").file, path);
	assert_int_equal(c->log_level, LOG_LEVEL_WARN);
	assert_int_equal(c->workers, 3);
	config_free(c);
}

static void
test_pattern_is_sorted(void **state)
{
	struct config *c;

	(void)state;
	write_file("c", "include(\"conf.d/*.conf\")\n");
	write_file("conf.d/20.conf", "issuer \"https://h/20\" { keys = k }\n");
	write_file("conf.d/10.conf", "issuer \"https://h/10\" { keys = k }\n");
	write_file("conf.d/30.conf", "issuer \"https://h/30\" { keys = k }\n");
	write_file("conf.d/.40.conf", "not read");
	write_file("conf.d/50.conf~", "not read");
	c = loaded("c");
	assert_int_equal(c->n_issuers, 3);
	assert_string_equal(c->issuers[0].url, "https://h/10");
	assert_string_equal(c->issuers[2].url, "https://h/30");
	/* the directory too: a file may come */
	assert_int_equal(c->n_files, 5);
	assert_string_equal(c->files[1], "conf.d/");
	assert_string_equal(c->files[2], "conf.d/10.conf");
	config_free(c);
}

static void
test_pattern_may_match_nothing(void **state)
{
	struct config *c;

	(void)state;
	write_file("c",
		"include('conf.d/*.conf')\nissuer \"https://h\" { keys = k }");
	c = loaded("c");
	assert_int_equal(c->n_files, 2);
	config_free(c);
	write_file("c", "include('none.d/*.conf')\n");
	assert_error("c", "c:1: include(\"none.d/*.conf\"): its directory "
			  "cannot be opened: No such file or directory");
	write_file("c", "include('*/a.conf')\n");
	assert_error("c", "c:1: include(\"*/a.conf\"): a pattern stands behind "
			  "the last slash");
}

static void
test_errors_name_their_file(void **state)
{
	(void)state;
	write_file("c", "include(conf.d/a.conf)\n");
	write_file("conf.d/a.conf", "\n\nworkers = x\n");
	assert_error(
		"c", "conf.d/a.conf:3: workers: \"x\" is not a whole number");
	write_file("c", "workers = 1\ninclude(conf.d/a.conf)\n");
	write_file("conf.d/a.conf", "workers = 1\n");
	assert_error("c", "conf.d/a.conf:1: workers is set already, at c:1");
	write_file("c", "issuer \"https://h\" { keys = k }\n"
			"include(conf.d/a.conf)\n");
	write_file("conf.d/a.conf", "issuer \"https://h\" { keys = k }\n");
	assert_error(
		"c", "conf.d/a.conf:1: \"https://h\" is there already, at c:1");
}

static void
test_each_file_once(void **state)
{
	(void)state;
	write_file("c", "\ninclude(c)\n");
	assert_error("c", "c:2: c is the file that everything begins with");
	write_file("c", "include(a)\n");
	write_file("a", "include(b)\n");
	write_file("b", "include(a)\n");
	assert_error("c", "b:1: a is included already, at c:1");
	/* by another name */
	assert_int_equal(symlink("c", "link"), 0);
	write_file("c", "include(link)\n");
	assert_error("c", "c:1: link is the file that everything begins with");
}

static void
test_too_many_files(void **state)
{
	char name[32];
	int i;

	(void)state;
	write_file("c", "include('conf.d/*')\n");
	for (i = 0; i < CONFIG_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "conf.d/%d", i);
		write_file(name, "");
	}
	assert_error("c", "c:1: include(\"conf.d/*\"): more than 1000 files");
}

static void
test_not_a_file(void **state)
{
	FILE *f;

	(void)state;
	assert_error(
		"none", "none: cannot be found: No such file or directory");
	assert_error("conf.d", "conf.d: is a directory, not a file");
	assert_error("/dev/zero", "/dev/zero: is a device, not a file");
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_error("fifo", "fifo: is a FIFO, not a file");
	write_file("c", "\ninclude(fifo)\n");
	assert_error("c", "c:2: fifo: is a FIFO, not a file");
	write_file("c", "include(none)\n");
	assert_error(
		"c", "c:1: none: cannot be found: No such file or directory");
	f = fopen("big", "w");
	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), 10737418240), 0);
	fclose(f);
	assert_error("big", "big: has 10737418240 bytes, 8388608 is the most");
}

/* The file's end is shown, and what is wrong with it. */
static void
test_very_long_path(void **state)
{
	struct config_errors errors;
	char path[4000], name[256];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[250] = '\0';
	memset(path, '/', sizeof(path));
	memcpy(path + sizeof(path) - sizeof(name), name, sizeof(name));
	assert_null(config_load(path, &errors));
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(errors.list[0].text, "xxx: cannot be found: "));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_include_is_relative),
		TEST(test_pattern_is_sorted),
		TEST(test_pattern_may_match_nothing),
		TEST(test_errors_name_their_file),
		TEST(test_each_file_once),
		TEST(test_too_many_files),
		TEST(test_not_a_file),
		TEST(test_very_long_path),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
