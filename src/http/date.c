/* SPDX-License-Identifier: MIT */
/*
 * Written by hand because strftime and strptime follow the locale, which HTTP
 * does not.  A date that does not exist is no date: a condition made of it is
 * then ignored, which costs a full answer and never a wrong one.
 */
#include "http/date.h"

#include <string.h>
#include <time.h>

static const char DAYS[7][4] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const LONG_DAYS[7] = {"Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday"};
static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define SECONDS_PER_DAY 86400
#define YEAR_9999_END INT64_C(253402300799)

static char *
put_number(char *p, int value, int digits)
{
	int i;

	for (i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + digits;
}

void
http_date_format(char text[HTTP_DATE_LEN + 1], int64_t when)
{
	struct tm tm;
	time_t t;
	char *p = text;

	/* beyond these the form has no room */
	if (when < 0)
		when = 0;
	if (when > YEAR_9999_END)
		when = YEAR_9999_END;
	t = (time_t)when;
	gmtime_r(&t, &tm);
	memcpy(p, DAYS[tm.tm_wday], 3);
	memcpy(p + 3, ", ", 2);
	p = put_number(p + 5, tm.tm_mday, 2);
	*p++ = ' ';
	memcpy(p, MONTHS[tm.tm_mon], 3);
	p[3] = ' ';
	p = put_number(p + 4, tm.tm_year + 1900, 4);
	*p++ = ' ';
	p = put_number(p, tm.tm_hour, 2);
	*p++ = ':';
	p = put_number(p, tm.tm_min, 2);
	*p++ = ':';
	p = put_number(p, tm.tm_sec, 2);
	memcpy(p, " GMT", 5);
}

/* What is left to read; p is NULL once something did not fit. */
struct cursor {
	const char *p;
	const char *end;
};

static void
expect(struct cursor *c, const char *literal)
{
	size_t len = strlen(literal);

	if (c->p == NULL)
		return;
	if ((size_t)(c->end - c->p) < len || memcmp(c->p, literal, len) != 0)
		c->p = NULL;
	else
		c->p += len;
}

static int
take_number(struct cursor *c, int digits)
{
	int value = 0;
	int i;

	if (c->p == NULL || c->end - c->p < digits) {
		c->p = NULL;
		return 0;
	}
	for (i = 0; i < digits; i++) {
		if (c->p[i] < '0' || c->p[i] > '9') {
			c->p = NULL;
			return 0;
		}
		value = value * 10 + (c->p[i] - '0');
	}
	c->p += digits;
	return value;
}

/* 0 to 11. */
static int
take_month(struct cursor *c)
{
	int i;

	for (i = 0; c->p != NULL && c->end - c->p >= 3 && i < 12; i++) {
		if (memcmp(c->p, MONTHS[i], 3) == 0) {
			c->p += 3;
			return i;
		}
	}
	c->p = NULL;
	return 0;
}

static void
take_time(struct cursor *c, struct tm *tm)
{
	tm->tm_hour = take_number(c, 2);
	expect(c, ":");
	tm->tm_min = take_number(c, 2);
	expect(c, ":");
	tm->tm_sec = take_number(c, 2);
}

/* Nov  6 08:49:37 1994, after the name of the day */
static void
take_asctime(struct cursor *c, struct tm *tm)
{
	tm->tm_mon = take_month(c);
	expect(c, " ");
	if (c->p != NULL && c->p < c->end && *c->p == ' ') {
		c->p++;
		tm->tm_mday = take_number(c, 1);
	} else {
		tm->tm_mday = take_number(c, 2);
	}
	expect(c, " ");
	take_time(c, tm);
	expect(c, " ");
	tm->tm_year = take_number(c, 4) - 1900;
}

/* 06-Nov-94 08:49:37 GMT.  A year that would be more than 50 years ahead is
 * the last one with these digits (RFC 9110 section 5.6.7). */
static void
take_rfc850(struct cursor *c, int64_t now, struct tm *tm)
{
	time_t t = (time_t)now;
	struct tm today;
	int year;

	gmtime_r(&t, &today);
	tm->tm_mday = take_number(c, 2);
	expect(c, "-");
	tm->tm_mon = take_month(c);
	expect(c, "-");
	year = take_number(c, 2) + (today.tm_year + 1900) / 100 * 100 - 1900;
	if (year > today.tm_year + 50)
		year -= 100;
	tm->tm_year = year;
	expect(c, " ");
	take_time(c, tm);
	expect(c, " GMT");
}

static void
take_imf_fixdate(struct cursor *c, struct tm *tm)
{
	tm->tm_mday = take_number(c, 2);
	expect(c, " ");
	tm->tm_mon = take_month(c);
	expect(c, " ");
	tm->tm_year = take_number(c, 4) - 1900;
	expect(c, " ");
	take_time(c, tm);
	expect(c, " GMT");
}

/* Which of the seven names this begins with, long or short: its index and how
 * long the name was; -1 when none. */
static int
day_name(const char *text, size_t len, size_t *name_len)
{
	size_t long_len;
	int i;

	for (i = 0; i < 7; i++) {
		long_len = strlen(LONG_DAYS[i]);
		if (len > long_len && memcmp(text, LONG_DAYS[i], long_len) == 0)
			*name_len = long_len;
		else if (len > 3 && memcmp(text, DAYS[i], 3) == 0)
			*name_len = 3;
		else
			continue;
		return i;
	}
	return -1;
}

/* timegm() makes 2 March of 30 February; a moment that exists comes back. */
static int
to_moment(const struct tm *tm, int64_t *when)
{
	struct tm copy = *tm;
	time_t t = timegm(&copy);

	/* 60 is a leap second, which the grammar allows */
	if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
		return -1;
	if (tm->tm_sec < 60 &&
		(copy.tm_mday != tm->tm_mday || copy.tm_mon != tm->tm_mon))
		return -1;
	if (tm->tm_mday < 1 || tm->tm_mday > 31)
		return -1;
	*when = (int64_t)t;
	return 0;
}

int
http_date_parse(const char *text, size_t len, int64_t now, int64_t *when)
{
	struct cursor c = {text, text + len};
	struct tm tm = {0};
	size_t name_len;

	/* the name is read, but need not be that date's */
	if (day_name(text, len, &name_len) < 0)
		return -1;
	c.p += name_len;
	if (name_len == 3 && *c.p == ' ') {
		c.p++;
		take_asctime(&c, &tm);
	} else if (name_len == 3) {
		expect(&c, ", ");
		take_imf_fixdate(&c, &tm);
	} else {
		expect(&c, ", ");
		take_rfc850(&c, now, &tm);
	}
	if (c.p == NULL || c.p != c.end)
		return -1;
	return to_moment(&tm, when);
}
