/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most frames are, at once: Ethernet with or without tags, IPv4 without
 * options and in one piece, TCP or UDP that is no tunnel's, captured whole.
 * Says what the walk from layer to layer would say, in half its time.
 */
#include "capture/decode_private.h"

enum {
	LINK_ETHERNET = 1,
	FIRST_OCTET = 0x45, /* version 4, header of 20 bytes */
	IP_HEADER = 20,
	UDP_HEADER = 8,
	TCP_HEADER = 20,
	PIECE = 0x3fff, /* more follow, or an offset */
};

static bool
to_network(struct packet *p, struct cursor *c)
{
	uint16_t type, tag;

	p->vlans = 0;
	if (!cur_skip(c, 12) || !cur_u16(c, &type))
		return false;
	while (type == TYPE_CTAG || type == TYPE_STAG) {
		if (!cur_u16(c, &tag) || !cur_u16(c, &type))
			return false;
		tag &= 0x0fff; /* 0: only a priority */
		if (tag != 0 && p->vlans < LIMIT_VLANS)
			p->vlan[p->vlans++] = tag;
	}
	return type == TYPE_IPV4;
}

/* The cursor ends with the datagram. */
static bool
network(struct packet *p, struct cursor *c)
{
	struct slice rest = cur_rest(c);
	uint32_t first, id, ttl;

	if (!cur_u32(c, &first) || first >> 24 != FIRST_OCTET ||
	    !cur_u32(c, &id) || (id & PIECE) != 0 || !cur_u32(c, &ttl))
		return false;
	first &= 0xffff;
	if (first < IP_HEADER || first > rest.n)
		return false;
	p->tuple.src.addr = p->tuple.dst.addr = (struct addr){ .family = 4 };
	if (!cur_copy(c, p->tuple.src.addr.b, 4) ||
	    !cur_copy(c, p->tuple.dst.addr.b, 4))
		return false;
	p->network = slice_head(rest, first);
	*c = cur_of(slice_from(p->network, IP_HEADER));
	p->tuple.proto = ttl >> 16 & 0xff;
	p->ttl = ttl >> 24 & 0xff;
	p->ip_id = id >> 16 & 0xffff;
	return true;
}

static bool
udp(struct packet *p, struct cursor *c)
{
	enum layer tunnel;
	uint16_t length;

	if (tunnel_of_ports(p->tuple.src.port, p->tuple.dst.port, &tunnel) ||
	    !cur_u16(c, &length) || !cur_skip(c, 2) || length < UDP_HEADER ||
	    length > cur_left(c) + UDP_HEADER)
		return false;
	p->seq = p->ack = 0;
	p->window = 0;
	p->tcp_flags = 0;
	p->payload = slice_head(cur_rest(c), length - UDP_HEADER);
	return true;
}

static bool
tcp(struct packet *p, struct cursor *c)
{
	uint32_t flags;

	if (!cur_u32(c, &p->seq) || !cur_u32(c, &p->ack) ||
	    !cur_u32(c, &flags) || !cur_skip(c, 4))
		return false;
	uint32_t header = flags >> 28 << 2;

	if (header < TCP_HEADER || !cur_skip(c, header - TCP_HEADER))
		return false;
	p->tcp_flags = flags >> 16 & 0xff;
	p->window = flags & 0xffff;
	p->payload = cur_rest(c);
	return true;
}

bool
decode_plain(struct packet *p)
{
	struct cursor c = cur_of(p->frame);
	uint32_t ports;

	if (p->link != LINK_ETHERNET || p->wire_len > p->frame.n ||
	    !to_network(p, &c) || !network(p, &c) || !cur_u32(&c, &ports))
		return false;
	p->tuple.src.port = ports >> 16 & 0xffff;
	p->tuple.dst.port = ports & 0xffff;
	if (!(p->tuple.proto == IPPROTO_NUM_UDP && udp(p, &c)) &&
	    !(p->tuple.proto == IPPROTO_NUM_TCP && tcp(p, &c)))
		return false;
	p->has_transport = true;
	p->fragment = p->reassembled = p->cut = false;
	p->payload_wire = (uint32_t)p->payload.n;
	p->timed = false;
	p->hash = 0;
	p->copy = 0;
	return true;
}
