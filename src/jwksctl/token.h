/* SPDX-License-Identifier: MIT */
/*
 * Reading a token for `jwksctl token`: from a file, or "-" for standard input.
 */
#ifndef JWKSCTL_TOKEN_H
#define JWKSCTL_TOKEN_H

#include "base/file.h"

/* The token's text without white space around it; file_bytes_release() wipes
 * it. */
int token_read(const char *path, struct file_bytes *out, struct error *e)
	__attribute__((warn_unused_result));

#endif
