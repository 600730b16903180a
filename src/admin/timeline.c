/* SPDX-License-Identifier: MIT */
/*
 * A rotation drawn to scale.  One row a key: solid for the time that it has
 * been in its state, faint for the time it must still wait, and a diamond at
 * the moment from which its next step is safe.
 *
 * Places are percentages and heights are pixels, so the drawing fits a phone
 * and a wall without its text being scaled.  Invariant: a place is between 0
 * and PLACES whatever the moments are.
 */
#include "admin/page.h"

#include <stdio.h>

#include "admin/text.h"
#include "base/clock.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define PLACES 10000 /* hundredths of a percent */
#define TOP 18       /* pixels, as are the next */
#define ROW 40
#define BAR 9
#define BOTTOM 22
#define TICKS 5                   /* as many as fit 320 pixels */
#define MOMENT_MAX 253402300799LL /* the end of the year 9999 */

struct window {
	int64_t from, to, now;
};

static int64_t
bound(int64_t t, int64_t low, int64_t high)
{
	if (t < low)
		return low;
	return t > high ? high : t;
}

/*
 * From shortly before the last change to shortly after the last moment that
 * is waited for.  What began earlier runs in from the edge: to scale with a
 * key that has signed for a year, a day of waiting could not be seen.
 */
static bool
window_read(const struct oidc_issuer *issuer, int64_t now, struct window *w)
{
	int64_t since, first = now, last = 0, end = now, span;
	bool any = false;
	uint32_t i;

	for (i = 0; i < issuer->n_keys; i++) {
		if (!issuer->keys[i].has_state)
			continue;
		any = true;
		since = bound(issuer->keys[i].since, 0, now);
		if (since < first)
			first = since;
		if (since > last)
			last = since;
		if (issuer->keys[i].next_due > end)
			end = bound(issuer->keys[i].next_due, 0, MOMENT_MAX);
	}
	span = end - last < DAY ? DAY : end - last;
	w->from = bound(first, last - span / 4, last - span / 8);
	w->to = end + span / 8;
	w->now = now;
	return any;
}

static int
place(const struct window *w, int64_t t)
{
	return (int)((bound(t, w->from, w->to) - w->from) * PLACES /
		     (w->to - w->from));
}

/* name="12.34%" */
static void
put_place(struct buf *b, const char *name, int at)
{
	buf_printf(b, " %s=\"%d.%02d%%\"", name, at / 100, at % 100);
}

/* "24 Nov", or "24 Nov 08:00" */
static void
short_moment(char text[16], int64_t t, bool with_time)
{
	static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	char full[CLOCK_TEXT_LEN + 1];
	int month;

	clock_format(full, t);
	month = (full[5] - '0') * 10 + full[6] - '0';
	snprintf(text, 16, "%.2s %s%s%.5s", full + 8, names[(month - 1) % 12],
		with_time ? " " : "", with_time ? full + 11 : "");
}

static void
put_tick(struct buf *b, const struct window *w, int64_t t, int64_t step, int y)
{
	char text[16], full[CLOCK_TEXT_LEN + 1];
	int at = place(w, t);

	if (step >= 180 * DAY) {
		clock_format(full, t);
		snprintf(text, sizeof(text), "%.7s", full);
	} else if (step < DAY && t % DAY != 0) {
		clock_format(full, t);
		snprintf(text, sizeof(text), "%.5s", full + 11);
	} else {
		short_moment(text, t, false);
	}
	buf_puts(b, "<line class=\"tick\"");
	put_place(b, "x1", at);
	put_place(b, "x2", at);
	buf_printf(b, " y1=\"%d\" y2=\"%d\"/>", TOP, y);
	/* not where its half would be cut off */
	if (at < PLACES / 14 || at > PLACES - PLACES / 14)
		return;
	buf_puts(b, "<text class=\"mid\"");
	put_place(b, "x", at);
	buf_printf(b, " y=\"%d\">%s</text>", y + 14, text);
}

static void
put_ticks(struct buf *b, const struct window *w, int y)
{
	static const int64_t steps[] = {HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
		DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY,
		365 * DAY};
	const size_t count = sizeof(steps) / sizeof(steps[0]);
	int64_t step, t;
	size_t i = 0;

	while (i + 1 < count && (w->to - w->from) / steps[i] >= TICKS)
		i++;
	step = steps[i];
	while ((w->to - w->from) / step >= TICKS)
		step *= 2;
	for (t = w->from - w->from % step + step; t < w->to; t += step)
		put_tick(b, w, t, step, y);
}

static void
put_bar(struct buf *b, const char *css, const char *more, int from, int to,
	int y)
{
	if (to <= from)
		return;
	buf_printf(b, "<rect class=\"%s%s\"", css, more);
	put_place(b, "x", from);
	put_place(b, "width", to - from);
	buf_printf(b, " y=\"%d\" height=\"%d\"/>", y, BAR);
}

#define SHORT_KID 8

/* The first characters of a kid, never half of one. */
static void
put_short_kid(struct buf *b, const char *kid)
{
	char text[SHORT_KID + 1];
	size_t n;

	snprintf(text, sizeof(text), "%s", kid);
	for (n = 0; n < SHORT_KID && kid[n] != '\0'; n++)
		;
	while (n > 0 && kid[n] != '\0' && ((unsigned char)kid[n] >> 6) == 2)
		n--;
	text[n] = '\0';
	admin_html(b, text);
	if (kid[n] != '\0')
		buf_puts(b, "&#8230;");
}

static const char *
step_name(const struct oidc_key *key)
{
	return key->state == KEYRING_STAGED ? "activate" : "retire";
}

static void
put_key(struct buf *b, const struct window *w, const struct oidc_key *key,
	int y)
{
	const char *css = keyring_state_name((enum keyring_state)key->state);
	int64_t end = key->next_due == 0 ? w->to : key->next_due;
	char text[16];

	buf_printf(b, "<text y=\"%d\"><tspan class=\"kid\">", y + 14);
	put_short_kid(b, oidc_key_kid(key));
	buf_printf(b, "</tspan> %s</text>", css);
	put_bar(b, css, "", place(w, key->since), place(w, w->now), y + 22);
	put_bar(b, css, " wait", place(w, w->now), place(w, end), y + 22);
	if (key->next_due == 0)
		return;
	short_moment(text, key->next_due, true);
	buf_printf(b,
		"<text class=\"end\" x=\"100%%\" y=\"%d\">%s from %s</text>"
		"<svg class=\"due\"",
		y + 14, step_name(key), text);
	put_place(b, "x", place(w, key->next_due));
	buf_printf(b, " y=\"%d\"><path d=\"M0-7 7 0 0 7-7 0Z\"/></svg>",
		y + 22 + BAR / 2);
}

/* The same in words, for who cannot see the drawing. */
static void
put_words(struct buf *b, const struct oidc_issuer *issuer)
{
	char text[CLOCK_TEXT_LEN + 1];
	const struct oidc_key *key;
	uint32_t i;

	buf_puts(b, "Time line of the rotation.");
	for (i = 0; i < issuer->n_keys; i++) {
		key = &issuer->keys[i];
		if (!key->has_state)
			continue;
		clock_format(text, key->since);
		buf_puts(b, " Key ");
		put_short_kid(b, oidc_key_kid(key));
		buf_printf(b, ": %s since %s",
			keyring_state_name((enum keyring_state)key->state),
			text);
		if (key->next_due != 0) {
			clock_format(text, key->next_due);
			buf_printf(b, ", safe to %s from %s", step_name(key),
				text);
		}
		buf_putc(b, '.');
	}
}

void
admin_timeline(struct buf *b, const struct oidc_issuer *issuer, int64_t now)
{
	struct window w;
	uint32_t i;
	int at, y = TOP;

	if (!window_read(issuer, now, &w))
		return;
	for (i = 0; i < issuer->n_keys; i++)
		y += issuer->keys[i].has_state ? ROW : 0;
	buf_printf(b,
		"<svg class=\"timeline\" role=\"img\" height=\"%d\" "
		"aria-label=\"",
		y + BOTTOM);
	put_words(b, issuer);
	buf_puts(b, "\">");
	put_ticks(b, &w, y);
	at = place(&w, now);
	buf_puts(b, "<line class=\"now\"");
	put_place(b, "x1", at);
	put_place(b, "x2", at);
	buf_printf(b, " y1=\"%d\" y2=\"%d\"/><text class=\"mid\"", TOP - 4, y);
	put_place(b, "x", at);
	buf_printf(b, " y=\"%d\">now</text>", TOP - 6);
	for (i = 0, y = TOP; i < issuer->n_keys; i++) {
		if (!issuer->keys[i].has_state)
			continue;
		put_key(b, &w, &issuer->keys[i], y);
		y += ROW;
	}
	buf_puts(b, "</svg>");
}
