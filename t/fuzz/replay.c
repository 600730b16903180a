/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target without its fuzzer: runs it over files, so that what once
 * broke is tried by every make check, with every compiler.
 *
 *     fuzz_config [FILE|DIRECTORY]...
 *
 * TAP, one test a file.  A target that finds something aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define INPUT_MAX (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned tests;

static int
replay_file(int dirfd, const char *path)
{
	struct file_bytes bytes = {0};
	struct error e = {0};
	uint8_t *exact;

	if (file_read(dirfd, path, INPUT_MAX, &bytes, &e) != 0) {
		printf("not ok %u - %s: %s\n", ++tests, path, e.text);
		return -1;
	}
	/* as a fuzzer gives it: nothing readable behind the last byte */
	exact = malloc(bytes.len == 0 ? 1 : bytes.len);
	if (exact == NULL) {
		file_bytes_release(&bytes);
		return -1;
	}
	memcpy(exact, bytes.data, bytes.len);
	LLVMFuzzerTestOneInput(exact, bytes.len);
	free(exact);
	file_bytes_release(&bytes);
	printf("ok %u - %s\n", ++tests, path);
	return 0;
}

static int
replay_directory(const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);
	int rc = 0;

	if (dir == NULL)
		return -1;
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (entry->d_name[0] != '.' &&
			replay_file(dirfd(dir), entry->d_name) != 0)
			rc = -1;
	}
	if (errno != 0)
		rc = -1;
	closedir(dir);
	return rc;
}

int
main(int argc, char **argv)
{
	struct stat st;
	int rc = 0, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			rc |= replay_directory(argv[i]);
		else
			rc |= replay_file(AT_FDCWD, argv[i]);
	}
	printf("1..%u\n", tests);
	return rc == 0 && tests > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
