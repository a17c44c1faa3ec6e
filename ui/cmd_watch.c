/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spanward watch: the audit in a thread of its own, the terminal interface in
 * this one.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/log.h"
#include "report/flow_spool.h"
#include "ui/command.h"
#include "ui/reports.h"
#include "ui/setup.h"
#include "ui/terminal.h"
#include "ui/tui.h"

struct watch {
	const struct options *o;
	struct setup in;
	struct view *view;
	struct log_tail *log;
	struct spool *spool; /* live: what cannot be read again; or NULL */
	struct flow_spools *flows; /* that left memory; or NULL */
	int wake;
	pthread_t thread;
	bool running;
};

/* A signal handler has no argument. */
static volatile int stop_asked;
static volatile int wake_fd = -1;

static void
wake(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;
}

static void
stop(int number)
{
	int error = errno;

	stop_asked = number;
	if (wake_fd >= 0)
		wake(wake_fd);
	errno = error;
}

static void
take_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction a = { .sa_handler = stop };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigemptyset(&a.sa_mask);
	sigemptyset(&ignore.sa_mask);
	for (size_t i = 0; i < COUNT(ends); i++)
		sigaction(ends[i], &a, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static void
tell_news(void *ctx)
{
	const struct watch *w = ctx;

	wake(w->wake);
}

/* --- before the run ----------------------------------------------------- */

static bool
check(const struct options *o, struct fault *f)
{
	for (size_t i = 0; i < o->files.count; i++) {
		if (strcmp(o->files.list[i], "-") == 0)
			return fail(f,
			    "watch reads its keys from standard "
			    "input, so no packets: name a file");
	}
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (report_is_stdout(o->outputs.list[i]))
			return fail(f,
			    "watch draws on standard output, so no "
			    "report: name a file");
	}
	return setup_check(o, f) && reports_apart(o, f);
}

/* A live capture passes only once: its last packets are kept for an export. */
static void
open_spool(struct watch *w)
{
	struct fault f;

	if (!setup_is_once(w->o))
		return;
	w->spool = spool_new(LIMIT_WATCH_SPOOL_BYTES, &f);
	if (w->spool == NULL)
		log_warn("spool: %s", f.text);
}

/*
 * Flows that leave memory go to a temporary file where somebody may want them
 * in a report: asked for with -o, or of files, which end. A live capture may
 * go on for ever: without -o what is let go is in the sums alone.
 */
static bool
bound_memory(struct watch *w, struct periods_options *p, struct fault *f)
{
	const struct options *o = w->o;

	p->memory = o->memory > 0 ? o->memory : LIMIT_WATCH_BYTES;
	if (o->outputs.count == 0 && o->interface != NULL) {
		ledger_spool_nothing(&p->spool);
		return true;
	}
	w->flows = flow_spools_new(1, f);
	if (w->flows != NULL)
		flow_spools_hook(w->flows, &p->spool);
	return w->flows != NULL;
}

/* All paths are opened here, but those of exports: their names are not known
 * yet, and they may read the captures again. */
static bool
open_all(struct watch *w, struct fault *f)
{
	const struct options *o = w->o;

	for (size_t i = 0; i < o->outputs.count; i++) {
		if (!report_check(&report_formats, o->outputs.list[i], f))
			return false;
	}
	if (!setup_open(&w->in, o, f))
		return false;
	w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->view = view_new(tell_news, w);
	if (w->wake < 0 || w->view == NULL)
		return fail(f, "out of memory");
	open_spool(w);
	struct engine_options e = {
		.view = w->view,
		.see = w->spool != NULL ? spool_add : NULL,
		.see_ctx = w->spool,
	};

	if (!bound_memory(w, &e.periods, f) || !setup_engine(&w->in, &e, f))
		return false;
	if (w->flows != NULL)
		flow_spools_source(w->flows, engine_source(w->in.engine));
	return true;
}

/* --- the run ------------------------------------------------------------ */

static void
log_inputs(const struct watch *w)
{
	struct source *s = engine_source(w->in.engine);

	for (size_t i = 0; i < source_inputs(s); i++) {
		const struct source_input *in = source_input(s, i);

		if (in->trouble != NULL)
			log_warn("input: %s", in->trouble);
	}
}

static void *
audit_main(void *arg)
{
	struct watch *w = arg;

	engine_run(w->in.engine, NULL, NULL);
	log_inputs(w);
	while (view_serve(w->view))
		;
	return NULL;
}

/* The audit's thread leaves all signals to this one. */
static bool
start_audit(struct watch *w, struct fault *f)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->running = pthread_create(&w->thread, NULL, audit_main, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w->running || fail(f, "cannot start the audit: no memory");
}

/* With -o the audit is judged to its end and written. */
static void
end_audit(struct watch *w)
{
	if (!w->running)
		return;
	engine_stop(w->in.engine);
	if (w->o->outputs.count == 0)
		view_quit(w->view);
	else
		view_quit_when_done(w->view);
	pthread_join(w->thread, NULL);
	w->running = false;
}

static bool
write_all(const struct watch *w, const struct report *r, struct output_set *to,
    struct fault *f)
{
	const struct strings *outputs = &w->o->outputs;

	for (size_t i = 0; i < outputs->count; i++) {
		if (!report_write(&report_formats, r, outputs->list[i], to, f))
			return false;
	}
	return outputs_commit(to, f);
}

static bool
write_reports(const struct watch *w, struct fault *f)
{
	struct audit_doc *doc = doc_of_ledger(&(struct audited){
	    .ledger = engine_ledger(w->in.engine),
	    .source = engine_source(w->in.engine),
	    .tool_version = w->o->version,
	});
	struct report r = { .doc = doc, .verbose = w->o->verbose };
	struct output_set *to = outputs_new();
	bool good = doc != NULL && to != NULL
	    ? write_all(w, &r, to, f)
	    : fail(f, "the report could not be written: no memory");

	outputs_free(to);
	doc_free(doc);
	return good;
}

static bool
watch(struct watch *w, struct fault *f)
{
	struct tui_options t = {
		.view = w->view,
		.engine = w->in.engine,
		.log = w->log,
		.source = &w->in.source,
		.spool = w->spool,
		.version = w->o->version,
		.live = w->o->interface != NULL,
		.saved = w->o->outputs.count > 0,
		.spooled = w->flows != NULL,
		.wake = w->wake,
	};

	wake_fd = w->wake;
	take_signals();
	if (!start_audit(w, f))
		return false;
	bool good = tui_run(&t, &stop_asked, f);

	end_audit(w);
	return good && (w->o->outputs.count == 0 || write_reports(w, f));
}

/* What the log said of inputs that could not be read at all, for those who
 * see no log any more. */
static int
tell_unread(const struct watch *w)
{
	struct source *s = engine_source(w->in.engine);
	int status = STATUS_FINE;

	for (size_t i = 0; i < source_inputs(s); i++) {
		const struct source_input *in = source_input(s, i);

		if (in->unread)
			status = command_failed("%s", in->trouble);
	}
	return status;
}

static bool
open_and_watch(struct watch *w, struct fault *f)
{
	if (!terminal_check(f))
		return false;
	w->log = log_tail_new();
	if (w->log == NULL)
		return fail(f, "out of memory");
	return open_all(w, f) && watch(w, f);
}

static int
run(const struct options *o)
{
	struct watch w = { .o = o, .wake = -1 };
	struct fault f = { "" };
	int status;

	log_set_level(o->verbose ? LOG_DEBUG : LOG_INFO);
	bool good = open_and_watch(&w, &f);

	log_tail_free(w.log);
	status = good ? tell_unread(&w) : command_failed("%s", f.text);
	wake_fd = -1;
	setup_close(&w.in);
	flow_spools_free(w.flows);
	view_free(w.view);
	spool_free(w.spool);
	if (w.wake >= 0)
		close(w.wake);
	return status;
}

const struct command command_watch = {
	.name = "watch",
	.arguments = "(-r FILE ... | -i IFACE ...) [options] [capture filter]",
	.about = "look at captures or live traffic in the terminal",
	.letters = "ripkotsBfcdnv" OPTION_HELD OPTION_RIGHTS,
	.details =
	    "Keys: F1 tells them, q leaves. Settings are kept in\n"
	    "$XDG_CONFIG_HOME/spanward/watch.conf. Of a live capture the "
	    "last\n256 MB are kept in a temporary file, for exports of "
	    "packets.\n"
	    "Flows beyond --memory go to a temporary file, too, for "
	    "reports at\nthe end; those of a live capture without -o are "
	    "kept nowhere.\n"
	    "\n"
	    "Examples:\n"
	    "  spanward watch -r monday.pcapng\n"
	    "  spanward watch -r captures/ -p contoso.yaml\n"
	    "  sudo spanward watch -i eth0\n"
	    "\n"
	    "Exit status: 0 fine, 2 bad usage, bad policy, unreadable input or "
	    "no terminal.\n",
	.check = check,
	.run = run,
};
