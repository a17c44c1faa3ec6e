/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export of what is shown or tagged. The owner of the ledger writes it, with
 * the writers of every other report: a document whose flows are the chosen
 * ones. Packets are looked for by a thread of their own, as a capture may take
 * minutes to be read again.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "report/evidence_pcap.h"
#include "report/format.h"
#include "ui/tui.h"

static const struct format packets_format = { "pcapng", ".pcapng",
	"their packets, with comments", false, NULL };

struct export_job {
	struct view_job job;
	const struct format *format;
	struct tui_options o;
	uint64_t *packets; /* first packets of the chosen flows */
	size_t count;
	size_t written; /* of them; the others were let go */
	char path[PROMPT_LINE];
	bool good;
	struct fault fault;
	/* of packets */
	struct exhibit *exhibit;
	struct evidence_count found;
	pthread_t thread;
	bool running;
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
	(void)snprintf(destination, sizeof(destination), "%s:%s",
	    x->format->name, x->path);
	bool good =
	    report_write(&report_formats, &r, destination, to, &x->fault) &&
	    outputs_commit(to, &x->fault);

	outputs_free(to);
	return good;
}

/* Its place in the document; false: it is in none. */
static bool
place_of(const struct ledger *l, bool finished, uint64_t first_packet,
    size_t *place)
{
	const struct record *r;

	if (finished) {
		*place = (size_t)ledger_id_of(l, first_packet) - 1;
		return *place != SIZE_MAX;
	}
	r = ledger_find(l, first_packet);
	if (r != NULL)
		*place = (size_t)(r - ledger_record(l, 0));
	return r != NULL;
}

static bool
write_export(struct export_job *x, const struct ledger *l, bool finished)
{
	struct chosen c = { .places = NULL };
	struct audit_doc *doc = doc_of_ledger(&(struct audited){
	    .ledger = l,
	    .source = engine_source(x->o.engine),
	    .tool_version = x->o.version,
	});
	size_t n = 0;

	c.places = malloc((x->count > 0 ? x->count : 1) * sizeof(*c.places));
	if (doc == NULL || c.places == NULL) {
		doc_free(doc);
		free(c.places);
		return fail(&x->fault, "out of memory");
	}
	for (size_t i = 0; i < x->count; i++) {
		if (place_of(l, finished, x->packets[i], &c.places[n]))
			n++;
	}
	x->written = n;
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

	if (x->format != &packets_format) {
		x->good = write_export(x, l, finished);
		return;
	}
	x->exhibit = exhibit_new(
	    &(struct evidence_job){
		.ledger = l,
		.audited = engine_source(x->o.engine),
		.again = *x->o.source,
		.spool = x->o.spool,
		.version = x->o.version,
		.chosen = x->packets,
		.chosen_count = x->count,
		.most_packets = UINT64_MAX,
		.whole = finished,
	    },
	    &x->fault);
	x->good = x->exhibit != NULL;
}

/* ---- on a thread of its own ---- */

static bool
write_packets(struct export_job *x)
{
	struct output_set *to = outputs_new();
	struct fault *f = &x->fault, late;
	FILE *out = to != NULL ? outputs_open(to, x->path, f) : NULL;
	bool good = out != NULL && exhibit_write(x->exhibit, out, &x->found, f);

	if (to == NULL)
		return fail(f, "out of memory");
	/* A sentence of its own says more than errno. */
	if (out != NULL)
		good = outputs_close(to, out, good,
		    !good && f->text[0] != '\0' ? &late : f);
	good = good && outputs_commit(to, f);
	outputs_free(to);
	return good;
}

static void *
packets_main(void *arg)
{
	struct export_job *x = arg;

	x->good = write_packets(x);
	view_answer(x->o.view, &x->job);
	return NULL;
}

/* ---- on the screen's ---- */

static void
job_drop(struct view_job *j)
{
	struct export_job *x = (struct export_job *)j;

	exhibit_free(x->exhibit);
	free(x->packets);
	free(x);
}

static void
tell_packets(struct tui *t, const struct export_job *x)
{
	const struct evidence_count *c = &x->found;
	char lost[160] = "";

	if (c->gone > 0)
		(void)snprintf(lost, sizeof(lost),
		    "; of %" PRIu64 " flow%s nothing is there any more",
		    c->gone, c->gone == 1 ? "" : "s");
	else if (c->missing > 0)
		(void)snprintf(lost, sizeof(lost),
		    "; %" PRIu64 " decisive packet%s no longer there",
		    c->missing, c->missing == 1 ? " is" : "s are");
	if (c->left_out > 0)
		(void)snprintf(lost, sizeof(lost),
		    "; %" PRIu64 " more flows are left out", c->left_out);
	if (lost[0] != '\0')
		tui_complain(t, "%" PRIu64 " packets written to %s%s",
		    c->packets, x->path, lost);
	else
		tui_say(t,
		    "%" PRIu64 " packet%s of %" PRIu64 " flow%s written to %s",
		    c->packets, c->packets == 1 ? "" : "s", c->flows,
		    c->flows == 1 ? "" : "s", x->path);
}

static void
packets_done(struct view_job *j, void *ctx)
{
	struct export_job *x = (struct export_job *)j;
	struct tui *t = ctx;

	(void)pthread_join(x->thread, NULL);
	t->exporting = NULL;
	if (x->good)
		tell_packets(t, x);
	else
		tui_complain(t, "%s", x->fault.text);
	job_drop(j);
}

static void
job_done(struct view_job *j, void *ctx)
{
	struct export_job *x = (struct export_job *)j;
	struct tui *t = ctx;

	if (x->good && x->format == &packets_format) {
		x->job.done = packets_done;
		x->running =
		    pthread_create(&x->thread, NULL, packets_main, x) == 0;
		if (x->running)
			return;
		x->good = fail(&x->fault, "out of memory");
	}
	t->exporting = NULL;
	if (x->good && x->written < x->count) {
		t->saved = x->written > 0;
		tui_complain(t,
		    "%zu flow%s written to %s; %zu %s let go before",
		    x->written, x->written == 1 ? "" : "s", x->path,
		    x->count - x->written,
		    x->count - x->written == 1 ? "was" : "were");
	} else if (x->good) {
		t->saved = true;
		tui_say(t, "%zu flow%s written to %s", x->count,
		    x->count == 1 ? "" : "s", x->path);
	} else {
		tui_complain(t, "%s", x->fault.text);
	}
	job_drop(j);
}

void
export_end(struct tui *t)
{
	struct export_job *x = t->exporting;

	if (x == NULL || !x->running)
		return;
	exhibit_stop(x->exhibit);
	(void)pthread_join(x->thread, NULL);
}

/* The flows to write and where, or NULL with a complaint. */
static struct export_job *
job_new(struct tui *t, const char *path)
{
	struct export_job *x = calloc(1, sizeof(*x));

	if (x != NULL)
		x->count = flows_chosen(t, &x->packets);
	if (x == NULL || x->packets == NULL) {
		free(x);
		tui_complain(t, "out of memory");
		return NULL;
	}
	x->job = (struct view_job){ job_run, job_done, job_drop, NULL };
	x->o = t->o;
	x->format = t->export_format;
	(void)snprintf(x->path, sizeof(x->path), "%s", path);
	return x;
}

static bool
check_path(const struct format *format, const char *path, struct fault *f)
{
	char destination[PROMPT_LINE + 24];

	if (path[0] == '\0' || strcmp(path, "-") == 0)
		return fail(f, "an export needs the name of a file");
	if (format == &packets_format)
		return outputs_check(path, f);
	(void)snprintf(destination, sizeof(destination), "%s:%s", format->name,
	    path);
	return report_check(&report_formats, destination, f);
}

void
export_to(struct tui *t, const char *path)
{
	struct fault f = { "" };
	struct export_job *x;

	errno = 0;
	if (!check_path(t->export_format, path, &f)) {
		/* Who gave up rights writes only where that was foreseen. */
		tui_complain(t, "%s%s", f.text,
		    errno == EACCES
			? "; exports go to the folder watch began in, or to "
			  "that of the settings"
			: "");
		return;
	}
	x = job_new(t, path);
	if (x == NULL)
		return;
	t->exporting = x;
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

/* Formats of reports, then that of packets. */
static const struct format *
choice(size_t i)
{
	size_t reports = 0;

	while (format_at(reports) != NULL)
		reports++;
	return i == reports ? &packets_format : format_at(i);
}

static bool
can_write(struct tui *t, const struct format *format)
{
	if (format == &packets_format) {
		if (t->o.live && t->o.spool == NULL)
			tui_complain(t,
			    "no packets: they could not be kept; the log "
			    "says why");
		return !t->o.live || t->o.spool != NULL;
	}
	if (t->status.phase == VIEW_DONE ||
	    strcmp(format->name, "ndjson") == 0 ||
	    strcmp(format->name, "csv") == 0)
		return true;
	tui_complain(t,
	    "%s needs the sums of a finished audit: F9 stops reading, "
	    "or take ndjson, csv or pcapng",
	    format->name);
	return false;
}

static void
pick_format(struct tui *t, unsigned item)
{
	const struct format *format = choice(item);
	char path[PROMPT_LINE];

	if (format == NULL || !can_write(t, format))
		return;
	t->export_format = format;
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
	if (t->exporting != NULL) {
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

	for (size_t i = 0; choice(i) != NULL; i++)
		menu_add(m, false, "%-8s %s", choice(i)->name,
		    choice(i)->about);
}
