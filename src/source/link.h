/* SPDX-License-Identifier: MIT */
/*
 * The symbolic links on the way to a file: whoever wants to know how a path
 * may come to mean something else has to look at each of them.
 */
#ifndef SOURCE_LINK_H
#define SOURCE_LINK_H

#include <limits.h>
#include <stdbool.h>

#define SOURCE_LINKS_DEPTH 16 /* links that are followed from a path */

/* The first link on the way along path: where it stands, and the way past it
 * with the rest of path behind.  False: there is none.  path is shorter than
 * PATH_MAX. */
bool source_link_next(
	const char *path, char stands[PATH_MAX], char next[PATH_MAX]);

/* Cut the last component off: "a/b" becomes "a", "a" becomes ".", "/a"
 * becomes "/". */
void source_link_parent(char *path);

#endif
