/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZRTP: key agreement in the media path. A Hello proves nothing; SRTP begins
 * after Conf2ACK and ends with GoClear.
 *
 * Spec: RFC 6189 sections 5 and 9 (CRC-32C of RFC 9260 appendix A).
 * Learns: ZRTP, PROTOCOL.
 */
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	ZRTP_FIRST = 0x10,
	ZRTP_PREAMBLE = 0x505a,
	HEADER = 12, /* before the message */
	CRC = 4,
	TOLD_MOST = 32,
};

struct zrtp {
	unsigned step; /* enum zrtp_step last learnt */
	unsigned told;
};

struct step_name {
	const char *type;
	enum zrtp_step step;
};

static const struct step_name steps[] = {
	{ "Hello   ", ZRTP_HELLO },
	{ "HelloACK", ZRTP_HELLO },
	{ "Commit  ", ZRTP_COMMIT },
	{ "DHPart1 ", ZRTP_COMMIT },
	{ "DHPart2 ", ZRTP_COMMIT },
	{ "Confirm1", ZRTP_CONFIRM },
	{ "Confirm2", ZRTP_CONFIRM },
	{ "Conf2ACK", ZRTP_SECURE },
	{ "GoClear ", ZRTP_GO_CLEAR },
	{ "ClearACK", ZRTP_GO_CLEAR },
};

static uint32_t
crc32c(struct slice bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= bytes.p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* The sum is sent as SCTP sends it: least significant octet first. */
static bool
crc_holds(struct slice packet)
{
	struct cursor c = cur_of(packet);
	struct slice covered;
	uint32_t crc;

	return packet.n > CRC && cur_take(&c, packet.n - CRC, &covered) &&
	    cur_u32le(&c, &crc) && crc == crc32c(covered);
}

/* Type block of the message; the capture may have cut what follows it. */
static bool
parse(struct slice bytes, uint32_t wire, struct slice *type)
{
	struct cursor c = cur_of(bytes);
	uint8_t first;
	struct slice cookie;
	uint16_t preamble;
	uint16_t words;

	if (!cur_u8(&c, &first) || first != ZRTP_FIRST || !cur_skip(&c, 3) ||
	    !cur_take(&c, 4, &cookie) || !slice_is(cookie, "ZRTP") ||
	    !cur_skip(&c, 4) || !cur_u16(&c, &preamble) ||
	    preamble != ZRTP_PREAMBLE || !cur_u16(&c, &words) ||
	    !cur_take(&c, 8, type))
		return false;
	if (wire != HEADER + (uint32_t)words * 4 + CRC)
		return false;
	return bytes.n < wire || crc_holds(bytes);
}

static enum probe
zrtp_probe(const struct sniff *s)
{
	struct slice type;

	return parse(s->bytes, s->wire, &type) ? PROBE_YES : PROBE_NO;
}

static enum feed
zrtp_feed(struct session *s, void *state, struct chunk *c)
{
	struct zrtp *z = state;
	struct slice type;

	if (!parse(c->bytes, c->wire, &type))
		return FEED_LOST;
	if (z->told == 0)
		learn_text_once(s, FACT_PROTOCOL, slice_text("zrtp"));
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (!slice_is(type, steps[i].type))
			continue;
		/* A repeated Hello after the agreement changes nothing. */
		if (z->step == steps[i].step || z->told == TOLD_MOST ||
		    (steps[i].step == ZRTP_HELLO && z->step != 0))
			break;
		z->step = steps[i].step;
		z->told++;
		learn_number(s, FACT_ZRTP, z->step);
		break;
	}
	return FEED_ON;
}

const struct dissector dissect_zrtp = {
	.name = "zrtp",
	.over = OVER_DATAGRAM,
	.state_size = sizeof(struct zrtp),
	.probe = zrtp_probe,
	.feed = zrtp_feed,
};
