/* SPDX-License-Identifier: MIT */
/*
 * The certificates of the configuration, and their replacement while we run:
 * a new set is taken over whole when all of it is good; else the old one goes
 * on and the problem is said once.  Main thread only.
 */
#ifndef JWKSD_CERTIFICATES_H
#define JWKSD_CERTIFICATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "http/tls.h"
#include "jwksd/publisher.h"

struct certificates;

struct certificates_settings {
	/* Whose keys are not to be used; NULL: not looked at. */
	const struct publisher *publisher;
	bool needed; /* there is a listener with TLS */
	/* A new set is to be handed out. */
	void (*changed)(void *arg, struct http_tls *tls);
	/* What happened, one line. */
	void (*told)(void *arg, enum log_level level, const char *text);
	void *arg;
};

struct certificates *certificates_new(
	const struct certificates_settings *settings, struct error *e)
	__attribute__((warn_unused_result));
void certificates_free(struct certificates *c);

/* What was read, and how the files looked before. */
struct certificates_reading {
	struct http_tls *tls; /* a reference; NULL: there are none */
	uint64_t signature;
};

/* Read those of a configuration without taking them over. */
int certificates_read(const struct certificates *c, const struct config *config,
	struct certificates_reading *out, struct error *e)
	__attribute__((warn_unused_result));

/* Take over a configuration, which must live until the next one, with what was
 * read for it, whose reference it owns. */
void certificates_take(struct certificates *c, const struct config *config,
	const struct certificates_reading *reading, int64_t now);

/* Read again if the files look different. */
void certificates_look(struct certificates *c, int64_t now);

/* What is due now and then; to be called once a second. */
void certificates_second(struct certificates *c, int64_t now);

/* The descriptor that says that a file changed, -1 without watches; and the
 * reading of it.  True when it is time to look. */
int certificates_watch_fd(const struct certificates *c);
bool certificates_watch_read(struct certificates *c);

/* The set in use, borrowed; NULL: none. */
struct http_tls *certificates_tls(const struct certificates *c);

/* What is wrong: the last reading, or a certificate that expires soon; "" when
 * nothing is. */
void certificates_problem(
	const struct certificates *c, int64_t now, char text[ERROR_TEXT_MAX]);

#endif
