/* SPDX-License-Identifier: MIT */
/*
 * Without an argument, prints the option table, one row a line, its fields
 * between tabs: name place fallback min max doc.  With one, reads that file and
 * prints what is wrong with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/option.h"

static const char *
place_name(enum config_option_place place)
{
	switch (place) {
	case CONFIG_TOP:
		return "top";
	case CONFIG_ISSUER:
		return "both";
	case CONFIG_FLEET:
		return "issuers";
	case CONFIG_SINGLE:
		return "issuer";
	}
	return "unknown";
}

static void
print_table(void)
{
	const struct config_option *o;
	size_t i;

	for (i = 0; i < config_options_count; i++) {
		o = &config_options[i];
		printf("%s\t%s\t%s\t%ld\t%ld\t%s\n", o->name,
			place_name(o->place),
			o->fallback == NULL ? "" : o->fallback, o->min, o->max,
			o->doc);
	}
}

static int
check(const char *path)
{
	struct config_errors errors;
	struct config *c = config_load(path, &errors);
	size_t i;

	if (c != NULL) {
		config_free(c);
		return 0;
	}
	for (i = 0; i < errors.count && i < CONFIG_ERRORS_MAX; i++)
		printf("%s\n", errors.list[i].text);
	return -1;
}

int
main(int argc, char **argv)
{
	int rc = 0;

	if (argc > 1)
		rc = check(argv[1]);
	else
		print_table();
	return fflush(stdout) == 0 && rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
