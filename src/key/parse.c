/* SPDX-License-Identifier: MIT */
/*
 * Which form the bytes have, and then the keys of that form.  Invariant: keys
 * are gathered in a set of their own and reach the caller's only when all of
 * the bytes were understood.
 */
#include "key/parse.h"

#include <string.h>

#include "key/der.h"
#include "key/internal.h"
#include "key/jwk.h"
#include "key/pem.h"

/* Blocks that stand beside keys and never hold one. */
static const char *const passed_over[] = {
	"EC PARAMETERS", "DH PARAMETERS", "X509 CRL"};

/* Files that people take for what we read. */
static const struct {
	const char *start;
	enum error_code code;
	const char *text;
} mistaken[] = {
	{"PuTTY-User-Key-File-", ERROR_DENIED,
		"this is a private key (PuTTY); only the public key belongs "
		"here"},
	{"ssh-", ERROR_PARSE,
		"this is an OpenSSH public key; convert it: ssh-keygen -e -m "
		"PKCS8 -f FILE"},
	{"ecdsa-sha2-", ERROR_PARSE,
		"this is an OpenSSH public key; convert it: ssh-keygen -e -m "
		"PKCS8 -f FILE"},
};

static int
refuse_private(enum key_form form, struct error *e)
{
	const char *how = "openssl pkey -in FILE -pubout";

	if (form == KEY_FORM_PKCS12)
		how = "openssl pkcs12 -in FILE -nokeys";
	else if (form == KEY_FORM_OPENSSH)
		how = "ssh-keygen -e -m PKCS8 -f FILE";
	return error_set(e, ERROR_DENIED,
		"this is a private key (%s); only the public key belongs here: "
		"%s",
		key_form_name(form), how);
}

/* A second element behind the first is an error, and may be a private key. */
static int
check_end(const unsigned char *der, size_t len, struct error *e)
{
	struct key_der in = {der, len}, content;
	enum key_form form;

	if (!key_der_take(&in, KEY_DER_SEQUENCE, &content))
		return error_set(e, ERROR_PARSE, "DER is cut short");
	if (in.len == 0)
		return 0;
	form = key_form_tell(in.p, in.len);
	if (key_form_private(form))
		return refuse_private(form, e);
	return error_set(
		e, ERROR_PARSE, "%zu bytes follow the end of the DER", in.len);
}

static int
add_der(const unsigned char *der, size_t len, struct key_set *set,
	struct error *e)
{
	enum key_form form = key_form_tell(der, len);
	struct key_numbers numbers;
	struct key *key;
	int rc = -1;

	if (key_form_private(form))
		return refuse_private(form, e);
	if (form != KEY_FORM_UNKNOWN && check_end(der, len, e) != 0)
		return -1;
	if (form == KEY_FORM_SPKI)
		rc = key_numbers_from_spki(&numbers, der, len, e);
	else if (form == KEY_FORM_RSA_PUBLIC)
		rc = key_numbers_from_pkcs1(&numbers, der, len, e);
	else if (form == KEY_FORM_CERTIFICATE)
		rc = key_numbers_from_certificate(&numbers, der, len, e);
	else
		error_set(e, ERROR_PARSE,
			"neither a public key nor a certificate");
	if (rc != 0)
		return -1;
	key = key_from_numbers(&numbers, key_numbers_alg(&numbers), NULL, e);
	return key == NULL ? -1 : key_set_add(set, key, e);
}

static bool
is_passed_over(const struct key_pem_block *block)
{
	size_t i;

	for (i = 0; i < sizeof(passed_over) / sizeof(*passed_over); i++)
		if (key_pem_label_is(block, passed_over[i]))
			return true;
	return false;
}

static int
add_block(
	const struct key_pem_block *block, struct key_set *set, struct error *e)
{
	unsigned char *der;
	size_t len;
	int rc = 0;

	der = key_pem_decode(block, &len, e);
	if (der == NULL)
		return -1;
	/* a label may lie, but not about a private key */
	if (!is_passed_over(block))
		rc = add_der(der, len, set, e);
	else if (key_form_private(key_form_tell(der, len)))
		rc = refuse_private(key_form_tell(der, len), e);
	key_pem_free(der, len);
	return rc;
}

static int
parse_pem(const char *text, size_t len, struct key_set *set, struct error *e)
{
	struct key_pem scan = {.text = text, .len = len};
	struct key_pem_block block;
	int found = key_pem_next(&scan, &block, e);

	while (found == 1) {
		if (add_block(&block, set, e) != 0)
			return error_wrap(e, "block %u", scan.count);
		found = key_pem_next(&scan, &block, e);
	}
	return found;
}

/* Neither PEM nor JSON nor DER: say what it may be. */
static int
refuse_unknown(const char *bytes, size_t len, struct error *e)
{
	size_t i, n;

	for (i = 0; i < sizeof(mistaken) / sizeof(*mistaken); i++) {
		n = strlen(mistaken[i].start);
		if (len >= n && memcmp(bytes, mistaken[i].start, n) == 0)
			return error_set(
				e, mistaken[i].code, "%s", mistaken[i].text);
	}
	if (len == 0)
		return error_set(e, ERROR_NOTFOUND, "the file is empty");
	return error_set(e, ERROR_NOTFOUND,
		"no key in it: neither PEM nor DER nor a JWK Set");
}

static int
parse_form(const char *bytes, size_t len, struct key_set *set, struct error *e)
{
	const unsigned char *der = (const unsigned char *)bytes;
	size_t blank = strspn(bytes, " \t\r\n");

	/* DER first: nothing that stands inside it may be taken for PEM */
	if (key_form_tell(der, len) != KEY_FORM_UNKNOWN)
		return add_der(der, len, set, e);
	if (key_pem_present(bytes, len))
		return parse_pem(bytes, len, set, e);
	if (blank < len && (bytes[blank] == '{' || bytes[blank] == '['))
		return key_jwk_parse(bytes, len, set, e);
	return refuse_unknown(bytes, len, e);
}

int
key_parse(const char *bytes, size_t len, struct key_set *set, struct error *e)
{
	static const char mark[] = "\xef\xbb\xbf"; /* UTF-8's, of editors */
	struct key_set found = KEY_SET_INIT;
	int rc = -1;

	if (len > KEY_FILE_MAX)
		return error_set(
			e, ERROR_LIMIT, "more than %d bytes", KEY_FILE_MAX);
	if (len >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0) {
		bytes += strlen(mark);
		len -= strlen(mark);
	}
	if (key_pem_refuse_private(bytes, len, e) != 0)
		goto out;
	if (parse_form(bytes, len, &found, e) != 0)
		goto out;
	if (found.count == 0) {
		error_set(e, ERROR_NOTFOUND, "no key in it");
		goto out;
	}
	rc = key_set_merge(set, &found, e);
out:
	key_set_release(&found);
	return rc;
}
