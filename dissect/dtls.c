/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dtls.c - records and handshake fragments in datagrams: DTLS 1.0 and 1.2, and
 * the hellos of DTLS 1.3.
 *
 * Messages are handed to the handshake in the order of their numbers; one that
 * does not come is given up when its direction begins to encrypt or too many
 * wait for it.
 *
 * Spec: RFC 6347 4.1, 4.2; RFC 9147 4 (unified header); RFC 5764 (use_srtp).
 * Learns: TLS_CCS, TLS_FINISHED, TLS_ENCRYPTED_ALERT, TLS_APPLICATION_DATA,
 * TLS_MID_STREAM, TLS_LOST, TLS_DECRYPTED; the handshake learns the rest.
 */
#include <stdlib.h>

#include "dissect/protocols.h"
#include "dissect/tls.h"

enum {
	ENCRYPTED_ALERTS = 4,
	HELD_BYTES = LIMIT_TLS_CERTIFICATE + 32 * 1024,
	UNIFIED_MASK = 0xfc, /* 001CSLEE: no connection id, long number, */
	UNIFIED_FORM = 0x2c, /* length is there */
	EPOCH_BITS = 3,      /* all that a unified header has of the epoch */
	EPOCH_DATA = 3,      /* RFC 9147 6.1: begins behind a side's Finished */
};

struct span {
	uint32_t from, to;
};

/* A message of which fragments are missing, or whose turn has not come. */
struct held {
	uint8_t *p; /* heap */
	size_t room;
	uint32_t length;
	uint16_t number;
	uint8_t type;
	bool used, decrypted;
	unsigned spans;
	struct span span[LIMIT_DTLS_HOLES]; /* sorted, apart */
};

struct dtls_way {
	struct held held[LIMIT_DTLS_HELD];
	size_t bytes; /* of all held */
	uint16_t next;
	bool has_next;
	bool seen, first, data, opened;
	uint8_t alerts;
	uint32_t after;
};

struct dtls_state {
	struct tls_shake shake;
	struct dtls_way way[2];
	struct tls_decrypt *keys;
	struct session *inner;
	unsigned tries;
	bool begun, middle, inner_over;
	bool cookie; /* HelloVerifyRequest came, a hello will follow */
};

struct dtls_record {
	uint8_t type;
	uint16_t version, epoch, length;
};

struct fragment {
	uint8_t type;
	uint32_t length;
	uint16_t number;
	uint32_t from;
	struct slice body;
};

/* RFC 6347 4.1 */
static bool
parse_record(struct cursor *c, struct dtls_record *r)
{
	uint64_t number;

	return cur_u8(c, &r->type) && r->type >= CONTENT_CCS &&
	    r->type <= CONTENT_ACK && cur_u16(c, &r->version) &&
	    (r->version == 0xfeff || r->version == DTLS_1_2 ||
		r->version == 0x0100) &&
	    cur_u16(c, &r->epoch) && cur_u48(c, &number) &&
	    cur_u16(c, &r->length) && r->length <= TLS_RECORD_MOST;
}

/* RFC 6347 4.2.2 */
static bool
parse_fragment(struct cursor *c, struct fragment *f)
{
	uint32_t size;

	return cur_u8(c, &f->type) && cur_u24(c, &f->length) &&
	    cur_u16(c, &f->number) && cur_u24(c, &f->from) &&
	    cur_u24(c, &size) && f->from <= f->length &&
	    size <= f->length - f->from && cur_take(c, size, &f->body);
}

/* ---- recognising ---- */

static bool
record_is_sane(const struct dtls_record *r, struct slice body)
{
	struct cursor c = cur_of(body);
	struct fragment f;
	uint8_t one;

	if (r->length == 0)
		return false;
	if (r->epoch > 0)
		return true;
	switch (r->type) {
	case CONTENT_CCS:
		return r->length == 1 && (!cur_u8(&c, &one) || one == 1);
	case CONTENT_ALERT:
		return r->length == 2;
	case CONTENT_HANDSHAKE:
		if (body.n < r->length) /* the capture cut it */
			return true;
		return parse_fragment(&c, &f) &&
		    f.type <= MESSAGE_COMPRESSED_CERTIFICATE;
	default:
		return false;
	}
}

/* RFC 9147 4: encrypted records whose length can be read. */
static bool
take_unified(struct cursor *c, unsigned *epoch)
{
	struct cursor body;
	uint16_t number;
	uint8_t flags;

	if (!cur_u8(c, &flags) || (flags & UNIFIED_MASK) != UNIFIED_FORM ||
	    !cur_u16(c, &number) || !cur_vec16(c, &body) ||
	    cur_left(&body) < 16)
		return false;
	*epoch = flags & EPOCH_BITS;
	return true;
}

static enum probe
dtls_probe(const struct sniff *s)
{
	struct cursor c = cur_of(s->bytes), body;
	struct dtls_record r;
	unsigned count = 0;

	while (cur_left(&c) > 0) {
		size_t left = cur_left(&c);
		struct cursor unified = c;
		unsigned epoch;

		if (take_unified(&unified, &epoch)) {
			c = unified;
			count++;
			continue;
		}
		if (!parse_record(&c, &r) ||
		    !record_is_sane(&r, slice_head(cur_rest(&c), r.length)))
			return PROBE_NO;
		count++;
		if (cur_sub(&c, r.length, &body))
			continue;
		/* Cut by the capture: the wire had room for it. */
		size_t cut = s->wire > s->bytes.n ? s->wire - s->bytes.n : 0;

		return (size_t)r.length + DTLS_RECORD_HEADER <= left + cut
		    ? PROBE_YES
		    : PROBE_NO;
	}
	return count > 0 ? PROBE_YES : PROBE_NO;
}

/* ---- fragments ---- */

static void
held_free(struct dtls_way *w, struct held *m)
{
	w->bytes -= m->room;
	free(m->p);
	*m = (struct held){ .used = false };
}

/* Joins [from, to) with what it touches. False: too many pieces. */
static bool
span_add(struct held *m, uint32_t from, uint32_t to)
{
	unsigned i = 0, n = 0;

	while (i < m->spans && m->span[i].to < from)
		i++;
	while (i + n < m->spans && m->span[i + n].from <= to) {
		if (m->span[i + n].from < from)
			from = m->span[i + n].from;
		if (m->span[i + n].to > to)
			to = m->span[i + n].to;
		n++;
	}
	if (n == 0 && m->spans == COUNT(m->span))
		return false;
	memmove(&m->span[i + 1], &m->span[i + n],
	    (m->spans - i - n) * sizeof(m->span[0]));
	m->span[i] = (struct span){ from, to };
	m->spans = m->spans + 1 - n;
	return true;
}

static bool
is_whole(const struct held *m)
{
	return m->spans == 1 && m->span[0].from == 0 &&
	    m->span[0].to == m->length;
}

static struct held *
held_of(struct dtls_way *w, const struct fragment *f)
{
	struct held *empty = NULL;

	for (size_t i = 0; i < COUNT(w->held); i++) {
		struct held *m = &w->held[i];

		if (m->used && m->number == f->number)
			return m->length == f->length && m->type == f->type
			    ? m
			    : NULL;
		if (!m->used && empty == NULL)
			empty = m;
	}
	if (empty != NULL) {
		empty->used = true;
		empty->number = f->number;
		empty->type = f->type;
		empty->length = f->length;
	}
	return empty;
}

static bool
held_add(struct dtls_way *w, struct held *m, const struct fragment *f)
{
	uint32_t to = f->from + (uint32_t)f->body.n;

	if (to > m->room) {
		if (to - m->room > HELD_BYTES - w->bytes)
			return false;
		uint8_t *p = realloc(m->p, to);

		if (p == NULL)
			return false;
		m->p = p;
		w->bytes += to - m->room;
		m->room = to;
	}
	if (!span_add(m, f->from, to))
		return false;
	if (f->body.n > 0)
		memcpy(m->p + f->from, f->body.p, f->body.n);
	return true;
}

static void
deliver(struct session *s, struct dtls_state *t, enum side side,
    const struct held *m)
{
	struct tls_message message = {
		.type = m->type,
		.side = side,
		.decrypted = m->decrypted,
		.body = slice_of(m->p, m->length),
	};

	if (m->type == MESSAGE_VERIFY_REQUEST) {
		t->cookie = true;
		/* Its number may be used again (RFC 6347 4.2.2). */
		t->way[side].has_next = false;
	}
	if (m->type == MESSAGE_CLIENT_HELLO)
		t->cookie = false;
	tls_message(s, &t->shake, &message);
	t->shake.rekey = 0;
}

/* What can be delivered in order. */
static void
drain(struct session *s, struct dtls_state *t, enum side side)
{
	struct dtls_way *w = &t->way[side];
	bool more = true;

	while (more && w->has_next) {
		more = false;
		for (size_t i = 0; i < COUNT(w->held); i++) {
			struct held *m = &w->held[i];

			if (!m->used || m->number != w->next || !is_whole(m))
				continue;
			w->next++;
			deliver(s, t, side, m);
			held_free(w, m);
			more = true;
		}
	}
}

/* Gives up what is missing: the rest in the order of the numbers. */
static void
flush(struct session *s, struct dtls_state *t, enum side side)
{
	struct dtls_way *w = &t->way[side];

	for (;;) {
		struct held *low = NULL;

		for (size_t i = 0; i < COUNT(w->held); i++) {
			struct held *m = &w->held[i];

			if (m->used && (low == NULL || m->number < low->number))
				low = m;
		}
		if (low == NULL)
			return;
		if (w->has_next && low->number > w->next)
			learn_number_of(s, side, FACT_TLS_LOST,
			    low->number - w->next);
		w->next = (uint16_t)(low->number + 1);
		w->has_next = true;
		if (is_whole(low))
			deliver(s, t, side, low);
		else
			learn_number(s, FACT_TLS_LOST, low->length);
		held_free(w, low);
	}
}

/* A new association between the same two ports: RFC 6347 4.2.8. */
static bool
begins_anew(const struct dtls_state *t, const struct fragment *f)
{
	struct tls_hello hello;

	return f->type == MESSAGE_CLIENT_HELLO && f->number == 0 &&
	    t->shake.has_server && f->body.n == f->length &&
	    tls_parse_client_hello(f->body, true, &hello) &&
	    memcmp(hello.random.p, t->shake.client_random, TLS_RANDOM) != 0;
}

static void
begin_anew(struct dtls_state *t)
{
	for (int side = TO_SERVER; side <= TO_CLIENT; side++) {
		struct dtls_way *w = &t->way[side];

		for (size_t i = 0; i < COUNT(w->held); i++)
			held_free(w, &w->held[i]);
		*w = (struct dtls_way){ .seen = w->seen };
	}
	tls_decrypt_free(t->keys);
	t->keys = NULL;
	t->tries = 0;
	t->shake = (struct tls_shake){ .datagram = true };
}

/* Numbers go round never: a handshake has a dozen messages. */
static bool
is_old(const struct dtls_state *t, const struct dtls_way *w,
    const struct fragment *f)
{
	if (!w->has_next || f->number >= w->next)
		return false;
	return f->type != MESSAGE_CLIENT_HELLO || !t->cookie;
}

static void
take_fragment(struct session *s, struct dtls_state *t, enum side side,
    const struct fragment *f, bool decrypted)
{
	struct dtls_way *w = &t->way[side];
	bool hello = f->type == MESSAGE_CLIENT_HELLO ||
	    f->type == MESSAGE_SERVER_HELLO ||
	    f->type == MESSAGE_VERIFY_REQUEST;

	if (begins_anew(t, f))
		begin_anew(t);
	if (is_old(t, w, f))
		return;
	if (hello && (!w->has_next || f->number < w->next)) {
		w->next = f->number;
		w->has_next = true;
	}
	if (f->length > tls_message_most(f->type)) {
		learn_number(s, FACT_TLS_LOST, f->length);
		w->has_next = false;
		return;
	}
	struct held *m = held_of(w, f);

	if (m == NULL) {
		flush(s, t, side);
		m = held_of(w, f);
	}
	if (m == NULL)
		return;
	m->decrypted = decrypted;
	if (!held_add(w, m, f)) {
		learn_number(s, FACT_TLS_LOST, f->length);
		held_free(w, m);
		return;
	}
	drain(s, t, side);
}

static void
take_fragments(struct session *s, struct dtls_state *t, enum side side,
    struct slice body, bool decrypted)
{
	struct cursor c = cur_of(body);
	struct fragment f;

	while (cur_left(&c) > 0) {
		if (!parse_fragment(&c, &f))
			return;
		take_fragment(s, t, side, &f, decrypted);
	}
}

/* ---- records ---- */

static void
take_clear(struct session *s, struct dtls_state *t, const struct chunk *c,
    const struct dtls_record *r, struct slice body)
{
	switch (r->type) {
	case CONTENT_HANDSHAKE:
		if (t->shake.record_version == 0)
			t->shake.record_version = r->version;
		take_fragments(s, t, c->side, body, false);
		break;
	case CONTENT_ALERT:
		tls_alerts(s, &t->shake, c->side, body);
		break;
	case CONTENT_CCS:
		flush(s, t, c->side);
		if (!tls_is_13(&t->shake))
			learn_number_of(s, c->side, FACT_TLS_CCS, 1);
		break;
	default:
		break;
	}
}

static void
note_encrypted(struct session *s, struct dtls_state *t, enum side side,
    const struct dtls_record *r)
{
	struct dtls_way *w = &t->way[side];

	if (r->type == CONTENT_HANDSHAKE && !w->first) {
		w->first = true;
		flush(s, t, side);
		learn_number(s, FACT_TLS_FINISHED, 0);
	}
	if (r->type == CONTENT_ALERT && w->alerts < ENCRYPTED_ALERTS) {
		w->alerts++;
		learn_number(s, FACT_TLS_ENCRYPTED_ALERT, r->length);
	}
	if (r->type == CONTENT_DATA && !w->data) {
		w->data = true;
		learn_number(s, FACT_TLS_APPLICATION_DATA, r->length);
	}
}

/* The content type is hidden, the epoch is not. */
static void
note_unified(struct session *s, struct dtls_state *t, enum side side,
    unsigned epoch)
{
	struct dtls_way *w = &t->way[side];

	if (epoch != EPOCH_DATA || w->first || t->middle)
		return;
	w->first = true;
	learn_number(s, FACT_TLS_FINISHED, 0);
}

static void
feed_inner(struct session *s, struct dtls_state *t, const struct chunk *c,
    struct slice plain)
{
	struct chunk inner = {
		.bytes = plain,
		.side = c->side,
		.wire = (uint32_t)plain.n,
		.packet = c->packet,
		.time = c->time,
	};

	if (t->inner_over || plain.n == 0)
		return;
	if (t->inner == NULL) {
		bool hidden = t->way[c->side].opened;
		struct inner how = {
			.datagram = true,
			.carrier = CARRIER_TLS,
			.cover = hidden ? COVER_DTLS : COVER_NONE,
			.tuple = *session_tuple(s),
		};

		t->inner = session_inner(s, &how);
	}
	if (t->inner == NULL || session_feed(t->inner, &inner) == FEED_DONE)
		t->inner_over = true;
}

static void
open_record(struct session *s, struct dtls_state *t, const struct chunk *c,
    struct slice whole)
{
	struct dtls_way *w = &t->way[c->side];
	struct slice header = slice_head(whole, DTLS_RECORD_HEADER);
	struct slice body = slice_from(whole, DTLS_RECORD_HEADER), plain;
	enum side role = c->side == t->shake.client ? TO_SERVER : TO_CLIENT;
	uint8_t type = header.p[0];

	if (tls_null_contents(&t->shake, body, &plain, &type)) {
		if (type == CONTENT_DATA)
			feed_inner(s, t, c, plain);
		return;
	}
	if (t->keys == NULL && t->tries < LIMIT_TLS_KEY_TRIES) {
		t->tries++;
		t->keys = tls_shake_decrypt(s, &t->shake);
	}
	if (t->keys == NULL ||
	    !tls_decrypt_record(t->keys, role, header, body, &plain, &type))
		return;
	if (!w->opened) {
		w->opened = true;
		learn_number(s, FACT_TLS_DECRYPTED, 1);
	}
	if (type == CONTENT_HANDSHAKE)
		take_fragments(s, t, c->side, plain, true);
	else if (type == CONTENT_ALERT)
		tls_alerts(s, &t->shake, c->side, plain);
	else if (type == CONTENT_DATA)
		feed_inner(s, t, c, plain);
}

static bool
is_over(const struct dtls_state *t)
{
	const struct dtls_way *w = t->way;

	return t->middle || tls_is_13(&t->shake) ||
	    ((w[0].first || w[1].first) && (w[0].first || !w[0].seen) &&
		(w[1].first || !w[1].seen));
}

static bool
is_enough(const struct dtls_state *t)
{
	uint32_t a = t->way[0].after, b = t->way[1].after;
	bool open = t->way[0].opened || t->way[1].opened ||
	    (t->inner != NULL && session_recognised(t->inner));

	if (open && !t->inner_over)
		return false;
	return (a >= LIMIT_TLS_RECORDS && b >= LIMIT_TLS_RECORDS) ||
	    a >= LIMIT_TLS_RECORDS_ONE_WAY || b >= LIMIT_TLS_RECORDS_ONE_WAY;
}

/* Without a hello in front the handshake was not captured. */
static void
begin(struct session *s, struct dtls_state *t, struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct dtls_record r;
	struct fragment f;

	t->begun = true;
	t->shake.datagram = true;
	learn_text_once(s, FACT_PROTOCOL, slice_text("dtls"));
	if (parse_record(&c, &r) && r.epoch == 0 &&
	    r.type == CONTENT_HANDSHAKE &&
	    (!parse_fragment(&c, &f) || f.type <= MESSAGE_VERIFY_REQUEST))
		return;
	t->middle = true;
	learn_number(s, FACT_TLS_MID_STREAM, 1);
}

static enum feed
dtls_feed(struct session *s, void *state, struct chunk *c)
{
	struct dtls_state *t = state;
	struct cursor at = cur_of(c->bytes);
	struct dtls_way *w = &t->way[c->side];
	struct dtls_record r;

	if (!t->begun)
		begin(s, t, c->bytes);
	w->seen = true;
	while (cur_left(&at) > 0) {
		struct cursor look = at, unified = at, body, whole;
		unsigned epoch;

		if (is_over(t))
			w->after++;
		if (take_unified(&unified, &epoch)) {
			note_unified(s, t, c->side, epoch);
			at = unified;
			continue;
		}
		if (!parse_record(&look, &r))
			break;
		if (r.epoch > 0)
			note_encrypted(s, t, c->side, &r);
		if (!cur_sub(&look, r.length, &body) ||
		    !cur_sub(&at, cur_left(&at) - cur_left(&look), &whole))
			break;
		if (r.epoch == 0)
			take_clear(s, t, c, &r, cur_rest(&body));
		else
			open_record(s, t, c, cur_rest(&whole));
	}
	return is_enough(t) ? FEED_DONE : FEED_ON;
}

static void
dtls_end(struct session *s, void *state)
{
	struct dtls_state *t = state;

	/* Only what lacks a predecessor; a fragment may still come. */
	for (int side = TO_SERVER; side <= TO_CLIENT; side++) {
		if (!t->way[side].has_next)
			flush(s, t, (enum side)side);
	}
}

static void
dtls_drop(void *state)
{
	struct dtls_state *t = state;

	for (int side = TO_SERVER; side <= TO_CLIENT; side++) {
		for (size_t i = 0; i < COUNT(t->way[side].held); i++)
			free(t->way[side].held[i].p);
	}
	tls_decrypt_free(t->keys);
}

const struct dissector dissect_dtls = {
	.name = "dtls",
	.over = OVER_DATAGRAM,
	.state_size = sizeof(struct dtls_state),
	.probe = dtls_probe,
	.feed = dtls_feed,
	.end = dtls_end,
	.drop = dtls_drop,
};
