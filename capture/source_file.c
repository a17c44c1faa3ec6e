/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One capture file: which format it is, and pcap and snoop themselves.
 *
 * Spec: draft-ietf-opsawg-pcap (and the header of Kuznetzov's patched libpcap),
 * RFC 1761.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/source_private.h"
#include "core/clock.h"
#include "core/cursor.h"

enum {
	LINK_ETHERNET = 1,
	LINK_TOKEN_RING = 6,
	LINK_FDDI = 10,
	LINK_SUNATM = 123,
};

#define PCAP_MICRO    UINT32_C(0xa1b2c3d4)
#define PCAP_NANO     UINT32_C(0xa1b23c4d)
#define PCAP_MODIFIED UINT32_C(0xa1b2cd34)

struct foreign {
	const char *magic;
	size_t n;
	const char *advice;
};

static const struct foreign foreign[] = {
	{ "\x28\xb5\x2f\xfd", 4, "packed with zstd; unpack it with zstd -d" },
	{ "\xfd"
	  "7zXZ",
	    5, "packed with xz; unpack it with xz -d" },
	{ "BZh", 3, "packed with bzip2; unpack it with bzip2 -d" },
	{ "\x04\x22\x4d\x18", 4, "packed with lz4; unpack it with lz4 -d" },
	{ "PK\x03\x04", 4, "a zip archive; unpack it with unzip" },
	{ "GMBU", 4, "a Network Monitor 2 file; convert it with editcap" },
	{ "RTSS", 4, "a Network Monitor 1 file; convert it with editcap" },
	{ "TRSNIFF data    \x1a", 17,
	    "a Sniffer file; convert it with editcap" },
	{ "XCP", 3, "a NetXRay file; convert it with editcap" },
	{ "\x1c\x00\x01\xac", 4, "an Ixia file; convert it with editcap" },
	{ "\xac\x01\x00\x1c", 4, "an Ixia file; convert it with editcap" },
	{ "\x7fver", 4, "an EtherPeek file; convert it with editcap" },
};

enum read_result
reader_short(struct reader *r, const char *what)
{
	struct bytes *b = &r->bytes;
	bool between = b->have == b->at && b->skip == 0;
	uint64_t at = b->base + b->have;

	if (b->waiting)
		return READ_WAIT;
	if (b->error != 0)
		(void)fail(&r->trouble,
		    "%s: reading failed at byte %" PRIu64
		    " (%s); it was read up to packet %" PRIu64,
		    r->path, at, strerror(b->error), r->frames);
	else if (b->fault != NULL)
		(void)fail(&r->trouble,
		    "%s: %s at byte %" PRIu64 " unpacked, after packet %" PRIu64
		    "; test it with gzip -t and copy it again",
		    r->path, b->fault, at, r->frames);
	else if (!between)
		(void)fail(&r->trouble,
		    "%s ends at byte %" PRIu64
		    " in the middle of %s, after packet %" PRIu64
		    "; what is before it was read, copy the file again if "
		    "more was captured",
		    r->path, at, what, r->frames);
	return READ_END;
}

enum read_result
reader_too_long(struct reader *r, uint32_t length)
{
	(void)fail(&r->trouble,
	    "%s: packet %" PRIu64 " at byte %" PRIu64 " claims %" PRIu32
	    " bytes, more than a packet has; the file is damaged there and was "
	    "read up to it",
	    r->path, r->frames + 1, bytes_offset(&r->bytes), length);
	return READ_END;
}

bool
reader_u16(const struct reader *r, struct cursor *c, uint16_t *v)
{
	return r->little ? cur_u16le(c, v) : cur_u16(c, v);
}

bool
reader_u32(const struct reader *r, struct cursor *c, uint32_t *v)
{
	return r->little ? cur_u32le(c, v) : cur_u32(c, v);
}

void
reader_link(struct reader *r, uint16_t link)
{
	for (size_t i = 0; i < r->link_count; i++)
		if (r->links[i] == link)
			return;
	if (r->link_count < READER_LINKS)
		r->links[r->link_count++] = link;
}

static bool
pcap_magic(struct slice first, uint32_t *magic, bool *little)
{
	struct cursor big = cur_of(first);
	struct cursor small = big;

	*little = false;
	if (!cur_u32(&big, magic))
		return false;
	if (*magic == PCAP_MICRO || *magic == PCAP_NANO ||
	    *magic == PCAP_MODIFIED)
		return true;
	*little = true;
	return cur_u32le(&small, magic) &&
	    (*magic == PCAP_MICRO || *magic == PCAP_NANO ||
		*magic == PCAP_MODIFIED);
}

static bool
pcap_matches(struct slice first)
{
	uint32_t magic;
	bool little;

	return pcap_magic(first, &magic, &little);
}

static enum read_result
pcap_begin(struct reader *r)
{
	enum { HEADER = 24, PACKET = 16, PACKET_MODIFIED = 24 };
	struct slice s;
	struct cursor c;
	uint32_t magic;
	uint32_t link;
	uint16_t major;
	uint16_t minor;

	if (!bytes_peek(&r->bytes, HEADER, &s))
		return reader_short(r, "the file header");
	c = cur_of(s);
	if (!pcap_magic(s, &magic, &r->little) || !cur_skip(&c, 4) ||
	    !reader_u16(r, &c, &major) || !reader_u16(r, &c, &minor) ||
	    !cur_skip(&c, 12) || !reader_u32(r, &c, &link))
		return READ_END;
	if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0)) {
		(void)fail(&r->trouble,
		    "%s has pcap version %u.%u (byte 4), only 2.4 and older "
		    "2.x can be read; convert it with editcap",
		    r->path, major, minor);
		return READ_END;
	}
	bytes_used(&r->bytes, HEADER);
	r->pcap.header = magic == PCAP_MODIFIED ? PACKET_MODIFIED : PACKET;
	r->pcap.nano = magic == PCAP_NANO;
	r->pcap.swapped = major == 543 || minor < 3;
	/* The upper bits tell about a frame check sequence. */
	r->pcap.link = link & 0xffff;
	reader_link(r, r->pcap.link);
	return READ_OK;
}

/* Version 2.3 was written both ways; a captured length is never longer. */
static void
order_lengths(const struct reader *r, uint32_t *captured, uint32_t *wire)
{
	uint32_t swap = *captured;

	if (!r->pcap.swapped)
		return;
	*captured = *wire;
	*wire = swap;
}

static enum read_result
pcap_next(struct reader *r, struct packet *p)
{
	size_t header = r->pcap.header;
	struct slice s;
	struct cursor c;
	uint32_t seconds;
	uint32_t fraction;
	uint32_t captured;
	uint32_t wire;

	if (!bytes_peek(&r->bytes, header, &s))
		return reader_short(r, "a packet header");
	c = cur_of(s);
	if (!reader_u32(r, &c, &seconds) || !reader_u32(r, &c, &fraction) ||
	    !reader_u32(r, &c, &captured) || !reader_u32(r, &c, &wire))
		return READ_END;
	order_lengths(r, &captured, &wire);
	if (captured > LIMIT_FRAME)
		return reader_too_long(r, captured);
	if (!bytes_peek(&r->bytes, header + captured, &s))
		return reader_short(r, "a packet");
	bytes_used(&r->bytes, header + captured);
	p->frame = slice_of(s.p + header, captured);
	p->wire_len = wire;
	p->link = r->pcap.link;
	p->time = seconds * NS_PER_S +
	    (r->pcap.nano ? fraction : fraction * NS_PER_US);
	return READ_OK;
}

static const struct format format_pcap = { "pcap", pcap_matches, pcap_begin,
	pcap_next };

static bool
snoop_matches(struct slice first)
{
	return slice_eq(slice_head(first, 8), slice_of("snoop\0\0", 8));
}

/* RFC 1761 section "Datalink Type"; more in the list of Solaris' snoop */
static bool
snoop_link(uint32_t type, uint16_t *link)
{
	switch (type) {
	case 0: /* IEEE 802.3 */
	case 4: /* Ethernet */
		*link = LINK_ETHERNET;
		return true;
	case 2:
		*link = LINK_TOKEN_RING;
		return true;
	case 8:
		*link = LINK_FDDI;
		return true;
	case 18:
		*link = LINK_SUNATM;
		return true;
	default:
		return false;
	}
}

static enum read_result
snoop_begin(struct reader *r)
{
	enum { HEADER = 16 };
	struct slice s;
	struct cursor c;
	uint32_t version;
	uint32_t type;

	if (!bytes_peek(&r->bytes, HEADER, &s))
		return reader_short(r, "the file header");
	c = cur_of(s);
	if (!cur_skip(&c, 8) || !cur_u32(&c, &version) || !cur_u32(&c, &type))
		return READ_END;
	if (version != 2 || !snoop_link(type, &r->pcap.link)) {
		(void)fail(&r->trouble,
		    "%s is a snoop file of version %" PRIu32
		    " and data link %" PRIu32
		    " (bytes 8 and 12), only version 2 with Ethernet can be "
		    "read; convert it with editcap",
		    r->path, version, type);
		return READ_END;
	}
	bytes_used(&r->bytes, HEADER);
	reader_link(r, r->pcap.link);
	return READ_OK;
}

static enum read_result
snoop_next(struct reader *r, struct packet *p)
{
	enum { HEADER = 24 };
	struct slice s;
	struct cursor c;
	uint32_t captured;
	uint32_t record;
	uint32_t seconds;
	uint32_t micro;

	if (!bytes_peek(&r->bytes, HEADER, &s))
		return reader_short(r, "a packet header");
	c = cur_of(s);
	if (!cur_u32(&c, &p->wire_len) || !cur_u32(&c, &captured) ||
	    !cur_u32(&c, &record) || !cur_skip(&c, 4) ||
	    !cur_u32(&c, &seconds) || !cur_u32(&c, &micro))
		return READ_END;
	if (captured > LIMIT_FRAME)
		return reader_too_long(r, captured);
	if (record < HEADER + captured || record > 2 * LIMIT_FRAME)
		return reader_too_long(r, record);
	if (!bytes_peek(&r->bytes, HEADER + captured, &s))
		return reader_short(r, "a packet");
	bytes_used(&r->bytes, HEADER + captured);
	bytes_skip(&r->bytes, record - HEADER - captured);
	p->frame = slice_of(s.p + HEADER, captured);
	p->link = r->pcap.link;
	p->time = seconds * NS_PER_S + micro * NS_PER_US;
	return READ_OK;
}

static const struct format format_snoop = { "snoop", snoop_matches, snoop_begin,
	snoop_next };

static const struct format *const formats[] = { &format_pcap, &format_pcapng,
	&format_snoop };

static const struct format *
format_of(struct slice first)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (formats[i]->matches(first))
			return formats[i];
	return NULL;
}

static enum read_result
not_a_capture(struct reader *r, struct slice first)
{
	struct slice b = slice_head(first, 4);

	for (size_t i = 0; i < COUNT(foreign); i++) {
		const struct foreign *f = &foreign[i];

		if (!slice_eq(slice_head(first, f->n),
			slice_of(f->magic, f->n)))
			continue;
		(void)fail(&r->trouble, "%s is %s", r->path, f->advice);
		return READ_END;
	}
	if (b.n < 4)
		(void)fail(&r->trouble,
		    "%s has %s, not even a file header; capture again", r->path,
		    b.n == 0 ? "no bytes" : "less than 4 bytes");
	else
		(void)fail(&r->trouble,
		    "%s is no capture: at byte 0 stands %02x %02x %02x %02x; "
		    "pcap, pcapng and snoop are read, also packed with gzip, "
		    "convert others with editcap",
		    r->path, b.p[0], b.p[1], b.p[2], b.p[3]);
	return READ_END;
}

/* The first bytes, fewer only if the file has no more. */
static bool
first_bytes(struct bytes *b, struct slice *first)
{
	enum { LONGEST_MAGIC = 17 };

	if (bytes_peek(b, LONGEST_MAGIC, first))
		return true;
	if (b->waiting)
		return false;
	*first = slice_of(b->buf + b->at, b->have - b->at);
	return true;
}

static enum read_result
begin(struct reader *r)
{
	enum read_result result;
	struct slice first;

	if (r->format == NULL) {
		if (!first_bytes(&r->bytes, &first))
			return READ_WAIT;
		r->format = format_of(first);
		if (r->format == NULL && r->bytes.fault != NULL)
			return reader_short(r, "the file header");
		if (r->format == NULL)
			return not_a_capture(r, first);
	}
	result = r->format->begin(r);
	r->begun = result == READ_OK;
	return result;
}

enum read_result
reader_next(struct reader *r, struct packet *p)
{
	enum read_result result = READ_OK;

	if (!r->begun)
		result = begin(r);
	if (result == READ_OK)
		result = r->format->next(r, p);
	if (result != READ_OK)
		return result;
	if (p->wire_len < p->frame.n)
		p->wire_len = (uint32_t)p->frame.n;
	r->frames++;
	r->time = p->time;
	return READ_OK;
}

struct reader *
reader_open(const char *path, struct fault *f)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		(void)fail(f, "cannot open %s: memory is out", path);
		return NULL;
	}
	r->path = path;
	if (!bytes_open(&r->bytes, path, f)) {
		free(r);
		return NULL;
	}
	return r;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	pcapng_done(r);
	bytes_close(&r->bytes);
	free(r);
}

bool
reader_sniff(const char *path)
{
	struct fault ignored;
	struct slice first;
	struct bytes b;
	bool yes;

	if (!bytes_open(&b, path, &ignored))
		return false;
	yes = !b.pipe && first_bytes(&b, &first) && format_of(first) != NULL;
	bytes_close(&b);
	return yes;
}
