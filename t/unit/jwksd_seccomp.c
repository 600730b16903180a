/* SPDX-License-Identifier: MIT */
/* The filter's program, run here over one call at a time: no kernel is asked,
 * and no call is made. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "jwksd/seccomp.h"

#if defined(__x86_64__)
#define HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define HERE AUDIT_ARCH_AARCH64
#else
#define HERE AUDIT_ARCH_RISCV64
#endif

static struct sock_filter program[SECCOMP_PROGRAM_MAX];
static size_t length;

static uint32_t
word(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t value;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*data));
	memcpy(&value, (const char *)data + offset, sizeof(value));
	return value;
}

/* What the program returns; the few instructions that it is made of. */
static uint32_t
filter(const struct seccomp_data *data)
{
	uint32_t a = 0;
	size_t pc;

	for (pc = 0; pc < length; pc++) {
		const struct sock_filter *i = &program[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = word(data, i->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %zu: code %u", pc,
				(unsigned)i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

/* A call with one argument that is not 0. */
static uint32_t
call(int number, unsigned argument, uint64_t value)
{
	struct seccomp_data data = {.nr = number, .arch = HERE};

	data.args[argument] = value;
	return filter(&data);
}

#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_PROCESS
#define FORBID (SECCOMP_RET_ERRNO | EPERM)
#define ABSENT (SECCOMP_RET_ERRNO | ENOSYS)

static int
setup(void **state)
{
	(void)state;
	length = seccomp_program(program);
	return 0;
}

static void
test_serving(void **state)
{
	static const int calls[] = {SYS_read, SYS_write, SYS_accept4,
		SYS_epoll_pwait, SYS_futex, SYS_openat, SYS_renameat2,
		SYS_exit_group, SYS_getrandom};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(call(calls[i], 0, 7), ALLOW);
}

static void
test_taken_over(void **state)
{
	static const int calls[] = {SYS_execve, SYS_execveat, SYS_ptrace,
		SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,
		SYS_umount2, SYS_chroot, SYS_pivot_root, SYS_unshare, SYS_setns,
		SYS_bpf, SYS_keyctl, SYS_setuid, SYS_setresuid, SYS_setgroups,
		SYS_capset, SYS_init_module, SYS_finit_module, SYS_kexec_load,
		SYS_reboot, SYS_perf_event_open, SYS_userfaultfd,
		SYS_open_by_handle_at, SYS_mknodat, SYS_io_uring_setup};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(call(calls[i], 0, 7), KILL);
}

/* As if the kernel did not have them; so are calls that are still to come. */
static void
test_needless(void **state)
{
	static const int calls[] = {SYS_connect, SYS_bind, SYS_listen,
		SYS_socketpair, SYS_kill, SYS_tkill, SYS_clone3, SYS_prlimit64,
		SYS_memfd_create, SYS_seccomp, SYS_fchmodat, SYS_linkat,
		SYS_symlinkat, SYS_shmget, SYS_pkey_mprotect, 9999, INT32_MAX,
		-1};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(call(calls[i], 0, 7), ABSENT);
}

static void
test_arguments(void **state)
{
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES |
				CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				CLONE_SETTLS | CLONE_PARENT_SETTID |
				CLONE_CHILD_CLEARTID;
	const uint64_t high = 1ULL << 32; /* the kernel looks at the rest */

	(void)state;
	assert_int_equal(call(SYS_clone, 0, thread), ALLOW);
	assert_int_equal(call(SYS_clone, 0, SIGCHLD), FORBID);
	assert_int_equal(call(SYS_clone, 0, CLONE_VM | CLONE_VFORK), FORBID);
	assert_int_equal(
		call(SYS_clone, 0, thread & ~(uint64_t)CLONE_THREAD), FORBID);
	assert_int_equal(call(SYS_clone, 0, thread | CLONE_NEWUSER), FORBID);
	assert_int_equal(call(SYS_mmap, 2, PROT_READ | PROT_WRITE), ALLOW);
	assert_int_equal(call(SYS_mmap, 2, PROT_READ | PROT_EXEC), FORBID);
	assert_int_equal(call(SYS_mmap, 2, PROT_EXEC | high), FORBID);
	assert_int_equal(call(SYS_mprotect, 2, PROT_READ), ALLOW);
	assert_int_equal(call(SYS_mprotect, 2, PROT_EXEC), FORBID);
	assert_int_equal(call(SYS_socket, 0, AF_UNIX), ALLOW);
	assert_int_equal(call(SYS_socket, 0, AF_UNIX | high), ALLOW);
	assert_int_equal(call(SYS_socket, 0, AF_INET), FORBID);
	assert_int_equal(call(SYS_socket, 0, AF_INET6), FORBID);
	assert_int_equal(call(SYS_socket, 0, AF_NETLINK), FORBID);
	assert_int_equal(call(SYS_socket, 0, AF_PACKET), FORBID);
	assert_int_equal(call(SYS_ioctl, 1, TIOCOUTQ), ALLOW);
	assert_int_equal(call(SYS_ioctl, 1, TIOCSTI), FORBID);
	assert_int_equal(call(SYS_prctl, 0, PR_SET_NAME), ALLOW);
	assert_int_equal(call(SYS_prctl, 0, PR_SET_DUMPABLE), FORBID);
	assert_int_equal(call(SYS_tgkill, 2, SIGABRT), ALLOW);
	assert_int_equal(call(SYS_tgkill, 2, SIGKILL), FORBID);
}

/* The numbers of another architecture mean other calls. */
static void
test_architectures(void **state)
{
	static const uint32_t others[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, 0};
	struct seccomp_data data = {.nr = SYS_read};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		data.arch = others[i];
		assert_int_equal(filter(&data), KILL);
	}
#ifdef __x86_64__
	/* x32: the same architecture, with a bit in the number */
	assert_int_equal(call(SYS_read | 0x40000000, 0, 0), ABSENT);
	assert_int_equal(call(SYS_execve | 0x40000000, 0, 0), ABSENT);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serving),
		cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_needless),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_architectures),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
