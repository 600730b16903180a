/* SPDX-License-Identifier: MIT */
/*
 * One escape for each language that the pages speak.  Invariant: the output
 * of admin_html() has none of & < > " ' but in references, and no control
 * byte, so it is safe as text and inside either kind of quotes.  Bytes above
 * 0x7f pass: the page is UTF-8, and a browser shows a broken sequence as one
 * U+FFFD without eating what follows (Encoding Standard, UTF-8 decoder).
 */
#include "admin/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void
html_byte(struct buf *b, unsigned char c)
{
	switch (c) {
	case '&':
		buf_puts(b, "&amp;");
		break;
	case '<':
		buf_puts(b, "&lt;");
		break;
	case '>':
		buf_puts(b, "&gt;");
		break;
	case '"':
		buf_puts(b, "&quot;");
		break;
	case '\'':
		buf_puts(b, "&#39;");
		break;
	default:
		if (c < ' ' || c == 0x7f)
			buf_puts(b, "&#xfffd;");
		else
			buf_putc(b, (char)c);
	}
}

void
admin_html(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		html_byte(b, (unsigned char)*text);
}

void
admin_html_url(struct buf *b, const char *url)
{
	for (; *url != '\0'; url++) {
		html_byte(b, (unsigned char)*url);
		if (url[0] == '/' && url[1] != '/')
			buf_puts(b, "<wbr>");
	}
}

void
admin_line(struct buf *b, const char *text)
{
	unsigned char c;

	for (; *text != '\0'; text++) {
		c = (unsigned char)*text;
		if (c < ' ' || c > '~')
			buf_printf(b, "\\x%02x", c);
		else
			buf_putc(b, (char)c);
	}
}

void
admin_url_value(struct buf *b, const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(unreserved, *text) != NULL)
			buf_putc(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

void
admin_duration(char text[ADMIN_DURATION_MAX], int64_t seconds)
{
	static const struct {
		int64_t size;
		const char *name;
	} units[] = {{DAY, "d"}, {HOUR, "h"}, {MINUTE, "min"}, {1, "s"}};
	int64_t large, small;
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (units[i].size > 1 && seconds < units[i].size)
		i++;
	large = seconds / units[i].size;
	/* nobody plans by the hour what is a month away */
	small = units[i].size == 1 || large > 30
			? 0
			: seconds % units[i].size / units[i + 1].size;
	if (small == 0)
		snprintf(text, ADMIN_DURATION_MAX, "%" PRId64 " %s", large,
			units[i].name);
	else
		snprintf(text, ADMIN_DURATION_MAX,
			"%" PRId64 " %s %" PRId64 " %s", large, units[i].name,
			small, units[i + 1].name);
}

void
admin_html_time(struct buf *b, int64_t when)
{
	char text[CLOCK_TEXT_LEN + 1];

	if (when == 0) {
		buf_puts(b, "never");
		return;
	}
	clock_format(text, when);
	buf_printf(b, "<time datetime=\"%s\">%.10s %.5s</time>", text, text,
		text + 11);
}

void
admin_html_moment(struct buf *b, int64_t when, int64_t now)
{
	char text[ADMIN_DURATION_MAX];

	admin_html_time(b, when);
	if (when == 0)
		return;
	admin_duration(text, when > now ? when - now : now - when);
	if (when > now)
		buf_printf(b, " <span class=\"ago\">in %s</span>", text);
	else
		buf_printf(b, " <span class=\"ago\">%s ago</span>", text);
}

void
admin_html_count(struct buf *b, uint64_t n)
{
	if (n >= 1000) {
		admin_html_count(b, n / 1000);
		buf_printf(b, "&#8239;%03" PRIu64, n % 1000);
	} else {
		buf_printf(b, "%" PRIu64, n);
	}
}

void
admin_html_bytes(struct buf *b, uint64_t n)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	uint64_t tenths = n;
	size_t i;

	if (n < 1024) {
		buf_printf(b, "%" PRIu64 " B", n);
		return;
	}
	for (i = 0; i + 1 < sizeof(names) / sizeof(names[0]); i++) {
		if (tenths < 1024 * 1024)
			break;
		tenths /= 1024;
	}
	tenths = tenths * 10 / 1024;
	buf_printf(b, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
		names[i]);
}
