/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that dies together, under a ceiling.
 *
 * One owner, one thread. What is taken is zeroed unless it says otherwise,
 * aligned for any type and never freed alone. NULL when the ceiling would be
 * passed or memory is out.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/slab.h"
#include "core/slice.h"

struct arena_block;

/*
 * Blocks of arenas that are done, for those that begin: arenas that come and
 * go with flows need no allocator, whose second heap grows by the page. Of the
 * thread of its arenas, and outlives them; zeroed is empty.
 */
enum { ARENA_SIZES = 7 };
struct arena_pool {
	struct arena_block *spare[ARENA_SIZES];
	size_t held;      /* bytes */
	struct slab slab; /* most blocks are its pieces */
};
void arena_pool_done(struct arena_pool *p);

struct arena {
	struct arena_block *blocks;
	struct arena_pool *pool; /* or NULL */
	size_t used;             /* bytes handed out, alignment included */
	size_t ceiling;          /* of used */
};

void arena_init(struct arena *a, size_t ceiling);
void arena_init_from(struct arena *a, size_t ceiling, struct arena_pool *pool);
void arena_done(struct arena *a); /* frees all; usable again, as it was */
void *arena_take(struct arena *a, size_t n) MUST_CHECK; /* zeroed */
/* The same, not zeroed: whoever takes it writes it all. */
void *arena_room(struct arena *a, size_t n) MUST_CHECK;
bool arena_copy(struct arena *a, struct slice from,
    struct slice *to) MUST_CHECK;

#endif
