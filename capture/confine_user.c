/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom root becomes: the first of some users who can read what is to be read
 * and write where the reports go. Whether one can is asked of the kernel, with
 * the effective user changed for the question.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/confine_private.h"
#include "core/text.h"

enum { HOME_ROOM = 512 };

struct candidate {
	char name[64];
	char home[HOME_ROOM]; /* "": not known */
	uid_t uid;
	gid_t gid;
};

/* --- users -------------------------------------------------------------- */

static void
describe(struct candidate *to, const struct passwd *pw)
{
	(void)snprintf(to->name, sizeof(to->name), "%s", pw->pw_name);
	(void)snprintf(to->home, sizeof(to->home), "%s", pw->pw_dir);
	to->uid = pw->pw_uid;
	to->gid = pw->pw_gid;
}

static bool
by_name(const char *name, struct candidate *to)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL || pw->pw_uid == 0)
		return false;
	describe(to, pw);
	return true;
}

/* Numbers may have no entry in the user database. */
static bool
by_number(uid_t uid, gid_t gid, struct candidate *to)
{
	const struct passwd *pw = getpwuid(uid);

	if (uid == 0)
		return false;
	*to = (struct candidate){ .uid = uid, .gid = gid };
	if (pw != NULL)
		describe(to, pw);
	else
		(void)snprintf(to->name, sizeof(to->name), "uid %u",
		    (unsigned)uid);
	return to->gid != 0;
}

static bool
number_of(const char *text, uint64_t *n)
{
	return text != NULL && text_u64(slice_text(text), n) && *n > 0 &&
	    *n < UINT32_MAX;
}

static bool
caller_of_sudo(struct candidate *to)
{
	uint64_t uid, gid;

	return number_of(getenv("SUDO_UID"), &uid) &&
	    number_of(getenv("SUDO_GID"), &gid) &&
	    by_number((uid_t)uid, (gid_t)gid, to);
}

static bool
owner_of_folder(const struct confine *c, struct candidate *to)
{
	struct stat st;

	for (size_t i = 0; i < c->count; i++) {
		if (c->paths[i].kind == PATH_FOLDER &&
		    stat(c->paths[i].path, &st) == 0)
			return by_number(st.st_uid, st.st_gid, to);
	}
	return false;
}

/* --- trying ------------------------------------------------------------- */

static bool
could_be(const struct confine *c, const struct candidate *who,
    const char **what)
{
	gid_t gid = getegid();
	bool fits = false;

	*what = "/";
	if (setresgid((gid_t)-1, who->gid, (gid_t)-1) != 0)
		return false;
	if (setresuid((uid_t)-1, who->uid, (uid_t)-1) == 0) {
		fits = confine_can_use(c, what);
		/* Saved is still root. */
		if (setresuid((uid_t)-1, 0, (uid_t)-1) != 0)
			abort();
	}
	if (setresgid((gid_t)-1, gid, (gid_t)-1) != 0)
		abort();
	return fits;
}

/* Not with a half of it: who stays root by mistake shall not go on. */
static bool
become(struct confine *c, const struct candidate *who, struct fault *f)
{
	if (setresgid(who->gid, who->gid, who->gid) != 0 ||
	    setresuid(who->uid, who->uid, who->uid) != 0)
		return fail(f, "cannot become user %s: %s", who->name,
		    strerror(errno));
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setuid(0) == 0 ||
	    geteuid() != who->uid || getgroups(0, NULL) > 0)
		return fail(f, "user %s can become root again", who->name);
	/* Settings are that user's as well. */
	if (who->home[0] != '\0')
		(void)setenv("HOME", who->home, 1);
	confine_note(c, CONFINE_USER, CONFINE_PROVEN,
	    "%s (uid %u, gid %u), no groups; becoming root again is refused",
	    who->name, (unsigned)who->uid, (unsigned)who->gid);
	return true;
}

/* --- choosing ----------------------------------------------------------- */

static bool
take_asked(struct confine *c, struct fault *f)
{
	struct candidate who = { .uid = 0 };
	const char *what = "";
	uint64_t uid;

	if (!by_name(c->o.user, &who) &&
	    !(number_of(c->o.user, &uid) &&
		by_number((uid_t)uid, (gid_t)uid, &who)))
		return fail(f, "--user %s: no user but root is called so",
		    c->o.user);
	if (!could_be(c, &who, &what))
		return fail(f, "--user %s: that user may not use %s", c->o.user,
		    what);
	return become(c, &who, f);
}

/* Of those who may, the one with the fewest files of his own first. */
static bool
choose(const struct confine *c, struct candidate *who)
{
	const char *what;

	return (by_name("spanward", who) && could_be(c, who, &what)) ||
	    (caller_of_sudo(who) && could_be(c, who, &what)) ||
	    (owner_of_folder(c, who) && could_be(c, who, &what)) ||
	    (by_name("nobody", who) && could_be(c, who, &what));
}

static bool
take_best(struct confine *c, bool *needs_override, struct fault *f)
{
	struct candidate who = { .uid = 0 };
	const char *what = "";

	if (choose(c, &who))
		return become(c, &who, f);
	*needs_override = !confine_can_without_capabilities(c, &what);
	confine_note(c, CONFINE_USER, CONFINE_PARTLY,
	    "stays root: no other user may use all the files; --user USER or "
	    "a folder of reports that belongs to a user mends it");
	return true;
}

/* Who is not root may still have it as real or saved user. */
static bool
keep_self(struct confine *c, struct fault *f)
{
	uid_t uid = geteuid(), real, effective, saved;
	gid_t gid = getegid();

	/* Where a service may not even ask for what it has. */
	if (getresuid(&real, &effective, &saved) != 0 ||
	    ((real != uid || saved != uid) &&
		(setresgid(gid, gid, gid) != 0 ||
		    setresuid(uid, uid, uid) != 0)))
		return fail(f, "cannot stay user %u: %s", (unsigned)uid,
		    strerror(errno));
	if (setuid(0) == 0)
		return fail(f, "user %u can become root", (unsigned)uid);
	confine_note(c, CONFINE_USER, CONFINE_PROVEN,
	    "stays uid %u; becoming root is refused", (unsigned)uid);
	return true;
}

bool
confine_user(struct confine *c, bool *needs_override, struct fault *f)
{
	struct candidate self = { .uid = 0 };

	*needs_override = false;
	if (c->o.user == NULL && geteuid() != 0)
		return keep_self(c, f);
	if (c->o.user != NULL && geteuid() != 0)
		return fail(f, "--user %s: only root can become another user",
		    c->o.user);
	/* In some containers groups cannot be left; root's give little. */
	(void)setgroups(0, NULL);
	if (c->o.user != NULL)
		return take_asked(c, f);
	/* A set-user-ID program serves its caller. */
	if (getuid() != 0)
		return by_number(getuid(), getgid(), &self) &&
		    become(c, &self, f);
	return take_best(c, needs_override, f);
}
