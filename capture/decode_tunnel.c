/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: GRE and what runs in it, and those over UDP. A UDP port proves
 * nothing, so these check every bit their specification fixes.
 *
 * Spec: RFC 2784, RFC 2890, RFC 1701, RFC 2637 section 4.1, RFC 8086, RFC 7637,
 * draft-foschiano-erspan-03, RFC 3378, RFC 7348 section 5, RFC 8926 section
 * 3.4, 3GPP TS 29.281 section 5, RFC 4380 section 5.1.1, RFC 2661 section 3.1,
 * RFC 3931 section 4.1, RFC 4719, RFC 5415 section 4.3, RFC 7510 section 3, RFC
 * 8300 section 2, RFC 9300 section 5, RFC 9305.
 */
#include "capture/decode_private.h"

enum {
	PORT_L2TP = 1701,
	PORT_GTPU = 2152,
	PORT_TEREDO = 3544,
	PORT_LISP = 4341,
	PORT_GRE = 4754,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_CAPWAP = 5247,
	PORT_GENEVE = 6081,
	PORT_MPLS = 6635,
	PORT_VXLAN_LINUX = 8472, /* Linux and VMware before the assignment */
	PORT_TZSP = 37008,       /* TaZmen Sniffer Protocol, not assigned */
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
	case PORT_LISP:
		*layer = LAYER_LISP;
		return true;
	case PORT_MPLS:
		*layer = LAYER_MPLS_UDP;
		return true;
	case PORT_TZSP:
		*layer = LAYER_TZSP;
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

/* An IP packet as long as what there is, or as padded to a smallest frame. */
static bool
fills(const struct walk *w, struct cursor c, bool padded)
{
	enum { FIXED6 = 40, SMALLEST = 20, PADDED = 46 + 4 };
	size_t wire = cur_left(&c) + w->missing;
	uint32_t first;
	uint16_t length6;
	size_t n;

	if (!cur_u32(&c, &first) || !cur_u16(&c, &length6))
		return false;
	n = first & 0xffff;
	if (first >> 28 == 6)
		n = (size_t)length6 + FIXED6;
	else if (first >> 28 != 4 || (first >> 24 & 15) < 5 || n < SMALLEST)
		return false;
	return n == wire || (padded && n < wire && wire <= PADDED);
}

/* An Ethernet frame of an IP packet, perhaps with tags */
static bool
holds_frame(const struct walk *w, struct cursor c)
{
	uint16_t type;

	if (!cur_skip(&c, 12) || !cur_u16(&c, &type))
		return false;
	while (type == TYPE_CTAG || type == TYPE_STAG) {
		if (!cur_skip(&c, 2) || !cur_u16(&c, &type))
			return false;
	}
	return (type == TYPE_IPV4 || type == TYPE_IPV6) && fills(w, c, true);
}

static bool
holds_ppp(const struct walk *w, struct cursor c)
{
	struct cursor look = c;
	uint16_t protocol;

	if (cur_u16(&look, &protocol) && protocol == 0xff03)
		c = look;
	return cur_u16(&c, &protocol) &&
	    (protocol == 0x0021 || protocol == 0x0057) && fills(w, c, false);
}

/*
 * RFC 3931 section 4.1: whether a cookie of 4 or 8 bytes and a sublayer of 4
 * stand before the frame was agreed upon out of sight, and so was what kind of
 * frame. So it is where an IP packet fits to the byte.
 */
enum decode_result
decode_l2tp3(struct walk *w)
{
	enum { MOST_BEFORE = 12 };
	struct cursor at;
	uint32_t session;

	if (!cur_u32(&w->c, &session))
		return walk_short(w);
	if (session == 0) /* control */
		return DECODE_NOT_IP;
	for (size_t before = 0; before <= MOST_BEFORE; before += 4) {
		at = w->c;
		if (!cur_skip(&at, before))
			break;
		bool frame = holds_frame(w, at);

		if (!frame && !holds_ppp(w, at))
			continue;
		w->c = at;
		return walk_to(w, frame ? LAYER_ETHERNET : LAYER_PPP);
	}
	return DECODE_NOT_IP;
}

/* RFC 3931 section 4.1.2.1: a session stands behind 16 reserved bits. */
static enum decode_result
l2tp3_over_udp(struct walk *w)
{
	uint16_t reserved;

	if (!cur_u16(&w->c, &reserved))
		return walk_short(w);
	return reserved == 0 ? walk_to(w, LAYER_L2TP3) : DECODE_NOT_IP;
}

/* Data messages only. */
enum decode_result
decode_l2tp(struct walk *w)
{
	enum {
		VERSION_3 = 0x0003, /* and nothing else */
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
	if (flags == VERSION_3)
		return l2tp3_over_udp(w);
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

/*
 * Tags up to one that says end; 0 is padding, both have no length. A sensor may
 * send less of a frame than it says there was.
 */
static bool
tzsp_tags(struct cursor *c, uint16_t *frame_length)
{
	enum { PADDING = 0, END = 1, FRAME_LENGTH = 41 };

	for (;;) {
		struct cursor value;
		uint8_t type;

		if (!cur_u8(c, &type))
			return false;
		if (type == END)
			return true;
		if (type == PADDING)
			continue;
		if (!cur_vec8(c, &value))
			return false;
		if (type == FRAME_LENGTH && cur_left(&value) == 2 &&
		    !cur_u16(&value, frame_length))
			return false;
	}
}

enum decode_result
decode_tzsp(struct walk *w)
{
	enum { RECEIVED = 0x0100, TO_SEND = 0x0101 }; /* with version 1 */
	enum { ETHERNET = 1, WLAN = 18 };
	uint16_t version_type;
	uint16_t protocol;
	uint16_t length = 0;
	size_t wire;

	if (!cur_u16(&w->c, &version_type) || !cur_u16(&w->c, &protocol))
		return walk_short(w);
	if (version_type != RECEIVED && version_type != TO_SEND)
		return DECODE_NOT_IP;
	if (!tzsp_tags(&w->c, &length))
		return walk_short(w);
	wire = cur_left(&w->c) + w->missing;
	if (length > wire)
		w->missing += length - wire;
	if (protocol == WLAN)
		return walk_to(w, LAYER_WLAN);
	if (protocol != ETHERNET || !looks_ethernet(w->c))
		return DECODE_NOT_IP;
	return walk_to(w, LAYER_ETHERNET);
}

/*
 * RFC 9300 section 5.3: an echo is asked for only with a nonce, and a nonce
 * excludes versions; the last two bits say that it is encrypted (RFC 8061). RFC
 * 9305: a bit says that the last byte of the first word names what follows.
 */
enum decode_result
decode_lisp(struct walk *w)
{
	enum {
		NONCE = 0x80,
		ECHO_NONCE = 0x20,
		VERSIONS = 0x10,
		NAMES_NEXT = 0x04,
		KEY = 0x03
	};
	uint8_t flags;
	uint16_t nonce;
	uint8_t next;

	if (!cur_u8(&w->c, &flags) || !cur_u16(&w->c, &nonce) ||
	    !cur_u8(&w->c, &next) || !cur_skip(&w->c, 4))
		return walk_short(w);
	if ((flags & KEY) != 0 ||
	    ((flags & ECHO_NONCE) != 0 && (flags & NONCE) == 0) ||
	    ((flags & NONCE) != 0 && (flags & VERSIONS) != 0))
		return DECODE_NOT_IP;
	if ((flags & NAMES_NEXT) != 0)
		return next_protocol(w, next);
	return fills(w, w->c, false) ? walk_to(w, LAYER_IP) : DECODE_NOT_IP;
}

/* RFC 7510 section 3; nothing says what the label stack carries. */
enum decode_result
decode_mpls_udp(struct walk *w)
{
	enum { BOTTOM = 0x100, LIVES = 0xff, MOST_LABELS = 8 };
	struct cursor c = w->c;
	struct cursor word;
	uint32_t label = 0;
	uint32_t control;

	for (unsigned i = 0; (label & BOTTOM) == 0; i++) {
		if (!cur_u32(&c, &label))
			return walk_short(w);
		if (i == MOST_LABELS || (label & LIVES) == 0)
			return DECODE_NOT_IP;
	}
	word = c;
	if (!fills(w, c, false) && !holds_frame(w, c) &&
	    (!cur_u32(&word, &control) || control >> 28 != 0 ||
		!holds_frame(w, word)))
		return DECODE_NOT_IP;
	return walk_to(w, LAYER_MPLS);
}
