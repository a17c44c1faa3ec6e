/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/slab.h"

enum {
	PIECES = 20000,
	ROUNDS = 200000,
	LARGEST = SLAB_MOST + 3000,
};

struct piece {
	uint8_t *p;
	size_t n;
	uint8_t mark;
};

struct rig {
	struct slab slab;
	struct piece pieces[PIECES];
	uint64_t seed;
	int tag;
};

static uint64_t
any(struct rig *g)
{
	return any_of(&g->seed);
}

static int
open_rig(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	g->seed = ANY_SEED;
	g->slab.tag = &g->tag;
	*state = g;
	return 0;
}

static int
close_rig(void **state)
{
	struct rig *g = *state;

	slab_done(&g->slab);
	free(g);
	return 0;
}

static void
fill(struct rig *g, struct piece *p, size_t n)
{
	p->n = n;
	p->p = slab_take(&g->slab, n);
	p->mark = (uint8_t)any(g);
	assert_non_null(p->p);
	assert_int_equal(
	    (uintptr_t)p->p % (n % 16 == 0 && n > 0 ? 16 : SLAB_STEP), 0);
	memset(p->p, p->mark, n);
	if (n > 0)
		assert_ptr_equal(slab_tag(p->p, n), &g->tag);
}

/* Nobody else wrote into it. */
static void
check(const struct piece *p)
{
	if (p->n == 0)
		return;
	assert_int_equal(p->p[0], p->mark);
	assert_memory_equal(p->p, p->p + 1, p->n - 1);
}

static void
drop(struct rig *g, struct piece *p)
{
	check(p);
	slab_give(&g->slab, p->p, p->n);
	p->p = NULL;
}

static size_t
any_size(struct rig *g)
{
	return any(g) % 64 == 0 ? any(g) % LARGEST : any(g) % 700;
}

static void
pieces_do_not_touch(void **state)
{
	struct rig *g = *state;

	for (size_t i = 0; i < ROUNDS; i++) {
		struct piece *p = &g->pieces[any(g) % PIECES];
		size_t n = any_size(g);

		if (p->p == NULL) {
			fill(g, p, n);
		} else if (any(g) % 2 == 0) {
			drop(g, p);
		} else {
			size_t kept = p->n < n ? p->n : n;

			p->p = slab_resize(&g->slab, p->p, p->n, n);
			assert_non_null(p->p);
			p->n = kept;
			check(p);
			p->n = n;
			memset(p->p, p->mark, n);
		}
	}
	for (size_t i = 0; i < PIECES; i++) {
		if (g->pieces[i].p != NULL)
			drop(g, &g->pieces[i]);
	}
	assert_int_equal(g->slab.used, 0);
	assert_in_range(g->slab.blocks, 0, 1);
	assert_null(g->slab.large);
}

/* What leaves of one size is there for all others. */
static void
sizes_share_blocks(void **state)
{
	struct rig *g = *state;

	for (size_t n = SLAB_STEP; n <= SLAB_MOST; n += SLAB_STEP) {
		for (size_t i = 0; i < 400; i++)
			fill(g, &g->pieces[i], n);
		assert_in_range(g->slab.blocks, 1,
		    2 + 400 * (n + n / SLAB_PARTS) / SLAB_BLOCK);
		for (size_t i = 0; i < 400; i++)
			drop(g, &g->pieces[i]);
	}
}

/* All but a few leave, and those hold no more than they need. */
static void
holes_are_closed(void **state)
{
	struct rig *g = *state;
	size_t blocks;

	for (size_t i = 0; i < PIECES; i++)
		fill(g, &g->pieces[i], 2000 + i % 40);
	blocks = g->slab.blocks;
	assert_false(slab_is_sparse(&g->slab));
	for (size_t i = 0; i < PIECES; i++) {
		if (i % 50 != 0)
			drop(g, &g->pieces[i]);
	}
	assert_true(slab_is_sparse(&g->slab));
	slab_tidy(&g->slab);
	for (size_t i = 0; i < PIECES; i += 50) {
		struct piece *p = &g->pieces[i];

		p->p = slab_move(&g->slab, p->p, p->n);
		check(p);
	}
	assert_false(slab_is_sparse(&g->slab));
	assert_in_range(g->slab.blocks, 1, blocks / 10);
	for (size_t i = 0; i < PIECES; i += 50)
		drop(g, &g->pieces[i]);
	assert_int_equal(g->slab.used, 0);
}

/* All at once, and it can be used again. */
static void
what_is_done_is_empty(void **state)
{
	struct rig *g = *state;

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 500; i++)
			fill(g, &g->pieces[i], any_size(g));
		for (size_t i = 0; i < 500; i++)
			check(&g->pieces[i]);
		slab_done(&g->slab);
		assert_int_equal(g->slab.used, 0);
		assert_int_equal(g->slab.blocks, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pieces_do_not_touch, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(sizes_share_blocks, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(holes_are_closed, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(what_is_done_is_empty, open_rig,
		    close_rig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
