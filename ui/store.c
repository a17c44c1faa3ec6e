/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/store.h"

#include <stdlib.h>

#include "core/map.h"
#include "core/room.h"

enum { LOOKED_AT = 64 };
#define GONE UINT64_MAX

struct chunk {
	struct view_row rows[VIEW_CHUNK];
	struct store_brief briefs[VIEW_CHUNK];
	uint8_t tags[VIEW_CHUNK];
	unsigned used;
};

struct store {
	struct chunk **chunks;
	size_t count, chunk_room;
	size_t most, held, gone, oldest; /* rows; the next to be let go */
	size_t held_bad;                 /* violations */
	size_t tagged;
	struct map *by_packet; /* first packet -> slot + 1, GONE */
	struct map *by_addr;   /* address -> host + 1 */
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
	s->by_packet = map_new(0);
	s->by_addr = map_new(0);
	if (s->by_packet == NULL || s->by_addr == NULL) {
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
	map_free(s->by_packet);
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

/* Its number. */
static uint32_t
add_host(struct store *s, const struct view_row *r, bool called, uint64_t by)
{
	struct store_host *h = host_of(s, called ? &r->dst.addr : &r->src.addr);

	if (h == NULL)
		return 0;
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

bool
store_put(struct store *s, const struct view_row *r)
{
	uint64_t *at = map_put(s->by_packet,
	    slice_of(&r->first_packet, sizeof(r->first_packet)));
	size_t i = r->slot % VIEW_CHUNK;
	struct chunk *c;

	s->touched_count = 0;
	if (at == NULL)
		return false;
	/* What was let go keeps the verdict it had. */
	if (*at == GONE)
		return true;
	c = place(s, r->slot);
	if (c == NULL)
		return false;
	struct view_row *to = &c->rows[i];

	if (c->briefs[i].there) {
		add_sums(&s->sums, to, (uint64_t)-1);
		(void)add_host(s, to, false, (uint64_t)-1);
		(void)add_host(s, to, true, (uint64_t)-1);
	} else {
		c->used++;
		s->held++;
	}
	s->held_bad -= c->briefs[i].there && to->verdict == VERDICT_VIOLATION;
	s->held_bad += r->verdict == VERDICT_VIOLATION;
	*to = *r;
	*at = (uint64_t)r->slot + 1;
	if (r->slot >= s->count)
		s->count = (size_t)r->slot + 1;
	add_sums(&s->sums, to, 1);
	stretch(&s->sums, to);
	c->briefs[i] = (struct store_brief){
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
	uint64_t *at = map_get(s->by_packet,
	    slice_of(&r->first_packet, sizeof(r->first_packet)));

	store_tag(s, (uint32_t)slot, false);
	s->held_bad -= r->verdict == VERDICT_VIOLATION;
	if (at != NULL)
		*at = GONE;
	memset(r, 0, sizeof(*r));
	memset(&c->briefs[i], 0, sizeof(c->briefs[i]));
	s->held--;
	s->gone++;
	if (--c->used == 0 && slot / VIEW_CHUNK < (s->count - 1) / VIEW_CHUNK) {
		free(c);
		s->chunks[slot / VIEW_CHUNK] = NULL;
	}
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

void
store_inherit(struct store *s, const struct store *from)
{
	size_t n, slot = 0;
	const struct view_row **rows = missing(s, from, &n);

	for (size_t i = 0; rows != NULL && i < n; i++) {
		struct view_row r = *rows[i];

		while (store_brief(s, slot)->there)
			slot++;
		r.slot = (uint32_t)slot;
		r.flags |= VIEW_ENDED;
		if (!store_put(s, &r))
			break;
	}
	free(rows);
}

void
store_settle(struct store *s, const struct summary *all)
{
	struct store_sums *t = &s->sums;

	if (all->flows <= t->flows)
		return;
	s->gone += all->flows - t->flows;
	t->flows = all->flows;
	t->inferred = all->inferred;
	t->bytes = 0;
	for (unsigned c = 0; c < CLASSES; c++) {
		t->class_bytes[c] = all->bytes_by_class[c];
		t->bytes += all->bytes_by_class[c];
	}
	memcpy(t->by_class, all->by_class, sizeof(t->by_class));
	memcpy(t->by_verdict, all->by_verdict, sizeof(t->by_verdict));
	memcpy(t->findings, all->findings, sizeof(t->findings));
	if (all->first != 0 && all->first < t->first)
		t->first = all->first;
	t->last = all->last > t->last ? all->last : t->last;
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
	const uint64_t *at = map_get(s->by_packet,
	    slice_of(&first_packet, sizeof(first_packet)));

	if (at == NULL || *at == 0 || *at == GONE)
		return false;
	*slot = (uint32_t)(*at - 1);
	return true;
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
	return &s->hosts[i];
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
