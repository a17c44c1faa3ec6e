/* SPDX-License-Identifier: Apache-2.0 */
/* A flow's notices become one, and stay cheap when there are thousands. */
#include "tests/support.h"

#include <stdlib.h>

#include "audit/notice.h"

enum { MANY = 2000, EACH = 40 };

/* Facts from..to, each with its number and as many bytes as fit. */
static struct notice *
told(uint64_t from, uint64_t to)
{
	struct flow_view flow = { .first_packet = 1, .last_packet = to };
	struct evidence e;
	struct arena arena;

	arena_init(&arena, LIMIT_FLOW_ARENA);
	evidence_init(&e, CARRIER_TCP);
	for (uint64_t i = from; i < to; i++) {
		uint8_t bytes[24];
		struct learnt l = { .fact = (uint16_t)(i % 2 == 0
					    ? FACT_SDP_MEDIA
					    : FACT_SDP_CANDIDATE),
			.number = i,
			.time = (int64_t)i,
			.bytes = slice_of(bytes, i % sizeof(bytes)) };

		memset(bytes, (int)(i & 0xff), sizeof(bytes));
		evidence_learn(&e, &arena, &l);
	}
	struct notice *n = notice_new(&flow, &e, 0);

	assert_non_null(n);
	assert_int_equal(n->news.count, to - from);
	arena_done(&arena);
	return n;
}

static void
check(const struct notice *n, uint64_t from, uint64_t to)
{
	assert_int_equal(n->news.count, to - from);
	assert_true(n->lent || n->used <= n->size);
	for (uint64_t i = from; i < to; i++) {
		const struct learnt *l = &n->news.facts[i - from];

		assert_int_equal(l->number, i);
		assert_int_equal(l->bytes.n, i % 24);
		assert_int_equal(n->news.ids[i - from], l->fact);
		for (size_t k = 0; k < l->bytes.n; k++)
			assert_int_equal(l->bytes.p[k], i & 0xff);
	}
}

/* Only from a fact on, and only until it is copied. */
static void
is_lent(void **state)
{
	struct flow_view flow = { .first_packet = 1, .last_packet = EACH };
	struct notice *all = told(0, EACH), room;
	struct notice *lent = notice_lend(&room, &flow, &all->news, EACH / 2);
	struct notice *own;

	(void)state;
	check(lent, EACH / 2, EACH);
	assert_ptr_equal(lent->news.facts, all->news.facts + EACH / 2);
	assert_true(evidence_has(&lent->news, FACT_SDP_MEDIA));
	assert_false(evidence_has(&lent->news, FACT_TLS_RECORDS));
	own = notice_own(lent);
	assert_non_null(own);
	assert_ptr_equal(notice_own(own), own);
	notice_free(lent);
	notice_free(all);
	memset(&room, 0xff, sizeof(room));
	check(own, EACH / 2, EACH);
	assert_false(own->lent);
	notice_free(own);
	lent = notice_lend(&room, &flow, NULL, 7);
	assert_int_equal(lent->news.count, 0);
	assert_int_equal(lent->news.scope_count, 1);
}

static void
grows_in_place(void **state)
{
	struct notice *n = told(0, EACH);
	unsigned moved = 0;

	(void)state;
	for (uint64_t i = 1; i < MANY; i++) {
		struct notice *both =
		    notice_grow(n, told(i * EACH, (i + 1) * EACH));

		assert_non_null(both);
		if (both == n)
			continue;
		notice_free(n);
		n = both;
		moved++;
	}
	check(n, 0, MANY * EACH);
	assert_int_equal(n->flow.last_packet, MANY * EACH);
	/* Half as much again each time: not once for each. */
	assert_in_range(moved, 5, 40);
	assert_true(n->size < 2 * n->used);
	notice_free(n);
}

static void
stays_while_it_moves(void **state)
{
	struct notice *n = told(0, EACH);
	struct notice *both = notice_grow(n, told(EACH, 2 * EACH));

	(void)state;
	assert_non_null(both);
	assert_ptr_not_equal(both, n); /* a first notice has no room */
	check(n, 0, EACH);
	check(both, 0, 2 * EACH);
	notice_free(n);
	n = notice_join(both, told(2 * EACH, 3 * EACH));
	check(n, 0, 3 * EACH);
	notice_free(n);
}

static bool
is_old(void *ctx, const struct learnt *l)
{
	return l->time < *(const int64_t *)ctx;
}

static void
copied_without_some(void **state)
{
	struct notice *n = notice_join(told(0, EACH), told(EACH, 160));
	int64_t since = 130, never = 1000;
	struct notice *thin = notice_copy_without(n, is_old, &since);
	struct notice *none = notice_copy_without(n, is_old, &never);

	(void)state;
	assert_non_null(thin);
	assert_non_null(none);
	check(n, 0, 160);
	check(thin, 130, 160);
	assert_true(thin->size < n->size / 2);
	assert_int_equal(none->news.count, 0);
	assert_null(evidence_first(&none->news, FACT_SDP_MEDIA));
	assert_non_null(evidence_first(&thin->news, FACT_SDP_MEDIA));
	notice_free(none);
	notice_free(thin);
	notice_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_lent),
		cmocka_unit_test(grows_in_place),
		cmocka_unit_test(stays_while_it_moves),
		cmocka_unit_test(copied_without_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
