/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "core/limits.h"

/*
 * Most flows learn little, a few learn much: blocks begin small and double.
 * What is bigger than a quarter of the largest has a block of its own, so that
 * it does not waste the rest of a common one.
 */
enum {
	BLOCK_FIRST = 1024,
	BLOCK_LAST = 64 * 1024,
	TAKE_BIG = BLOCK_LAST / 4,
	/* A checker shall see who uses what was let go. */
	POOL_MOST = CHECKED_MEMORY ? 0 : LIMIT_SPARE_BYTES,
};
_Static_assert(BLOCK_FIRST << (ARENA_SIZES - 1) == BLOCK_LAST,
    "a place in the pool for every size");

struct arena_block {
	struct arena_block *next;
	size_t room;
	size_t used;
	size_t grow;    /* size of the next common block */
	unsigned place; /* in the pool; ARENA_SIZES: it has none */
	alignas(max_align_t) uint8_t bytes[];
};

void
arena_init(struct arena *a, size_t ceiling)
{
	arena_init_from(a, ceiling, NULL);
}

void
arena_init_from(struct arena *a, size_t ceiling, struct arena_pool *pool)
{
	*a = (struct arena){ .ceiling = ceiling, .pool = pool };
}

static size_t
size_of(const struct arena_block *b)
{
	return sizeof(*b) + b->room;
}

static bool
is_piece(const struct arena_pool *p, size_t size)
{
	return p != NULL && !CHECKED_MEMORY && size <= SLAB_MOST;
}

static void
free_block(struct arena_pool *p, struct arena_block *b)
{
	if (is_piece(p, size_of(b)))
		slab_give(&p->slab, b, size_of(b));
	else
		free(b);
}

static bool
spare(struct arena_pool *p, struct arena_block *b)
{
	if (p == NULL || b->place == ARENA_SIZES ||
	    p->held + size_of(b) > POOL_MOST)
		return false;
	b->next = p->spare[b->place];
	p->spare[b->place] = b;
	p->held += size_of(b);
	return true;
}

void
arena_done(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		if (!spare(a->pool, b))
			free_block(a->pool, b);
	}
	a->used = 0;
}

void
arena_pool_done(struct arena_pool *p)
{
	for (int i = 0; i < ARENA_SIZES; i++) {
		while (p->spare[i] != NULL) {
			struct arena_block *b = p->spare[i];

			p->spare[i] = b->next;
			free_block(p, b);
		}
	}
	p->held = 0;
	slab_done(&p->slab);
}

static struct arena_block *
unspare(struct arena_pool *p, unsigned place)
{
	if (p == NULL || place == ARENA_SIZES || p->spare[place] == NULL)
		return NULL;
	struct arena_block *b = p->spare[place];

	p->spare[place] = b->next;
	p->held -= size_of(b);
	return b;
}

/* Of `size` bytes with its head. */
static struct arena_block *
new_block(struct arena_pool *p, size_t size, size_t grow)
{
	unsigned place = 0;

	while (place < ARENA_SIZES && (size_t)BLOCK_FIRST << place != size)
		place++;
	struct arena_block *b = unspare(p, place);

	if (b == NULL)
		b = is_piece(p, size) ? slab_take(&p->slab, size)
				      : malloc(size);
	if (b == NULL)
		return NULL;
	*b = (struct arena_block){
		.room = size - sizeof(*b),
		.grow = grow,
		.place = place,
	};
	return b;
}

/* The block that has n bytes free. */
static struct arena_block *
block_for(struct arena *a, size_t n)
{
	struct arena_block *head = a->blocks;
	size_t size = head != NULL ? head->grow : BLOCK_FIRST;

	if (head != NULL && n <= head->room - head->used)
		return head;
	if (n > TAKE_BIG) {
		struct arena_block *b =
		    new_block(a->pool, sizeof(*b) + n, size);

		if (b == NULL)
			return NULL;
		/* Behind the head, which may still have room. */
		b->next = head != NULL ? head->next : NULL;
		*(head != NULL ? &head->next : &a->blocks) = b;
		return b;
	}
	while (size - sizeof(*head) < n)
		size *= 2;
	struct arena_block *b =
	    new_block(a->pool, size, size < BLOCK_LAST ? size * 2 : BLOCK_LAST);

	if (b == NULL)
		return NULL;
	b->next = head;
	a->blocks = b;
	return b;
}

void *
arena_room(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);

	if (n > a->ceiling - a->used)
		return NULL;
	/* Alignment is handed out too, or many small takes would not count. */
	n = n > 0 ? (n + align - 1) / align * align : align;
	if (n > a->ceiling - a->used)
		return NULL;
	struct arena_block *b = block_for(a, n);

	if (b == NULL)
		return NULL;
	void *p = b->bytes + b->used;

	b->used += n;
	a->used += n;
	return p;
}

void *
arena_take(struct arena *a, size_t n)
{
	void *p = arena_room(a, n);

	return p != NULL ? memset(p, 0, n) : NULL;
}

bool
arena_copy(struct arena *a, struct slice from, struct slice *to)
{
	if (from.n == 0) {
		*to = slice_of(NULL, 0);
		return true;
	}
	uint8_t *p = arena_room(a, from.n);

	if (p == NULL)
		return false;
	memcpy(p, from.p, from.n);
	*to = slice_of(p, from.n);
	return true;
}
