/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/notice.h"

#include <stdlib.h>

/* Blocks from this size on get half as much room again when they grow: most
 * flows send two or three notices and no more. */
enum { GROWS_FROM = 4096 };

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static size_t
bytes_of(const struct evidence *e, size_t from)
{
	size_t n = 0;

	for (size_t i = from; i < e->count; i++)
		n += padded(e->facts[i].bytes.n);
	return n;
}

static void
add_bytes(struct learnt *l, uint8_t **to)
{
	if (l->bytes.n == 0)
		return;
	memcpy(*to, l->bytes.p, l->bytes.n);
	l->bytes.p = *to;
	*to += padded(l->bytes.n);
}

/* Copies facts of `e` from `from` on to n, behind the facts that are there;
 * their bytes go to *to. */
static void
add_facts(struct notice *n, const struct evidence *e, size_t from, uint8_t **to)
{
	for (size_t i = from; i < e->count; i++) {
		struct learnt *l = &n->news.facts[n->news.count];

		*l = e->facts[i];
		n->news.ids[n->news.count++] = (uint8_t)l->fact;
		add_bytes(l, to);
		n->news.kinds[l->fact / 64] |= UINT64_C(1) << l->fact % 64;
	}
}

static struct notice *
make(size_t facts, size_t scopes, size_t bytes, uint8_t **store)
{
	size_t head = padded(offsetof(struct notice, news.scopes) +
	    scopes * sizeof(struct scope));
	size_t size =
	    head + facts * sizeof(struct learnt) + padded(facts) + bytes;
	struct notice *n = malloc(size);

	if (n == NULL)
		return NULL;
	memset(n, 0, head); /* the caller fills all the rest */
	n->size = n->used = size;
	n->news.facts = (struct learnt *)(void *)((uint8_t *)n + head);
	n->news.room = facts;
	n->news.scope_count = (unsigned)scopes;
	n->news.ids = (uint8_t *)(n->news.facts + facts);
	*store = n->news.ids + padded(facts);
	return n;
}

static void
copy_scopes(struct evidence *to, const struct evidence *from)
{
	memmove(to->scopes, from->scopes,
	    to->scope_count * sizeof(to->scopes[0]));
	to->starved = from->starved;
}

/* Of a flow that nobody looks into. */
static const struct evidence none = { .scope_count = 1 };

struct notice *
notice_new(const struct flow_view *flow, const struct evidence *e, size_t from)
{
	uint8_t *store;

	if (e == NULL)
		e = &none;
	if (from > e->count)
		from = e->count;
	struct notice *n =
	    make(e->count - from, e->scope_count, bytes_of(e, from), &store);

	if (n == NULL)
		return NULL;
	n->flow = *flow;
	add_facts(n, e, from, &store);
	copy_scopes(&n->news, e);
	return n;
}

struct notice *
notice_lend(struct notice *room, const struct flow_view *flow,
    const struct evidence *e, size_t from)
{
	struct evidence *news = &room->news;

	if (e == NULL)
		e = &none;
	if (from > e->count)
		from = e->count;
	memset(room, 0, offsetof(struct notice, news.scopes));
	room->lent = true;
	room->flow = *flow;
	news->count = news->room = e->count - from;
	if (news->count > 0) {
		news->facts = e->facts + from;
		news->ids = e->ids + from;
	}
	for (size_t i = 0; i < news->count; i++)
		news->kinds[news->ids[i] / 64] |= UINT64_C(1)
		    << news->ids[i] % 64;
	news->scope_count = e->scope_count;
	copy_scopes(news, e);
	return room;
}

struct notice *
notice_own(struct notice *n)
{
	return n->lent ? notice_copy(n) : n;
}

void
notice_free(struct notice *n)
{
	if (n != NULL && !n->lent)
		free(n);
}

/* Who knows more scopes knows those of the other, too. */
static const struct evidence *
richer(const struct notice *a, const struct notice *b)
{
	return a->news.scope_count > b->news.scope_count ? &a->news : &b->news;
}

/* All but the facts: how the flow is now. */
static void
bring_up_to(struct notice *n, const struct notice *first,
    const struct notice *later)
{
	n->flow = later->flow;
	n->last = later->last;
	n->period = later->period;
	copy_scopes(&n->news, richer(first, later));
	memmove(n->guess, later->guess[0] != '\0' ? later->guess : first->guess,
	    sizeof(n->guess));
}

struct notice *
notice_extend(const struct notice *first, struct notice *later)
{
	uint8_t *store;
	size_t facts = first->news.count + later->news.count;
	size_t bytes = bytes_of(&first->news, 0) + bytes_of(&later->news, 0);
	bool grows = first->used >= GROWS_FROM;
	struct notice *n = make(facts + (grows ? facts / 2 : 0),
	    richer(first, later)->scope_count,
	    bytes + (grows ? padded(bytes / 2) : 0), &store);

	if (n == NULL) {
		notice_free(later);
		return NULL;
	}
	add_facts(n, &first->news, 0, &store);
	add_facts(n, &later->news, 0, &store);
	n->used = (size_t)(store - (uint8_t *)n);
	bring_up_to(n, first, later);
	notice_free(later);
	return n;
}

static bool
has_room(const struct notice *first, const struct notice *later)
{
	return first->news.room - first->news.count >= later->news.count &&
	    first->size - first->used >= bytes_of(&later->news, 0) &&
	    first->news.scope_count >= later->news.scope_count;
}

struct notice *
notice_grow(struct notice *first, struct notice *later)
{
	if (!has_room(first, later))
		return notice_extend(first, later);
	uint8_t *store = (uint8_t *)first + first->used;

	add_facts(first, &later->news, 0, &store);
	first->used = (size_t)(store - (uint8_t *)first);
	bring_up_to(first, first, later);
	notice_free(later);
	return first;
}

struct notice *
notice_join(struct notice *first, struct notice *later)
{
	struct notice *n = notice_grow(first, later);

	if (n != NULL && n != first)
		notice_free(first);
	return n;
}

struct notice *
notice_copy(const struct notice *n)
{
	struct notice *copy = notice_new(&n->flow, &n->news, 0);

	if (copy == NULL)
		return NULL;
	copy->last = n->last;
	copy->period = n->period;
	memcpy(copy->guess, n->guess, sizeof(copy->guess));
	return copy;
}

struct notice *
notice_copy_without(const struct notice *n,
    bool (*drop)(void *ctx, const struct learnt *l), void *ctx)
{
	struct notice *all = notice_copy(n);
	size_t kept = 0;

	if (all == NULL)
		return NULL;
	memset(all->news.kinds, 0, sizeof(all->news.kinds));
	for (size_t i = 0; i < all->news.count; i++) {
		struct learnt l = all->news.facts[i];

		if (drop(ctx, &l))
			continue;
		all->news.facts[kept] = l;
		all->news.ids[kept++] = (uint8_t)l.fact;
		all->news.kinds[l.fact / 64] |= UINT64_C(1) << l.fact % 64;
	}
	all->news.count = kept;
	struct notice *thin = notice_copy(all);

	notice_free(all);
	return thin;
}

/* A smaller block; what points into it goes with it. */
static struct notice *
shrink(struct notice *n, size_t size)
{
	uintptr_t begin = (uintptr_t)n, end = begin + n->size;
	size_t facts = (size_t)((uint8_t *)n->news.facts - (uint8_t *)n);
	struct notice *to = realloc(n, size);

	if (to == NULL)
		return n;
	to->size = to->used = size;
	if ((uintptr_t)to == begin)
		return to;
	to->news.facts = (struct learnt *)(void *)((uint8_t *)to + facts);
	to->news.ids = (uint8_t *)(to->news.facts + to->news.room);
	for (size_t i = 0; i < to->news.count; i++) {
		struct learnt *l = &to->news.facts[i];
		uintptr_t at = (uintptr_t)l->bytes.p;

		if (at >= begin && at < end)
			l->bytes.p = (uint8_t *)to + (at - begin);
	}
	return to;
}

struct notice *
notice_share(struct notice *n,
    const uint8_t *(*keep)(void *ctx, const struct learnt *l), void *ctx)
{
	uint8_t *to = n->news.ids + padded(n->news.room);

	for (size_t i = 0; i < n->news.count; i++) {
		struct learnt *l = &n->news.facts[i];
		const uint8_t *kept = l->bytes.n > 0 ? keep(ctx, l) : NULL;

		if (kept != NULL) {
			l->bytes.p = kept;
		} else if (l->bytes.n > 0) {
			/* They lie in the order of the facts: each moves to
			 * where those before it have made room. */
			memmove(to, l->bytes.p, l->bytes.n);
			l->bytes.p = to;
			to += padded(l->bytes.n);
		}
	}
	return shrink(n, (size_t)(to - (uint8_t *)n));
}
