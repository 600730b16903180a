/* SPDX-License-Identifier: MIT */
/*
 * What may be written into the manifests.  The values stand inside of CEL
 * string literals inside of YAML and are not escaped there, so each may only
 * hold characters that mean nothing to either.
 */
#include "kube/irsa.h"

#include <inttypes.h>
#include <string.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Besides, a letter or digit stands at both ends. */
struct rule {
	const char *characters;
	const char *says;
	size_t max;
};

static const struct rule label = {
	DIGITS LOWER "-", "lower-case letters, digits and -", 63};
static const struct rule subdomain = {
	DIGITS LOWER "-.", "lower-case letters, digits and -.", 253};
static const struct rule uri = {
	DIGITS LOWER UPPER "-._:/", "letters, digits and -._:/", 255};
static const struct rule reference = {
	DIGITS LOWER UPPER "-._:/@", "letters, digits and -._:/@", 255};
static const struct rule labels = {DIGITS LOWER UPPER "-._/=",
	"KEY=VALUE, as kubectl takes it", IRSA_SELECTOR_MAX};

const struct irsa irsa_defaults = {
	.name = IRSA_NAME,
	.prefix = IRSA_PREFIX,
	.audience = IRSA_AUDIENCE,
	.expiration = IRSA_EXPIRATION,
	.api_version = "v1",
	.namespace = IRSA_WEBHOOK_NAMESPACE,
	.image = IRSA_WEBHOOK_IMAGE,
};

static int
check_text(const char *what, const char *text, const struct rule *rule,
	struct error *e)
{
	const char *ends = DIGITS LOWER UPPER;
	size_t len = strlen(text);

	if (len > 0 && len <= rule->max &&
		strspn(text, rule->characters) == len &&
		strchr(ends, text[0]) != NULL &&
		strchr(ends, text[len - 1]) != NULL)
		return 0;
	return error_set(e, ERROR_INVALID,
		"%s \"%.80s\": it has 1 to %zu characters: %s, the first and "
		"the last a letter or digit",
		what, text, rule->max, rule->says);
}

static int
check_selector(const char *selector, struct error *e)
{
	const char *equals = strchr(selector, '=');

	if (equals == NULL || strchr(equals + 1, '=') != NULL)
		return error_set(e, ERROR_INVALID,
			"selector \"%.80s\": it is one label, KEY=VALUE",
			selector);
	return check_text("selector", selector, &labels, e);
}

static int
check_expiration(int64_t seconds, struct error *e)
{
	if (seconds >= IRSA_EXPIRATION_MIN && seconds <= IRSA_EXPIRATION_MAX)
		return 0;
	return error_set(e, ERROR_INVALID,
		"a token expires after %d to %d seconds, not after %" PRId64,
		IRSA_EXPIRATION_MIN, IRSA_EXPIRATION_MAX, seconds);
}

static int
check_api_version(const char *version, struct error *e)
{
	if (strcmp(version, "v1") == 0 || strcmp(version, "v1beta1") == 0)
		return 0;
	return error_set(e, ERROR_INVALID,
		"API version \"%.32s\": it is v1 (Kubernetes 1.36) or v1beta1 "
		"(1.34 and 1.35)",
		version);
}

int
irsa_check(const struct irsa *irsa, struct error *e)
{
	if (check_api_version(irsa->api_version, e) != 0 ||
		check_text("name", irsa->name, &label, e) != 0 ||
		check_text("annotation prefix", irsa->prefix, &subdomain, e) !=
			0 ||
		check_text("audience", irsa->audience, &uri, e) != 0 ||
		check_text("namespace", irsa->namespace, &label, e) != 0 ||
		check_text("image", irsa->image, &reference, e) != 0)
		return -1;
	if (irsa->region != NULL &&
		check_text("region", irsa->region, &label, e) != 0)
		return -1;
	if (irsa->selector != NULL && check_selector(irsa->selector, e) != 0)
		return -1;
	return check_expiration(irsa->expiration, e);
}
