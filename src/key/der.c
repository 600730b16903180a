/* SPDX-License-Identifier: MIT */
/*
 * Telling forms apart by the tags at the start of the outer SEQUENCE works
 * because no two forms share them:
 *
 *   INTEGER of one byte    a version: every private form, and only those
 *     then INTEGER           PKCS#1 (RFC 8017 A.1.2), or OpenSSL's old DSA
 *     then OCTET STRING      SEC 1 C.4
 *     then SEQUENCE          PKCS#8 (RFC 5958); version 3: PKCS#12 (RFC 7292)
 *   longer INTEGER         the modulus of an RSAPublicKey
 *   SEQUENCE
 *     then BIT STRING        SubjectPublicKeyInfo
 *     then OCTET STRING      EncryptedPrivateKeyInfo (RFC 5958 section 3)
 *     then SEQUENCE          Certificate
 *
 * Invariant: what is not told to be one of the public forms is never used.
 */
#include "key/der.h"

#include <string.h>

#define PKCS12_VERSION 3

/* Sizes of the header and of the content at the start of in. */
static bool
header(const struct key_der *in, size_t *head, size_t *content)
{
	size_t octets, i, len = 0;

	if (in->len < 2)
		return false;
	if (in->p[1] < 0x80) {
		*head = 2;
		*content = in->p[1];
		return true;
	}
	octets = in->p[1] & 0x7f;
	if (octets == 0 || octets > 4 || in->len - 2 < octets)
		return false;
	for (i = 0; i < octets; i++)
		len = len << 8 | in->p[2 + i];
	*head = 2 + octets;
	*content = len;
	return true;
}

bool
key_der_next(const struct key_der *in, unsigned char tag)
{
	return in->len > 0 && in->p[0] == tag;
}

bool
key_der_take(struct key_der *in, unsigned char tag, struct key_der *content)
{
	size_t head, len;

	if (!key_der_next(in, tag) || !header(in, &head, &len) ||
		len > in->len - head)
		return false;
	content->p = in->p + head;
	content->len = len;
	in->p += head + len;
	in->len -= head + len;
	return true;
}

void
key_der_append(
	struct buf *out, unsigned char tag, const void *content, size_t len)
{
	unsigned char octets[sizeof(len)];
	size_t n = 0, left;

	buf_putc(out, (char)tag);
	if (len < 0x80) {
		buf_putc(out, (char)len);
	} else {
		for (left = len; left > 0; left >>= 8)
			octets[sizeof(octets) - ++n] = (unsigned char)left;
		buf_putc(out, (char)(0x80 | n));
		buf_append(out, octets + sizeof(octets) - n, n);
	}
	buf_append(out, content, len);
}

/* Step into the outer SEQUENCE, as far as it is there: its length may be cut
 * short, or indefinite as PKCS#12 files of some tools have it. */
static bool
enter(struct key_der *in)
{
	size_t head = 2, len;

	if (!key_der_next(in, KEY_DER_SEQUENCE) || in->len < 2)
		return false;
	if (in->p[1] != 0x80 && !header(in, &head, &len))
		return false;
	in->p += head;
	in->len -= head;
	return true;
}

static enum key_form
tell_versioned(unsigned char version, const struct key_der *rest)
{
	if (key_der_next(rest, KEY_DER_INTEGER))
		return KEY_FORM_PKCS1;
	if (key_der_next(rest, KEY_DER_OCTET_STRING))
		return KEY_FORM_SEC1;
	if (key_der_next(rest, KEY_DER_SEQUENCE))
		return version == PKCS12_VERSION ? KEY_FORM_PKCS12
						 : KEY_FORM_PKCS8;
	return KEY_FORM_UNKNOWN;
}

enum key_form
key_form_tell(const unsigned char *bytes, size_t len)
{
	static const char openssh[] = "openssh-key-v1";
	struct key_der in = {bytes, len}, first;

	if (len >= sizeof(openssh) &&
		memcmp(bytes, openssh, sizeof(openssh)) == 0)
		return KEY_FORM_OPENSSH;
	if (!enter(&in))
		return KEY_FORM_UNKNOWN;
	if (key_der_take(&in, KEY_DER_INTEGER, &first)) {
		if (first.len == 1)
			return tell_versioned(first.p[0], &in);
		return key_der_next(&in, KEY_DER_INTEGER) ? KEY_FORM_RSA_PUBLIC
							  : KEY_FORM_UNKNOWN;
	}
	if (!key_der_take(&in, KEY_DER_SEQUENCE, &first))
		return KEY_FORM_UNKNOWN;
	if (key_der_next(&in, KEY_DER_BIT_STRING))
		return KEY_FORM_SPKI;
	if (key_der_next(&in, KEY_DER_OCTET_STRING))
		return KEY_FORM_PKCS8_ENCRYPTED;
	if (key_der_next(&in, KEY_DER_SEQUENCE))
		return KEY_FORM_CERTIFICATE;
	return KEY_FORM_UNKNOWN;
}

bool
key_form_private(enum key_form form)
{
	return form >= KEY_FORM_PKCS1;
}

const char *
key_form_name(enum key_form form)
{
	switch (form) {
	case KEY_FORM_UNKNOWN:
		return "unknown";
	case KEY_FORM_SPKI:
		return "SubjectPublicKeyInfo";
	case KEY_FORM_CERTIFICATE:
		return "X.509";
	case KEY_FORM_RSA_PUBLIC:
		return "RSAPublicKey";
	case KEY_FORM_PKCS1:
		return "PKCS#1";
	case KEY_FORM_SEC1:
		return "SEC 1";
	case KEY_FORM_PKCS8:
		return "PKCS#8";
	case KEY_FORM_PKCS8_ENCRYPTED:
		return "encrypted PKCS#8";
	case KEY_FORM_PKCS12:
		return "PKCS#12";
	case KEY_FORM_OPENSSH:
		return "OpenSSH";
	}
	return "unknown";
}
