/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media.h - what the tests of the media dissectors share: a flow with a
 * session, packets with numbers, facts looked up, deterministic octets.
 */
#ifndef TESTS_MEDIA_H
#define TESTS_MEDIA_H

#include "dissect/registry.h"
#include "tests/support.h"

struct call {
	struct flow flow;
	struct session *s;
	uint64_t packet;
};

static inline void
call_begin(struct call *c, uint8_t proto)
{
	static const uint8_t client[4] = { 10, 0, 0, 1 };
	static const uint8_t server[4] = { 10, 0, 0, 2 };

	memset(c, 0, sizeof(*c));
	c->flow.tuple.src.addr = addr_v4(client);
	c->flow.tuple.src.port = 50000;
	c->flow.tuple.dst.addr = addr_v4(server);
	c->flow.tuple.dst.port = 50002;
	c->flow.tuple.proto = proto;
	c->s = session_new(&c->flow, NULL, NULL);
	assert_non_null(c->s);
}

static inline void
call_end(struct call *c)
{
	session_free(c->s);
	c->s = NULL;
}

/* A datagram of which the capture has `bytes` of `wire` octets. */
static inline enum feed
call_cut(struct call *c, enum side side, struct slice bytes, uint32_t wire)
{
	struct packet p;
	uint8_t *copy = malloc(bytes.n ? bytes.n : 1);

	assert_non_null(copy);
	if (bytes.n > 0)
		memcpy(copy, bytes.p, bytes.n);
	memset(&p, 0, sizeof(p));
	p.number = ++c->packet;
	p.time = (int64_t)c->packet * 20000000;
	p.payload = slice_of(copy, bytes.n);
	p.payload_wire = wire;
	enum feed r = session_datagram(c->s, &p, side);

	free(copy);
	return r;
}

static inline enum feed
call_datagram(struct call *c, enum side side, const void *p, size_t n)
{
	return call_cut(c, side, slice_of(p, n), (uint32_t)n);
}

static inline void
call_stream(struct call *c, enum side side, const void *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, p, n);
	struct stream_piece piece = {
		.side = side,
		.bytes = slice_of(copy, n),
		.packet = ++c->packet,
		.time = (int64_t)c->packet * 20000000,
		.segment_start = true,
	};

	(void)session_stream(c->s, &piece);
	free(copy);
}

static inline void
call_gap(struct call *c, enum side side, uint64_t n)
{
	struct stream_piece piece = {
		.side = side,
		.gap = n,
		.packet = c->packet,
	};

	(void)session_stream(c->s, &piece);
}

static inline size_t
call_count(const struct call *c, enum fact f)
{
	return evidence_count(session_evidence(c->s), f);
}

static inline bool
call_speaks(const struct call *c, const char *protocol)
{
	return evidence_has_text(session_evidence(c->s), FACT_PROTOCOL,
	    protocol);
}

/* The newest stream with this SSRC and payload type. */
static inline bool
call_media(const struct call *c, uint32_t ssrc, uint8_t pt,
    struct media_stream *m)
{
	const struct evidence *e = session_evidence(c->s);
	const struct learnt *l = NULL;
	bool found = false;

	while ((l = evidence_next(e, FACT_MEDIA_STREAM, l)) != NULL) {
		struct media_stream seen;

		assert_int_equal(l->bytes.n, sizeof(seen));
		memcpy(&seen, l->bytes.p, sizeof(seen));
		if (seen.ssrc != ssrc || seen.pt != pt)
			continue;
		*m = seen;
		found = true;
	}
	return found;
}

/* The carrier of the scope in which the newest such fact was learnt. */
static inline enum carrier
call_carrier(const struct call *c, enum fact f)
{
	const struct evidence *e = session_evidence(c->s);
	const struct learnt *l = evidence_last(e, f);

	assert_non_null(l);
	return (enum carrier)e->scopes[l->scope].carrier;
}

/* xorshift64*: good enough to stand for ciphertext, the same everywhere. */
static inline uint64_t
dice(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static inline void
dice_fill(uint64_t *state, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(dice(state) >> 40);
}

struct rtp_shape {
	uint8_t pt;
	uint16_t seq;
	uint32_t time;
	uint32_t ssrc;
};

enum { RTP_ROOM = 2048, RTP_HEADER_SIZE = 12 };

/* Twelve octets of header in front of the payload; returns the length. */
static inline size_t
rtp_write(uint8_t *p, const struct rtp_shape *r, const void *payload, size_t n)
{
	assert_true(n <= RTP_ROOM - RTP_HEADER_SIZE);
	p[0] = 0x80;
	p[1] = r->pt;
	p[2] = (uint8_t)(r->seq >> 8);
	p[3] = (uint8_t)r->seq;
	for (unsigned i = 0; i < 4; i++) {
		p[4 + i] = (uint8_t)(r->time >> (24 - 8 * i));
		p[8 + i] = (uint8_t)(r->ssrc >> (24 - 8 * i));
	}
	if (n > 0)
		memcpy(p + RTP_HEADER_SIZE, payload, n);
	return RTP_HEADER_SIZE + n;
}

#endif
