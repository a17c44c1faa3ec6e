/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include <stdalign.h>
#include <stdlib.h>

/*
 * Most flows learn little, a few learn much: blocks begin small and double.
 * What is bigger than a quarter of the largest has a block of its own, so that
 * it does not waste the rest of a common one.
 */
enum {
	BLOCK_FIRST = 1024,
	BLOCK_LAST = 64 * 1024,
	TAKE_BIG = BLOCK_LAST / 4,
};

struct arena_block {
	struct arena_block *next;
	size_t room;
	size_t used;
	size_t grow; /* size of the next common block */
	alignas(max_align_t) uint8_t bytes[];
};

void
arena_init(struct arena *a, size_t ceiling)
{
	*a = (struct arena){ .ceiling = ceiling };
}

void
arena_done(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->used = 0;
}

static struct arena_block *
new_block(size_t room, size_t grow)
{
	struct arena_block *b = calloc(1, sizeof(*b) + room);

	if (b == NULL)
		return NULL;
	b->room = room;
	b->grow = grow;
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
		struct arena_block *b = new_block(n, size);

		if (b == NULL)
			return NULL;
		/* Behind the head, which may still have room. */
		b->next = head != NULL ? head->next : NULL;
		*(head != NULL ? &head->next : &a->blocks) = b;
		return b;
	}
	while (size - sizeof(*head) < n)
		size *= 2;
	struct arena_block *b = new_block(size - sizeof(*b),
	    size < BLOCK_LAST ? size * 2 : BLOCK_LAST);

	if (b == NULL)
		return NULL;
	b->next = head;
	a->blocks = b;
	return b;
}

void *
arena_take(struct arena *a, size_t n)
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

bool
arena_copy(struct arena *a, struct slice from, struct slice *to)
{
	if (from.n == 0) {
		*to = slice_of(NULL, 0);
		return true;
	}
	uint8_t *p = arena_take(a, from.n);

	if (p == NULL)
		return false;
	memcpy(p, from.p, from.n);
	*to = slice_of(p, from.n);
	return true;
}
