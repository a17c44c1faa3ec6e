/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longrun.h - what an audit writes while it runs: a report of each period that
 * ended, or of the one at hand when somebody asks, and the journal.
 *
 * Made by main()'s thread; reports are written on a thread of their own
 * (audit/period.h), so that the capture goes on.
 */
#ifndef UI_LONGRUN_H
#define UI_LONGRUN_H

#include "audit/engine.h"
#include "ui/options.h"

struct longrun;

/* Writes the reports of one period, under the names that `o` has for them. On
 * the publisher's thread, and in the end on that of longrun_last(). */
typedef bool longrun_write(void *ctx, const struct options *o,
    const struct period *p, struct fault *f);

/* NULL with a sentence. The journal is opened with the engine. */
struct longrun *longrun_new(const struct options *o, longrun_write *write,
    void *ctx, struct fault *f);
/* Closes the journal. NULL is allowed. */
void longrun_free(struct longrun *r);

/* Before the engine is made. */
void longrun_hook(struct longrun *r, struct engine_options *e);
/* The engine is there; before it runs. */
void longrun_begin(struct longrun *r, struct engine *e);
/* About ten times a second, on the thread that runs the engine. */
void longrun_tick(struct longrun *r, const struct engine_progress *now);
/* The last period, or the only one. */
bool longrun_last(struct longrun *r, struct fault *f);

/* For signal handlers. */
void longrun_ask(struct longrun *r);  /* a report now */
void longrun_turn(struct longrun *r); /* a new period, a new journal */

/* Flows of all periods by verdict; after the run. */
const uint64_t *longrun_verdicts(const struct longrun *r);

#endif
