/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/parcel.h"

#include <stdlib.h>

/*
 * The head tells of the flow; behind it scopes and facts, which a later count
 * of packets leaves alone.
 */
struct parcel {
	uint16_t size; /* with this struct */
	uint8_t head;  /* bytes of the head, perhaps with some behind it */
	uint8_t b[];
};
enum { BEFORE = offsetof(struct parcel, b) };

/* Of the head. */
enum {
	IS_LAST = 1 << 0,
	IS_MID_STREAM = 1 << 1,
	IS_GUESS = 1 << 2,
	IS_ENDED = 1 << 3,
	IS_EVICTED = 1 << 4,
	IS_IPV4 = 1 << 5,   /* both ends */
	HAS_FLAWS = 1 << 6, /* lost bytes, duplicates, conflicts, cut */
	HAS_VLANS = 1 << 7,
	HAS_NAME = 1 << 8,
};

/* Of a fact. */
enum {
	OF_CLIENT_SIDE = 1 << 0, /* TO_CLIENT */
	AT_ONCE = 1 << 1,        /* packet and time of the one before */
	HAS_SCOPE = 1 << 2,
	HAS_NUMBER = 1 << 3,
	HAS_BYTES = 1 << 4,
	IS_SHARED = 1 << 5, /* a number stands for the bytes */
	IS_ZEROED = 1 << 6, /* zeroes at the end are left out */
};

enum {
	VARINT_MOST = 10,
	HEAD_MOST = UINT8_MAX, /* 38 of addresses, 16 numbers, a name */
	SCOPE_MOST = 32,
	FACT_MOST = 64,    /* without bytes */
	ZEROES_LEAST = 16, /* less is not worth a copy when it is opened */
	HAS_PEER = 1 << 7, /* of a scope's cover */
};

/* Times of packets can be as far apart as a number has no room for; around its
 * end they come back to where they were. */
static int64_t
apart(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t
after(int64_t a, int64_t by)
{
	return (int64_t)((uint64_t)a + (uint64_t)by);
}

/* ---- writing: the table has room for the most there can be ---- */

static uint8_t *
put_number(uint8_t *at, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*at++ = (uint8_t)(v | 0x80);
	*at++ = (uint8_t)v;
	return at;
}

static uint8_t *
put_signed(uint8_t *at, int64_t v)
{
	return put_number(at, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static uint8_t *
put_bytes(uint8_t *at, const void *p, size_t n)
{
	if (n > 0)
		memcpy(at, p, n);
	return at + n;
}

static uint8_t *
put_endpoint(uint8_t *at, const struct endpoint *e, bool ipv4)
{
	if (!ipv4)
		*at++ = e->addr.family;
	at = put_bytes(at, e->addr.b, ipv4 ? 4 : sizeof(e->addr.b));
	return put_bytes(at, &e->port, sizeof(e->port));
}

static bool
is_ipv4(const struct addr *a)
{
	static const uint8_t zero[12];

	return a->family == 4 && memcmp(a->b + 4, zero, sizeof(zero)) == 0;
}

static unsigned
head_flags(const struct notice *n)
{
	const struct flow_view *f = &n->flow;
	bool flaws = f->lost[0] != 0 || f->lost[1] != 0 || f->duplicates != 0 ||
	    f->conflicts != 0 || f->cut != 0;
	bool ipv4 = is_ipv4(&f->tuple.src.addr) && is_ipv4(&f->tuple.dst.addr);

	return (n->last ? IS_LAST : 0) | (f->mid_stream ? IS_MID_STREAM : 0) |
	    (f->opened_by_guess ? IS_GUESS : 0) | (f->ended ? IS_ENDED : 0) |
	    (f->evicted ? IS_EVICTED : 0) | (ipv4 ? IS_IPV4 : 0) |
	    (flaws ? HAS_FLAWS : 0) | (f->vlans > 0 ? HAS_VLANS : 0) |
	    (n->guess[0] != '\0' ? HAS_NAME : 0);
}

static uint8_t *
put_head(uint8_t *at, const struct notice *n)
{
	const struct flow_view *f = &n->flow;
	unsigned flags = head_flags(n);

	at = put_number(at, flags);
	at = put_number(at, n->period);
	at = put_endpoint(at, &f->tuple.src, (flags & IS_IPV4) != 0);
	at = put_endpoint(at, &f->tuple.dst, (flags & IS_IPV4) != 0);
	*at++ = f->tuple.proto;
	at = put_number(at, f->first_packet);
	at = put_signed(at, (int64_t)(f->last_packet - f->first_packet));
	at = put_bytes(at, &f->start, sizeof(f->start));
	at = put_signed(at, apart(f->end, f->start));
	for (int i = 0; i < 2; i++) {
		at = put_number(at, f->packets[i]);
		at = put_number(at, f->bytes[i]);
		*at++ = f->tcp_flags[i];
	}
	if ((flags & HAS_FLAWS) != 0) {
		at = put_number(at, f->lost[0]);
		at = put_number(at, f->lost[1]);
		at = put_number(at, f->duplicates);
		at = put_number(at, f->conflicts);
		at = put_number(at, f->cut);
	}
	if ((flags & HAS_VLANS) != 0) {
		*at++ = f->vlans;
		at = put_bytes(at, f->vlan, sizeof(f->vlan));
	}
	if ((flags & HAS_NAME) != 0)
		at = put_bytes(at, n->guess, sizeof(n->guess));
	return at;
}

static uint8_t *
put_scopes(uint8_t *at, const struct evidence *e)
{
	static const struct endpoint nobody;

	at = put_number(at, e->starved);
	at = put_number(at, e->scope_count);
	for (unsigned i = 0; i < e->scope_count; i++) {
		const struct scope *s = &e->scopes[i];
		bool peer = memcmp(&s->peer, &nobody, sizeof(nobody)) != 0;

		*at++ = s->parent;
		*at++ = s->carrier;
		*at++ = (uint8_t)(s->cover | (peer ? HAS_PEER : 0));
		if (peer)
			at = put_endpoint(at, &s->peer, false);
	}
	return at;
}

static size_t
without_zeroes(struct slice s)
{
	uint64_t last;

	/* Lists of records end in hundreds of them. */
	for (; s.n >= sizeof(last); s.n -= sizeof(last)) {
		memcpy(&last, s.p + s.n - sizeof(last), sizeof(last));
		if (last != 0)
			break;
	}
	while (s.n > 0 && s.p[s.n - 1] == 0)
		s.n--;
	return s.n;
}

/* Zeroes at the end are left out as long as there is room to open them. */
static uint8_t *
put_inside(uint8_t *at, uint8_t *flags, struct slice bytes, size_t *zeroed)
{
	size_t n = without_zeroes(bytes);
	size_t room = (bytes.n + 7) & ~(size_t)7;

	at = put_number(at, bytes.n);
	if (bytes.n - n < ZEROES_LEAST || *zeroed + room > PARCEL_ZEROED)
		return put_bytes(at, bytes.p, bytes.n);
	*flags |= IS_ZEROED;
	*zeroed += room;
	at = put_number(at, n);
	return put_bytes(at, bytes.p, n);
}

static uint8_t *
put_fact(uint8_t *at, const struct packer *k, const struct learnt *l,
    const struct learnt *before, size_t *zeroed)
{
	bool same = l->packet == before->packet && l->time == before->time;
	uint32_t kept = l->bytes.n > 0 ? k->keep(k->ctx, l) : 0;
	uint8_t *flags = at + 1;

	*at = (uint8_t)l->fact;
	*flags = (uint8_t)((l->side != 0 ? OF_CLIENT_SIDE : 0) |
	    (same ? AT_ONCE : 0) | (l->scope != 0 ? HAS_SCOPE : 0) |
	    (l->number != 0 ? HAS_NUMBER : 0) |
	    (l->bytes.n > 0 ? HAS_BYTES : 0) | (kept != 0 ? IS_SHARED : 0));
	at += 2;
	if (!same) {
		at = put_signed(at, (int64_t)(l->packet - before->packet));
		at = put_signed(at, apart(l->time, before->time));
	}
	if (l->scope != 0)
		*at++ = l->scope;
	if (l->number != 0)
		at = put_number(at, l->number);
	if (kept != 0)
		return put_number(at, kept);
	if (l->bytes.n > 0)
		return put_inside(at, flags, l->bytes, zeroed);
	return at;
}

static uint8_t *
put_facts(uint8_t *at, const struct packer *k, const struct notice *n)
{
	const struct evidence *e = &n->news;
	struct learnt first = { .packet = n->flow.first_packet,
		.time = n->flow.start };
	const struct learnt *before = &first;
	size_t zeroed = 0;

	at = put_number(at, e->count);
	for (size_t i = 0; i < e->count; i++) {
		at = put_fact(at, k, &e->facts[i], before, &zeroed);
		before = &e->facts[i];
	}
	return at;
}

static bool
lay_table(struct packer *k, size_t n)
{
	if (n <= k->room)
		return true;
	uint8_t *table = realloc(k->table, n);

	if (table == NULL)
		return false;
	k->table = table;
	k->room = n;
	return true;
}

static size_t
most_of(const struct notice *n)
{
	size_t most = HEAD_MOST + n->news.scope_count * (size_t)SCOPE_MOST +
	    n->news.count * (size_t)FACT_MOST;

	for (size_t i = 0; i < n->news.count; i++)
		most += n->news.facts[i].bytes.n;
	return most;
}

/* ---- parcels ---- */

void
packer_done(struct packer *k)
{
	slab_done(&k->slab);
	free(k->table);
	k->table = NULL;
	k->room = 0;
}

struct parcel *
parcel_new(struct packer *k, const struct notice *n)
{
	if (n->news.count > PARCEL_FACTS || !lay_table(k, most_of(n)))
		return NULL;
	uint8_t *behind = put_head(k->table, n);
	uint8_t *end = put_facts(put_scopes(behind, &n->news), k, n);
	size_t used = (size_t)(end - k->table);

	/* The head may grow. */
	if (used > UINT16_MAX - HEAD_MOST - BEFORE)
		return NULL;
	k->slab.tag = k;
	struct parcel *p = slab_take(&k->slab, BEFORE + used);

	if (p == NULL)
		return NULL;
	p->size = (uint16_t)(BEFORE + used);
	p->head = (uint8_t)(behind - k->table);
	memcpy(p->b, k->table, used);
	return p;
}

void
parcel_free(struct packer *k, struct parcel *p)
{
	if (p != NULL)
		slab_give(&k->slab, p, p->size);
}

struct parcel *
parcel_move(struct packer *k, struct parcel *p)
{
	return slab_move(&k->slab, p, p->size);
}

size_t
parcel_size(const struct parcel *p)
{
	return p->size;
}

/* ---- opening: all of it was written here ---- */

static uint64_t
get_number(const uint8_t **at)
{
	const uint8_t *p = *at;
	uint64_t v = *p & 0x7f;

	for (unsigned shift = 7; (*p++ & 0x80) != 0; shift += 7)
		v |= (uint64_t)(*p & 0x7f) << shift;
	*at = p;
	return v;
}

static int64_t
get_signed(const uint8_t **at)
{
	uint64_t v = get_number(at);

	return (int64_t)(v >> 1 ^ (~(v & 1) + 1));
}

static void
get_bytes(const uint8_t **at, void *to, size_t n)
{
	memcpy(to, *at, n);
	*at += n;
}

static void
get_endpoint(const uint8_t **at, struct endpoint *e, bool ipv4)
{
	e->addr.family = ipv4 ? 4 : *(*at)++;
	get_bytes(at, e->addr.b, ipv4 ? 4 : sizeof(e->addr.b));
	get_bytes(at, &e->port, sizeof(e->port));
}

static void
get_head(const uint8_t **at, struct notice *n)
{
	struct flow_view *f = &n->flow;
	unsigned flags = (unsigned)get_number(at);

	n->last = (flags & IS_LAST) != 0;
	f->mid_stream = (flags & IS_MID_STREAM) != 0;
	f->opened_by_guess = (flags & IS_GUESS) != 0;
	f->ended = (flags & IS_ENDED) != 0;
	f->evicted = (flags & IS_EVICTED) != 0;
	n->period = (uint32_t)get_number(at);
	get_endpoint(at, &f->tuple.src, (flags & IS_IPV4) != 0);
	get_endpoint(at, &f->tuple.dst, (flags & IS_IPV4) != 0);
	f->tuple.proto = *(*at)++;
	f->first_packet = get_number(at);
	f->last_packet = f->first_packet + (uint64_t)get_signed(at);
	get_bytes(at, &f->start, sizeof(f->start));
	f->end = after(f->start, get_signed(at));
	for (int i = 0; i < 2; i++) {
		f->packets[i] = get_number(at);
		f->bytes[i] = get_number(at);
		f->tcp_flags[i] = *(*at)++;
	}
	if ((flags & HAS_FLAWS) != 0) {
		f->lost[0] = get_number(at);
		f->lost[1] = get_number(at);
		f->duplicates = get_number(at);
		f->conflicts = get_number(at);
		f->cut = (uint32_t)get_number(at);
	}
	if ((flags & HAS_VLANS) != 0) {
		f->vlans = *(*at)++;
		get_bytes(at, f->vlan, sizeof(f->vlan));
	}
	if ((flags & HAS_NAME) != 0)
		get_bytes(at, n->guess, sizeof(n->guess));
}

static void
get_scopes(const uint8_t **at, struct evidence *e)
{
	e->starved = get_number(at);
	e->scope_count = (unsigned)get_number(at);
	for (unsigned i = 0; i < e->scope_count; i++) {
		struct scope *s = &e->scopes[i];

		s->parent = *(*at)++;
		s->carrier = *(*at)++;
		s->cover = *(*at)++;
		memset(&s->peer, 0, sizeof(s->peer));
		if ((s->cover & HAS_PEER) != 0)
			get_endpoint(at, &s->peer, false);
		s->cover &= (uint8_t)~HAS_PEER;
	}
}

static struct slice
get_inside(const uint8_t **at, unsigned flags, uint8_t **zeroed)
{
	size_t n = get_number(at), stored = n;
	struct slice s = { *at, n };

	if ((flags & IS_ZEROED) != 0) {
		stored = get_number(at);
		s.p = *zeroed;
		memcpy(*zeroed, *at, stored);
		memset(*zeroed + stored, 0, n - stored);
		*zeroed += (n + 7) & ~(size_t)7;
	}
	*at += stored;
	return s;
}

static void
get_facts(const uint8_t **at, const struct packer *k, struct unpacked *to)
{
	struct evidence *e = &to->notice.news;
	uint64_t packet = to->notice.flow.first_packet;
	int64_t time = to->notice.flow.start;
	uint8_t *zeroed = to->zeroed;

	e->facts = to->facts;
	e->ids = to->ids;
	e->count = e->room = get_number(at);
	for (size_t i = 0; i < e->count; i++) {
		unsigned fact = *(*at)++;
		unsigned flags = *(*at)++;

		if ((flags & AT_ONCE) == 0) {
			packet += (uint64_t)get_signed(at);
			time = after(time, get_signed(at));
		}
		e->ids[i] = (uint8_t)fact;
		e->kinds[fact / 64] |= UINT64_C(1) << fact % 64;
		e->facts[i] = (struct learnt){
			.fact = (uint16_t)fact,
			.side = (flags & OF_CLIENT_SIDE) != 0,
			.scope = (flags & HAS_SCOPE) != 0 ? *(*at)++ : 0,
			.packet = packet,
			.time = time,
		};
		if ((flags & HAS_NUMBER) != 0)
			e->facts[i].number = get_number(at);
		if ((flags & IS_SHARED) != 0)
			e->facts[i].bytes = k->copies[get_number(at)];
		else if ((flags & HAS_BYTES) != 0)
			e->facts[i].bytes = get_inside(at, flags, &zeroed);
	}
}

/* What comes behind it. */
static const uint8_t *
open_head(const struct parcel *p, struct notice *n)
{
	const uint8_t *at = p->b;

	memset(n, 0, offsetof(struct notice, news.scopes));
	get_head(&at, n);
	return p->b + p->head;
}

const struct notice *
parcel_head(const struct parcel *p, struct unpacked *to)
{
	(void)open_head(p, &to->notice);
	return &to->notice;
}

const struct notice *
parcel_open(const struct parcel *p, struct unpacked *to)
{
	const uint8_t *at = open_head(p, &to->notice);

	get_scopes(&at, &to->notice.news);
	get_facts(&at, slab_tag(p, p->size), to);
	return &to->notice;
}

struct parcel *
parcel_update(struct packer *k, struct parcel *p, const struct notice *later)
{
	struct notice now;
	size_t behind = p->size - (size_t)BEFORE - p->head;

	(void)open_head(p, &now);
	uint64_t first_packet = now.flow.first_packet;
	int64_t start = now.flow.start;

	now.flow = later->flow;
	now.flow.first_packet = first_packet;
	now.flow.start = start;
	now.last = later->last;
	if (later->guess[0] != '\0')
		memcpy(now.guess, later->guess, sizeof(now.guess));
	if (!lay_table(k, HEAD_MOST))
		return NULL;
	size_t head = (size_t)(put_head(k->table, &now) - k->table);

	if (head > p->head) {
		size_t size = BEFORE + head + behind;
		struct parcel *more = slab_resize(&k->slab, p, p->size, size);

		if (more == NULL)
			return NULL;
		p = more;
		memmove(p->b + head, p->b + p->head, behind);
		p->head = (uint8_t)head;
		p->size = (uint16_t)size;
	}
	memcpy(p->b, k->table, head);
	return p;
}
