/* SPDX-License-Identifier: MIT */
/*
 * Derived files.  All of them are functions of the committed keyring, so that
 * a run that was killed anywhere is repaired by doing the same again, and a
 * file that somebody edited is put right.
 */
#include "keyring/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "keyring/private.h"

/* Call each for every name in the directory; each returns -1 to stop. */
static int
for_each_name(int dirfd, int (*each)(int, const char *, void *, struct error *),
	void *arg, struct error *e)
{
	struct dirent *entry;
	DIR *dir = NULL;
	int fd, rc = 0;

	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (dir == NULL) {
		error_sys(e, "cannot be listed");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (rc == 0) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL) {
			if (errno != 0)
				rc = error_sys(e, "cannot be listed");
			break;
		}
		rc = each(dirfd, entry->d_name, arg, e);
	}
	closedir(dir);
	return rc;
}

static int
remove_file(int dirfd, const char *name, struct error *e)
{
	if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT)
		return error_sys(e, "%s: cannot be removed", name);
	return 0;
}

/* What file_replace_at() leaves when it is killed: ".NAME.", then a number.
 * Under the lock nobody else is writing one. */
static int
sweep_one(int dirfd, const char *name, void *arg, struct error *e)
{
	static const char *const ours[] = {"." KEYRING_FILE ".",
		"." CLOCK_FILE ".", "." BUNDLE_FILE ".", "." SIGNING_FILE "."};
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strncmp(name, ours[i], strlen(ours[i])) == 0)
			return remove_file(dirfd, name, e);
	return 0;
}

/* In private/: temporary files, and keys that the keyring says are gone.  A
 * key that the keyring does not know is kept: see keyring_store_make_key(). */
static int
erase_one(int dirfd, const char *name, void *arg, struct error *e)
{
	const struct keyring *ring = arg;
	const struct keyring_key *k;
	char kid[PRIVATE_NAME_MAX];

	if (name[0] == '.')
		return strstr(name, ".pem.") != NULL
			       ? remove_file(dirfd, name, e)
			       : 0;
	if (!keyring_private_kid(name, kid))
		return 0;
	k = keyring_find(ring, kid);
	return k != NULL && !k->in_store ? remove_file(dirfd, name, e) : 0;
}

/* A file that cannot be read is not right either: it is written again. */
static bool
holds(int dirfd, const char *name, const void *bytes, size_t len, mode_t mode)
{
	struct file_bytes file = {0};
	bool same;

	if (file_read(dirfd, name, KEYRING_FILE_MAX, &file, NULL) != 0)
		return false;
	same = file.len == len && memcmp(file.data, bytes, len) == 0 &&
	       (file.id.mode & 07777) == mode;
	file_bytes_release(&file);
	return same;
}

/* Make the file hold these bytes with this mode, if it does not. */
static int
derive(int dirfd, const char *name, const void *bytes, size_t len, mode_t mode,
	struct error *e)
{
	if (holds(dirfd, name, bytes, len, mode))
		return 0;
	return file_replace_at(dirfd, name, bytes, len, mode, e);
}

/* A generation is never older than its moment, whatever the clock says. */
static int64_t
no_earlier(const struct keyring *ring, int64_t now)
{
	return now > ring->updated ? now : ring->updated;
}

static int
heal_bundle(const struct keyring_store *s, const struct keyring *ring,
	int64_t now, struct error *e)
{
	struct buf pem = BUF_INIT;
	size_t i;
	int rc = -1;

	for (i = 0; i < ring->count; i++)
		if (keyring_accepted(ring, &ring->keys[i], now))
			keyring_pem(ring->keys[i].key, &pem);
	if (!buf_ok(&pem))
		error_nomem(e);
	else
		rc = derive(s->api_fd, BUNDLE_FILE, pem.data, pem.len, 0644, e);
	buf_release(&pem);
	return rc == 0 ? 0
		       : error_wrap(
				 e, "%s/%s/%s", s->dir, API_DIR, BUNDLE_FILE);
}

/* Read a file of ours that may be missing (*found is false then, and when
 * something else stands in its place).  That it cannot be read is an error:
 * taking it for missing would make every wait begin again. */
static int
read_ours(int dirfd, const char *name, struct file_bytes *file, bool *found,
	struct error *e)
{
	struct error why = {0};

	errno = 0;
	*found = file_read(dirfd, name, KEYRING_FILE_MAX, file, &why) == 0;
	if (*found || why.code == ERROR_INVALID || why.code == ERROR_LIMIT ||
		(why.code == ERROR_SYS && errno == ENOENT))
		return 0;
	return error_set(e, why.code, "%s: %s", name, why.text);
}

/* Every key that must be accepted stands in the bundle; more may, until the
 * next time that it is written. */
static int
bundle_in_place(const struct keyring_store *s, const struct keyring *ring,
	int64_t now, bool *in_place, struct error *e)
{
	struct file_bytes file = {0};
	struct buf pem;
	size_t i;
	int rc = 0;

	if (read_ours(s->api_fd, BUNDLE_FILE, &file, in_place, e) != 0)
		return -1;
	for (i = 0; *in_place && rc == 0 && i < ring->count; i++) {
		if (!keyring_accepted(ring, &ring->keys[i], now))
			continue;
		pem = (struct buf)BUF_INIT;
		keyring_pem(ring->keys[i].key, &pem);
		if (buf_ok(&pem))
			*in_place = strstr(file.data, pem.data) != NULL;
		else
			rc = error_nomem(e);
		buf_release(&pem);
	}
	file_bytes_release(&file);
	return rc;
}

/* True as well when there is nothing to put in place. */
static int
signing_in_place(const struct keyring_store *s, const struct keyring *ring,
	int64_t now, bool *in_place, struct error *e)
{
	const struct keyring_key *active = keyring_active(ring, now);
	struct file_bytes private = {0}, file = {0};
	char name[PRIVATE_NAME_MAX];
	bool found = false;
	int rc = -1;

	*in_place = true;
	if (active == NULL || !active->in_store)
		return 0;
	keyring_private_name(name, active->key->kid);
	if (read_ours(s->private_fd, name, &private, &found, e) != 0)
		goto out;
	/* when it is lost, keyring_store_heal_signing() says so */
	if (found) {
		if (read_ours(s->api_fd, SIGNING_FILE, &file, &found, e) != 0)
			goto out;
		*in_place = found && file.len == private.len &&
			    memcmp(file.data, private.data, file.len) == 0;
	}
	rc = 0;
out:
	file_bytes_release(&private);
	file_bytes_release(&file);
	return rc;
}

int
keyring_store_in_place(const struct keyring_store *s,
	const struct keyring *ring, int64_t now, bool *in_place,
	struct error *e)
{
	now = no_earlier(ring, now);
	if (bundle_in_place(s, ring, now, in_place, e) != 0 ||
		(*in_place && signing_in_place(s, ring, now, in_place, e) != 0))
		return error_wrap(e, "%s", s->dir);
	return 0;
}

static int
sync_directory(int fd, struct error *e)
{
	return fsync(fd) == 0 ? 0 : error_sys(e, "cannot be synced to disk");
}

int
keyring_store_heal_journal(const struct keyring_store *s,
	const struct keyring *ring, struct error *e)
{
	if (keyring_journal_heal(s->fd, ring, e) != 0)
		return error_wrap(e, "%s/%s", s->dir, JOURNAL_FILE);
	return 0;
}

int
keyring_store_heal(const struct keyring_store *s, const struct keyring *ring,
	int64_t now, struct error *e)
{
	if (for_each_name(s->fd, sweep_one, NULL, e) != 0 ||
		for_each_name(s->api_fd, sweep_one, NULL, e) != 0 ||
		/* a run that was killed may have renamed without syncing */
		sync_directory(s->fd, e) != 0 ||
		sync_directory(s->api_fd, e) != 0)
		return error_wrap(e, "%s", s->dir);
	if (heal_bundle(s, ring, no_earlier(ring, now), e) != 0)
		return -1;
	if (for_each_name(s->private_fd, erase_one, (void *)ring, e) != 0 ||
		sync_directory(s->private_fd, e) != 0)
		return error_wrap(e, "%s/%s", s->dir, PRIVATE_DIR);
	return keyring_store_heal_journal(s, ring, e);
}

int
keyring_store_heal_signing(const struct keyring_store *s,
	const struct keyring *ring, int64_t now, struct error *e)
{
	const struct keyring_key *active =
		keyring_active(ring, no_earlier(ring, now));
	struct file_bytes file = {0};
	char name[PRIVATE_NAME_MAX];
	int rc;

	if (active == NULL || !active->in_store)
		return 0;
	if (keyring_store_private_check(s, active->key, e) != 0)
		return -1;
	keyring_private_name(name, active->key->kid);
	if (file_read(s->private_fd, name, KEYRING_PRIVATE_MAX, &file, e) != 0)
		return error_wrap(e, "%s/%s/%s", s->dir, PRIVATE_DIR, name);
	rc = derive(s->api_fd, SIGNING_FILE, file.data, file.len, 0600, e);
	file_bytes_release(&file);
	return rc == 0 ? 0
		       : error_wrap(
				 e, "%s/%s/%s", s->dir, API_DIR, SIGNING_FILE);
}
