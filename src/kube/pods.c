/* SPDX-License-Identifier: MIT */
/*
 * Installers write a static pod with the flags as its command; they differ in
 * the label that says what it is.
 */
#include "kube/pods.h"

#include <string.h>

#define PODS_MAX (4 * 1024 * 1024) /* bytes of a list */
#define PODS_PATH "/api/v1/namespaces/kube-system/pods?labelSelector="

static json_t *
read_pods(
	const struct kube_apiserver *server, const char *path, struct error *e)
{
	struct remote_answer answer = {0};
	json_t *root, *items = NULL;

	if (kube_get(server, path, PODS_MAX, &answer, e) != 0)
		return NULL;
	root = json_loadb(answer.body, answer.len, 0, NULL);
	items = json_object_get(root, "items");
	if (json_is_array(items))
		json_incref(items);
	else
		error_set(e, ERROR_PARSE, "%s%s: is not a list of pods",
			server->url, path);
	json_decref(root);
	remote_answer_release(&answer);
	return json_is_array(items) ? items : NULL;
}

json_t *
kube_read_apiserver_pods(const struct kube_apiserver *server, struct error *e)
{
	static const char *const paths[] = {
		PODS_PATH "component%3Dkube-apiserver",
		PODS_PATH "k8s-app%3Dkube-apiserver",
	};
	json_t *pods = NULL;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		json_decref(pods);
		pods = read_pods(server, paths[i], e);
		if (pods == NULL || json_array_size(pods) > 0)
			break;
	}
	return pods;
}

const char *
kube_pod_name(const json_t *pod)
{
	const char *name = json_string_value(
		json_object_get(json_object_get(pod, "metadata"), "name"));

	return name != NULL ? name : "";
}

/* The value in one word of a command, or NULL. */
static const char *
match(const json_t *word, const char *name)
{
	const char *text = json_string_value(word);
	size_t len = strlen(name);

	if (text == NULL || strncmp(text, "--", 2) != 0 ||
		strncmp(text + 2, name, len) != 0 || text[2 + len] != '=')
		return NULL;
	return text + 2 + len + 1;
}

static const char *
find(const json_t *words, const char *name, size_t *i)
{
	const json_t *word;
	const char *value;
	size_t k;

	json_array_foreach(words, k, word)
	{
		value = match(word, name);
		if (value != NULL && (*i)-- == 0)
			return value;
	}
	return NULL;
}

const char *
kube_pod_flag(const json_t *pod, const char *name, size_t i)
{
	const json_t *containers =
		json_object_get(json_object_get(pod, "spec"), "containers");
	const json_t *container;
	const char *value;
	size_t k;

	json_array_foreach(containers, k, container)
	{
		value = find(json_object_get(container, "command"), name, &i);
		if (value == NULL)
			value = find(
				json_object_get(container, "args"), name, &i);
		if (value != NULL)
			return value;
	}
	return NULL;
}
