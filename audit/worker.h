/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - one shard of the flows: packets in, notices out.
 *
 * Shares nothing with other workers but constants. One thread.
 */
#ifndef AUDIT_WORKER_H
#define AUDIT_WORKER_H

#include "audit/notice.h"
#include "dissect/keylog.h"

struct worker;

/* Takes a notice over, unless it is lent for the call; on the worker's thread.
 */
typedef void worker_tell(void *ctx, struct notice *n);

struct worker_options {
	const struct keylog *keylog; /* or NULL */
	size_t most_flows;
	size_t most_sessions; /* flows that are dissected at the same time */
	bool live;            /* tell news of living flows once a second */
	bool eager;           /* live: and the first of them at once */
	bool lend;            /* notices are lent (notice_lend()) */
	worker_tell *tell;
	void *ctx;
};

struct worker_stats {
	uint64_t duplicates, evicted;
	uint64_t early;   /* flows settled at the ceiling of sessions */
	uint64_t starved; /* flows or sessions there was no memory for */
	size_t flows;     /* held now */
};

struct worker *worker_new(const struct worker_options *o);
/* Tells what is still held, oldest flow first. */
void worker_free(struct worker *w);
/* A decoded packet that has a transport. Borrowed for the call. */
void worker_packet(struct worker *w, const struct packet *p);
/* Packets with noted hashes (flow_note()), the first of them next. */
void worker_packets(struct worker *w, const struct packet *p, size_t n);
void worker_stats(const struct worker *w, struct worker_stats *out);
/*
 * A period of the run ends here: tells all that is known of every flow that
 * has news, as if it ended. What is told later is of period `next`.
 */
void worker_pass(struct worker *w, uint32_t next);
/* Lets all flows go; statistics stay readable. */
void worker_finish(struct worker *w);

#endif
