/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store share.  Nothing outside of this room.
 */
#ifndef KEYRING_INTERNAL_H
#define KEYRING_INTERNAL_H

#include <stdbool.h>

#include "keyring/keyring.h"
#include "keyring/store.h"

#define PRIVATE_DIR "private"
#define API_DIR "apiserver"
#define LOCK_FILE "lock"
#define CLOCK_FILE "clock"
#define JOURNAL_FILE "journal"
#define BUNDLE_FILE "sa.pub"
#define SIGNING_FILE "sa.key"

struct keyring_store {
	char *dir;
	int fd;
	int lock_fd; /* -1 when open for reading, as are the next */
	int private_fd;
	int api_fd;
};

/* "KID.pem"; the kid of a key in the store is a file name (keyring_check). */
#define PRIVATE_NAME_MAX 64
void keyring_private_name(char name[PRIVATE_NAME_MAX], const char *kid);
/* The other way: the kid of a private file's name, or false. */
bool keyring_private_kid(const char *name, char kid[PRIVATE_NAME_MAX]);

/* Bring the journal up to the keyring's generation. */
int keyring_journal_heal(
	int dirfd, const struct keyring *ring, struct error *e);

#endif
