/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every moment of a reload in turn, and each time the old
 * catalog goes on being served whole.  What leaks then is seen when this is
 * built with --enable-sanitizers.
 */
#include "publish.h"

#include <limits.h>
#include <stdio.h>

#define HOST "https://h.example/"

/* Allocations of our code come by here: of all that is linked in, but not of
 * the shared libraries. */
static unsigned long left = ULONG_MAX; /* until one fails, once */
static bool ran_out;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

static bool
fails(void)
{
	if (left == ULONG_MAX || left-- > 0)
		return false;
	left = ULONG_MAX;
	ran_out = true;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static const char before[] =
	"issuer \"" HOST "stays\" { keys = { \"stays\" } }\n"
	"issuer \"" HOST "goes\" { keys = { \"goes\" } }\n"
	"issuers \"" HOST "id/*\" { directory = \"fleet\" }\n";
static const char after[] =
	"issuer \"" HOST "stays\" { keys = { \"stays\" } max-age = 60 }\n"
	"issuer \"" HOST "comes\" { keys = { \"comes\" } }\n"
	"issuers \"" HOST "id/*\" { directory = \"fleet\" }\n";

/* Serve `before`, then change the files under it. */
static void
start(struct publish *x)
{
	const enum keyring_state ring[] = {KEYRING_RETIRED, KEYRING_ACTIVE};

	scratch_mkdir("fleet");
	scratch_mkdir("fleet/a");
	scratch_mkdir("fleet/b");
	scratch_mkdir("stays");
	scratch_write("fleet/a/k.pem", sample_pem(0));
	scratch_write("fleet/b/k.pem", sample_pem(1));
	scratch_write("stays/k.pem", sample_pem(2));
	scratch_write("goes", sample_pem(4));
	publish_configure(x, before);
	scratch_mkdir("fleet/c");
	scratch_write("fleet/a/k.pem", sample_pems(0, 2));
	scratch_write("fleet/c/k.pem", sample_pem(5));
	scratch_remove("fleet/b");
	scratch_write(
		"stays/keyring.json", sample_ring(HOST "stays", 2, 2, ring));
	scratch_write("comes", sample_jwks(6, 2));
	publish_forget(x);
}

/* What `before` serves is served still, whole. */
static void
assert_before(const struct publish *x)
{
	assert_string_equal(publish_jwks(x, HOST "stays"), sample_jwks(2, 1));
	assert_string_equal(publish_jwks(x, HOST "goes"), sample_jwks(4, 1));
	assert_string_equal(publish_jwks(x, HOST "id/a"), sample_jwks(0, 1));
	assert_string_equal(publish_jwks(x, HOST "id/b"), sample_jwks(1, 1));
	assert_null(publish_jwks(x, HOST "comes"));
	assert_null(publish_jwks(x, HOST "id/c"));
}

static void
assert_after(const struct publish *x)
{
	publish_assert(x, HOST "stays", OIDC_FRESH, 3, 1);
	publish_assert(x, HOST "comes", OIDC_FRESH, 6, 2);
	publish_assert(x, HOST "id/a", OIDC_FRESH, 0, 2);
	publish_assert(x, HOST "id/c", OIDC_FRESH, 5, 1);
	assert_null(publisher_find(x->p, HOST "goes"));
	assert_null(publisher_find(x->p, HOST "id/b"));
	assert_int_equal(publisher_find(x->p, HOST "stays")->max_age, 60);
	assert_int_equal(oidc_catalog_count(publisher_catalog(x->p)), 4);
}

/* At any time each issuer serves its old set or its new one. */
static void
assert_either(const struct publish *x, const char *url, const char *old,
	const char *new)
{
	const char *jwks = publish_jwks(x, url);

	if (jwks == NULL && old != NULL && new != NULL)
		fail_msg("%s is served no more", url);
	if (jwks != NULL && (old == NULL || strcmp(jwks, old) != 0) &&
		(new == NULL || strcmp(jwks, new) != 0))
		fail_msg("%s serves %s", url, jwks);
}

static void
assert_whole(const struct publish *x)
{
	char old[1024];

	snprintf(old, sizeof(old), "%s", sample_jwks(2, 1));
	assert_either(x, HOST "stays", old, sample_jwks(3, 1));
	snprintf(old, sizeof(old), "%s", sample_jwks(0, 1));
	assert_either(x, HOST "id/a", old, sample_jwks(0, 2));
	assert_either(x, HOST "id/b", sample_jwks(1, 1), NULL);
	assert_either(x, HOST "id/c", NULL, sample_jwks(5, 1));
	assert_either(x, HOST "goes", sample_jwks(4, 1), NULL);
	assert_either(x, HOST "comes", NULL, sample_jwks(6, 2));
}

/* One reload in which the n-th allocation fails; false when it has fewer. */
static bool
reload_once(struct publish *x, struct config *config, unsigned long n)
{
	unsigned catalogs = x->catalogs;
	struct error e = {0};
	int rc;

	ran_out = false;
	left = n;
	rc = publisher_configure(x->p, config, x->now, &e);
	if (rc != 0) {
		left = ULONG_MAX;
		assert_true(ran_out);
		assert_int_equal(e.code, ERROR_NOMEM);
		assert_int_equal(x->catalogs, catalogs);
		assert_before(x);
		assert_int_equal(
			publisher_configure(x->p, config, x->now, &e), 0);
		left = ULONG_MAX;
	}
	if (publisher_watch_fd(x->p) >= 0)
		publisher_watch_read(x->p);
	publisher_mark_all(x->p);
	assert_false(publisher_work(x->p, x->now, 0));
	left = ULONG_MAX;
	assert_whole(x);
	publisher_reclaim(x->p, x->generation);
	/* with memory again, a look at everything makes it right */
	publish_work_all(x);
	publish_work_all(x);
	assert_after(x);
	publisher_reclaim(x->p, x->generation);
	assert_int_equal(publisher_status(x->p).catalogs_alive, 1);
	return ran_out;
}

static struct config *
parse(const char *text)
{
	struct config_errors errors = {.count = 0};
	struct config *config;
	struct buf b = BUF_INIT;

	buf_printf(&b, "state = \"state\"\n%s", text);
	config = config_parse(b.data, b.len, "t.conf", &errors);
	assert_non_null(config);
	buf_release(&b);
	return config;
}

/* Every step-th allocation; how many there were to fail. */
static unsigned long
sweep(bool watch, unsigned long step)
{
	struct config *config = parse(after);
	unsigned long n;
	void *x = NULL;
	bool more = true;

	for (n = 0; more; n += step) {
		assert_int_equal(publish_setup(&x), 0);
		publish_restart(x, watch);
		start(x);
		more = reload_once(x, config, n);
		assert_int_equal(publish_teardown(&x), 0);
	}
	config_free(config);
	return n;
}

static void
test_every_allocation_of_a_reload(void **state)
{
	(void)state;
	assert_true(sweep(false, 1) > 150);
}

/* An inotify descriptor takes the kernel long to close: some are enough. */
static void
test_some_with_watches(void **state)
{
	(void)state;
	assert_true(sweep(true, 31) > 150);
}

/* The first start of all: it fails, or it serves. */
static void
test_every_allocation_of_a_start(void **state)
{
	const struct publisher_settings settings = {
		.workers = 2, .command = "jwksd"};
	struct config *config = parse(before);
	struct publisher *p;
	struct error e;
	unsigned long n;

	assert_int_equal(scratch_setup(state), 0);
	scratch_mkdir("fleet");
	scratch_mkdir("fleet/a");
	scratch_write("fleet/a/k.pem", sample_pem(0));
	scratch_mkdir("stays");
	scratch_write("stays/k.pem", sample_pem(2));
	scratch_write("goes", sample_pem(4));
	for (n = 0, ran_out = true; ran_out; n++) {
		error_clear(&e);
		ran_out = false;
		left = n;
		p = publisher_new(&settings, &e);
		if (p != NULL &&
			publisher_configure(p, config, SAMPLE_NOW, &e) == 0)
			publisher_work(p, SAMPLE_NOW, 0);
		left = ULONG_MAX;
		assert_true(e.code == ERROR_NONE || e.code == ERROR_NOMEM);
		publisher_free(p);
	}
	assert_true(n > 50);
	config_free(config);
	assert_int_equal(scratch_teardown(state), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_of_a_reload),
		cmocka_unit_test(test_some_with_watches),
		cmocka_unit_test(test_every_allocation_of_a_start),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
