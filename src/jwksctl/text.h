/* SPDX-License-Identifier: MIT */
/*
 * Durations and moments as people write and read them, and aligned tables.
 */
#ifndef JWKSCTL_TEXT_H
#define JWKSCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* "90d", "24h", "5m", "30s", or seconds without a letter. */
int text_duration_parse(const char *text, int64_t *seconds, struct error *e)
	__attribute__((warn_unused_result));

#define TEXT_MAX 48

/* The two largest units: "3d 4h", "5m", "0s". */
void text_duration(char text[TEXT_MAX], int64_t seconds);

/* clock_format(), or "-" of a moment that has not happened. */
void text_moment(char text[TEXT_MAX], int64_t when);

/* A word as a shell takes it, in quotes where it needs them. */
#define TEXT_WORD_MAX 8192
const char *text_word(char out[TEXT_WORD_MAX], const char *word);

/* A table on standard output: rows of strings, columns as wide as their
 * widest cell.  Cells are copied. */
#define TEXT_COLUMNS 8

struct text_table {
	size_t columns;
	size_t count; /* of rows */
	size_t room;
	struct text_row *rows;
	bool failed;
};

struct text_row {
	const char *colour; /* a static escape sequence, or "" */
	char *cells[TEXT_COLUMNS];
};

/* Add a row of `columns` strings. */
void text_table_add(
	struct text_table *t, const char *colour, const char *const *cells);
/* Print it, in colour when that is wanted; and release it. */
int text_table_print(struct text_table *t, bool colour, struct error *e)
	__attribute__((warn_unused_result));

#endif
