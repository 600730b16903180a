/* SPDX-License-Identifier: MIT */
/*
 * The kernel's ABI is written down here, as far as version 7, because headers
 * are often older than the kernel, and libc has no wrappers.  Invariant: every
 * kind of access that this kernel knows is handled, so that what is not
 * allowed is refused.
 *
 * From: linux/include/uapi/linux/landlock.h,
 * linux/Documentation/userspace-api/landlock.rst
 */
#include "jwksd/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* the same numbers on every architecture */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446

#define CREATE_VERSION (1U << 0)
#define RULE_PATH_BENEATH 1

#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_REG (1ULL << 8)
#define FS_TRUNCATE (1ULL << 14)

#define NET_ALL 3ULL      /* bind and connect, of TCP */
#define SCOPE_SIGNAL 2ULL /* to processes outside */

struct ruleset_attr {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* The kinds of access to files that an ABI knows: the lowest bits. */
static uint64_t
known_fs(int abi)
{
	static const unsigned bits[] = {0, 13, 14, 15, 15, 16};

	return (1ULL << bits[abi < 5 ? abi : 5]) - 1;
}

/* errno values of a kernel, or a container, that does not offer Landlock. */
static int
is_absent(int number)
{
	return number == ENOSYS || number == EOPNOTSUPP || number == EPERM;
}

int
landlock_open(struct landlock *out, struct error *e)
{
	struct ruleset_attr attr = {0};
	struct landlock l = {.ruleset = -1};
	long abi, fd;

	*out = l;
	abi = syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);
	if (abi < 1)
		return abi < 0 && !is_absent(errno)
			       ? error_sys(e, "Landlock's version")
			       : 0;
	l.abi = (int)abi;
	attr.fs = known_fs(l.abi);
	if (l.abi >= 4)
		attr.net = NET_ALL;
	if (l.abi >= 6)
		attr.scoped = SCOPE_SIGNAL;
	fd = syscall(CREATE_RULESET, &attr, sizeof(attr), 0);
	if (fd < 0)
		return error_sys(e, "a Landlock ruleset cannot be made");
	l.ruleset = (int)fd;
	*out = l;
	return 0;
}

static uint64_t
rights(enum landlock_access what)
{
	const uint64_t write = FS_WRITE_FILE | FS_MAKE_REG;

	switch (what) {
	case LANDLOCK_READ:
		return FS_READ_FILE | FS_READ_DIR;
	case LANDLOCK_WRITE:
		return write;
	case LANDLOCK_REPLACE:
	default:
		return write | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_FILE |
		       FS_TRUNCATE;
	}
}

int
landlock_allow(const struct landlock *l, int fd, enum landlock_access what,
	struct error *e)
{
	const uint64_t of_files = FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;
	struct path_beneath_attr attr = {.parent = fd};
	struct stat st;

	if (l->abi == 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return error_sys(e, "cannot be examined");
	attr.allowed = rights(what) & known_fs(l->abi);
	if (!S_ISDIR(st.st_mode))
		attr.allowed &= of_files;
	if (syscall(ADD_RULE, l->ruleset, RULE_PATH_BENEATH, &attr, 0) != 0)
		return error_sys(e, "Landlock does not take it");
	return 0;
}

int
landlock_enter(const struct landlock *l, struct error *e)
{
	if (l->abi > 0 && syscall(RESTRICT_SELF, l->ruleset, 0) != 0)
		return error_sys(e, "Landlock cannot be entered");
	return 0;
}

void
landlock_close(struct landlock *l)
{
	if (l->ruleset >= 0)
		close(l->ruleset);
	l->ruleset = -1;
}
