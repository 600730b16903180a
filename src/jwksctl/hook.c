/* SPDX-License-Identifier: MIT */
/*
 * Hooks run after the commit and never before, so that one that hangs or fails
 * cannot leave a keyring half changed; only its own work is late.
 */
#include "jwksctl/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define HOOKS_DIR "hooks"
#define DONE_FILE "hooks.done"

/* 1: there is such a program, 0: there is none. */
static int
find(int fd, const char *path, struct error *e)
{
	struct stat st;

	if (fstatat(fd, path, &st, 0) != 0)
		return errno == ENOENT ? 0 : error_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
		return error_set(
			e, ERROR_DENIED, "%s: is not an executable file", path);
	if ((st.st_mode & 0022) != 0 ||
		(st.st_uid != geteuid() && st.st_uid != 0))
		return error_set(e, ERROR_DENIED,
			"%s: others could change it; chown and chmod 755",
			path);
	return 1;
}

static int
set_environment(const char *dir, const struct keyring *ring)
{
	char generation[24];

	snprintf(generation, sizeof(generation), "%" PRIu64, ring->generation);
	return setenv("JWKSCTL_DIR", dir, 1) == 0 &&
			       setenv("JWKSCTL_ISSUER", ring->issuer, 1) == 0 &&
			       setenv("JWKSCTL_STEP",
				       keyring_step_name(ring->last.step),
				       1) == 0 &&
			       setenv("JWKSCTL_KID",
				       ring->last.kid != NULL ? ring->last.kid
							      : "",
				       1) == 0 &&
			       setenv("JWKSCTL_GENERATION", generation, 1) == 0
		       ? 0
		       : -1;
}

/* What it prints goes to standard error: standard output is the answer to
 * whoever called jwksctl. */
static void
become(const struct keyring_store *store, const struct keyring *ring,
	const char *path)
{
	char dir[PATH_MAX];

	if (fchdir(keyring_store_fd(store)) != 0 ||
		getcwd(dir, sizeof(dir)) == NULL ||
		set_environment(dir, ring) != 0 ||
		dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(127);
	execl(path, path, (char *)NULL);
	_exit(127);
}

static int
run_one(const struct keyring_store *store, const struct keyring *ring,
	const char *name, struct error *e)
{
	char path[64];
	int status = 0, found;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", HOOKS_DIR, name);
	found = find(keyring_store_fd(store), path, e);
	if (found <= 0)
		return found;
	pid = fork();
	if (pid < 0)
		return error_sys(e, "%s", path);
	if (pid == 0)
		become(store, ring, path);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(e, "%s", path);
	if (WIFSIGNALED(status))
		return error_set(e, ERROR_SYS, "%s: killed by signal %d", path,
			WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_set(e, ERROR_SYS, "%s: exit status %d", path,
			WEXITSTATUS(status));
	return 0;
}

/* The generation of hooks.done; 0 when there is none. */
static int
read_done(int fd, uint64_t *done, struct error *e)
{
	struct file_bytes file = {0};
	struct error why = {0};

	*done = 0;
	errno = 0;
	if (file_read(fd, DONE_FILE, 64, &file, &why) != 0) {
		if (why.code == ERROR_SYS && errno == ENOENT)
			return 0;
		return error_set(e, why.code, "%s: %s", DONE_FILE, why.text);
	}
	*done = strtoull(file.data, NULL, 10);
	file_bytes_release(&file);
	return 0;
}

int
hook_run(const struct keyring_store *store, const struct keyring *ring,
	struct error *e)
{
	int fd = keyring_store_fd(store);
	uint64_t done = 0;
	char text[24];
	struct stat st;

	if (fstatat(fd, HOOKS_DIR, &st, 0) != 0)
		return errno == ENOENT ? 0 : error_sys(e, HOOKS_DIR);
	if (read_done(fd, &done, e) != 0)
		return -1;
	if (done == ring->generation)
		return 0;
	if (run_one(store, ring, keyring_step_name(ring->last.step), e) != 0 ||
		run_one(store, ring, "change", e) != 0)
		return -1;
	snprintf(text, sizeof(text), "%" PRIu64 "\n", ring->generation);
	if (file_replace_at(fd, DONE_FILE, text, strlen(text), 0644, e) != 0)
		return error_wrap(e, DONE_FILE);
	return 0;
}
