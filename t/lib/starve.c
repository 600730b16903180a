/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out when a test wants it to: preloaded into a program, it
 * fails the n-th allocation from now on, once, whoever asks for it.
 *
 *     STARVE        a file that the program and the test have in common: the
 *                   test writes n there and reads what happened
 *     STARVE_SPARE  libraries that always get their memory, because they do not
 *                   survive without it, as libconfuse:libcrypto
 *
 * Without STARVE all is as usual.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SPARED_MAX 16

/* In the file: four 64-bit numbers. */
struct starve {
	_Atomic int64_t left;  /* allocations until one fails; < 0: none will */
	_Atomic int64_t calls; /* allocations that might have failed */
	_Atomic int64_t failed;
	_Atomic int64_t live; /* allocated and not freed */
};

struct range {
	uintptr_t from;
	uintptr_t to;
};

static struct starve *starve;
static struct range spared[SPARED_MAX];
static size_t n_spared;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

/* Whether one of the names that colons separate is part of the path. */
static bool
names_library(const char *names, const char *path)
{
	const char *at;
	size_t len;

	for (;; names += len + 1) {
		len = strcspn(names, ":");
		for (at = path; len > 0 && *at != '\0'; at++) {
			if (strncmp(at, names, len) == 0)
				return true;
		}
		if (names[len] == '\0')
			return false;
	}
}

static int
spare_library(struct dl_phdr_info *info, size_t size, void *names)
{
	const ElfW(Phdr) * h;
	uintptr_t from;

	(void)size;
	if (!names_library(names, info->dlpi_name))
		return 0;
	for (h = info->dlpi_phdr; h < info->dlpi_phdr + info->dlpi_phnum; h++) {
		if (h->p_type != PT_LOAD || n_spared == SPARED_MAX)
			continue;
		from = info->dlpi_addr + h->p_vaddr;
		spared[n_spared++] = (struct range){from, from + h->p_memsz};
	}
	return 0;
}

__attribute__((constructor)) static void
begin(void)
{
	char *names = getenv("STARVE_SPARE");
	const char *path = getenv("STARVE");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	if (names != NULL)
		dl_iterate_phdr(spare_library, names);
	p = mmap(NULL, sizeof(*starve), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		0);
	if (p != MAP_FAILED)
		starve = p;
	close(fd);
}

static bool
is_spared(const void *caller)
{
	size_t i;

	for (i = 0; i < n_spared; i++) {
		if ((uintptr_t)caller >= spared[i].from &&
			(uintptr_t)caller < spared[i].to)
			return true;
	}
	return false;
}

static bool
fails(const void *caller)
{
	if (starve == NULL || is_spared(caller))
		return false;
	atomic_fetch_add(&starve->calls, 1);
	if (atomic_load(&starve->left) < 0 ||
		atomic_fetch_sub(&starve->left, 1) != 0)
		return false;
	atomic_fetch_add(&starve->failed, 1);
	errno = ENOMEM;
	return true;
}

static void *
count(void *p)
{
	if (starve != NULL && p != NULL)
		atomic_fetch_add(&starve->live, 1);
	return p;
}

#define CALLER __builtin_return_address(0)

void *
malloc(size_t size)
{
	return fails(CALLER) ? NULL : count(__libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : count(__libc_calloc(n, size));
}

void *
realloc(void *p, size_t size)
{
	void *q;

	if (fails(CALLER))
		return NULL;
	q = __libc_realloc(p, size);
	return p == NULL ? count(q) : q;
}

/* The C library's own would ask in its own name. */
char *
strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	void *copy = fails(CALLER) ? NULL : count(__libc_malloc(size));

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

void
free(void *p)
{
	if (starve != NULL && p != NULL)
		atomic_fetch_sub(&starve->live, 1);
	__libc_free(p);
}
