/* SPDX-License-Identifier: MIT */
/*
 * Which byte may stand where, after RFC 3986 and RFC 9110.
 */
#include "http/scan.h"

#define ALPHA (TOKEN | PATH | HOST | VALUE | VISIBLE)
#define NUMBER (ALPHA | DIGIT | HEX)

const uint8_t http_scan_class[256] = {
	['\t'] = VALUE,
	[' '] = VALUE,
	['!'] = TOKEN | PATH | VALUE | VISIBLE,
	['"'] = VALUE | VISIBLE,
	['#'] = TOKEN | VALUE | VISIBLE,
	['$'] = TOKEN | PATH | VALUE | VISIBLE,
	['%'] = TOKEN | VALUE | VISIBLE,
	['&'] = TOKEN | PATH | VALUE | VISIBLE,
	['\''] = TOKEN | PATH | VALUE | VISIBLE,
	['('] = PATH | VALUE | VISIBLE,
	[')'] = PATH | VALUE | VISIBLE,
	['*'] = TOKEN | PATH | VALUE | VISIBLE,
	['+'] = TOKEN | PATH | VALUE | VISIBLE,
	[','] = PATH | VALUE | VISIBLE,
	['-'] = ALPHA,
	['.'] = ALPHA,
	['/'] = PATH | VALUE | VISIBLE,
	['0' ... '9'] = NUMBER,
	[':'] = PATH | VALUE | VISIBLE,
	[';'] = PATH | VALUE | VISIBLE,
	['<'] = VALUE | VISIBLE,
	['='] = PATH | VALUE | VISIBLE,
	['>'] = VALUE | VISIBLE,
	['?'] = VALUE | VISIBLE,
	['@'] = PATH | VALUE | VISIBLE,
	['A' ... 'F'] = ALPHA | HEX,
	['G' ... 'Z'] = ALPHA,
	['['] = VALUE | VISIBLE,
	['\\'] = VALUE | VISIBLE,
	[']'] = VALUE | VISIBLE,
	['^'] = TOKEN | VALUE | VISIBLE,
	['_'] = ALPHA,
	['`'] = TOKEN | VALUE | VISIBLE,
	['a' ... 'f'] = ALPHA | HEX,
	['g' ... 'z'] = ALPHA,
	['{'] = VALUE | VISIBLE,
	['|'] = TOKEN | VALUE | VISIBLE,
	['}'] = VALUE | VISIBLE,
	['~'] = ALPHA,
	[0x80 ... 0xff] = VALUE,
};
