/* SPDX-License-Identifier: MIT */
/*
 * From a request to the bytes that answer it.  Every answer goes through
 * send_answer, so what is counted and observed is what was sent.
 */
#include "http/internal.h"

#include <string.h>

#include "http/conditional.h"

#define CLOSE_LINE "Connection: close\r\n"
#define KEEP_ALIVE_LINE "Connection: keep-alive\r\n"

struct choice {
	const struct http_response *response;
	enum http_cut cut;
	uint32_t tag;
};

static enum http_counter
counter_of(unsigned status)
{
	if (status < 300)
		return HTTP_COUNT_2XX;
	if (status == 304)
		return HTTP_COUNT_304;
	if (status == 404)
		return HTTP_COUNT_404;
	return status < 500 ? HTTP_COUNT_4XX : HTTP_COUNT_5XX;
}

static void
tell(const struct http_connection *c, const struct http_request *req,
	uint32_t tag, unsigned status, uint64_t bytes)
{
	const struct http_server *s = c->server;
	const struct http_exchange x = {
		.req = req,
		.status = status,
		.bytes = bytes,
		.when = s->date_of,
		.tag = tag,
		.peer = &c->peer.sa,
		.peer_len = c->peer_len,
	};

	s->settings.observer(s->settings.arg, &x);
}

static void
send_answer(struct http_connection *c, const struct http_request *req,
	const struct choice *choice)
{
	struct http_server *s = c->server;
	struct http_pieces p;
	size_t bytes;

	http_response_cut(choice->response, choice->cut, &p);
	bytes = p.line_len + HTTP_DATE_LINE_LEN + p.rest_len;
	if (p.status == 200) {
		http_connection_append(
			c, s->head, HTTP_OK_LINE_LEN + HTTP_DATE_LINE_LEN);
	} else {
		http_connection_append(c, p.line, p.line_len);
		http_connection_append(
			c, s->head + HTTP_OK_LINE_LEN, HTTP_DATE_LINE_LEN);
	}
	if (c->closing) {
		http_connection_append(c, CLOSE_LINE, sizeof(CLOSE_LINE) - 1);
		bytes += sizeof(CLOSE_LINE) - 1;
	} else if (req->minor == 0) {
		/* without it an HTTP/1.0 client expects us to close */
		http_connection_append(
			c, KEEP_ALIVE_LINE, sizeof(KEEP_ALIVE_LINE) - 1);
		bytes += sizeof(KEEP_ALIVE_LINE) - 1;
	}
	http_connection_append(c, p.rest, p.rest_len);
	http_count(s, counter_of(p.status), 1);
	s->turn_bytes += bytes;
	if (s->settings.observer != NULL)
		tell(c, req, choice->tag, p.status, bytes);
}

/* What is answered without asking the handler; NULL: nothing. */
static const struct http_response *
answer_alone(const struct http_server *s, const struct http_request *req)
{
	if (req->method == HTTP_UNKNOWN)
		return http_server_refusal(s, 501);
	/* CONNECT: we are no proxy */
	if (req->path.len == 0)
		return http_server_refusal(s, 405);
	/* nothing here takes content, and RFC 9110 section 9.3.1 warns of
	 * what content of a GET may hide; other methods get their 405 */
	if (req->body && req->method != HTTP_OTHER)
		return http_server_refusal(s, 400);
	if (req->method == HTTP_OPTIONS && *req->path.p == '*')
		return s->options;
	return NULL;
}

/* What the handler's answer becomes. */
static void
choose(const struct http_server *s, const struct http_request *req,
	struct choice *choice)
{
	unsigned status = http_response_status(choice->response);

	if (status >= 300)
		return;
	if (req->method == HTTP_OTHER)
		choice->response = http_server_refusal(s, 405);
	if (req->method == HTTP_OPTIONS)
		choice->response = s->options;
	if (status != 200 ||
		(req->method != HTTP_GET && req->method != HTTP_HEAD))
		return;
	if (!http_condition_any(req))
		return;
	switch (http_condition_check(req, choice->response, s->date_of)) {
	case HTTP_CONDITION_TRUE:
		break;
	case HTTP_CONDITION_NOT_MODIFIED:
		choice->cut = HTTP_CUT_NOT_MODIFIED;
		break;
	case HTTP_CONDITION_FAILED:
		choice->response = http_server_refusal(s, 412);
		break;
	}
}

void
http_answer_request(
	struct http_connection *c, const struct http_request *req, bool last)
{
	struct http_server *s = c->server;
	struct http_answer answer = {0};
	struct choice choice = {.response = answer_alone(s, req),
		.cut = req->method == HTTP_HEAD ? HTTP_CUT_HEAD
						: HTTP_CUT_WHOLE};
	bool failed = false;

	if (choice.response == NULL) {
		s->settings.handler(s->settings.arg, req, &answer);
		failed = answer.response == NULL;
		choice.response =
			failed ? http_server_refusal(s, 500) : answer.response;
		choice.tag = answer.tag;
		choose(s, req, &choice);
	}
	/* a client that did not ask us to close may be sending already: what
	 * it sends must not reset the connection before it has the answer */
	if (failed || req->body || (s->draining && last)) {
		c->closing = true;
		c->linger = true;
	}
	if (!req->keep_alive)
		c->closing = true;
	send_answer(c, req, &choice);
	if (answer.owned)
		http_response_free(answer.response);
}

void
http_answer_refusal(struct http_connection *c, unsigned status)
{
	struct choice choice = {
		.response = http_server_refusal(c->server, status),
		.cut = HTTP_CUT_WHOLE,
	};

	c->closing = true;
	c->linger = true;
	send_answer(c, NULL, &choice);
}
