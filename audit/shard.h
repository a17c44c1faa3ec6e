/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard.h - one worker, and the thread it has while it is apart from the
 * reader: then packets go to it in batches and come to it in their order.
 *
 * All calls are the reader's, but for shard_show() and shard_pass(), which are
 * those of the thread that runs the worker: the reader's, the shard's own, that
 * of a lane, or of a follower.
 */
#ifndef AUDIT_SHARD_H
#define AUDIT_SHARD_H

#include "audit/worker.h"

struct notice;
struct shard;

struct shard_options {
	struct worker_options worker;
	bool patient; /* packets come at once: waking may wait for a few */
	/* On the worker's thread: a notice for the auditor, taken over, that
	 * stands between packets. */
	void (*mark)(void *ctx, struct notice *n);
	void *ctx;
};

struct shard *shard_new(const struct shard_options *o); /* NULL: no memory */
void shard_free(struct shard *s);                       /* NULL is allowed */
struct worker *shard_worker(struct shard *s);

/* The worker gets its thread. False: there is none to be had. */
bool shard_part(struct shard *s) MUST_CHECK;
/* The thread does what it was given and ends; the worker goes on. Nothing if
 * there is no thread. */
void shard_join(struct shard *s);

/* No packet comes any more: all flows are let go, by the thread if there is
 * one, which then ends. */
void shard_finish(struct shard *s);

/* ---- while it is apart ---- */

/* A copy of a noted packet (flow_note()). */
void shard_give(struct shard *s, const struct packet *p);
/* What was given so far does not wait for more. */
void shard_flush(struct shard *s);
/* A period ends behind what was given. */
void shard_boundary(struct shard *s);

/* ---- the worker's thread ---- */

/* Passes a boundary, and tells the auditor so. */
void shard_pass(struct shard *s);
uint32_t shard_period(const struct shard *s); /* boundaries passed */
void shard_show(struct shard *s);

/* ---- any thread ---- */

/* Of the worker, as it was shown last. */
void shard_stats(struct shard *s, struct worker_stats *out);

#endif
