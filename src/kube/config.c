/* SPDX-License-Identifier: MIT */
/*
 * The document is looked up and never walked, so neither depth nor aliases cost
 * anything.  Invariant: our copies of what is secret are wiped before
 * they are freed.
 */
#include "kube/config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/base64url.h"
#include "base/file.h"

struct reader {
	yaml_document_t doc;
	const char *path;
};

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
kube_config_release(struct kube_config *c)
{
	free(c->server);
	free(c->ca_pem);
	free(c->cert_pem);
	wipe(c->key_pem);
	wipe(c->token);
	*c = (struct kube_config){0};
}

/* --- looking up --------------------------------------------------------- */

/* A member of a mapping, or NULL. */
static yaml_node_t *
member(struct reader *r, yaml_node_t *map, const char *name)
{
	yaml_node_pair_t *pair;
	yaml_node_t *key;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top; pair++) {
		key = yaml_document_get_node(&r->doc, pair->key);
		if (key != NULL && key->type == YAML_SCALAR_NODE &&
			strcmp((char *)key->data.scalar.value, name) == 0)
			return yaml_document_get_node(&r->doc, pair->value);
	}
	return NULL;
}

/* A member's text, or NULL when it is not there or empty. */
static const char *
text(struct reader *r, yaml_node_t *map, const char *name)
{
	yaml_node_t *node = member(r, map, name);

	if (node == NULL || node->type != YAML_SCALAR_NODE ||
		node->data.scalar.length == 0)
		return NULL;
	return (const char *)node->data.scalar.value;
}

/* The member `what` of the entry of that name in the list `list`. */
static yaml_node_t *
entry(struct reader *r, const char *list, const char *name, const char *what,
	struct error *e)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);
	yaml_node_t *node = member(r, root, list), *one;
	yaml_node_item_t *item;
	const char *found;

	if (node != NULL && node->type == YAML_SEQUENCE_NODE)
		for (item = node->data.sequence.items.start;
			item < node->data.sequence.items.top; item++) {
			one = yaml_document_get_node(&r->doc, *item);
			found = text(r, one, "name");
			one = found != NULL && strcmp(found, name) == 0
				      ? member(r, one, what)
				      : NULL;
			if (one != NULL)
				return one;
		}
	error_set(e, ERROR_NOTFOUND, "%s: nothing is called \"%.64s\"", list,
		name);
	return NULL;
}

/* --- what stands in it, or in a file that it names ---------------------- */

/* base64 of RFC 4648 section 4, as Go writes it. */
static char *
decode(const char *base64, struct error *e)
{
	size_t len = strlen(base64), i;
	char *url = strdup(base64), *out = malloc(len + 1);
	ssize_t n = -1;

	if (url == NULL || out == NULL) {
		error_nomem(e);
		goto fail;
	}
	while (len > 0 && url[len - 1] == '=')
		len--;
	for (i = 0; i < len; i++) {
		if (url[i] == '-' || url[i] == '_')
			goto bad;
		if (url[i] == '+')
			url[i] = '-';
		else if (url[i] == '/')
			url[i] = '_';
	}
	n = base64url_decode(out, url, len);
	if (n < 0 || memchr(out, '\0', (size_t)n) != NULL)
		goto bad;
	out[n] = '\0';
	wipe(url);
	return out;
bad:
	error_set(e, ERROR_PARSE, "is not base64 of text");
fail:
	wipe(url);
	free(out);
	return NULL;
}

/* Names are relative to the kubeconfig's directory. */
static char *
read_named(struct reader *r, const char *name, struct error *e)
{
	const char *slash = strrchr(r->path, '/');
	struct file_bytes file = {0};
	char path[PATH_MAX];
	char *bytes;

	if (name[0] == '/' || slash == NULL)
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - r->path),
			r->path, name);
	if (file_read(AT_FDCWD, path, KUBE_CONFIG_MAX, &file, e) != 0) {
		error_wrap(e, "%s", path);
		return NULL;
	}
	bytes = file.data;
	file.data = NULL; /* given to the caller */
	return bytes;
}

/* NAME-data, or the file that NAME names; *out stays NULL without either. */
static int
take(struct reader *r, yaml_node_t *map, const char *name, char **out,
	struct error *e)
{
	const char *value;
	char data[64];

	snprintf(data, sizeof(data), "%s-data", name);
	value = text(r, map, data);
	if (value != NULL) {
		*out = decode(value, e);
		return *out != NULL ? 0 : error_wrap(e, "%s", data);
	}
	value = text(r, map, name);
	if (value == NULL)
		return 0;
	*out = read_named(r, value, e);
	return *out != NULL ? 0 : error_wrap(e, "%s", name);
}

static int
copy(const char *value, char **out, struct error *e)
{
	*out = strdup(value);
	return *out != NULL ? 0 : error_nomem(e);
}

static int
take_cluster(struct reader *r, yaml_node_t *cluster, struct kube_config *c,
	struct error *e)
{
	const char *server = text(r, cluster, "server");
	const char *insecure = text(r, cluster, "insecure-skip-tls-verify");

	if (server == NULL)
		return error_set(e, ERROR_INVALID, "the cluster has no server");
	if (insecure != NULL && strcmp(insecure, "false") != 0)
		return error_set(e, ERROR_DENIED,
			"insecure-skip-tls-verify: a server that is not "
			"verified is not asked; give --ca");
	if (text(r, cluster, "tls-server-name") != NULL)
		return error_set(e, ERROR_INVALID,
			"tls-server-name is not known here: give --apiserver "
			"with that name");
	if (copy(server, &c->server, e) != 0)
		return -1;
	/* as kubectl forgives it */
	if (server[strlen(server) - 1] == '/')
		c->server[strlen(server) - 1] = '\0';
	return take(r, cluster, "certificate-authority", &c->ca_pem, e);
}

static int
take_user(struct reader *r, yaml_node_t *user, struct kube_config *c,
	struct error *e)
{
	const char *token = text(r, user, "token");
	const char *file = text(r, user, "tokenFile");

	if (take(r, user, "client-certificate", &c->cert_pem, e) != 0 ||
		take(r, user, "client-key", &c->key_pem, e) != 0)
		return -1;
	if (file != NULL) {
		c->token = read_named(r, file, e);
		if (c->token == NULL)
			return error_wrap(e, "tokenFile");
		c->token[strcspn(c->token, " \t\r\n")] = '\0';
	} else if (token != NULL && copy(token, &c->token, e) != 0) {
		return -1;
	}
	if (c->token == NULL && (c->cert_pem == NULL || c->key_pem == NULL))
		return error_set(e, ERROR_INVALID,
			"the user has neither a token nor a certificate: give "
			"--bearer (kubectl create token makes one)");
	return 0;
}

static int
take_context(struct reader *r, const char *name, struct kube_config *c,
	struct error *e)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);
	yaml_node_t *context, *node;
	const char *cluster, *user;

	if (name == NULL)
		name = text(r, root, "current-context");
	if (name == NULL)
		return error_set(e, ERROR_INVALID,
			"has no current-context: give --context");
	context = entry(r, "contexts", name, "context", e);
	cluster = text(r, context, "cluster");
	user = text(r, context, "user");
	if (cluster == NULL || user == NULL)
		return error_set(e, ERROR_INVALID,
			"context \"%.64s\": names no cluster and user", name);
	node = entry(r, "clusters", cluster, "cluster", e);
	if (node == NULL || take_cluster(r, node, c, e) != 0)
		return -1;
	node = entry(r, "users", user, "user", e);
	return node == NULL ? -1 : take_user(r, node, c, e);
}

static int
parse(struct reader *r, const struct file_bytes *file, struct error *e)
{
	yaml_parser_t parser;
	int rc = 0;

	if (yaml_parser_initialize(&parser) != 1)
		return error_nomem(e);
	yaml_parser_set_input_string(
		&parser, (const unsigned char *)file->data, file->len);
	if (yaml_parser_load(&parser, &r->doc) != 1)
		rc = error_set(e, ERROR_PARSE, "line %zu: not YAML",
			parser.problem_mark.line + 1);
	yaml_parser_delete(&parser);
	return rc;
}

int
kube_config_load(const char *path, const char *context, struct kube_config *out,
	struct error *e)
{
	struct reader reader = {.path = path};
	struct kube_config c = {0};
	struct file_bytes file = {0};
	int rc = -1;

	if (file_read(AT_FDCWD, path, KUBE_CONFIG_MAX, &file, e) != 0 ||
		parse(&reader, &file, e) != 0)
		goto out;
	rc = take_context(&reader, context, &c, e);
	if (rc == 0) {
		*out = c;
		c = (struct kube_config){0}; /* given to the caller */
	}
	yaml_document_delete(&reader.doc);
out:
	kube_config_release(&c);
	file_bytes_release(&file);
	return rc == 0 ? 0 : error_wrap(e, "%s", path);
}
