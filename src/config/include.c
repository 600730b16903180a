/* SPDX-License-Identifier: MIT */
/*
 * include() is ours and not libconfuse's, which opens FIFOs and devices, loses
 * its place after an error and knows no patterns.  A pattern may only stand in
 * the last part, so that one directory is all there is to watch.
 */
#include "config/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static bool
is_pattern(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

char *
config_path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
}

/* Remember a path that is to be watched, and own it. */
static int
watch(struct config *c, char *path, struct error *e)
{
	char **grown;

	grown = reallocarray(c->files, c->n_files + 1, sizeof(*grown));
	if (grown == NULL) {
		free(path);
		return error_nomem(e);
	}
	c->files = grown;
	grown[c->n_files++] = path;
	return 0;
}

int
config_input_add(struct config_reader *r, char *path, struct config_origin from,
	struct error *e)
{
	struct config_input *grown;

	if (watch(r->config, path, e) != 0)
		return -1;
	if (r->n_inputs == CONFIG_FILES_MAX)
		return error_set(
			e, ERROR_LIMIT, "more than %d files", CONFIG_FILES_MAX);
	grown = reallocarray(r->inputs, r->n_inputs + 1, sizeof(*grown));
	if (grown == NULL)
		return error_nomem(e);
	r->inputs = grown;
	grown[r->n_inputs++] =
		(struct config_input){.path = path, .from = from};
	return 0;
}

struct names {
	char **list;
	size_t count;
};

static void
names_release(struct names *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		free(n->list[i]);
	free(n->list);
}

static int
names_add(struct names *n, const char *name, struct error *e)
{
	char **grown;

	if (n->count == CONFIG_FILES_MAX)
		return error_set(
			e, ERROR_LIMIT, "more than %d files", CONFIG_FILES_MAX);
	grown = reallocarray(n->list, n->count + 1, sizeof(*grown));
	if (grown == NULL)
		return error_nomem(e);
	n->list = grown;
	grown[n->count] = strdup(name);
	if (grown[n->count] == NULL)
		return error_nomem(e);
	n->count++;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in dir that match, sorted; hidden ones are left out. */
static int
match(const char *dir, const char *pattern, struct names *names,
	struct error *e)
{
	DIR *d = opendir(dir[0] == '\0' ? "." : dir);
	const struct dirent *entry;
	int rc = -1;

	if (d == NULL)
		return error_sys(e, "its directory cannot be opened");
	for (;;) {
		errno = 0;
		entry = readdir(d);
		if (entry == NULL)
			break;
		if (fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0 &&
			names_add(names, entry->d_name, e) != 0)
			goto out;
	}
	if (errno != 0) {
		error_sys(e, "its directory cannot be read");
		goto out;
	}
	if (names->count > 1)
		qsort(names->list, names->count, sizeof(*names->list), compare);
	rc = 0;
out:
	closedir(d);
	return rc;
}

static int
add_file(struct config_reader *r, const char *dir, const char *name,
	struct config_origin from, struct error *e)
{
	char *path = config_path_join(dir, name, e);

	return path == NULL ? -1 : config_input_add(r, path, from, e);
}

/* path has a pattern behind its directory. */
static int
add_matching(struct config_reader *r, const char *path, const char *dir,
	struct config_origin from, struct error *e)
{
	struct names names = {NULL, 0};
	char *watched;
	int rc = -1;
	size_t i;

	if (match(dir, path + strlen(dir), &names, e) != 0)
		goto out;
	watched = strdup(dir[0] == '\0' ? "." : dir);
	if (watched == NULL) {
		error_nomem(e);
		goto out;
	}
	if (watch(r->config, watched, e) != 0)
		goto out;
	for (i = 0; i < names.count; i++)
		if (add_file(r, dir, names.list[i], from, e) != 0)
			goto out;
	rc = 0;
out:
	names_release(&names);
	return rc;
}

int
config_include(struct config_reader *r, const char *name,
	struct config_origin from, struct error *e)
{
	const char *slash = strrchr(name, '/');
	char *path = NULL, *dir = NULL;
	int rc = -1;

	if (!is_pattern(name))
		return add_file(r, r->dir, name, from, e);
	if (slash != NULL && !is_pattern(slash))
		return error_set(e, ERROR_INVALID,
			"a pattern stands behind the last slash");
	path = config_path_join(r->dir, name, e);
	if (path == NULL)
		goto out;
	dir = config_path_dir(path);
	if (dir == NULL) {
		error_nomem(e);
		goto out;
	}
	rc = add_matching(r, path, dir, from, e);
out:
	free(dir);
	free(path);
	return rc;
}
