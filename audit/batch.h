/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - copies of packets on their way to another thread.
 */
#ifndef AUDIT_BATCH_H
#define AUDIT_BATCH_H

#include "capture/packet.h"

enum {
	BATCH_PACKETS = 256,
	BATCH_BYTES = 512 * 1024, /* packets of ordinary size fill the count */
};

struct ring;

struct batch {
	unsigned n;
	size_t used;
	bool boundary;     /* a period of the run ends behind it */
	struct ring *home; /* where it goes when it is done; of lanes only */
	struct packet p[BATCH_PACKETS];
	uint8_t bytes[BATCH_BYTES];
};

/* So many new ones into the ring, which has room for them. */
bool batches_make(struct ring *to, unsigned n, struct ring *home) MUST_CHECK;
/* The ring and what is in it; or NULL. */
void batches_free(struct ring *r);
void batch_clear(struct batch *b);
/* Copies what a worker needs: from the innermost IP header to the end. False:
 * no room is left. */
bool batch_add(struct batch *b, const struct packet *p) MUST_CHECK;

#endif
