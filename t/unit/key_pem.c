/* SPDX-License-Identifier: MIT */
/* What stands around the keys in a PEM file, and files that are damaged. */
#include "key_check.h"

/* Two keys, as PEM and as what they give. */
struct pair {
	struct buf pem[2];
	struct buf jwk[2];
	struct buf both; /* "jwk,jwk" */
};

static int
make_pair(void **state)
{
	static struct pair pair;
	EVP_PKEY *pkey;
	struct buf kid, spki;
	int i;

	for (i = 0; i < 2; i++) {
		pkey = i == 0 ? key_make_rsa(2048) : key_make_ec("P-384");
		kid = key_make_kid(pkey);
		spki = key_make_spki(pkey);
		pair.pem[i] = key_make_pem("PUBLIC KEY", &spki);
		pair.jwk[i] = key_make_jwk(pkey, kid.data, "");
		buf_release(&kid);
		buf_release(&spki);
		EVP_PKEY_free(pkey);
	}
	buf_printf(&pair.both, "%s,%s", pair.jwk[0].data, pair.jwk[1].data);
	*state = &pair;
	return 0;
}

static int
release_pair(void **state)
{
	struct pair *pair = *state;
	int i;

	for (i = 0; i < 2; i++) {
		buf_release(&pair->pem[i]);
		buf_release(&pair->jwk[i]);
	}
	buf_release(&pair->both);
	return 0;
}

/* Every from in text becomes to. */
static struct buf
replaced(const char *text, const char *from, const char *to)
{
	struct buf out = BUF_INIT;
	const char *p;

	for (p = strstr(text, from); p != NULL; p = strstr(text, from)) {
		buf_append(&out, text, (size_t)(p - text));
		buf_puts(&out, to);
		text = p + strlen(from);
	}
	buf_puts(&out, text);
	must(buf_ok(&out));
	return out;
}

static void
gives(const char *what, struct buf file, const char *jwks)
{
	key_check_gives(what, file.data, file.len, jwks);
	buf_release(&file);
}

static void
refused(const char *what, struct buf file, enum error_code code,
	const char *word)
{
	key_check_refused(what, file.data, file.len, code, word);
	buf_release(&file);
}

static struct buf format(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static struct buf
format(const char *fmt, ...)
{
	struct buf out = BUF_INIT;
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	must(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	buf_puts(&out, text);
	free(text);
	return out;
}

static void
test_text_around(void **state)
{
	struct pair *pair = *state;
	const char *a = pair->pem[0].data, *b = pair->pem[1].data;

	gives("two", format("%s%s", a, b), pair->both.data);
	gives("text", format("# one\n\n%sand - two: ----- {\n%sthe end", a, b),
		pair->both.data);
	gives("commented out",
		format("#-----BEGIN PUBLIC KEY-----\n#junk\n%s", a),
		pair->jwk[0].data);
	gives("a mark", format("\xef\xbb\xbf%s", a), pair->jwk[0].data);
	gives("the same twice", format("%s%s%s", a, b, a), pair->both.data);
	gives("parameters and a CRL",
		format("-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n"
		       "-----END EC PARAMETERS-----\n"
		       "-----BEGIN X509 CRL-----\nAAAA\n"
		       "-----END X509 CRL-----\n"
		       "-----BEGIN DH PARAMETERS-----\nAAAA\n"
		       "-----END DH PARAMETERS-----\n%s%s",
			a, b),
		pair->both.data);
}

static void
test_line_ends(void **state)
{
	struct pair *pair = *state;
	const char *a = pair->pem[0].data;
	const char *jwk = pair->jwk[0].data;
	struct buf crlf = replaced(a, "\n", "\r\n");

	gives("two with CRLF", format("%s%s", crlf.data, crlf.data), jwk);
	gives("CRLF", crlf, jwk);
	gives("blanks", replaced(a, "\n", " \t\n"), jwk);
	gives("empty lines", replaced(a, "\n", "\n\n"), jwk);
	gives("no last newline", format("%.*s", (int)strlen(a) - 1, a), jwk);
}

static void
test_damaged(void **state)
{
	struct pair *pair = *state;
	const char *a = pair->pem[0].data, *b = pair->pem[1].data;

	refused("indented", format("%s  %s", a, b), ERROR_PARSE,
		"must begin at the start of its line");
	refused("only indented", format("\t%s", b), ERROR_PARSE,
		"line 1: a PEM block must begin");
	refused("no END", format("%s%.*s", a, 100, b), ERROR_PARSE,
		"block 2 has no END line");
	refused("BEGIN in a block",
		format("-----BEGIN PUBLIC KEY-----\nAAAA\n%s", a), ERROR_PARSE,
		"block 1 does not end with -----END PUBLIC KEY-----");
	refused("another END", replaced(a, "END PUBLIC KEY", "END PUBLIC KEX"),
		ERROR_PARSE,
		"block 1 does not end with -----END PUBLIC KEY-----");
	refused("END in a line", replaced(a, "\n-----END", "-----END"),
		ERROR_PARSE, "block 1 does not end");
	refused("BEGIN cut",
		replaced(a, "BEGIN PUBLIC KEY-----", "BEGIN PUBLIC KEY"),
		ERROR_PARSE, "block 1: its BEGIN line");
	refused("text on the BEGIN line",
		replaced(a, "BEGIN PUBLIC KEY-----", "BEGIN PUBLIC KEY----- x"),
		ERROR_PARSE, "block 1: its BEGIN line");
	refused("a label for the terminal",
		format("-----BEGIN \x1b[2J-----\nAAAA\n"), ERROR_PARSE,
		"block 1 has no END line");
	refused("an END for the terminal",
		format("-----BEGIN \x1b[2J-----\nAAAA\n-----END "), ERROR_PARSE,
		"-----END ?[2J-----");
	refused("only a CRL",
		format("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 "
		       "CRL-----"),
		ERROR_NOTFOUND, "no key");
}

/* A megabyte of them on one line must not take a megabyte's square. */
static void
test_many_begins(void **state)
{
	struct buf many = BUF_INIT;

	(void)state;
	while (many.len + 11 <= KEY_FILE_MAX)
		buf_puts(&many, "-----BEGIN ");
	refused("many", many, ERROR_PARSE, "block 1: its BEGIN line");
}

static void
body_refused(const char *body, const char *word)
{
	refused(body,
		format("-----BEGIN PUBLIC KEY-----\n%s\n"
		       "-----END PUBLIC KEY-----\n",
			body),
		ERROR_PARSE, word);
}

static void
test_not_base64(void **state)
{
	static const char *const bodies[] = {"MHY!", "MH-w", "MH_w", "MHY", "M",
		"MA=", "MA=A", "MA==MA==", "MA===", "M===", "=", "====",
		"MHYw====", "MH==", "MHZ=", "MHYwE=", "Comment: x\n\nMHYw",
		"MHYw\xc3\xa9zz"};
	struct pair *pair = *state;
	const char *b = pair->pem[1].data;
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		body_refused(bodies[i], "block 1: not base64");
	body_refused("", "block 1: neither a public key nor a certificate");
	body_refused("MHYw", "block 1: neither");
	refused("a sign in a key", replaced(b, "\nMHYw", "\nMH!w"), ERROR_PARSE,
		"block 1: not base64");
	refused("another key", replaced(b, "\nMHYw", "\nAHYw"), ERROR_PARSE,
		"block 1: neither");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_around),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_many_begins),
		cmocka_unit_test(test_not_base64),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_pair, release_pair);
}
