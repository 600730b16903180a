/* SPDX-License-Identifier: MIT */
/*
 * jwksctl export: the bytes that jwksd serves, as a tree for an object store
 * or any web server, with the headers that belong to them as a manifest and
 * as `aws s3 cp` lines.  Nothing is uploaded.
 *
 * Invariant: the JWKS is written before the discovery document, each by one
 * rename, so that a tree which is published while it is exported is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/url.h"
#include "jwksctl/jwks.h"
#include "jwksctl/view.h"
#include "oidc/document.h"

#define MANIFEST "headers.json"

/* Order of writing; see above. */
static const enum oidc_kind kinds[OIDC_DOCUMENTS] = {OIDC_JWKS, OIDC_DISCOVERY};

static const char *
content_type(enum oidc_kind kind)
{
	return kind == OIDC_JWKS ? OIDC_JWKS_CONTENT_TYPE : "application/json";
}

static int
render(const struct keyring *ring, const struct key_set *keys,
	enum oidc_kind kind, struct buf *out, struct error *e)
{
	if (kind == OIDC_JWKS)
		oidc_render_jwks(keys, out);
	else
		oidc_render_discovery(ring->issuer, keys, out);
	if (!buf_ok(out))
		return error_nomem(e);
	if (out->len > OIDC_DOCUMENT_MAX)
		return error_set(e, ERROR_LIMIT,
			"%s has %zu bytes, verifiers read %d",
			oidc_kind_name(kind), out->len, OIDC_DOCUMENT_MAX);
	return 0;
}

/* Open directory dir below fd, made if it is not there. */
static int
descend(int fd, const char *name, struct error *e)
{
	int next;

	if (mkdirat(fd, name, 0755) != 0 && errno != EEXIST)
		return error_sys(e, "%s", name);
	next = openat(
		fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return error_sys(e, "%s", name);
	return next;
}

/* Write a file at a path below fd, directories included. */
static int
write_below(int fd, const char *path, const struct buf *bytes, struct error *e)
{
	char *copy = strdup(path), *name = copy, *slash;
	int dir = dup(fd), next, rc = -1;

	if (copy == NULL || dir < 0) {
		error_nomem(e);
		goto out;
	}
	for (slash = strchr(name, '/'); slash != NULL;
		slash = strchr(name, '/')) {
		*slash = '\0';
		next = descend(dir, name, e);
		if (next < 0)
			goto out;
		close(dir);
		dir = next;
		name = slash + 1;
	}
	rc = file_replace_at(dir, name, bytes->data, bytes->len, 0644, e);
out:
	if (dir >= 0)
		close(dir);
	free(copy);
	return rc == 0 ? 0 : error_wrap(e, "%s", path);
}

static json_t *
manifest_entry(const char *path, enum oidc_kind kind, int64_t max_age)
{
	char cache[64];

	snprintf(cache, sizeof(cache), "public, max-age=%lld",
		(long long)max_age);
	return json_pack("{s:s, s:{s:s, s:s, s:s}}", "path", path, "headers",
		"Content-Type", content_type(kind), "Cache-Control", cache,
		"Access-Control-Allow-Origin", "*");
}

struct export
{
	int fd;
	const char *out;
	const char *path; /* of the issuer's URL */
	size_t path_len;
	int64_t max_age;
	json_t *entries;
	struct key_set keys;
};

static int
export_one(struct export *x, const struct keyring *ring, enum oidc_kind kind,
	struct error *e)
{
	struct buf bytes = BUF_INIT, path = BUF_INIT;
	int rc = -1;

	buf_append(&path, x->path, x->path_len);
	buf_puts(&path, oidc_kind_suffix(kind));
	if (!buf_ok(&path)) {
		error_nomem(e);
		goto out;
	}
	if (render(ring, &x->keys, kind, &bytes, e) != 0 ||
		write_below(x->fd, path.data + 1, &bytes, e) != 0)
		goto out;
	if (json_array_append_new(x->entries,
		    manifest_entry(path.data, kind, x->max_age)) != 0) {
		error_nomem(e);
		goto out;
	}
	printf("aws s3 cp '%s%s' 's3://BUCKET%s' --content-type %s "
	       "--cache-control 'public, max-age=%lld'\n",
		x->out, path.data, path.data, content_type(kind),
		(long long)x->max_age);
	rc = 0;
out:
	buf_release(&bytes);
	buf_release(&path);
	return rc;
}

static int
write_manifest(const struct export *x, struct error *e)
{
	char *text = json_dumps(x->entries, JSON_INDENT(2));
	struct buf b = BUF_INIT;
	int rc = -1;

	if (text != NULL)
		buf_printf(&b, "%s\n", text);
	if (text == NULL || !buf_ok(&b))
		error_nomem(e);
	else
		rc = file_replace_at(x->fd, MANIFEST, b.data, b.len, 0644, e);
	buf_release(&b);
	free(text);
	return rc == 0 ? 0 : error_wrap(e, "%s/%s", x->out, MANIFEST);
}

static int
export_all(struct ctl *ctl, const struct keyring *ring, const char *out,
	struct error *e)
{
	struct export x = {.fd = -1, .out = out};
	struct config_url url = {0};
	int rc = -1;
	size_t i;

	if (config_url_parse(ring->issuer, &url, e) != 0 ||
		jwks_of(ring, ctl->clock.now, &x.keys, e) != 0)
		goto out;
	x.path = url.path;
	x.path_len = url.path_len;
	x.max_age = keyring_max_age(ring, ctl->clock.now);
	x.entries = json_array();
	x.fd = descend(AT_FDCWD, out, e);
	if (x.fd < 0 || x.entries == NULL)
		goto out;
	for (i = 0; i < OIDC_DOCUMENTS; i++)
		if (export_one(&x, ring, kinds[i], e) != 0)
			goto out;
	rc = write_manifest(&x, e);
out:
	if (x.fd >= 0)
		close(x.fd);
	json_decref(x.entries);
	key_set_release(&x.keys);
	return rc;
}

enum ctl_exit
cmd_export(struct ctl *ctl)
{
	struct keyring *ring;
	struct error e = {0};
	int rc;

	ring = view_load(ctl->dirs[0], &e);
	if (ring == NULL)
		return ctl_fail(&e);
	rc = export_all(ctl, ring, ctl->words[0], &e);
	keyring_free(ring);
	return rc == 0 ? CTL_OK : ctl_fail(&e);
}
