/* SPDX-License-Identifier: Apache-2.0 */
/* Periods whose reports take longer than the period after them. */
#include "tests/flows.h"

#include <pthread.h>

#include "audit/period.h"
#include "core/log.h"

enum { MOST = 8 };

struct seen {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	bool shut; /* nothing is published while it is */
	size_t count;
	struct span when[MOST];
	uint64_t number[MOST];
};

static bool
publish(void *ctx, const struct period *p)
{
	struct seen *s = ctx;

	pthread_mutex_lock(&s->lock);
	while (s->shut)
		pthread_cond_wait(&s->turn, &s->lock);
	s->when[s->count] = p->when;
	s->number[s->count++] = p->number;
	pthread_mutex_unlock(&s->lock);
	return true;
}

static void
set_shut(struct seen *s, bool shut)
{
	pthread_mutex_lock(&s->lock);
	s->shut = shut;
	pthread_cond_broadcast(&s->turn);
	pthread_mutex_unlock(&s->lock);
}

static size_t
published(struct seen *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->count;

	pthread_mutex_unlock(&s->lock);
	return n;
}

/* The reader's boundary, and the only worker has passed it. */
static void
pass(struct periods *p, uint32_t *period, bool goes_on, const struct span *when)
{
	static const struct capture_totals none;
	static const struct worker_stats idle;
	struct notice *n = periods_end(*period, goes_on, when, &none, NULL);
	struct notice *passed = periods_passed(*period, &idle);

	assert_non_null(n);
	assert_non_null(passed);
	periods_take(p, n);
	periods_take(p, passed);
	++*period;
}

static void
boundary(struct periods *p, uint32_t *period, int64_t start, int64_t end)
{
	pass(p, period, false, &(struct span){ start, end });
}

static struct periods *
open_periods(const struct world *w, struct seen *s)
{
	struct fault f;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->turn, NULL);
	struct periods *p = periods_new(
	    &(struct periods_options){
		.policy = w->policy,
		.workers = 1,
		.publish = publish,
		.ctx = s,
	    },
	    &f);

	assert_non_null(p);
	return p;
}

static void
close_periods(struct periods *p, struct seen *s)
{
	periods_free(p);
	pthread_cond_destroy(&s->turn);
	pthread_mutex_destroy(&s->lock);
}

/* What could not be handed out in time goes on, from where it began. */
static void
goes_on_from_its_begin(void **state)
{
	struct world *w = *state;
	struct seen s = { .shut = true };
	struct period last;
	uint32_t period = 0;
	struct periods *p = open_periods(w, &s);

	/* One is being written and one waits: no room for the others. */
	while (period < 4)
		boundary(p, &period, period * 10 + 10, period * 10 + 20);
	set_shut(&s, false);
	while (published(&s) < 3)
		boundary(p, &period, period * 10 + 10, period * 10 + 20);
	periods_finish(p, &(struct span){ period * 10 + 10, 999 }, &w->totals,
	    NULL);
	periods_last(p, &last);
	assert_int_equal(s.when[0].start, 10);
	for (size_t i = 0; i < s.count; i++) {
		assert_int_equal(s.number[i], i + 1);
		if (i > 0)
			assert_int_equal(s.when[i].start, s.when[i - 1].end);
	}
	assert_int_equal(last.when.start, s.when[s.count - 1].end);
	assert_int_equal(last.when.end, 999);
	close_periods(p, &s);
}

/* The run ends while it goes on. */
static void
ends_from_its_begin(void **state)
{
	struct world *w = *state;
	struct seen s = { .shut = true };
	struct period last;
	uint32_t period = 0;
	struct periods *p = open_periods(w, &s);

	for (int64_t at = 10; at < 60; at += 10)
		boundary(p, &period, at, at + 10);
	set_shut(&s, false);
	periods_finish(p, &(struct span){ 60, 65 }, &w->totals, NULL);
	periods_last(p, &last);
	assert_int_equal(s.count, 2);
	assert_int_equal(last.number, 3);
	assert_int_equal(last.when.start, 30);
	assert_int_equal(last.when.end, 65);
	close_periods(p, &s);
}

/* A period ends, and the run does, while the ledger is lent twice over. */
static void
ends_behind_two_askings(void **state)
{
	struct world *w = *state;
	struct seen s = { .shut = true };
	struct period last;
	uint32_t period = 0;
	struct periods *p = open_periods(w, &s);

	pass(p, &period, true, &(struct span){ 10, 15 });
	pass(p, &period, true, &(struct span){ 10, 16 });
	pass(p, &period, false, &(struct span){ 10, 20 });
	set_shut(&s, false);
	periods_finish(p, &(struct span){ 20, 25 }, &w->totals, NULL);
	periods_last(p, &last);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.when[2].end, 20);
	assert_int_equal(last.number, 2);
	assert_int_equal(last.when.start, 20);
	close_periods(p, &s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on_from_its_begin,
		    open_world, close_world),
		cmocka_unit_test_setup_teardown(ends_behind_two_askings,
		    open_world, close_world),
		cmocka_unit_test_setup_teardown(ends_from_its_begin, open_world,
		    close_world),
	};

	log_set_level(LOG_ERROR);
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
