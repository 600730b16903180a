/* SPDX-License-Identifier: MIT */
/*
 * A fleet is a directory, not a list in the configuration: what is in it now
 * is what it has.
 */
#include "jwksd/roster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/url.h"

void
roster_release(struct roster *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		free(r->list[i].url);
	free(r->list);
	*r = (struct roster)ROSTER_INIT;
}

/* Takes url. */
static int
append(struct roster *r, char *url, const struct config_issuer *conf,
	struct error *e)
{
	struct roster_entry *more;
	size_t cap;

	if (url == NULL)
		return error_nomem(e);
	if (r->count == r->cap) {
		cap = r->cap == 0 ? 16 : r->cap * 2;
		more = realloc(r->list, cap * sizeof(*more));
		if (more == NULL) {
			free(url);
			return error_nomem(e);
		}
		r->list = more;
		r->cap = cap;
	}
	r->list[r->count].url = url;
	r->list[r->count].conf = conf;
	r->count++;
	return 0;
}

/* The pattern with the name in place of its star; NULL: too long to be an
 * issuer, or no memory. */
static char *
member_url(const char *pattern, const char *name)
{
	size_t prefix = strlen(pattern) - 1, len = strlen(name);
	char *url;

	if (prefix + len > CONFIG_URL_MAX)
		return NULL;
	url = malloc(prefix + len + 1);
	if (url == NULL)
		return NULL;
	memcpy(url, pattern, prefix);
	memcpy(url + prefix, name, len + 1);
	return url;
}

static bool
is_directory(DIR *dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type == DT_DIR)
		return true;
	if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
		return false;
	return fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int
add_members(struct roster *r, DIR *dir, const struct config_issuer *conf,
	size_t *skipped, struct error *e)
{
	struct dirent *entry;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (entry->d_name[0] == '.' || !is_directory(dir, entry))
			continue;
		if (!config_url_name_ok(entry->d_name) ||
			strlen(conf->url) + strlen(entry->d_name) >
				CONFIG_URL_MAX + 1) {
			(*skipped)++;
			continue;
		}
		if (append(r, member_url(conf->url, entry->d_name), conf, e) !=
			0)
			return -1;
	}
	return errno == 0 ? 0 : error_sys(e, "cannot be read");
}

static int
add_fleet(struct roster *r, const struct config_issuer *conf, size_t *skipped,
	struct error *e)
{
	DIR *dir;
	int rc;

	dir = opendir(conf->directory);
	if (dir == NULL)
		rc = file_open_failed(AT_FDCWD, conf->directory, e);
	else
		rc = add_members(r, dir, conf, skipped, e);
	if (dir != NULL)
		closedir(dir);
	return rc == 0 ? 0 : error_wrap(e, "%s", conf->directory);
}

int
roster_add(struct roster *r, const struct config_issuer *conf, size_t *skipped,
	struct error *e)
{
	if (conf->directory != NULL)
		return add_fleet(r, conf, skipped, e);
	return append(r, strdup(conf->url), conf, e);
}

int
roster_add_member(struct roster *r, const char *url,
	const struct config_issuer *fleet, struct error *e)
{
	return append(r, strdup(url), fleet, e);
}

static int
compare(const void *a, const void *b)
{
	const struct roster_entry *x = a, *y = b;
	int order = strcmp(x->url, y->url);

	if (order != 0)
		return order;
	if ((x->conf->directory == NULL) != (y->conf->directory == NULL))
		return x->conf->directory == NULL ? -1 : 1;
	return x->conf < y->conf ? -1 : x->conf > y->conf;
}

void
roster_finish(struct roster *r)
{
	size_t i, kept = 0;

	if (r->count == 0)
		return;
	qsort(r->list, r->count, sizeof(*r->list), compare);
	for (i = 1; i < r->count; i++) {
		if (strcmp(r->list[i].url, r->list[kept].url) == 0)
			free(r->list[i].url);
		else
			r->list[++kept] = r->list[i];
	}
	r->count = kept + 1;
}

static int
compare_url(const void *url, const void *entry)
{
	return strcmp(url, ((const struct roster_entry *)entry)->url);
}

const struct roster_entry *
roster_find(const struct roster *r, const char *url)
{
	if (r->count == 0)
		return NULL;
	return bsearch(url, r->list, r->count, sizeof(*r->list), compare_url);
}
