/* SPDX-License-Identifier: MIT */
/*
 * HTTP dates (RFC 9110 section 5.6.7): written as IMF-fixdate, read in all
 * three forms.
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_DATE_LEN 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

void http_date_format(char text[HTTP_DATE_LEN + 1], int64_t when);

/* 0, or -1 when it is no date.  now decides the century of the RFC 850 form. */
int http_date_parse(const char *text, size_t len, int64_t now, int64_t *when);

#endif
