/* SPDX-License-Identifier: MIT */
/*
 * Mutated requests to jwksd and to servers of others, to find what we serve and
 * one of them refuses: a request in which they and we see different things is
 * what request smuggling is made of.  The opposite, what they serve and we
 * refuse, is as it should be.
 *
 *     differential [-n COUNT] [-s SEED] [-f FIRST] -p PATH NAME=SOCKET...
 *
 * The first server is ours.  All listen on Unix sockets and serve PATH, which
 * takes the place of /doc in the case table.  The Nth mutant depends on the
 * seed and N alone; what is printed can be had again with -s and -f.
 *
 * A mutant has a connection of its own at each server.  The requests that we
 * answer with a document are sent to the others, who must answer each of them
 * with something that is no refusal.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/request.h"
#include "mutant.h"

#define BATCH 64
#define PEERS_MAX 8
#define ANSWERS_MAX 8
#define ANSWER_BYTES (256 * 1024)
#define PATIENCE_S 2
#define SHOWN 10 /* differences that are printed */

struct server {
	const char *name;
	struct sockaddr_un addr;
	uint64_t explained;
	uint64_t different;
};

struct answer {
	unsigned status;
	bool close;
};

/* What a server says to one mutant. */
struct answers {
	struct answer list[ANSWERS_MAX];
	size_t count;
};

struct run {
	struct server servers[PEERS_MAX];
	size_t count;
	struct mutator mutator;
	struct mutant batch[BATCH];
	int fds[PEERS_MAX][BATCH];
	size_t served[BATCH];   /* requests of each that we serve */
	uint64_t served_in_all; /* mutants */
	uint64_t shown;
};

/* ---- one connection ------------------------------------------------------ */

static int
send_mutant(const struct server *server, const struct mutant *m)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			      sizeof(patience)) != 0)
		err(2, "socket");
	if (connect(fd, (const struct sockaddr *)&server->addr,
		    sizeof(server->addr)) != 0)
		err(2, "%s: %s", server->name, server->addr.sun_path);
	/* who has refused early takes no more: that is no error of ours */
	if (send(fd, m->bytes, m->len, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
		errno != ECONNRESET)
		err(2, "%s: send", server->name);
	return fd;
}

/* ---- what was answered --------------------------------------------------- */

/* The value of a field in a head that ends with an empty line, or NULL. */
static const char *
find_field(const char *head, const char *end, const char *name)
{
	const char *line = head;
	size_t len = strlen(name);

	for (;;) {
		line = memchr(line, '\n', (size_t)(end - line));
		if (line == NULL || (size_t)(end - ++line) <= len)
			return NULL;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " ");
	}
}

/* Behind the content.  The answer to HEAD says a length and has none: then the
 * next answer or the end is what follows the head. */
static const char *
skip_content(const char *head, const char *p, const char *end)
{
	const char *length = find_field(head, p, "Content-Length");
	const char *coding = find_field(head, p, "Transfer-Encoding");
	const char *last;
	size_t len;

	if (p == end || strncmp(p, "HTTP/1.", 7) == 0)
		return p;
	if (coding != NULL) {
		last = strstr(p, "0\r\n\r\n");
		return last == NULL ? end : last + 5;
	}
	if (length == NULL)
		return end;
	len = strtoul(length, NULL, 10);
	return len > (size_t)(end - p) ? end : p + len;
}

static void
read_answers(const char *p, size_t len, struct answers *a)
{
	const char *end = p + len;
	const char *head;
	const char *close;
	struct answer one;

	a->count = 0;
	while (a->count < ANSWERS_MAX && end - p > 12 &&
		strncmp(p, "HTTP/1.", 7) == 0) {
		head = p;
		p = strstr(head, "\r\n\r\n");
		if (p == NULL)
			return;
		p += 4;
		one.status = (unsigned)strtoul(head + 9, NULL, 10);
		close = find_field(head, p, "Connection");
		one.close =
			close != NULL && strncasecmp(close, "close", 5) == 0;
		if (one.status < 200)
			continue;
		p = skip_content(head, p, end);
		a->list[a->count++] = one;
	}
}

/* Read until there are so many answers, or no more come; closes fd. */
static void
receive_answers(int fd, size_t wanted, struct answers *a)
{
	static char bytes[ANSWER_BYTES + 1];
	size_t len = 0;
	ssize_t n;

	a->count = 0;
	while (a->count < wanted && len < ANSWER_BYTES) {
		n = recv(fd, bytes + len, ANSWER_BYTES - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		bytes[len] = '\0';
		read_answers(bytes, len, a);
	}
	close(fd);
}

static bool
is_served(const struct answer *a)
{
	return a->status < 300 || a->status == 304;
}

/* Not what a server says that has understood the request. */
static bool
is_refusal(const struct answer *a)
{
	static const unsigned REFUSALS[] = {
		400, 408, 411, 413, 414, 417, 421, 426, 431};
	size_t i;

	if (a->status >= 500)
		return true;
	for (i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
		if (a->status == REFUSALS[i])
			return true;
	}
	return false;
}

/* ---- differences that are known ------------------------------------------ */

/* Cut the next field line off; value with the blanks around it. */
static bool
next_field(struct http_span *lines, struct http_span *name,
	struct http_span *value)
{
	const char *p = lines->p;
	const char *end = p + lines->len;
	const char *colon = memchr(p, ':', lines->len);
	const char *stop = memchr(p, '\r', lines->len);

	if (colon == NULL || stop == NULL)
		return false;
	*name = (struct http_span){p, (uint32_t)(colon - p)};
	*value = (struct http_span){colon + 1, (uint32_t)(stop - colon - 1)};
	*lines = (struct http_span){stop + 2, (uint32_t)(end - stop - 2)};
	return true;
}

static struct http_span
trim(struct http_span s)
{
	for (; s.len > 0 && (*s.p == ' ' || *s.p == '\t'); s.p++)
		s.len--;
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool
same_word(struct http_span a, struct http_span b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

/* The trimmed value of the first field of this name. */
static bool
find_value(const struct http_request *req, const char *wanted,
	struct http_span *value)
{
	struct http_span lines = req->fields;
	struct http_span name;

	while (next_field(&lines, &name, value)) {
		if (!same_word(name, (struct http_span){
					     wanted, (uint32_t)strlen(wanted)}))
			continue;
		*value = trim(*value);
		return true;
	}
	return false;
}

static bool
has_later_minor(const struct http_request *req)
{
	return req->minor > 1;
}

static bool
has_tab_around_value(const struct http_request *req)
{
	struct http_span lines = req->fields;
	struct http_span name;
	struct http_span value;
	struct http_span inner;

	while (next_field(&lines, &name, &value)) {
		inner = trim(value);
		if (memchr(value.p, '\t', (size_t)(inner.p - value.p)) != NULL)
			return true;
		value.len -= (uint32_t)(inner.p - value.p) + inner.len;
		if (memchr(inner.p + inner.len, '\t', value.len) != NULL)
			return true;
	}
	return false;
}

static bool
has_field_twice(const struct http_request *req)
{
	struct http_span lines = req->fields;
	struct http_span others;
	struct http_span name;
	struct http_span other;
	struct http_span value;

	while (next_field(&lines, &name, &value)) {
		others = lines;
		while (next_field(&others, &other, &value)) {
			if (same_word(name, other))
				return true;
		}
	}
	return false;
}

static bool
has_host_of_dots(const struct http_request *req)
{
	struct http_span host;
	uint32_t i;

	if (!find_value(req, "Host", &host))
		return false;
	for (i = 0; i + 1 < host.len; i++) {
		if (host.p[i] == '.' && host.p[i + 1] == '.')
			return true;
	}
	return host.len > 0 && host.p[0] == '.';
}

static bool
is_asterisk_form(const struct http_request *req)
{
	return req->path.len == 1 && *req->path.p == '*';
}

static bool
names_two_hosts(const struct http_request *req)
{
	const char *target = req->method_text.p + req->method_text.len + 1;
	const char *authority = strstr(target, "://");
	struct http_span host;

	if (*target == '/' || authority == NULL ||
		!find_value(req, "Host", &host))
		return false;
	authority += 3;
	return !same_word(host, (struct http_span){authority,
					(uint32_t)strcspn(authority, "/? ")});
}

static bool
asks_for_upgrade(const struct http_request *req)
{
	struct http_span value;

	return find_value(req, "Upgrade", &value);
}

static bool
expects(const struct http_request *req)
{
	struct http_span value;

	return find_value(req, "Expect", &value);
}

static bool
has_condition(const struct http_request *req)
{
	return req->if_match.p != NULL || req->if_unmodified_since.p != NULL;
}

static struct known {
	const char *peer; /* NULL: any */
	bool (*is)(const struct http_request *req);
	bool after; /* of the request before it, to which nothing came back */
	const char *why;
	uint64_t seen;
} known[] = {
	{NULL, has_later_minor, false,
		"a minor version above 1 counts as 1 (RFC 9110 section 2.5)",
		0},
	{NULL, has_tab_around_value, false,
		"a tab around a value is no part of it (RFC 9110 section 5.5)",
		0},
	{"nginx", has_field_twice, false,
		"a list may stand in two lines (RFC 9110 section 5.3), of two "
		"dates none counts (13.1.3), other fields are not ours",
		0},
	{"nginx", has_host_of_dots, false,
		"a host's name may have empty parts (RFC 3986 section 3.2.2)",
		0},
	{"nginx", is_asterisk_form, false,
		"OPTIONS * is a request (RFC 9112 section 3.2.4)", 0},
	{"HAProxy", names_two_hosts, false,
		"an absolute target's host wins (RFC 9112 section 3.2.2)", 0},
	{"HAProxy", asks_for_upgrade, false,
		"Upgrade may be ignored (RFC 9110 section 7.8)", 0},
	{NULL, asks_for_upgrade, true,
		"Upgrade may be ignored (RFC 9110 section 7.8)", 0},
	{NULL, expects, false,
		"Expect is a list and may be empty (RFC 9110 section 5.6.1)",
		0},
	{"nginx", has_condition, true,
		"it forgets what is pipelined behind a 412", 0},
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

/* The Nth request in the mutant, as we read it; *end: behind it. */
static bool
parse_nth(
	const struct mutant *m, size_t n, struct http_request *req, size_t *end)
{
	static char bytes[MUTANT_MAX + HTTP_SLACK];
	unsigned status;
	size_t used;

	memcpy(bytes, m->bytes, m->len);
	*end = 0;
	for (;; n--) {
		if (http_request_parse(bytes + *end, m->len - *end, req, &used,
			    &status) != HTTP_PARSE_DONE)
			return false;
		*end += used;
		if (n == 0)
			return true;
	}
}

static bool
is_known_of(struct known *k, const struct mutant *m, size_t n)
{
	struct http_request req;
	size_t end;

	if (!parse_nth(m, n, &req, &end) || !k->is(&req))
		return false;
	k->seen++;
	return true;
}

/* The Nth of the requests was refused, or it was not answered (missing): for
 * its own sake, for that of a later one, as a server may refuse what it reads
 * before it answers what it has read, or for the one before it. */
static bool
is_known(const char *peer, const struct mutant *m, size_t n, size_t served,
	bool missing)
{
	struct known *k;
	size_t i;

	for (k = known; k < known + KNOWN_COUNT; k++) {
		if (k->peer != NULL && strcmp(k->peer, peer) != 0)
			continue;
		if (k->after) {
			if (missing && n > 0 && is_known_of(k, m, n - 1))
				return true;
			continue;
		}
		for (i = n; i < served; i++) {
			if (is_known_of(k, m, i))
				return true;
		}
	}
	return false;
}

/* ---- comparing ----------------------------------------------------------- */

static void
print_bytes(const struct mutant *m)
{
	size_t i;

	for (i = 0; i < m->len; i++) {
		unsigned char c = (unsigned char)m->bytes[i];

		if (c == '\r')
			fputs("\\r", stdout);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c < ' ' || c > '~' || c == '\\')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	putchar('\n');
}

static void
report(struct run *run, struct server *peer, const struct mutant *m, size_t n,
	size_t served, const struct answer *theirs)
{
	if (is_known(peer->name, m, n, served, theirs == NULL)) {
		peer->explained++;
		return;
	}
	peer->different++;
	if (run->shown++ >= SHOWN)
		return;
	printf("# mutant %llu, request %zu: we serve, %s says %u\n# ",
		(unsigned long long)m->number, n + 1, peer->name,
		theirs == NULL ? 0 : theirs->status);
	print_bytes(m);
}

static void
compare(struct run *run, struct server *peer, const struct mutant *m,
	size_t served, const struct answers *theirs)
{
	size_t i;

	for (i = 0; i < served; i++) {
		if (i >= theirs->count) {
			report(run, peer, m, i, served, NULL);
			return;
		}
		if (is_refusal(&theirs->list[i])) {
			report(run, peer, m, i, served, &theirs->list[i]);
			return;
		}
		/* a server may close when it likes (RFC 9112 section 9.6):
		 * what comes after that it has not looked at */
		if (theirs->list[i].close)
			return;
	}
}

/* How many of our answers, from the first, are documents.  What is behind their
 * requests is cut off, for there are servers that answer nothing if they
 * do not like a later one. */
static size_t
cut_to_served(struct mutant *m, const struct answers *ours)
{
	struct http_request req;
	size_t served = 0;
	size_t end = 0;

	while (served < ours->count && is_served(&ours->list[served]))
		served++;
	if (served == 0)
		return 0;
	if (!parse_nth(m, served - 1, &req, &end))
		errx(2, "mutant %llu: parsed in two ways",
			(unsigned long long)m->number);
	m->len = end;
	return served;
}

static void
ask_ours(struct run *run, uint64_t first, size_t count)
{
	struct answers ours;
	size_t i;

	for (i = 0; i < count; i++) {
		mutant_make(&run->mutator, first + i, &run->batch[i]);
		run->fds[0][i] = send_mutant(&run->servers[0], &run->batch[i]);
		/* the end of what is sent, so that we wait for no more */
		(void)shutdown(run->fds[0][i], SHUT_WR);
	}
	for (i = 0; i < count; i++) {
		receive_answers(run->fds[0][i], ANSWERS_MAX, &ours);
		run->served[i] = cut_to_served(&run->batch[i], &ours);
		if (run->served[i] > 0)
			run->served_in_all++;
	}
}

static void
ask_peers(struct run *run, size_t count)
{
	struct answers theirs;
	size_t i;
	size_t s;

	for (i = 0; i < count; i++) {
		for (s = 1; run->served[i] > 0 && s < run->count; s++)
			run->fds[s][i] =
				send_mutant(&run->servers[s], &run->batch[i]);
	}
	for (i = 0; i < count; i++) {
		for (s = 1; run->served[i] > 0 && s < run->count; s++) {
			receive_answers(
				run->fds[s][i], run->served[i], &theirs);
			compare(run, &run->servers[s], &run->batch[i],
				run->served[i], &theirs);
		}
	}
}

/* ---- the whole ----------------------------------------------------------- */

static void
add_server(struct run *run, const char *argument)
{
	struct server *server = &run->servers[run->count];
	const char *path = strchr(argument, '=');

	if (path == NULL || run->count == PEERS_MAX ||
		strlen(++path) >= sizeof(server->addr.sun_path))
		errx(2, "%s: not NAME=SOCKET, or one too many", argument);
	server->name = strndup(argument, (size_t)(path - 1 - argument));
	if (server->name == NULL)
		err(2, "strndup");
	server->addr.sun_family = AF_UNIX;
	memcpy(server->addr.sun_path, path, strlen(path) + 1);
	run->count++;
}

static uint64_t
number(const char *text)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		errx(2, "%s: not a number", text);
	return n;
}

static int
conclude(const struct run *run, uint64_t count)
{
	const struct known *k;
	uint64_t different = 0;
	size_t i;

	printf("%llu mutants, seed %llu: %llu served by %s\n",
		(unsigned long long)count,
		(unsigned long long)run->mutator.seed,
		(unsigned long long)run->served_in_all, run->servers[0].name);
	for (k = known; k < known + KNOWN_COUNT; k++)
		printf("%10llu %-8s%s%s\n", (unsigned long long)k->seen,
			k->peer == NULL ? "any" : k->peer,
			k->after ? "then nothing: " : "", k->why);
	for (i = 1; i < run->count; i++) {
		printf("%s refuses %llu of them for a known reason, %llu for "
		       "none\n",
			run->servers[i].name,
			(unsigned long long)run->servers[i].explained,
			(unsigned long long)run->servers[i].different);
		different += run->servers[i].different;
	}
	return different == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	static struct run run;
	uint64_t count = 20000;
	uint64_t first = 0;
	uint64_t n;
	size_t batch;
	int option;

	while ((option = getopt(argc, argv, "n:s:f:p:")) != -1) {
		switch (option) {
		case 'n':
			count = number(optarg);
			break;
		case 's':
			run.mutator.seed = number(optarg);
			break;
		case 'f':
			first = number(optarg);
			break;
		case 'p':
			run.mutator.path = optarg;
			break;
		default:
			return 2;
		}
	}
	for (; optind < argc; optind++)
		add_server(&run, argv[optind]);
	if (run.count < 2 || run.mutator.path == NULL)
		errx(2, "wanted: -p PATH and two servers or more");
	for (n = 0; n < count; n += batch) {
		batch = count - n < BATCH ? (size_t)(count - n) : BATCH;
		ask_ours(&run, first + n, batch);
		ask_peers(&run, batch);
	}
	return conclude(&run, count);
}
