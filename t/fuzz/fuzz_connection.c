/* SPDX-License-Identifier: MIT */
/*
 * A connection against a scripted peer.  The input is the script: a byte that
 * says what to do, then what that needs.  Whatever the peer does, there are
 * never more answers than it has made requests, nothing follows an answer that
 * closes, and the connection ends when its time is over.
 *
 *     A..Z      a ready request      a  read a little     d  drain
 *     t n       n seconds pass       r  read all          s  half-close
 *     else n    the next n + 1 bytes are written          c  close
 *     b         first of all: small buffers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../http/harness.h"

#define INPUT_MAX 1024
#define STEPS_MAX 64
#define SMALL_BUFFER 4096
#define BIG 150000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const REQUESTS[] = {
	"GET /doc HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD /doc HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /big HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /none HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /doc HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	"GET /doc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	"GET /doc HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
	"POST /doc HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /doc HTTP/1.1\r\nHost: a\r\nX: ",
	"\r\n",
};

struct script {
	const uint8_t *p;
	const uint8_t *end;
};

struct peer {
	struct harness *h;
	int fd;
	char *sent; /* all that the server may have got */
	size_t sent_len;
	char *got;
	size_t got_len;
	bool drained;
	bool done; /* it can write no more */
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
keep(char **to, size_t *to_len, const void *bytes, size_t len)
{
	*to = realloc(*to, *to_len + len + HTTP_SLACK);
	must(*to != NULL);
	memcpy(*to + *to_len, bytes, len);
	*to_len += len;
	(*to)[*to_len] = '\0';
}

static void
peer_write(struct peer *p, const void *bytes, size_t len)
{
	ssize_t n;

	if (p->done || len == 0)
		return;
	n = send(p->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		keep(&p->sent, &p->sent_len, bytes, (size_t)n);
	else
		must(n < 0 && (errno == EAGAIN || errno == EPIPE ||
				      errno == ECONNRESET));
}

static void
peer_read(struct peer *p, size_t max)
{
	char bytes[4096];
	ssize_t n = 1;

	while (max > 0 && n > 0) {
		n = recv(p->fd, bytes,
			max < sizeof(bytes) ? max : sizeof(bytes),
			MSG_DONTWAIT);
		if (n <= 0)
			break;
		keep(&p->got, &p->got_len, bytes, (size_t)n);
		max -= (size_t)n;
	}
}

static unsigned
next_byte(struct script *s)
{
	return s->p < s->end ? *s->p++ : 0;
}

static void
act(struct peer *p, struct script *s)
{
	unsigned op = next_byte(s);
	size_t n;

	if (op >= 'A' && op <= 'Z') {
		const char *text =
			REQUESTS[(op - 'A') %
				 (sizeof(REQUESTS) / sizeof(REQUESTS[0]))];

		peer_write(p, text, strlen(text));
		return;
	}
	switch (op) {
	case 'a':
		peer_read(p, 100);
		break;
	case 'r':
		peer_read(p, SIZE_MAX);
		break;
	case 's':
		shutdown(p->fd, SHUT_WR);
		p->done = true;
		break;
	case 't':
		harness_pass(p->h, next_byte(s));
		break;
	case 'd':
		http_server_drain(p->h->server);
		p->drained = true;
		break;
	default:
		n = next_byte(s) + 1;
		if (n > (size_t)(s->end - s->p))
			n = (size_t)(s->end - s->p);
		peer_write(p, s->p, n);
		s->p += n;
		break;
	}
}

/* How many answers the requests that were sent can have, and which of them have
 * no content.  One that is not complete may become a 408. */
static void
check_answers(const struct peer *p)
{
	struct http_request req = {0};
	enum http_parse r = HTTP_PARSE_DONE;
	struct reply reply = {0};
	unsigned status;
	size_t used = 0;
	size_t at = 0;
	size_t pos = 0;
	bool head;

	while (at < p->got_len) {
		must(r == HTTP_PARSE_DONE && !reply.close);
		r = http_request_parse(
			p->sent + pos, p->sent_len - pos, &req, &used, &status);
		head = r == HTTP_PARSE_DONE && req.method == HTTP_HEAD;
		pos += r == HTTP_PARSE_DONE ? used : 0;
		if (!harness_reply(p->got + at, p->got_len - at, head, &reply))
			break;
		/* what was sent after a 408 may have made it a request */
		if (reply.status == 408)
			must(reply.close &&
				harness_reply(p->got + at, p->got_len - at,
					false, &reply));
		else if (r == HTTP_PARSE_BAD)
			must(reply.status == status && reply.close);
		else
			must(r == HTTP_PARSE_DONE);
		at += reply.len;
	}
}

static void
end_all(struct peer *p)
{
	struct harness *h = p->h;
	int i;

	/* it reads no more, so even a big answer must end */
	for (i = 0; i < 4; i++)
		harness_pass(h, IDLE_TIMEOUT + 1);
	must(http_server_connections(h->server) == 0);
	must(http_gate_count(h->gate) == 0);
	peer_read(p, SIZE_MAX);
	check_answers(p);
	close(p->fd);
	free(p->sent);
	free(p->got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct harness *h;
	struct script s = {data, data + size};
	struct peer p = {0};
	int i;

	if (size > INPUT_MAX)
		return 0;
	if (h == NULL) {
		h = malloc(sizeof(*h));
		must(h != NULL);
		harness_start(h, 0, 0);
		h->big_len = BIG;
	}
	p.h = h;
	if (s.p < s.end && *s.p == 'b')
		p.fd = harness_connect(h, SMALL_BUFFER);
	else
		p.fd = harness_connect(h, 0);
	keep(&p.sent, &p.sent_len, "", 0);
	keep(&p.got, &p.got_len, "", 0);
	for (i = 0; i < STEPS_MAX && s.p < s.end && *s.p != 'c'; i++) {
		act(&p, &s);
		harness_run(h);
	}
	end_all(&p);
	if (p.drained) {
		harness_stop(h);
		free(h);
		h = NULL;
	}
	return 0;
}
