/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses the link type, the second how much of the frame was
 * captured; the rest are frames of one capture, each with a length in front,
 * so that fragments meet.
 */
#include <stdlib.h>

#include "capture/decode.h"
#include "core/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct packet *p, enum decode_result r)
{
	if (r >= DECODE_RESULTS)
		abort();
	if (r != DECODE_OK)
		return;
	if (p->payload.n > p->payload_wire)
		abort();
	if (p->cut != (p->payload_wire > p->payload.n))
		abort();
	if (p->payload.n > 0 && !p->reassembled && !p->fragment &&
	    (p->payload.p < p->frame.p ||
		p->payload.p + p->payload.n > p->frame.p + p->frame.n))
		abort();
	if (p->network.n > 0 && p->network.p[0] >> 4 != 4 &&
	    p->network.p[0] >> 4 != 6)
		abort();
}

static void
take_late(struct decoder *d, int64_t now)
{
	struct packet p;

	while (decode_late(d, now, &p)) {
		check(&p, DECODE_OK);
		if (!p.fragment || p.frame.n > 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t links[] = { 0, 1, 9, 12, 50, 51, 101, 104, 105,
		108, 113, 127, 192, 228, 229, 239, 276, 187 };
	struct decoder *d = decoder_new();
	struct cursor c = cur_of(slice_of(data, size));
	uint8_t link;
	uint8_t missing;
	struct slice frame;
	uint16_t n;
	int64_t time = 0;

	if (d == NULL)
		return 0;
	if (cur_u8(&c, &link) && cur_u8(&c, &missing)) {
		while (cur_u16(&c, &n) &&
		    cur_take(&c, n < cur_left(&c) ? n : cur_left(&c), &frame)) {
			struct packet p = { .frame = frame,
				.wire_len = (uint32_t)frame.n + missing,
				.link = links[link % COUNT(links)],
				/* so that some rests come late */
				.time = time +=
				n % 16 == 0 ? 300000000 : 1000000 };

			take_late(d, p.time);
			check(&p, decode(d, &p));
		}
	}
	take_late(d, INT64_MAX);
	decoder_free(d);
	return 0;
}
