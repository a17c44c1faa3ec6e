/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tds.c - what client and SQL server agree on before the login.
 *
 * Spec: MS-TDS 2.2.3.1 (packet header), 2.2.6.5 (PRELOGIN).
 * Learns: TDS_ENCRYPTION of either side.
 *
 * The TLS handshake that may follow is wrapped into TDS packets; it is left
 * alone.
 */
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	TYPE_RESPONSE = 0x04,
	TYPE_PRELOGIN = 0x12,
	END_OF_MESSAGE = 0x01,
	OPTION_VERSION = 0,
	OPTION_ENCRYPTION = 1,
	OPTION_END = 0xff,
	OPTIONS_MOST = 16,
	HEAD = 8,
	PRELOGIN_MOST = 1024,
};

struct tds {
	bool seen[2];
};

/* Type Status Length SPID PacketID Window */
static enum probe
parse_packet(struct cursor *c, uint8_t type, struct cursor *body)
{
	struct cursor h = *c;
	uint8_t kind;
	uint8_t status;
	uint16_t length;
	uint16_t spid;
	uint8_t id;
	uint8_t window;

	if (!cur_u8(&h, &kind))
		return PROBE_MORE;
	if (kind != type)
		return PROBE_NO;
	if (!cur_u8(&h, &status) || !cur_u16(&h, &length) ||
	    !cur_u16(&h, &spid) || !cur_u8(&h, &id) || !cur_u8(&h, &window))
		return PROBE_MORE;
	if ((status & END_OF_MESSAGE) == 0 || length <= HEAD ||
	    length > PRELOGIN_MOST || window != 0)
		return PROBE_NO;
	if (!cur_sub(&h, length - (size_t)HEAD, body))
		return PROBE_MORE;
	*c = h;
	return PROBE_YES;
}

/* A table of token, offset and length; offsets count from the body. */
static bool
parse_options(struct cursor c, uint8_t *encryption)
{
	const struct cursor body = c;
	bool found = false;

	for (unsigned i = 0; i < OPTIONS_MOST; i++) {
		struct cursor value = body;
		struct cursor data;
		uint8_t token;
		uint16_t offset;
		uint16_t length;

		if (!cur_u8(&c, &token))
			return false;
		if (token == OPTION_END)
			return found;
		if (!cur_u16(&c, &offset) || !cur_u16(&c, &length) ||
		    !cur_skip(&value, offset) ||
		    !cur_sub(&value, length, &data) ||
		    (i == 0 && (token != OPTION_VERSION || length != 6)))
			return false;
		if (token == OPTION_ENCRYPTION)
			found = cur_u8(&data, encryption);
	}
	return false;
}

static enum probe
parse_prelogin(struct slice bytes, enum side side, size_t *used,
    uint8_t *encryption)
{
	struct cursor c = cur_of(bytes);
	struct cursor body;
	enum probe r = parse_packet(&c,
	    side == TO_SERVER ? TYPE_PRELOGIN : TYPE_RESPONSE, &body);

	if (r != PROBE_YES)
		return r;
	*used = bytes.n - cur_left(&c);
	return parse_options(body, encryption) ? PROBE_YES : PROBE_NO;
}

static enum probe
tds_probe(const struct sniff *sniff)
{
	uint8_t encryption;
	size_t used;

	if (!sniff->start && !sniff->segment)
		return PROBE_NO;
	return parse_prelogin(sniff->bytes, sniff->side, &used, &encryption);
}

static enum feed
tds_feed(struct session *s, void *state, struct chunk *c)
{
	struct tds *t = state;
	uint8_t encryption;
	size_t used = 0;

	if (t->seen[c->side]) {
		c->used = c->bytes.n;
		return FEED_ON;
	}
	enum probe r = parse_prelogin(c->bytes, c->side, &used, &encryption);

	if (r == PROBE_MORE)
		return FEED_ON;
	if (r == PROBE_NO)
		return t->seen[!c->side] ? FEED_DONE : FEED_LOST;
	c->used = used;
	t->seen[c->side] = true;
	learn_text_once(s, FACT_PROTOCOL, slice_text("tds"));
	learn_number(s, FACT_TDS_ENCRYPTION, encryption);
	return t->seen[!c->side] ? FEED_DONE : FEED_ON;
}

const struct dissector dissect_tds = {
	.name = "tds",
	.over = OVER_STREAM,
	.state_size = sizeof(struct tds),
	.probe = tds_probe,
	.feed = tds_feed,
};
