/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/ring.h"

enum { WRITERS = 4, ITEMS = 5000 };

struct item {
	size_t writer;
	size_t number;
};

struct writer {
	struct ring *ring;
	struct item items[ITEMS];
	_Atomic size_t done; /* puts that came back */
	size_t refused;
	pthread_t thread;
};

static void *
write_all(void *ctx)
{
	struct writer *w = ctx;

	for (size_t i = 0; i < ITEMS; i++) {
		if (!ring_put(w->ring, &w->items[i]))
			w->refused++;
		atomic_fetch_add(&w->done, 1);
	}
	return NULL;
}

static struct writer *
start_writers(struct ring *ring, size_t n)
{
	struct writer *writers = calloc(n, sizeof(*writers));

	assert_non_null(writers);
	for (size_t i = 0; i < n; i++) {
		struct writer *w = &writers[i];

		w->ring = ring;
		for (size_t j = 0; j < ITEMS; j++)
			w->items[j] = (struct item){ i, j };
		assert_int_equal(pthread_create(&w->thread, NULL, write_all, w),
		    0);
	}
	return writers;
}

static void
keeps_order(void **state)
{
	struct ring *r = ring_new(3);
	int v[4];

	(void)state;
	assert_null(ring_try(r));
	for (size_t turn = 0; turn < 5; turn++) {
		for (size_t i = 0; i < 3; i++)
			assert_true(ring_put(r, &v[i]));
		assert_ptr_equal(ring_get(r), &v[0]);
		assert_true(ring_put(r, &v[3]));
		for (size_t i = 1; i < 4; i++)
			assert_ptr_equal(ring_try(r), &v[i]);
		assert_null(ring_try(r));
	}
	ring_free(r);
	ring_free(NULL);
	assert_null(ring_new(0));
	assert_null(ring_new(SIZE_MAX));
}

static void
drains_after_close(void **state)
{
	struct ring *r = ring_new(2);
	int v;

	(void)state;
	assert_true(ring_put(r, &v));
	ring_close(r);
	ring_close(r);
	assert_false(ring_put(r, &v));
	assert_ptr_equal(ring_get(r), &v);
	assert_null(ring_get(r));
	assert_null(ring_try(r));
	ring_free(r);
}

/* All arrive once, those of one writer in their order. */
static void
carries_all(size_t slots)
{
	struct ring *r = ring_new(slots);
	struct writer *writers = start_writers(r, WRITERS);
	size_t next[WRITERS] = { 0 };

	for (size_t i = 0; i < (size_t)WRITERS * ITEMS; i++) {
		struct item *item = ring_get(r);

		assert_non_null(item);
		assert_int_equal(item->number, next[item->writer]);
		next[item->writer]++;
	}
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].refused, 0);
	}
	assert_null(ring_try(r));
	free(writers);
	ring_free(r);
}

static void
threads(void **state)
{
	(void)state;
	carries_all(1);
	carries_all(64);
}

static void *
nudge_later(void *ring)
{
	usleep(20 * 1000);
	ring_nudge(ring);
	return NULL;
}

/* Few do not wake it, a nudge does; what is there needs no waiting. */
static void
is_patient(void **state)
{
	struct ring *r = ring_new(64);
	pthread_t nudger;
	int v[3];

	(void)state;
	ring_patient(r, 16);
	for (int turn = 0; turn < 3; turn++) {
		assert_true(ring_put(r, &v[0]));
		assert_ptr_equal(ring_get(r), &v[0]);
		assert_int_equal(pthread_create(&nudger, NULL, nudge_later, r),
		    0);
		if (turn == 2)
			assert_true(ring_put(r, &v[1]));
		else
			ring_nudge(r);
		if (turn < 2)
			assert_true(ring_put(r, &v[1]));
		assert_ptr_equal(ring_get(r), &v[1]);
		pthread_join(nudger, NULL);
	}
	ring_free(r);
}

static void
patience_loses_nothing(void **state)
{
	struct ring *r = ring_new(64);
	struct writer *writers;
	size_t n = 0;

	(void)state;
	ring_patient(r, 24);
	writers = start_writers(r, WRITERS);
	for (; n < (size_t)WRITERS * ITEMS - 23; n++)
		assert_non_null(ring_get(r));
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	ring_close(r);
	while (ring_get(r) != NULL)
		n++;
	assert_int_equal(n, (size_t)WRITERS * ITEMS);
	free(writers);
	ring_free(r);
}

static void
is_bounded_and_close_wakes_writers(void **state)
{
	enum { SLOTS = 8 };
	struct ring *r = ring_new(SLOTS);
	struct writer *w = start_writers(r, 1);
	size_t n = 0;

	(void)state;
	while (atomic_load(&w->done) < SLOTS)
		usleep(1000);
	usleep(20 * 1000);
	assert_int_equal(atomic_load(&w->done), SLOTS);
	ring_close(r);
	pthread_join(w->thread, NULL);
	assert_int_equal(w->refused, ITEMS - SLOTS);
	while (ring_get(r) != NULL)
		n++;
	assert_int_equal(n, SLOTS);
	free(w);
	ring_free(r);
}

static void *
close_later(void *ctx)
{
	usleep(20 * 1000);
	ring_close(ctx);
	return NULL;
}

static void
close_wakes_the_reader(void **state)
{
	struct ring *r = ring_new(1);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, close_later, r), 0);
	assert_null(ring_get(r));
	pthread_join(thread, NULL);
	ring_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order),
		cmocka_unit_test(drains_after_close),
		cmocka_unit_test(threads),
		cmocka_unit_test(is_patient),
		cmocka_unit_test(patience_loses_nothing),
		cmocka_unit_test(is_bounded_and_close_wakes_writers),
		cmocka_unit_test(close_wakes_the_reader),
	};

	/* A ring that does not wake up would hang for ever. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
