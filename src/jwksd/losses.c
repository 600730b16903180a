/* SPDX-License-Identifier: MIT */
/*
 * Who is turned away cannot be answered, so the operator is told instead.
 * Invariant: every loss is in exactly one line.
 */
#include "jwksd/losses.h"

#include <stdio.h>
#include <string.h>

const enum http_counter losses_counters[LOSSES_KINDS] = {
	HTTP_COUNT_SHED_TOTAL,
	HTTP_COUNT_SHED_ADDRESS,
	HTTP_COUNT_SHED_DESCRIPTORS,
	HTTP_COUNT_SHED_PROXY,
	HTTP_COUNT_EVICTED,
};

bool
losses_tell(struct losses *l, const uint64_t totals[LOSSES_KINDS],
	int64_t now_ms, char *text, size_t size)
{
	unsigned long long lost[LOSSES_KINDS];
	bool any = false;
	size_t i;

	for (i = 0; i < LOSSES_KINDS; i++) {
		lost[i] = totals[i] - l->told[i];
		any = any || lost[i] > 0;
	}
	if (!any || now_ms < l->next)
		return false;
	memcpy(l->told, totals, sizeof(l->told));
	l->next = now_ms + LOSSES_QUIET_MS;
	snprintf(text, size,
		"connections turned away: %llu by max-connections, %llu by "
		"max-connections-per-address, %llu for want of descriptors or "
		"memory, %llu for want of the PROXY header that proxy-protocol "
		"asks for; idle ones closed to make room: %llu",
		lost[0], lost[1], lost[2], lost[3], lost[4]);
	return true;
}
