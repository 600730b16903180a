/* SPDX-License-Identifier: MIT */
/*
 * Whatever a command is shown goes through key_parse(), so that no command
 * believes a key which jwksd would refuse to publish.
 */
#include "jwksctl/jwks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "key/parse.h"
#include "remote/remote.h"

bool
jwks_is_url(const char *from)
{
	return strncmp(from, "https://", 8) == 0 ||
	       strncmp(from, "http://", 7) == 0;
}

static char *
read_url(const char *url, size_t *len, struct error *e)
{
	const struct remote_request request = {.url = url};
	struct remote_answer answer = {0};
	char *body = NULL;

	if (remote_get(&request, &answer, e) != 0)
		return NULL;
	if (answer.status != 200) {
		error_set(e, ERROR_NET, "%s: answers %u", url, answer.status);
	} else {
		body = answer.body;
		*len = answer.len;
		answer.body = NULL; /* given to the caller */
	}
	remote_answer_release(&answer);
	return body;
}

char *
jwks_read(const char *from, size_t *len, struct error *e)
{
	struct file_bytes file = {0};

	if (jwks_is_url(from))
		return read_url(from, len, e);
	if (file_read(AT_FDCWD, from, KEY_FILE_MAX, &file, e) != 0) {
		error_wrap(e, "%s", from);
		return NULL;
	}
	*len = file.len;
	return file.data;
}

int
jwks_load(const char *from, struct key_set *set, struct error *e)
{
	size_t len = 0;
	char *bytes = jwks_read(from, &len, e);
	int rc;

	if (bytes == NULL)
		return -1;
	rc = key_parse(bytes, len, set, e);
	if (rc != 0)
		error_wrap(e, "%s", from);
	/* it may have been a private key's file */
	explicit_bzero(bytes, len);
	free(bytes);
	return rc;
}

int
jwks_of(const struct keyring *ring, int64_t now, struct key_set *set,
	struct error *e)
{
	struct key *copy;
	size_t i;

	for (i = 0; i < ring->count; i++) {
		if (!keyring_state_published(
			    keyring_state(&ring->keys[i], now)))
			continue;
		copy = key_copy(ring->keys[i].key, e);
		if (copy == NULL || key_set_add(set, copy, e) != 0)
			return -1;
	}
	if (set->count == 0)
		return error_set(e, ERROR_NOTFOUND, "no key is published");
	return 0;
}
