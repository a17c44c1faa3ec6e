/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h - gives up, for good and before the first byte from outside is
 * parsed, all that an audit needs no more: being root, capabilities, files
 * that were not handed over, most system calls. Each step is proven by trying
 * what it forbids.
 *
 * Called by the only thread there is: user, capabilities and Landlock belong
 * to a thread, and all later threads inherit them. (The system call filter
 * goes to all threads at once.) Capture sockets are open by then; files are
 * named here instead and can be opened later, again and again, but no others.
 *
 * Under address and thread sanitizers the filter refuses a few calls instead
 * of allowing a few, everything may be read, and the process stays dumpable:
 * their run-time needs that. Valgrind makes its own calls in this process: run
 * it with --confine=off. A debugger must start the program; it cannot attach.
 */
#ifndef CAPTURE_CONFINE_H
#define CAPTURE_CONFINE_H

#include "core/fault.h"

struct confine;

enum confine_mode {
	CONFINE_AUTO,   /* what cannot be done is told, and the audit goes on */
	CONFINE_STRICT, /* it fails */
	CONFINE_OFF,    /* nothing is done */
};

enum confine_id {
	CONFINE_USER,         /* not root, no groups */
	CONFINE_CAPABILITIES, /* in no set */
	CONFINE_PRIVILEGES,   /* no_new_privs */
	CONFINE_MEMORY,       /* not readable by others, no core file */
	CONFINE_FILES,        /* Landlock */
	CONFINE_CALLS,        /* seccomp */
	CONFINE_STEPS,
};

enum confine_state {
	CONFINE_UNDONE,
	CONFINE_PROVEN,
	CONFINE_PARTLY, /* done as far as the task allows; `note` says why */
	CONFINE_MISSING,
};

struct confine_step {
	const char *name;
	enum confine_state state;
	char note[200];
};

struct confine_options {
	enum confine_mode mode;
	const char *user; /* lent: to become when root; NULL: chosen */
	bool terminal;    /* a terminal is drawn on: its modes are set */
};

/*
 * System calls that only an attacker makes (execve, fork, ptrace, ...) end the
 * program: SIGSYS, a sentence, and the signal's own end (status 128 + 31), so
 * that nobody goes on with a damaged audit. All others that are not allowed
 * fail with EPERM, because libraries try what they can do without.
 */
struct confine *confine_new(const struct confine_options *o, struct fault *f);
void confine_free(struct confine *c); /* NULL is allowed */

/*
 * Paths that may be opened later, named before confine_enter(). A file or
 * folder to read; what does not exist is passed over.
 */
bool confine_read(struct confine *c, const char *path,
    struct fault *f) MUST_CHECK;
/* A file that is made, replaced or written: with it the folder it is in. */
bool confine_write(struct confine *c, const char *path,
    struct fault *f) MUST_CHECK;
/* The same for a file that is written on where it ends. */
bool confine_append(struct confine *c, const char *path,
    struct fault *f) MUST_CHECK;
/* A folder in which files are made, replaced, read and removed. Landlock
 * knows no folder without those below it. */
bool confine_folder(struct confine *c, const char *path,
    struct fault *f) MUST_CHECK;
/* What would be nice to have and is no reason to stay root. */
bool confine_wish_read(struct confine *c, const char *path,
    struct fault *f) MUST_CHECK;
bool confine_wish_folder(struct confine *c, const char *path,
    struct fault *f) MUST_CHECK;

/*
 * Who was root becomes, whichever is the first that can do the job with the
 * paths named so far: `user`, or `spanward`, the caller of sudo, the owner of
 * the folder the reports go to, `nobody`; and HOME is that user's. If none can,
 * root stays without capabilities.
 */
bool confine_drop(struct confine *c, struct fault *f) MUST_CHECK;
/* The rest, after confine_drop() if that was not called. False with a sentence
 * where strict; otherwise one warning. */
bool confine_enter(struct confine *c, struct fault *f) MUST_CHECK;

const struct confine_step *confine_step(const struct confine *c,
    enum confine_id id);
const char *confine_state_word(enum confine_state s);

/* The handler of SIGSYS (with SA_SIGINFO): for who has to tidy up before. */
void confine_violation(int number, void *info, void *context);

#endif
