/* SPDX-License-Identifier: MIT */
/*
 * The sandbox: what the process can still do once it serves, also when
 * somebody else has taken it over.  It reads its configuration and the
 * sources, writes its state and its access log, and answers on sockets that
 * are open already.
 *
 * Landlock confines it to files, seccomp to system calls.  Neither can be
 * widened afterwards: a configuration that names other places needs a restart.
 * Main thread only.
 */
#ifndef JWKSD_SANDBOX_H
#define JWKSD_SANDBOX_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"

struct sandbox {
	int landlock; /* ABI of the Landlock in force, 0: none */
	bool seccomp; /* system calls are filtered */
};

/* Can this build have one?  Sanitizers and the counting of executed lines need
 * files and calls that no serving jwksd needs. */
bool sandbox_is_built(void);

/* Enter it for good, with the files of this configuration; and all threads
 * that are started afterwards.  What the kernel or the container does not
 * offer is left out, and *out says so.  The state directory is made if it is
 * missing: later that would be forbidden. */
int sandbox_enter(const struct config *config, struct sandbox *out,
	struct error *e) __attribute__((warn_unused_result));

/* Log what is in force. */
void sandbox_tell(const struct sandbox *s);

/* Is all that this new configuration names still within reach?  The text says
 * what to restart for. */
int sandbox_check(const struct sandbox *s, const struct config *old,
	const struct config *new, struct error *e)
	__attribute__((warn_unused_result));

#endif
