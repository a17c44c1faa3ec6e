/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "audit/places.h"

static void
put(struct places *p, const char *key, int64_t time, uint32_t line)
{
	struct place x = { .time = time, .line = line };

	assert_true(places_add(p, slice_text(key), &x));
}

static void
by_time_and_address(void **state)
{
	struct places *p = places_new();
	const struct place *at = NULL;

	(void)state;
	assert_non_null(p);
	put(p, "b", 30, 1);
	put(p, "a", 20, 2);
	put(p, "b", 10, 3);
	put(p, "c", 5, 4);
	put(p, "b", 20, 5);
	places_sort(p);

	assert_int_equal(places_at(p, slice_text("b"), 100, &at), 3);
	assert_int_equal(at[0].line, 3);
	assert_int_equal(at[1].line, 5);
	assert_int_equal(at[2].line, 1);
	assert_int_equal(places_at(p, slice_text("b"), 29, &at), 2);
	assert_int_equal(at[1].line, 5);
	assert_int_equal(places_at(p, slice_text("b"), 20, &at), 2);
	assert_int_equal(places_at(p, slice_text("b"), 9, &at), 0);
	assert_int_equal(places_at(p, slice_text("a"), 20, &at), 1);
	assert_int_equal(at[0].line, 2);
	assert_int_equal(places_at(p, slice_text("c"), 5, &at), 1);
	assert_int_equal(places_at(p, slice_text("d"), 100, &at), 0);
	places_free(p);
}

static void
nothing_there(void **state)
{
	struct places *p = places_new();
	const struct place *at = NULL;

	(void)state;
	assert_non_null(p);
	places_sort(p);
	assert_int_equal(places_at(p, slice_text("a"), 1, &at), 0);
	places_free(p);
	places_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_time_and_address),
		cmocka_unit_test(nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
