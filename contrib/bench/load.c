/* SPDX-License-Identifier: MIT */
/*
 * A load generator that costs less than what it measures: one thread, epoll,
 * and answers that are counted, not read (MSG_TRUNC), but for one in 32.  It
 * learns the length of the answer from a first request, so all answers must be
 * of one length.
 *
 *     load [options] ADDRESS PATH        ADDRESS: 127.0.0.1:8080
 *         -c N        connections (64)
 *         -d SECONDS  how long (3)
 *         -n N        this many requests instead
 *         -p N        requests in one segment (1)
 *         -k          a new connection for each request
 *         -r N        requests a second, sent when they are due and not when
 *                     an answer comes; latency counts from when they were due
 *         -H HOST     the Host field (localhost)
 *         -f FIELD    a further field line, "Name: value"
 *         -i N        further connections that stay idle
 *         -T VERSION  with TLS, 1.2 or 1.3; whoever answers is trusted
 *         -R          sessions are resumed
 *
 * Prints one line of key=value pairs; exits with 1 when an answer was wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 512
#define CHECK_EVERY 32
#define STATUS_LEN 12 /* "HTTP/1.1 200" */
#define NSEC UINT64_C(1000000000)

/* Latencies by octave and 64 steps in each: within 1.6 %. */
#define STEPS 64
#define BUCKETS (40 * STEPS)

struct options {
	unsigned connections;
	unsigned idle;
	unsigned depth;
	double seconds;
	double rate;
	uint64_t requests; /* 0: as many as fit into seconds */
	bool close;
	bool resume;
	int tls; /* version, 0: without */
	const char *host;
	const char *field;
	const char *path;
	struct sockaddr_in address;
};

struct client {
	int fd;
	bool busy;
	size_t got;
	uint64_t since; /* when its requests were due */
	SSL *ssl;       /* NULL: without TLS */
};

struct load {
	struct options o;
	int epoll;
	struct client *clients;
	char *request; /* depth times */
	size_t request_len;
	SSL_CTX *ctx;
	SSL_SESSION *session;
	char status[STATUS_LEN];
	size_t want; /* bytes for all of them */
	uint64_t sent;
	uint64_t done;
	uint64_t errors;
	uint64_t answers;
	uint64_t latencies[BUCKETS];
};

static char buffer[1 << 20];

static void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static void
count_latency(struct load *l, uint64_t ns)
{
	uint64_t v = ns / 100;
	unsigned octave;
	size_t i = v;

	if (v >= STEPS) {
		octave = 63 - (unsigned)__builtin_clzll(v);
		i = (octave - 5) * (size_t)STEPS +
		    (size_t)((v >> (octave - 6)) & (STEPS - 1));
	}
	l->latencies[i < BUCKETS ? i : BUCKETS - 1]++;
}

/* In microseconds. */
static double
percentile(const struct load *l, double part)
{
	uint64_t seen = 0;
	size_t i;
	size_t octave;

	for (i = 0; i < BUCKETS; i++) {
		seen += l->latencies[i];
		if ((double)seen >= part * (double)l->answers)
			break;
	}
	if (i < STEPS)
		return (double)i / 10;
	octave = i / STEPS + 5;
	return (double)((UINT64_C(1) << octave) +
			((uint64_t)(i % STEPS) << (octave - 6))) /
	       10;
}

static int
dial(const struct load *l)
{
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) !=
			0 ||
		connect(fd, (const struct sockaddr *)&l->o.address,
			sizeof(l->o.address)) != 0)
		die("connect");
	return fd;
}

/* ---- TLS ----------------------------------------------------------------- */

static void
make_context(struct load *l)
{
	if (l->o.tls == 0)
		return;
	l->ctx = SSL_CTX_new(TLS_client_method());
	if (l->ctx == NULL ||
		SSL_CTX_set_min_proto_version(l->ctx, l->o.tls) != 1 ||
		SSL_CTX_set_max_proto_version(l->ctx, l->o.tls) != 1)
		die("TLS");
	SSL_CTX_set_mode(l->ctx, SSL_MODE_RELEASE_BUFFERS);
}

static SSL *
start_tls(const struct load *l, int fd)
{
	SSL *ssl;

	if (l->ctx == NULL)
		return NULL;
	ssl = SSL_new(l->ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
		SSL_set_tlsext_host_name(ssl, l->o.host) != 1)
		die("TLS");
	if (l->session != NULL && SSL_set_session(ssl, l->session) != 1)
		die("session");
	SSL_set_connect_state(ssl);
	return ssl;
}

/* A session that was not ended would not be good any more. */
static void
end_tls(SSL *ssl)
{
	if (ssl != NULL)
		SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN);
	SSL_free(ssl);
}

/* Of a client that waits for nothing. */
static void
set_nonblocking(const struct client *c)
{
	if (c->ssl != NULL && fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
		die("fcntl");
}

/* Shake hands and then send; what is not there yet is waited for. */
static void
send_by_tls(struct load *l, struct client *c)
{
	int rc = SSL_write(c->ssl, l->request, (int)l->request_len);

	if (rc <= 0 && SSL_get_error(c->ssl, rc) == SSL_ERROR_WANT_READ)
		return;
	if (rc != (int)l->request_len ||
		(l->o.resume && !SSL_session_reused(c->ssl)))
		l->errors++;
	ERR_clear_error();
}

/* Bytes of the answer; 0: its end, -1: none now. */
static ssize_t
receive_by_tls(struct load *l, struct client *c)
{
	int rc;

	if (!SSL_is_init_finished(c->ssl)) {
		send_by_tls(l, c);
		if (!SSL_is_init_finished(c->ssl))
			return -1;
	}
	rc = SSL_read(c->ssl, buffer, sizeof(buffer));
	if (rc > 0)
		return rc;
	rc = SSL_get_error(c->ssl, rc);
	ERR_clear_error();
	return rc == SSL_ERROR_WANT_READ ? -1 : 0;
}

static void
watch(struct load *l, struct client *c)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
		die("epoll_ctl");
}

static void
make_request(struct load *l)
{
	char one[8192];
	size_t len;
	unsigned i;

	len = (size_t)snprintf(one, sizeof(one),
		"GET %s HTTP/1.1\r\nHost: %s\r\n"
		"User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n"
		"%s%s%s\r\n",
		l->o.path, l->o.host, l->o.field, *l->o.field ? "\r\n" : "",
		l->o.close ? "Connection: close\r\n" : "");
	if (len >= sizeof(one)) {
		errno = E2BIG;
		die("request");
	}
	l->request = malloc(len * l->o.depth);
	if (l->request == NULL)
		die("malloc");
	for (i = 0; i < l->o.depth; i++)
		memcpy(l->request + i * len, one, len);
	l->request_len = len * l->o.depth;
}

/* The length of the answer in buffer, 0 when that is not yet known. */
static size_t
answer_len(size_t got)
{
	const char *end;
	const char *p;
	size_t len;

	buffer[got] = '\0';
	end = strstr(buffer, "\r\n\r\n");
	if (end == NULL)
		return 0;
	len = (size_t)(end - buffer) + 4;
	p = strcasestr(buffer, "\r\ncontent-length:");
	return p == NULL || p > end ? len : len + strtoul(p + 17, NULL, 10);
}

/* One request, to learn what an answer is. */
static void
probe(struct load *l)
{
	size_t one = l->request_len / l->o.depth;
	size_t got = 0;
	size_t want = 0;
	int fd = dial(l);
	SSL *ssl = start_tls(l, fd);
	ssize_t n;

	n = ssl == NULL ? send(fd, l->request, one, MSG_NOSIGNAL)
			: SSL_write(ssl, l->request, (int)one);
	if (n != (ssize_t)one)
		die("send");
	while (want == 0 || got < want) {
		n = ssl == NULL ? recv(fd, buffer + got,
					  sizeof(buffer) - 1 - got, 0)
				: SSL_read(ssl, buffer + got,
					  (int)(sizeof(buffer) - 1 - got));
		if (n <= 0)
			die("the first answer is not complete");
		got += (size_t)n;
		want = answer_len(got);
	}
	if (got != want || strncmp(buffer, "HTTP/1.1 ", 9) != 0)
		die("the first answer is none");
	memcpy(l->status, buffer, STATUS_LEN);
	l->want = want * l->o.depth;
	if (ssl != NULL && l->o.resume)
		l->session = SSL_get1_session(ssl);
	end_tls(ssl);
	close(fd);
}

static void
send_request(struct load *l, struct client *c, uint64_t due)
{
	c->since = due;
	c->got = 0;
	c->busy = true;
	l->sent += l->o.depth;
	if (c->ssl != NULL) {
		send_by_tls(l, c);
		return;
	}
	if (send(c->fd, l->request, l->request_len, MSG_NOSIGNAL) !=
		(ssize_t)l->request_len)
		l->errors++;
}

static void
open_client(struct load *l, struct client *c)
{
	c->fd = dial(l);
	c->ssl = start_tls(l, c->fd);
	set_nonblocking(c);
	watch(l, c);
}

static void
reconnect(struct load *l, struct client *c)
{
	end_tls(c->ssl);
	close(c->fd);
	open_client(l, c);
}

/* All answers of a client are there. */
static void
complete(struct load *l, struct client *c)
{
	char byte;
	uint64_t t;

	if (l->o.close) {
		/* the FIN came with the answer or will come */
		if (c->ssl == NULL && recv(c->fd, &byte, 1, 0) != 0)
			l->errors++;
		reconnect(l, c);
	}
	t = now();
	count_latency(l, t - c->since);
	l->answers++;
	l->done += l->o.depth;
	c->busy = false;
	if (l->o.rate == 0 && (l->o.requests == 0 || l->sent < l->o.requests))
		send_request(l, c, t);
}

/* One that ends with its answer is at its end when the peer says so. */
static void
on_readable_by_tls(struct load *l, struct client *c)
{
	ssize_t n;

	while (c->busy) {
		n = receive_by_tls(l, c);
		if (n < 0)
			return;
		if (n > 0 && c->got == 0 &&
			(n < STATUS_LEN ||
				memcmp(buffer, l->status, STATUS_LEN) != 0))
			l->errors++;
		c->got += (size_t)n;
		if (n == 0 && (!l->o.close || c->got < l->want)) {
			l->errors++;
			reconnect(l, c);
			send_request(l, c, now());
			return;
		}
		if (c->got > l->want)
			l->errors++;
		if (c->got >= l->want && (n == 0 || !l->o.close))
			complete(l, c);
	}
}

static void
on_readable(struct load *l, struct client *c)
{
	static unsigned turn;
	bool check = l->o.close || ++turn % CHECK_EVERY == 0;
	ssize_t n = recv(c->fd, buffer, sizeof(buffer),
		MSG_DONTWAIT | (check ? 0 : MSG_TRUNC));

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		l->errors++;
		reconnect(l, c);
		send_request(l, c, now());
		return;
	}
	if (check && c->got == 0 &&
		(n < STATUS_LEN || memcmp(buffer, l->status, STATUS_LEN) != 0))
		l->errors++;
	c->got += (size_t)n;
	if (c->got > l->want)
		l->errors++;
	if (c->got >= l->want)
		complete(l, c);
}

/* Send what is due; false when all clients are busy, and then it is late. */
static void
send_due(struct load *l, uint64_t start)
{
	static unsigned next;
	unsigned i;

	for (i = 0; i < l->o.connections; i++) {
		uint64_t due =
			start + (uint64_t)((double)l->sent * 1e9 / l->o.rate);

		if (now() < due)
			return;
		next = (next + 1) % l->o.connections;
		if (!l->clients[next].busy)
			send_request(l, &l->clients[next], due);
	}
}

static void
open_all(struct load *l)
{
	unsigned i;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->clients = calloc(l->o.connections, sizeof(*l->clients));
	if (l->epoll < 0 || l->clients == NULL)
		die("start");
	for (i = 0; i < l->o.idle; i++) {
		/* kept open until the end of the process; a request each, as
		 * a listener may not see a connection that sent nothing */
		int fd = dial(l);
		SSL *ssl = start_tls(l, fd);

		if ((ssl == NULL ? send(fd, l->request, l->request_len,
					   MSG_NOSIGNAL)
				 : SSL_write(ssl, l->request,
					   (int)l->request_len)) < 0)
			die("send");
	}
	for (i = 0; i < l->o.connections; i++) {
		open_client(l, &l->clients[i]);
	}
}

static uint64_t
run(struct load *l)
{
	struct epoll_event events[EVENTS];
	uint64_t start = now();
	uint64_t end = start + (uint64_t)(l->o.seconds * 1e9);
	unsigned i;
	int n;

	for (i = 0; i < l->o.connections && l->o.rate == 0; i++) {
		if (l->o.requests == 0 || l->sent < l->o.requests)
			send_request(l, &l->clients[i], now());
	}
	while (l->o.requests == 0 || l->done < l->o.requests) {
		if (l->o.requests == 0 && now() >= end)
			break;
		if (l->o.rate > 0)
			send_due(l, start);
		n = epoll_wait(
			l->epoll, events, EVENTS, l->o.rate > 0 ? 0 : 100);
		for (i = 0; n > 0 && i < (unsigned)n; i++)
			(l->ctx == NULL ? on_readable : on_readable_by_tls)(
				l, events[i].data.ptr);
	}
	return now() - start;
}

static void
report(const struct load *l, uint64_t ns)
{
	struct rusage use;
	double cpu;

	getrusage(RUSAGE_SELF, &use);
	cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	      (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
	printf("requests=%llu seconds=%.4f errors=%llu p50_us=%.1f "
	       "p99_us=%.1f status=%.3s answer_bytes=%zu cpu_seconds=%.3f\n",
		(unsigned long long)l->done, (double)ns / 1e9,
		(unsigned long long)l->errors, percentile(l, 0.5),
		percentile(l, 0.99), l->status + 9, l->want / l->o.depth, cpu);
}

static void
usage(void)
{
	fprintf(stderr, "usage: load [-k] [-c N] [-d SECONDS] [-n N] [-p N] "
			"[-r N] [-i N] [-H HOST] [-f FIELD]\n"
			"            [-T 1.2|1.3 [-R]] ADDRESS PATH\n");
	exit(2);
}

static void
read_address(struct options *o, const char *text)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');
	size_t len;

	if (colon == NULL)
		usage();
	len = (size_t)(colon - text);
	if (len >= sizeof(host))
		usage();
	memcpy(host, text, len);
	host[len] = '\0';
	o->address.sin_family = AF_INET;
	o->address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, host, &o->address.sin_addr) != 1)
		usage();
}

static void
read_options(struct options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:n:p:r:i:kH:f:T:R")) != -1) {
		switch (option) {
		case 'c':
			o->connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			o->seconds = strtod(optarg, NULL);
			break;
		case 'n':
			o->requests = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			o->depth = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			o->rate = strtod(optarg, NULL);
			break;
		case 'i':
			o->idle = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'k':
			o->close = true;
			break;
		case 'H':
			o->host = optarg;
			break;
		case 'f':
			o->field = optarg;
			break;
		case 'T':
			o->tls = strcmp(optarg, "1.2") == 0 ? TLS1_2_VERSION
							    : TLS1_3_VERSION;
			break;
		case 'R':
			o->resume = true;
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2 || o->connections == 0 || o->depth == 0 ||
		o->seconds <= 0)
		usage();
	read_address(o, argv[optind]);
	o->path = argv[optind + 1];
}

int
main(int argc, char **argv)
{
	static struct load l = {.o = {.connections = 64,
					.depth = 1,
					.seconds = 3,
					.host = "localhost",
					.field = ""}};
	struct rlimit files;
	uint64_t ns;

	read_options(&l.o, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	make_request(&l);
	make_context(&l);
	probe(&l);
	open_all(&l);
	ns = run(&l);
	report(&l, ns);
	return l.errors == 0 ? 0 : 1;
}
