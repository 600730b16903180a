/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the request parser share: where it stands, and the scanner.
 * What is behind the end of the input (HTTP_SLACK) is looked at in passing and
 * never decides anything.
 *
 *     request.c   the whole, the method and the version
 *     target.c    the request target and Host
 *     field.c     field lines and what they mean
 */
#ifndef HTTP_SCAN_H
#define HTTP_SCAN_H

#include <endian.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/request.h"

/* Classes of bytes. */
enum {
	TOKEN = 1, /* RFC 9110 section 5.6.2 */
	PATH = 2,  /* pchar without %XX, and '/' (RFC 3986 section 3.3) */
	HOST = 4,  /* what we take of reg-name */
	VALUE = 8, /* field-vchar, obs-text, SP and HTAB */
	DIGIT = 16,
	HEX = 32,
	VISIBLE = 64, /* VCHAR */
};

extern const uint8_t http_scan_class[256];

struct scan {
	const char *p;     /* the next byte */
	const char *end;   /* of what is there, or of what is allowed */
	bool limited;      /* end is what is allowed */
	unsigned too_long; /* the status when that is not enough */
	unsigned status;   /* of the refusal */
	struct http_request *req;
	bool absolute; /* the target named the host */
	bool connect;
	bool host; /* fields that were seen */
	bool content_length;
	bool transfer_encoding;
	bool close;
	bool keep_alive;
};

static inline bool
is(char c, unsigned class)
{
	return (http_scan_class[(unsigned char)c] & class) != 0;
}

/* The scanner looks at a block at a time and gets a mark for each byte that it
 * must look at itself.  It may look behind the end, into the slack. */
#if defined(__SSE2__) && !defined(HTTP_SCAN_PORTABLE)

#define BLOCK 16
typedef uint32_t marks; /* a bit for each byte */

static inline __m128i
load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline unsigned
first(marks m)
{
	return (unsigned)__builtin_ctz(m);
}

static inline __m128i
between(__m128i bytes, char from, char to)
{
	return _mm_and_si128(
		_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(from - 1))),
		_mm_cmplt_epi8(bytes, _mm_set1_epi8((char)(to + 1))));
}

/* Bytes that are no letter and not from..to. */
static inline marks
mark_others(const char *p, char from, char to)
{
	__m128i w = load(p);
	__m128i lower = _mm_or_si128(w, _mm_set1_epi8(0x20));
	__m128i common =
		_mm_or_si128(between(lower, 'a', 'z'), between(w, from, to));

	return (marks)_mm_movemask_epi8(common) ^ 0xffff;
}

/* Bytes below 0x20 and 0x7f. */
static inline marks
mark_controls(const char *p)
{
	__m128i w = load(p);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(w, _mm_set1_epi8(0x1f)), w);
	__m128i del = _mm_cmpeq_epi8(w, _mm_set1_epi8(0x7f));

	return (marks)_mm_movemask_epi8(_mm_or_si128(low, del));
}

#else

#define BLOCK 8
typedef uint64_t marks; /* the high bit of each byte; the first one is right */

#define BYTES(b) (UINT64_C(0x0101010101010101) * (uint8_t)(b))
#define HIGH_BITS BYTES(0x80)

/* Eight bytes, the first one lowest. */
static inline uint64_t
load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

static inline unsigned
first(marks m)
{
	return (unsigned)__builtin_ctzll(m) / 8;
}

/* Bytes that are no letter and not from..to.  A carry can only come from a byte
 * above 0x7f, which is marked, and spoil what is above it. */
static inline marks
mark_others(const char *p, char from, char to)
{
	uint64_t w = load(p);
	uint64_t lower = w | BYTES(0x20);
	uint64_t letters =
		(lower + BYTES(0x80 - 'a')) & ~(lower + BYTES(0x7f - 'z'));
	uint64_t range = (w + BYTES(0x80 - from)) & ~(w + BYTES(0x7f - to));

	return (~(letters | range) | w) & HIGH_BITS;
}

/* Bytes below 0x20 and 0x7f.  A borrow can only come from a byte that is
 * marked, and spoil what is above it. */
static inline marks
mark_controls(const char *p)
{
	uint64_t w = load(p);
	uint64_t del = w ^ BYTES(0x7f);

	return (((w - BYTES(0x20)) & ~w) | ((del - BYTES(1)) & ~del)) &
	       HIGH_BITS;
}

#endif

/* The first byte that is not of the class, or end.  What the class is mostly
 * used for, letters and from..to, is passed over in blocks. */
static inline const char *
skip(const char *p, const char *end, unsigned class, char from, char to)
{
	marks m;

	while (p < end) {
		m = mark_others(p, from, to);
		if (m == 0) {
			p += BLOCK;
			continue;
		}
		p += first(m);
		if (!is(*p, class))
			break;
		p++;
	}
	return p < end ? p : end;
}

static inline const char *
skip_token(const char *p, const char *end)
{
	return skip(p, end, TOKEN, '-', '-');
}

static inline const char *
skip_value(const char *p, const char *end)
{
	marks m;

	while (p < end) {
		m = mark_controls(p);
		if (m == 0) {
			p += BLOCK;
			continue;
		}
		p += first(m);
		if (*p != '\t')
			break;
		p++;
	}
	return p < end ? p : end;
}

static inline enum http_parse
bad(struct scan *s, unsigned status)
{
	s->status = status;
	return HTTP_PARSE_BAD;
}

/* The bytes ran out before the element did. */
static inline enum http_parse
out_of_bytes(struct scan *s)
{
	return s->limited ? bad(s, s->too_long) : HTTP_PARSE_MORE;
}

static inline struct http_span
span(const char *p, const char *end)
{
	struct http_span s = {p, (uint32_t)(end - p)};

	return s;
}

/* Whether the text is this word, of the same length, in any case.  Setting bit
 * 5 makes lower case of a letter; what else it would make a letter, a digit,
 * '-' or '/' of is a control byte, which never gets here. */
static inline bool
word_is(const char *p, const char *lower, size_t len)
{
	uint32_t a;
	uint32_t b;

	for (; len >= 4; len -= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, lower, 4);
		if ((a | 0x20202020) != b)
			return false;
		p += 4;
		lower += 4;
	}
	for (; len > 0; len--) {
		if ((*p++ | 0x20) != *lower++)
			return false;
	}
	return true;
}

#define LEN(literal) (sizeof(literal) - 1)
#define WORD_IS(p, len, literal) \
	((len) == LEN(literal) && word_is(p, literal, LEN(literal)))

/* target.c: the target and the space behind it. */
enum http_parse http_scan_target(struct scan *s);

/* uri-host [ ":" port ], the whole of p to end; neither empty, userinfo nor
 * anything else. */
bool http_scan_authority(
	const char *p, const char *end, struct http_span *host, bool *has_port);

/* field.c: all field lines and the empty line. */
enum http_parse http_scan_fields(struct scan *s);

#endif
