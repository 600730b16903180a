/* SPDX-License-Identifier: MIT */
#include "publish.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/log.h"
#include "config/url.h"

/* Programs that use this are linked with --wrap=fsync: they make a thousand
 * records, and no test pulls the plug. */
int __wrap_fsync(int fd);

int
__wrap_fsync(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

static void
published(void *arg, const struct oidc_catalog *catalog)
{
	struct publish *x = arg;

	x->generation = oidc_catalog_generation(catalog);
	x->catalogs++;
}

static void
told(void *arg, enum log_level level, const char *issuer, const char *text)
{
	struct publish *x = arg;

	buf_printf(&x->told, "%s %s: %s\n", log_level_name(level),
		issuer == NULL ? "-" : issuer, text);
}

void
publish_restart(struct publish *x, bool watch)
{
	const struct publisher_settings settings = {
		.workers = 2,
		.command = "jwksd -c t.conf",
		.watch = watch,
		.remember = true,
		.published = published,
		.told = told,
		.arg = x,
	};
	struct error e = {0};

	publisher_free(x->p);
	config_free(x->config);
	x->config = NULL;
	x->generation = 0;
	x->catalogs = 0;
	publish_forget(x);
	x->p = publisher_new(&settings, &e);
	if (x->p == NULL)
		fail_msg("%s", e.text);
}

int
publish_setup(void **state)
{
	struct publish *x;

	if (scratch_setup(state) != 0)
		return -1;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return -1;
	x->now = SAMPLE_NOW;
	publish_restart(x, true);
	*state = x;
	return 0;
}

int
publish_teardown(void **state)
{
	struct publish *x = *state;

	publisher_free(x->p);
	config_free(x->config);
	buf_release(&x->told);
	free(x);
	return scratch_teardown(state);
}

int
publish_try(struct publish *x, const char *blocks, struct error *e)
{
	struct config_errors errors = {.count = 0};
	struct buf text = BUF_INIT;
	struct config *config;

	if (strstr(blocks, "state =") == NULL)
		buf_puts(&text, "state = \"state\"\n");
	buf_puts(&text, blocks);
	config = config_parse(text.data, text.len, "t.conf", &errors);
	if (config == NULL)
		fail_msg("%s", errors.list[0].text);
	buf_release(&text);
	if (publisher_configure(x->p, config, x->now, e) != 0) {
		config_free(config);
		return -1;
	}
	config_free(x->config);
	x->config = config;
	return 0;
}

void
publish_configure(struct publish *x, const char *blocks)
{
	struct error e = {0};

	if (publish_try(x, blocks, &e) != 0)
		fail_msg("%s", e.text);
	assert_false(publisher_work(x->p, x->now, 0));
}

void
publish_work(struct publish *x)
{
	if (publisher_watch_read(x->p))
		assert_false(publisher_work(x->p, x->now, 0));
}

void
publish_work_all(struct publish *x)
{
	publisher_mark_all(x->p);
	assert_false(publisher_work(x->p, x->now, 0));
}

const struct http_response *
publish_response(const struct publish *x, const char *url, enum oidc_kind kind)
{
	const struct oidc_documents *docs;
	struct buf path = BUF_INIT;
	struct config_url u;
	enum oidc_kind got;

	assert_int_equal(config_url_parse(url, &u, NULL), 0);
	buf_printf(&path, "%.*s%s", (int)u.path_len, u.path,
		oidc_kind_suffix(kind));
	docs = oidc_catalog_find(publisher_catalog(x->p), u.host, u.host_len,
		path.data, path.len, &got);
	buf_release(&path);
	assert_int_equal(got, kind);
	return docs == NULL ? NULL : docs->response[kind];
}

const char *
publish_jwks(const struct publish *x, const char *url)
{
	static char copy[OIDC_DOCUMENT_MAX + 1];
	const struct http_response *jwks, *discovery;
	const char *content;
	size_t len;

	jwks = publish_response(x, url, OIDC_JWKS);
	discovery = publish_response(x, url, OIDC_DISCOVERY);
	assert_int_equal(jwks == NULL, discovery == NULL);
	if (jwks == NULL)
		return NULL;
	content = http_response_content(discovery, &len);
	assert_true(len > 0 && content[len - 1] == '}');
	content = http_response_content(jwks, &len);
	memcpy(copy, content, len);
	copy[len] = '\0';
	return copy;
}

void
publish_assert(const struct publish *x, const char *url,
	enum oidc_health health, unsigned first, unsigned count)
{
	const struct oidc_issuer *issuer = publisher_find(x->p, url);
	const char *jwks = publish_jwks(x, url);

	if (issuer == NULL || jwks == NULL)
		fail_msg("%s is not served: %s", url, x->told.data);
	if (issuer->health != health)
		fail_msg("%s is %s: %s", url, oidc_health_name(issuer->health),
			issuer->problem);
	assert_int_equal(issuer->problem == NULL, health == OIDC_FRESH);
	assert_string_equal(jwks, sample_jwks(first, count));
	assert_int_equal(issuer->n_keys, count);
	assert_ptr_equal(issuer, publisher_by_slot(x->p, issuer->slot));
}

void
publish_assert_absent(const struct publish *x, const char *url)
{
	const struct oidc_issuer *issuer = publisher_find(x->p, url);

	assert_non_null(issuer);
	assert_int_equal(issuer->health, OIDC_ABSENT);
	assert_non_null(issuer->problem);
	assert_null(publish_jwks(x, url));
}

unsigned
publish_told(const struct publish *x, const char *text)
{
	const char *at = x->told.data;
	unsigned count = 0;

	while (at != NULL && (at = strstr(at, text)) != NULL) {
		count++;
		at++;
	}
	return count;
}

void
publish_forget(struct publish *x)
{
	buf_release(&x->told);
}
