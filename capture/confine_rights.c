/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities, no_new_privs, and memory that is nobody else's business.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/confine_private.h"

enum { CAPABILITIES_MOST = 64 };

struct sets {
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

static bool
get_sets(struct sets *s)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return syscall(SYS_capget, &h, s->half) == 0;
}

static bool
set_sets(const struct sets *s)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return syscall(SYS_capset, &h, s->half) == 0;
}

/* Asked with nothing in the effective set, which then comes back. */
bool
confine_can_without_capabilities(const struct confine *c, const char **what)
{
	struct sets all, none;

	if (!get_sets(&all))
		return false;
	none = all;
	for (size_t i = 0; i < COUNT(none.half); i++)
		none.half[i].effective = 0;
	bool good = set_sets(&none) && confine_can_use(c, what);

	return set_sets(&all) && good;
}

/* Needs CAP_SETPCAP, which goes with root; where it cannot be emptied,
 * no_new_privs voids it: only an execve() could draw from it. */
void
confine_bounding_set(void)
{
	for (unsigned long i = 0; i < CAPABILITIES_MOST; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
}

static bool
bounding_set_is_empty(void)
{
	for (unsigned long i = 0; i < CAPABILITIES_MOST; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			return false;
	}
	return true;
}

/* Being uid 0 no longer means anything; before CAP_SETPCAP goes. */
static void
lock_securebits(void)
{
	(void)prctl(PR_SET_SECUREBITS,
	    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
		SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
	    0, 0, 0);
}

/* Nothing more than `most`, and no packet socket can be had any more. */
static const char *
still_able(uint32_t most)
{
	struct sets s;
	int fd;

	if (!get_sets(&s) || s.half[0].permitted != most ||
	    s.half[0].effective != most || s.half[0].inheritable != 0 ||
	    s.half[1].permitted != 0 || s.half[1].effective != 0 ||
	    s.half[1].inheritable != 0)
		return "some are still there";
	s.half[0].permitted |= 1U << CAP_NET_RAW;
	s.half[0].effective |= 1U << CAP_NET_RAW;
	if (set_sets(&s))
		return "they can be had again";
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	(void)close(fd);
	return "a packet socket can still be opened";
}

void
confine_capabilities(struct confine *c, bool keep_override)
{
	struct sets s = { 0 };
	uint32_t kept = keep_override ? 1U << CAP_DAC_OVERRIDE : 0;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (geteuid() == 0)
		lock_securebits();
	s.half[0].permitted = s.half[0].effective = kept;
	const char *able = set_sets(&s) ? still_able(kept) : strerror(errno);

	if (able != NULL)
		confine_note(c, CONFINE_CAPABILITIES, CONFINE_MISSING, "%s",
		    able);
	else if (keep_override)
		confine_note(c, CONFINE_CAPABILITIES, CONFINE_MISSING,
		    "CAP_DAC_OVERRIDE is kept: files to be read and folders to "
		    "be written belong to different users");
	else
		confine_note(c, CONFINE_CAPABILITIES, CONFINE_PROVEN,
		    "none in any set%s; a packet socket is refused",
		    bounding_set_is_empty() ? "" : " but the bounding set");
}

void
confine_privileges(struct confine *c)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		confine_note(c, CONFINE_PRIVILEGES, CONFINE_PROVEN,
		    "no program can give any");
	else
		confine_note(c, CONFINE_PRIVILEGES, CONFINE_MISSING, "%s",
		    strerror(errno));
}

/* Keys of a key log stand in it. */
void
confine_memory(struct confine *c)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	if (CONFINE_SANITIZED)
		confine_note(c, CONFINE_MEMORY, CONFINE_PARTLY,
		    "no core file, but a sanitizer may look into it");
	else if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
		confine_note(c, CONFINE_MEMORY, CONFINE_PROVEN,
		    "closed to other processes, no core file");
	else
		confine_note(c, CONFINE_MEMORY, CONFINE_MISSING, "%s",
		    strerror(errno));
}
