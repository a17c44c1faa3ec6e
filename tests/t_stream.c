/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "capture/stream.h"
#include "core/clock.h"

enum { OUT_MAX = 1 << 20, PIECES = 64 };

/* What a direction gave out; a missing byte is a '.'. */
struct out {
	char *text;
	size_t n;
	uint64_t gaps;
};

struct world {
	struct stream *s;
	struct out out[2];
	struct stream_piece piece[PIECES]; /* the first ones */
	size_t pieces;
	uint64_t number;
	int64_t time;
	bool turn; /* within the next call of the taker */
};

static void
take(void *ctx, const struct stream_piece *piece)
{
	struct world *w = ctx;
	struct out *o = &w->out[piece->side];

	if (w->pieces < PIECES)
		w->piece[w->pieces] = *piece;
	w->pieces++;
	assert_true((piece->bytes.n == 0) == (piece->gap > 0));
	assert_true(o->n + piece->bytes.n < OUT_MAX);
	if (piece->bytes.n > 0)
		memcpy(o->text + o->n, piece->bytes.p, piece->bytes.n);
	o->n += piece->bytes.n;
	for (uint64_t i = 0; i < piece->gap && o->n + 1 < OUT_MAX; i++)
		o->text[o->n++] = '.';
	o->gaps += piece->gap;
	o->text[o->n] = '\0';
	if (w->turn)
		stream_turn(w->s);
	w->turn = false;
}

static struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->s = stream_new();
	w->out[0].text = calloc(1, OUT_MAX);
	w->out[1].text = calloc(1, OUT_MAX);
	assert_non_null(w->s);
	assert_non_null(w->out[0].text);
	assert_non_null(w->out[1].text);
	return w;
}

static void
world_free(struct world *w)
{
	stream_free(w->s);
	free(w->out[0].text);
	free(w->out[1].text);
	free(w);
}

static void
flush(struct world *w)
{
	stream_flush(w->s, take, w);
	assert_int_equal(stream_lost(w->s, TO_SERVER), w->out[TO_SERVER].gaps);
	assert_int_equal(stream_lost(w->s, TO_CLIENT), w->out[TO_CLIENT].gaps);
}

static struct packet
segment(uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	return (struct packet){
		.tuple.proto = IPPROTO_NUM_TCP,
		.has_transport = true,
		.tcp_flags = flags,
		.seq = seq,
		.ack = ack,
		.payload = slice_text(text),
		.payload_wire = (uint32_t)strlen(text),
	};
}

/* One millisecond after the last, its payload in memory of its own that is
 * gone afterwards. */
static void
see(struct world *w, enum side side, struct packet p)
{
	uint8_t *copy = malloc(p.payload.n > 0 ? p.payload.n : 1);

	assert_non_null(copy);
	if (p.payload.n > 0)
		memcpy(copy, p.payload.p, p.payload.n);
	p.payload.p = copy;
	p.number = ++w->number;
	p.time = w->time += NS_PER_MS;
	stream_packet(w->s, &p, side, take, w);
	free(copy);
}

static void
to_server(struct world *w, uint8_t flags, uint32_t seq, const char *text)
{
	see(w, TO_SERVER, segment(flags, seq, 0, text));
}

static void
acks(struct world *w, uint32_t ack)
{
	see(w, TO_CLIENT, segment(TCP_ACK, 500, ack, ""));
}

static void
expect(const struct world *w, const char *text)
{
	assert_string_equal(w->out[TO_SERVER].text, text);
}

static void
test_in_order(void **state)
{
	struct world *w = world_new();

	(void)state;
	see(w, TO_SERVER, segment(TCP_SYN, 99, 0, ""));
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 499, 100, ""));
	see(w, TO_SERVER, segment(TCP_ACK, 100, 500, ""));
	assert_int_equal(w->pieces, 0);
	see(w, TO_SERVER, segment(TCP_ACK, 100, 500, "hello"));
	assert_int_equal(w->pieces, 1);
	assert_int_equal(w->piece[0].side, TO_SERVER);
	assert_int_equal(w->piece[0].packet, 4);
	assert_int_equal(w->piece[0].time, 4 * NS_PER_MS);
	assert_int_equal(w->piece[0].gap, 0);
	assert_true(w->piece[0].segment_start);
	see(w, TO_CLIENT, segment(TCP_ACK, 500, 105, "answer"));
	see(w, TO_SERVER, segment(TCP_ACK | TCP_FIN, 105, 506, "bye"));
	see(w, TO_CLIENT, segment(TCP_ACK | TCP_FIN, 506, 109, ""));
	see(w, TO_SERVER, segment(TCP_ACK, 109, 507, ""));
	flush(w);
	expect(w, "hellobye");
	assert_string_equal(w->out[TO_CLIENT].text, "answer");
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	assert_int_equal(stream_conflicts(w->s), 0);
	world_free(w);
}

/* All orders of five segments, at all kinds of numbers. */
static void
permute(uint32_t isn, unsigned code, bool acked)
{
	static const char *const part[] = { "ab", "c", "defg", "h", "ijk" };
	static const uint32_t at[] = { 0, 2, 3, 7, 8 };
	struct world *w = world_new();
	bool used[5] = { false };

	to_server(w, TCP_SYN, isn, "");
	for (unsigned left = 5; left > 0; left--) {
		unsigned pick = code % left, i = 0;

		code /= left;
		for (;; i++) {
			if (!used[i] && pick-- == 0)
				break;
		}
		used[i] = true;
		to_server(w, TCP_ACK, isn + 1 + at[i], part[i]);
		/* what the receiver would say: all there is without a hole */
		for (i = 0; i < 5 && used[i]; i++)
			;
		if (acked && i > 0)
			acks(w,
			    isn + 1 + at[i - 1] +
				(uint32_t)strlen(part[i - 1]));
	}
	expect(w, "abcdefghijk");
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	for (size_t i = 0; i < w->pieces; i++)
		assert_true(w->piece[i].segment_start);
	world_free(w);
}

static void
test_all_orders(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 120; code++) {
		permute(1000, code, true);
		permute(1000, code, false);
		/* the numbers wrap at every place */
		for (uint32_t before = 0; before < 14; before++)
			permute(UINT32_MAX - before, code, true);
		permute(INT32_MAX - 5, code, true);
	}
}

static void
test_again_and_overlap(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "abcd");
	to_server(w, TCP_ACK, 100, "abcd");
	to_server(w, TCP_ACK, 102, "cdef"); /* partly new */
	assert_int_equal(w->pieces, 2);
	assert_false(w->piece[1].segment_start);
	assert_int_equal(w->piece[1].packet, 4);
	/* held, then overlapped on all sides: what came first counts */
	to_server(w, TCP_ACK, 108, "ij");
	to_server(w, TCP_ACK, 112, "mn");
	assert_int_equal(stream_conflicts(w->s), 0);
	to_server(w, TCP_ACK, 108, "ij");
	to_server(w, TCP_ACK, 109, "j");
	to_server(w, TCP_ACK, 109, "\1"); /* keep-alive */
	assert_int_equal(stream_conflicts(w->s), 0);
	to_server(w, TCP_ACK, 107, "hXXklXnop");
	assert_int_equal(stream_conflicts(w->s), 2);
	expect(w, "abcdef");
	to_server(w, TCP_ACK, 104, "efgYijk");
	assert_int_equal(stream_conflicts(w->s), 3);
	expect(w, "abcdefghijklmnop");
	flush(w);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	world_free(w);
}

static void
test_pass_through_held(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 102, "C");
	to_server(w, TCP_ACK, 104, "EFG");
	to_server(w, TCP_ACK, 100, "abcde");
	expect(w, "abCdEFG");
	assert_int_equal(stream_conflicts(w->s), 2);
	assert_true(w->piece[0].segment_start);
	assert_true(w->piece[1].segment_start);
	assert_int_equal(w->piece[1].packet, 2);
	assert_false(w->piece[2].segment_start);
	assert_int_equal(w->piece[2].packet, 4);
	world_free(w);
}

static void
test_lost(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	acks(w, 102);
	to_server(w, TCP_ACK, 105, "f"); /* "cde" was not captured */
	acks(w, 106);
	expect(w, "ab");
	to_server(w, TCP_ACK, 106, "g");
	to_server(w, TCP_ACK, 107, "h");
	expect(w, "ab");
	to_server(w, TCP_ACK, 108, "i");
	expect(w, "ab...fghi");
	assert_int_equal(w->piece[1].gap, 3);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 3);
	assert_true(w->piece[2].segment_start);
	/* too late */
	to_server(w, TCP_ACK, 102, "cde");
	/* a second hole that was acknowledged with the first waits no more */
	to_server(w, TCP_ACK, 110, "k");
	to_server(w, TCP_ACK, 112, "m");
	acks(w, 113);
	expect(w, "ab...fghi");
	w->time += LIMIT_STREAM_WAIT_MS * NS_PER_MS;
	acks(w, 113);
	expect(w, "ab...fghi.k.m");
	world_free(w);
}

/* The ACK must be for all of the hole. */
static void
test_hole_acked_in_part(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	for (uint32_t i = 0; i < 6; i++) {
		to_server(w, TCP_ACK, 103 + i, "x");
		acks(w, 102);
	}
	w->time += NS_PER_S;
	acks(w, 102);
	expect(w, "");
	acks(w, 103);
	w->time += NS_PER_S;
	acks(w, 103);
	expect(w, "...xxxxxx");
	world_free(w);
}

/* The receiver has not had it: the segment will be sent again. */
static void
test_lost_by_the_network(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	for (uint32_t i = 0; i < 20; i++) {
		to_server(w, TCP_ACK, 104 + i, "x");
		acks(w, 102);
	}
	w->time += NS_PER_S;
	expect(w, "ab");
	to_server(w, TCP_ACK, 102, "cd");
	expect(w, "abcdxxxxxxxxxxxxxxxxxxxx");
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	world_free(w);
}

/* Two taps: the ACK is captured before the data it is for, also after a real
 * loss and with much held. */
static void
test_ack_runs_ahead(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	for (uint32_t i = 0; i < 10; i++)
		to_server(w, TCP_ACK, 104 + i, "x");
	acks(w, 114);
	to_server(w, TCP_ACK, 114, "y");
	expect(w, "ab");
	to_server(w, TCP_ACK, 102, "cd");
	expect(w, "abcdxxxxxxxxxxy");
	/* in order, only later than its ACK */
	acks(w, 118);
	to_server(w, TCP_ACK, 115, "zzz");
	expect(w, "abcdxxxxxxxxxxyzzz");
	flush(w);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	world_free(w);
}

static void
test_lost_bytes_enough(void **state)
{
	static char big[32 * 1024 + 1];
	struct world *w = world_new();

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 101, big);
	to_server(w, TCP_ACK, 101 + 32768, big);
	to_server(w, TCP_ACK, 101 + 2 * 32768, big);
	to_server(w, TCP_ACK, 101 + 3 * 32768, big);
	assert_int_equal(w->pieces, 0);
	acks(w, 101 + 4 * 32768);
	assert_int_equal(w->out[TO_SERVER].n, 1 + 4 * 32768);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 1);
	world_free(w);
}

static void
test_ceilings(void **state)
{
	static char big[60001];
	struct world *w = world_new();
	struct world *one_way = world_new();

	(void)state;
	/* segments */
	to_server(w, TCP_SYN, 99, "");
	acks(w, 100);
	to_server(one_way, TCP_SYN, 99, "");
	for (uint32_t i = 0; i < LIMIT_STREAM_SEGMENTS; i++) {
		to_server(w, TCP_ACK, 101 + 2 * i, "x");
		to_server(one_way, TCP_ACK, 101 + 2 * i, "x");
		if (i == LIMIT_STREAM_ONE_WAY - 1)
			assert_int_equal(one_way->pieces, 0);
		if (i == LIMIT_STREAM_ONE_WAY)
			assert_string_equal(one_way->out[TO_SERVER].text, ".x");
	}
	assert_int_equal(w->pieces, 0);
	to_server(w, TCP_ACK, 101 + 2 * LIMIT_STREAM_SEGMENTS, "x");
	expect(w, ".x");
	/* a segment over all holes fills them, with pieces of its own */
	memset(big, 'y', sizeof(big) - 1);
	to_server(w, TCP_ACK, 103, big);
	assert_memory_equal(w->out[TO_SERVER].text, ".x.xyxyx", 8);
	assert_int_equal(w->out[TO_SERVER].n, 3 + 60000);
	/* bytes */
	to_server(w, TCP_ACK, 60104, big);
	to_server(w, TCP_ACK, 120104, big);
	to_server(w, TCP_ACK, 180104, big);
	to_server(w, TCP_ACK, 240104, big);
	assert_int_equal(w->out[TO_SERVER].n, 3 + 60000);
	to_server(w, TCP_ACK, 300104, big);
	assert_int_equal(w->out[TO_SERVER].n, 360104 - 100);
	flush(w);
	flush(one_way);
	world_free(w);
	world_free(one_way);
}

static void
test_flush(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	to_server(w, TCP_ACK, 103, "d");
	to_server(w, TCP_ACK, 105, "f");
	acks(w, 110);
	flush(w);
	/* what the ACK proves was sent */
	expect(w, "ab.d.f....");
	flush(w);
	expect(w, "ab.d.f....");
	assert_int_equal(w->piece[0].packet, 2);
	assert_int_equal(w->piece[2].packet, 3);
	world_free(w);
}

static void
test_fin(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK | TCP_FIN, 102, "c"); /* FIN is 103 */
	to_server(w, TCP_ACK, 103, "zz");
	to_server(w, TCP_ACK, 100, "ab");
	to_server(w, TCP_ACK, 102, "czz");
	to_server(w, TCP_ACK, 104, "zz");
	to_server(w, TCP_ACK | TCP_FIN, 200, "");
	expect(w, "abc");
	acks(w, 104);
	flush(w);
	expect(w, "abc");
	world_free(w);

	/* the FIN proves what was sent; one byte by the ACK may be a FIN */
	w = world_new();
	to_server(w, TCP_SYN, 99, "");
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 99, 100, ""));
	to_server(w, TCP_ACK | TCP_FIN, 102, "");
	see(w, TO_SERVER, segment(TCP_ACK, 103, 101, ""));
	flush(w);
	expect(w, "..");
	assert_string_equal(w->out[TO_CLIENT].text, "");
	world_free(w);
}

static void
test_reset(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	to_server(w, TCP_RST | TCP_ACK, 102, "go away");
	see(w, TO_CLIENT, segment(TCP_RST | TCP_ACK, 0, 4000, ""));
	flush(w);
	expect(w, "ab");
	assert_int_equal(w->pieces, 1);
	world_free(w);
}

/* RFC 7413 */
static void
test_fast_open(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "abc");
	expect(w, "abc");
	assert_true(w->piece[0].segment_start);
	/* the server took none of it, the client sends it again */
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "abcdef");
	expect(w, "abcdef");
	world_free(w);
}

static void
test_cut(void **state)
{
	struct world *w = world_new();
	struct packet p = segment(TCP_ACK, 100, 0, "ab");

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	p.payload_wire = 5;
	p.cut = true;
	see(w, TO_SERVER, p);
	expect(w, "ab...");
	assert_int_equal(w->piece[0].packet, w->piece[1].packet);
	/* held ones, and one of which nothing was captured */
	p.seq = 107;
	see(w, TO_SERVER, p);
	p.seq = 112;
	p.payload.n = 0;
	see(w, TO_SERVER, p);
	p.seq = 110;
	p.payload.n = 2;
	see(w, TO_SERVER, p); /* overlaps what is known to be missing */
	expect(w, "ab...");
	to_server(w, TCP_ACK, 105, "xy");
	expect(w, "ab...xyab........");
	assert_int_equal(stream_lost(w->s, TO_SERVER), 11);
	assert_int_equal(stream_conflicts(w->s), 0);
	world_free(w);
}

static void
test_keep_alive(void **state)
{
	struct world *w = world_new();

	(void)state;
	/* in mid-stream a single byte begins nothing */
	to_server(w, TCP_ACK, 99, "\1");
	acks(w, 100);
	to_server(w, TCP_ACK, 100, "ab");
	to_server(w, TCP_ACK, 101, "\1");
	to_server(w, TCP_ACK, 101, "");
	acks(w, 102);
	to_server(w, TCP_ACK, 102, "cd");
	acks(w, 104);
	/* "ef" was not captured, its last byte comes as a keep-alive */
	acks(w, 106);
	to_server(w, TCP_ACK, 105, "\1");
	to_server(w, TCP_ACK, 106, "g");
	expect(w, "abcd");
	flush(w);
	expect(w, "abcd..g");
	assert_int_equal(stream_conflicts(w->s), 0);
	world_free(w);
}

/* RFC 9293 section 3.8.6.1 */
static void
test_window_probe(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	acks(w, 102);
	to_server(w, TCP_ACK, 102, "c");
	acks(w, 102);
	to_server(w, TCP_ACK, 102, "c");
	acks(w, 102);
	to_server(w, TCP_ACK, 102, "cdef");
	acks(w, 106);
	expect(w, "abcdef");
	flush(w);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	world_free(w);
}

static void
test_mid_stream(void **state)
{
	struct world *w = world_new();

	(void)state;
	/* kept back: an earlier one may follow, and does */
	to_server(w, TCP_ACK, 104, "ef");
	to_server(w, TCP_ACK, 102, "cd");
	expect(w, "");
	to_server(w, TCP_ACK, 106, "gh");
	expect(w, "cdefgh");
	assert_int_equal(w->piece[0].packet, 2);
	to_server(w, TCP_ACK, 100, "ab");
	expect(w, "cdefgh");
	flush(w);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	world_free(w);

	/* the answer shows that nothing is before it */
	w = world_new();
	to_server(w, TCP_ACK, 104, "ef");
	expect(w, "");
	see(w, TO_CLIENT, segment(TCP_ACK, 500, 106, "answer"));
	expect(w, "ef");
	assert_int_equal(w->pieces, 1);
	see(w, TO_SERVER, segment(TCP_ACK, 106, 506, "gh"));
	expect(w, "efgh");
	assert_string_equal(w->out[TO_CLIENT].text, "answer");
	world_free(w);

	/* the end shows it */
	w = world_new();
	to_server(w, TCP_ACK, 104, "ef");
	flush(w);
	expect(w, "ef");
	world_free(w);
	w = world_new();
	to_server(w, TCP_ACK | TCP_FIN, 104, "ef");
	expect(w, "ef");
	world_free(w);

	/* the ACK came first: no need to wait */
	w = world_new();
	acks(w, 104);
	to_server(w, TCP_ACK, 104, "ef");
	expect(w, "ef");
	world_free(w);
}

static void
test_late_syn(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_ACK, 102, "cd");
	to_server(w, TCP_SYN, 99, "");
	expect(w, "");
	to_server(w, TCP_ACK, 100, "ab");
	expect(w, "abcd");
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 104, "e");
	expect(w, "abcde");
	world_free(w);
}

static void
test_two_answers(void **state)
{
	struct world *w = world_new();

	(void)state;
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 4000000000, 1, ""));
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 100, 1, ""));
	see(w, TO_CLIENT, segment(TCP_ACK, 101, 1, "right"));
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 700, 1, ""));
	see(w, TO_CLIENT, segment(TCP_ACK, 106, 1, " on"));
	assert_string_equal(w->out[TO_CLIENT].text, "right on");
	world_free(w);
	/* data follows the first */
	w = world_new();
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 100, 1, ""));
	see(w, TO_CLIENT, segment(TCP_SYN | TCP_ACK, 4000000000, 1, ""));
	see(w, TO_CLIENT, segment(TCP_ACK, 101, 1, "right"));
	see(w, TO_CLIENT, segment(TCP_ACK, 106, 1, " on"));
	assert_string_equal(w->out[TO_CLIENT].text, "right on");
	assert_int_equal(stream_lost(w->s, TO_CLIENT), 0);
	world_free(w);
}

static void
test_strays_and_jumps(void **state)
{
	struct world *w = world_new();
	uint32_t far = 100 + 1000000;

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 100, "ab");
	to_server(w, TCP_ACK, far, "stray");
	to_server(w, TCP_ACK, 3000000000, "stray");
	to_server(w, TCP_ACK, 3000000005, "stray");
	to_server(w, TCP_ACK, 102, "cd");
	to_server(w, TCP_ACK, 3000000010, "stray");
	expect(w, "abcd");
	/* three that follow each other: another numbering */
	to_server(w, TCP_ACK, 2000000000, "1");
	to_server(w, TCP_ACK, 2000000001, "2");
	expect(w, "abcd");
	to_server(w, TCP_ACK, 2000000002, "3");
	expect(w, "abcd.3");
	to_server(w, TCP_ACK, 2000000003, "4");
	expect(w, "abcd.34");
	world_free(w);

	/* a great loss: the ACK vouches for the segment */
	w = world_new();
	to_server(w, TCP_SYN, 99, "");
	acks(w, far);
	to_server(w, TCP_ACK, far, "on");
	assert_int_equal(stream_lost(w->s, TO_SERVER), 1000000);
	assert_int_equal(w->pieces, 2);
	assert_int_equal(w->piece[1].bytes.n, 2);
	world_free(w);

	/* old data, however much of it, is old */
	w = world_new();
	to_server(w, TCP_SYN, 2000000000, "");
	to_server(w, TCP_ACK, 2000000001, "ab");
	for (uint32_t i = 0; i < 9; i++)
		to_server(w, TCP_ACK, 1900000000 + i, "x");
	expect(w, "ab");
	world_free(w);
}

static void
test_turn(void **state)
{
	struct world *w = world_new();

	(void)state;
	to_server(w, TCP_SYN, 99, "");
	to_server(w, TCP_ACK, 101, "b");
	stream_turn(w->s);
	/* what was to the server is to the client now */
	w->turn = true;
	see(w, TO_CLIENT, segment(TCP_ACK, 100, 0, "a"));
	/* and turned back by the first piece */
	assert_int_equal(w->pieces, 2);
	assert_int_equal(w->piece[0].side, TO_CLIENT);
	assert_int_equal(w->piece[1].side, TO_SERVER);
	see(w, TO_SERVER, segment(TCP_ACK, 103, 0, "d"));
	stream_turn(w->s);
	stream_flush(w->s, take, w);
	assert_int_equal(stream_lost(w->s, TO_CLIENT), 1);
	assert_int_equal(stream_lost(w->s, TO_SERVER), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_all_orders),
		cmocka_unit_test(test_again_and_overlap),
		cmocka_unit_test(test_pass_through_held),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_hole_acked_in_part),
		cmocka_unit_test(test_lost_by_the_network),
		cmocka_unit_test(test_ack_runs_ahead),
		cmocka_unit_test(test_lost_bytes_enough),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_fin),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_fast_open),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_window_probe),
		cmocka_unit_test(test_mid_stream),
		cmocka_unit_test(test_late_syn),
		cmocka_unit_test(test_two_answers),
		cmocka_unit_test(test_strays_and_jumps),
		cmocka_unit_test(test_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
