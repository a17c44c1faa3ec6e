/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - reports by name: text, json, ndjson, csv, html.
 *
 * A report is written from a document (report/audit_doc.h), to a temporary
 * file beside its destination that is renamed when whole. The same document
 * gives the same bytes.
 */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include "report/audit_doc.h"
#include "report/output.h"

struct diff;

struct report {
	const struct audit_doc *doc;
	const struct diff *diff; /* for the formats of diffs alone */
	bool verbose;            /* text: every flow, not only what matters */
	bool colour;             /* text on a terminal that has colours */
	unsigned width;          /* text: columns of the terminal, or 0 */
};

struct format {
	const char *name;
	const char *extensions; /* space separated, with dots */
	const char *about;      /* for --help */
	bool inputs;            /* shows the SHA-256 of what was read */
	/* False when writing failed (errno is set by the stream). */
	bool (*write)(const struct report *r, FILE *out);
};

struct format_table {
	const struct format *list; /* the first is the default */
	size_t count;
};
extern const struct format_table report_formats; /* of an audit */
extern const struct format_table diff_formats;   /* of two compared */

const struct format *format_at(size_t i); /* NULL after the last */

/*
 * A destination is "[FORMAT:]PATH" as in the contract; "-" is standard output.
 * report_check() looks before the run whether it can be written.
 */
bool report_check(const struct format_table *t, const char *destination,
    struct fault *f) MUST_CHECK;
bool report_is_stdout(const char *destination);
/* The SHA-256 of inputs is in it: not in a text on standard output. */
bool report_shows_inputs(const struct format_table *t, const char *destination);
/*
 * Writes one report: a file as part of the set, standard output at once.
 * False with a sentence.
 */
bool report_write(const struct format_table *t, const struct report *r,
    const char *destination, struct output_set *to, struct fault *f) MUST_CHECK;

#endif
