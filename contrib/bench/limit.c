/* SPDX-License-Identifier: MIT */
/*
 * The limit that contrib/bench compares with: a server that parses nothing,
 * has no deadlines and sends the same bytes for whatever arrives.  What it
 * needs is what the kernel needs.
 *
 *     limit REQUEST_BYTES CONTENT_BYTES [close]
 *
 * REQUEST_BYTES divides what arrives into requests.  Prints its address.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 512
#define COPIES 64
#define ANSWER_MAX 16384

static char input[65536];
static char answers[COPIES * ANSWER_MAX];
static size_t answer_len;
static size_t request_len;
static bool close_after;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void
make_answers(size_t content_len)
{
	int head;
	int i;

	head = snprintf(answers, ANSWER_MAX,
		"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n%s"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n"
		"ETag: \"XA4OpCFXHDALXfauwKEYtQ\"\r\n"
		"Cache-Control: public, max-age=3600\r\n\r\n",
		close_after ? "Connection: close\r\n" : "", content_len);
	answer_len = (size_t)head + content_len;
	if (answer_len > ANSWER_MAX)
		exit(2);
	memset(answers + head, 'x', content_len);
	for (i = 1; i < COPIES; i++)
		memcpy(answers + (size_t)i * answer_len, answers, answer_len);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				sizeof(one)) == 0 &&
			setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one,
				sizeof(one)) == 0 &&
			listen(fd, SOMAXCONN) == 0 &&
			getsockname(fd, (struct sockaddr *)&a, &len) == 0,
		"listen");
	printf("127.0.0.1:%u\n", (unsigned)ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

/* False: the connection is over. */
static bool
answer(int fd)
{
	ssize_t n = recv(fd, input, sizeof(input), MSG_DONTWAIT);
	size_t count;

	if (n <= 0)
		return false;
	count = ((size_t)n + request_len - 1) / request_len;
	if (count > COPIES)
		count = COPIES;
	send(fd, answers, count * answer_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	return !close_after;
}

static void
accept_one(int epoll, int listener)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	e.data.fd = fd;
	if (!answer(fd))
		close(fd);
	else
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	struct epoll_event e = {.events = EPOLLIN};
	struct rlimit files;
	int listener;
	int epoll;
	int n;
	int i;

	if (argc < 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	request_len = strtoul(argv[1], NULL, 10);
	close_after = argc > 3;
	make_answers(strtoul(argv[2], NULL, 10));
	must(request_len > 0, "request length");
	listener = listen_somewhere();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	e.data.fd = listener;
	must(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) == 0,
		"epoll");
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		for (i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_one(epoll, listener);
			else if (!answer(events[i].data.fd))
				close(events[i].data.fd);
		}
	}
}
