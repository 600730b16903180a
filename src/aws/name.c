/* SPDX-License-Identifier: MIT */
/*
 * A name that is a byte off is not refused by IAM but never matches, so each
 * is checked by the rules of whoever made it.
 */
#include "aws/name.h"

#include <string.h>

#include "config/url.h"

#define ACCOUNT_LEN 12
#define ROLE_MAX 64
#define NAMESPACE_MAX 63 /* DNS label */
#define SUBDOMAIN_MAX 253

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

int
aws_issuer_check(const char *url, struct error *e)
{
	struct config_url parts;

	if (config_url_parse(url, &parts, e) != 0)
		return error_wrap(e, "issuer \"%.100s\"", url);
	if (parts.loopback)
		return error_set(e, ERROR_INVALID,
			"issuer \"%.100s\": STS cannot reach a loopback host",
			url);
	return 0;
}

const char *
aws_issuer_bare(const char *url)
{
	return strncmp(url, "https://", 8) == 0 ? url + 8 : url;
}

int
aws_partition_check(const char *partition, struct error *e)
{
	static const char *const known[] = {
		"aws", "aws-cn", "aws-us-gov", "aws-eusc"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (partition == NULL || strcmp(partition, known[i]) == 0)
			return 0;
	return error_set(e, ERROR_INVALID,
		"partition \"%.32s\": it is one of aws, aws-cn, aws-us-gov and "
		"aws-eusc",
		partition);
}

int
aws_account_check(const char *account, struct error *e)
{
	if (strlen(account) == ACCOUNT_LEN &&
		strspn(account, DIGITS) == ACCOUNT_LEN)
		return 0;
	return error_set(e, ERROR_INVALID,
		"account \"%.32s\": it has twelve digits", account);
}

void
aws_provider_arn(struct buf *b, const char *partition, const char *account,
	const char *issuer)
{
	buf_printf(b, "arn:%s:iam::%s:oidc-provider/%s",
		partition != NULL ? partition : "aws", account,
		aws_issuer_bare(issuer));
}

int
aws_role_name_check(const char *name, struct error *e)
{
	size_t len = strlen(name);

	if (len > 0 && len <= ROLE_MAX &&
		strspn(name, DIGITS LOWER UPPER "+=,.@_-") == len)
		return 0;
	return error_set(e, ERROR_INVALID,
		"role \"%.80s\": it has 1 to %d letters, digits and +=,.@_-",
		name, ROLE_MAX);
}

/* A DNS label or subdomain, with stars if allowed. */
static bool
is_kube_name(const char *name, size_t len, size_t max, const char *marks)
{
	char text[SUBDOMAIN_MAX + 1];

	if (len == 0 || len > max)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return strspn(text, marks) == len && strchr("-.", text[0]) == NULL &&
	       strchr("-.", text[len - 1]) == NULL;
}

int
aws_subject(struct buf *b, const char *account, bool wildcard, bool *wide,
	struct error *e)
{
	size_t len = strcspn(account, "/");
	const char *name = account[len] == '/' ? account + len + 1 : "";

	*wide = strpbrk(account, "*?") != NULL;
	if (*wide && !wildcard)
		return error_set(e, ERROR_INVALID,
			"service account \"%.100s\": a wildcard lets in more "
			"than is there today; if that is meant, add --wildcard",
			account);
	if (!is_kube_name(account, len, NAMESPACE_MAX, DIGITS LOWER "-*?") ||
		!is_kube_name(
			name, strlen(name), SUBDOMAIN_MAX, DIGITS LOWER "-.*?"))
		return error_set(e, ERROR_INVALID,
			"service account \"%.100s\": it is written "
			"NAMESPACE/NAME, as Kubernetes has them",
			account);
	buf_printf(b, AWS_SUBJECT_PREFIX "%.*s:%s", (int)len, account, name);
	return 0;
}
