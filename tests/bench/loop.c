/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - a day of traffic out of seconds of it, as pcap to standard output:
 * loop SECONDS EVERY_MS SETS FILE...
 *
 * All packets of all files are one scene. Every EVERY_MS of packet time a
 * scene begins, for SECONDS, from the full hour after the first packet on.
 * The hosts of scene n are those of set n modulo SETS: 10.55.x.y becomes
 * 10.10.x.y to 10.89.x.y, then 11.10.x.y and so on, in IP headers, in STUN
 * attributes and in readable text; TCP numbers move from scene to scene, so
 * that a set which comes again has new connections. Ethernet with IPv4;
 * other packets are left out. Checksums of headers stay right, those of
 * changed payload do not.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OCTETS = 80, /* second octets of two digits, from FIRST_OCTET on */
	FIRST_OCTET = 10,
	SPOTS = 64,  /* addresses in one payload */
	LIVE = 4096, /* scenes at the same time */
	FRAME = 65536,
};

/* Where an address stands, and how it is written. */
struct spot {
	uint32_t at;
	bool text, xored;
};

struct packet {
	int64_t when; /* us since the scene began */
	size_t order; /* of those of the same time */
	uint32_t size, l4;
	bool tcp;
	uint16_t spot_count;
	struct spot *spots;
	uint8_t *bytes;
};

struct scene {
	struct packet *p;
	size_t count, room;
	int64_t begin; /* us, of the first packet of all */
};

struct live {
	int64_t start; /* us */
	uint64_t number;
	size_t at;
};

static void
die(const char *what)
{
	fprintf(stderr, "loop: %s\n", what);
	exit(2);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* RFC 1624: the checksum at `sum` once a word has changed. */
static void
mend(uint8_t *sum, unsigned from, unsigned to)
{
	uint32_t s = (uint32_t)(~(sum[0] << 8 | sum[1]) & 0xffff) +
	    (~from & 0xffff) + to;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = ~s & 0xffff;
	sum[0] = (uint8_t)(s >> 8);
	sum[1] = (uint8_t)s;
}

static void
note(struct packet *p, size_t at, bool text, bool xored)
{
	if (p->spot_count == SPOTS)
		return;
	p->spots = realloc(p->spots, (p->spot_count + 1u) * sizeof(*p->spots));
	if (p->spots == NULL)
		die("no memory");
	p->spots[p->spot_count++] = (struct spot){ (uint32_t)at, text, xored };
}

static void
find_spots(struct packet *p)
{
	static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };
	bool stun =
	    memmem(p->bytes + p->l4, p->size - p->l4, cookie, 4) != NULL;

	for (size_t i = p->l4 + 8; i + 6 <= p->size; i++) {
		const uint8_t *b = p->bytes + i;

		if (memcmp(b, "10.55.", 6) == 0)
			note(p, i, true, false);
		else if (stun && b[0] == 10 && b[1] == 55 && b[2] <= 30)
			note(p, i, false, false);
		else if (stun && b[0] == (10 ^ 0x21) && b[1] == (55 ^ 0x12) &&
		    (b[2] ^ 0xa4) <= 30)
			note(p, i, false, true);
	}
}

static void
add(struct scene *s, const struct pcap_pkthdr *h, const uint8_t *bytes,
    int64_t *first)
{
	int64_t when = (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec;

	if (*first < 0)
		*first = when;
	if (s->begin == 0 || when < s->begin)
		s->begin = when;
	if (h->caplen < 42 || bytes[12] != 8 || bytes[13] != 0 ||
	    bytes[26] != 10 || bytes[30] != 10 || h->caplen > FRAME)
		return;
	size_t l4 = 14u + (bytes[14] & 15u) * 4u;
	bool whole = (bytes[20] & 0x3f) == 0 && bytes[21] == 0;

	if (!whole || (bytes[23] != 6 && bytes[23] != 17) ||
	    h->caplen < l4 + (bytes[23] == 6 ? 20 : 8))
		return;
	if (s->count == s->room) {
		s->room = s->room * 2 + 1024;
		s->p = realloc(s->p, s->room * sizeof(*s->p));
		if (s->p == NULL)
			die("no memory");
	}
	struct packet *p = &s->p[s->count++];

	*p = (struct packet){ .when = when - *first,
		.order = s->count,
		.size = h->caplen,
		.l4 = (uint32_t)l4,
		.tcp = bytes[23] == 6,
		.bytes = malloc(h->caplen) };
	if (p->bytes == NULL)
		die("no memory");
	memcpy(p->bytes, bytes, h->caplen);
	find_spots(p);
}

static void
load(struct scene *s, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(path, why);
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	int64_t first = -1;

	if (in == NULL)
		die(why);
	if (pcap_datalink(in) != DLT_EN10MB)
		die("not Ethernet");
	while (pcap_next_ex(in, &h, &bytes) == 1)
		add(s, h, bytes, &first);
	pcap_close(in);
}

static int
by_time(const void *a, const void *b)
{
	const struct packet *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void
move(uint8_t *out, const struct packet *p, uint64_t number, unsigned sets)
{
	unsigned set = (unsigned)(number % sets);
	uint8_t one = (uint8_t)(10 + set / OCTETS);
	uint8_t two = (uint8_t)(FIRST_OCTET + set % OCTETS);
	uint32_t by = (uint32_t)(number / sets * 100000007u);
	uint8_t *sum = out + p->l4 + (p->tcp ? 16 : 6);
	bool summed = p->tcp || sum[0] != 0 || sum[1] != 0;

	memcpy(out, p->bytes, p->size);
	for (unsigned at = 26; at <= 30; at += 4) {
		unsigned from = (unsigned)out[at] << 8 | out[at + 1];

		out[at] = one;
		out[at + 1] = two;
		mend(out + 24, from, (unsigned)one << 8 | two);
		if (summed)
			mend(sum, from, (unsigned)one << 8 | two);
	}
	for (unsigned i = 0; i < p->spot_count; i++) {
		uint8_t *b = out + p->spots[i].at;

		if (p->spots[i].text) {
			b[1] = (uint8_t)('0' + one % 10);
			b[3] = (uint8_t)('0' + two / 10);
			b[4] = (uint8_t)('0' + two % 10);
			continue;
		}
		b[0] = p->spots[i].xored ? one ^ 0x21 : one;
		b[1] = p->spots[i].xored ? two ^ 0x12 : two;
	}
	if (!p->tcp || by == 0)
		return;
	for (unsigned at = p->l4 + 4; at <= p->l4 + 8; at += 4) {
		uint32_t from = get32(out + at), to = from + by;

		if (at > p->l4 + 4 && (out[p->l4 + 13] & 0x10) == 0)
			break;
		put32(out + at, to);
		mend(sum, from >> 16, to >> 16);
		mend(sum, from & 0xffff, to & 0xffff);
	}
}

static void
emit(const struct packet *p, int64_t when, uint64_t number, unsigned sets)
{
	static uint8_t out[FRAME];
	uint32_t head[4] = { (uint32_t)(when / 1000000),
		(uint32_t)(when % 1000000), p->size, p->size };

	move(out, p, number, sets);
	if (fwrite(head, sizeof(head), 1, stdout) != 1 ||
	    fwrite(out, p->size, 1, stdout) != 1)
		die(strerror(errno));
}

/* The live scene whose next packet is the oldest; few are live. */
static size_t
oldest(const struct scene *s, const struct live *l, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++) {
		if (l[i].start + s->p[l[i].at].when <
		    l[best].start + s->p[l[best].at].when)
			best = i;
	}
	return best;
}

static void
loop(const struct scene *s, int64_t span, int64_t every, unsigned sets)
{
	static struct live live[LIVE];
	int64_t base = (s->begin / 3600000000 + 1) * 3600000000;
	uint64_t next = 0;
	size_t n = 0;

	for (;;) {
		int64_t start = base + (int64_t)next * every;
		size_t i = oldest(s, live, n);

		if (start < base + span &&
		    (n == 0 ||
			start <= live[i].start + s->p[live[i].at].when)) {
			if (n == LIVE)
				die("too many scenes at once");
			live[n++] = (struct live){ start, next++, 0 };
			continue;
		}
		if (n == 0)
			return;
		struct live *l = &live[i];

		/* Packets of the end stay whole: the last scenes run out. */
		emit(&s->p[l->at], l->start + s->p[l->at].when, l->number,
		    sets);
		if (++l->at == s->count)
			live[i] = live[--n];
	}
}

int
main(int argc, char **argv)
{
	static char buffer[1 << 20];
	static const uint32_t head[] = { 0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535,
		1 };
	struct scene s = { .count = 0 };

	if (argc < 5 || atol(argv[2]) < 1 || atoi(argv[3]) < 1 ||
	    atoi(argv[3]) > 10 * OCTETS)
		die("usage: loop SECONDS EVERY_MS SETS FILE...");
	for (int i = 4; i < argc; i++)
		load(&s, argv[i]);
	if (s.count == 0)
		die("no packets");
	qsort(s.p, s.count, sizeof(*s.p), by_time);
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (fwrite(head, sizeof(head), 1, stdout) != 1)
		die(strerror(errno));
	loop(&s, atol(argv[1]) * 1000000, atol(argv[2]) * 1000,
	    (unsigned)atoi(argv[3]));
	return fflush(stdout) == 0 ? 0 : 2;
}
