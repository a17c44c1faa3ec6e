/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that knows every protocol: finds the dissector of a stream or
 * a datagram by its bytes and feeds it.
 *
 * A stream is bound to one dissector at a time. While nothing is recognised,
 * every segment start is looked at again (the capture may have begun in the
 * middle, a proxy or STARTTLS may stand in front) until LIMIT_UNKNOWN pieces
 * said nothing. Datagrams of one flow may belong to several protocols (ICE,
 * DTLS and SRTP share ports, RFC 7983), so each is probed on its own.
 */
#include "dissect/registry.h"

#include <stdlib.h>

#include "core/cursor.h"
#include "dissect/protocols.h"
#include "dissect/session_private.h"

/* Strict probes first; what only guesses comes last. */
static const struct dissector *const table[] = {
	&dissect_proxy,
	&dissect_pseudo_tls,
	&dissect_tls,
	&dissect_dtls,
	&dissect_sip,
	&dissect_http2,
	&dissect_http,
	&dissect_rdp,
	&dissect_xmpp,
	&dissect_msrp,
	&dissect_ssh,
	&dissect_mail,
	&dissect_msnftp,
	&dissect_tds,
	&dissect_mysql,
	&dissect_socks,
	&dissect_zrtp,
	&dissect_stun,
	&dissect_ms_turn,
	&dissect_quic,
	&dissect_dns,
	&dissect_framed,
	&dissect_rtcp,
	&dissect_rtp,
};

const struct dissector *
registry_at(size_t i)
{
	return i < COUNT(table) ? table[i] : NULL;
}

/* ---- streams ---- */

static bool
pending_add(struct pending *in, struct slice bytes, bool segment)
{
	if (bytes.n > LIMIT_PENDING || in->n > LIMIT_PENDING - bytes.n)
		return false;
	if (in->n + bytes.n > in->room) {
		size_t room = in->room == 0 ? 2048 : in->room;

		while (room < in->n + bytes.n)
			room *= 2;
		uint8_t *p = realloc(in->p, room);

		if (p == NULL)
			return false;
		in->p = p;
		in->room = room;
	}
	if (in->n == 0) {
		in->segment = segment;
		in->second = in->newest = 0;
	} else if (segment) {
		in->newest = (uint32_t)in->n;
		if (in->second == 0)
			in->second = in->newest;
	}
	memcpy(in->p + in->n, bytes.p, bytes.n);
	in->n += bytes.n;
	return true;
}

static void
pending_clear(struct pending *in)
{
	free(in->p);
	in->p = NULL;
	in->n = in->room = 0;
}

static void
unbind(struct session *s)
{
	if (s->bound != NULL && s->bound->drop != NULL)
		s->bound->drop(s->state);
	s->bound = NULL;
	s->state = NULL;
}

static enum feed
finish(struct session *s)
{
	s->over = true;
	pending_clear(&s->in[0]);
	pending_clear(&s->in[1]);
	return FEED_DONE;
}

struct view {
	struct slice bytes;
	bool segment;
	size_t passed; /* octets of what was pending that are behind */
};

static void
pass(struct view *v, size_t n)
{
	v->bytes = slice_from(v->bytes, n);
	v->passed += n;
}

static struct sniff
sniff_of(const struct session *s, enum side side, const struct view *v)
{
	return (struct sniff){
		.bytes = v->bytes,
		.side = side,
		.start = !s->in[side].started && !s->root->mid_stream,
		.segment = v->segment,
		.tuple = &s->tuple,
	};
}

/* Who speaks here? Binds on YES. */
static enum probe
probe_stream(struct session *s, enum side side, const struct view *v)
{
	struct sniff sniff = sniff_of(s, side, v);
	enum probe best = PROBE_NO;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct dissector *d = table[i];

		if ((d->over & OVER_STREAM) == 0 || d->probe == NULL)
			continue;
		enum probe p = d->probe(&sniff);

		if (p == PROBE_YES) {
			void *state = session_state(s, d);

			if (state == NULL)
				return PROBE_NO;
			s->bound = d;
			s->state = state;
			s->recognised = true;
			return PROBE_YES;
		}
		if (p == PROBE_MORE)
			best = PROBE_MORE;
	}
	if (best == PROBE_MORE && v->bytes.n >= LIMIT_PROBE)
		return PROBE_NO;
	return best;
}

/* Nobody knows these bytes. Tells once per side that they are no protection. */
static void
stranger(struct session *s, enum side side, struct slice bytes)
{
	struct pending *in = &s->in[side];

	s->unknown++;
	if (in->told_clear || bytes.n == 0)
		return;
	in->told_clear = true;
	learn_number(s, FACT_CLEAR_BYTES, bytes.n);
}

/* How a round over unread bytes ended. */
enum round { ROUND_AGAIN, ROUND_WAIT, ROUND_OVER };

/*
 * What waited turned out to be nobody's, but a protocol that asks for TLS in a
 * few octets waits like that: is there a later segment to look at?
 */
static size_t
next_segment(const struct session *s, enum side side, const struct view *v)
{
	const struct pending *in = &s->in[side];
	size_t at[] = { in->second, in->newest };

	for (size_t i = 0; i < COUNT(at); i++) {
		if (in->n > 0 && at[i] > v->passed &&
		    at[i] - v->passed < v->bytes.n)
			return at[i] - v->passed;
	}
	return v->bytes.n;
}

static enum round
feed_bound(struct session *s, enum side side, struct view *v)
{
	struct pending *in = &s->in[side];
	struct chunk c = {
		.bytes = v->bytes,
		.side = side,
		.segment = v->segment,
		.packet = s->packet,
		.time = s->time,
	};
	enum feed r = s->bound->feed(s, s->state, &c);

	if (c.used > v->bytes.n)
		c.used = v->bytes.n;
	if (c.used > 0 || c.skip > 0)
		in->started = true;
	pass(v, c.used);
	v->segment = v->segment && c.used == 0;
	if (c.skip > 0) {
		uint64_t now = c.skip < v->bytes.n ? c.skip : v->bytes.n;

		pass(v, (size_t)now);
		in->skip = c.skip - now;
	}
	switch (r) {
	case FEED_ON:
		return c.used > 0 && v->bytes.n > 0 ? ROUND_AGAIN : ROUND_WAIT;
	case FEED_NEXT:
		unbind(s);
		return v->bytes.n > 0 ? ROUND_AGAIN : ROUND_WAIT;
	case FEED_DONE:
		return ROUND_OVER;
	case FEED_LOST:
		unbind(s);
		stranger(s, side, v->bytes);
		pass(v, v->bytes.n);
		return ROUND_WAIT;
	}
	return ROUND_OVER;
}

/* These bytes, or those before the next segment, are nobody's. */
static enum round
pass_stranger(struct session *s, enum side side, struct view *v)
{
	size_t n = next_segment(s, side, v);

	s->in[side].started = true;
	stranger(s, side, v->bytes);
	pass(v, n);
	v->segment = true;
	if (s->unknown > LIMIT_UNKNOWN)
		return ROUND_OVER;
	return v->bytes.n > 0 ? ROUND_AGAIN : ROUND_WAIT;
}

static enum round
stream_round(struct session *s, enum side side, struct view *v)
{
	if (s->bound != NULL)
		return feed_bound(s, side, v);
	switch (probe_stream(s, side, v)) {
	case PROBE_YES:
		return ROUND_AGAIN;
	case PROBE_MORE:
		return ROUND_WAIT;
	case PROBE_NO:
		break;
	}
	return pass_stranger(s, side, v);
}

static uint32_t
behind(uint32_t at, size_t passed)
{
	return at > passed ? at - (uint32_t)passed : 0;
}

/* Works on what is unread in one direction; keeps the rest. */
static enum feed
stream_rounds(struct session *s, enum side side, struct view *v)
{
	struct pending *in = &s->in[side];
	bool held = in->n > 0;
	enum round r = ROUND_AGAIN;

	while (r == ROUND_AGAIN)
		r = stream_round(s, side, v);
	if (r == ROUND_OVER)
		return finish(s);
	if (v->bytes.n == 0) {
		pending_clear(in);
		return FEED_ON;
	}
	if (held) {
		memmove(in->p, v->bytes.p, v->bytes.n);
		in->n = v->bytes.n;
		in->segment = v->segment;
		in->second = behind(in->second, v->passed);
		in->newest = behind(in->newest, v->passed);
		return FEED_ON;
	}
	if (!pending_add(in, v->bytes, v->segment)) {
		unbind(s);
		stranger(s, side, v->bytes);
	}
	return FEED_ON;
}

/*
 * What the other side said before somebody knew the protocol. It may belong to
 * what stood in front of it: the answer to a wish for TLS.
 */
static enum feed
stream_back(struct session *s, enum side side)
{
	struct pending *in = &s->in[side];
	struct view v = { slice_of(in->p, in->n), in->segment, 0 };
	enum side was = s->side;

	s->side = side;
	while (s->bound != NULL && v.bytes.n > 0) {
		struct sniff sniff = sniff_of(s, side, &v);

		if (s->bound->probe == NULL ||
		    s->bound->probe(&sniff) != PROBE_NO ||
		    pass_stranger(s, side, &v) == ROUND_OVER)
			break;
	}
	enum feed r = FEED_ON;

	if (v.bytes.n > 0)
		r = stream_rounds(s, side, &v);
	else
		pending_clear(in);
	s->side = was;
	return r;
}

static enum feed
stream_bytes(struct session *s, enum side side, struct slice bytes,
    bool segment)
{
	struct pending *in = &s->in[side];

	in->taken += bytes.n;
	if (in->skip > 0) {
		uint64_t now = in->skip < bytes.n ? in->skip : bytes.n;

		in->skip -= now;
		bytes = slice_from(bytes, (size_t)now);
		segment = segment && now == 0;
	}
	if (bytes.n == 0)
		return FEED_ON;
	const struct dissector *before = s->bound;
	struct view v = { bytes, segment, 0 };

	if (in->n > 0) {
		if (!pending_add(in, bytes, segment)) {
			pending_clear(in);
			unbind(s);
			stranger(s, side, bytes);
			return FEED_ON;
		}
		v = (struct view){ slice_of(in->p, in->n), in->segment, 0 };
	}
	enum feed r = stream_rounds(s, side, &v);

	/* The other side may have waited for somebody to know the protocol. */
	return r == FEED_ON && s->bound != before && s->in[!side].n > 0
	    ? stream_back(s, (enum side) !side)
	    : r;
}

void
session_gap(struct session *s, enum side side, uint64_t n)
{
	struct pending *in = &s->in[side];

	if (s->over || s->datagram)
		return;
	in->taken += n;
	if (in->skip >= n) {
		in->skip -= n;
		return;
	}
	n -= in->skip;
	in->skip = 0;
	s->side = side;
	in->started = true;
	if (s->bound != NULL && s->bound->cut != NULL && in->n > 0)
		s->bound->cut(s, s->state, side, slice_of(in->p, in->n));
	pending_clear(in);
	learn_number(s, FACT_GAP, n);
	if (s->bound == NULL)
		return;
	enum feed r = s->bound->gap == NULL
	    ? FEED_LOST
	    : s->bound->gap(s, s->state, side, n);

	if (r == FEED_DONE)
		(void)finish(s);
	else if (r != FEED_ON)
		unbind(s);
}

/* ---- datagrams ---- */

static struct active *
activate(struct session *s, const struct dissector *d)
{
	if (s->active_count == ACTIVE_MOST)
		return NULL;
	void *state = session_state(s, d);

	if (state == NULL)
		return NULL;
	struct active *a = &s->active[s->active_count++];

	*a = (struct active){ .d = d, .state = state };
	return a;
}

static bool
feed_datagram(struct session *s, struct active *a, struct chunk *c)
{
	if (a->done) {
		s->quiet++;
		return true;
	}
	switch (a->d->feed(s, a->state, c)) {
	case FEED_ON:
	case FEED_NEXT:
		s->quiet = 0;
		s->recognised = true;
		return true;
	case FEED_DONE:
		a->done = true;
		s->recognised = true;
		return true;
	case FEED_LOST:
		break;
	}
	return false;
}

static bool
is_active(const struct session *s, const struct dissector *d)
{
	for (unsigned i = 0; i < s->active_count; i++) {
		if (s->active[i].d == d)
			return true;
	}
	return false;
}

static bool
offer_to_active(struct session *s, const struct sniff *sniff, struct chunk *c)
{
	for (unsigned i = 0; i < s->active_count; i++) {
		struct active *a = &s->active[i];

		if (a->d->probe(sniff) == PROBE_YES && feed_datagram(s, a, c)) {
			if (i > 0) { /* who spoke last is asked first */
				struct active t = s->active[0];

				s->active[0] = *a;
				*a = t;
			}
			return true;
		}
	}
	return false;
}

/* Of what is known here only SIP goes over SCTP (RFC 4168); the others would
 * guess. */
static bool
goes_over(const struct dissector *d, const struct session *s)
{
	return s->tuple.proto != IPPROTO_NUM_SCTP || d == &dissect_sip;
}

static bool
offer_to_all(struct session *s, const struct sniff *sniff, struct chunk *c)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct dissector *d = table[i];

		if ((d->over & OVER_DATAGRAM) == 0 || is_active(s, d) ||
		    !goes_over(d, s) || d->probe(sniff) != PROBE_YES)
			continue;
		struct active *a = activate(s, d);

		if (a != NULL && feed_datagram(s, a, c))
			return true;
	}
	return false;
}

static enum feed
datagram(struct session *s, struct chunk *c)
{
	for (unsigned i = 0; i < s->active_count; i++) {
		const struct active *a = &s->active[i];

		if (a->d->idle != NULL && a->d->idle(a->state, c->bytes))
			return FEED_ON;
	}
	struct sniff sniff = {
		.bytes = c->bytes,
		.side = c->side,
		.datagram = true,
		.wire = c->wire,
		.tuple = &s->tuple,
	};

	if (!offer_to_active(s, &sniff, c) && !offer_to_all(s, &sniff, c)) {
		s->unknown++;
		if (c->bytes.n > 0 && !s->in[c->side].told_clear) {
			s->in[c->side].told_clear = true;
			learn_number(s, FACT_CLEAR_BYTES, c->bytes.n);
		}
		if (s->unknown > LIMIT_UNKNOWN &&
		    !session_knows(s, FACT_PROTOCOL))
			return finish(s);
	}
	return s->quiet > LIMIT_UNKNOWN ? finish(s) : FEED_ON;
}

/*
 * RFC 9260 sections 3.2 and 3.3.1: chunks of one packet, of which DATA carries
 * messages. One that was cut into several chunks is told by its first.
 */
static enum feed
sctp_chunks(struct session *s, const struct chunk *packet)
{
	enum { DATA = 0, BEGINS = 2, HEADER = 4, NUMBERS = 12 };
	struct cursor c = cur_of(packet->bytes);
	struct chunk data = *packet;
	uint8_t type, flags;
	uint16_t length;

	while (!s->over && cur_u8(&c, &type) && cur_u8(&c, &flags) &&
	    cur_u16(&c, &length) && length >= HEADER) {
		struct cursor body =
		    cur_of(slice_head(cur_rest(&c), length - HEADER));
		size_t padded = ((size_t)length + 3) / 4 * 4 - HEADER;

		if (type == DATA && (flags & BEGINS) != 0 &&
		    cur_skip(&body, NUMBERS) && cur_left(&body) > 0) {
			data.bytes = cur_rest(&body);
			data.wire = (uint32_t)length - HEADER - NUMBERS;
			if (datagram(s, &data) == FEED_DONE)
				return FEED_DONE;
		}
		if (!cur_skip(&c, padded))
			break;
	}
	return s->over ? FEED_DONE : FEED_ON;
}

/* ---- what the worker calls ---- */

enum feed
session_stream(struct session *s, const struct stream_piece *piece)
{
	if (s->over)
		return FEED_DONE;
	s->packet = piece->packet;
	s->time = piece->time;
	s->side = piece->side;
	if (piece->gap > 0)
		session_gap(s, piece->side, piece->gap);
	if (piece->bytes.n == 0 || s->over)
		return s->over ? FEED_DONE : FEED_ON;
	return stream_bytes(s, piece->side, piece->bytes, piece->segment_start);
}

enum feed
session_datagram(struct session *s, const struct packet *p, enum side side)
{
	struct chunk c = {
		.bytes = p->payload,
		.side = side,
		.wire = p->payload_wire,
		.packet = p->number,
		.time = p->time,
	};

	if (s->over)
		return FEED_DONE;
	s->packet = p->number;
	s->time = p->time;
	s->side = side;
	return s->tuple.proto == IPPROTO_NUM_SCTP ? sctp_chunks(s, &c)
						  : datagram(s, &c);
}

void
session_ack(struct session *s, enum side sender, uint32_t ack)
{
	struct root *root = s->root;

	if (!root->has_ack[sender]) {
		root->has_ack[sender] = true;
		root->first_ack[sender] = ack;
	}
	uint64_t bytes = (uint32_t)(ack - root->first_ack[sender]);

	/* Flows of more than 2 GiB do not matter here: handshakes do. */
	if (s->over || bytes > INT32_MAX || bytes <= root->acked[sender])
		return;
	root->acked[sender] = bytes;
	if (s->bound != NULL && s->bound->ack != NULL)
		s->bound->ack(s, s->state, sender, bytes);
}

enum feed
session_feed(struct session *s, const struct chunk *c)
{
	struct chunk copy = *c;

	if (s->over)
		return FEED_DONE;
	s->packet = c->packet;
	s->time = c->time;
	s->side = c->side;
	if (s->datagram)
		return datagram(s, &copy);
	if (c->bytes.n == 0)
		return FEED_ON;
	return stream_bytes(s, c->side, c->bytes, c->segment);
}

bool
session_bind(struct session *s, const struct dissector *d)
{
	if (s->bound != NULL || s->datagram)
		return false;
	void *state = session_state(s, d);

	if (state == NULL)
		return false;
	s->bound = d;
	s->state = state;
	s->recognised = true;
	return true;
}
