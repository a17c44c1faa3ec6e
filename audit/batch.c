/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/batch.h"

void
batch_clear(struct batch *b)
{
	b->n = 0;
	b->used = 0;
	b->boundary = false;
	b->mark = NULL;
	b->look = false;
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
