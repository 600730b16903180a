/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a key file -> public keys.  The form is told by the bytes, never by
 * the file's name:
 *
 *   PEM     any number of blocks, text around and between them, LF or CRLF.
 *           As in kube-apiserver (client-go util/keyutil) the label is not
 *           believed: a block's DER is tried as SubjectPublicKeyInfo, X.509
 *           certificate, PKCS#1 RSAPublicKey.  Unlike there, a block that is
 *           none of these is an error, not skipped, so that no key vanishes
 *           silently; blocks that never hold a key (EC PARAMETERS, X509 CRL,
 *           DH PARAMETERS) are passed over.
 *   DER     one SubjectPublicKeyInfo, certificate or RSAPublicKey
 *   JSON    a JWK Set (RFC 7517 section 5) or one JWK.  kid is kept as it is;
 *           without one, or with an empty one, it is Kubernetes' kid.
 *           Members other than kty use key_ops kid alg n e crv x y are
 *           dropped.  Duplicate members, names with escapes, depth over 32
 *           and keys that are not for verifying signatures are refused.
 *
 * Refused with ERROR_DENIED, wherever in the bytes it stands and whatever
 * its label says: a private key (PKCS#1, PKCS#8, encrypted PKCS#8, SEC1,
 * OpenSSH, PKCS#12, a JWK with d p q dp dq qi oth k, kty oct).  A file with
 * one good block and one refused block gives nothing.
 */
#ifndef KEY_PARSE_H
#define KEY_PARSE_H

#include "key/key.h"

#define KEY_FILE_MAX (1024 * 1024) /* bytes read of one file */

/* Append the keys of the bytes to set.  bytes[len] must be readable and NUL.
 * On failure set is as before and the text says which block or member is
 * wrong ("block 2: ...", "keys[1]: ..."), for the caller to wrap with the
 * path.  No key at all: ERROR_NOTFOUND. */
int key_parse(const char *bytes, size_t len, struct key_set *set,
	struct error *e) __attribute__((warn_unused_result));

#endif
