/* SPDX-License-Identifier: MIT */
/*
 * A failure that lasts, told when it begins, when it changes its words, at its
 * 10th, 100th, ... time, and when it is over; so that a log shows an outage as
 * a few lines, however long it is.
 */
#ifndef JWKSCTL_TROUBLE_H
#define JWKSCTL_TROUBLE_H

#include <stdbool.h>

#include "base/error.h"

struct trouble {
	char text[ERROR_TEXT_MAX]; /* as it was told last */
	unsigned long count;       /* in a row; 0: there is none */
	unsigned long told_again;  /* at this count */
};

/* It happened (again).  True when it is to be told now. */
bool trouble_note(struct trouble *t, const struct error *e);

/* It is over: how often it had happened, 0 when it had not. */
unsigned long trouble_end(struct trouble *t);

#endif
