/* SPDX-License-Identifier: MIT */
/*
 * PEM text (RFC 7468) -> blocks.  Everything between blocks is text and is
 * passed over.  A scan borrows the text; a decoded block is the caller's, who
 * gives it to key_pem_free: it may be a private key, so it is wiped.
 */
#ifndef KEY_PEM_H
#define KEY_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct key_pem {
	const char *text;
	size_t len;
	size_t at;      /* where to go on */
	unsigned count; /* of blocks so far */
};

struct key_pem_block {
	const char *label; /* "PUBLIC KEY", not terminated */
	size_t label_len;
	const char *body;
	size_t body_len;
};

/* Does any line begin a block? */
bool key_pem_present(const char *text, size_t len);

/* DENIED when a label anywhere in the bytes, whatever they are and whether or
 * not it stands at the start of a line, announces a private key. */
int key_pem_refuse_private(const char *text, size_t len, struct error *e)
	__attribute__((warn_unused_result));

/* The next block.  1 when there is one, 0 at the end, -1 when one is begun
 * and not ended. */
int key_pem_next(struct key_pem *scan, struct key_pem_block *block,
	struct error *e) __attribute__((warn_unused_result));

bool key_pem_label_is(const struct key_pem_block *block, const char *label);

/* The DER in a block, or NULL when it is not base64. */
unsigned char *key_pem_decode(const struct key_pem_block *block, size_t *len,
	struct error *e) __attribute__((warn_unused_result));
void key_pem_free(unsigned char *der, size_t len);

#endif
