/* SPDX-License-Identifier: MIT */
/*
 * Text with @NAMES@ in it.  What a name stands for is put in as it is: nothing
 * is quoted, so it must have been checked for the place where it goes.
 */
#ifndef KUBE_TEMPLATE_H
#define KUBE_TEMPLATE_H

#include "base/buf.h"

struct template_value {
	const char *name; /* upper case and _; NULL ends the list */
	const char *text; /* NULL stands for nothing */
};

/* Append the template; a name that is not in the list stays as it is. */
void template_render(struct buf *b, const char *template,
	const struct template_value *values);

#endif
