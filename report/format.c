/* SPDX-License-Identifier: Apache-2.0 */
#include "report/format.h"

#include <errno.h>

#include "core/buf.h"
#include "core/names.h"
#include "report/formats.h"

static const struct format audit_formats[] = {
	{ "text", ".txt", "what matters, for a terminal (the default)", true,
	    report_text },
	{ "html", ".html .htm", "one page with everything, to read and print",
	    true, report_html },
	{ "json", ".json", "one document with everything", true, report_json },
	{ "ndjson", ".ndjson .jsonl", "one JSON object a line, for pipelines",
	    true, report_ndjson },
	{ "csv", ".csv", "one row per flow, for spreadsheets", false,
	    report_csv },
};
const struct format_table report_formats = { audit_formats,
	COUNT(audit_formats) };

static const struct format of_diffs[] = {
	{ "text", ".txt", "what changed, for a terminal (the default)", false,
	    diff_text },
	{ "html", ".html .htm", "one page, to read and print", true,
	    diff_html },
	{ "json", ".json", "one document", true, diff_json },
};
const struct format_table diff_formats = { of_diffs, COUNT(of_diffs) };

enum { FORMATS_MOST = 8 };

const struct format *
format_at(size_t i)
{
	return i < COUNT(audit_formats) ? &audit_formats[i] : NULL;
}

static const struct format *
named(const struct format_table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->list[i].name, name) == 0)
			return &t->list[i];
	}
	return NULL;
}

static const struct format *
by_extension(const struct format_table *t, const char *path)
{
	const char *dot = strrchr(path, '.');
	char word[16];

	if (dot == NULL || strchr(dot, '/') != NULL ||
	    strlen(dot) >= sizeof(word))
		return NULL;
	for (size_t i = 0; i < t->count; i++) {
		const char *at = t->list[i].extensions;

		while (sscanf(at, "%15s", word) == 1) {
			if (strcmp(word, dot) == 0)
				return &t->list[i];
			at = strstr(at, word) + strlen(word);
		}
	}
	return NULL;
}

struct target {
	const struct format *format;
	const char *path;
};

static bool
unknown_format(const struct format_table *t, const char *name, size_t n,
    struct fault *f)
{
	const char *words[FORMATS_MOST];
	char all[80] = "";

	for (size_t i = 0; i < t->count && i < COUNT(words); i++) {
		size_t used = strlen(all);

		words[i] = t->list[i].name;
		(void)snprintf(all + used, sizeof(all) - used, "%s%s",
		    i == 0                  ? ""
			: i + 1 == t->count ? " and "
					    : ", ",
		    words[i]);
	}
	const char *near = name_nearest(words, t->count, slice_of(name, n));

	if (near != NULL)
		return fail(f,
		    "no report format is called '%.*s'; did you mean '%s'?",
		    (int)n, name, near);
	return fail(f, "no report format is called '%.*s'; there are %s",
	    (int)n, name, all);
}

/* "[FORMAT:]PATH". A colon after something that is no word is part of a path.
 */
static bool
parse(const struct format_table *t, const char *destination, struct target *to,
    struct fault *f)
{
	size_t word = strspn(destination, "abcdefghijklmnopqrstuvwxyz");
	char name[16];

	if (word > 1 && word < sizeof(name) && destination[word] == ':') {
		memcpy(name, destination, word);
		name[word] = '\0';
		to->format = named(t, name);
		to->path = destination + word + 1;
		if (to->format == NULL)
			return unknown_format(t, destination, word, f);
	} else {
		to->path = destination;
		to->format = strcmp(destination, "-") == 0
		    ? &t->list[0]
		    : by_extension(t, destination);
	}
	if (to->path[0] == '\0')
		return fail(f, "-o %s: a path is missing after the colon",
		    destination);
	if (to->format == NULL)
		return fail(f,
		    "-o %s: the name does not tell the format; write "
		    "FORMAT:PATH, for instance json:%s",
		    destination, destination);
	return true;
}

bool
report_check(const struct format_table *t, const char *destination,
    struct fault *f)
{
	struct target to;

	if (!parse(t, destination, &to, f))
		return false;
	return strcmp(to.path, "-") == 0 || outputs_check(to.path, f);
}

bool
report_is_stdout(const char *destination)
{
	const char *colon = strchr(destination, ':');

	return strcmp(destination, "-") == 0 ||
	    (colon != NULL && strcmp(colon, ":-") == 0);
}

bool
report_shows_inputs(const struct format_table *t, const char *destination)
{
	struct target to;
	struct fault ignored;

	/* The default is read at once and gone: for that no file is read once
	 * more. */
	return parse(t, destination, &to, &ignored) && to.format->inputs &&
	    (to.format != &t->list[0] || strcmp(to.path, "-") != 0);
}

static bool
to_stdout(const struct target *to, const struct report *r, struct fault *f)
{
	errno = 0;
	if (to->format->write(r, stdout) && fflush(stdout) == 0 &&
	    ferror(stdout) == 0)
		return true;
	int why = outputs_reason(stdout);

	return fail(f, "-: the report could not be written: %s",
	    why != 0 ? strerror(why) : "no memory");
}

bool
report_write(const struct format_table *t, const struct report *r,
    const char *destination, struct output_set *to, struct fault *f)
{
	struct target target;

	if (!parse(t, destination, &target, f))
		return false;
	if (strcmp(target.path, "-") == 0)
		return to_stdout(&target, r, f);
	FILE *out = outputs_open(to, target.path, f);

	if (out == NULL)
		return false;
	errno = 0;
	return outputs_close(to, out, target.format->write(r, out), f);
}
