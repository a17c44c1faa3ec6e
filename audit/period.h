/* SPDX-License-Identifier: Apache-2.0 */
/*
 * period.h - the ledgers of a run, one after the other.
 *
 * The auditor's thread fills the ledger of the period at hand. Where a period
 * ends the reader says so, each worker tells all it knows and passes on, and
 * when the last has passed the ledger goes to the publisher, a thread of its
 * own: it judges and hands out the period while the next one is filled. A
 * report asked for in between borrows the ledger in the same way; what comes
 * meanwhile waits.
 */
#ifndef AUDIT_PERIOD_H
#define AUDIT_PERIOD_H

#include "audit/ledger.h"
#include "audit/worker.h"

struct span {
	int64_t start, end; /* ns since 1970 */
};

/* One part of a run, judged. Lent for a call. */
struct period {
	const struct ledger *ledger;
	const struct source_input *inputs; /* as they were at its end */
	size_t input_count;
	uint64_t number;  /* from 1 */
	struct span when; /* of the packets; start 0: none ever came */
	bool goes_on;     /* asked for in between */
	uint64_t lost;    /* periods before it that nobody could take */
};

struct periods_options {
	const struct policy *policy; /* lent */
	unsigned workers;            /* that pass each boundary */
	bool patient;                /* packets can wait for the publisher */
	size_t memory; /* for the flows of a ledger; 0: as much as it takes */
	struct ledger_spool spool; /* for those beyond */
	/*
	 * On the publisher's thread. False: it is tried again, less and less
	 * often, until the next period ends. NULL: there is but one period.
	 */
	bool (*publish)(void *ctx, const struct period *p);
	/*
	 * A judgement that differs from the last that was told of this flow,
	 * or whose counters are a minute old. `final`: the period is over. On
	 * the auditor's and on the publisher's thread; or NULL.
	 */
	void (*judged)(void *ctx, const struct ledger *l,
	    const struct record *r, const struct judgement *j, bool final);
	/* All of a period was told. */
	void (*closed)(void *ctx, const struct period *p);
	void *ctx;
};

struct periods;

struct periods *periods_new(const struct periods_options *o, struct fault *f);
void periods_free(struct periods *p); /* NULL is allowed */

/* ---- the auditor's thread ---- */

/* Takes a notice over, also those of periods_end() and periods_passed(). */
void periods_take(struct periods *p, struct notice *n);
/* Judges what changed, about once a second; cheap when called more often. Not
 * needed where a view does so. */
void periods_tick(struct periods *p);
/* The ledger of the period at hand; NULL while it is lent. */
struct ledger *periods_ledger(struct periods *p);
/*
 * The run is over and no thread tells any more: waits for the publisher and
 * judges the last period, which is handed to nobody but periods_last().
 */
void periods_finish(struct periods *p, const struct span *when,
    const struct capture_totals *run, const struct source *s);
void periods_last(const struct periods *p, struct period *out);

/* ---- any thread ---- */

/*
 * What to give to periods_take(): by the reader, before the workers are told.
 * `run` counts since the run began, but for what workers count. NULL without
 * memory: no boundary then.
 */
struct notice *periods_end(uint32_t period, bool goes_on,
    const struct span *when, const struct capture_totals *run,
    const struct source *s);
/* ... and by each worker after worker_pass(). */
struct notice *periods_passed(uint32_t period, const struct worker_stats *w);

/* Adds what a worker counted to the totals. */
void periods_add_stats(struct capture_totals *t, const struct worker_stats *w);

#endif
