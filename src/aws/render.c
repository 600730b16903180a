/* SPDX-License-Identifier: MIT */
/*
 * One resource is described once, as the JSON of its properties, and the forms
 * differ in what stands around it and in the names of the properties.
 * Invariant: a value reaches the output through a JSON encoder, so that no
 * string of the operator's ends its own quotes.
 */
#include "aws/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/name.h"

int
aws_form_parse(const char *name, enum aws_form *form, struct error *e)
{
	static const char *const names[] = {
		"aws-cli", "terraform", "cloudformation", "cdk"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			*form = (enum aws_form)i;
			return 0;
		}
	return error_set(e, ERROR_INVALID,
		"\"%.32s\": the forms are aws-cli, terraform, cloudformation "
		"and cdk",
		name);
}

int
aws_render_json(
	struct buf *b, const json_t *value, const char *prefix, struct error *e)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
	const char *p;

	if (text == NULL)
		return error_nomem(e);
	for (p = text; *p != '\0'; p++) {
		buf_putc(b, *p);
		if (*p == '\n')
			buf_puts(b, prefix);
	}
	free(text);
	return 0;
}

/* The same for Terraform, where "${" and "%{" begin a template. */
static int
render_hcl(
	struct buf *b, const json_t *value, const char *prefix, struct error *e)
{
	struct buf json = BUF_INIT;
	int rc = aws_render_json(&json, value, prefix, e);
	size_t i;

	for (i = 0; rc == 0 && buf_ok(&json) && i < json.len; i++) {
		if ((json.data[i] == '$' || json.data[i] == '%') &&
			json.data[i + 1] == '{')
			buf_putc(b, json.data[i]);
		buf_putc(b, json.data[i]);
	}
	if (rc == 0 && !buf_ok(&json))
		rc = error_nomem(e);
	buf_release(&json);
	return rc;
}

/* A name as Terraform takes one. */
static void
render_identifier(struct buf *b, const char *name)
{
	size_t i;

	if (name[0] >= '0' && name[0] <= '9')
		buf_putc(b, '_');
	for (i = 0; name[i] != '\0'; i++)
		buf_putc(b, strchr("/.:+=,@~!$&'();", name[i]) != NULL
				    ? '_'
				    : name[i]);
}

static json_t *
texts(const char *const *list, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < count; i++)
		if (json_array_append_new(array, json_string(list[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

/* The provider's properties under the names that a form gives them. */
static json_t *
provider_properties(const struct aws_provider *p, const char *url,
	const char *audiences, const char *thumbprints, struct error *e)
{
	json_t *root = json_pack("{s:s, s:o}", url, p->url, audiences,
		texts(p->audiences, p->n_audiences));

	if (root != NULL && p->n_thumbprints > 0 &&
		json_object_set_new(root, thumbprints,
			texts(p->thumbprints, p->n_thumbprints)) != 0) {
		json_decref(root);
		root = NULL;
	}
	if (root == NULL)
		error_nomem(e);
	return root;
}

/* A template of one resource, which it takes. */
static int
render_template(struct buf *b, const char *id, const char *type,
	json_t *properties, struct error *e)
{
	char output[32];
	json_t *root;
	int rc;

	snprintf(output, sizeof(output), "%sArn", id);
	root = json_pack("{s:s, s:{s:{s:s, s:o}}, s:{s:{s:{s:[s, s]}}}}",
		"AWSTemplateFormatVersion", "2010-09-09", "Resources", id,
		"Type", type, "Properties", properties, "Outputs", output,
		"Value", "Fn::GetAtt", id, "Arn");
	if (root == NULL)
		return error_nomem(e);
	rc = aws_render_json(b, root, "", e);
	buf_putc(b, '\n');
	json_decref(root);
	return rc;
}

/* A stack of one resource. */
static int
render_stack(struct buf *b, const char *id, const char *construct,
	const json_t *properties, struct error *e)
{
	buf_printf(b,
		"import * as cdk from 'aws-cdk-lib';\n"
		"import * as iam from 'aws-cdk-lib/aws-iam';\n"
		"import { Construct } from 'constructs';\n\n"
		"export class %sStack extends cdk.Stack {\n"
		"  constructor(scope: Construct, id: string, props?: "
		"cdk.StackProps) {\n"
		"    super(scope, id, props);\n\n"
		"    const resource = new iam.%s(this, '%s', ",
		id, construct, id);
	if (aws_render_json(b, properties, "    ", e) != 0)
		return -1;
	buf_printf(b,
		");\n\n"
		"    new cdk.CfnOutput(this, '%sArn', { value: "
		"resource.attrArn });\n"
		"  }\n"
		"}\n",
		id);
	return 0;
}

static int
terraform_provider(struct buf *b, const struct aws_provider *p, struct error *e)
{
	const char *name = aws_issuer_bare(p->url);
	json_t *root = provider_properties(
		p, "url", "client_id_list", "thumbprint_list", e);
	const char *key;
	json_t *value;
	int rc = 0;

	if (root == NULL)
		return -1;
	buf_puts(b, "resource \"aws_iam_openid_connect_provider\" \"");
	render_identifier(b, name);
	buf_puts(b, "\" {\n");
	json_object_foreach(root, key, value)
	{
		buf_printf(b, "  %s = ", key);
		if (rc == 0)
			rc = render_hcl(b, value, "  ", e);
		buf_putc(b, '\n');
	}
	buf_puts(b, "}\n\noutput \"");
	render_identifier(b, name);
	buf_puts(b, "_arn\" {\n  value = aws_iam_openid_connect_provider.");
	render_identifier(b, name);
	buf_puts(b, ".arn\n}\n");
	json_decref(root);
	return rc;
}

int
aws_render_provider(struct buf *b, const struct aws_provider *p,
	enum aws_form form, struct error *e)
{
	json_t *root;
	int rc;

	if (form == AWS_FORM_TERRAFORM)
		return terraform_provider(b, p, e);
	if (form == AWS_FORM_CDK)
		root = provider_properties(
			p, "url", "clientIdList", "thumbprintList", e);
	else
		root = provider_properties(p, "Url",
			form == AWS_FORM_CLI ? "ClientIDList" : "ClientIdList",
			"ThumbprintList", e);
	if (root == NULL)
		return -1;
	if (form == AWS_FORM_CLOUDFORMATION)
		return render_template(
			b, "OidcProvider", "AWS::IAM::OIDCProvider", root, e);
	if (form == AWS_FORM_CDK) {
		rc = render_stack(
			b, "OidcProvider", "CfnOIDCProvider", root, e);
	} else {
		rc = aws_render_json(b, root, "", e);
		buf_putc(b, '\n');
	}
	json_decref(root);
	return rc;
}

static int
terraform_role(
	struct buf *b, const char *role, const json_t *policy, struct error *e)
{
	buf_puts(b, "resource \"aws_iam_role\" \"");
	render_identifier(b, role);
	buf_printf(b,
		"\" {\n  name = \"%s\"\n  assume_role_policy = jsonencode(",
		role);
	if (render_hcl(b, policy, "  ", e) != 0)
		return -1;
	buf_puts(b, ")\n}\n\noutput \"");
	render_identifier(b, role);
	buf_puts(b, "_arn\" {\n  value = aws_iam_role.");
	render_identifier(b, role);
	buf_puts(b, ".arn\n}\n");
	return 0;
}

/* create-role takes the policy as a string. */
static json_t *
cli_role(const char *role, const json_t *policy)
{
	char *text = json_dumps(policy, JSON_COMPACT);
	json_t *root = NULL;

	if (text != NULL)
		root = json_pack("{s:s, s:s}", "RoleName", role,
			"AssumeRolePolicyDocument", text);
	free(text);
	return root;
}

int
aws_render_role(struct buf *b, const char *role, const json_t *policy,
	enum aws_form form, struct error *e)
{
	json_t *root;
	int rc;

	if (form == AWS_FORM_TERRAFORM)
		return terraform_role(b, role, policy, e);
	if (form == AWS_FORM_CLI)
		root = cli_role(role, policy);
	else if (form == AWS_FORM_CDK)
		root = json_pack("{s:s, s:O}", "roleName", role,
			"assumeRolePolicyDocument", policy);
	else
		root = json_pack("{s:s, s:O}", "RoleName", role,
			"AssumeRolePolicyDocument", policy);
	if (root == NULL)
		return error_nomem(e);
	if (form == AWS_FORM_CLOUDFORMATION)
		return render_template(b, "Role", "AWS::IAM::Role", root, e);
	if (form == AWS_FORM_CDK) {
		rc = render_stack(b, "Role", "CfnRole", root, e);
	} else {
		rc = aws_render_json(b, root, "", e);
		buf_putc(b, '\n');
	}
	json_decref(root);
	return rc;
}
