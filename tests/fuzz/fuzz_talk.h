/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_talk.h - the bytes of a fuzzer as a conversation: whole, in pieces to
 * and fro with a gap, and as a datagram.
 */
#ifndef TESTS_FUZZ_FUZZ_TALK_H
#define TESTS_FUZZ_FUZZ_TALK_H

#include "dissect/protocols.h"
#include "dissect/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static inline struct session *
fuzz_session(uint8_t proto)
{
	struct flow f = { .first_packet = 1 };

	f.tuple.proto = proto;
	return session_new(&f, NULL, NULL);
}

static inline void
fuzz_done(struct session *s)
{
	session_end(s);
	session_end(s);
	session_free(s);
}

enum { FUZZ_PIECES = 32 }; /* more of them only take time */

/* The first byte says how long the pieces are, its low bit who begins. */
static inline void
fuzz_stream(const struct dissector *d, struct slice bytes)
{
	struct session *s = fuzz_session(IPPROTO_NUM_TCP);

	if (s == NULL || bytes.n == 0) {
		session_free(s);
		return;
	}
	size_t size = (size_t)bytes.p[0] / 2 + 1;
	unsigned turn = bytes.p[0] & 1;

	if (d != NULL)
		(void)session_bind(s, d);
	if (size < bytes.n / FUZZ_PIECES)
		size = bytes.n / FUZZ_PIECES;
	bytes = slice_from(bytes, 1);
	for (; bytes.n > 0; bytes = slice_from(bytes, size), turn++) {
		struct stream_piece piece = {
			.side = (enum side)(turn / 3 % 2),
			.bytes = slice_head(bytes, size),
			.gap = turn % 17 == 0 ? size : 0,
			.packet = turn + 1,
			.segment_start = true,
		};

		(void)session_stream(s, &piece);
	}
	fuzz_done(s);
}

static inline void
fuzz_whole(const struct dissector *d, struct slice bytes)
{
	for (int side = 0; side < 2; side++) {
		struct session *s = fuzz_session(IPPROTO_NUM_TCP);
		struct stream_piece piece = { .side = (enum side)side,
			.bytes = bytes,
			.packet = 1,
			.segment_start = true };

		if (s == NULL)
			return;
		if (d != NULL)
			(void)session_bind(s, d);
		(void)session_stream(s, &piece);
		fuzz_done(s);
	}
}

static inline void
fuzz_datagram(struct slice bytes)
{
	struct session *s = fuzz_session(IPPROTO_NUM_UDP);
	struct packet p = { .number = 1,
		.payload = bytes,
		.payload_wire = (uint32_t)bytes.n };

	if (s == NULL)
		return;
	(void)session_datagram(s, &p, TO_SERVER);
	(void)session_datagram(s, &p, TO_CLIENT);
	fuzz_done(s);
}

#endif
