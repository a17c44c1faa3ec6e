/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export of what is shown or tagged. The owner of the ledger writes it, with
 * the writers of every other report: a document whose flows are the chosen
 * ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "report/format.h"
#include "ui/tui.h"

struct export_job {
	struct view_job job;
	struct source *source;
	const char *version;
	uint64_t *packets; /* first packets of the chosen flows */
	size_t count;
	char format[16], path[PROMPT_LINE];
	bool good;
	struct fault fault;
};

/* ---- on the owner's thread ---- */

/* A document of which only some flows are left. */
struct chosen {
	struct audit_doc doc;
	const struct audit_doc *whole;
	size_t *places;
};

static json_t *
chosen_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	const struct chosen *c = d->inside;

	return doc_item(c->whole, list, list == DOC_FLOWS ? c->places[i] : i);
}

static int
by_place(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

static bool
write_chosen(struct export_job *x, struct chosen *c)
{
	struct report r = { .doc = &c->doc, .verbose = true };
	struct output_set *to = outputs_new();
	char destination[PROMPT_LINE + 24];

	if (to == NULL)
		return fail(&x->fault, "out of memory");
	(void)snprintf(destination, sizeof(destination), "%s:%s", x->format,
	    x->path);
	bool good =
	    report_write(&report_formats, &r, destination, to, &x->fault) &&
	    outputs_commit(to, &x->fault);

	outputs_free(to);
	return good;
}

static bool
write_export(struct export_job *x, const struct ledger *l)
{
	struct chosen c = { .places = NULL };
	struct audit_doc *doc = doc_of_ledger(&(struct audited){
	    .ledger = l,
	    .source = x->source,
	    .tool_version = x->version,
	});
	size_t n = 0;

	c.places = malloc((x->count > 0 ? x->count : 1) * sizeof(*c.places));
	if (doc == NULL || c.places == NULL) {
		doc_free(doc);
		free(c.places);
		return fail(&x->fault, "out of memory");
	}
	for (size_t i = 0; i < x->count; i++) {
		uint64_t id = ledger_id_of(l, x->packets[i]);

		if (id > 0)
			c.places[n++] = (size_t)id - 1;
	}
	qsort(c.places, n, sizeof(*c.places), by_place);
	c.whole = doc;
	c.doc = *doc;
	c.doc.count[DOC_FLOWS] = n;
	c.doc.item = chosen_item;
	c.doc.release = NULL;
	c.doc.inside = &c;
	bool good = write_chosen(x, &c);

	doc_free(doc);
	free(c.places);
	return good;
}

static void
job_run(struct view_job *j, const struct ledger *l, bool finished)
{
	struct export_job *x = (struct export_job *)j;

	(void)finished;
	x->good = write_export(x, l);
}

/* ---- on the screen's ---- */

static void
job_drop(struct view_job *j)
{
	struct export_job *x = (struct export_job *)j;

	free(x->packets);
	free(x);
}

static void
job_done(struct view_job *j, void *ctx)
{
	struct export_job *x = (struct export_job *)j;
	struct tui *t = ctx;

	t->exporting = false;
	if (x->good) {
		t->saved = true;
		tui_say(t, "%zu flow%s written to %s", x->count,
		    x->count == 1 ? "" : "s", x->path);
	} else {
		tui_complain(t, "%s", x->fault.text);
	}
	job_drop(j);
}

void
export_to(struct tui *t, const char *path)
{
	struct export_job *x;
	struct fault f = { "" };
	char destination[PROMPT_LINE + 24];

	(void)snprintf(destination, sizeof(destination), "%s:%s",
	    t->export_format, path);
	if (path[0] == '\0' || strcmp(path, "-") == 0) {
		tui_complain(t, "an export needs the name of a file");
		return;
	}
	if (!report_check(&report_formats, destination, &f)) {
		tui_complain(t, "%s", f.text);
		return;
	}
	x = calloc(1, sizeof(*x));
	if (x == NULL) {
		tui_complain(t, "out of memory");
		return;
	}
	x->job = (struct view_job){ job_run, job_done, job_drop, NULL };
	x->source = engine_source(t->o.engine);
	x->version = t->o.version;
	x->count = flows_chosen(t, &x->packets);
	(void)snprintf(x->format, sizeof(x->format), "%s", t->export_format);
	(void)snprintf(x->path, sizeof(x->path), "%s", path);
	if (x->packets == NULL) {
		free(x);
		tui_complain(t, "out of memory");
		return;
	}
	t->exporting = true;
	view_post(t->o.view, &x->job);
}

/* spanward-20261122-042700.json */
static void
suggest(const struct tui *t, const struct format *format,
    char path[PROMPT_LINE])
{
	time_t now = (time_t)(clock_now() / NS_PER_S);
	struct tm tm;
	char stamp[32] = "";
	size_t n = strcspn(format->extensions, " ");

	if (localtime_r(&now, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	(void)snprintf(path, PROMPT_LINE, "%.160s%sspanward-%s%.*s",
	    t->settings.folder, t->settings.folder[0] != '\0' ? "/" : "", stamp,
	    (int)n, format->extensions);
}

static void
pick_format(struct tui *t, unsigned item)
{
	const struct format *format = format_at(item);
	char path[PROMPT_LINE];
	bool lines = format != NULL &&
	    (strcmp(format->name, "ndjson") == 0 ||
		strcmp(format->name, "csv") == 0);

	if (format == NULL)
		return;
	if (t->status.phase != VIEW_DONE && !lines) {
		tui_complain(t,
		    "%s needs the sums of a finished audit: F9 stops reading, "
		    "or take ndjson or csv",
		    format->name);
		return;
	}
	(void)snprintf(t->export_format, sizeof(t->export_format), "%s",
	    format->name);
	suggest(t, format, path);
	tui_prompt(t, PROMPT_PATH, path);
}

void
export_ask(struct tui *t)
{
	size_t tags = store_tags(t->store);
	uint64_t *packets;
	size_t n = flows_chosen(t, &packets);
	char title[MENU_TEXT];

	free(packets);
	if (t->exporting) {
		tui_say(t, "an export is being written; one moment");
		return;
	}
	if (n == 0) {
		tui_say(t, "nothing to export: no flow is shown or tagged");
		return;
	}
	(void)snprintf(title, sizeof(title), "Export %zu %s flow%s", n,
	    tags > 0 ? "tagged" : "shown", n == 1 ? "" : "s");
	struct menu *m = tui_menu(t, title, pick_format);

	for (size_t i = 0; format_at(i) != NULL; i++)
		menu_add(m, false, "%-8s %s", format_at(i)->name,
		    format_at(i)->about);
}
