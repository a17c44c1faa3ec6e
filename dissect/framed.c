/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTP, RTCP, STUN and DTLS in frames of 16-bit length over TCP. A length says
 * nothing by itself: the stream is ours when several of them in a row land on
 * frames that hold together.
 *
 * Spec: RFC 4571 section 2, RFC 6544 section 3.
 * Learns: FRAMED.
 */
#include "dissect/frames.h"
#include "dissect/protocols.h"

enum { BAD_MOST = 8 };

struct framed {
	struct session *inner;
	bool refused;
	bool hole[2]; /* by side: looking for the next frame */
	unsigned bad;
};

/* Judges frame after frame, as far as there are octets. */
static enum frame
judge_stream(struct slice bytes, struct frame_judge *judge)
{
	struct cursor c = cur_of(bytes);
	uint16_t length;

	while (cur_u16(&c, &length)) {
		if (length > LIMIT_MEDIA_FRAME)
			return FRAME_BAD;
		enum frame r = frame_judge(judge, cur_rest(&c), length);

		if (r != FRAME_GOOD)
			return r;
		if (frame_convinced(judge))
			return FRAME_GOOD;
		if (!cur_skip(&c, length))
			return FRAME_SHORT;
	}
	return FRAME_SHORT;
}

static enum probe
framed_probe(const struct sniff *s)
{
	struct frame_judge judge = { 0 };

	switch (judge_stream(s->bytes, &judge)) {
	case FRAME_GOOD:
		return PROBE_YES;
	case FRAME_SHORT:
		return PROBE_MORE;
	case FRAME_BAD:
		break;
	}
	return PROBE_NO;
}

static enum frame
begins_at(const void *ctx, struct slice bytes)
{
	struct frame_judge judge = { 0 };

	(void)ctx;
	return judge_stream(bytes, &judge);
}

static void
give(struct session *s, struct framed *f, const struct chunk *c,
    struct slice frame)
{
	struct chunk inner = {
		.bytes = frame,
		.side = c->side,
		.wire = (uint32_t)frame.n,
		.packet = c->packet,
		.time = c->time,
	};

	if (f->inner == NULL && !f->refused) {
		struct inner how = {
			.datagram = true,
			.carrier = CARRIER_TCP,
			.tuple = *session_tuple(s),
		};

		learn_number(s, FACT_FRAMED, 1);
		f->inner = session_inner(s, &how);
		f->refused = f->inner == NULL;
	}
	if (f->inner != NULL)
		(void)session_feed(f->inner, &inner);
}

/* A frame that begins with nothing we know may be a keep-alive (empty) or an
 * application's own; only the first octets of media can show a lost frame. */
static bool
take_frame(struct cursor *c, struct slice *frame, bool *bad)
{
	struct cursor at = *c;
	struct frame_judge judge = { 0 };
	uint16_t length;

	if (!cur_u16(&at, &length))
		return false;
	*bad = length > 0 &&
	    frame_judge(&judge, cur_rest(&at), length) == FRAME_BAD;
	if (*bad || !cur_take(&at, length, frame))
		return false;
	*c = at;
	return true;
}

static enum feed
framed_feed(struct session *s, void *state, struct chunk *c)
{
	struct framed *f = state;
	struct slice frame;
	bool bad = false;

	if (f->hole[c->side]) {
		if (frame_search(begins_at, f, c->bytes, &c->used) !=
		    FRAME_GOOD)
			return FEED_ON;
		f->hole[c->side] = false;
	}
	struct cursor at = cur_of(slice_from(c->bytes, c->used));

	while (take_frame(&at, &frame, &bad)) {
		if (frame.n > 0)
			give(s, f, c, frame);
	}
	c->used = c->bytes.n - cur_left(&at);
	if (!bad)
		return FEED_ON;
	f->hole[c->side] = true;
	return ++f->bad > BAD_MOST ? FEED_LOST : FEED_ON;
}

static enum feed
framed_gap(struct session *s, void *state, enum side side, uint64_t n)
{
	struct framed *f = state;

	(void)s;
	(void)n;
	f->hole[side] = true;
	return FEED_ON;
}

const struct dissector dissect_framed = {
	.name = "rfc4571",
	.over = OVER_STREAM,
	.state_size = sizeof(struct framed),
	.probe = framed_probe,
	.feed = framed_feed,
	.gap = framed_gap,
};
