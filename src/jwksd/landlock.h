/* SPDX-License-Identifier: MIT */
/*
 * Landlock (landlock(7)): from some moment on this thread, and those that it
 * starts, reach the files that were named before and no others, whatever their
 * modes; and open no TCP connection or port.
 *
 * Each kernel knows more kinds of access than the one before; what it does not
 * know stays as it was.
 */
#ifndef JWKSD_LANDLOCK_H
#define JWKSD_LANDLOCK_H

#include "base/error.h"

/* What may be done to a file, and to all that is below a directory. */
enum landlock_access {
	LANDLOCK_READ,    /* read files and directories */
	LANDLOCK_WRITE,   /* write files, and make new ones */
	LANDLOCK_REPLACE, /* the same, read, and remove and rename files */
};

struct landlock {
	int ruleset; /* descriptor */
	int abi;     /* the kernel's; 0: it has no Landlock */
};

/* A set of rules that allows nothing, and to which the following is added.
 * Without Landlock in the kernel this is 0 with abi 0, and the other calls do
 * nothing. */
int landlock_open(struct landlock *out, struct error *e)
	__attribute__((warn_unused_result));

/* Allow this of the file or directory behind an O_PATH descriptor. */
int landlock_allow(const struct landlock *l, int fd, enum landlock_access what,
	struct error *e) __attribute__((warn_unused_result));

/* From now on.  PR_SET_NO_NEW_PRIVS must have been set. */
int landlock_enter(const struct landlock *l, struct error *e)
	__attribute__((warn_unused_result));

void landlock_close(struct landlock *l);

#endif
