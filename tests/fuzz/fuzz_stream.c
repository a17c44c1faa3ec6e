/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input describes segments of two streams whose bytes are known: the byte
 * at an offset is a function of the offset. Whatever comes in whatever order,
 * every byte given out must be the one that belongs at its offset, counted by
 * the bytes and gaps given out before. A model keeps which bytes were offered:
 * none is given twice, and the gaps add up to what stream_lost() says.
 */
#include <stdlib.h>

#include "capture/stream.h"
#include "core/clock.h"
#include "core/cursor.h"

enum {
	MOST_BYTES = 4096, /* of a segment */
	PACKETS = 1 << 16  /* looked up by number; a record takes 8 bytes */
};

struct way {
	uint32_t isn;
	uint64_t at; /* offset of the next byte */
	bool begun;
	uint64_t gaps;
};

struct check {
	struct stream *s;
	struct way way[2];
	uint32_t offset[PACKETS]; /* of the payload of each packet */
	uint64_t number;
};

static uint8_t
byte_at(uint32_t offset, enum side side)
{
	uint32_t v = (offset + 1) * 2654435761u ^ (uint32_t)side * 0x5bd1e995;

	return (uint8_t)(v >> 24);
}

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static void
take(void *ctx, const struct stream_piece *piece)
{
	struct check *c = ctx;
	struct way *w = &c->way[piece->side];

	must((piece->bytes.n == 0) == (piece->gap > 0));
	must(piece->packet <= c->number);
	/* without a SYN the first packet's place is the begin */
	if (!w->begun)
		w->at = c->offset[piece->packet];
	w->begun = true;
	if (piece->gap > 0) {
		must(!piece->segment_start);
		w->at += piece->gap;
		w->gaps += piece->gap;
		return;
	}
	if (piece->segment_start)
		must(w->at == c->offset[piece->packet]);
	for (size_t i = 0; i < piece->bytes.n; i++)
		must(piece->bytes.p[i] ==
		    byte_at((uint32_t)w->at++, piece->side));
	must(stream_lost(c->s, piece->side) == w->gaps);
}

/* One record: flags, time, place, length, cut, ACK. */
static bool
one_packet(struct check *c, struct cursor *in)
{
	uint8_t what, ms, cut;
	uint16_t place, ack;
	uint16_t n;
	uint32_t offset;
	uint8_t *payload;
	enum side side;
	struct packet p = { .tuple.proto = IPPROTO_NUM_TCP,
		.has_transport = true };

	if (!cur_u8(in, &what) || !cur_u8(in, &ms) || !cur_u16(in, &place) ||
	    !cur_u16(in, &n) || !cur_u8(in, &cut) || !cur_u16(in, &ack) ||
	    c->number + 1 >= PACKETS)
		return false;
	side = what & 1 ? TO_CLIENT : TO_SERVER;
	/* near, or with steps that go beyond all ceilings */
	offset = what & 2 ? (uint32_t)place * 4000 : place;
	n %= MOST_BYTES;
	if (what & 4) { /* SYN, perhaps with data */
		p.tcp_flags |= TCP_SYN;
		offset = 0;
	}
	p.tcp_flags |= what & 8 ? TCP_FIN : 0;
	p.tcp_flags |= what & 16 ? TCP_ACK : 0;
	p.tcp_flags |= (what & 0xe0) == 0xe0 ? TCP_RST : 0;
	payload = malloc(n > 0 ? n : 1);
	must(payload != NULL);
	for (uint32_t i = 0; i < n; i++)
		payload[i] = byte_at(offset + i, side);
	p.number = ++c->number;
	p.time = (int64_t)ms * NS_PER_MS * 4;
	p.seq = c->way[side].isn + !(what & 4) + offset;
	p.ack =
	    c->way[!side].isn + 1 + (what & 32 ? (uint32_t)ack * 4000 : ack);
	p.payload_wire = n;
	p.payload = slice_of(payload, cut < 128 ? n : n * (cut - 128u) / 128);
	p.cut = p.payload.n < n;
	c->offset[c->number] = offset;
	if ((what & 4) && !c->way[side].begun && !(p.tcp_flags & TCP_RST))
		c->way[side].begun = true; /* from 0 */
	stream_packet(c->s, &p, side, take, c);
	free(payload);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in = cur_of(slice_of(data, size));
	struct check *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->s = stream_new();
	must(c->s != NULL);
	if (cur_u32(&in, &c->way[0].isn) && cur_u32(&in, &c->way[1].isn)) {
		while (one_packet(c, &in))
			;
		stream_flush(c->s, take, c);
	}
	must(stream_lost(c->s, TO_SERVER) == c->way[TO_SERVER].gaps);
	must(stream_lost(c->s, TO_CLIENT) == c->way[TO_CLIENT].gaps);
	must(stream_conflicts(c->s) == 0);
	stream_free(c->s);
	free(c);
	return 0;
}
