/* SPDX-License-Identifier: MIT */
/*
 * A JWK Set or one JWK (RFC 7517) -> keys.  See key/parse.h for what is taken
 * and what is refused.
 */
#ifndef KEY_JWK_H
#define KEY_JWK_H

#include <stddef.h>

#include "base/error.h"
#include "key/key.h"

#define KEY_JSON_DEPTH_MAX 32

/* Append the keys of the text, behind which is a NUL, to set; on failure some
 * may have been. */
int key_jwk_parse(const char *text, size_t len, struct key_set *set,
	struct error *e) __attribute__((warn_unused_result));

#endif
