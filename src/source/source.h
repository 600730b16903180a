/* SPDX-License-Identifier: MIT */
/*
 * Files and directories -> the keys of an issuer.
 *
 * A path names a file (key/parse.h says in which forms), a keyring
 * (keyring.json), or a directory.  Of a directory with a keyring.json only that
 * is read; of another one, in the order of their names, the files called
 * *.pem *.pub *.crt *.cer *.der *.key *.json *.jwk *.jwks, hidden ones not.
 * Directories are not entered further.  Symbolic links are followed, so that a
 * mounted ConfigMap works.
 *
 * A keyring decides for the keys that it knows: one that it has retired or
 * revoked is left out even when another file holds it.
 *
 * A JWK Set may name, in a member "withdrawn", kids that its writer has let go
 * (jwksctl-mirror(1)): that such a key is in no file is no loss.  It is not
 * taken out of another file.
 *
 * All or nothing: one file that cannot be read or is refused makes the whole
 * set an error, because a set with a key missing is what breaks pods.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "key/key.h"
#include "keyring/keyring.h"

#define SOURCE_FILES_MAX 256   /* key files of one directory */
#define SOURCE_RELEASED_MAX 64 /* kids that one JWK Set let go */

/* What a keyring says of a key; has_state false for a key of another file. */
struct source_note {
	bool has_state;
	enum keyring_state state;
	int64_t since;    /* in that state */
	int64_t next_due; /* keyring_next_due() */
};

struct source_set {
	struct key_set keys;       /* to be published, in order */
	struct source_note *notes; /* one per key, in step with keys */
	char **withdrawn;          /* kids that a keyring retired or revoked */
	size_t n_withdrawn;
	char **released; /* kids that the writer of a JWK Set let go */
	size_t n_released;
	int64_t max_age;  /* the least that a keyring wants; -1: none does */
	int64_t modified; /* the newest file's mtime */
};

/* Read everything.  The paths' own order is kept; the same key twice is once.
 * issuer: a keyring made for another one is refused; NULL: any.  On failure
 * *out is untouched and the text names the file.  ERROR_NOTFOUND: everything
 * could be read and there is no key. */
int source_load(char *const *paths, size_t n_paths, const char *issuer,
	int64_t now, struct source_set *out, struct error *e)
	__attribute__((warn_unused_result));
void source_set_release(struct source_set *set);

/* Did a keyring take this key out? */
bool source_is_withdrawn(const struct source_set *set, const char *kid);
/* May this key be missing: did a keyring take it out, or was it let go? */
bool source_may_lack(const struct source_set *set, const char *kid);

/* A number that changes when anything that source_load would read changes:
 * names, identities, sizes, times, modes.  Reads no contents.  Never 0. */
uint64_t source_signature(char *const *paths, size_t n_paths);

#endif
