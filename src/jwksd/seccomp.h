/* SPDX-License-Identifier: MIT */
/*
 * seccomp(2): the system calls that a serving jwksd makes, and no others.
 *
 * A call that is not in the table fails with ENOSYS, as on a kernel that lacks
 * it: every libc has an answer to that, so that one which begins to prefer a
 * newer call goes on with the older.  A call of the table with an argument
 * that is not gets EPERM.  A call that only somebody who has taken the process
 * over would make ends it (SIGSYS).  All three are in the kernel's audit log.
 *
 * The filter is a table of ours and not libseccomp's: it is written once, for
 * the architecture that is compiled for, and a library that can translate any
 * policy at run time would be more code in the process than the policy.
 */
#ifndef JWKSD_SECCOMP_H
#define JWKSD_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Instructions that seccomp_program may write. */
#define SECCOMP_PROGRAM_MAX 512

/* Write the filter; how long it is, 0 on an architecture without a table. */
size_t seccomp_program(struct sock_filter out[SECCOMP_PROGRAM_MAX]);

/* From now on, for this thread and those that it starts.
 * PR_SET_NO_NEW_PRIVS must have been set.  *in_force is false when the kernel
 * or the container does not offer it. */
int seccomp_enter(bool *in_force, struct error *e)
	__attribute__((warn_unused_result));

#endif
