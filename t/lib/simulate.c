/* SPDX-License-Identifier: MIT */
/*
 * A cluster, its API servers, jwksd and the relying parties, simulated around
 * the very code that decides about steps, in minutes of a virtual clock.
 *
 *     simulate ROTATIONS SEED [SHORTENED]
 *
 * What is promised: no relying party and no API server refuses a token that
 * is valid by its clock, and no relying party knows a key later than max-age
 * after its retirement.  SHORTENED names a wait that the keyring's policy is
 * given shorter than the world needs; the promise must then be broken, or the
 * simulation could not have noticed.
 *
 * The world is as bad as the policy allows: API servers restart one by one,
 * the last of them when the roll-out is over; relying parties ask again only
 * when max-age has passed; clocks are apart by as much as skew covers, in the
 * worst direction; some tokens live as long as tokens may; jwksctl runs from a
 * timer, dies before or after its commit, and its clock jumps.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/store.h"
#include "t/lib/ring.h"

#define TICK 60
#define APIS 3
#define PARTIES 12
#define KIDS 4096
#define JWKSD_LAG 2 /* ticks until jwksd has seen a change */

/* What the world is like; the policy starts out the same. */
static const struct keyring_policy needed = {
	.alg = KEY_ES256,
	.bits = 256,
	.publish_ahead = 7200,
	.token_lifetime = 14400,
	.skew = 900,
	.max_age = 300,
	.rotation_max_age = 120,
	.rollout = 3600,
	.api_token_lifetime = 43200,
	.period = 3600,
};

/* A set of keys, by the order in which they were made. */
struct kids {
	unsigned char has[KIDS];
};

struct api {
	int64_t restart; /* when it will have read its files; 0: it has */
	unsigned signer;
	struct kids accepts;
};

struct party {
	int64_t fetched;
	int64_t max_age;
	int64_t clock; /* ahead of the world's by so much */
	struct kids knows;
};

struct world {
	int64_t now;
	struct keyring *ring; /* as committed */
	char *names[KIDS];
	unsigned made;
	/* the API servers' files, which a crash leaves behind the keyring */
	unsigned signer_file;
	struct kids bundle_file;
	/* what jwksd serves, and since when it should serve the next */
	struct kids served;
	int64_t served_age;
	int64_t serve_at;
	struct api apis[APIS];
	struct party parties[PARTIES];
	int64_t last_exp[KIDS];     /* of tokens for relying parties */
	int64_t last_api_exp[KIDS]; /* of tokens for API servers */
	int64_t retired_at[KIDS];
	/* jwksctl's machine */
	struct keyring_clock believed;
	int64_t jump;
	int64_t jump_ends;
	int64_t booted;
	unsigned boots;
	/* what came of it */
	unsigned rotations, crashes, jumps, refused_steps;
	unsigned long long checks, refused, late;
};

static uint64_t dice;

static uint64_t
roll(uint64_t sides)
{
	/* xorshift64*: the same run for the same seed, everywhere */
	dice ^= dice >> 12;
	dice ^= dice << 25;
	dice ^= dice >> 27;
	return (dice * 2685821657736338717ULL >> 16) % sides;
}

static unsigned
number_of(struct world *w, const char *kid)
{
	unsigned i;

	/* the newest are asked for most */
	for (i = w->made; i > 0; i--)
		if (strcmp(w->names[i - 1], kid) == 0)
			return i - 1;
	if (w->made == KIDS) {
		printf("Bail out! more than %d keys\n", KIDS);
		exit(1);
	}
	w->names[w->made] = strdup(kid);
	return w->made++;
}

static struct kids
published(struct world *w)
{
	struct kids k = {{0}};
	size_t i;

	for (i = 0; i < w->ring->count; i++)
		if (keyring_state_published(
			    keyring_state(&w->ring->keys[i], w->now)))
			k.has[number_of(w, w->ring->keys[i].key->kid)] = 1;
	return k;
}

static struct kids
accepted(struct world *w, int64_t now)
{
	struct kids k = {{0}};
	size_t i;

	for (i = 0; i < w->ring->count; i++)
		if (keyring_accepted(w->ring, &w->ring->keys[i], now))
			k.has[number_of(w, w->ring->keys[i].key->kid)] = 1;
	return k;
}

static unsigned
signer_of(struct world *w, int64_t now)
{
	return number_of(w, keyring_active(w->ring, now)->key->kid);
}

static bool
in_place(struct world *w, int64_t now)
{
	struct kids k = accepted(w, now);
	unsigned i;

	for (i = 0; i < w->made; i++)
		if (k.has[i] && !w->bundle_file.has[i])
			return false;
	return signer_of(w, now) == w->signer_file;
}

/* What healing makes of the keyring; API servers restart if it is news. */
static void
derive(struct world *w, int64_t now)
{
	struct kids bundle = accepted(w, now);
	unsigned signer = signer_of(w, now);
	size_t i;

	if (signer == w->signer_file &&
		memcmp(&bundle, &w->bundle_file, sizeof(bundle)) == 0)
		return;
	w->signer_file = signer;
	w->bundle_file = bundle;
	/* one by one; the last one takes all the time that it may */
	for (i = 0; i < APIS; i++)
		w->apis[i].restart =
			w->now + (int64_t)(i + 1) * needed.rollout / APIS;
}

static void
committed(struct world *w)
{
	w->serve_at = w->now + JWKSD_LAG * TICK;
}

/* One run of `jwksctl rotate`, which may die before or after its commit. */
static void
run_timer(struct world *w)
{
	struct keyring_clock clock = {
		.now = w->now + w->jump, .uptime = w->now - w->booted};
	struct keyring_request r = {.now = clock.now, .by = "timer"};
	struct keyring_plan plan;
	struct error e = {0};
	unsigned fate = (unsigned)roll(20);
	unsigned kid = 0;

	snprintf(clock.boot, sizeof(clock.boot), "%u", w->boots);
	if (keyring_clock_check(&w->believed, &clock, needed.skew, &e) != 0) {
		w->refused_steps++;
		return;
	}
	if (!in_place(w, clock.now)) {
		ring_need(keyring_late_apply(w->ring, clock.now, &e) == 0,
			"late", &e);
		committed(w);
	}
	derive(w, clock.now);
	plan = keyring_plan(w->ring, clock.now);
	if (plan.when == 0 || plan.when > clock.now) {
		w->believed = clock;
		return;
	}
	if (fate == 0) {
		w->crashes++; /* before the commit: nothing happened */
		return;
	}
	if (plan.key != NULL)
		kid = number_of(w, plan.key->key->kid);
	r.step = plan.step;
	r.kid = plan.key != NULL ? plan.key->key->kid : NULL;
	ring_need(ring_step(w->ring, r.step, r.kid, r.now, &e) == 0,
		keyring_step_name(r.step), &e);
	committed(w);
	if (r.step == KEYRING_RETIRE) {
		w->retired_at[kid] = w->now;
		w->rotations++;
	}
	if (fate == 1) {
		w->crashes++; /* after it: files wait for the next run */
		return;
	}
	derive(w, clock.now);
	w->believed = clock;
}

/* Has a reading of this boot been believed?  Before that nothing on the
 * machine can tell that its clock is wrong; only the gates' answers can, whose
 * Date is compared. */
static bool
boot_is_known(const struct world *w)
{
	return strtoul(w->believed.boot, NULL, 10) == w->boots;
}

static void
disturb_clock(struct world *w)
{
	if (w->jump != 0 && w->now >= w->jump_ends)
		w->jump = 0;
	if (w->jump == 0 && boot_is_known(w) && roll(2000) == 0) {
		w->jump = (int64_t)(2000 + roll(200000)) * (roll(2) ? 1 : -1);
		w->jump_ends = w->now + (int64_t)roll(7200);
		w->jumps++;
	} else if (w->jump == 0 && roll(3000) == 0) {
		w->booted = w->now;
		w->boots++;
	}
}

/* API servers' clocks are ahead of the world's by what skew leaves when the
 * relying parties forgive some and are behind by the rest. */
#define ISSUER_AHEAD 300
#define LEEWAY 300
#define PARTY_BEHIND 300

static void
sign(struct world *w, const struct api *api)
{
	int64_t life = roll(4) == 0 ? needed.token_lifetime
				    : 600 + (int64_t)roll(7200);
	int64_t exp = w->now + ISSUER_AHEAD + life;
	int64_t api_exp = w->now + ISSUER_AHEAD + needed.api_token_lifetime;

	if (exp > w->last_exp[api->signer])
		w->last_exp[api->signer] = exp;
	if (api_exp > w->last_api_exp[api->signer])
		w->last_api_exp[api->signer] = api_exp;
}

static void
fetch(struct world *w, struct party *p)
{
	/* one in three asks again before it has to */
	if (w->now < p->fetched + p->max_age &&
		(p->clock % 3 != 0 || roll(30) != 0))
		return;
	p->knows = w->served;
	p->fetched = w->now;
	p->max_age = w->served_age;
}

static unsigned
oldest_of_interest(const struct world *w)
{
	return w->made > 24 ? w->made - 24 : 0;
}

static void
check_party(struct world *w, const struct party *p)
{
	int64_t late = needed.max_age + (JWKSD_LAG + 1) * TICK;
	unsigned k;

	for (k = oldest_of_interest(w); k < w->made; k++) {
		w->checks++;
		if (!p->knows.has[k] &&
			w->last_exp[k] + LEEWAY >= w->now + p->clock)
			w->refused++;
		if (p->knows.has[k] && w->retired_at[k] != 0 &&
			w->now > w->retired_at[k] + late)
			w->late++;
	}
}

/* An API server forgives nothing; its clock is the world's. */
static void
check_api(struct world *w, const struct api *a)
{
	unsigned k;

	for (k = oldest_of_interest(w); k < w->made; k++) {
		w->checks++;
		if (!a->accepts.has[k] && w->last_api_exp[k] >= w->now)
			w->refused++;
	}
}

static void
tick(struct world *w)
{
	unsigned i;

	w->now += TICK;
	disturb_clock(w);
	if (roll(15) == 0)
		run_timer(w);
	if (w->serve_at != 0 && w->now >= w->serve_at) {
		w->served = published(w);
		w->served_age = keyring_max_age(w->ring, w->now);
		w->serve_at = 0;
	}
	for (i = 0; i < APIS; i++) {
		if (w->apis[i].restart != 0 && w->now >= w->apis[i].restart) {
			w->apis[i].signer = w->signer_file;
			w->apis[i].accepts = w->bundle_file;
			w->apis[i].restart = 0;
		}
		sign(w, &w->apis[i]);
	}
	for (i = 0; i < PARTIES; i++) {
		fetch(w, &w->parties[i]);
		check_party(w, &w->parties[i]);
	}
	for (i = 0; i < APIS; i++)
		check_api(w, &w->apis[i]);
}

static void
start(struct world *w, const struct keyring_policy *policy)
{
	unsigned i;

	w->now = RING_START;
	w->ring = ring_new(&needed);
	w->ring->policy = *policy;
	w->booted = w->now - 1000;
	w->believed.now = w->now;
	w->believed.uptime = 1000;
	strcpy(w->believed.boot, "0");
	w->signer_file = KIDS;
	derive(w, w->now);
	w->served = published(w);
	w->served_age = needed.max_age;
	for (i = 0; i < APIS; i++) {
		w->apis[i].restart = 0;
		w->apis[i].signer = w->signer_file;
		w->apis[i].accepts = w->bundle_file;
	}
	for (i = 0; i < PARTIES; i++) {
		w->parties[i].clock = -PARTY_BEHIND + (int64_t)i;
		w->parties[i].knows = w->served;
		w->parties[i].max_age = 1 + (int64_t)roll(300);
		w->parties[i].fetched = w->now;
	}
}

/* A policy that is shorter than the world needs.  It is below what
 * keyring_policy_check() takes, so the rules are checked too. */
static bool
shorten(struct keyring_policy *p, const char *what)
{
	if (strcmp(what, "publish_ahead") == 0)
		p->publish_ahead = p->rollout = p->max_age;
	else if (strcmp(what, "rollout") == 0)
		p->rollout = 0;
	else if (strcmp(what, "token_lifetime") == 0)
		p->token_lifetime /= 2;
	else if (strcmp(what, "skew") == 0)
		p->skew = 0;
	else if (strcmp(what, "api_token_lifetime") == 0)
		p->api_token_lifetime /= 2;
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct keyring_policy policy = needed;
	struct world *w = calloc(1, sizeof(*w));
	unsigned long rotations;

	if (w == NULL || argc < 3 || (argc > 3 && !shorten(&policy, argv[3]))) {
		fprintf(stderr, "usage: simulate ROTATIONS SEED [SHORTENED]\n");
		return 2;
	}
	rotations = strtoul(argv[1], NULL, 10);
	dice = strtoull(argv[2], NULL, 10) * 2654435769ULL +
	       88172645463325252ULL;
	start(w, &policy);
	while (w->rotations < rotations)
		tick(w);
	printf("rotations=%u days=%" PRId64 " checks=%llu crashes=%u jumps=%u "
	       "stopped=%u refused=%llu late=%llu\n",
		w->rotations, (w->now - RING_START) / 86400, w->checks,
		w->crashes, w->jumps, w->refused_steps, w->refused, w->late);
	return w->refused == 0 && w->late == 0 ? 0 : 1;
}
