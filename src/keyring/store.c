/* SPDX-License-Identifier: MIT */
/*
 * A keyring's directory: opening, locking, and the two things that must never
 * be half done, a private key and the commit.  What follows from them is in
 * heal.c.  Invariant: keyring.json names only private keys that are on disk.
 */
#include "keyring/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "keyring/private.h"

void
keyring_private_name(char name[PRIVATE_NAME_MAX], const char *kid)
{
	snprintf(name, PRIVATE_NAME_MAX, "%.43s.pem", kid);
}

bool
keyring_private_kid(const char *name, char kid[PRIVATE_NAME_MAX])
{
	size_t len = strlen(name);

	if (len != 47 || strcmp(name + 43, ".pem") != 0 || name[0] == '.')
		return false;
	memcpy(kid, name, 43);
	kid[43] = '\0';
	return true;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
keyring_store_close(struct keyring_store *s)
{
	if (s == NULL)
		return;
	close_fd(s->api_fd);
	close_fd(s->private_fd);
	close_fd(s->lock_fd); /* gives the lock back */
	close_fd(s->fd);
	free(s->dir);
	free(s);
}

const char *
keyring_store_dir(const struct keyring_store *s)
{
	return s->dir;
}

int
keyring_store_fd(const struct keyring_store *s)
{
	return s->fd;
}

struct keyring_store *
keyring_store_open(const char *dir, struct error *e)
{
	struct keyring_store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		error_nomem(e);
		return NULL;
	}
	s->fd = s->lock_fd = s->private_fd = s->api_fd = -1;
	s->dir = strdup(dir);
	if (s->dir == NULL) {
		error_nomem(e);
		goto fail;
	}
	s->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0 && errno == ENOENT)
		error_set(e, ERROR_NOTFOUND,
			"%s: there is no such directory; `jwksctl init` makes "
			"a keyring",
			dir);
	else if (s->fd < 0)
		error_sys(e, "%s", dir);
	if (s->fd < 0)
		goto fail;
	return s;
fail:
	keyring_store_close(s);
	return NULL;
}

/* Others must not be able to put files into it. */
static int
check_directory(int fd, mode_t forbidden, const char *advice, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_sys(e, "cannot be examined");
	if (st.st_uid != geteuid())
		return error_set(e, ERROR_DENIED,
			"belongs to user %u, not to the one who runs this: run "
			"it as that user",
			(unsigned)st.st_uid);
	if ((st.st_mode & forbidden) != 0)
		return error_set(e, ERROR_DENIED, "has mode %04o: %s",
			(unsigned)st.st_mode & 07777, advice);
	return 0;
}

static int
open_directory(int dirfd, const char *name, mode_t forbidden,
	const char *advice, int *out, struct error *e)
{
	int fd = openat(
		dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(e, "%s", name);
	if (check_directory(fd, forbidden, advice, e) != 0) {
		close(fd);
		return error_wrap(e, "%s", name);
	}
	*out = fd;
	return 0;
}

static int
take_lock(struct keyring_store *s, bool *busy, struct error *e)
{
	s->lock_fd = openat(s->fd, LOCK_FILE,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return error_sys(e, LOCK_FILE);
	while (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_sys(e, LOCK_FILE);
		*busy = true;
		return error_set(e, ERROR_CONFLICT,
			"another jwksctl is changing this keyring: try again "
			"when it has ended");
	}
	return 0;
}

static int
open_rooms(struct keyring_store *s, struct error *e)
{
	if (open_directory(s->fd, PRIVATE_DIR, 0077, "chmod 700",
		    &s->private_fd, e) != 0)
		return -1;
	return open_directory(s->fd, API_DIR, 0022, "chmod 755", &s->api_fd, e);
}

struct keyring_store *
keyring_store_lock(const char *dir, bool *busy, struct error *e)
{
	struct keyring_store *s = keyring_store_open(dir, e);

	*busy = false;
	if (s == NULL)
		return NULL;
	if (faccessat(s->fd, KEYRING_FILE, F_OK, 0) != 0 && errno == ENOENT) {
		error_set(e, ERROR_NOTFOUND,
			"%s: there is no keyring; make one with "
			"`jwksctl init %s --issuer URL`",
			dir, dir);
		goto fail;
	}
	if (check_directory(s->fd, 0022, "chmod 755", e) != 0 ||
		take_lock(s, busy, e) != 0 || open_rooms(s, e) != 0) {
		error_wrap(e, "%s", dir);
		goto fail;
	}
	return s;
fail:
	keyring_store_close(s);
	return NULL;
}

/* Make a directory that is not there, with this mode whatever umask says,
 * known to the disk before anything is put into it. */
static int
make_directory(int dirfd, const char *name, mode_t mode, struct error *e)
{
	int fd, rc = -1;

	if (mkdirat(dirfd, name, 0700) != 0)
		return errno == EEXIST ? 0 : error_sys(e, "%s", name);
	fd = openat(
		dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, "%s", name);
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		error_sys(e, "%s", name);
	else
		rc = 0;
	close(fd);
	return rc;
}

/* The names of the directories must be on disk before a commit counts on what
 * is in them. */
static int
sync_names(const struct keyring_store *s, struct error *e)
{
	int fd, rc = 0;

	if (fsync(s->fd) != 0)
		return error_sys(e, "cannot be synced to disk");
	fd = openat(s->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, "its parent directory");
	if (fsync(fd) != 0)
		rc = error_sys(e, "its parent directory");
	close(fd);
	return rc;
}

static int
refuse_second(const struct keyring_store *s, struct error *e)
{
	if (faccessat(s->fd, KEYRING_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(e, ERROR_CONFLICT,
			"there is a keyring already: see "
			"`jwksctl status %s`",
			s->dir);
	if (errno != ENOENT)
		return error_sys(e, KEYRING_FILE);
	return 0;
}

struct keyring_store *
keyring_store_create(const char *dir, bool *busy, struct error *e)
{
	struct keyring_store *s;

	*busy = false;
	if (make_directory(AT_FDCWD, dir, 0755, e) != 0)
		return NULL;
	s = keyring_store_open(dir, e);
	if (s == NULL)
		return NULL;
	if (check_directory(s->fd, 0022, "chmod 755", e) != 0 ||
		take_lock(s, busy, e) != 0 || refuse_second(s, e) != 0 ||
		make_directory(s->fd, PRIVATE_DIR, 0700, e) != 0 ||
		make_directory(s->fd, API_DIR, 0755, e) != 0 ||
		open_rooms(s, e) != 0 || sync_names(s, e) != 0) {
		error_wrap(e, "%s", dir);
		keyring_store_close(s);
		return NULL;
	}
	return s;
}

struct keyring *
keyring_store_load(const struct keyring_store *s, struct error *e)
{
	struct file_bytes file = {0};
	struct error why = {0};
	struct keyring *ring = NULL;

	errno = 0;
	if (file_read(s->fd, KEYRING_FILE, KEYRING_FILE_MAX, &file, &why) !=
		0) {
		if (why.code == ERROR_SYS && errno == ENOENT)
			error_set(e, ERROR_NOTFOUND,
				"%s: there is no keyring; make one with "
				"`jwksctl init %s --issuer URL`",
				s->dir, s->dir);
		else
			error_set(e, why.code, "%s/%s: %s", s->dir,
				KEYRING_FILE, why.text);
		return NULL;
	}
	ring = keyring_parse(file.data, file.len, e);
	if (ring == NULL)
		error_wrap(e, "%s/%s", s->dir, KEYRING_FILE);
	file_bytes_release(&file);
	return ring;
}

int
keyring_store_private_check(
	const struct keyring_store *s, const struct key *key, struct error *e)
{
	struct keyring_private *p = NULL;
	struct key *public = NULL;
	char name[PRIVATE_NAME_MAX];
	int rc = -1;

	keyring_private_name(name, key->kid);
	p = keyring_private_load(s->private_fd, name, e);
	if (p == NULL)
		goto out;
	public = keyring_private_public(p, e);
	if (public == NULL)
		goto out;
	if (public->spki_len != key->spki_len ||
		memcmp(public->spki, key->spki, key->spki_len) != 0)
		error_set(e, ERROR_CONFLICT, "is not the key of that kid");
	else
		rc = 0;
out:
	key_free(public);
	keyring_private_free(p);
	return rc == 0 ? 0
		       : error_wrap(e, "%s/%s/%s", s->dir, PRIVATE_DIR, name);
}

/* Save a private key under its kid; its public half. */
static struct key *
save(const struct keyring_store *s, const struct keyring_private *p,
	struct error *e)
{
	struct key *key = keyring_private_public(p, e);
	char name[PRIVATE_NAME_MAX];

	if (key == NULL)
		return NULL;
	keyring_private_name(name, key->kid);
	if (keyring_private_save(p, s->private_fd, name, e) != 0) {
		error_wrap(e, "%s/%s/%s", s->dir, PRIVATE_DIR, name);
		key_free(key);
		return NULL;
	}
	return key;
}

/* The key of a private file that no generation names, if it is whole, of the
 * policy's kind and filed under its own kid. */
static struct key *
read_orphan(const struct keyring_store *s, const struct keyring *ring,
	const char *name, const char *kid)
{
	struct keyring_private *p;
	struct key *key = NULL;

	if (keyring_find(ring, kid) != NULL)
		return NULL;
	p = keyring_private_load(s->private_fd, name, NULL);
	if (p == NULL)
		return NULL;
	key = keyring_private_public(p, NULL);
	keyring_private_free(p);
	if (key != NULL &&
		(strcmp(key->kid, kid) != 0 || key->alg != ring->policy.alg ||
			key->bits != ring->policy.bits)) {
		key_free(key);
		key = NULL;
	}
	return key;
}

/* 0 with *key NULL when there is none. */
static int
find_orphan(const struct keyring_store *s, const struct keyring *ring,
	struct key **key, struct error *e)
{
	char kid[PRIVATE_NAME_MAX];
	struct dirent *entry;
	DIR *dir = NULL;
	int fd, rc = -1;

	*key = NULL;
	fd = openat(s->private_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (dir == NULL) {
		error_sys(e, "%s/%s", s->dir, PRIVATE_DIR);
		close_fd(fd);
		return -1;
	}
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (!keyring_private_kid(entry->d_name, kid))
			continue;
		*key = read_orphan(s, ring, entry->d_name, kid);
		if (*key != NULL)
			break;
	}
	if (entry == NULL && errno != 0)
		error_sys(e, "%s/%s", s->dir, PRIVATE_DIR);
	else
		rc = 0;
	closedir(dir);
	return rc;
}

struct key *
keyring_store_make_key(const struct keyring_store *s,
	const struct keyring *ring, struct error *e)
{
	struct keyring_private *p = NULL;
	struct key *key = NULL;

	if (find_orphan(s, ring, &key, e) != 0)
		return NULL;
	if (key != NULL) {
		/* the run that made it may have died before this */
		if (fsync(s->private_fd) == 0)
			return key;
		error_sys(e, "%s/%s", s->dir, PRIVATE_DIR);
		key_free(key);
		return NULL;
	}
	p = keyring_private_new(ring->policy.alg, ring->policy.bits, e);
	if (p != NULL)
		key = save(s, p, e);
	keyring_private_free(p);
	return key;
}

struct key *
keyring_store_look_at(const char *path, struct error *e)
{
	struct keyring_private *p = keyring_private_load(AT_FDCWD, path, e);
	struct key *key = NULL;

	if (p != NULL)
		key = keyring_private_public(p, e);
	keyring_private_free(p);
	if (key == NULL)
		error_wrap(e, "%s", path);
	return key;
}

struct key *
keyring_store_adopt_key(
	const struct keyring_store *s, const char *path, struct error *e)
{
	struct keyring_private *p = keyring_private_load(AT_FDCWD, path, e);
	struct key *key = NULL;

	if (p == NULL)
		error_wrap(e, "%s", path);
	else
		key = save(s, p, e);
	keyring_private_free(p);
	return key;
}

int
keyring_store_commit(const struct keyring_store *s, const struct keyring *ring,
	struct error *e)
{
	struct buf json = BUF_INIT;
	int rc = -1;

	if (keyring_check(ring, e) != 0)
		return -1;
	keyring_render(ring, &json);
	if (!buf_ok(&json))
		error_nomem(e);
	else if (json.len > KEYRING_FILE_MAX)
		error_set(e, ERROR_LIMIT, "would have %zu bytes", json.len);
	else
		rc = file_replace_at(
			s->fd, KEYRING_FILE, json.data, json.len, 0644, e);
	buf_release(&json);
	return rc == 0 ? 0 : error_wrap(e, "%s/%s", s->dir, KEYRING_FILE);
}
