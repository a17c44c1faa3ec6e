/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - packets from their source to a worker on the same thread. Of
 * several workers that read the same files each takes the flows that are its
 * own; or packets are dealt out to whoever is elsewhere.
 *
 * Packets of files are looked into a few at a time: their flows are on the way
 * from memory meanwhile. Of one thread.
 */
#ifndef AUDIT_INTAKE_H
#define AUDIT_INTAKE_H

#include "audit/feed.h"
#include "audit/worker.h"
#include "capture/flow.h"
#include "capture/source.h"

enum { INTAKE_PACKETS = 32 };

/* Zeroed but for what comes first. */
struct intake {
	struct source *source; /* lent */
	struct worker *worker; /* lent */
	unsigned self, count;  /* flow_worker() of the packets it takes */
	bool ahead;            /* files: a few packets at a time */
	/* Not NULL: takes all packets instead, and no worker. */
	void (*deal)(void *ctx, struct packet *p);
	void *ctx;

	struct feed feed;
	struct flow_clock clock;
	struct flow_hashes lately;
	unsigned n;  /* packets that wait */
	unsigned at; /* the packet that was read */
	struct packet p[INTAKE_PACKETS];
};

bool intake_init(struct intake *in) MUST_CHECK; /* false: no memory */
void intake_done(struct intake *in);
/* Reads a packet; not decoded, it is lent until intake_take(), which must
 * follow. */
enum source_result intake_next(struct intake *in, const struct packet **p);
void intake_take(struct intake *in);
/* The worker has seen all that was taken. */
void intake_flush(struct intake *in);
void intake_end(struct intake *in); /* nothing comes any more */

#endif
