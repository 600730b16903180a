/* SPDX-License-Identifier: MIT */
/*
 * Directories are watched, never files: a file that is renamed over keeps its
 * own watch on the old inode.  A link is one (watch descriptor, owner) pair; it
 * stands in two lists, that of its descriptor (who is to be told) and that of
 * its owner (what is to be forgotten).  Invariant: a descriptor is held in the
 * kernel exactly as long as it has a link.
 */
#include "source/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS                                                            \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |         \
		IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | \
		IN_ONLYDIR)
#define LINKS_DEPTH 16 /* symbolic links followed from a path */
#define BUCKETS_FIRST 64
#define ANY_NAME 0

struct link {
	LIST_ENTRY(link) of_descriptor;
	LIST_ENTRY(link) of_owner;
	int wd;
	uint32_t owner;
	uint32_t name; /* hash of the entry that matters, or ANY_NAME */
};
LIST_HEAD(link_list, link);

struct source_watch {
	int fd;
	source_changed_fn *changed;
	void *arg;
	size_t links;
	size_t descriptors;
	size_t mask; /* buckets less one, of both tables */
	struct link_list *by_descriptor;
	struct link_list *by_owner;
};

static struct link_list *
new_buckets(size_t count)
{
	return calloc(count, sizeof(struct link_list));
}

struct source_watch *
source_watch_new(source_changed_fn *changed, void *arg, struct error *e)
{
	struct source_watch *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		error_nomem(e);
		return NULL;
	}
	w->changed = changed;
	w->arg = arg;
	w->mask = BUCKETS_FIRST - 1;
	w->by_descriptor = new_buckets(BUCKETS_FIRST);
	w->by_owner = new_buckets(BUCKETS_FIRST);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		error_sys(e, "inotify");
	else if (w->by_descriptor == NULL || w->by_owner == NULL)
		error_nomem(e);
	else
		return w;
	source_watch_free(w);
	return NULL;
}

static void
free_table(struct link_list *table, size_t mask)
{
	struct link *l;
	size_t i;

	for (i = 0; table != NULL && i <= mask; i++) {
		while ((l = LIST_FIRST(&table[i])) != NULL) {
			LIST_REMOVE(l, of_descriptor);
			free(l);
		}
	}
	free(table);
}

void
source_watch_free(struct source_watch *w)
{
	if (w == NULL)
		return;
	free_table(w->by_descriptor, w->mask);
	free(w->by_owner);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int
source_watch_fd(const struct source_watch *w)
{
	return w->fd;
}

size_t
source_watch_count(const struct source_watch *w)
{
	return w->descriptors;
}

/* --- the two tables ----------------------------------------------------- */

static struct link_list *
descriptor_bucket(const struct source_watch *w, int wd)
{
	return &w->by_descriptor[(size_t)wd & w->mask];
}

static struct link_list *
owner_bucket(const struct source_watch *w, uint32_t owner)
{
	return &w->by_owner[owner & w->mask];
}

static void
file_link(struct source_watch *w, struct link *l)
{
	LIST_INSERT_HEAD(descriptor_bucket(w, l->wd), l, of_descriptor);
	LIST_INSERT_HEAD(owner_bucket(w, l->owner), l, of_owner);
}

/* Twice as many buckets; when there is no memory the old ones just fill up. */
static void
widen(struct source_watch *w)
{
	struct link_list *old = w->by_descriptor, *descriptors, *owners;
	size_t old_mask = w->mask, i;
	struct link *l;

	descriptors = new_buckets((w->mask + 1) * 2);
	owners = new_buckets((w->mask + 1) * 2);
	if (descriptors == NULL || owners == NULL) {
		free(descriptors);
		free(owners);
		return;
	}
	free(w->by_owner);
	w->by_descriptor = descriptors;
	w->by_owner = owners;
	w->mask = (w->mask + 1) * 2 - 1;
	for (i = 0; i <= old_mask; i++) {
		while ((l = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(l, of_descriptor);
			file_link(w, l);
		}
	}
	free(old);
}

static bool
has_links(const struct source_watch *w, int wd)
{
	const struct link *l;

	LIST_FOREACH(l, descriptor_bucket(w, wd), of_descriptor)
		if (l->wd == wd)
			return true;
	return false;
}

static bool
is_linked(const struct source_watch *w, int wd, uint32_t owner, uint32_t name)
{
	const struct link *l;

	LIST_FOREACH(l, owner_bucket(w, owner), of_owner)
		if (l->wd == wd && l->owner == owner && l->name == name)
			return true;
	return false;
}

static void
unlink_one(struct source_watch *w, struct link *l)
{
	LIST_REMOVE(l, of_descriptor);
	LIST_REMOVE(l, of_owner);
	w->links--;
	free(l);
}

/* --- adding ------------------------------------------------------------- */

/* Never ANY_NAME. */
static uint32_t
hash_name(const char *name)
{
	uint32_t h = 2166136261U;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h == ANY_NAME ? 1 : h;
}

static int
watch_directory(struct source_watch *w, const char *path, uint32_t owner,
	uint32_t name, struct error *e)
{
	struct link *l;
	int wd;

	wd = inotify_add_watch(w->fd, path, EVENTS);
	if (wd < 0 && errno == ENOSPC)
		return error_set(e, ERROR_LIMIT,
			"the kernel's limit of watches is reached: raise "
			"fs.inotify.max_user_watches");
	if (wd < 0)
		return error_sys(e, "%s: cannot be watched", path);
	if (is_linked(w, wd, owner, name))
		return 0;
	l = malloc(sizeof(*l));
	if (l == NULL) {
		if (!has_links(w, wd))
			inotify_rm_watch(w->fd, wd);
		return error_nomem(e);
	}
	if (!has_links(w, wd))
		w->descriptors++;
	l->wd = wd;
	l->owner = owner;
	l->name = name;
	file_link(w, l);
	w->links++;
	if (w->links > w->mask)
		widen(w);
	return 0;
}

int
source_watch_inside(struct source_watch *w, const char *directory,
	uint32_t owner, struct error *e)
{
	return watch_directory(w, directory, owner, ANY_NAME, e);
}

/* Cut the last component off; "a" becomes ".", "/a" becomes "/". */
static void
to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		memcpy(path, ".", 2);
	else if (slash == path)
		path[1] = '\0';
	else
		*slash = '\0';
}

static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The directory that holds path, or the nearest one above that is there; only
 * the entry on the way to path matters in it. */
static int
watch_parent(struct source_watch *w, const char *path, uint32_t owner,
	struct error *e)
{
	char parent[PATH_MAX];
	struct stat st;
	uint32_t name;

	snprintf(parent, sizeof(parent), "%s", path);
	do {
		name = hash_name(last_component(parent));
		to_parent(parent);
	} while (stat(parent, &st) != 0 && strcmp(parent, "/") != 0 &&
		 strcmp(parent, ".") != 0);
	return watch_directory(w, parent, owner, name, e);
}

/* Where the symbolic link at path leads, with rest behind it; false when it is
 * none. */
static bool
follow(const char *path, const char *rest, char next[PATH_MAX])
{
	char target[PATH_MAX], dir[PATH_MAX];
	ssize_t n;
	int len;

	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	snprintf(dir, sizeof(dir), "%s", path);
	to_parent(dir);
	if (target[0] == '/')
		len = snprintf(next, PATH_MAX, "%s%s", target, rest);
	else
		len = snprintf(next, PATH_MAX, "%s/%s%s", dir, target, rest);
	return len > 0 && len < PATH_MAX;
}

/* Watch where the first link on the way along path stands, and put the way
 * past it into next.  1: done so, 0: there is no link, -1: it failed. */
static int
pass_link(struct source_watch *w, const char *path, uint32_t owner,
	char next[PATH_MAX], struct error *e)
{
	char here[PATH_MAX];
	size_t end = 0;

	while (path[end] != '\0') {
		end += strspn(path + end, "/");
		end += strcspn(path + end, "/");
		memcpy(here, path, end);
		here[end] = '\0';
		if (follow(here, path + end, next))
			return watch_parent(w, here, owner, e) == 0 ? 1 : -1;
	}
	return 0;
}

int
source_watch_add(struct source_watch *w, const char *path, uint32_t owner,
	struct error *e)
{
	char here[PATH_MAX], next[PATH_MAX];
	size_t len = strlen(path);
	struct stat st;
	int depth, found = 1;

	if (len >= sizeof(here))
		return error_set(e, ERROR_LIMIT,
			"%.100s...: the path is too long", path);
	memcpy(here, path, len + 1);
	while (len > 1 && here[len - 1] == '/') /* "dir/" is entry dir */
		here[--len] = '\0';
	for (depth = 0; found == 1 && depth < LINKS_DEPTH; depth++) {
		found = pass_link(w, here, owner, next, e);
		if (found == 1)
			memcpy(here, next, strlen(next) + 1);
	}
	if (found < 0 || watch_parent(w, here, owner, e) != 0)
		return -1;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return source_watch_inside(w, path, owner, e);
	return 0;
}

void
source_watch_drop(struct source_watch *w, uint32_t owner)
{
	struct link *l, *next;
	int wd;

	for (l = LIST_FIRST(owner_bucket(w, owner)); l != NULL; l = next) {
		next = LIST_NEXT(l, of_owner);
		if (l->owner != owner)
			continue;
		wd = l->wd;
		unlink_one(w, l);
		if (!has_links(w, wd)) {
			inotify_rm_watch(w->fd, wd);
			w->descriptors--;
		}
	}
}

/* --- reading ------------------------------------------------------------ */

/* The kernel has dropped this descriptor: its directory is gone. */
static void
forget_descriptor(struct source_watch *w, int wd)
{
	struct link *l, *next;
	bool had = false;

	for (l = LIST_FIRST(descriptor_bucket(w, wd)); l != NULL; l = next) {
		next = LIST_NEXT(l, of_descriptor);
		if (l->wd != wd)
			continue;
		had = true;
		unlink_one(w, l);
	}
	if (had)
		w->descriptors--;
}

static void
tell(struct source_watch *w, const struct inotify_event *event)
{
	const struct link *l;
	uint32_t name = ANY_NAME;

	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		w->changed(w->arg, SOURCE_EVERYBODY);
		return;
	}
	/* without a name it is the directory itself that changed */
	if (event->len > 0)
		name = hash_name(event->name);
	LIST_FOREACH(l, descriptor_bucket(w, event->wd), of_descriptor)
		if (l->wd == event->wd &&
			(l->name == ANY_NAME || name == ANY_NAME ||
				l->name == name))
			w->changed(w->arg, l->owner);
	if ((event->mask & IN_IGNORED) != 0)
		forget_descriptor(w, event->wd);
}

void
source_watch_read(struct source_watch *w)
{
	_Alignas(struct inotify_event) char buf[16384];
	const struct inotify_event *event;
	ssize_t n;
	char *p;

	for (;;) {
		n = read(w->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		for (p = buf; p < buf + n; p += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(void *)p;
			tell(w, event);
		}
	}
}
