/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "capture/defrag.h"
#include "core/clock.h"
#include "core/limits.h"

enum { WHOLE = 64, SECOND_HALF = 32 };

static const uint8_t header4[20] = { 0x46, 0, 0, 52, 0x12, 0x34, 0x20, 0, 64,
	17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
static const uint8_t header6[40] = { 0x60, 0, 0, 0, 0, 40, 44, 64, 0x20, 1 };

static void
fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
}

/* A piece of the datagram `data`; the last one if it reaches its end. */
static struct fragment
piece(const uint8_t *data, uint32_t from, uint32_t to, uint32_t whole)
{
	return (struct fragment){
		.src = { { 10, 0, 0, 1 }, 4 },
		.dst = { { 10, 0, 0, 2 }, 4 },
		.id = 0x1234,
		.proto = 17,
		.header = slice_of(header4, sizeof(header4)),
		.offset = from,
		.more = to < whole,
		.bytes = slice_of(data + from, to - from),
		.time = NS_PER_S,
	};
}

static void
is_whole4(struct slice s, const uint8_t *data, size_t n)
{
	assert_int_equal(s.n, 20 + n);
	assert_int_equal(s.p[0], 0x45);
	assert_int_equal(s.p[2] << 8 | s.p[3], 20 + n);
	assert_int_equal(s.p[4] << 8 | s.p[5], 0x1234);
	assert_int_equal(s.p[6] << 8 | s.p[7], 0);
	assert_memory_equal(s.p + 20, data, n);
}

/* Every order of four pieces, each piece twice. */
static void
test_orders(void **state)
{
	uint8_t data[WHOLE];

	(void)state;
	fill(data, sizeof(data));
	for (unsigned order = 0; order < 256; order++) {
		struct defrag *d = defrag_new();
		struct defrag_stats stats;
		struct slice whole;
		size_t missing;
		unsigned seen = 0;
		unsigned wholes = 0;

		assert_non_null(d);
		for (unsigned i = 0; i < 4; i++) {
			unsigned k = order >> (2 * i) & 3;
			struct fragment f =
			    piece(data, k * 16, k * 16 + 16, WHOLE);

			seen |= 1u << k;
			for (unsigned twice = 0; twice < 2; twice++) {
				enum defrag_result r =
				    defrag_add(d, &f, &whole, &missing);

				assert_int_not_equal(r, DEFRAG_BAD);
				if (r != DEFRAG_WHOLE)
					continue;
				wholes++;
				assert_int_equal(seen, 15);
				assert_int_equal(missing, 0);
				is_whole4(whole, data, WHOLE);
			}
		}
		assert_int_equal(wholes, seen == 15);
		defrag_stats(d, &stats);
		assert_int_equal(stats.pieces, 8);
		assert_int_equal(stats.whole, wholes);
		assert_int_equal(stats.overlaps, 0);
		assert_int_equal(stats.waiting, seen == 15 ? 0 : 8);
		defrag_free(d);
	}
}

/* The first copy of a byte stays, in whichever order pieces come. */
static void
test_overlap(void **state)
{
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct slice whole;
	size_t missing;
	uint8_t first[WHOLE];
	uint8_t second[WHOLE];
	uint8_t expect[WHOLE];
	struct fragment f;

	(void)state;
	memset(first, 'a', WHOLE);
	memset(second, 'b', WHOLE);
	f = piece(first, 16, 32, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f = piece(first, 48, 56, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f = piece(second, 0, WHOLE, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_WHOLE);
	memset(expect, 'b', WHOLE);
	memset(expect + 16, 'a', 16);
	memset(expect + 48, 'a', 8);
	is_whole4(whole, expect, WHOLE);
	defrag_stats(d, &stats);
	assert_int_equal(stats.overlaps, 1);
	defrag_free(d);
}

static void
test_same_bytes_overlap(void **state)
{
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment f;

	(void)state;
	fill(data, sizeof(data));
	f = piece(data, 0, 40, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f = piece(data, 24, WHOLE, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_WHOLE);
	is_whole4(whole, data, WHOLE);
	defrag_stats(d, &stats);
	assert_int_equal(stats.overlaps, 0);
	defrag_free(d);
}

/* Two ends, bytes behind the end, a middle that is no multiple of eight. */
static void
test_contradictions(void **state)
{
	struct defrag *d = defrag_new();
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment f;

	(void)state;
	fill(data, sizeof(data));
	f = piece(data, SECOND_HALF, 48, 48);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f = piece(data, SECOND_HALF, WHOLE, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_BAD);
	f = piece(data, 48, 56, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_BAD);
	f = piece(data, 0, 12, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_BAD);
	f = piece(data, 8, 8, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_BAD);
	f = piece(data, 0, 8, 8);
	f.offset = 65528; /* the header does not fit any more */
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_BAD);
	f = piece(data, 0, SECOND_HALF, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_WHOLE);
	is_whole4(whole, data, 48);
	defrag_free(d);
}

/* What is not the same datagram is kept apart. */
static void
test_keys(void **state)
{
	struct defrag *d = defrag_new();
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment f;

	(void)state;
	fill(data, sizeof(data));
	f = piece(data, 0, SECOND_HALF, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	for (unsigned i = 0; i < 4; i++) {
		f = piece(data, SECOND_HALF, WHOLE, WHOLE);
		f.id += i == 0;
		f.proto += i == 1;
		f.src.b[3] += i == 2;
		f.dst.b[3] += i == 3;
		assert_int_equal(defrag_add(d, &f, &whole, &missing),
		    DEFRAG_KEPT);
	}
	f = piece(data, SECOND_HALF, WHOLE, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_WHOLE);
	defrag_free(d);
}

static void
test_ipv6(void **state)
{
	struct defrag *d = defrag_new();
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];

	(void)state;
	fill(data, sizeof(data));
	for (uint32_t from = 0; from < WHOLE; from += SECOND_HALF) {
		struct fragment f =
		    piece(data, from, from + SECOND_HALF, WHOLE);

		f.header = slice_of(header6, sizeof(header6));
		f.next = from == 0 ? 17 : 99; /* that of the first counts */
		f.proto = 0;
		assert_int_equal(defrag_add(d, &f, &whole, &missing),
		    from == 0 ? DEFRAG_KEPT : DEFRAG_WHOLE);
	}
	assert_int_equal(whole.n, 40 + WHOLE);
	assert_int_equal(whole.p[0], 0x60);
	assert_int_equal(whole.p[4] << 8 | whole.p[5], WHOLE);
	assert_int_equal(whole.p[6], 17);
	assert_memory_equal(whole.p + 40, data, WHOLE);
	defrag_free(d);
}

/* The snap length cut the first piece: what is before the hole is given. */
static void
test_cut(void **state)
{
	struct defrag *d = defrag_new();
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment f;

	(void)state;
	fill(data, sizeof(data));
	f = piece(data, 0, SECOND_HALF, WHOLE);
	f.bytes.n = 10;
	f.missing = SECOND_HALF - 10;
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f = piece(data, SECOND_HALF, WHOLE, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_WHOLE);
	assert_int_equal(whole.n, 20 + 10);
	assert_int_equal(missing, WHOLE - 10);
	assert_int_equal(whole.p[3], 20 + WHOLE);
	assert_memory_equal(whole.p + 20, data, 10);
	defrag_free(d);
}

static void
test_largest(void **state)
{
	enum { LARGEST = 65535 - 20 };
	static uint8_t data[LARGEST];
	struct defrag *d = defrag_new();
	struct slice whole = { NULL, 0 };
	size_t missing;
	uint32_t to;

	(void)state;
	fill(data, sizeof(data));
	for (uint32_t from = 0; from < LARGEST; from = to) {
		struct fragment f;

		to = from + 1480 < LARGEST ? from + 1480 : LARGEST;
		f = piece(data, from, to, LARGEST);
		assert_int_equal(defrag_add(d, &f, &whole, &missing),
		    to < LARGEST ? DEFRAG_KEPT : DEFRAG_WHOLE);
	}
	is_whole4(whole, data, LARGEST);
	defrag_release(d);
	defrag_free(d);
}

/* Copies from a span port make no second datagram, a reused number does. */
static void
test_copies_and_reuse(void **state)
{
	struct defrag *d = defrag_new();
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment a;
	struct fragment b;

	(void)state;
	fill(data, sizeof(data));
	a = piece(data, 0, SECOND_HALF, WHOLE);
	b = piece(data, SECOND_HALF, WHOLE, WHOLE);
	assert_int_equal(defrag_add(d, &a, &whole, &missing), DEFRAG_KEPT);
	assert_int_equal(defrag_add(d, &b, &whole, &missing), DEFRAG_WHOLE);
	b.time += LIMIT_DUP_MS * NS_PER_MS;
	assert_int_equal(defrag_add(d, &b, &whole, &missing), DEFRAG_KEPT);
	a.time = b.time += NS_PER_MS;
	assert_int_equal(defrag_add(d, &a, &whole, &missing), DEFRAG_KEPT);
	assert_int_equal(defrag_add(d, &b, &whole, &missing), DEFRAG_WHOLE);
	defrag_free(d);
}

static void
test_timeout(void **state)
{
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment f;

	(void)state;
	fill(data, sizeof(data));
	f = piece(data, 0, SECOND_HALF, WHOLE);
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f = piece(data, SECOND_HALF, WHOLE, WHOLE);
	f.time += LIMIT_DEFRAG_S * NS_PER_S + 1;
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	defrag_stats(d, &stats);
	assert_int_equal(stats.lost, 1);
	assert_int_equal(stats.waiting, 1);
	defrag_free(d);
}

static void
test_most_datagrams(void **state)
{
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct slice whole;
	size_t missing;
	uint8_t data[WHOLE];
	struct fragment f;

	(void)state;
	fill(data, sizeof(data));
	for (uint32_t i = 0; i < LIMIT_DEFRAG_DATAGRAMS + 10; i++) {
		f = piece(data, 0, SECOND_HALF, WHOLE);
		f.id = i;
		assert_int_equal(defrag_add(d, &f, &whole, &missing),
		    DEFRAG_KEPT);
	}
	defrag_stats(d, &stats);
	assert_int_equal(stats.lost, 10);
	f = piece(data, SECOND_HALF, WHOLE, WHOLE);
	f.id = 9; /* gone */
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_KEPT);
	f.id = LIMIT_DEFRAG_DATAGRAMS + 9;
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_WHOLE);
	defrag_free(d);
}

static void
test_most_bytes(void **state)
{
	enum { BIG = 60000, MANY = LIMIT_DEFRAG_BYTES / BIG };
	static uint8_t data[BIG + 8];
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct slice whole;
	size_t missing;
	struct fragment f;

	(void)state;
	for (uint32_t i = 0; i < MANY + 20; i++) {
		f = piece(data, 0, BIG, BIG + 8);
		f.id = i;
		assert_int_equal(defrag_add(d, &f, &whole, &missing),
		    DEFRAG_KEPT);
	}
	defrag_stats(d, &stats);
	assert_in_range(stats.lost, 20, 25);
	defrag_free(d);
}

static void
test_most_pieces(void **state)
{
	enum { TOO_MANY = (LIMIT_DEFRAG_PIECES + 1) * 16 };
	static uint8_t data[TOO_MANY + 8];
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct slice whole;
	size_t missing;
	struct fragment f;

	(void)state;
	for (uint32_t i = 0; i < LIMIT_DEFRAG_PIECES; i++) {
		f = piece(data, i * 16, i * 16 + 8, sizeof(data));
		assert_int_equal(defrag_add(d, &f, &whole, &missing),
		    DEFRAG_KEPT);
	}
	f = piece(data, LIMIT_DEFRAG_PIECES * 16, LIMIT_DEFRAG_PIECES * 16 + 8,
	    sizeof(data));
	assert_int_equal(defrag_add(d, &f, &whole, &missing), DEFRAG_BAD);
	defrag_stats(d, &stats);
	assert_int_equal(stats.lost, LIMIT_DEFRAG_PIECES + 1);
	assert_int_equal(stats.waiting, 0);
	defrag_free(d);
}

/* The piece came in this frame. */
static enum defrag_result
add_in(struct defrag *d, struct fragment f, uint64_t number, int64_t time)
{
	struct packet p = { .number = number, .vlan = { 7 }, .vlans = 1 };
	struct slice whole;
	size_t missing;

	f.time = time;
	f.packet = &p;
	return defrag_add(d, &f, &whole, &missing);
}

static void
is_begin(const struct remnant *r, const uint8_t *data, size_t n)
{
	assert_int_equal(r->bytes.n, 20 + n);
	assert_int_equal(r->bytes.p[0], 0x45);
	assert_int_equal(r->bytes.p[6] << 8 | r->bytes.p[7], 0);
	assert_memory_equal(r->bytes.p + 20, data, n);
}

/* What came of it is given once, and the whole all the same. */
static void
test_remnant(void **state)
{
	const int64_t wait = LIMIT_DEFRAG_MS * NS_PER_MS;
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct remnant r;
	uint8_t data[WHOLE];

	(void)state;
	fill(data, sizeof(data));
	assert_int_equal(add_in(d, piece(data, 0, 16, WHOLE), 5, NS_PER_S),
	    DEFRAG_KEPT);
	assert_int_equal(add_in(d, piece(data, 16, 32, WHOLE), 6, NS_PER_S),
	    DEFRAG_KEPT);
	assert_int_equal(add_in(d, piece(data, 40, 48, WHOLE), 7, NS_PER_S),
	    DEFRAG_KEPT);
	assert_false(defrag_remnant(d, NS_PER_S + wait, &r));
	assert_true(defrag_remnant(d, NS_PER_S + wait + 1, &r));
	is_begin(&r, data, 32);
	assert_int_equal(r.bytes.p[2] << 8 | r.bytes.p[3], 20 + 49);
	assert_int_equal(r.missing, 49 - 32);
	assert_int_equal(r.number, 5);
	assert_int_equal(r.time, NS_PER_S);
	assert_int_equal(r.id, 0x1234);
	assert_int_equal(r.vlans, 1);
	assert_int_equal(r.vlan[0], 7);
	assert_true(r.several);
	assert_true(r.open);
	assert_false(defrag_remnant(d, INT64_MAX, &r));
	defrag_stats(d, &stats);
	assert_int_equal(stats.waiting, 3);
	assert_int_equal(
	    add_in(d, piece(data, 32, WHOLE, WHOLE), 8, 2 * NS_PER_S),
	    DEFRAG_WHOLE);
	assert_false(defrag_remnant(d, INT64_MAX, &r));
	defrag_free(d);
}

/* The first piece is the last to come; before it there is nothing to give. */
static void
test_late_begin(void **state)
{
	const int64_t late = NS_PER_S + LIMIT_DEFRAG_MS * NS_PER_MS + 1;
	struct defrag *d = defrag_new();
	struct remnant r;
	uint8_t data[WHOLE];

	(void)state;
	fill(data, sizeof(data));
	assert_int_equal(add_in(d, piece(data, 48, WHOLE, WHOLE), 1, NS_PER_S),
	    DEFRAG_KEPT);
	assert_false(defrag_remnant(d, late, &r));
	assert_int_equal(add_in(d, piece(data, 0, 16, WHOLE), 2, late),
	    DEFRAG_KEPT);
	assert_true(defrag_remnant(d, late, &r));
	is_begin(&r, data, 16);
	assert_int_equal(r.number, 2);
	assert_int_equal(r.time, late);
	assert_int_equal(r.missing, WHOLE - 16);
	assert_false(r.open);
	assert_false(r.several); /* of what is given */
	defrag_free(d);
}

/* The number of a datagram that was given comes again: copy or another? */
static void
test_begins_again(void **state)
{
	struct defrag *d = defrag_new();
	struct defrag_stats stats;
	struct remnant r;
	uint8_t first[WHOLE];
	uint8_t second[WHOLE];
	int64_t time = NS_PER_S + LIMIT_DEFRAG_MS * NS_PER_MS + 1;

	(void)state;
	memset(first, 'a', WHOLE);
	memset(second, 'b', WHOLE);
	assert_int_equal(add_in(d, piece(first, 0, 16, WHOLE), 1, NS_PER_S),
	    DEFRAG_KEPT);
	assert_true(defrag_remnant(d, time, &r));
	is_begin(&r, first, 16);
	assert_int_equal(add_in(d, piece(second, 0, 16, WHOLE), 2, time),
	    DEFRAG_KEPT);
	assert_true(defrag_remnant(d, INT64_MAX, &r));
	is_begin(&r, second, 16);
	assert_int_equal(r.number, 2);
	defrag_stats(d, &stats);
	assert_int_equal(stats.lost, 1);
	assert_int_equal(stats.overlaps, 0);
	defrag_free(d);
}

/* Each goes once: when it is too many, too old, or at the end. */
static void
test_all_remnants(void **state)
{
	enum { MORE = 10, ALL = LIMIT_DEFRAG_DATAGRAMS + MORE };
	struct defrag *d = defrag_new();
	struct remnant r;
	uint8_t data[WHOLE];
	unsigned n = 0;

	(void)state;
	fill(data, sizeof(data));
	for (uint32_t i = 0; i < ALL; i++) {
		struct fragment f = piece(data, 0, SECOND_HALF, WHOLE);

		f.id = i;
		assert_int_equal(add_in(d, f, i, NS_PER_S), DEFRAG_KEPT);
	}
	while (defrag_remnant(d, NS_PER_S, &r))
		assert_int_equal(r.number, n++);
	assert_int_equal(n, MORE);
	defrag_release(d);
	while (defrag_remnant(d, INT64_MAX, &r))
		assert_int_equal(r.number, n++);
	assert_int_equal(n, ALL);
	defrag_free(d);
}

/* Against a plain model: an array of bytes and who wrote them first. */
static void
test_random_pieces(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15u;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct defrag *d = defrag_new();
		uint8_t model[WHOLE];
		bool there[WHOLE] = { false };
		size_t covered = 0;

		for (uint8_t writer = 1;; writer++) {
			uint8_t data[WHOLE];
			struct slice whole;
			size_t missing;
			struct fragment f;
			uint32_t from;
			uint32_t to;
			enum defrag_result r;

			seed =
			    seed * 6364136223846793005u + 1442695040888963407u;
			from = (seed >> 33) % 8 * 8;
			to = from + 8 + (seed >> 40) % 3 * 8;
			to = to < WHOLE ? to : WHOLE;
			memset(data, writer, sizeof(data));
			f = piece(data, from, to, WHOLE);
			r = defrag_add(d, &f, &whole, &missing);
			for (uint32_t i = from; i < to; i++) {
				if (there[i])
					continue;
				there[i] = true;
				model[i] = writer;
				covered++;
			}
			assert_int_equal(r,
			    covered == WHOLE ? DEFRAG_WHOLE : DEFRAG_KEPT);
			if (covered < WHOLE)
				continue;
			is_whole4(whole, model, WHOLE);
			break;
		}
		defrag_free(d);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_same_bytes_overlap),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_copies_and_reuse),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_most_datagrams),
		cmocka_unit_test(test_most_bytes),
		cmocka_unit_test(test_most_pieces),
		cmocka_unit_test(test_remnant),
		cmocka_unit_test(test_late_begin),
		cmocka_unit_test(test_begins_again),
		cmocka_unit_test(test_all_remnants),
		cmocka_unit_test(test_random_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
