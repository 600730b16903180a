/* SPDX-License-Identifier: MIT */
/*
 * jwksctl token verify: what a strict relying party would say of a token, with
 * the one check that fails named.  The keys are the keyring's published ones,
 * or with --jwks what a JWKS shows; the algorithm is the key's and never the
 * token's choice.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/token.h"
#include "base/clock.h"
#include "jwksctl/jwks.h"
#include "jwksctl/text.h"
#include "jwksctl/token.h"
#include "jwksctl/view.h"

struct check {
	const char *issuer;
	const char *audience;
	int64_t now;
	int64_t skew;
};

static int
check_issuer(const struct aws_token *t, const struct check *c, struct error *e)
{
	const char *issuer = aws_token_claim(t, "iss");

	if (issuer == NULL)
		return error_set(e, ERROR_INVALID, "issuer: iss is missing");
	if (strcmp(issuer, c->issuer) != 0)
		return error_set(e, ERROR_INVALID,
			"issuer: iss is %.200s, not %.200s (compared byte for "
			"byte)",
			issuer, c->issuer);
	return 0;
}

static int
check_audience(
	const struct aws_token *t, const struct check *c, struct error *e)
{
	json_t *aud = json_object_get(t->claims, "aud"), *one;
	size_t i;

	if (json_is_string(aud) &&
		strcmp(json_string_value(aud), c->audience) == 0)
		return 0;
	json_array_foreach(aud, i, one) if (json_is_string(one) &&
					    strcmp(json_string_value(one),
						    c->audience) == 0) return 0;
	return error_set(e, ERROR_INVALID, "audience: aud does not hold %.200s",
		c->audience);
}

static int
check_times(const struct aws_token *t, const struct check *c, struct error *e)
{
	int64_t exp = 0, nbf = 0;
	char text[TEXT_MAX];

	if (aws_token_moment(t, "exp", &exp, e) != 0)
		return error_wrap(e, "times");
	if (c->now - c->skew > exp) {
		text_moment(text, exp);
		return error_set(
			e, ERROR_INVALID, "times: expired at %s", text);
	}
	if (json_object_get(t->claims, "nbf") == NULL)
		return 0;
	if (aws_token_moment(t, "nbf", &nbf, e) != 0)
		return error_wrap(e, "times");
	if (c->now + c->skew < nbf) {
		text_moment(text, nbf);
		return error_set(
			e, ERROR_INVALID, "times: not before %s", text);
	}
	return 0;
}

static int
check_signature(
	const struct aws_token *t, const struct key_set *keys, struct error *e)
{
	const char *kid = aws_token_kid(t);
	const struct key *key;

	if (kid == NULL)
		return error_set(e, ERROR_INVALID, "kid: the header has none");
	key = key_set_find(keys, kid);
	if (key == NULL)
		return error_set(e, ERROR_NOTFOUND,
			"kid: no published key is %.200s", kid);
	if (t->alg != key->alg)
		return error_set(e, ERROR_INVALID,
			"alg: the header says %s, the key is for %s",
			key_alg_name(t->alg), key_alg_name(key->alg));
	if (aws_token_verify(t, key, e) != 0)
		return error_wrap(e, "signature");
	return 0;
}

static int
verify(const struct aws_token *t, const struct key_set *keys,
	const struct check *c, struct error *e)
{
	/* the signature first: nothing else is to be believed before */
	if (check_signature(t, keys, e) != 0 || check_issuer(t, c, e) != 0 ||
		check_audience(t, c, e) != 0 || check_times(t, c, e) != 0)
		return -1;
	return 0;
}

/* A token that is refused is an answer (1); one that could not be looked at is
 * a failure (3). */
static enum ctl_exit
answer(struct ctl *ctl, const struct key_set *keys, struct check *c)
{
	struct aws_token token = {0};
	struct file_bytes file = {0};
	enum ctl_exit code = CTL_FINDING;
	struct error e = {0};

	if (token_read(ctl->words[0], &file, &e) != 0)
		return ctl_fail(&e);
	if (aws_token_parse(file.data, file.len, &token, &e) != 0)
		error_wrap(&e, "form");
	else if (verify(&token, keys, c, &e) == 0)
		code = CTL_OK;
	if (code == CTL_OK)
		printf("valid: %s, signed with %s\n",
			aws_token_claim(&token, "sub") != NULL
				? aws_token_claim(&token, "sub")
				: "no subject",
			aws_token_kid(&token));
	else
		printf("refused: %s\n", e.text);
	aws_token_release(&token);
	file_bytes_release(&file);
	return code;
}

enum ctl_exit
cmd_token_verify(struct ctl *ctl)
{
	struct check c = {
		.audience = ctl_value(ctl, "audience"),
		.now = ctl->clock.now,
	};
	struct key_set keys = KEY_SET_INIT;
	struct keyring *ring;
	struct error e = {0};
	enum ctl_exit code;

	if (c.audience == NULL)
		c.audience = "sts.amazonaws.com";
	ring = view_load(ctl->dirs[0], &e);
	if (ring == NULL)
		return ctl_fail(&e);
	c.issuer = ring->issuer;
	c.skew = ring->policy.skew;
	if (ctl_has(ctl, "jwks")
			? jwks_load(ctl_value(ctl, "jwks"), &keys, &e) != 0
			: jwks_of(ring, c.now, &keys, &e) != 0)
		code = ctl_fail(&e);
	else
		code = answer(ctl, &keys, &c);
	key_set_release(&keys);
	keyring_free(ring);
	return code;
}
