/* SPDX-License-Identifier: MIT */
/*
 * A keyring's directory.
 *
 *   keyring.json       public; replacing it is the commit         0644
 *   private/KID.pem    in a directory of mode 0700                0600
 *   apiserver/sa.pub   what API servers must accept: a bundle     0644
 *   apiserver/sa.key   what API servers sign with                 0600
 *   journal            a JSON line for each generation            0644
 *   clock              the last clock that was believed           0644
 *   lock               flock(2)ed by whoever changes anything     0600
 *
 * Order of a change: lock; heal what an earlier run left; private key; commit;
 * heal.  Healing makes everything but keyring.json and the private keys that
 * it names follow from it, so a crash at any point costs nothing but the step
 * itself, and the next run ends what was begun.  Where that was late, waits
 * that began with the commit begin again (keyring_store_in_place).
 *
 * One owner, one thread.  Errors name the file.  A file that cannot be read is
 * an error and never an empty one.
 */
#ifndef KEYRING_STORE_H
#define KEYRING_STORE_H

#include <stdbool.h>

#include "keyring/keyring.h"

struct keyring_store;

/* Moments as a program reads them, for noticing a clock that jumped. */
struct keyring_clock {
	int64_t now;    /* wall clock */
	int64_t uptime; /* seconds, of the boot below */
	char boot[64];  /* which boot of the machine */
};

/* Open for reading: nothing is locked or written. */
struct keyring_store *keyring_store_open(const char *dir, struct error *e)
	__attribute__((warn_unused_result));
/* Open for changing.  When another process has it, *busy is true. */
struct keyring_store *keyring_store_lock(const char *dir, bool *busy,
	struct error *e) __attribute__((warn_unused_result));
/* Make what is missing of the directory first.  CONFLICT: it has a keyring. */
struct keyring_store *keyring_store_create(const char *dir, bool *busy,
	struct error *e) __attribute__((warn_unused_result));
void keyring_store_close(struct keyring_store *s);

const char *keyring_store_dir(const struct keyring_store *s);
/* Descriptors, borrowed: of the directory. */
int keyring_store_fd(const struct keyring_store *s);

/* The committed keyring.  NOTFOUND: there is none. */
struct keyring *keyring_store_load(const struct keyring_store *s,
	struct error *e) __attribute__((warn_unused_result));

/* Does the clock agree with an earlier reading that was believed?  A jump of
 * more than tolerance seconds within one boot, or one back, is CONFLICT. */
int keyring_clock_check(const struct keyring_clock *then,
	const struct keyring_clock *clock, int64_t tolerance, struct error *e)
	__attribute__((warn_unused_result));
/* The same with the reading that the store has; fine when it has none. */
int keyring_store_clock_check(const struct keyring_store *s,
	const struct keyring_clock *clock, int64_t tolerance, struct error *e)
	__attribute__((warn_unused_result));
int keyring_store_clock_save(const struct keyring_store *s,
	const struct keyring_clock *clock, struct error *e)
	__attribute__((warn_unused_result));

/* A new key's private half on disk, its public half returned.  One that an
 * earlier run made and could not commit is taken instead, when it is of the
 * policy's kind: it may be in a backup or on an API server already. */
struct key *keyring_store_make_key(const struct keyring_store *s,
	const struct keyring *ring, struct error *e)
	__attribute__((warn_unused_result));

/* The public half of a private key's file outside. */
struct key *keyring_store_look_at(const char *path, struct error *e)
	__attribute__((warn_unused_result));
/* The same, and copy the private key. */
struct key *keyring_store_adopt_key(const struct keyring_store *s,
	const char *path, struct error *e) __attribute__((warn_unused_result));

/* Is the private half there, whole, and of this key? */
int keyring_store_private_check(
	const struct keyring_store *s, const struct key *key, struct error *e)
	__attribute__((warn_unused_result));

/* Make this generation the committed one.  Durable when it returns 0. */
int keyring_store_commit(const struct keyring_store *s,
	const struct keyring *ring, struct error *e)
	__attribute__((warn_unused_result));

/* Do the API servers find the keys that they must accept and the one that they
 * sign with?  If not, an earlier run died before it had written them. */
int keyring_store_in_place(const struct keyring_store *s,
	const struct keyring *ring, int64_t now, bool *in_place,
	struct error *e) __attribute__((warn_unused_result));

/* Bring the journal up to this generation; before a new one is committed. */
int keyring_store_heal_journal(const struct keyring_store *s,
	const struct keyring *ring, struct error *e)
	__attribute__((warn_unused_result));

/* Make the derived files follow from the keyring, sweep what an interrupted
 * run left, erase private keys that are not to be kept.  Changes nothing that
 * is right already. */
int keyring_store_heal(const struct keyring_store *s,
	const struct keyring *ring, int64_t now, struct error *e)
	__attribute__((warn_unused_result));
/* And the signing key's file.  It is apart because it fails when the
 * private key is lost, and then another one must still be possible to stage. */
int keyring_store_heal_signing(const struct keyring_store *s,
	const struct keyring *ring, int64_t now, struct error *e)
	__attribute__((warn_unused_result));

#endif
