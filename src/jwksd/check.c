/* SPDX-License-Identifier: MIT */
/*
 * The same readers as the daemon's, once, in the foreground: what -t accepts
 * is what a start accepts.
 */
#include "jwksd/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "jwksd/certificates.h"
#include "jwksd/complain.h"
#include "jwksd/roster.h"
#include "jwksd/sockets.h"
#include "jwksd/unit.h"
#include "source/record.h"
#include "source/source.h"

/* What all three start with. */
struct checked {
	struct config *config;
	struct roster roster;
	struct unit_context context;
};

static void
checked_release(struct checked *c)
{
	roster_release(&c->roster);
	if (c->context.record_dir >= 0)
		close(c->context.record_dir);
	config_free(c->config);
}

static int
checked_open(struct checked *c, const char *config_path)
{
	struct error e = {0};
	size_t i, skipped = 0;

	*c = (struct checked){.roster = ROSTER_INIT,
		.context = {.command = "jwksd",
			.record_dir = -1,
			.now = clock_now()}};
	c->config = complain_load(config_path);
	if (c->config == NULL)
		return -1;
	if (c->config->state[0] != '\0')
		c->context.record_dir = open(
			c->config->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < c->config->n_issuers; i++) {
		if (roster_add(&c->roster, &c->config->issuers[i], &skipped,
			    &e) != 0) {
			complain_at(&c->config->issuers[i], &e);
			checked_release(c);
			return -1;
		}
	}
	roster_finish(&c->roster);
	return 0;
}

/* --- -t ----------------------------------------------------------------- */

static void
print_keys(const struct unit_load *load)
{
	uint32_t i;

	for (i = 0; i < load->n_keys; i++)
		printf("    %s %s %u%s%s\n", oidc_key_kid(&load->keys[i]),
			key_alg_name(load->keys[i].alg), load->keys[i].bits,
			load->keys[i].has_state ? " " : "",
			load->keys[i].has_state
				? keyring_state_name(
					  (enum keyring_state)load->keys[i]
						  .state)
				: "");
}

/* One issuer; 0 when it would be served from its sources. */
static int
check_one(const struct checked *c, const struct roster_entry *entry)
{
	struct error e = {0};
	struct unit_load load;
	struct unit *u;
	int rc;

	u = unit_new(entry->url, 0, entry->conf, &e);
	if (u == NULL) {
		complain_at(entry->conf, &e);
		return -1;
	}
	unit_read(u, &c->context, &load);
	rc = load.health == OIDC_FRESH ? 0 : -1;
	if (load.health != OIDC_ABSENT) {
		printf("%s: %u key%s, max-age %u%s\n", entry->url, load.n_keys,
			load.n_keys == 1 ? "" : "s", load.max_age,
			rc == 0 ? "" : " (the last good set)");
		print_keys(&load);
	}
	if (rc != 0) {
		error_wrap(&load.problem, "issuer \"%s\"", entry->url);
		complain_at(entry->conf, &load.problem);
	}
	if (load.warning.code != ERROR_NONE)
		complain_at(entry->conf, &load.warning);
	unit_load_release(&load);
	unit_free(u);
	return rc;
}

static int
check_certificates(const struct config *config, bool needed, struct error *e)
{
	const struct certificates_settings settings = {.needed = needed};
	struct certificates_reading reading = {0};
	struct certificates *c = certificates_new(&settings, e);
	size_t i, n = 0;
	int rc = -1;

	if (c != NULL)
		rc = certificates_read(c, config, &reading, e);
	if (reading.tls != NULL)
		n = http_tls_count(reading.tls);
	for (i = 0; i < n; i++)
		printf("certificate %s\n",
			http_tls_certificate(reading.tls, i)->path);
	http_tls_unref(reading.tls);
	certificates_free(c);
	return rc;
}

int
check_all(const char *config_path)
{
	struct error e = {0};
	struct checked c;
	size_t i, bad = 0;
	bool tls;

	if (checked_open(&c, config_path) != 0)
		return EXIT_FAILURE;
	if (sockets_check(c.config, &tls, &e) != 0 ||
		check_certificates(c.config, tls, &e) != 0)
		complain("%s", e.text);
	for (i = 0; i < c.roster.count; i++)
		if (check_one(&c, &c.roster.list[i]) != 0)
			bad++;
	printf("%s: %zu issuer%s, %zu of them with a problem\n", config_path,
		c.roster.count, c.roster.count == 1 ? "" : "s", bad);
	checked_release(&c);
	return bad == 0 && e.code == ERROR_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- --print ------------------------------------------------------------ */

static int
print_document(const struct unit_load *load, enum oidc_kind kind)
{
	const char *content;
	size_t len;

	if (load->problem.code != ERROR_NONE)
		complain("%s", load->problem.text);
	if (load->health == OIDC_ABSENT)
		return EXIT_FAILURE;
	content = http_response_content(load->documents->response[kind], &len);
	if (fwrite(content, 1, len, stdout) != len || fflush(stdout) != 0) {
		complain("standard output: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static const struct roster_entry *
find_issuer(
	const struct checked *c, const char *config_path, const char *issuer)
{
	const struct roster_entry *entry = roster_find(&c->roster, issuer);

	if (entry == NULL)
		complain("%s has no issuer \"%s\"; it has %zu, jwksd -t lists "
			 "them",
			config_path, issuer, c->roster.count);
	return entry;
}

int
check_print(const char *config_path, const char *issuer, const char *kind)
{
	const struct roster_entry *entry;
	struct error e = {0};
	struct unit_load load;
	struct checked c;
	struct unit *u = NULL;
	int rc = EXIT_FAILURE;

	if (checked_open(&c, config_path) != 0)
		return EXIT_FAILURE;
	entry = find_issuer(&c, config_path, issuer);
	if (entry == NULL)
		goto out;
	u = unit_new(entry->url, 0, entry->conf, &e);
	if (u == NULL) {
		complain_at(entry->conf, &e);
		goto out;
	}
	unit_read(u, &c.context, &load);
	rc = print_document(
		&load, strcmp(kind, "jwks") == 0 ? OIDC_JWKS : OIDC_DISCOVERY);
	unit_load_release(&load);
out:
	unit_free(u);
	checked_release(&c);
	return rc;
}

/* --- --acknowledge ------------------------------------------------------ */

/* Say which published keys go. */
static void
print_dropped(const struct source_record *record, const struct key_set *keys)
{
	const struct key *key;
	size_t i;

	for (i = 0; i < record->n_marks; i++) {
		key = key_set_find(keys, record->marks[i].kid);
		if (key == NULL || source_print(key) != record->marks[i].print)
			printf("let go: %s\n", record->marks[i].kid);
	}
}

static int
write_record(const struct checked *c, const char *issuer,
	const struct source_set *set, struct error *e)
{
	struct source_mark *marks;
	struct buf jwks = BUF_INIT;
	size_t i;
	int rc;

	marks = calloc(set->keys.count, sizeof(*marks));
	for (i = 0; marks != NULL && i < set->keys.count; i++) {
		marks[i].kid = set->keys.keys[i]->kid;
		marks[i].print = source_print(set->keys.keys[i]);
	}
	oidc_render_jwks(&set->keys, &jwks);
	if (marks == NULL || !buf_ok(&jwks))
		rc = error_nomem(e);
	else
		rc = source_record_save(c->context.record_dir, issuer,
			c->context.now, marks, set->keys.count, jwks.data,
			jwks.len, e);
	buf_release(&jwks);
	free(marks);
	return rc;
}

static int
acknowledge(const struct checked *c, const struct roster_entry *entry,
	struct error *e)
{
	struct source_set set = {.keys = KEY_SET_INIT, .max_age = -1};
	struct source_record record = {0};
	struct unit_paths paths;
	struct unit *u;
	int rc = -1;

	if (c->context.record_dir < 0)
		return error_set(e, ERROR_NOTFOUND,
			"state \"%s\": not there, so nothing is remembered: "
			"restart jwksd instead",
			c->config->state);
	u = unit_new(entry->url, 0, entry->conf, e);
	if (u == NULL || unit_paths(u, &paths, e) != 0 ||
		source_load(paths.list, paths.count, entry->url, c->context.now,
			&set, e) != 0)
		goto out;
	/* a damaged record is what this command may well be here to mend */
	if (source_record_load(
		    c->context.record_dir, entry->url, &record, NULL) == 0)
		print_dropped(&record, &set.keys);
	rc = write_record(c, entry->url, &set, e);
	if (rc == 0)
		printf("%s: %zu key%s acknowledged\n", entry->url,
			set.keys.count, set.keys.count == 1 ? "" : "s");
out:
	source_record_release(&record);
	source_set_release(&set);
	unit_free(u);
	return rc;
}

int
check_acknowledge(const char *config_path, const char *issuer)
{
	const struct roster_entry *entry;
	struct error e = {0};
	struct checked c;
	int rc = EXIT_FAILURE;

	if (checked_open(&c, config_path) != 0)
		return EXIT_FAILURE;
	entry = find_issuer(&c, config_path, issuer);
	if (entry != NULL) {
		if (acknowledge(&c, entry, &e) == 0)
			rc = EXIT_SUCCESS;
		else
			complain_at(entry->conf, &e);
	}
	checked_release(&c);
	return rc;
}
