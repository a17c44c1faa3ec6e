/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic.c - QUIC by its long headers: encrypted, and not for us to judge.
 *
 * Spec: RFC 8999 section 5.1, RFC 9000 sections 14.1 and 17.2, RFC 9369.
 * Learns: nothing but the protocol.
 */
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	LONG_AND_FIXED = 0xc0,
	ID_MOST = 20,
	INITIAL_LEAST = 1200,
};

#define VERSION_1      UINT32_C(0x00000001)
#define VERSION_2      UINT32_C(0x6b3343cf)
#define VERSION_DRAFTS UINT32_C(0xff000000)

/* RFC 9000 section 16: the top two bits give the length. */
static bool
varint(struct cursor *c, uint64_t *v)
{
	uint8_t byte;

	if (!cur_u8(c, &byte))
		return false;
	*v = byte & 0x3f;
	for (unsigned more = (1U << (byte >> 6)) - 1; more > 0; more--) {
		if (!cur_u8(c, &byte))
			return false;
		*v = *v << 8 | byte;
	}
	return true;
}

static bool
is_initial(uint8_t first, uint32_t version)
{
	unsigned type = first >> 4 & 3;

	if (version == VERSION_2)
		return type == 1;
	if (version == VERSION_1)
		return type == 0;
	return version > VERSION_DRAFTS + 22 && version < VERSION_DRAFTS + 35 &&
	    type == 0;
}

static bool
take_id(struct cursor *c)
{
	struct cursor id;

	return cur_vec8(c, &id) && cur_left(&id) <= ID_MOST;
}

/*
 * An Initial packet fills its datagram to 1200 bytes whoever sends it, if it
 * asks for an answer; both ends begin with one.
 */
static enum probe
quic_probe(const struct sniff *sniff)
{
	struct cursor c = cur_of(sniff->bytes);
	uint8_t first;
	uint32_t version;
	uint64_t n;

	if (sniff->wire < INITIAL_LEAST || !cur_u8(&c, &first) ||
	    (first & LONG_AND_FIXED) != LONG_AND_FIXED ||
	    !cur_u32(&c, &version) || !is_initial(first, version) ||
	    !take_id(&c) || !take_id(&c) || !varint(&c, &n) ||
	    n > cur_left(&c) || !cur_skip(&c, (size_t)n) || !varint(&c, &n))
		return PROBE_NO;
	return n >= 20 && n <= sniff->wire ? PROBE_YES : PROBE_NO;
}

static enum feed
quic_feed(struct session *s, void *state UNUSED, struct chunk *c UNUSED)
{
	learn_text_once(s, FACT_PROTOCOL, slice_text("quic"));
	return FEED_DONE;
}

const struct dissector dissect_quic = {
	.name = "quic",
	.over = OVER_DATAGRAM,
	.probe = quic_probe,
	.feed = quic_feed,
};
