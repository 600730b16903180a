/* SPDX-License-Identifier: MIT */
/*
 * jwksd.conf of any bytes: a configuration that keeps its promises, or errors
 * that say where.  Its file is in a directory that does not exist, so that it
 * finds nothing to include.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/url.h"

#define NAME "/nonexistent/jwksd.conf"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_issuer(const struct config_issuer *issuer)
{
	struct config_url url;
	struct error e = {0};

	assert(issuer->line > 0 && issuer->file != NULL);
	assert(issuer->jwks_content_type != NULL);
	if (issuer->directory != NULL) {
		assert(issuer->n_keys == 0);
		assert(config_url_pattern(issuer->url, &e) == 0);
	} else {
		assert(issuer->n_keys > 0);
		assert(config_url_parse(issuer->url, &url, &e) == 0);
		assert(url.host_len > 0);
	}
}

static void
check_config(const struct config *c)
{
	size_t i;

	assert(c->n_issuers > 0 && c->n_listen > 0 && c->n_files > 0);
	assert(c->admin != NULL && c->state != NULL && c->access_log != NULL);
	assert(c->workers <= 256 && c->access_log_sample > 0);
	for (i = 0; i < c->n_issuers; i++)
		check_issuer(&c->issuers[i]);
}

static void
check_errors(const struct config_errors *errors)
{
	const char *text;
	size_t i;

	assert(errors->count > 0);
	for (i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++) {
		text = errors->list[i].text;
		assert(errors->list[i].code != ERROR_NONE && text[0] != '\0');
		assert(strchr(text, '\n') == NULL);
		if (strncmp(text, NAME ":", strlen(NAME ":")) == 0)
			assert(strtoul(text + strlen(NAME ":"), NULL, 10) > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char good[] = "issuer \"https://h\" { keys = k }";
	struct config_errors errors;
	struct config *c;

	c = config_parse((const char *)data, size, NAME, &errors);
	if (c != NULL)
		check_config(c);
	else
		check_errors(&errors);
	config_free(c);
	/* nothing of it may stay in libconfuse's scanner */
	c = config_parse(good, strlen(good), NAME, &errors);
	assert(c != NULL && c->issuers[0].line == 1);
	config_free(c);
	return 0;
}
