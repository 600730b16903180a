/* SPDX-License-Identifier: MIT */
/* The command line of jwksd; jwksd.8 describes it. */
#include <event2/event.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwksd/check.h"
#include "jwksd/complain.h"
#include "jwksd/daemon.h"
#include "jwksd/selftest.h"

#define EXIT_USAGE 2

static int
usage(FILE *to)
{
	fputs("usage: jwksd [-c FILE]                       serve\n"
	      "       jwksd [-c FILE] -t                    read everything, "
	      "say what would be served\n"
	      "       jwksd [-c FILE] --print ISSUER jwks|discovery\n"
	      "       jwksd [-c FILE] --acknowledge ISSUER  let go of keys "
	      "that its sources lack\n"
	      "       jwksd [-c FILE] --self-test           try what the "
	      "sandbox forbids\n"
	      "       jwksd -V | -h\n"
	      "The configuration is " JWKSD_SYSCONFDIR
	      "/jwksd.conf unless -c names another.\n",
		to);
	return to == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static int
version(void)
{
	printf("jwksd %s (%s, libevent %s, jansson %s)\n", PACKAGE_VERSION,
		OpenSSL_version(OPENSSL_VERSION), event_get_version(),
		jansson_version_str());
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"test", no_argument, NULL, 't'},
		{"print", required_argument, NULL, 'p'},
		{"acknowledge", required_argument, NULL, 'a'},
		{"self-test", no_argument, NULL, 's'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *config = JWKSD_SYSCONFDIR "/jwksd.conf", *issuer = NULL;
	int what = 0, c, args;

	while ((c = getopt_long(argc, argv, "c:tVh", options, NULL)) != -1) {
		if (c == '?')
			return usage(stderr);
		if (c == 'c') {
			config = optarg;
			continue;
		}
		if (what != 0) {
			complain("one thing at a time: -t, --print, "
				 "--acknowledge or --self-test");
			return EXIT_USAGE;
		}
		what = c;
		issuer = optarg;
	}
	args = argc - optind;
	if (what == 'h')
		return usage(stdout);
	if (what == 'V')
		return version();
	if (what == 'p' && args == 1 &&
		(strcmp(argv[optind], "jwks") == 0 ||
			strcmp(argv[optind], "discovery") == 0))
		return check_print(config, issuer, argv[optind]);
	if (what == 'p' || args != 0)
		return usage(stderr);
	if (what == 't')
		return check_all(config);
	if (what == 'a')
		return check_acknowledge(config, issuer);
	if (what == 's')
		return selftest_run(config);
	return daemon_run(config);
}
