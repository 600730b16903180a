/* SPDX-License-Identifier: MIT */
/*
 * A scanner of our own, because OpenSSL's PEM reader believes the label, skips
 * over what it does not like and asks the terminal for passwords.  Invariant:
 * from the first block on, a line that begins with five dashes is understood or
 * is an error, so that no key vanishes without a word.
 */
#include "key/pem.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/base64url.h"
#include "key/internal.h"

#define DASHES "-----"
#define BEGIN "-----BEGIN "
#define END "-----END "
#define LABEL_MAX 128 /* so that no line is gone over again and again */

/* First place at or after from where word stands, or NULL. */
static const char *
find(const char *text, size_t len, size_t from, const char *word)
{
	return memmem(text + from, len - from, word, strlen(word));
}

static bool
starts_line(const char *text, const char *p)
{
	return p == text || p[-1] == '\n';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Only blanks stand before p on its line. */
static bool
is_indented(const char *text, const char *p)
{
	const char *q = p;

	while (!starts_line(text, q) && is_blank(q[-1]))
		q--;
	return q != p && starts_line(text, q);
}

/* Bytes as far as the end of the line. */
static size_t
line_length(const char *text, size_t len)
{
	const char *p = memchr(text, '\n', len);

	return p == NULL ? len : (size_t)(p - text);
}

/* Bytes as far as the dashes behind a label, or the end of the line. */
static size_t
label_length(const char *text, size_t len)
{
	size_t line = line_length(text, len < LABEL_MAX ? len : LABEL_MAX);
	const char *p = find(text, line, 0, DASHES);

	return p == NULL ? line : (size_t)(p - text);
}

static unsigned
line_number(const char *text, const char *p)
{
	unsigned line = 1;

	for (; text < p; text++)
		line += *text == '\n';
	return line;
}

bool
key_pem_present(const char *text, size_t len)
{
	const char *p = find(text, len, 0, BEGIN);

	while (p != NULL && !starts_line(text, p) && !is_indented(text, p))
		p = find(text, len, (size_t)(p - text) + 1, BEGIN);
	return p != NULL;
}

int
key_pem_refuse_private(const char *text, size_t len, struct error *e)
{
	static const char word[] = "PRIVATE KEY";
	const char *p = find(text, len, 0, BEGIN), *label;
	size_t label_len;

	while (p != NULL) {
		label = p + strlen(BEGIN);
		label_len = label_length(label, (size_t)(text + len - label));
		if (find(label, label_len, 0, word) != NULL)
			return error_set(e, ERROR_DENIED,
				"line %u: this is a private key (%s); only the "
				"public key belongs here: openssl pkey -in "
				"FILE -pubout",
				line_number(text, p),
				key_show(label, label_len).text);
		p = find(text, len, (size_t)(label - text), BEGIN);
	}
	return 0;
}

/* Set *label to what follows the next BEGIN.  1, 0 at the end, -1. */
static int
find_label(const struct key_pem *scan, size_t *label, struct error *e)
{
	const char *text = scan->text;
	const char *p = find(text, scan->len, scan->at, BEGIN);

	while (p != NULL && !starts_line(text, p)) {
		if (is_indented(text, p))
			return error_set(e, ERROR_PARSE,
				"line %u: a PEM block must begin at the start "
				"of its line",
				line_number(text, p));
		p = find(text, scan->len, (size_t)(p - text) + 1, BEGIN);
	}
	if (p == NULL)
		return 0;
	*label = (size_t)(p - text) + strlen(BEGIN);
	return 1;
}

/* Is the line at this place five dashes and blanks? */
static bool
closes_line(const struct key_pem *scan, size_t at)
{
	const char *line = scan->text + at;
	size_t len = line_length(line, scan->len - at);

	while (len > 0 && is_blank(line[len - 1]))
		len--;
	return len == strlen(DASHES) && memcmp(line, DASHES, len) == 0;
}

/* Is this place the END line of that label? */
static bool
is_end(const struct key_pem *scan, size_t at, const struct key_pem_block *block)
{
	const char *p = scan->text + at;

	return starts_line(scan->text, p) &&
	       scan->len - at > strlen(END) + block->label_len &&
	       memcmp(p, END, strlen(END)) == 0 &&
	       memcmp(p + strlen(END), block->label, block->label_len) == 0 &&
	       closes_line(scan, at + strlen(END) + block->label_len);
}

int
key_pem_next(struct key_pem *scan, struct key_pem_block *block, struct error *e)
{
	const char *end;
	size_t at = 0;
	int found = find_label(scan, &at, e);

	if (found != 1)
		return found;
	scan->count++;
	block->label = scan->text + at;
	block->label_len = label_length(block->label, scan->len - at);
	at += block->label_len;
	if (!closes_line(scan, at))
		return error_set(e, ERROR_PARSE,
			"block %u: its BEGIN line does not end in -----",
			scan->count);
	at += line_length(scan->text + at, scan->len - at);
	end = find(scan->text, scan->len, at, DASHES);
	if (end == NULL)
		return error_set(e, ERROR_PARSE,
			"block %u has no END line: the file is cut short",
			scan->count);
	block->body = scan->text + at;
	block->body_len = (size_t)(end - block->body);
	at = (size_t)(end - scan->text);
	if (!is_end(scan, at, block))
		return error_set(e, ERROR_PARSE,
			"block %u does not end with -----END %s-----",
			scan->count,
			key_show(block->label, block->label_len).text);
	scan->at = at + strlen(END) + block->label_len;
	return 1;
}

bool
key_pem_label_is(const struct key_pem_block *block, const char *label)
{
	return block->label_len == strlen(label) &&
	       memcmp(block->label, label, block->label_len) == 0;
}

/* Copy base64 as base64url without blanks and padding.  The length, or -1
 * when the padding is wrong; other faults are left to base64url_decode. */
static ssize_t
squeeze(char *out, const char *text, size_t len)
{
	size_t i, n = 0, padding = 0;

	for (i = 0; i < len; i++) {
		if (is_blank(text[i]))
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		if (padding > 0)
			return -1;
		if (text[i] == '+')
			out[n++] = '-';
		else if (text[i] == '/')
			out[n++] = '_';
		else if (text[i] == '-' || text[i] == '_')
			return -1;
		else
			out[n++] = text[i];
	}
	return padding > 2 || (n + padding) % 4 != 0 ? -1 : (ssize_t)n;
}

unsigned char *
key_pem_decode(const struct key_pem_block *block, size_t *len, struct error *e)
{
	size_t size = block->body_len + 1;
	char *plain = malloc(size);
	unsigned char *der = malloc(size);
	ssize_t n = -1;

	if (find(block->body, block->body_len, 0, "Proc-Type:") != NULL) {
		error_set(e, ERROR_DENIED,
			"this is a private key (encrypted); only the public "
			"key belongs here: openssl pkey -in FILE -pubout");
		goto out;
	}
	if (plain == NULL || der == NULL) {
		error_nomem(e);
		goto out;
	}
	n = squeeze(plain, block->body, block->body_len);
	if (n >= 0)
		n = base64url_decode(der, plain, (size_t)n);
	if (n < 0)
		error_set(e, ERROR_PARSE, "not base64, or cut short");
out:
	key_pem_free((unsigned char *)plain, size);
	if (n < 0) {
		key_pem_free(der, size);
		return NULL;
	}
	*len = (size_t)n;
	return der;
}

void
key_pem_free(unsigned char *der, size_t len)
{
	if (der != NULL)
		OPENSSL_cleanse(der, len);
	free(der);
}
