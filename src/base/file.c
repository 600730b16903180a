/* SPDX-License-Identifier: MIT */
/*
 * The only place that reads or replaces whole files, so that the bounds and
 * the order write - sync - rename - sync are written once.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READ_TRIES 5
#define TEMP_TRIES 100

struct file_id
file_id_from(const struct stat *st)
{
	return (struct file_id){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 +
			    st->st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 +
			    st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.uid = st->st_uid,
	};
}

bool
file_id_equal(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->mode == b->mode && a->uid == b->uid;
}

void
file_bytes_release(struct file_bytes *f)
{
	if (f->data != NULL)
		explicit_bzero(f->data, f->len);
	free(f->data);
	*f = (struct file_bytes){0};
}

static const char *
kind_name(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "a device";
	return "not a regular file";
}

static int
check_kind(const struct stat *st, size_t max, struct error *e)
{
	if (!S_ISREG(st->st_mode))
		return error_set(e, ERROR_INVALID, "is %s, not a file",
			kind_name(st->st_mode));
	if (st->st_size > (off_t)max)
		return error_set(e, ERROR_LIMIT,
			"has %lld bytes, %zu is the most",
			(long long)st->st_size, max);
	return 0;
}

/* Read until the end or max + 1 bytes; the length read, or -1. */
static ssize_t
read_all(int fd, char *data, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len <= max) {
		n = read(fd, data + len, max + 1 - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)len;
}

/* One try: 0 read, 1 changed meanwhile, -1 error. */
static int
read_once(int fd, size_t max, struct file_bytes *out, struct error *e)
{
	struct file_id before, after;
	struct file_bytes got = {0};
	struct stat st;
	size_t room;
	ssize_t n;
	int rc = -1;

	if (fstat(fd, &st) != 0)
		return error_sys(e, "cannot be examined");
	if (check_kind(&st, max, e) != 0)
		return -1;
	before = file_id_from(&st);
	room = (size_t)st.st_size;
	got.data = malloc(room + 2);
	if (got.data == NULL)
		return error_nomem(e);
	got.len = room + 1; /* to be wiped whatever happens */
	n = read_all(fd, got.data, room);
	if (n < 0) {
		error_sys(e, "cannot be read");
		goto out;
	}
	if (fstat(fd, &st) != 0) {
		error_sys(e, "cannot be examined");
		goto out;
	}
	after = file_id_from(&st);
	if ((size_t)n != room || !file_id_equal(&before, &after)) {
		rc = 1;
		goto out;
	}
	got.len = room;
	got.data[room] = '\0';
	got.id = after;
	*out = got;
	got.data = NULL; /* given to the caller */
	rc = 0;
out:
	file_bytes_release(&got);
	return rc;
}

int
file_open_failed(int dirfd, const char *path, struct error *e)
{
	int reason = errno;

	if (reason == EACCES && faccessat(dirfd, path, R_OK, AT_EACCESS) == 0)
		return error_set(e, ERROR_DENIED,
			"cannot be opened, though its mode allows it: "
			"forbidden by a security module, or until jwksd is "
			"restarted by its sandbox");
	errno = reason;
	return error_sys(e, "cannot be opened");
}

int
file_read(int dirfd, const char *path, size_t max, struct file_bytes *out,
	struct error *e)
{
	struct stat st;
	int fd, saved, rc = 1, i;

	for (i = 0; i < READ_TRIES && rc == 1; i++) {
		/* opening a device can act on it, so look first */
		if (fstatat(dirfd, path, &st, 0) != 0)
			return error_sys(e, "cannot be found");
		if (check_kind(&st, max, e) != 0)
			return -1;
		fd = openat(dirfd, path,
			O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			return file_open_failed(dirfd, path, e);
		rc = read_once(fd, max, out, e);
		saved = errno;
		close(fd);
		errno = saved;
	}
	if (rc == 1)
		return error_set(
			e, ERROR_CONFLICT, "kept changing while it was read");
	return rc;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Create a new file ".name.XXXXXX" of mode 0600; its name goes to temp. */
static int
open_temp(int dirfd, const char *name, char *temp, size_t size, struct error *e)
{
	static unsigned serial;
	struct timespec ts;
	int fd = -1, i;

	for (i = 0; i < TEMP_TRIES; i++) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		snprintf(temp, size, ".%.200s.%x-%x-%x", name,
			(unsigned)getpid(), (unsigned)ts.tv_nsec, serial++);
		fd = openat(dirfd, temp,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	if (fd < 0)
		return error_sys(e, "cannot create a file beside it");
	return fd;
}

/* Bytes, mode and sync; closes fd in every case. */
static int
fill(int fd, const void *bytes, size_t len, mode_t mode, struct error *e)
{
	int rc = -1;

	if (write_all(fd, bytes, len) != 0)
		error_sys(e, "cannot be written");
	else if (fchmod(fd, mode) != 0)
		error_sys(e, "cannot be given mode %04o", (unsigned)mode);
	else if (fsync(fd) != 0)
		error_sys(e, "cannot be synced to disk");
	else
		rc = 0;
	if (close(fd) != 0 && rc == 0)
		rc = error_sys(e, "cannot be closed");
	return rc;
}

int
file_replace_at(int dirfd, const char *name, const void *bytes, size_t len,
	mode_t mode, struct error *e)
{
	char temp[256];
	int fd;

	fd = open_temp(dirfd, name, temp, sizeof(temp), e);
	if (fd < 0)
		return -1;
	if (fill(fd, bytes, len, mode, e) != 0) {
		unlinkat(dirfd, temp, 0);
		return -1;
	}
	if (renameat(dirfd, temp, dirfd, name) != 0) {
		error_sys(e, "cannot be replaced");
		unlinkat(dirfd, temp, 0);
		return -1;
	}
	if (fsync(dirfd) != 0)
		return error_sys(e, "its directory cannot be synced to disk");
	return 0;
}
