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

/* Of the options alone: two reports to one place, a key without its
 * certificate. */
bool reports_apart(const struct options *o, struct fault *f);
/* Each can be written where it should go; the signer is opened if there is
 * one, else *s is NULL. */
bool reports_check(const struct options *o, const struct format_table *t,
    struct signer **s, struct fault *f);

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
