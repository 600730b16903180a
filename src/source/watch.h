/* SPDX-License-Identifier: MIT */
/*
 * Being told when something may have changed, with inotify(7).
 *
 * A watch is a hint, not the truth: whoever is told compares signatures
 * (source/source.h) before it reads, and everything is looked at again now and
 * then, so that a file system without inotify, a full queue or the kernel's
 * limit cost time and never a change.
 *
 * Owners are numbers of the caller's (one for each issuer).  For a path the
 * directories are watched in which it, every symbolic link on the way to it,
 * and what it leads to can be replaced; that covers rename over a file,
 * rewriting in place, and kubelet's swap of the link ..data.
 */
#ifndef SOURCE_WATCH_H
#define SOURCE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct source_watch;

/* Called for each owner that may have changed; several times is possible.  It
 * must not add or drop watches itself. */
typedef void source_changed_fn(void *arg, uint32_t owner);

/* The queue overflowed: anyone may have. */
#define SOURCE_EVERYBODY UINT32_MAX

struct source_watch *source_watch_new(source_changed_fn *changed, void *arg,
	struct error *e) __attribute__((warn_unused_result));
void source_watch_free(struct source_watch *w);

/* Readable when there is something to read; non-blocking. */
int source_watch_fd(const struct source_watch *w);
void source_watch_read(struct source_watch *w);

/* Watch what this path means, for this owner.  -1: it is not watched, and the
 * text says why (LIMIT: fs.inotify.max_user_watches is used up). */
int source_watch_add(struct source_watch *w, const char *path, uint32_t owner,
	struct error *e) __attribute__((warn_unused_result));

/* Watch only what happens inside this directory: not its being replaced. */
int source_watch_inside(struct source_watch *w, const char *directory,
	uint32_t owner, struct error *e) __attribute__((warn_unused_result));

/* Forget all of the owner's watches. */
void source_watch_drop(struct source_watch *w, uint32_t owner);

size_t source_watch_count(const struct source_watch *w);

#endif
