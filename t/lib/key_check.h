/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the room key say again and again.  cmocka assertions; the
 * line they name is the helper's, so the words say what was tried.
 */
#ifndef T_LIB_KEY_CHECK_H
#define T_LIB_KEY_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "key/parse.h"
#include "key_make.h"

/* The bytes give exactly these JWKs, joined with commas. */
void key_check_gives(
	const char *what, const char *bytes, size_t len, const char *jwks);

/* The bytes are refused with that code and a line that holds word, and a set
 * that held a key before holds it still, and only it. */
void key_check_refused(const char *what, const char *bytes, size_t len,
	enum error_code code, const char *word);

#endif
