/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include "capture/source.h"
#include "core/clock.h"
#include "core/digest.h"

enum { PACKETS = 3, ROOM = 8192, FRAME = 60 };

/* A file image under construction, numbers in one byte order. */
struct image {
	uint8_t p[ROOM];
	size_t n;
	bool little;
	size_t ends[PACKETS + 1]; /* behind each packet; [0]: the header */
};

static void
put(struct image *m, const void *p, size_t n)
{
	assert_true(m->n + n <= ROOM);
	if (n > 0)
		memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void
number(struct image *m, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned shift = 8 * (m->little ? i : n - 1 - i);
		uint8_t byte = v >> shift & 0xff;

		put(m, &byte, 1);
	}
}

/* A frame of 60 + i bytes: Ethernet, IPv4, UDP to port 2000 + i */
static void
frame_bytes(uint8_t *p, unsigned i)
{
	memset(p, (int)i, FRAME + i);
	memcpy(p, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0\x45\0\0", 17);
	p[17] = (uint8_t)(46 + i);
	memcpy(p + 18, "\0\1\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2\x03\xe8", 18);
	p[36] = 2000 >> 8;
	p[37] = (uint8_t)((2000 & 0xff) + i);
	p[38] = 0;
	p[39] = (uint8_t)(26 + i);
}

static int64_t
time_of(unsigned i, bool nano)
{
	return (1600000000 + (int64_t)i) * NS_PER_S +
	    (nano ? 123456789 : 123456000) + i * NS_PER_US;
}

static void
pcap_packet(struct image *m, unsigned i, bool nano, size_t header)
{
	uint8_t bytes[FRAME + PACKETS];
	int64_t t = time_of(i, nano);

	frame_bytes(bytes, i);
	number(m, (uint64_t)(t / NS_PER_S), 4);
	number(m, (uint64_t)(t % NS_PER_S / (nano ? 1 : NS_PER_US)), 4);
	number(m, FRAME + i, 4);
	number(m, 100 + i, 4);
	if (header == 24)
		number(m, 0x0102030405060708, 8);
	put(m, bytes, FRAME + i);
}

static void
pcap_image(struct image *m, uint32_t magic, bool little)
{
	memset(m, 0, sizeof(*m));
	m->little = little;
	number(m, magic, 4);
	number(m, 2, 2);
	number(m, 4, 2);
	number(m, 0, 8);
	number(m, 65535, 4);
	number(m, 1, 4);
	m->ends[0] = m->n;
	for (unsigned i = 0; i < PACKETS; i++) {
		pcap_packet(m, i, magic == 0xa1b23c4d,
		    magic == 0xa1b2cd34 ? 24 : 16);
		m->ends[i + 1] = m->n;
	}
}

static void
block(struct image *m, uint32_t type, const struct image *body)
{
	size_t padding = (4 - body->n % 4) % 4;
	size_t length = 12 + body->n + padding;

	number(m, type, 4);
	number(m, length, 4);
	put(m, body->p, body->n);
	number(m, 0, (unsigned)padding);
	number(m, length, 4);
}

static void
section_block(struct image *m, uint16_t major)
{
	struct image b = { .little = m->little };

	number(&b, 0x1a2b3c4d, 4);
	number(&b, major, 2);
	number(&b, 0, 2);
	number(&b, UINT64_MAX, 8);
	number(&b, 4, 2); /* shb_userappl */
	number(&b, 5, 2);
	put(&b, "tests\0\0\0", 8);
	number(&b, 0, 4);
	block(m, 0x0a0d0d0a, &b);
}

static void
interface_block(struct image *m, uint16_t link, int resolution, int64_t offset)
{
	struct image b = { .little = m->little };

	number(&b, link, 2);
	number(&b, 0, 2);
	number(&b, 0, 4);
	if (resolution >= 0) {
		number(&b, 9, 2);
		number(&b, 1, 2);
		number(&b, (uint64_t)resolution, 1);
		number(&b, 0, 3);
	}
	if (offset != 0) {
		number(&b, 14, 2);
		number(&b, 8, 2);
		number(&b, (uint64_t)offset, 8);
	}
	number(&b, 0, 4);
	block(m, 1, &b);
}

static void
enhanced_block(struct image *m, uint32_t interface, uint64_t time, unsigned i)
{
	struct image b = { .little = m->little };
	uint8_t bytes[FRAME + PACKETS];

	frame_bytes(bytes, i);
	number(&b, interface, 4);
	number(&b, time >> 32, 4);
	number(&b, time & UINT32_MAX, 4);
	number(&b, FRAME + i, 4);
	number(&b, 100 + i, 4);
	put(&b, bytes, FRAME + i);
	block(m, 6, &b);
}

/* if_tsresol 9: the nanoseconds as they are */
static void
pcapng_image(struct image *m, bool little)
{
	struct image name = { .little = little };

	memset(m, 0, sizeof(*m));
	m->little = little;
	section_block(m, 1);
	interface_block(m, 1, 9, 0);
	m->ends[0] = m->n;
	for (unsigned i = 0; i < PACKETS; i++) {
		enhanced_block(m, 0, (uint64_t)time_of(i, true), i);
		m->ends[i + 1] = m->n;
	}
	number(&name, 0, 4);
	block(m, 4, &name); /* names */
}

static void
snoop_image(struct image *m)
{
	memset(m, 0, sizeof(*m));
	put(m, "snoop\0\0\0", 8);
	number(m, 2, 4);
	number(m, 4, 4);
	m->ends[0] = m->n;
	for (unsigned i = 0; i < PACKETS; i++) {
		uint8_t bytes[FRAME + PACKETS];
		int64_t t = time_of(i, false);
		unsigned padding = (4 - (FRAME + i) % 4) % 4;

		frame_bytes(bytes, i);
		number(m, 100 + i, 4);
		number(m, FRAME + i, 4);
		number(m, 24 + FRAME + i + padding, 4);
		number(m, 0, 4);
		number(m, (uint64_t)(t / NS_PER_S), 4);
		number(m, (uint64_t)(t % NS_PER_S / NS_PER_US), 4);
		put(m, bytes, FRAME + i);
		number(m, 0, padding);
		m->ends[i + 1] = m->n;
	}
}

static struct source *
open_one(const char *path)
{
	struct source_options o = { .files = &path,
		.file_count = 1,
		.hash = true };
	struct fault f = { "" };
	struct source *s = source_open(&o, &f);

	if (s == NULL)
		print_message("%s\n", f.text);
	assert_non_null(s);
	return s;
}

static void
is_packet(const struct packet *p, unsigned i, bool nano)
{
	uint8_t bytes[FRAME + PACKETS];

	frame_bytes(bytes, i);
	assert_int_equal(p->number, PACKET_NUMBER(0, i + 1));
	assert_int_equal(p->link, 1);
	assert_int_equal(p->wire_len, 100 + i);
	assert_int_equal(p->time, time_of(i, nano));
	assert_true(slice_eq(p->frame, slice_of(bytes, FRAME + i)));
}

static enum source_result
next(struct source *s, struct packet *p)
{
	enum source_result r;

	do
		r = source_next(s, p);
	while (r == SOURCE_WAIT);
	return r;
}

/* Reads all; how many packets came. */
static unsigned
read_all(struct source *s, bool nano)
{
	struct packet p;
	unsigned n = 0;

	while (next(s, &p) == SOURCE_PACKET)
		is_packet(&p, n++, nano);
	assert_int_equal(next(s, &p), SOURCE_END);
	return n;
}

static void
check_file(const struct image *m, const char *format, bool nano)
{
	const struct source_input *in;
	struct source_stats stats;
	struct source *s;
	uint8_t sha256[64];
	char path[32];

	temp_file(path, m->p, m->n);
	s = open_one(path);
	assert_int_equal(read_all(s, nano), PACKETS);
	in = source_input(s, 0);
	assert_int_equal(source_inputs(s), 1);
	assert_string_equal(in->path, path);
	assert_string_equal(in->format, format);
	assert_string_equal(in->link_type, "LINKTYPE_ETHERNET");
	assert_int_equal(in->packets, PACKETS);
	assert_int_equal(in->first, time_of(0, nano));
	assert_int_equal(in->last, time_of(PACKETS - 1, nano));
	assert_int_equal(in->size, m->n);
	assert_null(in->trouble);
	assert_false(in->unread);
	assert_true(in->has_sha256);
	(void)digest_of(DIGEST_SHA256, slice_of(m->p, m->n), sha256);
	assert_memory_equal(in->sha256, sha256, SHA256_BYTES);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, PACKETS);
	assert_int_equal(stats.bytes, 303);
	assert_int_equal(stats.read_bytes, m->n);
	assert_int_equal(stats.total_bytes, m->n);
	source_close(s);
	unlink(path);
}

static void
test_formats(void **state)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34 };
	struct image m;

	(void)state;
	for (unsigned little = 0; little < 2; little++) {
		for (size_t i = 0; i < COUNT(magics); i++) {
			pcap_image(&m, magics[i], little);
			check_file(&m, "pcap", i == 1);
		}
		pcapng_image(&m, little);
		check_file(&m, "pcapng", true);
	}
	snoop_image(&m);
	check_file(&m, "snoop", false);
}

/* Every shorter file gives every whole packet and says where it ended. */
static void
check_truncations(const struct image *m, bool nano)
{
	for (size_t n = 0; n < m->n; n++) {
		const struct source_input *in;
		struct source *s;
		char path[32];
		char offset[32];
		unsigned whole = 0;
		bool boundary = n == m->ends[0];

		while (whole < PACKETS && m->ends[whole + 1] <= n)
			whole++;
		boundary = boundary || (whole > 0 && n == m->ends[whole]);
		temp_file(path, m->p, n);
		s = open_one(path);
		assert_int_equal(read_all(s, nano), whole);
		in = source_input(s, 0);
		assert_int_equal(in->packets, whole);
		if (boundary) {
			assert_null(in->trouble);
			assert_false(in->unread);
		} else if (in->trouble != NULL) {
			snprintf(offset, sizeof(offset), "byte %zu ", n);
			assert_int_equal(in->unread, whole == 0);
			assert_non_null(strstr(in->trouble, path));
			if (n > m->ends[0])
				assert_non_null(strstr(in->trouble, offset));
		} else {
			/* between two blocks before the first packet */
			assert_true(n < m->ends[0]);
		}
		source_close(s);
		unlink(path);
	}
}

static void
test_truncations(void **state)
{
	struct image m;

	(void)state;
	pcap_image(&m, 0xa1b2c3d4, true);
	check_truncations(&m, false);
	pcap_image(&m, 0xa1b2cd34, false);
	check_truncations(&m, false);
	pcapng_image(&m, true);
	check_truncations(&m, true);
	pcapng_image(&m, false);
	check_truncations(&m, true);
	snoop_image(&m);
	m.n = m.ends[1] + 24 + FRAME; /* the padding of later ones may lack */
	check_truncations(&m, false);
}

static size_t
pack(const struct image *m, uint8_t *to, size_t room)
{
	z_stream z = { .next_out = to, .avail_out = (uInt)room };
	uint8_t copy[ROOM];

	memcpy(copy, m->p, m->n);
	z.next_in = copy;
	z.avail_in = (uInt)m->n;
	assert_int_equal(
	    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
	    Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

static void
test_gzip(void **state)
{
	const struct source_input *in;
	struct image m;
	struct image half;
	uint8_t packed[2 * ROOM];
	struct source *s;
	char path[32];
	size_t n;

	(void)state;
	pcapng_image(&m, true);
	/* two members, cut in the middle of a packet, and bytes behind */
	half = m;
	half.n = m.ends[1] + 7;
	n = pack(&half, packed, sizeof(packed));
	memmove(half.p, m.p + half.n, m.n - half.n);
	half.n = m.n - half.n;
	n += pack(&half, packed + n, sizeof(packed) - n);
	packed[n] = 0;
	temp_file(path, packed, n + 1);
	s = open_one(path);
	assert_int_equal(read_all(s, true), PACKETS);
	in = source_input(s, 0);
	assert_null(in->trouble);
	assert_int_equal(in->size, n + 1);
	assert_true(in->has_sha256);
	source_close(s);
	unlink(path);

	n = pack(&m, packed, sizeof(packed));
	for (size_t i = 0; i < n; i++) {
		unsigned count;

		temp_file(path, packed, i);
		s = open_one(path);
		count = read_all(s, true);
		in = source_input(s, 0);
		assert_non_null(in->trouble);
		assert_int_equal(in->unread, count == 0);
		source_close(s);
		unlink(path);
	}
	packed[n / 2] ^= 0x55;
	temp_file(path, packed, n);
	s = open_one(path);
	(void)read_all(s, true);
	assert_non_null(source_input(s, 0)->trouble);
	source_close(s);
	unlink(path);
}

/* 2^-n seconds and coarser than seconds, offset, default of microseconds */
static void
test_resolutions(void **state)
{
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t units;
		int64_t ns;
	} rows[] = {
		{ -1, 0, 1600000000123456, 1600000000123456000 },
		{ 0, 0, 1600000000, 1600000000000000000 },
		{ 3, 0, 1600000000123, 1600000000123000000 },
		{ 9, 0, 1600000000123456789, 1600000000123456789 },
		{ 12, 1600000000, 123456789012, 1600000000123456789 },
		{ 18, 1600000000, 123456789012345678, 1600000000123456789 },
		{ 60, 7, 123456789012345678, 7000000000 },
		{ 0x80, 0, 1600000000, 1600000000000000000 },
		{ 0x80 + 1, 0, 3200000001, 1600000000500000000 },
		{ 0x80 + 20, 0, 1600000000ull << 20 | 1 << 19,
		    1600000000500000000 },
		{ 0x80 + 30, 0, 1600000000ull << 30 | 1 << 28,
		    1600000000250000000 },
		{ 0x80 + 62, 5, 1ull << 62 | 1ull << 61, 6500000000 },
		{ 0x80 + 100, 5, UINT64_MAX, 5000000000 },
		{ 6, -3600, 3600000001, 1000 },
		/* no times: the begin and the end of all that there are */
		{ 6, -3600, 5, 0 },
		{ 9, 0, UINT64_MAX, 0 },
		{ 9, 0, INT64_MAX, INT64_C(1) << 62 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct image m = { .little = true };
		struct packet p;
		struct source *s;
		char path[32];

		section_block(&m, 1);
		interface_block(&m, 1, rows[i].resolution, rows[i].offset);
		enhanced_block(&m, 0, rows[i].units, 0);
		temp_file(path, m.p, m.n);
		s = open_one(path);
		assert_int_equal(next(s, &p), SOURCE_PACKET);
		assert_int_equal(p.time, rows[i].ns);
		source_close(s);
		unlink(path);
	}
}

/* Interfaces of different kinds, the packet blocks without and with an old
 * form, then a section in the other byte order that begins anew. */
static void
test_pcapng_blocks(void **state)
{
	struct image m = { .little = true };
	struct image b = { .little = true };
	uint8_t bytes[FRAME + PACKETS];
	struct packet p;
	struct source *s;
	char path[32];

	(void)state;
	frame_bytes(bytes, 0);
	section_block(&m, 1);
	interface_block(&m, 1, 9, 0);
	interface_block(&m, 101, 6, 0);
	enhanced_block(&m, 1, 5000000, 1);
	number(&b, FRAME, 4); /* simple */
	put(&b, bytes, FRAME);
	block(&m, 3, &b);
	b.n = 0; /* old */
	number(&b, 1, 2);
	number(&b, 77, 2);
	number(&b, 0, 4);
	number(&b, 6000000, 4);
	number(&b, FRAME, 4);
	number(&b, FRAME, 4);
	put(&b, bytes, FRAME);
	block(&m, 2, &b);
	b.n = 0;
	block(&m, 0xbad, &b); /* custom: numbered but no packet */
	block(&m, 5, &b);
	m.little = false;
	section_block(&m, 1);
	interface_block(&m, 113, 9, 0);
	enhanced_block(&m, 0, 7000000000, 2);

	temp_file(path, m.p, m.n);
	s = open_one(path);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	assert_int_equal(p.link, 101);
	assert_int_equal(p.time, 5 * NS_PER_S);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	assert_int_equal(p.link, 1);
	assert_int_equal(p.time, 5 * NS_PER_S);
	assert_true(slice_eq(p.frame, slice_of(bytes, FRAME)));
	assert_int_equal(p.wire_len, FRAME);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	assert_int_equal(p.link, 101);
	assert_int_equal(p.time, 6 * NS_PER_S);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	assert_int_equal(p.link, 113);
	assert_int_equal(p.time, 7 * NS_PER_S);
	assert_int_equal(PACKET_FRAME(p.number), 5);
	assert_int_equal(next(s, &p), SOURCE_END);
	assert_string_equal(source_input(s, 0)->link_type,
	    "LINKTYPE_ETHERNET,LINKTYPE_RAW,LINKTYPE_LINUX_SLL");
	assert_null(source_input(s, 0)->trouble);
	assert_int_equal(source_input(s, 0)->packets, 4);
	source_close(s);
	unlink(path);
}

/* What is wrong is said in one sentence, after what was right. */
static void
expect_trouble(const struct image *m, unsigned packets, const char *words)
{
	const struct source_input *in;
	struct packet p;
	struct source *s;
	char path[32];
	unsigned n = 0;

	temp_file(path, m->p, m->n);
	s = open_one(path);
	while (next(s, &p) == SOURCE_PACKET)
		n++;
	assert_int_equal(n, packets);
	in = source_input(s, 0);
	assert_non_null(in->trouble);
	assert_non_null(strstr(in->trouble, path));
	if (strstr(in->trouble, words) == NULL)
		print_message("%s\n", in->trouble);
	assert_non_null(strstr(in->trouble, words));
	assert_int_equal(in->unread, packets == 0);
	source_close(s);
	unlink(path);
}

static void
test_damage(void **state)
{
	struct image m;
	struct image good;

	(void)state;
	pcap_image(&good, 0xa1b2c3d4, false);
	m = good;
	m.p[m.ends[1] + 8] = 0x7f; /* captured length */
	expect_trouble(&m, 1, "packet 2 at byte 100 claims");
	m = good;
	m.p[5] = 1;
	expect_trouble(&m, 0, "version 1.4");
	m.p[5] = 3;
	expect_trouble(&m, 0, "version 3.4");

	pcapng_image(&good, true);
	m = good;
	m.p[m.ends[1] + 4] += 1; /* length no multiple of four */
	expect_trouble(&m, 1, "impossible length");
	m = good;
	m.p[m.ends[1] + 4] += 4; /* not that at the end */
	expect_trouble(&m, 1, "two different lengths");
	m = good;
	m.p[m.ends[1] + 8] = 1;
	expect_trouble(&m, 1, "not described");
	m = good;
	m.p[m.ends[1] + 20] = 0xff;
	expect_trouble(&m, 1, "longer than the block");
	m.p[m.ends[1] + 22] = 0xff;
	expect_trouble(&m, 1, "claims");
	m = (struct image){ .little = true };
	section_block(&m, 2);
	expect_trouble(&m, 0, "version 2.0");

	snoop_image(&m);
	m.p[11] = 3;
	expect_trouble(&m, 0, "version 3");
	snoop_image(&m);
	m.p[15] = 9;
	expect_trouble(&m, 0, "data link 9");
	snoop_image(&m);
	m.p[m.ends[1] + 11] = 20; /* record shorter than its packet */
	expect_trouble(&m, 1, "packet 2");
}

static void
test_foreign(void **state)
{
	static const char *const starts[] = { "\x28\xb5\x2f\xfd zstd",
		"BZh9 bzip2", "GMBU Network Monitor",
		"#!/bin/sh is no capture" };
	static const char *const words[] = { "zstd", "bzip2", "Network Monitor",
		"no capture: at byte 0 stands 23 21" };

	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++) {
		struct image m = { .n = 0 };

		put(&m, starts[i], strlen(starts[i]));
		expect_trouble(&m, 0, words[i]);
	}
}

/* Versions before 2.3 exchange captured and wire length. */
static void
test_old_pcap(void **state)
{
	struct image m;
	struct packet p;
	struct source *s;
	char path[32];

	(void)state;
	pcap_image(&m, 0xa1b2c3d4, false);
	m.p[7] = 2;
	for (unsigned i = 0; i < PACKETS; i++) {
		uint8_t *h = m.p + m.ends[i];
		uint8_t swap = h[11];

		h[11] = h[15];
		h[15] = swap;
	}
	temp_file(path, m.p, m.n);
	s = open_one(path);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	is_packet(&p, 0, false);
	source_close(s);
	unlink(path);
}

/* Shorter on the wire than captured is not believed. */
static void
test_short_wire(void **state)
{
	struct image m;
	struct packet p;
	struct source *s;
	char path[32];

	(void)state;
	pcap_image(&m, 0xa1b2c3d4, false);
	memset(m.p + m.ends[0] + 12, 0, 4);
	temp_file(path, m.p, m.n);
	s = open_one(path);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	assert_int_equal(p.wire_len, FRAME);
	source_close(s);
	unlink(path);
}

static void
collect(void *ctx, struct slice keylog)
{
	struct image *all = ctx;

	put(all, keylog.p, keylog.n);
}

static void
secrets_block(struct image *m, uint32_t type, const char *text)
{
	struct image b = { .little = m->little };

	number(&b, type, 4);
	number(&b, strlen(text), 4);
	put(&b, text, strlen(text));
	block(m, 10, &b);
}

static void
test_secrets(void **state)
{
	static const char first[] = "CLIENT_RANDOM 00 11\n";
	static const char second[] = "CLIENT_RANDOM 22 33";
	struct image m;
	struct image all = { .n = 0 };
	struct source *s;
	char path[32];

	(void)state;
	for (unsigned little = 0; little < 2; little++) {
		pcapng_image(&m, little);
		secrets_block(&m, 0x544c534b, first);
		secrets_block(&m, 0x57474b4c, "other secrets");
		secrets_block(&m, 0x544c534b, second);
		temp_file(path, m.p, m.n);
		s = open_one(path);
		all.n = 0;
		assert_true(source_secrets(s, collect, &all));
		assert_int_equal(all.n, strlen(first) + strlen(second));
		assert_memory_equal(all.p, first, strlen(first));
		assert_memory_equal(all.p + strlen(first), second,
		    strlen(second));
		assert_true(source_input(s, 0)->has_secrets);
		assert_int_equal(read_all(s, true), PACKETS);
		assert_null(source_input(s, 0)->trouble);
		source_close(s);
		unlink(path);
	}
	/* cut anywhere: no read error, no more text */
	for (size_t n = 0; n < m.n; n++) {
		temp_file(path, m.p, n);
		s = open_one(path);
		all.n = 0;
		assert_true(source_secrets(s, collect, &all));
		assert_true(all.n <= strlen(first) + strlen(second));
		source_close(s);
		unlink(path);
	}
	pcap_image(&m, 0xa1b2c3d4, true);
	temp_file(path, m.p, m.n);
	s = open_one(path);
	all.n = 0;
	assert_true(source_secrets(s, collect, &all));
	assert_int_equal(all.n, 0);
	assert_false(source_input(s, 0)->has_secrets);
	source_close(s);
	unlink(path);
}

static void
count_lines(void *ctx, struct slice keylog)
{
	size_t *sum = ctx;

	assert_int_equal(keylog.p[keylog.n - 1], '\n');
	for (size_t i = 0; i < keylog.n; i++)
		*sum += keylog.p[i] == '\n';
}

/* A block larger than what is read at once comes in whole lines. */
static void
test_large_secrets(void **state)
{
	enum { LINES = 100000, LINE = 20 };
	static const char line[] = "CLIENT_RANDOM 00 11\n";
	struct image m = { .little = true };
	struct image tail = { .little = true };
	size_t text = (size_t)LINES * LINE;
	uint8_t *file = malloc(ROOM + text);
	struct source *s;
	char path[32];
	size_t n;
	size_t sum = 0;

	(void)state;
	assert_non_null(file);
	section_block(&m, 1);
	number(&m, 10, 4);
	number(&m, 20 + text, 4);
	number(&m, 0x544c534b, 4);
	number(&m, text, 4);
	memcpy(file, m.p, m.n);
	n = m.n;
	for (size_t i = 0; i < LINES; i++, n += LINE)
		memcpy(file + n, line, LINE);
	number(&tail, 20 + text, 4);
	interface_block(&tail, 1, 9, 0);
	for (unsigned i = 0; i < PACKETS; i++)
		enhanced_block(&tail, 0, (uint64_t)time_of(i, true), i);
	memcpy(file + n, tail.p, tail.n);
	n += tail.n;
	temp_file(path, file, n);
	free(file);
	s = open_one(path);
	assert_true(source_secrets(s, count_lines, &sum));
	assert_int_equal(sum, LINES);
	assert_int_equal(read_all(s, true), PACKETS);
	source_close(s);
	unlink(path);
}

/* Several files: numbers grow, one that is missing does not stop the run. */
static void
test_several(void **state)
{
	struct image m;
	char a[32];
	char b[32];
	const char *files[] = { a, "/nonexistent/file.pcap", b };
	struct source_options o = { .files = files, .file_count = 3 };
	struct fault f;
	struct source *s;
	struct packet p;
	uint64_t last = 0;
	unsigned n = 0;

	(void)state;
	pcap_image(&m, 0xa1b2c3d4, true);
	temp_file(a, m.p, m.n);
	snoop_image(&m);
	temp_file(b, m.p, m.n);
	s = source_open(&o, &f);
	assert_non_null(s);
	while (next(s, &p) == SOURCE_PACKET) {
		assert_true(p.number > last);
		last = p.number;
		n++;
	}
	assert_int_equal(n, 2 * PACKETS);
	assert_int_equal(PACKET_FILE(last), 2);
	assert_int_equal(PACKET_FRAME(last), PACKETS);
	assert_int_equal(source_inputs(s), 3);
	assert_true(source_input(s, 1)->unread);
	assert_non_null(strstr(source_input(s, 1)->trouble, "No such file"));
	assert_null(source_input(s, 2)->trouble);
	assert_null(source_input(s, 3));
	source_close(s);
	unlink(a);
	unlink(b);
}

static void
test_nothing_to_read(void **state)
{
	const char *path = "/nonexistent/file.pcap";
	struct source_options o = { .files = &path, .file_count = 1 };
	struct fault f = { "" };

	(void)state;
	assert_null(source_open(&o, &f));
	assert_non_null(strstr(f.text, path));
	assert_non_null(strstr(f.text, "No such file"));
	o.file_count = 0;
	assert_null(source_open(&o, &f));
}

static void
test_folder(void **state)
{
	char folder[] = "/tmp/spanward-test-XXXXXX";
	const char *path = folder;
	struct source_options o = { .files = &path, .file_count = 1 };
	struct image m;
	struct fault f;
	struct source *s;
	struct packet p;
	char name[64];
	unsigned n = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_null(source_open(&o, &f));
	assert_non_null(strstr(f.text, "no capture"));
	pcap_image(&m, 0xa1b23c4d, true);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t packed[ROOM];
		size_t size = pack(&m, packed, sizeof(packed));
		int fd;

		snprintf(name, sizeof(name), "%s/%c", folder, "bca0"[i]);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		if (i == 2)
			assert_int_equal(write(fd, packed, size), size);
		else if (i == 3)
			assert_int_equal(write(fd, "notes", 5), 5);
		else
			assert_int_equal(write(fd, m.p, m.n), m.n);
		close(fd);
	}
	snprintf(name, sizeof(name), "%s/aa", folder);
	assert_int_equal(mkdir(name, 0700), 0);
	s = source_open(&o, &f);
	assert_non_null(s);
	assert_int_equal(source_inputs(s), 3);
	for (unsigned i = 0; i < 3; i++) {
		const char *shown = source_input(s, i)->path;

		assert_int_equal(shown[strlen(shown) - 1], "abc"[i]);
	}
	while (next(s, &p) == SOURCE_PACKET)
		n++;
	assert_int_equal(n, 3 * PACKETS);
	source_close(s);
	rmdir(name);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s/%c", folder, "bca0"[i]);
		unlink(name);
	}
	rmdir(folder);
}

static void
test_filter(void **state)
{
	struct image m;
	char path[32];
	const char *files[] = { path };
	struct source_options o = { .files = files,
		.file_count = 1,
		.filter = "udp port 2001" };
	struct fault f;
	struct source *s;
	struct packet p;

	(void)state;
	pcap_image(&m, 0xa1b23c4d, false);
	temp_file(path, m.p, m.n);
	s = source_open(&o, &f);
	assert_non_null(s);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	is_packet(&p, 1, true); /* keeps the number it has in the file */
	assert_int_equal(next(s, &p), SOURCE_END);
	assert_int_equal(source_input(s, 0)->packets, PACKETS);
	assert_null(source_input(s, 0)->trouble);
	source_close(s);

	o.filter = "wlan type data"; /* means nothing on Ethernet */
	s = source_open(&o, &f);
	assert_non_null(s);
	assert_int_equal(next(s, &p), SOURCE_END);
	assert_non_null(strstr(source_input(s, 0)->trouble, "filter"));
	source_close(s);

	o.filter = "udp prot 2001";
	assert_null(source_open(&o, &f));
	assert_non_null(strstr(f.text, "udp prot 2001"));
	unlink(path);
}

static void
test_most_packets(void **state)
{
	struct image m;
	char path[32];
	const char *files[] = { path };
	struct source_options o = { .files = files,
		.file_count = 1,
		.most_packets = 2 };
	struct fault f;
	struct source *s;

	(void)state;
	pcap_image(&m, 0xa1b23c4d, false);
	temp_file(path, m.p, m.n);
	s = source_open(&o, &f);
	assert_non_null(s);
	assert_int_equal(read_all(s, true), 2);
	assert_int_equal(source_input(s, 0)->packets, 2);
	assert_false(source_input(s, 0)->has_sha256);
	source_close(s);
	o.hash = true;
	s = source_open(&o, &f);
	assert_non_null(s);
	assert_int_equal(read_all(s, true), 2);
	assert_true(source_input(s, 0)->has_sha256);
	source_close(s);
	unlink(path);
}

static void
test_stop(void **state)
{
	struct image m;
	struct source *s;
	struct packet p;
	char path[32];

	(void)state;
	pcap_image(&m, 0xa1b23c4d, false);
	temp_file(path, m.p, m.n);
	s = open_one(path);
	assert_int_equal(next(s, &p), SOURCE_PACKET);
	source_stop(s);
	assert_int_equal(next(s, &p), SOURCE_END);
	assert_int_equal(next(s, &p), SOURCE_END);
	source_close(s);
	unlink(path);
}

static void
append(const char *path, const uint8_t *p, size_t n)
{
	FILE *f = fopen(path, "ab");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* A file grows between the two that read it: it ends where the first found its
 * end, and the next one begins. */
static void
test_again_grown(void **state)
{
	enum { FILE_HEADER = 24 };
	struct image m;
	char a[32], b[32];
	const char *files[] = { a, b };
	struct source_options o = { .files = files, .file_count = 2 };
	struct source *s, *twin;
	struct packet p;
	uint64_t numbers[ROOM];
	struct fault f;
	size_t n = 0;

	(void)state;
	pcap_image(&m, 0xa1b2c3d4, true);
	temp_file(a, m.p, m.n);
	temp_file(b, m.p, m.n);
	s = source_open(&o, &f);
	assert_non_null(s);
	twin = source_again(s, &o, &f);
	assert_non_null(twin);
	while (next(s, &p) == SOURCE_PACKET)
		numbers[n++] = p.number;
	append(a, m.p + FILE_HEADER, m.n - FILE_HEADER);
	append(b, m.p + FILE_HEADER, m.n - FILE_HEADER);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(next(twin, &p), SOURCE_PACKET);
		assert_true(p.number == numbers[i]);
	}
	assert_int_equal(next(twin, &p), SOURCE_END);
	source_close(twin);
	source_close(s);
	unlink(a);
	unlink(b);
}

/* The same packets under the same numbers, in whatever order the two read. */
static void
test_again(void **state)
{
	struct image m;
	char a[32], b[32];
	const char *files[] = { a, "/nonexistent/file.pcap", b };
	struct source_options o = { .files = files,
		.file_count = 3,
		.filter = "udp port 2000 or udp port 2002",
		.most_packets = 3 };
	struct source *s, *twin;
	struct packet p, q;
	struct fault f;

	(void)state;
	pcap_image(&m, 0xa1b2c3d4, true);
	temp_file(a, m.p, m.n);
	snoop_image(&m);
	temp_file(b, m.p, m.n);
	s = source_open(&o, &f);
	assert_non_null(s);
	assert_true(source_can_again(s));
	twin = source_again(s, &o, &f);
	assert_non_null(twin);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(next(s, &p), SOURCE_PACKET);
		assert_int_equal(next(twin, &q), SOURCE_PACKET);
		assert_true(p.number == q.number);
		assert_true(p.time == q.time);
		assert_int_equal(p.frame.n, q.frame.n);
		assert_memory_equal(p.frame.p, q.frame.p, p.frame.n);
	}
	assert_int_equal(PACKET_FILE(p.number), 2);
	assert_int_equal(next(twin, &q), SOURCE_END);
	source_close(twin);
	assert_int_equal(next(s, &p), SOURCE_END);
	assert_non_null(source_input(s, 1)->trouble);
	source_close(s);
	unlink(a);
	unlink(b);
}

/* What can be read but once, or would have to be unpacked twice. */
static void
test_not_again(void **state)
{
	struct image m;
	uint8_t packed[ROOM];
	char path[32];
	struct source *s;

	(void)state;
	s = open_one("-");
	assert_false(source_can_again(s));
	source_close(s);
	pcap_image(&m, 0xa1b2c3d4, true);
	temp_file(path, packed, pack(&m, packed, sizeof(packed)));
	s = open_one(path);
	assert_false(source_can_again(s));
	source_close(s);
	unlink(path);
}

enum { HELD_FRAMES = 30000 };

/* Over many fills of the buffer, and over the end of a file. */
static void
test_hold(void **state)
{
	struct image m;
	char path[32];
	const char *files[] = { path, path };
	struct source_options o = { .files = files, .file_count = 2 };
	uint8_t *big = malloc(HELD_FRAMES * (size_t)ROOM / 8);
	struct packet held[64];
	size_t size, waits = 0, total = 0;
	unsigned n = 0, number = 0;
	enum source_result r;
	struct source *s;
	struct fault f;

	(void)state;
	assert_non_null(big);
	pcap_image(&m, 0xa1b2c3d4, true);
	size = m.ends[0];
	memcpy(big, m.p, size);
	for (unsigned i = 0; i < HELD_FRAMES; i++) {
		memcpy(big + size, m.p + m.ends[0], m.ends[1] - m.ends[0]);
		size += m.ends[1] - m.ends[0];
		memcpy(big + size - 4, &i, sizeof(i));
	}
	temp_file(path, big, size);
	free(big);
	s = source_open(&o, &f);
	assert_non_null(s);
	for (;;) {
		source_hold(s, n > 0);
		r = source_next(s, &held[n]);
		n += r == SOURCE_PACKET;
		if (r == SOURCE_PACKET && n < COUNT(held))
			continue;
		waits += r == SOURCE_WAIT;
		/* All that was given out is as it was. */
		for (unsigned i = 0; i < n; i++, number++) {
			struct slice end = slice_from(held[i].frame,
			    held[i].frame.n - sizeof(number));
			unsigned expected = number % HELD_FRAMES;

			assert_memory_equal(end.p, &expected, end.n);
		}
		total += n;
		if (n == 0 && r == SOURCE_END)
			break;
		n = 0;
	}
	assert_int_equal(total, 2 * HELD_FRAMES);
	assert_true(waits > 2);
	source_close(s);
	unlink(path);
}

/* Byte by byte through a pipe: the source says that it waits, no byte gets
 * lost, and the digest is that of all of them. */
static void
check_pipe(const uint8_t *bytes, size_t size, size_t step)
{
	int keep = dup(STDIN_FILENO);
	const struct source_input *in;
	struct source *s;
	struct packet p;
	uint8_t sha256[64];
	unsigned n = 0;
	size_t sent = 0;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_true(dup2(fd[0], STDIN_FILENO) == STDIN_FILENO);
	close(fd[0]);
	s = open_one("-");
	for (;;) {
		enum source_result r = source_next(s, &p);
		size_t more = size - sent < step ? size - sent : step;

		if (r == SOURCE_END)
			break;
		if (r == SOURCE_PACKET) {
			is_packet(&p, n++, true);
			continue;
		}
		if (more == 0) {
			close(fd[1]);
			fd[1] = -1;
		} else {
			assert_int_equal(write(fd[1], bytes + sent, more),
			    more);
			sent += more;
		}
	}
	assert_int_equal(fd[1], -1);
	assert_int_equal(n, PACKETS);
	in = source_input(s, 0);
	assert_null(in->trouble);
	assert_int_equal(in->size, size);
	assert_true(in->has_sha256);
	(void)digest_of(DIGEST_SHA256, slice_of(bytes, size), sha256);
	assert_memory_equal(in->sha256, sha256, SHA256_BYTES);
	source_close(s);
	assert_true(dup2(keep, STDIN_FILENO) == STDIN_FILENO);
	close(keep);
}

static void
test_pipe(void **state)
{
	struct image m;
	uint8_t packed[ROOM];

	(void)state;
	pcapng_image(&m, false);
	check_pipe(m.p, m.n, 61);
	pcap_image(&m, 0xa1b23c4d, true);
	check_pipe(m.p, m.n, 50);
	check_pipe(packed, pack(&m, packed, sizeof(packed)), 40);
}

static void
count_interface(void *ctx, const struct source_interface *i)
{
	unsigned *n = ctx;

	assert_non_null(i->name);
	assert_non_null(i->addresses);
	(*n)++;
}

static void
test_interfaces(void **state)
{
	const char *name = "no-such-if";
	struct source_options o = { .interfaces = &name, .interface_count = 1 };
	struct fault f = { "" };
	unsigned n = 0;

	(void)state;
	assert_true(source_list(count_interface, &n, &f));
	assert_null(source_open(&o, &f));
	assert_true(f.text[0] != '\0');
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_resolutions),
		cmocka_unit_test(test_pcapng_blocks),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_old_pcap),
		cmocka_unit_test(test_short_wire),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_large_secrets),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_nothing_to_read),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_most_packets),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_again_grown),
		cmocka_unit_test(test_not_again),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
