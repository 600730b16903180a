/* SPDX-License-Identifier: MIT */
/*
 * Which files are within reach follows from how they change.  A file is
 * renamed over, so its directory is allowed; kubelet's ..data and a
 * deployment's "current" are turned to a sibling, so the directory of such a
 * link is allowed.  The root directory never is: all would be below it.
 *
 * Invariant: the order is files, then no new privileges, then Landlock, then
 * seccomp, whose table has none of the calls that the others need.
 */
#include "jwksd/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "jwksd/landlock.h"
#include "jwksd/seccomp.h"
#include "source/link.h"

/* --- which files -------------------------------------------------------- */

static bool
is_root(int fd)
{
	struct stat here, root;

	return fstat(fd, &here) == 0 && stat("/", &root) == 0 &&
	       here.st_dev == root.st_dev && here.st_ino == root.st_ino;
}

/* Allow it of path and what is below.  1: so it is; 0: there is no such path,
 * or it is the root directory. */
static int
allow(const struct landlock *l, const char *path, enum landlock_access what,
	struct error *e)
{
	int fd, rc;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (is_root(fd))
		rc = 0;
	else
		rc = landlock_allow(l, fd, what, e) == 0 ? 1 : -1;
	close(fd);
	return rc < 0 ? error_wrap(e, "%s", path) : rc;
}

static int
allow_parent(const struct landlock *l, const char *path,
	enum landlock_access what, struct error *e)
{
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s", path);
	source_link_parent(parent);
	return allow(l, parent, what, e);
}

/* Does a link in this directory lead to what stands beside it? */
static bool
leads_to_sibling(const char *directory, const char *next)
{
	size_t len = strlen(directory);

	return strncmp(next, directory, len) == 0 && next[len] == '/' &&
	       strncmp(next + len, "/../", 4) != 0;
}

static int
allow_links(const struct landlock *l, const char *path, struct error *e)
{
	char here[PATH_MAX], stands[PATH_MAX], next[PATH_MAX];
	int depth;

	snprintf(here, sizeof(here), "%s", path);
	for (depth = 0; depth < SOURCE_LINKS_DEPTH; depth++) {
		if (!source_link_next(here, stands, next))
			break;
		source_link_parent(stands);
		if (leads_to_sibling(stands, next) &&
			allow(l, stands, LANDLOCK_READ, e) < 0)
			return -1;
		memcpy(here, next, sizeof(here));
	}
	return 0;
}

/* A file may be renamed over, or still be missing. */
static int
allow_file(const struct landlock *l, const char *path,
	enum landlock_access what, struct error *e)
{
	char real[PATH_MAX];
	int rc;

	rc = allow_parent(l, path, what, e);
	if (rc == 0) {
		rc = allow(l, path, what, e);
		log_warn("sandbox", NULL,
			"%s: in a directory of its own it could be replaced; "
			"here that takes effect when jwksd is restarted",
			path);
	}
	if (rc >= 0 && realpath(path, real) != NULL)
		rc = allow_parent(l, real, what, e);
	return rc < 0 ? -1 : 0;
}

static int
allow_source(const struct landlock *l, const char *path, struct error *e)
{
	struct stat st;

	if (strlen(path) >= PATH_MAX)
		return error_set(e, ERROR_LIMIT,
			"%.100s...: the path is too long", path);
	if (allow_links(l, path, e) != 0)
		return -1;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return allow(l, path, LANDLOCK_READ, e) < 0 ? -1 : 0;
	return allow_file(l, path, LANDLOCK_READ, e);
}

/* --- entering ----------------------------------------------------------- */

static int
allow_sources(
	const struct landlock *l, char *const *paths, size_t n, struct error *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (allow_source(l, paths[i], e) != 0)
			return -1;
	return 0;
}

static int
allow_blocks(const struct landlock *l, const struct config *c, struct error *e)
{
	const struct config_issuer *block;
	size_t i;

	for (i = 0; i < c->n_issuers; i++) {
		block = &c->issuers[i];
		if (allow_sources(l, block->keys, block->n_keys, e) != 0)
			return -1;
		if (block->directory != NULL &&
			allow_source(l, block->directory, e) != 0)
			return -1;
	}
	return 0;
}

static int
allow_state(const struct landlock *l, const char *path, struct error *e)
{
	if (path[0] == '\0')
		return 0;
	if (mkdir(path, 0755) != 0) {
		/* it is there, or the publisher says why it cannot be */
	}
	return allow(l, path, LANDLOCK_REPLACE, e) < 0 ? -1 : 0;
}

static int
allow_all(const struct landlock *l, const struct config *c, struct error *e)
{
	/* http/accept opens it to have a descriptor to spare */
	if (allow(l, "/dev/null", LANDLOCK_READ, e) < 0)
		return -1;
	if (allow_sources(l, c->files, c->n_files, e) != 0 ||
		allow_sources(l, c->tls_certificates, c->n_tls_certificates,
			e) != 0 ||
		allow_sources(l, c->tls_keys, c->n_tls_keys, e) != 0 ||
		allow_blocks(l, c, e) != 0)
		return -1;
	if (c->access_log[0] != '\0' && strcmp(c->access_log, "-") != 0 &&
		allow_file(l, c->access_log, LANDLOCK_WRITE, e) != 0)
		return -1;
	return allow_state(l, c->state, e);
}

bool
sandbox_is_built(void)
{
	return !INSTRUMENTED;
}

int
sandbox_enter(const struct config *config, struct sandbox *out, struct error *e)
{
	struct sandbox s = {0};
	struct landlock l;
	int rc = -1;

	if (landlock_open(&l, e) != 0 || allow_all(&l, config, e) != 0)
		goto out;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		error_sys(e, "new privileges cannot be given up");
		goto out;
	}
	if (landlock_enter(&l, e) != 0 || seccomp_enter(&s.seccomp, e) != 0)
		goto out;
	s.landlock = l.abi;
	*out = s;
	rc = 0;
out:
	landlock_close(&l);
	return rc == 0 ? 0 : error_wrap(e, "sandbox");
}

void
sandbox_tell(const struct sandbox *s)
{
	if (s->landlock > 0 && s->seccomp)
		log_info("sandbox", NULL,
			"files are confined (Landlock ABI %d), system calls "
			"are filtered",
			s->landlock);
	if (s->landlock == 0)
		log_warn("sandbox", NULL,
			"files are not confined: this kernel or container has "
			"no Landlock");
	if (!s->seccomp)
		log_warn("sandbox", NULL,
			"system calls are not filtered: this kernel or "
			"container has no seccomp, or jwksd no table for it");
}

/* --- another configuration ---------------------------------------------- */

/* Does its mode allow what opening it does not? */
static bool
is_out_of_reach(const char *path)
{
	struct stat st;
	int fd;

	/* opening anything else may act on it */
	if (stat(path, &st) != 0 ||
		(!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == EACCES &&
		       faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
	close(fd);
	return false;
}

/* from: where it stands. */
static int
check_paths(struct config_origin from, const char *option, char *const *paths,
	size_t n, struct error *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_out_of_reach(paths[i]))
			return error_set(e, ERROR_DENIED,
				"%s:%u: %s \"%s\" is outside of the sandbox: "
				"restart jwksd",
				from.file, from.line, option, paths[i]);
	return 0;
}

static int
check_block(const struct config_issuer *block, struct error *e)
{
	const struct config_origin from = {block->file, block->line};

	if (check_paths(from, "keys", block->keys, block->n_keys, e) != 0)
		return -1;
	return check_paths(from, "directory", &block->directory,
		block->directory != NULL, e);
}

int
sandbox_check(const struct sandbox *s, const struct config *old,
	const struct config *new, struct error *e)
{
	size_t i;

	if (s->landlock == 0)
		return 0;
	if (new->state[0] != '\0' && strcmp(old->state, new->state) != 0)
		return error_set(e, ERROR_DENIED,
			"state \"%s\" is outside of the sandbox: restart jwksd",
			new->state);
	if (check_paths(config_origin(new, "tls-certificates"),
		    "tls-certificates", new->tls_certificates,
		    new->n_tls_certificates, e) != 0 ||
		check_paths(config_origin(new, "tls-keys"), "tls-keys",
			new->tls_keys, new->n_tls_keys, e) != 0)
		return -1;
	for (i = 0; i < new->n_issuers; i++)
		if (check_block(&new->issuers[i], e) != 0)
			return -1;
	return 0;
}
