/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follower.h - a worker that reads the files for itself, a little behind the
 * reader, and passes over what belongs to others. Decoding a packet once more
 * costs less than copying it to another thread and waking that.
 *
 * The reader sets the pace: no follower is ever ahead of it, so all pass the
 * end of a period, and the end of a run that was stopped, at the same packet.
 */
#ifndef AUDIT_FOLLOWER_H
#define AUDIT_FOLLOWER_H

#include "audit/shard.h"
#include "capture/source.h"

/* ---- the reader's ---- */

struct pace;

/* For so many followers. NULL: no memory. */
struct pace *pace_new(unsigned followers);
void pace_free(struct pace *p); /* behind all followers; NULL is allowed */
/* The reader has given out so many packets of its source. */
void pace_set(struct pace *p, uint64_t packets);
/* ... and a period ends behind them. Waits for whoever has not passed the one
 * before. */
void pace_boundary(struct pace *p, uint64_t packets);
/* ... and these were all. */
void pace_end(struct pace *p, uint64_t packets);

struct follower;

struct follower_options {
	struct source *source; /* of source_again(); taken over */
	struct pace *pace;     /* lent */
	struct shard *shard;   /* lent; its worker is finished at the end */
	unsigned self, count;  /* flow_worker() of the packets it takes */
};

/* Starts its thread. NULL: there is none to be had; the source is closed. */
struct follower *follower_new(const struct follower_options *o);
void follower_free(struct follower *f); /* waits for it, behind pace_end() */

#endif
