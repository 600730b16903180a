/* SPDX-License-Identifier: MIT */
/*
 * What somebody who has taken the process over would try first.  Invariant: an
 * attempt that succeeds does no harm.
 */
#include "jwksd/selftest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jwksd/complain.h"
#include "jwksd/sandbox.h"
#include "source/link.h"

#define SANDBOX_FAILED 255 /* exit status of a child; errno is below */

/* What an attempt may use: made before the sandbox is entered. */
struct bait {
	const struct config *config;
	char sources[PATH_MAX]; /* a directory with keys */
	int tcp;
};

/* Each returns less than 0, and errno, when it is refused. */

static int
read_shadow(const struct bait *b)
{
	(void)b;
	return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static int
list_root(const struct bait *b)
{
	(void)b;
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
write_sources(const struct bait *b)
{
	return open(b->sources, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

static int
write_config(const struct bait *b)
{
	return open(b->config->files[0], O_WRONLY | O_CLOEXEC);
}

static int
run_program(const struct bait *b)
{
	static char name[] = "true";
	char *const argv[] = {name, NULL};

	(void)b;
	return execv("/bin/true", argv);
}

static int
start_process(const struct bait *b)
{
	pid_t pid = fork();

	(void)b;
	if (pid == 0)
		_exit(0);
	return pid;
}

static int
open_socket(const struct bait *b)
{
	(void)b;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
connect_out(const struct bait *b)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect(b->tcp, (const struct sockaddr *)&to, sizeof(to));
}

static int
bind_port(const struct bait *b)
{
	const struct sockaddr_in any = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return bind(b->tcp, (const struct sockaddr *)&any, sizeof(any));
}

static int
trace(const struct bait *b)
{
	(void)b;
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
signal_parent(const struct bait *b)
{
	(void)b;
	return kill(getppid(), 0);
}

static int
run_data(const struct bait *b)
{
	void *page;

	(void)b;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? -1 : 0;
}

static int
mount_over(const struct bait *b)
{
	(void)b;
	return mount("none", "/nonexistent", "tmpfs", 0, NULL);
}

static int
load_bpf(const struct bait *b)
{
	(void)b;
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int
read_kernel_keys(const struct bait *b)
{
	(void)b;
	return (int)syscall(
		SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static int
change_user(const struct bait *b)
{
	(void)b;
	return setuid(getuid());
}

static int
new_namespace(const struct bait *b)
{
	(void)b;
	return unshare(CLONE_NEWUSER);
}

static const struct {
	const char *what;
	int (*attempt)(const struct bait *b);
} attempts[] = {
	{"read /etc/shadow", read_shadow},
	{"list the root directory", list_root},
	{"make a file beside the keys", write_sources},
	{"write the configuration", write_config},
	{"run a program", run_program},
	{"start a process", start_process},
	{"open a network socket", open_socket},
	{"connect to a port", connect_out},
	{"bind to a port", bind_port},
	{"trace a process", trace},
	{"signal a process", signal_parent},
	{"run data as code", run_data},
	{"mount a file system", mount_over},
	{"load a BPF program", load_bpf},
	{"use the kernel's keyrings", read_kernel_keys},
	{"change the user", change_user},
	{"make a user namespace", new_namespace},
};
#define ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

/* The child's part: its exit status is 0 when it could, else errno. */
static int
try_inside(const struct bait *b, size_t which)
{
	struct sandbox sandbox;
	struct error e = {0};

	if (sandbox_enter(b->config, &sandbox, &e) != 0) {
		complain("%s", e.text);
		return SANDBOX_FAILED;
	}
	errno = 0;
	return attempts[which].attempt(b) < 0 ? errno : 0;
}

/* How the child ended that tried it, as waitpid says; -1: there was none. */
static int
try(const struct bait *b, size_t which)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(try_inside(b, which));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

/* Whoever is told that something does not exist was let in to look. */
static bool
is_refusal(int number)
{
	return number == EPERM || number == EACCES || number == ENOSYS;
}

static bool
report(size_t which, int status)
{
	const char *what = attempts[which].what;
	int number;

	if (status < 0 ||
		(WIFEXITED(status) && WEXITSTATUS(status) == SANDBOX_FAILED)) {
		printf("not tried  %s\n", what);
		return false;
	}
	if (WIFSIGNALED(status)) {
		printf("refused    %s: %s\n", what,
			strsignal(WTERMSIG(status)));
		return WTERMSIG(status) == SIGSYS;
	}
	number = WEXITSTATUS(status);
	printf("%s  %s: %s\n", is_refusal(number) ? "refused  " : "ALLOWED  ",
		what, number == 0 ? "it can" : strerror(number));
	return is_refusal(number);
}

/* A directory that keys are read from. */
static void
find_sources(struct bait *b)
{
	const struct config_issuer *first = &b->config->issuers[0];
	struct stat st;

	snprintf(b->sources, sizeof(b->sources), "%s",
		first->directory != NULL ? first->directory : first->keys[0]);
	if (stat(b->sources, &st) != 0 || !S_ISDIR(st.st_mode))
		source_link_parent(b->sources);
}

static int
run_all(struct bait *b)
{
	size_t i, refused = 0;

	find_sources(b);
	for (i = 0; i < ATTEMPTS; i++)
		refused += report(i, try(b, i));
	printf("%zu of %zu refused\n", refused, ATTEMPTS);
	return refused == ATTEMPTS ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
selftest_run(const char *config_path)
{
	struct bait b = {.tcp = -1};
	struct config *config;
	int rc = EXIT_FAILURE;

	if (!sandbox_is_built()) {
		complain("this build has no sandbox: it has sanitizers or "
			 "counts lines");
		return EXIT_FAILURE;
	}
	config = complain_load(config_path);
	if (config == NULL)
		return EXIT_FAILURE;
	b.config = config;
	b.tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (b.tcp < 0)
		complain("a socket to try with: %s", strerror(errno));
	else
		rc = run_all(&b);
	if (b.tcp >= 0)
		close(b.tcp);
	config_free(config);
	return rc;
}
