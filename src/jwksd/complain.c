/* SPDX-License-Identifier: MIT */
/*
 * Before the log is open, and for commands that a person waits for.
 */
#include "jwksd/complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
complain(const char *fmt, ...)
{
	va_list ap;

	fputs("jwksd: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
complain_at(const struct config_issuer *block, const struct error *e)
{
	complain("%s:%u: %s", block->file, block->line, e->text);
}

struct config *
complain_load(const char *path)
{
	struct config_errors *errors;
	struct config *config;
	size_t i;

	errors = calloc(1, sizeof(*errors));
	if (errors == NULL) {
		complain("out of memory");
		return NULL;
	}
	config = config_load(path, errors);
	for (i = 0; config == NULL && i < errors->count; i++) {
		if (i == CONFIG_ERRORS_MAX) {
			complain("%s: and %zu more", path, errors->count - i);
			break;
		}
		complain("%s", errors->list[i].text);
	}
	free(errors);
	return config;
}
