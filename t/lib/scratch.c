/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define need(condition)                                                        \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, \
				#condition, strerror(errno));                  \
			abort();                                               \
		}                                                              \
	} while (0)

static char directory[PATH_MAX];

int
scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(directory, sizeof(directory), "%.200s/jwksd-test.XXXXXX",
		tmp == NULL ? "/tmp" : tmp);
	need(mkdtemp(directory) != NULL);
	need(chdir(directory) == 0);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st;
	(void)what;
	(void)ftw;
	return remove(path);
}

void
scratch_remove(const char *path)
{
	need(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

int
scratch_teardown(void **state)
{
	(void)state;
	need(chdir("/") == 0);
	scratch_remove(directory);
	return 0;
}

const char *
scratch_dir(void)
{
	return directory;
}

static void
write_mode(const char *path, const void *bytes, size_t len, int flags)
{
	const char *p = bytes;
	ssize_t n;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	need(fd >= 0);
	while (len > 0) {
		n = write(fd, p, len);
		need(n > 0);
		p += n;
		len -= (size_t)n;
	}
	need(close(fd) == 0);
}

void
scratch_write_bytes(const char *path, const void *bytes, size_t len)
{
	write_mode(path, bytes, len, O_TRUNC);
}

void
scratch_write(const char *path, const char *text)
{
	scratch_write_bytes(path, text, strlen(text));
}

void
scratch_replace(const char *path, const char *text)
{
	char temp[PATH_MAX];

	need((size_t)snprintf(temp, sizeof(temp), "%s.tmp~", path) <
		sizeof(temp));
	write_mode(temp, text, strlen(text), O_EXCL);
	scratch_rename(temp, path);
}

void
scratch_mkdir(const char *path)
{
	need(mkdir(path, 0755) == 0);
}

void
scratch_link(const char *target, const char *path)
{
	need(symlink(target, path) == 0);
}

void
scratch_rename(const char *from, const char *to)
{
	need(rename(from, to) == 0);
}

char *
scratch_read(const char *path, size_t *len)
{
	struct stat st;
	char *bytes;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	need(fstat(fd, &st) == 0);
	bytes = malloc((size_t)st.st_size + 1);
	need(bytes != NULL);
	need(read(fd, bytes, (size_t)st.st_size) == st.st_size);
	bytes[st.st_size] = '\0';
	need(close(fd) == 0);
	if (len != NULL)
		*len = (size_t)st.st_size;
	return bytes;
}

/* How many entries, and the path of one of them. */
static size_t
look_into(const char *path, char *one, size_t size)
{
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	dir = opendir(path);
	need(dir != NULL);
	for (;;) {
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		snprintf(one, size, "%s/%s", path, entry->d_name);
	}
	need(closedir(dir) == 0);
	return count;
}

size_t
scratch_count(const char *path)
{
	char one[PATH_MAX];

	return look_into(path, one, sizeof(one));
}

const char *
scratch_only(const char *path)
{
	static char one[PATH_MAX];

	need(look_into(path, one, sizeof(one)) == 1);
	return one;
}

int
scratch_as_nobody(int (*run)(void *arg), void *arg)
{
	const unsigned nobody = 65534;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return run(arg);
	need(chmod(directory, 0711) == 0);
	fflush(NULL);
	pid = fork();
	need(pid >= 0);
	if (pid == 0) {
		need(setgid(nobody) == 0 && setuid(nobody) == 0);
		_exit(run(arg));
	}
	need(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}
