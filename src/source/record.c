/* SPDX-License-Identifier: MIT */
/*
 * One small file per issuer, so that with a hundred thousand of them one
 * change writes one file.  Invariant: a record holds only what was published
 * whole.
 */
#include "source/record.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "base/file.h"
#include "key/parse.h"

#define RECORD_MAX (256 * 1024)
#define NAME_LEN BASE64URL_LEN(SHA256_DIGEST_LENGTH)
#define NAME_SIZE (NAME_LEN + sizeof(".json"))

uint64_t
source_print(const struct key *key)
{
	const unsigned char *p = (const unsigned char *)key->jwk;
	uint64_t h = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < key->jwk_len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return h;
}

static void
record_name(const char *issuer, char name[NAME_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)issuer, strlen(issuer), digest);
	base64url_encode(name, digest, sizeof(digest));
	memcpy(name + NAME_LEN, ".json", sizeof(".json"));
}

void
source_record_release(struct source_record *r)
{
	json_decref(r->json);
	free(r->marks);
	free(r->bytes);
	*r = (struct source_record){0};
}

/* --- reading ------------------------------------------------------------ */

static int
read_mark(const json_t *key, const json_t *print, struct source_mark *mark)
{
	const char *text = json_string_value(print);
	char *end;

	mark->kid = json_string_value(json_object_get(key, "kid"));
	if (mark->kid == NULL || text == NULL || strlen(text) != 16)
		return -1;
	mark->print = strtoull(text, &end, 16);
	return *end == '\0' ? 0 : -1;
}

static int
read_marks(struct source_record *r, const json_t *keys, const json_t *prints)
{
	size_t n = json_array_size(keys), i;

	if (n == 0 || json_array_size(prints) != n)
		return -1;
	r->marks = calloc(n, sizeof(*r->marks));
	if (r->marks == NULL)
		return -1;
	for (i = 0; i < n; i++)
		if (read_mark(json_array_get(keys, i),
			    json_array_get(prints, i), &r->marks[i]) != 0)
			return -1;
	r->n_marks = n;
	return 0;
}

static int
read_members(struct source_record *r, const char *issuer, struct error *e)
{
	const char *whose, *when;

	whose = json_string_value(json_object_get(r->json, "issuer"));
	if (whose == NULL || strcmp(whose, issuer) != 0)
		return error_set(e, ERROR_INVALID, "is of another issuer");
	when = json_string_value(json_object_get(r->json, "published"));
	if (when == NULL || clock_parse(when, &r->published) != 0 ||
		read_marks(r, json_object_get(r->json, "keys"),
			json_object_get(r->json, "prints")) != 0)
		return error_set(e, ERROR_PARSE, "is damaged");
	return 0;
}

int
source_record_load(int dirfd, const char *issuer, struct source_record *out,
	struct error *e)
{
	struct source_record r = {0};
	struct file_bytes file = {0};
	char name[NAME_SIZE];
	int rc = -1;

	record_name(issuer, name);
	errno = 0;
	if (file_read(dirfd, name, RECORD_MAX, &file, e) != 0) {
		if (e != NULL && e->code == ERROR_SYS && errno == ENOENT)
			e->code = ERROR_NOTFOUND;
		error_wrap(e, "the last good set %s", name);
		return -1;
	}
	r.bytes = file.data;
	r.len = file.len;
	r.json = json_loadb(r.bytes, r.len, JSON_REJECT_DUPLICATES, NULL);
	if (r.json == NULL)
		error_set(e, ERROR_PARSE, "is damaged");
	else
		rc = read_members(&r, issuer, e);
	if (rc == 0)
		*out = r;
	else {
		error_wrap(e, "the last good set %s", name);
		source_record_release(&r);
	}
	return rc;
}

int
source_record_keys(
	const struct source_record *r, struct key_set *out, struct error *e)
{
	return key_parse(r->bytes, r->len, out, e);
}

/* --- writing ------------------------------------------------------------ */

int
source_record_save(int dirfd, const char *issuer, int64_t published,
	const struct source_mark *marks, size_t n_marks, const char *jwks,
	size_t jwks_len, struct error *e)
{
	char name[NAME_SIZE], when[CLOCK_TEXT_LEN + 1];
	struct buf b = BUF_INIT;
	size_t i;
	int rc;

	record_name(issuer, name);
	clock_format(when, published);
	buf_puts(&b, "{\"issuer\":");
	buf_json(&b, issuer, strlen(issuer));
	buf_printf(&b, ",\"published\":\"%s\",\"prints\":[", when);
	for (i = 0; i < n_marks; i++)
		buf_printf(&b, "%s\"%016" PRIx64 "\"", i > 0 ? "," : "",
			marks[i].print);
	buf_puts(&b, "],");
	buf_append(&b, jwks + 1, jwks_len - 1); /* after its brace */
	buf_putc(&b, '\n');
	if (!buf_ok(&b))
		rc = error_nomem(e);
	else
		rc = file_replace_at(dirfd, name, b.data, b.len, 0644, e);
	buf_release(&b);
	return rc == 0 ? 0 : error_wrap(e, "the last good set %s", name);
}

void
source_record_remove(int dirfd, const char *issuer)
{
	char name[NAME_SIZE];

	record_name(issuer, name);
	unlinkat(dirfd, name, 0);
}

/* --- comparing ---------------------------------------------------------- */

bool
source_record_equals(const struct source_record *r, const struct key_set *keys)
{
	size_t i;

	if (r->n_marks != keys->count)
		return false;
	for (i = 0; i < keys->count; i++)
		if (r->marks[i].print != source_print(keys->keys[i]) ||
			strcmp(r->marks[i].kid, keys->keys[i]->kid) != 0)
			return false;
	return true;
}

uint64_t
source_record_signature(int dirfd, const char *issuer)
{
	char name[NAME_SIZE];
	struct stat st;

	record_name(issuer, name);
	if (fstatat(dirfd, name, &st, 0) != 0)
		return 0;
	return (uint64_t)st.st_ino ^ (uint64_t)st.st_ctim.tv_sec << 32 ^
	       (uint64_t)st.st_ctim.tv_nsec;
}

int
source_check_loss(const struct source_mark *published, size_t n,
	const struct source_set *next, struct error *e)
{
	const struct key *key;
	struct buf lost = BUF_INIT;
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		key = key_set_find(&next->keys, published[i].kid);
		if (key != NULL && source_print(key) == published[i].print)
			continue;
		if (key == NULL && source_may_lack(next, published[i].kid))
			continue;
		buf_printf(&lost, "%s%s%s", lost.len > 0 ? ", " : "",
			published[i].kid,
			key != NULL ? " (now another key)" : "");
		count++;
	}
	if (count > 0)
		error_set(e, ERROR_CONFLICT,
			"the published key%s %.200s %s gone from the sources "
			"and no rotation retired %s",
			count == 1 ? "" : "s",
			buf_ok(&lost) && lost.data != NULL ? lost.data : "?",
			count == 1 ? "is" : "are", count == 1 ? "it" : "them");
	buf_release(&lost);
	return count == 0 ? 0 : -1;
}
