/* SPDX-License-Identifier: MIT */
/*
 * The accounting client: asks for one document all the time and puts every
 * request it began into exactly one class, so that a failure cannot hide.
 * RFC 9112 section 9.3.1 lets a client repeat a request whose connection was
 * closed; load generators do so silently.  Here it counts as failed.
 *
 *     steady [-f N] [-b N] [-i N] [-w MS] [-t MS] [-s] ADDRESS HOST PATH BODIES
 *
 * Three kinds of clients at once: fresh ones have a connection for each
 * request, busy ones ask again as soon as they are answered, idle ones wait up
 * to -w ms in between.  BODIES has a line "SHA256 ETAG" for each body that may
 * be served, oldest first ("-": any entity tag); on one connection none may be
 * older than the one before.  With -s they speak TLS: every other connection
 * wants to resume the session of another one, and whoever answers is trusted.
 *
 * A line on standard input is answered with the sums so far; its end ends the
 * run: what was begun is waited for, then the account is printed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
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

#define CLIENTS_MAX 20000
#define RESPONSE_MAX 16384
#define REQUEST_MAX 1024
#define EVENTS 256
#define TICK_MS 10
#define HASH_LEN 32
#define ETAG_MAX 64
#define MS INT64_C(1000000) /* in nanoseconds, which all times are */

enum kind { FRESH, BUSY, IDLE, KINDS };

enum class {
	ANSWERED,
	STATUS,    /* not 200 */
	REFUSED,   /* no connection */
	RESET,     /* no answer on a new connection */
	CLOSED,    /* no answer on one that had been used */
	TRUNCATED, /* the connection ended within the answer */
	TIMEOUT,
	CONTENT, /* not a body of the list, an older one, a wrong entity tag */
	CLASSES,
};

static const char *const class_names[CLASSES] = {"ok", "status", "refused",
	"reset", "closed", "truncated", "timeout", "content"};

enum phase {
	RESTING, /* no request is open; connected or not */
	CONNECTING,
	GREETING, /* TLS */
	WAITING,  /* for the answer */
};

/* Times from 1 us up in steps of a sixteenth of their power of two. */
#define STEPS 16
#define BUCKETS (40 * STEPS)

struct account {
	uint64_t classes[CLASSES];
	uint64_t times[BUCKETS];
	int64_t longest;
};

struct client {
	enum kind kind;
	enum phase phase;
	int fd;
	SSL *ssl;          /* NULL: plain, or not connected */
	unsigned answered; /* requests on this connection */
	size_t body;       /* the latest on this connection */
	int64_t begun;     /* the open request */
	int64_t due;       /* the next one */
	size_t in_len;
	char in[RESPONSE_MAX + 1];
};

struct body {
	unsigned char hash[HASH_LEN];
	char etag[ETAG_MAX];
	size_t nth; /* how new */
};

static struct {
	struct sockaddr_in address;
	char requests[KINDS][REQUEST_MAX];
	int64_t think, patience;
	struct body *bodies; /* sorted by hash */
	size_t n_bodies;
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	SSL_CTX *ctx;         /* NULL: without TLS */
	SSL_SESSION *session; /* the latest */
	const char *host;
	struct client *clients;
	size_t n_clients;
	int epoll;
	bool ending;
	size_t open; /* requests */

	struct account accounts[KINDS];
	uint64_t begun, connections;
	uint64_t resumed;     /* connections */
	uint64_t announced;   /* ends of connections that an answer told of */
	uint64_t idle_closed; /* ends of connections without an open request */
	uint64_t unasked;     /* bytes that no request asked for */
	size_t newest;
	int64_t last_ok;
	int64_t gap; /* the longest without an answer since it was asked */
	int64_t gap_ever;
} all = {.think = 1000 * MS, .patience = 5000 * MS};

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

/* ---- the account --------------------------------------------------------- */

static size_t
bucket_of(int64_t ns)
{
	uint64_t us = (uint64_t)ns / 1000 + STEPS;
	unsigned power = 63 - (unsigned)__builtin_clzll(us) - 4;
	size_t bucket = power * STEPS + (size_t)(us >> power) - STEPS;

	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The upper end of a bucket in microseconds. */
static uint64_t
bucket_end(size_t bucket)
{
	return ((bucket % STEPS + STEPS + 1) << (bucket / STEPS)) - STEPS;
}

static uint64_t
percentile(const struct account *a, unsigned percent)
{
	uint64_t wanted = a->classes[ANSWERED] * percent / 100, seen = 0;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		seen += a->times[i];
		if (seen > wanted)
			return bucket_end(i);
	}
	return 0;
}

static void
count_gap(int64_t at)
{
	if (at - all.last_ok > all.gap)
		all.gap = at - all.last_ok;
	if (all.gap > all.gap_ever)
		all.gap_ever = all.gap;
}

static void
count_answer(struct account *a, int64_t begun, int64_t at)
{
	int64_t took = at - begun;

	a->times[bucket_of(took)]++;
	if (took > a->longest)
		a->longest = took;
	count_gap(at);
	all.last_ok = at;
}

static uint64_t sum_class(enum class class)
{
	uint64_t sum = 0;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		sum += all.accounts[kind].classes[class];
	return sum;
}

static uint64_t
sum_failed(void)
{
	uint64_t sum = all.unasked;
	int class;

	for (class = ANSWERED + 1; class < CLASSES; class ++)
		sum += sum_class((enum class) class);
	return sum;
}

static void
print_sums(void)
{
	count_gap(now());
	printf("ok %llu failed %llu gap_us %lld\n",
		(unsigned long long)sum_class(ANSWERED),
		(unsigned long long)sum_failed(), (long long)(all.gap / 1000));
	fflush(stdout);
	all.gap = 0;
}

static void
print_row(const char *name, const uint64_t values[KINDS])
{
	printf("%-12s %12llu %12llu %12llu\n", name,
		(unsigned long long)values[FRESH],
		(unsigned long long)values[BUSY],
		(unsigned long long)values[IDLE]);
}

static void
print_account(void)
{
	static const unsigned percents[] = {50, 99};
	uint64_t row[KINDS];
	char name[16];
	size_t i;
	int class, kind;

	printf("%-12s %12s %12s %12s\n", "#", "fresh", "busy", "idle");
	for (class = 0; class < CLASSES; class ++) {
		for (kind = 0; kind < KINDS; kind++)
			row[kind] = all.accounts[kind].classes[class];
		print_row(class_names[class], row);
	}
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		for (kind = 0; kind < KINDS; kind++)
			row[kind] =
				percentile(&all.accounts[kind], percents[i]);
		snprintf(name, sizeof(name), "p%u_us", percents[i]);
		print_row(name, row);
	}
	for (kind = 0; kind < KINDS; kind++)
		row[kind] = (uint64_t)(all.accounts[kind].longest / 1000);
	print_row("max_us", row);
	printf("requests %llu\nfailed %llu\nconnections %llu\nannounced %llu\n"
	       "idle_closed %llu\nunasked %llu\nnewest %zu\ngap_us %lld\n"
	       "resumed %llu\n",
		(unsigned long long)all.begun, (unsigned long long)sum_failed(),
		(unsigned long long)all.connections,
		(unsigned long long)all.announced,
		(unsigned long long)all.idle_closed,
		(unsigned long long)all.unasked, all.newest,
		(long long)(all.gap_ever / 1000),
		(unsigned long long)all.resumed);
}

/* ---- the bodies ---------------------------------------------------------- */

static int
compare_bodies(const void *a, const void *b)
{
	return memcmp(((const struct body *)a)->hash,
		((const struct body *)b)->hash, HASH_LEN);
}

static void
read_body_line(const char *line, struct body *body)
{
	char hex[2 * HASH_LEN + 1];
	unsigned byte;
	int i;

	if (sscanf(line, "%64[0-9a-f] %63s", hex, body->etag) != 2 ||
		strlen(hex) != sizeof(hex) - 1) {
		fprintf(stderr, "steady: no \"SHA256 ETAG\": %s", line);
		exit(2);
	}
	for (i = 0; i < HASH_LEN; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		body->hash[i] = (unsigned char)byte;
	}
}

static void
read_bodies(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];
	struct body *more;

	if (file == NULL)
		die(path);
	while (fgets(line, sizeof(line), file) != NULL) {
		more = realloc(all.bodies, (all.n_bodies + 1) * sizeof(*more));
		if (more == NULL)
			die("bodies");
		all.bodies = more;
		more[all.n_bodies].nth = all.n_bodies + 1;
		read_body_line(line, &more[all.n_bodies++]);
	}
	fclose(file);
	qsort(all.bodies, all.n_bodies, sizeof(*all.bodies), compare_bodies);
}

static const struct body *
find_body(const char *bytes, size_t len)
{
	struct body wanted;

	if (EVP_DigestInit_ex(all.digest, all.sha256, NULL) != 1 ||
		EVP_DigestUpdate(all.digest, bytes, len) != 1 ||
		EVP_DigestFinal_ex(all.digest, wanted.hash, NULL) != 1)
		die("SHA-256");
	return bsearch(&wanted, all.bodies, all.n_bodies, sizeof(wanted),
		compare_bodies);
}

/* ---- an answer ----------------------------------------------------------- */

/* The value of a field in a terminated head; NULL: not there. */
static const char *
field(const char *head, const char *name)
{
	size_t len = strlen(name);
	const char *line = strstr(head, "\r\n");

	while (line != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + (line[len + 1] == ' ');
		line = strstr(line, "\r\n");
	}
	return NULL;
}

static bool
is_value(const char *value, const char *wanted)
{
	size_t len = strlen(wanted);

	return value != NULL && strncasecmp(value, wanted, len) == 0 &&
	       (value[len] == '\r' || value[len] == '\0');
}

static enum class judge(struct client *c, const char *content, size_t len) {
	const struct body *body;

	if (strncmp(c->in, "HTTP/1.1 200 ", 13) != 0) return STATUS;
	body = find_body(content, len);
	if (body == NULL || body->nth < c->body) return CONTENT;
	if (strcmp(body->etag, "-") != 0 &&
		!is_value(field(c->in, "ETag"), body->etag)) return CONTENT;
	c->body = body->nth;
	if (body->nth > all.newest) all.newest = body->nth;
	return ANSWERED;
}

/* Whether the whole answer is there, and what it is worth. */
static bool
answer_complete(struct client *c, enum class *class, bool *close_after)
{
	char *end;
	const char *value;
	size_t head, len;

	c->in[c->in_len] = '\0';
	end = strstr(c->in, "\r\n\r\n");
	if (end == NULL)
		return false;
	head = (size_t)(end - c->in) + 4;
	*end = '\0';
	value = field(c->in, "Content-Length");
	len = value == NULL ? 0 : strtoul(value, NULL, 10);
	if (c->in_len < head + len) {
		*end = '\r';
		return false;
	}
	*close_after = is_value(field(c->in, "Connection"), "close");
	*class = value == NULL || c->in_len > head + len
			 ? CONTENT
			 : judge(c, c->in + head, len);
	return true;
}

/* ---- TLS ----------------------------------------------------------------- */

static void
make_context(void)
{
	all.ctx = SSL_CTX_new(TLS_client_method());
	if (all.ctx == NULL)
		die("TLS");
	SSL_CTX_set_mode(all.ctx, SSL_MODE_RELEASE_BUFFERS);
}

static void
start_tls(struct client *c)
{
	c->ssl = SSL_new(all.ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
		SSL_set_tlsext_host_name(c->ssl, all.host) != 1)
		die("TLS");
	if (all.session != NULL && all.connections % 2 == 0 &&
		SSL_set_session(c->ssl, all.session) != 1)
		die("session");
	SSL_set_connect_state(c->ssl);
	c->phase = GREETING;
}

/* A ticket comes with an answer or before it. */
static void
keep_session(const struct client *c)
{
	SSL_SESSION_free(all.session);
	all.session = SSL_get1_session(c->ssl);
}

static void
end_tls(struct client *c)
{
	/* a session that was not ended could not be resumed */
	SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN);
	SSL_free(c->ssl);
	c->ssl = NULL;
}

/* As recv: what TLS wants to have first is as good as nothing yet. */
static ssize_t
receive(struct client *c, char *bytes, size_t size)
{
	int n;

	if (c->ssl == NULL)
		return recv(c->fd, bytes, size, 0);
	ERR_clear_error();
	n = SSL_read(c->ssl, bytes, (int)size);
	if (n > 0)
		return n;
	errno = EAGAIN;
	return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

/* ---- a client ------------------------------------------------------------ */

static void
disconnect(struct client *c)
{
	if (c->ssl != NULL)
		end_tls(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->answered = 0;
	c->body = 0;
}

/* The open request has come to its end.  After a failure the client waits for
 * the next tick, so that it does not spin. */
static void
end_request(struct client *c, enum class class)
{
	struct account *a = &all.accounts[c->kind];
	int64_t at = now();

	a->classes[class]++;
	all.open--;
	c->phase = RESTING;
	c->due = at;
	if (class != ANSWERED) {
		disconnect(c);
		c->due += TICK_MS * MS;
		return;
	}
	count_answer(a, c->begun, at);
	c->answered++;
	if (c->kind == IDLE)
		c->due += (int64_t)((double)all.think * drand48());
}

/* No more comes from the server. */
static void
lost(struct client *c)
{
	if (c->phase == RESTING) {
		all.idle_closed++;
		disconnect(c);
	} else if (c->in_len > 0) {
		end_request(c, TRUNCATED);
	} else {
		end_request(c, c->answered > 0 ? CLOSED : RESET);
	}
}

static void
send_request(struct client *c)
{
	const char *request = all.requests[c->kind];
	size_t len = strlen(request);

	ssize_t n;

	c->phase = WAITING;
	n = c->ssl == NULL ? send(c->fd, request, len, MSG_NOSIGNAL)
			   : SSL_write(c->ssl, request, (int)len);
	if (n != (ssize_t)len)
		lost(c);
}

static void
start_connecting(struct client *c)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	const int on = 1;

	event.data.ptr = c;
	c->phase = CONNECTING;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	all.connections++;
	if (connect(c->fd, (struct sockaddr *)&all.address,
		    sizeof(all.address)) != 0 &&
		errno != EINPROGRESS) {
		end_request(c, REFUSED);
		return;
	}
	if (epoll_ctl(all.epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		die("epoll_ctl");
}

static void
begin_request(struct client *c)
{
	all.begun++;
	all.open++;
	c->begun = now();
	c->in_len = 0;
	if (c->fd < 0)
		start_connecting(c);
	else
		send_request(c);
}

static void
on_connected(struct client *c)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		die("SO_ERROR");
	if (err == 0 && all.ctx != NULL)
		start_tls(c);
	else if (err == 0)
		send_request(c);
	else
		end_request(c, err == ECONNREFUSED ? REFUSED : RESET);
}

static void
greet(struct client *c)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(c->ssl);
	if (rc == 1) {
		all.resumed += (uint64_t)SSL_session_reused(c->ssl);
		send_request(c);
	} else if (SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ) {
		lost(c);
	}
}

static void
take_answer(struct client *c)
{
	enum class class;
	bool close_after = false;

	if (!answer_complete(c, &class, &close_after)) {
		if (c->in_len == RESPONSE_MAX)
			end_request(c, CONTENT);
		return;
	}
	if (c->ssl != NULL)
		keep_session(c);
	end_request(c, class);
	if (close_after && c->kind != FRESH)
		all.announced++;
	if (close_after || c->kind == FRESH)
		disconnect(c);
}

/* Whether anything came. */
static bool
read_some(struct client *c)
{
	size_t room;
	ssize_t n;

	if (c->phase == RESTING)
		c->in_len = 0;
	room = RESPONSE_MAX - c->in_len;
	n = receive(c, c->in + c->in_len, room);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		lost(c);
		return false;
	}
	if (c->phase == RESTING) {
		all.unasked++;
		disconnect(c);
		return false;
	}
	c->in_len += (size_t)n;
	take_answer(c);
	return true;
}

/* Edge-triggered: a recv that leaves room has emptied the socket, a record of
 * TLS may have others behind it. */
static void
on_readable(struct client *c)
{
	while (read_some(c) && c->ssl != NULL)
		;
}

static void
on_event(struct client *c, uint32_t what)
{
	if (c->phase == CONNECTING)
		on_connected(c);
	if (c->phase == GREETING)
		greet(c);
	if (c->fd >= 0 && c->phase != CONNECTING && c->phase != GREETING &&
		(what & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
		on_readable(c);
	if (c->phase == RESTING && c->due <= now() && !all.ending)
		begin_request(c);
}

/* ---- the run ------------------------------------------------------------- */

static void
on_tick(void)
{
	int64_t at = now();
	struct client *c;
	size_t i;

	for (i = 0; i < all.n_clients; i++) {
		c = &all.clients[i];
		if (c->phase != RESTING && at - c->begun > all.patience)
			end_request(c, TIMEOUT);
		else if (c->phase == RESTING && c->due <= at && !all.ending)
			begin_request(c);
	}
}

static void
on_input(void)
{
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	ssize_t i;

	if (n <= 0) {
		all.ending = true;
		epoll_ctl(all.epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
	}
	for (i = 0; i < n; i++)
		if (bytes[i] == '\n')
			print_sums();
}

static void
run(void)
{
	struct epoll_event events[EVENTS];
	int64_t last_tick = 0;
	int i, n;

	all.last_ok = now();
	while (!all.ending || all.open > 0) {
		if (now() - last_tick >= TICK_MS * MS) {
			on_tick();
			last_tick = now();
		}
		n = epoll_wait(all.epoll, events, EVENTS, TICK_MS);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				on_input();
			else
				on_event(events[i].data.ptr, events[i].events);
		}
	}
}

static void
make_clients(const size_t numbers[KINDS])
{
	size_t i;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		all.n_clients += numbers[kind];
	all.clients = calloc(all.n_clients, sizeof(*all.clients));
	if (all.clients == NULL)
		die("clients");
	all.n_clients = 0;
	for (kind = 0; kind < KINDS; kind++)
		for (i = 0; i < numbers[kind]; i++)
			all.clients[all.n_clients++] = (struct client){
				.kind = (enum kind)kind, .fd = -1};
}

static void
make_requests(const char *host, const char *path)
{
	int kind, len;

	for (kind = 0; kind < KINDS; kind++) {
		len = snprintf(all.requests[kind], REQUEST_MAX,
			"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, host,
			kind == FRESH ? "Connection: close\r\n" : "");
		if (len >= REQUEST_MAX) {
			fprintf(stderr, "steady: the path is too long\n");
			exit(2);
		}
	}
}

static void
set_up(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	all.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	all.digest = EVP_MD_CTX_new();
	all.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (all.sha256 == NULL || all.digest == NULL || all.epoll < 0 ||
		epoll_ctl(all.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
		die("set-up");
	srand48(getpid());
}

static int
set_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return -1;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	all.address.sin_family = AF_INET;
	all.address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	return inet_pton(AF_INET, host, &all.address.sin_addr) == 1 ? 0 : -1;
}

static void
usage(void)
{
	fprintf(stderr, "usage: steady [-f FRESH] [-b BUSY] [-i IDLE] "
			"[-w THINK_MS] [-t TIMEOUT_MS] [-s]\n"
			"              127.0.0.1:PORT HOST PATH BODIES\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	size_t numbers[KINDS] = {0};
	unsigned long value;
	int option;

	while ((option = getopt(argc, argv, "f:b:i:w:t:s")) != -1) {
		value = optarg == NULL ? 0 : strtoul(optarg, NULL, 10);
		if (option == 'f' && value <= CLIENTS_MAX)
			numbers[FRESH] = value;
		else if (option == 'b' && value <= CLIENTS_MAX)
			numbers[BUSY] = value;
		else if (option == 'i' && value <= CLIENTS_MAX)
			numbers[IDLE] = value;
		else if (option == 'w')
			all.think = (int64_t)value * MS;
		else if (option == 't')
			all.patience = (int64_t)value * MS;
		else if (option == 's')
			make_context();
		else
			usage();
	}
	if (argc - optind != 4 || set_address(argv[optind]) != 0)
		usage();
	all.host = argv[optind + 1];
	make_requests(argv[optind + 1], argv[optind + 2]);
	set_up();
	read_bodies(argv[optind + 3]);
	make_clients(numbers);
	run();
	print_account();
	if (all.begun != sum_class(ANSWERED) + sum_failed() - all.unasked) {
		fprintf(stderr, "steady: the account does not add up\n");
		return 2;
	}
	return 0;
}
