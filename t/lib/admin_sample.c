/* SPDX-License-Identifier: MIT */
/*
 * Real servers, a real gate and a real tally; only the issuers' keys are made
 * up, since the pages show what is said of a key and never its bytes.
 */
#include "admin_sample.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *p)
{
	if (p == NULL) {
		puts("Bail out! out of memory");
		exit(99);
	}
	return p;
}

static void
no_handler(
	void *arg, const struct http_request *req, struct http_answer *answer)
{
	(void)arg;
	(void)req;
	answer->response = NULL;
}

static void
add_workers(struct admin_sample *s)
{
	const struct http_settings settings = {
		.header_timeout = 10,
		.idle_timeout = 75,
		.write_timeout = 30,
		.linger_timeout = 2,
		.handler = no_handler,
	};
	size_t i;

	s->base = must(event_base_new());
	s->view.gate = must(http_gate_new(0, 0));
	for (i = 0; i < SAMPLE_WORKERS; i++) {
		s->workers[i].server = must(http_server_new(
			s->base, s->view.gate, &settings, NULL));
		s->workers[i].generation = s->view.generation;
	}
	s->view.workers = s->workers;
	s->view.n_workers = SAMPLE_WORKERS;
}

static void
add_issuer(struct admin_sample *s, size_t nth)
{
	static const char *const kids[] = {
		"QT8YdVKc2nlFWzcTXtD4cXz0mrnbjNMW2BlWpOw7mYk",
		"b7RJbqnXxGvYmzO3qOJ8bHyoBnYk8J9Qc3Wd5m0qN5w"};
	char url[64];
	uint32_t slot;

	snprintf(url, sizeof(url), "https://oidc.example.com/c%06zu", nth);
	if (oidc_tally_take(s->tally, &slot, NULL) != 0)
		must(NULL);
	s->issuers[nth] = must(calloc(1, sizeof(*s->issuers[nth])));
	oidc_issuer_init(s->issuers[nth], must(strdup(url)), slot);
	s->issuers[nth]->health = OIDC_FRESH;
	s->issuers[nth]->changed = SAMPLE_NOW - 3 * SAMPLE_DAY;
	s->issuers[nth]->loaded = SAMPLE_NOW - 60;
	s->issuers[nth]->max_age = 3600;
	admin_sample_keys(s, nth, kids, 2);
	admin_sample_state(
		s, nth, 0, KEYRING_ACTIVE, SAMPLE_NOW - 200 * SAMPLE_DAY, 0);
	admin_sample_state(s, nth, 1, KEYRING_STAGED,
		SAMPLE_NOW - 13 * SAMPLE_HOUR, SAMPLE_NOW + 11 * SAMPLE_HOUR);
}

struct admin_sample *
admin_sample_new(size_t n)
{
	struct admin_sample *s = must(calloc(1, sizeof(*s)));
	size_t i;

	s->tally = must(oidc_tally_new(SAMPLE_WORKERS, NULL));
	s->issuers = must(calloc(n + 1, sizeof(*s->issuers)));
	for (i = 0; i < n; i++)
		add_issuer(s, i);
	s->view.version = "1.2.3";
	s->view.started = SAMPLE_NOW - 3 * SAMPLE_DAY - 4 * SAMPLE_HOUR;
	s->view.issuers = s->issuers;
	s->view.n_issuers = n;
	s->view.tally = s->tally;
	s->view.generation = 42;
	s->view.catalogs_alive = 1;
	s->view.document_bytes = n * 2816;
	s->view.config_good = true;
	s->view.config_read = SAMPLE_NOW - 2 * SAMPLE_DAY;
	s->view.reloads_good = 7;
	s->view.watches = n * 2 + 1;
	s->view.last_scan = SAMPLE_NOW - 12;
	s->view.rescan = 60;
	add_workers(s);
	return s;
}

static void
free_issuer(struct oidc_issuer *issuer)
{
	oidc_issuer_release(issuer);
	free((char *)issuer->url);
	free(issuer);
}

void
admin_sample_free(struct admin_sample *s)
{
	size_t i;

	for (i = 0; i < s->view.n_issuers; i++)
		free_issuer(s->issuers[i]);
	for (i = 0; i < SAMPLE_WORKERS; i++)
		http_server_free((struct http_server *)s->workers[i].server);
	http_gate_free(s->view.gate);
	event_base_free(s->base);
	oidc_tally_free(s->tally);
	free(s->issuers);
	free(s);
}

void
admin_sample_health(struct admin_sample *s, size_t nth, enum oidc_health health,
	const char *problem)
{
	struct oidc_issuer *issuer = s->issuers[nth];

	s->view.n_held += health == OIDC_HELD;
	s->view.n_held -= issuer->health == OIDC_HELD;
	s->view.n_absent += health == OIDC_ABSENT;
	s->view.n_absent -= issuer->health == OIDC_ABSENT;
	issuer->health = health;
	free(issuer->problem);
	issuer->problem = problem == NULL ? NULL : must(strdup(problem));
	issuer->problem_since = SAMPLE_NOW - 2 * SAMPLE_HOUR;
	if (health == OIDC_ABSENT)
		issuer->n_keys = 0;
}

void
admin_sample_keys(struct admin_sample *s, size_t nth, const char *const *kids,
	size_t count)
{
	struct oidc_issuer *issuer = s->issuers[nth];
	struct key *keys = must(calloc(count, sizeof(*keys)));
	struct key **list = must(calloc(count, sizeof(*list)));
	struct key_set set = {list, count};
	size_t i;

	for (i = 0; i < count; i++) {
		keys[i].alg = KEY_ES256;
		keys[i].bits = 256;
		keys[i].kid = kids[i];
		list[i] = &keys[i];
	}
	free(issuer->keys);
	issuer->keys = must(oidc_keys_new(&set));
	issuer->n_keys = (uint32_t)count;
	for (i = 0; i < count; i++)
		issuer->keys[i].since = SAMPLE_NOW - 90 * SAMPLE_DAY;
	free(list);
	free(keys);
}

void
admin_sample_state(struct admin_sample *s, size_t nth, size_t k,
	enum keyring_state state, int64_t since, int64_t next_due)
{
	struct oidc_key *key = &s->issuers[nth]->keys[k];

	key->alg = KEY_RS256;
	key->bits = 2048;
	key->has_state = 1;
	key->state = (uint8_t)state;
	key->since = since;
	key->next_due = next_due;
}

void
admin_sample_event(
	struct admin_sample *s, int64_t when, bool good, const char *text)
{
	struct admin_event *e = &s->view.events[s->view.n_events++];

	e->when = when;
	e->good = good;
	snprintf(e->text, sizeof(e->text), "%s", text);
}

void
admin_sample_fetch(struct admin_sample *s, int64_t when, enum oidc_kind kind,
	const char *issuer, const char *agent, const char *peer)
{
	struct admin_fetch *f = &s->view.fetches[s->view.n_fetches++];

	f->when = when;
	f->status = 200;
	f->kind = (uint8_t)kind;
	snprintf(f->issuer, sizeof(f->issuer), "%s", issuer);
	snprintf(f->agent, sizeof(f->agent), "%s", agent);
	snprintf(f->peer, sizeof(f->peer), "%s", peer);
	f->peer_class = "public";
}
