/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/store.h"

#include <stdlib.h>

#include "core/limits.h"
#include "core/map.h"
#include "core/room.h"

enum {
	LOOKED_AT = 64,
	REST = 16384, /* slots that were given back before the first is used */
	LEAST = 1024, /* places of the index */
};

struct chunk {
	struct view_row rows[VIEW_CHUNK];
	struct store_brief briefs[VIEW_CHUNK];
	uint8_t tags[VIEW_CHUNK];
	uint32_t next[VIEW_CHUNK]; /* of the slots given back */
};

struct store {
	struct chunk **chunks;
	size_t count, chunk_room;
	size_t most, held, gone, oldest; /* rows; the next to be let go */
	size_t held_bad;                 /* violations */
	size_t tagged;
	uint32_t *index; /* slot + 1 by first packet, or 0 */
	size_t places;   /* of it; a power of two */
	size_t resting;
	uint32_t rest_first, rest_last;
	struct map *by_addr; /* address -> host + 1 */
	struct store_host *hosts;
	size_t host_count, host_room;
	struct view_cert *certs;
	size_t cert_count;
	struct store_sums sums;
	uint32_t touched[4];
	unsigned touched_count;
};

struct store *
store_new(size_t most_rows)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->most = most_rows;
	s->by_addr = map_new(LIMIT_HOSTS);
	s->index = calloc(LEAST, sizeof(*s->index));
	s->places = LEAST;
	if (s->by_addr == NULL || s->index == NULL) {
		store_free(s);
		return NULL;
	}
	return s;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->chunk_room; i++)
		free(s->chunks[i]);
	free(s->chunks);
	free(s->index);
	map_free(s->by_addr);
	free(s->hosts);
	free(s->certs);
	free(s);
}

static struct chunk *
chunk_of(const struct store *s, size_t slot)
{
	size_t at = slot / VIEW_CHUNK;

	return at < s->chunk_room ? s->chunks[at] : NULL;
}

/* The place of a row; those below it that were never put are empty. */
static struct chunk *
place(struct store *s, uint32_t slot)
{
	size_t at = slot / VIEW_CHUNK;

	if (!room_zeroed((void **)&s->chunks, at + 1, &s->chunk_room,
		sizeof(struct chunk *)))
		return NULL;
	if (s->chunks[at] == NULL)
		s->chunks[at] = calloc(1, sizeof(struct chunk));
	return s->chunks[at];
}

/* ---- the index: open addressing, at most half full ---- */

static size_t
place_of(const struct store *s, uint64_t first_packet)
{
	uint64_t h = first_packet * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h ^ h >> 32) & (s->places - 1);
}

static uint64_t
packet_at(const struct store *s, size_t place)
{
	return store_row(s, s->index[place] - 1)->first_packet;
}

/* Where the flow is, or the free place where it would be. */
static size_t
find_place(const struct store *s, uint64_t first_packet)
{
	size_t i = place_of(s, first_packet);

	while (s->index[i] != 0 && packet_at(s, i) != first_packet)
		i = (i + 1) & (s->places - 1);
	return i;
}

static bool
grow_index(struct store *s)
{
	size_t before = s->places;
	uint32_t *old = s->index, *new;

	if (s->held < before / 2)
		return true;
	new = calloc(2 * before, sizeof(*new));
	if (new == NULL)
		return false;
	s->index = new;
	s->places = 2 * before;
	for (size_t i = 0; i < before; i++) {
		if (old[i] != 0)
			new[find_place(s,
			    store_row(s, old[i] - 1)->first_packet)] = old[i];
	}
	free(old);
	return true;
}

/* Those that stand after it, because it was there, move up. */
static void
remove_from_index(struct store *s, uint64_t first_packet)
{
	size_t mask = s->places - 1, hole = find_place(s, first_packet);

	for (size_t i = (hole + 1) & mask; s->index[i] != 0;
	     i = (i + 1) & mask) {
		size_t home = place_of(s, packet_at(s, i));

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		s->index[hole] = s->index[i];
		hole = i;
	}
	s->index[hole] = 0;
}

/* ---- slots ---- */

static void
give_back(struct store *s, uint32_t slot)
{
	if (s->resting++ == 0)
		s->rest_first = slot;
	else
		chunk_of(s, s->rest_last)->next[s->rest_last % VIEW_CHUNK] =
		    slot;
	s->rest_last = slot;
}

static bool
take_slot(struct store *s, uint32_t *slot)
{
	if (s->resting > REST) {
		*slot = s->rest_first;
		s->rest_first = chunk_of(s, *slot)->next[*slot % VIEW_CHUNK];
		s->resting--;
		return true;
	}
	if (s->count >= NO_SLOT || place(s, (uint32_t)s->count) == NULL)
		return false;
	*slot = (uint32_t)s->count++;
	return true;
}

/* ---- sums ---- */

static void
add_sums(struct store_sums *t, const struct view_row *r, uint64_t by)
{
	t->flows += by;
	t->bytes += by * r->bytes;
	t->packets += by * r->packets;
	t->lost += by * r->lost;
	t->by_class[r->class][r->verdict] += by;
	t->class_bytes[r->class] += by * r->bytes;
	t->by_verdict[r->verdict] += by;
	if (r->certainty == CERTAINTY_INFERRED &&
	    (r->verdict == VERDICT_COMPLIANT ||
		r->verdict == VERDICT_VIOLATION))
		t->inferred += by;
	if ((r->flags & VIEW_ONE_WAY) != 0)
		t->one_way += by;
	if ((r->flags & VIEW_MID_STREAM) != 0)
		t->mid_stream += by;
	if ((r->flags & VIEW_DOUBT) != 0)
		t->doubtful += by;
	for (uint64_t f = r->findings; f != 0; f &= f - 1)
		t->findings[__builtin_ctzll(f)] += by;
}

static void
stretch(struct store_sums *t, const struct view_row *r)
{
	if (t->first == 0 || r->start < t->first)
		t->first = r->start;
	if (r->end > t->last)
		t->last = r->end;
}

static struct store_host *
host_of(struct store *s, const struct addr *a)
{
	uint64_t *at = map_put(s->by_addr, slice_of(a, sizeof(*a)));

	if (at == NULL)
		return NULL;
	if (*at == 0) {
		if (!room_zeroed((void **)&s->hosts, s->host_count + 1,
			&s->host_room, sizeof(*s->hosts)))
			return NULL;
		s->hosts[s->host_count].addr = *a;
		*at = ++s->host_count;
	}
	uint32_t i = (uint32_t)(*at - 1);
	unsigned k = 0;

	while (k < s->touched_count && s->touched[k] != i)
		k++;
	if (k == s->touched_count && k < COUNT(s->touched))
		s->touched[s->touched_count++] = i;
	return &s->hosts[i];
}

/* Its number, or NO_HOST beyond LIMIT_HOSTS. */
static uint32_t
add_host(struct store *s, const struct view_row *r, bool called, uint64_t by)
{
	struct store_host *h = host_of(s, called ? &r->dst.addr : &r->src.addr);

	if (h == NULL)
		return NO_HOST;
	h->flows += by;
	h->bytes += by * r->bytes;
	h->by_verdict[r->verdict] += by;
	uint32_t number = (uint32_t)(h - s->hosts);

	if (by != 1)
		return number;
	h->findings |= r->findings;
	h->role = called ? r->dest_role : r->src_role;
	h->listed =
	    (r->flags & (called ? VIEW_DST_LISTED : VIEW_SRC_LISTED)) != 0;
	if (called && h->name[0] == '\0' && (r->flags & VIEW_NAME_IS_HOST) != 0)
		memcpy(h->name, r->name, sizeof(h->name));
	return number;
}

static void
forget_sums(struct store *s, const struct view_row *r)
{
	add_sums(&s->sums, r, (uint64_t)-1);
	(void)add_host(s, r, false, (uint64_t)-1);
	(void)add_host(s, r, true, (uint64_t)-1);
	s->held_bad -= r->verdict == VERDICT_VIOLATION;
}

bool
store_put(struct store *s, const struct view_row *r, uint32_t *slot)
{
	size_t at = find_place(s, r->first_packet);
	struct chunk *c;

	s->touched_count = 0;
	*slot = s->index[at] - 1; /* NO_SLOT, if there is none */
	/* What was let go keeps the verdict it had. */
	if (*slot == NO_SLOT && !r->fresh)
		return true;
	if (*slot == NO_SLOT) {
		if (!grow_index(s) || !take_slot(s, slot))
			return false;
		s->index[find_place(s, r->first_packet)] = *slot + 1;
		s->held++;
	} else {
		forget_sums(s, store_row(s, *slot));
	}
	c = chunk_of(s, *slot);
	struct view_row *to = &c->rows[*slot % VIEW_CHUNK];

	*to = *r;
	s->held_bad += r->verdict == VERDICT_VIOLATION;
	add_sums(&s->sums, to, 1);
	stretch(&s->sums, to);
	c->briefs[*slot % VIEW_CHUNK] = (struct store_brief){
		.findings = r->findings,
		.start = r->start,
		.src = add_host(s, to, false, 1),
		.dst = add_host(s, to, true, 1),
		.class = r->class,
		.verdict = r->verdict,
		.there = true,
		.linked = r->signalled_by != 0 || r->resumed_from != 0,
	};
	return true;
}

/* ---- letting go ---- */

static void
let_go(struct store *s, size_t slot)
{
	struct chunk *c = chunk_of(s, slot);
	size_t i = slot % VIEW_CHUNK;
	struct view_row *r = &c->rows[i];

	store_tag(s, (uint32_t)slot, false);
	s->held_bad -= r->verdict == VERDICT_VIOLATION;
	remove_from_index(s, r->first_packet);
	memset(r, 0, sizeof(*r));
	memset(&c->briefs[i], 0, sizeof(c->briefs[i]));
	s->held--;
	s->gone++;
	give_back(s, (uint32_t)slot);
}

/* Violations stay as long as they are no more than half of all. */
static bool
can_go(const struct store *s, size_t slot)
{
	const struct store_brief *b = store_brief(s, slot);

	return b->there &&
	    (store_row(s, (uint32_t)slot)->flags & VIEW_ENDED) != 0 &&
	    (b->verdict != VERDICT_VIOLATION || s->held_bad > s->most / 2);
}

bool
store_let_go(struct store *s, uint32_t *slot)
{
	for (unsigned n = 0; n < LOOKED_AT && s->held > s->most; n++) {
		/* Those that could not go are looked at once more. */
		if (s->oldest >= s->count)
			s->oldest = 0;
		size_t at = s->oldest++;

		if (!can_go(s, at))
			continue;
		let_go(s, at);
		*slot = (uint32_t)at;
		return true;
	}
	return false;
}

size_t
store_gone(const struct store *s)
{
	return s->gone;
}

static int
by_first_packet(const void *a, const void *b)
{
	const struct view_row *x = *(const struct view_row *const *)a;
	const struct view_row *y = *(const struct view_row *const *)b;

	return x->first_packet < y->first_packet
	    ? -1
	    : x->first_packet > y->first_packet;
}

/* Rows of `from` that are not in `s`, by first packet; to be freed. */
static const struct view_row **
missing(const struct store *s, const struct store *from, size_t *n)
{
	const struct view_row **list = malloc(
	    (from->held > 0 ? from->held : 1) * sizeof(struct view_row *));
	uint32_t slot;

	*n = 0;
	for (size_t i = 0; list != NULL && i < from->count; i++) {
		const struct view_row *r = store_row(from, (uint32_t)i);

		if (store_brief(from, i)->there && *n < from->held &&
		    !store_find(s, r->first_packet, &slot))
			list[(*n)++] = r;
	}
	if (*n > 1)
		qsort(list, *n, sizeof(struct view_row *), by_first_packet);
	return list;
}

/* How many there is no room for: the oldest, violations last. */
static size_t
too_many(const struct store *s, const struct view_row **rows, size_t n,
    size_t *others)
{
	size_t room = s->most > s->held ? s->most - s->held : 0;
	size_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += rows[i]->verdict == VERDICT_VIOLATION;
	*others = n > room ? n - room : 0;
	if (*others <= n - bad)
		return 0;
	size_t most = *others - (n - bad);

	*others = n - bad;
	return most;
}

void
store_inherit(struct store *s, const struct store *from, store_number *number,
    void *ctx)
{
	size_t n, others;
	const struct view_row **rows = missing(s, from, &n);
	size_t bad = rows != NULL ? too_many(s, rows, n, &others) : 0;

	for (size_t i = 0; rows != NULL && i < n; i++) {
		bool is_bad = rows[i]->verdict == VERDICT_VIOLATION;
		size_t *skip = is_bad ? &bad : &others;
		struct view_row r = *rows[i];
		uint32_t slot;

		if (*skip > 0) {
			--*skip;
			continue;
		}
		r.flags |= VIEW_ENDED | VIEW_GONE;
		r.fresh = true;
		r.number = number(ctx, r.first_packet);
		if (!store_put(s, &r, &slot))
			break;
	}
	free(rows);
}

/* Of its flows, not all of which have rows. */
static void
settle_host(struct store *s, const struct store *from,
    const struct view_host *all)
{
	struct store_host *h;
	uint32_t i;

	s->touched_count = 0;
	h = host_of(s, &all->addr);
	if (h == NULL)
		return;
	h->flows = all->flows;
	h->bytes = all->bytes;
	memcpy(h->by_verdict, all->by_verdict, sizeof(h->by_verdict));
	h->findings = all->findings;
	h->role = all->role;
	h->listed = all->listed;
	if (h->name[0] == '\0' && store_host_of(from, &all->addr, &i))
		memcpy(h->name, from->hosts[i].name, sizeof(h->name));
	if (h->name[0] == '\0')
		memcpy(h->name, all->name, sizeof(h->name));
}

void
store_settle(struct store *s, const struct store *from,
    const struct view_news *all)
{
	const struct summary *sums = &all->sums;
	struct store_sums *t = &s->sums;

	for (size_t i = 0; i < all->host_count; i++)
		settle_host(s, from, &all->hosts[i]);
	s->touched_count = 0;
	if (sums->flows <= t->flows)
		return;
	s->gone += sums->flows - t->flows;
	t->flows = sums->flows;
	t->inferred = sums->inferred;
	t->bytes = 0;
	for (unsigned c = 0; c < CLASSES; c++) {
		t->class_bytes[c] = sums->bytes_by_class[c];
		t->bytes += sums->bytes_by_class[c];
	}
	memcpy(t->by_class, sums->by_class, sizeof(t->by_class));
	memcpy(t->by_verdict, sums->by_verdict, sizeof(t->by_verdict));
	memcpy(t->findings, sums->findings, sizeof(t->findings));
	t->lost = all->totals.lost_bytes;
	t->one_way = all->totals.one_way;
	t->mid_stream = all->totals.mid_stream;
	t->doubtful = sums->flows - all->totals.whole;
	if (sums->first != 0 && sums->first < t->first)
		t->first = sums->first;
	t->last = sums->last > t->last ? sums->last : t->last;
}

unsigned
store_touched(const struct store *s, uint32_t out[4])
{
	memcpy(out, s->touched, sizeof(s->touched));
	return s->touched_count;
}

void
store_certs(struct store *s, const struct view_cert *c, size_t n)
{
	struct view_cert *p;

	if (n == 0)
		return;
	p = realloc(s->certs, n * sizeof(*p));
	if (p == NULL)
		return;
	memcpy(p, c, n * sizeof(*p));
	s->certs = p;
	s->cert_count = n;
}

void
store_keep_tags(struct store *s, const struct store *from)
{
	uint32_t to;

	for (size_t i = 0; from->tagged > 0 && i < from->count; i++) {
		if (store_is_tagged(from, (uint32_t)i) &&
		    store_find(s, store_row(from, (uint32_t)i)->first_packet,
			&to))
			store_tag(s, to, true);
	}
}

/* ---- questions ---- */

size_t
store_count(const struct store *s)
{
	return s->count;
}

const struct store_brief *
store_brief(const struct store *s, size_t slot)
{
	static const struct store_brief none;
	const struct chunk *c = chunk_of(s, slot);

	return c != NULL ? &c->briefs[slot % VIEW_CHUNK] : &none;
}

const struct view_row *
store_row(const struct store *s, uint32_t slot)
{
	static const struct view_row none;
	const struct chunk *c = chunk_of(s, slot);

	return c != NULL ? &c->rows[slot % VIEW_CHUNK] : &none;
}

bool
store_find(const struct store *s, uint64_t first_packet, uint32_t *slot)
{
	*slot = s->index[find_place(s, first_packet)] - 1;
	return *slot != NO_SLOT;
}

const struct store_sums *
store_sums(const struct store *s)
{
	return &s->sums;
}

size_t
store_host_count(const struct store *s)
{
	return s->host_count;
}

const struct store_host *
store_host(const struct store *s, uint32_t i)
{
	static const struct store_host none;

	return i < s->host_count ? &s->hosts[i] : &none;
}

bool
store_host_of(const struct store *s, const struct addr *a, uint32_t *i)
{
	const uint64_t *at = map_get(s->by_addr, slice_of(a, sizeof(*a)));

	if (at == NULL || *at == 0)
		return false;
	*i = (uint32_t)(*at - 1);
	return true;
}

size_t
store_cert_count(const struct store *s)
{
	return s->cert_count;
}

const struct view_cert *
store_cert(const struct store *s, uint32_t i)
{
	return &s->certs[i];
}

void
store_tag(struct store *s, uint32_t slot, bool on)
{
	struct chunk *c = chunk_of(s, slot);

	if (c == NULL || !c->briefs[slot % VIEW_CHUNK].there ||
	    (c->tags[slot % VIEW_CHUNK] != 0) == on)
		return;
	c->tags[slot % VIEW_CHUNK] = on;
	s->tagged += on ? 1 : (size_t)-1;
}

void
store_untag(struct store *s)
{
	for (size_t i = 0; i < s->chunk_room; i++) {
		if (s->chunks[i] != NULL)
			memset(s->chunks[i]->tags, 0, VIEW_CHUNK);
	}
	s->tagged = 0;
}

bool
store_is_tagged(const struct store *s, uint32_t slot)
{
	const struct chunk *c = chunk_of(s, slot);

	return c != NULL && c->tags[slot % VIEW_CHUNK] != 0;
}

size_t
store_tags(const struct store *s)
{
	return s->tagged;
}

enum verdict
store_worst(const uint64_t by_verdict[VERDICTS])
{
	static const enum verdict order[] = { VERDICT_VIOLATION,
		VERDICT_UNDETERMINED, VERDICT_EXEMPT, VERDICT_COMPLIANT };

	for (size_t i = 0; i < COUNT(order); i++) {
		if (by_verdict[order[i]] > 0)
			return order[i];
	}
	return VERDICT_OUT_OF_SCOPE;
}
