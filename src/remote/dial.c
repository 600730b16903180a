/* SPDX-License-Identifier: MIT */
/*
 * connect(2) has no time limit of its own that anybody wants to wait for.
 * Invariant: a socket that is not given away is closed.
 */
#include "remote/dial.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

int
remote_wait(int fd, short events, int64_t deadline, struct error *e)
{
	struct pollfd p = {fd, events, 0};
	int64_t left;
	int n;

	do {
		left = deadline - clock_monotonic_ms();
		if (left <= 0)
			return error_set(
				e, ERROR_NET, "does not answer in time");
		n = poll(&p, 1, (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n > 0 ? 0 : error_sys(e, "poll");
}

/* One address. */
static int
dial(const struct addrinfo *a, int64_t deadline, struct error *e)
{
	int fd = socket(a->ai_family,
		a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	socklen_t len = sizeof(int);
	int problem = 0;

	if (fd < 0)
		return error_sys(e, "socket");
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
		if (errno != EINPROGRESS)
			problem = errno;
		else if (remote_wait(fd, POLLOUT, deadline, e) != 0)
			goto fail;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) !=
			 0)
			problem = errno;
	}
	if (problem == 0)
		return fd;
	error_set(e, ERROR_NET, "%s", strerror(problem));
fail:
	close(fd);
	return -1;
}

int
remote_dial(const char *host, const char *port, int64_t deadline, char *address,
	size_t size, struct error *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL, *a;
	struct error last = {0};
	int code, fd = -1;

	code = getaddrinfo(host, port, &hints, &list);
	if (code != 0)
		return error_set(
			e, ERROR_NET, "%s: %s", host, gai_strerror(code));
	for (a = list; a != NULL && fd < 0; a = a->ai_next) {
		error_clear(&last);
		fd = dial(a, deadline, &last);
		if (fd >= 0 &&
			getnameinfo(a->ai_addr, a->ai_addrlen, address,
				(socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
			address[0] = '\0';
	}
	freeaddrinfo(list);
	return fd >= 0 ? fd : error_set(e, last.code, "%s", last.text);
}
