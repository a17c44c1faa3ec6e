/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - runs an audit: reader, workers, auditor, and their threads.
 *
 * With one worker everything runs in the calling thread. engine_run() returns
 * when the source has ended or engine_stop() was called; then the ledger is
 * finished and constant.
 */
#ifndef AUDIT_ENGINE_H
#define AUDIT_ENGINE_H

#include "audit/period.h"
#include "audit/rotation.h"
#include "audit/view.h"
#include "capture/source.h"
#include "dissect/keylog.h"

struct engine;

struct engine_options {
	struct source_options source;
	const struct policy *policy; /* lent */
	struct keylog *keylog;       /* lent; or NULL */
	unsigned workers;            /* at least 1 */
	struct view *view; /* lent: who watches while it runs; or NULL */
	/* Sees every packet before it is decoded, on the reader's thread; or
	 * NULL. */
	void (*see)(void *ctx, const struct packet *p);
	void *see_ctx;
	/* Of a long run: when its periods end, and who takes them; policy,
	 * workers and patience of `periods` are filled in. */
	struct rotation rotation;
	struct periods_options periods;
	/* Called once: interfaces are open, files are not, nothing of either
	 * was read, and no thread is started. False ends the start. Or NULL. */
	bool (*ready)(void *ctx, struct fault *f);
	void *ready_ctx;
};

struct engine_progress {
	struct source_stats source;
	uint64_t flows; /* records so far */
	uint64_t violations;
	bool done;
};

struct engine *engine_new(const struct engine_options *o, struct fault *f);
void engine_free(struct engine *e);
/* `tick` (may be NULL) is called about ten times a second from the thread that
 * runs the engine. */
void engine_run(struct engine *e,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx);
void engine_stop(struct engine *e); /* any thread, signal handler */
/* The period ends now; or a report of it is wanted, and it goes on. Any
 * thread, signal handler. */
void engine_turn(struct engine *e);
void engine_ask(struct engine *e);

/* After the run: its last period, or its only one. */
void engine_last(const struct engine *e, struct period *out);
const struct ledger *engine_ledger(const struct engine *e);
struct source *engine_source(struct engine *e); /* for its inputs */

#endif
