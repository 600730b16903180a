/* SPDX-License-Identifier: MIT */
/*
 * The roster: which issuers a configuration asks for, by URL, fleets read out
 * into their members.  A plain list, made for one look and thrown away.
 */
#ifndef JWKSD_ROSTER_H
#define JWKSD_ROSTER_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

struct roster_entry {
	char *url; /* owned */
	const struct config_issuer *conf;
};

struct roster {
	struct roster_entry *list; /* sorted by url, each once */
	size_t count;
	size_t cap;
};

#define ROSTER_INIT        \
	{                  \
		NULL, 0, 0 \
	}

void roster_release(struct roster *r);

/* Add an issuer, or every subdirectory of a fleet's directory whose name may
 * stand in a URL; other names are left out and counted in *skipped.  On
 * failure (the directory cannot be read) r is to be released. */
int roster_add(struct roster *r, const struct config_issuer *conf,
	size_t *skipped, struct error *e) __attribute__((warn_unused_result));

/* Add an issuer by its URL, as a member of that fleet. */
int roster_add_member(struct roster *r, const char *url,
	const struct config_issuer *fleet, struct error *e)
	__attribute__((warn_unused_result));

/* Sort; of entries with the same URL an issuer block's goes before a fleet's,
 * and the earlier one's before the later one's. */
void roster_finish(struct roster *r);

/* The entry of that URL, of a finished roster, or NULL. */
const struct roster_entry *roster_find(const struct roster *r, const char *url);

#endif
