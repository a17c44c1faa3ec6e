/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/reports.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"

const char *
reports_path(const char *destination)
{
	size_t word = strspn(destination, "abcdefghijklmnopqrstuvwxyz");

	return word > 1 && destination[word] == ':' ? destination + word + 1
						    : destination;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A capture is not to be replaced by what is said of it. */
static bool
spares(const struct strings *inputs, const char *path, struct fault *f)
{
	for (size_t i = 0; i < inputs->count; i++) {
		if (same_file(inputs->list[i], path))
			return fail(f, "%s would be written over: it is read",
			    inputs->list[i]);
	}
	return true;
}

static bool
spares_inputs(const struct options *o, struct fault *f)
{
	const struct strings *const inputs[] = { &o->files, &o->keys };

	for (size_t k = 0; k < COUNT(inputs); k++) {
		for (size_t i = 0; i < o->outputs.count; i++) {
			if (!spares(inputs[k], reports_path(o->outputs.list[i]),
				f))
				return false;
		}
		if (o->evidence != NULL && !spares(inputs[k], o->evidence, f))
			return false;
	}
	return true;
}

bool
reports_apart(const struct options *o, struct fault *f)
{
	size_t terminals = 0;

	for (size_t i = 0; i < o->outputs.count; i++) {
		const char *a = o->outputs.list[i];

		terminals += report_is_stdout(a);
		if (terminals > 1)
			return fail(f,
			    "only one report can go to standard "
			    "output");
		for (size_t k = 0; k < i; k++) {
			if (strcmp(o->outputs.list[k], a) == 0)
				return fail(f, "-o %s is given twice", a);
		}
	}
	if ((o->sign == NULL) != (o->cert == NULL))
		return fail(f, "--sign KEY and --cert CERT belong together");
	if (o->sign != NULL && o->outputs.count == terminals &&
	    o->evidence == NULL)
		return fail(f,
		    "--sign needs a file to sign: add -o audit.json, for "
		    "instance");
	return spares_inputs(o, f);
}

/* The manifest is called after the first file that is written. */
static const char *
first_file(const struct options *o)
{
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (!report_is_stdout(o->outputs.list[i]))
			return reports_path(o->outputs.list[i]);
	}
	return o->evidence;
}

static bool
open_signer(const struct options *o, struct signer **s, struct fault *f)
{
	if (!manifest_check(first_file(o), f))
		return false;
	*s = signer_open(o->sign, o->cert, f);
	return *s != NULL;
}

bool
reports_check(const struct options *o, const struct format_table *t,
    struct signer **s, struct fault *f)
{
	*s = NULL;
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (!report_check(t, o->outputs.list[i], f))
			return false;
	}
	return o->sign == NULL || open_signer(o, s, f);
}

/* 2026-11-22T09:30:00.000000Z: 20261122T093000Z */
void
reports_tag(int64_t start, char tag[PERIOD_TAG])
{
	char text[CLOCK_TEXT_MAX];
	size_t n = 0;

	clock_text(start, text);
	for (const char *c = text; *c != '\0' && *c != '.'; c++) {
		if (*c != '-' && *c != ':' && n + 2 < PERIOD_TAG)
			tag[n++] = *c;
	}
	tag[n++] = 'Z';
	tag[n] = '\0';
}

/* NULL without memory. */
static char *
name_of_period(const char *name, const char *tag, unsigned again)
{
	const char *file = strrchr(name, '/');
	const char *end = name + strlen(name);
	size_t room = strlen(name) + PERIOD_TAG + 16;
	char *to = malloc(room);

	file = file != NULL ? file + 1 : reports_path(name);
	const char *dot = strrchr(file, '.');

	/* A name may begin with a dot. */
	if (dot == NULL || dot == file)
		dot = end;
	if (to == NULL)
		return NULL;
	if (again > 0)
		(void)snprintf(to, room, "%.*s.%s-%u%s", (int)(dot - name),
		    name, tag, again + 1, dot);
	else
		(void)snprintf(to, room, "%.*s.%s%s", (int)(dot - name), name,
		    tag, dot);
	return to;
}

bool
reports_name(const struct options *o, const char *tag, unsigned again,
    struct options *named, struct fault *f)
{
	bool good = true;

	*named = *o;
	named->outputs.list = calloc(o->outputs.count + 1, sizeof(char *));
	if (named->outputs.list == NULL)
		return fail(f, "out of memory");
	for (size_t i = 0; i < o->outputs.count; i++) {
		const char *name = o->outputs.list[i];

		named->outputs.list[i] = report_is_stdout(name)
		    ? name
		    : name_of_period(name, tag, again);
		good &= named->outputs.list[i] != NULL;
	}
	if (o->evidence != NULL) {
		named->evidence = name_of_period(o->evidence, tag, again);
		good &= named->evidence != NULL;
	}
	return good || fail(f, "out of memory");
}

static void
free_name(const char *of, const char *name)
{
	if (name != of)
		free((void *)(uintptr_t)name);
}

void
reports_name_done(const struct options *o, struct options *named)
{
	for (size_t i = 0; named->outputs.list != NULL && i < o->outputs.count;
	     i++)
		free_name(o->outputs.list[i], named->outputs.list[i]);
	free_name(o->evidence, named->evidence);
	free(named->outputs.list);
}

/* Colours and columns belong to a terminal, and only to the text on it. */
static void
suit_terminal(struct report *r)
{
	const char *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO))
		return;
	r->colour = term != NULL && strcmp(term, "dumb") != 0 &&
	    (no_colour == NULL || no_colour[0] == '\0');
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		r->width = size.ws_col;
}

static bool
write_some(const struct options *o, const struct format_table *t,
    const struct report *r, struct output_set *to, struct fault *f)
{
	for (size_t i = 0; i < o->outputs.count; i++) {
		const char *a = o->outputs.list[i];

		if (report_is_stdout(a) == (to == NULL) &&
		    !report_write(t, r, a, to, f))
			return false;
	}
	return true;
}

static bool
sign_all(const struct publication *p, struct output_set *to, struct fault *f)
{
	char name[4096];

	return p->signer == NULL ||
	    manifest_sign(p->signer, &p->manifest, to, name, f);
}

/* Standard output cannot be taken back, so it comes last. */
static bool
publish(const struct publication *p, struct output_set *to, struct fault *f)
{
	struct report shown = *p->report;

	suit_terminal(&shown);
	if (!write_some(p->o, p->formats, p->report, to, f) ||
	    (p->more != NULL && !p->more(p->ctx, to, f)) || !sign_all(p, to, f))
		return false;
	if (p->o->outputs.count == 0
		? !report_write(p->formats, &shown, "-", NULL, f)
		: !write_some(p->o, p->formats, &shown, NULL, f))
		return false;
	return outputs_commit(to, f);
}

bool
reports_publish(const struct publication *p, struct fault *f)
{
	struct output_set *to = outputs_new();
	bool good = to != NULL ? publish(p, to, f) : fail(f, "no memory");

	outputs_free(to);
	return good;
}
