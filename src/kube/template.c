/* SPDX-License-Identifier: MIT */
/*
 * Manifests are long and little of them varies, so they are written down as
 * they will read.  Nothing that is put in is looked at again.
 */
#include "kube/template.h"

#include <string.h>

/* The value whose name stands between the at-signs, or NULL. */
static const struct template_value *
find(const char *name, size_t len, const struct template_value *values)
{
	for (; values->name != NULL; values++)
		if (strlen(values->name) == len &&
			memcmp(values->name, name, len) == 0)
			return values;
	return NULL;
}

void
template_render(struct buf *b, const char *template,
	const struct template_value *values)
{
	const struct template_value *value;
	const char *at, *end;

	for (;;) {
		at = strchr(template, '@');
		if (at == NULL)
			break;
		buf_append(b, template, (size_t)(at - template));
		end = strchr(at + 1, '@');
		value = end != NULL
				? find(at + 1, (size_t)(end - at - 1), values)
				: NULL;
		if (value == NULL) {
			buf_putc(b, '@');
			template = at + 1;
			continue;
		}
		if (value->text != NULL)
			buf_puts(b, value->text);
		template = end + 1;
	}
	buf_puts(b, template);
}
