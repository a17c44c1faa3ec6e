/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reports.h - the outputs of a command: looked at before the run, written,
 * signed and put in place together, or not at all, after it.
 */
#ifndef UI_REPORTS_H
#define UI_REPORTS_H

#include "report/format.h"
#include "report/manifest.h"
#include "ui/options.h"

/* Of a destination without its format. */
const char *reports_path(const char *destination);
/* Of the options alone: two reports to one place, a key without its
 * certificate. */
bool reports_apart(const struct options *o, struct fault *f);
/* Each can be written where it should go; the signer is opened if there is
 * one, else *s is NULL. */
bool reports_check(const struct options *o, const struct format_table *t,
    struct signer **s, struct fault *f);

/*
 * Names for the reports of one period: the time it began, in UTC, before the
 * extension (day.json: day.20261122T093000Z.json), and -2, -3 behind it where
 * `again` others began in the same second. `named` is `o` with these names;
 * reports_name_done() in any case.
 */
enum { PERIOD_TAG = 24 };
void reports_tag(int64_t start, char tag[PERIOD_TAG]);
bool reports_name(const struct options *o, const char *tag, unsigned again,
    struct options *named, struct fault *f);
void reports_name_done(const struct options *o, struct options *named);

struct publication {
	const struct options *o;
	const struct format_table *formats;
	const struct report *report;
	const struct signer *signer; /* or NULL */
	struct manifest manifest;    /* of a signer */
	/* Further files for the set; may be NULL. */
	bool (*more)(void *ctx, struct output_set *to, struct fault *f);
	void *ctx;
};
/* To every -o, or to standard output if there is none. */
bool reports_publish(const struct publication *p, struct fault *f);

#endif
