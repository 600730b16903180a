/* SPDX-License-Identifier: MIT */
/*
 * The options of jwksd.conf, one row each: parsing, defaults, ranges, the
 * OPTIONS section of jwksd.conf(5) and conf/jwksd.conf come from or are
 * checked against this table.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stddef.h>

enum config_option_type {
	CONFIG_INT,
	CONFIG_BOOL,
	CONFIG_STRING,
	CONFIG_LIST, /* of strings */
};

enum config_option_place {
	CONFIG_TOP,
	CONFIG_ISSUER, /* in issuer and issuers blocks */
	CONFIG_FLEET,  /* in issuers blocks only */
	CONFIG_SINGLE, /* in issuer blocks only */
};

struct config_option {
	const char *name;
	enum config_option_place place;
	enum config_option_type type;
	const char *fallback; /* as it would stand in the file */
	long min, max;	      /* of an int */
	const char *unit;     /* "seconds", "" */
	const char *doc;      /* one or two sentences, no full stop missing */
};

extern const struct config_option config_options[];
extern const size_t config_options_count;

#endif
