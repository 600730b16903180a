/* SPDX-License-Identifier: MIT */
/*
 * One file through libconfuse, which knows the grammar and calls back with
 * each value, block and include; nothing stays in it.  So a block is checked,
 * and kept or refused, when it ends, and reading takes time in proportion to
 * the file.  An error in a value does not end the reading, one in the grammar
 * does.
 */
#include "config/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#define SHOWN_MAX 120 /* bytes of a title or name in a message */

/* libconfuse has no argument for its callbacks, and one scanner for all. */
static struct config_reader *reading;

/* --- values --------------------------------------------------------------- */

static bool
may_stand(const struct config_option *o, const cfg_t *block)
{
	unsigned places = CONFIG_IN_TOP;

	if (strcmp(block->name, CONFIG_BLOCK_SINGLE) == 0)
		places = CONFIG_IN_SINGLE;
	else if (strcmp(block->name, CONFIG_BLOCK_FLEET) == 0)
		places = CONFIG_IN_FLEET;
	return (1U << o->place & places) != 0;
}

/* Where an option stands: what comes in front of a complaint that it does not.
 */
static const char *
place_name(enum config_option_place place)
{
	switch (place) {
	case CONFIG_TOP:
		return "outside of blocks";
	case CONFIG_ISSUER:
		return "in a block";
	case CONFIG_FLEET:
		return "in an " CONFIG_BLOCK_FLEET " block";
	case CONFIG_SINGLE:
		return "in an " CONFIG_BLOCK_SINGLE " block";
	}
	return "nowhere";
}

/* May the option be set here and now?  0, and noted; or what is wrong. */
static int
note(struct config_reader *r, const cfg_t *block, const struct config_option *o,
	struct error *e)
{
	struct config_origin *origins =
		o->place == CONFIG_TOP ? r->config->origins : r->seen;
	struct config_origin *origin = &origins[o - config_options];

	if (!may_stand(o, block))
		return error_set(e, ERROR_INVALID, "%s stands %s only", o->name,
			place_name(o->place));
	if (origin->file != NULL)
		return error_set(e, ERROR_CONFLICT,
			"%s is set already, at %s:%u", o->name,
			config_path_shown(origin->file), origin->line);
	*origin = (struct config_origin){r->file, (unsigned)block->line};
	return 0;
}

/* Called for each value.  Says what is wrong and goes on: 0 means go on. */
static int
take_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct config_reader *r = reading;
	const struct config_option *o = config_option_find(opt->name);
	void *base =
		o->place == CONFIG_TOP ? (void *)r->config : (void *)&r->block;
	struct error e = {0};

	*(void **)result = NULL; /* nothing for libconfuse to keep */
	/* of a list, this is called for each item */
	if ((opt->nvalues > 1 || note(r, cfg, o, &e) == 0) &&
		config_value_set(o, base, value, r->dir, &e) == 0)
		return 0;
	config_complain(
		r->errors, e.code, r->file, (unsigned)cfg->line, "%s", e.text);
	return 0;
}

int
config_complete(unsigned places, void *base, const struct config_origin *seen,
	struct error *e)
{
	const struct config_option *o;
	size_t i;

	for (i = 0; i < config_options_count; i++) {
		o = &config_options[i];
		if ((1U << o->place & places) == 0 || seen[i].file != NULL)
			continue;
		if (o->fallback == NULL)
			return error_set(
				e, ERROR_NOTFOUND, "has no %s", o->name);
		if (config_value_default(o, base, e) != 0)
			return -1;
	}
	return 0;
}

/* --- blocks --------------------------------------------------------------- */

void
config_block_release(struct config_issuer *block)
{
	size_t i;

	for (i = 0; i < config_options_count; i++)
		if (config_options[i].place != CONFIG_TOP)
			config_value_release(&config_options[i], block);
	free(block->url);
	*block = (struct config_issuer){0};
}

static int
check_block(struct config_reader *r, bool fleet, struct error *e)
{
	struct config_url url;

	if (fleet) {
		if (config_url_pattern(r->block.url, e) != 0)
			return -1;
	} else if (config_url_parse(r->block.url, &url, e) != 0) {
		return -1;
	}
	return config_complete(fleet ? CONFIG_IN_FLEET : CONFIG_IN_SINGLE,
		&r->block, r->seen, e);
}

/* Move the block that has been read to the configuration. */
static int
keep_block(struct config_reader *r, struct error *e)
{
	struct config *c = r->config;
	struct config_issuer *grown;
	size_t n = c->n_issuers;

	/* grow at each power of two */
	if ((n & (n - 1)) == 0) {
		grown = reallocarray(
			c->issuers, n == 0 ? 1 : 2 * n, sizeof(*grown));
		if (grown == NULL)
			return error_nomem(e);
		c->issuers = grown;
	}
	c->issuers[c->n_issuers++] = r->block;
	r->block = (struct config_issuer){0};
	return 0;
}

/* Called when a block has been read; the root's only one, because it goes. */
static int
take_block(cfg_t *cfg, cfg_opt_t *opt)
{
	struct config_reader *r = reading;
	const char *title = cfg_title(cfg_opt_getnsec(opt, 0));
	bool fleet = strcmp(opt->name, CONFIG_BLOCK_FLEET) == 0;
	struct error e = {0};
	unsigned line;

	(void)cfg;
	assert(r->n_blocks < r->text.n_blocks);
	line = r->text.block_lines[r->n_blocks++];
	r->block.file = r->file;
	r->block.line = line;
	r->block.url = strdup(title);
	if (r->block.url == NULL)
		error_nomem(&e);
	else if (check_block(r, fleet, &e) == 0)
		keep_block(r, &e);
	if (e.code != ERROR_NONE)
		config_complain(r->errors, e.code, r->file, line,
			"%s \"%.*s\": %s", opt->name, SHOWN_MAX, title, e.text);
	config_block_release(&r->block);
	memset(r->seen, 0, sizeof(r->seen));
	/* kept, each title would be compared with all that were before */
	return cfg_opt_rmnsec(opt, 0);
}

static int
take_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct config_reader *r = reading;
	struct config_origin here = {r->file, (unsigned)cfg->line};
	struct error e = {0};

	(void)argc; /* one: config_text_prepare sees to it */
	if (config_include(r, argv[0], here, &e) != 0)
		config_complain(r->errors, e.code, r->file, here.line,
			"%s(\"%.*s\"): %s", opt->name, SHOWN_MAX, argv[0],
			e.text);
	return 0;
}

/* --- libconfuse's errors -------------------------------------------------- */

static void take_error(cfg_t *cfg, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void
take_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const char unknown[] = "no such option '";
	char text[sizeof(unknown) + SHOWN_MAX], *name;
	struct config_reader *r = reading;
	unsigned line = (unsigned)cfg->line;

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	if (strncmp(text, unknown, strlen(unknown)) != 0) {
		config_complain(
			r->errors, ERROR_PARSE, r->file, line, "%s", text);
		return;
	}
	name = text + strlen(unknown);
	name[strcspn(name, "'")] = '\0';
	config_complain_unknown(r->errors, r->file, line, name);
}

/* --- the file ------------------------------------------------------------- */

/* All rows, as libconfuse wants them; returns how many.  Also those that do not
 * stand here: note() has better words for that, and goes on. */
static size_t
add_options(cfg_opt_t *opts)
{
	const struct config_option *o;
	cfg_flag_t flags;
	size_t i;

	for (i = 0; i < config_options_count; i++) {
		o = &config_options[i];
		flags = CFGF_NODEFAULT;
		if (o->type == CONFIG_LIST || o->type == CONFIG_PATHS)
			flags |= CFGF_LIST;
		opts[i] = (cfg_opt_t)CFG_PTR_CB(
			o->name, NULL, flags, take_value, NULL);
	}
	opts[i] = (cfg_opt_t)CFG_END();
	return i;
}

static cfg_t *
new_parser(void)
{
	cfg_opt_t block[CONFIG_OPTIONS_MAX + 1];
	cfg_opt_t top[CONFIG_OPTIONS_MAX + 4];
	const cfg_flag_t flags = CFGF_MULTI | CFGF_TITLE;
	cfg_t *cfg;
	size_t n;

	add_options(block);
	n = add_options(top);
	top[n++] = (cfg_opt_t)CFG_SEC(CONFIG_BLOCK_SINGLE, block, flags);
	top[n++] = (cfg_opt_t)CFG_SEC(CONFIG_BLOCK_FLEET, block, flags);
	top[n++] = (cfg_opt_t)CFG_FUNC(CONFIG_INCLUDE, take_include);
	top[n] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE); /* copies all of it */
	if (cfg == NULL)
		return NULL;
	cfg_set_error_function(cfg, take_error);
	cfg_set_validate_func(cfg, CONFIG_BLOCK_SINGLE, take_block);
	cfg_set_validate_func(cfg, CONFIG_BLOCK_FLEET, take_block);
	return cfg;
}

static int
parse(struct config_reader *r, const char *text, struct error *e)
{
	size_t before = r->errors->count;
	cfg_t *cfg = new_parser();
	bool silent, no_memory;
	int rc;

	if (cfg == NULL)
		return error_nomem(e);
	reading = r;
	errno = 0;
	rc = cfg_parse_buf(cfg, text);
	silent = rc != CFG_SUCCESS && r->errors->count == before;
	no_memory = silent && errno == ENOMEM;
	reading = NULL;
	r->text.line = (unsigned)cfg->line;
	/* libconfuse has freed parts of what it could not finish, and would
	 * free them again: better to lose the rest than to crash */
	if (!no_memory || rc != CFG_PARSE_ERROR)
		cfg_free(cfg);
	if (rc == CFG_SUCCESS)
		return 0;
	if (no_memory)
		return error_nomem(e);
	/* for some of its failures it has no words */
	if (silent)
		error_set(e, ERROR_PARSE, "not understood");
	return -1;
}

void
config_read(struct config_reader *r, const char *file, char *text, size_t len)
{
	struct error e = {0};
	int rc = -1;

	r->file = file;
	r->n_blocks = 0;
	r->dir = config_path_dir(file);
	if (r->dir == NULL)
		error_nomem(&e);
	else if (config_text_prepare(
			 text, len, file, &r->text, r->errors, &e) == 0)
		rc = parse(r, text, &e);
	if (e.code != ERROR_NONE)
		config_complain(
			r->errors, e.code, file, r->text.line, "%s", e.text);
	if (rc != 0)
		r->broken = true;
	config_text_release(&r->text);
	/* a block that an error has cut short */
	config_block_release(&r->block);
	memset(r->seen, 0, sizeof(r->seen));
	free(r->dir);
	r->dir = NULL;
}
