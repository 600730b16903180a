/* SPDX-License-Identifier: MIT */
/*
 * The protocols are a datagram and three environment variables; their text is
 * in sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
 */
#include "base/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define LISTEN_FDS_MAX 64
#define NAME_MAX_LEN 64

static char names[LISTEN_FDS_MAX][NAME_MAX_LEN];

void
systemd_notify(const char *message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
		    (struct sockaddr *)&to,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
		0) {
		/* the manager is gone, or full: it will notice by itself */
	}
	close(fd);
}

void
systemd_notify_reloading(void)
{
	struct timespec ts;
	char message[96];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(message, sizeof(message),
		"RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reloading",
		(long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	systemd_notify(message);
}

/* A decimal number from the environment, or -1. */
static long long
env_number(const char *name)
{
	const char *text = getenv(name);
	long long value;
	char *end;

	if (text == NULL || *text == '\0')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return -1;
	return value;
}

int64_t
systemd_watchdog_ms(void)
{
	long long usec = env_number("WATCHDOG_USEC");
	long long pid = env_number("WATCHDOG_PID");

	if (usec <= 0 || (getenv("WATCHDOG_PID") != NULL && pid != getpid()))
		return 0;
	return usec / 2000 > 0 ? usec / 2000 : 1;
}

static void
read_names(int count)
{
	const char *p = getenv("LISTEN_FDNAMES");
	size_t len;
	int i;

	for (i = 0; i < count && p != NULL; i++) {
		len = strcspn(p, ":");
		snprintf(names[i], sizeof(names[i]), "%.*s", (int)len, p);
		p = p[len] == ':' ? p + len + 1 : NULL;
	}
}

int
systemd_listen_fds(int *first, struct error *e)
{
	long long count = env_number("LISTEN_FDS");
	long long pid = env_number("LISTEN_PID");
	int i;

	if (getenv("LISTEN_FDS") == NULL || pid != getpid())
		return 0;
	if (count < 0 || count > LISTEN_FDS_MAX)
		return error_set(e, ERROR_INVALID,
			"LISTEN_FDS=%s: not a number of at most %d sockets",
			getenv("LISTEN_FDS"), LISTEN_FDS_MAX);
	read_names((int)count);
	for (i = 0; i < count; i++)
		if (fcntl(LISTEN_FDS_START + i, F_SETFD, FD_CLOEXEC) != 0)
			return error_sys(e, "LISTEN_FDS=%lld: descriptor %d",
				count, LISTEN_FDS_START + i);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	*first = LISTEN_FDS_START;
	return (int)count;
}

const char *
systemd_listen_name(int i)
{
	return i >= 0 && i < LISTEN_FDS_MAX ? names[i] : "";
}
