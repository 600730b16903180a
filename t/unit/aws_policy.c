/* SPDX-License-Identifier: MIT */
/*
 * Trust policies: a grant that is made twice is made once, what is not ours
 * keeps its bytes, and what is too wide is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/audit.h"
#include "aws/json.h"
#include "aws/name.h"
#include "aws/policy.h"
#include "aws/render.h"

#define ARN "arn:aws:iam::123456789012:oidc-provider/h.example/a"

static const struct aws_grant web = {
	.provider_arn = ARN,
	.issuer = "h.example/a",
	.audience = AWS_AUDIENCE,
	.subjects = {{"system:serviceaccount:shop:web", false}},
	.count = 1,
};
static const struct aws_grant both = {
	.provider_arn = ARN,
	.issuer = "h.example/a",
	.audience = AWS_AUDIENCE,
	.subjects = {{"system:serviceaccount:shop:web", false},
		{"system:serviceaccount:shop:db", false}},
	.count = 2,
};
static const struct aws_grant wide = {
	.provider_arn = ARN,
	.issuer = "h.example/a",
	.audience = AWS_AUDIENCE,
	.subjects = {{"system:serviceaccount:shop:*", true}},
	.count = 1,
};
static const struct aws_grant other_cluster = {
	.provider_arn = "arn:aws:iam::123456789012:oidc-provider/h.example/b",
	.issuer = "h.example/b",
	.audience = AWS_AUDIENCE,
	.subjects = {{"system:serviceaccount:shop:web", false}},
	.count = 1,
};

/* A statement of somebody else's, as no JSON library would write it. */
#define FOREIGN                                                         \
	"{ \"Effect\" :\"Allow\",\"Principal\":{\"AWS\":\"\\u002a\"}, " \
	"\"Action\":[ \"sts:AssumeRole\" ],\t\"Condition\" : "          \
	"{\"NumericLessThan\":{\"a:b\":1.50e1}} }"

static char *
grant(const char *text, const struct aws_grant *g)
{
	struct buf out = BUF_INIT;
	struct error e = {0};

	assert_int_equal(aws_policy_grant(text, text != NULL ? strlen(text) : 0,
				 g, &out, &e),
		0);
	return buf_take(&out, &(size_t){0});
}

static char *
revoke(const char *text, const struct aws_grant *g, size_t *removed)
{
	struct buf out = BUF_INIT;
	struct error e = {0};

	assert_int_equal(
		aws_policy_revoke(text, strlen(text), g, &out, removed, &e), 0);
	return buf_take(&out, &(size_t){0});
}

static void
refused(const char *text, enum error_code code, const char *why)
{
	struct buf out = BUF_INIT;
	struct error e = {0};

	assert_int_equal(
		aws_policy_grant(text, strlen(text), &web, &out, &e), -1);
	assert_int_equal(e.code, code);
	assert_non_null(strstr(e.text, why));
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static size_t
count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text != NULL;
		text = strstr(text + 1, what))
		n++;
	return n;
}

static void
grants_are_made_once(void **state)
{
	char *one = grant(NULL, &web), *again = grant(one, &web);
	char *two = grant(one, &both), *twice = grant(two, &both);

	(void)state;
	assert_string_equal(one, again);
	assert_string_equal(two, twice);
	assert_int_equal(count_of(two, "\"Effect\""), 1);
	assert_int_equal(count_of(two, "shop:web"), 1);
	assert_int_equal(count_of(two, "shop:db"), 1);
	free(one);
	free(again);
	free(two);
	free(twice);
}

static void
clusters_and_wildcards_have_their_own(void **state)
{
	char *one = grant(NULL, &web), *two = grant(one, &other_cluster);
	char *three = grant(two, &wide), *again = grant(three, &wide);

	(void)state;
	assert_int_equal(count_of(two, "\"Effect\""), 2);
	assert_int_equal(count_of(three, "\"Effect\""), 3);
	assert_int_equal(count_of(three, "StringLike"), 1);
	assert_string_equal(three, again);
	free(one);
	free(two);
	free(three);
	free(again);
}

static void
others_keep_their_bytes(void **state)
{
	static const char *const texts[] = {
		"{\"Statement\":[" FOREIGN "],\"Version\":\"2012-10-17\" }\n",
		"{\"Statement\":" FOREIGN "}",
		"{\r\n\t\"Version\": \"2008-10-17\",\r\n\t\"Statement\": "
		"[\r\n\t\t" FOREIGN "\r\n\t]\r\n}",
		"{\"Id\":\"a \\\"Statement\\\": [\",\"Statement\":[ " FOREIGN
		" , " FOREIGN " ]}",
	};
	size_t i, removed;
	char *more, *two, *less;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		more = grant(texts[i], &web);
		assert_int_equal(
			count_of(more, FOREIGN), count_of(texts[i], FOREIGN));
		assert_int_equal(count_of(more, ARN), 1);
		two = grant(more, &both);
		assert_int_equal(
			count_of(two, FOREIGN), count_of(texts[i], FOREIGN));
		less = revoke(two, &both, &removed);
		assert_int_equal(removed, 2);
		assert_int_equal(
			count_of(less, FOREIGN), count_of(texts[i], FOREIGN));
		assert_int_equal(count_of(less, ARN), 0);
		/* an array comes back to the byte */
		if (i != 1)
			assert_string_equal(less, texts[i]);
		free(more);
		free(two);
		free(less);
	}
}

/* A statement that asks for more is not ours to add to. */
static void
other_shapes_are_left_alone(void **state)
{
	static const char stricter[] =
		"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
		"\"Federated\":\"" ARN "\"},\"Action\":\"" AWS_ACTION "\","
		"\"Condition\":{\"StringEquals\":{\"h.example/"
		"a:aud\":\"" AWS_AUDIENCE
		"\",\"h.example/a:sub\":\"x\"},\"IpAddress\":{"
		"\"aws:SourceIp\":\"192.0.2.0/24\"}}}]}";
	char *text = grant(stricter, &web);
	size_t removed;
	char *less = revoke(text, &web, &removed);

	(void)state;
	assert_int_equal(count_of(text, "\"Effect\""), 2);
	assert_int_equal(count_of(text, "192.0.2.0/24"), 1);
	assert_int_equal(removed, 1);
	assert_string_equal(less, stricter);
	free(text);
	free(less);
}

static void
the_last_statement_stays(void **state)
{
	char *one = grant(NULL, &both);
	struct buf out = BUF_INIT;
	struct error e = {0};
	size_t removed = 0;
	char *less = revoke(one, &web, &removed);

	(void)state;
	assert_int_equal(removed, 1);
	assert_int_equal(count_of(less, "shop:web"), 0);
	assert_int_equal(count_of(less, "shop:db"), 1);
	assert_int_equal(
		aws_policy_revoke(one, strlen(one), &both, &out, &removed, &e),
		-1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	buf_release(&out);
	free(one);
	free(less);
}

static void
bad_policies_are_refused(void **state)
{
	(void)state;
	refused("", ERROR_PARSE, "JSON");
	refused("[]", ERROR_PARSE, "no Statement");
	refused("{}", ERROR_PARSE, "no Statement");
	refused("{\"Statement\":[1]}", ERROR_PARSE, "Effect");
	refused("{\"Statement\":[{\"Effect\":\"allow\"}]}", ERROR_PARSE,
		"Effect");
	refused("{\"Statement\":[],\"Statement\":[]}", ERROR_INVALID, "twice");
	refused("{\"Statement\":[{\"Effect\":\"Allow\",\"Effect\":\"Deny\"}]}",
		ERROR_INVALID, "twice");
	refused("{\"St\\u0061tement\":[" FOREIGN "]}", ERROR_INVALID,
		"Statement");
}

static void
size_counts_what_iam_counts(void **state)
{
	static const char *const texts[] = {
		"", "{ }", "{\n\t\"a\" : \"b c\"\r\n}", "\"\303\244\""};
	static const size_t sizes[] = {0, 2, 10, 3};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(
			aws_policy_size(texts[i], strlen(texts[i])), sizes[i]);
}

/* 1 MB of statements is gone through, and grows by one. */
static void
a_large_policy_is_bounded(void **state)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct error e = {0};
	size_t i;

	(void)state;
	buf_puts(&text, "{\"Statement\":[");
	for (i = 0; i < 1000; i++) {
		buf_puts(&text, i > 0 ? "," : "");
		buf_puts(&text, FOREIGN);
	}
	for (i = 0; i < 900000; i++)
		buf_putc(&text, ' ');
	buf_puts(&text, "]}");
	assert_int_equal(
		aws_policy_grant(text.data, text.len, &web, &out, &e), 0);
	assert_int_equal(count_of(out.data, FOREIGN), 1000);
	buf_release(&out);
	for (i = 0; i < 100; i++) {
		text.len -= 2;
		buf_puts(&text, "," FOREIGN "]}");
	}
	assert_int_equal(
		aws_policy_grant(text.data, text.len, &web, &out, &e), -1);
	assert_int_equal(e.code, ERROR_LIMIT);
	buf_release(&text);
	buf_release(&out);
}

static void
found(size_t statement, enum aws_audit_kind kind, const char *text, void *arg)
{
	unsigned *kinds = arg;

	assert_int_equal(statement, 1);
	assert_true(text[0] != '\0');
	*kinds |= 1U << kind;
}

static unsigned
audit(const char *principal, const char *condition)
{
	const char *expected = "https://h.example/a";
	struct buf text = BUF_INIT;
	struct error e = {0};
	unsigned kinds = 0;
	json_t *policy;

	buf_printf(&text,
		"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":%s,"
		"\"Action\":\"sts:AssumeRoleWith*\",\"Condition\":{%s}}}",
		principal, condition);
	policy = aws_json_parse(text.data, text.len, &e);
	assert_non_null(policy);
	assert_int_equal(aws_policy_check(policy, &e), 0);
	aws_audit(policy, &expected, 1, found, &kinds);
	json_decref(policy);
	buf_release(&text);
	return kinds;
}

#define AUD "\"h.example/a:aud\":\"sts.amazonaws.com\""
#define SUB "\"h.example/a:sub\":"
#define FEDERATED "{\"Federated\":\"" ARN "\"}"

static void
wide_policies_are_found(void **state)
{
	static const struct {
		const char *principal;
		const char *condition;
		unsigned kinds;
	} cases[] = {
		{FEDERATED, "\"StringEquals\":{" AUD "," SUB "\"s:a:b\"}", 0},
		{FEDERATED, "",
			1U << AWS_AUDIT_NO_AUDIENCE |
				1U << AWS_AUDIT_NO_SUBJECT},
		{FEDERATED, "\"StringEquals\":{" AUD "}",
			1U << AWS_AUDIT_NO_SUBJECT},
		{FEDERATED, "\"StringEquals\":{" SUB "\"s\"}",
			1U << AWS_AUDIT_NO_AUDIENCE},
		{FEDERATED, "\"StringEqualsIfExists\":{" AUD "," SUB "\"s\"}",
			1U << AWS_AUDIT_NO_AUDIENCE |
				1U << AWS_AUDIT_NO_SUBJECT},
		{FEDERATED,
			"\"ForAllValues:StringEquals\":{" AUD "},"
			"\"StringNotEquals\":{" SUB "\"s\"}",
			1U << AWS_AUDIT_NO_AUDIENCE |
				1U << AWS_AUDIT_NO_SUBJECT},
		{FEDERATED,
			"\"StringEquals\":{" AUD "},\"StringLike\":{" SUB
			"\"system:serviceaccount:*:web\"}",
			1U << AWS_AUDIT_WIDE_NAMESPACE},
		{FEDERATED,
			"\"StringEquals\":{" AUD "},\"StringLike\":{" SUB
			"\"system:serviceaccount:a*\"}",
			1U << AWS_AUDIT_WIDE_NAMESPACE},
		{FEDERATED,
			"\"StringEquals\":{" AUD "},\"StringLike\":{" SUB
			"\"system:serviceaccount:shop:*\"}",
			1U << AWS_AUDIT_WIDE_NAME},
		{FEDERATED,
			"\"StringEquals\":{" AUD "},\"StringLike\":{" SUB
			"\"*\"}",
			1U << AWS_AUDIT_NO_SUBJECT},
		{FEDERATED,
			"\"StringEquals\":{" AUD "," SUB
			"\"system:serviceaccount:shop:*\"}",
			1U << AWS_AUDIT_LITERAL_STAR},
		{"{\"Federated\":\"arn:aws:iam::1:oidc-provider/h.example/c\"}",
			"\"StringEquals\":{\"h.example/c:aud\":\"x\","
			"\"h.example/c:sub\":\"y\"}",
			1U << AWS_AUDIT_FOREIGN_ISSUER},
		{FEDERATED,
			"\"StringEquals\":{" AUD "," SUB
			"\"s\",\"h.example/b:sub\":\"y\"}",
			1U << AWS_AUDIT_OTHER_ISSUER},
		{"\"*\"", "", 1U << AWS_AUDIT_ANYONE},
		{"{\"AWS\":\"arn:aws:iam::1:root\"}", "", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(audit(cases[i].principal, cases[i].condition),
			cases[i].kinds);
}

static void
names_are_checked(void **state)
{
	static const char *const good[] = {
		"shop/web", "a/b.c-d", "kube-system/x"};
	static const char *const bad[] = {"", "shop", "/web", "shop/",
		"Shop/web", "shop/web/x", "-a/b", "a/b-", "a.b/c", "a/b:c",
		"a/*", "*/a"};
	struct buf b = BUF_INIT;
	struct error e = {0};
	bool is_wide = false;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
			aws_subject(&b, good[i], false, &is_wide, &e), 0);
		assert_false(is_wide);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			aws_subject(&b, bad[i], false, &is_wide, NULL), -1);
	assert_int_equal(aws_subject(&b, "a/*", true, &is_wide, &e), 0);
	assert_true(is_wide);
	buf_release(&b);
	assert_int_equal(aws_account_check("123456789012", &e), 0);
	assert_int_equal(aws_account_check("12345678901", NULL), -1);
	assert_int_equal(aws_account_check("12345678901a", NULL), -1);
	assert_int_equal(aws_partition_check("aws-eusc", &e), 0);
	assert_int_equal(aws_partition_check("azure", NULL), -1);
	assert_int_equal(aws_issuer_check("https://h.example/a", &e), 0);
	assert_int_equal(aws_issuer_check("https://localhost/a", NULL), -1);
	assert_int_equal(aws_issuer_check("https://h.example/a/", NULL), -1);
}

static void
templates_are_not_opened(void **state)
{
	json_t *policy = json_pack("{s:s}", "a", "${aws:x} %{if} $");
	struct buf b = BUF_INIT;
	struct error e = {0};

	(void)state;
	assert_int_equal(
		aws_render_role(&b, "r", policy, AWS_FORM_TERRAFORM, &e), 0);
	assert_non_null(strstr(b.data, "\"$${aws:x} %%{if} $\""));
	buf_release(&b);
	json_decref(policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_are_made_once),
		cmocka_unit_test(clusters_and_wildcards_have_their_own),
		cmocka_unit_test(others_keep_their_bytes),
		cmocka_unit_test(other_shapes_are_left_alone),
		cmocka_unit_test(the_last_statement_stays),
		cmocka_unit_test(bad_policies_are_refused),
		cmocka_unit_test(size_counts_what_iam_counts),
		cmocka_unit_test(a_large_policy_is_bounded),
		cmocka_unit_test(wide_policies_are_found),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(templates_are_not_opened),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
