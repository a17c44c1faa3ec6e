/* SPDX-License-Identifier: Apache-2.0 */
#include "report/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
	char *path;
	char *beside; /* NULL: a device, written at once */
	FILE *out;    /* NULL once closed */
	bool whole, renamed;
};

struct output_set {
	struct output *list;
	size_t count;
};

struct output_set *
outputs_new(void)
{
	return calloc(1, sizeof(struct output_set));
}

void
outputs_free(struct output_set *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->count; i++) {
		struct output *x = &o->list[i];

		if (x->out != NULL)
			(void)fclose(x->out);
		if (x->beside != NULL && !x->renamed)
			(void)unlink(x->beside);
		free(x->path);
		free(x->beside);
	}
	free(o->list);
	free(o);
}

static bool
is_replaceable(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 || S_ISREG(st.st_mode);
}

/* A link stays a link: what it names is replaced. */
static char *
destination_of(const char *path)
{
	struct stat st;
	char *real = lstat(path, &st) == 0 && S_ISLNK(st.st_mode)
	    ? realpath(path, NULL)
	    : NULL;

	return real != NULL ? real : strdup(path);
}

/* A name beside the destination, so that rename() stays on one file system. */
static bool
open_beside(const char *path, struct output *x, struct fault *f)
{
	size_t room = strlen(path) + sizeof(".XXXXXX");

	x->beside = malloc(room);
	if (x->beside == NULL)
		return fail(f, "%s: no memory", path);
	(void)snprintf(x->beside, room, "%s.XXXXXX", path);
	int fd = mkstemp(x->beside);

	if (fd < 0) {
		free(x->beside);
		x->beside = NULL;
		return fail(f, "%s: cannot write there: %s", path,
		    strerror(errno));
	}
	mode_t mask = umask(0);

	(void)umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
	x->out = fdopen(fd, "w");
	if (x->out != NULL)
		return true;
	(void)fail(f, "%s: %s", path, strerror(errno));
	(void)close(fd);
	(void)unlink(x->beside);
	free(x->beside);
	x->beside = NULL;
	return false;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
open_output(struct output *x, const char *path, struct fault *f)
{
	if (is_folder(path))
		return fail(f, "%s: is a folder; name a file in it", path);
	if (!is_replaceable(path)) {
		x->path = strdup(path);
		x->out = fopen(path, "w");
		if (x->out == NULL)
			return fail(f, "%s: %s", path, strerror(errno));
		return true;
	}
	x->path = destination_of(path);
	return x->path != NULL ? open_beside(x->path, x, f)
			       : fail(f, "%s: no memory", path);
}

FILE *
outputs_open(struct output_set *o, const char *path, struct fault *f)
{
	struct output *more =
	    realloc(o->list, (o->count + 1) * sizeof(*o->list));

	if (more == NULL) {
		(void)fail(f, "%s: no memory", path);
		return NULL;
	}
	o->list = more;
	struct output *x = &o->list[o->count];

	*x = (struct output){ .path = NULL };
	if (!open_output(x, path, f)) {
		free(x->path);
		return NULL;
	}
	o->count++;
	return x->out;
}

/* What was done since the stream failed may have cleared errno: one more octet
 * tells again. */
int
outputs_reason(FILE *out)
{
	if (errno == 0 && ferror(out)) {
		clearerr(out);
		(void)fputc('\n', out);
		(void)fflush(out);
	}
	return errno;
}

bool
outputs_close(struct output_set *o, FILE *out, bool good, struct fault *f)
{
	struct output *x = NULL;

	for (size_t i = 0; i < o->count; i++) {
		if (o->list[i].out == out)
			x = &o->list[i];
	}
	if (x == NULL || out == NULL)
		return fail(f, "a report was closed twice");
	int why = good ? 0 : outputs_reason(out);

	x->out = NULL;
	if (good) {
		good = fflush(out) == 0 && ferror(out) == 0 &&
		    (x->beside == NULL || fsync(fileno(out)) == 0);
		why = errno;
	}
	if (fclose(out) != 0 && good) {
		why = errno;
		good = false;
	}
	x->whole = good;
	if (good)
		return true;
	return fail(f, "%s: the report could not be written: %s", x->path,
	    why != 0 ? strerror(why) : "no memory");
}

bool
outputs_check(const char *path, struct fault *f)
{
	struct output x = { .path = NULL };

	if (!is_replaceable(path) && !is_folder(path)) {
		if (access(path, W_OK) == 0)
			return true;
		return fail(f, "%s: %s", path, strerror(errno));
	}
	bool good = open_output(&x, path, f);

	if (x.out != NULL)
		(void)fclose(x.out);
	if (x.beside != NULL)
		(void)unlink(x.beside);
	free(x.path);
	free(x.beside);
	return good;
}

size_t
outputs_count(const struct output_set *o)
{
	return o->count;
}

const char *
outputs_path(const struct output_set *o, size_t i)
{
	return o->list[i].path;
}

const char *
outputs_staged(const struct output_set *o, size_t i)
{
	const struct output *x = &o->list[i];

	return x->beside != NULL && !x->renamed ? x->beside : x->path;
}

bool
outputs_commit(struct output_set *o, struct fault *f)
{
	for (size_t i = 0; i < o->count; i++) {
		struct output *x = &o->list[i];

		if (!x->whole)
			return fail(f, "%s: not whole", x->path);
	}
	for (size_t i = 0; i < o->count; i++) {
		struct output *x = &o->list[i];

		if (x->beside == NULL || x->renamed)
			continue;
		if (rename(x->beside, x->path) != 0)
			return fail(f, "%s: %s", x->path, strerror(errno));
		x->renamed = true;
	}
	return true;
}
