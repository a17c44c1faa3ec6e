/* SPDX-License-Identifier: Apache-2.0 */
/* What a ledger keeps, whatever comes: its bytes, its index, its facts. */
#include "tests/flows.h"

#include "audit/ledger_private.h"

enum {
	FLOWS = 60,
	NOTICES = 4000,
	FACTS_MOST = 40, /* of a notice: the fourth makes too many to pack */
	WIDE = 300,      /* zeroes, and more than there is room to open */
	TEXT_OFTEN = 24, /* of so many bytes: kept once */
};

struct rig {
	struct world *w;
	struct arena arena;
	uint64_t seed;
	uint64_t packet;
	uint64_t learnt[FLOWS]; /* by flow */
	uint64_t first[FLOWS];
	struct notice lent;
};

static uint64_t
any(struct rig *g)
{
	return any_of(&g->seed);
}

/* The bytes of all records, and where each is found. */
static void
check(const struct ledger *l)
{
	size_t bytes = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct record *r = &l->records[i];

		assert_non_null(r->whole); /* or the parcel */
		bytes += ledger_size_of(r);
		assert_ptr_equal(ledger_at(l, r->first_packet), r);
	}
	assert_int_equal(l->bytes, bytes);
}

static void
learn_one(struct rig *g, struct evidence *e)
{
	static const uint8_t often[TEXT_OFTEN] = "an agent of many flows";
	uint8_t wide[WIDE] = { 1 };
	struct sdp_media m = { .call = any(g) };
	struct learnt l = { .packet = g->packet, .number = any(g) >> 40 };

	switch (any(g) % 32) {
	case 0:
		l.fact = FACT_SDP_MEDIA;
		l.bytes = slice_of(&m, sizeof(m));
		break;
	case 1:
	case 2:
	case 3:
		l.fact = FACT_SIP_USER_AGENT;
		l.bytes = slice_of(often, sizeof(often));
		break;
	case 4:
	case 5:
	case 6:
		l.fact = FACT_TLS_RECORDS;
		l.bytes = slice_of(wide, sizeof(wide));
		break;
	default:
		l.fact = FACT_SIP_CLIENT_SIGN;
		break;
	}
	evidence_learn(e, &g->arena, &l);
}

/* One more of any flow, lent or not; now and then it is the last. */
static void
one_notice(struct rig *g, bool end)
{
	size_t i = any(g) % FLOWS;
	bool fresh = g->first[i] == 0;
	struct evidence e;
	struct flow_view v = { .tuple.proto = IPPROTO_NUM_UDP };

	g->packet++;
	if (fresh)
		g->first[i] = g->packet;
	v.first_packet = g->first[i];
	v.last_packet = g->packet;
	v.tuple.src.addr = address(CLIENT);
	v.tuple.dst.addr = address(FE);
	v.tuple.src.port = (uint16_t)(1024 + i);
	v.packets[0] = any(g) >> any(g) % 64;
	evidence_init(&e, CARRIER_UDP);
	for (size_t n = any(g) % 3 == 0 ? any(g) % FACTS_MOST : 0; n > 0; n--)
		learn_one(g, &e);
	g->learnt[i] += e.count;
	struct notice *n = any(g) & 1 ? notice_new(&v, &e, 0)
				      : notice_lend(&g->lent, &v, &e, 0);

	assert_non_null(n);
	n->last = end;
	if (end) {
		g->first[i] = 0;
		g->learnt[i] = 0;
	}
	ledger_take(g->w->ledger, n);
	/* What was lent is gone. */
	arena_done(&g->arena);
	memset(&g->lent, 0xff, sizeof(g->lent));
}

/* Of flows that are in memory and live. */
static void
check_facts(const struct rig *g)
{
	struct unpacked room;

	for (size_t i = 0; i < FLOWS; i++) {
		const struct record *r = ledger_at(g->w->ledger, g->first[i]);

		if (g->first[i] == 0)
			continue;
		assert_non_null(r);
		assert_int_equal(record_facts(r, &room)->news.count,
		    g->learnt[i]);
	}
}

/* Followed or not, with a ceiling or without one. */
static void
run(struct world *w, size_t memory, bool follows)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct ledger_spool spool;
	size_t at;

	assert_non_null(g);
	g->w = w;
	g->packet = w->packet;
	g->seed = ANY_SEED;
	arena_init(&g->arena, 1 << 20);
	ledger_spool_nothing(&spool);
	if (memory > 0)
		ledger_bound(w->ledger, memory, &spool);
	if (follows)
		ledger_follow(w->ledger, NULL, NULL);
	for (size_t i = 0; i < NOTICES; i++) {
		one_notice(g, i % 23 == 0);
		check(w->ledger);
		if (i % 101 == 0 && follows) {
			assert_true(ledger_prepare(w->ledger));
			while (ledger_changed(w->ledger, &at)) {
				struct judgement j;

				ledger_judge(w->ledger,
				    ledger_record(w->ledger, at), &j);
				ledger_judged_now(w->ledger, at, &j);
			}
		}
		if (i % 97 == 0)
			check_facts(g);
	}
	check_facts(g);
	ledger_finish(w->ledger, &w->totals);
	check(w->ledger);
	w->packet = g->packet;
	free(g);
}

static void
all_in_memory(void **state)
{
	run(*state, 0, false);
}

static void
followed(void **state)
{
	run(*state, 0, true);
}

static void
spilled(void **state)
{
	run(*state, 8 * 1024, false);
}

static void
spilled_and_followed(void **state)
{
	run(*state, 8 * 1024, true);
}

/* The next day's ledger begins with what lives, and its bytes are its own. */
static void
carried(void **state)
{
	struct world *w = *state;

	run(w, 8 * 1024, false);
	struct ledger *next = ledger_next(w->ledger);

	assert_non_null(next);
	check(next);
	ledger_free(w->ledger);
	w->ledger = next;
	run(w, 0, true);
}

/* All that ended and nobody refers to leaves, and nothing is left of it. */
static void
nothing_is_left(void **state)
{
	struct world *w = *state;
	struct evidence e;
	struct ledger_spool spool;

	ledger_spool_nothing(&spool);
	ledger_bound(w->ledger, 1, &spool);
	evidence_init(&e, CARRIER_UDP);
	for (uint64_t i = 1; i <= FLOWS; i++) {
		struct flow_view v = { .first_packet = i, .last_packet = i };
		struct notice *n = notice_new(&v, &e, 0);

		assert_non_null(n);
		n->last = true;
		ledger_take(w->ledger, n);
		check(w->ledger);
	}
	for (int i = 0; i < FLOWS && w->ledger->count > 0; i++) {
		ledger_relieve(w->ledger);
		check(w->ledger);
	}
	assert_int_equal(w->ledger->count, 0);
	assert_int_equal(w->ledger->bytes, 0);
}

/* A flow with so many bytes of its own. */
static void
take_one(struct ledger *l, uint64_t packet, size_t bytes, bool last)
{
	struct arena arena;
	struct evidence e;
	uint8_t own[WIDE * 40];
	struct flow_view v = { .first_packet = packet, .last_packet = packet };
	struct learnt f = { .fact = FACT_TLS_RECORDS, .packet = packet };

	arena_init(&arena, 1 << 20);
	evidence_init(&e, CARRIER_TCP);
	memset(own, (int)(packet % 255 + 1), sizeof(own));
	assert_in_range(bytes, 1, sizeof(own));
	f.bytes = slice_of(own, bytes);
	evidence_learn(&e, &arena, &f);
	struct notice *n = notice_new(&v, &e, 0);

	assert_non_null(n);
	n->last = last;
	ledger_take(l, n);
	arena_done(&arena);
}

/* Most flows leave, and those between them hold no more than they need. */
static void
holes_are_closed(void **state)
{
	enum { MANY = 60000, STAYS = 50, BYTES = 300 };
	struct world *w = *state;
	struct ledger *l = w->ledger;
	struct ledger_spool spool;
	struct unpacked room;

	for (uint64_t i = 1; i <= MANY; i++)
		take_one(l, i, BYTES, i % STAYS != 0);
	size_t blocks = l->packer.slab.blocks;

	ledger_spool_nothing(&spool);
	ledger_bound(l, 1, &spool);
	for (int i = 0; i < MANY && l->count > MANY / STAYS; i++)
		ledger_relieve(l);
	assert_int_equal(l->count, MANY / STAYS);
	assert_int_equal(l->packer.slab.blocks, blocks);
	take_one(l, MANY + 1, BYTES, false);
	assert_in_range(l->packer.slab.blocks, 1, 2);
	check(l);
	for (uint64_t i = STAYS; i <= MANY; i += STAYS) {
		const struct record *r = ledger_at(l, i);

		assert_non_null(r);
		const struct learnt *f = &record_facts(r, &room)->news.facts[0];

		assert_int_equal(f->bytes.n, BYTES);
		assert_int_equal(f->bytes.p[0], i % 255 + 1);
		assert_memory_equal(f->bytes.p, f->bytes.p + 1, BYTES - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_in_memory, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(followed, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(spilled, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(spilled_and_followed,
		    open_world, close_world),
		cmocka_unit_test_setup_teardown(carried, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(nothing_is_left, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(holes_are_closed, open_world,
		    close_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
