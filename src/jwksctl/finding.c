/* SPDX-License-Identifier: MIT */
/*
 * One form for what doctor and kube check find.  Invariant: no control byte
 * that a server sent reaches the terminal.
 */
#include "jwksctl/finding.h"

#include <stdarg.h>
#include <stdio.h>

void
finding_add(struct findings *f, enum aws_verdict verdict, const char *todo,
	const char *fmt, ...)
{
	struct finding *one;
	va_list args;

	if (f->count < FINDINGS_MAX)
		f->count++;
	one = &f->list[f->count - 1];
	*one = (struct finding){.stage = f->stage, .verdict = verdict};
	va_start(args, fmt);
	vsnprintf(one->seen, sizeof(one->seen), fmt, args);
	va_end(args);
	snprintf(one->todo, sizeof(one->todo), "%s", todo);
}

bool
finding_any(const struct findings *f, enum aws_verdict verdict)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].verdict == verdict)
			return true;
	return false;
}

json_t *
finding_view(const struct findings *f)
{
	json_t *list = json_array();
	const struct finding *one;
	size_t i;

	for (i = 0; i < f->count; i++) {
		one = &f->list[i];
		if (json_array_append_new(list,
			    json_pack("{s:s, s:s, s:s, s:s?}", "stage",
				    one->stage, "verdict",
				    aws_verdict_name(one->verdict), "seen",
				    one->seen, "todo",
				    one->todo[0] != '\0' ? one->todo : NULL)) !=
			0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static const char *
colour_of(enum aws_verdict verdict)
{
	static const char *const colours[] = {
		[AWS_SKIPPED] = "\033[2m",
		[AWS_PASSED] = "\033[32m",
		[AWS_WARNED] = "\033[33m",
		[AWS_FAILED] = "\033[31m",
	};

	return colours[verdict];
}

void
finding_print_line(const char *text)
{
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p != '\0'; p++)
		putchar(*p < ' ' || *p == 0x7f ? '?' : *p);
	putchar('\n');
}

void
finding_print(const char *stage, enum aws_verdict verdict, const char *seen,
	const char *todo, bool colour)
{
	printf("%-13s %s%-4s%s  ", stage, colour ? colour_of(verdict) : "",
		aws_verdict_name(verdict), colour ? "\033[0m" : "");
	finding_print_line(seen);
	if (todo[0] == '\0')
		return;
	printf("%21s", "-> ");
	finding_print_line(todo);
}
