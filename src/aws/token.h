/* SPDX-License-Identifier: MIT */
/*
 * A service-account token as STS reads it: a JWT in compact form (RFC 7515,
 * RFC 7519), taken apart strictly and verified with OpenSSL alone.  Never
 * logged, never part of an error, never sent anywhere.
 */
#ifndef AWS_TOKEN_H
#define AWS_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "key/key.h"

#define AWS_TOKEN_MIN 4 /* STS: clientTokenType, in characters */
#define AWS_TOKEN_MAX 20000

struct aws_token {
	const char *text;  /* borrowed from the caller */
	size_t signed_len; /* of "header.payload" */
	enum key_alg alg;
	json_t *header;
	json_t *claims;
	unsigned char *signature;
	size_t signature_len;
};

/* PARSE: not a JWT.  INVALID: one that STS does not take. */
int aws_token_parse(const char *text, size_t len, struct aws_token *out,
	struct error *e) __attribute__((warn_unused_result));
void aws_token_release(struct aws_token *token);

/* Claims as text, borrowed; NULL: not there, or no string. */
const char *aws_token_kid(const struct aws_token *token);
const char *aws_token_claim(const struct aws_token *token, const char *name);

/* The audiences that STS goes by: azp if there is one, else aud.  Borrowed;
 * a string or a list of strings, or NULL. */
const json_t *aws_token_audiences(const struct aws_token *token);

/* A NumericDate that is a whole number.  NOTFOUND, INVALID. */
int aws_token_moment(const struct aws_token *token, const char *name,
	int64_t *when, struct error *e) __attribute__((warn_unused_result));

/* Is it signed by that key, with the key's algorithm?  DENIED: it is not. */
int aws_token_verify(const struct aws_token *token, const struct key *key,
	struct error *e) __attribute__((warn_unused_result));

#endif
