/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/hash.h"
#include "core/map.h"

static struct slice
key_of(size_t i, char buf[24])
{
	/* Of many lengths, and some with a NUL inside. */
	int n = snprintf(buf, 24, "%zu", i * i);

	buf[n] = '\0';
	return slice_of(buf, (size_t)n + i % 3);
}

static void
remembers(void **state)
{
	enum { KEYS = 20000 };
	struct map *m = map_new(0);
	char buf[24] = { 0 };
	struct slice key;
	uint64_t value;

	(void)state;
	assert_non_null(m);
	for (size_t i = 0; i < KEYS; i++) {
		memset(buf, 0, sizeof(buf));
		uint64_t *v = map_put(m, key_of(i, buf));

		assert_non_null(v);
		assert_true(*v == 0);
		*v = i + 1;
	}
	assert_int_equal(map_count(m), KEYS);
	for (size_t i = 0; i < KEYS; i++) {
		memset(buf, 0, sizeof(buf));
		struct slice want = key_of(i, buf);

		assert_true(*map_get(m, want) == i + 1);
		assert_ptr_equal(map_put(m, want), map_get(m, want));
		assert_true(map_at(m, i, &key, &value));
		assert_true(slice_eq(key, want));
		assert_true(value == i + 1);
	}
	assert_int_equal(map_count(m), KEYS);
	assert_false(map_at(m, KEYS, &key, &value));
	assert_null(map_get(m, slice_text("absent")));
	map_free(m);
}

static void
copies_keys(void **state)
{
	struct map *m = map_new(0);
	char text[] = "key";

	(void)state;
	*map_put(m, slice_text(text)) = 5;
	text[0] = 'K';
	assert_null(map_get(m, slice_text("Key")));
	assert_true(*map_get(m, slice_text("key")) == 5);
	map_free(m);
}

static void
knows_the_empty_key(void **state)
{
	struct map *m = map_new(0);
	struct slice key;
	uint64_t value;

	(void)state;
	assert_null(map_get(m, slice_of(NULL, 0)));
	*map_put(m, slice_of(NULL, 0)) = 3;
	assert_null(map_get(m, slice_of("", 1)));
	assert_true(*map_get(m, slice_text("")) == 3);
	assert_true(map_at(m, 0, &key, &value));
	assert_int_equal(key.n, 0);
	map_free(m);
}

static void
keeps_the_ceiling(void **state)
{
	struct map *m = map_new(3);

	(void)state;
	assert_non_null(map_put(m, slice_text("a")));
	assert_non_null(map_put(m, slice_text("b")));
	assert_non_null(map_put(m, slice_text("c")));
	assert_null(map_put(m, slice_text("d")));
	assert_non_null(map_put(m, slice_text("b")));
	assert_int_equal(map_count(m), 3);
	assert_null(map_get(m, slice_text("d")));
	map_free(m);
}

static void
clears(void **state)
{
	struct map *m = map_new(0);
	char buf[24];

	(void)state;
	map_clear(m);
	for (unsigned turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < 500; i++) {
			uint64_t *v;

			memset(buf, 0, sizeof(buf));
			v = map_put(m, key_of(i, buf));
			assert_true(*v == 0);
			*v = 9;
		}
		map_clear(m);
		assert_int_equal(map_count(m), 0);
		memset(buf, 0, sizeof(buf));
		assert_null(map_get(m, key_of(0, buf)));
	}
	map_free(m);
	map_free(NULL);
}

/* The order of iteration does not depend on the key of the hash. */
static void
order_is_that_of_puts(void **state)
{
	static const char *const words[] = { "z", "y", "a", "m", "b" };
	struct slice key;
	uint64_t value;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct map *m = map_new(0);

		hash_seed(seed, ~seed);
		for (size_t i = 0; i < COUNT(words); i++)
			*map_put(m, slice_text(words[i])) = i;
		for (size_t i = 0; i < COUNT(words); i++) {
			assert_true(map_at(m, i, &key, &value));
			assert_true(slice_is(key, words[i]));
			assert_true(value == i);
		}
		map_free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers),
		cmocka_unit_test(copies_keys),
		cmocka_unit_test(knows_the_empty_key),
		cmocka_unit_test(keeps_the_ceiling),
		cmocka_unit_test(clears),
		cmocka_unit_test(order_is_that_of_puts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
