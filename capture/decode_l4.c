/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport headers; protocols that carry whole packets again are handed on.
 *
 * Spec: RFC 9293 section 3.1, RFC 768, RFC 9260 section 3, RFC 2003, RFC 4213,
 * RFC 4023, RFC 2784, RFC 3378, RFC 3931 section 4.1.1, RFC 8986 section 4.9,
 * RFC 4303.
 */
#include "capture/decode_private.h"

enum {
	PROTO_IPV4 = 4,
	PROTO_IPV6 = 41,
	PROTO_GRE = 47,
	PROTO_IPIP = 94,
	PROTO_ETHERIP = 97,
	PROTO_L2TP = 115,
	PROTO_MPLS = 137,
	PROTO_ETHERNET = 143,
};

static enum decode_result
finish(struct walk *w)
{
	struct packet *p = w->p;
	size_t wire;

	p->payload = cur_rest(&w->c);
	wire = p->payload.n + w->missing;
	p->payload_wire = wire < UINT32_MAX ? (uint32_t)wire : UINT32_MAX;
	p->cut = w->missing > 0;
	return DECODE_OK;
}

static bool
ports(struct walk *w)
{
	uint32_t both;

	if (!cur_u32(&w->c, &both))
		return false;
	w->p->tuple.src.port = both >> 16 & 0xffff;
	w->p->tuple.dst.port = both & 0xffff;
	return true;
}

static enum decode_result
tcp(struct walk *w)
{
	enum { SMALLEST = 20 };
	struct packet *p = w->p;
	uint32_t flags;
	size_t header;

	if (!ports(w) || !cur_u32(&w->c, &p->seq) || !cur_u32(&w->c, &p->ack) ||
	    !cur_u32(&w->c, &flags) || !cur_skip(&w->c, 4))
		return walk_short(w);
	header = (size_t)(flags >> 28) * 4;
	if (header < SMALLEST || !walk_skip(w, header - SMALLEST))
		return DECODE_MALFORMED;
	p->tcp_flags = flags >> 16 & 0xff;
	p->window = flags & 0xffff;
	p->has_transport = true;
	return finish(w);
}

/* Length 0: more than 65535 bytes (RFC 2675 section 4), or not yet filled in */
static enum decode_result
udp(struct walk *w)
{
	enum { HEADER = 8, LARGEST = 65535 };
	struct packet *p = w->p;
	struct cursor look = w->c;
	enum layer tunnel;
	uint16_t length;

	if (!cur_skip(&look, 4) || !cur_u16(&look, &length))
		return walk_short(w);
	if (w->open && length != 0)
		w->missing = LARGEST; /* the length says how much it is */
	if (length != 0 && (length < HEADER || !walk_limit(w, length)))
		return DECODE_MALFORMED;
	if (!ports(w) || !cur_skip(&w->c, 4))
		return walk_short(w);
	p->has_transport = true;
	if (!tunnel_of_ports(p->tuple.src.port, p->tuple.dst.port, &tunnel))
		return finish(w);
	(void)finish(w);
	return walk_tunnel(w, tunnel, false);
}

static enum decode_result
sctp(struct walk *w)
{
	if (!ports(w) || !cur_skip(&w->c, 8))
		return walk_short(w);
	w->p->has_transport = true;
	return finish(w);
}

static enum decode_result
packet_inside(struct walk *w, enum layer next)
{
	(void)finish(w);
	return walk_tunnel(w, next, true);
}

enum decode_result
decode_transport(struct walk *w, uint8_t proto)
{
	w->p->tuple.proto = proto;
	switch (proto) {
	case IPPROTO_NUM_TCP:
		return tcp(w);
	case IPPROTO_NUM_UDP:
		return udp(w);
	case IPPROTO_NUM_SCTP:
		return sctp(w);
	case PROTO_IPV4:
		return packet_inside(w, LAYER_IPV4);
	case PROTO_IPV6:
		return packet_inside(w, LAYER_IPV6);
	case PROTO_IPIP:
		return packet_inside(w, LAYER_IP);
	case PROTO_GRE:
		return packet_inside(w, LAYER_GRE);
	case PROTO_MPLS:
		return packet_inside(w, LAYER_MPLS);
	case PROTO_ETHERIP:
		return packet_inside(w, LAYER_ETHERIP);
	case PROTO_L2TP:
		return packet_inside(w, LAYER_L2TP3);
	case PROTO_ETHERNET:
		return packet_inside(w, LAYER_ETHERNET);
	default: /* ICMP, ESP, OSPF, ...: addresses and number are all */
		return finish(w);
	}
}
