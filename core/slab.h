/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab.h - many small pieces of memory that come and go one by one, in a few
 * large blocks: no bytes between them, few page faults, and all of them are
 * freed at once.
 *
 * One owner, one thread at a time. A piece is aligned to 8 bytes, to 16 if its
 * size is a multiple of 16 (or it is large), and not cleared; whoever gives it
 * back says how large it was. A block goes back to the system when its last
 * piece does. Zeroed is empty; the slab does not move while there are pieces.
 */
#ifndef CORE_SLAB_H
#define CORE_SLAB_H

#include "core/base.h"

enum {
	SLAB_BLOCK = 2 * 1024 * 1024, /* what is taken from the system */
	SLAB_STEP = 8,
	SLAB_EVEN = 1024, /* up to here sizes are multiples of the step, */
	SLAB_PARTS = 8,   /* from here on so many for each doubling */
	SLAB_MOST = 8192, /* what is larger is not in a block */
	SLAB_SIZES = SLAB_EVEN / SLAB_STEP + 3 * SLAB_PARTS,
};

struct slab_block;
struct slab_page;
struct slab_large;

struct slab {
	struct slab_page *sizes[SLAB_SIZES]; /* pages with room */
	struct slab_block *first, *last;     /* those with room first */
	struct slab_large *large;
	size_t used;   /* bytes of pieces, rounded up */
	size_t blocks; /* ... in so many blocks, */
	size_t empty;  /* of which so many have no pieces */
	size_t keep;   /* empty blocks that are kept; one always is */
	void *tag;     /* of the owner */
};

void slab_done(struct slab *s); /* frees all pieces; usable again */
void *slab_take(struct slab *s, size_t n) MUST_CHECK; /* NULL: no memory */
void slab_give(struct slab *s, void *p, size_t n);
/* The same piece with room for n bytes instead of `had`, perhaps elsewhere.
 * NULL: no memory, and it stays as it was. */
void *slab_resize(struct slab *s, void *p, size_t had, size_t n) MUST_CHECK;
/* What `tag` is, of the slab that a piece of n bytes is from. */
void *slab_tag(const void *p, size_t n);

/*
 * Where pieces of some size left and those of another came, blocks are full of
 * holes. When slab_is_sparse() says so, slab_tidy() and then, for each piece
 * there is, slab_move(), which tells where it is now, put them together again.
 */
bool slab_is_sparse(const struct slab *s);
void slab_tidy(struct slab *s);
void *slab_move(struct slab *s, void *p, size_t n);

#endif
