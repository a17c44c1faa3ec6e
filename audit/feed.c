/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/feed.h"

#include "core/clock.h"

bool
feed_init(struct feed *f)
{
	f->decoder = decoder_new();
	return f->decoder != NULL;
}

void
feed_done(struct feed *f)
{
	decoder_free(f->decoder);
	f->decoder = NULL;
}

static void
count(struct feed *f, const struct packet *p)
{
	f->totals.packets++;
	f->totals.bytes += p->wire_len;
	/* A step is counted once: from there on time runs from there. */
	if (p->time < f->newest - NS_PER_S) {
		f->totals.clock_steps++;
		f->newest = p->time;
	} else if (p->time > f->newest) {
		f->newest = p->time;
	}
}

static void
give(struct feed *f, struct packet *p)
{
	if (p->has_transport)
		f->give(f->ctx, p);
	else
		f->totals.no_transport++;
}

/* Datagrams in fragments whose rest did not come by now. */
static void
give_late(struct feed *f, int64_t now)
{
	struct packet p;

	while (decode_late(f->decoder, now, &p))
		give(f, &p);
}

void
feed_packet(struct feed *f, struct packet *p)
{
	count(f, p);
	if (decode_has_late(f->decoder, p->time))
		give_late(f, p->time);
	if (decode(f->decoder, p) == DECODE_OK)
		give(f, p);
}

void
feed_end(struct feed *f)
{
	give_late(f, INT64_MAX);
}

void
feed_decoded(struct feed *f)
{
	decode_stats(f->decoder, &f->totals.decode);
}
