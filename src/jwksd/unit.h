/* SPDX-License-Identifier: MIT */
/*
 * A unit: one issuer with what the publisher needs to look after it.
 * Reading its sources makes a struct unit_load; whether that is then published
 * is the publisher's to do.  Main thread only.
 */
#ifndef JWKSD_UNIT_H
#define JWKSD_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "oidc/issuer.h"

struct unit {
	struct oidc_issuer issuer;
	const struct config_issuer *conf; /* of the configuration in force */
	uint64_t signature;               /* of the sources, when last read */
	uint64_t
		record_signature; /* of the record, when last read or written */
	bool force;       /* to be read though nothing looks different */
	bool unsaved;     /* its record is to be written */
	bool save_failed; /* the record says less than we know: try again */
	char url[];
};

/* Where and when a unit is read. */
struct unit_context {
	const char *command; /* "jwksd", with -c FILE where that is needed */
	int record_dir;      /* descriptor of the state directory, or -1 */
	int64_t now;
};

/* What reading gave. */
struct unit_load {
	enum oidc_health health; /* what the issuer would be with this */
	struct oidc_documents *documents; /* NULL: as before */
	struct oidc_key *keys;            /* NULL: as before */
	uint32_t n_keys;
	unsigned max_age;
	int64_t changed; /* when this content was first published */
	bool recorded;   /* the record on disk says the same */
	uint64_t signature;
	uint64_t record_signature;
	struct error problem; /* why it is held or absent */
	struct error warning; /* a damaged record */
};

struct unit *unit_new(const char *url, uint32_t slot,
	const struct config_issuer *conf, struct error *e)
	__attribute__((warn_unused_result));
void unit_free(struct unit *u);     /* not the issuer's documents */
void unit_free_all(struct unit *u); /* them too: nobody looks them up */

/* The paths of its sources.  A fleet's member has one, which is put together
 * in room; the pointers live as long as room and the configuration. */
#define UNIT_PATH_MAX 4096
struct unit_paths {
	char *const *list;
	size_t count;
	char *one[1];
	char room[UNIT_PATH_MAX];
};
int unit_paths(const struct unit *u, struct unit_paths *out, struct error *e)
	__attribute__((warn_unused_result));

/* Do the sources, or the record of a held issuer, look different from when
 * they were last read? */
bool unit_changed(const struct unit *u, const struct unit_context *c);

/* Read.  Never fails: what is wrong is in load->problem, and health says what
 * there is to serve all the same. */
void unit_read(const struct unit *u, const struct unit_context *c,
	struct unit_load *load);
void unit_load_release(struct unit_load *load);

/* Write the record of what is published. */
int unit_save(struct unit *u, const struct unit_context *c, struct error *e)
	__attribute__((warn_unused_result));

#endif
