/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pseudo_tls.c - a prelude that only looks like TLS, so that a firewall lets
 * TURN pass on port 443. What follows it is not TLS.
 *
 * The client's half stays unread until the server answers: a real certificate
 * may come back (an intercepting proxy), and then the connection is TLS and
 * the dissector of TLS needs both halves.
 *
 * Spec: MS-TURN 2.1.1 (Microsoft); libjingle's pseudo SSL (Google).
 * Learns: TLS_PSEUDO, TLS_PSEUDO_CERTIFICATE.
 */
#include "dissect/protocols.h"
#include "dissect/tls.h"

enum {
	KIND_NONE,
	KIND_MICROSOFT, /* values of FACT_TLS_PSEUDO */
	KIND_GOOGLE,
	CERTIFICATE_WITHIN = 2048
};

struct pseudo {
	bool passed[2]; /* the prelude of this side was read, or has none */
	uint8_t kind;
	bool has_client;
	enum side client;
	bool told;
	struct session *inner;
};

struct prelude {
	uint8_t kind;
	uint8_t head_n, tail_n;
	uint16_t size;
	uint8_t middle_at, middle_n; /* fixed bytes between random ones */
	uint8_t head[12], middle[1], tail[12];
};

static const struct prelude client_ms = {
	.kind = KIND_MICROSOFT,
	.size = 50,
	.head_n = 11,
	.head = { 0x16, 3, 1, 0, 0x2d, 1, 0, 0, 0x29, 3, 1 },
	.tail_n = 7,
	.tail = { 0, 0, 2, 0, 0x18, 1, 0 },
};

static const struct prelude server_ms = {
	.kind = KIND_MICROSOFT,
	.size = 83,
	.head_n = 11,
	.head = { 0x16, 3, 1, 0, 0x4e, 2, 0, 0, 0x46, 3, 1 },
	.middle_at = 43,
	.middle_n = 1,
	.middle = { 0x20 },
	.tail_n = 7,
	.tail = { 0, 0x18, 0, 0x0e, 0, 0, 0 },
};

static const struct prelude server_google = {
	.kind = KIND_GOOGLE,
	.size = 79,
	.head_n = 11,
	.head = { 0x16, 3, 1, 0, 0x4a, 2, 0, 0, 0x46, 3, 1 },
	.middle_at = 43,
	.middle_n = 1,
	.middle = { 0x20 },
	.tail_n = 3,
	.tail = { 0, 4, 0 },
};

/* Always the same bytes, its challenge included. */
static const uint8_t client_google[72] = {
	0x80, 0x46, 0x01, 0x03, 0x01, 0x00, 0x2d, 0x00, /* */
	0x00, 0x00, 0x10, 0x01, 0x00, 0x80, 0x03, 0x00, /* */
	0x80, 0x07, 0x00, 0xc0, 0x06, 0x00, 0x40, 0x02, /* */
	0x00, 0x80, 0x04, 0x00, 0x80, 0x00, 0x00, 0x04, /* */
	0x00, 0xfe, 0xff, 0x00, 0x00, 0x0a, 0x00, 0xfe, /* */
	0xfe, 0x00, 0x00, 0x09, 0x00, 0x00, 0x64, 0x00, /* */
	0x00, 0x62, 0x00, 0x00, 0x03, 0x00, 0x00, 0x06, /* */
	0x1f, 0x17, 0x0c, 0xa6, 0x2f, 0x00, 0x78, 0xfc, /* */
	0x46, 0x55, 0x2e, 0xb1, 0x83, 0x39, 0xf1, 0xea, /* */
};

/* Of the fixed run at `at`: does what is here of it agree? */
static bool
agrees(struct slice s, size_t at, const uint8_t *fixed, size_t n)
{
	struct slice here = slice_head(slice_from(s, at), n);

	return here.n == 0 || memcmp(here.p, fixed, here.n) == 0;
}

static enum probe
match(const struct prelude *p, struct slice s)
{
	size_t tail = (size_t)p->size - p->tail_n;

	if (!agrees(s, 0, p->head, p->head_n) ||
	    !agrees(s, p->middle_at, p->middle, p->middle_n) ||
	    !agrees(s, tail, p->tail, p->tail_n))
		return PROBE_NO;
	return s.n < p->size ? PROBE_MORE : PROBE_YES;
}

static bool
is_record(struct slice s)
{
	return s.n > 0 && s.p[0] >= CONTENT_CCS && s.p[0] <= CONTENT_DATA;
}

/* A client that goes on with records meant its hello. */
static enum probe
match_client(struct slice s, uint8_t *kind, size_t *size)
{
	bool google = s.n > 0 && s.p[0] == client_google[0];
	enum probe p;

	if (google) {
		*kind = KIND_GOOGLE;
		*size = sizeof(client_google);
		p = agrees(s, 0, client_google, sizeof(client_google))
		    ? s.n < *size ? PROBE_MORE : PROBE_YES
		    : PROBE_NO;
	} else {
		*kind = KIND_MICROSOFT;
		*size = client_ms.size;
		p = match(&client_ms, s);
	}
	return is_record(slice_from(s, *size)) ? PROBE_NO : p;
}

enum probe
tls_pseudo_hello(struct slice bytes)
{
	uint8_t kind;
	size_t size;
	enum probe client = match_client(bytes, &kind, &size);

	return client != PROBE_NO ? client : match(&server_ms, bytes);
}

static enum probe
pseudo_probe(const struct sniff *s)
{
	return s->bytes.n == 0 ? PROBE_MORE : tls_pseudo_hello(s->bytes);
}

static void
tell(struct session *s, struct pseudo *p)
{
	if (p->told || p->kind == KIND_NONE)
		return;
	p->told = true;
	learn_text_once(s, FACT_PROTOCOL, slice_text("pseudo-tls"));
	learn_number(s, FACT_TLS_PSEUDO, p->kind);
}

/* Is there a Certificate behind the ServerHello? Skips record headers. */
static enum probe
has_certificate(struct slice s)
{
	struct cursor c = cur_of(s), body, message;
	struct tls_record r;
	uint8_t type;

	while (cur_left(&c) > 0) {
		if (cur_left(&c) < TLS_RECORD_HEADER)
			return PROBE_MORE;
		if (!tls_record_header(&c, &r) || r.type != CONTENT_HANDSHAKE)
			return PROBE_NO;
		if (!cur_sub(&c, r.length, &body))
			body = cur_of(cur_rest(&c));
		while (cur_left(&body) > 0) {
			if (!cur_u8(&body, &type))
				return PROBE_MORE;
			if (type == MESSAGE_CERTIFICATE)
				return PROBE_YES;
			if (type != MESSAGE_SERVER_HELLO)
				return PROBE_NO;
			if (!cur_vec24(&body, &message))
				return PROBE_MORE;
		}
	}
	return PROBE_MORE;
}

/* The server answers with something else than a prelude of the same kind. */
static enum feed
real_server(struct session *s, struct slice bytes)
{
	switch (has_certificate(bytes)) {
	case PROBE_YES:
		learn_number(s, FACT_TLS_PSEUDO_CERTIFICATE, 1);
		return FEED_NEXT;
	case PROBE_MORE:
		return bytes.n < CERTIFICATE_WITHIN ? FEED_ON : FEED_NEXT;
	case PROBE_NO:
		break;
	}
	return FEED_NEXT;
}

static enum feed
pass_on(struct session *s, struct pseudo *p, struct chunk *c)
{
	struct chunk rest = *c;

	rest.bytes = slice_from(c->bytes, c->used);
	rest.segment = c->segment && c->used == 0;
	c->used = c->bytes.n;
	if (rest.bytes.n == 0)
		return FEED_ON;
	if (p->inner == NULL) {
		struct inner how = {
			.carrier = CARRIER_PSEUDO_TLS,
			.cover = COVER_NONE,
			.tuple = *session_tuple(s),
		};

		p->inner = session_inner(s, &how);
	}
	if (p->inner == NULL)
		return FEED_DONE;
	return session_feed(p->inner, &rest);
}

/* The client's side: its hello waits unread, what follows shows that it only
 * pretended. */
static enum feed
client_feed(struct session *s, struct pseudo *p, struct chunk *c)
{
	uint8_t kind;
	size_t size;

	switch (match_client(c->bytes, &kind, &size)) {
	case PROBE_MORE:
		return FEED_ON;
	case PROBE_NO:
		if (!p->told)
			return FEED_NEXT;
		size = 0;
		break;
	case PROBE_YES:
		p->kind = kind;
		if (!p->told && c->bytes.n == size)
			return FEED_ON;
		tell(s, p);
		break;
	}
	p->passed[c->side] = true;
	c->used = size;
	return pass_on(s, p, c);
}

static enum feed
server_feed(struct session *s, struct pseudo *p, struct chunk *c)
{
	const struct prelude *known =
	    p->kind == KIND_GOOGLE ? &server_google : &server_ms;
	enum probe answer = match(known, c->bytes);

	if (answer == PROBE_MORE)
		return FEED_ON;
	/* Google's answer is also how a real handshake begins. */
	if (answer == PROBE_YES && known == &server_google &&
	    is_record(slice_from(c->bytes, known->size)))
		answer = PROBE_NO;
	if (answer == PROBE_NO && !p->told)
		return real_server(s, c->bytes);
	if (answer == PROBE_YES) {
		if (p->kind == KIND_NONE)
			p->kind = KIND_MICROSOFT;
		tell(s, p);
		c->used = known->size;
	}
	p->passed[c->side] = true;
	return pass_on(s, p, c);
}

/* Roles as the bytes show them, whichever way they go. */
static enum feed
pseudo_feed(struct session *s, void *state, struct chunk *c)
{
	struct pseudo *p = state;
	uint8_t kind;
	size_t size;

	if (p->passed[c->side])
		return pass_on(s, p, c);
	if (!p->has_client &&
	    match_client(c->bytes, &kind, &size) == PROBE_YES) {
		p->has_client = true;
		p->client = c->side;
	}
	bool client = p->has_client
	    ? c->side == p->client
	    : c->side == TO_SERVER && match(&server_ms, c->bytes) == PROBE_NO;

	return client ? client_feed(s, p, c) : server_feed(s, p, c);
}

static enum feed
pseudo_gap(struct session *s, void *state, enum side side, uint64_t n)
{
	struct pseudo *p = state;

	(void)s;
	if (!p->told)
		return FEED_LOST;
	p->passed[side] = true;
	if (p->inner != NULL)
		session_gap(p->inner, side, n);
	return FEED_ON;
}

const struct dissector dissect_pseudo_tls = {
	.name = "pseudo-tls",
	.over = OVER_STREAM,
	.state_size = sizeof(struct pseudo),
	.probe = pseudo_probe,
	.feed = pseudo_feed,
	.gap = pseudo_gap,
};
