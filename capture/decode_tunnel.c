/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: GRE and what runs in it, and those over UDP. A UDP port proves
 * nothing, so these check every bit their specification fixes.
 *
 * Spec: RFC 2784, RFC 2890, RFC 1701, RFC 2637 section 4.1, RFC 8086, RFC 7637,
 * draft-foschiano-erspan-03, RFC 3378, RFC 7348 section 5, RFC 8926 section
 * 3.4, 3GPP TS 29.281 section 5, RFC 4380 section 5.1.1, RFC 2661 section 3.1,
 * RFC 5415 section 4.3, RFC 8300 section 2.
 */
#include "capture/decode_private.h"

enum {
	PORT_L2TP = 1701,
	PORT_GTPU = 2152,
	PORT_TEREDO = 3544,
	PORT_GRE = 4754,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_CAPWAP = 5247,
	PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472, /* Linux and VMware before the assignment */
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VERSION = 0x0007,
	TYPE_PPP = 0x880b,
	TYPE_BRIDGE = 0x6558,
	TYPE_EOIP = 0x6400,    /* MikroTik */
	TYPE_ERSPAN2 = 0x88be, /* and version I */
	TYPE_ERSPAN3 = 0x22eb,
};

static bool
tunnel_of_port(uint16_t port, enum layer *layer)
{
	switch (port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		*layer = LAYER_VXLAN;
		return true;
	case PORT_VXLAN_GPE:
		*layer = LAYER_VXLAN_GPE;
		return true;
	case PORT_GENEVE:
		*layer = LAYER_GENEVE;
		return true;
	case PORT_GTPU:
		*layer = LAYER_GTPU;
		return true;
	case PORT_GRE:
		*layer = LAYER_GRE;
		return true;
	case PORT_TEREDO:
		*layer = LAYER_TEREDO;
		return true;
	case PORT_L2TP:
		*layer = LAYER_L2TP;
		return true;
	case PORT_CAPWAP:
		*layer = LAYER_CAPWAP;
		return true;
	default:
		return false;
	}
}

bool
tunnel_of_ports(uint16_t src, uint16_t dst, enum layer *layer)
{
	return tunnel_of_port(dst, layer) || tunnel_of_port(src, layer);
}

/* RFC 1701: source route entries up to one of family and length 0 */
static bool
gre_routes(struct cursor *c)
{
	for (;;) {
		uint16_t family;
		struct cursor entry;

		if (!cur_u16(c, &family) || !cur_skip(c, 1) ||
		    !cur_vec8(c, &entry))
			return false;
		if (family == 0 && cur_left(&entry) == 0)
			return true;
	}
}

static enum decode_result
gre_payload(struct walk *w, uint16_t type, bool has_sequence)
{
	switch (type) {
	case TYPE_ERSPAN2: /* version I has no header of its own */
		return walk_to(w,
		    has_sequence ? LAYER_ERSPAN2 : LAYER_ETHERNET);
	case TYPE_ERSPAN3:
		return walk_to(w, LAYER_ERSPAN3);
	default:
		return walk_ethertype(w, type);
	}
}

/* RFC 2637: the payload has a length; no sequence number, no payload */
static enum decode_result
gre_pptp(struct walk *w, uint16_t flags, uint16_t type)
{
	uint16_t length;

	if ((type != TYPE_PPP && type != TYPE_EOIP) || (flags & GRE_KEY) == 0)
		return DECODE_NOT_IP;
	if (!cur_u16(&w->c, &length) || !cur_skip(&w->c, 2))
		return walk_short(w);
	if (type == TYPE_EOIP)
		return walk_limit(w, length) ? walk_to(w, LAYER_ETHERNET)
					     : DECODE_MALFORMED;
	if ((flags & GRE_SEQUENCE) == 0)
		return DECODE_NOT_IP;
	if (!cur_skip(&w->c, 4))
		return walk_short(w);
	if ((flags & GRE_ACK) != 0 && !cur_skip(&w->c, 4))
		return walk_short(w);
	if (!walk_limit(w, length))
		return DECODE_MALFORMED;
	return walk_to(w, LAYER_PPP);
}

enum decode_result
decode_gre(struct walk *w)
{
	uint16_t flags;
	uint16_t type;
	size_t fields = 0;

	if (!cur_u16(&w->c, &flags) || !cur_u16(&w->c, &type))
		return walk_short(w);
	if ((flags & GRE_VERSION) == 1)
		return gre_pptp(w, flags, type);
	if ((flags & GRE_VERSION) != 0)
		return DECODE_NOT_IP;
	if (w->strict && (flags & 0x4fff) != 0) /* RFC 8086: none of these */
		return DECODE_NOT_IP;
	if ((flags & (GRE_CHECKSUM | GRE_ROUTING)) != 0)
		fields += 4;
	if ((flags & GRE_KEY) != 0)
		fields += 4;
	if ((flags & GRE_SEQUENCE) != 0)
		fields += 4;
	if (!cur_skip(&w->c, fields))
		return walk_short(w);
	if ((flags & GRE_ROUTING) != 0 && !gre_routes(&w->c))
		return walk_short(w);
	return gre_payload(w, type, (flags & GRE_SEQUENCE) != 0);
}

enum decode_result
decode_erspan2(struct walk *w)
{
	uint8_t version;

	if (!cur_u8(&w->c, &version) || !cur_skip(&w->c, 7))
		return walk_short(w);
	if (version >> 4 != 1)
		return DECODE_NOT_IP;
	return walk_to(w, LAYER_ETHERNET);
}

enum decode_result
decode_erspan3(struct walk *w)
{
	enum { FRAME_IP = 2, PLATFORM_HEADER = 1 };
	uint8_t version;
	uint16_t frame;

	if (!cur_u8(&w->c, &version) || !cur_skip(&w->c, 9) ||
	    !cur_u16(&w->c, &frame))
		return walk_short(w);
	if (version >> 4 != 2)
		return DECODE_NOT_IP;
	if ((frame & PLATFORM_HEADER) != 0 && !cur_skip(&w->c, 8))
		return walk_short(w);
	return walk_to(w,
	    (frame >> 10 & 31) == FRAME_IP ? LAYER_IP : LAYER_ETHERNET);
}

enum decode_result
decode_etherip(struct walk *w)
{
	uint16_t version;

	if (!cur_u16(&w->c, &version))
		return walk_short(w);
	if (version != 0x3000)
		return DECODE_NOT_IP;
	return walk_to(w, LAYER_ETHERNET);
}

/* Reserved bits are zero but for those of the group policy extension. */
enum decode_result
decode_vxlan(struct walk *w)
{
	enum { HAS_ID = 0x08, HAS_GROUP = 0x80 };
	uint8_t flags;
	uint32_t reserved;
	uint32_t id;

	if (!cur_u8(&w->c, &flags) || !cur_u24(&w->c, &reserved) ||
	    !cur_u32(&w->c, &id))
		return walk_short(w);
	if ((flags & HAS_ID) == 0 || (flags & ~(HAS_ID | HAS_GROUP)) != 0 ||
	    (reserved != 0 && (flags & HAS_GROUP) == 0) || (id & 0xff) != 0 ||
	    !looks_ethernet(w->c))
		return DECODE_NOT_IP;
	return walk_to(w, LAYER_ETHERNET);
}

/* RFC 8300 section 11.2.5, the same numbers in VXLAN-GPE */
enum { NEXT_IPV4 = 1, NEXT_IPV6 = 2, NEXT_ETHERNET = 3, NEXT_NSH = 4 };

static enum decode_result
next_protocol(struct walk *w, uint8_t next)
{
	switch (next) {
	case NEXT_IPV4:
		return walk_to(w, LAYER_IPV4);
	case NEXT_IPV6:
		return walk_to(w, LAYER_IPV6);
	case NEXT_NSH:
		return walk_to(w, LAYER_NSH);
	case NEXT_ETHERNET:
		return looks_ethernet(w->c) ? walk_to(w, LAYER_ETHERNET)
					    : DECODE_NOT_IP;
	default:
		return DECODE_NOT_IP;
	}
}

/* draft-ietf-nvo3-vxlan-gpe-12 section 3: a bit says that the last byte of
 * the first word names what follows; some leave the bit out. */
enum decode_result
decode_vxlan_gpe(struct walk *w)
{
	enum { FIXED = 0xf9, HAS_ID = 0x08 };
	uint8_t flags;
	uint16_t reserved;
	uint8_t next;
	uint32_t id;

	if (!cur_u8(&w->c, &flags) || !cur_u16(&w->c, &reserved) ||
	    !cur_u8(&w->c, &next) || !cur_u32(&w->c, &id))
		return walk_short(w);
	if ((flags & FIXED) != HAS_ID || reserved != 0 || (id & 0xff) != 0)
		return DECODE_NOT_IP;
	return next_protocol(w, next > 0 ? next : NEXT_ETHERNET);
}

/* RFC 8300 section 2: length in units of 4, all of the header */
enum decode_result
decode_nsh(struct walk *w)
{
	struct cursor look = w->c;
	uint16_t length;
	uint8_t next;

	if (!cur_u16(&look, &length) || !cur_skip(&look, 1) ||
	    !cur_u8(&look, &next))
		return walk_short(w);
	if (length >> 14 != 0 || (length & 0x3f) < 2)
		return DECODE_NOT_IP;
	if (!cur_skip(&w->c, (size_t)(length & 0x3f) * 4))
		return walk_short(w);
	return next_protocol(w, next);
}

enum decode_result
decode_geneve(struct walk *w)
{
	uint16_t flags;
	uint16_t type;
	uint32_t id;

	if (!cur_u16(&w->c, &flags) || !cur_u16(&w->c, &type) ||
	    !cur_u32(&w->c, &id) ||
	    !cur_skip(&w->c, (size_t)(flags >> 8 & 0x3f) * 4))
		return walk_short(w);
	/* version 0, no control message, reserved bits zero */
	if ((flags & 0xc0bf) != 0 || (id & 0xff) != 0)
		return DECODE_NOT_IP;
	if (type == TYPE_BRIDGE && !looks_ethernet(w->c))
		return DECODE_NOT_IP;
	return walk_ethertype(w, type);
}

/* TS 29.281 section 5.2: units of 4 with the length and the next type */
static bool
gtpu_extensions(struct cursor *c, uint8_t next)
{
	while (next != 0) {
		uint8_t units;

		if (!cur_u8(c, &units) || units == 0 ||
		    !cur_skip(c, units * 4u - 2) || !cur_u8(c, &next))
			return false;
	}
	return true;
}

enum decode_result
decode_gtpu(struct walk *w)
{
	enum { OPTIONAL = 0x07, EXTENDED = 0x04, G_PDU = 255 };
	uint8_t flags;
	uint8_t type;
	uint16_t length;
	uint8_t next;

	if (!cur_u8(&w->c, &flags) || !cur_u8(&w->c, &type) ||
	    !cur_u16(&w->c, &length) || !cur_skip(&w->c, 4))
		return walk_short(w);
	if ((flags & 0xf8) != 0x30 || type != G_PDU || !walk_limit(w, length))
		return DECODE_NOT_IP;
	if ((flags & OPTIONAL) != 0) {
		if (!cur_skip(&w->c, 3) || !cur_u8(&w->c, &next))
			return walk_short(w);
		if ((flags & EXTENDED) != 0 && !gtpu_extensions(&w->c, next))
			return walk_short(w);
	}
	return walk_to(w, LAYER_IP);
}

/* Either address of a packet inside Teredo is a Teredo address. */
static bool
looks_teredo(struct cursor c)
{
	uint8_t version;
	uint32_t src;
	uint32_t dst;

	return cur_u8(&c, &version) && version >> 4 == 6 && cur_skip(&c, 7) &&
	    cur_u32(&c, &src) && cur_skip(&c, 12) && cur_u32(&c, &dst) &&
	    (src == 0x20010000 || dst == 0x20010000 || src >> 16 == 0xfe80);
}

enum decode_result
decode_teredo(struct walk *w)
{
	struct cursor look = w->c;
	uint16_t indicator;
	uint8_t id;
	uint8_t auth;

	if (cur_u16(&look, &indicator) && indicator == 1) {
		if (!cur_u8(&look, &id) || !cur_u8(&look, &auth) ||
		    !cur_skip(&look, id) || !cur_skip(&look, auth) ||
		    !cur_skip(&look, 9)) /* nonce, confirmation */
			return walk_short(w);
		w->c = look;
	}
	look = w->c;
	if (cur_u16(&look, &indicator) && indicator == 0) {
		if (!cur_skip(&look, 6)) /* origin: port and address */
			return walk_short(w);
		w->c = look;
	}
	if (!looks_teredo(w->c))
		return DECODE_NOT_IP;
	return walk_to(w, LAYER_IPV6);
}

/* Version 2, data messages only. */
enum decode_result
decode_l2tp(struct walk *w)
{
	enum {
		CONTROL = 0x8000,
		HAS_LENGTH = 0x4000,
		HAS_SEQUENCE = 0x0800,
		HAS_OFFSET = 0x0200,
		FIXED = 0x34ff, /* reserved bits and the version */
		VERSION = 0x0002
	};
	uint16_t flags;
	uint16_t length;
	uint16_t offset;

	if (!cur_u16(&w->c, &flags))
		return walk_short(w);
	if ((flags & CONTROL) != 0 || (flags & FIXED) != VERSION)
		return DECODE_NOT_IP;
	if ((flags & HAS_LENGTH) != 0 &&
	    (!cur_u16(&w->c, &length) || length < 8 ||
		!walk_limit(w, length - 4u)))
		return DECODE_NOT_IP;
	if (!cur_skip(&w->c, (flags & HAS_SEQUENCE) != 0 ? 8 : 4))
		return walk_short(w);
	if ((flags & HAS_OFFSET) != 0 &&
	    (!cur_u16(&w->c, &offset) || !cur_skip(&w->c, offset)))
		return walk_short(w);
	return walk_to(w, LAYER_PPP);
}

/* Some controllers write the frame control field the other way round. */
static enum decode_result
capwap_native(struct walk *w)
{
	enum { TYPE = 0x0f, DATA = 0x08 };
	struct cursor look = w->c;
	uint8_t first;
	uint8_t second;

	if (!cur_u8(&look, &first) || !cur_u8(&look, &second))
		return walk_short(w);
	if ((first & TYPE) != DATA && (second & TYPE) == DATA)
		return walk_to(w, LAYER_WLAN_SWAPPED);
	return walk_to(w, LAYER_WLAN);
}

/* A data message in clear (preamble 0), no fragment, no reserved bits */
enum decode_result
decode_capwap(struct walk *w)
{
	enum { NATIVE = 0x0100, FRAGMENT = 0x0080, KEEP_ALIVE = 0x000f };
	struct cursor header;
	struct cursor look = w->c;
	uint16_t length;
	uint16_t flags;

	if (!cur_u16(&look, &length) || !cur_u16(&look, &flags))
		return walk_short(w);
	if (length >> 8 != 0 || (flags & (FRAGMENT | KEEP_ALIVE)) != 0)
		return DECODE_NOT_IP;
	length = length >> 3 & 31;
	if (length < 2)
		return DECODE_NOT_IP;
	if (!cur_sub(&w->c, (size_t)length * 4, &header))
		return walk_short(w);
	if ((flags & NATIVE) != 0)
		return capwap_native(w);
	return looks_ethernet(w->c) ? walk_to(w, LAYER_ETHERNET)
				    : DECODE_NOT_IP;
}
