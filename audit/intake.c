/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/intake.h"

void
intake_flush(struct intake *in)
{
	unsigned n = in->n;

	in->n = 0;
	if (n > 0)
		worker_packets(in->worker, in->p, n);
}

/* Not put together by the decoder, who may need the room for the next. */
static bool
is_of_frame(const struct packet *p)
{
	return p->frame.n > 0 && p->payload.p >= p->frame.p &&
	    p->payload.p <= p->frame.p + p->frame.n &&
	    p->network.p >= p->frame.p &&
	    p->network.p <= p->frame.p + p->frame.n;
}

static void
take(void *ctx, struct packet *p)
{
	struct intake *in = ctx;

	flow_tell_time(&in->clock, p);
	if (in->deal != NULL) {
		in->deal(in->ctx, p);
		return;
	}
	if (flow_worker(&in->lately, p, in->count) != in->self)
		return;
	if (in->ahead && p == &in->p[in->n] && is_of_frame(p)) {
		if (++in->n == INTAKE_PACKETS)
			intake_flush(in);
		return;
	}
	intake_flush(in);
	worker_packet(in->worker, p);
}

bool
intake_init(struct intake *in)
{
	in->feed = (struct feed){ .give = take, .ctx = in };
	return feed_init(&in->feed);
}

void
intake_done(struct intake *in)
{
	feed_done(&in->feed);
}

enum source_result
intake_next(struct intake *in, const struct packet **p)
{
	enum source_result r;

	source_hold(in->source, in->n > 0);
	in->at = in->n;
	r = source_next(in->source, &in->p[in->at]);
	if (r != SOURCE_PACKET && in->n > 0) {
		intake_flush(in);
		source_hold(in->source, false);
		r = source_next(in->source, &in->p[in->at]);
	}
	*p = &in->p[in->at];
	return r;
}

void
intake_take(struct intake *in)
{
	feed_packet(&in->feed, &in->p[in->at]);
}

void
intake_end(struct intake *in)
{
	feed_end(&in->feed);
	intake_flush(in);
}
