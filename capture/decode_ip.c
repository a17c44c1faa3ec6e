/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP headers, extension headers and fragments.
 *
 * Spec: RFC 791 section 3.1, RFC 8200 sections 3 and 4, RFC 2675 section 2,
 * RFC 4302 section 2, RFC 6864 (identification).
 */
#include "capture/decode_private.h"

enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AH = 51,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
	NEXT_HIP = 139,
	NEXT_SHIM6 = 140,
	IPV4_HEADER = 20,
	FRAGMENT_MORE = 0x2000,
	FRAGMENT_OFFSET = 0x1fff,
};

enum decode_result
decode_ip(struct walk *w)
{
	struct cursor look = w->c;
	uint8_t first;

	if (!cur_u8(&look, &first))
		return walk_short(w);
	if (first >> 4 == 4)
		return walk_to(w, LAYER_IPV4);
	if (first >> 4 == 6)
		return walk_to(w, LAYER_IPV6);
	return DECODE_MALFORMED;
}

static void
new_network(struct packet *p)
{
	p->has_transport = false;
	p->tcp_flags = 0;
	p->tuple.src.port = 0;
	p->tuple.dst.port = 0;
	p->ip_id = 0;
}

/* The whole, once it is there, is decoded like a packet of its own. */
static enum decode_result
keep_fragment(struct walk *w, const struct fragment *f, enum layer again)
{
	struct slice whole;
	size_t missing;

	switch (defrag_add(w->defrag, f, &whole, &missing)) {
	case DEFRAG_KEPT:
		w->p->fragment = true;
		return DECODE_FRAGMENT;
	case DEFRAG_WHOLE:
		w->p->reassembled = true;
		w->id = f->id & 0xffff;
		w->c = cur_of(whole);
		w->missing = missing;
		return walk_to(w, again);
	case DEFRAG_BAD:
		break;
	}
	return DECODE_MALFORMED;
}

static enum decode_result
ipv4_fragment(struct walk *w, struct slice header, uint32_t id_offset)
{
	struct fragment f = {
		.src = w->p->tuple.src.addr,
		.dst = w->p->tuple.dst.addr,
		.id = id_offset >> 16,
		.proto = w->p->tuple.proto,
		.header = header,
		.offset = (id_offset & FRAGMENT_OFFSET) * 8,
		.more = (id_offset & FRAGMENT_MORE) != 0,
		.bytes = cur_rest(&w->c),
		.missing = w->missing,
		.time = w->p->time,
		.packet = w->p,
	};

	return keep_fragment(w, &f, LAYER_IPV4);
}

/* RFC 4302 section 2.2: units of 4 without the first 8 */
static bool
authentication(struct walk *w, uint8_t *next)
{
	struct cursor look = w->c;
	uint8_t units;

	if (!cur_u8(&look, next) || !cur_u8(&look, &units))
		return false;
	return walk_skip(w, 8 + 4u * units);
}

enum decode_result
decode_ipv4(struct walk *w)
{
	struct packet *p = w->p;
	struct cursor c = w->c;
	struct addr src = { .family = 4 };
	struct addr dst = { .family = 4 };
	uint32_t first;
	uint32_t id_offset;
	uint32_t ttl;
	uint32_t total;
	size_t header;
	uint8_t proto;

	if (!cur_u32(&c, &first) || !cur_u32(&c, &id_offset) ||
	    !cur_u32(&c, &ttl) || !cur_copy(&c, src.b, 4) ||
	    !cur_copy(&c, dst.b, 4))
		return walk_short(w);
	header = (size_t)(first >> 24 & 15) * 4;
	total = first & 0xffff;
	if (first >> 28 != 4 || header < IPV4_HEADER)
		return DECODE_MALFORMED;
	/* 0: left to the network card to fill in; then all we have counts. */
	if (total == 0 && w->strict)
		return DECODE_MALFORMED;
	if (total != 0 && (total < header || !walk_trim(w, total)))
		return DECODE_MALFORMED;
	new_network(p);
	p->network = cur_rest(&w->c);
	p->tuple.src.addr = src;
	p->tuple.dst.addr = dst;
	p->tuple.proto = proto = ttl >> 16 & 0xff;
	p->ttl = ttl >> 24 & 0xff;
	p->ip_id = id_offset >> 16 & 0xffff;
	if (!walk_skip(w, header))
		return walk_short(w);
	if ((id_offset & (FRAGMENT_MORE | FRAGMENT_OFFSET)) != 0)
		return ipv4_fragment(w, slice_head(p->network, IPV4_HEADER),
		    id_offset);
	if (proto == NEXT_AH && !authentication(w, &proto))
		return walk_short(w);
	return decode_transport(w, proto);
}

/*
 * RFC 2675 section 2: a payload of more than 65535 bytes says 0 and gives its
 * length in a hop-by-hop option.
 */
static bool
jumbo_length(struct cursor options, uint32_t *length)
{
	enum { PAD1 = 0, JUMBO = 0xc2 };

	while (cur_left(&options) > 0) {
		struct cursor value;
		uint8_t type;

		if (!cur_u8(&options, &type))
			return false;
		if (type == PAD1)
			continue;
		if (!cur_vec8(&options, &value))
			return false;
		if (type == JUMBO)
			return cur_u32(&value, length);
	}
	return false;
}

/* RFC 8200 section 4.3 to 4.6; length in units of 8 without the first 8 */
static bool
extension(struct walk *w, bool jumbo, uint8_t *next)
{
	struct cursor look = w->c;
	uint32_t length;
	uint8_t units;

	if (!cur_u8(&look, next) || !cur_u8(&look, &units))
		return false;
	look = cur_of(slice_head(cur_rest(&look), 6 + 8u * units));
	if (jumbo && jumbo_length(look, &length) && !walk_limit(w, length))
		return false;
	return walk_skip(w, 8 + 8u * units);
}

/* RFC 8200 section 4.5. A header before it does not matter any more once the
 * whole is there, so the whole gets the plain header alone. */
static enum decode_result
ipv6_fragment(struct walk *w, struct slice header, uint8_t *next)
{
	uint16_t offset_more;
	struct fragment f = {
		.src = w->p->tuple.src.addr,
		.dst = w->p->tuple.dst.addr,
		.header = header,
		.time = w->p->time,
		.packet = w->p,
	};

	if (!cur_u8(&w->c, next) || !cur_skip(&w->c, 1) ||
	    !cur_u16(&w->c, &offset_more) || !cur_u32(&w->c, &f.id))
		return walk_short(w);
	w->p->ip_id = f.id & 0xffff;
	w->p->tuple.proto = *next;
	if ((offset_more & 0xfff9) == 0)
		return DECODE_OK; /* atomic, RFC 6946 */
	f.next = *next;
	f.offset = offset_more & 0xfff8;
	f.more = (offset_more & 1) != 0;
	f.bytes = cur_rest(&w->c);
	f.missing = w->missing;
	return keep_fragment(w, &f, LAYER_IPV6);
}

static enum decode_result
ipv6_extensions(struct walk *w, struct slice header, uint8_t next, bool jumbo)
{
	enum decode_result r;

	for (;;) {
		switch (next) {
		case NEXT_HOP_BY_HOP:
		case NEXT_ROUTING:
		case NEXT_DESTINATION:
		case NEXT_MOBILITY:
		case NEXT_HIP:
		case NEXT_SHIM6:
			if (!extension(w, jumbo, &next))
				return walk_short(w);
			jumbo = false;
			break;
		case NEXT_AH:
			if (!authentication(w, &next))
				return walk_short(w);
			break;
		case NEXT_FRAGMENT:
			r = ipv6_fragment(w, header, &next);
			if (r != DECODE_OK)
				return r;
			break;
		default:
			return decode_transport(w, next);
		}
	}
}

enum decode_result
decode_ipv6(struct walk *w)
{
	struct packet *p = w->p;
	struct slice start = cur_rest(&w->c);
	uint8_t src[16];
	uint8_t dst[16];
	uint32_t first;
	uint32_t second;
	uint32_t length;

	if (!cur_u32(&w->c, &first) || !cur_u32(&w->c, &second) ||
	    !cur_copy(&w->c, src, 16) || !cur_copy(&w->c, dst, 16))
		return walk_short(w);
	if (first >> 28 != 6)
		return DECODE_MALFORMED;
	length = second >> 16;
	/* 0: a jumbogram, or left to the network card. */
	if (length != 0 && !walk_trim(w, length))
		return DECODE_MALFORMED;
	new_network(p);
	p->ip_id = w->id;
	w->id = 0;
	p->network = slice_head(start, (size_t)(w->c.end - start.p));
	p->tuple.src.addr = addr_v6(src);
	p->tuple.dst.addr = addr_v6(dst);
	p->ttl = second & 0xff;
	return ipv6_extensions(w, slice_head(start, 40), second >> 8 & 0xff,
	    length == 0);
}
