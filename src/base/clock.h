/* SPDX-License-Identifier: MIT */
/*
 * Time.  Moments are int64_t seconds since 1970-01-01T00:00:00Z; text is
 * always UTC, RFC 3339 with a Z and no fraction.  Only programs read the
 * clock: everything else is told what time it is.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_LEN 20 /* 2026-11-23T20:51:00Z */

int64_t clock_now(void);

/* Milliseconds that no clock setting moves; for deadlines and durations. */
int64_t clock_monotonic_ms(void);

/* Write the moment as text; years 0 to 9999 (others are clamped). */
void clock_format(char text[CLOCK_TEXT_LEN + 1], int64_t when);

/* Read what clock_format writes, and nothing else.  0, or -1 when it is of
 * another form or no such moment exists (30 February, hour 24). */
int clock_parse(const char *text, int64_t *when);

#endif
