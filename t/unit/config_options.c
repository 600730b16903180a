/* SPDX-License-Identifier: MIT */
/*
 * Prints the option table, one row a line, its fields between tabs:
 * name place type fallback min max unit words doc.
 */
#include <stdio.h>
#include <stdlib.h>

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

int
main(void)
{
	const struct config_option *o;
	const char *const *word;
	size_t i;

	for (i = 0; i < config_options_count; i++) {
		o = &config_options[i];
		printf("%s\t%s\t%s\t%s\t%ld\t%ld\t%s\t", o->name,
			place_name(o->place), config_option_type_name(o->type),
			o->fallback == NULL ? "" : o->fallback, o->min, o->max,
			o->unit);
		for (word = o->words; word != NULL && *word != NULL; word++)
			printf("%s\"%s\"", word == o->words ? "" : " ", *word);
		printf("\t%s\n", o->doc);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
