/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "capture/flow.h"
#include "core/clock.h"
#include "core/hash.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

enum { GONE_MAX = 64 };

/* What left the table, and the last answer of flow_find(). */
struct world {
	struct flow_table *t;
	uint64_t gone[GONE_MAX]; /* first packets */
	struct flow last_gone;
	unsigned n_gone;
	enum side side;
	bool duplicate;
	uint64_t number;
	int64_t time;
};

static void
note_gone(void *ctx, struct flow *f)
{
	struct world *w = ctx;

	if (w->n_gone < GONE_MAX)
		w->gone[w->n_gone] = f->first_packet;
	w->n_gone++;
	w->last_gone = *f;
}

static struct world *
world_new(size_t most)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	hash_seed(1, 2);
	w->t = flow_table_new(most, note_gone, w);
	assert_non_null(w->t);
	w->time = 1400000000 * NS_PER_S;
	return w;
}

static void
world_free(struct world *w)
{
	flow_table_free(w->t);
	free(w);
}

static struct endpoint
host(uint8_t last, uint16_t port)
{
	const uint8_t b[4] = { 10, 1, 1, last };

	return (struct endpoint){ addr_v4(b), port };
}

static struct packet
datagram(struct endpoint from, struct endpoint to, const char *payload)
{
	return (struct packet){
		.tuple = { from, to, IPPROTO_NUM_UDP },
		.has_transport = true,
		.payload = slice_text(payload),
		.payload_wire = (uint32_t)strlen(payload),
		.ttl = 64,
	};
}

static struct packet
segment(struct endpoint from, struct endpoint to, uint8_t flags, uint32_t seq,
    uint32_t n)
{
	static const uint8_t zeros[1460];

	return (struct packet){
		.tuple = { from, to, IPPROTO_NUM_TCP },
		.has_transport = true,
		.payload = slice_of(zeros, n),
		.payload_wire = n,
		.tcp_flags = flags,
		.seq = seq,
		.ack = 7,
		.window = 1000,
		.ttl = 64,
	};
}

/* The packet comes a millisecond after the last, with an ip_id of its own
 * unless it has one. */
static struct flow *
see(struct world *w, struct packet p)
{
	w->time += NS_PER_MS;
	p.number = ++w->number;
	p.time = w->time;
	if (p.ip_id == 0)
		p.ip_id = (uint16_t)(p.number | 0x8000);
	return flow_find(w->t, &p, &w->side, &w->duplicate);
}

#define A host(1, 50000)
#define B host(2, 5061)

static void
test_both_ways(void **state)
{
	struct world *w = world_new(10);
	struct flow *f = see(w, segment(A, B, TCP_SYN, 99, 0));
	struct packet tagged = segment(B, A, TCP_SYN | TCP_ACK, 500, 0);

	(void)state;
	tagged.vlan[0] = 12;
	tagged.vlan[1] = 13;
	tagged.vlan[2] = 14;
	tagged.vlans = 3;
	tagged.ack = 100;
	assert_int_equal(w->side, TO_SERVER);
	assert_false(w->duplicate);
	assert_ptr_equal(see(w, tagged), f);
	assert_int_equal(w->side, TO_CLIENT);
	assert_ptr_equal(see(w, segment(A, B, TCP_ACK, 100, 200)), f);
	assert_ptr_equal(see(w, segment(B, A, TCP_ACK, 501, 1000)), f);

	assert_true(
	    endpoint_eq(&f->tuple.src, &(struct endpoint){ A.addr, 50000 }));
	assert_int_equal(f->first_packet, 1);
	assert_int_equal(f->last_packet, 4);
	assert_int_equal(f->end - f->start, 3 * NS_PER_MS);
	assert_int_equal(f->half[TO_SERVER].packets, 2);
	assert_int_equal(f->half[TO_SERVER].bytes, 200);
	assert_int_equal(f->half[TO_CLIENT].packets, 2);
	assert_int_equal(f->half[TO_CLIENT].bytes, 1000);
	assert_int_equal(f->half[TO_SERVER].tcp_flags, TCP_SYN | TCP_ACK);
	assert_int_equal(f->half[TO_SERVER].lost, 0);
	assert_int_equal(f->half[TO_CLIENT].lost, 0);
	assert_int_equal(f->vlans, 2);
	assert_int_equal(f->vlan[0], 12);
	assert_int_equal(f->vlan[1], 13);
	assert_false(f->mid_stream);
	assert_false(f->opened_by_guess);
	assert_int_equal(flow_table_count(w->t), 1);
	world_free(w);
}

/* A noted hash and what was fetched ahead change nothing. */
static void
test_noted(void **state)
{
	struct world *w = world_new(10);
	struct packet p = datagram(A, B, "x");
	struct packet back = datagram(B, A, "y");

	(void)state;
	flow_note(&p);
	flow_note(&back);
	assert_int_equal(p.hash, back.hash);
	assert_int_not_equal(p.hash, 0);
	flow_expect(w->t, &p, false);
	flow_expect(w->t, &p, true); /* there is none yet */
	struct flow *f = see(w, datagram(A, B, "z"));

	flow_expect(w->t, &p, true);
	assert_ptr_equal(see(w, p), f);
	assert_ptr_equal(see(w, back), f);
	assert_int_equal(w->side, TO_CLIENT);
	world_free(w);
}

static void
test_key(void **state)
{
	struct world *w = world_new(10);
	struct packet p = datagram(A, B, "x");
	struct flow *udp = see(w, p);
	struct flow *tcp = see(w, segment(A, B, TCP_SYN, 1, 0));
	struct flow *six;

	(void)state;
	assert_ptr_not_equal(udp, tcp);
	assert_ptr_not_equal(see(w, datagram(A, host(2, 5062), "x")), udp);
	assert_ptr_not_equal(see(w, datagram(host(3, 50000), B, "x")), udp);
	/* the same first bytes, another family */
	p.tuple.src.addr.family = 6;
	p.tuple.dst.addr.family = 6;
	six = see(w, p);
	assert_ptr_not_equal(six, udp);
	p.tuple.src.addr.b[15] = 1;
	assert_ptr_not_equal(see(w, p), six);
	assert_int_equal(flow_table_count(w->t), 6);
	/* to itself: one direction only */
	p = datagram(A, A, "x");
	see(w, p);
	assert_int_equal(w->side, TO_SERVER);
	see(w, p);
	assert_int_equal(w->side, TO_SERVER);
	/* without ports */
	p.tuple.proto = 50;
	p.tuple.src.port = p.tuple.dst.port = 0;
	p.has_transport = false;
	assert_non_null(see(w, p));
	assert_int_equal(flow_table_count(w->t), 8);
	world_free(w);
}

/* Who is src after the first packet, and is it a guess? */
static void
expect_opened(struct packet p, bool sender_is_src, bool guess)
{
	struct world *w = world_new(4);
	struct flow *f = see(w, p);

	assert_int_equal(endpoint_eq(&f->tuple.src, &p.tuple.src),
	    sender_is_src);
	assert_int_equal(w->side, sender_is_src ? TO_SERVER : TO_CLIENT);
	assert_int_equal(f->opened_by_guess, guess);
	world_free(w);
}

static void
test_direction(void **state)
{
	struct endpoint high = host(1, 50000);
	struct endpoint low = host(3, 1030);
	struct endpoint other = host(2, 40000);
	struct endpoint https = host(2, 443);
	struct endpoint psom = host(2, 8060);

	(void)state;
	expect_opened(segment(https, high, TCP_SYN, 1, 0), true, false);
	expect_opened(segment(https, high, TCP_SYN | TCP_ACK, 1, 0), false,
	    false);
	expect_opened(segment(high, other, TCP_SYN | TCP_ACK, 1, 0), false,
	    false);
	/* in mid-stream */
	expect_opened(segment(high, https, TCP_ACK, 1, 5), true, true);
	expect_opened(segment(https, high, TCP_ACK, 1, 5), false, true);
	expect_opened(segment(psom, low, TCP_ACK, 1, 5), false, true);
	expect_opened(segment(https, psom, TCP_ACK, 1, 5), true, true);
	expect_opened(segment(high, other, TCP_ACK, 1, 5), true, true);
	expect_opened(segment(B, high, TCP_ACK, 1, 5), false, true);
	/* datagrams */
	expect_opened(datagram(high, other, "x"), true, false);
	expect_opened(datagram(high, host(2, 53), "x"), true, false);
	expect_opened(datagram(host(2, 53), high, "x"), false, true);
	expect_opened(datagram(host(2, 3478), high, "x"), false, true);
	expect_opened(datagram(host(2, 5060), host(1, 5060), "x"), true, false);
	expect_opened(datagram(host(2, 123), low, "x"), true, false);
}

static void
test_turn(void **state)
{
	struct world *w = world_new(4);
	struct flow *f = see(w, segment(A, host(2, 40000), TCP_ACK, 1, 5));

	(void)state;
	flow_turn(f);
	assert_int_equal(f->tuple.dst.port, 50000);
	assert_int_equal(f->half[TO_CLIENT].bytes, 5);
	assert_int_equal(f->half[TO_SERVER].bytes, 0);
	assert_ptr_equal(see(w, segment(A, host(2, 40000), TCP_ACK, 6, 5)), f);
	assert_int_equal(w->side, TO_CLIENT);
	assert_int_equal(f->half[TO_CLIENT].lost, 0);
	world_free(w);
}

static void
test_reuse(void **state)
{
	struct world *w = world_new(10);

	(void)state;
	see(w, segment(A, B, TCP_SYN, 99, 0));
	/* sent again */
	see(w, segment(A, B, TCP_SYN, 99, 0));
	assert_int_equal(w->n_gone, 0);
	/* two answers: a middlebox, no second connection */
	see(w, segment(B, A, TCP_SYN | TCP_ACK, 500, 0));
	see(w, segment(B, A, TCP_SYN | TCP_ACK, 900, 0));
	see(w, segment(A, B, TCP_ACK, 100, 10));
	assert_int_equal(w->n_gone, 0);
	see(w, segment(A, B, TCP_SYN, 99, 0));
	assert_int_equal(w->n_gone, 0);
	/* another connection */
	see(w, segment(A, B, TCP_SYN, 70000, 0));
	assert_int_equal(w->n_gone, 1);
	assert_int_equal(w->last_gone.first_packet, 1);
	assert_int_equal(w->last_gone.half[TO_SERVER].packets, 4);
	assert_false(w->last_gone.ended);
	/* never answered, and the port again */
	see(w, segment(A, B, TCP_SYN, 80000, 0));
	assert_int_equal(w->n_gone, 2);
	assert_int_equal(w->last_gone.half[TO_SERVER].packets, 1);
	/* the other way round */
	see(w, segment(A, B, TCP_ACK, 80001, 10));
	see(w, segment(B, A, TCP_SYN, 3, 0));
	assert_int_equal(w->n_gone, 3);
	assert_int_equal(w->side, TO_SERVER);
	assert_int_equal(flow_table_count(w->t), 1);
	world_free(w);
}

static void
test_reuse_mid_stream(void **state)
{
	struct world *w = world_new(10);
	struct flow *f;

	(void)state;
	see(w, segment(A, B, TCP_ACK, 5000, 10));
	w->time += NS_PER_S;
	f = see(w, segment(A, B, TCP_SYN, 5100, 0));
	assert_int_equal(w->n_gone, 1);
	assert_true(w->last_gone.mid_stream);
	assert_false(f->mid_stream);
	/* ended, its next SYN was not captured */
	see(w, segment(A, B, TCP_RST, 5101, 0));
	w->time += NS_PER_S;
	f = see(w, segment(B, A, TCP_SYN | TCP_ACK, 1, 0));
	assert_int_equal(w->n_gone, 2);
	assert_int_equal(w->side, TO_CLIENT);
	assert_false(f->ended);
	world_free(w);
}

static void
test_late_syn(void **state)
{
	struct world *w = world_new(10);
	struct endpoint a = host(1, 40000), b = host(2, 40000);
	struct flow *f = see(w, segment(b, a, TCP_ACK, 501, 10));

	(void)state;
	/* the SYN of the data just seen: b called */
	assert_true(f->opened_by_guess);
	assert_ptr_equal(see(w, segment(b, a, TCP_SYN, 500, 0)), f);
	assert_int_equal(w->n_gone, 0);
	assert_false(f->mid_stream);
	assert_false(f->opened_by_guess);
	assert_int_equal(f->half[w->side].lost, 0);
	/* the answer came before the SYN */
	a.port = 40001;
	f = see(w, segment(b, a, TCP_SYN | TCP_ACK, 500, 0));
	assert_int_equal(f->half[TO_SERVER].isn, 6);
	assert_ptr_equal(see(w, segment(a, b, TCP_SYN, 6, 0)), f);
	assert_int_equal(w->side, TO_SERVER);
	assert_int_equal(w->n_gone, 0);
	/* guessed wrong, nothing learnt: turned */
	a.port = 443;
	f = see(w, segment(a, b, TCP_ACK, 901, 10));
	assert_int_equal(w->side, TO_CLIENT);
	assert_ptr_equal(see(w, segment(a, b, TCP_SYN, 900, 0)), f);
	assert_int_equal(w->side, TO_SERVER);
	assert_int_equal(f->tuple.src.port, 443);
	assert_int_equal(f->half[TO_SERVER].packets, 2);
	world_free(w);
}

/* RFC 9293 section 3.5, figure 7; ICE-TCP does so. */
static void
test_simultaneous_open(void **state)
{
	struct world *w = world_new(10);
	struct flow *f = see(w, segment(A, B, TCP_SYN, 100, 0));

	(void)state;
	assert_ptr_equal(see(w, segment(B, A, TCP_SYN, 300, 0)), f);
	assert_int_equal(w->side, TO_CLIENT);
	assert_ptr_equal(see(w, segment(B, A, TCP_SYN, 300, 0)), f);
	see(w, segment(A, B, TCP_SYN | TCP_ACK, 100, 0));
	see(w, segment(B, A, TCP_SYN | TCP_ACK, 300, 0));
	see(w, segment(A, B, TCP_ACK, 101, 10));
	assert_int_equal(w->n_gone, 0);
	assert_int_equal(f->half[TO_SERVER].lost, 0);
	see(w, segment(B, A, TCP_SYN, 301, 0));
	assert_int_equal(w->n_gone, 1);
	world_free(w);
}

static void
test_end(void **state)
{
	struct world *w = world_new(10);
	struct flow *f = see(w, segment(A, B, TCP_SYN, 1, 0));

	(void)state;
	see(w, segment(A, B, TCP_FIN | TCP_ACK, 2, 0));
	assert_false(f->ended);
	see(w, segment(B, A, TCP_FIN | TCP_ACK, 7, 0));
	assert_true(f->ended);
	/* strays belong to it */
	assert_ptr_equal(see(w, segment(A, B, TCP_ACK, 3, 0)), f);
	assert_ptr_equal(see(w, segment(B, A, TCP_RST, 8, 0)), f);
	assert_int_equal(w->n_gone, 0);
	/* but not for ever */
	w->time += (LIMIT_FLOW_ENDED_S + 1) * NS_PER_S;
	f = see(w, segment(A, B, TCP_ACK, 3, 0));
	assert_int_equal(w->n_gone, 1);
	assert_false(f->ended);
	see(w, segment(B, A, TCP_RST, 8, 0));
	assert_true(f->ended);
	world_free(w);
}

static void
test_idle(void **state)
{
	struct world *w = world_new(100);
	struct endpoint c = host(3, 5000), d = host(4, 6000);

	(void)state;
	see(w, datagram(c, d, "1"));
	see(w, segment(A, B, TCP_SYN, 1, 0));
	w->time += (LIMIT_FLOW_IDLE_UDP_S - 1) * NS_PER_S;
	see(w, datagram(c, d, "2"));
	assert_int_equal(w->n_gone, 0);
	/* the same five-tuple */
	w->time += (LIMIT_FLOW_IDLE_UDP_S + 1) * NS_PER_S;
	see(w, datagram(c, d, "3"));
	assert_int_equal(w->n_gone, 1);
	assert_int_equal(w->gone[0], 1);
	assert_int_equal(w->last_gone.half[TO_SERVER].packets, 2);
	/* others make the table look at it, past older TCP flows */
	for (unsigned i = 0; i < 400; i++) {
		w->time += NS_PER_S;
		see(w, datagram(host(5, 1), host(6, 1), "x"));
	}
	assert_int_equal(w->n_gone, 2);
	assert_int_equal(w->gone[1], 4);
	assert_int_equal(flow_table_count(w->t), 2);
	for (unsigned i = 0; i < LIMIT_FLOW_IDLE_TCP_S / 60; i++) {
		w->time += 60 * NS_PER_S;
		see(w, datagram(host(5, 1), host(6, 1), "y"));
	}
	assert_int_equal(w->n_gone, 3);
	assert_int_equal(w->gone[2], 2);
	assert_int_equal(flow_table_evicted(w->t), 0);
	world_free(w);
}

static void
test_idle_in_steps(void **state)
{
	struct world *w = world_new(100);

	(void)state;
	for (uint16_t i = 1; i <= 20; i++)
		see(w, datagram(host(3, i), host(4, 9), "x"));
	w->time += (LIMIT_FLOW_IDLE_UDP_S + 1) * NS_PER_S;
	for (unsigned i = 1; i < LIMIT_CLOCK_JUMPS; i++)
		see(w, datagram(host(5, 9), host(6, 9), "x"));
	assert_int_equal(w->n_gone, 0);
	for (unsigned i = 1; i <= 5; i++) {
		see(w, datagram(host(5, 9), host(6, 9), "x"));
		assert_int_equal(w->n_gone, i * LIMIT_FLOW_SWEEP);
	}
	see(w, datagram(host(5, 9), host(6, 9), "x"));
	assert_int_equal(w->n_gone, 20);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(w->gone[i], i + 1);
	world_free(w);
}

static void
test_clock_jumps(void **state)
{
	struct world *w = world_new(100);
	int64_t right = w->time;
	struct flow *f;

	(void)state;
	see(w, datagram(host(3, 1), host(4, 1), "x"));
	see(w, datagram(host(3, 2), host(4, 1), "x"));
	/* odd time stamps of single packets, both ways and to the ends */
	for (unsigned i = 0; i < 9; i++) {
		static const int64_t odd[] = { 0, INT64_MIN,
			INT64_MAX - NS_PER_S };

		w->time = odd[i % 3];
		see(w, datagram(host(3, 3 + i), host(4, 1), "x"));
		w->time = right += NS_PER_S;
		f = see(w, datagram(host(3, 1), host(4, 1), "y"));
		assert_int_equal(f->first_packet, 1);
	}
	assert_int_equal(w->n_gone, 0);
	/* back by a day and on: the flows go on */
	for (unsigned i = 0; i < 20; i++) {
		w->time = right - 86400 * NS_PER_S + i * NS_PER_S;
		f = see(w, datagram(host(3, 1), host(4, 1), "z"));
		assert_int_equal(f->first_packet, 1);
	}
	assert_int_equal(w->n_gone, 0);
	assert_true(f->end > right);
	world_free(w);
}

/* Packets of eight flows whose times jump to and fro, in one table or dealt
 * out to several; to `ends` how many flows each made. */
static void
play_split(unsigned tables, unsigned ends[8])
{
	static const int jumps[] = { 0, 1, 900, 901, 902, 903, 904, 20, 21,
		2000, 2001, 2002, 2003, 2004, 2005, 900, 22, 2006 };
	struct world *w[4] = { NULL };
	struct flow_clock clock = { .started = false };
	uint64_t number = 0, seed = 7;

	for (unsigned i = 0; i < tables; i++)
		w[i] = world_new(100);
	for (unsigned i = 0; i < 4000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695041;
		unsigned flow = seed >> 40 & 7;
		struct packet p =
		    datagram(host(1, (uint16_t)(1000 + flow)), host(2, 53), "");

		p.number = ++number;
		p.time = (1400000000 + i / 40 * 30 +
			     jumps[(seed >> 50) % (i % 97 < 20 ? 18 : 2)]) *
		    NS_PER_S;
		flow_tell_time(&clock, &p);
		enum side side;
		bool copy;
		struct flow *f =
		    flow_find(w[flow % tables]->t, &p, &side, &copy);

		assert_non_null(f);
		ends[flow] += f->first_packet == number;
	}
	for (unsigned i = 0; i < tables; i++)
		world_free(w[i]);
}

static void
test_one_clock(void **state)
{
	unsigned together[8] = { 0 }, apart[8] = { 0 }, all = 0;

	(void)state;
	play_split(1, together);
	play_split(4, apart);
	assert_memory_equal(together, apart, sizeof(apart));
	for (unsigned i = 0; i < 8; i++)
		all += together[i];
	assert_true(all > 16);
}

static void
test_eviction(void **state)
{
	struct world *w = world_new(3);

	(void)state;
	see(w, segment(A, B, TCP_SYN, 1, 0));          /* 1 */
	see(w, datagram(host(3, 1), host(4, 1), "x")); /* 2 */
	see(w, segment(host(5, 1), B, TCP_SYN, 1, 0)); /* 3 */
	see(w, segment(B, host(5, 1), TCP_RST, 1, 0)); /* ends it */
	see(w, segment(A, B, TCP_ACK, 2, 5));
	see(w, datagram(host(3, 2), host(4, 1), "x")); /* 6 */
	assert_int_equal(w->n_gone, 1);
	assert_int_equal(w->gone[0], 2);
	see(w, datagram(host(3, 3), host(4, 1), "x")); /* 7 */
	assert_int_equal(w->gone[1], 3);
	see(w, datagram(host(3, 4), host(4, 1), "x")); /* 8 */
	assert_int_equal(w->gone[2], 1);
	see(w, datagram(host(3, 2), host(4, 1), "y"));
	see(w, datagram(host(3, 5), host(4, 1), "x")); /* 10 */
	assert_int_equal(w->gone[3], 7);
	assert_int_equal(flow_table_evicted(w->t), 4);
	assert_int_equal(flow_table_count(w->t), 3);
	/* the rest in the order of first packets */
	flow_table_free(w->t);
	w->t = NULL;
	assert_int_equal(w->n_gone, 7);
	assert_int_equal(w->gone[4], 6);
	assert_int_equal(w->gone[5], 8);
	assert_int_equal(w->gone[6], 10);
	world_free(w);
}

/* The longest silent one goes, of whatever kind. */
static void
test_eviction_of_kinds(void **state)
{
	struct world *w = world_new(2);

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		w->time += 2 * NS_PER_S;
		see(w, datagram(host(3, 1), host(4, 1 + i), "x"));
		w->time += 2 * NS_PER_S;
		see(w, segment(A, host(2, 1 + i), TCP_SYN, 1, 0));
	}
	assert_int_equal(w->n_gone, 18);
	for (unsigned i = 0; i < w->n_gone; i++)
		assert_int_equal(w->gone[i], i + 1);
	world_free(w);
}

static void
test_copies(void **state)
{
	struct world *w = world_new(10);
	struct packet p = segment(A, B, TCP_ACK, 100, 200);
	struct flow *f;

	(void)state;
	p.ip_id = 77;
	f = see(w, p);
	/* behind a router, on another VLAN */
	p.ttl = 63;
	p.vlan[0] = 9;
	p.vlans = 1;
	assert_ptr_equal(see(w, p), f);
	assert_true(w->duplicate);
	assert_int_equal(f->half[TO_SERVER].packets, 1);
	assert_int_equal(f->half[TO_SERVER].bytes, 200);
	assert_int_equal(f->last_packet, 1);
	assert_int_equal(f->duplicates, 1);
	assert_int_equal(flow_table_duplicates(w->t), 1);
	/* sent again by the sender */
	p.ip_id = 78;
	see(w, p);
	assert_false(w->duplicate);
	/* all else that a copy cannot change */
	p.window++;
	see(w, p);
	assert_false(w->duplicate);
	p.ack++;
	see(w, p);
	assert_false(w->duplicate);
	p.tcp_flags |= TCP_PSH;
	see(w, p);
	assert_false(w->duplicate);
	p.seq++;
	see(w, p);
	assert_false(w->duplicate);
	see(w, p);
	assert_true(w->duplicate);
	/* later it is no copy */
	w->time += (LIMIT_DUP_MS + 10) * NS_PER_MS;
	see(w, p);
	assert_false(w->duplicate);
	/* a copy may carry the earlier time */
	w->time -= 50 * NS_PER_MS;
	see(w, p);
	assert_true(w->duplicate);
	world_free(w);
}

static void
test_copy_payload(void **state)
{
	struct world *w = world_new(10);
	char text[200];
	struct packet p;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	p = datagram(A, B, text);
	p.ip_id = 5;
	see(w, p);
	see(w, p);
	assert_true(w->duplicate);
	for (unsigned i = 0; i < 64; i += 9) {
		text[i] = 'y';
		see(w, p);
		assert_false(w->duplicate);
	}
	for (unsigned i = 183; i < 199; i += 5) {
		text[i] = 'y';
		see(w, p);
		assert_false(w->duplicate);
	}
	/* the same in the other direction is an echo */
	p.tuple.src = B;
	p.tuple.dst = A;
	see(w, p);
	assert_false(w->duplicate);
	/* every length; a copy of the fourth last, with others between */
	for (unsigned n = 0; n < 100; n++) {
		p.payload.n = p.payload_wire = n;
		see(w, p);
		assert_false(w->duplicate);
		if (n < 4)
			continue;
		p.payload.n = p.payload_wire = n - 4;
		see(w, p);
		assert_true(w->duplicate);
	}
	world_free(w);
}

/* IPv6 has no number of its own for each packet. */
static void
test_copies_without_id(void **state)
{
	struct world *w = world_new(10);
	struct packet p = segment(A, B, TCP_ACK, 100, 0);
	enum side side;
	bool duplicate;

	(void)state;
	p.time = w->time;
	p.number = 1;
	flow_find(w->t, &p, &side, &duplicate);
	p.time += 50 * NS_PER_US;
	flow_find(w->t, &p, &side, &duplicate);
	assert_true(duplicate);
	p.time += 20 * NS_PER_MS;
	flow_find(w->t, &p, &side, &duplicate);
	assert_false(duplicate);
	p = segment(A, B, TCP_ACK, 100, 10);
	p.time = w->time + 30 * NS_PER_MS;
	flow_find(w->t, &p, &side, &duplicate);
	assert_false(duplicate);
	p.time += 20 * NS_PER_MS;
	flow_find(w->t, &p, &side, &duplicate);
	assert_true(duplicate);
	world_free(w);
}

/* The estimate of bytes lost after segments of ten bytes, in this order; by
 * their place in the stream, the first behind the SYN is 0. */
static uint64_t
lost_after(uint32_t isn, const char *order)
{
	struct world *w = world_new(10);
	struct flow *f = see(w, segment(A, B, TCP_SYN, isn, 0));
	uint64_t lost;

	for (; *order != '\0'; order++)
		see(w,
		    segment(A, B, TCP_ACK,
			isn + 1 + 10 * (uint32_t)(*order - '0'), 10));
	lost = f->half[TO_SERVER].lost;
	assert_int_equal(w->n_gone, 0);
	world_free(w);
	return lost;
}

static void
test_lost(void **state)
{
	static const uint32_t isns[] = { 0, 1000, UINT32_MAX - 25, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < COUNT(isns); i++) {
		assert_int_equal(lost_after(isns[i], "01234"), 0);
		assert_int_equal(lost_after(isns[i], "0134"), 10);
		assert_int_equal(lost_after(isns[i], "14"), 30);
		assert_int_equal(lost_after(isns[i], "01324"), 0);
		assert_int_equal(lost_after(isns[i], "04321"), 0);
		assert_int_equal(lost_after(isns[i], "024613578"), 0);
		assert_int_equal(lost_after(isns[i], "0246158"), 20);
		/* sent again, not lost */
		assert_int_equal(lost_after(isns[i], "0120123"), 0);
		/* sent again what came before the hole */
		assert_int_equal(lost_after(isns[i], "012340156"), 0);
		assert_int_equal(lost_after(isns[i], "0124010"), 10);
	}
}

static void
test_lost_odd(void **state)
{
	struct world *w = world_new(10);
	struct flow *f = see(w, segment(A, B, TCP_SYN, 999, 0));
	struct flow_half *h = &f->half[TO_SERVER];

	(void)state;
	see(w, segment(A, B, TCP_ACK, 1000, 100));
	/* keep-alives, with and without a byte */
	see(w, segment(A, B, TCP_ACK, 1099, 1));
	see(w, segment(A, B, TCP_ACK, 1099, 0));
	assert_int_equal(h->lost, 0);
	assert_int_equal(h->next_seq, 1100);
	/* a reset with any number */
	see(w, segment(A, B, TCP_RST, 50000, 0));
	assert_int_equal(h->lost, 0);
	/* from nowhere and back */
	see(w, segment(A, B, TCP_ACK, 3000000000, 10));
	see(w, segment(A, B, TCP_ACK, 1100, 10));
	assert_int_equal(h->lost, 0);
	/* a pure ACK shows a hole too; a partial overlap closes some of it */
	see(w, segment(A, B, TCP_ACK, 1200, 0));
	assert_int_equal(h->lost, 90);
	see(w, segment(A, B, TCP_ACK, 1150, 100));
	assert_int_equal(h->lost, 40);
	assert_int_equal(h->next_seq, 1250);
	see(w, segment(A, B, TCP_ACK, 1249, 1)); /* keep-alive */
	assert_int_equal(h->lost, 40);
	see(w, segment(A, B, TCP_FIN | TCP_ACK, 1250, 10));
	see(w, segment(A, B, TCP_ACK, 1261, 0));
	assert_int_equal(h->lost, 40);
	/* in mid-stream, first an ACK of before */
	f = see(w, segment(host(9, 50000), B, TCP_ACK, 499, 0));
	see(w, segment(host(9, 50000), B, TCP_ACK, 600, 10));
	assert_int_equal(f->half[TO_SERVER].lost, 0);
	see(w, segment(host(9, 50000), B, TCP_ACK, 620, 10));
	assert_int_equal(f->half[TO_SERVER].lost, 10);
	world_free(w);
}

static void
test_cut(void **state)
{
	struct world *w = world_new(10);
	struct packet p = segment(A, B, TCP_ACK, 1, 1000);
	struct flow *f;

	(void)state;
	p.payload.n = 40;
	p.cut = true;
	f = see(w, p);
	p.seq += 1000;
	see(w, p);
	assert_int_equal(f->cut, 2);
	assert_int_equal(f->half[TO_SERVER].bytes, 2000);
	assert_int_equal(f->half[TO_SERVER].lost, 0);
	world_free(w);
}

/* A packet that was waited for comes under its old number and time. */
static void
test_late(void **state)
{
	struct world *w = world_new(10);
	struct packet p = segment(A, B, TCP_ACK, 1000, 100);
	struct flow *f;

	(void)state;
	w->number = 8;
	f = see(w, p);
	int64_t end = f->end;

	w->number = 4;
	w->time -= NS_PER_S;
	p.seq -= 100;
	assert_ptr_equal(see(w, p), f);
	assert_int_equal(f->half[TO_SERVER].packets, 2);
	assert_int_equal(f->first_packet, 9);
	assert_int_equal(f->last_packet, 9);
	assert_int_equal(f->end, end);
	world_free(w);
}

/* Many flows come and go; a plain array says what has to be there. */
static void
test_against_model(void **state)
{
	enum { HOSTS = 500, PACKETS = 60000, MOST = 200 };
	struct world *w = world_new(MOST);
	uint64_t *last = calloc(HOSTS, sizeof(*last)); /* packet last seen */
	uint64_t *first = calloc(HOSTS, sizeof(*first));
	uint32_t r = 1;

	(void)state;
	assert_non_null(last);
	assert_non_null(first);
	for (uint64_t n = 1; n <= PACKETS; n++) {
		unsigned live = 0, oldest = HOSTS;
		unsigned i;
		struct flow *f;

		r = r * 1664525 + 1013904223;
		i = (r >> 8) % HOSTS;
		f = see(w,
		    datagram(host((uint8_t)(i % 250), (uint16_t)i),
			host(251, 9), "x"));
		for (unsigned k = 0; k < HOSTS; k++) {
			live += last[k] != 0;
			if (last[k] != 0 &&
			    (oldest == HOSTS || last[k] < last[oldest]))
				oldest = k;
		}
		if (last[i] == 0) {
			if (live == MOST)
				last[oldest] = 0;
			first[i] = n;
		}
		last[i] = n;
		assert_int_equal(f->first_packet, first[i]);
		if (SANITIZED && n > PACKETS / 8)
			break;
	}
	assert_int_equal(flow_table_count(w->t), MOST);
	free(last);
	free(first);
	world_free(w);
}

static size_t
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * 4;
}

/* LIMIT_FLOWS says what a flow costs. */
static void
test_million(void **state)
{
	struct world *w;
	struct packet p = datagram(A, B, "x");
	size_t before = resident_kib();
	size_t after;

	(void)state;
	if (SANITIZED || getenv("SPANWARD_QUICK") != NULL)
		skip();
	w = world_new(LIMIT_FLOWS);
	for (uint32_t i = 0; i < LIMIT_FLOWS + 10; i++) {
		memcpy(p.tuple.src.addr.b, &i, sizeof(i));
		w->time -= NS_PER_MS; /* none gets idle */
		assert_non_null(see(w, p));
	}
	after = resident_kib();
	assert_int_equal(flow_table_count(w->t), LIMIT_FLOWS);
	assert_int_equal(flow_table_evicted(w->t), 10);
	assert_true(after - before < (size_t)LIMIT_FLOWS * 400 / 1024);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_noted),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_turn),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_reuse_mid_stream),
		cmocka_unit_test(test_late_syn),
		cmocka_unit_test(test_simultaneous_open),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_idle_in_steps),
		cmocka_unit_test(test_clock_jumps),
		cmocka_unit_test(test_one_clock),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_eviction_of_kinds),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_copy_payload),
		cmocka_unit_test(test_copies_without_id),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_lost_odd),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
