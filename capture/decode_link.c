/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link layers, tags and labels, as far as the network layer.
 *
 * Spec: IEEE 802.3 3.2, 802.1Q 9.3, 802.1BR 7.3, 802.2, RFC 1042, RFC 1661,
 * RFC 2516, RFC 1547, RFC 3032, RFC 4385; tcpdump.org/linktypes.html.
 */
#include "capture/decode_private.h"

enum {
	TYPE_LENGTH_MOST = 1500, /* IEEE 802.3 3.2.6: else it is a type */
	TYPE_QINQ = 0x9100,      /* before 802.1ad */
	TYPE_NSH = 0x894f,
	TYPE_VNTAG = 0x8926,
	TYPE_ITAG = 0x88e7,     /* provider backbone bridge */
	TYPE_METADATA = 0x8909, /* Cisco security group tag */
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_PPP = 0x880b,
	TYPE_BRIDGE = 0x6558, /* transparent Ethernet bridging */
	SLL_LLC = 0x0004,     /* Linux: 802.2 follows */
};

/* What a link carries besides IP: ARP, RARP, wake-on-LAN, SRP, IPX, slow
 * protocols, EAPOL, PROFINET, EtherCAT, LLDP, MACsec, PTP, CFM, FCoE, ... */
static const uint16_t not_ip[] = { 0x0806, 0x8035, 0x0842, 0x22ea, 0x8137,
	0x8809, 0x8863, 0x8899, 0x888e, 0x8892, 0x88a2, 0x88a4, 0x88c7, 0x88cc,
	0x88e5, 0x88f7, 0x8902, 0x8906, 0x9000, 0x9003 };

static bool
known_other(uint16_t type)
{
	for (size_t i = 0; i < COUNT(not_ip); i++)
		if (not_ip[i] == type)
			return true;
	return false;
}

enum decode_result
walk_ethertype(struct walk *w, uint16_t type)
{
	switch (type) {
	case TYPE_IPV4:
		return walk_to(w, LAYER_IPV4);
	case TYPE_IPV6:
		return walk_to(w, LAYER_IPV6);
	case TYPE_CTAG:
	case TYPE_STAG:
	case TYPE_QINQ:
		return walk_to(w, LAYER_VLAN);
	case TYPE_VNTAG:
		return walk_to(w, LAYER_VNTAG);
	case TYPE_NSH:
		return walk_to(w, LAYER_NSH);
	case TYPE_ITAG:
		return walk_to(w, LAYER_ITAG);
	case TYPE_METADATA:
		return walk_to(w, LAYER_METADATA);
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return walk_to(w, LAYER_MPLS);
	case TYPE_PPPOE:
		return walk_to(w, LAYER_PPPOE);
	case TYPE_PPP:
		return walk_to(w, LAYER_PPP);
	case TYPE_BRIDGE:
		return walk_to(w, LAYER_ETHERNET);
	default:
		return known_other(type) ? walk_other(w) : DECODE_NOT_IP;
	}
}

bool
looks_ethernet(struct cursor c)
{
	uint16_t type;

	if (!cur_skip(&c, 12) || !cur_u16(&c, &type))
		return false;
	switch (type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
	case TYPE_CTAG:
	case TYPE_STAG:
	case TYPE_QINQ:
	case TYPE_MPLS:
	case TYPE_PPPOE:
		return true;
	default:
		return known_other(type) || (type > 2 && type <= cur_left(&c));
	}
}

/* A type, or the length of an 802.2 frame. */
static enum decode_result
type_or_length(struct walk *w, uint16_t type)
{
	if (type > TYPE_LENGTH_MOST)
		return walk_ethertype(w, type);
	if (type == 0) /* length of nothing: some test traffic */
		return DECODE_NOT_IP;
	if (!walk_limit(w, type))
		return DECODE_MALFORMED;
	return walk_to(w, LAYER_LLC);
}

enum decode_result
decode_ethernet(struct walk *w)
{
	uint16_t type;

	if (!cur_skip(&w->c, 12) || !cur_u16(&w->c, &type))
		return walk_short(w);
	if (type == TYPE_IPV4)
		return walk_to(w, LAYER_IPV4);
	return type_or_length(w, type);
}

enum decode_result
decode_vlan(struct walk *w)
{
	uint16_t tag;
	uint16_t type;

	do {
		if (!cur_u16(&w->c, &tag) || !cur_u16(&w->c, &type))
			return walk_short(w);
		tag &= 0x0fff; /* 0: only a priority, no VLAN */
		if (tag != 0 && w->p->vlans < LIMIT_VLANS)
			w->p->vlan[w->p->vlans++] = tag;
	} while (type == TYPE_CTAG || type == TYPE_STAG || type == TYPE_QINQ);
	return type_or_length(w, type);
}

enum decode_result
decode_vntag(struct walk *w)
{
	uint16_t type;

	if (!cur_skip(&w->c, 4) || !cur_u16(&w->c, &type))
		return walk_short(w);
	return type_or_length(w, type);
}

/* 802.1Q 9.7: an Ethernet frame behind the service number */
enum decode_result
decode_itag(struct walk *w)
{
	if (!cur_skip(&w->c, 4))
		return walk_short(w);
	return walk_to(w, LAYER_ETHERNET);
}

/* Version 1 and length 1, option, tag; the type stands before (in GRE) or
 * behind them (in Ethernet). */
enum decode_result
decode_metadata(struct walk *w)
{
	uint16_t first;
	uint16_t type;

	if (!cur_u16(&w->c, &first) || !cur_skip(&w->c, 4) ||
	    !cur_u16(&w->c, &type))
		return walk_short(w);
	return type_or_length(w, first < 0x0600 ? type : first);
}

/* 802.2 header; SNAP says the type behind an organisation number */
enum decode_result
decode_llc(struct walk *w)
{
	uint32_t llc;
	uint32_t oui;
	uint16_t type;

	if (!cur_u24(&w->c, &llc))
		return walk_short(w);
	if (llc == 0x060603) /* SAP of IP, RFC 1042 */
		return walk_to(w, LAYER_IPV4);
	if (llc != 0xaaaa03)
		return walk_other(w);
	if (!cur_u24(&w->c, &oui) || !cur_u16(&w->c, &type))
		return walk_short(w);
	if (oui != 0x000000 && oui != 0x0000f8) /* RFC 1042, 802.1H */
		return walk_other(w);
	return walk_ethertype(w, type);
}

static enum decode_result
sll_protocol(struct walk *w, uint16_t type)
{
	if (type == SLL_LLC)
		return walk_to(w, LAYER_LLC);
	return walk_ethertype(w, type);
}

enum decode_result
decode_sll(struct walk *w)
{
	uint16_t type;

	if (!cur_skip(&w->c, 14) || !cur_u16(&w->c, &type))
		return walk_short(w);
	return sll_protocol(w, type);
}

enum decode_result
decode_sll2(struct walk *w)
{
	uint16_t type;

	if (!cur_u16(&w->c, &type) || !cur_skip(&w->c, 18))
		return walk_short(w);
	return sll_protocol(w, type);
}

/* Address families of the systems that write these headers */
static enum decode_result
address_family(struct walk *w, uint32_t family)
{
	switch (family) {
	case 2:
		return walk_to(w, LAYER_IPV4);
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return walk_to(w, LAYER_IPV6);
	default:
		return DECODE_NOT_IP;
	}
}

/* In the byte order of the writer: families are small numbers */
enum decode_result
decode_null(struct walk *w)
{
	struct cursor other = w->c;
	uint32_t family;

	if (!cur_u32le(&w->c, &family))
		return walk_short(w);
	if (family > 0xffff && !cur_u32(&other, &family))
		return DECODE_MALFORMED;
	if (family > 0xffff) /* Cisco HDLC under a wrong name */
		return walk_ethertype(w, family & 0xffff);
	return address_family(w, family);
}

enum decode_result
decode_loop(struct walk *w)
{
	uint32_t family;

	if (!cur_u32(&w->c, &family))
		return walk_short(w);
	return address_family(w, family);
}

/* RFC 1661 section 2, the protocol field may be one byte (section 6.5) */
static bool
ppp_protocol(struct walk *w, uint16_t *protocol)
{
	struct cursor c = w->c;
	uint8_t first;

	if (!cur_u8(&c, &first))
		return false;
	*protocol = first;
	if ((first & 1) == 0)
		return cur_u16(&w->c, protocol);
	w->c = c;
	return true;
}

enum decode_result
decode_ppp(struct walk *w)
{
	struct cursor c = w->c;
	uint16_t start;
	uint16_t protocol;

	if (cur_u16(&c, &start)) {
		if (start == 0xff03) /* HDLC address and control */
			w->c = c;
		else if (start == 0x0f00 || start == 0x8f00)
			return walk_to(w, LAYER_CHDLC);
	}
	if (!ppp_protocol(w, &protocol))
		return walk_short(w);
	switch (protocol) {
	case 0x0021:
		return walk_to(w, LAYER_IPV4);
	case 0x0057:
		return walk_to(w, LAYER_IPV6);
	case 0x0281:
	case 0x0283:
		return walk_to(w, LAYER_MPLS);
	default:
		return DECODE_NOT_IP;
	}
}

/* RFC 2516 section 4 */
enum decode_result
decode_pppoe(struct walk *w)
{
	uint16_t version_code;
	uint16_t length;

	if (!cur_u16(&w->c, &version_code) || !cur_skip(&w->c, 2) ||
	    !cur_u16(&w->c, &length))
		return walk_short(w);
	if (version_code != 0x1100) /* a code is discovery */
		return walk_other(w);
	if (!walk_limit(w, length))
		return DECODE_MALFORMED;
	return walk_to(w, LAYER_PPP);
}

/* RFC 1547 section 4.3.1, the Cisco form: address, control, type */
enum decode_result
decode_chdlc(struct walk *w)
{
	uint16_t type;

	if (!cur_skip(&w->c, 2) || !cur_u16(&w->c, &type))
		return walk_short(w);
	return walk_ethertype(w, type);
}

static bool
fits(const struct walk *w, struct cursor c, size_t n)
{
	size_t left = cur_left(&c);

	return n <= left || n - left <= w->missing;
}

/* An IPv4 header, not the first bytes of a MAC address */
static bool
looks_ipv4(const struct walk *w)
{
	struct cursor c = w->c;
	uint32_t first;

	if (!cur_u32(&c, &first) || first >> 28 != 4)
		return false;
	return (first >> 24 & 15) >= 5 && (first & 0xffff) >= 20 &&
	    (fits(w, w->c, first & 0xffff) || !looks_ethernet(w->c));
}

static bool
looks_ipv6(const struct walk *w)
{
	static const uint8_t usual[] = { 0, 4, 6, 17, 41, 43, 44, 47, 50, 51,
		58, 59, 60, 89, 103, 132 };
	struct cursor c = w->c;
	uint8_t version;
	uint16_t length;
	uint8_t proto;

	if (!cur_u8(&c, &version) || version >> 4 != 6 || !cur_skip(&c, 3) ||
	    !cur_u16(&c, &length) || !cur_u8(&c, &proto) || !cur_skip(&c, 33))
		return false;
	if (!fits(w, c, length) && looks_ethernet(w->c))
		return false;
	return memchr(usual, proto, sizeof(usual)) != NULL;
}

/*
 * RFC 3032 section 2.1, RFC 4385 section 3: nothing says what a label stack
 * carries. A pseudowire may have a control word (first four bits 0) or not.
 */
enum decode_result
decode_mpls(struct walk *w)
{
	struct cursor inside;
	uint32_t label;
	uint8_t first;

	do {
		if (!cur_u32(&w->c, &label))
			return walk_short(w);
	} while ((label & 0x100) == 0);
	inside = w->c;
	if (!cur_u8(&inside, &first))
		return walk_short(w);
	if (looks_ipv4(w))
		return walk_to(w, LAYER_IPV4);
	if (looks_ipv6(w))
		return walk_to(w, LAYER_IPV6);
	if (first >> 4 == 1 && !looks_ethernet(w->c))
		return walk_other(w); /* associated channel */
	if (first >> 4 == 0) {
		inside = w->c;
		if (cur_skip(&inside, 4) && looks_ethernet(inside))
			w->c = inside;
	}
	return walk_to(w, LAYER_ETHERNET);
}

static bool
nflog_u16(struct cursor *c, bool little, uint16_t *v)
{
	return little ? cur_u16le(c, v) : cur_u16(c, v);
}

/* The payload among type-length-values in the byte order of the writer. The
 * length counts its own header; values are padded to four bytes. */
static bool
nflog_payload(struct cursor c, bool little, struct cursor *payload)
{
	enum { NFULA_PAYLOAD = 9 };

	while (cur_left(&c) > 0) {
		struct cursor look = c;
		uint16_t length;
		uint16_t type;
		size_t padded;

		if (!nflog_u16(&look, little, &length) ||
		    !nflog_u16(&look, little, &type) || length < 4)
			return false;
		if (type == NFULA_PAYLOAD) {
			*payload =
			    cur_of(slice_head(cur_rest(&look), length - 4u));
			return true;
		}
		padded = ((size_t)length + 3) / 4 * 4;
		if (!cur_skip(&c, padded))
			return false;
	}
	return false;
}

enum decode_result
decode_nflog(struct walk *w)
{
	struct cursor payload;
	uint8_t family;

	if (!cur_u8(&w->c, &family) || !cur_skip(&w->c, 3))
		return walk_short(w);
	if (!nflog_payload(w->c, true, &payload) &&
	    !nflog_payload(w->c, false, &payload))
		return walk_short(w);
	w->c = payload;
	if (family == 2)
		return walk_to(w, LAYER_IPV4);
	if (family == 10)
		return walk_to(w, LAYER_IPV6);
	return walk_other(w);
}
