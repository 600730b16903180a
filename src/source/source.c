/* SPDX-License-Identifier: MIT */
/*
 * Reading keys from disk.  Everything is bounded: the size of a file, the
 * number of files of a directory, and the kind of thing that is opened at all
 * (base/file).  Invariant: notes and keys have the same length and order.
 */
#include "source/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "key/parse.h"

/* --- building a set ----------------------------------------------------- */

void
source_set_release(struct source_set *set)
{
	size_t i;

	key_set_release(&set->keys);
	free(set->notes);
	for (i = 0; i < set->n_withdrawn; i++)
		free(set->withdrawn[i]);
	free(set->withdrawn);
	for (i = 0; i < set->n_released; i++)
		free(set->released[i]);
	free(set->released);
	*set = (struct source_set){.keys = KEY_SET_INIT, .max_age = -1};
}

/* Give keys that were added since the last call this note. */
static int
note_new_keys(struct source_set *set, size_t before,
	const struct source_note *note, struct error *e)
{
	struct source_note *notes;
	size_t i;

	if (set->keys.count == before)
		return 0;
	notes = realloc(set->notes, set->keys.count * sizeof(*notes));
	if (notes == NULL)
		return error_nomem(e);
	set->notes = notes;
	for (i = before; i < set->keys.count; i++)
		notes[i] = *note;
	return 0;
}

static int
add_kid(char ***list, size_t *count, const char *kid, struct error *e)
{
	char **more;

	more = realloc(*list, (*count + 1) * sizeof(*more));
	if (more == NULL)
		return error_nomem(e);
	*list = more;
	more[*count] = strdup(kid);
	if (more[*count] == NULL)
		return error_nomem(e);
	(*count)++;
	return 0;
}

static bool
has_kid(char *const *list, size_t count, const char *kid)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(list[i], kid) == 0)
			return true;
	return false;
}

bool
source_is_withdrawn(const struct source_set *set, const char *kid)
{
	return has_kid(set->withdrawn, set->n_withdrawn, kid);
}

bool
source_may_lack(const struct source_set *set, const char *kid)
{
	return source_is_withdrawn(set, kid) ||
	       has_kid(set->released, set->n_released, kid);
}

/* --- a keyring ---------------------------------------------------------- */

static int
add_keyring_key(struct source_set *set, const struct keyring *ring,
	struct keyring_key *k, int64_t now, struct error *e)
{
	struct source_note note = {.has_state = true};
	size_t before = set->keys.count, i;
	struct key *key;

	note.state = keyring_state(k, now);
	if (!keyring_state_published(note.state))
		return add_kid(
			&set->withdrawn, &set->n_withdrawn, k->key->kid, e);
	note.since = keyring_since(k, now);
	note.next_due = keyring_next_due(ring, k);
	for (i = 0; i < before; i++)
		if (strcmp(set->keys.keys[i]->kid, k->key->kid) == 0)
			break;
	key = k->key;
	k->key = NULL; /* the set's from here on */
	if (key_set_add(&set->keys, key, e) != 0)
		return -1;
	if (i == before)
		return note_new_keys(set, before, &note, e);
	set->notes[i] = note; /* another file had it, and knew less of it */
	return 0;
}

static int
add_keyring(struct source_set *set, const struct file_bytes *file,
	const char *issuer, int64_t now, struct error *e)
{
	struct keyring *ring;
	int64_t max_age;
	size_t i;
	int rc = -1;

	ring = keyring_parse(file->data, file->len, e);
	if (ring == NULL)
		return -1;
	if (issuer != NULL && strcmp(ring->issuer, issuer) != 0) {
		error_set(e, ERROR_CONFLICT,
			"this keyring is of the issuer \"%.255s\"",
			ring->issuer);
		goto out;
	}
	max_age = keyring_max_age(ring, now);
	if (set->max_age < 0 || max_age < set->max_age)
		set->max_age = max_age;
	for (i = 0; i < ring->count; i++)
		if (add_keyring_key(set, ring, &ring->keys[i], now, e) != 0)
			goto out;
	rc = 0;
out:
	keyring_free(ring);
	return rc;
}

/* --- one file ----------------------------------------------------------- */

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* What the writer of a JWK Set has let go; of another file, nothing. */
static int
add_released(
	struct source_set *set, const struct file_bytes *file, struct error *e)
{
	const json_t *mark;
	const char *kid;
	json_t *root;
	size_t i;
	int rc = 0;

	/* few files have the member: most are not read a second time */
	if (strstr(file->data, "\"withdrawn\"") == NULL)
		return 0;
	root = json_loadb(file->data, file->len, 0, NULL);
	json_array_foreach(json_object_get(root, "withdrawn"), i, mark)
	{
		kid = json_string_value(json_object_get(mark, "kid"));
		if (kid != NULL && i < SOURCE_RELEASED_MAX && rc == 0)
			rc = add_kid(&set->released, &set->n_released, kid, e);
	}
	json_decref(root);
	return rc;
}

static int
add_keys(struct source_set *set, const struct file_bytes *file, struct error *e)
{
	struct source_note note = {.has_state = false};
	struct key_set found = KEY_SET_INIT;
	size_t before = set->keys.count;
	int rc = -1;

	if (key_parse(file->data, file->len, &found, e) == 0 &&
		key_set_merge(&set->keys, &found, e) == 0 &&
		note_new_keys(set, before, &note, e) == 0)
		rc = add_released(set, file, e);
	key_set_release(&found);
	return rc;
}

/* shown: the path as the operator knows it. */
static int
add_file(struct source_set *set, int dirfd, const char *path, const char *shown,
	const char *issuer, int64_t now, struct error *e)
{
	struct file_bytes file = {0};
	int64_t modified;
	int rc = -1;

	if (file_read(dirfd, path, KEY_FILE_MAX, &file, e) != 0)
		return error_wrap(e, "%s", shown);
	if ((file.id.mode & S_IWOTH) != 0)
		error_set(e, ERROR_DENIED,
			"anyone may write to this file (mode %04o): chmod o-w",
			(unsigned)file.id.mode & 07777);
	else if (strcmp(base_name(path), KEYRING_FILE) == 0)
		rc = add_keyring(set, &file, issuer, now, e);
	else
		rc = add_keys(set, &file, e);
	modified = file.id.mtime_ns / 1000000000;
	if (modified > set->modified)
		set->modified = modified;
	file_bytes_release(&file);
	return rc == 0 ? 0 : error_wrap(e, "%s", shown);
}

/* --- a directory -------------------------------------------------------- */

static bool
is_key_file_name(const char *name)
{
	static const char *const endings[] = {".pem", ".pub", ".crt", ".cer",
		".der", ".key", ".json", ".jwk", ".jwks"};
	const char *dot = strrchr(name, '.');
	size_t i;

	if (name[0] == '.' || dot == NULL)
		return false;
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcmp(dot, endings[i]) == 0)
			return true;
	return false;
}

struct names {
	char **list;
	size_t count;
};

static void
names_release(struct names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){NULL, 0};
}

static int
names_add(struct names *names, const char *name, struct error *e)
{
	char **more;

	if (names->count == SOURCE_FILES_MAX)
		return error_set(e, ERROR_LIMIT,
			"more than %d key files in one directory",
			SOURCE_FILES_MAX);
	more = realloc(names->list, (names->count + 1) * sizeof(*more));
	if (more == NULL)
		return error_nomem(e);
	names->list = more;
	more[names->count] = strdup(name);
	if (more[names->count] == NULL)
		return error_nomem(e);
	names->count++;
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_key_file_names(struct names *names, DIR *dir, struct error *e)
{
	struct dirent *entry;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (is_key_file_name(entry->d_name) &&
			names_add(names, entry->d_name, e) != 0)
			return -1;
	}
	return errno == 0 ? 0 : error_sys(e, "cannot be read");
}

/* The key files of a directory, sorted; a keyring hides the others. */
static int
list_directory(DIR *dir, struct names *out, struct error *e)
{
	struct names names = {NULL, 0};
	struct stat st;
	int rc;

	/* a link that leads nowhere is a keyring too, and an error later */
	if (fstatat(dirfd(dir), KEYRING_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = names_add(&names, KEYRING_FILE, e);
	else
		rc = add_key_file_names(&names, dir, e);
	if (rc != 0) {
		names_release(&names);
		return -1;
	}
	if (names.count > 1)
		qsort(names.list, names.count, sizeof(*names.list),
			compare_names);
	*out = names;
	return 0;
}

static DIR *
open_directory(const char *path, struct error *e)
{
	DIR *dir;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		file_open_failed(AT_FDCWD, path, e);
		return NULL;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		error_sys(e, "cannot be opened");
		close(fd);
	}
	return dir;
}

static int
add_directory(struct source_set *set, const char *path, const char *issuer,
	int64_t now, struct error *e)
{
	struct names names = {NULL, 0};
	char shown[4096];
	size_t i;
	DIR *dir;
	int rc = -1;

	dir = open_directory(path, e);
	if (dir == NULL)
		return error_wrap(e, "%s", path);
	if (list_directory(dir, &names, e) != 0) {
		error_wrap(e, "%s", path);
		goto out;
	}
	for (i = 0; i < names.count; i++) {
		snprintf(shown, sizeof(shown), "%s/%s", path, names.list[i]);
		if (add_file(set, dirfd(dir), names.list[i], shown, issuer, now,
			    e) != 0)
			goto out;
	}
	rc = 0;
out:
	names_release(&names);
	closedir(dir);
	return rc;
}

/* What a keyring retired or revoked is not published, though another file has
 * it: sa.pub holds retired keys for the API server's sake. */
static void
drop_withdrawn(struct source_set *set)
{
	struct key *key;
	size_t i, kept = 0;

	for (i = 0; i < set->keys.count; i++) {
		key = set->keys.keys[i];
		if (source_is_withdrawn(set, key->kid)) {
			key_free(key);
			continue;
		}
		set->keys.keys[kept] = key;
		set->notes[kept++] = set->notes[i];
	}
	set->keys.count = kept;
}

int
source_load(char *const *paths, size_t n_paths, const char *issuer, int64_t now,
	struct source_set *out, struct error *e)
{
	struct source_set set = {.keys = KEY_SET_INIT, .max_age = -1};
	struct stat st;
	size_t i;
	int rc;

	for (i = 0; i < n_paths; i++) {
		if (stat(paths[i], &st) != 0) {
			error_sys(e, "%s: cannot be found", paths[i]);
			goto fail;
		}
		if (S_ISDIR(st.st_mode))
			rc = add_directory(&set, paths[i], issuer, now, e);
		else
			rc = add_file(&set, AT_FDCWD, paths[i], paths[i],
				issuer, now, e);
		if (rc != 0)
			goto fail;
	}
	drop_withdrawn(&set);
	if (set.keys.count == 0) {
		error_set(e, ERROR_NOTFOUND,
			"%s%s: no public key there, put one in (PEM, X.509, "
			"DER, JWKS or keyring.json)",
			n_paths > 0 ? paths[0] : "(no path)",
			n_paths > 1 ? " and the other paths" : "");
		goto fail;
	}
	*out = set;
	return 0;
fail:
	source_set_release(&set);
	return -1;
}

/* --- has anything changed? ---------------------------------------------- */

static uint64_t
mix(uint64_t h, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	/* FNV-1a, then folded: a change is to be seen, nobody attacks it */
	while (len-- > 0)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h ^ h >> 29;
}

static uint64_t
mix_stat(uint64_t h, int dirfd, const char *path, struct stat *st)
{
	struct file_id id;

	memset(st, 0, sizeof(*st));
	h = mix(h, path, strlen(path));
	if (fstatat(dirfd, path, st, 0) != 0)
		return mix(h, &errno, sizeof(errno));
	memset(&id, 0, sizeof(id));
	id = file_id_from(st);
	h = mix(h, &id.dev, sizeof(id.dev));
	h = mix(h, &id.ino, sizeof(id.ino));
	h = mix(h, &id.mode, sizeof(id.mode));
	if (S_ISDIR(st->st_mode))
		return h; /* its times move with files that we do not read */
	h = mix(h, &id.ctime_ns, sizeof(id.ctime_ns));
	h = mix(h, &id.mtime_ns, sizeof(id.mtime_ns));
	return mix(h, &id.size, sizeof(id.size));
}

static uint64_t
mix_directory(uint64_t h, const char *path)
{
	struct names names = {NULL, 0};
	struct stat st;
	size_t i;
	DIR *dir;

	dir = open_directory(path, NULL);
	if (dir == NULL)
		return mix(h, &errno, sizeof(errno));
	if (list_directory(dir, &names, NULL) != 0)
		h = mix(h, "unlisted", 8);
	for (i = 0; i < names.count; i++)
		h = mix_stat(h, dirfd(dir), names.list[i], &st);
	names_release(&names);
	closedir(dir);
	return h;
}

uint64_t
source_signature(char *const *paths, size_t n_paths)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	struct stat st;
	size_t i;

	for (i = 0; i < n_paths; i++) {
		h = mix_stat(h, AT_FDCWD, paths[i], &st);
		if (S_ISDIR(st.st_mode))
			h = mix_directory(h, paths[i]);
	}
	return h == 0 ? 1 : h;
}
