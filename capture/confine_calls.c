/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call filter: what an audit still needs is allowed, what only an
 * attacker asks for ends the program, all else fails with EPERM.
 *
 * Written out rather than with libseccomp: it is a table and a loop, the
 * arguments that matter are few, and there is a library less between the
 * packets and the kernel.
 *
 * Spec: Linux Documentation/userspace-api/seccomp_filter.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "capture/confine_private.h"

#if defined(__x86_64__)
#define ARCH      AUDIT_ARCH_X86_64
#define RESULT(u) ((u)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ARCH      AUDIT_ARCH_AARCH64
#define RESULT(u) ((u)->uc_mcontext.regs[0])
#endif

/* Numbers that are younger than some headers; the same everywhere. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

/* --- calls that end the program ----------------------------------------- */

struct end {
	const char *name;
	int number;
	bool sanitizers_need_it;
};

/* clang-format off */
static const struct end ends[] = {
	{ "execve", SYS_execve, false },
	{ "execveat", SYS_execveat, false },
	{ "clone of a process", SYS_clone, true },
#ifdef SYS_fork
	{ "fork", SYS_fork, true },
	{ "vfork", SYS_vfork, true },
#endif
	{ "mprotect of code", SYS_mprotect, true },
	{ "ptrace", SYS_ptrace, true },
	{ "process_vm_readv", SYS_process_vm_readv, true },
	{ "process_vm_writev", SYS_process_vm_writev, false },
	{ "pidfd_getfd", SYS_pidfd_getfd, false },
	{ "bpf", SYS_bpf, false },
	{ "userfaultfd", SYS_userfaultfd, false },
	{ "keyctl", SYS_keyctl, false },
	{ "add_key", SYS_add_key, false },
	{ "request_key", SYS_request_key, false },
	{ "open_by_handle_at", SYS_open_by_handle_at, false },
	{ "chroot", SYS_chroot, false },
	{ "pivot_root", SYS_pivot_root, false },
	{ "mount", SYS_mount, false },
	{ "umount2", SYS_umount2, false },
	{ "setns", SYS_setns, false },
	{ "unshare", SYS_unshare, false },
	{ "init_module", SYS_init_module, false },
	{ "finit_module", SYS_finit_module, false },
	{ "delete_module", SYS_delete_module, false },
	{ "kexec_load", SYS_kexec_load, false },
	{ "reboot", SYS_reboot, false },
};
/* clang-format on */

static void
say(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));

	(void)n;
}

/* Ends the program, not with exit(): who got here is not to be trusted. */
void
confine_violation(int number, void *info, void *context)
{
	const siginfo_t *si = info;

	(void)context;
	say("spanward: stopped by its own guard: system call ");
	for (size_t i = 0; i < COUNT(ends); i++) {
		if (si->si_syscall == ends[i].number)
			say(ends[i].name);
	}
	say(" is not allowed here; a packet may have tried to take the "
	    "program over, so keep the capture and report this\n");
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

#ifdef ARCH

/* --- the table ---------------------------------------------------------- */

enum {
	PROGRAM_MOST = 2048,
	DESCRIPTORS = 4096, /* looked at for sockets */
	SOCKETS_MOST = 240, /* a jump goes 255 at most */
	X32_FIRST = 0x40000000,
	SET_VMA = 0x53564d41, /* PR_SET_VMA: the C library names memory */
	NAMESPACES = 0x7e020080,
	THREAD =
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
	CHANGES = O_ACCMODE | O_CREAT | O_TRUNC,
};

#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))

/* clang-format off */
static const int allowed[] = {
	SYS_read, SYS_futex, SYS_ppoll, SYS_pselect6, SYS_readv, SYS_pread64,
	SYS_preadv, SYS_lseek, SYS_close, SYS_fstat, SYS_newfstatat, SYS_statx,
	SYS_statfs, SYS_fstatfs, SYS_faccessat, SYS_faccessat2, SYS_readlinkat,
	SYS_getdents64, SYS_getcwd, SYS_fadvise64, SYS_readahead, SYS_umask,
	SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_flock,
	SYS_fchmod,
	SYS_recvfrom, SYS_recvmsg, SYS_getsockopt, SYS_getsockname,
	SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2,
	SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime,
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_membarrier,
	SYS_msync,
	SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep,
	SYS_nanosleep, SYS_gettimeofday, SYS_times,
	SYS_exit, SYS_exit_group, SYS_set_robust_list, SYS_rseq,
	SYS_sched_yield, SYS_sched_getaffinity, SYS_gettid, SYS_getpid,
	SYS_getppid, SYS_getpgid, SYS_getsid, SYS_getuid, SYS_geteuid,
	SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid,
	SYS_getrandom, SYS_uname, SYS_sysinfo, SYS_getrusage,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_rt_sigpending, SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
	SYS_sigaltstack, SYS_restart_syscall,
#ifdef __x86_64__ /* younger machines have only what stands above */
	SYS_poll, SYS_select, SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
	SYS_epoll_wait, SYS_time, SYS_getpgrp, SYS_pause, SYS_getrlimit,
#endif
};

/* Where reports or settings are written; Landlock says where that is. */
static const int writing[] = {
	SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_mkdirat,
#ifdef __x86_64__
	SYS_rename, SYS_unlink, SYS_mkdir, SYS_creat,
#endif
};

/* Sockets are not written to: Spanward sends nothing. */
static const int outgoing[] = {
	SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev,
};

static const uint32_t zero[] = { 0 };
static const uint32_t thread[] = { THREAD };
static const uint32_t fcntls[] = {
	F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
	F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
};
static const uint32_t prctls[] = {
	PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS,
	PR_GET_SECCOMP, SET_VMA,
};
/* Never TIOCSTI, which types commands into the terminal. */
static const uint32_t ioctls[] = {
	TCGETS, 0x802c542a /* TCGETS2 */, TIOCGWINSZ, TIOCGPGRP, FIONREAD,
	0x8910, 0x8913, 0x8921, 0x8933, /* SIOCGIF NAME, FLAGS, MTU, INDEX */
};
static const uint32_t ioctls_terminal[] = {
	TCGETS, TIOCGWINSZ, TIOCGPGRP, FIONREAD,
	0x8910, 0x8913, 0x8921, 0x8933,
	TCSETS, TCSETSW, TCSETSF, TCFLSH, TCSBRK, TCXONC,
	0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d, /* TCSETS2... */
};
/* clang-format on */

/* By one argument: `yes` where, under the mask, it is any of these. */
struct rule {
	int number;
	unsigned arg;
	uint32_t mask;
	const uint32_t *any;
	size_t count;
	uint32_t yes, no;
};

struct program {
	struct sock_filter code[PROGRAM_MOST];
	unsigned short n;
	bool full;
	unsigned calls; /* allowed */
	uint32_t sockets[SOCKETS_MOST];
	size_t socket_count;
};

/* --- writing the program ------------------------------------------------ */

static void
emit(struct program *p, struct sock_filter line)
{
	if (p->n == PROGRAM_MOST)
		p->full = true;
	else
		p->code[p->n++] = line;
}

static void
answer(struct program *p, int number, uint32_t result)
{
	emit(p,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		(uint32_t)number, 0, 1));
	emit(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
	p->calls += result == SECCOMP_RET_ALLOW;
}

/* The low half of the argument, which is all of an int; little endian. */
static void
answer_by(struct program *p, const struct rule *r)
{
	uint8_t skip = (uint8_t)(r->count + 4);
	uint32_t at =
	    (uint32_t)offsetof(struct seccomp_data, args) + 8 * r->arg;

	emit(p,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		(uint32_t)r->number, 0, skip));
	emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at));
	emit(p,
	    (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r->mask));
	for (size_t i = 0; i < r->count; i++)
		emit(p,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			r->any[i], (uint8_t)(r->count - i), 0));
	emit(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, r->no));
	emit(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, r->yes));
	p->calls++;
}

static void
begin(struct program *p)
{
	emit(p,
	    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		(uint32_t)offsetof(struct seccomp_data, arch)));
	emit(p,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1,
		0));
	emit(p,
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_KILL_PROCESS));
	emit(p,
	    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		(uint32_t)offsetof(struct seccomp_data, nr)));
	emit(p,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_FIRST,
		0, 1));
	emit(p,
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
}

static void
add_calls(struct program *p, const int *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		answer(p, list[i], SECCOMP_RET_ALLOW);
}

static void
add_outgoing(struct program *p)
{
	for (size_t i = 0; i < COUNT(outgoing); i++)
		answer_by(p,
		    &(struct rule){ outgoing[i], 0, UINT32_MAX, p->sockets,
			p->socket_count, REFUSE(EPERM), SECCOMP_RET_ALLOW });
}

static void
add_rules(struct program *p, const struct confine *c)
{
	const uint32_t self[] = { (uint32_t)getpid() };
	bool writes = confine_writes(c);
	uint32_t any_flag = writes ? 0 : CHANGES;
	bool terminal = c->o.terminal;
	const struct rule rules[] = {
		{ SYS_mmap, 2, PROT_EXEC, zero, 1, SECCOMP_RET_ALLOW,
		    REFUSE(EPERM) },
		{ SYS_mprotect, 2, PROT_EXEC, zero, 1, SECCOMP_RET_ALLOW,
		    SECCOMP_RET_TRAP },
		{ SYS_openat, 2, any_flag, zero, 1, SECCOMP_RET_ALLOW,
		    REFUSE(EPERM) },
#ifdef SYS_open
		{ SYS_open, 1, any_flag, zero, 1, SECCOMP_RET_ALLOW,
		    REFUSE(EPERM) },
#endif
		{ SYS_clone, 0, THREAD | NAMESPACES, thread, 1,
		    SECCOMP_RET_ALLOW, SECCOMP_RET_TRAP },
		{ SYS_tgkill, 0, UINT32_MAX, self, 1, SECCOMP_RET_ALLOW,
		    REFUSE(EPERM) },
		{ SYS_kill, 0, UINT32_MAX, self, 1, SECCOMP_RET_ALLOW,
		    REFUSE(EPERM) },
		{ SYS_prlimit64, 2, UINT32_MAX, zero, 1, SECCOMP_RET_ALLOW,
		    REFUSE(EPERM) },
		{ SYS_fcntl, 1, UINT32_MAX, fcntls, COUNT(fcntls),
		    SECCOMP_RET_ALLOW, REFUSE(EPERM) },
		{ SYS_prctl, 0, UINT32_MAX, prctls, COUNT(prctls),
		    SECCOMP_RET_ALLOW, REFUSE(EPERM) },
		{ SYS_ioctl, 1, UINT32_MAX, terminal ? ioctls_terminal : ioctls,
		    terminal ? COUNT(ioctls_terminal) : COUNT(ioctls),
		    SECCOMP_RET_ALLOW, REFUSE(EPERM) },
	};

	add_outgoing(p);
	for (size_t i = 0; i < COUNT(rules); i++)
		answer_by(p, &rules[i]);
	if (writes)
		add_calls(p, writing, COUNT(writing));
}

static void
write_program(struct program *p, const struct confine *c)
{
	begin(p);
	if (!CONFINE_SANITIZED) {
		add_calls(p, allowed, COUNT(allowed));
		add_rules(p, c);
		/* Then the C library takes clone, which can be looked at. */
		answer(p, SYS_clone3, REFUSE(ENOSYS));
	}
	for (size_t i = 0; i < COUNT(ends); i++) {
		if (!CONFINE_SANITIZED || !ends[i].sanitizers_need_it)
			answer(p, ends[i].number, SECCOMP_RET_TRAP);
	}
	if (CONFINE_SANITIZED) {
		add_outgoing(p);
		answer(p, SYS_socket, REFUSE(EPERM));
		answer(p, SYS_setuid, REFUSE(EPERM));
	}
	emit(p,
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		CONFINE_SANITIZED ? SECCOMP_RET_ALLOW : REFUSE(EPERM)));
}

/* --- putting it in force ------------------------------------------------ */

/* Standard error may be a socket, of the journal; then it is a local one. */
static bool
find_sockets(struct program *p)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		int domain = AF_UNIX;
		socklen_t size = sizeof(domain);

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) !=
			0 ||
		    domain == AF_UNIX)
			continue;
		if (p->socket_count == SOCKETS_MOST)
			return false;
		p->sockets[p->socket_count++] = (uint32_t)fd;
	}
	return true;
}

/* Without SPEC_ALLOW older kernels would slow the whole process down. */
static bool
load(struct program *p)
{
	struct sock_fprog program = { p->n, p->code };
	unsigned flags =
	    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (r < 0 && errno == EINVAL)
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (r > 0)
		errno = EBUSY; /* a thread has another filter */
	return r == 0;
}

static void
tell_trap(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	RESULT((ucontext_t *)context) = -ECANCELED;
}

static void
end_program(int number, siginfo_t *info, void *context)
{
	confine_violation(number, info, context);
}

static void
on_trap(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction a = { .sa_sigaction = handler,
		.sa_flags = SA_SIGINFO };

	sigemptyset(&a.sa_mask);
	(void)sigaction(SIGSYS, &a, NULL);
}

/* NULL: all that was tried is refused. */
static const char *
not_refused(const struct program *p)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool refused = fd < 0 && errno == EPERM;

	if (fd >= 0)
		(void)close(fd);
	if (!refused)
		return "a socket can still be opened";
	for (size_t i = 0; i < p->socket_count; i++) {
		if (write((int)p->sockets[i], "", 0) == 0 || errno != EPERM)
			return "packets could be sent";
	}
	/* There is no such file, so nothing is lost should it be tried. */
	if (syscall(SYS_execve, "", NULL, NULL) != -1 || errno != ECANCELED)
		return "programs can still be started";
	return NULL;
}

void
confine_calls(struct confine *c)
{
	struct program p = { .n = 0 };
	bool all = find_sockets(&p);

	write_program(&p, c);
	if (p.full || !all) {
		confine_note(c, CONFINE_CALLS, CONFINE_MISSING,
		    "too many sockets for a filter");
		return;
	}
	on_trap(tell_trap);
	if (!load(&p)) {
		confine_note(c, CONFINE_CALLS, CONFINE_MISSING,
		    "refused by the kernel: %s", strerror(errno));
		return;
	}
	const char *open = not_refused(&p);

	on_trap(end_program);
	if (open != NULL)
		confine_note(c, CONFINE_CALLS, CONFINE_MISSING, "%s", open);
	else if (CONFINE_SANITIZED)
		confine_note(c, CONFINE_CALLS, CONFINE_PARTLY,
		    "only a few calls are refused: built with a sanitizer");
	else
		confine_note(c, CONFINE_CALLS, CONFINE_PROVEN,
		    "%u system calls are left; socket%s and execve are refused",
		    p.calls, p.socket_count > 0 ? ", sending" : "");
}

#else

void
confine_calls(struct confine *c)
{
	confine_note(c, CONFINE_CALLS, CONFINE_MISSING,
	    "no filter was written for this kind of processor");
}

#endif
