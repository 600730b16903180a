/* SPDX-License-Identifier: MIT */
/*
 * What jwksctl takes from its surroundings: the clock and who runs it.  All
 * else is told, so that the tests can run the program at any time they like;
 * the installed program has no switch for that.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "jwksctl/cmd.h"

/* Which boot this is; where the kernel does not say, every run is a new one
 * and only a clock that went back is noticed. */
static void
read_boot(char *boot, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, boot, size - 1);
		close(fd);
	}
	if (n > 0)
		boot[n] = '\0';
	else
		snprintf(boot, size, "pid %ld", (long)getpid());
	boot[strcspn(boot, "\n")] = '\0';
}

static void
read_clock(struct keyring_clock *clock)
{
	struct timespec ts = {0};

	clock->now = clock_now();
	clock_gettime(CLOCK_BOOTTIME, &ts);
	clock->uptime = ts.tv_sec;
	read_boot(clock->boot, sizeof(clock->boot));
}

static void
read_user(char *by, size_t size)
{
	const struct passwd *user = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	char name[64];

	if (user != NULL)
		snprintf(name, sizeof(name), "%s", user->pw_name);
	else
		snprintf(name, sizeof(name), "uid %ld", (long)getuid());
	/* sudo's word, which only the user himself could falsify */
	if (sudo != NULL)
		snprintf(by, size, "%s (sudo by %.32s)", name, sudo);
	else
		snprintf(by, size, "%s", name);
}

int
main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};
	struct keyring_clock clock = {0};
	char by[128];

	/* private keys pass through this process: no core, no ptrace */
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
		perror("jwksctl: cores cannot be switched off");
		return CTL_FAILED;
	}
	read_clock(&clock);
	read_user(by, sizeof(by));
	return ctl_main(argc, argv, &clock, by);
}
