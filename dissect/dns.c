/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.c - DNS messages, known so that nobody else takes them.
 *
 * Spec: RFC 1035 sections 4.1 and 4.2.2, RFC 6891 (OPT), RFC 6762 (mDNS).
 * Learns: nothing but the protocol.
 *
 * A message counts only if every record in it ends where the message ends.
 */
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	RECORDS_MOST = 128,
	NAME_MOST = 255,
	POINTER = 0xc0,
	TYPE_OPT = 41,
	FLAG_RESPONSE = 0x8000,
	FLAG_RESERVED = 0x0040,
	FLAG_TRUNCATED = 0x0200,
};

struct counts {
	uint16_t flags;
	uint16_t questions, answers, authority, additional;
};

/* RFC 1035 section 4.1.4; a pointer ends the name. */
static bool
skip_name(struct cursor *c)
{
	size_t before = cur_left(c);
	uint8_t length;

	while (before - cur_left(c) <= NAME_MOST) {
		if (!cur_u8(c, &length))
			return false;
		if (length == 0)
			return true;
		if ((length & POINTER) == POINTER)
			return cur_skip(c, 1);
		if (length > 63 || !cur_skip(c, length))
			return false;
	}
	return false;
}

/* IN, CH, HS, NONE, ANY; the top bit is a flag of mDNS. */
static bool
is_class(uint16_t class)
{
	class &= 0x7fff;
	return class == 1 || class == 3 || class == 4 || class == 254 ||
	    class == 255;
}

static bool
skip_question(struct cursor *c)
{
	uint16_t type;
	uint16_t class;

	return skip_name(c) && cur_u16(c, &type) && type != 0 &&
	    cur_u16(c, &class) && is_class(class);
}

static bool
skip_record(struct cursor *c)
{
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	struct cursor data;

	return skip_name(c) && cur_u16(c, &type) && type != 0 &&
	    cur_u16(c, &class) && (type == TYPE_OPT || is_class(class)) &&
	    cur_u32(c, &ttl) && cur_vec16(c, &data);
}

static bool
parse_counts(struct cursor *c, struct counts *n)
{
	uint16_t id;

	if (!cur_u16(c, &id) || !cur_u16(c, &n->flags) ||
	    !cur_u16(c, &n->questions) || !cur_u16(c, &n->answers) ||
	    !cur_u16(c, &n->authority) || !cur_u16(c, &n->additional))
		return false;
	unsigned opcode = n->flags >> 11 & 0x0f;
	uint32_t records = (uint32_t)n->answers + n->authority + n->additional;

	if (opcode > 6 || opcode == 3 || (n->flags & FLAG_RESERVED) != 0 ||
	    n->questions > RECORDS_MOST || records > RECORDS_MOST)
		return false;
	if ((n->flags & FLAG_RESPONSE) == 0)
		return n->questions > 0;
	return n->questions + records > 0;
}

/* The part of the message that the capture cut is missing, not wrong. */
static bool
is_message(struct cursor c, bool cut)
{
	struct counts n;

	if (!parse_counts(&c, &n))
		return false;
	if (n.questions > 0 && !skip_question(&c))
		return false;
	for (unsigned i = 1; i < n.questions; i++)
		if (!skip_question(&c))
			return cut;
	unsigned records = (unsigned)n.answers + n.authority + n.additional;

	for (unsigned i = 0; i < records; i++)
		if (!skip_record(&c))
			return cut || (n.flags & FLAG_TRUNCATED) != 0;
	return cur_left(&c) == 0;
}

/* RFC 1035 section 4.2.2: two octets of length in streams. */
static enum probe
probe_stream(struct cursor c)
{
	struct cursor message;
	uint16_t length;

	if (!cur_u16(&c, &length))
		return PROBE_MORE;
	if (length < 12 || length > LIMIT_PROBE / 2)
		return PROBE_NO;
	if (!cur_sub(&c, length, &message)) {
		struct counts n;

		return cur_left(&c) < 12 || parse_counts(&c, &n) ? PROBE_MORE
								 : PROBE_NO;
	}
	return is_message(message, false) ? PROBE_YES : PROBE_NO;
}

static enum probe
dns_probe(const struct sniff *sniff)
{
	struct cursor c = cur_of(sniff->bytes);

	if (!sniff->datagram)
		return sniff->start ? probe_stream(c) : PROBE_NO;
	return is_message(c, sniff->wire > sniff->bytes.n) ? PROBE_YES
							   : PROBE_NO;
}

static enum feed
dns_feed(struct session *s, void *state UNUSED, struct chunk *c)
{
	c->used = c->bytes.n;
	learn_text_once(s, FACT_PROTOCOL, slice_text("dns"));
	return FEED_DONE;
}

const struct dissector dissect_dns = {
	.name = "dns",
	.over = OVER_STREAM | OVER_DATAGRAM,
	.probe = dns_probe,
	.feed = dns_feed,
};
