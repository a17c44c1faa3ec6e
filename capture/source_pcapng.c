/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapng files, by blocks.
 *
 * libpcap does not do: it refuses a file whose interfaces differ in link type
 * and does not show the secrets in it.
 *
 * Spec: draft-ietf-opsawg-pcapng sections 3.1, 3.5, 4.1 to 4.4, 4.7, A.1.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "capture/source_private.h"
#include "core/clock.h"
#include "core/cursor.h"

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_JOURNAL = 9, /* of systemd */
	BLOCK_SECRETS = 10,
	BLOCK_CUSTOM = 0xbad,
	BLOCK_CUSTOM_KEPT = 0x40000bad,
	OPTION_END = 0,
	OPTION_RESOLUTION = 9,
	OPTION_OFFSET = 14,
	RESOLUTION_DEFAULT = 6,
	BLOCK_SMALLEST = 12,
	LARGEST_READ = 2 * LIMIT_FRAME, /* a packet and its options */
};

#define BLOCK_SECTION    UINT32_C(0x0a0d0d0a)
#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define SECRETS_TLS      UINT32_C(0x544c534b)

static_assert((size_t)LARGEST_READ < BYTES_ROOM, "a packet block fits");

struct block {
	uint32_t type;
	uint32_t length; /* all of it */
};

static bool
pcapng_matches(struct slice first)
{
	struct cursor c = cur_of(first);
	struct cursor order;
	uint32_t type;
	uint32_t magic;

	if (!cur_u32(&c, &type) || type != BLOCK_SECTION || !cur_skip(&c, 4))
		return false;
	order = c;
	return (cur_u32(&c, &magic) && magic == BYTE_ORDER_MAGIC) ||
	    (cur_u32le(&order, &magic) && magic == BYTE_ORDER_MAGIC);
}

static enum read_result
pcapng_begin(struct reader *r)
{
	(void)r;
	return READ_OK;
}

void
pcapng_done(struct reader *r)
{
	free(r->ng.interfaces);
	r->ng.interfaces = NULL;
	r->ng.count = r->ng.room = 0;
}

static enum read_result
damaged(struct reader *r, const char *what)
{
	(void)fail(&r->trouble,
	    "%s: %s in the block at byte %" PRIu64 ", after packet %" PRIu64
	    "; the file is damaged there and was read up to it",
	    r->path, what, bytes_offset(&r->bytes), r->frames);
	return READ_END;
}

/* Type and length; a section header turns the byte order first. */
static enum read_result
block_header(struct reader *r, struct block *b)
{
	struct slice s;
	struct cursor c;
	uint32_t magic;

	if (!bytes_peek(&r->bytes, BLOCK_SMALLEST, &s))
		return reader_short(r, "a block");
	c = cur_of(s);
	if (!cur_u32(&c, &b->type))
		return READ_END;
	if (b->type == BLOCK_SECTION) {
		struct cursor order = c;

		if (!cur_skip(&order, 4) || !cur_u32(&order, &magic))
			return READ_END;
		r->little = magic != BYTE_ORDER_MAGIC;
	} else {
		c = cur_of(s);
		if (!reader_u32(r, &c, &b->type))
			return READ_END;
	}
	if (!reader_u32(r, &c, &b->length))
		return READ_END;
	if (b->length < BLOCK_SMALLEST || b->length % 4 != 0)
		return damaged(r, "an impossible length");
	return READ_OK;
}

/* All of a block that must be looked into; `body` without its frame. */
static enum read_result
block_body(struct reader *r, const struct block *b, struct cursor *body)
{
	struct slice s;
	struct cursor c;
	uint32_t again;

	if (b->length > LARGEST_READ)
		return damaged(r, "an impossible length");
	if (!bytes_peek(&r->bytes, b->length, &s))
		return reader_short(r, "a block");
	c = cur_of(s);
	if (!cur_skip(&c, 8) || !cur_sub(&c, b->length - 12, body) ||
	    !reader_u32(r, &c, &again))
		return READ_END;
	if (again != b->length)
		return damaged(r, "two different lengths");
	return READ_OK;
}

static enum read_result
section(struct reader *r, struct cursor *body)
{
	uint32_t magic;
	uint16_t major;
	uint16_t minor;

	if (!reader_u32(r, body, &magic) || magic != BYTE_ORDER_MAGIC)
		return damaged(r, "no byte order mark");
	if (!reader_u16(r, body, &major) || !reader_u16(r, body, &minor))
		return damaged(r, "no version");
	/* 1.2 was written and means 1.0 */
	if (major != 1 || (minor != 0 && minor != 2)) {
		(void)fail(&r->trouble,
		    "%s: the section at byte %" PRIu64
		    " has pcapng version %u.%u, only 1.0 can be read; "
		    "convert it with editcap",
		    r->path, bytes_offset(&r->bytes), major, minor);
		return READ_END;
	}
	r->ng.count = 0;
	return READ_OK;
}

/* Values are padded to four bytes; the last may lack its padding. */
static bool
option(const struct reader *r, struct cursor *c, uint16_t *code,
    struct cursor *value)
{
	uint16_t length;
	size_t padding;

	if (!reader_u16(r, c, code) || !reader_u16(r, c, &length) ||
	    !cur_sub(c, length, value))
		return false;
	padding = (4 - length % 4u) % 4;
	return cur_skip(c, padding < cur_left(c) ? padding : cur_left(c));
}

static bool
s64(const struct reader *r, struct cursor *c, int64_t *v)
{
	uint64_t u;

	if (!(r->little ? cur_u64le(c, &u) : cur_u64(c, &u)))
		return false;
	*v = (int64_t)u;
	return true;
}

static bool
add_interface(struct reader *r, const struct interface *i)
{
	size_t room = r->ng.room > 0 ? 2 * r->ng.room : 8;
	struct interface *more;

	if (r->ng.count == r->ng.room) {
		if (r->ng.count >= LIMIT_PCAPNG_INTERFACES)
			return false;
		more = realloc(r->ng.interfaces, room * sizeof(*more));
		if (more == NULL)
			return false;
		r->ng.interfaces = more;
		r->ng.room = room;
	}
	r->ng.interfaces[r->ng.count++] = *i;
	return true;
}

static enum read_result
interface_block(struct reader *r, struct cursor *body)
{
	struct interface i = { .resolution = RESOLUTION_DEFAULT };
	struct cursor value;
	uint16_t code;

	if (!reader_u16(r, body, &i.link) || !cur_skip(body, 2) ||
	    !reader_u32(r, body, &i.snaplen))
		return damaged(r, "no link type");
	while (option(r, body, &code, &value) && code != OPTION_END) {
		if (code == OPTION_RESOLUTION && !cur_u8(&value, &i.resolution))
			return damaged(r, "an empty time resolution");
		if (code == OPTION_OFFSET && !s64(r, &value, &i.offset))
			return damaged(r, "a short time offset");
	}
	if (!add_interface(r, &i))
		return damaged(r, "too many interfaces");
	reader_link(r, i.link);
	return READ_OK;
}

static uint64_t
power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

/*
 * if_tsresol: with the top bit a negative power of 2, else of 10. Any 64 bits
 * may stand there: what is no time between 1970 and 2116 comes out as the
 * nearer of the two, so that the difference of two times always fits.
 */
static int64_t
time_of(const struct interface *i, uint64_t units)
{
	enum { OF_TWO = 0x80, MOST_TEN = 19, EXACT = 34 };
	const uint64_t latest = UINT64_C(1) << 62;
	unsigned n = i->resolution & 0x7f;
	uint64_t ns;

	if ((i->resolution & OF_TWO) == 0) {
		if (n <= 9)
			ns = units * power_of_ten(9 - n);
		else
			ns =
			    n - 9 <= MOST_TEN ? units / power_of_ten(n - 9) : 0;
	} else if (n < 64) {
		uint64_t fraction = units & ((UINT64_C(1) << n) - 1);

		/* Times 10^9 must fit; finer bits are below a nanosecond. */
		ns = (units >> n) * (uint64_t)NS_PER_S;
		if (n > EXACT)
			fraction >>= n - EXACT;
		ns += fraction * (uint64_t)NS_PER_S >> (n > EXACT ? EXACT : n);
	} else {
		ns = 0;
	}
	ns += (uint64_t)i->offset * (uint64_t)NS_PER_S;
	if (ns > INT64_MAX)
		return 0;
	return ns < latest ? (int64_t)ns : (int64_t)latest;
}

static const struct interface *
find_interface(const struct reader *r, uint32_t id)
{
	return id < r->ng.count ? &r->ng.interfaces[id] : NULL;
}

static enum read_result
give(struct reader *r, struct packet *p, const struct interface *i,
    struct cursor *body, uint32_t captured)
{
	if (i == NULL)
		return damaged(r, "an interface that was not described");
	if (captured > LIMIT_FRAME)
		return reader_too_long(r, captured);
	if (!cur_take(body, captured, &p->frame))
		return damaged(r, "a packet longer than the block");
	p->link = i->link;
	return READ_OK;
}

/* The obsolete one has a short interface number and counts drops. */
static enum read_result
packet_block(struct reader *r, struct cursor *body, bool old, struct packet *p)
{
	const struct interface *i;
	uint32_t id = 0;
	uint16_t short_id = 0;
	uint32_t high;
	uint32_t low;
	uint32_t captured;

	if (old ? !reader_u16(r, body, &short_id) || !cur_skip(body, 2)
		: !reader_u32(r, body, &id))
		return damaged(r, "no packet");
	if (!reader_u32(r, body, &high) || !reader_u32(r, body, &low) ||
	    !reader_u32(r, body, &captured) ||
	    !reader_u32(r, body, &p->wire_len))
		return damaged(r, "no packet");
	i = find_interface(r, old ? short_id : id);
	if (i != NULL)
		p->time = time_of(i, (uint64_t)high << 32 | low);
	return give(r, p, i, body, captured);
}

/* No time of its own: that of the packet before it. No captured length: what
 * fits the snap length and the block, which is padded. */
static enum read_result
simple_block(struct reader *r, struct cursor *body, struct packet *p)
{
	const struct interface *i = find_interface(r, 0);
	uint32_t captured;

	if (!reader_u32(r, body, &p->wire_len))
		return damaged(r, "no packet");
	captured = p->wire_len;
	if (captured > cur_left(body))
		captured = (uint32_t)cur_left(body);
	if (i != NULL && i->snaplen > 0 && captured > i->snaplen)
		captured = i->snaplen;
	p->time = r->time;
	return give(r, p, i, body, captured);
}

/* Looks into a block; *gave: a packet was in it. */
static enum read_result
look_into(struct reader *r, const struct block *b, struct packet *p, bool *gave)
{
	struct cursor body;
	enum read_result result = block_body(r, b, &body);

	if (result != READ_OK)
		return result;
	*gave = true;
	switch (b->type) {
	case BLOCK_ENHANCED:
		return packet_block(r, &body, false, p);
	case BLOCK_PACKET:
		return packet_block(r, &body, true, p);
	case BLOCK_SIMPLE:
		return simple_block(r, &body, p);
	default:
		break;
	}
	*gave = false;
	if (b->type == BLOCK_SECTION)
		return section(r, &body);
	return interface_block(r, &body);
}

static bool
of_interest(uint32_t type)
{
	return type == BLOCK_ENHANCED || type == BLOCK_SIMPLE ||
	    type == BLOCK_PACKET || type == BLOCK_INTERFACE ||
	    type == BLOCK_SECTION;
}

/* Wireshark shows these as a line of its packet list, with a number. */
static bool
has_number(uint32_t type)
{
	return type == BLOCK_JOURNAL || type == BLOCK_CUSTOM ||
	    type == BLOCK_CUSTOM_KEPT;
}

static enum read_result
pcapng_next(struct reader *r, struct packet *p)
{
	struct block b;
	bool gave = false;

	do {
		enum read_result result = block_header(r, &b);

		if (result == READ_OK && of_interest(b.type))
			result = look_into(r, &b, p, &gave);
		if (result != READ_OK)
			return result;
		if (b.type == BLOCK_SECRETS)
			r->has_secrets = true;
		r->frames += has_number(b.type);
		bytes_skip(&r->bytes, b.length);
	} while (!gave);
	return READ_OK;
}

const struct format format_pcapng = { "pcapng", pcapng_matches, pcapng_begin,
	pcapng_next };

/* The bytes up to the last line end, all if there is none. */
static struct slice
whole_lines(struct slice s)
{
	const uint8_t *end = memrchr(s.p, '\n', s.n);

	return end != NULL ? slice_of(s.p, (size_t)(end - s.p) + 1) : s;
}

/* A block may be larger than what is read at a time: pieces of lines. */
static bool
give_secrets(struct reader *r, uint32_t n,
    void (*taker)(void *ctx, struct slice keylog), void *ctx)
{
	struct slice s;

	while (n > 0) {
		bool last = n <= LARGEST_READ;

		if (!bytes_peek(&r->bytes, last ? n : LARGEST_READ, &s))
			return false;
		if (!last)
			s = whole_lines(s);
		taker(ctx, s);
		bytes_used(&r->bytes, s.n);
		n -= (uint32_t)s.n;
	}
	return true;
}

/* Cut or damaged files end the search; the reading itself will say so. */
static bool
secrets_block(struct reader *r, struct block *b,
    void (*taker)(void *ctx, struct slice keylog), void *ctx)
{
	enum { FRAME = 8, FIELDS = 8 };
	struct slice s;
	struct cursor c;
	uint32_t type = 0;
	uint32_t n = 0;

	if (b->length < BLOCK_SMALLEST + FIELDS)
		return true;
	if (!bytes_peek(&r->bytes, FRAME + FIELDS, &s))
		return false;
	c = cur_of(slice_from(s, FRAME));
	if (!reader_u32(r, &c, &type) || !reader_u32(r, &c, &n))
		return false;
	if (type != SECRETS_TLS || n > b->length - BLOCK_SMALLEST - FIELDS)
		return true;
	bytes_used(&r->bytes, FRAME + FIELDS);
	b->length -= FRAME + FIELDS + n;
	return give_secrets(r, n, taker, ctx);
}

bool
pcapng_secrets(struct reader *r, void (*taker)(void *ctx, struct slice keylog),
    void *ctx)
{
	struct slice first;
	struct block b = { 0 };

	if (!bytes_peek(&r->bytes, FORMAT_MAGIC, &first) ||
	    !pcapng_matches(first))
		return r->bytes.error == 0;
	while (block_header(r, &b) == READ_OK) {
		if (b.type == BLOCK_SECRETS) {
			r->has_secrets = true;
			if (!secrets_block(r, &b, taker, ctx))
				break;
		}
		bytes_skip(&r->bytes, b.length);
	}
	return r->bytes.error == 0;
}
