/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdp.c - the start of a remote desktop connection: which protection was
 * asked for, which one was chosen.
 *
 * Spec: RFC 1006 and RFC 2126 (TPKT), X.224 section 13 (CR, CC, DT),
 * MS-RDPBCGR 2.2.1.1 (requestedProtocols), 2.2.1.2 (selectedProtocol),
 * 2.2.1.4.3 (SC_SECURITY), T.125 (MCS), T.124 (GCC).
 * Learns: RDP_REQUESTED, RDP_SELECTED, RDP_METHOD, RDP_LEVEL, RDP_CLEAR,
 * STARTTLS.
 */
#include "core/cursor.h"
#include "core/text.h"
#include "dissect/protocols.h"

enum {
	TPKT_VERSION = 3,
	TPKT_HEAD = 4,
	X224_CR = 0xe0,
	X224_CC = 0xd0,
	X224_DT = 0xf0,
	NEG_REQUEST = 1,
	NEG_RESPONSE = 2,
	NEG_FAILURE = 3,
	SC_SECURITY = 0x0c02,
	PIECES_MOST = 64, /* data PDUs looked at for SC_SECURITY */
};

struct rdp {
	unsigned pieces;
};

struct pdu {
	uint8_t kind;
	struct cursor body; /* what follows the fixed part of X.224 */
};

/* MCS domain PDUs and connect PDUs RDP uses (T.125 section 7, in PER/BER). */
static bool
is_mcs(struct cursor c)
{
	uint8_t first;
	uint8_t second;

	if (!cur_u8(&c, &first) || !cur_u8(&c, &second))
		return false;
	if (first == 0x7f)
		return second == 0x65 || second == 0x66;
	/* SendDataRequest and Indication: initiator, then an I/O channel */
	if (first == 0x64 || first == 0x68)
		return second == 0 && cur_left(&c) >= 5;
	return (first == 0x04 && second == 0x01) || first == 0x28 ||
	    first == 0x2e || (first == 0x38 && second == 0) ||
	    (first == 0x3e && second == 0) || first == 0x21;
}

/* X.224 section 13.3 to 13.7 */
static bool
parse_x224(struct cursor *c, struct pdu *p)
{
	uint8_t length;
	uint16_t dst;
	uint16_t src;
	uint8_t class_option;

	if (!cur_u8(c, &length) || !cur_u8(c, &p->kind))
		return false;
	if (p->kind == X224_DT) {
		uint8_t eot;

		p->body = *c;
		return length == 2 && cur_u8(&p->body, &eot) && eot == 0x80;
	}
	if ((p->kind != X224_CR && p->kind != X224_CC) ||
	    length != cur_left(c) + 1 || !cur_u16(c, &dst) ||
	    !cur_u16(c, &src) || !cur_u8(c, &class_option))
		return false;
	p->body = *c;
	return class_option == 0 && (p->kind == X224_CC || dst == 0);
}

/* RFC 1006 section 6. PROBE_MORE: it is not all there. */
static enum probe
parse_tpkt(struct cursor *c, struct pdu *p)
{
	uint8_t version;
	uint8_t reserved;
	uint16_t length;
	struct cursor inside;

	if (!cur_u8(c, &version))
		return PROBE_MORE;
	if (version != TPKT_VERSION)
		return PROBE_NO;
	if (!cur_u8(c, &reserved))
		return PROBE_MORE;
	if (reserved != 0)
		return PROBE_NO;
	if (!cur_u16(c, &length))
		return PROBE_MORE;
	if (length < TPKT_HEAD + 3)
		return PROBE_NO;
	if (!cur_sub(c, length - (size_t)TPKT_HEAD, &inside))
		return PROBE_MORE;
	return parse_x224(&inside, p) ? PROBE_YES : PROBE_NO;
}

/* MS-RDPBCGR 2.2.1.1.1 and 2.2.1.2.1: type flags length(8) value */
static bool
parse_negotiation(struct cursor c, uint8_t *type, uint32_t *value)
{
	uint8_t flags;
	uint16_t length;

	return cur_u8(&c, type) && cur_u8(&c, &flags) &&
	    cur_u16le(&c, &length) && length == 8 && cur_u32le(&c, value);
}

/* A routing token or cookie stands before it and ends with CRLF. */
static struct cursor
after_cookie(struct cursor body)
{
	struct slice rest = cur_rest(&body);
	struct slice line;

	if (text_begins(rest, "Cookie:") || text_begins(rest, "tsv:")) {
		if (!text_line(&rest, &line))
			rest = slice_of(NULL, 0);
		return cur_of(rest);
	}
	return body;
}

static bool
is_request(const struct pdu *p)
{
	uint8_t type;
	uint32_t value;

	if (p->kind != X224_CR)
		return false;
	struct cursor rest = after_cookie(p->body);

	/* Other users of X.224 put parameters of type 0xc0 and above here. */
	return cur_left(&rest) == 0 ||
	    (parse_negotiation(rest, &type, &value) && type == NEG_REQUEST);
}

static bool
is_confirm(const struct pdu *p)
{
	uint8_t type;
	uint32_t value;

	if (p->kind != X224_CC)
		return false;
	return cur_left(&p->body) == 0 ||
	    (parse_negotiation(p->body, &type, &value) &&
		(type == NEG_RESPONSE || type == NEG_FAILURE));
}

static enum probe
rdp_probe(const struct sniff *sniff)
{
	struct cursor c = cur_of(sniff->bytes);
	struct pdu p;
	enum probe r = parse_tpkt(&c, &p);

	if (r != PROBE_YES)
		return r;
	if (p.kind == X224_DT)
		return is_mcs(p.body) ? PROBE_YES : PROBE_NO;
	return is_request(&p) || is_confirm(&p) ? PROBE_YES : PROBE_NO;
}

static void
learn_request(struct session *s, const struct pdu *p)
{
	uint8_t type;
	uint32_t value;

	if (!parse_negotiation(after_cookie(p->body), &type, &value) ||
	    type != NEG_REQUEST)
		value = 0;
	learn_number(s, FACT_RDP_REQUESTED, value);
}

/* Every choice but standard security goes on with a TLS handshake. */
static enum feed
learn_confirm(struct session *s, const struct pdu *p)
{
	uint8_t type = 0;
	uint32_t value = 0;

	if (!parse_negotiation(p->body, &type, &value))
		value = 0;
	if (type == NEG_FAILURE)
		return FEED_ON;
	learn_number(s, FACT_RDP_SELECTED, value);
	if (value == 0)
		return FEED_ON;
	learn_text_once(s, FACT_STARTTLS, slice_text("rdp"));
	return FEED_NEXT;
}

/*
 * MS-RDPBCGR 2.2.1.4: the blocks are the last thing of the connect response,
 * behind BER and PER. They are found by the name of the server's key, "McDn",
 * and a length of at most two octets.
 */
static bool
find_blocks(struct cursor c, struct cursor *blocks)
{
	uint8_t high;
	uint8_t low;

	while (!text_begins_exact(cur_rest(&c), "McDn"))
		if (!cur_skip(&c, 1))
			return false;
	if (!cur_skip(&c, 4) || !cur_u8(&c, &high))
		return false;
	if ((high & 0x80) != 0 && !cur_u8(&c, &low))
		return false;
	*blocks = c;
	return true;
}

/* MS-RDPBCGR 2.2.1.4.3: type length encryptionMethod encryptionLevel */
static bool
learn_security(struct session *s, struct cursor body)
{
	struct cursor c;
	struct cursor block;
	uint16_t type;
	uint16_t length;
	uint32_t method;
	uint32_t level;

	if (!find_blocks(body, &c))
		return false;
	while (cur_u16le(&c, &type) && cur_u16le(&c, &length) && length >= 4 &&
	    cur_sub(&c, length - (size_t)4, &block)) {
		if (type != SC_SECURITY)
			continue;
		if (!cur_u32le(&block, &method) || !cur_u32le(&block, &level))
			return false;
		learn_number(s, FACT_RDP_METHOD, method);
		learn_number(s, FACT_RDP_LEVEL, level);
		return true;
	}
	return false;
}

static enum feed
learn_data(struct session *s, struct rdp *r, const struct pdu *p)
{
	if (!is_mcs(p->body))
		return FEED_ON;
	learn_number_once(s, FACT_RDP_CLEAR, 1);
	if (learn_security(s, p->body) || ++r->pieces > PIECES_MOST)
		return FEED_DONE;
	return FEED_ON;
}

static enum feed
take_pdu(struct session *s, struct rdp *r, const struct pdu *p)
{
	learn_text_once(s, FACT_PROTOCOL, slice_text("rdp"));
	if (p->kind == X224_CR)
		learn_request(s, p);
	else if (p->kind == X224_CC)
		return learn_confirm(s, p);
	else
		return learn_data(s, r, p);
	return FEED_ON;
}

/*
 * Once fast-path PDUs come (MS-RDPBCGR 2.2.8.1.2) the connection is up and all
 * is learnt. The one who asked waits for the answer, so nothing of his stands
 * in the way of TLS.
 */
static enum feed
rdp_feed(struct session *s, void *state, struct chunk *c)
{
	for (;;) {
		struct cursor cur = cur_of(slice_from(c->bytes, c->used));
		struct pdu p;
		enum probe found = parse_tpkt(&cur, &p);

		if (found == PROBE_MORE)
			return FEED_ON;
		if (found == PROBE_NO)
			return session_knows(s, FACT_RDP_CLEAR) ? FEED_DONE
								: FEED_LOST;
		c->used = c->bytes.n - cur_left(&cur);
		enum feed r = take_pdu(s, state, &p);

		if (r != FEED_ON)
			return r;
	}
}

const struct dissector dissect_rdp = {
	.name = "rdp",
	.over = OVER_STREAM,
	.state_size = sizeof(struct rdp),
	.probe = rdp_probe,
	.feed = rdp_feed,
};
