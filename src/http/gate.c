/* SPDX-License-Identifier: MIT */
/*
 * A count and a hash table of addresses that have connections, under one lock.
 * The table has about as many chains as there may be connections, and a secret
 * seed, so that nobody can choose addresses that share a chain.
 *
 * An address is an IPv4 address, also when mapped into IPv6, or the /64 of an
 * IPv6 one: a host on IPv6 has a whole /64 to itself.
 */
#include "http/gate.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CHAINS_MIN 64
#define CHAINS_MAX 65536

struct http_gate_entry {
	struct http_gate_entry *next;
	uint64_t address;
	size_t count;
	bool ipv6;
};

struct http_gate {
	pthread_mutex_t lock;
	size_t total;
	size_t per_address;
	size_t count;
	uint64_t seed[2];
	size_t mask;
	struct http_gate_entry *chains[];
};

struct http_gate *
http_gate_new(size_t total, size_t per_address)
{
	struct http_gate *gate = NULL;
	size_t chains = CHAINS_MIN;

	while (chains < CHAINS_MAX && (total == 0 || chains < total))
		chains *= 2;
	if (per_address == 0)
		chains = 1; /* never looked at */
	gate = calloc(1, sizeof(*gate) + chains * sizeof(gate->chains[0]));
	if (gate == NULL)
		return NULL;
	if (getrandom(gate->seed, sizeof(gate->seed), 0) !=
			(ssize_t)sizeof(gate->seed) ||
		pthread_mutex_init(&gate->lock, NULL) != 0) {
		free(gate);
		return NULL;
	}
	gate->total = total;
	gate->per_address = per_address;
	gate->mask = chains - 1;
	return gate;
}

void
http_gate_free(struct http_gate *gate)
{
	struct http_gate_entry *entry;
	struct http_gate_entry *next;
	size_t i;

	if (gate == NULL)
		return;
	for (i = 0; i <= gate->mask; i++) {
		for (entry = gate->chains[i]; entry != NULL; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	pthread_mutex_destroy(&gate->lock);
	free(gate);
}

/* False when the peer has no address to count by. */
static bool
key_of(const struct sockaddr *peer, uint64_t *address, bool *ipv6)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	uint32_t v4;

	*ipv6 = false;
	if (peer->sa_family == AF_INET) {
		memcpy(&in, peer, sizeof(in));
		*address = in.sin_addr.s_addr;
		return true;
	}
	if (peer->sa_family != AF_INET6)
		return false;
	memcpy(&in6, peer, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		memcpy(&v4, in6.sin6_addr.s6_addr + 12, sizeof(v4));
		*address = v4;
		return true;
	}
	*ipv6 = true;
	memcpy(address, in6.sin6_addr.s6_addr, sizeof(*address));
	return true;
}

/* Multiply and rotate by secrets, twice. */
static size_t
chain_of(const struct http_gate *gate, uint64_t address, bool ipv6)
{
	uint64_t h = (address ^ gate->seed[0]) * (gate->seed[1] | 1);

	h ^= h >> 32;
	h = (h + ipv6) * (gate->seed[0] | 1);
	return (size_t)(h >> 32) & gate->mask;
}

/* The entry of an address, made when it is not there; NULL: no memory. */
static struct http_gate_entry *
entry_of(struct http_gate *gate, uint64_t address, bool ipv6)
{
	struct http_gate_entry **chain =
		&gate->chains[chain_of(gate, address, ipv6)];
	struct http_gate_entry *entry;

	for (entry = *chain; entry != NULL; entry = entry->next) {
		if (entry->address == address && entry->ipv6 == ipv6)
			return entry;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->address = address;
	entry->ipv6 = ipv6;
	entry->next = *chain;
	*chain = entry;
	return entry;
}

static void
drop_entry(struct http_gate *gate, struct http_gate_entry *entry)
{
	struct http_gate_entry **link =
		&gate->chains[chain_of(gate, entry->address, entry->ipv6)];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	free(entry);
}

static enum http_admission
enter(struct http_gate *gate, const struct sockaddr *peer,
	struct http_gate_entry **entry)
{
	uint64_t address;
	bool ipv6;

	if (gate->total != 0 && gate->count >= gate->total)
		return HTTP_FULL;
	if (gate->per_address != 0 && key_of(peer, &address, &ipv6)) {
		*entry = entry_of(gate, address, ipv6);
		if (*entry == NULL)
			return HTTP_NO_MEMORY;
		if ((*entry)->count >= gate->per_address) {
			*entry = NULL;
			return HTTP_ADDRESS_FULL;
		}
		(*entry)->count++;
	}
	gate->count++;
	return HTTP_ADMITTED;
}

enum http_admission
http_gate_enter(struct http_gate *gate, const struct sockaddr *peer,
	struct http_gate_entry **entry)
{
	enum http_admission admission;

	*entry = NULL;
	pthread_mutex_lock(&gate->lock);
	admission = enter(gate, peer, entry);
	pthread_mutex_unlock(&gate->lock);
	return admission;
}

void
http_gate_leave(struct http_gate *gate, struct http_gate_entry *entry)
{
	pthread_mutex_lock(&gate->lock);
	gate->count--;
	if (entry != NULL && --entry->count == 0)
		drop_entry(gate, entry);
	pthread_mutex_unlock(&gate->lock);
}

size_t
http_gate_count(struct http_gate *gate)
{
	size_t count;

	pthread_mutex_lock(&gate->lock);
	count = gate->count;
	pthread_mutex_unlock(&gate->lock);
	return count;
}
