/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection within a time limit, for remote/chain.c.  Moments are
 * clock_monotonic_ms().
 */
#ifndef REMOTE_DIAL_H
#define REMOTE_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Connect to the first address that answers; address is its text.  The
 * non-blocking socket is the caller's.  -1: NET or SYS. */
int remote_dial(const char *host, const char *port, int64_t deadline,
	char *address, size_t size, struct error *e)
	__attribute__((warn_unused_result));

/* Wait for poll(2) events.  -1 with NET when the deadline comes first. */
int remote_wait(int fd, short events, int64_t deadline, struct error *e)
	__attribute__((warn_unused_result));

#endif
