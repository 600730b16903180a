/* SPDX-License-Identifier: MIT */
/*
 * jwksd.conf -> struct config, or errors with file:line.
 *
 * Pure: reads the file and what it includes, nothing else; paths in it are not
 * opened.  Relative paths in the file are relative to the file's directory.
 * Not for two threads at once: libconfuse's scanner is one for the process.
 * The options, with type, default, range, unit and documentation, are one
 * table (config/option.h) that the manual and its test are checked against.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "config/option.h"

/* One issuer "URL" { } or issuers "PATTERN" { } block. */
struct config_issuer {
	char *url;   /* the pattern, with its star, of a fleet */
	char **keys; /* paths of files and directories, in order; n_keys */
	size_t n_keys;
	char *directory;  /* of a fleet; NULL for an issuer */
	unsigned max_age; /* seconds, for Cache-Control */
	char *jwks_content_type;
	const char *file; /* where the block stands: for messages */
	unsigned line;
};

/* Where something stands; file is the configuration's. */
struct config_origin {
	const char *file; /* NULL: nowhere, it is the default */
	unsigned line;
};

struct config {
	char **listen;
	size_t n_listen;
	char **proxies; /* addresses that speak for others, or "none" */
	size_t n_proxies;
	char **tls_certificates; /* files; n_tls_certificates */
	size_t n_tls_certificates;
	char **tls_keys; /* theirs, in step; n_tls_keys */
	size_t n_tls_keys;
	char *admin;       /* address, or "" for none */
	bool admin_public; /* the admin address may be reachable from outside */
	unsigned workers;  /* 0: one a processor */
	char *state;       /* directory of the last good sets; "" for none */
	char *access_log;  /* "" off, "-" standard error, or a file */
	unsigned access_log_sample; /* write one of so many */
	enum log_level log_level;
	char *log_format;        /* "logfmt" or "json" */
	unsigned header_timeout; /* seconds, as are the next */
	unsigned idle_timeout;
	unsigned write_timeout;
	unsigned drain_timeout; /* after SIGTERM */
	unsigned max_connections;
	unsigned max_connections_per_address;
	bool sandbox;    /* confine the process once it serves */
	unsigned rescan; /* seconds between looks at everything watched */
	struct config_issuer *issuers; /* in the order of the file */
	size_t n_issuers;
	char **files;   /* this file, all it includes, and the directories of */
	size_t n_files; /* include patterns: what is to be watched */
	struct config_origin origins[CONFIG_OPTIONS_MAX]; /* by table row */
};

#define CONFIG_FILE_MAX (8 * 1024 * 1024) /* bytes of one file */
#define CONFIG_FILES_MAX 1000
#define CONFIG_ERRORS_MAX 10

/* All that is wrong, up to a number, so that one run shows it. */
struct config_errors {
	struct error list[CONFIG_ERRORS_MAX];
	size_t count; /* of all; the list holds the first ones */
};

/* NULL when anything is wrong; errors->list[i].text is
 * "FILE:LINE: what is wrong and what to do". */
struct config *config_load(const char *path, struct config_errors *errors)
	__attribute__((warn_unused_result));

/* The same from bytes, for tests and fuzzing; name stands for the file. */
struct config *config_parse(const char *bytes, size_t len, const char *name,
	struct config_errors *errors) __attribute__((warn_unused_result));

void config_free(struct config *c);

/* Where an option outside of blocks was set, for messages about its value. */
struct config_origin config_origin(const struct config *c, const char *option);

#endif
