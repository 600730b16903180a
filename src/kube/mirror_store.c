/* SPDX-License-Identifier: MIT */
/*
 * A mirror's file.  Nothing is remembered from one round to the next but what
 * the file holds, so a restart is a round like any other, and two mirrors of
 * one file do not contradict each other.  Invariant: the directory is locked
 * from the reading to the renaming, and nobody waits for a network meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "key/parse.h"
#include "kube/mirror.h"

/* The directory of path, open and locked, and the name in it. */
static int
open_directory(const char *path, const char **name, struct error *e)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	int fd;

	*name = slash != NULL ? slash + 1 : path;
	if ((*name)[0] == '\0' || strlen(path) >= sizeof(directory))
		return error_set(e, ERROR_INVALID, "is not a file's name");
	if (slash == NULL)
		snprintf(directory, sizeof(directory), ".");
	else
		snprintf(directory, sizeof(directory), "%.*s",
			(int)(slash - path + 1), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, "its directory cannot be opened");
	while (flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		error_sys(e, "its directory cannot be locked");
		close(fd);
		return -1;
	}
	return fd;
}

/* No file is an empty mirror; one that is damaged is not. */
static int
load(int dirfd, const char *name, struct file_bytes *file,
	struct kube_mirror *out, struct error *e)
{
	struct error why = {0};

	if (file_read(dirfd, name, KEY_FILE_MAX, file, &why) != 0) {
		if (why.code == ERROR_SYS && errno == ENOENT)
			return 0;
		return error_set(e, why.code, "%s", why.text);
	}
	if (kube_mirror_parse(file->data, file->len, out, &why) != 0)
		return error_set(e, why.code,
			"%.400s; move it away to start anew", why.text);
	return 0;
}

static int
save(int dirfd, const char *name, const struct file_bytes *old,
	const struct kube_mirror *next, bool *written, struct error *e)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	kube_mirror_render(next, &text);
	*written = false;
	if (!buf_ok(&text)) {
		rc = error_nomem(e);
	} else if (old->data == NULL || old->len != text.len ||
		   memcmp(old->data, text.data, text.len) != 0) {
		rc = file_replace_at(dirfd, name, text.data, text.len, 0644, e);
		*written = rc == 0;
	}
	buf_release(&text);
	return rc;
}

static void
sum_up(const struct kube_mirror *m, bool written, struct kube_summary *out)
{
	struct kube_summary s = {.keys = m->keys.count, .written = written};
	size_t i;

	for (i = 0; i < m->keys.count; i++)
		s.missing += m->missing[i] != 0;
	*out = s;
}

int
kube_mirror_update(const char *path, const struct kube_round *round,
	kube_change_fn tell, void *arg, struct kube_summary *out,
	struct error *e)
{
	struct kube_mirror old = {0}, next = {0};
	struct file_bytes file = {0};
	const char *name = NULL;
	bool written = false;
	int dirfd, rc = -1;

	dirfd = open_directory(path, &name, e);
	if (dirfd < 0 || load(dirfd, name, &file, &old, e) != 0 ||
		kube_mirror_next(&old, round, &next, e) != 0)
		goto out;
	if (next.keys.count == 0) {
		error_set(e, ERROR_NOTFOUND,
			"is not there yet, and no API server has answered");
		goto out;
	}
	if (save(dirfd, name, &file, &next, &written, e) != 0)
		goto out;
	kube_mirror_compare(&old, &next, tell, arg);
	sum_up(&next, written, out);
	rc = 0;
out:
	if (dirfd >= 0)
		close(dirfd);
	file_bytes_release(&file);
	kube_mirror_release(&old);
	kube_mirror_release(&next);
	return rc == 0 ? 0 : error_wrap(e, "%s", path);
}
