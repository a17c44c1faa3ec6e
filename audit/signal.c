/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/signal.h"

#include <stdlib.h>

#include "audit/mutual.h"
#include "audit/places.h"
#include "core/clock.h"
#include "core/map.h"
#include "core/room.h"

/* One m= line of one description. */
struct line {
	struct promise p;
	/* Of an offer: index + 1 of one of the same exchange that was added
	 * before it and made after it. */
	uint32_t after;
};

/* A full handshake of TLS 1.3: its tickets travel encrypted. */
struct full {
	const struct record *r;
	int64_t start;
	bool shown;    /* the client showed a certificate */
	uint32_t next; /* index + 1: of the same client, server and names */
};

/* Seconds. How far the clocks of two taps may be apart, how long a phone rings
 * (RFC 3261 13.3.1.1: proxies give up after three minutes), and how long media
 * may be silent on both sides before it begins. */
enum { CLOCKS_APART = 60, RINGS_MOST = 300, SILENT_MOST = 3600, BYE_AFTER = 5 };

struct signals {
	struct line *lines;
	size_t line_count, line_room;
	struct full *fulls;
	size_t full_count, full_room;
	struct places *places;
	/* call, cseq, line -> index + 1 of the newest line, and in the upper
	 * half of the offer that was made first */
	struct map *exchange;
	struct map *ends;     /* call -> time of its first BYE */
	struct map *relays;   /* endpoint -> record */
	struct map *media;    /* both ends -> record with RTP */
	struct map *sessions; /* session id or ticket hash -> record */
	struct map *servers;  /* client, server, names -> full, index + 1 */
};

struct endpoint_key {
	uint8_t addr[16];
	uint8_t family, zero;
	uint16_t port;
};

static struct endpoint_key
key_of(const struct endpoint *e)
{
	struct endpoint_key k = { .family = e->addr.family, .port = e->port };

	memcpy(k.addr, e->addr.b, sizeof(k.addr));
	return k;
}

static bool
is_address(const struct endpoint *e)
{
	static const uint8_t zero[16];

	return e->addr.family != 0 && e->port != 0 &&
	    memcmp(e->addr.b, zero, sizeof(zero)) != 0;
}

struct signals *
signals_new(void)
{
	struct signals *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->places = places_new();
	s->exchange = map_new(0);
	s->ends = map_new(0);
	s->relays = map_new(0);
	s->media = map_new(0);
	s->sessions = map_new(0);
	s->servers = map_new(0);
	if (s->places == NULL || s->exchange == NULL || s->ends == NULL ||
	    s->relays == NULL || s->media == NULL || s->sessions == NULL ||
	    s->servers == NULL) {
		signals_free(s);
		return NULL;
	}
	return s;
}

void
signals_free(struct signals *s)
{
	if (s == NULL)
		return;
	free(s->lines);
	free(s->fulls);
	places_free(s->places);
	map_free(s->exchange);
	map_free(s->ends);
	map_free(s->relays);
	map_free(s->media);
	map_free(s->sessions);
	map_free(s->servers);
	free(s);
}

/* Puts `index` at the head of the chain of this key; *next gets the old head.
 */
static bool
chain_in(struct map *m, const void *key, size_t n, uint32_t index,
    uint32_t *next)
{
	uint64_t *head = map_put(m, slice_of(key, n));

	if (head == NULL)
		return false;
	*next = (uint32_t)*head;
	*head = index;
	return true;
}

static uint32_t
chain_of(const struct map *m, const void *key, size_t n)
{
	const uint64_t *head = map_get(m, slice_of(key, n));

	return head != NULL ? (uint32_t)*head : 0;
}

/* ---- SDP ---- */

struct exchange_key {
	uint64_t call;
	uint32_t cseq;
	uint32_t index;
};

static bool
add_place(struct signals *s, const struct endpoint *at, uint32_t line,
    bool is_rtcp)
{
	struct endpoint_key k = key_of(at);
	struct place x = { .time = s->lines[line - 1].p.time,
		.line = line - 1,
		.is_rtcp = is_rtcp };

	return places_add(s->places, slice_of(&k, sizeof(k)), &x);
}

static bool
add_exchange(struct signals *s, const struct exchange_key *x, uint32_t index)
{
	uint64_t *v = map_put(s->exchange, slice_of(x, sizeof(*x)));
	struct line *line = &s->lines[index - 1];

	if (v == NULL)
		return false;
	uint32_t first = (uint32_t)(*v >> 32);

	if (line->p.media->is_answer == 0 &&
	    (first == 0 || s->lines[first - 1].p.time > line->p.time)) {
		line->after = first;
		first = index;
	}
	*v = (uint64_t)first << 32 | index;
	return true;
}

static bool
add_line(struct signals *s, const struct record *r, const struct evidence *e,
    const struct learnt *l)
{
	if (!room_for_one((void **)&s->lines, s->line_count, &s->line_room,
		sizeof(*s->lines)))
		return false;
	const struct sdp_media *m =
	    (const struct sdp_media *)(const void *)l->bytes.p;
	struct line *line = &s->lines[s->line_count++];
	uint32_t index = (uint32_t)s->line_count;

	*line = (struct line){ .p = {
				   .by = r,
				   .packet = l->packet,
				   .time = l->time,
				   .media = m,
				   .dtls = m->dtls != 0,
				   .keys_shown = m->crypto_lines > 0 &&
				       evidence_cover(e, l) == COVER_NONE,
			       } };
	struct exchange_key x = { m->call, m->cseq, m->index };
	return add_exchange(s, &x, index) &&
	    (!is_address(&m->at) || add_place(s, &m->at, index, false)) &&
	    (!is_address(&m->rtcp) || m->rtcp_mux ||
		add_place(s, &m->rtcp, index, true));
}

static bool
add_candidate(struct signals *s, const struct learnt *l)
{
	struct sdp_candidate c;

	memcpy(&c, l->bytes.p, sizeof(c));
	struct exchange_key x = { c.call, c.cseq, c.index };
	uint32_t line = chain_of(s->exchange, &x, sizeof(x));

	return line == 0 || !is_address(&c.at) ||
	    add_place(s, &c.at, line, c.component == 2);
}

static bool
add_sdp(struct signals *s, const struct record *r, const struct evidence *e)
{
	if (!evidence_has(e, FACT_SDP_MEDIA) &&
	    !evidence_has(e, FACT_SDP_CANDIDATE))
		return true;
	/* In the order learnt: candidates follow their line. */
	for (size_t i = 0; i < e->count; i++) {
		const struct learnt *l = &e->facts[i];

		if (l->fact == FACT_SDP_MEDIA &&
		    l->bytes.n == sizeof(struct sdp_media) &&
		    !add_line(s, r, e, l))
			return false;
		if (l->fact == FACT_SDP_CANDIDATE &&
		    l->bytes.n == sizeof(struct sdp_candidate) &&
		    !add_candidate(s, l))
			return false;
	}
	return true;
}

static bool
add_ends(struct signals *s, const struct evidence *e)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, FACT_SIP_BYE, l)) != NULL) {
		uint64_t *at =
		    map_put(s->ends, slice_of(&l->number, sizeof(l->number)));

		if (at == NULL)
			return false;
		if (*at == 0 || (int64_t)*at > l->time)
			*at = (uint64_t)l->time;
	}
	return true;
}

/* ---- relays, TLS sessions ---- */

static bool
remember(struct map *m, const void *key, size_t n, const struct record *r)
{
	uint64_t *v = map_put(m, slice_of(key, n));

	if (v == NULL)
		return false;
	/* The oldest owner of a key stays. */
	if (*v == 0)
		*v = (uint64_t)(uintptr_t)r;
	return true;
}

static const struct record *
recall(const struct map *m, struct slice key)
{
	const uint64_t *v = map_get(m, key);

	return v != NULL ? (const struct record *)(uintptr_t)*v : NULL;
}

static bool
add_relays(struct signals *s, const struct record *r, const struct evidence *e)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, FACT_TURN_RELAYED, l)) != NULL) {
		struct endpoint at;

		if (l->bytes.n != sizeof(at))
			continue;
		memcpy(&at, l->bytes.p, sizeof(at));
		struct endpoint_key k = key_of(&at);

		if (!remember(s->relays, &k, sizeof(k), r))
			return false;
	}
	return true;
}

struct media_key {
	struct endpoint_key low, high;
};

/* The ends in one order, their ports `below` lower. */
static void
media_key_of(const struct notice *n, uint16_t below, struct media_key *k)
{
	struct endpoint_key a = key_of(&n->flow.tuple.src);
	struct endpoint_key b = key_of(&n->flow.tuple.dst);
	bool swap = memcmp(&a, &b, sizeof(a)) > 0;

	a.port = (uint16_t)(a.port - below);
	b.port = (uint16_t)(b.port - below);
	*k = swap ? (struct media_key){ b, a } : (struct media_key){ a, b };
}

static bool
add_media(struct signals *s, const struct record *r, const struct notice *n)
{
	struct media_key k;

	if (evidence_first(&n->news, FACT_MEDIA_STREAM) == NULL &&
	    evidence_first(&n->news, FACT_TLS_SRTP_PROFILE) == NULL)
		return true;
	media_key_of(n, 0, &k);
	return remember(s->media, &k, sizeof(k), r);
}

/* Who would resume with whom: client address, server, name and protocol. */
struct server_key {
	uint8_t client[16];
	struct endpoint_key server;
	uint8_t sni[64];
	uint8_t alpn[16]; /* the first that was offered */
};

static void
key_name(uint8_t *to, size_t room, const struct learnt *l)
{
	if (l == NULL)
		return;
	struct slice name = slice_head(l->bytes, room);

	if (name.n > 0)
		memcpy(to, name.p, name.n);
}

static void
server_key_of(const struct notice *n, struct server_key *k)
{
	const struct flow_view *f = &n->flow;
	const struct evidence *e = &n->news;

	memset(k, 0, sizeof(*k));
	memcpy(k->client, f->tuple.src.addr.b, sizeof(k->client));
	k->server = key_of(&f->tuple.dst);
	key_name(k->sni, sizeof(k->sni), evidence_first(e, FACT_TLS_SNI));
	key_name(k->alpn, sizeof(k->alpn),
	    evidence_first(e, FACT_TLS_OFFERED_ALPN));
}

static bool
showed_certificate(const struct notice *n)
{
	struct tls_state t;

	return mutual_judge(&n->news, &n->flow, -1, &t, NULL) &&
	    (t.client == CLIENT_CERT_PRESENTED ||
		t.client == CLIENT_CERT_INFERRED_PRESENTED);
}

static bool
add_full(struct signals *s, const struct record *r, const struct notice *n)
{
	struct server_key k;

	if (!room_for_one((void **)&s->fulls, s->full_count, &s->full_room,
		sizeof(*s->fulls)))
		return false;
	struct full *to = &s->fulls[s->full_count++];

	*to = (struct full){ .r = r,
		.start = n->flow.start,
		.shown = showed_certificate(n) };
	server_key_of(n, &k);
	return chain_in(s->servers, &k, sizeof(k), (uint32_t)s->full_count,
	    &to->next);
}

static bool
add_sessions(struct signals *s, const struct record *r, const struct notice *n)
{
	const struct evidence *e = &n->news;
	const struct learnt *id = evidence_first(e, FACT_TLS_SERVER_SESSION_ID);
	const struct learnt *l = NULL;

	if (evidence_first(e, FACT_TLS_SERVER_HELLO) == NULL)
		return true;
	/* A session id belongs to the handshake that showed certificates; an
	 * echo of the client's own id with a ticket is none. */
	if (id != NULL && id->bytes.n > 0 &&
	    evidence_first(e, FACT_TLS_SERVER_CHAIN) != NULL &&
	    !remember(s->sessions, id->bytes.p, id->bytes.n, r))
		return false;
	while ((l = evidence_next(e, FACT_TLS_ISSUED_TICKET, l)) != NULL) {
		if (l->bytes.n > 0 &&
		    !remember(s->sessions, l->bytes.p, l->bytes.n, r))
			return false;
	}
	return evidence_number(e, FACT_TLS_VERSION, 0) != 0x0304 ||
	    evidence_first(e, FACT_TLS_PSK_CHOSEN) != NULL || add_full(s, r, n);
}

bool
signals_add(struct signals *s, const struct record *r, const struct notice *n)
{
	const struct evidence *e = &n->news;

	return add_sdp(s, r, e) && add_ends(s, e) && add_relays(s, r, e) &&
	    add_media(s, r, n) && add_sessions(s, r, n);
}

/* ---- offer and answer ---- */

static bool
offers_srtp(const struct sdp_media *m)
{
	return m->crypto_lines > 0 || m->dtls || m->mikey ||
	    (m->secure && m->zrtp);
}

/* The answer decides (RFC 3264; MS-SDPEXT for RTP/AVP with a=crypto). One
 * that chose the NULL cipher (RFC 4568 6.3.1) chose no secrecy. */
static void
take_answer(struct promise *answer, const struct promise *offer)
{
	const struct sdp_media *a = answer->media;
	bool null = a->null_cipher && !a->dtls;

	answer->answered = true;
	answer->secure = (a->secure || a->dtls || a->crypto_lines > 0) &&
	    !a->rejected && !null;
	answer->clear = !answer->secure && !a->rejected && !a->zrtp;
	answer->dtls = a->dtls && offer->media->dtls;
	answer->keys_readable = answer->secure && !answer->dtls &&
	    (offer->keys_shown || answer->keys_shown);
}

/* A request that was forked has several answers (RFC 3261 13.2.2.4). */
static void
take_outcome(struct promise *offer, const struct promise *answer)
{
	if (!offer->answered) {
		offer->answered = true;
		offer->secure = answer->secure;
		offer->clear = answer->clear;
		offer->dtls = answer->dtls;
		offer->keys_readable = answer->keys_readable;
		return;
	}
	offer->forked |=
	    offer->secure != answer->secure || offer->clear != answer->clear;
	offer->secure |= answer->secure;
	offer->clear &= answer->clear;
	offer->dtls |= answer->dtls;
	offer->keys_readable |= answer->keys_readable;
}

static void
agree(struct promise *offer, struct promise *answer)
{
	take_answer(answer, offer);
	take_outcome(offer, answer);
}

static void
stand_alone(struct promise *p)
{
	const struct sdp_media *m = p->media;

	p->secure = m->secure;
	/* RTP/AVP with keys is a choice left to the other side. */
	p->clear = !m->secure && !offers_srtp(m) && !m->zrtp;
	p->keys_readable = p->keys_shown && m->secure && !m->dtls;
}

static struct line *
other_half(const struct signals *s, const struct line *answer)
{
	const struct sdp_media *m = answer->p.media;
	struct exchange_key x = { m->call, m->cseq, m->index };
	const uint64_t *v = map_get(s->exchange, slice_of(&x, sizeof(x)));
	uint32_t i = v != NULL ? (uint32_t)(*v >> 32) : 0;
	struct line *best = i != 0 ? &s->lines[i - 1] : NULL;

	/* Of those made before the answer the one that was added first. */
	for (unsigned looked = 0; i != 0 && looked < LIMIT_PROMISED; looked++) {
		struct line *l = &s->lines[i - 1];

		if (l->p.time > answer->p.time)
			break;
		best = l;
		i = l->after;
	}
	return best;
}

void
signals_settle(struct signals *s)
{
	places_sort(s->places);
	for (size_t i = 0; i < s->line_count; i++) {
		struct line *answer = &s->lines[i];
		struct line *offer = answer->p.media->is_answer == 1
		    ? other_half(s, answer)
		    : NULL;

		if (offer != NULL)
			agree(&offer->p, &answer->p);
	}
	for (size_t i = 0; i < s->line_count; i++) {
		if (!s->lines[i].p.answered)
			stand_alone(&s->lines[i].p);
	}
}

/* ---- questions ---- */

struct found {
	struct promise *out;
	size_t n;
	int64_t start, end; /* of the flow */
	const struct map *ends;
};

/* No capture lasts a year: then the clock jumped, and tells nothing. */
static bool
is_later(int64_t a, int64_t b, int64_t seconds)
{
	return a > b + seconds * NS_PER_S && a - b < 366 * 86400 * NS_PER_S;
}

/* Was this promise made for another use of the port? */
static bool
is_of_another(const struct found *f, const struct promise *p)
{
	uint64_t call = p->media->call;
	const uint64_t *bye = map_get(f->ends, slice_of(&call, sizeof(call)));

	if (bye != NULL && is_later(f->start, (int64_t)*bye, BYE_AFTER))
		return true;
	return is_later(p->time, f->end, CLOCKS_APART) ||
	    is_later(f->start, p->time, p->answered ? SILENT_MOST : RINGS_MOST);
}

static int
rank(const struct promise *p, int64_t end)
{
	return (p->answered ? 4 : 0) + (p->time <= end ? 2 : 0) +
	    (p->media->is_answer == 1 ? 1 : 0);
}

static bool
is_better(const struct promise *a, const struct promise *b, int64_t end)
{
	int ra = rank(a, end), rb = rank(b, end);

	if (ra != rb)
		return ra > rb;
	if (a->time != b->time)
		return a->time > b->time;
	return a->packet > b->packet;
}

static void
offer_found(struct found *f, const struct line *l, bool is_rtcp)
{
	struct promise p = l->p;
	size_t at = f->n;

	if (is_of_another(f, &p))
		return;
	p.is_rtcp = is_rtcp;
	for (size_t i = 0; i < f->n; i++) {
		if (f->out[i].media == p.media)
			return;
	}
	while (at > 0 && is_better(&p, &f->out[at - 1], f->end)) {
		if (at < LIMIT_PROMISES)
			f->out[at] = f->out[at - 1];
		at--;
	}
	if (at >= LIMIT_PROMISES)
		return;
	f->out[at] = p;
	if (f->n < LIMIT_PROMISES)
		f->n++;
}

static void
look_up(const struct signals *s, const struct endpoint *e, struct found *f)
{
	struct endpoint_key k = key_of(e);
	const struct place *p = NULL;
	size_t n = places_at(s->places, slice_of(&k, sizeof(k)),
	    f->end + CLOCKS_APART * NS_PER_S, &p);
	size_t last = n > LIMIT_PROMISED ? n - LIMIT_PROMISED : 0;

	for (; n > last; n--)
		offer_found(f, &s->lines[p[n - 1].line], p[n - 1].is_rtcp);
}

size_t
signals_promises(const struct signals *s, const struct notice *n,
    struct promise out[LIMIT_PROMISES])
{
	const struct flow_view *flow = &n->flow;
	const struct evidence *e = &n->news;
	struct found f = { .out = out,
		.start = flow->start,
		.end = flow->end,
		.ends = s->ends };
	const struct learnt *l = NULL;

	if (s->line_count == 0)
		return 0;
	look_up(s, &flow->tuple.src, &f);
	look_up(s, &flow->tuple.dst, &f);
	/* Through a relay the promised address is the relayed one. */
	while ((l = evidence_next(e, FACT_TURN_RELAYED, l)) != NULL) {
		struct endpoint at;

		if (l->bytes.n != sizeof(at))
			continue;
		memcpy(&at, l->bytes.p, sizeof(at));
		look_up(s, &at, &f);
	}
	return f.n;
}

const struct record *
signals_relay(const struct signals *s, const struct endpoint *e)
{
	struct endpoint_key k = key_of(e);

	return recall(s->relays, slice_of(&k, sizeof(k)));
}

const struct record *
signals_companion(const struct signals *s, const struct notice *rtcp)
{
	struct media_key k;

	media_key_of(rtcp, 1, &k);
	return recall(s->media, slice_of(&k, sizeof(k)));
}

/*
 * TLS 1.3 tickets travel encrypted. A record with n tickets is longer than
 * they are by 17 + n * (17 + nonce + extensions), and 16 more from JSSE.
 */
static bool
ticket_length(unsigned length, uint64_t size, unsigned n)
{
	static const uint8_t nonces[] = { 0, 1, 2, 4, 8, 32 };
	static const uint8_t extensions[] = { 0, 4, 8, 12 };
	uint64_t least = n * size + 17 + n * 17u;

	if (length < least || length > least + n * (32 + 12u) + 16)
		return false;
	for (size_t a = 0; a < COUNT(nonces); a++) {
		for (size_t b = 0; b < COUNT(extensions); b++) {
			uint64_t want = least + n * (nonces[a] + extensions[b]);

			if (length == want || length == want + 16)
				return true;
		}
	}
	return false;
}

static bool
ticket_fits(const struct record *first, uint64_t size)
{
	struct unpacked room;
	const struct evidence *e = &record_facts(first, &room)->news;
	const struct learnt *l = evidence_last(e, FACT_TLS_RECORDS);
	const struct learnt *hello = evidence_first(e, FACT_TLS_CLIENT_HELLO);
	int client = hello != NULL ? hello->side : TO_SERVER;
	struct tls_records r;

	if (l == NULL || l->bytes.n != sizeof(r) || size == 0)
		return false;
	memcpy(&r, l->bytes.p, sizeof(r));
	for (uint32_t i = 0; i < r.count && i < TLS_RECORDS_MOST; i++) {
		if (r.r[i].side != client && r.r[i].type == 23 &&
		    (ticket_length(r.r[i].length, size, 1) ||
			ticket_length(r.r[i].length, size, 2)))
			return true;
	}
	return false;
}

static bool
is_of(const struct record *r, const struct notice *n)
{
	return r->first_packet == n->flow.first_packet;
}

static const struct record *
by_bytes(const struct signals *s, const struct notice *n, enum fact f)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(&n->news, f, l)) != NULL) {
		if (l->bytes.n == 0)
			continue;
		const struct record *first = recall(s->sessions, l->bytes);

		if (first != NULL && !is_of(first, n))
			return first;
	}
	return NULL;
}

/*
 * The newest earlier full handshake of these two whose tickets have the right
 * length. Where such handshakes do not agree on the client's certificate the
 * length does not tell which it was.
 */
static const struct record *
by_length(const struct signals *s, const struct notice *n)
{
	uint64_t size =
	    evidence_number(&n->news, FACT_TLS_OFFERED_TICKET_SIZE, 0);
	const struct full *best = NULL;
	struct server_key k;
	unsigned shown = 0, fits = 0, looked = 0;

	server_key_of(n, &k);
	for (uint32_t i = chain_of(s->servers, &k, sizeof(k));
	     i != 0 && looked < LIMIT_RESUMED_FROM;
	     i = s->fulls[i - 1].next, looked++) {
		const struct full *x = &s->fulls[i - 1];

		if (is_of(x->r, n) || x->start > n->flow.start ||
		    !ticket_fits(x->r, size))
			continue;
		fits++;
		shown += x->shown;
		if (best == NULL || x->start > best->start)
			best = x;
	}
	return best != NULL && (shown == 0 || shown == fits) ? best->r : NULL;
}

static const struct record *
one_before(const struct signals *s, const struct notice *n, bool *exact)
{
	const struct record *first = by_bytes(s, n, FACT_TLS_OFFERED_TICKET);
	uint64_t version = evidence_number(&n->news, FACT_TLS_VERSION, 0);

	/* In TLS 1.3 the session id means nothing (RFC 8446 4.1.2). */
	if (first == NULL && version != 0x0304)
		first = by_bytes(s, n, FACT_TLS_CLIENT_SESSION_ID);
	if (first != NULL || version != 0x0304)
		return first;
	*exact = false;
	return by_length(s, n);
}

const struct record *
signals_first_handshake(const struct signals *s, const struct notice *n,
    bool *exact)
{
	struct unpacked room;
	struct tls_state t;

	*exact = true;
	/* A resumed session gives out tickets of its own. */
	for (unsigned i = 0; i < LIMIT_RESUMED_FROM; i++) {
		const struct record *first = one_before(s, n, exact);

		if (first == NULL)
			return NULL;
		n = record_facts(first, &room);
		if (!mutual_judge(&n->news, &n->flow, -1, &t, NULL))
			return NULL;
		if (!t.resumed)
			return first;
	}
	return NULL;
}
