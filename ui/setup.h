/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - what an audit needs before its first packet, whether it ends in a
 * report or is watched: of the options the policy, the key logs, the sources
 * and the engine. One thread, that of main().
 */
#ifndef UI_SETUP_H
#define UI_SETUP_H

#include "audit/engine.h"
#include "ui/options.h"

struct setup {
	const struct options *o; /* lent */
	struct policy *policy;
	struct keylog *keylog;
	struct source_options source; /* lent from the options and `filter` */
	struct engine *engine;
	char *filter; /* the words in one string, or NULL */
	bool (*ready)(void *ctx, struct fault *f); /* of `more` */
	void *ready_ctx;
};

/* Of the options alone: what to read, and one capture filter at the most. */
bool setup_check(const struct options *o, struct fault *f);
/* An input that can be read but once: an interface, standard input. */
bool setup_is_once(const struct options *o);

/*
 * The policy, the key logs and how to open the source: all paths of an audit
 * but its outputs. setup_close() in any case.
 */
bool setup_open(struct setup *s, const struct options *o, struct fault *f);
/*
 * Opens the source and confines the process (ui/guard.h). `more` may name who
 * watches, who sees the packets and what is opened by the confined process;
 * all else is filled in.
 */
bool setup_engine(struct setup *s, struct engine_options *more,
    struct fault *f);
void setup_close(struct setup *s);

#endif
