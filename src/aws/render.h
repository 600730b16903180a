/* SPDX-License-Identifier: MIT */
/*
 * What is planned, in the form in which people apply it: complete, with no
 * placeholder.
 *
 *   aws-cli         for `aws iam create-... --cli-input-json file://FILE`
 *   terraform       one resource and an output
 *   cloudformation  a template, JSON
 *   cdk             a stack, TypeScript, aws-cdk-lib 2
 *
 * Rendering appends; the buffer's failure is the caller's to look at.
 */
#ifndef AWS_RENDER_H
#define AWS_RENDER_H

#include <jansson.h>

#include "aws/provider.h"
#include "base/buf.h"
#include "base/error.h"

enum aws_form {
	AWS_FORM_CLI,
	AWS_FORM_TERRAFORM,
	AWS_FORM_CLOUDFORMATION,
	AWS_FORM_CDK,
};

int aws_form_parse(const char *name, enum aws_form *form, struct error *e)
	__attribute__((warn_unused_result));

/* The provider's URL and values are checked already.  Without thumbprints
 * none is written, and IAM finds its own. */
int aws_render_provider(struct buf *b, const struct aws_provider *p,
	enum aws_form form, struct error *e)
	__attribute__((warn_unused_result));

/* A role of that name with this trust policy. */
int aws_render_role(struct buf *b, const char *role, const json_t *policy,
	enum aws_form form, struct error *e)
	__attribute__((warn_unused_result));

/* JSON as everywhere in this room's output: two blanks, members in order.
 * after the first line each begins with prefix. */
int aws_render_json(struct buf *b, const json_t *value, const char *prefix,
	struct error *e) __attribute__((warn_unused_result));

#endif
