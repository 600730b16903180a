/* SPDX-License-Identifier: MIT */
/*
 * The engine alone, to be measured: every path is answered with one ready-made
 * response, so what a benchmark sees is room http and the kernel.
 *
 *     constant_server ADDRESS [FILE [CERTIFICATE KEY]]
 *
 * Serves FILE, or 2,000 bytes ("-"), with a certificate over TLS.  Prints the
 * address it listens on and runs until it is killed.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "http/listener.h"
#include "http/server.h"

#define CONTENT_LEN 2000
#define FILE_MAX 16777216

static void
handle(void *arg, const struct http_request *req, struct http_answer *answer)
{
	(void)req;
	answer->response = arg;
}

static struct http_response *
make_response(const char *path, struct error *e)
{
	struct http_response_parts parts = {
		.status = 200,
		.content_type = "application/json",
		.cache_control = "public, max-age=3600",
		.etag = true,
	};
	struct file_bytes f = {0};
	char content[CONTENT_LEN];
	struct http_response *made;

	memset(content, 'x', sizeof(content));
	parts.content = content;
	parts.content_len = sizeof(content);
	if (strcmp(path, "-") != 0) {
		if (file_read(AT_FDCWD, path, FILE_MAX, &f, e) != 0)
			return NULL;
		parts.content = f.data;
		parts.content_len = f.len;
	}
	made = http_response_new(&parts, e);
	file_bytes_release(&f);
	return made;
}

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

/* Listen and print where, for the address may have had port 0. */
static int
listen_on(struct http_server *s, const char *text, bool tls, struct error *e)
{
	char bound_text[HTTP_ADDRESS_TEXT_MAX];
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	struct http_address address;
	int fd;

	if (http_address_parse(text, &address, e) != 0)
		return -1;
	fd = http_listen(&address, false, e);
	if (fd < 0)
		return -1;
	if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
		return error_sys(e, "getsockname");
	http_address_text((struct sockaddr *)&bound, len, bound_text);
	if ((tls ? http_server_listen_tls : http_server_listen)(s, fd, e) != 0)
		return -1;
	printf("%s\n", bound_text);
	return fflush(stdout) == 0 ? 0 : error_sys(e, "standard output");
}

static int
run(const char *address, const char *path, const struct http_tls_files *files,
	struct error *e)
{
	struct http_settings settings = {
		.header_timeout = 10,
		.idle_timeout = 75,
		.write_timeout = 30,
		.linger_timeout = 5,
		.handler = handle,
	};
	struct http_response *response = NULL;
	struct http_server *server = NULL;
	struct http_tickets *tickets = NULL;
	struct event_base *base = NULL;
	struct http_gate *gate = NULL;
	struct http_tls *tls = NULL;
	int rc = -1;

	response = make_response(path, e);
	if (response == NULL)
		goto out;
	base = make_base();
	gate = http_gate_new(0, 0);
	if (base == NULL || gate == NULL) {
		error_nomem(e);
		goto out;
	}
	settings.arg = response;
	server = http_server_new(base, gate, &settings, e);
	if (server == NULL)
		goto out;
	if (files != NULL) {
		tickets = http_tickets_new(0, e);
		if (tickets != NULL)
			tls = http_tls_load(files, 1, tickets, e);
		if (tls == NULL)
			goto out;
		http_server_use_tls(server, tls);
	}
	if (listen_on(server, address, files != NULL, e) != 0)
		goto out;
	rc = event_base_dispatch(base) < 0 ? -1 : 0;
out:
	http_server_free(server);
	http_gate_free(gate);
	if (base != NULL)
		event_base_free(base);
	http_tickets_free(tickets);
	http_response_free(response);
	return rc;
}

int
main(int argc, char **argv)
{
	struct http_tls_files files = {0};
	struct error e = {0};
	struct rlimit limit;

	if (argc < 2 || argc == 4 || argc > 5) {
		fprintf(stderr, "usage: constant_server ADDRESS "
				"[FILE [CERTIFICATE KEY]]\n");
		return 2;
	}
	if (argc == 5)
		files = (struct http_tls_files){argv[3], argv[4]};
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (run(argv[1], argc > 2 ? argv[2] : "-", argc == 5 ? &files : NULL,
		    &e) != 0) {
		fprintf(stderr, "constant_server: %s\n", e.text);
		return 1;
	}
	return 0;
}
