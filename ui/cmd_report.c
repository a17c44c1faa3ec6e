/* SPDX-License-Identifier: Apache-2.0 */
/* spanward report: any format from stored audits; several become one. */
#include <stdlib.h>

#include "core/log.h"
#include "report/audit_read.h"
#include "ui/command.h"
#include "ui/guard.h"
#include "ui/reports.h"

static struct audit_doc *
read_all(const struct options *o, struct fault *f)
{
	struct audit_doc **parts = calloc(o->words.count, sizeof(void *));
	struct audit_doc *doc = NULL;
	size_t n = 0;

	if (parts == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	while (n < o->words.count) {
		parts[n] = doc_read(o->words.list[n], f);
		if (parts[n] == NULL)
			break;
		n++;
	}
	if (n == o->words.count && n > 1) {
		doc = doc_merge(parts, n, o->version, f);
	} else if (n == o->words.count) {
		doc = parts[0];
	} else {
		while (n > 0)
			doc_free(parts[--n]);
	}
	free(parts);
	return doc;
}

/* What a report is made from, for its manifest. */
static struct manifest_file *
list_audits(const struct options *o)
{
	struct manifest_file *list = calloc(o->words.count, sizeof(*list));

	for (size_t i = 0; list != NULL && i < o->words.count; i++)
		list[i] = (struct manifest_file){ "audit", o->words.list[i] };
	return list;
}

static bool
write_all(const struct options *o, const struct audit_doc *doc,
    const struct signer *s, struct fault *f)
{
	struct report r = { .doc = doc, .verbose = o->verbose };
	struct manifest_file *files = list_audits(o);
	struct publication p = {
		.o = o,
		.formats = &report_formats,
		.report = &r,
		.signer = s,
		.manifest = { doc, files, o->words.count, o->version },
	};
	bool good =
	    files != NULL ? reports_publish(&p, f) : fail(f, "no memory");

	free(files);
	return good;
}

static int
run(const struct options *o)
{
	struct fault f = { "" };
	struct audit_doc *doc = NULL;
	struct signer *s;

	log_set_level(o->verbose ? LOG_INFO : LOG_WARN);
	bool good = reports_check(o, &report_formats, &s, &f) &&
	    guard_enter(o, NULL, &f);

	if (good)
		doc = read_all(o, &f);
	good = doc != NULL && write_all(o, doc, s, &f);
	doc_free(doc);
	signer_free(s);
	return good ? STATUS_FINE : command_failed("%s", f.text);
}

static bool
check(const struct options *o, struct fault *f)
{
	if (o->words.count == 0)
		return fail(f, "report needs the JSON file of an audit");
	return reports_apart(o, f);
}

const struct command command_report = {
	.name = "report",
	.arguments = "AUDIT.json ... [options]",
	.about = "write any report from stored audits; several become one",
	.letters = "ov" OPTION_SIGN OPTION_RIGHTS,
	.details = "Examples:\n"
		   "  spanward report audit.json -o audit.html\n"
		   "  spanward report monday.json tuesday.json -o week.json\n"
		   "\n"
		   "A stored audit is what 'spanward audit -o NAME.json' "
		   "writes. From one, every\n"
		   "format comes out as the audit itself would have written "
		   "it. Several must have\n"
		   "been made by the same policy.\n"
		   "\n"
		   "Exit status: 0 written, 2 an audit could not be read or a "
		   "report not be written.\n",
	.check = check,
	.run = run,
};
