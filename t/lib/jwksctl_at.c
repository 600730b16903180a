/* SPDX-License-Identifier: MIT */
/*
 * jwksctl at a moment of the test's choosing: the same program with another
 * clock.  JWKSCTL_NOW is the wall clock and JWKSCTL_UPTIME the uptime, both in
 * seconds; without the latter the two run together.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jwksctl/cmd.h"

static int64_t
number(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	char *end;
	long long n;

	if (text == NULL)
		return otherwise;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0') {
		fprintf(stderr, "%s=%s is not a number\n", name, text);
		exit(99);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct keyring_clock clock = {.boot = "test"};

	clock.now = number("JWKSCTL_NOW", 1700000000);
	clock.uptime = number("JWKSCTL_UPTIME", clock.now);
	return ctl_main(argc, argv, &clock, "tester");
}
