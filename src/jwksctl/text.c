/* SPDX-License-Identifier: MIT */
/*
 * What the commands print.  A table is collected first because its columns are
 * as wide as what is in them.
 */
#include "jwksctl/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define DAY 86400

static int64_t
unit_of(char letter)
{
	switch (letter) {
	case '\0':
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return DAY;
	default:
		return 0;
	}
}

int
text_duration_parse(const char *text, int64_t *seconds, struct error *e)
{
	int64_t unit = 0;
	long long n = 0;
	char *end;

	errno = 0;
	if (text[0] >= '0' && text[0] <= '9') {
		n = strtoll(text, &end, 10);
		if (errno == 0 && (end[0] == '\0' || end[1] == '\0'))
			unit = unit_of(end[0]);
	}
	if (unit == 0 || n > INT64_MAX / unit)
		return error_set(e, ERROR_INVALID,
			"\"%.32s\" is not a time like 90d, 24h, 5m or 30s",
			text);
	*seconds = n * unit;
	return 0;
}

void
text_duration(char text[TEXT_MAX], int64_t seconds)
{
	static const struct {
		int64_t size;
		char letter;
	} units[] = {{DAY, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i, used = 0, shown = 0;

	text[0] = '\0';
	for (i = 0; i < 4 && shown < 2; i++) {
		if (seconds < units[i].size)
			continue;
		used += (size_t)snprintf(text + used, TEXT_MAX - used,
			"%s%lld%c", shown > 0 ? " " : "",
			(long long)(seconds / units[i].size), units[i].letter);
		seconds %= units[i].size;
		shown++;
	}
	if (shown == 0)
		snprintf(text, TEXT_MAX, "0s");
}

void
text_moment(char text[TEXT_MAX], int64_t when)
{
	if (when == 0)
		snprintf(text, TEXT_MAX, "-");
	else
		clock_format(text, when);
}

const char *
text_word(char out[TEXT_WORD_MAX], const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+=:@%,";
	const char *c;
	size_t used = 0;

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
		return word;
	out[used++] = '\'';
	for (c = word; *c != '\0' && used < TEXT_WORD_MAX - 6; c++) {
		if (*c == '\'') { /* end, an escaped one, and on */
			memcpy(out + used, "'\\''", 4);
			used += 4;
		} else {
			out[used++] = *c;
		}
	}
	out[used++] = '\'';
	out[used] = '\0';
	return out;
}

void
text_table_add(
	struct text_table *t, const char *colour, const char *const *cells)
{
	struct text_row *rows, *row;
	size_t i;

	if (t->failed)
		return;
	if (t->count == t->room) {
		rows = reallocarray(t->rows, t->room + 16, sizeof(*t->rows));
		if (rows == NULL) {
			t->failed = true;
			return;
		}
		t->rows = rows;
		t->room += 16;
	}
	row = &t->rows[t->count++];
	*row = (struct text_row){.colour = colour};
	for (i = 0; i < t->columns; i++) {
		row->cells[i] = strdup(cells[i]);
		t->failed |= row->cells[i] == NULL;
	}
}

static size_t
width(const struct text_table *t, size_t column)
{
	size_t r, len, widest = 0;

	for (r = 0; r < t->count; r++) {
		len = strlen(t->rows[r].cells[column]);
		if (len > widest)
			widest = len;
	}
	return widest;
}

static void
print_row(const struct text_table *t, const struct text_row *row,
	const size_t *widths, bool colour)
{
	size_t c;

	printf("%s", colour ? row->colour : "");
	for (c = 0; c + 1 < t->columns; c++)
		printf("%-*s  ", (int)widths[c], row->cells[c]);
	printf("%s%s\n", row->cells[c], colour ? "\033[0m" : "");
}

static void
release(struct text_table *t)
{
	size_t r, c;

	for (r = 0; r < t->count; r++)
		for (c = 0; c < t->columns; c++)
			free(t->rows[r].cells[c]);
	free(t->rows);
	t->rows = NULL;
	t->count = t->room = 0;
}

int
text_table_print(struct text_table *t, bool colour, struct error *e)
{
	size_t widths[TEXT_COLUMNS], r, c;

	if (t->failed) {
		release(t);
		return error_nomem(e);
	}
	for (c = 0; c < t->columns; c++)
		widths[c] = width(t, c);
	for (r = 0; r < t->count; r++)
		print_row(t, &t->rows[r], widths, colour);
	release(t);
	return 0;
}
