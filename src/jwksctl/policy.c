/* SPDX-License-Identifier: MIT */
/*
 * Options are matched to members by a table, so that a duration cannot be
 * parsed in two ways.
 */
#include "jwksctl/policy.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "jwksctl/text.h"

static const struct {
	const char *option;
	size_t offset;
} durations[] = {
	{"publish-ahead", offsetof(struct keyring_policy, publish_ahead)},
	{"token-lifetime", offsetof(struct keyring_policy, token_lifetime)},
	{"api-token-lifetime",
		offsetof(struct keyring_policy, api_token_lifetime)},
	{"skew", offsetof(struct keyring_policy, skew)},
	{"max-age", offsetof(struct keyring_policy, max_age)},
	{"rotation-max-age", offsetof(struct keyring_policy, rotation_max_age)},
	{"rollout", offsetof(struct keyring_policy, rollout)},
	{"period", offsetof(struct keyring_policy, period)},
};

static int64_t *
duration(struct keyring_policy *p, size_t i)
{
	return (int64_t *)(void *)((char *)p + durations[i].offset);
}

static unsigned
usual_bits(enum key_alg alg)
{
	switch (alg) {
	case KEY_RS256:
	case KEY_RS384:
	case KEY_RS512:
		return 2048;
	case KEY_ES256:
		return 256;
	case KEY_ES384:
		return 384;
	case KEY_ES512:
		return 521;
	}
	return 0;
}

static int
read_alg(const struct ctl *ctl, struct keyring_policy *p, struct error *e)
{
	const char *name = ctl_value(ctl, "alg");
	const char *bits = ctl_value(ctl, "bits");
	enum key_alg alg;
	unsigned long n;
	char *end;

	if (name != NULL) {
		for (alg = KEY_RS256; alg <= KEY_ES512; alg++)
			if (strcmp(name, key_alg_name(alg)) == 0)
				break;
		if (alg > KEY_ES512)
			return error_set(e, ERROR_INVALID,
				"--alg %.16s: RS256, ES256, ES384 and ES512 "
				"are possible",
				name);
		p->alg = alg;
		p->bits = usual_bits(alg);
	}
	if (bits == NULL)
		return 0;
	errno = 0;
	n = strtoul(bits, &end, 10);
	if (errno != 0 || end == bits || *end != '\0' || bits[0] == '-' ||
		n > 65535)
		return error_set(
			e, ERROR_INVALID, "--bits %.16s: not a number", bits);
	p->bits = (unsigned)n;
	return 0;
}

int
policy_read(
	const struct ctl *ctl, struct keyring_policy *policy, struct error *e)
{
	struct keyring_policy p = *policy;
	const char *text;
	size_t i;

	if (read_alg(ctl, &p, e) != 0)
		return -1;
	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		text = ctl_value(ctl, durations[i].option);
		if (text != NULL &&
			text_duration_parse(text, duration(&p, i), e) != 0)
			return error_wrap(e, "--%s", durations[i].option);
	}
	/* a short max-age means a short one during a rotation, too */
	if (p.rotation_max_age > p.max_age &&
		ctl_value(ctl, "rotation-max-age") == NULL)
		p.rotation_max_age = p.max_age;
	*policy = p;
	return 0;
}

bool
policy_same(const struct keyring_policy *a, const struct keyring_policy *b)
{
	size_t i;

	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		if (*duration((struct keyring_policy *)a, i) !=
			*duration((struct keyring_policy *)b, i))
			return false;
	return a->alg == b->alg && a->bits == b->bits;
}
