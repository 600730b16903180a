/* SPDX-License-Identifier: MIT */
/*
 * The command line, read by the command's row.  Not getopt_long(): it takes
 * abbreviations, which break scripts when an option is added, and it could not
 * read from the table that the help and the completions come from.
 */
#include "jwksctl/cmd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct ctl_option *
find_option(const struct ctl_cmd *cmd, const char *name, size_t len)
{
	const struct ctl_option *o;

	for (o = cmd->options; o->name != NULL; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

/* One kid in 64 begins with a dash; no option's name is as long as a kid. */
#define KID_LEN 43 /* base64url of a SHA-256 */

static bool
is_option(const struct ctl_cmd *cmd, const char *word)
{
	if (word[0] != '-' || word[1] == '\0')
		return false;
	return cmd->kid_states == 0 || strcspn(word, "=") != KID_LEN;
}

/* An option at argv[*i], with its value behind "=" or in the next word. */
static int
parse_option(struct ctl *ctl, int argc, char **argv, int *i, struct error *e)
{
	const char *word = argv[*i];
	const char *name = word[1] == '-' ? word + 2 : word + 1;
	size_t len = strcspn(name, "=");
	const struct ctl_option *o = find_option(ctl->cmd, name, len);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;

	if (o == NULL)
		return error_set(e, ERROR_INVALID, "unknown option %.*s",
			(int)(len + (size_t)(name - word)), word);
	if (!o->many && ctl_has(ctl, o->name))
		return error_set(e, ERROR_INVALID, "%s is given twice", word);
	if (o->value == NULL && value != NULL)
		return error_set(
			e, ERROR_INVALID, "--%s takes no value", o->name);
	if (o->value != NULL && value == NULL) {
		if (*i + 1 >= argc)
			return error_set(e, ERROR_INVALID, "%s needs %s", word,
				o->value);
		value = argv[++*i];
	}
	ctl->given[ctl->n_given++] = (struct ctl_given){o, value};
	return 0;
}

/* Which of the words are directories: the first, or all, or none when the
 * environment names one and no word is left for it. */
static int
split_words(struct ctl *ctl, const char *dir, struct error *e)
{
	const struct ctl_cmd *cmd = ctl->cmd;
	size_t n = ctl->n_words;

	if (cmd->dirs == CTL_MANY_DIRS) {
		ctl->dirs = ctl->words;
		ctl->n_dirs = n;
		ctl->n_words = 0;
	} else if (cmd->dirs == CTL_ONE_DIR && n > 0 &&
		   (dir == NULL || n > cmd->words_max)) {
		ctl->dirs = ctl->words;
		ctl->n_dirs = 1;
		ctl->words++;
		ctl->n_words--;
	}
	if (cmd->dirs != CTL_NO_DIR && ctl->n_dirs == 0) {
		if (dir == NULL)
			return error_set(e, ERROR_INVALID,
				"which keyring? give its directory, or set "
				"JWKSD_KEYRING");
		ctl->dirs = ctl->words + ctl->n_words; /* the spare place */
		ctl->dirs[0] = dir;
		ctl->n_dirs = 1;
	}
	if (ctl->n_words < cmd->words)
		return error_set(e, ERROR_INVALID, "too few arguments");
	if (ctl->n_words > cmd->words_max)
		return error_set(e, ERROR_INVALID, "unexpected \"%.64s\"",
			ctl->words[cmd->words_max]);
	return 0;
}

int
ctl_parse(struct ctl *ctl, int argc, char **argv, const char *dir,
	struct error *e)
{
	bool options = true;
	int i;

	/* one place more, for the directory of the environment */
	ctl->words = calloc((size_t)argc + 1, sizeof(*ctl->words));
	ctl->given = calloc((size_t)argc + 1, sizeof(*ctl->given));
	ctl->block = ctl->words;
	if (ctl->words == NULL || ctl->given == NULL)
		return error_nomem(e);
	for (i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (!options || !is_option(ctl->cmd, argv[i]))
			ctl->words[ctl->n_words++] = argv[i];
		else if (parse_option(ctl, argc, argv, &i, e) != 0)
			return -1;
	}
	return split_words(ctl, dir, e);
}

void
ctl_release(struct ctl *ctl)
{
	free(ctl->block);
	free(ctl->given);
}

const char *
ctl_value_at(const struct ctl *ctl, const char *name, size_t i)
{
	size_t k;

	/* a name that is not in the row is a mistake of ours */
	assert(find_option(ctl->cmd, name, strlen(name)) != NULL);
	for (k = 0; k < ctl->n_given; k++)
		if (strcmp(ctl->given[k].option->name, name) == 0 && i-- == 0)
			return ctl->given[k].value;
	return NULL;
}

const char *
ctl_value(const struct ctl *ctl, const char *name)
{
	return ctl_value_at(ctl, name, 0);
}

bool
ctl_has(const struct ctl *ctl, const char *name)
{
	size_t k;

	for (k = 0; k < ctl->n_given; k++)
		if (strcmp(ctl->given[k].option->name, name) == 0)
			return true;
	return false;
}

int
ctl_json(const struct ctl *ctl, bool *json, struct error *e)
{
	const char *form = ctl_value(ctl, "o");

	*json = form != NULL && strcmp(form, "json") == 0;
	if (form != NULL && !*json && strcmp(form, "text") != 0)
		return error_set(e, ERROR_INVALID,
			"-o %.16s: the forms are text and json", form);
	return 0;
}
