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

#include "core/hash.h"
#include "dissect/protocols.h"

/* Strict probes first; what only guesses comes last. */
static const struct dissector *const table[] = {
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

enum {
	ACTIVE_MOST = 8, /* protocols that share the datagrams of a flow */
};

struct active {
	const struct dissector *d;
	void *state;
	bool done;
};

/* Unread bytes of one direction of a stream. */
struct pending {
	uint8_t *p;
	size_t n, room;
	uint64_t skip;
	uint64_t taken; /* bytes that arrived, for session_offset() */
	bool started;   /* something came before */
	bool segment;   /* p[0] began a segment */
	bool told_clear;
};

/* What all sessions of a flow share. */
struct root {
	struct arena arena;
	struct arena facts; /* what the evidence is made of */
	struct evidence evidence;
	const struct keylog *keylog;
	struct session *all; /* newest first, for the end */
	uint64_t acked[2];   /* by sender, counted from the first ACK */
	uint32_t first_ack[2];
	bool has_ack[2];
	size_t collected;
	bool mid_stream;
};

struct session {
	struct root *root;
	struct session *next; /* root->all */
	struct five_tuple tuple;
	uint8_t scope, depth;
	uint8_t cover;
	bool datagram;
	bool over; /* nothing more to learn here */
	bool recognised;
	bool busy;        /* inside feed: no re-entry */
	unsigned unknown; /* pieces or datagrams nobody took */
	unsigned quiet;   /* datagrams of protocols that are done */
	/* of the chunk at hand */
	uint64_t packet;
	int64_t time;
	enum side side;
	/* streams */
	const struct dissector *bound;
	void *state;
	struct pending in[2];
	/* datagrams */
	struct active active[ACTIVE_MOST];
	unsigned active_count;
};

const struct dissector *
registry_at(size_t i)
{
	return i < COUNT(table) ? table[i] : NULL;
}

/* ---- life ---- */

struct session *
session_new(const struct flow *f, const struct keylog *keylog)
{
	struct root *root = calloc(1, sizeof(*root));

	if (root == NULL)
		return NULL;
	bool tcp = f->tuple.proto == IPPROTO_NUM_TCP;

	arena_init(&root->arena, LIMIT_FLOW_ARENA);
	arena_init(&root->facts, LIMIT_FLOW_FACTS);
	evidence_init(&root->evidence, tcp ? CARRIER_TCP : CARRIER_UDP);
	root->keylog = keylog;
	root->mid_stream = f->mid_stream;
	struct session *s = arena_take(&root->arena, sizeof(*s));

	if (s == NULL) {
		arena_done(&root->arena);
		free(root);
		return NULL;
	}
	s->root = root;
	s->tuple = f->tuple;
	s->datagram = !tcp;
	s->packet = f->first_packet;
	s->time = f->start;
	root->all = s;
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	struct root *root = s->root;

	for (struct session *at = root->all; at != NULL; at = at->next) {
		if (at->bound != NULL && at->bound->drop != NULL)
			at->bound->drop(at->state);
		for (unsigned i = 0; i < at->active_count; i++) {
			if (at->active[i].d->drop != NULL)
				at->active[i].d->drop(at->active[i].state);
		}
		free(at->in[0].p);
		free(at->in[1].p);
	}
	arena_done(&root->arena);
	arena_done(&root->facts);
	free(root);
}

static void *
state_of(struct session *s, const struct dissector *d)
{
	static const char nothing[1];

	if (d->state_size == 0)
		return (void *)(uintptr_t)nothing;
	return arena_take(&s->root->arena, d->state_size);
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
	if (in->n == 0)
		in->segment = segment;
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

/* Who speaks here? Binds on YES. */
static enum probe
probe_stream(struct session *s, enum side side, struct slice bytes,
    bool segment)
{
	const struct pending *in = &s->in[side];
	struct sniff sniff = {
		.bytes = bytes,
		.side = side,
		.start = !in->started && !s->root->mid_stream,
		.segment = segment,
		.tuple = &s->tuple,
	};
	enum probe best = PROBE_NO;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct dissector *d = table[i];

		if ((d->over & OVER_STREAM) == 0 || d->probe == NULL)
			continue;
		enum probe p = d->probe(&sniff);

		if (p == PROBE_YES) {
			void *state = state_of(s, d);

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
	if (best == PROBE_MORE && bytes.n >= LIMIT_PROBE)
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

struct view {
	struct slice bytes;
	bool segment;
};

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
	v->bytes = slice_from(v->bytes, c.used);
	v->segment = v->segment && c.used == 0;
	if (c.skip > 0) {
		uint64_t now = c.skip < v->bytes.n ? c.skip : v->bytes.n;

		v->bytes = slice_from(v->bytes, (size_t)now);
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
		v->bytes = slice_from(v->bytes, v->bytes.n);
		return ROUND_WAIT;
	}
	return ROUND_OVER;
}

static enum round
stream_round(struct session *s, enum side side, struct view *v)
{
	if (s->bound != NULL)
		return feed_bound(s, side, v);
	switch (probe_stream(s, side, v->bytes, v->segment)) {
	case PROBE_YES:
		return ROUND_AGAIN;
	case PROBE_MORE:
		return ROUND_WAIT;
	case PROBE_NO:
		break;
	}
	s->in[side].started = true;
	stranger(s, side, v->bytes);
	v->bytes = slice_from(v->bytes, v->bytes.n);
	return s->unknown > LIMIT_UNKNOWN ? ROUND_OVER : ROUND_WAIT;
}

/* Works on what is unread in one direction; keeps the rest. */
static enum feed
stream_rounds(struct session *s, enum side side, struct view v)
{
	struct pending *in = &s->in[side];
	bool held = in->n > 0;
	enum round r = ROUND_AGAIN;

	while (r == ROUND_AGAIN)
		r = stream_round(s, side, &v);
	if (r == ROUND_OVER)
		return finish(s);
	if (v.bytes.n == 0) {
		pending_clear(in);
		return FEED_ON;
	}
	if (held) {
		memmove(in->p, v.bytes.p, v.bytes.n);
		in->n = v.bytes.n;
		in->segment = v.segment;
		return FEED_ON;
	}
	if (!pending_add(in, v.bytes, v.segment)) {
		unbind(s);
		stranger(s, side, v.bytes);
	}
	return FEED_ON;
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
	struct view v = { bytes, segment };

	if (in->n > 0) {
		if (!pending_add(in, bytes, segment)) {
			pending_clear(in);
			unbind(s);
			stranger(s, side, bytes);
			return FEED_ON;
		}
		v = (struct view){ slice_of(in->p, in->n), in->segment };
	}
	enum feed r = stream_rounds(s, side, v);
	struct pending *back = &s->in[!side];

	/* The other side may have waited for somebody to know the protocol. */
	if (r == FEED_ON && s->bound != before && back->n > 0) {
		enum side was = s->side;

		s->side = (enum side) !side;
		r = stream_rounds(s, (enum side) !side,
		    (struct view){ slice_of(back->p, back->n), back->segment });
		s->side = was;
	}
	return r;
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
	void *state = state_of(s, d);

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

static bool
offer_to_all(struct session *s, const struct sniff *sniff, struct chunk *c)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct dissector *d = table[i];

		if ((d->over & OVER_DATAGRAM) == 0 || is_active(s, d) ||
		    d->probe(sniff) != PROBE_YES)
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
	return datagram(s, &c);
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

void
session_end(struct session *s)
{
	struct session *order[LIMIT_SCOPES];
	size_t n = 0;

	/* Outermost first: the order in which sessions were made. */
	for (struct session *at = s->root->all; at != NULL && n < COUNT(order);
	     at = at->next)
		order[n++] = at;
	while (n > 0) {
		struct session *at = order[--n];

		if (at->bound != NULL && at->bound->end != NULL)
			at->bound->end(at, at->state);
		for (unsigned i = 0; i < at->active_count; i++) {
			if (at->active[i].d->end != NULL)
				at->active[i].d->end(at, at->active[i].state);
		}
	}
}

struct evidence *
session_evidence(struct session *s)
{
	return &s->root->evidence;
}

bool
session_unknown(const struct session *s)
{
	return evidence_first(&s->root->evidence, FACT_PROTOCOL) == NULL;
}

size_t
session_news(const struct session *s)
{
	return s->root->evidence.count - s->root->collected;
}

/* Facts of single calls: nobody down here asks for them again. */
static bool
is_of_a_call(const struct learnt *l)
{
	return l->fact == FACT_SDP_MEDIA || l->fact == FACT_SDP_CANDIDATE ||
	    l->fact == FACT_SDP_KEY;
}

/* A trunk carries thousands of calls in one connection: what was told of
 * them is let go. */
static void
shed(struct root *root)
{
	struct evidence old = root->evidence;
	struct arena behind = root->facts;

	arena_init(&root->facts, LIMIT_FLOW_FACTS);
	root->evidence.facts = NULL;
	root->evidence.count = root->evidence.room = 0;
	memset(root->evidence.kinds, 0, sizeof(root->evidence.kinds));
	for (size_t i = 0; i < old.count; i++) {
		if (!is_of_a_call(&old.facts[i]))
			evidence_learn(&root->evidence, &root->facts,
			    &old.facts[i]);
	}
	arena_done(&behind);
}

void
session_collected(struct session *s)
{
	if (s->root->evidence.count >= LIMIT_FACTS_UNTOLD)
		shed(s->root);
	s->root->collected = s->root->evidence.count;
}

size_t
session_told(const struct session *s)
{
	return s->root->collected;
}

/* ---- what dissectors call ---- */

static void
learn(struct session *s, enum side side, enum fact f, uint64_t n,
    struct slice bytes)
{
	struct learnt l = {
		.fact = (uint16_t)f,
		.side = (uint8_t)side,
		.scope = s->scope,
		.packet = s->packet,
		.time = s->time,
		.number = n,
		.bytes = bytes,
	};

	evidence_learn(&s->root->evidence, &s->root->facts, &l);
}

void
learn_number(struct session *s, enum fact f, uint64_t n)
{
	learn(s, s->side, f, n, (struct slice){ NULL, 0 });
}

void
learn_number_of(struct session *s, enum side side, enum fact f, uint64_t n)
{
	learn(s, side, f, n, (struct slice){ NULL, 0 });
}

void
learn_text(struct session *s, enum fact f, struct slice text)
{
	learn(s, s->side, f, 0, slice_head(text, LIMIT_TEXT));
}

void
learn_bytes(struct session *s, enum fact f, const void *p, size_t n)
{
	learn(s, s->side, f, 0, slice_of(p, n));
}

void
learn_bytes_of(struct session *s, enum side side, enum fact f, const void *p,
    size_t n)
{
	learn(s, side, f, 0, slice_of(p, n));
}

void
learn_text_once(struct session *s, enum fact f, struct slice text)
{
	const struct evidence *e = &s->root->evidence;
	const struct learnt *l = NULL;

	text = slice_head(text, LIMIT_TEXT);
	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->scope == s->scope && slice_eq(l->bytes, text))
			return;
	}
	learn_text(s, f, text);
}

void
learn_number_once(struct session *s, enum fact f, uint64_t n)
{
	const struct evidence *e = &s->root->evidence;
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->scope == s->scope && l->number == n)
			return;
	}
	learn_number(s, f, n);
}

bool
session_knows(const struct session *s, enum fact f)
{
	return evidence_find(&s->root->evidence, f, -1, s->scope) != NULL;
}

uint64_t
session_number(const struct session *s, enum fact f, uint64_t otherwise)
{
	const struct evidence *e = &s->root->evidence;
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->scope == s->scope)
			otherwise = l->number;
	}
	return otherwise;
}

enum carrier
session_carrier(const struct session *s)
{
	return (enum carrier)s->root->evidence.scopes[s->scope].carrier;
}

struct arena *
session_arena(struct session *s)
{
	return &s->root->arena;
}

const struct five_tuple *
session_tuple(const struct session *s)
{
	return &s->tuple;
}

enum cover
session_cover(const struct session *s)
{
	return (enum cover)s->cover;
}

bool
session_is_datagram(const struct session *s)
{
	return s->datagram;
}

bool
session_mid_stream(const struct session *s)
{
	return s->root->mid_stream;
}

const struct keylog *
session_keylog(const struct session *s)
{
	return s->root->keylog;
}

uint64_t
session_acked(const struct session *s, enum side sender)
{
	return s->root->acked[sender];
}

uint64_t
session_offset(const struct session *s, enum side side)
{
	return s->in[side].taken;
}

struct session *
session_inner(struct session *s, const struct inner *how)
{
	struct root *root = s->root;
	struct evidence *e = &root->evidence;

	if (s->depth >= LIMIT_INNER_DEPTH || e->scope_count == LIMIT_SCOPES)
		return NULL;
	struct session *child = arena_take(&root->arena, sizeof(*child));

	if (child == NULL)
		return NULL;
	child->root = root;
	child->tuple = how->tuple;
	if (how->tuple.src.addr.family == 0)
		child->tuple = s->tuple;
	child->depth = (uint8_t)(s->depth + 1);
	child->datagram = how->datagram;
	child->cover =
	    (uint8_t)how->cover > s->cover ? (uint8_t)how->cover : s->cover;
	child->packet = s->packet;
	child->time = s->time;
	child->side = s->side;
	child->scope = (uint8_t)e->scope_count;
	e->scopes[e->scope_count++] = (struct scope){
		.parent = s->scope,
		.carrier = (uint8_t)how->carrier,
		.cover = child->cover,
		.peer = how->peer,
	};
	child->next = root->all;
	root->all = child;
	return child;
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
session_recognised(const struct session *s)
{
	return s->recognised;
}

bool
session_bind(struct session *s, const struct dissector *d)
{
	if (s->bound != NULL || s->datagram)
		return false;
	void *state = state_of(s, d);

	if (state == NULL)
		return false;
	s->bound = d;
	s->state = state;
	s->recognised = true;
	return true;
}
