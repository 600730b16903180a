/* SPDX-License-Identifier: MIT */
/*
 * The options of jwksd.conf, one row each: parsing, defaults, ranges, the
 * OPTIONS section of jwksd.conf(5) and conf/jwksd.conf come from or are
 * checked against this table.  No other place names an option.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stddef.h>

enum config_option_type {
	CONFIG_INT,
	CONFIG_BOOL,
	CONFIG_STRING,
	CONFIG_LIST,  /* of strings */
	CONFIG_PATH,  /* a string; relative to the file's directory */
	CONFIG_PATHS, /* a list of them */
	CONFIG_LEVEL, /* a string: the name of a log level */
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
	const char
		*fallback; /* as it would stand in the file; NULL: required */
	long min, max;     /* of an int */
	const char *unit;  /* "seconds", "" */
	/* All that a string may be, or the words that a path may be and that
	 * are no paths; up to a NULL.  NULL: anything but "". */
	const char *const *words;
	size_t offset;   /* of its member in struct config or config_issuer */
	size_t number;   /* of a list: offset of the number of items */
	const char *doc; /* one or two sentences, no full stop missing */
};

/* The most rows that the table may have. */
#define CONFIG_OPTIONS_MAX 32

extern const struct config_option config_options[];
extern const size_t config_options_count;

/* The row by that name, or NULL. */
const struct config_option *config_option_find(const char *name);

#endif
