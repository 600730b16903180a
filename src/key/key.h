/* SPDX-License-Identifier: MIT */
/*
 * A public key that may sign service-account tokens, and sets of them.
 *
 * Nothing here can hold a private part: bytes that contain one are recognised
 * by their structure, refused with ERROR_DENIED, and never parsed as a key.
 * Accepted are RSA of 2048 to 16384 bits and P-256, P-384, P-521: what AWS IAM
 * takes and kube-apiserver signs with.  An RSA exponent is odd, at least 65537
 * and below 2^31, and its modulus is none that is known to be weak (small
 * factors, ROCA, close primes).
 *
 * A struct key is immutable and has one owner, its set.
 */
#ifndef KEY_KEY_H
#define KEY_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define KEY_SET_MAX 100 /* AWS IAM: keys of one type in a JWKS */
#define KEY_KID_MAX 255 /* bytes of a kid that a JWKS brought along */

enum key_type {
	KEY_RSA,
	KEY_EC,
};

/* RFC 7518 section 3.1.  A key from PEM or DER gets what kube-apiserver gives:
 * RS256 for RSA, the curve's for EC.  A JWKS may say RS384 or RS512. */
enum key_alg {
	KEY_RS256,
	KEY_RS384,
	KEY_RS512,
	KEY_ES256,
	KEY_ES384,
	KEY_ES512,
};

struct key {
	enum key_type type;
	enum key_alg alg;
	unsigned bits;   /* modulus, or the curve's field: 521 for P-521 */
	const char *kid; /* valid UTF-8, not empty */
	const unsigned char *spki; /* DER SubjectPublicKeyInfo: the identity */
	size_t spki_len;
	const char *jwk; /* the key as kube-apiserver prints it in a JWKS:
			  * {"use":"sig","kty":"RSA","kid":...} */
	size_t jwk_len;
};

const char *key_type_name(enum key_type type); /* "RSA", "EC" */
const char *key_alg_name(enum key_alg alg);    /* "RS256" */

/* Make a key of DER SubjectPublicKeyInfo, with every check of this room.
 * kid NULL: Kubernetes' kid, base64url(SHA-256(spki)) without padding
 * (kubernetes pkg/serviceaccount/jwt.go, keyIDFromPublicKey).  The caller
 * owns the result.  NULL on failure. */
struct key *key_new(const unsigned char *spki, size_t len, const char *kid,
	struct error *e) __attribute__((warn_unused_result));
/* The caller owns the copy.  NULL when out of memory. */
struct key *key_copy(const struct key *key, struct error *e)
	__attribute__((warn_unused_result));
void key_free(struct key *key);
/* Have both the same public key, whatever their kid and alg? */
bool key_same(const struct key *a, const struct key *b);

/* Keys in the order in which they were added: kube-apiserver's order is that
 * of its flags, then that of each file. */
struct key_set {
	struct key **keys;
	size_t count;
};

#define KEY_SET_INIT    \
	{               \
		NULL, 0 \
	}

void key_set_release(struct key_set *set);

/* Add a key and own it from then on, also when this fails.  The same key
 * again (same kid, same spki, same alg) is dropped silently.  CONFLICT: the
 * kid is there with another key, or the same key with another kid or alg.
 * LIMIT: more than KEY_SET_MAX of its type. */
int key_set_add(struct key_set *set, struct key *take, struct error *e)
	__attribute__((warn_unused_result));

/* Move all keys of from, in order, with the rules of key_set_add.  from is
 * empty afterwards; on failure set holds what it held before. */
int key_set_merge(struct key_set *set, struct key_set *from, struct error *e)
	__attribute__((warn_unused_result));

/* The key by that kid, borrowed, or NULL. */
const struct key *key_set_find(const struct key_set *set, const char *kid);

#endif
