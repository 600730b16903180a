/* SPDX-License-Identifier: MIT */
/*
 * A key file of any bytes.  What is taken is published, and what is published
 * is read back as the same keys, with nothing private in it; what is refused
 * is refused with one line and leaves no key behind.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "key/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const private_members[] = {"\"d\":", "\"p\":", "\"q\":",
	"\"dp\":", "\"dq\":", "\"qi\":", "\"oth\":", "\"k\":", "\"oct\""};

static void
check_refusal(const struct key_set *set, const struct error *e)
{
	assert(set->count == 0 && set->keys == NULL);
	assert(e->code != ERROR_NONE && e->text[0] != '\0');
	assert(strchr(e->text, '\n') == NULL &&
		strchr(e->text, '\033') == NULL);
}

static void
check_key(const struct key *key)
{
	size_t i;

	assert(strlen(key->jwk) == key->jwk_len);
	assert(key->kid[0] != '\0' && strlen(key->kid) <= KEY_KID_MAX);
	assert(key->bits >= (key->type == KEY_RSA ? 2048U : 256U));
	/* a quote inside a kid is escaped, so that these are members */
	for (i = 0; i < sizeof(private_members) / sizeof(*private_members); i++)
		assert(strstr(key->jwk, private_members[i]) == NULL);
}

static void
check_same(const struct key *a, const struct key *b)
{
	assert(a->type == b->type && a->alg == b->alg && a->bits == b->bits);
	assert(strcmp(a->kid, b->kid) == 0 && strcmp(a->jwk, b->jwk) == 0);
	assert(a->spki_len == b->spki_len);
	assert(memcmp(a->spki, b->spki, a->spki_len) == 0);
}

/* The JWKS of the set gives the set, and so does each key's own spki. */
static void
check_set(const struct key_set *set)
{
	struct key_set again = KEY_SET_INIT;
	struct buf jwks = BUF_INIT;
	struct error e = {0};
	struct key *key;
	size_t i;

	assert(set->count > 0);
	buf_puts(&jwks, "{\"keys\":[");
	for (i = 0; i < set->count; i++) {
		check_key(set->keys[i]);
		buf_puts(&jwks, i > 0 ? "," : "");
		buf_append(&jwks, set->keys[i]->jwk, set->keys[i]->jwk_len);
	}
	buf_puts(&jwks, "]}");
	assert(buf_ok(&jwks));
	assert(key_parse(jwks.data, jwks.len, &again, &e) == 0);
	assert(again.count == set->count);
	for (i = 0; i < set->count; i++) {
		check_same(set->keys[i], again.keys[i]);
		key = key_new(set->keys[i]->spki, set->keys[i]->spki_len,
			set->keys[i]->kid, &e);
		assert(key != NULL && key->spki_len == again.keys[i]->spki_len);
		key_free(key);
	}
	key_set_release(&again);
	buf_release(&jwks);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_set set = KEY_SET_INIT;
	struct error e = {0};
	char *bytes = malloc(size + 1);

	if (bytes == NULL)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	if (key_parse(bytes, size, &set, &e) == 0)
		check_set(&set);
	else
		check_refusal(&set, &e);
	key_set_release(&set);
	free(bytes);
	return 0;
}
