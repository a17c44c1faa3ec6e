/* SPDX-License-Identifier: Apache-2.0 */
/* spanward diff: what is new, fixed and unchanged between two audits. */
#include "core/log.h"
#include "report/audit_read.h"
#include "report/diff.h"
#include "ui/command.h"
#include "ui/guard.h"
#include "ui/reports.h"

struct pair {
	const struct options *o;
	struct audit_doc *before, *now;
	struct signer *signer;
};

static bool
write_diff(const struct pair *x, const struct diff *d, struct fault *f)
{
	const struct options *o = x->o;
	struct report r = { .diff = d, .verbose = o->verbose };
	struct manifest_file files[] = {
		{ "audit", o->words.list[0] },
		{ "audit", o->words.list[1] },
	};

	return reports_publish(
	    &(struct publication){
		.o = o,
		.formats = &diff_formats,
		.report = &r,
		.signer = x->signer,
		.manifest = { NULL, files, COUNT(files), o->version },
	    },
	    f);
}

static int
compare(const struct pair *x)
{
	struct fault f = { "" };
	struct diff *d = diff_new(x->before, x->now, x->o->version);
	int status;

	if (d == NULL)
		return command_failed("the audits cannot be compared: no "
				      "memory");
	if (!write_diff(x, d, &f))
		status = command_failed("%s", f.text);
	else
		status = d->worse ? STATUS_VIOLATION : STATUS_FINE;
	diff_free(d);
	return status;
}

static int
run(const struct options *o)
{
	struct fault f = { "" };
	struct pair x = { .o = o };
	int status;

	log_set_level(LOG_WARN);
	if (reports_check(o, &diff_formats, &x.signer, &f) &&
	    guard_enter(o, NULL, &f))
		x.before = doc_read(o->words.list[0], &f);
	if (x.before != NULL)
		x.now = doc_read(o->words.list[1], &f);
	if (x.now != NULL)
		status = compare(&x);
	else
		status = command_failed("%s", f.text);
	doc_free(x.before);
	doc_free(x.now);
	signer_free(x.signer);
	return status;
}

static bool
check(const struct options *o, struct fault *f)
{
	if (o->words.count != 2)
		return fail(f, "diff needs two audits: OLD.json NEW.json");
	return reports_apart(o, f);
}

const struct command command_diff = {
	.name = "diff",
	.arguments = "OLD.json NEW.json [options]",
	.about = "tell what is new, fixed and unchanged between two audits",
	.letters = "o" OPTION_SIGN OPTION_RIGHTS,
	.details =
	    "Examples:\n"
	    "  spanward diff 2025.json 2026.json\n"
	    "  spanward diff before.json after.json -o changes.html\n"
	    "\n"
	    "Formats: text, html, json. Cases are matched by hosts, service "
	    "and cause, not by\n"
	    "ephemeral ports.\n"
	    "\n"
	    "Exit status:\n"
	    "  0  nothing got worse\n"
	    "  1  worse: a new violation, a new finding of medium or high "
	    "severity, or a low\n"
	    "     one on traffic that was in order without it\n"
	    "  2  an audit could not be read or a report not be written\n",
	.check = check,
	.run = run,
};
