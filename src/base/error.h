/* SPDX-License-Identifier: MIT */
/*
 * One error, told once: a code for the program and one line for the person.
 *
 * The caller owns the struct (usually on its stack) and may pass NULL when it
 * does not want the text.  The first error wins: setting a second one changes
 * nothing, so cleanup code cannot hide the cause.  Context is added on the way
 * up with error_wrap(), outermost first, until the line reads on its own:
 *
 *     issuer "https://h/prod": /etc/k/a.pem: block 2: RSA key has 1024 bits,
 *     2048 is the least
 *
 * Nothing here allocates or fails.  Text is cut at ERROR_TEXT_MAX - 1 bytes.
 * Never put key material or a token into an error.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_TEXT_MAX 512

/* What the caller can do about it, not where it happened. */
enum error_code {
	ERROR_NONE,
	ERROR_NOMEM,    /* out of memory: nothing was changed, try later */
	ERROR_SYS,      /* a system call failed: the text holds its reason */
	ERROR_PARSE,    /* the bytes are not of the form they should have */
	ERROR_INVALID,  /* well formed, but refused by a rule */
	ERROR_NOTFOUND, /* there is nothing by that name */
	ERROR_CONFLICT, /* two things contradict each other */
	ERROR_DENIED,   /* not permitted: a private key, a mode, an owner */
	ERROR_LIMIT,    /* larger, deeper or more than is allowed */
	ERROR_EARLY,    /* a rotation step before its time */
	ERROR_NET,      /* a peer could not be reached or broke off */
	ERROR_TLS,      /* the TLS layer refused */
};

struct error {
	enum error_code code;
	char text[ERROR_TEXT_MAX];
};

/* Make it "no error" again. */
void error_clear(struct error *e);

/* Set code and text unless an error is set already.  Returns -1, always, so
 * that `return error_set(...)` cannot forget to return. */
int error_set(struct error *e, enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same as ERROR_SYS with ": " and the text of errno behind it, which is
 * kept. */
int error_sys(struct error *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ERROR_NOMEM with the usual words. */
int error_nomem(struct error *e);

/* Put "context: " before the text of an error that is set.  Returns -1. */
int error_wrap(struct error *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "nomem", "sys", ... for logs and JSON. */
const char *error_code_name(enum error_code code);

#endif
