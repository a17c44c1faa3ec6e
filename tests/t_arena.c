/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <stdalign.h>

#include "core/arena.h"

static bool
is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Many sizes; none overlaps another, each is aligned and zero at first. */
static void
gives_own_memory(void **state)
{
	enum { TAKES = 600 };
	static const size_t sizes[] = { 1, 16, 17, 100, 900, 1024, 5000, 16384,
		16385, 70000, 0, 65536 };
	struct {
		uint8_t *p;
		size_t n;
	} taken[TAKES];
	struct arena a;

	(void)state;
	arena_init(&a, SIZE_MAX);
	for (size_t i = 0; i < TAKES; i++) {
		taken[i].n = sizes[i * 7 % COUNT(sizes)];
		taken[i].p = arena_take(&a, taken[i].n);
		assert_non_null(taken[i].p);
		assert_int_equal((uintptr_t)taken[i].p % alignof(max_align_t),
		    0);
		assert_true(is_zero(taken[i].p, taken[i].n));
		memset(taken[i].p, (int)(i % 255 + 1), taken[i].n);
	}
	for (size_t i = 0; i < TAKES; i++)
		for (size_t j = 0; j < taken[i].n; j++)
			assert_int_equal(taken[i].p[j], i % 255 + 1);
	arena_done(&a);
	assert_null(a.blocks);
	assert_int_equal(a.used, 0);
}

static void
keeps_the_ceiling(void **state)
{
	struct arena a;

	(void)state;
	for (size_t ceiling = 0; ceiling <= 4096; ceiling += 16) {
		size_t sum = 0;

		arena_init(&a, ceiling);
		while (arena_take(&a, 48) != NULL)
			sum += 48;
		assert_int_equal(sum, ceiling / 48 * 48);
		assert_int_equal(a.used, sum);
		assert_null(arena_take(&a, SIZE_MAX));
		assert_null(arena_take(&a, SIZE_MAX - 8));
		arena_done(&a);
		/* Usable again under the same ceiling. */
		assert_int_equal(arena_take(&a, ceiling + 1) != NULL, false);
		assert_int_equal(arena_take(&a, 16) != NULL, ceiling >= 16);
		arena_done(&a);
	}
}

static void
small_takes_count(void **state)
{
	struct arena a;
	size_t n = 0;

	(void)state;
	arena_init(&a, 1600);
	while (n < 1000 && arena_take(&a, 1) != NULL)
		n++;
	assert_int_equal(n, 1600 / alignof(max_align_t));
	assert_null(arena_take(&a, 0));
	arena_done(&a);
}

static void
copies(void **state)
{
	struct slice to = { (const uint8_t *)"x", 1 };
	char text[] = "certificate";
	struct arena a;

	(void)state;
	arena_init(&a, 32);
	assert_true(arena_copy(&a, slice_text(text), &to));
	text[0] = 'X';
	assert_true(slice_is(to, "certificate"));
	assert_true(arena_copy(&a, slice_text("sixteen letters."), &to));
	assert_false(arena_copy(&a, slice_text("y"), &to));
	assert_true(slice_is(to, "sixteen letters."));
	assert_true(arena_copy(&a, slice_of(NULL, 0), &to));
	assert_int_equal(to.n, 0);
	arena_done(&a);
	arena_done(&a);
}

/* A big take must not throw away the rest of the common block. */
static void
big_takes_stand_apart(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, SIZE_MAX);
	uint8_t *first = arena_take(&a, 16);
	assert_non_null(arena_take(&a, 100000));
	uint8_t *next = arena_take(&a, 16);

	assert_ptr_equal(next, first + 16);
	arena_done(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_own_memory),
		cmocka_unit_test(keeps_the_ceiling),
		cmocka_unit_test(small_takes_count),
		cmocka_unit_test(copies),
		cmocka_unit_test(big_takes_stand_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
