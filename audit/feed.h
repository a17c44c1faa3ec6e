/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - the packets of a source on their way to whoever looks into them:
 * counted and decoded, with what came of datagrams whose other fragments did
 * not. Of one thread, as its source is.
 */
#ifndef AUDIT_FEED_H
#define AUDIT_FEED_H

#include "audit/ledger.h"
#include "capture/decode.h"

/* Zeroed but for `give` and `ctx`. */
struct feed {
	/* A decoded packet with a transport. */
	void (*give)(void *ctx, struct packet *p);
	void *ctx;
	struct decoder *decoder;
	/* What a reader counts, in packets that came: packets, bytes,
	 * no_transport, clock_steps; the rest is for feed_decoded(). */
	struct capture_totals totals;
	int64_t newest; /* packet time; after a step of the clock from there */
};

bool feed_init(struct feed *f) MUST_CHECK; /* false: no memory */
void feed_done(struct feed *f);
void feed_packet(struct feed *f, struct packet *p);
void feed_end(struct feed *f);     /* nothing comes any more */
void feed_decoded(struct feed *f); /* totals.decode is as of now */

#endif
