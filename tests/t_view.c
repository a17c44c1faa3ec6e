/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/flows.h"

#include <poll.h>

#include "audit/view.h"
#include "core/map.h"
#include "ui/store.h"

enum { FLOWS = 3000, PORTS = 4, REFRESH_MS = 480 };

/* A screen that takes its news now and then. */
struct stage {
	struct world *w;
	struct view *view;
	struct store *store;
	struct map *gone; /* first packets of last rows */
	size_t last_rows;
	bool over;
};

static void
no_news(void *ctx)
{
	(void)ctx;
}

static struct stage
open_stage(struct world *w, size_t memory)
{
	struct stage s = {
		.w = w,
		.view = view_new(no_news, NULL),
		.store = store_new(SIZE_MAX),
		.gone = map_new(0),
	};
	struct ledger_spool spool;

	assert_non_null(s.view);
	assert_non_null(s.store);
	assert_non_null(s.gone);
	ledger_spool_nothing(&spool);
	if (memory > 0)
		ledger_bound(w->ledger, memory, &spool);
	view_attach(s.view, w->ledger, true);
	return s;
}

static void
close_stage(struct stage *s)
{
	view_free(s->view);
	store_free(s->store);
	map_free(s->gone);
}

static uint64_t
number_of(void *ctx, uint64_t first_packet)
{
	const struct stage *s = ctx;

	return ledger_id_of(s->w->ledger, first_packet);
}

/* A last row is the last, and a flow is new but once. */
static void
check_row(struct stage *s, const struct view_row *r)
{
	uint64_t *at = map_put(s->gone,
	    slice_of(&r->first_packet, sizeof(r->first_packet)));
	uint32_t slot;

	assert_non_null(at);
	assert_int_equal(*at, 0);
	assert_true(r->fresh == !store_find(s->store, r->first_packet, &slot));
	if ((r->flags & VIEW_GONE) == 0)
		return;
	*at = 1;
	s->last_rows++;
	assert_true((r->flags & VIEW_ENDED) != 0);
}

/* As the screens do. */
static void
take(struct stage *s)
{
	struct view_news n;
	uint32_t slot;
	bool any = view_take(s->view, &n);
	struct store *to = any && n.whole ? store_new(SIZE_MAX) : s->store;

	for (size_t i = 0; any && i < n.count; i++) {
		const struct view_row *r =
		    &n.chunks[i / VIEW_CHUNK]->rows[i % VIEW_CHUNK];

		if (!n.whole)
			check_row(s, r);
		assert_true(store_put(to, r, &slot));
	}
	store_certs(to, n.certs, n.cert_count);
	if (to != s->store) {
		store_inherit(to, s->store, number_of, s);
		store_settle(to, s->store, &n);
		store_free(s->store);
		s->store = to;
	}
	view_news_done(&n);
}

/* Flows one after the other; some have a finding, some violate. */
static void
play(struct stage *s, unsigned flows)
{
	struct world *w = s->w;
	struct view_status status;

	for (unsigned i = 0; i < flows; i++) {
		char client[32];

		(void)snprintf(client, sizeof(client), "10.0.20.%u", i % 90);
		flow(w, i % 3 == 0 ? IPPROTO_NUM_UDP : IPPROTO_NUM_TCP, client,
		    FE, (uint16_t)(5060 + i % PORTS));
		text(w, FACT_SIP_METHOD, "REGISTER");
		w->flow.bytes[0] = i;
		w->flow.lost[0] = i % 50 == 0 ? 10 : 0;
		done(w);
		view_refresh(s->view);
		if (i % 700 == 699)
			take(s);
		if (i == flows / 2) {
			(void)poll(NULL, 0, REFRESH_MS);
			view_refresh(s->view);
		}
	}
	/* A busy machine judges less at a time. */
	do {
		(void)poll(NULL, 0, REFRESH_MS);
		view_refresh(s->view);
		view_status(s->view, &status);
	} while (status.waiting > 0);
}

static void
finish(struct stage *s)
{
	ledger_finish(s->w->ledger, &s->w->totals);
	view_finished(s->view);
	take(s);
}

/* What the screens add up is what the ledger adds up. */
static void
compare_sums(const struct stage *s)
{
	const struct summary *l = ledger_summary(s->w->ledger);
	const struct capture_totals *t = ledger_totals(s->w->ledger);
	const struct store_sums *m = store_sums(s->store);

	assert_int_equal(m->flows, l->flows);
	assert_memory_equal(m->by_class, l->by_class, sizeof(m->by_class));
	assert_memory_equal(m->class_bytes, l->bytes_by_class,
	    sizeof(m->class_bytes));
	assert_memory_equal(m->findings, l->findings, sizeof(m->findings));
	assert_int_equal(m->lost, t->lost_bytes);
	assert_int_equal(m->one_way, t->one_way);
	assert_int_equal(m->flows - m->doubtful, t->whole);
	assert_int_equal(store_host_count(s->store),
	    ledger_hosts(s->w->ledger));
	for (size_t i = 0; i < ledger_hosts(s->w->ledger); i++) {
		const struct host *h = ledger_host(s->w->ledger, i);
		uint32_t at;

		assert_true(store_host_of(s->store, &h->addr, &at));
		assert_int_equal(store_host(s->store, at)->flows, h->flows);
		assert_int_equal(store_host(s->store, at)->bytes, h->bytes);
		assert_int_equal(store_host(s->store, at)->findings,
		    h->findings);
		assert_memory_equal(store_host(s->store, at)->by_verdict,
		    h->by_verdict, sizeof(h->by_verdict));
	}
}

static struct summary
play_whole(void **state, size_t memory, uint64_t *let_go)
{
	struct stage s = open_stage(*state, memory);
	struct view_status status;
	struct summary sums;

	play(&s, FLOWS);
	take(&s);
	/* Before the end, too, every flow is counted. */
	assert_int_equal(store_sums(s.store)->flows, FLOWS);
	view_status(s.view, &status);
	assert_int_equal(status.flows, FLOWS);
	assert_int_equal(status.let_go, s.last_rows);
	finish(&s);
	view_status(s.view, &status);
	assert_int_equal(status.flows, FLOWS);
	*let_go = status.let_go;
	compare_sums(&s);
	assert_int_equal(store_gone(s.store), 0);
	sums = *ledger_summary(s.w->ledger);
	close_stage(&s);
	return sums;
}

static void
adds_up_what_was_let_go(void **state)
{
	void *other;
	uint64_t none, many;
	struct summary all, bound;

	all = play_whole(state, 0, &none);
	assert_int_equal(open_world(&other), 0);
	bound = play_whole(&other, 120 * 1024, &many);
	assert_int_equal(none, 0);
	assert_true(many > FLOWS / 2);
	assert_memory_equal(&all, &bound, sizeof(all));
	close_world(&other);
}

/* The numbers at the end are those of the report; what is in none has none. */
static void
numbers(void **state)
{
	struct stage s = open_stage(*state, 70 * 1024);
	size_t named = 0, unnamed = 0;

	play(&s, 1000);
	finish(&s);
	for (uint32_t i = 0; i < store_count(s.store); i++) {
		const struct view_row *r = store_row(s.store, i);

		assert_true(store_brief(s.store, i)->there);
		assert_int_equal(r->number,
		    ledger_id_of(s.w->ledger, r->first_packet));
		assert_true((r->number == 0) == ((r->flags & VIEW_GONE) != 0));
		named += r->number > 0;
		unnamed += r->number == 0;
	}
	assert_int_equal(named, ledger_count(s.w->ledger));
	assert_int_equal(unnamed, ledger_totals(s.w->ledger)->judged_early);
	assert_int_equal(named + unnamed, 1000);
	close_stage(&s);
}

/* Nobody takes anything: last rows wait until the end. */
static void
waits_for_nobody(void **state)
{
	struct stage s = open_stage(*state, 20 * 1024);
	struct view_status status;

	for (unsigned i = 0; i < 600; i++) {
		flow(s.w, IPPROTO_NUM_TCP, CLIENT, FE, 5060);
		text(s.w, FACT_SIP_METHOD, "REGISTER");
		done(s.w);
	}
	view_status(s.view, &status);
	assert_true(status.untaken > 300);
	finish(&s);
	compare_sums(&s);
	assert_int_equal(store_count(s.store), 600);
	close_stage(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_up_what_was_let_go,
		    open_world, close_world),
		cmocka_unit_test_setup_teardown(numbers, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(waits_for_nobody, open_world,
		    close_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
