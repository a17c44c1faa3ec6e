/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media_fuzz.h - an input as the packets of a flow: an octet of side and of
 * what to do, two of length, then so many octets, again and again.
 */
#ifndef TESTS_FUZZ_MEDIA_FUZZ_H
#define TESTS_FUZZ_MEDIA_FUZZ_H

#include <stdlib.h>

#include "core/cursor.h"
#include "dissect/protocols.h"
#include "dissect/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_flow {
	struct flow flow;
	struct session *s;
	const struct dissector *d;
	void *state; /* NULL: through the registry */
	uint64_t packet;
};

/* Memory of its own size, so that one octet too many is seen. */
static inline uint8_t *
fuzz_copy(struct slice bytes)
{
	uint8_t *p = malloc(bytes.n ? bytes.n : 1);

	if (p == NULL)
		abort();
	if (bytes.n > 0)
		memcpy(p, bytes.p, bytes.n);
	return p;
}

static inline void
fuzz_direct(struct fuzz_flow *f, enum side side, struct slice bytes,
    uint32_t more)
{
	struct chunk c = {
		.bytes = bytes,
		.side = side,
		.wire = (uint32_t)bytes.n + more,
		.packet = f->packet,
	};
	struct sniff sniff = {
		.bytes = bytes,
		.side = side,
		.datagram = session_is_datagram(f->s),
		.wire = c.wire,
		.tuple = &f->flow.tuple,
	};

	(void)f->d->probe(&sniff);
	if (f->d->idle != NULL)
		(void)f->d->idle(f->state, bytes);
	(void)f->d->feed(f->s, f->state, &c);
	if (c.used > bytes.n)
		abort();
}

static inline void
fuzz_through_registry(struct fuzz_flow *f, enum side side, struct slice bytes,
    uint32_t more)
{
	if (session_is_datagram(f->s)) {
		struct packet p = {
			.number = f->packet,
			.payload = bytes,
			.payload_wire = (uint32_t)bytes.n + more,
		};

		(void)session_datagram(f->s, &p, side);
		return;
	}
	struct stream_piece piece = {
		.side = side,
		.bytes = bytes,
		.gap = more,
		.packet = f->packet,
		.segment_start = true,
	};

	(void)session_stream(f->s, &piece);
}

static inline void
fuzz_flow(struct slice input, uint8_t proto, const struct dissector *d)
{
	struct fuzz_flow f = { .d = d };
	struct cursor c = cur_of(input);
	uint8_t how;
	uint16_t length;

	f.flow.tuple.proto = proto;
	f.s = session_new(&f.flow, NULL, NULL);
	if (f.s == NULL)
		return;
	if (d != NULL)
		f.state = calloc(1, d->state_size ? d->state_size : 1);
	while (cur_u8(&c, &how) && cur_u16(&c, &length)) {
		struct slice bytes = slice_head(cur_rest(&c), length & 0x7ff);
		uint32_t more = how & 2 ? how : 0;
		uint8_t *p = fuzz_copy(bytes);

		f.packet++;
		if (f.state != NULL)
			fuzz_direct(&f, (enum side)(how & 1),
			    slice_of(p, bytes.n), more);
		else
			fuzz_through_registry(&f, (enum side)(how & 1),
			    slice_of(p, bytes.n), more);
		free(p);
		if (!cur_skip(&c, bytes.n))
			break;
	}
	session_end(f.s);
	if (f.state != NULL && d->end != NULL)
		d->end(f.s, f.state);
	if (f.state != NULL && d->drop != NULL)
		d->drop(f.state);
	free(f.state);
	session_free(f.s);
}

#endif
