/* SPDX-License-Identifier: MIT */
/*
 * Key sets that commands look at: a keyring's published keys, or the JWKS of
 * a file or an https URL.
 */
#ifndef JWKSCTL_JWKS_H
#define JWKSCTL_JWKS_H

#include "key/key.h"
#include "keyring/keyring.h"

/* Is it a URL, and not a file's name? */
bool jwks_is_url(const char *from);

/* Bytes of a file or what a URL answers with 200; to be freed. */
char *jwks_read(const char *from, size_t *len, struct error *e)
	__attribute__((warn_unused_result));

/* Append to set. */
int jwks_load(const char *from, struct key_set *set, struct error *e)
	__attribute__((warn_unused_result));

/* Copies of the keys that the keyring publishes, in its order. */
int jwks_of(const struct keyring *ring, int64_t now, struct key_set *set,
	struct error *e) __attribute__((warn_unused_result));

#endif
