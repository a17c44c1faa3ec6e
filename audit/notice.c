/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/notice.h"

#include <stdlib.h>

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
	n->size = size;
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
	memcpy(to->scopes, from->scopes,
	    to->scope_count * sizeof(to->scopes[0]));
	to->starved = from->starved;
}

struct notice *
notice_new(const struct flow_view *flow, const struct evidence *e, size_t from)
{
	static const struct evidence none = { .scope_count = 1 };
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

void
notice_free(struct notice *n)
{
	free(n);
}

/* Who knows more scopes knows those of the other, too. */
static const struct evidence *
richer(const struct notice *a, const struct notice *b)
{
	return a->news.scope_count > b->news.scope_count ? &a->news : &b->news;
}

struct notice *
notice_extend(const struct notice *first, struct notice *later)
{
	uint8_t *store;
	const struct evidence *scopes = richer(first, later);
	struct notice *n =
	    make(first->news.count + later->news.count, scopes->scope_count,
		bytes_of(&first->news, 0) + bytes_of(&later->news, 0), &store);

	if (n == NULL) {
		notice_free(later);
		return NULL;
	}
	n->flow = later->flow;
	n->last = later->last;
	n->period = later->period;
	add_facts(n, &first->news, 0, &store);
	add_facts(n, &later->news, 0, &store);
	copy_scopes(&n->news, scopes);
	memcpy(n->guess, later->guess[0] != '\0' ? later->guess : first->guess,
	    sizeof(n->guess));
	notice_free(later);
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
notice_join(struct notice *first, struct notice *later)
{
	struct notice *n = notice_extend(first, later);

	if (n != NULL)
		notice_free(first);
	return n;
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
	to->size = size;
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
