/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h - a live capture that the kernel spreads over as many readers as
 * there are workers: each lane is a thread that reads, decodes and feeds the
 * worker of its own number, without a copy.
 *
 * spread() of the innermost five-tuple says whose a packet is. That is the
 * lane that read it, but for fragments, what is inside tunnels, and while an
 * interface comes back; those are copied to the lane they belong to. So flows
 * stay whole whatever the kernel does. Fragments of a datagram come in one
 * lane (capture/source_fanout.c).
 */
#ifndef AUDIT_LANES_H
#define AUDIT_LANES_H

#include "audit/ledger.h"
#include "audit/worker.h"

struct lanes;

struct lanes_options {
	struct source *source;         /* lent */
	struct worker *const *workers; /* lent; one for each of its lanes */
	/* On the lane's thread, at least ten times a second and at its end,
	 * before its worker is finished. */
	void (*tend)(void *ctx, unsigned lane);
	void *ctx;
};

/* Starts the threads. */
struct lanes *lanes_new(const struct lanes_options *o, struct fault *f);
/* Waits for them: the source must have ended or been stopped. NULL is
 * allowed. */
void lanes_free(struct lanes *l);
/* A lane is still reading. */
bool lanes_run(const struct lanes *l);
/* Waits for all threads; the workers are finished then. */
void lanes_finish(struct lanes *l);
/* Makes every lane call tend() soon. */
void lanes_wake(struct lanes *l);
/* Adds what they counted, as of their last tend(), and tells the time of their
 * newest packet. */
void lanes_totals(struct lanes *l, struct capture_totals *t, int64_t *newest);

#endif
