/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.c - the record layer over a stream: SSL 3.0 to TLS 1.3, and client hellos
 * in SSL 2.0 form.
 *
 * Clear records go to the handshake. Of encrypted ones the lengths are kept,
 * because they tell whether a client certificate was among them; with a key
 * log, or a suite that does not encrypt, they are opened and what is inside is
 * looked at like any other stream. Without either the contents are not even
 * kept.
 *
 * Spec: RFC 8446 5, D.4; RFC 5246 6; RFC 6101 5.2; RFC 5246 E.2.
 * Learns: TLS_CCS, TLS_FINISHED, TLS_ENCRYPTED_ALERT, TLS_APPLICATION_DATA,
 * TLS_RECORDS, TLS_RENEGOTIATION, TLS_CLIENT_FLIGHT_ACK, TLS_MID_STREAM,
 * TLS_LOST, TLS_DECRYPTED, TLS_SSL2_HELLO; the handshake learns the rest.
 */
#include "dissect/tls.h"
#include "dissect/protocols.h"

enum {
	CLIENT_RECORDS = 24, /* enough of the client's to judge its flight */
	AFTER_DATA = 12,     /* records behind the client's first data */
	ENCRYPTED_ALERTS = 4,
	SSL2_SERVER_HELLO = 4,
	SSL2_VERSION = 0x0002
};

/* One direction. */
struct tls_way {
	struct tls_gather gather;
	struct tls_decrypt *keys; /* one of the two of the connection */
	bool seen;
	bool ccs;    /* what follows is encrypted, up to TLS 1.2 */
	bool maybe;  /* ChangeCipherSpec before the version is known */
	bool own;    /* ... and it was seen, not concluded */
	bool first;  /* the record after it was seen: Finished */
	bool data;   /* application data was seen */
	bool opened; /* a record was decrypted */
	bool missed; /* encrypted records before there were keys */
	bool unsure; /* may be in the middle of a message */
	bool lost;   /* may be in the middle of a record */
	uint8_t alerts;
	uint8_t part_type; /* of the record that is not all here */
	uint16_t part_length;
	size_t part;      /* so much of it, with its header, is unread */
	uint64_t hole;    /* rest of a record that a gap tore */
	uint32_t after;   /* records after the handshake */
	uint32_t covered; /* encrypted records */
};

struct tls_state {
	struct tls_shake shake;
	struct tls_way way[2];
	struct tls_decrypt *keys, *next; /* next: of a renegotiation */
	struct session *inner;
	struct tls_records list, again;
	uint32_t list_told, again_told;
	uint32_t tell_at; /* records in the list */
	unsigned tries;
	unsigned acks;
	uint64_t ack_base;
	bool begun, middle, inner_over, ssl2, has_base;
	bool torn, torn_told; /* bytes are missing */
};

/* ---- lists of lengths ---- */

static void
tell(struct session *s, struct tls_state *t)
{
	if (t->list.count > t->list_told) {
		t->list_told = t->list.count;
		learn_bytes(s, FACT_TLS_RECORDS, &t->list, sizeof(t->list));
	}
	if (t->again.count > t->again_told) {
		t->again_told = t->again.count;
		learn_bytes(s, FACT_TLS_RENEGOTIATION, &t->again,
		    sizeof(t->again));
	}
}

static bool
list_add(struct tls_records *l, const struct chunk *c,
    const struct tls_record *r)
{
	if (l->count == TLS_RECORDS_MOST)
		return false;
	l->r[l->count++] = (struct tls_record_seen){
		.length = r->length,
		.type = r->type,
		.side = (uint8_t)c->side,
		.packet_low = (uint32_t)c->packet,
	};
	return true;
}

static void
note_covered(struct session *s, struct tls_state *t, const struct chunk *c,
    const struct tls_record *r)
{
	struct tls_way *w = &t->way[c->side];

	w->covered++;
	if (!list_add(&t->list, c, r))
		return;
	bool client = c->side == t->shake.client;

	if (client && r->type == CONTENT_DATA && t->tell_at == 0)
		t->tell_at = t->list.count + AFTER_DATA;
	if (t->list.count == TLS_RECORDS_MOST || t->list.count == t->tell_at ||
	    (client && w->covered == CLIENT_RECORDS))
		tell(s, t);
}

/* ---- how far it is ---- */

/* TLS 1.3: the server spoke after the client's first encrypted record, or the
 * client said more than a flight. */
static bool
over_13(const struct tls_state *t)
{
	const struct tls_records *l = &t->list;
	bool client = false;

	if (t->way[t->shake.client].covered > CLIENT_RECORDS)
		return true;
	for (uint32_t i = l->before_server_hello; i < l->count; i++) {
		if (l->r[i].side == t->shake.client)
			client = true;
		else if (client)
			return true;
	}
	return false;
}

static bool
is_over(const struct tls_state *t)
{
	const struct tls_way *w = t->way;

	if (t->middle)
		return true;
	if (tls_is_13(&t->shake))
		return over_13(t);
	return (w[0].first || w[1].first) && (w[0].first || !w[0].seen) &&
	    (w[1].first || !w[1].seen);
}

/* Renegotiation may come later, but not for ever. */
static bool
is_enough(const struct tls_state *t)
{
	uint32_t a = t->way[0].after, b = t->way[1].after;
	bool open = t->way[0].opened || t->way[1].opened ||
	    (t->inner != NULL && session_recognised(t->inner));

	if (open && !t->inner_over)
		return false;
	return (a >= LIMIT_TLS_RECORDS && b >= LIMIT_TLS_RECORDS) ||
	    a >= LIMIT_TLS_RECORDS_ONE_WAY || b >= LIMIT_TLS_RECORDS_ONE_WAY;
}

/* A clear alert has two octets, also where the handshake was not seen. */
static bool
is_encrypted(const struct tls_state *t, enum side side,
    const struct tls_record *r)
{
	if (r->type == CONTENT_DATA ||
	    (r->type == CONTENT_ALERT && r->length != 2))
		return true;
	return t->way[side].ccs && !tls_is_13(&t->shake);
}

/* ---- opening records ---- */

static enum side
role(const struct tls_state *t, enum side side)
{
	return side == t->shake.client ? TO_SERVER : TO_CLIENT;
}

/* The keys of this direction, if there are any. The key log may grow while
 * the connection runs. */
static struct tls_decrypt *
keys_of(struct session *s, struct tls_state *t, enum side side)
{
	struct tls_way *w = &t->way[side];

	if (w->keys != NULL)
		return w->keys;
	if (t->keys == NULL && t->tries < LIMIT_TLS_KEY_TRIES &&
	    session_keylog(s) != NULL && t->shake.has_server) {
		t->tries++;
		t->keys = tls_shake_decrypt(s, &t->shake);
	}
	if (t->keys == NULL || t->next != NULL)
		return NULL;
	w->keys = t->keys;
	if (w->missed)
		tls_decrypt_gap(w->keys, role(t, side));
	return w->keys;
}

static void
feed_inner(struct session *s, struct tls_state *t, const struct chunk *c,
    struct slice plain)
{
	bool hidden = t->way[c->side].opened;
	struct chunk inner = {
		.bytes = plain,
		.side = c->side,
		.segment = true,
		.packet = c->packet,
		.time = c->time,
	};

	if (t->inner_over || plain.n == 0)
		return;
	if (t->inner == NULL) {
		struct inner how = {
			.carrier = CARRIER_TLS,
			.cover = hidden ? COVER_TLS : COVER_NONE,
			.tuple = *session_tuple(s),
		};

		t->inner = session_inner(s, &how);
	}
	if (t->inner == NULL || session_feed(t->inner, &inner) == FEED_DONE)
		t->inner_over = true;
}

/* RFC 5246 7.4.1: renegotiated keys begin with the ChangeCipherSpec of each
 * direction. */
static void
renew_keys(struct session *s, struct tls_state *t, enum side side)
{
	struct tls_way *w = &t->way[side], *back = &t->way[!side];

	if (t->keys == NULL || !t->shake.renewed || !t->shake.has_server)
		return;
	if (t->next == NULL)
		t->next = tls_shake_decrypt(s, &t->shake);
	w->keys = t->next;
	if (t->next == NULL || back->keys != t->next)
		return;
	tls_decrypt_free(t->keys);
	t->keys = t->next;
	t->next = NULL;
	t->shake.renewed = false;
}

/* After the record, because its plaintext is lent by the keys. */
static void
rekey(struct tls_state *t, enum side side)
{
	struct tls_decrypt *keys = t->way[side].keys;
	unsigned what = t->shake.rekey;

	t->shake.rekey = 0;
	if (what == 0 || keys == NULL || !tls_is_13(&t->shake))
		return;
	if (what & REKEY_END_EARLY)
		tls_decrypt_end_of_early_data(keys);
	if (what & REKEY_FINISHED)
		tls_decrypt_finished(keys, role(t, side));
	if (what & REKEY_UPDATE)
		tls_decrypt_key_update(keys, role(t, side));
}

static void
take_plain(struct session *s, struct tls_state *t, const struct chunk *c,
    uint8_t type, struct slice plain)
{
	struct tls_flight f = { s, &t->shake, c->side, true };

	switch (type) {
	case CONTENT_HANDSHAKE:
		tls_gather(&t->way[c->side].gather, &f, plain);
		rekey(t, c->side);
		break;
	case CONTENT_ALERT:
		tls_alerts(s, &t->shake, c->side, plain);
		break;
	case CONTENT_DATA:
		feed_inner(s, t, c, plain);
		break;
	case CONTENT_CCS:
		renew_keys(s, t, c->side);
		break;
	default:
		break;
	}
}

static void
open_record(struct session *s, struct tls_state *t, const struct chunk *c,
    struct slice whole)
{
	struct tls_way *w = &t->way[c->side];
	struct slice header = slice_head(whole, TLS_RECORD_HEADER), plain;
	struct slice body = slice_from(whole, TLS_RECORD_HEADER);
	uint8_t type = header.p[0];

	if (tls_null_contents(&t->shake, body, &plain, &type)) {
		if (type == CONTENT_DATA)
			feed_inner(s, t, c, plain);
		return;
	}
	struct tls_decrypt *keys = keys_of(s, t, c->side);

	if (keys == NULL ||
	    !tls_decrypt_record(keys, role(t, c->side), header, body, &plain,
		&type)) {
		w->missed = true;
		return;
	}
	if (!w->opened) {
		w->opened = true;
		learn_number(s, FACT_TLS_DECRYPTED, 1);
	}
	take_plain(s, t, c, type, plain);
}

/* Is it worth having the contents of encrypted records? */
static bool
may_open(const struct session *s, const struct tls_state *t, uint8_t type)
{
	if (t->inner_over && type == CONTENT_DATA && !tls_is_13(&t->shake))
		return false;
	if (t->shake.has_server && t->shake.null_suite)
		return true;
	if (session_keylog(s) == NULL || !t->shake.has_server)
		return false;
	return t->keys != NULL || t->tries < LIMIT_TLS_KEY_TRIES;
}

/* ---- records ---- */

/* RFC 8446 D.4: in TLS 1.3 it means nothing. Before the server spoke, what
 * follows decides. */
static void
take_ccs(struct session *s, struct tls_state *t, struct tls_way *w,
    struct slice body)
{
	if (body.n != 1 || tls_is_13(&t->shake) || w->ccs)
		return;
	if (t->shake.version == 0 &&
	    (t->shake.offers_13 || !t->shake.has_client)) {
		w->maybe = true;
		return;
	}
	w->ccs = w->own = true;
	tls_gather_drop(&w->gather);
	learn_number(s, FACT_TLS_CCS, 1);
}

/*
 * One direction only, TLS 1.3 offered: behind the client's ChangeCipherSpec
 * stands a second hello (RFC 8446 D.4, the same random), encrypted data (1.3),
 * or the Finished of an older version.
 */
static void
settle_ccs(struct session *s, struct tls_state *t, struct tls_way *w,
    const struct tls_record *r, struct slice body)
{
	struct tls_hello hello;
	struct cursor c = cur_of(body), message;
	uint8_t type;

	if (r->type != CONTENT_HANDSHAKE || tls_is_13(&t->shake)) {
		w->maybe = r->type != CONTENT_DATA && !tls_is_13(&t->shake);
		return;
	}
	if (cur_u8(&c, &type) && type == MESSAGE_CLIENT_HELLO &&
	    cur_vec24(&c, &message) &&
	    tls_parse_client_hello(cur_rest(&message), false, &hello) &&
	    memcmp(hello.random.p, t->shake.client_random, TLS_RANDOM) == 0)
		return;
	w->maybe = false;
	w->ccs = w->own = true;
	tls_gather_drop(&w->gather);
	learn_number(s, FACT_TLS_CCS, 1);
}

/* The server's hello just came. */
static void
note_server_hello(const struct session *s, struct tls_state *t)
{
	if (!tls_is_13(&t->shake) || t->has_base)
		return;
	t->has_base = true;
	t->ack_base = session_acked(s, t->shake.client);
	t->list.before_server_hello = t->list.count;
}

static void
take_clear(struct session *s, struct tls_state *t, const struct chunk *c,
    const struct tls_record *r, struct slice body)
{
	struct tls_way *w = &t->way[c->side];
	struct tls_flight f = { s, &t->shake, c->side, false };
	bool had = t->shake.has_server;

	if (r->type == CONTENT_ALERT) {
		tls_alerts(s, &t->shake, c->side, body);
		return;
	}
	if (r->type != CONTENT_HANDSHAKE)
		return;
	if (w->unsure && !tls_messages_fit(body))
		return;
	w->unsure = false;
	if (t->shake.record_version == 0)
		t->shake.record_version = r->version;
	tls_gather(&w->gather, &f, body);
	if (!had && t->shake.has_server)
		note_server_hello(s, t);
}

/* What the header of an encrypted record tells. */
static void
note_encrypted(struct session *s, struct tls_state *t, const struct chunk *c,
    const struct tls_record *r)
{
	struct tls_way *w = &t->way[c->side];

	if (r->type == CONTENT_DATA && !w->data) {
		w->data = true;
		learn_number(s, FACT_TLS_APPLICATION_DATA, r->length);
	}
	if (r->type == CONTENT_ALERT && w->alerts < ENCRYPTED_ALERTS) {
		w->alerts++;
		learn_number(s, FACT_TLS_ENCRYPTED_ALERT, r->length);
	}
	if (r->type != CONTENT_CCS)
		note_covered(s, t, c, r);
	if (tls_is_13(&t->shake))
		return;
	if (w->first &&
	    (r->type == CONTENT_HANDSHAKE || r->type == CONTENT_CCS))
		(void)list_add(&t->again, c, r);
	if (r->type == CONTENT_HANDSHAKE && w->ccs && !w->first) {
		w->first = true;
		if (w->own)
			learn_number(s, FACT_TLS_FINISHED, 0);
	}
	if (r->type == CONTENT_DATA)
		w->ccs = true; /* behind a hole, or in mid-stream */
}

enum took { TOOK_ALL, TOOK_SKIP, TOOK_WAIT, TOOK_LOST };

/* One record, of which the header is here. */
static enum took
take_record(struct session *s, struct tls_state *t, struct chunk *c,
    const struct tls_record *r, struct slice rest)
{
	struct tls_way *w = &t->way[c->side];
	struct cursor at = cur_of(rest), whole;
	bool is_whole =
	    cur_sub(&at, (size_t)r->length + TLS_RECORD_HEADER, &whole);
	struct slice body = is_whole
	    ? slice_from(cur_rest(&whole), TLS_RECORD_HEADER)
	    : slice_of(NULL, 0);

	if (w->maybe && !is_whole)
		return TOOK_WAIT;
	if (w->maybe)
		settle_ccs(s, t, w, r, body);
	bool encrypted = is_encrypted(t, c->side, r);

	if (!is_whole && (!encrypted || may_open(s, t, r->type)))
		return TOOK_WAIT;
	if (is_over(t))
		w->after++;
	if (encrypted)
		note_encrypted(s, t, c, r);
	if (!is_whole) {
		w->missed = true;
		c->used += TLS_RECORD_HEADER;
		c->skip = r->length;
		return TOOK_SKIP;
	}
	if (encrypted)
		open_record(s, t, c, cur_rest(&whole));
	else if (r->type == CONTENT_CCS)
		take_ccs(s, t, w, body);
	else
		take_clear(s, t, c, r, body);
	c->used += cur_left(&whole);
	return TOOK_ALL;
}

static enum took
take_next(struct session *s, struct tls_state *t, struct chunk *c)
{
	struct tls_way *w = &t->way[c->side];
	struct slice rest = slice_from(c->bytes, c->used);
	struct cursor head = cur_of(rest);
	struct tls_record r;

	w->part = rest.n;
	w->part_length = 0;
	if (rest.n < TLS_RECORD_HEADER)
		return rest.n > 0 &&
			(rest.p[0] < CONTENT_CCS ||
			    rest.p[0] > CONTENT_HEARTBEAT)
		    ? TOOK_LOST
		    : TOOK_WAIT;
	if (!tls_record_header(&head, &r))
		return TOOK_LOST;
	w->seen = true;
	w->part_type = r.type;
	w->part_length = r.length;
	return take_record(s, t, c, &r, rest);
}

/* ---- SSL 2.0 form ---- */

/* draft-hickman-netscape-ssl 2.6: a server that speaks nothing newer. */
static void
ssl2_server(struct session *s, struct cursor c)
{
	uint16_t version, certificate_n, suites_n, id_n;
	uint8_t type, hit, kind, size[3] = { 0 };
	struct slice der;

	if (!cur_u8(&c, &type) || type != SSL2_SERVER_HELLO ||
	    !cur_u8(&c, &hit) || !cur_u8(&c, &kind) || !cur_u16(&c, &version) ||
	    version != SSL2_VERSION || !cur_u16(&c, &certificate_n) ||
	    !cur_u16(&c, &suites_n) || !cur_u16(&c, &id_n) ||
	    !cur_take(&c, certificate_n, &der))
		return;
	learn_number(s, FACT_TLS_SERVER_HELLO, 1);
	learn_number(s, FACT_TLS_VERSION, SSL2_VERSION);
	uint8_t *chain = arena_take(session_arena(s), sizeof(size) + der.n);

	if (chain == NULL || der.n == 0)
		return;
	size[1] = (uint8_t)(der.n >> 8);
	size[2] = (uint8_t)der.n;
	memcpy(chain, size, sizeof(size));
	memcpy(chain + sizeof(size), der.p, der.n);
	learn_bytes(s, FACT_TLS_SERVER_CHAIN, chain, sizeof(size) + der.n);
}

static enum took
take_ssl2(struct session *s, struct tls_state *t, struct chunk *c)
{
	struct cursor at = cur_of(slice_from(c->bytes, c->used)), record;
	size_t n = tls_ssl2_record(cur_rest(&at));
	uint8_t suites[LIMIT_TEXT];
	struct tls_hello hello;

	if (n == 0)
		return TOOK_LOST;
	if (!cur_skip(&at, 2) || !cur_sub(&at, n, &record))
		return TOOK_WAIT;
	c->used += n + 2;
	t->way[c->side].seen = true;
	if (t->ssl2 && c->side != t->shake.client) {
		ssl2_server(s, record);
		return TOOK_LOST;
	}
	if (!tls_parse_ssl2_hello(cur_rest(&record), &hello, suites))
		return TOOK_LOST;
	t->ssl2 = true;
	t->shake.client = c->side;
	learn_number(s, FACT_TLS_SSL2_HELLO, hello.version);
	tls_learn_hello(s, &t->shake, &hello);
	return TOOK_ALL;
}

/* ---- the dissector ---- */

/* Without a hello in front the handshake was not captured. */
static void
begin(struct session *s, struct tls_state *t, struct slice bytes)
{
	t->begun = true;
	learn_text_once(s, FACT_PROTOCOL, slice_text("tls"));
	if (tls_ssl2_record(bytes) != 0 || tls_probe_first(bytes) != PROBE_NO)
		return;
	t->middle = true;
	t->way[0].unsure = t->way[1].unsure = true;
	learn_number(s, FACT_TLS_MID_STREAM, 1);
}

/* After a gap: does a record begin where this segment begins? */
static bool
finds_record(struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	struct tls_record r, next;

	if (!tls_record_header(&c, &r) || r.length == 0)
		return false;
	if (!cur_skip(&c, r.length))
		return r.type == CONTENT_DATA || r.type == CONTENT_HANDSHAKE;
	return cur_left(&c) < TLS_RECORD_HEADER || tls_record_header(&c, &next);
}

/* Bytes that a gap made worthless. False: there is nothing else here. */
static bool
pass_hole(struct tls_way *w, struct chunk *c)
{
	if (w->hole > 0) {
		size_t now = c->bytes.n;

		if (w->hole < now)
			now = (size_t)w->hole;
		w->hole -= now;
		c->used = now;
		return now < c->bytes.n;
	}
	if (!w->lost)
		return true;
	if (c->segment && finds_record(c->bytes)) {
		w->lost = false;
		return true;
	}
	c->used = c->bytes.n;
	return false;
}

static bool
is_ssl2(const struct tls_state *t, const struct chunk *c)
{
	return !t->way[c->side].seen && c->used == 0 && c->bytes.n > 0 &&
	    c->bytes.p[0] & 0x80 && (t->ssl2 || !t->shake.has_client);
}

static enum feed
tls_feed(struct session *s, void *state, struct chunk *c)
{
	struct tls_state *t = state;
	enum took took = TOOK_ALL;

	if (!t->begun)
		begin(s, t, c->bytes);
	if (!pass_hole(&t->way[c->side], c))
		return FEED_ON;
	if (is_ssl2(t, c))
		took = take_ssl2(s, t, c);
	while (took == TOOK_ALL && c->used < c->bytes.n)
		took = take_next(s, t, c);
	if (took != TOOK_WAIT)
		t->way[c->side].part = t->way[c->side].part_length = 0;
	if (took == TOOK_LOST) {
		tell(s, t);
		return t->ssl2 && c->used > 0 ? FEED_DONE : FEED_LOST;
	}
	if (!is_enough(t))
		return FEED_ON;
	tell(s, t);
	return FEED_DONE;
}

static enum feed
tls_gap(struct session *s, void *state, enum side side, uint64_t n)
{
	struct tls_state *t = state;
	struct tls_way *w = &t->way[side];

	if (!is_over(t))
		learn_number(s, FACT_TLS_LOST, n);
	t->torn = true;
	tls_gather_drop(&w->gather);
	w->unsure = true;
	if (w->keys != NULL)
		tls_decrypt_gap(w->keys, role(t, side));
	else
		w->missed = true;
	if (t->inner != NULL && !t->inner_over)
		session_gap(t->inner, side, n);
	/* The header of a torn record says where the next one begins. */
	uint64_t total = (uint64_t)w->part_length + TLS_RECORD_HEADER;
	bool known = w->hole > 0 ? n <= w->hole
				 : w->part_length > 0 && n <= total - w->part;

	if (known)
		w->hole = (w->hole > 0 ? w->hole : total - w->part) - n;
	else
		w->hole = 0;
	w->lost = !known;
	w->part = w->part_length = 0;
	return FEED_ON;
}

/* Not one hello was captured whole: the start is missing all the same. */
static void
tls_end(struct session *s, void *state)
{
	struct tls_state *t = state;

	tell(s, t);
	if (!t->torn || t->torn_told || t->middle || t->shake.has_client ||
	    t->shake.has_server)
		return;
	t->torn_told = true;
	learn_number(s, FACT_TLS_MID_STREAM, 1);
}

/* A client flight that the server acknowledges and that is not longer than a
 * Finished holds no certificate. */
static void
tls_ack(struct session *s, void *state, enum side sender, uint64_t bytes)
{
	struct tls_state *t = state;

	if (!t->has_base || sender != t->shake.client ||
	    t->acks == LIMIT_TLS_ACKS || bytes <= t->ack_base)
		return;
	t->acks++;
	learn_number_of(s, (enum side) !sender, FACT_TLS_CLIENT_FLIGHT_ACK,
	    bytes - t->ack_base);
}

static void
tls_drop(void *state)
{
	struct tls_state *t = state;

	tls_gather_drop(&t->way[0].gather);
	tls_gather_drop(&t->way[1].gather);
	tls_decrypt_free(t->keys);
	tls_decrypt_free(t->next);
}

const struct dissector dissect_tls = {
	.name = "tls",
	.over = OVER_STREAM,
	.state_size = sizeof(struct tls_state),
	.probe = tls_probe,
	.feed = tls_feed,
	.gap = tls_gap,
	.end = tls_end,
	.ack = tls_ack,
	.drop = tls_drop,
};
