/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block is at an address that is a multiple of its size,
 * so that a piece tells where its block begins. It has pages, each for pieces
 * of one size; a page without pieces is for any size again.
 */
#include "core/slab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if CHECKED_MEMORY
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

enum {
	PAGE = 64 * 1024,
	PAGES = SLAB_BLOCK / PAGE,
	/* What may be wasted anyhow: a page of each size is partly used. */
	SPARSE_LEAST = 4 * SLAB_BLOCK,
};

struct slab_page {
	uint8_t *given;                /* pieces that came back, linked */
	struct slab_page *next, *prev; /* of its size, with room */
	uint32_t fresh, end;           /* offsets in the block; never used */
	uint32_t count;                /* of pieces that are out */
	uint16_t size;                 /* of a piece */
	bool listed;
};

struct slab_block {
	struct slab *owner;
	struct slab_block *next, *prev;
	size_t used;   /* bytes of its pieces */
	uint32_t idle; /* pages without pieces, a bit each */
	bool leaving;  /* its pieces move elsewhere */
	struct slab_page pages[PAGES];
};
_Static_assert(PAGES == 32, "bits of idle");
enum { PIECES_BEGIN = (sizeof(struct slab_block) + 63) / 64 * 64 };

/* In the place of its own a piece that is too large for a block. */
struct slab_large {
	struct slab_large *next, *prev;
	void *tag;
	_Alignas(max_align_t) uint8_t bytes[];
};

/* ---- sizes ---- */

static unsigned
index_of(size_t n)
{
	if (n <= SLAB_EVEN)
		return n > 0 ? (unsigned)((n - 1) / SLAB_STEP) : 0;
	unsigned doubling = 63 - (unsigned)__builtin_clzll(n - 1) - 10;
	size_t part = (size_t)SLAB_EVEN / SLAB_PARTS << doubling;

	return SLAB_EVEN / SLAB_STEP + doubling * SLAB_PARTS +
	    (unsigned)((n - 1 - ((size_t)SLAB_EVEN << doubling)) / part);
}
_Static_assert(SLAB_EVEN == 1 << 10, "doublings are counted from here");

static size_t
size_at(unsigned index)
{
	unsigned beyond = index - SLAB_EVEN / SLAB_STEP;

	if (index < SLAB_EVEN / SLAB_STEP)
		return (size_t)(index + 1) * SLAB_STEP;
	return ((size_t)SLAB_EVEN +
		   (beyond % SLAB_PARTS + 1) * (SLAB_EVEN / SLAB_PARTS))
	    << beyond / SLAB_PARTS;
}

static struct slab_block *
block_of(const void *p)
{
	return (
	    struct slab_block *)((uintptr_t)p & ~(uintptr_t)(SLAB_BLOCK - 1));
}

/* ---- blocks ---- */

static void
unlink_block(struct slab *s, struct slab_block *b)
{
	*(b->prev != NULL ? &b->prev->next : &s->first) = b->next;
	*(b->next != NULL ? &b->next->prev : &s->last) = b->prev;
}

static void
put_first(struct slab *s, struct slab_block *b)
{
	b->prev = NULL;
	b->next = s->first;
	*(s->first != NULL ? &s->first->prev : &s->last) = b;
	s->first = b;
}

static void
put_last(struct slab *s, struct slab_block *b)
{
	b->next = NULL;
	b->prev = s->last;
	*(s->last != NULL ? &s->last->next : &s->first) = b;
	s->last = b;
}

/*
 * From the system, not the heap: that keeps what is given back, and its heaps
 * have holes where blocks were. Cleared.
 */
static void *
map_block(void)
{
	uint8_t *twice = mmap(NULL, 2 * (size_t)SLAB_BLOCK,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (twice == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)twice % SLAB_BLOCK;
	uint8_t *block = twice + before;

	if (before > 0)
		(void)munmap(twice, before);
	(void)munmap(block + SLAB_BLOCK, SLAB_BLOCK - before);
	return block;
}

static struct slab_block *
new_block(struct slab *s)
{
	struct slab_block *b = map_block();

	if (b == NULL)
		return NULL;
	b->owner = s;
	b->idle = UINT32_MAX;
	HIDE((uint8_t *)b + sizeof(*b), SLAB_BLOCK - sizeof(*b));
	put_first(s, b);
	s->blocks++;
	s->empty++;
	return b;
}

static void
free_block(struct slab *s, struct slab_block *b)
{
	unlink_block(s, b);
	s->blocks--;
	SHOW(b, SLAB_BLOCK);
	(void)munmap(b, SLAB_BLOCK);
}

/* ---- pages ---- */

static void
list_page(struct slab *s, struct slab_page *g)
{
	struct slab_page **head = &s->sizes[index_of(g->size)];

	g->prev = NULL;
	g->next = *head;
	if (*head != NULL)
		(*head)->prev = g;
	*head = g;
	g->listed = true;
}

static void
unlist_page(struct slab *s, struct slab_page *g)
{
	if (!g->listed)
		return;
	*(g->prev != NULL ? &g->prev->next : &s->sizes[index_of(g->size)]) =
	    g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	g->listed = false;
}

static struct slab_page *
new_page(struct slab *s, unsigned index)
{
	struct slab_block *b = s->first;

	if (b == NULL || b->idle == 0 || b->leaving)
		b = new_block(s);
	if (b == NULL)
		return NULL;
	unsigned at = (unsigned)__builtin_ctz(b->idle);
	struct slab_page *g = &b->pages[at];

	s->empty -= b->idle == UINT32_MAX;
	b->idle &= b->idle - 1;
	*g = (struct slab_page){
		.fresh = at > 0 ? at * PAGE : PIECES_BEGIN,
		.end = (at + 1) * PAGE,
		.size = (uint16_t)size_at(index),
	};
	list_page(s, g);
	if (b->idle == 0) {
		unlink_block(s, b);
		put_last(s, b);
	}
	return g;
}

/* The page has no pieces any more. */
static void
free_page(struct slab *s, struct slab_block *b, struct slab_page *g)
{
	bool was_full = b->idle == 0;

	unlist_page(s, g);
	b->idle |= UINT32_C(1) << (g - b->pages);
	if (b->idle == UINT32_MAX) {
		s->empty++;
		if (b->leaving || s->empty > s->keep + 1) {
			s->empty--;
			free_block(s, b);
			return;
		}
	}
	if (was_full && !b->leaving) {
		unlink_block(s, b);
		put_first(s, b);
	}
}

/* ---- pieces ---- */

static void *
take_large(struct slab *s, size_t n)
{
	if (n > SIZE_MAX / 2)
		return NULL;
	struct slab_large *p = malloc(sizeof(*p) + n);

	if (p == NULL)
		return NULL;
	p->tag = s->tag;
	p->prev = NULL;
	p->next = s->large;
	if (s->large != NULL)
		s->large->prev = p;
	s->large = p;
	return p->bytes;
}

static struct slab_large *
large_of(const void *p)
{
	return (struct slab_large *)((uintptr_t)p -
	    offsetof(struct slab_large, bytes));
}

static void
give_large(struct slab *s, struct slab_large *p)
{
	*(p->prev != NULL ? &p->prev->next : &s->large) = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	free(p);
}

void *
slab_take(struct slab *s, size_t n)
{
	if (n > SLAB_MOST)
		return take_large(s, n);
	unsigned index = index_of(n);
	struct slab_page *g = s->sizes[index];

	if (g == NULL)
		g = new_page(s, index);
	if (g == NULL)
		return NULL;
	struct slab_block *b = block_of(g);
	uint8_t *p = g->given;

	if (p != NULL) {
		SHOW(p, g->size);
		memcpy(&g->given, p, sizeof(g->given));
		HIDE(p, g->size);
	} else {
		p = (uint8_t *)b + g->fresh;
		g->fresh += g->size;
	}
	g->count++;
	b->used += g->size;
	s->used += g->size;
	if (g->given == NULL && g->fresh + g->size > g->end)
		unlist_page(s, g);
	SHOW(p, n);
	return p;
}

void
slab_give(struct slab *s, void *p, size_t n)
{
	if (n > SLAB_MOST) {
		give_large(s, large_of(p));
		return;
	}
	struct slab_block *b = block_of(p);
	struct slab_page *g = &b->pages[((uintptr_t)p - (uintptr_t)b) / PAGE];

	SHOW(p, g->size);
	memcpy(p, &g->given, sizeof(g->given));
	HIDE(p, g->size);
	g->given = p;
	g->count--;
	b->used -= g->size;
	s->used -= g->size;
	if (g->count == 0)
		free_page(s, b, g);
	else if (!g->listed && !b->leaving)
		list_page(s, g);
}

void *
slab_resize(struct slab *s, void *p, size_t had, size_t n)
{
	if (had <= SLAB_MOST && n <= SLAB_MOST &&
	    index_of(had) == index_of(n)) {
		HIDE(p, size_at(index_of(n)));
		SHOW(p, n);
		return p;
	}
	void *to = slab_take(s, n);

	if (to == NULL)
		return NULL;
	memcpy(to, p, had < n ? had : n);
	slab_give(s, p, had);
	return to;
}

void *
slab_tag(const void *p, size_t n)
{
	return n > SLAB_MOST ? large_of(p)->tag : block_of(p)->owner->tag;
}

void
slab_done(struct slab *s)
{
	while (s->first != NULL)
		free_block(s, s->first);
	while (s->large != NULL)
		give_large(s, s->large);
	memset(s->sizes, 0, sizeof(s->sizes));
	s->used = s->empty = 0;
}

/* ---- holes ---- */

bool
slab_is_sparse(const struct slab *s)
{
	size_t held = s->blocks * (size_t)SLAB_BLOCK;

	return held > s->used + s->used / 2 + SPARSE_LEAST;
}

/* Blocks that are not used to three quarters go. */
void
slab_tidy(struct slab *s)
{
	struct slab_block *next;

	for (struct slab_block *b = s->first; b != NULL; b = next) {
		next = b->next;
		if (b->used >= SLAB_BLOCK / 4 * 3 || b->leaving)
			continue;
		if (b->idle == UINT32_MAX) {
			s->empty--;
			free_block(s, b);
			continue;
		}
		b->leaving = true;
		for (unsigned i = 0; i < PAGES; i++)
			unlist_page(s, &b->pages[i]);
		unlink_block(s, b);
		put_last(s, b);
	}
}

void *
slab_move(struct slab *s, void *p, size_t n)
{
	if (n > SLAB_MOST || !block_of(p)->leaving)
		return p;
	void *to = slab_take(s, n);

	if (to == NULL)
		return p;
	memcpy(to, p, n);
	slab_give(s, p, n);
	return to;
}
