/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of a datagram are kept disjoint and in order: of a new one only the
 * bytes that are not there yet. So the datagram is whole as soon as the sum of
 * the pieces is its length. Memory grows with captured bytes only, never with
 * what an offset claims.
 */
#include "capture/defrag.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/hash.h"
#include "core/limits.h"

enum {
	BUCKETS = 4096,
	MAX_IP = 65535,
	IPV4_HEADER = 20,
	MAX_HEADER = 40,
	KEY = 48
};

struct piece {
	struct piece *next;
	uint32_t start, end; /* on the wire */
	size_t n;            /* captured, from start on */
	uint8_t bytes[];
};

struct range {
	uint32_t start, end; /* bytes of the datagram, end not included */
};

/* Where and when the first bytes came. */
struct origin {
	uint64_t number;
	int64_t time;
	uint32_t id;
	uint16_t vlan[LIMIT_VLANS];
	uint8_t vlans;
};

struct datagram {
	struct datagram *chain;         /* of the bucket */
	struct datagram *older, *newer; /* by arrival of the first piece */
	uint8_t key[KEY];
	uint64_t hash;
	int64_t time; /* of the first piece; when whole, of the last */
	struct piece *pieces, *last;
	size_t memory;
	uint32_t count;   /* pieces kept */
	uint32_t arrived; /* fragments, all that came */
	uint32_t have;    /* bytes the pieces cover */
	uint32_t total;   /* known with the last fragment */
	bool total_known;
	bool whole;   /* remembered for a while, for copies that come late */
	bool due;     /* what there is of it should have been given by now */
	bool given;   /* as a remnant */
	uint8_t next; /* IPv6: the header behind the fragment header */
	struct origin origin; /* known with the header */
	uint8_t header[MAX_HEADER];
	size_t header_n;
};

struct age {
	struct datagram *oldest, *newest;
};

/* A datagram as it is given away: whole, or what there is of it. */
struct lent {
	struct lent *next;
	struct remnant remnant;
	uint8_t bytes[];
};

struct defrag {
	struct datagram *buckets[BUCKETS];
	struct age waiting, done;
	struct datagram *soon; /* the oldest waiting one that is not due */
	struct lent *lent;
	struct lent *remnants, **last; /* to be given, in their order */
	size_t count;
	size_t memory;
	struct defrag_stats stats;
};

struct defrag *
defrag_new(void)
{
	struct defrag *d = calloc(1, sizeof(*d));

	if (d != NULL)
		d->last = &d->remnants;
	return d;
}

static void
free_lent(struct lent **first)
{
	while (*first != NULL) {
		struct lent *l = *first;

		*first = l->next;
		free(l);
	}
}

void
defrag_release(struct defrag *d)
{
	free_lent(&d->lent);
}

static void
free_pieces(struct defrag *d, struct datagram *g)
{
	while (g->pieces != NULL) {
		struct piece *p = g->pieces;

		g->pieces = p->next;
		free(p);
	}
	d->memory -= g->memory;
	g->memory = 0;
}

static struct age *
age_of(struct defrag *d, const struct datagram *g)
{
	return g->whole ? &d->done : &d->waiting;
}

static void
unlink_age(struct age *a, struct datagram *g)
{
	if (a->oldest == g)
		a->oldest = g->newer;
	else
		g->older->newer = g->newer;
	if (a->newest == g)
		a->newest = g->older;
	else
		g->newer->older = g->older;
}

static void
leave_age(struct defrag *d, struct datagram *g)
{
	if (d->soon == g)
		d->soon = g->newer;
	unlink_age(age_of(d, g), g);
}

static void
link_newest(struct age *a, struct datagram *g)
{
	g->newer = NULL;
	g->older = a->newest;
	if (a->newest != NULL)
		a->newest->newer = g;
	else
		a->oldest = g;
	a->newest = g;
}

/* How far the bytes were captured without a hole */
static uint32_t
captured(const struct datagram *g)
{
	uint32_t n = 0;

	for (const struct piece *p = g->pieces; p != NULL; p = p->next) {
		if (p->start > n)
			break;
		n += (uint32_t)p->n;
		if (p->n < p->end - p->start)
			break;
	}
	return n;
}

/* As far as is known: there is a byte behind a fragment that is not the last */
static uint32_t
length_of(const struct datagram *g)
{
	return g->total_known || g->last == NULL ? g->total : g->last->end + 1;
}

/* The header of a packet that was never cut into pieces and has no options. */
static void
mend_header(struct datagram *g, uint8_t *header)
{
	uint32_t length = length_of(g);

	memcpy(header, g->header, g->header_n);
	if (g->header_n == MAX_HEADER) {
		header[4] = length >> 8 & 0xff;
		header[5] = length & 0xff;
		header[6] = g->next;
		return;
	}
	length += IPV4_HEADER;
	header[0] = 0x45;
	header[2] = length >> 8 & 0xff;
	header[3] = length & 0xff;
	header[6] = header[7] = 0;
}

/* All that was captured without a hole, on its own. */
static struct lent *
copy_out(struct datagram *g)
{
	uint32_t n = captured(g);
	struct lent *l = malloc(sizeof(*l) + g->header_n + n);
	uint8_t *to;

	if (l == NULL)
		return NULL;
	l->next = NULL;
	mend_header(g, l->bytes);
	to = l->bytes + g->header_n;
	for (const struct piece *p = g->pieces; p != NULL; p = p->next) {
		if (p->start >= n)
			break;
		if (p->n > 0)
			memcpy(to + p->start, p->bytes, p->n);
	}
	l->remnant = (struct remnant){
		.number = g->origin.number,
		.time = g->origin.time,
		.vlans = g->origin.vlans,
		.id = g->origin.id,
		.several = g->pieces != NULL && g->pieces->n < n,
		.open = !g->total_known,
		.bytes = slice_of(l->bytes, g->header_n + n),
		.missing = length_of(g) - n,
	};
	memcpy(l->remnant.vlan, g->origin.vlan, sizeof(l->remnant.vlan));
	return l;
}

static bool
lend(struct defrag *d, struct datagram *g, struct slice *whole, size_t *missing)
{
	struct lent *l = copy_out(g);

	if (l == NULL)
		return false;
	l->next = d->lent;
	d->lent = l;
	*whole = l->remnant.bytes;
	*missing = l->remnant.missing;
	return true;
}

/* Nobody should wait for the rest any longer. */
static void
give_remnant(struct defrag *d, struct datagram *g)
{
	struct lent *l;

	g->due = true;
	if (g->header_n == 0 || g->given || g->whole)
		return;
	l = copy_out(g);
	if (l == NULL)
		return;
	g->given = true;
	*d->last = l;
	d->last = &l->next;
}

static void
drop(struct defrag *d, struct datagram *g)
{
	struct datagram **at = &d->buckets[g->hash % BUCKETS];

	while (*at != g)
		at = &(*at)->chain;
	*at = g->chain;
	leave_age(d, g);
	give_remnant(d, g);
	if (!g->whole) {
		d->stats.lost += g->arrived;
		d->stats.waiting -= g->arrived;
	}
	free_pieces(d, g);
	d->count--;
	free(g);
}

static void
drop_all(struct defrag *d, const struct age *a)
{
	struct datagram *newer;

	for (struct datagram *g = a->oldest; g != NULL; g = newer) {
		newer = g->newer;
		drop(d, g);
	}
}

void
defrag_free(struct defrag *d)
{
	if (d == NULL)
		return;
	drop_all(d, &d->waiting);
	drop_all(d, &d->done);
	free_lent(&d->lent);
	free_lent(&d->remnants);
	free(d);
}

/* Time that jumps back (several files) counts as well. */
static bool
is_past(int64_t time, int64_t now, int64_t most)
{
	uint64_t silent = now > time ? (uint64_t)now - (uint64_t)time
				     : (uint64_t)time - (uint64_t)now;

	return silent > (uint64_t)most;
}

static bool
too_old(const struct datagram *g, int64_t now)
{
	return is_past(g->time, now,
	    g->whole ? LIMIT_DUP_MS * NS_PER_MS : LIMIT_DEFRAG_S * NS_PER_S);
}

static void
make_room(struct defrag *d, int64_t now, size_t need)
{
	struct datagram *g;
	struct datagram *newer;

	for (g = d->done.oldest; g != NULL; g = newer) {
		newer = g->newer;
		if (d->count < LIMIT_DEFRAG_DATAGRAMS && !too_old(g, now))
			break;
		drop(d, g);
	}
	for (g = d->waiting.oldest; g != NULL; g = newer) {
		newer = g->newer;
		if (d->count < LIMIT_DEFRAG_DATAGRAMS &&
		    d->memory + need <= LIMIT_DEFRAG_BYTES && !too_old(g, now))
			break;
		drop(d, g);
	}
}

static void
make_key(const struct fragment *f, uint8_t key[KEY])
{
	memset(key, 0, KEY);
	memcpy(key, f->src.b, 16);
	memcpy(key + 16, f->dst.b, 16);
	memcpy(key + 32, &f->id, sizeof(f->id));
	key[36] = f->proto;
	key[37] = f->src.family;
	key[38] = f->header.n > 20; /* v4-mapped addresses look like v4 */
}

static struct datagram *
find(struct defrag *d, const uint8_t key[KEY], uint64_t hash)
{
	struct datagram *g = d->buckets[hash % BUCKETS];

	while (g != NULL && memcmp(g->key, key, KEY) != 0)
		g = g->chain;
	return g;
}

static struct datagram *
begin(struct defrag *d, const uint8_t key[KEY], uint64_t hash, int64_t now)
{
	struct datagram *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	memcpy(g->key, key, KEY);
	g->hash = hash;
	g->time = now;
	g->chain = d->buckets[hash % BUCKETS];
	d->buckets[hash % BUCKETS] = g;
	link_newest(&d->waiting, g);
	if (d->soon == NULL)
		d->soon = g;
	g->memory = sizeof(*g);
	d->memory += g->memory;
	d->count++;
	return g;
}

/* A piece of the fragment, from start to end, goes in at *at. */
static bool
insert(struct defrag *d, struct datagram *g, struct piece **at,
    const struct fragment *f, struct range range)
{
	struct slice bytes =
	    slice_head(slice_from(f->bytes, range.start - f->offset),
		range.end - range.start);
	size_t size = sizeof(struct piece) + bytes.n;
	struct piece *p;

	if (g->count >= LIMIT_DEFRAG_PIECES)
		return false;
	p = malloc(size);
	if (p == NULL)
		return false;
	p->start = range.start;
	p->end = range.end;
	p->n = bytes.n;
	if (bytes.n > 0)
		memcpy(p->bytes, bytes.p, bytes.n);
	p->next = *at;
	*at = p;
	if (p->next == NULL)
		g->last = p;
	g->count++;
	g->have += range.end - range.start;
	g->memory += size;
	d->memory += size;
	return true;
}

/* Do the bytes that both have agree? */
static bool
agree(const struct piece *p, const struct fragment *f, uint32_t end)
{
	uint32_t from = p->start > f->offset ? p->start : f->offset;
	uint32_t to = p->end < end ? p->end : end;
	struct slice a = slice_head(
	    slice_from(slice_of(p->bytes, p->n), from - p->start), to - from);
	struct slice b =
	    slice_head(slice_from(f->bytes, from - f->offset), to - from);
	size_t n = a.n < b.n ? a.n : b.n;

	return n == 0 || memcmp(a.p, b.p, n) == 0;
}

/* What of the fragment is not there yet is put between what is. */
static bool
fill_holes(struct defrag *d, struct datagram *g, const struct fragment *f,
    uint32_t end)
{
	struct piece **at = &g->pieces;
	struct piece *p;
	uint32_t pos = f->offset;
	bool conflict = false;

	if (g->last != NULL && g->last->end <= pos) /* they come in order */
		at = &g->last->next;

	while ((p = *at) != NULL && p->start < end) {
		struct range hole = { pos, p->start };

		if (pos < p->start && !insert(d, g, at, f, hole))
			return false;
		if (p->end > pos) {
			conflict = conflict || !agree(p, f, end);
			pos = p->end;
		}
		at = &p->next;
	}
	if (pos < end && !insert(d, g, at, f, (struct range){ pos, end }))
		return false;
	d->stats.overlaps += conflict;
	return true;
}

static bool
is_whole(const struct datagram *g)
{
	return g->total_known && g->have == g->total;
}

/* Keeps the key, so that copies of the pieces do not begin a new one. */
static void
become_whole(struct defrag *d, struct datagram *g, int64_t now)
{
	leave_age(d, g);
	g->whole = true;
	g->time = now;
	link_newest(&d->done, g);
	d->stats.whole++;
	d->stats.waiting -= g->arrived;
	free_pieces(d, g);
}

/* A last piece says where the end is; nothing may lie behind it. */
static bool
end_agrees(struct datagram *g, const struct fragment *f, uint32_t end)
{
	const struct piece *p = g->pieces;

	if (g->total_known)
		return f->more ? end <= g->total : end == g->total;
	if (f->more)
		return true;
	for (; p != NULL; p = p->next)
		if (p->end > end)
			return false;
	g->total = end;
	g->total_known = true;
	return true;
}

/* Its rest is not waited for, so this is another one by the same number. */
static bool
begins_again(const struct datagram *g, const struct fragment *f)
{
	return g->given && f->offset == 0 &&
	    is_past(g->origin.time, f->time, LIMIT_DUP_MS * NS_PER_MS);
}

static struct datagram *
datagram_of(struct defrag *d, const struct fragment *f)
{
	uint8_t key[KEY];
	uint64_t hash;
	struct datagram *g;

	make_room(d, f->time, f->bytes.n + sizeof(struct piece));
	make_key(f, key);
	hash = hash_bytes(key, KEY);
	g = find(d, key, hash);
	if (g != NULL && (too_old(g, f->time) || begins_again(g, f))) {
		drop(d, g);
		g = NULL;
	}
	return g != NULL ? g : begin(d, key, hash, f->time);
}

static void
note_begin(struct datagram *g, const struct fragment *f)
{
	g->header_n = f->header.n;
	memcpy(g->header, f->header.p, f->header.n);
	g->next = f->next;
	g->origin.time = f->time;
	g->origin.id = f->id;
	if (f->packet == NULL)
		return;
	g->origin.number = f->packet->number;
	g->origin.vlans = f->packet->vlans;
	memcpy(g->origin.vlan, f->packet->vlan, sizeof(g->origin.vlan));
}

static enum defrag_result
add_to(struct defrag *d, struct datagram *g, const struct fragment *f,
    uint32_t end)
{
	d->stats.pieces++;
	if (g->whole)
		return DEFRAG_KEPT;
	g->arrived++;
	d->stats.waiting++;
	if (!end_agrees(g, f, end)) {
		d->stats.overlaps++;
		return DEFRAG_BAD;
	}
	if (f->offset == 0 && g->header_n == 0)
		note_begin(g, f);
	if (!fill_holes(d, g, f, end)) {
		drop(d, g);
		return DEFRAG_BAD;
	}
	if (is_whole(g))
		return DEFRAG_WHOLE;
	if (g->due)
		give_remnant(d, g);
	return DEFRAG_KEPT;
}

enum defrag_result
defrag_add(struct defrag *d, const struct fragment *f, struct slice *whole,
    size_t *missing)
{
	size_t size = f->bytes.n + f->missing;
	size_t most = f->header.n == MAX_HEADER ? MAX_IP : MAX_IP - IPV4_HEADER;
	struct datagram *g;
	enum defrag_result r;

	if (size == 0 || (f->more && size % 8 != 0) || f->offset > most ||
	    size > most - f->offset)
		return DEFRAG_BAD;
	g = datagram_of(d, f);
	if (g == NULL)
		return DEFRAG_BAD;
	r = add_to(d, g, f, f->offset + (uint32_t)size);
	if (r != DEFRAG_WHOLE)
		return r;
	if (!lend(d, g, whole, missing)) {
		drop(d, g);
		return DEFRAG_BAD;
	}
	become_whole(d, g, f->time);
	return DEFRAG_WHOLE;
}

bool
defrag_has_remnant(const struct defrag *d, int64_t now)
{
	return d->remnants != NULL ||
	    (d->soon != NULL &&
		is_past(d->soon->time, now, LIMIT_DEFRAG_MS * NS_PER_MS));
}

bool
defrag_remnant(struct defrag *d, int64_t now, struct remnant *out)
{
	struct lent *l;

	while (d->remnants == NULL && d->soon != NULL &&
	    is_past(d->soon->time, now, LIMIT_DEFRAG_MS * NS_PER_MS)) {
		struct datagram *g = d->soon;

		d->soon = g->newer;
		give_remnant(d, g);
	}
	l = d->remnants;
	if (l == NULL)
		return false;
	d->remnants = l->next;
	if (l->next == NULL)
		d->last = &d->remnants;
	l->next = d->lent;
	d->lent = l;
	*out = l->remnant;
	return true;
}

void
defrag_stats(const struct defrag *d, struct defrag_stats *out)
{
	*out = d->stats;
}
