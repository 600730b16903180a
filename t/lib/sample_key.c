/* SPDX-License-Identifier: MIT */
#include "sample_key.h"

#include "key_make.h"

struct sample {
	char *pem;
	char *jwk;
	char *kid;
};

static struct sample samples[SAMPLE_KEYS];

static char *
taken(struct buf b)
{
	char *text = buf_take(&b, NULL);

	must(text != NULL);
	return text;
}

static const struct sample *
sample(unsigned n)
{
	struct sample *s;
	struct buf spki;
	EVP_PKEY *key;

	must(n < SAMPLE_KEYS);
	s = &samples[n];
	if (s->kid != NULL)
		return s;
	key = key_make_ec("P-256");
	spki = key_make_spki(key);
	s->pem = taken(key_make_pem("PUBLIC KEY", &spki));
	s->kid = taken(key_make_kid(key));
	s->jwk = taken(key_make_jwk(key, s->kid, ""));
	buf_release(&spki);
	EVP_PKEY_free(key);
	return s;
}

const char *
sample_pem(unsigned n)
{
	return sample(n)->pem;
}

const char *
sample_jwk(unsigned n)
{
	return sample(n)->jwk;
}

const char *
sample_kid(unsigned n)
{
	return sample(n)->kid;
}

const char *
sample_pems(unsigned first, unsigned count)
{
	static struct buf b;
	unsigned i;

	buf_release(&b);
	for (i = 0; i < count; i++)
		buf_puts(&b, sample_pem(first + i));
	buf_append(&b, "", 0);
	must(buf_ok(&b));
	return b.data;
}

const char *
sample_jwks(unsigned first, unsigned count)
{
	static struct buf b;
	unsigned i;

	buf_release(&b);
	buf_puts(&b, "{\"keys\":[");
	for (i = 0; i < count; i++)
		buf_printf(&b, "%s%s", i > 0 ? "," : "", sample_jwk(first + i));
	buf_puts(&b, "]}");
	must(buf_ok(&b));
	return b.data;
}
