/* SPDX-License-Identifier: MIT */
/*
 * Directories are watched, never files: a file that is renamed over keeps its
 * own watch on the old inode.  A link is one (watch descriptor, owner) pair; it
 * stands in two lists, that of its descriptor (who is to be told) and that of
 * its owner (what is to be forgotten).  There may be a million of them, so they
 * are an array and know each other by their number in it.  Invariant: a
 * descriptor is held in the kernel exactly as long as it has a link.
 */
#include "source/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/link.h"

#define EVENTS                                                            \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |         \
		IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | \
		IN_ONLYDIR)
#define BUCKETS_FIRST 64
#define ANY_NAME 0

#define LINKS_FIRST 64
#define NO_LINK UINT32_MAX /* no number of a link */
#define FREE -1            /* no descriptor */

/* Its neighbours in a list; the first one's prev is NO_LINK. */
struct neighbours {
	uint32_t next, prev;
};

enum list {
	OF_DESCRIPTOR,
	OF_OWNER, /* of those that are free: next alone is used */
	LISTS,
};

struct link {
	int wd;
	uint32_t owner;
	uint32_t name; /* hash of the entry that matters, or ANY_NAME */
	struct neighbours in[LISTS];
};

struct source_watch {
	int fd;
	source_changed_fn *changed;
	void *arg;
	struct link *links;
	uint32_t n_links, cap_links; /* with the free ones */
	uint32_t free;               /* the first one */
	size_t used;
	size_t descriptors;
	size_t mask; /* buckets less one, of both tables */
	uint32_t *first[LISTS];
};

static uint32_t *
new_buckets(size_t count)
{
	uint32_t *buckets = malloc(count * sizeof(*buckets));
	size_t i;

	for (i = 0; buckets != NULL && i < count; i++)
		buckets[i] = NO_LINK;
	return buckets;
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
	w->free = NO_LINK;
	w->first[OF_DESCRIPTOR] = new_buckets(BUCKETS_FIRST);
	w->first[OF_OWNER] = new_buckets(BUCKETS_FIRST);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		error_sys(e, "inotify");
	else if (w->first[OF_DESCRIPTOR] == NULL || w->first[OF_OWNER] == NULL)
		error_nomem(e);
	else
		return w;
	source_watch_free(w);
	return NULL;
}

void
source_watch_free(struct source_watch *w)
{
	if (w == NULL)
		return;
	free(w->links);
	free(w->first[OF_DESCRIPTOR]);
	free(w->first[OF_OWNER]);
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

/* --- links and their lists ---------------------------------------------- */

/* The first link of the list that this link is in. */
static uint32_t *
bucket_of(const struct source_watch *w, enum list list, const struct link *l)
{
	size_t key = list == OF_OWNER ? l->owner : (size_t)l->wd;

	return &w->first[list][key & w->mask];
}

static void
insert(struct source_watch *w, enum list list, uint32_t n)
{
	struct link *l = &w->links[n];
	uint32_t *first = bucket_of(w, list, l);

	l->in[list] = (struct neighbours){*first, NO_LINK};
	if (*first != NO_LINK)
		w->links[*first].in[list].prev = n;
	*first = n;
}

static void
take_out(struct source_watch *w, enum list list, const struct link *l)
{
	struct neighbours at = l->in[list];

	if (at.next != NO_LINK)
		w->links[at.next].in[list].prev = at.prev;
	if (at.prev != NO_LINK)
		w->links[at.prev].in[list].next = at.next;
	else
		*bucket_of(w, list, l) = at.next;
}

/* Twice as many buckets; when there is no memory the old ones just fill up. */
static void
widen(struct source_watch *w)
{
	size_t count = (w->mask + 1) * 2;
	uint32_t *descriptors, *owners, n;

	descriptors = new_buckets(count);
	owners = new_buckets(count);
	if (descriptors == NULL || owners == NULL) {
		free(descriptors);
		free(owners);
		return;
	}
	free(w->first[OF_DESCRIPTOR]);
	free(w->first[OF_OWNER]);
	w->first[OF_DESCRIPTOR] = descriptors;
	w->first[OF_OWNER] = owners;
	w->mask = count - 1;
	for (n = 0; n < w->n_links; n++) {
		if (w->links[n].wd == FREE)
			continue;
		insert(w, OF_DESCRIPTOR, n);
		insert(w, OF_OWNER, n);
	}
}

/* A link that is free, or NO_LINK. */
static uint32_t
take_link(struct source_watch *w)
{
	uint32_t n = w->free, cap;
	struct link *more;

	if (n != NO_LINK) {
		w->free = w->links[n].in[OF_OWNER].next;
		return n;
	}
	if (w->n_links == w->cap_links) {
		cap = w->cap_links == 0 ? LINKS_FIRST : w->cap_links * 2;
		more = realloc(w->links, cap * sizeof(*more));
		if (more == NULL || cap > INT32_MAX)
			return NO_LINK;
		w->links = more;
		w->cap_links = cap;
	}
	return w->n_links++;
}

static int
add_link(struct source_watch *w, const struct link *l)
{
	uint32_t n = take_link(w);

	if (n == NO_LINK)
		return -1;
	w->links[n] = *l;
	insert(w, OF_DESCRIPTOR, n);
	insert(w, OF_OWNER, n);
	w->used++;
	if (w->used > w->mask)
		widen(w);
	return 0;
}

static void
remove_link(struct source_watch *w, uint32_t n)
{
	struct link *l = &w->links[n];

	take_out(w, OF_DESCRIPTOR, l);
	take_out(w, OF_OWNER, l);
	l->wd = FREE;
	l->in[OF_OWNER].next = w->free;
	w->free = n;
	w->used--;
}

/* The first link of this descriptor from n on in its list. */
static uint32_t
next_of_descriptor(const struct source_watch *w, uint32_t n, int wd)
{
	while (n != NO_LINK && w->links[n].wd != wd)
		n = w->links[n].in[OF_DESCRIPTOR].next;
	return n;
}

static uint32_t
first_of_descriptor(const struct source_watch *w, int wd)
{
	return next_of_descriptor(
		w, w->first[OF_DESCRIPTOR][(size_t)wd & w->mask], wd);
}

static uint32_t
next_of_owner(const struct source_watch *w, uint32_t n, uint32_t owner)
{
	while (n != NO_LINK && w->links[n].owner != owner)
		n = w->links[n].in[OF_OWNER].next;
	return n;
}

static uint32_t
first_of_owner(const struct source_watch *w, uint32_t owner)
{
	return next_of_owner(w, w->first[OF_OWNER][owner & w->mask], owner);
}

static bool
is_linked(const struct source_watch *w, const struct link *want)
{
	uint32_t n = first_of_owner(w, want->owner);
	const struct link *l;

	while (n != NO_LINK) {
		l = &w->links[n];
		if (l->wd == want->wd && l->name == want->name)
			return true;
		n = next_of_owner(w, l->in[OF_OWNER].next, want->owner);
	}
	return false;
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
	struct link l = {.owner = owner, .name = name};
	bool known;

	l.wd = inotify_add_watch(w->fd, path, EVENTS);
	if (l.wd < 0 && errno == ENOSPC)
		return error_set(e, ERROR_LIMIT,
			"the kernel's limit of watches is reached: raise "
			"fs.inotify.max_user_watches");
	if (l.wd < 0)
		return error_sys(e, "%s: cannot be watched", path);
	if (is_linked(w, &l))
		return 0;
	known = first_of_descriptor(w, l.wd) != NO_LINK;
	if (add_link(w, &l) != 0) {
		if (!known)
			inotify_rm_watch(w->fd, l.wd);
		return error_nomem(e);
	}
	w->descriptors += !known;
	return 0;
}

int
source_watch_inside(struct source_watch *w, const char *directory,
	uint32_t owner, struct error *e)
{
	return watch_directory(w, directory, owner, ANY_NAME, e);
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
		source_link_parent(parent);
	} while (stat(parent, &st) != 0 && strcmp(parent, "/") != 0 &&
		 strcmp(parent, ".") != 0);
	return watch_directory(w, parent, owner, name, e);
}

/* Watch where the first link on the way along path stands, and put the way
 * past it into next.  1: done so, 0: there is no link, -1: it failed. */
static int
pass_link(struct source_watch *w, const char *path, uint32_t owner,
	char next[PATH_MAX], struct error *e)
{
	char here[PATH_MAX];

	if (!source_link_next(path, here, next))
		return 0;
	return watch_parent(w, here, owner, e) == 0 ? 1 : -1;
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
	for (depth = 0; found == 1 && depth < SOURCE_LINKS_DEPTH; depth++) {
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
	uint32_t n;
	int wd;

	for (;;) {
		n = first_of_owner(w, owner);
		if (n == NO_LINK)
			return;
		wd = w->links[n].wd;
		remove_link(w, n);
		if (first_of_descriptor(w, wd) == NO_LINK) {
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
	uint32_t n = first_of_descriptor(w, wd);

	if (n == NO_LINK)
		return;
	w->descriptors--;
	for (; n != NO_LINK; n = first_of_descriptor(w, wd))
		remove_link(w, n);
}

static void
tell(struct source_watch *w, const struct inotify_event *event)
{
	uint32_t name = ANY_NAME, n;
	const struct link *l;

	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		w->changed(w->arg, SOURCE_EVERYBODY);
		return;
	}
	/* without a name it is the directory itself that changed */
	if (event->len > 0)
		name = hash_name(event->name);
	n = first_of_descriptor(w, event->wd);
	while (n != NO_LINK) {
		l = &w->links[n];
		if (l->name == ANY_NAME || name == ANY_NAME || l->name == name)
			w->changed(w->arg, l->owner);
		n = next_of_descriptor(w, l->in[OF_DESCRIPTOR].next, event->wd);
	}
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
