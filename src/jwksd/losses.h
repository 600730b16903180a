/* SPDX-License-Identifier: MIT */
/*
 * Connections that the daemon had to turn away, told at once and then counted:
 * a flood makes one line a minute, not one line each.  Pure; the caller brings
 * the totals and the time and logs what comes out.
 */
#ifndef JWKSD_LOSSES_H
#define JWKSD_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/server.h"

#define LOSSES_KINDS 5
#define LOSSES_QUIET_MS 60000

/* The counter that is the total of each kind. */
extern const enum http_counter losses_counters[LOSSES_KINDS];

/* Zeroes: nothing happened and nothing was told. */
struct losses {
	uint64_t told[LOSSES_KINDS];
	int64_t next; /* no line before; milliseconds, monotonic */
};

/* True when there is something to say now: text is it.  totals: since the
 * start, never falling. */
bool losses_tell(struct losses *l, const uint64_t totals[LOSSES_KINDS],
	int64_t now_ms, char *text, size_t size);

#endif
