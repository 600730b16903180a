/* SPDX-License-Identifier: MIT */
/*
 * From a file name to a complete struct config.  Included files are read one
 * after the other, never one inside another, and each at most once, so there
 * are no loops to look for.
 *
 * Invariant: config_free can free what has been read so far, at any moment.
 */
#include "config/config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/internal.h"

void
config_free(struct config *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_issuers; i++)
		config_block_release(&c->issuers[i]);
	for (i = 0; i < c->n_files; i++)
		free(c->files[i]);
	for (i = 0; i < config_options_count; i++)
		if (config_options[i].place == CONFIG_TOP)
			config_value_release(&config_options[i], c);
	free(c->issuers);
	free(c->files);
	free(c);
}

struct config_origin
config_origin(const struct config *c, const char *option)
{
	const struct config_option *o = config_option_find(option);

	if (o == NULL)
		return (struct config_origin){NULL, 0};
	return c->origins[o - config_options];
}

/* Was this file read before?  Says so. */
static bool
is_repeated(struct config_reader *r, size_t index)
{
	const struct config_input *in = &r->inputs[index], *before;
	size_t i;

	for (i = 0; i < index; i++) {
		before = &r->inputs[i];
		if (before->id.dev != in->id.dev ||
			before->id.ino != in->id.ino)
			continue;
		if (before->from.file == NULL)
			config_complain(r->errors, ERROR_CONFLICT,
				in->from.file, in->from.line,
				"%s is the file that everything begins with",
				config_path_shown(in->path));
		else
			config_complain(r->errors, ERROR_CONFLICT,
				in->from.file, in->from.line,
				"%s is included already, at %s:%u",
				config_path_shown(in->path),
				config_path_shown(before->from.file),
				before->from.line);
		return true;
	}
	return false;
}

static void
read_input(struct config_reader *r, size_t index)
{
	struct config_input *in = &r->inputs[index];
	struct file_bytes bytes = {0};
	struct error e = {0};

	if (file_read(AT_FDCWD, in->path, CONFIG_FILE_MAX, &bytes, &e) != 0) {
		r->broken = true;
		error_wrap(&e, "%s", config_path_shown(in->path));
		config_complain(r->errors, e.code, in->from.file, in->from.line,
			"%s", e.text);
		return;
	}
	in->id = bytes.id;
	if (!is_repeated(r, index))
		config_read(r, in->path, bytes.data, bytes.len);
	file_bytes_release(&bytes);
}

/* A configuration with nothing in it, and its first file still to be read. */
static int
begin(struct config_reader *r, const char *path, struct error *e)
{
	const struct config_origin nowhere = {NULL, 0};
	char *copy;

	r->errors->count = 0;
	r->config = calloc(1, sizeof(*r->config));
	copy = strdup(path);
	if (r->config == NULL || copy == NULL) {
		free(copy);
		return error_nomem(e);
	}
	return config_input_add(r, copy, nowhere, e);
}

/* The configuration, if nothing is wrong with it; releases what r holds. */
static struct config *
finish(struct config_reader *r, struct error *e)
{
	struct config *c = r->config;

	if (e->code == ERROR_NONE && !r->broken &&
		config_complete(CONFIG_IN_TOP, c, c->origins, e) == 0)
		config_check_all(c, r->errors);
	if (e->code != ERROR_NONE)
		config_complain(r->errors, e->code, NULL, 0, "%s", e->text);
	free(r->inputs);
	if (r->errors->count == 0)
		return c;
	config_free(c);
	return NULL;
}

struct config *
config_load(const char *path, struct config_errors *errors)
{
	struct config_reader r = {.errors = errors};
	struct error e = {0};
	size_t i;

	/* reading one may add more */
	if (begin(&r, path, &e) == 0)
		for (i = 0; i < r.n_inputs; i++)
			read_input(&r, i);
	return finish(&r, &e);
}

struct config *
config_parse(const char *bytes, size_t len, const char *name,
	struct config_errors *errors)
{
	struct config_reader r = {.errors = errors};
	char *text = malloc(len + 1);
	struct error e = {0};
	size_t i;

	if (text == NULL)
		error_nomem(&e);
	if (begin(&r, name, &e) == 0 && text != NULL) {
		if (len > 0)
			memcpy(text, bytes, len);
		text[len] = '\0';
		config_read(&r, r.inputs[0].path, text, len);
		for (i = 1; i < r.n_inputs; i++)
			read_input(&r, i);
	}
	free(text);
	return finish(&r, &e);
}
