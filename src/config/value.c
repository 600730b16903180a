/* SPDX-License-Identifier: MIT */
/*
 * Values are read here and not by libconfuse, which takes 010 for 8, "" for 0
 * and says of a bad one only that it is bad.  Invariant: a member of type
 * string or list is NULL or owned by its struct.
 */
#include "config/internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 80 /* of a bad value, in a message */

static void *
member(void *base, size_t offset)
{
	return (char *)base + offset;
}

/* For messages: text cut to size. */
static int
shown(const char *text)
{
	size_t len = strlen(text);

	return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

static int
set_int(const struct config_option *o, void *base, const char *text,
	struct error *e)
{
	size_t len = strlen(text);
	long value;

	if (len == 0 || strspn(text, "0123456789") != len)
		return error_set(e, ERROR_INVALID,
			"%s: \"%.*s\" is not a whole number", o->name,
			shown(text), text);
	/* 18 digits fit; more are out of any range here */
	value = len > 18 ? LONG_MAX : strtol(text, NULL, 10);
	if (value < o->min || value > o->max)
		return error_set(e, ERROR_INVALID,
			"%s: %.*s is not between %ld and %ld %s", o->name,
			shown(text), text, o->min, o->max, o->unit);
	*(unsigned *)member(base, o->offset) = (unsigned)value;
	return 0;
}

static int
set_bool(const struct config_option *o, void *base, const char *text,
	struct error *e)
{
	static const char *const words[] = {
		"false", "true", "no", "yes", "off", "on"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*(bool *)member(base, o->offset) = i % 2 == 1;
			return 0;
		}
	}
	return error_set(e, ERROR_INVALID,
		"%s: \"%.*s\" is neither true nor false", o->name, shown(text),
		text);
}

static bool
is_word_of(const struct config_option *o, const char *text)
{
	const char *const *word;

	if (o->words == NULL)
		return false;
	for (word = o->words; *word != NULL; word++)
		if (strcmp(text, *word) == 0)
			return true;
	return false;
}

static int
not_a_word(const struct config_option *o, const char *text, struct error *e)
{
	char list[256] = "";
	const char *const *word;
	size_t used = 0;

	for (word = o->words; *word != NULL && used < sizeof(list); word++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			"%s\"%s\"", used == 0 ? "" : ", ", *word);
	return error_set(e, ERROR_INVALID, "%s: \"%.*s\" is none of %s",
		o->name, shown(text), text, list);
}

static int
set_level(const struct config_option *o, void *base, const char *text,
	struct error *e)
{
	if (log_level_parse(text, member(base, o->offset)) != 0)
		return not_a_word(o, text, e);
	return 0;
}

char *
config_path_join(const char *dir, const char *path, struct error *e)
{
	size_t dir_len = path[0] == '/' ? 0 : strlen(dir);
	size_t len = strlen(path);
	char *joined;

	if (len == 0) {
		error_set(e, ERROR_INVALID, "an empty path");
		return NULL;
	}
	if (dir_len + len >= PATH_MAX) {
		error_set(e, ERROR_LIMIT, "a path of %zu bytes; %d is the most",
			dir_len + len, PATH_MAX - 1);
		return NULL;
	}
	joined = malloc(dir_len + len + 1);
	if (joined == NULL) {
		error_nomem(e);
		return NULL;
	}
	memcpy(joined, dir, dir_len);
	memcpy(joined + dir_len, path, len + 1);
	return joined;
}

/* The text of an option that is a string or an item of a list, to be freed. */
static char *
read_text(const struct config_option *o, const char *text, const char *dir,
	struct error *e)
{
	bool path = o->type == CONFIG_PATH || o->type == CONFIG_PATHS;
	char *copy;

	if (path && !is_word_of(o, text)) {
		copy = config_path_join(dir, text, e);
		if (copy == NULL)
			error_wrap(e, "%s", o->name);
		return copy;
	}
	if (!path && o->words != NULL && !is_word_of(o, text)) {
		not_a_word(o, text, e);
		return NULL;
	}
	copy = strdup(text);
	if (copy == NULL)
		error_nomem(e);
	return copy;
}

static int
set_string(const struct config_option *o, void *base, const char *text,
	const char *dir, struct error *e)
{
	char **slot = member(base, o->offset);
	char *value = read_text(o, text, dir, e);

	if (value == NULL)
		return -1;
	free(*slot);
	*slot = value;
	return 0;
}

static int
add_item(const struct config_option *o, void *base, const char *text,
	const char *dir, struct error *e)
{
	char ***items = member(base, o->offset);
	size_t *number = member(base, o->number);
	char **grown, *value;

	if (text[0] == '\0' && is_word_of(o, text))
		return 0; /* none */
	if (text[0] == '\0')
		return error_set(
			e, ERROR_INVALID, "%s: an empty string", o->name);
	value = read_text(o, text, dir, e);
	if (value == NULL)
		return -1;
	grown = reallocarray(*items, *number + 1, sizeof(*grown));
	if (grown == NULL) {
		free(value);
		return error_nomem(e);
	}
	grown[(*number)++] = value;
	*items = grown;
	return 0;
}

int
config_value_set(const struct config_option *o, void *base, const char *text,
	const char *dir, struct error *e)
{
	switch (o->type) {
	case CONFIG_INT:
		return set_int(o, base, text, e);
	case CONFIG_BOOL:
		return set_bool(o, base, text, e);
	case CONFIG_LEVEL:
		return set_level(o, base, text, e);
	case CONFIG_STRING:
	case CONFIG_PATH:
		return set_string(o, base, text, dir, e);
	case CONFIG_LIST:
	case CONFIG_PATHS:
		return add_item(o, base, text, dir, e);
	}
	return error_set(e, ERROR_INVALID, "%s: an unknown type", o->name);
}

/* The table has defaults as they stand in the file: quotes and braces go. */
int
config_value_default(const struct config_option *o, void *base, struct error *e)
{
	const char *open = strchr(o->fallback, '"');
	char *text;
	int rc;

	text = open == NULL ? strdup(o->fallback)
			    : strndup(open + 1, strcspn(open + 1, "\""));
	if (text == NULL)
		return error_nomem(e);
	rc = config_value_set(o, base, text, "", e);
	free(text);
	return rc;
}

void
config_value_release(const struct config_option *o, void *base)
{
	char ***items = member(base, o->offset);
	char **slot = member(base, o->offset);
	size_t *number, i;

	switch (o->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
		free(*slot);
		break;
	case CONFIG_LIST:
	case CONFIG_PATHS:
		number = member(base, o->number);
		for (i = 0; i < *number; i++)
			free((*items)[i]);
		free(*items);
		break;
	case CONFIG_INT:
	case CONFIG_BOOL:
	case CONFIG_LEVEL:
		break;
	}
}
