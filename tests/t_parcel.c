/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/parcel.h"

#include "tests/support.h"

enum { ARENA = 1 << 20, ROUNDS = 4000, SHARED_NUMBER = 1234, SHARED_N = 40 };

static const uint8_t shared[SHARED_N] = { 1, 2, 3 };

struct rig {
	struct arena arena;
	struct evidence e;
	struct flow_view view;
	struct packer packer;
	struct slice copies[SHARED_NUMBER + 1];
	struct unpacked room;
	uint64_t seed;
};

static uint64_t
any(struct rig *g)
{
	return any_of(&g->seed);
}

/* Of any size: small numbers are as likely as large ones. */
static uint64_t
any_number(struct rig *g)
{
	return any(g) >> any(g) % 64;
}

static uint32_t
keep_shared(void *ctx, const struct learnt *l)
{
	(void)ctx;
	return l->bytes.n == SHARED_N && memcmp(l->bytes.p, shared, 40) == 0
	    ? SHARED_NUMBER
	    : 0;
}

static int
open_rig(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	arena_init(&g->arena, ARENA);
	g->copies[SHARED_NUMBER] = slice_of(shared, SHARED_N);
	g->packer = (struct packer){ .keep = keep_shared, .copies = g->copies };
	g->seed = ANY_SEED;
	*state = g;
	return 0;
}

static int
close_rig(void **state)
{
	struct rig *g = *state;

	packer_done(&g->packer);
	arena_done(&g->arena);
	free(g);
	return 0;
}

static void
any_endpoint(struct rig *g, struct endpoint *e)
{
	bool ipv4 = any(g) % 2 == 0;

	memset(e, 0, sizeof(*e));
	e->addr.family = ipv4 ? 4 : 6;
	for (size_t i = 0; i < (ipv4 ? 4 : 16); i++)
		e->addr.b[i] = (uint8_t)any(g);
	e->port = (uint16_t)any(g);
}

static void
any_view(struct rig *g)
{
	struct flow_view *v = &g->view;
	bool flaws = any(g) % 2 == 0;

	memset(v, 0, sizeof(*v));
	any_endpoint(g, &v->tuple.src);
	any_endpoint(g, &v->tuple.dst);
	v->tuple.proto = (uint8_t)any(g);
	v->first_packet = any_number(g);
	v->last_packet = any_number(g);
	v->start = (int64_t)any_number(g);
	v->end = (int64_t)any_number(g);
	for (int i = 0; i < 2; i++) {
		v->packets[i] = any_number(g);
		v->bytes[i] = any_number(g);
		v->lost[i] = flaws ? any_number(g) : 0;
		v->tcp_flags[i] = (uint8_t)any(g);
		v->vlan[i] = (uint16_t)any(g);
	}
	v->vlans = (uint8_t)(1 + any(g) % 2);
	v->duplicates = flaws ? any_number(g) : 0;
	v->conflicts = flaws ? any_number(g) : 0;
	v->cut = flaws ? (uint32_t)any_number(g) : 0;
	v->mid_stream = any(g) % 2 == 0;
	v->opened_by_guess = any(g) % 2 == 0;
	v->ended = any(g) % 2 == 0;
	v->evicted = any(g) % 2 == 0;
}

static void
any_fact(struct rig *g, size_t bytes)
{
	uint8_t text[400] = { 0 };
	struct learnt l = {
		.fact = (uint16_t)(any(g) % FACT_COUNT),
		.side = (uint8_t)(any(g) % 2),
		.scope = (uint8_t)(any(g) % 3),
		.packet = any(g) % 2 == 0 ? 7 : any_number(g),
		.time = any(g) % 2 == 0 ? 9 : (int64_t)any_number(g),
		.number = any(g) % 2 == 0 ? any_number(g) : 0,
		.bytes = { text, any(g) % (bytes + 1) },
	};

	for (size_t i = 0; i < l.bytes.n; i++) /* zeroes behind, often */
		text[i] = i < any(g) % 64 ? (uint8_t)any(g) : 0;
	if (any(g) % 4 == 0)
		l.bytes = slice_of(shared, sizeof(shared));
	evidence_learn(&g->e, &g->arena, &l);
}

static struct notice *
any_notice(struct rig *g, size_t facts)
{
	arena_done(&g->arena);
	evidence_init(&g->e, CARRIER_TCP);
	g->e.scope_count = (unsigned)(1 + any(g) % LIMIT_SCOPES);
	for (unsigned i = 0; i < g->e.scope_count; i++) {
		struct scope *s = &g->e.scopes[i];

		*s = (struct scope){ (uint8_t)any(g), (uint8_t)any(g),
			(uint8_t)(any(g) % 128), { .port = 0 } };
		if (any(g) % 2 == 0)
			any_endpoint(g, &s->peer);
	}
	any_view(g);
	for (size_t i = 0; i < facts; i++)
		any_fact(g, 400);
	struct notice *n = notice_new(&g->view, &g->e, 0);

	assert_non_null(n);
	n->last = any(g) % 2 == 0;
	n->period = (uint32_t)any_number(g);
	if (any(g) % 2 == 0)
		strcpy(n->guess, "somebody");
	return n;
}

static void
same_head(const struct notice *a, const struct notice *b)
{
	assert_memory_equal(&a->flow, &b->flow, sizeof(a->flow));
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->period, b->period);
	assert_string_equal(a->guess, b->guess);
	assert_false(a->mark || b->mark);
}

static void
same_facts(const struct evidence *a, const struct evidence *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->starved, b->starved);
	assert_int_equal(a->scope_count, b->scope_count);
	assert_memory_equal(a->scopes, b->scopes,
	    a->scope_count * sizeof(a->scopes[0]));
	assert_memory_equal(a->kinds, b->kinds, sizeof(a->kinds));
	for (size_t i = 0; i < a->count; i++) {
		const struct learnt *x = &a->facts[i], *y = &b->facts[i];

		assert_int_equal(a->ids[i], x->fact);
		assert_int_equal(b->ids[i], x->fact);
		assert_int_equal(x->fact, y->fact);
		assert_int_equal(x->side, y->side);
		assert_int_equal(x->scope, y->scope);
		assert_int_equal(x->packet, y->packet);
		assert_int_equal(x->time, y->time);
		assert_int_equal(x->number, y->number);
		assert_true(slice_eq(x->bytes, y->bytes));
	}
}

static void
what_is_packed_comes_out(void **state)
{
	struct rig *g = *state;

	for (size_t i = 0; i < ROUNDS; i++) {
		struct notice *n = any_notice(g, any(g) % PARCEL_FACTS);
		struct parcel *p = parcel_new(&g->packer, n);

		assert_non_null(p);
		const struct notice *out = parcel_open(p, &g->room);

		same_head(n, out);
		same_facts(&n->news, &out->news);
		same_head(n, parcel_head(p, &g->room));
		parcel_free(&g->packer, p);
		notice_free(n);
	}
}

static void
later_counters_leave_the_facts(void **state)
{
	struct rig *g = *state;

	for (size_t i = 0; i < ROUNDS; i++) {
		struct notice *n = any_notice(g, 9);
		struct parcel *p = parcel_new(&g->packer, n);
		struct notice *later;

		assert_non_null(p);
		for (int k = 0; k < 3; k++) {
			any_view(g);
			later = notice_new(&g->view, NULL, 0);
			assert_non_null(later);
			later->last = k == 2;
			p = parcel_update(&g->packer, p, later);
			assert_non_null(p);
			later->flow.first_packet = n->flow.first_packet;
			later->flow.start = n->flow.start;
			n->flow = later->flow;
			later->flow.start++; /* does not count */
			n->last = later->last;
			notice_free(later);
		}
		const struct notice *out = parcel_open(p, &g->room);

		same_head(n, out);
		same_facts(&n->news, &out->news);
		parcel_free(&g->packer, p);
		notice_free(n);
	}
}

static void
too_many_facts_stay_as_they_are(void **state)
{
	struct rig *g = *state;
	struct notice *n;

	n = any_notice(g, 0);
	notice_free(n);
	evidence_init(&g->e, CARRIER_TCP);
	for (size_t i = 0; i <= PARCEL_FACTS; i++) {
		struct learnt l = { .fact = (uint16_t)(i % FACT_COUNT) };

		evidence_learn(&g->e, &g->arena, &l);
	}
	n = notice_new(&g->view, &g->e, 0);
	assert_non_null(n);
	assert_int_equal(n->news.count, PARCEL_FACTS + 1);
	assert_null(parcel_new(&g->packer, n));
	notice_free(n);
}

/* An SSH connection as a scan for servers finds them by the thousand. */
static void
small_flows_are_small(void **state)
{
	struct rig *g = *state;
	struct learnt l = { .fact = FACT_PROTOCOL,
		.packet = 1000003,
		.time = INT64_C(1700000000000015000),
		.bytes = slice_text("ssh") };

	arena_done(&g->arena);
	evidence_init(&g->e, CARRIER_TCP);
	evidence_learn(&g->e, &g->arena, &l);
	g->view = (struct flow_view){
		.tuple = { { addr_v4((const uint8_t[4]){ 10, 1, 2, 3 }),
			       40000 },
		    { addr_v4((const uint8_t[4]){ 10, 9, 2, 3 }), 22 },
		    IPPROTO_NUM_TCP },
		.first_packet = 1000000,
		.last_packet = 1000003,
		.start = INT64_C(1700000000000000000),
		.end = INT64_C(1700000000000015000),
		.packets = { 2, 2 },
		.bytes = { 21, 21 },
	};
	struct notice *n = notice_new(&g->view, &g->e, 0);
	struct parcel *p = parcel_new(&g->packer, n);

	assert_non_null(p);
	assert_in_range(parcel_size(p), 1, 80);
	parcel_free(&g->packer, p);
	notice_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_packed_comes_out,
		    open_rig, close_rig),
		cmocka_unit_test_setup_teardown(later_counters_leave_the_facts,
		    open_rig, close_rig),
		cmocka_unit_test_setup_teardown(too_many_facts_stay_as_they_are,
		    open_rig, close_rig),
		cmocka_unit_test_setup_teardown(small_flows_are_small, open_rig,
		    close_rig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
