/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PDUs of one side as they arrive: the first octet says who speaks (a TPKT
 * begins with 3: the server) and how much comes at a time. Straight into the
 * dissector: what it leaves is offered again with more behind it.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz_talk.h"

static void
feed_all(struct session *s, void *state, enum side side, struct slice bytes,
    size_t piece)
{
	enum feed r = FEED_ON;
	size_t from = 0, to = 0;

	while (r == FEED_ON && to < bytes.n) {
		to += slice_head(slice_from(bytes, to), piece).n;
		struct slice now = slice_from(slice_head(bytes, to), from);
		uint8_t *own = malloc(now.n > 0 ? now.n : 1);

		if (own == NULL)
			abort();
		memcpy(own, now.p, now.n);
		struct chunk c = { .bytes = slice_of(own, now.n),
			.side = side,
			.wire = (uint32_t)now.n,
			.packet = to };
		struct sniff sniff = { .bytes = c.bytes, .side = side };

		(void)dissect_rdp.probe(&sniff);
		r = dissect_rdp.feed(s, state, &c);
		if (c.used > now.n)
			abort();
		from += c.used;
		free(own);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct session *s = fuzz_session(IPPROTO_NUM_TCP);
	void *state = calloc(1, dissect_rdp.state_size);

	if (s == NULL || state == NULL)
		abort();
	if (n > 0)
		feed_all(s, state, p[0] & 1 ? TO_CLIENT : TO_SERVER,
		    slice_of(p, n), n / (1 + p[0] / 4 % FUZZ_PIECES) + 1);
	free(state);
	session_free(s);
	return 0;
}
