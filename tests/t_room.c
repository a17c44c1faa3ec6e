/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/room.h"

static void
grows_by_one(void **state)
{
	uint32_t *list = NULL;
	size_t room = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_true(
		    room_for_one((void **)&list, i, &room, sizeof(*list)));
		assert_true(room > i);
		list[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	free(list);
}

static void
grows_zeroed(void **state)
{
	uint32_t *list = NULL;
	size_t room = 0;

	(void)state;
	assert_true(room_zeroed((void **)&list, 3, &room, sizeof(*list)));
	assert_true(room >= 3);
	for (size_t i = 0; i < room; i++) {
		assert_int_equal(list[i], 0);
		list[i] = 7;
	}
	size_t had = room;

	assert_true(room_zeroed((void **)&list, 500, &room, sizeof(*list)));
	assert_true(room >= 500);
	for (size_t i = 0; i < room; i++)
		assert_int_equal(list[i], i < had ? 7 : 0);
	free(list);
}

static void
refuses_what_overflows(void **state)
{
	uint32_t *list = NULL;
	size_t room = 0;

	(void)state;
	assert_false(room_for_one((void **)&list, 0, &room, SIZE_MAX / 2));
	assert_null(list);
	assert_int_equal(room, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_by_one),
		cmocka_unit_test(grows_zeroed),
		cmocka_unit_test(refuses_what_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
