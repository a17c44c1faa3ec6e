/* SPDX-License-Identifier: Apache-2.0 */
/* The short way through a frame says what the long one says. */
#include "tests/support.h"

#include "capture/decode_private.h"

enum {
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	HEADER = 14,
	TAG = 4,
	ROOM = 160,
	BENT = 300000,
};

static const uint8_t udp[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45,
	0xb8, 0, 33, 0x12, 0x34, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0,
	2, 0xc3, 0x50, 0x9c, 0x40, 0, 13, 0, 0, 'h', 'e', 'l', 'l', 'o', 0, 0,
	0 };

static const uint8_t tcp[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45,
	0, 0, 47, 0x12, 0x35, 0x40, 0, 63, 6, 0, 0, 10, 0, 0, 9, 10, 0, 0, 2,
	0xc3, 0x50, 0x13, 0xc4, 0, 0, 0, 7, 0, 0, 0, 8, 0x60, 0x18, 0x20, 1, 0,
	0, 0, 0, 2, 4, 5, 0xb4, 'd', 'a', 't' };

static struct packet
packet_of(const uint8_t *p, size_t n, size_t wire, uint16_t link)
{
	return (struct packet){ .frame = slice_of(p, n),
		.wire_len = (uint32_t)wire,
		.link = link };
}

static void
same(const struct packet *a, const struct packet *b)
{
	assert_true(addr_eq(&a->tuple.src.addr, &b->tuple.src.addr));
	assert_true(addr_eq(&a->tuple.dst.addr, &b->tuple.dst.addr));
	assert_int_equal(a->tuple.src.port, b->tuple.src.port);
	assert_int_equal(a->tuple.dst.port, b->tuple.dst.port);
	assert_int_equal(a->tuple.proto, b->tuple.proto);
	assert_int_equal(a->has_transport, b->has_transport);
	assert_int_equal(a->fragment, b->fragment);
	assert_int_equal(a->reassembled, b->reassembled);
	assert_int_equal(a->cut, b->cut);
	assert_ptr_equal(a->payload.p, b->payload.p);
	assert_int_equal(a->payload.n, b->payload.n);
	assert_int_equal(a->payload_wire, b->payload_wire);
	assert_ptr_equal(a->network.p, b->network.p);
	assert_int_equal(a->network.n, b->network.n);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->tcp_flags, b->tcp_flags);
	assert_int_equal(a->ip_id, b->ip_id);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->hash, b->hash);
	assert_int_equal(a->copy, b->copy);
}

/* The long way begins behind `header` bytes. False: the short way is none. */
static bool
both_ways(struct decoder *d, const uint8_t *p, size_t n, size_t wire,
    size_t header)
{
	struct packet quick = packet_of(p, n, wire, LINK_ETHERNET);
	struct packet whole =
	    packet_of(p + header, n - header, wire - header, LINK_RAW);

	memset(&quick.tuple, 0xff,
	    sizeof(quick) - offsetof(struct packet, tuple));
	if (!decode_plain(&quick))
		return false;
	assert_int_equal(decode(d, &whole), DECODE_OK);
	same(&quick, &whole);
	return true;
}

static void
usual_frames(void **state)
{
	struct decoder *d = decoder_new();

	(void)state;
	assert_non_null(d);
	assert_true(both_ways(d, udp, sizeof(udp), sizeof(udp), HEADER));
	assert_true(both_ways(d, tcp, sizeof(tcp), sizeof(tcp), HEADER));
	/* Not captured whole. */
	assert_false(both_ways(d, udp, 40, sizeof(udp), HEADER));
	decoder_free(d);
}

static void
tags(void **state)
{
	uint8_t f[ROOM];
	struct packet p;

	(void)state;
	memcpy(f, udp, 12);
	memcpy(f + 12, "\x88\xa8\x20\x64\x81\x00\x00\x07\x81\x00\xe0\x00", 12);
	memcpy(f + 24, udp + 12, sizeof(udp) - 12);
	p = packet_of(f, sizeof(udp) + 12, sizeof(udp) + 12, LINK_ETHERNET);
	assert_true(decode_plain(&p));
	assert_int_equal(p.vlans, 2);
	assert_int_equal(p.vlan[0], 100);
	assert_int_equal(p.vlan[1], 7);
	assert_int_equal(p.tuple.dst.port, 40000);
}

/* Anything in the headers, and any length. */
static void
bent_frames(void **state)
{
	struct decoder *d = decoder_new();
	uint64_t seed = 12345;
	unsigned plain = 0;

	(void)state;
	assert_non_null(d);
	for (unsigned i = 0; i < BENT; i++) {
		const uint8_t *of = i % 2 ? udp : tcp;
		size_t n = i % 2 ? sizeof(udp) : sizeof(tcp);
		uint8_t f[ROOM];

		memcpy(f, of, n);
		for (unsigned k = 0; k < 1 + i % 3; k++) {
			seed =
			    seed * UINT64_C(6364136223846793005) + 1442695041;
			f[HEADER + (seed >> 33) % (n - HEADER)] =
			    (uint8_t)(seed >> 57 << (seed >> 30 & 1));
		}
		size_t cut = i % 5 == 0 ? (seed >> 40) % (n - HEADER) : 0;

		plain += both_ways(d, f, n - cut, n - cut, HEADER);
	}
	assert_true(plain > BENT / 3 && plain < BENT);
	decoder_free(d);
}

static void
prefix(struct slice piece, bool is_whole, void *ctx)
{
	struct packet p = packet_of(piece.p, piece.n, piece.n, LINK_ETHERNET);

	(void)ctx;
	/* Only what ends behind the datagram. */
	assert_int_equal(decode_plain(&p), is_whole || piece.n >= HEADER + 33);
}

static void
prefixes(void **state)
{
	(void)state;
	each_prefix(slice_of(udp, sizeof(udp)), prefix, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_frames),
		cmocka_unit_test(tags),
		cmocka_unit_test(bent_frames),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
