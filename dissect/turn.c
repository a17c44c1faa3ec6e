/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN on datagrams and streams, and TURN: what is relayed goes to an inner
 * session per peer.
 *
 * On a stream messages and ChannelData stand back to back, ChannelData padded
 * to four octets.
 *
 * Spec: RFC 8489, RFC 3489, RFC 8656 sections 11 and 12, RFC 6062 section 5,
 * RFC 8445 section 7.1, MS-ICE2 section 2.2.
 * Learns: STUN_MAPPED, STUN_USERNAME, STUN_SOFTWARE, STUN_ICE, STUN_MICROSOFT,
 * TURN_RELAYED, TURN_PEER, TURN_DATA, PROTOCOL.
 */
#include "dissect/frames.h"
#include "dissect/protocols.h"
#include "dissect/relay.h"
#include "dissect/stun.h"

enum {
	CHANNEL_FIRST = 0x4000, /* RFC 5766; RFC 8656 stops at 0x4fff */
	CHANNEL_LAST = 0x7fff,
	CHANNEL_HEADER = 4,
	UNBOUND_LEAST = 2, /* ChannelData whose ChannelBind we did not see */
	CALM = 32,         /* Binding messages without news */
	BAD_MOST = 8,      /* times that a stream lost its frames */
};

struct turn {
	struct relay relay;
	uint16_t unbound; /* channel seen without a bind */
	uint8_t unbound_count;
	uint8_t empty; /* classic requests without attributes */
	uint8_t bad;   /* streams: frames lost without a gap */
	bool hole[2];  /* streams, by side: looking for the next frame */
	bool next;     /* RFC 6062: raw data from here on */
	unsigned calm; /* Binding messages since the last news */
	bool ice, microsoft, named_stun, named_turn;
};

struct channel_data {
	uint16_t channel;
	uint16_t length;
	struct slice data;
};

/* RFC 8656 section 12.4 */
static bool
take_channel_data(struct cursor *c, struct channel_data *d)
{
	struct cursor at = *c;

	if (!cur_u16(&at, &d->channel) || d->channel < CHANNEL_FIRST ||
	    d->channel > CHANNEL_LAST || !cur_u16(&at, &d->length))
		return false;
	d->data = slice_head(cur_rest(&at), d->length);
	*c = at;
	return true;
}

/* ---- recognising ---- */

/* Length and padding must account for the whole datagram. */
static bool
is_channel_datagram(struct slice bytes, uint32_t wire)
{
	struct cursor c = cur_of(bytes);
	struct channel_data d;

	if (!take_channel_data(&c, &d) || wire < CHANNEL_HEADER)
		return false;
	uint32_t room = wire - CHANNEL_HEADER;

	return d.length > 0 && d.length <= room && room - d.length <= 3;
}

/* ChannelData of a connection whose start we missed: one channel, and what it
 * carries holds together as media. */
static enum probe
probe_channels(struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct frame_judge judge = { 0 };
	uint16_t channel = 0;

	while (cur_left(&c) > 0) {
		struct channel_data d;

		if (!take_channel_data(&c, &d))
			return cur_left(&c) < CHANNEL_HEADER ? PROBE_MORE
							     : PROBE_NO;
		if ((channel != 0 && d.channel != channel) ||
		    d.length > LIMIT_MEDIA_FRAME ||
		    frame_judge(&judge, d.data, d.length) == FRAME_BAD)
			return PROBE_NO;
		channel = d.channel;
		if (frame_convinced(&judge))
			return PROBE_YES;
		if (!cur_skip(&c, ((size_t)d.length + 3) / 4 * 4))
			break;
	}
	return PROBE_MORE;
}

static enum probe
probe_stream(struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct stun_message m;
	uint8_t first;
	uint16_t length;

	if (!cur_u8(&c, &first))
		return PROBE_MORE;
	if (first >> 6 == 1)
		return probe_channels(bytes);
	if (first >> 6 != 0)
		return PROBE_NO;
	if (bytes.n < STUN_HEADER) {
		/* the length of a message is a multiple of four */
		c = cur_of(bytes);
		if (!cur_skip(&c, 2) || !cur_u16(&c, &length))
			return PROBE_MORE;
		return length % 4 == 0 ? PROBE_MORE : PROBE_NO;
	}
	return stun_parse(bytes, UINT32_MAX, &m) && m.dialect == STUN_MODERN
	    ? PROBE_YES
	    : PROBE_NO;
}

static enum probe
stun_probe(const struct sniff *s)
{
	struct stun_message m;

	if (!s->datagram)
		return probe_stream(s->bytes);
	if (is_channel_datagram(s->bytes, s->wire))
		return PROBE_YES;
	return stun_parse(s->bytes, s->wire, &m) && m.dialect != STUN_MS_DIALECT
	    ? PROBE_YES
	    : PROBE_NO;
}

/* ---- learning ---- */

static void
once(struct session *s, struct turn *t, bool *known, enum fact f)
{
	if (*known)
		return;
	*known = true;
	t->calm = 0;
	learn_number(s, f, 1);
}

static void
name_it(struct session *s, bool *named, const char *name)
{
	if (*named)
		return;
	*named = true;
	learn_text_once(s, FACT_PROTOCOL, slice_text(name));
}

/* What one message said that its attributes only say together. */
struct said {
	struct endpoint peer;
	uint16_t channel;
	bool has_data;
	struct slice data;
	uint16_t data_length;
};

static void
hear_address(struct session *s, struct turn *t, const struct stun_message *m,
    const struct stun_attribute *a, struct said *said)
{
	struct endpoint e;

	switch (a->type) {
	case STUN_MAPPED_ADDRESS:
		if (m->class == STUN_SUCCESS && stun_address(a->value, &e) &&
		    relay_learn_mapped(s, &t->relay, &e))
			t->calm = 0;
		break;
	case STUN_XOR_MAPPED_ADDRESS:
	case STUN_OLD_XOR_MAPPED_ADDRESS:
		if (stun_xor_address(a->value, m->id, &e) &&
		    relay_learn_mapped(s, &t->relay, &e))
			t->calm = 0;
		break;
	case STUN_XOR_RELAYED_ADDRESS:
		if (stun_xor_address(a->value, m->id, &e))
			relay_learn_relayed(s, &t->relay, &e);
		break;
	case STUN_PEER_ADDRESS:
		if (!stun_xor_address(a->value, m->id, &said->peer))
			memset(&said->peer, 0, sizeof(said->peer));
		break;
	default:
		break;
	}
}

static void
hear(struct session *s, struct turn *t, const struct stun_message *m,
    const struct stun_attribute *a, struct said *said)
{
	struct cursor c = cur_of(a->value);

	switch (a->type) {
	case STUN_ATTR_USERNAME:
		if (m->class == STUN_REQUEST && a->value.n == a->length)
			relay_learn_user(s, &t->relay, a->value);
		break;
	case STUN_ATTR_SOFTWARE:
		if (t->calm < CALM && a->value.n == a->length)
			learn_text_once(s, FACT_STUN_SOFTWARE, a->value);
		break;
	case STUN_CHANNEL_NUMBER:
		if (!cur_u16(&c, &said->channel))
			said->channel = 0;
		break;
	case STUN_DATA:
		said->has_data = true;
		said->data = a->value;
		said->data_length = a->length;
		break;
	case STUN_PRIORITY:
	case STUN_USE_CANDIDATE:
	case STUN_ICE_CONTROLLED:
	case STUN_ICE_CONTROLLING:
		once(s, t, &t->ice, FACT_STUN_ICE);
		break;
	default:
		if (stun_is_microsoft(a->type))
			once(s, t, &t->microsoft, FACT_STUN_MICROSOFT);
		hear_address(s, t, m, a, said);
		break;
	}
}

/* The chunk at hand with the payload in place of what carried it. */
static struct chunk
payload_of(const struct chunk *c, struct slice bytes, uint32_t wire)
{
	return (struct chunk){
		.bytes = bytes,
		.side = c->side,
		.wire = wire,
		.packet = c->packet,
		.time = c->time,
	};
}

static void
bind_channel(struct session *s, struct turn *t, const struct said *said)
{
	struct relay_peer *old = relay_keyed(&t->relay, said->channel);
	struct relay_peer *p = relay_at(s, &t->relay, &said->peer);

	if (p == NULL || p == old)
		return;
	if (old != NULL)
		old->key = 0;
	p->key = said->channel;
}

static void
act(struct session *s, struct turn *t, const struct stun_message *m,
    const struct said *said, const struct chunk *c)
{
	struct relay_peer *p;
	struct chunk payload;

	switch (m->method) {
	case TURN_CHANNEL_BIND:
		if (m->class == STUN_REQUEST && said->channel != 0 &&
		    said->peer.addr.family != 0)
			bind_channel(s, t, said);
		break;
	case TURN_SEND:
	case TURN_RECEIVE:
		if (!said->has_data || said->peer.addr.family == 0)
			break;
		p = relay_at(s, &t->relay, &said->peer);
		payload = payload_of(c, said->data, said->data_length);
		if (p != NULL)
			relay_payload(s, &t->relay, p, CARRIER_TURN, &payload);
		break;
	case TURN_CONNECTION_BIND:
		t->next = m->class == STUN_SUCCESS;
		break;
	default:
		break;
	}
}

/* A classic request without attributes has nothing but its length to know it
 * by; two of them do. */
static bool
is_certain(struct turn *t, const struct stun_message *m)
{
	if (m->dialect == STUN_MODERN || m->length > 0)
		return true;
	if (t->empty < UINT8_MAX)
		t->empty++;
	return t->empty >= 2;
}

static void
take_message(struct session *s, struct turn *t, struct stun_message *m,
    const struct chunk *c)
{
	struct said said;
	struct stun_attribute a;

	memset(&said, 0, sizeof(said));
	if (!is_certain(t, m))
		return;
	t->calm++;
	if (m->method == STUN_BINDING || m->dialect == STUN_CLASSIC)
		name_it(s, &t->named_stun, "stun");
	else
		name_it(s, &t->named_turn, "turn");
	while (stun_next(m, &a))
		hear(s, t, m, &a, &said);
	act(s, t, m, &said, c);
}

/* RFC 7983: other protocols have lengths where ChannelData has its own. */
static bool
is_call_payload(const struct channel_data *d)
{
	struct frame_judge judge = { 0 };

	return frame_judge(&judge, d->data, d->length) != FRAME_BAD;
}

static void
take_channel(struct session *s, struct turn *t, const struct channel_data *d,
    const struct chunk *c)
{
	struct relay_peer *p = relay_keyed(&t->relay, d->channel);
	struct chunk payload = payload_of(c, d->data, d->length);

	if (p == NULL) {
		if (t->unbound != d->channel)
			t->unbound_count = 0;
		t->unbound = d->channel;
		if (session_is_datagram(s) && !is_call_payload(d))
			return;
		if (session_is_datagram(s) &&
		    ++t->unbound_count < UNBOUND_LEAST)
			return;
		p = relay_key(&t->relay, d->channel);
	}
	if (p == NULL)
		return;
	name_it(s, &t->named_turn, "turn");
	relay_payload(s, &t->relay, p, CARRIER_TURN, &payload);
}

/* ---- datagrams ---- */

static enum feed
feed_datagram(struct session *s, struct turn *t, const struct chunk *c)
{
	struct cursor at = cur_of(c->bytes);
	struct channel_data d;
	struct stun_message m;

	if (is_channel_datagram(c->bytes, c->wire)) {
		if (take_channel_data(&at, &d))
			take_channel(s, t, &d, c);
		return FEED_ON;
	}
	if (!stun_parse(c->bytes, c->wire, &m) || m.dialect == STUN_MS_DIALECT)
		return FEED_LOST;
	take_message(s, t, &m, c);
	return FEED_ON;
}

/* ---- streams ---- */

/* One whole message or ChannelData off the stream. */
static enum frame
take_frame(struct cursor *c, struct slice *frame)
{
	struct cursor at = *c;
	struct cursor look = *c;
	uint8_t first;
	uint16_t length;
	struct stun_message m;

	if (!cur_u8(&at, &first))
		return FRAME_SHORT;
	if (first >> 6 > 1)
		return FRAME_BAD;
	if (!cur_skip(&look, 2) || !cur_u16(&look, &length))
		return FRAME_SHORT;
	if (first >> 6 == 1)
		return cur_take(c,
			   CHANNEL_HEADER + ((size_t)length + 3) / 4 * 4, frame)
		    ? FRAME_GOOD
		    : FRAME_SHORT;
	if (length % 4 != 0)
		return FRAME_BAD;
	if (cur_left(c) < STUN_HEADER)
		return FRAME_SHORT;
	if (!stun_parse(cur_rest(c), UINT32_MAX, &m) ||
	    m.dialect != STUN_MODERN)
		return FRAME_BAD;
	return cur_take(c, STUN_HEADER + (size_t)length, frame) ? FRAME_GOOD
								: FRAME_SHORT;
}

/* May this be a frame of the connection we know? */
static enum frame
plausible(const struct turn *t, struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct channel_data d;
	struct stun_message m;

	if (bytes.n < CHANNEL_HEADER)
		return FRAME_SHORT;
	if (take_channel_data(&c, &d)) {
		if (d.length > LIMIT_MEDIA_FRAME)
			return FRAME_BAD;
		for (unsigned i = 0; i < t->relay.count; i++) {
			if (t->relay.peer[i].key == d.channel)
				return FRAME_GOOD;
		}
		return FRAME_BAD;
	}
	if (bytes.n < STUN_HEADER)
		return FRAME_BAD;
	return stun_parse(bytes, UINT32_MAX, &m) && m.dialect == STUN_MODERN
	    ? FRAME_GOOD
	    : FRAME_BAD;
}

/* Two frames in a row begin here. */
static enum frame
begins_at(const void *ctx, struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct slice frame;
	enum frame r = plausible(ctx, bytes);

	if (r != FRAME_GOOD)
		return r;
	r = take_frame(&c, &frame);
	return r == FRAME_GOOD ? plausible(ctx, cur_rest(&c)) : r;
}

static void
take_whole(struct session *s, struct turn *t, struct slice frame,
    const struct chunk *c)
{
	struct cursor at = cur_of(frame);
	struct channel_data d;
	struct stun_message m;

	if (take_channel_data(&at, &d))
		take_channel(s, t, &d, c);
	else if (stun_parse(frame, (uint32_t)frame.n, &m))
		take_message(s, t, &m, c);
}

static enum feed
feed_frames(struct session *s, struct turn *t, struct chunk *c)
{
	struct cursor at = cur_of(slice_from(c->bytes, c->used));
	struct slice frame;
	enum frame r = FRAME_SHORT;

	while (!t->next && cur_left(&at) > 0 &&
	    (r = take_frame(&at, &frame)) == FRAME_GOOD)
		take_whole(s, t, frame, c);
	c->used = c->bytes.n - cur_left(&at);
	if (t->next)
		return FEED_NEXT;
	if (r != FRAME_BAD)
		return FEED_ON;
	t->hole[c->side] = true;
	return ++t->bad > BAD_MOST ? FEED_LOST : FEED_ON;
}

static enum feed
feed_stream(struct session *s, struct turn *t, struct chunk *c)
{
	if (t->hole[c->side]) {
		if (frame_search(begins_at, t, c->bytes, &c->used) !=
		    FRAME_GOOD)
			return FEED_ON;
		t->hole[c->side] = false;
	}
	return feed_frames(s, t, c);
}

static enum feed
stun_feed(struct session *s, void *state, struct chunk *c)
{
	return session_is_datagram(s) ? feed_datagram(s, state, c)
				      : feed_stream(s, state, c);
}

static enum feed
stun_gap(struct session *s, void *state, enum side side, uint64_t n)
{
	struct turn *t = state;

	(void)s;
	(void)n;
	t->hole[side] = true;
	return FEED_ON;
}

/* Connectivity checks go on for the whole call and say the same. */
static bool
stun_idle(const void *state, struct slice bytes)
{
	const struct turn *t = state;
	struct cursor c = cur_of(bytes);
	uint16_t type;

	return t->calm > CALM && cur_u16(&c, &type) && (type & 0xfeef) == 1;
}

const struct dissector dissect_stun = {
	.name = "stun",
	.over = OVER_DATAGRAM | OVER_STREAM,
	.state_size = sizeof(struct turn),
	.probe = stun_probe,
	.feed = stun_feed,
	.gap = stun_gap,
	.idle = stun_idle,
};
