/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams of one flow: per datagram one octet of flags (side, cut) and two
 * of length, then the bytes.
 */
#include <stdlib.h>

#include "core/cursor.h"
#include "dissect/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_SIDE = 1, FLAG_CUT = 2 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(slice_of(data, size));
	struct flow flow = { .tuple.proto = IPPROTO_NUM_UDP };
	struct session *s = session_new(&flow, NULL, NULL);
	uint64_t number = 0;
	uint8_t flags;
	uint16_t length;

	while (cur_u8(&c, &flags) && cur_u16(&c, &length)) {
		struct slice bytes = slice_head(cur_rest(&c), length);
		uint8_t *own = malloc(bytes.n + 1);

		if (own == NULL || !cur_copy(&c, own, bytes.n)) {
			free(own);
			break;
		}
		struct packet p = {
			.number = ++number,
			.payload = slice_of(own, bytes.n),
			.payload_wire =
			    (uint32_t)bytes.n + (flags & FLAG_CUT ? 100 : 0),
		};

		(void)session_datagram(s, &p,
		    flags & FLAG_SIDE ? TO_CLIENT : TO_SERVER);
		free(own);
	}
	session_end(s);
	session_free(s);
	return 0;
}
