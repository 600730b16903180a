/* SPDX-License-Identifier: MIT */
/*
 * A member that stands twice is the classic way to make two readers see two
 * documents: refused here, for everything that this room reads.
 */
#include "aws/json.h"

#include <fcntl.h>

#include "base/file.h"

json_t *
aws_json_parse(const char *text, size_t len, struct error *e)
{
	json_error_t problem;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);

	if (root != NULL)
		return root;
	switch (json_error_code(&problem)) {
	case json_error_out_of_memory:
		error_nomem(e);
		break;
	case json_error_duplicate_key:
		error_set(e, ERROR_INVALID,
			"line %d: a JSON member stands twice in its object",
			problem.line);
		break;
	case json_error_stack_overflow:
		error_set(e, ERROR_LIMIT, "JSON is nested too deep");
		break;
	default:
		error_set(e, ERROR_PARSE, "not valid JSON at line %d column %d",
			problem.line, problem.column);
	}
	return NULL;
}

json_t *
aws_json_load(const char *path, struct error *e)
{
	struct file_bytes file = {0};
	json_t *root = NULL;

	if (file_read(AT_FDCWD, path, AWS_JSON_MAX, &file, e) == 0)
		root = aws_json_parse(file.data, file.len, e);
	file_bytes_release(&file);
	if (root == NULL)
		error_wrap(e, "%s", path);
	return root;
}

size_t
aws_json_text_count(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value)
				    : (size_t)json_is_string(value);
}

const char *
aws_json_text_at(const json_t *value, size_t i)
{
	if (json_is_array(value))
		return json_string_value(json_array_get(value, i));
	return i == 0 ? json_string_value(value) : NULL;
}
