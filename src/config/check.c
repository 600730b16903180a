/* SPDX-License-Identifier: MIT */
/*
 * What is wrong between blocks that are right one by one.  Sorting finds two
 * issuers at one place among tens of thousands in the time it takes to sort.
 */
#include "config/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SHOWN 200

const char *
config_path_shown(const char *path)
{
	size_t len = strlen(path);

	return len <= PATH_SHOWN ? path : path + len - PATH_SHOWN;
}

void
config_complain(struct config_errors *errors, enum error_code code,
	const char *file, unsigned line, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	struct error *e;
	va_list ap;
	char *p;

	errors->count++;
	if (errors->count > CONFIG_ERRORS_MAX)
		return;
	e = &errors->list[errors->count - 1];
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	error_clear(e);
	error_set(e, code, "%s", text);
	if (file != NULL)
		error_wrap(e, "%s:%u", config_path_shown(file), line);
	/* they quote the file, and go to a terminal */
	for (p = e->text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

/* Where an issuer is served: what a request can ask for. */
struct place {
	struct config_url url;
	const struct config_issuer *issuer;
};

static int
compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int
compare_places(const struct place *a, const struct place *b)
{
	int order = compare_bytes(
		a->url.path, a->url.path_len, b->url.path, b->url.path_len);

	return order != 0 ? order
			  : compare_bytes(a->url.host, a->url.host_len,
				    b->url.host, b->url.host_len);
}

/* By place, then in the order of the file. */
static int
compare(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order = compare_places(a, b);

	return order != 0 ? order
			  : (a->issuer > b->issuer) - (a->issuer < b->issuer);
}

static void
complain_twice(const struct config_issuer *first,
	const struct config_issuer *again, struct config_errors *errors)
{
	if (strcmp(first->url, again->url) == 0)
		config_complain(errors, ERROR_CONFLICT, again->file,
			again->line, "\"%s\" is there already, at %s:%u",
			again->url, config_path_shown(first->file),
			first->line);
	else
		config_complain(errors, ERROR_CONFLICT, again->file,
			again->line,
			"\"%s\" has the host and path of \"%s\" at %s:%u",
			again->url, first->url, config_path_shown(first->file),
			first->line);
}

static void
check_certificates(const struct config *c, struct config_errors *errors)
{
	bool more = c->n_tls_keys > c->n_tls_certificates;
	struct config_origin at;

	if (c->n_tls_keys == c->n_tls_certificates)
		return;
	at = config_origin(c, more ? "tls-keys" : "tls-certificates");
	config_complain(errors, ERROR_CONFLICT, at.file, at.line,
		"tls-certificates has %zu and tls-keys %zu: each certificate "
		"has its key, in the same order",
		c->n_tls_certificates, c->n_tls_keys);
}

void
config_check_all(const struct config *c, struct config_errors *errors)
{
	struct place *places;
	size_t i;

	check_certificates(c, errors);
	if (c->n_issuers == 0) {
		if (errors->count == 0)
			config_complain(errors, ERROR_NOTFOUND, c->files[0], 1,
				"no issuer or issuers block: nothing to serve");
		return;
	}
	places = calloc(c->n_issuers, sizeof(*places));
	if (places == NULL) {
		config_complain(
			errors, ERROR_NOMEM, c->files[0], 1, "out of memory");
		return;
	}
	for (i = 0; i < c->n_issuers; i++) {
		places[i].issuer = &c->issuers[i];
		places[i].url = config_url_split(c->issuers[i].url);
	}
	qsort(places, c->n_issuers, sizeof(*places), compare);
	for (i = 1; i < c->n_issuers; i++)
		if (compare_places(&places[i - 1], &places[i]) == 0)
			complain_twice(
				places[i - 1].issuer, places[i].issuer, errors);
	free(places);
}
