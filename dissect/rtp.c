/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTP and SRTP without signalling: which streams are there, and is their
 * payload readable?
 *
 * Every fourth random octet looks like the first one of RTP, so nothing is
 * claimed before several packets of one (side, SSRC, payload type) hold
 * together.
 *
 * Spec: RFC 3550 section 5.1, RFC 5761 section 4, RFC 8285, RFC 6189.
 * Learns: MEDIA_STREAM, RDP_CLEAR, PROTOCOL.
 */
#include "dissect/rtp.h"

#include "core/cursor.h"
#include "dissect/media_test.h"
#include "dissect/protocols.h"
#include "dissect/rtcp.h"

enum {
	WINDOW = 256,       /* sequence numbers remembered */
	RESTART = 3000,     /* a jump that is no loss (RFC 3550 A.1) */
	STEP_MOST = 16,     /* a step that speaks for RTP */
	STEPS_ALONE = 3,    /* so many, and nothing else, make it RTP */
	STEPS_STILL = 64,   /* so many, if its clock stands still */
	STEPS_HELPED = 2,   /* RTCP, a frame or a relay speaks for it, too */
	STEP_NEAR = 4,      /* a step that few losses explain ... */
	NEAR_LEAST = 2,     /* ... of which a counter of time has none */
	ODD_MOST = 8,       /* odd steps of a stream nobody confirmed */
	FRESH_MOST = 12,    /* candidates of one packet, per side ... */
	TESTED_MOST = 4,    /* ... of which so many are measured from it on */
	WASTED_MOST = 64,   /* candidates in vain: this is not RTP */
	WEAK_TOLD_MOST = 8, /* facts about streams nobody confirmed */
	TELL_STEP = 10,     /* packets that are news of an open stream */
	RDP_LEAST = 3,      /* packets that begin with TPKT */
	PAIRS_ENOUGH = 16,  /* for the length rule */
	PACKETS_ENOUGH = 64,
	LOOK_EVERY = 256,  /* sequence numbers: encrypted streams are looked */
	LOOK_PACKETS = 16, /* at again for so many of them ... */
	LOOKS_SURE = 2,    /* ... and are clear if so many looks say so */
	PT_G729 = 18,
	EVENT_OCTETS = 4,    /* RFC 4733 section 2.3 */
	TIME_BACK = 1 << 21, /* B-frames */
	TIME_AHEAD = 1 << 24 /* silence: three minutes at 90 kHz */
};

struct rtp_stream {
	uint32_t ssrc;
	uint8_t pt;
	uint8_t side;
	uint8_t signs; /* enum rtp_sign */
	uint8_t good, near, odd, rdp;
	bool moved; /* its clock runs */
	bool extension, padded;
	bool settled; /* nothing more to learn */
	uint16_t high, last_seq;
	uint32_t last_time, last_octets;
	uint64_t seen[WINDOW / 64]; /* bit seq % WINDOW, down from `high` */
	uint32_t packets, duplicates;
	uint64_t first, last;
	uint64_t used; /* when it was last asked for */
	struct media_test *test;
	struct media_verdict verdict;
	struct media_test *look; /* of a settled stream */
	uint8_t looks;           /* that found a pattern, one after another */
	struct length_rule lengths;
	struct media_stream told;
	bool was_told;
};

struct key {
	uint32_t ssrc;
	uint8_t pt;
	bool looks; /* encrypted: some packets are looked at again */
};

struct rtp {
	struct rtp_stream stream[LIMIT_RTP_STREAMS];
	unsigned count;
	struct key key[LIMIT_RTP_STREAMS]; /* settled, for idle() */
	unsigned keys;
	uint64_t clock;
	uint64_t zrtp; /* enum zrtp_step last acted upon */
	unsigned wasted, weak_told;
	bool certain;  /* a stream was confirmed */
	bool hopeless; /* WASTED_MOST candidates and none was */
};

/* ---- one packet ---- */

static bool
skip_extension(struct cursor *c)
{
	uint16_t words;

	return cur_skip(c, 2) && cur_u16(c, &words) &&
	    cur_skip(c, (size_t)words * 4);
}

bool
rtp_parse(struct slice bytes, uint32_t wire, struct rtp_header *h)
{
	struct cursor c = cur_of(bytes);
	uint8_t first;
	uint8_t second;

	if (!cur_u8(&c, &first) || first >> 6 != 2 || !cur_u8(&c, &second) ||
	    rtcp_type(second) || !cur_u16(&c, &h->seq) ||
	    !cur_u32(&c, &h->time) || !cur_u32(&c, &h->ssrc) ||
	    !cur_skip(&c, (size_t)(first & 15) * 4))
		return false;
	h->padding = (first & 0x20) != 0;
	h->extension = (first & 0x10) != 0;
	h->marker = second >> 7 != 0;
	h->pt = second & 0x7f;
	if (h->extension && !skip_extension(&c))
		return false;
	h->payload = cur_rest(&c);
	/* What is not captured is payload: the header was. */
	h->octets = (uint32_t)h->payload.n;
	if (wire > bytes.n)
		h->octets += wire - (uint32_t)bytes.n;
	return true;
}

static enum probe
rtp_probe(const struct sniff *s)
{
	struct rtp_header h;

	return rtp_parse(s->bytes, s->wire, &h) ? PROBE_YES : PROBE_NO;
}

/* ---- sequence ---- */

static void
mark_seen(struct rtp_stream *t, uint16_t seq)
{
	t->seen[seq % WINDOW / 64] |= UINT64_C(1) << seq % 64;
}

static void
begin_sequence(struct rtp_stream *t, uint16_t seq)
{
	memset(t->seen, 0, sizeof(t->seen));
	t->high = seq;
	mark_seen(t, seq);
}

/* False: this one was here before, or is too late to know. */
static bool
is_fresh(struct rtp_stream *t, uint16_t seq)
{
	uint16_t ahead = (uint16_t)(seq - t->high);
	uint16_t behind = (uint16_t)(t->high - seq);

	if (t->packets == 0 || (ahead >= RESTART && behind >= RESTART)) {
		begin_sequence(t, seq);
		return true;
	}
	if (behind < RESTART) {
		bool seen = (t->seen[seq % WINDOW / 64] >> seq % 64 & 1) != 0;

		if (behind >= WINDOW || seen)
			return false;
		mark_seen(t, seq);
		return true;
	}
	for (uint16_t i = 1; i <= ahead && i <= WINDOW; i++) {
		uint16_t at = (uint16_t)(t->high + i);

		t->seen[at % WINDOW / 64] &= ~(UINT64_C(1) << at % 64);
	}
	t->high = seq;
	mark_seen(t, seq);
	return true;
}

static bool
sane_time(uint32_t before, uint32_t now)
{
	uint32_t ahead = now - before;
	uint32_t behind = before - now;

	return ahead < TIME_AHEAD || behind < TIME_BACK;
}

/* Does this packet follow the one before as RTP does? */
static void
weigh_step(struct rtp_stream *t, const struct rtp_header *h)
{
	uint16_t step = (uint16_t)(h->seq - t->last_seq);
	uint16_t back = (uint16_t)(t->last_seq - h->seq);

	if (t->packets == 0 || t->signs != 0)
		return;
	t->moved |= h->time != t->last_time;
	if (step <= STEP_MOST && sane_time(t->last_time, h->time)) {
		t->good += t->good < UINT8_MAX;
		t->near += step <= STEP_NEAR && t->near < UINT8_MAX;
		return;
	}
	if (back <= STEP_MOST && sane_time(t->last_time, h->time))
		return; /* out of order: says nothing */
	t->good = t->near = 0;
	t->odd++;
}

/* ---- streams ---- */

static void
drop_test(struct rtp_stream *t)
{
	media_test_free(t->test);
	media_test_free(t->look);
	t->test = t->look = NULL;
}

/* So far as tests and lengths say. */
static void
describe(const struct rtp_stream *t, struct media_stream *m)
{
	struct media_verdict v = t->verdict;

	if (t->test != NULL)
		media_test_verdict(t->test, &v);
	memset(m, 0, sizeof(*m));
	m->ssrc = t->ssrc;
	m->pt = t->pt;
	m->result = (uint8_t)v.result;
	m->signs = t->signs;
	m->test = (uint8_t)v.test;
	m->tag = length_rule_tag(&t->lengths, &m->tag_share);
	m->extension = t->extension;
	m->rdp = t->rdp >= RDP_LEAST;
	m->packets = t->packets;
	m->duplicates = t->duplicates;
	m->wanted = v.wanted;
	m->tested = v.octets;
	m->z = v.z;
	m->first = t->first;
	m->last = t->last;
}

static void
tell(struct session *s, struct rtp_stream *t, const struct media_stream *m)
{
	learn_bytes_of(s, (enum side)t->side, FACT_MEDIA_STREAM, m, sizeof(*m));
	t->told = *m;
	t->was_told = true;
}

static bool
is_news(const struct rtp_stream *t, const struct media_stream *m)
{
	const struct media_stream *old = &t->told;

	if (!t->was_told || old->result != m->result || old->rdp != m->rdp ||
	    (old->signs == 0) != (m->signs == 0))
		return true;
	/* no tag proves nothing */
	if (m->result != RESULT_OPEN &&
	    (m->tag == 0 || m->tag == MEDIA_TAG_NONE))
		return false;
	if (m->result != RESULT_OPEN)
		return old->tag != m->tag ||
		    (old->packets < MEDIA_TAG_SURE &&
			m->packets >= MEDIA_TAG_SURE);
	return m->packets >= old->packets + TELL_STEP;
}

/* What is known of a stream that has not said everything. */
static void
tell_rest(struct session *s, struct rtp *r, struct rtp_stream *t)
{
	struct media_stream m;

	if (t->packets == 0)
		return;
	describe(t, &m);
	if (!is_news(t, &m))
		return;
	if (t->signs == 0) {
		if (r->hopeless || r->weak_told == WEAK_TOLD_MOST)
			return;
		r->weak_told++;
	}
	tell(s, t, &m);
}

static struct rtp_stream *
find(struct rtp *r, enum side side, const struct rtp_header *h)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct rtp_stream *t = &r->stream[i];

		if (t->ssrc == h->ssrc && t->pt == h->pt && t->side == side)
			return t;
	}
	return NULL;
}

static void
forget_key(struct rtp *r, const struct rtp_stream *t)
{
	for (unsigned i = 0; i < r->keys; i++) {
		if (r->key[i].ssrc != t->ssrc || r->key[i].pt != t->pt)
			continue;
		r->key[i] = r->key[--r->keys];
		return;
	}
}

static bool
is_candidate(const struct rtp_stream *t)
{
	return t->signs == 0 && t->packets <= 1;
}

/* How gladly a place is given to another stream: 0 most. */
static unsigned
worth(const struct rtp_stream *t)
{
	if (t->signs == 0)
		return 0;
	return t->settled ? 1 : 2;
}

static struct rtp_stream *
least_worth(struct rtp *r)
{
	struct rtp_stream *least = &r->stream[0];

	for (unsigned i = 1; i < r->count; i++) {
		struct rtp_stream *t = &r->stream[i];
		unsigned a = worth(t);
		unsigned b = worth(least);

		if (a < b || (a == b && t->used < least->used))
			least = t;
	}
	return least;
}

/* The oldest candidate of this side, and how many there are. */
static struct rtp_stream *
oldest_candidate(struct rtp *r, enum side side, unsigned *n)
{
	struct rtp_stream *oldest = NULL;

	*n = 0;
	for (unsigned i = 0; i < r->count; i++) {
		struct rtp_stream *t = &r->stream[i];

		if (t->side != side || !is_candidate(t))
			continue;
		++*n;
		if (oldest == NULL || t->used < oldest->used)
			oldest = t;
	}
	return oldest;
}

/* Another candidate while nothing was ever confirmed. */
static void
waste(struct rtp *r)
{
	if (r->certain || ++r->wasted < WASTED_MOST)
		return;
	r->hopeless = true;
	for (unsigned i = 0; i < r->count; i++)
		drop_test(&r->stream[i]);
	r->count = 0;
}

static struct rtp_stream *
place(struct session *s, struct rtp *r, enum side side, unsigned *candidates)
{
	struct rtp_stream *t = oldest_candidate(r, side, candidates);

	if (*candidates < FRESH_MOST && r->count < LIMIT_RTP_STREAMS)
		return &r->stream[r->count++];
	if (*candidates < FRESH_MOST)
		t = least_worth(r);
	if (t->signs != 0)
		tell_rest(s, r, t);
	forget_key(r, t);
	drop_test(t);
	return t;
}

static struct rtp_stream *
admit(struct session *s, struct rtp *r, const struct chunk *c,
    const struct rtp_header *h)
{
	unsigned candidates;
	struct rtp_stream *t = place(s, r, c->side, &candidates);

	*t = (struct rtp_stream){
		.ssrc = h->ssrc,
		.pt = h->pt,
		.side = (uint8_t)c->side,
		.first = c->packet,
		.test = candidates < TESTED_MOST ? media_test_new() : NULL,
		.verdict = { .wanted = MEDIA_TEST_ENOUGH },
	};
	return t;
}

/* ---- signs ---- */

/* Another payload type of an SSRC that is certain: events, comfort noise. */
static bool
has_sibling(const struct rtp *r, const struct rtp_stream *t)
{
	for (unsigned i = 0; i < r->count; i++) {
		const struct rtp_stream *o = &r->stream[i];
		uint16_t ahead = (uint16_t)(t->high - o->high);
		uint16_t behind = (uint16_t)(o->high - t->high);

		if (o != t && o->side == t->side && o->ssrc == t->ssrc &&
		    o->signs != 0 &&
		    (o->settled || ahead < WINDOW || behind < WINDOW))
			return true;
	}
	return false;
}

static bool
is_wrapped(const struct session *s)
{
	enum carrier c = session_carrier(s);

	return c == CARRIER_TCP || c == CARRIER_TURN || c == CARRIER_MS_TURN;
}

static void
confirm(struct session *s, struct rtp *r, struct rtp_stream *t)
{
	if (t->signs != 0)
		return;
	/* An event keeps its timestamp (RFC 4733 2.2.1), and so does a picture;
	 * other protocols have no header extension there. */
	bool clock = t->moved || t->extension || t->last_octets == EVENT_OCTETS;
	bool alone = t->good >= STEPS_ALONE && t->near >= NEAR_LEAST && clock;
	/* Some senders give all pictures one timestamp. */
	bool still = t->good >= STEPS_STILL && t->near >= STEPS_STILL;

	if (alone || still || has_sibling(r, t))
		t->signs |= RTP_SIGN_SEQUENCE;
	if (t->good >= STEPS_HELPED && session_knows(s, FACT_RTCP))
		t->signs |= RTP_SIGN_RTCP;
	if (t->good >= STEPS_HELPED && is_wrapped(s))
		t->signs |= RTP_SIGN_FRAMED;
	if (t->signs == 0)
		return;
	if (!r->certain)
		learn_text_once(s, FACT_PROTOCOL, slice_text("rtp"));
	r->certain = true;
	r->wasted = 0;
}

/* MS-RTASPF carries RDP: TPKT (RFC 1006) and an X.224 data or connect unit. */
static bool
is_tpkt(struct slice payload)
{
	struct cursor c = cur_of(payload);
	uint8_t version;
	uint8_t reserved;
	uint16_t octets;
	uint8_t more;
	uint8_t unit;

	return cur_u8(&c, &version) && version == 3 && cur_u8(&c, &reserved) &&
	    reserved == 0 && cur_u16(&c, &octets) && octets >= 7 &&
	    cur_u8(&c, &more) && more >= 2 && cur_u8(&c, &unit) &&
	    (unit == 0xe0 || unit == 0xd0 || unit == 0xf0 || unit == 0x80);
}

/* ---- measuring ---- */

/* An event (RFC 4733) or comfort noise (RFC 3389) is too short to say
 * anything; a padded packet is longer than its media. */
static void
measure(struct session *s, struct rtp_stream *t, const struct rtp_header *h)
{
	bool tiny = h->octets <= 1 || h->octets == 4;

	if (t->packets > 0 && (uint16_t)(h->seq - t->last_seq) == 1 &&
	    !t->padded && !h->marker)
		length_rule_add(&t->lengths, t->pt, t->last_octets,
		    h->time - t->last_time);
	if (t->test == NULL && t->packets == 1)
		t->test = media_test_new();
	if (t->test != NULL && !tiny)
		media_test_add(t->test, h->payload, h->octets);
	if (t->rdp < RDP_LEAST && is_tpkt(h->payload)) {
		t->rdp++;
		if (t->rdp == RDP_LEAST)
			learn_number_once(s, FACT_RDP_CLEAR, 1);
	}
}

static void
remember(struct rtp_stream *t, const struct rtp_header *h,
    const struct chunk *c)
{
	t->last_seq = h->seq;
	t->last_time = h->time;
	t->last_octets = h->octets;
	t->padded = h->padding;
	t->extension = t->extension || h->extension;
	t->packets++;
	t->last = c->packet;
}

/* Fewer packets do where the lengths show the tag of SRTP. Not with G.729,
 * whose weak pattern a tag without encryption would hide for longer. */
static bool
is_tagged(const struct rtp_stream *t)
{
	uint8_t share;
	uint8_t tag = length_rule_tag(&t->lengths, &share);

	return t->pt != PT_G729 &&
	    media_test_packets(t->test) >= MEDIA_TEST_TAGGED && tag != 0 &&
	    tag != MEDIA_TAG_NONE;
}

static void
decide(struct rtp_stream *t)
{
	struct media_verdict v;

	if (t->test == NULL || (!media_test_over(t->test) && !is_tagged(t)))
		return;
	media_test_verdict(t->test, &v);
	if (v.result == RESULT_OPEN && is_tagged(t)) {
		v.result = RESULT_RANDOM;
		v.wanted = 0;
	}
	t->verdict = v;
	drop_test(t);
}

static bool
other_side_busy(const struct rtp *r, const struct rtp_stream *t)
{
	for (unsigned i = 0; i < r->count; i++) {
		const struct rtp_stream *o = &r->stream[i];

		if (o != t && o->ssrc == t->ssrc && o->pt == t->pt &&
		    !o->settled)
			return true;
	}
	return false;
}

/* The verdict stands and the tag, if there is one, is known. */
static void
settle(struct session *s, struct rtp *r, struct rtp_stream *t)
{
	struct media_stream m;

	if (t->signs == 0 || t->test != NULL)
		return;
	if (t->verdict.result != RESULT_OPEN && !t->settled) {
		describe(t, &m);
		if (is_news(t, &m))
			tell(s, t, &m);
	}
	if (t->lengths.pairs < PAIRS_ENOUGH && t->packets < PACKETS_ENOUGH)
		return;
	if (!t->settled && t->verdict.result == RESULT_OPEN)
		tell_rest(s, r, t);
	t->settled = true;
	/* ZRTP may switch encryption on or off within the stream. */
	if (other_side_busy(r, t) || session_knows(s, FACT_ZRTP))
		return;
	forget_key(r, t);
	r->key[r->keys++] =
	    (struct key){ t->ssrc, t->pt, t->verdict.result == RESULT_RANDOM };
}

/* ---- encrypted streams that are clear later ---- */

/* A new offer may end the encryption of a stream that goes on (RFC 3264
 * section 8), so a few packets of each stretch are looked at. */
static bool
is_look_due(uint16_t seq)
{
	return seq % LOOK_EVERY < LOOK_PACKETS;
}

static void
end_look(struct rtp_stream *t)
{
	media_test_free(t->look);
	t->look = NULL;
}

static void
turn_clear(struct session *s, struct rtp_stream *t)
{
	struct media_stream m;

	media_test_verdict(t->look, &t->verdict);
	end_look(t);
	t->lengths = (struct length_rule){ 0 };
	describe(t, &m);
	tell(s, t, &m);
}

/*
 * One test that is wrong once in a million would be wrong too often over the
 * looks of all calls: a second one, of other packets, has to agree.
 */
static void
look_again(struct session *s, struct rtp_stream *t, const struct rtp_header *h,
    const struct chunk *c)
{
	if (t->verdict.result != RESULT_RANDOM || !is_look_due(h->seq) ||
	    !is_fresh(t, h->seq))
		return;
	t->packets++;
	t->last = c->packet;
	if (h->octets <= 1 || h->octets == EVENT_OCTETS)
		return;
	if (t->look == NULL)
		t->look = media_test_new();
	if (t->look == NULL)
		return;
	media_test_add(t->look, h->payload, h->octets);
	if (media_test_result(t->look) == RESULT_CLEAR) {
		if (++t->looks == LOOKS_SURE)
			turn_clear(s, t);
		end_look(t);
	} else if (media_test_packets(t->look) >= LOOK_PACKETS) {
		t->looks = 0;
		end_look(t);
	}
}

/* RFC 6189: the same SSRC is protected from Conf2ACK on and clear again after
 * GoClear, so each such step begins every stream anew. */
static void
follow_zrtp(struct session *s, struct rtp *r)
{
	uint64_t step = session_number(s, FACT_ZRTP, 0);

	if (step == r->zrtp)
		return;
	r->zrtp = step;
	r->keys = 0;
	if (step != ZRTP_SECURE && step != ZRTP_GO_CLEAR)
		return;
	for (unsigned i = 0; i < r->count; i++) {
		if (r->stream[i].signs != 0)
			tell_rest(s, r, &r->stream[i]);
		drop_test(&r->stream[i]);
	}
	r->count = 0;
}

static enum feed
rtp_feed(struct session *s, void *state, struct chunk *c)
{
	struct rtp *r = state;
	struct rtp_header h;

	if (r->hopeless || !rtp_parse(c->bytes, c->wire, &h))
		return FEED_LOST;
	follow_zrtp(s, r);
	struct rtp_stream *t = find(r, c->side, &h);

	if (t == NULL) {
		waste(r);
		if (r->hopeless)
			return FEED_LOST;
		t = admit(s, r, c, &h);
	}
	t->used = ++r->clock;
	if (t->settled) {
		look_again(s, t, &h, c);
		return FEED_ON;
	}
	if (!is_fresh(t, h.seq)) {
		t->duplicates++;
		return FEED_ON;
	}
	weigh_step(t, &h);
	measure(s, t, &h);
	remember(t, &h, c);
	if (t->odd > ODD_MOST) {
		drop_test(t);
		*t = r->stream[--r->count];
		return FEED_LOST;
	}
	confirm(s, r, t);
	decide(t);
	settle(s, r, t);
	return FEED_ON;
}

static void
rtp_end(struct session *s, void *state)
{
	struct rtp *r = state;

	for (unsigned i = 0; i < r->count; i++)
		tell_rest(s, r, &r->stream[i]);
	follow_zrtp(s, r);
}

/* A packet of a settled stream; sides share an SSRC only by accident. */
static bool
rtp_idle(const void *state, struct slice bytes)
{
	const struct rtp *r = state;
	struct cursor c = cur_of(bytes);
	uint8_t first;
	uint8_t second;
	uint16_t seq;
	uint32_t ssrc;

	if (r->keys == 0 || !cur_u8(&c, &first) || first >> 6 != 2 ||
	    !cur_u8(&c, &second) || !cur_u16(&c, &seq) || !cur_skip(&c, 4) ||
	    !cur_u32(&c, &ssrc))
		return false;
	for (unsigned i = 0; i < r->keys; i++) {
		const struct key *k = &r->key[i];

		if (k->ssrc == ssrc && k->pt == (second & 0x7f))
			return !k->looks || !is_look_due(seq);
	}
	return false;
}

static void
rtp_drop(void *state)
{
	struct rtp *r = state;

	for (unsigned i = 0; i < r->count; i++)
		drop_test(&r->stream[i]);
	r->count = 0;
}

const struct dissector dissect_rtp = {
	.name = "rtp",
	.over = OVER_DATAGRAM,
	.state_size = sizeof(struct rtp),
	.probe = rtp_probe,
	.feed = rtp_feed,
	.end = rtp_end,
	.idle = rtp_idle,
	.drop = rtp_drop,
};
