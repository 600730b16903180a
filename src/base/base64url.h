/* SPDX-License-Identifier: MIT */
/*
 * base64url without padding (RFC 4648 section 5, RFC 7515 section 2): the
 * form of every binary member of a JWK and of a kid.
 */
#ifndef BASE_BASE64URL_H
#define BASE_BASE64URL_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Characters that len bytes become, without a terminator. */
#define BASE64URL_LEN(len) (((len) / 3) * 4 + ((len) % 3 * 8 + 5) / 6)

/* Write BASE64URL_LEN(len) characters and a NUL. */
void base64url_encode(char *out, const void *bytes, size_t len);

void base64url_append(struct buf *b, const void *bytes, size_t len);

/* Decode len characters into out, which holds at least len * 3 / 4 bytes.
 * Returns the number of bytes, or -1 when a character is not of the alphabet
 * ('=' and white space are not), the length is impossible, or the unused bits
 * of the last character are not zero (RFC 4648 section 3.5). */
ssize_t base64url_decode(void *out, const char *text, size_t len);

#endif
