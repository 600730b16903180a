/* SPDX-License-Identifier: MIT */
/*
 * What the modules of this room share and no other room may include.
 */
#ifndef KEY_INTERNAL_H
#define KEY_INTERNAL_H

#include "key/key.h"
#include "key/numbers.h"

/* A key of numbers that passed the rules.  alg must fit them; kid as for
 * key_new.  The caller owns the result.  NULL on failure. */
struct key *key_from_numbers(const struct key_numbers *numbers,
	enum key_alg alg, const char *kid, struct error *e)
	__attribute__((warn_unused_result));

/* What the newest entry of OpenSSL's error queue says, as "what: reason" with
 * that code (NOMEM when memory ran out); the queue is empty afterwards.  The
 * only place that reads the queue.  Returns -1. */
int key_openssl_error(struct error *e, enum error_code code, const char *what);

/* Text from a file, made fit for an error line: printable ASCII, others as
 * '?', cut at KEY_SHOWN_MAX. */
#define KEY_SHOWN_MAX 64
struct key_shown {
	char text[KEY_SHOWN_MAX + 1];
};
struct key_shown key_show(const char *text, size_t len);

#endif
