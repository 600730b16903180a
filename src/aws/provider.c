/* SPDX-License-Identifier: MIT */
/*
 * The provider's limits, checked before IAM would: its InvalidInput does not
 * say which value it means.
 */
#include "aws/provider.h"

#include <string.h>
#include <strings.h>

#include "aws/json.h"
#include "aws/name.h"

int
aws_provider_add_audience(
	struct aws_provider *p, const char *audience, struct error *e)
{
	size_t len = strlen(audience);

	if (aws_provider_has_audience(p, audience))
		return 0;
	if (len == 0 || len > AWS_AUDIENCE_LEN_MAX)
		return error_set(e, ERROR_INVALID,
			"an audience of %zu characters; it has 1 to %d", len,
			AWS_AUDIENCE_LEN_MAX);
	if (p->n_audiences == AWS_AUDIENCES_MAX)
		return error_set(e, ERROR_LIMIT,
			"more than %d audiences; IAM takes no more",
			AWS_AUDIENCES_MAX);
	p->audiences[p->n_audiences++] = audience;
	return 0;
}

int
aws_provider_add_thumbprint(
	struct aws_provider *p, const char *thumbprint, struct error *e)
{
	if (aws_provider_has_thumbprint(p, thumbprint))
		return 0;
	if (strlen(thumbprint) != AWS_THUMBPRINT_LEN ||
		strspn(thumbprint, "0123456789abcdefABCDEF") !=
			AWS_THUMBPRINT_LEN)
		return error_set(e, ERROR_INVALID,
			"thumbprint \"%.60s\": it has %d hexadecimal digits, "
			"without colons",
			thumbprint, AWS_THUMBPRINT_LEN);
	if (p->n_thumbprints == AWS_THUMBPRINTS_MAX)
		return error_set(e, ERROR_LIMIT,
			"more than %d thumbprints; IAM takes no more",
			AWS_THUMBPRINTS_MAX);
	p->thumbprints[p->n_thumbprints++] = thumbprint;
	return 0;
}

static int
read_audiences(const json_t *list, struct aws_provider *out, struct error *e)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return error_set(e, ERROR_PARSE,
				"ClientIDList[%zu] is not a string", i);
		if (aws_provider_add_audience(
			    out, json_string_value(item), e) != 0)
			return error_wrap(e, "ClientIDList[%zu]", i);
	}
	return 0;
}

static int
read_thumbprints(const json_t *list, struct aws_provider *out, struct error *e)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return error_set(e, ERROR_PARSE,
				"ThumbprintList[%zu] is not a string", i);
		if (aws_provider_add_thumbprint(
			    out, json_string_value(item), e) != 0)
			return error_wrap(e, "ThumbprintList[%zu]", i);
	}
	return 0;
}

int
aws_provider_read(const json_t *root, struct aws_provider *out, struct error *e)
{
	struct aws_provider got = {0};

	got.url = json_string_value(json_object_get(root, "Url"));
	if (got.url == NULL)
		return error_set(e, ERROR_PARSE,
			"no Url in it; save what `aws iam "
			"get-open-id-connect-provider` prints");
	if (read_audiences(json_object_get(root, "ClientIDList"), &got, e) !=
			0 ||
		read_thumbprints(
			json_object_get(root, "ThumbprintList"), &got, e) != 0)
		return -1;
	*out = got;
	return 0;
}

bool
aws_provider_is_for(const struct aws_provider *p, const char *issuer)
{
	return strcmp(aws_issuer_bare(p->url), aws_issuer_bare(issuer)) == 0;
}

bool
aws_provider_has_audience(const struct aws_provider *p, const char *audience)
{
	size_t i;

	for (i = 0; i < p->n_audiences; i++)
		if (strcmp(p->audiences[i], audience) == 0)
			return true;
	return false;
}

bool
aws_provider_has_thumbprint(
	const struct aws_provider *p, const char *thumbprint)
{
	size_t i;

	for (i = 0; i < p->n_thumbprints; i++)
		if (strcasecmp(p->thumbprints[i], thumbprint) == 0)
			return true;
	return false;
}
