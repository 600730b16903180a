/* SPDX-License-Identifier: MIT */
/*
 * Private keys, which only jwksctl handles.  The bytes of one are read into
 * and written from memory that is wiped, never into an error or a log, and
 * files of them are created with mode 0600.
 */
#ifndef KEYRING_PRIVATE_H
#define KEYRING_PRIVATE_H

#include <stdbool.h>

#include "base/error.h"
#include "key/key.h"

struct keyring_private; /* one owner */

#define KEYRING_PRIVATE_MAX (64 * 1024) /* bytes read of a file */

/* alg: RS256 with bits, or ES256, ES384, ES512. */
struct keyring_private *keyring_private_new(enum key_alg alg, unsigned bits,
	struct error *e) __attribute__((warn_unused_result));
void keyring_private_free(struct keyring_private *p);

/* The first private key in a PEM file: PKCS#1, PKCS#8 or SEC1, not encrypted,
 * which is what kube-apiserver reads.  NOTFOUND: there is none. */
struct keyring_private *keyring_private_load(int dirfd, const char *path,
	struct error *e) __attribute__((warn_unused_result));

/* Replace the file, mode 0600, as PEM that kube-apiserver reads. */
int keyring_private_save(const struct keyring_private *p, int dirfd,
	const char *name, struct error *e) __attribute__((warn_unused_result));

/* Its public half, with the checks of key_new(). */
struct key *keyring_private_public(const struct keyring_private *p,
	struct error *e) __attribute__((warn_unused_result));

#endif
