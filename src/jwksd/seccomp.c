/* SPDX-License-Identifier: MIT */
/*
 * Three tables and the program that is made of them.  It compares one number
 * after the other; kernels since 5.11 run it once for each call that is always
 * allowed, and remember that.
 *
 * Invariants: a program for another architecture's numbers is never accepted
 * (they mean other calls), and no call of the tables can start a program, gain
 * a privilege, reach another process or open a connection.  What the calls on
 * files may be used for is Landlock's to say.
 *
 * From: linux/Documentation/userspace-api/seccomp_filter.rst, seccomp(2)
 */
#include "jwksd/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0
#endif

/* Whatever the arguments.  Old calls exist on x86-64 only; which one of
 * several that do the same is taken is libc's business. */
static const int allowed[] = {
	/* serving */
	SYS_epoll_pwait,
	SYS_read,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_accept4,
	SYS_accept,
	SYS_epoll_ctl,
	SYS_close,
	SYS_shutdown,
	SYS_setsockopt,
	SYS_getsockopt,
	SYS_getsockname,
	SYS_getpeername,
	SYS_epoll_create1,
	SYS_eventfd2,
	SYS_pipe2,
	SYS_ppoll,
	SYS_fcntl,
	SYS_dup,
	SYS_dup3,
	/* files: those that Landlock allows */
	SYS_openat,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_readlinkat,
	SYS_faccessat,
	SYS_getdents64,
	SYS_lseek,
	SYS_fsync,
	SYS_fdatasync,
	SYS_fchmod,
	SYS_unlinkat,
	SYS_renameat2,
	SYS_mkdirat,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	SYS_inotify_rm_watch,
	/* memory and threads */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_membarrier,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
	/* who and when */
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_clock_nanosleep,
	SYS_gettimeofday,
	SYS_getrandom,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_sysinfo,
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
#ifdef SYS_epoll_pwait2
	SYS_epoll_pwait2,
#endif
#ifdef __x86_64__
	SYS_epoll_wait,
	SYS_poll,
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_readlink,
	SYS_access,
	SYS_unlink,
	SYS_rename,
	SYS_mkdir,
	SYS_dup2,
	SYS_pipe,
	SYS_time,
#endif
};

#define THREAD \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACES                                                     \
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | \
		CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS)

/* With some values of an argument, all of which have 32 bits at the most;
 * several rows of a call stand together. */
static const struct {
	int call;
	unsigned argument;
	uint32_t mask, value;
} conditional[] = {
	{SYS_mmap, 2, PROT_EXEC, 0}, {SYS_mprotect, 2, PROT_EXEC, 0},
	{SYS_clone, 0, THREAD | NAMESPACES, THREAD},
	{SYS_socket, 0, UINT32_MAX, AF_UNIX}, /* sd_notify; nothing connects */
	{SYS_ioctl, 1, UINT32_MAX, TIOCOUTQ},
	{SYS_prctl, 0, UINT32_MAX, PR_SET_NAME},
	{SYS_tgkill, 2, UINT32_MAX, SIGABRT}, /* abort(3) */
};

static const int deadly[] = {
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_unshare,
	SYS_setns,
	SYS_bpf,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_setfsuid,
	SYS_setfsgid,
	SYS_setgroups,
	SYS_capset,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_acct,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_open_by_handle_at,
	SYS_personality,
	SYS_syslog,
	SYS_quotactl,
	SYS_io_setup,
	SYS_mknodat,
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup,
#endif
#ifdef SYS_fsopen
	SYS_fsopen,
	SYS_fsmount,
	SYS_move_mount,
	SYS_open_tree,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef __x86_64__
	SYS_fork,
	SYS_vfork,
	SYS_mknod,
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
#endif
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* What is written below: the architecture's check and the end, two for each
 * call and eight for each condition. */
_Static_assert(
	5 + 2 * (LENGTH(allowed) + LENGTH(deadly)) + 8 * LENGTH(conditional) <=
		SECCOMP_PROGRAM_MAX,
	"SECCOMP_PROGRAM_MAX is too small");

#define OFFSET(member) ((uint32_t)offsetof(struct seccomp_data, member))
/* The lower half of an argument; the architectures above have it first. */
#define ARGUMENT(n) (OFFSET(args) + (uint32_t)sizeof(uint64_t) * (n))

/* A program that is being written. */
struct writer {
	struct sock_filter *out;
	size_t len;
};

static void
put(struct writer *w, int code, uint32_t value)
{
	w->out[w->len++] =
		(struct sock_filter){.code = (uint16_t)code, .k = value};
}

static void
put_load(struct writer *w, uint32_t offset)
{
	put(w, BPF_LD | BPF_W | BPF_ABS, offset);
}

static void
put_return(struct writer *w, uint32_t action)
{
	put(w, BPF_RET | BPF_K, action);
}

/* Go on with the next so many when what was loaded equals this, else behind
 * them. */
static void
put_if(struct writer *w, uint32_t value, uint8_t count)
{
	put(w, BPF_JMP | BPF_JEQ | BPF_K, value);
	w->out[w->len - 1].jf = count;
}

static void
put_calls(struct writer *w, const int *calls, size_t n, uint32_t action)
{
	size_t i;

	for (i = 0; i < n; i++) {
		put_if(w, (uint32_t)calls[i], 1);
		put_return(w, action);
	}
}

static void
put_conditions(struct writer *w)
{
	size_t i;

	for (i = 0; i < LENGTH(conditional); i++) {
		put_if(w, (uint32_t)conditional[i].call, 5);
		put_load(w, ARGUMENT(conditional[i].argument));
		put(w, BPF_ALU | BPF_AND | BPF_K, conditional[i].mask);
		put_if(w, conditional[i].value, 1);
		put_return(w, SECCOMP_RET_ALLOW);
		put_load(w, OFFSET(nr)); /* for the next row */
	}
	for (i = 0; i < LENGTH(conditional); i++)
		put_calls(
			w, &conditional[i].call, 1, SECCOMP_RET_ERRNO | EPERM);
}

size_t
seccomp_program(struct sock_filter out[SECCOMP_PROGRAM_MAX])
{
	struct writer w = {.out = out};

	if (ARCHITECTURE == 0)
		return 0;
	put_load(&w, OFFSET(arch));
	put(&w, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE);
	w.out[w.len - 1].jt = 1;
	put_return(&w, SECCOMP_RET_KILL_PROCESS);
	put_load(&w, OFFSET(nr));
	put_calls(&w, allowed, LENGTH(allowed), SECCOMP_RET_ALLOW);
	put_conditions(&w);
	put_calls(&w, deadly, LENGTH(deadly), SECCOMP_RET_KILL_PROCESS);
	put_return(&w, SECCOMP_RET_ERRNO | ENOSYS);
	return w.len;
}

/* errno values of a kernel, or a container, that does not offer it. */
static bool
is_absent(int number)
{
	return number == ENOSYS || number == EINVAL || number == EPERM;
}

int
seccomp_enter(bool *in_force, struct error *e)
{
	struct sock_filter filter[SECCOMP_PROGRAM_MAX];
	struct sock_fprog program = {.filter = filter};
	/* SPEC_ALLOW: before 5.16 a filter also meant that the processor is
	 * slowed down, for programs that run other people's code */
	const unsigned flags =
		SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	*in_force = false;
	program.len = (unsigned short)seccomp_program(filter);
	if (program.len == 0)
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0)
		*in_force = true;
	else if (!is_absent(errno))
		return error_sys(e, "the system calls cannot be filtered");
	return 0;
}
