/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that dies together, under a ceiling.
 *
 * One owner, one thread. What is taken is zeroed, aligned for any type and
 * never freed alone. NULL when the ceiling would be passed or memory is out.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;    /* bytes handed out, alignment included */
	size_t ceiling; /* of used */
};

void arena_init(struct arena *a, size_t ceiling);
void arena_done(struct arena *a); /* frees all; usable again, same ceiling */
void *arena_take(struct arena *a, size_t n) MUST_CHECK;
bool arena_copy(struct arena *a, struct slice from,
    struct slice *to) MUST_CHECK;

#endif
