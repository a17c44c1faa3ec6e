/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - one line on a terminal that says how far an audit has come.
 * Belongs to the thread that runs the engine.
 */
#ifndef UI_PROGRESS_H
#define UI_PROGRESS_H

#include "audit/engine.h"

struct progress;

enum { PROGRESS_TEXT = 256 };

/*
 * The line without its terminal codes; at most `width` columns. `elapsed` in
 * ns. Returns buf.
 */
const char *progress_text(const struct engine_progress *p, int64_t elapsed,
    unsigned width, char buf[PROGRESS_TEXT]);

/* NULL where standard error is no terminal, or without memory: every function
 * takes NULL and does nothing. Takes the log meanwhile. */
struct progress *progress_new(void);
void progress_tick(void *progress, const struct engine_progress *now);
void progress_free(struct progress *p); /* wipes the line */

#endif
