/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/batch.h"

#include <stdlib.h>

#include "core/ring.h"

bool
batches_make(struct ring *to, unsigned n, struct ring *home)
{
	while (n-- > 0) {
		struct batch *b = malloc(sizeof(*b));

		if (b == NULL)
			return false;
		b->home = home;
		if (!ring_put(to, b)) {
			free(b);
			return false;
		}
	}
	return true;
}

void
batches_free(struct ring *r)
{
	void *b;

	if (r == NULL)
		return;
	while ((b = ring_try(r)) != NULL)
		free(b);
	ring_free(r);
}

void
batch_clear(struct batch *b)
{
	b->n = 0;
	b->used = 0;
	b->boundary = false;
}

bool
batch_add(struct batch *b, const struct packet *p)
{
	struct slice keep = p->network;

	if (p->payload.n > 0 &&
	    (keep.p == NULL || p->payload.p < keep.p ||
		p->payload.p + p->payload.n > keep.p + keep.n))
		keep = p->payload;
	if (b->n == BATCH_PACKETS || b->used + keep.n > BATCH_BYTES)
		return false;
	struct packet *to = &b->p[b->n++];
	uint8_t *at = b->bytes + b->used;

	*to = *p;
	to->frame = (struct slice){ NULL, 0 };
	if (keep.n > 0)
		memcpy(at, keep.p, keep.n);
	to->network = p->network.n > 0 && keep.p == p->network.p
	    ? slice_of(at, keep.n)
	    : (struct slice){ NULL, 0 };
	to->payload = p->payload.n > 0
	    ? slice_of(at + (p->payload.p - keep.p), p->payload.n)
	    : (struct slice){ NULL, 0 };
	b->used += keep.n;
	return true;
}
