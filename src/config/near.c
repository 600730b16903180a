/* SPDX-License-Identifier: MIT */
/*
 * Most unknown options are known ones with a slip of the finger or a word of
 * another program, so the refusal says which one it may have been.
 */
#include "config/internal.h"

#include <string.h>

#define NAME_MAX_LEN 32
#define SLIPS_MAX 2

static const char *const others[] = {
	CONFIG_BLOCK_SINGLE, CONFIG_BLOCK_FLEET, CONFIG_INCLUDE};

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance: characters to change, add or take away. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LEN + 1], i, j, left_above, above;
	size_t len = strlen(b);

	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		left_above = row[0];
		row[0] = i;
		for (j = 1; j <= len; j++) {
			above = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1,
				left_above + (a[i - 1] != b[j - 1]));
			left_above = above;
		}
	}
	return row[len];
}

static void
consider(const char *name, const char *known, const char **best, size_t *slips)
{
	size_t d;

	if (strlen(known) > NAME_MAX_LEN)
		return;
	d = distance(name, known);
	if (d < *slips && d < strlen(known)) {
		*best = known;
		*slips = d;
	}
}

/* The known name that is like this one, or NULL. */
static const char *
nearest(const char *name)
{
	size_t slips = SLIPS_MAX + 1, i;
	const char *best = NULL;

	if (strlen(name) > NAME_MAX_LEN)
		return NULL;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		consider(name, others[i], &best, &slips);
	for (i = 0; i < config_options_count; i++)
		consider(name, config_options[i].name, &best, &slips);
	return best;
}

bool
config_is_known(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	return config_option_find(name) != NULL;
}

void
config_complain_unknown(struct config_errors *errors, const char *file,
	unsigned line, const char *name)
{
	const char *near = nearest(name);

	if (near == NULL)
		config_complain(errors, ERROR_INVALID, file, line,
			"unknown option \"%s\"", name);
	else
		config_complain(errors, ERROR_INVALID, file, line,
			"unknown option \"%s\"; did you mean %s?", name, near);
}
