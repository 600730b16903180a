/* SPDX-License-Identifier: MIT */
/*
 * Whole files: read one with bounds, replace one so that a crash or a power
 * cut leaves the old or the new bytes and never a part.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* What identifies one state of a file; differs when the file was replaced,
 * rewritten or its mode or owner changed. */
struct file_id {
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
	uint32_t mode;
	uint32_t uid;
};

struct file_id file_id_from(const struct stat *st);
bool file_id_equal(const struct file_id *a, const struct file_id *b);

/* A file's bytes, with a NUL behind them that len does not count. */
struct file_bytes {
	char *data;
	size_t len;
	struct file_id id;
};

/* Wipe and free the bytes: they may have been a private key's. */
void file_bytes_release(struct file_bytes *f);

/* After an open(2) for reading that failed: errno's text or, when the modes
 * would have allowed it, who else forbids it (DENIED).  Returns -1. */
int file_open_failed(int dirfd, const char *path, struct error *e);

/* Read a regular file of at most max bytes.  path is relative to dirfd
 * (AT_FDCWD for the current directory); symbolic links are followed, as a
 * mounted ConfigMap needs.  A FIFO, device or directory is refused without
 * being opened for reading, and a file that changed while it was read is
 * read again, a few times.  Codes: SYS (errno is kept), DENIED, INVALID (not a
 * regular file), LIMIT (larger than max), CONFLICT (kept changing).  The text
 * says what is wrong but does not name the path: the caller wraps it. */
int file_read(int dirfd, const char *path, size_t max, struct file_bytes *out,
	struct error *e) __attribute__((warn_unused_result));

/* Make name in dirfd hold exactly these bytes, with mode (which umask does
 * not change): a new file beside it, written, synced, renamed over it, and
 * the directory synced.  On failure the old file stays and no other is left.
 * name has no slash. */
int file_replace_at(int dirfd, const char *name, const void *bytes, size_t len,
	mode_t mode, struct error *e) __attribute__((warn_unused_result));

#endif
