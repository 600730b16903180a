/* SPDX-License-Identifier: MIT */
/*
 * A listening socket is non-blocking and close-on-exec; over TCP it hands
 * TCP_NODELAY down to what it accepts, which saves a call per connection, and
 * waits for the first bytes (TCP_DEFER_ACCEPT), so that a connection is read
 * as soon as it is accepted.
 */
#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFER_SECONDS 5

static int
parse_unix(const char *path, struct http_address *out, struct error *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (path[0] != '/')
		return error_set(e, ERROR_INVALID,
			"\"unix:%s\": the path must be absolute", path);
	if (len >= sizeof(un.sun_path))
		return error_set(e, ERROR_LIMIT,
			"\"unix:%s\": a socket's path has at most %zu bytes",
			path, sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, len + 1);
	memset(out, 0, sizeof(*out));
	memcpy(&out->addr, &un, sizeof(un));
	out->len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return 0;
}

/* 0 to 65535, digits only; -1 when it is not that. */
static int
parse_port(const char *text)
{
	size_t len = strlen(text);
	int port = 0;
	size_t i;

	if (len == 0 || len > 5)
		return -1;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		port = port * 10 + (text[i] - '0');
	}
	return port <= 65535 ? port : -1;
}

static void
set_ipv4(struct http_address *out, struct in_addr addr, int port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr = addr,
		.sin_port = htons((uint16_t)port),
	};

	memcpy(&out->addr, &in, sizeof(in));
	out->len = sizeof(in);
}

static void
set_ipv6(struct http_address *out, struct in6_addr addr, int port)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = addr,
		.sin6_port = htons((uint16_t)port),
	};

	memcpy(&out->addr, &in6, sizeof(in6));
	out->len = sizeof(in6);
}

/* "127.0.0.1", "[::1]" or "*", before the last colon. */
static int
set_host(struct http_address *out, const char *host, size_t len, int port)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;
	bool brackets = len >= 2 && host[0] == '[' && host[len - 1] == ']';

	if (len == 1 && host[0] == '*') {
		out->any = true;
		set_ipv6(out, in6addr_any, port);
		return 0;
	}
	if (brackets) {
		host++;
		len -= 2;
	}
	if (len >= sizeof(text))
		return -1;
	memcpy(text, host, len);
	text[len] = '\0';
	if (brackets && inet_pton(AF_INET6, text, &v6) == 1)
		set_ipv6(out, v6, port);
	else if (!brackets && inet_pton(AF_INET, text, &v4) == 1)
		set_ipv4(out, v4, port);
	else
		return -1;
	return 0;
}

static int
parse_plain(const char *text, struct http_address *out, struct error *e)
{
	struct http_address made = {0};
	const char *colon = strrchr(text, ':');
	int port;

	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, out, e);
	port = colon == NULL ? -1 : parse_port(colon + 1);
	if (port < 0 ||
		set_host(&made, text, (size_t)(colon - text), port) != 0)
		return error_set(e, ERROR_PARSE,
			"\"%s\" is no address to listen on: 127.0.0.1:8080, "
			"[::1]:8080, *:8080 or unix:/run/x.sock (no names)",
			text);
	*out = made;
	return 0;
}

int
http_address_parse(const char *text, struct http_address *out, struct error *e)
{
	bool tls = strncmp(text, "tls:", 4) == 0;

	if (parse_plain(tls ? text + 4 : text, out, e) != 0)
		return -1;
	out->tls = tls;
	return 0;
}

bool
http_address_is_local(const struct http_address *a)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	switch (a->addr.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		memcpy(&in, &a->addr, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6:
		memcpy(&in6, &a->addr, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	default:
		return false;
	}
}

static const char *
ipv4_class(uint32_t a)
{
	static const struct {
		uint32_t prefix;
		unsigned bits;
	} private[] = {
		{0x0a000000, 8},  /* 10/8 */
		{0xac100000, 12}, /* 172.16/12 */
		{0xc0a80000, 16}, /* 192.168/16 */
		{0x64400000, 10}, /* 100.64/10 */
		{0xa9fe0000, 16}, /* 169.254/16 */
	};
	size_t i;

	if (a >> 24 == IN_LOOPBACKNET)
		return "loopback";
	for (i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if ((a ^ private[i].prefix) >> (32 - private[i].bits) == 0)
			return "private";
	return "public";
}

static const char *
ipv6_class(const struct in6_addr *a)
{
	uint32_t v4;

	if (IN6_IS_ADDR_V4MAPPED(a)) {
		memcpy(&v4, &a->s6_addr[12], sizeof(v4));
		return ipv4_class(ntohl(v4));
	}
	if (IN6_IS_ADDR_LOOPBACK(a))
		return "loopback";
	if (IN6_IS_ADDR_LINKLOCAL(a) || (a->s6_addr[0] & 0xfe) == 0xfc)
		return "private";
	return "public";
}

const char *
http_address_class(const struct sockaddr *addr)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	switch (addr->sa_family) {
	case AF_UNIX:
		return "unix";
	case AF_INET:
		memcpy(&in, addr, sizeof(in));
		return ipv4_class(ntohl(in.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&in6, addr, sizeof(in6));
		return ipv6_class(&in6.sin6_addr);
	default:
		return "";
	}
}

static void
unix_text(const struct sockaddr *addr, socklen_t len,
	char text[HTTP_ADDRESS_TEXT_MAX])
{
	struct sockaddr_un un = {0};
	size_t head = offsetof(struct sockaddr_un, sun_path);

	if (len > sizeof(un))
		len = sizeof(un);
	memcpy(&un, addr, len);
	/* a peer that is not bound has no path */
	snprintf(text, HTTP_ADDRESS_TEXT_MAX, "unix:%.*s",
		len > head ? (int)(len - head) : 0, un.sun_path);
}

void
http_address_text(const struct sockaddr *addr, socklen_t len,
	char text[HTTP_ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (addr->sa_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, addr, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host));
		snprintf(text, HTTP_ADDRESS_TEXT_MAX, "%s:%u", host,
			(unsigned)ntohs(in.sin_port));
	} else if (addr->sa_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, addr, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host));
		snprintf(text, HTTP_ADDRESS_TEXT_MAX, "[%s]:%u", host,
			(unsigned)ntohs(in6.sin6_port));
	} else if (addr->sa_family == AF_UNIX) {
		unix_text(addr, len, text);
	} else {
		snprintf(text, HTTP_ADDRESS_TEXT_MAX, "unknown");
	}
}

static int
set_option(int fd, int level, int name, int value, const char *what,
	struct error *e)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) != 0)
		return error_sys(e, "%s", what);
	return 0;
}

static int
set_tcp_options(int fd, struct error *e)
{
	if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY", e) != 0)
		return -1;
	return set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS,
		"TCP_DEFER_ACCEPT", e);
}

/* Whether the socket file at this address is a dead process' leftover; then it
 * is removed. */
static bool
remove_stale(const struct http_address *a)
{
	struct sockaddr_un un;
	struct stat st;
	bool stale;
	int fd;

	memcpy(&un, &a->addr, sizeof(un));
	if (lstat(un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)&a->addr, a->len) != 0 &&
		errno == ECONNREFUSED;
	close(fd);
	return stale && unlink(un.sun_path) == 0;
}

static int
bind_to(int fd, const struct http_address *a, struct error *e)
{
	const struct sockaddr *addr = (const struct sockaddr *)&a->addr;
	int family = a->addr.ss_family;

	if (family == AF_UNIX) {
		if (bind(fd, addr, a->len) == 0)
			return 0;
		if (errno == EADDRINUSE && remove_stale(a) &&
			bind(fd, addr, a->len) == 0)
			return 0;
		return error_sys(e, "bind");
	}
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", e) != 0)
		return -1;
	if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY,
					  !a->any, "IPV6_V6ONLY", e) != 0)
		return -1;
	if (bind(fd, addr, a->len) != 0)
		return error_sys(e, "bind");
	return 0;
}

static int
open_listener(const struct http_address *a, bool shared, struct error *e)
{
	int family = a->addr.ss_family;
	int rc = -1;
	int fd;

	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(e, "socket");
	if (shared && family != AF_UNIX &&
		set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT",
			e) != 0)
		goto out;
	if (bind_to(fd, a, e) != 0)
		goto out;
	if (family != AF_UNIX && set_tcp_options(fd, e) != 0)
		goto out;
	if (listen(fd, SOMAXCONN) != 0) {
		error_sys(e, "listen");
		goto out;
	}
	rc = fd;
	fd = -1; /* the caller's now */
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Whether this machine has IPv6 at all. */
static bool
have_ipv6(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	bool have;
	int fd;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	have = bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;
	close(fd);
	return have;
}

int
http_listen(const struct http_address *a, bool shared, struct error *e)
{
	char text[HTTP_ADDRESS_TEXT_MAX];
	struct http_address any = *a;
	struct sockaddr_in6 in6;
	int fd;

	if (a->any && !have_ipv6()) {
		memcpy(&in6, &a->addr, sizeof(in6));
		any = (struct http_address){0};
		set_ipv4(&any, (struct in_addr){INADDR_ANY},
			ntohs(in6.sin6_port));
	}
	fd = open_listener(&any, shared, e);
	if (fd < 0) {
		http_address_text(
			(const struct sockaddr *)&a->addr, a->len, text);
		return error_wrap(e, "listening on %s", text);
	}
	return fd;
}

int
http_listen_adopt(int fd, struct error *e)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	socklen_t flag_len = sizeof(int);
	int listening = 0;
	int flags;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening,
			&flag_len) != 0)
		return error_sys(e, "descriptor %d", fd);
	if (listening == 0)
		return error_set(e, ERROR_INVALID,
			"descriptor %d is no listening stream socket", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return error_sys(e, "descriptor %d", fd);
	if (addr.ss_family != AF_UNIX && set_tcp_options(fd, e) != 0)
		return error_wrap(e, "descriptor %d", fd);
	return 0;
}
