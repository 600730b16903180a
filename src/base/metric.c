/* SPDX-License-Identifier: MIT */
/*
 * Text only: values are read where they live and written straight into the
 * answer, so there is no registry of live objects to keep in step.
 */
#include "base/metric.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EXACT_MAX 0x1p53 /* a double holds every whole number below */

static const char *const reserved[] = {
	"_total",
	"_created",
	"_count",
	"_sum",
	"_bucket",
	"_gcount",
	"_gsum",
	"_info",
};

static bool
ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && strcmp(name + n - s, suffix) == 0;
}

static int
check_name(const struct metric *m, const char *prefix, struct error *e)
{
	size_t i;

	if (strncmp(m->name, prefix, strlen(prefix)) != 0 ||
		strspn(m->name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
			strlen(m->name))
		return error_set(e, ERROR_INVALID,
			"metric %s: not %s and [a-z0-9_]", m->name, prefix);
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (ends_with(m->name, reserved[i]))
			return error_set(e, ERROR_INVALID,
				"metric %s: %s is a reserved ending", m->name,
				reserved[i]);
	return 0;
}

static int
check_unit(const struct metric *m, struct error *e)
{
	size_t name = strlen(m->name), unit = strlen(m->unit);

	if (unit == 0)
		return 0;
	if (m->type == METRIC_INFO)
		return error_set(e, ERROR_INVALID,
			"metric %s: an info has no unit", m->name);
	if (!ends_with(m->name, m->unit) || m->name[name - unit - 1] != '_')
		return error_set(e, ERROR_INVALID,
			"metric %s: does not end in its unit %s", m->name,
			m->unit);
	return 0;
}

/* The help is written as it is. */
static int
check_help(const struct metric *m, struct error *e)
{
	if (strpbrk(m->help, "\n\\") != NULL)
		return error_set(e, ERROR_INVALID,
			"metric %s: its help would have to be escaped",
			m->name);
	return 0;
}

int
metric_check(const struct metric *table, size_t count, const char *prefix,
	struct error *e)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		if (check_name(&table[i], prefix, e) != 0 ||
			check_unit(&table[i], e) != 0 ||
			check_help(&table[i], e) != 0)
			return -1;
		for (j = 0; j < i; j++)
			if (strcmp(table[i].name, table[j].name) == 0)
				return error_set(e, ERROR_CONFLICT,
					"metric %s: defined twice",
					table[i].name);
	}
	return 0;
}

static const char *
type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_INFO:
		return "info";
	}
	return "unknown";
}

static const char *
sample_suffix(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_GAUGE:
		return "";
	case METRIC_INFO:
		return "_info";
	}
	return "";
}

void
metric_begin(struct buf *b, const struct metric *m)
{
	buf_printf(b, "# TYPE %s %s\n", m->name, type_name(m->type));
	if (m->unit[0] != '\0')
		buf_printf(b, "# UNIT %s %s\n", m->name, m->unit);
	buf_printf(b, "# HELP %s %s\n", m->name, m->help);
}

void
metric_sample(
	struct buf *b, const struct metric *m, const char *labels, double value)
{
	buf_puts(b, m->name);
	buf_puts(b, sample_suffix(m->type));
	if (labels[0] != '\0')
		buf_printf(b, "{%s}", labels);
	/* counts are exact as long as a scraper's numbers are */
	if (value > -EXACT_MAX && value < EXACT_MAX &&
		value == (double)(int64_t)value)
		buf_printf(b, " %.0f\n", value);
	else
		buf_printf(b, " %.15g\n", value);
}

void
metric_label(struct buf *b, const char *key, const char *value)
{
	if (b->len > 0)
		buf_putc(b, ',');
	buf_printf(b, "%s=\"", key);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_puts(b, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(b, "\\%c", *value);
		else
			buf_putc(b, *value);
	}
	buf_putc(b, '"');
}

void
metric_end(struct buf *b)
{
	buf_puts(b, "# EOF\n");
}
