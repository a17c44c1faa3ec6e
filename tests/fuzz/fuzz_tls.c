/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP connection in pieces: per piece one octet of flags (side, gap, ACK)
 * and two of length, then the bytes. With a key log, so that records are kept
 * and tried.
 */
#include <stdlib.h>

#include "core/cursor.h"
#include "dissect/keylog.h"
#include "dissect/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_SIDE = 1, FLAG_GAP = 2, FLAG_MIDDLE = 4, FLAG_ACK = 8 };

static const char secrets[] =
    "CLIENT_RANDOM "
    "00000000000000000000000000000000"
    "00000000000000000000000000000000 "
    "00000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keylog *keys;
	struct cursor c = cur_of(slice_of(data, size));
	struct flow flow = { .tuple.proto = IPPROTO_NUM_TCP };
	uint64_t acked[2] = { 0, 0 }, packet = 0;
	uint8_t flags;
	uint16_t length;

	if (!cur_u8(&c, &flags))
		return 0;
	flow.mid_stream = flags & 1;
	if (keys == NULL) {
		keys = keylog_new();
		keylog_add(keys, slice_of(secrets, sizeof(secrets) - 1));
	}
	struct session *s = session_new(&flow, flags & 2 ? keys : NULL, NULL);

	while (cur_u8(&c, &flags) && cur_u16(&c, &length)) {
		struct slice bytes = slice_head(cur_rest(&c), length);
		struct stream_piece piece = {
			.side = flags & FLAG_SIDE ? TO_CLIENT : TO_SERVER,
			.packet = ++packet,
			.segment_start = (flags & FLAG_MIDDLE) == 0,
		};

		if (flags & FLAG_ACK) {
			acked[piece.side] += length;
			session_ack(s, piece.side, acked[piece.side]);
		}
		if (flags & FLAG_GAP) {
			piece.gap = length;
			(void)session_stream(s, &piece);
			continue;
		}
		uint8_t *own = malloc(bytes.n + 1);

		if (own == NULL || !cur_copy(&c, own, bytes.n)) {
			free(own);
			break;
		}
		piece.bytes = slice_of(own, bytes.n);
		(void)session_stream(s, &piece);
		free(own);
	}
	session_end(s);
	session_end(s);
	session_free(s);
	return 0;
}
