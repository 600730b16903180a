/* SPDX-License-Identifier: MIT */
/*
 * Subcommands: one file cmd_*.c and one row of the table each.  From the table
 * come the parsing of the command line, the help, the completions and the
 * check that the manual names every one.
 */
#ifndef JWKSCTL_CMD_H
#define JWKSCTL_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "keyring/store.h"

/* What scripts may rely on. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FINDING = 1, /* the answer is no, or something was found */
	CTL_USAGE = 2,
	CTL_FAILED = 3, /* could not be done, or not be found out */
	CTL_EARLY = 4,  /* not yet: the message says from when */
	CTL_BUSY = 5,   /* another jwksctl is at work */
	CTL_STAGE = 10, /* doctor: and the number of the broken stage */
};

struct ctl_option {
	const char *name;  /* without the dashes; "o" is -o */
	const char *value; /* what stands for its value; NULL: a switch */
	bool many;         /* may be given again */
	const char *help;
};

/* How many keyring directories come first; JWKSD_KEYRING stands for one. */
enum ctl_dirs {
	CTL_NO_DIR,
	CTL_ONE_DIR,
	CTL_MANY_DIRS,
};

struct ctl;

struct ctl_cmd {
	const char *name; /* "token mint" has two words */
	const char *arguments;
	const char *summary; /* NULL: for completions, not for people */
	enum ctl_dirs dirs;
	unsigned words; /* needed after the directory */
	unsigned words_max;
	unsigned kid_states; /* bit per enum keyring_state: legal kids */
	const struct ctl_option *options; /* ended by a NULL name */
	enum ctl_exit (*run)(struct ctl *ctl);
};

extern const struct ctl_cmd ctl_cmds[];
extern const size_t ctl_cmds_count;

struct ctl_given {
	const struct ctl_option *option;
	const char *value; /* NULL of a switch */
};

/* One run of the program; strings are argv's. */
struct ctl {
	const struct ctl_cmd *cmd;
	struct keyring_clock clock;
	const char *by; /* who runs this, for the journal */
	bool colour;
	const char **dirs;
	size_t n_dirs;
	const char **words;
	size_t n_words;
	const char **block; /* what dirs and words point into */
	struct ctl_given *given;
	size_t n_given;
};

/* Fill dirs, words and given; dir stands for JWKSD_KEYRING or is NULL. */
int ctl_parse(struct ctl *ctl, int argc, char **argv, const char *dir,
	struct error *e) __attribute__((warn_unused_result));
void ctl_release(struct ctl *ctl);

/* The option's value, NULL when it was not given. */
const char *ctl_value(const struct ctl *ctl, const char *name);
bool ctl_has(const struct ctl *ctl, const char *name);
/* The i-th value of an option that may be given again, or NULL. */
const char *ctl_value_at(const struct ctl *ctl, const char *name, size_t i);
/* Is -o json given?  Any other form is an error. */
int ctl_json(const struct ctl *ctl, bool *json, struct error *e)
	__attribute__((warn_unused_result));

/* Print "jwksctl: text" and give the exit code that fits. */
enum ctl_exit ctl_fail(const struct error *e);
enum ctl_exit ctl_usage(const struct error *e, const struct ctl_cmd *cmd);

/* The program, told what time it is and who runs it. */
int ctl_main(int argc, char **argv, const struct keyring_clock *clock,
	const char *by);

enum ctl_exit cmd_init(struct ctl *ctl);
enum ctl_exit cmd_list(struct ctl *ctl);
enum ctl_exit cmd_show(struct ctl *ctl);
enum ctl_exit cmd_status(struct ctl *ctl);
enum ctl_exit cmd_plan(struct ctl *ctl);
enum ctl_exit cmd_stage(struct ctl *ctl);
enum ctl_exit cmd_activate(struct ctl *ctl);
enum ctl_exit cmd_retire(struct ctl *ctl);
enum ctl_exit cmd_revoke(struct ctl *ctl);
enum ctl_exit cmd_restore(struct ctl *ctl);
enum ctl_exit cmd_discard(struct ctl *ctl);
enum ctl_exit cmd_policy(struct ctl *ctl);
enum ctl_exit cmd_rotate(struct ctl *ctl);
enum ctl_exit cmd_apiserver_flags(struct ctl *ctl);
enum ctl_exit cmd_export(struct ctl *ctl);
enum ctl_exit cmd_lint(struct ctl *ctl);
enum ctl_exit cmd_token_mint(struct ctl *ctl);
enum ctl_exit cmd_token_verify(struct ctl *ctl);
enum ctl_exit cmd_token_decode(struct ctl *ctl);
enum ctl_exit cmd_completion(struct ctl *ctl);
enum ctl_exit cmd_kids(struct ctl *ctl);

#endif
