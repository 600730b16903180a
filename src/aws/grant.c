/* SPDX-License-Identifier: MIT */
/*
 * Each change is made to the text, which is then parsed again for the next
 * one: slow, and right whatever the order.  Invariant: what is appended to out
 * is a policy that was parsed.
 */
#include "aws/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/json.h"
#include "aws/render.h"
#include "aws/span.h"

#define KEY_MAX 320 /* an issuer and ":sub" */

/* A policy's text with what was read of it. */
struct draft {
	struct buf text;
	json_t *root;
	struct aws_spans spans;
};

static void
draft_release(struct draft *d)
{
	buf_release(&d->text);
	json_decref(d->root);
	aws_spans_release(&d->spans);
	*d = (struct draft){0};
}

/* Take over the text and read it. */
static int
draft_set(struct draft *d, struct buf *take, struct error *e)
{
	struct draft next = {.text = *take};

	*take = (struct buf)BUF_INIT; /* the draft's from here on */
	if (!buf_ok(&next.text)) {
		error_nomem(e);
		goto fail;
	}
	next.root = aws_json_parse(next.text.data, next.text.len, e);
	if (next.root == NULL || aws_policy_check(next.root, e) != 0 ||
		aws_spans_find(next.text.data, next.text.len, &next.spans, e) !=
			0)
		goto fail;
	if (next.spans.count != aws_policy_count(next.root)) {
		error_set(e, ERROR_INVALID,
			"Statement stands in it under two spellings");
		goto fail;
	}
	draft_release(d);
	*d = next;
	return 0;
fail:
	draft_release(&next);
	return -1;
}

static int
draft_open(struct draft *d, const char *text, size_t len, struct error *e)
{
	static const char empty[] = "{\n  \"Version\": \"2012-10-17\",\n"
				    "  \"Statement\": []\n}\n";
	struct buf copy = BUF_INIT;

	if (text != NULL)
		buf_append(&copy, text, len);
	else
		buf_puts(&copy, empty);
	return draft_set(d, &copy, e);
}

static void
condition_key(char key[KEY_MAX], const char *issuer, const char *name)
{
	snprintf(key, KEY_MAX, "%s:%s", issuer, name);
}

static bool
is_only(const json_t *value, const char *text)
{
	const char *first = aws_json_text_at(value, 0);

	return aws_json_text_count(value) == 1 && first != NULL &&
	       strcmp(first, text) == 0;
}

/* The subjects of a statement of the grant's shape, or NULL. */
static json_t *
find_subjects(const json_t *statement, const struct aws_grant *grant, bool wide)
{
	json_t *condition = json_object_get(statement, "Condition");
	json_t *principal = json_object_get(statement, "Principal");
	json_t *equals = json_object_get(condition, "StringEquals");
	json_t *like = json_object_get(condition, "StringLike");
	char aud[KEY_MAX], sub[KEY_MAX];
	size_t members = json_object_get(statement, "Sid") != NULL ? 5 : 4;

	condition_key(aud, grant->issuer, "aud");
	condition_key(sub, grant->issuer, "sub");
	if (json_object_size(statement) != members ||
		!is_only(json_object_get(statement, "Effect"), "Allow") ||
		!is_only(json_object_get(statement, "Action"), AWS_ACTION) ||
		json_object_size(principal) != 1 ||
		!is_only(json_object_get(principal, "Federated"),
			grant->provider_arn) ||
		!is_only(json_object_get(equals, aud), grant->audience))
		return NULL;
	if (!wide)
		return json_object_size(condition) == 1 &&
				       json_object_size(equals) == 2
			       ? json_object_get(equals, sub)
			       : NULL;
	return json_object_size(condition) == 2 &&
			       json_object_size(equals) == 1 &&
			       json_object_size(like) == 1
		       ? json_object_get(like, sub)
		       : NULL;
}

/* The first statement of the grant's shape; its index in *at. */
static const json_t *
find_statement(const struct draft *d, const struct aws_grant *grant, bool wide,
	size_t *at)
{
	size_t i;

	for (i = 0; i < d->spans.count; i++)
		if (find_subjects(aws_policy_at(d->root, i), grant, wide) !=
			NULL) {
			*at = i;
			return aws_policy_at(d->root, i);
		}
	return NULL;
}

static bool
holds(const json_t *subjects, const char *subject)
{
	const char *text;
	size_t i;

	for (i = 0; i < aws_json_text_count(subjects); i++) {
		text = aws_json_text_at(subjects, i);
		if (text != NULL && strcmp(text, subject) == 0)
			return true;
	}
	return false;
}

static bool
grants(const struct aws_grant *grant, const char *subject, bool wide)
{
	size_t i;

	for (i = 0; i < grant->count; i++)
		if (grant->subjects[i].wide == wide &&
			strcmp(grant->subjects[i].text, subject) == 0)
			return true;
	return false;
}

/* Append the subjects that the list lacks; how many they were, or -1. */
static int
add_missing(json_t *list, const struct aws_grant *grant, bool wide)
{
	int added = 0;
	size_t i;

	for (i = 0; i < grant->count; i++) {
		if (grant->subjects[i].wide != wide ||
			holds(list, grant->subjects[i].text))
			continue;
		if (json_array_append_new(
			    list, json_string(grant->subjects[i].text)) != 0)
			return -1;
		added++;
	}
	return added;
}

/* A list of strings from a string or a list of them. */
static json_t *
copy_list(const json_t *value)
{
	json_t *list;

	if (json_is_array(value))
		return json_deep_copy(value);
	list = json_array();
	if (list != NULL && value != NULL &&
		json_array_append_new(list, json_deep_copy(value)) != 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}

/* One subject is written as a string, as people do.  Takes the list. */
static json_t *
tidy_list(json_t *list)
{
	json_t *only;

	if (json_array_size(list) != 1)
		return list;
	only = json_incref(json_array_get(list, 0));
	json_decref(list);
	return only;
}

/* A copy of the statement, or a new one, with these subjects, which it
 * takes. */
static json_t *
make_statement(const json_t *old, const struct aws_grant *grant, bool wide,
	json_t *subjects)
{
	char aud[KEY_MAX], sub[KEY_MAX];
	json_t *condition, *statement;

	condition_key(aud, grant->issuer, "aud");
	condition_key(sub, grant->issuer, "sub");
	subjects = tidy_list(subjects);
	if (wide)
		condition = json_pack("{s:{s:s}, s:{s:o}}", "StringEquals", aud,
			grant->audience, "StringLike", sub, subjects);
	else
		condition = json_pack("{s:{s:s, s:o}}", "StringEquals", aud,
			grant->audience, sub, subjects);
	if (old == NULL)
		return json_pack("{s:s, s:{s:s}, s:s, s:o}", "Effect", "Allow",
			"Principal", "Federated", grant->provider_arn, "Action",
			AWS_ACTION, "Condition", condition);
	statement = json_deep_copy(old);
	if (json_object_set_new(statement, "Condition", condition) != 0) {
		json_decref(statement);
		return NULL;
	}
	return statement;
}

/* The statement as text that fits where it is to stand. */
static int
render_statement(const struct draft *d, size_t at, const json_t *statement,
	struct buf *out, struct error *e)
{
	struct aws_span indent;
	char *prefix = NULL, *compact;
	int rc;

	if (d->spans.count == 0) {
		buf_puts(out, "\n    ");
		rc = aws_render_json(out, statement, "    ", e);
		buf_puts(out, "\n  ");
		return rc;
	}
	if (aws_spans_indent(&d->spans, d->text.data, at, &indent)) {
		prefix = strndup(
			d->text.data + indent.begin, indent.end - indent.begin);
		rc = prefix == NULL
			     ? error_nomem(e)
			     : aws_render_json(out, statement, prefix, e);
		free(prefix);
		return rc;
	}
	compact = json_dumps(statement, 0);
	if (compact == NULL)
		return error_nomem(e);
	buf_puts(out, compact);
	free(compact);
	return 0;
}

/* Put the statement in place of number at, or at the end when old is NULL. */
static int
put_statement(struct draft *d, size_t at, const json_t *old,
	const json_t *statement, struct error *e)
{
	struct buf item = BUF_INIT, text = BUF_INIT;
	size_t like =
		old != NULL || d->spans.count == 0 ? at : d->spans.count - 1;
	int rc = -1;

	if (render_statement(d, like, statement, &item, e) != 0)
		goto out;
	if (!buf_ok(&item)) {
		error_nomem(e);
		goto out;
	}
	if (old != NULL)
		aws_spans_replace(&d->spans, d->text.data, d->text.len, at,
			item.data, &text);
	else
		aws_spans_add(
			&d->spans, d->text.data, d->text.len, item.data, &text);
	rc = draft_set(d, &text, e);
out:
	buf_release(&item);
	buf_release(&text);
	return rc;
}

static int
grant_kind(struct draft *d, const struct aws_grant *grant, bool wide,
	struct error *e)
{
	size_t at = 0;
	const json_t *old = find_statement(d, grant, wide, &at);
	json_t *list = copy_list(find_subjects(old, grant, wide));
	json_t *statement = NULL;
	int added, rc = -1;

	added = list != NULL ? add_missing(list, grant, wide) : -1;
	if (added == 0)
		rc = 0;
	if (added < 0)
		error_nomem(e);
	if (added <= 0)
		goto out;
	statement = make_statement(old, grant, wide, list);
	list = NULL; /* taken */
	if (statement == NULL)
		error_nomem(e);
	else
		rc = put_statement(d, at, old, statement, e);
out:
	json_decref(statement);
	json_decref(list);
	return rc;
}

int
aws_policy_grant(const char *text, size_t len, const struct aws_grant *grant,
	struct buf *out, struct error *e)
{
	struct draft d = {0};
	int rc = -1;

	if (draft_open(&d, text, len, e) == 0 &&
		grant_kind(&d, grant, false, e) == 0 &&
		grant_kind(&d, grant, true, e) == 0) {
		buf_append(out, d.text.data, d.text.len);
		rc = 0;
	}
	draft_release(&d);
	return rc;
}

/* The subjects that stay; how many go in *gone.  NULL: out of memory. */
static json_t *
remaining(const json_t *subjects, const struct aws_grant *grant, bool wide,
	size_t *gone)
{
	json_t *list = json_array();
	const char *text;
	size_t i;

	*gone = 0;
	for (i = 0; list != NULL && i < aws_json_text_count(subjects); i++) {
		text = aws_json_text_at(subjects, i);
		if (text != NULL && grants(grant, text, wide)) {
			(*gone)++;
		} else if (json_array_append_new(
				   list, text != NULL ? json_string(text)
						      : json_null()) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static int
remove_statement(struct draft *d, size_t at, struct error *e)
{
	struct buf text = BUF_INIT;
	int rc;

	if (d->spans.count == 1)
		return error_set(e, ERROR_CONFLICT,
			"no statement would be left, and IAM takes no empty "
			"trust policy: delete the role instead");
	aws_spans_remove(&d->spans, d->text.data, d->text.len, at, &text);
	rc = draft_set(d, &text, e);
	buf_release(&text);
	return rc;
}

/* All statements of the shape, from the last, so that indexes stay valid. */
static int
revoke_kind(struct draft *d, const struct aws_grant *grant, bool wide,
	size_t *removed, struct error *e)
{
	json_t *list, *statement;
	const json_t *old, *subjects;
	size_t i, gone;
	int rc = 0;

	for (i = d->spans.count; rc == 0 && i-- > 0;) {
		old = aws_policy_at(d->root, i);
		subjects = find_subjects(old, grant, wide);
		if (subjects == NULL)
			continue;
		list = remaining(subjects, grant, wide, &gone);
		if (list == NULL)
			return error_nomem(e);
		*removed += gone;
		if (gone == 0 || json_array_size(list) == 0) {
			if (gone > 0)
				rc = remove_statement(d, i, e);
			json_decref(list);
			continue;
		}
		statement = make_statement(old, grant, wide, list);
		rc = statement == NULL ? error_nomem(e)
				       : put_statement(d, i, old, statement, e);
		json_decref(statement);
	}
	return rc;
}

int
aws_policy_revoke(const char *text, size_t len, const struct aws_grant *grant,
	struct buf *out, size_t *removed, struct error *e)
{
	struct draft d = {0};
	size_t count = 0;
	int rc = -1;

	if (draft_open(&d, text, len, e) == 0 &&
		revoke_kind(&d, grant, false, &count, e) == 0 &&
		revoke_kind(&d, grant, true, &count, e) == 0) {
		buf_append(out, d.text.data, d.text.len);
		*removed = count;
		rc = 0;
	}
	draft_release(&d);
	return rc;
}
