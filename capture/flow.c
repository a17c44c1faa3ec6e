/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open-addressing table of flow numbers, flows in slabs that never move,
 * and for each idle time a line of flows from the longest silent to the last
 * seen. Nothing is allocated per packet; a slab and a bigger table are taken
 * when the number of flows grows.
 */
#include "capture/flow_private.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "core/hash.h"

enum {
	/* flows are met in no order, so a slab is a whole number of huge
	 * pages; what is never used takes no memory */
	SLAB_BITS = 15,
	SLAB = 1 << SLAB_BITS,
	HUGE_PAGE = 2 * 1024 * 1024,
	SLOTS_FIRST = 4096, /* a power of two; less where few may come */
	CACHE_LINE = 64
};

static_assert(sizeof(struct flow) == 256, "four cache lines");
static_assert(SLAB * sizeof(struct flow) % HUGE_PAGE == 0, "no rest");

/* Flows are numbered from 1; 0 is none. */
struct slot {
	uint32_t hash;
	uint32_t flow;
};

struct flow_table {
	struct slot *slots;
	uint32_t mask;
	struct flow **slabs;
	uint32_t most;
	uint32_t count;
	uint32_t used;  /* flows ever taken from the slabs */
	uint32_t spare; /* first of those given back, linked by newer */
	struct {
		uint32_t oldest;
		uint32_t newest;
	} line[LINES];
	struct flow_clock clock;
	uint32_t swept; /* no flow was idle any more in this second */
	flow_gone *gone;
	void *ctx;
	uint64_t evicted;
	uint64_t duplicates;
};

static struct flow *
flow_at(const struct flow_table *t, uint32_t n)
{
	return &t->slabs[(n - 1) >> SLAB_BITS][(n - 1) & (SLAB - 1)];
}

static bool
same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return ((load64(a->addr.b) ^ load64(b->addr.b)) |
		   (load64(a->addr.b + 8) ^ load64(b->addr.b + 8)) |
		   (uint64_t)(a->port ^ b->port) |
		   (uint64_t)(a->addr.family ^ b->addr.family)) == 0;
}

static uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The key of both directions: the lower endpoint goes first. */
static uint64_t
tuple_hash(const struct five_tuple *t)
{
	bool swap = is_below(&t->dst, &t->src);
	const struct endpoint *lo = swap ? &t->dst : &t->src;
	const struct endpoint *hi = swap ? &t->src : &t->dst;
	uint64_t key[5] = { (uint64_t)lo->port << 32 |
		(uint64_t)hi->port << 16 | t->proto };

	if (lo->addr.family == 4 && hi->addr.family == 4) {
		key[1] =
		    (uint64_t)load32(lo->addr.b) << 32 | load32(hi->addr.b);
		return hash_words(key, 2);
	}
	key[1] = load64(lo->addr.b);
	key[2] = load64(lo->addr.b + 8);
	key[3] = load64(hi->addr.b);
	key[4] = load64(hi->addr.b + 8);
	return hash_words(key, 5);
}

/* Of IPv4; others are hashed each time. */
static uint64_t
hash_lately(struct flow_hashes *lately, const struct five_tuple *t)
{
	uint64_t addresses =
	    (uint64_t)load32(t->src.addr.b) << 32 | load32(t->dst.addr.b);
	uint64_t rest = (uint64_t)t->src.port << 32 |
	    (uint64_t)t->dst.port << 16 | t->proto;
	size_t at = (addresses ^ rest) * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	at %= FLOW_HASHES;
	if (t->src.addr.family != 4 || t->dst.addr.family != 4)
		return tuple_hash(t);
	if (lately->of[at].addresses != addresses ||
	    lately->of[at].rest != rest) {
		lately->of[at].addresses = addresses;
		lately->of[at].rest = rest;
		lately->of[at].hash = tuple_hash(t);
	}
	return lately->of[at].hash;
}

unsigned
flow_worker(struct flow_hashes *lately, struct packet *p, unsigned workers)
{
	p->hash = hash_lately(lately, &p->tuple);
	return (unsigned)((p->hash >> 32) * workers >> 32);
}

void
flow_note(struct packet *p)
{
	if (p->hash == 0)
		p->hash = tuple_hash(&p->tuple);
	p->copy = flow_copy_hash(p);
}

/* Whether the tuple is the flow's, and which way it goes. */
static bool
matches(const struct flow *f, const struct five_tuple *t, enum side *side)
{
	if (f->tuple.proto != t->proto)
		return false;
	if (same_endpoint(&f->tuple.src, &t->src) &&
	    same_endpoint(&f->tuple.dst, &t->dst)) {
		*side = TO_SERVER;
		return true;
	}
	*side = TO_CLIENT;
	return same_endpoint(&f->tuple.src, &t->dst) &&
	    same_endpoint(&f->tuple.dst, &t->src);
}

/* All of it is needed next; the lines come side by side. */
static void
fetch(const struct flow *f)
{
	for (size_t line = 0; line < sizeof(*f); line += CACHE_LINE)
		__builtin_prefetch((const char *)f + line, 1);
}

static struct flow *
find(const struct flow_table *t, uint32_t hash, const struct five_tuple *key,
    enum side *side)
{
	for (uint32_t i = hash & t->mask; t->slots[i].flow != 0;
	     i = (i + 1) & t->mask) {
		struct flow *f;

		if (t->slots[i].hash != hash)
			continue;
		f = flow_at(t, t->slots[i].flow);
		fetch(f);
		if (matches(f, key, side))
			return f;
	}
	return NULL;
}

static void
slot_put(struct slot *slots, uint32_t mask, struct slot s)
{
	uint32_t i = s.hash & mask;

	while (slots[i].flow != 0)
		i = (i + 1) & mask;
	slots[i] = s;
}

/* Moves later ones of the run back, so that no mark is left behind. */
static void
slot_remove(struct flow_table *t, const struct flow *f)
{
	uint32_t hole = (uint32_t)tuple_hash(&f->tuple) & t->mask;

	while (t->slots[hole].flow != f->self)
		hole = (hole + 1) & t->mask;
	for (uint32_t i = (hole + 1) & t->mask; t->slots[i].flow != 0;
	     i = (i + 1) & t->mask) {
		uint32_t home = t->slots[i].hash & t->mask;

		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = (struct slot){ 0 };
}

static bool
slots_grow(struct flow_table *t)
{
	uint32_t mask = t->mask * 2 + 1;
	struct slot *slots = calloc((size_t)mask + 1, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i <= t->mask; i++) {
		if (t->slots[i].flow != 0)
			slot_put(slots, mask, t->slots[i]);
	}
	free(t->slots);
	t->slots = slots;
	t->mask = mask;
	return true;
}

static enum line
line_of(const struct flow *f)
{
	if (f->ended)
		return LINE_ENDED;
	return f->tuple.proto == IPPROTO_NUM_TCP ? LINE_TCP : LINE_OTHER;
}

static void
line_leave(struct flow_table *t, struct flow *f)
{
	if (f->older != 0)
		flow_at(t, f->older)->newer = f->newer;
	else
		t->line[f->line].oldest = f->newer;
	if (f->newer != 0)
		flow_at(t, f->newer)->older = f->older;
	else
		t->line[f->line].newest = f->older;
}

static void
line_join(struct flow_table *t, struct flow *f)
{
	enum line line = line_of(f);

	f->line = line;
	f->newer = 0;
	f->older = t->line[line].newest;
	if (f->older != 0)
		flow_at(t, f->older)->newer = f->self;
	else
		t->line[line].oldest = f->self;
	t->line[line].newest = f->self;
}

/* To the end of its line. Its neighbours are cache misses, so once a second is
 * enough for idle times; only near the ceiling the order must be exact. */
static void
line_touch(struct flow_table *t, struct flow *f)
{
	bool moved = f->seen == t->clock.seconds && t->count <= t->most / 2;

	f->seen = t->clock.seconds;
	if ((moved || f->newer == 0) && f->line == line_of(f))
		return;
	line_leave(t, f);
	line_join(t, f);
}

static void
let_go(struct flow_table *t, struct flow *f)
{
	t->gone(t->ctx, f);
	line_leave(t, f);
	slot_remove(t, f);
	f->newer = t->spare;
	t->spare = f->self;
	f->self = 0;
	t->count--;
}

/* Not touched for long, by the clock. */
static bool
is_forgotten(const struct flow_table *t, const struct flow *f)
{
	return (int32_t)(t->clock.seconds - f->seen) > flow_idle_s[f->line];
}

/* The flow's own packets may have run ahead of the clock. */
static bool
is_idle(const struct flow_table *t, const struct flow *f)
{
	return since(t->clock.now, f->end) > flow_idle_s[f->line] * NS_PER_S;
}

/* Looked at again when its own time is over, whenever that was found out. */
static void
put_off(struct flow_table *t, struct flow *f)
{
	f->seen = t->clock.seconds -
	    (uint32_t)(since(t->clock.now, f->end) / NS_PER_S);
	line_leave(t, f);
	line_join(t, f);
}

/* A few per packet, and none before the clock has moved. */
static void
let_idle_go(struct flow_table *t)
{
	unsigned looked_at = 0;

	if (t->swept == t->clock.seconds)
		return;
	for (unsigned line = 0; line < LINES; line++) {
		for (; t->line[line].oldest != 0; looked_at++) {
			struct flow *f = flow_at(t, t->line[line].oldest);

			if (!is_forgotten(t, f))
				break;
			if (looked_at >= LIMIT_FLOW_SWEEP)
				return;
			if (is_idle(t, f))
				let_go(t, f);
			else
				put_off(t, f);
		}
	}
	t->swept = t->clock.seconds;
}

/* False if there is no flow at all. */
static bool
let_oldest_go(struct flow_table *t)
{
	struct flow *oldest = NULL;

	for (unsigned line = 0; line < LINES; line++) {
		struct flow *f;

		if (t->line[line].oldest == 0)
			continue;
		f = flow_at(t, t->line[line].oldest);
		if (oldest == NULL || f->seen < oldest->seen ||
		    (f->seen == oldest->seen && f->end < oldest->end))
			oldest = f;
	}
	if (oldest == NULL)
		return false;
	oldest->evicted = true;
	let_go(t, oldest);
	t->evicted++;
	return true;
}

static struct flow *
slab_new(size_t most)
{
	size_t n = most < SLAB ? most : SLAB;
	size_t size = n * sizeof(struct flow);
	struct flow *slab;

	if (n < SLAB)
		return aligned_alloc(CACHE_LINE, size);
	slab = aligned_alloc(HUGE_PAGE, size);
	if (slab != NULL)
		(void)madvise(slab, size, MADV_HUGEPAGE); /* only faster */
	return slab;
}

/* Room for one flow more. */
static bool
grow(struct flow_table *t)
{
	size_t slab = t->used >> SLAB_BITS;

	if (t->count >= t->most)
		return false;
	if (t->count >= t->mask / 2 && !slots_grow(t))
		return false;
	if (t->spare == 0 && t->slabs[slab] == NULL)
		t->slabs[slab] = slab_new(t->most);
	return t->spare != 0 || t->slabs[slab] != NULL;
}

static struct flow *
flow_new(struct flow_table *t, uint32_t hash)
{
	uint32_t self;
	struct flow *f;

	if (!grow(t) && !let_oldest_go(t))
		return NULL;
	self = t->spare;
	if (self != 0)
		t->spare = flow_at(t, self)->newer;
	else
		self = ++t->used;
	f = flow_at(t, self);
	memset(f, 0, sizeof(*f));
	f->self = self;
	f->seen = t->clock.seconds;
	t->count++;
	slot_put(t->slots, t->mask, (struct slot){ hash, self });
	return f;
}

struct flow_table *
flow_table_new(size_t most, flow_gone *gone, void *ctx)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	uint32_t slots = SLOTS_FIRST;

	if (t == NULL)
		return NULL;
	if (most < 1)
		most = 1;
	if (most > UINT32_MAX / 4)
		most = UINT32_MAX / 4;
	t->most = (uint32_t)most;
	while (slots / 4 > most)
		slots /= 2;
	t->mask = slots - 1;
	t->slots = calloc(slots, sizeof(*t->slots));
	t->slabs = calloc((most >> SLAB_BITS) + 1, sizeof(struct flow *));
	t->gone = gone;
	t->ctx = ctx;
	if (t->slots == NULL || t->slabs == NULL) {
		flow_table_free(t);
		return NULL;
	}
	return t;
}

static int
by_first_packet(const void *a, const void *b, void *ctx)
{
	const struct flow_table *t = ctx;
	uint64_t pa = flow_at(t, ((const struct slot *)a)->flow)->first_packet;
	uint64_t pb = flow_at(t, ((const struct slot *)b)->flow)->first_packet;

	return pa < pb ? -1 : pa > pb;
}

static bool
is_in_order(struct flow_table *t, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (by_first_packet(&t->slots[i - 1], &t->slots[i], t) > 0)
			return false;
	}
	return true;
}

void
flow_table_free(struct flow_table *t)
{
	size_t n = 0;

	if (t == NULL)
		return;
	/* The slots are no longer searched: they become the order to leave.
	 * Most flows lie in it, where no other left its place to them. */
	for (uint32_t i = 1; t->count > 0 && i <= t->used; i++) {
		if (flow_at(t, i)->self != 0)
			t->slots[n++].flow = i;
	}
	if (!is_in_order(t, n))
		qsort_r(t->slots, n, sizeof(*t->slots), by_first_packet, t);
	for (size_t i = 0; i < n; i++)
		t->gone(t->ctx, flow_at(t, t->slots[i].flow));
	for (size_t i = 0; t->slabs != NULL && i <= t->most >> SLAB_BITS; i++)
		free(t->slabs[i]);
	free(t->slabs);
	free(t->slots);
	free(t);
}

void
flow_table_each(struct flow_table *t, void (*visit)(void *ctx, struct flow *f),
    void *ctx)
{
	for (size_t i = 0; t->count > 0 && i <= t->mask; i++) {
		if (t->slots[i].flow != 0)
			visit(ctx, flow_at(t, t->slots[i].flow));
	}
}

size_t
flow_table_count(const struct flow_table *t)
{
	return t->count;
}

uint64_t
flow_table_evicted(const struct flow_table *t)
{
	return t->evicted;
}

uint64_t
flow_table_duplicates(const struct flow_table *t)
{
	return t->duplicates;
}

static void
tick(struct flow_clock *c, int64_t time)
{
	int64_t ahead;

	if (!c->started) {
		c->started = true;
		c->now = c->second = time;
		return;
	}
	ahead = since(time, c->now);
	if (ahead > LIMIT_CLOCK_JUMP_S * NS_PER_S) {
		if (++c->leaps < LIMIT_CLOCK_JUMPS)
			return;
	}
	c->leaps = 0;
	if (ahead <= 0)
		return;
	c->now = time;
	ahead = since(time, c->second);
	if (ahead < NS_PER_S)
		return;
	c->second = time;
	ahead /= NS_PER_S;
	c->seconds += ahead > INT32_MAX ? INT32_MAX : (uint32_t)ahead;
}

void
flow_tell_time(struct flow_clock *c, struct packet *p)
{
	tick(c, p->time);
	p->timed = true;
	p->now = c->now;
	p->seconds = c->seconds;
}

static void
read_time(struct flow_table *t, const struct packet *p)
{
	if (p->timed) {
		t->clock.now = p->now;
		t->clock.seconds = p->seconds;
	} else {
		tick(&t->clock, p->time);
	}
}

static struct flow *
first_packet(struct flow_table *t, uint32_t hash, const struct packet *p,
    enum side *side)
{
	struct flow *f = flow_new(t, hash);

	if (f == NULL)
		return NULL;
	flow_open(f, p);
	f->first_packet = p->number;
	f->start = f->end = p->time;
	line_join(t, f);
	(void)matches(f, &p->tuple, side);
	(void)flow_is_copy(f, p);
	return f;
}

void
flow_expect(const struct flow_table *t, const struct packet *p, bool near)
{
	const struct slot *s = &t->slots[(uint32_t)p->hash & t->mask];

	if (!near)
		__builtin_prefetch(s);
	else if (s->flow != 0 && s->hash == (uint32_t)p->hash)
		fetch(flow_at(t, s->flow));
}

struct flow *
flow_find(struct flow_table *t, const struct packet *p, enum side *side,
    bool *duplicate)
{
	uint32_t hash =
	    (uint32_t)(p->hash != 0 ? p->hash : tuple_hash(&p->tuple));
	struct flow *f;

	*duplicate = false;
	read_time(t, p);
	let_idle_go(t);
	f = find(t, hash, &p->tuple, side);
	/* Over, and nobody had time to see it off. */
	if (f != NULL && is_forgotten(t, f) && is_idle(t, f)) {
		let_go(t, f);
		f = NULL;
	}
	if (f != NULL && flow_is_copy(f, p)) {
		*duplicate = true;
		f->duplicates += f->duplicates < UINT32_MAX;
		t->duplicates++;
		return f;
	}
	if (f != NULL && flow_is_reuse(f, p, *side)) {
		let_go(t, f);
		f = NULL;
	}
	if (f == NULL)
		f = first_packet(t, hash, p, side);
	if (f == NULL)
		return NULL;
	flow_count(f, p, side);
	line_touch(t, f);
	return f;
}
