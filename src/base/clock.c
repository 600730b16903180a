/* SPDX-License-Identifier: MIT */
/*
 * timegm() and gmtime_r() do the calendar; the parser is exact because a
 * keyring whose times are read loosely rotates at the wrong moment.
 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_0 (-62167219200LL)  /* 0000-01-01T00:00:00Z */
#define YEAR_9999 253402300799LL /* 9999-12-31T23:59:59Z */

int64_t
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_format(char text[CLOCK_TEXT_LEN + 1], int64_t when)
{
	struct tm tm;
	time_t t;

	if (when < YEAR_0)
		when = YEAR_0;
	if (when > YEAR_9999)
		when = YEAR_9999;
	t = (time_t)when;
	gmtime_r(&t, &tm);
	snprintf(text, CLOCK_TEXT_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		(unsigned)(tm.tm_year + 1900) % 10000,
		(unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100,
		(unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		(unsigned)tm.tm_sec % 100);
}

/* Exactly n digits at text. */
static int
digits(const char *text, int n, int *value)
{
	int i;

	*value = 0;
	for (i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		*value = *value * 10 + (text[i] - '0');
	}
	return 0;
}

int
clock_parse(const char *text, int64_t *when)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	char again[CLOCK_TEXT_LEN + 1];
	struct tm tm;
	int64_t t;
	size_t i;

	if (strlen(text) != CLOCK_TEXT_LEN)
		return -1;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] != '0' && text[i] != form[i])
			return -1;
	memset(&tm, 0, sizeof(tm));
	if (digits(text, 4, &tm.tm_year) != 0 ||
		digits(text + 5, 2, &tm.tm_mon) != 0 ||
		digits(text + 8, 2, &tm.tm_mday) != 0 ||
		digits(text + 11, 2, &tm.tm_hour) != 0 ||
		digits(text + 14, 2, &tm.tm_min) != 0 ||
		digits(text + 17, 2, &tm.tm_sec) != 0)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = timegm(&tm);
	/* timegm carries 30 February over into March: the way back tells */
	clock_format(again, t);
	if (strcmp(again, text) != 0)
		return -1;
	*when = t;
	return 0;
}
