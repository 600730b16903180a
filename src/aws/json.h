/* SPDX-License-Identifier: MIT */
/*
 * JSON from outside, read once and strictly: bounded, no member twice, errors
 * that say where and never quote the text (it may be a token's).
 */
#ifndef AWS_JSON_H
#define AWS_JSON_H

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

#define AWS_JSON_MAX (1024 * 1024)

/* A new reference, or NULL. */
json_t *aws_json_parse(const char *text, size_t len, struct error *e)
	__attribute__((warn_unused_result));

/* The file, of at most AWS_JSON_MAX bytes; the error names it. */
json_t *aws_json_load(const char *path, struct error *e)
	__attribute__((warn_unused_result));

/* A string, or the i-th of an array of strings: IAM takes either wherever it
 * takes several.  NULL when there is none, or it is no string. */
const char *aws_json_text_at(const json_t *value, size_t i);
size_t aws_json_text_count(const json_t *value);

#endif
