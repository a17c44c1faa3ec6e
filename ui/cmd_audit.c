/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spanward audit: options, policy, key logs, sources, the run, the reports.
 * Everything that can be wrong is found before the first packet is read.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/engine.h"
#include "core/limits.h"
#include "core/log.h"
#include "report/evidence_pcap.h"
#include "ui/command.h"
#include "ui/progress.h"
#include "ui/reports.h"

/* What an audit holds while it runs. */
struct audit {
	const struct options *o;
	struct policy *policy;
	struct keylog *keylog;
	struct engine *engine;
	struct signer *signer; /* NULL: nothing is signed */
	struct source_options source;
	struct spool *spool; /* for -w, where nothing can be read again */
	char *filter;
};

/* A signal handler has no argument. */
static struct engine *volatile engine_in_hand;

static void
stop(int signal)
{
	struct engine *e = engine_in_hand;

	(void)signal;
	if (e != NULL)
		engine_stop(e);
}

/* The first stops the capture, and the report follows; the second ends. */
static void
take_signals(void)
{
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
}

/* --- before the run ----------------------------------------------------- */

static bool
is_file(const char *word)
{
	struct stat st;

	return stat(word, &st) == 0 && S_ISREG(st.st_mode);
}

/* -r *.pcap gives the shell's other files as words. */
static bool
check_words(const struct options *o, struct fault *f)
{
	for (size_t i = 0; i < o->words.count; i++) {
		const char *word = o->words.list[i];

		if (!is_file(word))
			continue;
		return fail(f,
		    "'%s' is a file and not a filter: put -r before every "
		    "file, or name their folder",
		    word);
	}
	if (o->filter != NULL && o->words.count > 0)
		return fail(f, "the filter is given twice: '%s' and '%s'",
		    o->filter, o->words.list[0]);
	return true;
}

static bool
check(const struct options *o, struct fault *f)
{
	if (!check_words(o, f) || !reports_apart(o, f))
		return false;
	if (o->files.count > 0 && o->interface != NULL)
		return fail(f, "-r and -i exclude each other");
	if (o->files.count == 0 && o->interface == NULL)
		return fail(f, "nothing to audit: give -r FILE or -i IFACE");
	if (o->duration != 0 && o->interface == NULL)
		return fail(f,
		    "-d ends a live capture; a file ends by "
		    "itself");
	if (o->quiet && o->verbose)
		return fail(f, "-q and -v exclude each other");
	return true;
}

static bool
open_keys(struct audit *a, struct fault *f)
{
	a->keylog = keylog_new();
	if (a->keylog == NULL)
		return fail(f, "out of memory");
	for (size_t i = 0; i < a->o->keys.count; i++) {
		if (!keylog_open(a->keylog, a->o->keys.list[i], f))
			return false;
	}
	if (a->o->keys.count > 0 && keylog_count(a->keylog) == 0 &&
	    a->o->interface == NULL)
		log_warn("keys: the key log holds no secret");
	return true;
}

static unsigned
default_workers(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n <= 2)
		return 1;
	return n - 1 < LIMIT_WORKERS ? (unsigned)(n - 1) : LIMIT_WORKERS;
}

/* Files are read again for -w; what passes only once is kept. */
static bool
open_spool(struct audit *a, struct fault *f)
{
	const struct options *o = a->o;
	bool once = o->interface != NULL;

	for (size_t i = 0; i < o->files.count; i++)
		once |= strcmp(o->files.list[i], "-") == 0;
	if (o->evidence == NULL || !once)
		return true;
	a->spool = spool_new(LIMIT_SPOOL_BYTES, f);
	return a->spool != NULL;
}

static bool
open_engine(struct audit *a, struct fault *f)
{
	const struct options *o = a->o;
	struct engine_options e = {
		.policy = a->policy,
		.keylog = a->keylog,
		.workers = o->workers > 0 ? o->workers : default_workers(),
		.see = a->spool != NULL ? spool_add : NULL,
		.see_ctx = a->spool,
	};

	a->source = (struct source_options){
		.files = o->files.list,
		.file_count = o->files.count,
		.interface = o->interface,
		.filter = o->filter,
		.snaplen = o->snaplen,
		.most_packets = o->count,
		.duration = o->duration,
	};
	if (o->words.count > 0) {
		a->filter = options_words(o);
		if (a->filter == NULL)
			return fail(f, "out of memory");
		a->source.filter = a->filter;
	}
	e.source = a->source;
	a->engine = engine_new(&e, f);
	return a->engine != NULL;
}

static bool
start(struct audit *a, struct fault *f)
{
	const struct options *o = a->o;

	if (o->evidence != NULL && !outputs_check(o->evidence, f))
		return false;
	if (!reports_check(o, &report_formats, &a->signer, f))
		return false;
	a->policy = policy_load(o->policy != NULL ? o->policy : "lync-2013", f);
	return a->policy != NULL && open_keys(a, f) && open_spool(a, f) &&
	    open_engine(a, f);
}

/* --- after the run ------------------------------------------------------ */

/* What could not be read, or not to its end. */
static void
tell_inputs(const struct audit *a)
{
	struct source *s = engine_source(a->engine);

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
	struct source *s = engine_source(a->engine);

	for (size_t i = 0; i < source_inputs(s); i++) {
		if (!source_input(s, i)->unread)
			return false;
	}
	return source_inputs(s) > 0;
}

static bool
any_unread(const struct audit *a)
{
	struct source *s = engine_source(a->engine);

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
	const struct policy *p = a->policy;
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
tell_evidence(const struct audit *a, const struct evidence_count *c)
{
	if (c->missing > 0)
		log_warn("evidence: %" PRIu64 " decisive packets are no longer "
			 "there: more was captured than could be kept",
		    c->missing);
	if (c->left_out > 0)
		log_warn("evidence: %" PRIu64 " more violating flows are not "
			 "in %s",
		    c->left_out, a->o->evidence);
	if (c->flows == 0)
		log_warn("evidence: no flow violates the policy: %s holds no "
			 "packet",
		    a->o->evidence);
}

static bool
write_evidence(void *ctx, struct output_set *to, struct fault *f)
{
	const struct audit *a = ctx;
	struct evidence_job j = {
		.ledger = engine_ledger(a->engine),
		.audited = engine_source(a->engine),
		.again = a->source,
		.spool = a->spool,
		.version = a->o->version,
	};
	struct evidence_count c;
	struct fault late;
	FILE *out = outputs_open(to, a->o->evidence, f);

	if (out == NULL)
		return false;
	bool good = evidence_write(&j, out, &c, f);

	/* A sentence of its own says more than errno. */
	if (!good && f->text[0] != '\0')
		return outputs_close(to, out, false, &late) && good;
	if (!outputs_close(to, out, good, f))
		return false;
	tell_evidence(a, &c);
	return true;
}

static bool
write_reports(struct audit *a, struct fault *f)
{
	struct audit_doc *doc = doc_of_ledger(&(struct audited){
	    .ledger = engine_ledger(a->engine),
	    .source = engine_source(a->engine),
	    .tool_version = a->o->version,
	});
	struct report r = { .doc = doc, .verbose = a->o->verbose };
	size_t n;
	struct manifest_file *files = list_files(a, &n);
	struct publication p = {
		.o = a->o,
		.formats = &report_formats,
		.report = &r,
		.signer = a->signer,
		.manifest = { doc, files, n, a->o->version },
		.more = a->o->evidence != NULL ? write_evidence : NULL,
		.ctx = a,
	};
	bool good = doc != NULL && files != NULL
	    ? reports_publish(&p, f)
	    : fail(f, "the report could not be written: no memory");

	free(files);
	doc_free(doc);
	return good;
}

/* On a terminal that got no report, one line. */
static void
tell_sum(const struct audit *a)
{
	const struct summary *s = ledger_summary(engine_ledger(a->engine));
	uint64_t bad = s->by_verdict[VERDICT_VIOLATION];

	for (size_t i = 0; i < a->o->outputs.count; i++) {
		if (report_is_stdout(a->o->outputs.list[i]))
			return;
	}
	if (a->o->quiet || a->o->outputs.count == 0 || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr,
	    "spanward: %" PRIu64 " flow%s, %" PRIu64 " violation%s, %" PRIu64
	    " undetermined\n",
	    s->flows, s->flows == 1 ? "" : "s", bad, bad == 1 ? "" : "s",
	    s->by_verdict[VERDICT_UNDETERMINED]);
}

/*
 * An input that could not be read at all outweighs what others showed. One
 * that broke off was audited up to there; a warning and the report say so.
 */
static int
status_of(const struct audit *a)
{
	const struct summary *s = ledger_summary(engine_ledger(a->engine));

	if (any_unread(a))
		return STATUS_TROUBLE;
	if (s->by_verdict[VERDICT_VIOLATION] > 0)
		return STATUS_VIOLATION;
	if (a->o->strict && s->by_verdict[VERDICT_UNDETERMINED] > 0)
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
	if (!write_reports(a, &f))
		return command_failed("%s", f.text);
	tell_sum(a);
	return status_of(a);
}

static void
run_engine(struct audit *a)
{
	struct progress *p = a->o->quiet ? NULL : progress_new();

	engine_in_hand = a->engine;
	take_signals();
	engine_run(a->engine, p != NULL ? progress_tick : NULL, p);
	progress_free(p);
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
	if (a.engine != NULL)
		engine_free(a.engine);
	keylog_free(a.keylog);
	policy_free(a.policy);
	signer_free(a.signer);
	spool_free(a.spool);
	free(a.filter);
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
	.arguments = "(-r FILE ... | -i IFACE) [options] [capture filter]",
	.about = "audit captures or live traffic and report",
	.letters = "ripkowtsfcdnqv" OPTION_STRICT OPTION_SIGN,
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
