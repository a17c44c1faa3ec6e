/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "capture/decode.h"

enum { LINK_ETHERNET = 1, ROOM = 2048, DATA = 5 };

/* A frame is written from the inside out: what was put last stands first. */
struct frame {
	uint8_t room[ROOM];
	size_t at;
};

static void
start(struct frame *f, const void *p, size_t n)
{
	memset(f, 0, sizeof(*f));
	f->at = ROOM - n;
	memcpy(f->room + f->at, p, n);
}

static void
before(struct frame *f, const void *p, size_t n)
{
	assert_true(n <= f->at);
	f->at -= n;
	memcpy(f->room + f->at, p, n);
}

#define BEFORE(f, text) before((f), (text), sizeof(text) - 1)

static size_t
size_of(const struct frame *f)
{
	return ROOM - f->at;
}

static struct slice
bytes_of(const struct frame *f)
{
	return slice_of(f->room + f->at, size_of(f));
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = v >> 8 & 0xff;
	p[1] = v & 0xff;
}

static void
udp(struct frame *f, uint16_t from, uint16_t to)
{
	uint8_t h[8] = { 0 };

	put16(h, from);
	put16(h + 2, to);
	put16(h + 4, size_of(f) + sizeof(h));
	before(f, h, sizeof(h));
}

static void
tcp(struct frame *f, uint16_t from, uint16_t to)
{
	uint8_t h[24] = { [4] = 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x18, 0x20, 0 };

	put16(h, from);
	put16(h + 2, to);
	h[20] = 2; /* maximum segment size */
	h[21] = 4;
	put16(h + 22, 1460);
	before(f, h, sizeof(h));
}

static void
ipv4(struct frame *f, uint8_t proto, uint8_t host)
{
	uint8_t h[20] = { 0x45, [4] = 0x12, 0x34, 0x40, 0, 64, proto, 0, 0, 10,
		0, 0, host, 10, 0, 0, (uint8_t)(host + 1) };

	put16(h + 2, size_of(f) + sizeof(h));
	before(f, h, sizeof(h));
}

static void
ipv6(struct frame *f, uint8_t next, uint8_t host)
{
	uint8_t h[40] = { 0x60, [6] = next, 63, 0x20, 0x01, 0x0d,
		0xb8, [23] = host, 0x20, 0x01, 0x0d,
		0xb8, [39] = (uint8_t)(host + 1) };

	put16(h + 4, size_of(f));
	before(f, h, sizeof(h));
}

static void
ethernet(struct frame *f, uint16_t type)
{
	uint8_t h[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	put16(h + 12, type);
	before(f, h, sizeof(h));
}

/* 10.0.0.1:1000 -> 10.0.0.2:2000 with five bytes */
static void
plain_udp(struct frame *f)
{
	start(f, "hello", DATA);
	udp(f, 1000, 2000);
	ipv4(f, 17, 1);
}

static struct packet
packet_of(struct slice s, uint16_t link)
{
	return (struct packet){ .frame = s,
		.wire_len = (uint32_t)s.n,
		.link = link,
		.time = 1000 };
}

static enum decode_result
decode_frame(const struct frame *f, uint16_t link, struct packet *p)
{
	struct decoder *d = decoder_new();
	enum decode_result r;

	assert_non_null(d);
	*p = packet_of(bytes_of(f), link);
	r = decode(d, p);
	decoder_free(d);
	return r;
}

static void
is_plain(const struct packet *p)
{
	static const uint8_t src[] = { 10, 0, 0, 1 };
	static const uint8_t dst[] = { 10, 0, 0, 2 };

	assert_int_equal(p->tuple.proto, 17);
	assert_true(p->has_transport);
	assert_false(p->cut);
	assert_int_equal(p->tuple.src.addr.family, 4);
	assert_memory_equal(p->tuple.src.addr.b, src, 4);
	assert_memory_equal(p->tuple.dst.addr.b, dst, 4);
	assert_int_equal(p->tuple.src.port, 1000);
	assert_int_equal(p->tuple.dst.port, 2000);
	assert_int_equal(p->payload_wire, DATA);
	assert_true(slice_is(p->payload, "hello"));
	assert_int_equal(p->network.n, 33);
	assert_int_equal(p->ip_id, 0x1234);
	assert_int_equal(p->ttl, 64);
}

struct sweep {
	struct decoder *decoder;
	uint16_t link;
	size_t wire;
};

/* Cut by the snap length: OK only if all headers are there, and then cut. */
static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct sweep *s = ctx;
	struct packet p = packet_of(piece, s->link);
	enum decode_result r;

	p.wire_len = (uint32_t)s->wire;
	r = decode(s->decoder, &p);
	if (is_whole)
		assert_int_equal(r, DECODE_OK);
	if (r == DECODE_OK && p.has_transport && !is_whole)
		assert_true(p.cut);
	/* and the same with nothing missing on the wire */
	p = packet_of(piece, s->link);
	(void)decode(s->decoder, &p);
}

static void
sweep(const struct frame *f, uint16_t link)
{
	struct sweep s = { decoder_new(), link, size_of(f) };

	assert_non_null(s.decoder);
	each_prefix(bytes_of(f), try_piece, &s);
	decoder_free(s.decoder);
}

static void
plain_inside(struct frame *f, uint16_t link)
{
	struct packet p;

	assert_int_equal(decode_frame(f, link, &p), DECODE_OK);
	is_plain(&p);
	sweep(f, link);
}

/* Bytes in front of the plain packet. */
struct wrapper {
	uint16_t link;
	const char *bytes;
	size_t n;
};

#define W(link, text)                        \
	{                                    \
		link, text, sizeof(text) - 1 \
	}
#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"

static const struct wrapper wrappers[] = {
	W(1, MACS "\x08\x00"),
	W(1, MACS "\x81\x00\x00\x0c\x08\x00"),
	W(1, MACS "\x88\xa8\x00\x64\x81\x00\x00\xc8\x08\x00"),
	W(1,
	    MACS "\x91\x00\0\1\x91\x00\0\2\x81\x00\0\3\x81\x00\0\4\x81\x00"
		 "\0\5\x08\x00"),
	W(1, MACS "\x00\x29\xaa\xaa\x03\0\0\0\x08\x00"), /* SNAP */
	W(1, MACS "\x00\x24\x06\x06\x03"),               /* SAP of IP */
	W(1, MACS "\x89\x26\0\1\0\2\x08\x00"),           /* VN-tag */
	W(1, MACS "\x89\x09\1\1\0\1\0\7\x08\x00"),       /* metadata */
	W(1, MACS "\x89\x09\0\0\0\0\0\0\x08\x00"),
	W(1, MACS "\x89\x4f\x0f\xc3\2\1\0\0\1\1\1\2\3\4"),
	W(1, MACS "\x88\xe7\0\0\0\1" MACS "\x08\x00"),
	/* MPLS: one label, two labels; pseudowire with and without word */
	W(1, MACS "\x88\x47\0\1\x01\x40"),
	W(1, MACS "\x88\x47\0\1\x00\x40\0\2\x01\x40"),
	W(1, MACS "\x88\x48\0\1\x01\x40\0\0\0\0" MACS "\x08\x00"),
	W(1, MACS "\x88\x47\0\1\x01\x40" MACS "\x08\x00"),
	W(1, MACS "\x88\x64\x11\x00\0\1\0\x23\x00\x21"), /* PPPoE */
	W(1, MACS "\x88\x64\x11\x00\0\1\0\x22\x21"),     /* short protocol */
	W(113, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\x00"),
	W(113, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x81\x00\0\7\x08\x00"),
	W(276, "\x08\x00\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0"),
	W(0, "\2\0\0\0"),
	W(0, "\0\0\0\2"),
	W(108, "\0\0\0\2"),
	W(9, "\xff\x03\x00\x21"),
	W(9, "\x21"),
	W(50, "\xff\x03\x00\x21"),
	W(50, "\x0f\x00\x08\x00"),
	W(51, "\x11\x00\0\1\0\x23\x00\x21"),
	W(104, "\x0f\x00\x08\x00"),
	W(12, ""),
	W(14, ""),
	W(101, ""),
	W(228, ""),
	/* 802.11: to the access point; QoS; four addresses; QoS A-MSDU */
	W(105,
	    "\x08\x01\0\0" MACS "\2\0\0\0\0\3\x10\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	W(105,
	    "\x88\x02\0\0" MACS "\2\0\0\0\0\3\x10\0\0\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	W(105,
	    "\x08\x03\0\0" MACS "\2\0\0\0\0\3\x10\0\2\0\0\0\0\4"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	W(105,
	    "\x88\x02\0\0" MACS "\2\0\0\0\0\3\x10\0\x80\0" MACS "\x00\x29"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	/* radiotap: bare; time and flags that say padded, QoS */
	W(127,
	    "\0\0\x08\0\0\0\0\0"
	    "\x08\x01\0\0" MACS "\2\0\0\0\0\3\x10\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	W(127,
	    "\0\0\x19\0\3\0\0\x80\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\x08\x20"
	    "\x88\x02\0\0" MACS "\2\0\0\0\0\3\x10\0\0\0\0\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	W(192,
	    "\0\0\x08\0\x69\0\0\0"
	    "\x08\x01\0\0" MACS "\2\0\0\0\0\3\x10\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00"),
	W(192, "\0\0\x0c\0\x01\0\0\0\1\2\3\4" MACS "\x08\x00"),
	/* NFLOG in both byte orders, a padded value before the payload */
	W(239, "\2\0\0\1\5\0\xa\0\1\0\0\0\x25\0\x09\0"),
	W(239, "\2\0\0\1\0\x25\0\x09"),
};

static void
test_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrappers); i++) {
		struct frame f;

		plain_udp(&f);
		before(&f, wrappers[i].bytes, wrappers[i].n);
		plain_inside(&f, wrappers[i].link);
	}
}

static void
test_vlans(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	BEFORE(&f,
	    MACS "\x88\xa8\x70\x64\x81\x00\x00\x00\x81\x00\x00\xc8"
		 "\x08\x00");
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_OK);
	assert_int_equal(p.vlans, 2);
	assert_int_equal(p.vlan[0], 100);
	assert_int_equal(p.vlan[1], 200);

	plain_udp(&f);
	BEFORE(&f,
	    MACS "\x81\x00\0\1\x81\x00\0\2\x81\x00\0\3\x81\x00\0\4"
		 "\x81\x00\0\5\x08\x00");
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_OK);
	assert_int_equal(p.vlans, LIMIT_VLANS);
	assert_int_equal(p.vlan[LIMIT_VLANS - 1], 4);
}

/* Between the outer IPv4 header and the plain packet. */
struct tunnel {
	uint8_t proto;
	uint16_t port; /* UDP, if not 0 */
	const char *bytes;
	size_t n;
	bool over_ipv6;
};

#define T(proto, port, text, v6)                        \
	{                                               \
		proto, port, text, sizeof(text) - 1, v6 \
	}

#define COOKIE "\x45\0\0\x21\xc0\x0c\x1e\x11"

static const struct tunnel tunnels[] = {
	T(4, 0, "", false),
	T(4, 0, "", true),
	T(94, 0, "", false),
	T(47, 0, "\0\0\x08\x00", false),
	T(47, 0, "\0\0\x08\x00", true),
	/* GRE: checksum, key, sequence; routing with one entry and the end */
	T(47, 0, "\xb0\0\x08\x00\0\0\0\0\0\0\0\1\0\0\0\2", false),
	T(47, 0,
	    "\x40\0\x08\x00\0\0\0\0"
	    "\x08\x00\0\4\1\2\3\4"
	    "\0\0\0\0",
	    false),
	T(47, 0, "\x20\0\x65\x58\0\0\1\0" MACS "\x08\x00", false), /* NVGRE */
	T(47, 0, "\x20\0\x89\x09\0\0\0\1\x08\0\1\1\0\1\0\0", false),
	/* PPTP with sequence and acknowledgement; EoIP */
	T(47, 0,
	    "\x30\x81\x88\x0b\0\x25\0\1\0\0\0\1\0\0\0\2"
	    "\xff\x03\x00\x21",
	    false),
	T(47, 0, "\x20\1\x64\x00\0\x2f\x01\0" MACS "\x08\x00", false),
	/* ERSPAN I, II, III, III with platform header, III with bare IP */
	T(47, 0, "\0\0\x88\xbe" MACS "\x08\x00", false),
	T(47, 0, "\x10\0\x88\xbe\0\0\0\1\x10\1\0\1\0\0\0\0" MACS "\x08\x00",
	    false),
	T(47, 0,
	    "\x10\0\x22\xeb\0\0\0\1\x20\1\0\1\0\0\0\0\0\0\0\0" MACS "\x08\x00",
	    false),
	T(47, 0,
	    "\x10\0\x22\xeb\0\0\0\1\x20\1\0\1\0\0\0\0\0\0\0\1"
	    "\1\2\3\4\5\6\7\x08" MACS "\x08\x00",
	    false),
	T(47, 0, "\x10\0\x22\xeb\0\0\0\1\x20\1\0\1\0\0\0\0\0\0\x08\0", false),
	T(97, 0, "\x30\0" MACS "\x08\x00", false),
	T(137, 0, "\0\1\x01\x40", false),
	T(143, 0, MACS "\x08\x00", true),
	T(51, 0, "\4\4\0\0\0\0\0\1\0\0\0\1aaaaaaaaaaaa", false), /* AH */
	T(51, 0, "\4\4\0\0\0\0\0\1\0\0\0\1aaaaaaaaaaaa", true),
	/* VXLAN on both ports, with group policy, GPE with Ethernet and IP */
	T(17, 4789, "\x08\0\0\0\0\0\1\0" MACS "\x08\x00", false),
	T(17, 8472, "\x08\0\0\0\0\0\1\0" MACS "\x81\0\0\5\x08\x00", true),
	T(17, 4789, "\x88\0\1\2\0\0\1\0" MACS "\x08\x00", false),
	T(17, 4790, "\x0c\0\0\3\0\0\1\0" MACS "\x08\x00", false),
	T(17, 4790, "\x0c\0\0\1\0\0\1\0", false),
	T(17, 4790, "\x08\0\0\1\0\0\1\0", false),
	T(17, 4790, "\x0c\0\0\4\0\0\1\0\x0f\xc2\2\1\0\0\1\1", false),
	/* Geneve with an option; without, IP inside */
	T(17, 6081, "\x01\0\x65\x58\0\0\1\0\1\2\3\0" MACS "\x08\x00", false),
	T(17, 6081, "\0\0\x08\x00\0\0\1\0", false),
	/* GTP-U; with sequence; with a PDU session container */
	T(17, 2152, "\x30\xff\0\x21\0\0\0\1", false),
	T(17, 2152, "\x32\xff\0\x25\0\0\0\1\0\1\0\0", false),
	T(17, 2152, "\x34\xff\0\x29\0\0\0\1\0\0\0\x85\1\x10\1\0", false),
	T(17, 4754, "\x20\0\x08\x00\0\0\0\1", false),
	T(17, 1701, "\x40\x02\0\x2d\0\1\0\2\xff\x03\x00\x21", false),
	T(17, 1701, "\0\x02\0\1\0\2\x00\x21", false),
	/* version 3 over UDP and IP: Ethernet behind nothing, a sublayer, a
	 * cookie of 8 and both; a tag; PPP */
	T(17, 1701, "\0\x03\0\0\0\0\0\1" MACS "\x08\x00", false),
	T(17, 1701, "\0\x03\0\0\0\0\0\1\x40\0\0\7" MACS "\x08\x00", true),
	T(17, 1701, "\0\x03\0\0\0\0\0\1" COOKIE "\xff\x03\x00\x21", false),
	T(115, 0, "\0\0\0\1" MACS "\x08\x00", false),
	T(115, 0, "\0\0\0\1\0\0\0\0" MACS "\x08\x00", true),
	T(115, 0, "\0\0\0\1" COOKIE MACS "\x81\0\0\5\x08\x00", false),
	T(115, 0, "\0\0\0\1" COOKIE "\0\0\0\0" MACS "\x08\x00", false),
	T(115, 0, "\0\0\0\1\0\x21", false),
	/* TZSP: Ethernet, with tags and padding; 802.11 */
	T(17, 37008, "\1\0\0\1\1" MACS "\x08\x00", false),
	T(17, 37008, "\1\0\0\1\x0a\1\xc0\0\x29\2\0\x2f\1" MACS "\x08\x00",
	    false),
	T(17, 37008,
	    "\1\1\0\x12\1"
	    "\x08\x01\0\0" MACS "\2\0\0\0\0\3\x10\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00",
	    false),
	/* LISP: bare; nonce and instance; versions; next protocol */
	T(17, 4341, "\0\0\0\0\0\0\0\0", false),
	T(17, 4341, "\xc8\1\2\3\0\0\1\1", true),
	T(17, 4341, "\x10\1\2\3\0\0\0\0", false),
	T(17, 4341, "\x0c\0\0\1\0\0\1\0", false),
	T(17, 4341, "\x0c\0\0\3\0\0\1\0" MACS "\x08\x00", false),
	/* MPLS: IP behind two labels, a pseudowire with and without word */
	T(17, 6635, "\0\1\x00\x40\0\2\x01\x40", false),
	T(17, 6635, "\0\1\x01\x40\0\0\0\0" MACS "\x08\x00", true),
	T(17, 6635, "\0\1\x01\x40" MACS "\x08\x00", false),
	T(17, 5247, "\0\x10\0\0\0\0\0\0" MACS "\x08\x00", false),
	T(17, 5247,
	    "\0\x10\x03\0\0\0\0\0"
	    "\x01\x08\0\0" MACS "\2\0\0\0\0\3\x10\0"
	    "\xaa\xaa\x03\0\0\0\x08\x00",
	    false),
};

static void
tunnelled(struct frame *f, const struct tunnel *t)
{
	before(f, t->bytes, t->n);
	if (t->port != 0)
		udp(f, 50000, t->port);
	if (t->over_ipv6)
		ipv6(f, t->proto, 101);
	else
		ipv4(f, t->proto, 101);
}

/* The lengths in the vectors are of the plain packet: 33 bytes. */
static void
test_tunnels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tunnels); i++) {
		const struct tunnel *t = &tunnels[i];
		struct frame f;

		plain_udp(&f);
		assert_int_equal(size_of(&f), 33);
		tunnelled(&f, t);
		ethernet(&f, t->over_ipv6 ? 0x86dd : 0x0800);
		plain_inside(&f, LINK_ETHERNET);
	}
}

static void
test_nested_tunnels(void **state)
{
	struct decoder *d = decoder_new();
	struct decode_stats stats;
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	tunnelled(&f, &tunnels[21]); /* VXLAN */
	tunnelled(&f, &tunnels[3]);  /* GRE */
	tunnelled(&f, &tunnels[28]); /* Geneve */
	ethernet(&f, 0x0800);
	p = packet_of(bytes_of(&f), LINK_ETHERNET);
	assert_int_equal(decode(d, &p), DECODE_OK);
	is_plain(&p);
	decode_stats(d, &stats);
	assert_int_equal(stats.tunnels, 1);
	assert_int_equal(stats.results[DECODE_OK], 1);
	decoder_free(d);
	sweep(&f, LINK_ETHERNET);
}

static void
test_too_deep(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	for (unsigned i = 0; i < LIMIT_LAYERS - 2; i++)
		ipv4(&f, 4, 50);
	ethernet(&f, 0x0800);
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_OK);
	is_plain(&p);

	plain_udp(&f);
	for (unsigned i = 0; i < LIMIT_LAYERS - 1; i++)
		ipv4(&f, 4, 50);
	ethernet(&f, 0x0800);
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_TOO_DEEP);
}

/* UDP on a tunnel's port whose bytes are something else is a plain flow. */
static void
test_no_tunnel(void **state)
{
	static const uint16_t ports[] = { 1701, 2152, 3544, 4341, 4754, 4789,
		4790, 5247, 6081, 6635, 8472, 37008 };
	static const uint8_t starts[] = { 0x80, 0x30, 0x08, 0x00, 0x01, 0x0c,
		0x40, 0x45, 0xff };
	struct packet p;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < COUNT(ports) * COUNT(starts); i++) {
		uint8_t junk[60];

		memset(junk, 0xa5, sizeof(junk));
		junk[0] = starts[i % COUNT(starts)];
		start(&f, junk, sizeof(junk));
		udp(&f, 40000, ports[i / COUNT(starts)]);
		ipv4(&f, 17, 1);
		ethernet(&f, 0x0800);
		assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p),
		    DECODE_OK);
		assert_int_equal(p.tuple.dst.port, ports[i / COUNT(starts)]);
		assert_int_equal(p.payload.n, sizeof(junk));
		assert_true(p.has_transport);
		assert_false(p.cut);
	}
}

/* The header is right, the inner packet claims more than there is. */
static void
test_tunnel_that_lies(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	f.room[f.at + 3]++; /* total length */
	BEFORE(&f, "\x30\xff\0\x21\0\0\0\1");
	udp(&f, 2152, 2152);
	ipv4(&f, 17, 101);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_int_equal(p.tuple.src.port, 2152);
	assert_int_equal(p.payload.n, 41);
	assert_int_equal(p.network.n, 69);
}

/* Where no field says it, the packet inside must fit to the byte. */
static void
test_tunnel_with_more(void **state)
{
	static const struct tunnel right[] = {
		T(17, 1701, "\0\x03\0\0\0\0\0\1\xff\x03\x00\x21", false),
		T(17, 4341, "\0\0\0\0\0\0\0\0", false),
		T(17, 6635, "\0\1\x01\x40", false),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(right); i++) {
		struct packet p;
		struct frame f;
		struct frame more;

		plain_udp(&f);
		start(&more, "!", 1);
		before(&more, bytes_of(&f).p, size_of(&f));
		tunnelled(&more, &right[i]);
		assert_int_equal(decode_frame(&more, 101, &p), DECODE_OK);
		assert_int_equal(p.tuple.dst.port, right[i].port);
		assert_int_equal(p.payload.n, 34 + right[i].n);
	}
}

/* A sensor sent less of the frame than there was. */
static void
test_tunnel_that_cuts(void **state)
{
	struct packet p;
	struct frame f;
	struct frame cut;

	(void)state;
	plain_udp(&f);
	start(&cut, bytes_of(&f).p, size_of(&f) - 3);
	BEFORE(&cut, "\1\0\0\1\x29\2\0\x2f\1" MACS "\x08\x00");
	udp(&cut, 50000, 37008);
	ipv4(&cut, 17, 101);
	assert_int_equal(decode_frame(&cut, 101, &p), DECODE_OK);
	assert_int_equal(p.tuple.dst.port, 2000);
	assert_true(slice_is(p.payload, "he"));
	assert_int_equal(p.payload_wire, DATA);
	assert_true(p.cut);
}

/* One reserved bit too many, or another version: no such tunnel. */
static void
test_reserved_bits(void **state)
{
	static const struct tunnel almost[] = {
		T(17, 4789, "\x08\0\0\0\0\0\1\1" MACS "\x08\x00", false),
		T(17, 4789, "\x08\0\0\1\0\0\1\0" MACS "\x08\x00", false),
		T(17, 4789, "\x18\0\0\0\0\0\1\0" MACS "\x08\x00", false),
		T(17, 4790, "\x1c\0\0\3\0\0\1\0" MACS "\x08\x00", false),
		T(17, 6081, "\x40\0\x08\x00\0\0\1\0", false),
		T(17, 6081, "\0\x80\x08\x00\0\0\1\0", false),
		T(17, 2152, "\x10\xff\0\x21\0\0\0\1", false),
		T(17, 2152, "\x30\x01\0\x21\0\0\0\1", false),
		T(17, 4754, "\x40\0\x08\x00\0\0\0\0\0\0\0\0", false),
		T(17, 1701, "\0\x03\0\1\0\2\x00\x21", false),
		T(17, 1701, "\0\x03\0\1\0\0\0\1" MACS "\x08\x00", false),
		T(17, 1701, "\0\x03\0\0\0\0\0\0" MACS "\x08\x00", false),
		T(17, 1701, "\0\x13\0\0\0\0\0\1" MACS "\x08\x00", false),
		T(17, 37008, "\2\0\0\1\1" MACS "\x08\x00", false),
		T(17, 37008, "\1\4\0\1\1" MACS "\x08\x00", false),
		T(17, 37008, "\1\0\0\2\1" MACS "\x08\x00", false),
		T(17, 4341, "\1\0\0\0\0\0\0\0", false),
		T(17, 4341, "\x90\0\0\0\0\0\0\0", false),
		T(17, 4341, "\x20\0\0\0\0\0\0\0", false),
		T(17, 6635, "\0\1\x01\0", false),
		T(17, 6635, "\0\1\x01\x40\x10\0\0\0" MACS "\x08\x00", false),
		T(17, 5247, "\1\x10\0\0\0\0\0\0" MACS "\x08\x00", false),
	};
	struct decoder *d = decoder_new();
	struct decode_stats stats;

	(void)state;
	for (size_t i = 0; i < COUNT(almost); i++) {
		struct packet p;
		struct frame f;

		plain_udp(&f);
		tunnelled(&f, &almost[i]);
		p = packet_of(bytes_of(&f), 101);
		assert_int_equal(decode(d, &p), DECODE_OK);
		assert_int_equal(p.tuple.dst.port, almost[i].port);
		assert_int_equal(p.payload.n, 33 + almost[i].n);
	}
	decode_stats(d, &stats);
	assert_int_equal(stats.tunnels, 0);
	decoder_free(d);
}

/* ARP in VXLAN is no flow of the tunnel ports, GRE keep-alives are GRE. */
static void
test_tunnel_without_ip(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	start(&f, "\0\1\x08\0\6\4\0\1", 8);
	ethernet(&f, 0x0806);
	BEFORE(&f, "\x08\0\0\0\0\0\1\0");
	udp(&f, 50000, 4789);
	ipv4(&f, 17, 1);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_NOT_IP);

	start(&f, "\0\0\0\0", 4);
	ipv4(&f, 47, 1);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_int_equal(p.tuple.proto, 47);
	assert_false(p.has_transport);
	assert_int_equal(p.payload.n, 4);
}

static void
test_teredo(void **state)
{
	static const uint8_t teredo[] = { 0x20, 0x01, 0, 0 };
	struct packet p;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		start(&f, "hello", DATA);
		udp(&f, 1000, 2000);
		ipv6(&f, 17, 1);
		memcpy(f.room + f.at + 8, teredo, sizeof(teredo));
		if (i == 1) {
			BEFORE(&f, "\0\0\1\2\1\2\3\4");
			BEFORE(&f, "\0\1\1\2iAA\1\2\3\4\5\6\7\x08\0");
		}
		udp(&f, 3544, 50000);
		ipv4(&f, 17, 101);
		assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
		assert_int_equal(p.tuple.src.addr.family, 6);
		assert_int_equal(p.tuple.dst.port, 2000);
		assert_true(slice_is(p.payload, "hello"));
		sweep(&f, 101);
	}
}

static void
test_tcp(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	start(&f, "hello", DATA);
	tcp(&f, 49152, 5061);
	ipv6(&f, 6, 1);
	ethernet(&f, 0x86dd);
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_OK);
	assert_int_equal(p.tuple.src.addr.family, 6);
	assert_int_equal(p.tuple.dst.addr.b[15], 2);
	assert_int_equal(p.tuple.src.port, 49152);
	assert_int_equal(p.tuple.dst.port, 5061);
	assert_int_equal(p.seq, 1);
	assert_int_equal(p.ack, 2);
	assert_int_equal(p.tcp_flags, TCP_PSH | TCP_ACK);
	assert_int_equal(p.window, 0x2000);
	assert_true(slice_is(p.payload, "hello"));
	assert_int_equal(p.network.n, 69);
	assert_int_equal(p.ttl, 63);
	sweep(&f, LINK_ETHERNET);

	f.room[f.at + 54 + 12] = 0x40; /* header of 16 bytes */
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_MALFORMED);
	f.room[f.at + 54 + 12] = 0xf0; /* of 60, beyond the packet */
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_MALFORMED);
}

/* 54 bytes of snap length: all of the TCP header but its options */
static void
test_cut_in_options(void **state)
{
	struct decoder *d = decoder_new();
	struct packet p;
	struct frame f;

	(void)state;
	start(&f, "hello", DATA);
	tcp(&f, 1, 2);
	ipv4(&f, 6, 1);
	ethernet(&f, 0x0800);
	p = packet_of(slice_head(bytes_of(&f), 54), LINK_ETHERNET);
	p.wire_len = (uint32_t)size_of(&f);
	assert_int_equal(decode(d, &p), DECODE_OK);
	assert_int_equal(p.payload.n, 0);
	assert_int_equal(p.payload_wire, DATA);
	assert_true(p.cut);
	p = packet_of(slice_head(bytes_of(&f), 50), LINK_ETHERNET);
	p.wire_len = (uint32_t)size_of(&f);
	assert_int_equal(decode(d, &p), DECODE_TRUNCATED);
	decoder_free(d);
}

static void
test_sctp(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	start(&f, "hello", DATA);
	BEFORE(&f, "\x0b\x59\x0b\x5a\0\0\0\1\1\2\3\4");
	ipv4(&f, 132, 1);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_int_equal(p.tuple.src.port, 2905);
	assert_true(p.has_transport);
	assert_int_equal(p.payload.n, DATA);
	sweep(&f, 101);
}

static void
test_no_transport(void **state)
{
	static const uint8_t protos[] = { 1, 2, 50, 59, 89, 103 };
	struct packet p;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < COUNT(protos); i++) {
		start(&f, "\x08\0\0\0\0\0\0\0", 8);
		ipv4(&f, protos[i], 1);
		assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
		assert_int_equal(p.tuple.proto, protos[i]);
		assert_int_equal(p.tuple.src.port, 0);
		assert_int_equal(p.tuple.dst.port, 0);
		assert_false(p.has_transport);
		assert_int_equal(p.payload.n, 8);
	}
}

static void
test_not_ip(void **state)
{
	static const uint16_t types[] = { 0x0806, 0x88cc, 0x888e, 0x8863,
		0x1234, 0xffff, 0 };
	struct packet p;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		start(&f, "some bytes of a frame", 21);
		ethernet(&f, types[i]);
		assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p),
		    DECODE_NOT_IP);
	}
	start(&f, "\x42\x42\x03\0\0\0\0", 7); /* spanning tree */
	ethernet(&f, 7);
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_NOT_IP);
	/* 802.11 management and encrypted data */
	start(&f, "\x80\0\0\0" MACS "\2\0\0\0\0\3\x10\0", 24);
	assert_int_equal(decode_frame(&f, 105, &p), DECODE_NOT_IP);
	start(&f, "\x08\x41\0\0" MACS "\2\0\0\0\0\3\x10\0", 24);
	assert_int_equal(decode_frame(&f, 105, &p), DECODE_NOT_IP);
}

static void
test_padding(void **state)
{
	struct packet p;
	struct frame f;
	struct frame padded;

	(void)state;
	plain_udp(&f);
	ethernet(&f, 0x0800);
	start(&padded, "zzzzzzzzzzzzz", 13);
	before(&padded, bytes_of(&f).p, bytes_of(&f).n);
	assert_int_equal(decode_frame(&padded, LINK_ETHERNET, &p), DECODE_OK);
	is_plain(&p);
}

static void
test_ip_lengths(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	put16(f.room + f.at + 2, 0); /* offload: what was captured counts */
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	is_plain(&p);

	plain_udp(&f);
	put16(f.room + f.at + 2, 133); /* longer than the capture */
	put16(f.room + f.at + 24, 113);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_true(p.cut);
	assert_int_equal(p.payload.n, DATA);
	assert_int_equal(p.payload_wire, DATA + 100);

	plain_udp(&f);
	put16(f.room + f.at + 2, 19);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_MALFORMED);
	f.room[f.at] = 0x44;
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_MALFORMED);
	f.room[f.at] = 0x55;
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_MALFORMED);
}

static void
test_ip_options(void **state)
{
	struct packet p;
	struct frame f;
	uint8_t header[20];

	(void)state;
	plain_udp(&f);
	memcpy(header, f.room + f.at, sizeof(header));
	f.at += sizeof(header);
	BEFORE(&f, "\x94\4\0\0\1\1\1\0"); /* router alert */
	header[0] = 0x47;
	put16(header + 2, 41);
	before(&f, header, sizeof(header));
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_true(slice_is(p.payload, "hello"));
	assert_int_equal(p.network.n, 41);
	sweep(&f, 101);
}

static void
test_udp_lengths(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	put16(f.room + f.at + 24, 10); /* less than the IP payload */
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_true(slice_is(p.payload, "he"));
	assert_int_equal(p.payload_wire, 2);
	put16(f.room + f.at + 24, 100); /* more: IP knows better */
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	is_plain(&p);
	put16(f.room + f.at + 24, 0);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	is_plain(&p);
	put16(f.room + f.at + 24, 7);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_MALFORMED);
}

static void
test_wire_length_too_small(void **state)
{
	struct decoder *d = decoder_new();
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	p = packet_of(bytes_of(&f), 101);
	p.wire_len = 0;
	assert_int_equal(decode(d, &p), DECODE_OK);
	is_plain(&p);
	decoder_free(d);
}

/* Hop-by-hop, destination, routing, atomic fragment, AH, mobility last */
static void
test_ipv6_extensions(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	start(&f, "hello", DATA);
	udp(&f, 1000, 2000);
	BEFORE(&f, "\x11\0\1\4\0\0\0\0");                 /* mobility */
	BEFORE(&f, "\x87\1\0\0\0\0\0\1\0\0\0\2");         /* AH, 12 bytes */
	BEFORE(&f, "\x33\0\0\0\0\0\x56\x78");             /* atomic */
	BEFORE(&f, "\x2c\2\0\0\0\0\0\0aaaaaaaabbbbbbbb"); /* routing */
	BEFORE(&f, "\x2b\0\1\4\0\0\0\0");                 /* destination */
	BEFORE(&f, "\x3c\1\1\2\0\0\5\2\0\0\1\4\0\0\0\0"); /* hop-by-hop */
	ipv6(&f, 0, 1);
	ethernet(&f, 0x86dd);
	assert_int_equal(decode_frame(&f, LINK_ETHERNET, &p), DECODE_OK);
	assert_int_equal(p.tuple.dst.port, 2000);
	assert_true(slice_is(p.payload, "hello"));
	assert_false(p.reassembled);
	assert_int_equal(p.ip_id, 0x5678);
	sweep(&f, LINK_ETHERNET);
}

static void
test_jumbo(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	start(&f, "hello", DATA);
	udp(&f, 1000, 2000);
	put16(f.room + f.at + 4, 0);
	BEFORE(&f, "\x11\0\xc2\4\0\0\0\x15"); /* 21 bytes behind the header */
	ipv6(&f, 0, 1);
	put16(f.room + f.at + 4, 0);
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_true(slice_is(p.payload, "hello"));
	/* shorter than the frame: the rest is padding */
	f.room[f.at + 47] = 0x13;
	assert_int_equal(decode_frame(&f, 101, &p), DECODE_OK);
	assert_true(slice_is(p.payload, "hel"));
}

static void
test_unknown_link(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	plain_udp(&f);
	assert_int_equal(decode_frame(&f, 187, &p), DECODE_UNKNOWN_LINK);
	assert_int_equal(decode_frame(&f, 0xffff, &p), DECODE_UNKNOWN_LINK);
	assert_null(decode_link_name(187));
	assert_string_equal(decode_link_name(1), "LINKTYPE_ETHERNET");
	assert_string_equal(decode_link_name(276), "LINKTYPE_LINUX_SLL2");
}

/* Two fragments make one packet that looks as if it had never been cut. */
static void
test_fragments(void **state)
{
	struct decoder *d = decoder_new();
	struct decode_stats stats;
	struct packet p;
	struct frame f;
	struct frame a;
	struct frame b;

	(void)state;
	start(&f, "hello, this is longer", 21);
	udp(&f, 1000, 2000);
	start(&a, f.room + f.at, 16);
	ipv4(&a, 17, 1);
	put16(a.room + a.at + 6, 0x2000);
	ethernet(&a, 0x0800);
	start(&b, f.room + f.at + 16, size_of(&f) - 16);
	ipv4(&b, 17, 1);
	put16(b.room + b.at + 6, 2);
	ethernet(&b, 0x0800);

	p = packet_of(bytes_of(&b), LINK_ETHERNET);
	assert_int_equal(decode(d, &p), DECODE_FRAGMENT);
	assert_true(p.fragment);
	p = packet_of(bytes_of(&a), LINK_ETHERNET);
	assert_int_equal(decode(d, &p), DECODE_OK);
	assert_true(p.reassembled);
	assert_false(p.fragment);
	assert_int_equal(p.tuple.dst.port, 2000);
	assert_true(slice_is(p.payload, "hello, this is longer"));
	assert_int_equal(p.payload_wire, 21);
	assert_int_equal(p.network.n, 49);
	decode_stats(d, &stats);
	assert_int_equal(stats.fragments, 2);
	assert_int_equal(stats.reassembled, 1);
	assert_int_equal(stats.fragments_lost, 0);
	decoder_free(d);
}

/* The first n bytes of the transport layer as a first fragment. */
static void
first_fragment(struct frame *a, const struct frame *f, size_t n, uint8_t proto)
{
	start(a, f->room + f->at, n);
	ipv4(a, proto, 1);
	put16(a->room + a->at + 6, 0x2000);
	ethernet(a, 0x0800);
}

/* The rest never came: as if a snap length had cut the packet there. */
static void
test_rest_never_came(void **state)
{
	struct decoder *d = decoder_new();
	struct decode_stats stats;
	struct packet p;
	struct packet late;
	struct frame f;
	struct frame a;

	(void)state;
	start(&f, "hello, this is longer", 21);
	udp(&f, 1000, 2000);
	first_fragment(&a, &f, 16, 17);
	p = packet_of(bytes_of(&a), LINK_ETHERNET);
	p.number = 9;
	assert_false(decode_late(d, p.time, &late));
	assert_int_equal(decode(d, &p), DECODE_FRAGMENT);
	assert_false(decode_late(d, p.time + 1, &late));
	assert_true(decode_late(d, INT64_MAX, &late));
	assert_true(late.cut);
	assert_true(late.fragment);
	assert_false(late.reassembled);
	assert_true(late.has_transport);
	assert_int_equal(late.number, 9);
	assert_int_equal(late.time, p.time);
	assert_int_equal(late.tuple.dst.port, 2000);
	assert_true(slice_is(late.payload, "hello, t"));
	assert_int_equal(late.payload_wire, 21); /* UDP knows */
	assert_int_equal(late.network.n, 36);
	assert_int_equal(late.ip_id, 0x1234);
	assert_false(decode_late(d, INT64_MAX, &late));

	start(&f, "hello, this is longer", 21);
	tcp(&f, 1000, 2000);
	first_fragment(&a, &f, 32, 6);
	p = packet_of(bytes_of(&a), LINK_ETHERNET);
	assert_int_equal(decode(d, &p), DECODE_FRAGMENT);
	assert_true(decode_late(d, INT64_MAX, &late));
	assert_true(late.cut);
	assert_int_equal(late.payload.n, 8);
	assert_int_equal(late.payload_wire, 9); /* at least */
	decode_stats(d, &stats);
	assert_int_equal(stats.fragments, 2);
	assert_int_equal(stats.fragments_lost, 2);
	assert_int_equal(stats.results[DECODE_FRAGMENT], 2);
	assert_int_equal(stats.results[DECODE_OK], 0);
	decoder_free(d);
}

/* IPv6, of which the fragment header alone knows the number */
static void
test_rest_never_came_ipv6(void **state)
{
	static const uint8_t head[] = { 17, 0, 0, 1, 0, 0, 0x56, 0x78 };
	struct decoder *d = decoder_new();
	struct packet p;
	struct packet late;
	struct frame f;
	struct frame a;

	(void)state;
	start(&f, "hello, this is longer", 21);
	udp(&f, 1000, 2000);
	start(&a, f.room + f.at, 16);
	before(&a, head, sizeof(head));
	ipv6(&a, 44, 1);
	ethernet(&a, 0x86dd);
	p = packet_of(bytes_of(&a), LINK_ETHERNET);
	assert_int_equal(decode(d, &p), DECODE_FRAGMENT);
	assert_int_equal(p.ip_id, 0x5678);
	assert_true(decode_late(d, INT64_MAX, &late));
	assert_true(late.cut);
	assert_int_equal(late.ip_id, 0x5678);
	assert_int_equal(late.tuple.src.addr.family, 6);
	assert_true(slice_is(late.payload, "hello, t"));
	assert_int_equal(late.payload_wire, 21);
	decoder_free(d);
}

/* A tunnel in fragments: the packet inside says how long it is. */
static void
test_rest_of_tunnel(void **state)
{
	struct decoder *d = decoder_new();
	struct decode_stats stats;
	struct packet p;
	struct packet late;
	struct frame f;
	struct frame a;

	(void)state;
	start(&f, "hello, this is longer", 21);
	udp(&f, 1000, 2000);
	ipv4(&f, 17, 1);
	BEFORE(&f, "\0\0\x08\0"); /* GRE */
	first_fragment(&a, &f, 40, 47);
	p = packet_of(bytes_of(&a), LINK_ETHERNET);
	assert_int_equal(decode(d, &p), DECODE_FRAGMENT);
	assert_true(decode_late(d, INT64_MAX, &late));
	assert_true(late.cut);
	assert_int_equal(late.tuple.dst.port, 2000);
	assert_true(slice_is(late.payload, "hello, t"));
	assert_int_equal(late.payload_wire, 21);
	decode_stats(d, &stats);
	assert_int_equal(stats.tunnels, 1);
	decoder_free(d);
}

/* Random bytes behind each link type: nothing happens but a result. */
static void
test_noise(void **state)
{
	struct decoder *d = decoder_new();
	struct decode_stats stats;
	uint64_t seed = ANY_SEED;
	uint64_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint8_t noise[96];
		uint8_t *exact;
		struct packet p;

		for (size_t k = 0; k < sizeof(noise); k++) {
			noise[k] = (uint8_t)any_of(&seed);
		}
		exact = malloc(sizeof(noise));
		assert_non_null(exact);
		memcpy(exact, noise, sizeof(noise));
		if (i % 2 == 0)
			memcpy(exact, "\x45\0\0\x60", 4);
		p = packet_of(slice_of(exact, sizeof(noise)),
		    wrappers[i % COUNT(wrappers)].link);
		(void)decode(d, &p);
		free(exact);
	}
	decode_stats(d, &stats);
	for (size_t i = 0; i < DECODE_RESULTS; i++)
		sum += stats.results[i];
	assert_int_equal(sum, 100000);
	decoder_free(d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_vlans),
		cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_nested_tunnels),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_no_tunnel),
		cmocka_unit_test(test_tunnel_that_lies),
		cmocka_unit_test(test_tunnel_with_more),
		cmocka_unit_test(test_tunnel_that_cuts),
		cmocka_unit_test(test_reserved_bits),
		cmocka_unit_test(test_tunnel_without_ip),
		cmocka_unit_test(test_teredo),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_cut_in_options),
		cmocka_unit_test(test_sctp),
		cmocka_unit_test(test_no_transport),
		cmocka_unit_test(test_not_ip),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_ip_lengths),
		cmocka_unit_test(test_ip_options),
		cmocka_unit_test(test_udp_lengths),
		cmocka_unit_test(test_wire_length_too_small),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_jumbo),
		cmocka_unit_test(test_unknown_link),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_rest_never_came),
		cmocka_unit_test(test_rest_never_came_ipv6),
		cmocka_unit_test(test_rest_of_tunnel),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
