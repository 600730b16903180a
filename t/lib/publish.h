/* SPDX-License-Identifier: MIT */
/*
 * A publisher in this process, in the test's scratch directory, with what it
 * published and told written down.  Nothing happens unless it is asked to.
 */
#ifndef T_LIB_PUBLISH_H
#define T_LIB_PUBLISH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "jwksd/publisher.h"
#include "sample_key.h"
#include "sample_ring.h"
#include "scratch.h"

struct publish {
	struct publisher *p;
	struct config *config; /* in force */
	int64_t now;
	uint64_t generation; /* of the catalog that was handed out last */
	unsigned catalogs;   /* handed out */
	struct buf told;     /* "LEVEL ISSUER: TEXT" lines, "-" for no issuer */
};

/* For cmocka_unit_test_setup_teardown; *state is a struct publish.  With
 * watches and records; state files go to the directory state. */
int publish_setup(void **state);
int publish_teardown(void **state);

/* Free the publisher and make a new one, as a restart does. */
void publish_restart(struct publish *x, bool watch);

/* Take over a configuration of these blocks. */
int publish_try(struct publish *x, const char *blocks, struct error *e);
void publish_configure(struct publish *x, const char *blocks);

/* Do what the watches ask for. */
void publish_work(struct publish *x);
/* Do what a reload asks for besides its configuration. */
void publish_work_all(struct publish *x);

/* The JWKS that is served for an issuer, valid until the next call; NULL: none
 * is.  Fails when only one of the documents is. */
const char *publish_jwks(const struct publish *x, const char *url);
const struct http_response *publish_response(
	const struct publish *x, const char *url, enum oidc_kind kind);

/* Exactly these sample keys are served, and the issuer is in that health. */
void publish_assert(const struct publish *x, const char *url,
	enum oidc_health health, unsigned first, unsigned count);
void publish_assert_absent(const struct publish *x, const char *url);

/* This was told so often since the last publish_forget. */
unsigned publish_told(const struct publish *x, const char *text);
void publish_forget(struct publish *x);

#define PUBLISH_TEST(test) \
	cmocka_unit_test_setup_teardown(test, publish_setup, publish_teardown)

#endif
