/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run, by one worker or by many: whatever ends it, and wherever its periods
 * end, they tell the same of the same packets.
 */
#include "tests/support.h"

#include "audit/engine.h"
#include "core/clock.h"

enum {
	PACKETS = 20000,
	FLOWS = 300,
	FRAME = 60,
	RECORD = 16 + FRAME,
	HEADER = 24,
	SIZE = HEADER + PACKETS * RECORD,
	PERIODS_MOST = 64,
};

static void
put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Ethernet, IPv4, UDP; a millisecond apart, flows in turn. */
static void
put_packet(uint8_t *p, unsigned i)
{
	unsigned flow = i * 7 % FLOWS;
	uint8_t *frame = p + 16;

	put32(p, 1700000000 + i / 1000);
	put32(p + 4, i % 1000 * 1000);
	put32(p + 8, FRAME);
	put32(p + 12, FRAME);
	memset(frame, (int)(i & 0xff), FRAME);
	memcpy(frame, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0\x45\0\0\x2e", 18);
	frame[18] = (uint8_t)(i >> 8);
	frame[19] = (uint8_t)i;
	memcpy(frame + 20, "\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2", 14);
	frame[29] = (uint8_t)(flow % 50);
	frame[34] = (uint8_t)(40 + flow / 50);
	frame[35] = (uint8_t)flow;
	frame[36] = 4000 >> 8;
	frame[37] = (uint8_t)(4000 & 0xff);
	memcpy(frame + 38, "\0\x1a\0\0", 4);
}

static void
make_file(char *path, unsigned packets)
{
	uint8_t *p = calloc(1, SIZE);

	assert_non_null(p);
	put32(p, 0xa1b2c3d4);
	p[4] = 2;
	p[6] = 4;
	put32(p + 16, 65535);
	put32(p + 20, 1);
	for (unsigned i = 0; i < packets; i++)
		put_packet(p + HEADER + i * RECORD, i);
	temp_file(path, p, HEADER + packets * RECORD);
	free(p);
}

/* What a run said: of each period the flows and packets, and a sum of who they
 * are. */
struct told {
	uint64_t packets, flows, of_flows, sum;
};

struct run {
	struct engine *engine;
	unsigned seen, stop_at;
	struct told period[PERIODS_MOST];
	unsigned periods;
};

static void
tell_period(struct run *r, const struct period *p)
{
	struct told *t = &r->period[r->periods++];
	struct unpacked room;

	assert_true(r->periods <= PERIODS_MOST);
	*t = (struct told){
		.packets = ledger_totals(p->ledger)->packets,
		.flows = ledger_count(p->ledger),
	};
	for (size_t i = 0; i < t->flows; i++) {
		const struct record *record = ledger_record(p->ledger, i);
		const struct flow_view *f = &record_head(record, &room)->flow;

		t->of_flows += f->packets[0] + f->packets[1];
		t->sum = t->sum * 31 + f->first_packet * 7 + f->last_packet;
	}
}

static bool
publish(void *ctx, const struct period *p)
{
	tell_period(ctx, p);
	return true;
}

static void
see(void *ctx, const struct packet *p)
{
	struct run *r = ctx;

	(void)p;
	if (++r->seen == r->stop_at)
		engine_stop(r->engine);
}

static void
run(struct run *r, const char *path, unsigned workers,
    const struct rotation *rotation)
{
	const char *files[] = { path, path };
	struct fault f;
	struct policy *policy = policy_load("lync-2013", &f);
	struct engine_options o = {
		.source = { .files = files, .file_count = COUNT(files) },
		.policy = policy,
		.workers = workers,
		.see = see,
		.see_ctx = r,
		.rotation = *rotation,
		.periods = { .publish = publish, .ctx = r },
	};
	struct period last;

	assert_non_null(policy);
	r->engine = engine_new(&o, &f);
	assert_non_null(r->engine);
	engine_run(r->engine, NULL, NULL);
	engine_last(r->engine, &last);
	tell_period(r, &last);
	engine_free(r->engine);
	policy_free(policy);
}

static void
check(const char *path, unsigned stop_at, const struct rotation *rotation,
    struct run *one)
{
	static const unsigned workers[] = { 2, 3, 8 };

	*one = (struct run){ .stop_at = stop_at };
	run(one, path, 1, rotation);
	for (size_t i = 0; i < COUNT(workers); i++) {
		struct run many = { .stop_at = stop_at };

		run(&many, path, workers[i], rotation);
		assert_int_equal(many.seen, one->seen);
		assert_int_equal(many.periods, one->periods);
		assert_memory_equal(many.period, one->period,
		    sizeof(one->period));
	}
}

static void
ends_with_the_files(void **state)
{
	struct run one;
	char path[32];

	(void)state;
	make_file(path, PACKETS);
	check(path, 0, &(struct rotation){ 0 }, &one);
	assert_int_equal(one.periods, 1);
	assert_int_equal(one.period[0].packets, 2 * PACKETS);
	assert_int_equal(one.period[0].of_flows, 2 * PACKETS);
	assert_int_equal(one.period[0].flows, FLOWS);
	unlink(path);
}

/* Nobody has looked at a packet behind the one at which the reader stopped. */
static void
ends_where_it_is_stopped(void **state)
{
	static const unsigned stops[] = { 1, 2, 31, 32, 33, 4095, 4096, 4097,
		PACKETS - 1, PACKETS, PACKETS + 1, 2 * PACKETS - 1 };
	struct run one;
	char path[32];

	(void)state;
	make_file(path, PACKETS);
	for (size_t i = 0; i < COUNT(stops); i++) {
		check(path, stops[i], &(struct rotation){ 0 }, &one);
		assert_int_equal(one.period[0].packets, stops[i]);
		assert_int_equal(one.period[0].of_flows, stops[i]);
	}
	unlink(path);
}

/* Each packet is told of once, and in the period that it belongs to. */
static void
ends_its_periods_alike(void **state)
{
	uint64_t packets = 0;
	struct run one;
	char path[32];

	(void)state;
	make_file(path, PACKETS);
	check(path, 0, &(struct rotation){ .bytes = 777 * FRAME }, &one);
	assert_int_equal(one.periods, 2 * PACKETS / 777 + 1);
	for (unsigned i = 0; i < one.periods; i++)
		packets += one.period[i].packets;
	assert_int_equal(packets, 2 * PACKETS);
	check(path, 12345, &(struct rotation){ .every = 5 * NS_PER_S }, &one);
	assert_true(one.periods > 1);
	unlink(path);
}

static void
reads_what_is_empty(void **state)
{
	struct run one;
	char path[32];

	(void)state;
	make_file(path, 0);
	check(path, 0, &(struct rotation){ 0 }, &one);
	assert_int_equal(one.period[0].packets, 0);
	assert_int_equal(one.period[0].flows, 0);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_with_the_files),
		cmocka_unit_test(ends_where_it_is_stopped),
		cmocka_unit_test(ends_its_periods_alike),
		cmocka_unit_test(reads_what_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
