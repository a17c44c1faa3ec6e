/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutual_renegotiation.c - up to TLS 1.2 a certificate may be asked for later,
 * by renegotiation. It is encrypted then, but handshake records keep their
 * type: behind the client's hello the lengths up to its ChangeCipherSpec, less
 * the overhead of the suite, add up to the key exchange alone, or to an empty
 * or a full Certificate as well. Spec: RFC 5246 7.4.1.1, 6.2.3.
 */
#include "audit/mutual_private.h"

#include "dissect/tls_names.h"

/* ClientKeyExchange with its header: at most a point of P-521, or 4096 bits of
 * RSA or DH. A certificate and its CertificateVerify are longer by far. */
enum { KEX_ECDHE_MOST = 138, KEX_OTHER_MOST = 518, CERTIFICATE_LEAST = 250 };

/* One more handshake, as far as the client's records go. */
struct again {
	unsigned records; /* between hello and ChangeCipherSpec */
	unsigned sum;     /* of their contents */
	uint32_t packet;
	bool whole; /* ChangeCipherSpec seen */
};

/* The next renegotiation from *i on; false if there is none. */
static bool
take_again(const struct scene *s, const struct tls_records *r, uint32_t *i,
    struct again *a)
{
	unsigned overhead = tls_suite_overhead(s->out->suite);
	bool hello = false;

	*a = (struct again){ .records = 0 };
	for (; *i < r->count && !a->whole; (*i)++) {
		const struct tls_record_seen *x = &r->r[*i];

		if (x->side != s->client)
			continue;
		if (x->type == 20) {
			a->whole = true;
		} else if (!hello) {
			hello = true;
		} else {
			a->records++;
			a->packet = x->packet_low;
			a->sum +=
			    x->length > overhead ? x->length - overhead : 0;
		}
	}
	/* The record behind ChangeCipherSpec is Finished. */
	while (a->whole && *i < r->count) {
		if (r->r[(*i)++].side == s->client)
			break;
	}
	return hello;
}

/* Key exchange and an empty Certificate (7 bytes) in one record: the sizes of
 * the usual curves. */
static bool
is_empty_size(unsigned sum)
{
	static const uint16_t sizes[] = {
		37 + 7,  /* X25519 */
		70 + 7,  /* P-256 */
		102 + 7, /* P-384 */
		138 + 7, /* P-521 */
		262 + 7, /* RSA or DH of 2048 bits */
		390 + 7,
		518 + 7,
	};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		if (sum == sizes[i])
			return true;
	}
	return false;
}

/* Decrypted, its messages were read like any other. */
static bool
was_read(const struct scene *s)
{
	const struct learnt *l = NULL;
	unsigned n = 0;

	while ((l = evidence_next(s->e, FACT_TLS_FINISHED, l)) != NULL)
		n += l->scope == s->scope && l->side == s->client &&
		    l->number == 1;
	return n > 1;
}

static void
cannot_tell(const struct scene *s, uint64_t packet)
{
	decide(s->out, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED, packet);
	SAY(s,
	    "a later renegotiation, of which packets were not captured, may "
	    "hold a client certificate");
	MISSING(s, "the packets that were not captured, or a key log");
}

static void
judge_again(const struct scene *s, const struct learnt *l,
    const struct again *a)
{
	struct tls_state *t = s->out;
	const struct tls_suite *suite = tls_suite_of(t->suite);
	unsigned kex = suite != NULL && suite->kex == TLS_KEX_ECDHE
	    ? KEX_ECDHE_MOST
	    : KEX_OTHER_MOST;

	if (a->records == 0 && s->f->lost[s->client] == 0)
		return; /* abbreviated: who the client is does not change */
	if (a->sum >= kex + CERTIFICATE_LEAST) {
		decide(t, CLIENT_CERT_INFERRED_PRESENTED, CERTAINTY_INFERRED,
		    packet_of(l, a->packet));
		SAY(s,
		    "a later renegotiation carries %u bytes of client "
		    "handshake, more than a key exchange: a client "
		    "certificate was sent",
		    a->sum);
		return;
	}
	if (s->f->lost[0] + s->f->lost[1] > 0) {
		cannot_tell(s, packet_of(l, a->packet));
		return;
	}
	if (!a->whole)
		return;
	if (a->records == 1 && !is_empty_size(a->sum)) {
		t->certainty = CERTAINTY_INFERRED;
		return;
	}
	decide(t, CLIENT_CERT_INFERRED_DECLINED, CERTAINTY_INFERRED,
	    packet_of(l, a->packet));
	SAY(s,
	    "a later renegotiation carries %u bytes of client handshake in "
	    "%u records: a client certificate was asked for and not sent",
	    a->sum, a->records);
}

/* Only the server was captured: a flight with certificates, not a few bytes
 * to go on with the session at hand. */
enum { SERVER_FLIGHT_LEAST = 600 };

static void
judge_server(const struct scene *s, const struct learnt *l,
    const struct tls_records *r)
{
	unsigned sum = 0;

	for (uint32_t i = 0; i < r->count && r->r[i].type != 20; i++) {
		if (r->r[i].side == s->server)
			sum += r->r[i].length;
	}
	if (sum >= SERVER_FLIGHT_LEAST)
		cannot_tell(s, packet_of(l, r->r[0].packet_low));
}

void
mutual_renegotiation(const struct scene *s)
{
	struct tls_state *t = s->out;
	const struct learnt *l;
	struct tls_records r;
	struct again a;
	uint32_t i = 0;

	if (!mutual_records(s, FACT_TLS_RENEGOTIATION, &l, &r) || was_read(s))
		return;
	if (silent(s, s->client))
		judge_server(s, l, &r);
	while (t->client != CLIENT_CERT_INFERRED_PRESENTED &&
	    take_again(s, &r, &i, &a))
		judge_again(s, l, &a);
}
