/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: what may be opened by name is what was handed over.
 *
 * Spec: Linux Documentation/userspace-api/landlock.rst. The newest version
 * known here is 6; each older one knows less, and the note says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/confine_private.h"

/* Of versions newer than the headers this may be compiled with. */
enum {
	FS_EXECUTE_TO_MAKE_SYM = (1 << 13) - 1,
	FS_REFER = 1 << 13,     /* 2 */
	FS_TRUNCATE = 1 << 14,  /* 3 */
	FS_IOCTL_DEV = 1 << 15, /* 5 */
	NET_TCP = 3,            /* 4: bind, connect */
	SCOPES = 3,             /* 6: abstract sockets, signals */
	VERSION_KNOWN = 6,
};

struct attributes {
	uint64_t fs, net, scoped;
};

enum {
	READ = LANDLOCK_ACCESS_FS_READ_FILE,
	READ_ALL = READ | LANDLOCK_ACCESS_FS_READ_DIR,
	WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE,
	REPLACE = READ_ALL | WRITE | LANDLOCK_ACCESS_FS_MAKE_REG |
	    LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

static struct attributes
handled_by(long version)
{
	struct attributes a = { .fs = FS_EXECUTE_TO_MAKE_SYM };

	if (version >= 2)
		a.fs |= FS_REFER;
	if (version >= 3)
		a.fs |= FS_TRUNCATE;
	if (version >= 4)
		a.net = NET_TCP;
	if (version >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		a.scoped = SCOPES;
	return a;
}

/* A path that is gone by now cannot be opened later either. */
static bool
allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	struct stat st;
	bool good = true;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return true;
	/* Of a file only what can be done to files. */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= READ | WRITE;
	/* Pipes have no place in the tree of files, and need no rule. */
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) != 0)
		good = errno == EBADFD;
	(void)close(rule.parent_fd);
	return good;
}

static bool
allow_all(const struct confine *c, int rules, uint64_t handled)
{
	static const uint64_t rights[] = {
		[PATH_READ] = READ_ALL,
		[PATH_ITSELF] = READ | WRITE,
		[PATH_FOLDER] = REPLACE,
	};

	if (CONFINE_SANITIZED && !allow(rules, "/", READ_ALL & handled))
		return false;
	for (size_t i = 0; i < c->count; i++) {
		const struct confine_path *p = &c->paths[i];

		if (!p->covered &&
		    !allow(rules, p->path, rights[p->kind] & handled))
			return false;
	}
	return true;
}

/* Everybody can open these; some may have been handed over. */
static const char *const probes[] = { "/", "/etc/passwd", "/proc/version",
	"/dev/null" };

static unsigned
openable(void)
{
	unsigned set = 0;

	for (unsigned i = 0; i < COUNT(probes); i++) {
		int fd = open(probes[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		(void)close(fd);
		set |= 1U << i;
	}
	return set;
}

static const char *
refused_of(unsigned before, unsigned after)
{
	for (unsigned i = 0; i < COUNT(probes); i++) {
		if ((before & ~after & 1U << i) != 0)
			return probes[i];
	}
	return NULL;
}

static bool
restrict_self(const struct confine *c, long version)
{
	struct attributes a = handled_by(version);
	size_t size = version >= 6 ? sizeof(a)
	    : version >= 4         ? 2 * sizeof(a.fs)
				   : sizeof(a.fs);
	int rules = (int)syscall(SYS_landlock_create_ruleset, &a, size, 0);

	if (rules < 0)
		return false;
	bool good = allow_all(c, rules, a.fs) &&
	    syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	int error = errno;

	(void)close(rules);
	errno = error;
	return good;
}

void
confine_files(struct confine *c)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	unsigned before = openable();

	if (version < 1) {
		confine_note(c, CONFINE_FILES, CONFINE_MISSING,
		    "this kernel has none or it is switched off (%s), so all "
		    "the user's files stay in reach",
		    strerror(errno));
		return;
	}
	if (!restrict_self(c, version)) {
		confine_note(c, CONFINE_FILES, CONFINE_MISSING,
		    "refused by the kernel: %s", strerror(errno));
		return;
	}
	const char *refused = refused_of(before, openable());
	const char *less = version < 3 ? ", truncating and the network are open"
	    : version < VERSION_KNOWN  ? ", parts of the network are open"
				       : "";

	if (refused != NULL)
		confine_note(c, CONFINE_FILES, CONFINE_PROVEN,
		    "version %ld%s; opening %s is refused", version, less,
		    refused);
	else
		confine_note(c, CONFINE_FILES, CONFINE_PARTLY,
		    "version %ld%s; all that could be tried was handed over",
		    version, less);
}
