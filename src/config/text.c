/* SPDX-License-Identifier: MIT */
/*
 * A pass over the text before libconfuse reads it, because libconfuse (3.3)
 *
 *   - counts a comment as up to three lines and takes none inside a list;
 *   - takes the end of the file for the end of a block;
 *   - stays inside an unterminated string when it reads the next file;
 *   - puts environment variables into strings, ends at a NUL byte and drops
 *     bytes that it does not know;
 *   - leaks the arguments of a function call that is not well formed;
 *   - does not tell where a block began, nor of an empty list, and stops at
 *     an option that it does not know.
 *
 * Here comments become blanks, and so do options that nobody knows, once they
 * are complained of, so that one run shows all of them; the rest is refused.
 * Invariant: what passes has the tokens that libconfuse finds in it, on the
 * lines that it counts.
 */
#include "config/internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a token was: its own character, or one of these. */
#define TOKEN_NONE '\0'
#define TOKEN_VALUE 'v'
#define TOKEN_LIST 'l' /* the brace that begins one */

struct scan {
	char *p;
	char *end; /* there is a NUL */
	unsigned line;
	char last;       /* the token before */
	char before;     /* and the one before that */
	char *value;     /* where the last value began */
	char *unknown;   /* where an option that is to be dropped began */
	bool in_call;    /* between parentheses */
	unsigned depth;  /* of braces */
	unsigned opened; /* line of the outermost brace that is open */
	struct config_text *text;
	const char *file;
	struct config_errors *errors;
};

static void
token(struct scan *s, char kind)
{
	s->before = s->last;
	s->last = kind;
}

static void
blank(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != '\n')
			*from = ' ';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._-:/@[]~", c) != NULL);
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static int
bad_byte(const struct scan *s, struct error *e)
{
	if (is_control(*s->p) || (unsigned char)*s->p > 0x7e)
		return error_set(e, ERROR_PARSE, "unexpected byte 0x%02x",
			(unsigned char)*s->p);
	return error_set(e, ERROR_PARSE,
		"unexpected '%c'; text with special characters stands in "
		"quotes",
		*s->p);
}

static void
take_line_comment(struct scan *s)
{
	char *from = s->p;

	while (s->p < s->end && *s->p != '\n')
		s->p++;
	blank(from, s->p);
}

static int
take_block_comment(struct scan *s, struct error *e)
{
	unsigned began = s->line;
	char *from = s->p;

	for (s->p += 2; strncmp(s->p, "*/", 2) != 0; s->p++) {
		if (s->p == s->end) {
			s->line = began;
			return error_set(e, ERROR_PARSE,
				"a comment that begins here never ends");
		}
		if (*s->p == '\n')
			s->line++;
	}
	s->p += 2;
	blank(from, s->p);
	return 0;
}

/* One character of a string in quotes of that kind, at s->p. */
static int
take_string_char(struct scan *s, char quote, struct error *e)
{
	if (s->p == s->end || *s->p == '\n' || *s->p == '\r')
		return error_set(e, ERROR_PARSE,
			"a string that begins here does not end on its line");
	if (is_control(*s->p))
		return bad_byte(s, e);
	if (quote == '"' && strncmp(s->p, "${", 2) == 0)
		return error_set(e, ERROR_PARSE,
			"environment variables are not read here; a \"${\" "
			"that is meant literally stands in single quotes");
	if (*s->p == '\\') {
		if (s->p[1] == quote || s->p[1] == '\\')
			s->p++;
		else if (quote == '"')
			return error_set(e, ERROR_PARSE,
				"a backslash in double quotes stands before "
				"\\ or \" only");
	}
	s->p++;
	return 0;
}

/* Drop the option that nobody knows: its value ends here. */
static void
drop_unknown(struct scan *s)
{
	if (s->unknown == NULL)
		return;
	blank(s->unknown, s->p);
	s->unknown = NULL;
}

/* A value may stand anywhere but behind a finished call. */
static int
take_value(struct scan *s, struct error *e)
{
	char quote = *s->p;

	if (s->in_call && s->last != '(')
		return error_set(e, ERROR_PARSE, "a ')' is missing");
	s->value = s->p;
	if (quote == '"' || quote == '\'') {
		s->p++;
		while (*s->p != quote)
			if (take_string_char(s, quote, e) != 0)
				return -1;
		s->p++;
	} else {
		while (is_word(*s->p))
			s->p++;
	}
	if (s->last == '=')
		drop_unknown(s);
	token(s, TOKEN_VALUE);
	return 0;
}

/* "NAME =": do we know it? */
static int
take_equals(struct scan *s, struct error *e)
{
	const char *from = s->value;
	char name[CONFIG_NAME_SHOWN] = "";
	size_t len = 0;

	if (s->last != TOKEN_VALUE || s->before == '=')
		return error_set(e, ERROR_PARSE,
			"unexpected '='; is a value missing before it?");
	if (*from == '"' || *from == '\'')
		from++;
	while (is_word(from[len]) && len + 1 < sizeof(name))
		len++;
	memcpy(name, from, len);
	if (!config_is_known(name)) {
		config_complain_unknown(s->errors, s->file, s->line, name);
		s->unknown = s->value;
	}
	token(s, '=');
	return 0;
}

static int
add_block(struct config_text *t, unsigned line, struct error *e)
{
	size_t n = t->n_blocks;
	unsigned *lines;

	/* grow at each power of two */
	if ((n & (n - 1)) == 0) {
		lines = reallocarray(
			t->block_lines, n == 0 ? 1 : 2 * n, sizeof(*lines));
		if (lines == NULL)
			return error_nomem(e);
		t->block_lines = lines;
	}
	t->block_lines[t->n_blocks++] = line;
	return 0;
}

static int
open_brace(struct scan *s, struct error *e)
{
	if (s->last == '=') {
		s->depth++;
		token(s, TOKEN_LIST);
		return 0;
	}
	if (s->depth++ > 0)
		return error_set(e, ERROR_PARSE,
			"a block inside of the one at line %u; is a '}' "
			"missing above?",
			s->opened);
	token(s, '{');
	return add_block(s->text, s->line, e);
}

static int
close_brace(struct scan *s, struct error *e)
{
	if (s->depth == 0)
		return error_set(e, ERROR_PARSE, "a '}' without its '{'");
	if (s->last == TOKEN_LIST)
		return error_set(e, ERROR_PARSE,
			"an empty list; leave the option out for its default");
	s->depth--;
	drop_unknown(s);
	token(s, '}');
	return 0;
}

static int
take_parenthesis(struct scan *s, char c, struct error *e)
{
	if (c == '(' && s->depth > 0)
		return error_set(e, ERROR_PARSE,
			"a call inside of the block at line %u; is a '}' "
			"missing above?",
			s->opened);
	if (c == ')' && !s->in_call)
		return error_set(e, ERROR_PARSE, "a ')' without its '('");
	s->in_call = c == '(';
	token(s, c);
	return 0;
}

static int
take_mark(struct scan *s, struct error *e)
{
	char c = *s->p++;

	if (s->in_call && (c != ')' || s->last == '('))
		return error_set(
			e, ERROR_PARSE, "between ( and ) stands one file name");
	if (s->last == '=' && c != '{')
		return error_set(e, ERROR_PARSE,
			"unexpected '%c'; a value is missing", c);
	if (s->depth == 0)
		s->opened = s->line;
	switch (c) {
	case '=':
		return take_equals(s, e);
	case '{':
		return open_brace(s, e);
	case '}':
		return close_brace(s, e);
	case ',':
		token(s, c);
		return 0;
	default:
		return take_parenthesis(s, c, e);
	}
}

/* The next token, comment, blank or end of line, at s->p. */
static int
take(struct scan *s, struct error *e)
{
	char c = *s->p;

	if (c == '\n')
		s->line++;
	if (c == '\n' || c == ' ' || c == '\t' ||
		(c == '\r' && s->p[1] == '\n')) {
		s->p++;
		return 0;
	}
	if (c == '#' || strncmp(s->p, "//", 2) == 0) {
		take_line_comment(s);
		return 0;
	}
	if (strncmp(s->p, "/*", 2) == 0)
		return take_block_comment(s, e);
	if (c == '"' || c == '\'' || is_word(c))
		return take_value(s, e);
	if (c != '\0' && strchr("{}()=,", c) != NULL)
		return take_mark(s, e);
	return bad_byte(s, e);
}

/* What is open at the end. */
static int
finish(struct scan *s, struct error *e)
{
	if (s->in_call)
		return error_set(e, ERROR_PARSE, "a ')' is missing");
	if (s->last == '=')
		return error_set(e, ERROR_PARSE, "a value is missing");
	if (s->depth == 0)
		return 0;
	s->line = s->opened;
	return error_set(e, ERROR_PARSE, "a '{' that is never closed");
}

int
config_text_prepare(char *text, size_t len, const char *file,
	struct config_text *out, struct config_errors *errors, struct error *e)
{
	struct scan s = {
		.p = text,
		.end = text + len,
		.line = 1,
		.last = TOKEN_NONE,
		.before = TOKEN_NONE,
		.text = out,
		.file = file,
		.errors = errors,
	};
	int rc = 0;

	*out = (struct config_text){0};
	while (rc == 0 && s.p < s.end)
		rc = take(&s, e);
	if (rc == 0)
		rc = finish(&s, e);
	out->line = s.line;
	return rc;
}

void
config_text_release(struct config_text *t)
{
	free(t->block_lines);
	*t = (struct config_text){0};
}
