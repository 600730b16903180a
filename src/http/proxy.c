/* SPDX-License-Identifier: MIT */
/*
 * Pure functions over bytes that come before anything is known of the client.
 * Invariant: nothing behind len is read, and what is taken for a header is one
 * to the letter, for who can bend it chooses the address in our log.
 */
#include "http/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define V1_MAX 107 /* section 2.1, with the CRLF */
#define V2_HEAD 16
#define V2_LOCAL 0x20 /* version and command */
#define V2_PROXY 0x21
#define V2_TCP4 0x11 /* family and transport */
#define V2_TCP6 0x21
#define V2_TCP4_LEN 12
#define V2_TCP6_LEN 36

static const char v1_start[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const char v2_start[] = {
	'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

/* ---- version 1 ----------------------------------------------------------- */

/* Decimal, without a sign or zeroes in front. */
static int
read_port(const char *text, in_port_t *port)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9' ||
		(text[0] == '0' && text[1] != '\0'))
		return -1;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*end != '\0' || errno != 0 || value > 65535)
		return -1;
	*port = htons((uint16_t)value);
	return 0;
}

static int
set_peer(int family, const char *address, const char *port,
	union http_peer *peer, socklen_t *peer_len)
{
	union http_peer to = {.sa = {.sa_family = (sa_family_t)family}};
	bool v4 = family == AF_INET;
	void *place = v4 ? (void *)&to.in.sin_addr : (void *)&to.in6.sin6_addr;

	if (inet_pton(family, address, place) != 1 ||
		read_port(port, v4 ? &to.in.sin_port : &to.in6.sin6_port) != 0)
		return -1;
	*peer = to;
	*peer_len = v4 ? sizeof(to.in) : sizeof(to.in6);
	return 0;
}

/* Cut the line at its blanks, in place; more or fewer than wanted: -1. */
static int
split(char *line, char *fields[], size_t wanted)
{
	size_t n = 0;
	char *at = line;

	while (at != NULL) {
		if (n == wanted)
			return -1;
		fields[n++] = at;
		at = strchr(at, ' ');
		if (at != NULL)
			*at++ = '\0';
	}
	return n == wanted ? 0 : -1;
}

/* line: "TCP4 192.0.2.1 198.51.100.1 56324 443" */
static int
read_v1(char *line, union http_peer *peer, socklen_t *peer_len)
{
	char *fields[5] = {NULL};
	union http_peer to;
	socklen_t to_len;
	int family;

	if (strcmp(line, "UNKNOWN") == 0 || strncmp(line, "UNKNOWN ", 8) == 0)
		return 0; /* the rest of the line must be ignored */
	if (split(line, fields, 5) != 0)
		return -1;
	if (strcmp(fields[0], "TCP4") == 0)
		family = AF_INET;
	else if (strcmp(fields[0], "TCP6") == 0)
		family = AF_INET6;
	else
		return -1;
	if (set_peer(family, fields[2], fields[4], &to, &to_len) != 0)
		return -1;
	return set_peer(family, fields[1], fields[3], peer, peer_len);
}

static enum http_proxy
parse_v1(const char *bytes, size_t len, union http_peer *peer,
	socklen_t *peer_len, size_t *used)
{
	size_t seen = len < V1_MAX ? len : V1_MAX;
	const char *end = memchr(bytes, '\n', seen);
	char line[V1_MAX + 1];
	size_t n;

	if (end == NULL)
		return seen < V1_MAX ? HTTP_PROXY_MORE : HTTP_PROXY_BAD;
	if (end[-1] != '\r' || memchr(bytes, '\0', seen) != NULL)
		return HTTP_PROXY_BAD;
	n = (size_t)(end - bytes) - 1 - sizeof(v1_start);
	memcpy(line, bytes + sizeof(v1_start), n);
	line[n] = '\0';
	if (read_v1(line, peer, peer_len) != 0)
		return HTTP_PROXY_BAD;
	*used = (size_t)(end - bytes) + 1;
	return HTTP_PROXY_DONE;
}

/* ---- version 2 ----------------------------------------------------------- */

/* Source address, destination address, source port, destination port. */
static int
read_v2(unsigned char family, const char *body, size_t len,
	union http_peer *peer, socklen_t *peer_len)
{
	union http_peer to = {.sa = {.sa_family = AF_UNSPEC}};

	switch (family) {
	case V2_TCP4:
		if (len < V2_TCP4_LEN)
			return -1;
		to.in.sin_family = AF_INET;
		memcpy(&to.in.sin_addr, body, 4);
		memcpy(&to.in.sin_port, body + 8, 2);
		*peer_len = sizeof(to.in);
		break;
	case V2_TCP6:
		if (len < V2_TCP6_LEN)
			return -1;
		to.in6.sin6_family = AF_INET6;
		memcpy(&to.in6.sin6_addr, body, 16);
		memcpy(&to.in6.sin6_port, body + 32, 2);
		*peer_len = sizeof(to.in6);
		break;
	default:
		return 0; /* unspecified, or nothing that we could show */
	}
	*peer = to;
	return 0;
}

static enum http_proxy
parse_v2(const char *bytes, size_t len, union http_peer *peer,
	socklen_t *peer_len, size_t *used)
{
	const unsigned char *head = (const unsigned char *)bytes;
	size_t body;

	if (len < V2_HEAD)
		return HTTP_PROXY_MORE;
	body = (size_t)head[14] << 8 | head[15];
	if ((head[12] != V2_LOCAL && head[12] != V2_PROXY) ||
		V2_HEAD + body > HTTP_PROXY_MAX)
		return HTTP_PROXY_BAD;
	if (len < V2_HEAD + body)
		return HTTP_PROXY_MORE;
	if (head[12] == V2_PROXY &&
		read_v2(head[13], bytes + V2_HEAD, body, peer, peer_len) != 0)
		return HTTP_PROXY_BAD;
	*used = V2_HEAD + body;
	return HTTP_PROXY_DONE;
}

static bool
starts(const char *bytes, size_t len, const char *start, size_t start_len)
{
	return memcmp(bytes, start, len < start_len ? len : start_len) == 0;
}

enum http_proxy
http_proxy_parse(const char *bytes, size_t len, union http_peer *peer,
	socklen_t *peer_len, size_t *used)
{
	if (starts(bytes, len, v2_start, sizeof(v2_start)))
		return parse_v2(bytes, len, peer, peer_len, used);
	if (!starts(bytes, len, v1_start, sizeof(v1_start)))
		return HTTP_PROXY_BAD;
	if (len <= sizeof(v1_start))
		return HTTP_PROXY_MORE;
	return parse_v1(bytes, len, peer, peer_len, used);
}

/* ---- whom to believe ----------------------------------------------------- */

static const unsigned char mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
is_zero_behind(const struct http_prefix *p)
{
	unsigned i;

	for (i = p->bits; i < 128; i++)
		if ((p->bytes[i / 8] & 0x80 >> i % 8) != 0)
			return false;
	return true;
}

static int
read_bits(const char *text, unsigned most, unsigned *bits)
{
	in_port_t value; /* a number of the same form */

	if (read_port(text, &value) != 0 || ntohs(value) > most)
		return -1;
	*bits = ntohs(value);
	return 0;
}

static int
read_prefix(char *text, struct http_prefix *out)
{
	char *slash = strchr(text, '/');
	unsigned most = 32;

	if (slash != NULL)
		*slash = '\0';
	memcpy(out->bytes, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, out->bytes + sizeof(mapped)) != 1) {
		most = 128;
		if (inet_pton(AF_INET6, text, out->bytes) != 1)
			return -1;
	}
	out->bits = most;
	if (slash != NULL && read_bits(slash + 1, most, &out->bits) != 0)
		return -1;
	out->bits += 128 - most;
	return is_zero_behind(out) ? 0 : -1;
}

int
http_prefix_parse(const char *text, struct http_prefix *out, struct error *e)
{
	char copy[INET6_ADDRSTRLEN + sizeof("/128")];
	size_t len = strlen(text);

	memset(out, 0, sizeof(*out));
	if (strcmp(text, "unix") == 0) {
		out->local = true;
		return 0;
	}
	if (len < sizeof(copy)) {
		memcpy(copy, text, len + 1);
		if (read_prefix(copy, out) == 0)
			return 0;
	}
	return error_set(e, ERROR_INVALID,
		"\"%.60s\" is no address, prefix (10.0.0.0/8, with zeroes "
		"behind it) or \"unix\"",
		text);
}

bool
http_prefix_has(const struct http_prefix *p, const union http_peer *peer)
{
	unsigned char bytes[16];
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (p->local || peer->sa.sa_family == AF_UNIX)
		return p->local && peer->sa.sa_family == AF_UNIX;
	if (peer->sa.sa_family == AF_INET) {
		memcpy(bytes, mapped, sizeof(mapped));
		memcpy(bytes + sizeof(mapped), &peer->in.sin_addr, 4);
	} else if (peer->sa.sa_family == AF_INET6) {
		memcpy(bytes, &peer->in6.sin6_addr, 16);
	} else {
		return false;
	}
	if (memcmp(bytes, p->bytes, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ p->bytes[whole]) >> (8 - rest) == 0;
}
