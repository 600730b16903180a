/* SPDX-License-Identifier: MIT */
/*
 * The access log: one line per answer, or per one of so many; logfmt or JSON,
 * as the log itself (base/log.h).
 *
 *   time= client= status= bytes= method= host= path= doc= gen= agent= fwd=
 *
 * Each worker has a writer of its own and hands whole lines to one write(2),
 * so lines never mix; the descriptor is shared.  Reopening replaces what the
 * descriptor stands for (dup2), so no worker needs to be told.
 */
#ifndef JWKSD_ACCESS_H
#define JWKSD_ACCESS_H

#include <stdint.h>

#include "base/error.h"
#include "http/server.h"

struct access_log;

/* path "-": standard error.  sample: one of so many is written. */
struct access_log *access_log_open(const char *path, unsigned sample,
	struct error *e) __attribute__((warn_unused_result));
void access_log_close(struct access_log *log);

/* SIGUSR1: the file was renamed away; go on in a new one. */
int access_log_reopen(struct access_log *log, struct error *e)
	__attribute__((warn_unused_result));

/* One worker's end. */
struct access_writer;
struct access_writer *access_writer_new(struct access_log *log);
void access_writer_free(struct access_writer *w); /* flushes; NULL is fine */

/* document: the name of what was served, or NULL. */
void access_write(struct access_writer *w, const struct http_exchange *x,
	const char *document, uint64_t generation);
void access_flush(struct access_writer *w);

#endif
