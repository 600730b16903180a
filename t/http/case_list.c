/* SPDX-License-Identifier: MIT */
/*
 * Prints the case table for those who cannot include it, one case a line:
 *
 *     NAME  STATUS  FATE  BYTES-IN-HEX  CLAUSE
 *
 * with tabs in between.  FATE is keep, close or wait.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cases.h"

static const char *const FATES[] = {
	[KEEP] = "keep",
	[CLOSE] = "close",
	[WAIT] = "wait",
};

int
main(void)
{
	const struct http_case *c;
	size_t i;
	size_t j;

	for (i = 0; i < HTTP_CASES_COUNT; i++) {
		c = &HTTP_CASES[i];
		printf("%s\t%u\t%s\t", c->name, c->status, FATES[c->fate]);
		for (j = 0; j < c->len; j++)
			printf("%02x", (unsigned char)c->bytes[j]);
		printf("\t%s\n", c->clause);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
