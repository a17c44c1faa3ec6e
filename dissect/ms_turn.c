/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft's TURN dialect, on datagrams and streams.
 *
 * The header is that of RFC 3489 with a cookie as first attribute. On a stream
 * every message stands in a frame: type (02 control, 03 data between the
 * peers), 00, length. After Set Active Destination data is sent bare on UDP,
 * which then is for the other dissectors of the flow, and as type 03 on TCP.
 * A multiplexed relay puts ff 10, a length and a session id in front.
 *
 * Spec: MS-TURN sections 2.1, 2.2 and 3.1, MS-TURNBWM section 2.2.
 * Learns: STUN_MICROSOFT, STUN_MAPPED, STUN_USERNAME, TURN_RELAYED, TURN_PEER,
 * TURN_DATA, PROTOCOL.
 */
#include "dissect/frames.h"
#include "dissect/protocols.h"
#include "dissect/relay.h"
#include "dissect/stun.h"

enum {
	FRAME_CONTROL = 0x02,
	FRAME_DATA = 0x03,
	MULTIPLEXED = 0xff10,
	SESSION_ID = 8,
	BAD_MOST = 8,
	/* message types */
	ALLOCATE_ANSWER = 0x0103,
	SEND_REQUEST = 0x0004,
	DATA_INDICATION = 0x0115,
	ACTIVE_DESTINATION = 0x0006,
	ACTIVE_DESTINATION_ANSWER = 0x0106,
};

struct ms_turn {
	struct relay relay;
	struct endpoint asked;  /* of the last Set Active Destination request */
	struct endpoint active; /* the peer of bare data */
	struct relay_peer bare; /* while no destination is known */
	bool hole[2];           /* streams, by side: looking for a frame */
	bool named;
	unsigned bad;
};

static bool
is_message(struct slice bytes, uint32_t wire, struct stun_message *m)
{
	return stun_parse(bytes, wire, m) && m->dialect == STUN_MS_DIALECT;
}

/* The length counts what follows it, or what follows the session id. */
static bool
take_multiplexed(struct slice bytes, uint32_t wire, uint64_t *id,
    struct slice *inside)
{
	struct cursor c = cur_of(bytes);
	uint16_t mark;
	uint16_t length;

	if (!cur_u16(&c, &mark) || mark != MULTIPLEXED ||
	    !cur_u16(&c, &length) || !cur_u64(&c, id))
		return false;
	*inside = cur_rest(&c);
	return wire == 4 + (uint32_t)length ||
	    wire == 4 + SESSION_ID + (uint32_t)length;
}

/* ---- recognising ---- */

struct ms_frame {
	uint8_t type;
	uint16_t length;
	struct slice body; /* as far as it is there */
};

static bool
take_head(struct cursor *c, struct ms_frame *f)
{
	struct cursor at = *c;
	uint8_t zero;

	if (!cur_u8(&at, &f->type) || !cur_u8(&at, &zero) ||
	    (f->type != FRAME_CONTROL && f->type != FRAME_DATA) || zero != 0 ||
	    !cur_u16(&at, &f->length))
		return false;
	f->body = slice_head(cur_rest(&at), f->length);
	*c = at;
	return true;
}

/* A control frame is certain by its cookie; data must hold together. */
static enum frame
judge_frame(struct frame_judge *judge, const struct ms_frame *f)
{
	struct stun_message m;

	if (f->type == FRAME_DATA)
		return f->length > LIMIT_MEDIA_FRAME
		    ? FRAME_BAD
		    : frame_judge(judge, f->body, f->length);
	if (f->length < STUN_HEADER + 8)
		return FRAME_BAD;
	if (f->body.n < STUN_HEADER + 8)
		return FRAME_SHORT;
	if (!is_message(f->body, f->length, &m))
		return FRAME_BAD;
	judge->frames++;
	judge->score += 4;
	return FRAME_GOOD;
}

static enum frame
judge_stream(struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct frame_judge judge = { 0 };

	while (cur_left(&c) > 0) {
		struct ms_frame f;
		uint8_t first;
		struct cursor look = c;

		if (!take_head(&c, &f))
			return cur_left(&c) < 4 && cur_u8(&look, &first) &&
				(first == FRAME_CONTROL || first == FRAME_DATA)
			    ? FRAME_SHORT
			    : FRAME_BAD;
		enum frame r = judge_frame(&judge, &f);

		if (r != FRAME_GOOD)
			return r;
		if (frame_convinced(&judge))
			return FRAME_GOOD;
		if (!cur_skip(&c, f.length))
			return FRAME_SHORT;
	}
	return FRAME_SHORT;
}

static enum probe
ms_turn_probe(const struct sniff *s)
{
	struct stun_message m;
	struct slice inside;
	uint64_t id;

	if (s->datagram)
		return is_message(s->bytes, s->wire, &m) ||
			take_multiplexed(s->bytes, s->wire, &id, &inside)
		    ? PROBE_YES
		    : PROBE_NO;
	switch (judge_stream(s->bytes)) {
	case FRAME_GOOD:
		return PROBE_YES;
	case FRAME_SHORT:
		return PROBE_MORE;
	case FRAME_BAD:
		break;
	}
	return PROBE_NO;
}

/* ---- messages ---- */

struct said {
	struct endpoint destination, remote, mapped, xor_mapped;
	bool has_data;
	struct slice data;
	uint16_t data_length;
};

/* MS-TURN 2.2.2: the relayed address of an Allocate answer is MAPPED-ADDRESS,
 * and the client's own is the masked one. */
static void
hear(struct session *s, struct ms_turn *t, const struct stun_message *m,
    const struct stun_attribute *a, struct said *said)
{
	struct endpoint e;

	switch (a->type) {
	case STUN_MAPPED_ADDRESS:
		if (m->type == ALLOCATE_ANSWER && stun_address(a->value, &e))
			relay_learn_relayed(s, &t->relay, &e);
		break;
	case STUN_OLD_XOR_MAPPED_ADDRESS:
		if (stun_xor_address(a->value, m->id, &e))
			(void)relay_learn_mapped(s, &t->relay, &e);
		break;
	case STUN_DESTINATION_ADDRESS:
		if (stun_address(a->value, &e))
			said->destination = e;
		break;
	case STUN_PEER_ADDRESS:
		if (stun_address(a->value, &e))
			said->remote = e;
		break;
	case STUN_ATTR_USERNAME:
		if (m->class == STUN_REQUEST && a->value.n == a->length)
			relay_learn_user(s, &t->relay, a->value);
		break;
	case STUN_DATA:
		said->has_data = true;
		said->data = a->value;
		said->data_length = a->length;
		break;
	default:
		break;
	}
}

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
name_it(struct session *s, struct ms_turn *t)
{
	if (t->named)
		return;
	t->named = true;
	learn_text_once(s, FACT_PROTOCOL, slice_text("ms-turn"));
	learn_number(s, FACT_STUN_MICROSOFT, 1);
}

static void
act(struct session *s, struct ms_turn *t, const struct stun_message *m,
    const struct said *said, const struct chunk *c)
{
	const struct endpoint *at = NULL;

	if (m->type == SEND_REQUEST)
		at = &said->destination;
	else if (m->type == DATA_INDICATION)
		at = &said->remote;
	else if (m->type == ACTIVE_DESTINATION)
		t->asked = said->destination;
	else if (m->type == ACTIVE_DESTINATION_ANSWER)
		t->active = t->asked;
	if (at == NULL || !said->has_data || at->addr.family == 0)
		return;
	struct relay_peer *p = relay_at(s, &t->relay, at);
	struct chunk payload = payload_of(c, said->data, said->data_length);

	if (p != NULL)
		relay_payload(s, &t->relay, p, CARRIER_MS_TURN, &payload);
}

static void
take_message(struct session *s, struct ms_turn *t, struct stun_message *m,
    const struct chunk *c)
{
	struct stun_attribute a;
	struct said said;

	memset(&said, 0, sizeof(said));
	name_it(s, t);
	while (stun_next(m, &a))
		hear(s, t, m, &a, &said);
	act(s, t, m, &said, c);
}

/* Data between the peers: of a multiplexed session, or of the destination that
 * was made active. */
static void
take_data(struct session *s, struct ms_turn *t, struct slice bytes,
    const struct chunk *c)
{
	struct relay_peer *p = &t->bare;
	struct chunk payload = payload_of(c, bytes, c->wire);
	struct slice inside;
	uint64_t id;

	if (take_multiplexed(bytes, c->wire, &id, &inside)) {
		payload.bytes = inside;
		payload.wire -= (uint32_t)(bytes.n - inside.n);
		p = relay_key(&t->relay, id);
	} else if (t->active.addr.family != 0) {
		p = relay_at(s, &t->relay, &t->active);
	}
	if (p == NULL)
		return;
	name_it(s, t);
	relay_payload(s, &t->relay, p, CARRIER_MS_TURN, &payload);
}

/* A multiplexed session carries messages and data alike. */
static enum feed
take_any(struct session *s, struct ms_turn *t, struct slice bytes,
    const struct chunk *c)
{
	struct stun_message m;
	struct slice inside;
	uint64_t id;
	uint32_t wire = c->wire;

	if (take_multiplexed(bytes, wire, &id, &inside)) {
		wire -= (uint32_t)(bytes.n - inside.n);
		if (!is_message(inside, wire, &m)) {
			take_data(s, t, bytes, c);
			return FEED_ON;
		}
	} else if (!is_message(bytes, wire, &m)) {
		return FEED_LOST;
	}
	take_message(s, t, &m, c);
	return FEED_ON;
}

/* ---- streams ---- */

static enum frame
begins_at(const void *ctx, struct slice bytes)
{
	(void)ctx;
	return judge_stream(bytes);
}

static bool
take_frame(struct cursor *c, struct ms_frame *f, bool *bad)
{
	struct cursor at = *c;

	*bad = !take_head(&at, f) && cur_left(c) >= 4;
	if (*bad || cur_left(c) < 4 || !cur_take(&at, f->length, &f->body))
		return false;
	*c = at;
	return true;
}

static void
take_whole(struct session *s, struct ms_turn *t, const struct ms_frame *f,
    const struct chunk *c)
{
	struct chunk whole = payload_of(c, f->body, f->length);

	if (f->type == FRAME_CONTROL)
		(void)take_any(s, t, f->body, &whole);
	else if (f->length > 0)
		take_data(s, t, f->body, &whole);
}

static enum feed
feed_stream(struct session *s, struct ms_turn *t, struct chunk *c)
{
	struct ms_frame f;
	bool bad = false;

	if (t->hole[c->side]) {
		if (frame_search(begins_at, t, c->bytes, &c->used) !=
		    FRAME_GOOD)
			return FEED_ON;
		t->hole[c->side] = false;
	}
	struct cursor at = cur_of(slice_from(c->bytes, c->used));

	while (take_frame(&at, &f, &bad))
		take_whole(s, t, &f, c);
	c->used = c->bytes.n - cur_left(&at);
	if (!bad)
		return FEED_ON;
	t->hole[c->side] = true;
	return ++t->bad > BAD_MOST ? FEED_LOST : FEED_ON;
}

static enum feed
ms_turn_feed(struct session *s, void *state, struct chunk *c)
{
	return session_is_datagram(s) ? take_any(s, state, c->bytes, c)
				      : feed_stream(s, state, c);
}

static enum feed
ms_turn_gap(struct session *s, void *state, enum side side, uint64_t n)
{
	struct ms_turn *t = state;

	(void)s;
	(void)n;
	t->hole[side] = true;
	return FEED_ON;
}

const struct dissector dissect_ms_turn = {
	.name = "ms-turn",
	.over = OVER_DATAGRAM | OVER_STREAM,
	.state_size = sizeof(struct ms_turn),
	.probe = ms_turn_probe,
	.feed = ms_turn_feed,
	.gap = ms_turn_gap,
};
