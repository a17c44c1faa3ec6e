/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/stream.h"

#include <stdlib.h>

#include "core/clock.h"

/* Data ahead of a hole, or bytes known to be missing (cut by snap length). */
struct held {
	struct held *next;
	uint64_t packet;
	int64_t time;
	uint32_t seq;
	uint32_t n; /* never 0 */
	bool missing;
	bool segment_start;
	uint8_t bytes[];
};

enum begin {
	BEGIN_UNKNOWN, /* no data yet */
	BEGIN_HELD,    /* data is held, earlier data may come */
	BEGIN_KNOWN
};

/* One direction. Held pieces are in order and do not overlap; once the begin
 * is known, all of them lie behind `next`. */
struct half {
	struct held *first;
	struct held *last;
	uint64_t lost;
	enum begin begin;
	uint32_t next;       /* number of the next byte to give out */
	uint32_t acked;      /* highest ACK of the other side */
	uint32_t fin;        /* number of the FIN */
	uint32_t other;      /* begin that a second, different SYN named */
	uint32_t jump;       /* what would follow the last stray segment */
	uint32_t wait_acked; /* ACK since which the hole is waited for */
	int64_t wait_time;
	uint16_t pieces; /* held */
	uint8_t waited;  /* segments since wait_acked */
	uint8_t begun;   /* segments seen before the begin was known */
	uint8_t jumps;   /* stray segments that follow each other */
	bool has_acked;
	bool has_fin;
	bool has_other;
	bool waits;
	bool gave; /* something was given out */
};

struct stream {
	struct half half[2]; /* by enum side, exchanged if turned */
	bool turned;
	uint64_t conflicts;
};

/* What the functions below work on: one packet, or the end. */
struct call {
	struct stream *s;
	stream_taker *taker;
	void *ctx;
	const struct packet *p; /* NULL at the end */
};

/* Data of the packet that is still to be seen to; may have less bytes than
 * numbers, if the capture cut it. */
struct segment {
	uint32_t seq;
	uint32_t end;
	struct slice bytes;
	bool whole; /* begins where the packet's payload begins */
};

/* Serial number arithmetic, RFC 9293 section 3.4. */
static int32_t
serial(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static bool
is_before(uint32_t a, uint32_t b)
{
	return serial(a, b) < 0;
}

/* Whether a is at most so far from b, either way. */
static bool
is_near(uint32_t a, uint32_t b, int32_t far)
{
	int32_t d = serial(a, b);

	return d <= far && d >= -far;
}

static void
cut_front(struct segment *g, uint32_t to)
{
	if (to == g->seq)
		return;
	g->bytes = slice_from(g->bytes, to - g->seq);
	g->seq = to;
	g->whole = false;
}

static uint32_t
held_end(const struct held *e)
{
	return e->seq + e->n;
}

struct stream *
stream_new(void)
{
	return calloc(1, sizeof(struct stream));
}

static void
drop_held(struct half *h)
{
	while (h->first != NULL) {
		struct held *e = h->first;

		h->first = e->next;
		free(e);
	}
	h->last = NULL;
	h->pieces = 0;
	h->waits = false;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	drop_held(&s->half[0]);
	drop_held(&s->half[1]);
	free(s);
}

void
stream_turn(struct stream *s)
{
	s->turned = !s->turned;
}

static size_t
half_index(const struct stream *s, enum side side)
{
	return (side == TO_CLIENT) != s->turned;
}

uint64_t
stream_lost(const struct stream *s, enum side side)
{
	return s->half[half_index(s, side)].lost;
}

uint64_t
stream_conflicts(const struct stream *s)
{
	return s->conflicts;
}

/* Gives out n numbers; the piece's bytes, or a gap if it has none. */
static void
give(struct call *c, struct half *h, struct stream_piece *piece, uint32_t n)
{
	bool second = h == &c->s->half[1];

	piece->side = second != c->s->turned ? TO_CLIENT : TO_SERVER;
	if (piece->bytes.n == 0) {
		piece->gap = n;
		h->lost += n;
	}
	h->next += n;
	h->gave = true;
	c->taker(c->ctx, piece);
}

static void
give_gap(struct call *c, struct half *h, uint32_t n)
{
	struct stream_piece piece = { 0 };

	if (c->p != NULL) {
		piece.packet = c->p->number;
		piece.time = c->p->time;
	} else if (h->first != NULL) {
		piece.packet = h->first->packet;
		piece.time = h->first->time;
	}
	give(c, h, &piece, n);
}

/* The segment as far as `to`; it begins with the next number. */
static void
give_part(struct call *c, struct half *h, const struct segment *g, uint32_t to)
{
	uint32_t n = to - g->seq;
	struct stream_piece piece = {
		.bytes = slice_head(g->bytes, n),
		.packet = c->p->number,
		.time = c->p->time,
		.segment_start = g->whole,
	};
	uint32_t captured = (uint32_t)piece.bytes.n;

	if (captured > 0)
		give(c, h, &piece, captured);
	if (captured < n)
		give_gap(c, h, n - captured);
}

static void
give_first(struct call *c, struct half *h)
{
	struct held *e = h->first;
	struct stream_piece piece = {
		.packet = e->packet,
		.time = e->time,
		.segment_start = e->segment_start,
	};

	h->first = e->next;
	h->pieces--;
	if (h->first == NULL) {
		h->last = NULL;
		h->waits = false;
	}
	if (!e->missing)
		piece.bytes = slice_of(e->bytes, e->n);
	give(c, h, &piece, e->n);
	free(e);
}

static void
give_ready(struct call *c, struct half *h)
{
	while (h->first != NULL && h->first->seq == h->next)
		give_first(c, h);
}

/* The hole before the first piece held stays one. */
static void
give_hole(struct call *c, struct half *h)
{
	if (h->first->seq != h->next)
		give_gap(c, h, h->first->seq - h->next);
	give_ready(c, h);
}

/* The first copy of a byte counts; another one must not differ. */
static void
compare(struct call *c, const struct held *e, const struct segment *g)
{
	struct slice have = slice_of(e->bytes, e->missing ? 0 : e->n);
	struct slice copy = slice_head(g->bytes, g->end - g->seq);

	/* a keep-alive carries any byte, RFC 9293 section 3.8.4 */
	if (g->whole && g->end - g->seq == 1)
		return;
	if (is_before(e->seq, g->seq))
		have = slice_from(have, g->seq - e->seq);
	else
		copy = slice_from(copy, e->seq - g->seq);
	if (!slice_eq(slice_head(have, copy.n), slice_head(copy, have.n)))
		c->s->conflicts++;
}

/* The segment's bytes, or if it has none the place where they were. */
static struct held *
held_new(const struct call *c, const struct segment *g)
{
	struct slice bytes = slice_head(g->bytes, g->end - g->seq);
	struct held *e = malloc(sizeof(*e) + bytes.n);

	if (e == NULL)
		return NULL;
	*e = (struct held){
		.packet = c->p->number,
		.time = c->p->time,
		.seq = g->seq,
		.n = g->end - g->seq,
		.missing = bytes.n == 0,
		.segment_start = g->whole && bytes.n > 0,
	};
	if (bytes.n > 0) {
		e->n = (uint32_t)bytes.n;
		memcpy(e->bytes, bytes.p, bytes.n);
	}
	return e;
}

/* Holds a segment that overlaps nothing, in front of *at; the place behind it.
 * What finds no memory will be a gap. */
static struct held **
hold_part(struct call *c, struct half *h, struct segment g, struct held **at)
{
	while (is_before(g.seq, g.end)) {
		struct held *e = held_new(c, &g);

		if (e == NULL)
			break;
		e->next = *at;
		*at = e;
		if (e->next == NULL)
			h->last = e;
		h->pieces++;
		at = &e->next;
		cut_front(&g, held_end(e));
	}
	return at;
}

static void
hold(struct call *c, struct half *h, struct segment g)
{
	struct held **at = &h->first;

	if (h->last != NULL && !is_before(g.seq, held_end(h->last)))
		at = &h->last->next;
	if (h->waited < UINT8_MAX)
		h->waited++;
	while (is_before(g.seq, g.end)) {
		struct held *e = *at;
		struct segment part = g;

		if (e != NULL && !is_before(g.seq, held_end(e))) {
			at = &e->next;
			continue;
		}
		if (e != NULL && !is_before(g.seq, e->seq)) {
			compare(c, e, &g);
			if (!is_before(held_end(e), g.end))
				return;
			cut_front(&g, held_end(e));
			continue;
		}
		if (e != NULL && is_before(e->seq, g.end))
			part.end = e->seq;
		at = hold_part(c, h, part, at);
		cut_front(&g, part.end);
	}
}

/* The segment begins with the next number; what is held came before it. */
static void
pass(struct call *c, struct half *h, struct segment g)
{
	while (is_before(g.seq, g.end)) {
		struct held *e = h->first;

		if (e == NULL || !is_before(e->seq, g.end)) {
			give_part(c, h, &g, g.end);
			break;
		}
		if (is_before(g.seq, e->seq)) {
			give_part(c, h, &g, e->seq);
			cut_front(&g, e->seq);
		}
		compare(c, e, &g);
		give_first(c, h);
		if (!is_before(h->next, g.end))
			break;
		cut_front(&g, h->next);
	}
	give_ready(c, h);
}

static bool
is_full(const struct half *h, uint32_t end)
{
	unsigned most =
	    h->has_acked ? LIMIT_STREAM_SEGMENTS : LIMIT_STREAM_ONE_WAY;

	return h->pieces >= most || serial(end, h->next) > LIMIT_STREAM_AHEAD;
}

/* Whether the hole before the first piece held will not fill any more. */
static bool
is_lost(const struct call *c, struct half *h)
{
	uint32_t behind = h->first->seq;
	int64_t waited;

	if (!h->has_acked || is_before(h->acked, behind))
		return false;
	if (!h->waits || is_before(h->wait_acked, behind)) {
		h->waits = true;
		h->waited = 0;
		h->wait_acked = h->acked;
		h->wait_time = c->p->time;
	}
	if (h->waited >= LIMIT_STREAM_WAIT_SEGMENTS ||
	    held_end(h->last) - behind >= LIMIT_STREAM_WAIT_BYTES)
		return true;
	return !__builtin_sub_overflow(c->p->time, h->wait_time, &waited) &&
	    waited >= LIMIT_STREAM_WAIT_MS * NS_PER_MS;
}

static void
settle_holes(struct call *c, struct half *h)
{
	while (h->begin == BEGIN_KNOWN && h->first != NULL && is_lost(c, h))
		give_hole(c, h);
}

static void
begin_at(struct call *c, struct half *h, uint32_t seq)
{
	h->begin = BEGIN_KNOWN;
	h->next = seq;
	give_ready(c, h);
}

/*
 * Data before the begin is known: true if it is known now and the segment is
 * to be taken, false if it is held or of no use.
 */
static bool
find_begin(struct call *c, struct half *h, const struct segment *g)
{
	if (h->begin == BEGIN_UNKNOWN && g->end - g->seq == 1)
		return false; /* may be a keep-alive */
	if (h->begin == BEGIN_UNKNOWN && h->has_acked &&
	    !is_before(h->acked, g->seq)) {
		begin_at(c, h, g->seq);
		return true;
	}
	if (h->first != NULL &&
	    !is_near(g->seq, h->first->seq, LIMIT_STREAM_AHEAD)) {
		begin_at(c, h, h->first->seq);
		return true;
	}
	hold(c, h, *g);
	if (h->first == NULL) { /* no memory */
		begin_at(c, h, g->seq);
		return true;
	}
	h->begin = BEGIN_HELD;
	h->begun++;
	if (h->begun >= LIMIT_STREAM_BEGIN ||
	    (h->has_acked && is_before(h->first->seq, h->acked)))
		begin_at(c, h, h->first->seq);
	return false;
}

/* Two answers to one SYN: the one that data follows counts. */
static void
choose_syn(struct half *h, const struct segment *g)
{
	if (!h->has_other)
		return;
	if (g->seq == h->next ||
	    (g->seq != h->other && g->seq - h->next <= LIMIT_STREAM_AHEAD)) {
		h->has_other = false;
	} else if (!h->gave && g->seq - h->other <= LIMIT_STREAM_AHEAD) {
		drop_held(h);
		h->next = h->other;
		h->has_other = false;
		h->has_acked = false;
	}
}

/* Goes on at the segment; what was held belongs to the time before. */
static void
jump(struct call *c, struct half *h, const struct segment *g)
{
	int32_t off;

	while (h->first != NULL)
		give_hole(c, h);
	off = serial(g->seq, h->next);
	if (off > 0 && off <= LIMIT_TCP_WINDOW) {
		give_gap(c, h, (uint32_t)off);
	} else if (off != 0 && !is_near(g->seq, h->next, LIMIT_TCP_WINDOW)) {
		give_gap(c, h, 1);
		h->next = g->seq;
	}
	h->jumps = 0;
	h->has_fin = false;
	h->has_acked = false;
}

/* Whether the segment lies too far from the next number to be believed. */
static bool
is_stray(struct call *c, struct half *h, const struct segment *g)
{
	int32_t off = serial(g->seq, h->next);

	if ((off >= -LIMIT_TCP_WINDOW && off <= LIMIT_STREAM_AHEAD) ||
	    (off > 0 && off <= LIMIT_TCP_WINDOW && h->has_acked &&
		is_near(g->seq, h->acked, LIMIT_STREAM_AHEAD))) {
		h->jumps = 0;
		return false;
	}
	if (h->jumps > 0 && g->seq - h->jump <= LIMIT_STREAM_AHEAD)
		h->jumps++;
	else
		h->jumps = 1;
	h->jump = g->end;
	if (h->jumps < LIMIT_STREAM_JUMPS)
		return true;
	jump(c, h, g);
	return false;
}

/* One byte that the other side has had: RFC 9293 section 3.8.4, it need not be
 * what was there. */
static bool
is_keep_alive(const struct half *h, const struct segment *g)
{
	return g->end - g->seq == 1 && h->has_acked &&
	    is_before(g->seq, h->acked);
}

static void
take(struct call *c, struct half *h, struct segment g)
{
	if (h->begin != BEGIN_KNOWN && !find_begin(c, h, &g))
		return;
	choose_syn(h, &g);
	if (is_stray(c, h, &g) || is_keep_alive(h, &g))
		return;
	if (h->has_fin && is_before(h->fin, g.end))
		g.end = h->fin;
	if (!is_before(g.seq, g.end))
		return;
	while (is_before(h->next, g.end)) {
		if (!is_before(h->next, g.seq)) {
			cut_front(&g, h->next);
			pass(c, h, g);
			return;
		}
		if (!is_full(h, g.end)) {
			hold(c, h, g);
			return;
		}
		if (h->first == NULL || !is_before(h->first->seq, g.seq))
			give_gap(c, h, g.seq - h->next);
		else
			give_hole(c, h);
	}
}

static void
note_ack(struct call *c, struct half *h, uint32_t ack)
{
	bool known = h->begin == BEGIN_KNOWN;

	if (known && !is_near(ack, h->next, LIMIT_TCP_NEAR))
		return;
	if (!h->has_acked || is_before(h->acked, ack) ||
	    (known && !is_near(h->acked, h->next, LIMIT_TCP_NEAR)))
		h->acked = ack;
	h->has_acked = true;
	if (h->begin == BEGIN_HELD && is_before(h->first->seq, ack))
		begin_at(c, h, h->first->seq);
}

static void
note_syn(struct call *c, struct half *h, uint32_t first)
{
	if (h->begin == BEGIN_HELD &&
	    h->first->seq - first > LIMIT_STREAM_AHEAD)
		drop_held(h); /* of another connection */
	if (h->begin != BEGIN_KNOWN) {
		begin_at(c, h, first);
	} else if (!h->gave && first != h->next) {
		h->other = first;
		h->has_other = true;
	}
}

/* The first FIN that can be one counts; data behind it is none. */
static void
note_fin(struct call *c, struct half *h, uint32_t fin)
{
	if (h->begin == BEGIN_HELD)
		begin_at(c, h, h->first->seq);
	if (h->begin != BEGIN_KNOWN || h->has_fin || is_before(fin, h->next) ||
	    !is_near(fin, h->next, LIMIT_TCP_NEAR) ||
	    (h->last != NULL && is_before(fin, held_end(h->last))))
		return;
	h->fin = fin;
	h->has_fin = true;
}

void
stream_packet(struct stream *s, const struct packet *p, enum side side,
    stream_taker *taker, void *ctx)
{
	struct call c = { s, taker, ctx, p };
	size_t i = half_index(s, side);
	struct half *h = &s->half[i];
	struct half *back = &s->half[1 - i];
	bool syn = (p->tcp_flags & TCP_SYN) != 0;
	struct segment g = {
		.seq = p->seq + syn,
		.end = p->seq + syn + p->payload_wire,
		.bytes = slice_head(p->payload, p->payload_wire),
		.whole = true,
	};

	/* of a reset neither number needs to be true, and its data is text */
	if (p->tcp_flags & TCP_RST)
		return;
	if (p->tcp_flags & TCP_ACK) {
		note_ack(&c, back, p->ack);
		settle_holes(&c, back);
	}
	if (syn)
		note_syn(&c, h, g.seq);
	if (p->payload_wire > 0)
		take(&c, h, g);
	if (p->tcp_flags & TCP_FIN)
		note_fin(&c, h, g.end);
	settle_holes(&c, h);
}

/* What a FIN or an ACK proves was sent and never came. */
static void
give_rest(struct call *c, struct half *h)
{
	if (h->begin == BEGIN_HELD)
		begin_at(c, h, h->first->seq);
	while (h->first != NULL)
		give_hole(c, h);
	if (h->begin != BEGIN_KNOWN)
		return;
	if (h->has_fin) {
		if (is_before(h->next, h->fin))
			give_gap(c, h, h->fin - h->next);
	} else if (h->has_acked && is_before(h->next, h->acked) &&
	    is_near(h->acked, h->next, LIMIT_TCP_NEAR) &&
	    h->acked - h->next > 1) { /* one may be a FIN not captured */
		give_gap(c, h, h->acked - h->next);
	}
}

void
stream_flush(struct stream *s, stream_taker *taker, void *ctx)
{
	struct call c = { s, taker, ctx, NULL };

	give_rest(&c, &s->half[0]);
	give_rest(&c, &s->half[1]);
}
