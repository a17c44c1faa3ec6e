/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mysql.c - the greeting of a MySQL or MariaDB server and whether the client
 * goes over to TLS.
 *
 * Spec: MySQL client/server protocol, Protocol::HandshakeV10 and
 * Protocol::SSLRequest.
 * Learns: STARTTLS.
 */
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	PROTOCOL_10 = 10,
	VERSION_MOST = 64,
	AFTER_VERSION = 4 + 8 + 1 + 2, /* id, scramble, filler, flags */
	SSL_REQUEST = 32,
	CLIENT_SSL = 0x0800,
};

struct mysql {
	bool greeted;
};

/* int<3> length, little endian, int<1> sequence, payload */
static enum probe
parse_packet(struct cursor *c, uint8_t want, struct cursor *payload)
{
	uint16_t low;
	uint8_t high;
	uint8_t sequence;

	if (!cur_u16le(c, &low) || !cur_u8(c, &high) || !cur_u8(c, &sequence))
		return PROBE_MORE;
	if (high != 0 || sequence != want || low > LIMIT_PROBE)
		return PROBE_NO;
	return cur_sub(c, low, payload) ? PROBE_YES : PROBE_MORE;
}

/* Version: digits, dots and letters up to NUL. */
static bool
is_greeting(struct cursor c)
{
	uint8_t byte;
	unsigned n = 0;

	if (!cur_u8(&c, &byte) || byte != PROTOCOL_10)
		return false;
	for (;;) {
		if (!cur_u8(&c, &byte) || n > VERSION_MOST)
			return false;
		if (byte == 0)
			break;
		if (byte <= ' ' || byte > '~' ||
		    (n == 0 && (byte < '0' || byte > '9')))
			return false;
		n++;
	}
	return n >= 3 && cur_left(&c) >= AFTER_VERSION;
}

static enum probe
mysql_probe(const struct sniff *sniff)
{
	struct cursor c = cur_of(sniff->bytes);
	struct cursor payload;

	if (!sniff->start || sniff->side != TO_CLIENT)
		return PROBE_NO;
	enum probe r = parse_packet(&c, 0, &payload);

	if (r != PROBE_YES)
		return r;
	return is_greeting(payload) ? PROBE_YES : PROBE_NO;
}

/* The client answers with an SSL request or with its login in clear. */
static enum feed
answer(struct session *s, struct chunk *c)
{
	struct cursor cur = cur_of(c->bytes);
	struct cursor payload;
	uint16_t flags;
	enum probe r = parse_packet(&cur, 1, &payload);

	if (r == PROBE_MORE)
		return FEED_ON;
	if (r == PROBE_NO || cur_left(&payload) != SSL_REQUEST ||
	    !cur_u16le(&payload, &flags) || (flags & CLIENT_SSL) == 0)
		return FEED_DONE;
	c->used = c->bytes.n - cur_left(&cur);
	learn_text_once(s, FACT_STARTTLS, slice_text("mysql"));
	return FEED_NEXT;
}

static enum feed
mysql_feed(struct session *s, void *state, struct chunk *c)
{
	struct mysql *m = state;

	learn_text_once(s, FACT_PROTOCOL, slice_text("mysql"));
	if (c->side == TO_SERVER)
		return m->greeted ? answer(s, c) : FEED_LOST;
	c->used = c->bytes.n;
	m->greeted = true;
	return FEED_ON;
}

const struct dissector dissect_mysql = {
	.name = "mysql",
	.over = OVER_STREAM,
	.state_size = sizeof(struct mysql),
	.probe = mysql_probe,
	.feed = mysql_feed,
};
