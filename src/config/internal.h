/* SPDX-License-Identifier: MIT */
/*
 * What the files of this room share and nobody else needs.
 */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/file.h"
#include "config/config.h"
#include "config/option.h"
#include "config/url.h"

/* --- text: a file's bytes, before libconfuse sees them -------------------- */

struct config_text {
	unsigned *block_lines; /* where each block's { stands, in order */
	size_t n_blocks;
	unsigned line; /* where it is wrong */
};

/* Make text fit for libconfuse, in place: text[len] is NUL.  Complains of
 * options that nobody knows, and goes on; an error is what ends the reading.
 * out is released by the caller in either case. */
int config_text_prepare(char *text, size_t len, const char *file,
	struct config_text *out, struct config_errors *errors, struct error *e)
	__attribute__((warn_unused_result));
void config_text_release(struct config_text *t);

/* --- value: an option's text -> its member -------------------------------- */

/* Read one value (of a list: one item) into its member of base, a struct
 * config or config_issuer.  dir stands before relative paths and is "" or ends
 * in a slash. */
int config_value_set(const struct config_option *o, void *base,
	const char *text, const char *dir, struct error *e)
	__attribute__((warn_unused_result));
int config_value_default(const struct config_option *o, void *base,
	struct error *e) __attribute__((warn_unused_result));
void config_value_release(const struct config_option *o, void *base);

/* dir and path joined, to be freed; a path from the root is only copied. */
char *config_path_join(const char *dir, const char *path, struct error *e)
	__attribute__((warn_unused_result));

/* --- reader: all of a configuration while it is read ---------------------- */

struct config_input {
	const char *path; /* the configuration's */
	struct file_id id;
	struct config_origin from; /* the include; file NULL: the first one */
};

struct config_reader {
	struct config *config;
	struct config_errors *errors;
	struct config_input *inputs; /* files: read, being read, to be read */
	size_t n_inputs;
	bool broken; /* a file could not be read to its end */

	/* of the file being read */
	const char *file;
	char *dir; /* with a slash at its end, or "" */
	struct config_text text;
	size_t n_blocks; /* read */

	/* of the block being read */
	struct config_issuer block;
	struct config_origin seen[CONFIG_OPTIONS_MAX];
};

/* Read a file's text, len bytes and a NUL, which is changed. */
void config_read(
	struct config_reader *r, const char *file, char *text, size_t len);

/* The places of options that stand together, as sets of config_option_place. */
#define CONFIG_IN_TOP (1U << CONFIG_TOP)
#define CONFIG_IN_SINGLE (1U << CONFIG_ISSUER | 1U << CONFIG_SINGLE)
#define CONFIG_IN_FLEET (1U << CONFIG_ISSUER | 1U << CONFIG_FLEET)

/* Give members that nothing has set their defaults.  NOTFOUND when one must be
 * set. */
int config_complete(unsigned places, void *base,
	const struct config_origin *seen, struct error *e)
	__attribute__((warn_unused_result));
void config_block_release(struct config_issuer *block);

/* --- include: what an include() names ------------------------------------- */

/* The directory of a path with its slash, "" when it has none; to be freed. */
char *config_path_dir(const char *path);

/* Add a file to those that are to be read.  It owns path from now on. */
int config_input_add(struct config_reader *r, char *path,
	struct config_origin from, struct error *e)
	__attribute__((warn_unused_result));

/* Add the file or the files that an include names. */
int config_include(struct config_reader *r, const char *name,
	struct config_origin from, struct error *e)
	__attribute__((warn_unused_result));

/* --- near: names, and what was meant by them ------------------------------ */

#define CONFIG_NAME_SHOWN 64

/* An option, a block or include, wherever it may stand. */
bool config_is_known(const char *name);
void config_complain_unknown(struct config_errors *errors, const char *file,
	unsigned line, const char *name);

/* --- check: the second pass ----------------------------------------------- */

#define CONFIG_BLOCK_SINGLE "issuer"
#define CONFIG_BLOCK_FLEET "issuers"
#define CONFIG_INCLUDE "include"

/* A path for a message: its end when it is very long. */
const char *config_path_shown(const char *path);

/* Add "FILE:LINE: ..." to the errors; without a place when file is NULL. */
void config_complain(struct config_errors *errors, enum error_code code,
	const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The rules between blocks. */
void config_check_all(const struct config *c, struct config_errors *errors);

/* The parts of a URL or pattern that config_url_parse or config_url_pattern
 * took. */
struct config_url config_url_split(const char *url);

#endif
