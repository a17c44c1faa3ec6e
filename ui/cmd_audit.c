/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spanward audit: options, policy, key logs, sources, the run, the reports.
 * Everything that can be wrong is found before the first packet is read.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/log.h"
#include "report/evidence_pcap.h"
#include "ui/command.h"
#include "ui/longrun.h"
#include "ui/progress.h"
#include "ui/reports.h"
#include "ui/setup.h"

/* What an audit holds while it runs. */
struct audit {
	const struct options *o;
	struct setup in;
	struct signer *signer; /* NULL: nothing is signed */
	struct spool *spool;   /* for -w, where nothing can be read again */
	struct longrun *longrun;
	struct progress *progress; /* NULL: none is drawn */
};

/* The reports of one period. */
struct chapter {
	struct audit *a;
	const struct options *o; /* with its names */
	const struct ledger *ledger;
	bool whole; /* all that was read is in it, or nothing was read yet */
};

/* A signal handler has no argument. */
static struct engine *volatile engine_in_hand;
static struct longrun *volatile longrun_in_hand;

static void
stop(int signal)
{
	struct engine *e = engine_in_hand;

	(void)signal;
	if (e != NULL)
		engine_stop(e);
}

/* A report now; a new period and a new journal. */
static void
take_wish(int signal)
{
	struct longrun *r = longrun_in_hand;

	if (r != NULL && signal == SIGUSR1)
		longrun_ask(r);
	if (r != NULL && signal == SIGHUP)
		longrun_turn(r);
}

/* The first stops the capture, and the report follows; the second ends. A
 * terminal that hangs up ends what has no use for SIGHUP. */
static void
take_signals(bool turns)
{
	struct sigaction wish = {
		.sa_handler = take_wish,
		.sa_flags = SA_RESTART,
	};
	struct sigaction once = {
		.sa_handler = stop,
		.sa_flags = (int)SA_RESETHAND | SA_RESTART,
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigemptyset(&once.sa_mask);
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGINT, &once, NULL);
	sigaction(SIGTERM, &once, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&wish.sa_mask);
	sigaction(SIGUSR1, &wish, NULL);
	if (turns)
		sigaction(SIGHUP, &wish, NULL);
}

/* --- before the run ----------------------------------------------------- */

static bool
check(const struct options *o, struct fault *f)
{
	if (o->quiet && o->verbose)
		return fail(f, "-q and -v exclude each other");
	return setup_check(o, f) && reports_apart(o, f);
}

/* Files are read again for -w; what passes only once is kept. */
static bool
open_spool(struct audit *a, struct fault *f)
{
	if (a->o->evidence == NULL || !setup_is_once(a->o))
		return true;
	a->spool = spool_new(LIMIT_SPOOL_BYTES, f);
	return a->spool != NULL;
}

static bool write_reports(void *ctx, const struct options *o,
    const struct period *p, struct fault *f);

static bool
open_engine(struct audit *a, struct fault *f)
{
	struct engine_options e = {
		.see = a->spool != NULL ? spool_add : NULL,
		.see_ctx = a->spool,
	};

	a->longrun = longrun_new(a->o, write_reports, a, f);
	if (a->longrun == NULL)
		return false;
	longrun_hook(a->longrun, &e);
	return setup_engine(&a->in, &e, f);
}

/* Reading them once more, beside the audit, is for who is told of it. */
static bool
asks_for_hashes(const struct options *o)
{
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (report_shows_inputs(&report_formats, o->outputs.list[i]))
			return true;
	}
	return o->sign != NULL || o->evidence != NULL || o->journal != NULL;
}

/* All paths are opened here; later nothing is. */
static bool
start(struct audit *a, struct fault *f)
{
	const struct options *o = a->o;

	if (o->evidence != NULL && !outputs_check(o->evidence, f))
		return false;
	if (!reports_check(o, &report_formats, &a->signer, f))
		return false;
	if (!setup_open(&a->in, o, f))
		return false;
	a->in.source.hash = asks_for_hashes(o);
	return open_spool(a, f) && open_engine(a, f);
}

/* --- after the run ------------------------------------------------------ */

/* What could not be read, or not to its end. */
static void
tell_inputs(const struct audit *a)
{
	struct source *s = engine_source(a->in.engine);

	for (size_t i = 0; i < source_inputs(s); i++) {
		const struct source_input *in = source_input(s, i);

		if (in->trouble != NULL)
			(void)command_failed("%s%s",
			    in->unread ? "" : "warning: ", in->trouble);
	}
}

static bool
all_unread(const struct audit *a)
{
	struct source *s = engine_source(a->in.engine);

	for (size_t i = 0; i < source_inputs(s); i++) {
		if (!source_input(s, i)->unread)
			return false;
	}
	return source_inputs(s) > 0;
}

static bool
any_unread(const struct audit *a)
{
	struct source *s = engine_source(a->in.engine);

	for (size_t i = 0; i < source_inputs(s); i++) {
		if (source_input(s, i)->unread)
			return true;
	}
	return false;
}

/* Files the verdicts rest on, beside the captures. */
static struct manifest_file *
list_files(const struct audit *a, size_t *n)
{
	const struct policy *p = a->in.policy;
	struct manifest_file *list = calloc(
	    1 + p->ca_count + p->crl_count + a->o->keys.count, sizeof(*list));

	*n = 0;
	if (list == NULL)
		return NULL;
	if (p->path != NULL)
		list[(*n)++] = (struct manifest_file){ "policy", p->path };
	for (size_t i = 0; i < p->ca_count; i++)
		list[(*n)++] = (struct manifest_file){ "trust", p->ca[i] };
	for (size_t i = 0; i < p->crl_count; i++)
		list[(*n)++] = (struct manifest_file){ "trust", p->crl[i] };
	for (size_t i = 0; i < a->o->keys.count; i++)
		list[(*n)++] =
		    (struct manifest_file){ "keys", a->o->keys.list[i] };
	return list;
}

static void
tell_evidence(const char *name, const struct evidence_count *c)
{
	if (c->missing > 0)
		log_warn("evidence: %" PRIu64 " decisive packets are no longer "
			 "there: more was captured than could be kept",
		    c->missing);
	if (c->left_out > 0)
		log_warn("evidence: %" PRIu64 " more violating flows are not "
			 "in %s",
		    c->left_out, name);
	if (c->flows == 0)
		log_warn("evidence: no flow violates the policy: %s holds no "
			 "packet",
		    name);
}

static bool
write_packets(const struct chapter *c, FILE *out, struct fault *f)
{
	const struct audit *a = c->a;
	struct exhibit *e = exhibit_new(
	    &(struct evidence_job){
		.ledger = c->ledger,
		.audited = engine_source(a->in.engine),
		.again = a->in.source,
		.spool = a->spool,
		.version = a->o->version,
		.most_packets = LIMIT_EVIDENCE_PACKETS,
		.whole = c->whole,
	    },
	    f);
	struct evidence_count count;
	bool good = e != NULL && exhibit_write(e, out, &count, f);

	exhibit_free(e);
	if (good)
		tell_evidence(c->o->evidence, &count);
	return good;
}

static bool
write_evidence(void *ctx, struct output_set *to, struct fault *f)
{
	const struct chapter *c = ctx;
	struct fault late;
	FILE *out = outputs_open(to, c->o->evidence, f);

	if (out == NULL)
		return false;
	bool good = write_packets(c, out, f);

	/* A sentence of its own says more than errno. */
	if (!good && f->text[0] != '\0')
		return outputs_close(to, out, false, &late) && good;
	return outputs_close(to, out, good, f);
}

/* `p` is NULL where the run has but one period. */
static bool
write_reports(void *ctx, const struct options *o, const struct period *p,
    struct fault *f)
{
	struct audit *a = ctx;
	struct chapter c = {
		.a = a,
		.o = o,
		.ledger = p != NULL ? p->ledger : engine_ledger(a->in.engine),
		.whole = p == NULL,
	};
	struct audit_doc *doc = doc_of_ledger(&(struct audited){
	    .ledger = c.ledger,
	    .source = engine_source(a->in.engine),
	    .tool_version = o->version,
	    .period = p,
	});
	struct report r = { .doc = doc, .verbose = o->verbose };
	size_t n;
	struct manifest_file *files = list_files(a, &n);
	struct publication out = {
		.o = o,
		.formats = &report_formats,
		.report = &r,
		.signer = a->signer,
		.manifest = { doc, files, n, o->version },
		.more = o->evidence != NULL ? write_evidence : NULL,
		.ctx = &c,
	};
	bool good = doc != NULL && files != NULL
	    ? reports_publish(&out, f)
	    : fail(f, "the report could not be written: no memory");

	free(files);
	doc_free(doc);
	return good;
}

/* On a terminal that got no report, one line. */
static void
tell_sum(const struct audit *a)
{
	const uint64_t *by_verdict = longrun_verdicts(a->longrun);
	uint64_t bad = by_verdict[VERDICT_VIOLATION], flows = 0;

	for (int v = 0; v < VERDICTS; v++)
		flows += by_verdict[v];

	for (size_t i = 0; i < a->o->outputs.count; i++) {
		if (report_is_stdout(a->o->outputs.list[i]))
			return;
	}
	if (a->o->quiet || a->o->outputs.count == 0 || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr,
	    "spanward: %" PRIu64 " flow%s, %" PRIu64 " violation%s, %" PRIu64
	    " undetermined\n",
	    flows, flows == 1 ? "" : "s", bad, bad == 1 ? "" : "s",
	    by_verdict[VERDICT_UNDETERMINED]);
}

/*
 * An input that could not be read at all outweighs what others showed. One
 * that broke off was audited up to there; a warning and the report say so.
 */
static int
status_of(const struct audit *a)
{
	const uint64_t *by_verdict = longrun_verdicts(a->longrun);

	if (any_unread(a))
		return STATUS_TROUBLE;
	if (by_verdict[VERDICT_VIOLATION] > 0)
		return STATUS_VIOLATION;
	if (a->o->strict && by_verdict[VERDICT_UNDETERMINED] > 0)
		return STATUS_UNDETERMINED;
	return STATUS_FINE;
}

static int
finish(struct audit *a)
{
	struct fault f = { "" };

	tell_inputs(a);
	if (all_unread(a))
		return STATUS_TROUBLE;
	if (!longrun_last(a->longrun, &f))
		return command_failed("%s", f.text);
	tell_sum(a);
	return status_of(a);
}

static void
tick(void *ctx, const struct engine_progress *now)
{
	struct audit *a = ctx;

	longrun_tick(a->longrun, now);
	if (a->progress != NULL)
		progress_tick(a->progress, now);
}

static void
run_engine(struct audit *a)
{
	const struct options *o = a->o;

	a->progress = o->quiet ? NULL : progress_new();
	engine_in_hand = a->in.engine;
	longrun_in_hand = a->longrun;
	/* Before the journal begins, which tells others that it runs. */
	take_signals(
	    o->journal != NULL || o->rotate_every > 0 || o->rotate_bytes > 0);
	longrun_begin(a->longrun, a->in.engine);
	engine_run(a->in.engine, tick, a);
	progress_free(a->progress);
}

static int
run(const struct options *o)
{
	struct audit a = { .o = o };
	struct fault f = { "" };
	int status;

	if (o->quiet)
		log_set_level(LOG_ERROR);
	else
		log_set_level(o->verbose ? LOG_INFO : LOG_WARN);
	if (start(&a, &f)) {
		run_engine(&a);
		status = finish(&a);
	} else {
		status = command_failed("%s", f.text);
	}
	engine_in_hand = NULL;
	longrun_in_hand = NULL;
	setup_close(&a.in);
	signer_free(a.signer);
	spool_free(a.spool);
	longrun_free(a.longrun);
	return status;
}

static void
help_formats(FILE *out)
{
	fputs("\nReport formats:\n", out);
	for (size_t i = 0; format_at(i) != NULL; i++) {
		const struct format *x = format_at(i);

		fprintf(out, "  %-7s %-16s %s\n", x->name, x->extensions,
		    x->about);
	}
}

const struct command command_audit = {
	.name = "audit",
	.arguments = "(-r FILE ... | -i IFACE ...) [options] [capture filter]",
	.about = "audit captures or live traffic and report",
	.letters = "ripkowtsBfcdnqv" OPTION_LONG OPTION_STRICT OPTION_SIGN
	    OPTION_RIGHTS,
	.details =
	    "Examples:\n"
	    "  spanward audit -r monday.pcapng\n"
	    "  spanward audit -r captures/ -p contoso.yaml -o audit.json\n"
	    "  spanward audit -r a.pcap -k keys.log -o ndjson:- | jq .\n"
	    "  sudo spanward audit -i eth0 -d 1h -o text:- -o day.csv tcp or "
	    "udp\n"
	    "\n"
	    "Exit status:\n"
	    "  0  no violation\n"
	    "  1  at least one violation\n"
	    "  2  bad usage, bad policy, or input that could not be read\n"
	    "  3  with --strict: no violation, but something undetermined\n",
	.more = help_formats,
	.check = check,
	.run = run,
};
