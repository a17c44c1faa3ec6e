/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/confine_private.h"
#include "core/log.h"

static const char *const step_names[CONFINE_STEPS] = {
	[CONFINE_USER] = "user",
	[CONFINE_CAPABILITIES] = "capabilities",
	[CONFINE_PRIVILEGES] = "no new privileges",
	[CONFINE_MEMORY] = "memory",
	[CONFINE_FILES] = "Landlock",
	[CONFINE_CALLS] = "seccomp",
};

struct confine *
confine_new(const struct confine_options *o, struct fault *f)
{
	struct confine *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)fail(f, "out of memory");
		return NULL;
	}
	c->o = *o;
	for (int i = 0; i < CONFINE_STEPS; i++)
		c->steps[i].name = step_names[i];
	return c;
}

void
confine_free(struct confine *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		free(c->paths[i].path);
		free(c->paths[i].file);
	}
	free(c->paths);
	free(c);
}

/* --- paths -------------------------------------------------------------- */

static struct confine_path *
add(struct confine *c, const char *path, enum path_kind kind, struct fault *f)
{
	if (c->count == c->room) {
		size_t room = c->room > 0 ? 2 * c->room : 16;
		struct confine_path *more =
		    realloc(c->paths, room * sizeof(*more));

		if (more == NULL) {
			(void)fail(f, "out of memory");
			return NULL;
		}
		c->paths = more;
		c->room = room;
	}
	struct confine_path *p = &c->paths[c->count];

	*p = (struct confine_path){ .path = strdup(path), .kind = kind };
	if (p->path == NULL) {
		(void)fail(f, "out of memory");
		return NULL;
	}
	c->count++;
	return p;
}

/* A link leads out of the folder, so it needs a rule of its own. */
static bool
add_entry(struct confine *c, const char *folder, const char *name,
    struct fault *f)
{
	char path[PATH_MAX];
	struct stat st, to;
	int n = snprintf(path, sizeof(path), "%s/%s", folder, name);

	if (n < 0 || (size_t)n >= sizeof(path) || lstat(path, &st) != 0 ||
	    stat(path, &to) != 0 || !S_ISREG(to.st_mode))
		return true;
	struct confine_path *p = add(c, path, PATH_READ, f);

	if (p == NULL)
		return false;
	p->covered = !S_ISLNK(st.st_mode);
	return true;
}

static bool
add_entries(struct confine *c, const char *folder, struct fault *f)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	bool good = true;

	if (d == NULL)
		return true;
	while (good && (e = readdir(d)) != NULL)
		good = add_entry(c, folder, e->d_name, f);
	(void)closedir(d);
	return good;
}

bool
confine_read(struct confine *c, const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return true;
	return add(c, path, PATH_READ, f) != NULL &&
	    (!S_ISDIR(st.st_mode) || add_entries(c, path, f));
}

/* A report replaces the file a link names, beside that file. */
static bool
add_folder_of(struct confine *c, const char *path, struct fault *f)
{
	char *real = realpath(path, NULL);
	const char *file = real != NULL ? real : path;
	const char *slash = strrchr(file, '/');
	char folder[PATH_MAX] = ".";
	struct confine_path *p;

	if (slash != NULL && (size_t)(slash - file) < sizeof(folder) - 1)
		(void)snprintf(folder, sizeof(folder), "%.*s/",
		    (int)(slash - file), file);
	p = add(c, folder, PATH_FOLDER, f);
	if (p != NULL)
		p->file = strdup(file);
	free(real);
	return p != NULL && (p->file != NULL || fail(f, "out of memory"));
}

bool
confine_write(struct confine *c, const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return add(c, path, PATH_ITSELF, f) != NULL;
	return add_folder_of(c, path, f);
}

bool
confine_append(struct confine *c, const char *path, struct fault *f)
{
	return add(c, path, PATH_ITSELF, f) != NULL &&
	    confine_write(c, path, f);
}

bool
confine_folder(struct confine *c, const char *path, struct fault *f)
{
	return add(c, path, PATH_FOLDER, f) != NULL;
}

static bool
wish(struct confine *c, const char *path, enum path_kind kind, struct fault *f)
{
	struct confine_path *p = add(c, path, kind, f);

	if (p != NULL)
		p->wish = true;
	return p != NULL;
}

bool
confine_wish_read(struct confine *c, const char *path, struct fault *f)
{
	return wish(c, path, PATH_READ, f);
}

bool
confine_wish_folder(struct confine *c, const char *path, struct fault *f)
{
	return wish(c, path, PATH_FOLDER, f);
}

bool
confine_writes(const struct confine *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->paths[i].kind != PATH_READ)
			return true;
	}
	return false;
}

/* In a folder like /tmp a file is replaced by its owner only. */
static bool
can_replace(const struct confine_path *p)
{
	struct stat folder, file;

	if (p->file == NULL || lstat(p->file, &file) != 0 ||
	    stat(p->path, &folder) != 0)
		return true;
	return (folder.st_mode & S_ISVTX) == 0 || folder.st_uid == geteuid() ||
	    file.st_uid == geteuid();
}

/* What is not there, or cannot be used for another reason than whose it is, is
 * no reason against anyone. */
static bool
can_use(const struct confine_path *p)
{
	int how = p->kind == PATH_READ ? R_OK
	    : p->kind == PATH_ITSELF   ? W_OK
				       : W_OK | X_OK;

	if (faccessat(AT_FDCWD, p->path, how, AT_EACCESS) != 0)
		return errno != EACCES && errno != EPERM;
	return can_replace(p);
}

bool
confine_can_use(const struct confine *c, const char **what)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct confine_path *p = &c->paths[i];

		*what = p->file != NULL ? p->file : p->path;
		if (!p->wish && !can_use(p))
			return false;
	}
	return true;
}

/* --- steps -------------------------------------------------------------- */

void
confine_note(struct confine *c, enum confine_id id, enum confine_state state,
    const char *fmt, ...)
{
	struct confine_step *s = &c->steps[id];
	va_list args;

	s->state = state;
	va_start(args, fmt);
	(void)vsnprintf(s->note, sizeof(s->note), fmt, args);
	va_end(args);
}

const struct confine_step *
confine_step(const struct confine *c, enum confine_id id)
{
	return &c->steps[id];
}

const char *
confine_state_word(enum confine_state s)
{
	static const char *const words[] = {
		[CONFINE_UNDONE] = "off",
		[CONFINE_PROVEN] = "yes, proven",
		[CONFINE_PARTLY] = "in part",
		[CONFINE_MISSING] = "no",
	};

	return words[s];
}

bool
confine_drop(struct confine *c, struct fault *f)
{
	bool keep_override = false;

	if (c->o.mode == CONFINE_OFF || c->dropped)
		return true;
	c->dropped = true;
	confine_bounding_set();
	/* A capability would do to become root, so it goes first. */
	if (geteuid() != 0)
		confine_capabilities(c, false);
	if (!confine_user(c, &keep_override, f))
		return false;
	confine_capabilities(c, keep_override);
	return true;
}

static bool
strict_enough(const struct confine *c, struct fault *f)
{
	for (int i = 0; i < CONFINE_STEPS; i++) {
		const struct confine_step *s = &c->steps[i];

		if (s->state != CONFINE_PROVEN)
			return fail(f, "--confine=strict: %s: %s", s->name,
			    s->note);
	}
	return true;
}

/* One warning for all that is missing; the rest is for who asks. */
static void
tell(const struct confine *c)
{
	char line[512] = "";
	size_t n = 0;

	for (int i = 0; i < CONFINE_STEPS; i++) {
		const struct confine_step *s = &c->steps[i];

		log_info("confine: %s: %s: %s", s->name,
		    confine_state_word(s->state), s->note);
		if (s->state != CONFINE_MISSING || n >= sizeof(line))
			continue;
		int more = snprintf(line + n, sizeof(line) - n, "%s%s: %s",
		    n > 0 ? "; " : "", s->name, s->note);

		n += more > 0 ? (size_t)more : 0;
	}
	if (n > 0)
		log_warn("confine: going on less protected: %s", line);
}

/* Sanitizers have a thread of their own. */
static bool
is_alone(void)
{
	struct stat st;

	return CONFINE_SANITIZED || stat("/proc/self/task", &st) != 0 ||
	    st.st_nlink <= 3;
}

bool
confine_enter(struct confine *c, struct fault *f)
{
	if (c->o.mode == CONFINE_OFF) {
		for (int i = 0; i < CONFINE_STEPS; i++)
			confine_note(c, (enum confine_id)i, CONFINE_UNDONE,
			    "--confine=off");
		return true;
	}
	if (!confine_drop(c, f))
		return false;
	bool alone = is_alone();

	confine_privileges(c);
	confine_memory(c);
	confine_files(c);
	confine_calls(c);
	if (!alone)
		confine_note(c, CONFINE_FILES, CONFINE_MISSING,
		    "another thread was there before, and keeps its rights");
	if (c->o.mode == CONFINE_STRICT)
		return strict_enough(c, f);
	tell(c);
	return true;
}
