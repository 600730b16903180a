/* SPDX-License-Identifier: MIT */
/*
 * A struct admin_view as a running daemon would fill it, for the tests of the
 * room admin.  Everything in it belongs to the sample; tests change what they
 * are about.  Out of memory ends the test program.
 */
#ifndef T_LIB_ADMIN_SAMPLE_H
#define T_LIB_ADMIN_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "admin/view.h"
#include "base/buf.h"

/* All that is awkward in HTML, JSON, labels or a line of text. */
#define SAMPLE_HOSTILE "<script>'\"&\\\n[-]x \x1b[31m\xff\xe2\x80</style>"

#define SAMPLE_NOW INT64_C(1795500000) /* 2026-11-24T06:00:00Z */
#define SAMPLE_HOUR 3600
#define SAMPLE_DAY 86400
#define SAMPLE_WORKERS 2

struct admin_sample {
	struct admin_view view;
	struct oidc_issuer **issuers;
	struct admin_worker workers[SAMPLE_WORKERS];
	struct oidc_tally *tally;
	struct event_base *base;
};

/* With n fresh issuers https://oidc.example.com/c000000, ..., of two keys. */
struct admin_sample *admin_sample_new(size_t n);
void admin_sample_free(struct admin_sample *s);

/* Give an issuer another health, and the counts of the view with it. */
void admin_sample_health(struct admin_sample *s, size_t nth,
	enum oidc_health health, const char *problem);

/* Replace the keys of an issuer by count unmanaged ES256 ones. */
void admin_sample_keys(struct admin_sample *s, size_t nth,
	const char *const *kids, size_t count);

/* Put a key of a keyring in the place of key k. */
void admin_sample_state(struct admin_sample *s, size_t nth, size_t k,
	enum keyring_state state, int64_t since, int64_t next_due);

void admin_sample_event(
	struct admin_sample *s, int64_t when, bool good, const char *text);
void admin_sample_fetch(struct admin_sample *s, int64_t when,
	enum oidc_kind kind, const char *issuer, const char *agent,
	const char *peer);

#endif
