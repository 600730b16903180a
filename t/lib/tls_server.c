/* SPDX-License-Identifier: MIT */
/*
 * An HTTPS server that misbehaves on request, for tests of those who look at
 * one: it sends bytes that a test wrote down, whatever they are.
 *
 *     tls-server CHAIN.pem KEY.pem ANSWERS [tls13|mute]
 *
 * The port, which the kernel chose, is the first line of its output.  A GET or
 * POST of /a/b is answered with the bytes of ANSWERS/_a_b, and the connection
 * closed. A file that begins with one of these words is not sent but done:
 *
 *     @hang    say nothing          @drip    a byte each 100 ms, for ever
 *     @flood   a body of 100 MB     @close   close at once
 *
 * What it was asked is kept in ANSWERS/requests.
 *
 * mute: never shake hands.  It ends when its standard input does.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define BODY_MAX (4 * 1024 * 1024)
#define PATH_LEN 4096
#define FLOOD (100L * 1024 * 1024)

static _Noreturn void
die(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static int
listen_anywhere(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) != 0 ||
		listen(fd, 64) != 0 ||
		getsockname(fd, (struct sockaddr *)&in, &len) != 0)
		die("listen");
	printf("%u\n", (unsigned)ntohs(in.sin_port));
	fflush(stdout);
	return fd;
}

/* Level 0: a certificate that a client should refuse must first be shown. */
static SSL_CTX *
make_context(const char *chain, const char *key, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL)
		die("context");
	SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
		SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_set_min_proto_version(ctx, version) != 1)
		die(chain);
	return ctx;
}

static void
keep_request(const char *directory, const char *text)
{
	char path[PATH_LEN];
	FILE *file;

	snprintf(path, sizeof(path), "%s/requests", directory);
	file = fopen(path, "a");
	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		die(path);
}

static void
read_request(SSL *ssl, const char *directory, char path[PATH_LEN])
{
	char text[PATH_LEN], *target;
	size_t len = 0;
	int n;

	do {
		n = SSL_read(ssl, text + len, (int)(sizeof(text) - len - 1));
		if (n <= 0)
			exit(0);
		len += (size_t)n;
		text[len] = '\0';
	} while (strstr(text, "\r\n\r\n") == NULL && len < sizeof(text) - 1);
	keep_request(directory, text);
	if (strncmp(text, "GET ", 4) != 0 && strncmp(text, "POST ", 5) != 0)
		exit(0);
	target = strchr(text, ' ') + 1;
	target[strcspn(target, " ?\r\n")] = '\0';
	memmove(path, target, strlen(target) + 1);
	for (; *path != '\0'; path++)
		if (*path == '/')
			*path = '_';
}

static char *
load(const char *directory, const char *name, size_t *len)
{
	char path[2 * PATH_LEN], *bytes = malloc(BODY_MAX);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (bytes == NULL)
		die("memory");
	if (file == NULL) {
		*len = (size_t)snprintf(bytes, BODY_MAX,
			"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
			"Connection: close\r\n\r\n");
		return bytes;
	}
	*len = fread(bytes, 1, BODY_MAX - 1, file);
	bytes[*len] = '\0';
	fclose(file);
	return bytes;
}

static void
drip(SSL *ssl)
{
	const struct timespec pause = {0, 100 * 1000 * 1000};
	const char *head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";

	if (SSL_write(ssl, head, (int)strlen(head)) <= 0)
		return;
	while (SSL_write(ssl, " ", 1) == 1)
		nanosleep(&pause, NULL);
}

static void
flood(SSL *ssl)
{
	static char block[65536];
	long left = FLOOD;
	int n;

	memset(block, ' ', sizeof(block));
	n = snprintf(block, sizeof(block),
		"HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", FLOOD);
	block[n] = ' ';
	while (left > 0) {
		n = SSL_write(ssl, block, sizeof(block));
		if (n <= 0)
			return;
		left -= n;
		memset(block, ' ', 128);
	}
}

static void
answer(SSL *ssl, const char *directory)
{
	char path[PATH_LEN], *bytes;
	size_t len;

	read_request(ssl, directory, path);
	bytes = load(directory, path, &len);
	if (strncmp(bytes, "@hang", 5) == 0)
		pause();
	else if (strncmp(bytes, "@drip", 5) == 0)
		drip(ssl);
	else if (strncmp(bytes, "@flood", 6) == 0)
		flood(ssl);
	else if (strncmp(bytes, "@close", 6) != 0)
		SSL_write(ssl, bytes, (int)len);
	free(bytes);
	SSL_shutdown(ssl);
}

static _Noreturn void
serve(int fd, SSL_CTX *ctx, const char *directory)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		die("connection");
	if (SSL_accept(ssl) == 1)
		answer(ssl, directory);
	SSL_free(ssl);
	close(fd);
	exit(0);
}

int
main(int argc, char **argv)
{
	const char *how = argc > 4 ? argv[4] : "";
	struct pollfd polls[2] = {{0, POLLIN, 0}, {0, POLLIN, 0}};
	SSL_CTX *ctx;
	int fd;

	if (argc < 4) {
		fprintf(stderr, "usage: tls-server CHAIN KEY ANSWERS [HOW]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	ctx = make_context(argv[1], argv[2],
		strcmp(how, "tls13") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
	polls[1].fd = listen_anywhere();
	/* children that hang end with the whole group */
	if (setpgid(0, 0) != 0)
		die("setpgid");
	for (;;) {
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (polls[0].revents != 0)
			break;
		fd = accept(polls[1].fd, NULL, NULL);
		if (fd >= 0 && strcmp(how, "mute") != 0 && fork() == 0)
			serve(fd, ctx, argv[3]);
		if (fd >= 0 && strcmp(how, "mute") != 0)
			close(fd);
	}
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	SSL_CTX_free(ctx);
	return 0;
}
