/* SPDX-License-Identifier: MIT */
/*
 * The keys of one cluster as its API servers show them, kept in a file for
 * jwksd: the union of what all servers show, and of what they have shown.
 *
 * A key that no server shows any longer is missing, and stays: it may be a
 * server that is down that has it, or a mistake, and tokens that it signed are
 * still around.  It goes when every server was asked, none shows it, their
 * clocks agree with ours, and either it has been missing for a given time or
 * somebody said that it may.
 *
 * The file is a JWK Set, with the bytes of kube-apiserver's as long as nothing
 * is missing; what has to outlive a restart are further members, which readers
 * of a JWK Set ignore (RFC 7517 section 5):
 *
 *   missing     [{"kid", "since"}]  no server shows these keys
 *   withdrawn   [{"kid", "when"}]   these were let go, newest last
 *
 * Pure, but for kube_mirror_update().
 */
#ifndef KUBE_MIRROR_H
#define KUBE_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/key.h"
#include "kube/reply.h"

#define KUBE_MIRROR_KEYS_MAX (2 * KEY_SET_MAX)
#define KUBE_WITHDRAWN_MAX 32
#define KUBE_SKEW_MAX 300 /* seconds that a server's clock may be from ours */

struct kube_withdrawn {
	char kid[KEY_KID_MAX + 1];
	int64_t when;
};

struct kube_mirror {
	struct key_set keys;
	int64_t missing[KUBE_MIRROR_KEYS_MAX]; /* since when; 0: it is not */
	struct kube_withdrawn withdrawn[KUBE_WITHDRAWN_MAX];
	size_t n_withdrawn;
};

void kube_mirror_release(struct kube_mirror *m);

/* Bytes of the file, behind which is a NUL.  *out is untouched on failure. */
int kube_mirror_parse(const char *text, size_t len, struct kube_mirror *out,
	struct error *e) __attribute__((warn_unused_result));
void kube_mirror_render(const struct kube_mirror *m, struct buf *out);

/* Of all servers, once. */
struct kube_round {
	const struct kube_reply *replies; /* good or not */
	size_t count;
	int64_t now;
	int64_t keep; /* seconds for which missing keys stay; -1: for ever */
	const char *const *accepted; /* kids that may go at once */
	size_t n_accepted;
};

/* What a round makes of a mirror, in *next.  CONFLICT: a kid is that of two
 * keys, or an accepted one cannot go yet; NOTFOUND: it is not there. */
int kube_mirror_next(const struct kube_mirror *old,
	const struct kube_round *round, struct kube_mirror *next,
	struct error *e) __attribute__((warn_unused_result));

enum kube_change {
	KUBE_ADDED,
	KUBE_MISSING,  /* from now on */
	KUBE_RETURNED, /* was missing */
	KUBE_DROPPED,
};
typedef void (*kube_change_fn)(
	void *arg, enum kube_change change, const char *kid);

/* Tell what became of the keys. */
void kube_mirror_compare(const struct kube_mirror *old,
	const struct kube_mirror *next, kube_change_fn tell, void *arg);

struct kube_summary {
	size_t keys;
	size_t missing;
	bool written;
};

/* One round on a file, which need not be there: read, decide, replace it if
 * that makes a difference, tell what became of the keys.  Mirrors of the same
 * directory take turns.  On failure the file is as it was.  NOTFOUND: no server
 * answered and there is no file.  The text names the file. */
int kube_mirror_update(const char *path, const struct kube_round *round,
	kube_change_fn tell, void *arg, struct kube_summary *out,
	struct error *e) __attribute__((warn_unused_result));

#endif
