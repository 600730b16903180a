/* SPDX-License-Identifier: MIT */
/*
 * Complaints to a person at a terminal: "jwksd: text" on standard error.
 */
#ifndef JWKSD_COMPLAIN_H
#define JWKSD_COMPLAIN_H

#include "base/error.h"
#include "config/config.h"

void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* With the place of the block that it is about. */
void complain_at(const struct config_issuer *block, const struct error *e);

/* Load a configuration, complaining of all that is wrong; NULL then. */
struct config *complain_load(const char *path);

#endif
