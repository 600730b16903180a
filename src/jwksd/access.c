/* SPDX-License-Identifier: MIT */
/*
 * STS' fetches reach no CloudTrail: this log is where an operator sees them.
 * Lines are gathered for at most a second, because a write for each request
 * would cost more than the request.  Invariant: a buffer holds whole lines.
 */
#include "jwksd/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/listener.h"

#define GATHER 32768      /* bytes before a write */
#define VALUE_MAX_LEN 512 /* bytes kept of anything a client sent */

struct access_log {
	int fd;
	char *path; /* NULL: standard error */
	unsigned sample;
};

struct access_writer {
	struct access_log *log;
	unsigned skipped;
	struct buf lines;
};

/* A FIFO that nobody reads must stop neither us now nor a worker later. */
static int
open_file(const char *path, struct error *e)
{
	int fd;

	fd = open(path,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
			O_NOFOLLOW | O_NONBLOCK,
		0640);
	if (fd < 0)
		return error_sys(e, "access-log %s: cannot be opened", path);
	return fd;
}

struct access_log *
access_log_open(const char *path, unsigned sample, struct error *e)
{
	struct access_log *log;

	log = calloc(1, sizeof(*log));
	if (log == NULL) {
		error_nomem(e);
		return NULL;
	}
	log->sample = sample;
	log->fd = STDERR_FILENO;
	if (strcmp(path, "-") == 0)
		return log;
	log->fd = -1;
	log->path = strdup(path);
	if (log->path == NULL)
		error_nomem(e);
	else
		log->fd = open_file(path, e);
	if (log->fd < 0) {
		access_log_close(log);
		return NULL;
	}
	return log;
}

void
access_log_close(struct access_log *log)
{
	if (log == NULL)
		return;
	if (log->fd >= 0 && log->fd != STDERR_FILENO)
		close(log->fd);
	free(log->path);
	free(log);
}

int
access_log_reopen(struct access_log *log, struct error *e)
{
	int fd, rc;

	if (log->path == NULL)
		return 0;
	fd = open_file(log->path, e);
	if (fd < 0)
		return -1;
	rc = dup3(fd, log->fd, O_CLOEXEC);
	if (rc < 0)
		error_sys(e, "access-log %s", log->path);
	close(fd);
	return rc < 0 ? -1 : 0;
}

struct access_writer *
access_writer_new(struct access_log *log)
{
	struct access_writer *w;

	w = calloc(1, sizeof(*w));
	if (w != NULL)
		w->log = log;
	return w;
}

void
access_writer_free(struct access_writer *w)
{
	if (w == NULL)
		return;
	access_flush(w);
	buf_release(&w->lines);
	free(w);
}

void
access_flush(struct access_writer *w)
{
	const char *p = w->lines.data;
	size_t left = w->lines.failed ? 0 : w->lines.len;
	ssize_t n;

	while (left > 0) {
		n = write(w->log->fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* a full disk must not stop the serving */
		p += n;
		left -= (size_t)n;
	}
	w->lines.len = 0;
	if (w->lines.failed)
		buf_release(&w->lines);
}

static void
add_text(struct log_line *l, const char *key, const char *text)
{
	log_line_text(l, key, text, strlen(text));
}

static void
add_span(struct log_line *l, const char *key, struct http_span s)
{
	if (s.p != NULL)
		log_line_text(l, key, s.p,
			s.len < VALUE_MAX_LEN ? s.len : VALUE_MAX_LEN);
}

void
access_write(struct access_writer *w, const struct http_exchange *x,
	const char *document, uint64_t generation)
{
	char when[CLOCK_TEXT_LEN + 1], peer[HTTP_ADDRESS_TEXT_MAX];
	struct log_line l;

	if (++w->skipped < w->log->sample)
		return;
	w->skipped = 0;
	clock_format(when, x->when);
	log_line_begin(&l, log_format(), "");
	add_text(&l, "time", when);
	http_address_text(x->peer, x->peer_len, peer);
	add_text(&l, "client", peer);
	log_line_number(&l, "status", x->status);
	log_line_number(&l, "bytes", x->bytes);
	if (x->req != NULL) {
		add_span(&l, "method", x->req->method_text);
		add_span(&l, "host", x->req->host);
		add_span(&l, "path", x->req->path);
	}
	if (document != NULL)
		add_text(&l, "doc", document);
	log_line_number(&l, "gen", generation);
	if (x->req != NULL) {
		add_span(&l, "agent", x->req->user_agent);
		add_span(&l, "fwd", x->req->forwarded_for);
	}
	log_line_end(&l);
	if (buf_ok(&l.text))
		buf_append(&w->lines, l.text.data, l.text.len);
	log_line_release(&l);
	if (w->lines.len >= GATHER || w->lines.failed)
		access_flush(w);
}
