/* SPDX-License-Identifier: MIT */
/*
 * A directory of its own for each unit test, which is the current one while
 * the test runs and is removed with all that is in it afterwards.  A failure
 * in here is a broken test: it prints where and aborts.
 */
#ifndef T_LIB_SCRATCH_H
#define T_LIB_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* For cmocka_unit_test_setup_teardown. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The directory's absolute path. */
const char *scratch_dir(void);

/* Make or rewrite in place; a new file has mode 0644. */
void scratch_write(const char *path, const char *text);
void scratch_write_bytes(const char *path, const void *bytes, size_t len);
/* A new file, renamed over the old one. */
void scratch_replace(const char *path, const char *text);
void scratch_mkdir(const char *path);
void scratch_link(const char *target, const char *path);
void scratch_rename(const char *from, const char *to);
void scratch_remove(const char *path); /* and all that is in it */

/* The file's bytes with a NUL behind them, or NULL: there is none.  The
 * caller's to free. */
char *scratch_read(const char *path, size_t *len);

/* Entries of a directory, hidden ones included. */
size_t scratch_count(const char *path);
/* The path of the only one that there is, valid until the next call. */
const char *scratch_only(const char *path);

/* What run(arg) returns, 0 to 100, as somebody whom modes of files stop: root
 * becomes nobody in a child for it.  No assertions in run. */
int scratch_as_nobody(int (*run)(void *arg), void *arg);

#define SCRATCH_TEST(test) \
	cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

#endif
