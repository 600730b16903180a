/* SPDX-License-Identifier: MIT */
/*
 * realpath(3) says where a path ends and not how; here each step is seen.
 */
#include "source/link.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
source_link_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		memcpy(path, ".", 2);
	else if (slash == path)
		path[1] = '\0';
	else
		*slash = '\0';
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
	source_link_parent(dir);
	if (target[0] == '/')
		len = snprintf(next, PATH_MAX, "%s%s", target, rest);
	else
		len = snprintf(next, PATH_MAX, "%s/%s%s", dir, target, rest);
	return len > 0 && len < PATH_MAX;
}

bool
source_link_next(const char *path, char stands[PATH_MAX], char next[PATH_MAX])
{
	size_t end = 0;

	while (path[end] != '\0') {
		end += strspn(path + end, "/");
		end += strcspn(path + end, "/");
		memcpy(stands, path, end);
		stands[end] = '\0';
		if (follow(stands, path + end, next))
			return true;
	}
	return false;
}
