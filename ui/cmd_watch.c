/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spanward watch: the audit in a thread of its own, the terminal interface in
 * this one.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/log.h"
#include "ui/command.h"
#include "ui/reports.h"
#include "ui/terminal.h"
#include "ui/tui.h"

struct watch {
	const struct options *o;
	struct policy *policy;
	struct keylog *keylog;
	struct view *view;
	struct engine *engine;
	struct log_tail *log;
	char *filter;
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
	struct stat st;

	if (o->files.count > 0 && o->interface != NULL)
		return fail(f, "-r and -i exclude each other");
	if (o->files.count == 0 && o->interface == NULL)
		return fail(f, "nothing to watch: give -r FILE or -i IFACE");
	if (o->duration != 0 && o->interface == NULL)
		return fail(f, "-d ends a live capture; a file ends by itself");
	if (o->filter != NULL && o->words.count > 0)
		return fail(f, "the filter is given twice: '%s' and '%s'",
		    o->filter, o->words.list[0]);
	for (size_t i = 0; i < o->files.count; i++) {
		if (strcmp(o->files.list[i], "-") == 0)
			return fail(f,
			    "watch reads its keys from standard "
			    "input, so no packets: name a file");
	}
	for (size_t i = 0; i < o->words.count; i++) {
		if (stat(o->words.list[i], &st) == 0 && S_ISREG(st.st_mode))
			return fail(f,
			    "'%s' is a file and not a filter: put -r before "
			    "every file, or name their folder",
			    o->words.list[i]);
	}
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (report_is_stdout(o->outputs.list[i]))
			return fail(f,
			    "watch draws on standard output, so no "
			    "report: name a file");
	}
	return reports_apart(o, f);
}

static bool
open_keys(struct watch *w, struct fault *f)
{
	w->keylog = keylog_new();
	if (w->keylog == NULL)
		return fail(f, "out of memory");
	for (size_t i = 0; i < w->o->keys.count; i++) {
		if (!keylog_open(w->keylog, w->o->keys.list[i], f))
			return false;
	}
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

static bool
open_engine(struct watch *w, struct fault *f)
{
	const struct options *o = w->o;
	struct engine_options e = {
		.source = {
			.files = o->files.list,
			.file_count = o->files.count,
			.interface = o->interface,
			.filter = o->filter,
			.snaplen = o->snaplen,
			.most_packets = o->count,
			.duration = o->duration,
		},
		.policy = w->policy,
		.keylog = w->keylog,
		.workers = o->workers > 0 ? o->workers : default_workers(),
		.view = w->view,
	};

	if (o->words.count > 0) {
		w->filter = options_words(o);
		if (w->filter == NULL)
			return fail(f, "out of memory");
		e.source.filter = w->filter;
	}
	w->engine = engine_new(&e, f);
	return w->engine != NULL;
}

static bool
open_all(struct watch *w, struct fault *f)
{
	const struct options *o = w->o;

	if (!terminal_check(f))
		return false;
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (!report_check(&report_formats, o->outputs.list[i], f))
			return false;
	}
	w->policy = policy_load(o->policy != NULL ? o->policy : "lync-2013", f);
	if (w->policy == NULL || !open_keys(w, f))
		return false;
	w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->view = view_new(tell_news, w);
	if (w->wake < 0 || w->view == NULL)
		return fail(f, "out of memory");
	return open_engine(w, f);
}

/* --- the run ------------------------------------------------------------ */

static void *
audit_main(void *arg)
{
	struct watch *w = arg;

	engine_run(w->engine, NULL, NULL);
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
	engine_stop(w->engine);
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
	    .ledger = engine_ledger(w->engine),
	    .source = engine_source(w->engine),
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
		.engine = w->engine,
		.log = w->log,
		.version = w->o->version,
		.live = w->o->interface != NULL,
		.saved = w->o->outputs.count > 0,
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

static int
run(const struct options *o)
{
	struct watch w = { .o = o, .wake = -1 };
	struct fault f = { "" };
	int status = STATUS_FINE;

	log_set_level(o->verbose ? LOG_INFO : LOG_WARN);
	if (!open_all(&w, &f)) {
		status = command_failed("%s", f.text);
	} else {
		w.log = log_tail_new();
		bool good =
		    w.log != NULL ? watch(&w, &f) : fail(&f, "out of memory");

		log_tail_free(w.log);
		if (!good)
			status = command_failed("%s", f.text);
	}
	wake_fd = -1;
	if (w.engine != NULL)
		engine_free(w.engine);
	view_free(w.view);
	keylog_free(w.keylog);
	policy_free(w.policy);
	free(w.filter);
	if (w.wake >= 0)
		close(w.wake);
	return status;
}

const struct command command_watch = {
	.name = "watch",
	.arguments = "(-r FILE ... | -i IFACE) [options] [capture filter]",
	.about = "look at captures or live traffic in the terminal",
	.letters = "ripkotsfcdnv",
	.details =
	    "Keys: F1 tells them, q leaves. Settings are kept in\n"
	    "$XDG_CONFIG_HOME/spanward/watch.conf.\n"
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
