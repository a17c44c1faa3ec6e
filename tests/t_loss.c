/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "audit/loss.h"
#include "core/clock.h"

static void
add(struct loss *l, int64_t from, int64_t to, uint64_t drops)
{
	loss_add(l,
	    &(struct source_loss){
		.interface = "eth0",
		.from = from * NS_PER_S,
		.to = to * NS_PER_S,
		.kernel_drops = drops,
	    });
}

static bool
lost_between(const struct loss *l, int64_t start, int64_t end, uint64_t drops)
{
	struct loss_span sum;
	bool any = loss_between(l, start * NS_PER_S, end * NS_PER_S, &sum);

	assert_int_equal(sum.kernel_drops, drops);
	return any;
}

static void
test_seconds(void **state)
{
	struct loss *l = loss_new();
	struct loss_span sum;

	(void)state;
	assert_non_null(l);
	assert_int_equal(loss_spans(NULL), 0);
	assert_false(loss_between(NULL, 0, INT64_MAX, &sum));
	assert_false(lost_between(l, 0, 100, 0));
	add(l, 10, 11, 5);
	add(l, 10, 11, 2); /* another interface */
	add(l, 14, 15, 1);
	assert_int_equal(loss_spans(l), 2);
	assert_int_equal(loss_span(l, 0).kernel_drops, 7);
	assert_false(lost_between(l, 1, 9, 0));
	assert_true(lost_between(l, 1, 10, 7));
	assert_true(lost_between(l, 11, 14, 8));
	assert_false(lost_between(l, 12, 13, 0));
	assert_false(lost_between(l, 16, 20, 0));
	assert_true(loss_between(l, 0, INT64_MAX, &sum));
	assert_int_equal(sum.start, 10 * NS_PER_S);
	assert_int_equal(sum.end, 15 * NS_PER_S);
	loss_free(l);
}

/* When there is no room for more seconds no loss is forgotten. */
static void
test_full(void **state)
{
	struct loss *l = loss_new();
	struct loss_span sum;

	(void)state;
	assert_non_null(l);
	for (int64_t i = 0; i < LIMIT_LOSS_SPANS + 100; i++)
		add(l, 3 * i, 3 * i + 1, 1);
	assert_int_equal(loss_spans(l), LIMIT_LOSS_SPANS);
	assert_true(loss_between(l, 0, INT64_MAX, &sum));
	assert_int_equal(sum.kernel_drops, LIMIT_LOSS_SPANS + 100);
	/* The last is long now. */
	assert_true(loss_between(l, 3 * (LIMIT_LOSS_SPANS + 50) * NS_PER_S,
	    3 * (LIMIT_LOSS_SPANS + 50) * NS_PER_S, &sum));
	assert_int_equal(sum.kernel_drops, 101);
	loss_free(l);
}

static struct flow_view
flow(uint8_t proto)
{
	return (struct flow_view){
		.tuple = { .proto = proto },
		.start = 20 * NS_PER_S,
		.end = 25 * NS_PER_S,
		.packets = { 4, 4 },
	};
}

static void
test_doubts(void **state)
{
	struct loss *l = loss_new();
	struct flow_view tcp = flow(IPPROTO_NUM_TCP);
	struct flow_view udp = flow(IPPROTO_NUM_UDP);
	char text[LOSS_TEXT];

	(void)state;
	assert_non_null(l);
	assert_false(loss_doubts(l, &udp, text));
	add(l, 10, 11, 5);
	add(l, 30, 31, 5);
	assert_false(loss_doubts(l, &udp, text));
	add(l, 24, 25, 3);
	assert_true(loss_doubts(l, &udp, text));
	assert_non_null(strstr(text, "lost 3 packets"));
	assert_false(loss_doubts(NULL, &udp, text));
	/* Sequence numbers without a gap: none of its packets is missing. */
	assert_false(loss_doubts(l, &tcp, text));
	tcp.mid_stream = true;
	assert_true(loss_doubts(l, &tcp, text));
	tcp.mid_stream = false;
	tcp.packets[1] = 0;
	assert_true(loss_doubts(l, &tcp, text));
	tcp.packets[1] = 4;
	tcp.lost[1] = 17;
	assert_true(loss_doubts(NULL, &tcp, text));
	assert_non_null(strstr(text, "17 bytes"));
	udp.cut = 2;
	assert_true(loss_doubts(NULL, &udp, text));
	assert_non_null(strstr(text, "2 packets"));
	loss_free(l);
}

static void
test_down(void **state)
{
	struct loss *l = loss_new();
	struct flow_view udp = flow(IPPROTO_NUM_UDP);
	char text[LOSS_TEXT];

	(void)state;
	assert_non_null(l);
	loss_add(l,
	    &(struct source_loss){
		.from = 21 * NS_PER_S,
		.to = 22 * NS_PER_S,
		.down = true,
	    });
	assert_true(loss_doubts(l, &udp, text));
	assert_non_null(strstr(text, "down"));
	loss_free(l);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
