/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's EVP_EncodeBlock pads and uses the other alphabet, and its decoder
 * is lenient; keys want the strict form, so the two loops stand here.
 */
#include "base/base64url.h"

#include <stdint.h>
#include <limits.h>

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64url_encode(char *out, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint32_t bits = 0;
	unsigned held = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		bits = bits << 8 | p[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			*out++ = alphabet[bits >> held & 63];
		}
	}
	if (held > 0)
		*out++ = alphabet[bits << (6 - held) & 63];
	*out = '\0';
}

void
base64url_append(struct buf *b, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	char piece[BASE64URL_LEN(48) + 1];
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < 48 ? len : 48;
		base64url_encode(piece, p, n);
		buf_append(b, piece, BASE64URL_LEN(n));
	}
}

static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return -1;
}

ssize_t
base64url_decode(void *out, const char *text, size_t len)
{
	unsigned char *o = out;
	uint32_t bits = 0;
	unsigned held = 0;
	size_t i;
	int v;

	if (len % 4 == 1 || len > SSIZE_MAX)
		return -1;
	for (i = 0; i < len; i++) {
		v = value(text[i]);
		if (v < 0)
			return -1;
		bits = bits << 6 | (uint32_t)v;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*o++ = (unsigned char)(bits >> held);
			bits &= (1U << held) - 1;
		}
	}
	if (bits != 0)
		return -1;
	return o - (unsigned char *)out;
}
