/* SPDX-License-Identifier: Apache-2.0 */
/*
 * talk.h - conversations for tests of dissectors: bytes go through a session
 * whole, byte by byte, cut at every place and as every prefix; what is learnt
 * must not depend on it.
 */
#ifndef TESTS_TALK_H
#define TESTS_TALK_H

#include "core/buf.h"
#include "dissect/registry.h"
#include "tests/support.h"

struct talk {
	struct flow flow;
	struct session *session;
	uint64_t packet;
};

struct said {
	enum side side;
	const char *text;
	size_t n; /* 0: up to the NUL */
};

static inline struct slice
said_bytes(const struct said *line)
{
	return slice_of(line->text, line->n > 0 ? line->n : strlen(line->text));
}

static inline void
talk_open_at(struct talk *t, uint8_t proto, uint16_t port, bool middle)
{
	static const uint8_t client[4] = { 10, 0, 0, 1 };
	static const uint8_t server[4] = { 10, 0, 0, 2 };

	memset(t, 0, sizeof(*t));
	t->flow.tuple.proto = proto;
	t->flow.tuple.src.addr = addr_v4(client);
	t->flow.tuple.dst.addr = addr_v4(server);
	t->flow.tuple.src.port = 40000;
	t->flow.tuple.dst.port = port;
	t->flow.mid_stream = middle;
	t->session = session_new(&t->flow, NULL, NULL);
	assert_non_null(t->session);
}

static inline void
talk_open(struct talk *t, uint8_t proto, uint16_t port)
{
	talk_open_at(t, proto, port, false);
}

static inline void
talk_close(struct talk *t)
{
	session_free(t->session);
	t->session = NULL;
}

/* In heap memory of its own size, so that a sanitizer sees a byte too many. */
static inline void
talk_say(struct talk *t, enum side side, struct slice bytes)
{
	uint8_t *p = malloc(bytes.n > 0 ? bytes.n : 1);

	assert_non_null(p);
	if (bytes.n > 0)
		memcpy(p, bytes.p, bytes.n);
	t->packet++;
	if (t->flow.tuple.proto == IPPROTO_NUM_TCP) {
		struct stream_piece piece = { .side = side,
			.bytes = slice_of(p, bytes.n),
			.packet = t->packet,
			.segment_start = true };

		(void)session_stream(t->session, &piece);
	} else {
		struct packet packet = { .number = t->packet,
			.payload = slice_of(p, bytes.n),
			.payload_wire = (uint32_t)bytes.n };

		(void)session_datagram(t->session, &packet, side);
	}
	free(p);
}

static inline void
talk_gap(struct talk *t, enum side side, uint64_t n)
{
	struct stream_piece piece = { .side = side,
		.gap = n,
		.packet = ++t->packet };

	(void)session_stream(t->session, &piece);
}

static inline void
talk_lines(struct talk *t, const struct said *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		talk_say(t, lines[i].side, said_bytes(&lines[i]));
}

/* ---- what was learnt ---- */

static inline bool
talk_has(const struct talk *t, enum fact f, const char *text)
{
	return evidence_has_text(session_evidence(t->session), f, text);
}

static inline size_t
talk_count(const struct talk *t, enum fact f)
{
	return evidence_count(session_evidence(t->session), f);
}

/* The number of the fact seen last; `otherwise` if there is none. */
static inline uint64_t
talk_number(const struct talk *t, enum fact f, uint64_t otherwise)
{
	const struct learnt *l = evidence_last(session_evidence(t->session), f);

	return l != NULL ? l->number : otherwise;
}

/* The i-th struct of its kind; fails the test if there are not so many. */
static inline const void *
talk_struct(const struct talk *t, enum fact f, size_t i)
{
	const struct learnt *l = NULL;

	do
		l = evidence_next(session_evidence(t->session), f, l);
	while (l != NULL && i-- > 0);
	assert_non_null(l);
	return l->bytes.p;
}

/* Facts without packet and time, in the order they were learnt. */
static inline void
talk_write(const struct talk *t, struct buf *b)
{
	const struct evidence *e = session_evidence(t->session);

	buf_clear(b);
	for (size_t i = 0; i < e->count; i++) {
		const struct learnt *l = &e->facts[i];

		buf_printf(b, "%u %u %u %llu ", l->fact, l->side, l->scope,
		    (unsigned long long)l->number);
		buf_hex(b, l->bytes);
		buf_char(b, '\n');
	}
	buf_char(b, '.');
}

/* Says the lines again with line `at` cut into pieces of these sizes. */
static inline void
talk_cut(struct talk *t, const struct said *lines, size_t n, size_t at,
    size_t first)
{
	for (size_t i = 0; i < n; i++) {
		struct slice s = said_bytes(&lines[i]);

		if (i != at) {
			talk_say(t, lines[i].side, s);
			continue;
		}
		talk_say(t, lines[i].side, slice_head(s, first));
		talk_say(t, lines[i].side, slice_from(s, first));
	}
}

/*
 * Streams: the same facts whether each line comes whole, byte by byte or in
 * two pieces, whatever the place; and no prefix breaks anything.
 */
static inline void
talk_every_way(const struct said *lines, size_t n, uint16_t port)
{
	struct buf want;
	struct buf have;
	struct talk t;

	buf_init(&want);
	buf_init(&have);
	talk_open(&t, IPPROTO_NUM_TCP, port);
	talk_lines(&t, lines, n);
	session_end(t.session);
	talk_write(&t, &want);
	talk_close(&t);

	talk_open(&t, IPPROTO_NUM_TCP, port);
	for (size_t i = 0; i < n; i++) {
		struct slice s = said_bytes(&lines[i]);

		for (; s.n > 0; s = slice_from(s, 1))
			talk_say(&t, lines[i].side, slice_head(s, 1));
	}
	session_end(t.session);
	talk_write(&t, &have);
	assert_string_equal(have.p, want.p);
	talk_close(&t);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 1; k < said_bytes(&lines[i]).n; k++) {
			talk_open(&t, IPPROTO_NUM_TCP, port);
			talk_cut(&t, lines, n, i, k);
			session_end(t.session);
			talk_write(&t, &have);
			assert_string_equal(have.p, want.p);
			talk_close(&t);

			talk_open(&t, IPPROTO_NUM_TCP, port);
			talk_lines(&t, lines, i);
			talk_say(&t, lines[i].side,
			    slice_head(said_bytes(&lines[i]), k));
			session_end(t.session);
			talk_close(&t);
		}
	}
	buf_done(&want);
	buf_done(&have);
}

static inline void
talk_prefix(struct slice piece, bool is_whole, void *ctx)
{
	const uint16_t *port = ctx;
	struct talk t;

	(void)is_whole;
	talk_open(&t, IPPROTO_NUM_UDP, *port);
	talk_say(&t, TO_SERVER, piece);
	talk_say(&t, TO_CLIENT, piece);
	session_end(t.session);
	talk_close(&t);
}

/* Datagrams: no prefix breaks anything. */
static inline void
talk_prefixes(struct slice whole, uint16_t port)
{
	each_prefix(whole, talk_prefix, &port);
}

#endif
