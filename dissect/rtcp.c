/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTCP and SRTCP: readable, authenticated only, or encrypted.
 *
 * Plain RTCP parses exactly to the end of the datagram. SRTCP leaves the first
 * eight octets readable and appends a word of E flag and index, and a tag.
 *
 * Spec: RFC 3550 section 6, RFC 3711 section 3.4, RFC 7714 section 9.
 * Learns: RTCP, PROTOCOL.
 */
#include "dissect/rtcp.h"

#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	RTCP_FIRST_TYPE = 192, /* FIR of RFC 2032 */
	RTCP_OWN_TYPE = 200,   /* SR; what follows in a compound is newer */
	RTCP_TYPE_BYE = 203,
	RTCP_TYPE_APP = 204,
	RTCP_LAST_TYPE = 213,
	INDEX_START = 1 << 16, /* a call has at most so many before we see it */
	INDEX_STEP = 1 << 10,
	SETTLED = 8,
	TOLD_MOST = 24, /* facts of one session; a call has two to six */
};

bool
rtcp_type(uint8_t second)
{
	return second >= 192 && second <= 223;
}

/* RFC 3550 section 6.4: takes one packet of a compound. */
static bool
take_packet(struct cursor *c, uint8_t least_type)
{
	struct cursor at = *c;
	uint8_t first;
	uint8_t type;
	uint16_t words;

	if (!cur_u8(&at, &first) || first >> 6 != 2 || !cur_u8(&at, &type) ||
	    type < least_type || type > RTCP_LAST_TYPE ||
	    !cur_u16(&at, &words) || !cur_skip(&at, (size_t)words * 4))
		return false;
	*c = at;
	return true;
}

struct trailer {
	uint8_t octets; /* from the word to the end */
	uint8_t form;   /* enum rtcp_form */
};

/* RFC 3711 section 3.4; Microsoft's clients put an MKI of one octet before the
 * tag of 80 bits. In the order of trust. */
static const struct trailer trailers[] = {
	{ 14, RTCP_SRTCP_80 },
	{ 4, RTCP_SRTCP_GCM },
	{ 8, RTCP_SRTCP_32 },
	{ 15, RTCP_SRTCP_80 },
};

static bool
index_at(struct slice bytes, size_t octets, uint32_t *word)
{
	if (bytes.n < octets)
		return false;
	struct cursor c = cur_of(slice_from(bytes, bytes.n - octets));

	return cur_u32(&c, word);
}

static bool
follows(uint32_t index, uint32_t last)
{
	if (last != 0 && index > last && index - last <= INDEX_STEP)
		return true;
	return last == 0 && index < INDEX_START;
}

/* Octets of tag behind the last whole packet, E = 0. */
static bool
null_cipher(struct slice bytes, size_t rest, struct rtcp_look *look)
{
	uint32_t word;
	size_t at = rest == 20 ? 4 : rest;

	if ((rest != 14 && rest != 15 && rest != 20) ||
	    !index_at(bytes, at, &word) || word >= INDEX_START)
		return false;
	look->form = RTCP_SRTCP_NULL;
	look->index = word;
	return true;
}

static bool
encrypted(struct slice bytes, uint32_t last, struct rtcp_look *look)
{
	for (size_t i = 0; i < COUNT(trailers); i++) {
		uint32_t word;

		if (!index_at(bytes, trailers[i].octets, &word) ||
		    word >> 31 == 0)
			continue;
		uint32_t index = word & 0x7fffffff;

		if (!follows(index, last))
			continue;
		look->form = (enum rtcp_form)trailers[i].form;
		look->index = index;
		return true;
	}
	return false;
}

/*
 * Nothing but APP or BYE: some senders keep ports open or leave with these
 * outside of SRTCP, so they say nothing about the reports.
 */
static bool
is_bare(struct slice bytes)
{
	struct cursor c = cur_of(bytes);

	while (cur_left(&c) > 0) {
		struct cursor look = c;
		uint8_t first, type;

		if (!cur_u8(&look, &first) || !cur_u8(&look, &type) ||
		    (type != RTCP_TYPE_BYE && type != RTCP_TYPE_APP) ||
		    !take_packet(&c, RTCP_FIRST_TYPE))
			return false;
	}
	return true;
}

bool
rtcp_look(struct slice bytes, uint32_t last, struct rtcp_look *look)
{
	struct cursor head = cur_of(bytes);
	struct cursor c = head;

	*look = (struct rtcp_look){ .form = RTCP_SRTCP_PROBABLE };
	if (!take_packet(&c, RTCP_FIRST_TYPE) || !cur_skip(&head, 4) ||
	    !cur_u32(&head, &look->ssrc))
		return false;
	while (cur_left(&c) > 0 && take_packet(&c, RTCP_OWN_TYPE))
		continue;
	if (cur_left(&c) == 0) {
		look->form = is_bare(bytes) ? RTCP_BARE : RTCP_CLEAR;
		return true;
	}
	if (null_cipher(bytes, cur_left(&c), look) ||
	    encrypted(bytes, last, look))
		return true;
	/* The sender may have begun anew. */
	if (last != 0)
		(void)encrypted(bytes, 0, look);
	return true;
}

/* ---- the dissector ---- */

struct sender {
	struct rtcp_seen seen;
	struct rtcp_seen told;
	uint32_t last; /* SRTCP index */
	uint32_t guess_ssrc;
	uint32_t guesses;
	bool certain;
};

struct rtcp {
	struct sender sender[2]; /* by enum side */
	unsigned told;
};

static uint32_t
total(const struct rtcp_seen *r)
{
	uint32_t n = 0;

	for (size_t i = 0; i < RTCP_FORMS; i++)
		n += r->count[i];
	return n;
}

/* Cut packets cannot be judged: the trailer is missing. */
static enum probe
rtcp_probe(const struct sniff *s)
{
	struct rtcp_look look;

	if (s->bytes.n < s->wire || !rtcp_look(s->bytes, 0, &look))
		return PROBE_NO;
	return PROBE_YES;
}

static bool
same_picture(const struct rtcp_seen *a, const struct rtcp_seen *b)
{
	for (size_t i = 0; i < RTCP_FORMS; i++) {
		if ((a->count[i] == 0) != (b->count[i] == 0))
			return false;
	}
	return a->first_clear == b->first_clear &&
	    a->last_clear == b->last_clear;
}

static void
tell(struct session *s, struct rtcp *r, unsigned side)
{
	struct sender *p = &r->sender[side];

	if (r->told == TOLD_MOST)
		return;
	r->told++;
	learn_bytes_of(s, (enum side)side, FACT_RTCP, &p->seen,
	    sizeof(p->seen));
	p->told = p->seen;
}

/* Clear packets before the first and after the last protected one. */
static void
count_form(struct rtcp_seen *seen, enum rtcp_form form)
{
	bool was_clear = total(seen) == seen->count[RTCP_CLEAR];

	if (form != RTCP_CLEAR) {
		if (was_clear && seen->count[RTCP_CLEAR] < UINT8_MAX)
			seen->first_clear = (uint8_t)seen->count[RTCP_CLEAR];
		seen->last_clear = 0;
	} else if (!was_clear && seen->last_clear < UINT8_MAX) {
		seen->last_clear++;
	}
	seen->count[form]++;
}

/* A header alone is a guess until the same sender repeats it. */
static bool
certain(struct sender *p, const struct rtcp_look *look)
{
	if (p->certain || look->form != RTCP_SRTCP_PROBABLE)
		return true;
	if (p->guesses == 0 || p->guess_ssrc != look->ssrc) {
		p->guess_ssrc = look->ssrc;
		p->guesses = 1;
		return false;
	}
	p->seen.count[RTCP_SRTCP_PROBABLE] = p->guesses;
	return true;
}

static enum feed
rtcp_feed(struct session *s, void *state, struct chunk *c)
{
	struct rtcp *r = state;
	struct sender *p = &r->sender[c->side];
	struct rtcp_look look;

	if (c->bytes.n < c->wire || !rtcp_look(c->bytes, p->last, &look))
		return FEED_LOST;
	if (!certain(p, &look))
		return FEED_ON;
	if (!p->certain) {
		p->certain = true;
		p->seen.ssrc = look.ssrc;
		p->seen.first = c->packet;
		learn_text_once(s, FACT_PROTOCOL, slice_text("rtcp"));
	}
	if (look.index != 0)
		p->last = look.index;
	p->seen.last = c->packet;
	count_form(&p->seen, look.form);
	if (!same_picture(&p->seen, &p->told) || total(&p->seen) == SETTLED)
		tell(s, r, c->side);
	return FEED_ON;
}

static void
rtcp_end(struct session *s, void *state)
{
	struct rtcp *r = state;

	for (unsigned side = 0; side < 2; side++) {
		const struct sender *p = &r->sender[side];

		/* Twice as many are news, one more is not. */
		if (p->certain && total(&p->seen) >= 2 * total(&p->told))
			tell(s, r, side);
	}
}

const struct dissector dissect_rtcp = {
	.name = "rtcp",
	.over = OVER_DATAGRAM,
	.state_size = sizeof(struct rtcp),
	.probe = rtcp_probe,
	.feed = rtcp_feed,
	.end = rtcp_end,
};
