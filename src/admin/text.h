/* SPDX-License-Identifier: MIT */
/*
 * Small pieces of text that the pages are made of.  Whatever comes from
 * outside (agents, problems, kids, issuers) goes through one of these, so that
 * it can neither leave its place nor forge a line.
 */
#ifndef ADMIN_TEXT_H
#define ADMIN_TEXT_H

#include <stdint.h>

#include "base/buf.h"

/* As HTML text or in a quoted attribute; control bytes become U+FFFD. */
void admin_html(struct buf *b, const char *text);

/* The same as text, with places after its slashes where a line may break. */
void admin_html_url(struct buf *b, const char *url);

/* On one line of plain text: what is not printable ASCII becomes \xNN. */
void admin_line(struct buf *b, const char *text);

/* As a value in the query of a URL (RFC 3986 section 2.3 stays). */
void admin_url_value(struct buf *b, const char *text);

/* A length of time in its two largest units: "3 d 4 h", "12 min". */
#define ADMIN_DURATION_MAX 64
void admin_duration(char text[ADMIN_DURATION_MAX], int64_t seconds);

/* <time>2026-11-23 20:51</time>, which is UTC; 0 gives "never". */
void admin_html_time(struct buf *b, int64_t when);

/* The same, then how long before or after now it is. */
void admin_html_moment(struct buf *b, int64_t when, int64_t now);

/* 100000 with its thousands apart. */
void admin_html_count(struct buf *b, uint64_t n);

/* Bytes in the unit that fits: "12.3 MiB". */
void admin_html_bytes(struct buf *b, uint64_t n);

#endif
