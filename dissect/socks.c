/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socks.c - the handshake with a SOCKS proxy; what comes through is probed
 * again.
 *
 * Spec: SOCKS 4 and 4A (Koblas, Lee), RFC 1928, RFC 1929.
 * Learns: only the protocol.
 *
 * The client's first bytes say little; the protocol is certain only when the
 * server has answered in kind.
 */
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	VERSION_4 = 4,
	VERSION_5 = 5,
	COMMAND_CONNECT = 1,
	METHOD_PASSWORD = 2,
	METHOD_NONE_FITS = 0xff,
	GRANTED_4 = 0x5a,
	NAME_MOST = 255,
};

enum step { STEP_HELLO, STEP_PASSWORD, STEP_REQUEST, STEP_REPLY };

struct socks {
	uint8_t version;
	enum step step;
	bool waiting; /* the client has said what this step wants of it */
};

/* Text that ends with NUL. */
static bool
skip_text(struct cursor *c)
{
	uint8_t byte;

	for (unsigned i = 0; i <= NAME_MOST; i++) {
		if (!cur_u8(c, &byte))
			return false;
		if (byte == 0)
			return true;
	}
	return false;
}

/* VN CD DSTPORT DSTIP USERID NUL [name NUL] */
static bool
parse_request4(struct cursor *c)
{
	uint8_t version;
	uint8_t command;
	uint16_t port;
	uint32_t ip;

	if (!cur_u8(c, &version) || version != VERSION_4 ||
	    !cur_u8(c, &command) || command != COMMAND_CONNECT ||
	    !cur_u16(c, &port) || port == 0 || !cur_u32(c, &ip) || ip == 0 ||
	    !skip_text(c))
		return false;
	return ip > 0xff || skip_text(c);
}

/* RFC 1928 section 3: VER NMETHODS METHODS */
static bool
parse_hello5(struct cursor *c)
{
	uint8_t version;
	uint8_t method;
	struct cursor methods;

	if (!cur_u8(c, &version) || version != VERSION_5 ||
	    !cur_vec8(c, &methods) || cur_left(&methods) == 0)
		return false;
	while (cur_u8(&methods, &method))
		if (method > 9 && method < 0x80)
			return false;
	return true;
}

static bool
skip_address(struct cursor *c)
{
	uint8_t type;
	struct cursor name;

	if (!cur_u8(c, &type))
		return false;
	switch (type) {
	case 1:
		return cur_skip(c, 4 + 2);
	case 3:
		return cur_vec8(c, &name) && cur_skip(c, 2);
	case 4:
		return cur_skip(c, 16 + 2);
	default:
		return false;
	}
}

/* RFC 1928 section 4 and 6: VER CMD or REP, RSV, address, port */
static bool
parse_message5(struct cursor *c, uint8_t *what)
{
	uint8_t version;
	uint8_t reserved;

	return cur_u8(c, &version) && version == VERSION_5 && cur_u8(c, what) &&
	    cur_u8(c, &reserved) && reserved == 0 && skip_address(c);
}

static enum probe
socks_probe(const struct sniff *sniff)
{
	struct cursor four = cur_of(sniff->bytes);
	struct cursor five = four;

	if (!sniff->start || sniff->side != TO_SERVER)
		return PROBE_NO;
	if ((parse_hello5(&five) && cur_left(&five) == 0) ||
	    (parse_request4(&four) && cur_left(&four) == 0))
		return PROBE_YES;
	return PROBE_NO;
}

static enum feed
client_says(struct socks *k, struct cursor *c)
{
	const struct cursor start = *c;
	struct cursor user;
	struct cursor password;
	uint8_t what;

	switch (k->step) {
	case STEP_HELLO:
		if (parse_hello5(c)) {
			k->version = VERSION_5;
		} else {
			*c = start;
			if (!parse_request4(c))
				return FEED_LOST;
			k->version = VERSION_4;
		}
		k->waiting = true;
		return FEED_ON;
	case STEP_PASSWORD: /* RFC 1929 section 2 */
		k->waiting = cur_skip(c, 1) && cur_vec8(c, &user) &&
		    cur_vec8(c, &password);
		return FEED_ON;
	case STEP_REQUEST:
		k->waiting = parse_message5(c, &what);
		return FEED_ON;
	case STEP_REPLY:
		return FEED_ON;
	}
	return FEED_LOST;
}

static enum feed
answer_to_hello5(struct session *s, struct socks *k, struct cursor *c)
{
	uint8_t version;
	uint8_t method;

	if (!cur_u8(c, &version) || !cur_u8(c, &method))
		return FEED_ON;
	if (version != VERSION_5)
		return FEED_LOST;
	learn_text_once(s, FACT_PROTOCOL, slice_text("socks"));
	if (method == METHOD_NONE_FITS || method > METHOD_PASSWORD)
		return FEED_DONE;
	k->step = method == METHOD_PASSWORD ? STEP_PASSWORD : STEP_REQUEST;
	return FEED_ON;
}

static enum feed
answer4(struct session *s, struct cursor *c)
{
	uint8_t null;
	uint8_t code;

	if (!cur_u8(c, &null) || !cur_u8(c, &code) || !cur_skip(c, 6))
		return FEED_ON;
	if (null != 0 || code < GRANTED_4 || code > GRANTED_4 + 3)
		return FEED_LOST;
	learn_text_once(s, FACT_PROTOCOL, slice_text("socks"));
	return code == GRANTED_4 ? FEED_NEXT : FEED_DONE;
}

static enum feed
server_says(struct session *s, struct socks *k, struct cursor *c)
{
	uint8_t version;
	uint8_t status;

	if (k->version == VERSION_4)
		return answer4(s, c);
	switch (k->step) {
	case STEP_HELLO:
		return answer_to_hello5(s, k, c);
	case STEP_PASSWORD:
		if (!cur_u8(c, &version) || !cur_u8(c, &status))
			return FEED_ON;
		k->step = STEP_REQUEST;
		return status == 0 ? FEED_ON : FEED_DONE;
	case STEP_REQUEST:
	case STEP_REPLY:
		if (!parse_message5(c, &status))
			return FEED_ON;
		return status == 0 ? FEED_NEXT : FEED_DONE;
	}
	return FEED_LOST;
}

/*
 * One message a turn: a client that does not wait for the answer has its next
 * bytes kept. A server that speaks before the client is no SOCKS proxy.
 */
static enum feed
socks_feed(struct session *s, void *state, struct chunk *c)
{
	struct socks *k = state;
	struct cursor cur = cur_of(c->bytes);
	struct cursor before = cur;
	enum step step = k->step;
	enum feed r;

	if (c->side == TO_SERVER && k->waiting)
		return FEED_ON;
	if (c->side == TO_CLIENT && k->version == 0)
		return FEED_LOST;
	if (c->side == TO_SERVER) {
		r = client_says(k, &cur);
		if (!k->waiting)
			cur = before;
	} else {
		r = server_says(s, k, &cur);
		if (r == FEED_ON && k->step == step)
			cur = before; /* not all of the answer is here */
		else
			k->waiting = false;
	}
	c->used = c->bytes.n - cur_left(&cur);
	return r;
}

const struct dissector dissect_socks = {
	.name = "socks",
	.over = OVER_STREAM,
	.state_size = sizeof(struct socks),
	.probe = socks_probe,
	.feed = socks_feed,
};
