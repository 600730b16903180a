/* SPDX-License-Identifier: MIT */
/*
 * Each worker accepts from a socket of its own (SO_REUSEPORT), so that the
 * kernel spreads connections and no worker wakes for another's.  A socket that
 * was handed over, or a Unix one, cannot be opened again: there the workers
 * share it.
 */
#include "jwksd/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/systemd.h"
#include "http/listener.h"

void
sockets_release(struct sockets *s)
{
	size_t i;

	for (i = 0; i < s->n_addresses * s->n_workers; i++)
		if (s->public[i] >= 0)
			close(s->public[i]);
	free(s->public);
	free(s->tls);
	if (s->admin >= 0)
		close(s->admin);
	*s = (struct sockets){.admin = -1};
}

int
sockets_take(struct sockets *s, size_t address, size_t worker)
{
	int *place = &s->public[address * s->n_workers + worker];
	int fd = *place;

	*place = -1;
	return fd;
}

bool
sockets_have_tls(const struct sockets *s)
{
	size_t i;

	for (i = 0; i < s->n_addresses; i++)
		if (s->tls[i])
			return true;
	return false;
}

int
sockets_take_admin(struct sockets *s)
{
	int fd = s->admin;

	s->admin = -1;
	return fd;
}

/* One more address; its row of descriptors. */
static int *
add_row(struct sockets *s, bool tls, struct error *e)
{
	size_t i, used = s->n_addresses * s->n_workers;
	bool *marks;
	int *more;

	marks = realloc(s->tls, (s->n_addresses + 1) * sizeof(*marks));
	if (marks == NULL) {
		error_nomem(e);
		return NULL;
	}
	marks[s->n_addresses] = tls;
	s->tls = marks;
	more = realloc(s->public, (used + s->n_workers) * sizeof(*more));
	if (more == NULL) {
		error_nomem(e);
		return NULL;
	}
	for (i = 0; i < s->n_workers; i++)
		more[used + i] = -1;
	s->public = more;
	s->n_addresses++;
	return more + used;
}

/* The first socket is shared by all. */
static int
share(int *row, size_t workers, struct error *e)
{
	size_t i;

	for (i = 1; i < workers; i++) {
		row[i] = fcntl(row[0], F_DUPFD_CLOEXEC, 3);
		if (row[i] < 0)
			return error_sys(e, "a socket cannot be shared");
	}
	return 0;
}

/* One socket each.  The first, exclusive one finds out whether the address is
 * free: SO_REUSEPORT alone would let a second jwksd steal half of the
 * connections.  It also chooses the port when that is 0. */
static int
open_each(
	const struct http_address *a, int *row, size_t workers, struct error *e)
{
	struct http_address actual = *a;
	size_t i;
	int fd;

	fd = http_listen(a, false, e);
	if (fd < 0)
		return -1;
	actual.len = sizeof(actual.addr);
	if (getsockname(fd, (struct sockaddr *)&actual.addr, &actual.len) !=
		0) {
		error_sys(e, "getsockname");
		close(fd);
		return -1;
	}
	close(fd);
	for (i = 0; i < workers; i++) {
		row[i] = http_listen(&actual, true, e);
		if (row[i] < 0)
			return -1;
	}
	return 0;
}

static int
open_address(struct sockets *s, const char *text, struct error *e)
{
	struct http_address a;
	int *row, rc;

	if (http_address_parse(text, &a, e) != 0)
		return -1;
	row = add_row(s, a.tls, e);
	if (row == NULL)
		return -1;
	if (a.addr.ss_family == AF_UNIX || s->n_workers == 1) {
		row[0] = http_listen(&a, false, e);
		rc = row[0] < 0 ? -1 : share(row, s->n_workers, e);
	} else {
		rc = open_each(&a, row, s->n_workers, e);
	}
	return rc;
}

/* The admin pages are for this machine unless told otherwise. */
static int
check_admin(const struct config *config, const struct http_address *a,
	struct error *e)
{
	if (a->tls)
		return error_set(e, ERROR_INVALID,
			"the admin pages have no TLS: they are for this "
			"machine, or for a network that is trusted");
	if (!http_address_is_local(a) && !config->admin_public)
		return error_set(e, ERROR_DENIED,
			"others than this machine could reach it: use "
			"127.0.0.1 or unix:PATH, or say admin-public = true");
	return 0;
}

/* The address of the admin pages, which is not "". */
static int
admin_address(
	const struct config *config, struct http_address *out, struct error *e)
{
	if (http_address_parse(config->admin, out, e) != 0)
		return -1;
	return check_admin(config, out, e);
}

static int
open_admin(struct sockets *s, const struct config *config, struct error *e)
{
	struct http_address a;

	if (config->admin[0] == '\0')
		return 0;
	if (admin_address(config, &a, e) != 0)
		return -1;
	s->admin = http_listen(&a, false, e);
	return s->admin < 0 ? -1 : 0;
}

/* Say which option it was, and where it stands if it does. */
static int
blame(const struct config *config, const char *option, const char *value,
	struct error *e)
{
	const struct config_origin origin = config_origin(config, option);

	error_wrap(e, "%s \"%s\"", option, value);
	if (origin.file != NULL)
		error_wrap(e, "%s:%u", origin.file, origin.line);
	return -1;
}

int
sockets_proxies(const struct config *config, struct http_prefix **out,
	size_t *count, struct error *e)
{
	struct http_prefix *list;
	size_t i;

	*count = 0;
	list = calloc(config->n_proxies, sizeof(*list));
	if (list == NULL)
		return error_nomem(e);
	for (i = 0; i < config->n_proxies; i++) {
		if (strcmp(config->proxies[i], "none") == 0)
			continue;
		if (http_prefix_parse(config->proxies[i], &list[*count], e) !=
			0) {
			free(list);
			return blame(config, "proxy-protocol",
				config->proxies[i], e);
		}
		++*count;
	}
	*out = list;
	return 0;
}

int
sockets_check(const struct config *config, bool *tls, struct error *e)
{
	struct http_prefix *proxies;
	struct http_address a;
	size_t i;

	if (sockets_proxies(config, &proxies, &i, e) != 0)
		return -1;
	free(proxies);
	*tls = false;
	for (i = 0; i < config->n_listen; i++) {
		if (http_address_parse(config->listen[i], &a, e) != 0)
			return blame(config, "listen", config->listen[i], e);
		*tls |= a.tls;
	}
	if (config->admin[0] != '\0' && admin_address(config, &a, e) != 0)
		return blame(config, "admin", config->admin, e);
	return 0;
}

static int
adopt_admin(
	struct sockets *s, const struct config *config, int fd, struct error *e)
{
	struct http_address a = {.len = sizeof(a.addr)};

	if (s->admin >= 0)
		return error_set(e, ERROR_CONFLICT,
			"a second one named admin: one is what there can be");
	if (getsockname(fd, (struct sockaddr *)&a.addr, &a.len) != 0)
		return error_sys(e, "getsockname");
	if (check_admin(config, &a, e) != 0)
		return -1;
	s->admin = fd;
	return 0;
}

static int
adopt_public(struct sockets *s, int fd, bool tls, struct error *e)
{
	int *row = add_row(s, tls, e);

	if (row == NULL)
		return -1;
	row[0] = fd;
	return share(row, s->n_workers, e);
}

/* What was handed over. */
static int
adopt(struct sockets *s, const struct config *config, int first, int count,
	struct error *e)
{
	const char *name;
	int i, rc;

	for (i = 0; i < count; i++) {
		name = systemd_listen_name(i);
		rc = http_listen_adopt(first + i, e);
		if (rc == 0 && strcmp(name, "admin") == 0)
			rc = adopt_admin(s, config, first + i, e);
		else if (rc == 0)
			rc = adopt_public(
				s, first + i, strcmp(name, "tls") == 0, e);
		if (rc != 0)
			return error_wrap(e, "socket %d of LISTEN_FDS", i + 1);
	}
	return 0;
}

int
sockets_open(const struct config *config, unsigned workers, struct sockets *out,
	struct error *e)
{
	struct sockets s = {.n_workers = workers, .admin = -1};
	int count, first = 0;
	size_t i;

	count = systemd_listen_fds(&first, e);
	if (count < 0 || adopt(&s, config, first, count, e) != 0)
		goto fail;
	/* what was handed over stands for all of the configuration's */
	for (i = 0; s.n_addresses == i && i < config->n_listen; i++) {
		if (open_address(&s, config->listen[i], e) != 0) {
			blame(config, "listen", config->listen[i], e);
			goto fail;
		}
	}
	if (s.admin < 0 && open_admin(&s, config, e) != 0) {
		blame(config, "admin", config->admin, e);
		goto fail;
	}
	if (s.n_addresses == 0) {
		error_set(e, ERROR_INVALID,
			"nothing to listen on: only an admin socket was "
			"handed over");
		goto fail;
	}
	*out = s;
	return 0;
fail:
	sockets_release(&s);
	return -1;
}
