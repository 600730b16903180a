/* SPDX-License-Identifier: MIT */
/*
 * Numbers do not count when two texts are compared: "timed out after 5001
 * milliseconds" is the same failure as after 5002.
 */
#include "jwksctl/trouble.h"

#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"

static bool
same_words(const char *a, const char *b)
{
	size_t n;

	for (;;) {
		a += strspn(a, DIGITS);
		b += strspn(b, DIGITS);
		n = strcspn(a, DIGITS);
		if (n != strcspn(b, DIGITS) || memcmp(a, b, n) != 0)
			return false;
		if (n == 0)
			return true;
		a += n;
		b += n;
	}
}

bool
trouble_note(struct trouble *t, const struct error *e)
{
	if (t->count == 0 || !same_words(t->text, e->text)) {
		snprintf(t->text, sizeof(t->text), "%s", e->text);
		if (t->count == 0)
			t->told_again = 10;
		t->count++;
		return true;
	}
	t->count++;
	if (t->count < t->told_again)
		return false;
	t->told_again *= 10;
	return true;
}

unsigned long
trouble_end(struct trouble *t)
{
	unsigned long count = t->count;

	*t = (struct trouble){0};
	return count;
}
