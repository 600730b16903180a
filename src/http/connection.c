/* SPDX-License-Identifier: MIT */
/*
 * The state machine.  A step (read, write, linger) does what one wake-up allows
 * and returns what the connection needs next; settle() alone changes events,
 * phases and lists accordingly, or ends the connection.
 *
 * Reading is edge-triggered: a recv that does not fill its buffer has emptied
 * the socket, and the next byte makes a new edge.  Two cases make none, and ask
 * for another turn themselves (c->again): a recv that filled the buffer, and a
 * FIN that came together with bytes.  A third is a turn that ended before the
 * requests did (c->behind), so that nobody who sends ever more of them keeps
 * others waiting.  The turn asked for comes after all that is ready meanwhile.
 *
 * Back-pressure: while a socket does not take its answers (c->out != NULL)
 * nothing of its requests is read or answered, so what a connection can hold is
 * bounded whatever the peer does.
 */
#include "http/internal.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum next {
	NEXT_READ,
	NEXT_WRITE,
	NEXT_LINGER,
	NEXT_CLOSE,
};

#define READ_EVENTS (EV_READ | EV_CLOSED | EV_ET | EV_PERSIST)
#define WRITE_EVENTS (EV_WRITE | EV_PERSIST)

/* A peer that takes less than this in a write_timeout is not reading: it may
 * not hold an answer for ever by taking it byte by byte. */
#define WRITE_STEP 16384
/* What one turn may answer with before others have theirs: more than any honest
 * batch, and some ten microseconds. */
#define TURN_MAX HTTP_OUTPUT_SIZE
/* What a lingering peer may still send. */
#define LINGER_MAX 1048576
#define SPARES_MAX 256
#define IN_SIZE_MIN 512

/* ---- input --------------------------------------------------------------- */

/* Keep the part of a request, or the requests, that must wait. */
static void
store_input(struct http_connection *c, const char *bytes, size_t len)
{
	uint32_t size = IN_SIZE_MIN;
	char *fresh;

	if (len == 0) {
		free(c->in);
		c->in = NULL;
		c->in_size = 0;
	} else if (len > c->in_size) {
		while (size < len)
			size *= 2;
		fresh = malloc(size);
		if (fresh == NULL) {
			c->broken = true;
			return;
		}
		free(c->in);
		c->in = fresh;
		c->in_size = size;
	}
	if (len > 0)
		memcpy(c->in, bytes, len);
	c->in_len = (uint32_t)len;
}

static void
enter(struct http_connection *c, enum http_phase phase)
{
	struct http_server *s = c->server;

	if (c->phase == HTTP_IDLE && phase == HTTP_IDLE && c->since == s->now)
		return;
	TAILQ_REMOVE(&s->lists[c->phase], c, link);
	TAILQ_INSERT_TAIL(&s->lists[phase], c, link);
	c->phase = (uint8_t)phase;
	c->since = s->now;
	c->progress = 0;
}

/* Nothing is ready behind the request that is being answered. */
static bool
is_last(const char *bytes, size_t len)
{
	struct http_request next;
	unsigned status;
	size_t used;

	return http_request_parse(bytes, len, &next, &used, &status) ==
	       HTTP_PARSE_MORE;
}

/* What to do once the answers are on their way. */
static enum next
finish(struct http_connection *c)
{
	struct http_server *s = c->server;

	http_count(s, HTTP_COUNT_BYTES_SENT, s->turn_bytes);
	s->turn_bytes = 0;
	http_connection_flush(c);
	if (c->broken)
		return NEXT_CLOSE;
	if (c->out != NULL)
		return NEXT_WRITE;
	if (!c->closing)
		return c->ended && !c->behind ? NEXT_CLOSE : NEXT_READ;
	return c->linger ? NEXT_LINGER : NEXT_CLOSE;
}

/* May another request be answered now? */
static bool
may_answer(const struct http_connection *c)
{
	return !c->closing && c->out == NULL && !c->broken;
}

/* Answer the requests in the shared input buffer, all of them unless the
 * socket or the turn is full, with one send. */
static enum next
serve(struct http_connection *c, size_t len)
{
	struct http_server *s = c->server;
	const char *buf = s->input;
	struct http_request *req = &s->request;
	enum http_parse r = HTTP_PARSE_DONE;
	unsigned status;
	size_t pos = 0;
	size_t used;
	bool last;

	while (pos < len && s->turn_bytes < TURN_MAX && may_answer(c)) {
		r = http_request_parse(
			buf + pos, len - pos, req, &used, &status);
		if (r != HTTP_PARSE_DONE)
			break;
		pos += used;
		last = s->draining && is_last(buf + pos, len - pos);
		http_answer_request(c, req, last);
	}
	if (r == HTTP_PARSE_BAD)
		http_answer_refusal(c, status);
	c->behind = pos < len && r == HTTP_PARSE_DONE && may_answer(c);
	/* a reset would overtake the answer if anything was left unread */
	if (c->closing && (pos < len || c->full))
		c->linger = true;
	/* an answer ends the deadline of its request */
	if (pos > 0)
		enter(c, HTTP_IDLE);
	store_input(c, buf + pos, c->closing ? 0 : len - pos);
	return finish(c);
}

/* ---- steps --------------------------------------------------------------- */

static enum next
read_step(struct http_connection *c)
{
	struct http_server *s = c->server;
	size_t have = c->in_len;
	size_t room = HTTP_INPUT_SIZE - have;
	ssize_t n;

	if (have > 0)
		memcpy(s->input, c->in, have);
	if (c->behind)
		return serve(c, have);
	n = http_connection_receive(c, s->input + have, room);
	if (n > 0)
		return serve(c, have + (size_t)n);
	if (n < 0)
		return NEXT_CLOSE;
	/* a handshake may fill the socket */
	return c->out == NULL ? NEXT_READ : NEXT_WRITE;
}

static enum next
write_step(struct http_connection *c)
{
	struct http_server *s = c->server;
	ssize_t n = http_connection_send_stored(c);

	if (n < 0)
		return NEXT_CLOSE;
	if (c->out != NULL) {
		c->progress += (uint32_t)n;
		if (c->progress >= WRITE_STEP)
			enter(c, HTTP_WRITING);
		return NEXT_WRITE;
	}
	if (c->closing)
		return c->linger ? NEXT_LINGER : NEXT_CLOSE;
	/* the requests that had to wait */
	c->full = false;
	if (c->in_len > 0)
		memcpy(s->input, c->in, c->in_len);
	return serve(c, c->in_len);
}

/* Read away what comes after the last answer (RFC 9112 section 9.6). */
static enum next
linger_step(struct http_connection *c)
{
	ssize_t n =
		http_connection_receive(c, c->server->input, HTTP_INPUT_SIZE);

	if (n < 0)
		return NEXT_CLOSE;
	/* a reset right behind these bytes had its edge with them */
	c->again = n > 0;
	c->progress += (uint32_t)n;
	return c->progress > LINGER_MAX ? NEXT_CLOSE : NEXT_LINGER;
}

/* ---- events -------------------------------------------------------------- */

static void on_event(evutil_socket_t fd, short what, void *arg);

static bool
watch(struct http_connection *c, short events)
{
	if (c->watched == events)
		return true;
	if (c->watched != 0)
		event_del(&c->event);
	c->watched = 0;
	if (event_assign(&c->event, c->server->base, c->fd, events, on_event,
		    c) != 0 ||
		event_add(&c->event, NULL) != 0)
		return false;
	c->watched = events;
	return true;
}

/* The turn comes after all that is ready now: libevent looks at descriptors
 * before it looks at timers, while an event made active would run first. */
static bool
ask_for_turn(struct http_connection *c)
{
	static const struct timeval NOW = {0, 0};
	struct http_server *s = c->server;

	if (!event_pending(s->turn, EV_TIMEOUT, NULL) &&
		event_add(s->turn, &NOW) != 0)
		return false;
	TAILQ_INSERT_TAIL(&s->turns, c, turn);
	c->waiting = true;
	return true;
}

static void
leave_turns(struct http_connection *c)
{
	TAILQ_REMOVE(&c->server->turns, c, turn);
	c->waiting = false;
}

static enum next
start_lingering(struct http_connection *c)
{
	if (shutdown(c->fd, SHUT_WR) != 0)
		return NEXT_CLOSE;
	enter(c, HTTP_LINGERING);
	/* the edge of what is there already may have passed */
	return linger_step(c);
}

/* Make the connection's events and list those of what it needs next, or close
 * it. */
static void
settle(struct http_connection *c, enum next next)
{
	bool reading = c->watched == READ_EVENTS;
	enum http_phase phase;
	bool ok = false;

	if (next == NEXT_LINGER && c->phase != HTTP_LINGERING)
		next = start_lingering(c);
	switch (next) {
	case NEXT_READ:
		phase = c->in_len == 0 && !c->partial ? HTTP_IDLE
						      : HTTP_READING;
		if (c->phase != phase)
			enter(c, phase);
		ok = watch(c, READ_EVENTS);
		break;
	case NEXT_WRITE:
		if (c->phase != HTTP_WRITING)
			enter(c, HTTP_WRITING);
		ok = watch(c, WRITE_EVENTS);
		break;
	case NEXT_LINGER:
		ok = watch(c, READ_EVENTS);
		break;
	case NEXT_CLOSE:
		break;
	}
	/* an event that was added just now reports what is there by itself */
	if ((c->behind || (c->again && reading)) && ok &&
		c->watched == READ_EVENTS)
		ok = ask_for_turn(c);
	if (!ok)
		http_connection_close(c);
}

static void
take_turn(struct http_connection *c)
{
	enum next next;

	if (c->watched == WRITE_EVENTS)
		next = write_step(c);
	else if (c->phase == HTTP_LINGERING)
		next = linger_step(c);
	else
		next = read_step(c);
	settle(c, next);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd;
	if ((what & EV_CLOSED) != 0)
		c->hung_up = true;
	/* what came is read in its turn */
	c->again = true;
	if (c->waiting)
		return;
	http_server_update_date(c->server);
	take_turn(c);
}

/* A turn for each that waits now; who asks again has it next time. */
void
http_connections_take_turns(struct http_server *s)
{
	const struct http_connection *last;
	struct http_connection *c;

	last = TAILQ_LAST(&s->turns, http_connections);
	http_server_update_date(s);
	do {
		c = TAILQ_FIRST(&s->turns);
		if (c == NULL)
			return;
		leave_turns(c);
		take_turn(c);
	} while (c != last);
}

/* ---- life ---------------------------------------------------------------- */

static struct http_connection *
take_struct(struct http_server *s)
{
	struct http_connection *c = TAILQ_FIRST(&s->spare);

	if (c == NULL)
		return malloc(sizeof(*c));
	TAILQ_REMOVE(&s->spare, c, link);
	s->spares--;
	return c;
}

static bool
is_proxy(const struct http_server *s, const union http_peer *peer)
{
	size_t i;

	for (i = 0; i < s->settings.n_proxies; i++)
		if (http_prefix_has(&s->settings.proxies[i], peer))
			return true;
	return false;
}

int
http_connection_open(struct http_server *s, int fd, bool tls,
	const union http_peer *peer, socklen_t peer_len,
	struct http_gate_entry *place)
{
	struct http_connection *c = take_struct(s);

	if (c == NULL)
		return -1;
	memset(c, 0, sizeof(*c));
	c->server = s;
	c->fd = fd;
	c->place = place;
	c->peer = *peer;
	c->peer_len = peer_len;
	c->proxied = is_proxy(s, peer);
	c->phase = HTTP_IDLE;
	c->since = s->now;
	if (tls && http_stream_open(c) != 0) {
		free(c);
		return -1;
	}
	TAILQ_INSERT_TAIL(&s->lists[HTTP_IDLE], c, link);
	http_count_connections(s, 1);
	/* the listener waits for the first bytes, so they are mostly there */
	settle(c, read_step(c));
	return 0;
}

void
http_connection_close(struct http_connection *c)
{
	struct http_server *s = c->server;

	if (c->watched != 0)
		event_del(&c->event);
	if (c->waiting)
		leave_turns(c);
	if (c->ssl != NULL)
		http_stream_close(c);
	TAILQ_REMOVE(&s->lists[c->phase], c, link);
	http_count_connections(s, -1);
	http_gate_leave(s->gate, c->place);
	free(c->in);
	free(c->out);
	close(c->fd);
	if (s->starved)
		http_server_recover(s);
	if (s->spares == SPARES_MAX) {
		free(c);
		return;
	}
	TAILQ_INSERT_HEAD(&s->spare, c, link);
	s->spares++;
}

/* What the peer has not taken by its deadline it will not take.  After a plain
 * close the kernel would offer it for minutes more, and keep the memory. */
static void
discard_unsent(struct http_connection *c)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int unsent = 0;

	if (ioctl(c->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

void
http_connection_expire(struct http_connection *c)
{
	struct http_server *s = c->server;

	switch ((enum http_phase)c->phase) {
	case HTTP_IDLE:
		http_count(s, HTTP_COUNT_TIMEOUT_IDLE, 1);
		discard_unsent(c);
		break;
	case HTTP_READING:
		http_count(s, HTTP_COUNT_TIMEOUT_HEADER, 1);
		if (c->ssl != NULL && !http_stream_is_open(c))
			break;
		store_input(c, NULL, 0);
		http_answer_refusal(c, 408);
		settle(c, finish(c));
		return;
	case HTTP_WRITING:
		http_count(s, HTTP_COUNT_TIMEOUT_WRITE, 1);
		discard_unsent(c);
		break;
	case HTTP_LINGERING:
	case HTTP_PHASES:
		break;
	}
	http_connection_close(c);
}
