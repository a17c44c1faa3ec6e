/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement, tried out: each test runs in a child, because nothing of it can
 * be taken back, and what is forbidden is tried on the first thread and on
 * three that are started as the engine starts its own. As root all of it runs
 * twice, once begun as another user.
 */
#include "tests/support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "capture/confine_private.h"
#include "core/log.h"

enum { THREADS = 4, USER = 65534, SKIPPED = 77 };

static char folder[64]; /* with "in" to read and "out" to write in */
static char inside[80], outside[80], out[80];
static bool is_root; /* who may become others and give files away */

/* --- children ----------------------------------------------------------- */

static void
wrong(const char *what)
{
	fprintf(stderr, "  wrong: %s (errno %d)\n", what, errno);
	_exit(1);
}

static void
must(bool good, const char *what)
{
	if (!good)
		wrong(what);
}

/* Status of a child that runs `test`, its standard error in `said`. */
static int
in_child(void (*test)(int), int arg, bool as_user, char said[1024])
{
	int pipes[2], status;
	size_t n = 0;
	ssize_t got;

	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(pipes[1], STDERR_FILENO);
		(void)close(pipes[0]);
		(void)close(pipes[1]);
		log_set_level(LOG_ERROR);
		if (as_user)
			must(setresgid(USER, USER, USER) == 0 &&
				setresuid(USER, USER, USER) == 0,
			    "becoming another user");
		test(arg);
		_exit(0);
	}
	(void)close(pipes[1]);
	while (n < 1023 && (got = read(pipes[0], said + n, 1023 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	(void)close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
must_pass(void (*test)(int), int arg, bool as_user)
{
	char said[1024];
	int status = in_child(test, arg, as_user, said);

	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	if (status != 0)
		fail_msg("status %x%s: %s", (unsigned)status,
		    as_user ? " as user" : "", said);
}

/* As who we are, and for root also as another. */
static void
each_user(void (*test)(int), int arg)
{
	must_pass(test, arg, false);
	if (is_root)
		must_pass(test, arg, true);
}

/* --- confining ---------------------------------------------------------- */

static struct confine *
handed_over(const struct confine_options *o)
{
	struct fault f;
	struct confine *c = confine_new(o, &f);

	must(c != NULL && confine_read(c, inside, &f) &&
		confine_write(c, out, &f),
	    "handing over");
	return c;
}

/* Landlock and filters, and the right to use them. */
static bool
kernel_can(void)
{
	uint32_t trap = SECCOMP_RET_TRAP;

	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0 &&
	    syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &trap) == 0;
}

static void
confine_now(void)
{
	struct fault f;
	struct confine *c =
	    handed_over(&(struct confine_options){ .mode = CONFINE_AUTO });

	if (!kernel_can())
		_exit(SKIPPED);
	if (!confine_enter(c, &f)) {
		fprintf(stderr, "%s\n", f.text);
		_exit(1);
	}
	for (int i = 0; i < CONFINE_STEPS && !CONFINE_SANITIZED; i++) {
		const struct confine_step *s =
		    confine_step(c, (enum confine_id)i);

		if (s->state != CONFINE_PROVEN && i != CONFINE_USER)
			wrong(s->note);
	}
	confine_free(c);
}

static void
on_each_thread(void *(*what)(void *))
{
	pthread_t t[THREADS];

	(void)what(NULL);
	for (int i = 0; i < THREADS; i++)
		must(pthread_create(&t[i], NULL, what, NULL) == 0, "a thread");
	for (int i = 0; i < THREADS; i++)
		must(pthread_join(t[i], NULL) == 0, "its end");
}

/* --- what fails --------------------------------------------------------- */

#define REFUSED(call)                                     \
	do {                                              \
		errno = 0;                                \
		if ((long)(call) != -1 || errno != EPERM) \
			wrong("not refused: " #call);     \
	} while (0)

static void
try_files(void)
{
	int fd = open(inside, O_RDONLY);

	must(fd >= 0, "what was handed over cannot be opened");
	(void)close(fd);
	must(open(outside, O_WRONLY) < 0, "writing elsewhere");
	must(open(inside, O_WRONLY) < 0, "writing what is to be read");
	if (CONFINE_SANITIZED)
		return;
	errno = 0;
	must(open(outside, O_RDONLY) < 0 && errno == EACCES,
	    "opening what was not handed over");
	must(open("/etc/passwd", O_RDONLY) < 0, "/etc/passwd");
	must(open("/proc/self/mem", O_RDWR) < 0, "/proc/self/mem");
	must(open("/", O_RDONLY | O_DIRECTORY) < 0, "/");
}

static void
try_network(void)
{
	static const int domains[] = { AF_INET, AF_INET6, AF_UNIX, AF_NETLINK,
		AF_PACKET };

	for (size_t i = 0; i < COUNT(domains); i++)
		REFUSED(socket(domains[i], SOCK_RAW, 0));
	if (CONFINE_SANITIZED)
		return;
	int pair[2];

	REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	REFUSED(connect(0, NULL, 0));
	REFUSED(bind(0, NULL, 0));
	REFUSED(sendto(0, "", 0, 0, NULL, 0));
	REFUSED(setsockopt(0, SOL_SOCKET, SO_RCVBUF, NULL, 0));
}

static void
try_others(void)
{
	struct rlimit none = { 0, 0 };

	must(setuid(0) != 0, "becoming root");
	if (CONFINE_SANITIZED)
		return;
	REFUSED(kill(getppid(), 0));
	REFUSED(kill(1, 0));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	REFUSED(fcntl(0, F_DUPFD, 10));
	REFUSED(fcntl(0, F_SETOWN, getppid()));
	REFUSED(dup(0));
	REFUSED(ioctl(0, TIOCSTI, "x"));
	REFUSED(setrlimit(RLIMIT_CORE, &none));
	REFUSED(chdir("/"));
	REFUSED(chmod(out, 0777));
	REFUSED(link(inside, out));
	REFUSED(symlink(inside, out));
	REFUSED(syscall(SYS_memfd_create, "x", 0));
	REFUSED(syscall(425 /* io_uring_setup */, 1, NULL));
	REFUSED(syscall(SYS_personality, 0xffffffff));
	REFUSED(syscall(SYS_capset, NULL, NULL));
	must(mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
	    "memory for code");
}

static void *
try_all(void *arg)
{
	try_files();
	try_network();
	try_others();
	return arg;
}

static void
child_refused(int arg)
{
	(void)arg;
	/* Else nothing can be opened, whoever refuses it. */
	must(access(outside, R_OK) == 0, "the other file");
	confine_now();
	on_each_thread(try_all);
}

static void
forbidden_calls_fail_on_all_threads(void **state)
{
	(void)state;
	each_user(child_refused, 0);
}

/* --- what ends the program ---------------------------------------------- */

static void
end_by_execve(void)
{
	(void)execl("/bin/true", "true", NULL);
}

static void
end_by_fork(void)
{
	(void)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
}

static void
end_by_ptrace(void)
{
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void
end_by_other_memory(void)
{
	char byte;
	struct iovec v = { &byte, 1 };

	(void)process_vm_writev(getppid(), &v, 1, &v, 1, 0);
}

static void
end_by_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void
end_by_namespace(void)
{
	(void)syscall(SYS_unshare, 0x10000000);
}

static const struct {
	const char *name;
	void (*call)(void);
	bool sanitizers_need_it;
} ends[] = {
	{ "execve", end_by_execve, false },
	{ "clone of a process", end_by_fork, true },
	{ "ptrace", end_by_ptrace, true },
	{ "process_vm_writev", end_by_other_memory, false },
	{ "mprotect of code", end_by_code, true },
	{ "unshare", end_by_namespace, false },
};

static void *
call_end(void *arg)
{
	size_t i = *(const size_t *)arg;

	ends[i].call();
	return NULL;
}

/* Twice the number of the call, odd: on a second thread. */
static void
child_ended(int arg)
{
	size_t i = (size_t)arg / 2;
	pthread_t t;

	confine_now();
	if (arg % 2 == 0)
		(void)call_end(&i);
	else if (pthread_create(&t, NULL, call_end, &i) == 0)
		(void)pthread_join(t, NULL);
}

static void
attacks_end_the_program_with_a_sentence(void **state)
{
	char said[1024], sentence[128];

	(void)state;
	for (int i = 0; i < 2 * (int)COUNT(ends); i++) {
		if (CONFINE_SANITIZED && ends[i / 2].sanitizers_need_it)
			continue;
		int status = in_child(child_ended, i, false, said);

		if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
			skip();
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %x: %s", ends[i / 2].name,
			    (unsigned)status, said);
		(void)snprintf(sentence, sizeof(sentence),
		    "spanward: stopped by its own guard: system call %s is",
		    ends[i / 2].name);
		if (strstr(said, sentence) != said)
			fail_msg("it said: %s", said);
	}
}

/* --- what goes on ------------------------------------------------------- */

static void *
work(void *arg)
{
	char part[96], whole[112], byte;
	int fd;

	(void)snprintf(part, sizeof(part), "%s.%ld", out,
	    (long)syscall(SYS_gettid));
	(void)snprintf(whole, sizeof(whole), "%s.whole", part);
	fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 &&
		close(fd) == 0,
	    "writing a report");
	must(rename(part, whole) == 0, "renaming it");
	fd = open(whole, O_RDONLY);
	must(fd >= 0 && read(fd, &byte, 1) == 1 && close(fd) == 0, "reading");
	must(unlink(whole) == 0, "removing");
	void *p = malloc(4 << 20);

	must(p != NULL, "memory");
	free(p);
	must(usleep(1000) == 0, "sleeping");
	must(getpid() > 0 && clock() >= 0, "asking");
	return arg;
}

static void
child_works(int arg)
{
	(void)arg;
	confine_now();
	on_each_thread(work);
}

static void
the_audit_itself_goes_on(void **state)
{
	(void)state;
	each_user(child_works, 0);
}

/* --- capture sockets ---------------------------------------------------- */

static void
child_socket(int arg)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = 0x0300 /* all, in network order */,
		.sll_ifindex = (int)if_nametoindex("lo") };
	char frame[64] = "";
	int fd = socket(AF_PACKET, SOCK_RAW, 0x0300);

	(void)arg;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		_exit(SKIPPED);
	must(write(fd, frame, sizeof(frame)) == sizeof(frame),
	    "sending before");
	confine_now();
	REFUSED(write(fd, frame, sizeof(frame)));
	REFUSED(writev(fd, &(struct iovec){ frame, sizeof(frame) }, 1));
	if (!CONFINE_SANITIZED)
		REFUSED(send(fd, frame, sizeof(frame), 0));
	must(recv(fd, frame, sizeof(frame), MSG_DONTWAIT) > 0, "receiving");
}

static void
nothing_is_sent_by_a_capture_socket(void **state)
{
	(void)state;
	must_pass(child_socket, 0, false);
}

/* --- choices ------------------------------------------------------------ */

static void
give_groups(void)
{
	static const gid_t groups[] = { 4, 5 };

	must(setgroups(COUNT(groups), groups) == 0, "groups before");
}

/* Every set of capabilities is empty, says the kernel. */
static void
check_status(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	char line[256];
	unsigned sets = 0;

	must(in != NULL, "/proc/self/status");
	while (fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, "Cap", 3) == 0 && ++sets > 0 &&
		    strstr(line, "\t0000000000000000\n") == NULL)
			wrong(line);
		if (strncmp(line, "Groups:", 7) == 0 &&
		    line[strspn(line + 7, " \t\n") + 7] != '\0')
			wrong(line);
	}
	must(sets == 5, "five sets");
	must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || getuid() != 0,
	    "capabilities can be kept");
	(void)fclose(in);
}

static void
child_becomes(int arg)
{
	struct fault f;
	struct confine *c;

	(void)arg;
	must(chown(folder, 4711, 4712) == 0 && chmod(folder, 0755) == 0,
	    "giving the folder away");
	(void)unsetenv("SUDO_UID");
	give_groups();
	c = handed_over(&(struct confine_options){ .mode = CONFINE_AUTO });
	must(confine_drop(c, &f), "dropping");
	must(getuid() == 4711 && getgid() == 4712 && geteuid() == 4711 &&
		getgroups(0, NULL) == 0,
	    "the owner of the folder");
	check_status();
	confine_free(c);
}

static void
child_sudo(int arg)
{
	struct fault f;
	struct confine *c;

	(void)arg;
	(void)setenv("SUDO_UID", "4713", 1);
	(void)setenv("SUDO_GID", "4714", 1);
	must(chmod(folder, 0777) == 0, "a folder for all");
	c = handed_over(&(struct confine_options){ .mode = CONFINE_AUTO });
	must(confine_drop(c, &f), "dropping");
	if (getpwnam("spanward") == NULL)
		must(getuid() == 4713 && getgid() == 4714, "sudo's caller");
	must(getuid() != 0 && setuid(0) != 0, "root");
	confine_free(c);
}

/* Only root may write there. */
static void
child_stays(int arg)
{
	struct fault f = { "" };
	struct confine *c;

	must(chown(folder, 0, 0) == 0 && chmod(folder, 0700) == 0, "closed");
	c = handed_over(&(struct confine_options){
	    .mode = arg == 0 ? CONFINE_AUTO : CONFINE_STRICT });
	give_groups();
	must(confine_drop(c, &f), "dropping");
	check_status();
	must((prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & 3) == 3, "NOROOT");
	bool good = confine_enter(c, &f);

	must(getuid() == 0, "nobody else can");
	must(confine_step(c, CONFINE_USER)->state == CONFINE_PARTLY, "partly");
	if (confine_step(c, CONFINE_CAPABILITIES)->state != CONFINE_PROVEN)
		wrong(confine_step(c, CONFINE_CAPABILITIES)->note);
	must(good == (arg == 0), "strict");
	must(arg == 0 || strstr(f.text, "stays root") != NULL, "the sentence");
	confine_free(c);
}

static void
child_unknown(int arg)
{
	static const char *const names[] = { "no-such-user", "root", "0" };
	struct fault f = { "" };
	struct confine *c =
	    handed_over(&(struct confine_options){ .mode = CONFINE_AUTO,
		.user = names[arg] });

	must(!confine_enter(c, &f) && strstr(f.text, names[arg]) != NULL,
	    "an unknown user");
	confine_free(c);
}

static void
root_becomes_whom_it_should(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		must_pass(child_unknown, i, false);
	if (!is_root)
		skip();
	must_pass(child_becomes, 0, false);
	must_pass(child_sudo, 0, false);
	must_pass(child_stays, 0, false);
	/* A sanitizer is never strict enough, for another reason. */
	must_pass(child_stays, 1, false);
	assert_int_equal(chown(folder, geteuid(), getegid()), 0);
	assert_int_equal(chmod(folder, 0777), 0);
}

static void
child_off(int arg)
{
	struct fault f;
	struct confine *c =
	    handed_over(&(struct confine_options){ .mode = CONFINE_OFF });

	(void)arg;
	must(confine_enter(c, &f), "off");
	must(confine_step(c, CONFINE_CALLS)->state == CONFINE_UNDONE, "undone");
	must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, "done all the same");
	int fd = open(outside, O_RDONLY);

	must(fd >= 0, "files");
	confine_free(c);
}

static void
off_is_off(void **state)
{
	(void)state;
	each_user(child_off, 0);
}

/* The kernel before it knew a call: errno is ENOSYS from now on. */
static void
forget(int call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (unsigned)offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(code), code };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
	    "an old kernel");
}

static const struct {
	int call;
	enum confine_id step;
} unknown_calls[] = {
	{ SYS_landlock_create_ruleset, CONFINE_FILES },
	{ SYS_seccomp, CONFINE_CALLS },
};

static struct {
	unsigned lines;
	char line[512];
} logged;

static void
take_log(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	logged.lines++;
	(void)snprintf(logged.line, sizeof(logged.line), "%s", line);
}

/* Twice the number of the call, odd: strict. */
static void
child_old(int arg)
{
	bool strict = arg % 2 == 1;
	enum confine_id id = unknown_calls[arg / 2].step;
	struct fault f = { "" };
	struct confine *c = handed_over(&(struct confine_options){
	    .mode = strict ? CONFINE_STRICT : CONFINE_AUTO });

	forget(unknown_calls[arg / 2].call);
	log_set_level(LOG_WARN);
	log_set_taker(take_log, NULL);
	must(confine_enter(c, &f) == !strict, "whether it goes on");
	must(confine_step(c, id)->state == CONFINE_MISSING, "its state");
	if (strict)
		must(strstr(f.text, "--confine=strict") != NULL, "the reason");
	else
		must(logged.lines == 1 &&
			strstr(logged.line, confine_step(c, id)->name) != NULL,
		    "one warning");
	for (int i = 0; i < CONFINE_STEPS && !CONFINE_SANITIZED; i++)
		must(i == (int)id ||
			confine_step(c, (enum confine_id)i)->state >
			    CONFINE_UNDONE,
		    "the other steps");
	confine_free(c);
}

static void
old_kernels_are_told(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * (int)COUNT(unknown_calls); i++)
		each_user(child_old, i);
}

static atomic_int late; /* 1: now; 2: refused; 3: not */

static void *
try_late(void *arg)
{
	while (atomic_load(&late) == 0)
		(void)usleep(1000);
	atomic_store(&late,
	    socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EPERM ? 2 : 3);
	return arg;
}

static void
child_late(int arg)
{
	struct fault f;
	struct confine *c =
	    handed_over(&(struct confine_options){ .mode = CONFINE_AUTO });
	pthread_t t;

	(void)arg;
	if (!kernel_can())
		_exit(SKIPPED);
	must(pthread_create(&t, NULL, try_late, NULL) == 0, "a thread");
	must(confine_enter(c, &f), "going on");
	must(confine_step(c, CONFINE_FILES)->state == CONFINE_MISSING,
	    "the other thread was not seen");
	atomic_store(&late, 1);
	must(pthread_join(t, NULL) == 0 && atomic_load(&late) == 2,
	    "the filter is not on the other thread");
	confine_free(c);
}

static void
a_thread_that_was_there_before_is_told(void **state)
{
	(void)state;
	if (!CONFINE_SANITIZED)
		each_user(child_late, 0);
}

/* A link in a folder of captures leads where no rule is; and what is not there
 * is nobody's trouble. */
static void
child_links(int arg)
{
	char captures[96], name[128];
	struct fault f;
	struct confine *c = confine_new(&(struct confine_options){ 0 }, &f);
	bool can = kernel_can();

	(void)arg;
	(void)snprintf(captures, sizeof(captures), "%s/captures", folder);
	(void)snprintf(name, sizeof(name), "%s/link", captures);
	must(confine_read(c, captures, &f) &&
		confine_read(c, "/no/such/file", &f) && confine_enter(c, &f),
	    "confining");
	int fd = open(name, O_RDONLY);

	must(fd >= 0, "what the link names");
	must(!can || open(out, O_WRONLY | O_CREAT, 0600) < 0, "writing");
	confine_free(c);
}

static void
links_in_folders_can_be_followed(void **state)
{
	char path[96];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/captures", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/captures/link", folder);
	assert_int_equal(symlink(outside, path), 0);
	each_user(child_links, 0);
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

/* --- files of the tests ------------------------------------------------- */

/* Root of a user namespace, or without capabilities, cannot. */
static void
child_root(int arg)
{
	static const gid_t groups[] = { 4, 5 };

	(void)arg;
	if (geteuid() != 0 || chown(inside, 4711, 4712) != 0 ||
	    chown(inside, 0, 0) != 0 || setgroups(COUNT(groups), groups) != 0 ||
	    setresgid(USER, USER, USER) != 0 ||
	    setresuid(USER, USER, USER) != 0)
		_exit(SKIPPED);
}

static int
make_files(void **state)
{
	static const char words[] = "some bytes";
	char said[1024];

	(void)state;
	strcpy(folder, "/tmp/spanward-confine-XXXXXX");
	if (mkdtemp(folder) == NULL || chmod(folder, 0777) != 0)
		return -1;
	(void)snprintf(out, sizeof(out), "%s/report", folder);
	/* Both beside the folder: that one can be written in. */
	temp_file(inside, words, sizeof(words));
	temp_file(outside, words, sizeof(words));
	is_root = in_child(child_root, 0, false, said) == 0;
	return chmod(inside, 0644) != 0 || chmod(outside, 0644) != 0;
}

static int
remove_files(void **state)
{
	(void)state;
	(void)unlink(inside);
	(void)unlink(outside);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_calls_fail_on_all_threads),
		cmocka_unit_test(attacks_end_the_program_with_a_sentence),
		cmocka_unit_test(the_audit_itself_goes_on),
		cmocka_unit_test(nothing_is_sent_by_a_capture_socket),
		cmocka_unit_test(root_becomes_whom_it_should),
		cmocka_unit_test(off_is_off),
		cmocka_unit_test(old_kernels_are_told),
		cmocka_unit_test(a_thread_that_was_there_before_is_told),
		cmocka_unit_test(links_in_folders_can_be_followed),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
