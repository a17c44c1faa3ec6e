/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_steps.c - handshake messages, one row each, and how they are put
 * together from records. An odd message is a missed packet or an odd peer:
 * what it says is learnt, what it should have followed is not asked.
 *
 * Spec: RFC 8446 4, RFC 5246 7.4, RFC 4492 5.4, RFC 4279 2 (PSK hints), RFC
 * 5077 3.3 (ticket), RFC 6101 5.4 (no_certificate), RFC 9150 (integrity only).
 * Learns: TLS_GROUP, TLS_DH_BITS, TLS_KEX_SCHEME, TLS_ISSUED_TICKET,
 * TLS_SERVER_HELLO_DONE, TLS_CLIENT_KEY_EXCHANGE, TLS_FINISHED, TLS_ALERT,
 * TLS_NO_CERTIFICATE, TLS_LOST.
 */
#include <stdlib.h>

#include "core/digest.h"
#include "dissect/tls.h"

enum {
	ALERTS_MOST = 4,
	ALERT_WARNING = 1,
	ALERT_NO_CERTIFICATE = 41,
	NAMED_CURVE = 3,
	MESSAGE_HEADER = 4
};

/* RFC 4492 5.4: curve_type, named curve, point. */
static bool
key_ec(struct session *s, struct cursor *c)
{
	struct cursor point;
	uint16_t group;
	uint8_t type;

	if (!cur_u8(c, &type) || type != NAMED_CURVE || !cur_u16(c, &group) ||
	    !cur_vec8(c, &point))
		return false;
	learn_number(s, FACT_TLS_GROUP, group);
	return true;
}

static unsigned
bits_of(struct slice number)
{
	size_t at = 0;
	unsigned top = 0;

	while (at < number.n && number.p[at] == 0)
		at++;
	if (at == number.n)
		return 0;
	for (unsigned v = number.p[at]; v > 0; v >>= 1)
		top++;
	return (unsigned)(number.n - at - 1) * 8 + top;
}

/* RFC 5246 7.4.3: prime, generator, public value. */
static bool
key_dh(struct session *s, struct cursor *c)
{
	struct cursor prime, generator, value;

	if (!cur_vec16(c, &prime) || !cur_vec16(c, &generator) ||
	    !cur_vec16(c, &value))
		return false;
	learn_number(s, FACT_TLS_DH_BITS, bits_of(cur_rest(&prime)));
	return true;
}

/* What stands in a ServerKeyExchange is known from the suite alone. */
static bool
key_parameters(struct session *s, const struct tls_suite *suite,
    struct cursor *c)
{
	struct cursor hint;

	switch ((enum tls_kex)suite->kex) {
	case TLS_KEX_ECDHE:
		return key_ec(s, c);
	case TLS_KEX_DHE:
		return key_dh(s, c);
	case TLS_KEX_ECDHE_PSK:
		return cur_vec16(c, &hint) && key_ec(s, c);
	case TLS_KEX_DHE_PSK:
		return cur_vec16(c, &hint) && key_dh(s, c);
	default:
		return false;
	}
}

static void
server_key(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	const struct tls_suite *suite = tls_suite_of(h->suite);
	struct cursor c = cur_of(m->body), signature;
	uint16_t scheme;

	h->has_server_key = true;
	if (!h->has_server || suite == NULL || !key_parameters(s, suite, &c))
		return;
	if (h->version != TLS_1_2 && h->version != DTLS_1_2)
		return;
	if (cur_u16(&c, &scheme) && cur_vec16(&c, &signature))
		learn_number(s, FACT_TLS_KEX_SCHEME, scheme);
}

/* RFC 8446 4.6.1; RFC 5077 3.3. */
static void
ticket(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	struct cursor c = cur_of(m->body), nonce, body;
	uint8_t sum[64];
	uint32_t life, age;

	if (!cur_u32(&c, &life))
		return;
	if (tls_is_13(h) && (!cur_u32(&c, &age) || !cur_vec8(&c, &nonce)))
		return;
	if (!cur_vec16(&c, &body) || cur_left(&body) == 0)
		return;
	if (digest_of(DIGEST_SHA256, cur_rest(&body), sum) != SHA256_SIZE)
		return;
	learn_bytes(s, FACT_TLS_ISSUED_TICKET, sum, SHA256_SIZE);
	learn_number(s, FACT_TLS_ISSUED_TICKET_SIZE, cur_left(&body));
}

static void
server_done(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	(void)h;
	(void)m;
	learn_number(s, FACT_TLS_SERVER_HELLO_DONE, 1);
}

static void
client_key(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	(void)m;
	h->has_server_key = true;
	learn_number(s, FACT_TLS_CLIENT_KEY_EXCHANGE, 1);
}

/* In clear there is none: it comes under the new keys. */
static void
finished(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	if (!m->decrypted)
		return;
	h->finished[m->side] = true;
	h->rekey |= REKEY_FINISHED;
	learn_number(s, FACT_TLS_FINISHED, 1);
}

static void
key_update(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	(void)s;
	if (m->decrypted)
		h->rekey |= REKEY_UPDATE;
}

static void
end_of_early(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	(void)s;
	if (m->decrypted)
		h->rekey |= REKEY_END_EARLY;
}

typedef void step(struct session *s, struct tls_shake *h,
    const struct tls_message *m);

static const struct {
	uint8_t type;
	step *take;
} steps[] = {
	{ MESSAGE_CLIENT_HELLO, tls_client_hello },
	{ MESSAGE_SERVER_HELLO, tls_server_hello },
	{ MESSAGE_TICKET, ticket },
	{ MESSAGE_END_OF_EARLY_DATA, end_of_early },
	{ MESSAGE_EXTENSIONS, tls_encrypted_extensions },
	{ MESSAGE_CERTIFICATE, tls_certificate },
	{ MESSAGE_SERVER_KEY, server_key },
	{ MESSAGE_CERTIFICATE_REQUEST, tls_certificate_request },
	{ MESSAGE_SERVER_DONE, server_done },
	{ MESSAGE_CERTIFICATE_VERIFY, tls_certificate_verify },
	{ MESSAGE_CLIENT_KEY, client_key },
	{ MESSAGE_FINISHED, finished },
	{ MESSAGE_KEY_UPDATE, key_update },
};

void
tls_message(struct session *s, struct tls_shake *h, const struct tls_message *m)
{
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (steps[i].type == m->type) {
			steps[i].take(s, h, m);
			return;
		}
	}
}

void
tls_alerts(struct session *s, const struct tls_shake *h, enum side side,
    struct slice body)
{
	struct cursor c = cur_of(body);
	uint8_t level, description;

	for (unsigned i = 0; i < ALERTS_MOST && cur_left(&c) > 0; i++) {
		if (!cur_u8(&c, &level) || !cur_u8(&c, &description))
			return;
		learn_number(s, FACT_TLS_ALERT, level * 256U + description);
		if (level == ALERT_WARNING && side == h->client &&
		    description == ALERT_NO_CERTIFICATE)
			learn_number(s, FACT_TLS_NO_CERTIFICATE, 1);
	}
}

size_t
tls_message_most(uint8_t type)
{
	return type == MESSAGE_CERTIFICATE ? LIMIT_TLS_CERTIFICATE
					   : LIMIT_TLS_MESSAGE;
}

struct tls_decrypt *
tls_shake_decrypt(const struct session *s, const struct tls_shake *h)
{
	const struct keylog *log = session_keylog(s);
	struct tls_decrypt_setup how = {
		.version = h->version,
		.suite = h->suite,
		.encrypt_then_mac = h->encrypt_then_mac,
		.client_random = h->client_random,
		.server_random = h->server_random,
	};

	if (log == NULL || !h->has_client || !h->has_server)
		return NULL;
	return tls_decrypt_new(log, &how);
}

bool
tls_null_contents(const struct tls_shake *h, struct slice body,
    struct slice *plain, uint8_t *type)
{
	if (!h->has_server || !h->null_suite)
		return false;
	unsigned tag = tls_suite_overhead(h->suite);

	if (body.n < tag)
		return false;
	*plain = slice_head(body, body.n - tag);
	if (!tls_is_13(h))
		return true;
	/* RFC 8446 5.2: zeroes, and before them the true type. */
	while (plain->n > 0 && plain->p[plain->n - 1] == 0)
		plain->n--;
	if (plain->n == 0)
		return false;
	*type = plain->p[--plain->n];
	return true;
}

/* ---- messages out of records ---- */

void
tls_gather_drop(struct tls_gather *g)
{
	free(g->p);
	*g = (struct tls_gather){ NULL, 0, 0, 0 };
}

/* Moves bytes until `upto` are here; false if memory is out. */
static bool
gather_fill(struct tls_gather *g, struct cursor *c, size_t upto)
{
	if (g->n >= upto)
		return true;
	struct slice piece = slice_head(cur_rest(c), upto - g->n);

	if (g->n + piece.n > g->room) {
		size_t room = g->room == 0 ? 1024 : g->room;

		while (room < g->n + piece.n)
			room *= 2;
		uint8_t *p = realloc(g->p, room);

		if (p == NULL)
			return false;
		g->p = p;
		g->room = room;
	}
	memcpy(g->p + g->n, piece.p, piece.n);
	g->n += piece.n;
	return cur_skip(c, piece.n);
}

static void
deliver(const struct tls_flight *f, uint8_t type, struct slice body)
{
	struct tls_message m = { type, f->side, f->decrypted, body };

	tls_message(f->session, f->shake, &m);
}

/* The header and, if it is all here, the message. False: more is needed, or
 * the message is too large and passed over. */
static bool
gather_one(struct tls_gather *g, const struct tls_flight *f, struct cursor *c)
{
	uint32_t length;
	uint8_t type;

	if (!gather_fill(g, c, MESSAGE_HEADER))
		goto lost;
	struct cursor head = cur_of(slice_of(g->p, g->n));

	if (!cur_u8(&head, &type) || !cur_u24(&head, &length))
		return false;
	if (length > tls_message_most(type)) {
		learn_number(f->session, FACT_TLS_LOST, length);
		g->skip = length;
		g->n = 0;
		return true;
	}
	if (!gather_fill(g, c, MESSAGE_HEADER + (size_t)length))
		goto lost;
	if (g->n < MESSAGE_HEADER + (size_t)length)
		return false;
	deliver(f, type, slice_from(slice_of(g->p, g->n), MESSAGE_HEADER));
	g->n = 0;
	return true;
lost:
	learn_number(f->session, FACT_TLS_LOST, cur_left(c));
	*c = cur_of(slice_of(NULL, 0));
	tls_gather_drop(g);
	return false;
}

/* Usual case: the whole message lies in this record. */
static bool
whole_one(const struct tls_flight *f, struct cursor *c)
{
	struct cursor look = *c, body;
	uint8_t type;

	if (!cur_u8(&look, &type) || !cur_vec24(&look, &body) ||
	    cur_left(&body) > tls_message_most(type))
		return false;
	*c = look;
	deliver(f, type, cur_rest(&body));
	return true;
}

void
tls_gather(struct tls_gather *g, const struct tls_flight *f, struct slice in)
{
	struct cursor c = cur_of(in);

	while (cur_left(&c) > 0) {
		if (g->skip > 0) {
			size_t now = cur_left(&c);

			if (g->skip < now)
				now = (size_t)g->skip;
			g->skip -= now;
			if (!cur_skip(&c, now))
				return;
			continue;
		}
		if (g->n == 0 && whole_one(f, &c))
			continue;
		if (!gather_one(g, f, &c))
			return;
	}
}
