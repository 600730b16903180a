/* SPDX-License-Identifier: MIT */
/*
 * What every reader of a policy asks first.  IAM takes a lone statement for a
 * list of one, so nobody else looks at how Statement is written.
 */
#include "aws/policy.h"

#include <string.h>

size_t
aws_policy_count(const json_t *policy)
{
	const json_t *list = json_object_get(policy, "Statement");

	return json_is_array(list) ? json_array_size(list) : 1;
}

const json_t *
aws_policy_at(const json_t *policy, size_t i)
{
	const json_t *list = json_object_get(policy, "Statement");

	return json_is_array(list) ? json_array_get(list, i) : list;
}

int
aws_policy_check(const json_t *policy, struct error *e)
{
	const json_t *statement;
	const char *effect;
	size_t i;

	if (json_object_get(policy, "Statement") == NULL)
		return error_set(
			e, ERROR_PARSE, "not a policy: it has no Statement");
	for (i = 0; i < aws_policy_count(policy); i++) {
		statement = aws_policy_at(policy, i);
		effect =
			json_string_value(json_object_get(statement, "Effect"));
		if (effect == NULL || (strcmp(effect, "Allow") != 0 &&
					      strcmp(effect, "Deny") != 0))
			return error_set(e, ERROR_PARSE,
				"not a policy: statement %zu has no Effect of "
				"Allow or Deny",
				i + 1);
	}
	return 0;
}

size_t
aws_policy_size(const char *text, size_t len)
{
	size_t i, count = 0;

	for (i = 0; i < len; i++)
		/* bytes that continue a UTF-8 character are not one more */
		if (strchr(" \t\r\n", text[i]) == NULL &&
			((unsigned char)text[i] & 0xc0) != 0x80)
			count++;
	return count;
}
