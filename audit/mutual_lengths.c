/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutual_lengths.c - TLS 1.3 without keys: the lengths of the first encrypted
 * records tell whether the client's flight held a certificate.
 *
 * A Finished, an empty Certificate and the two in one record have exact sizes
 * per suite; a flight with a certificate is longer than all of them and ends,
 * where the stack writes one record per message, in a CertificateVerify of a
 * size that signatures have, and a Finished. Spec: RFC 8446 4.4, 5.2, 5.4.
 */
#include "audit/mutual_private.h"

#include "dissect/tls_names.h"

enum shape {
	SHAPE_UNKNOWN,
	SHAPE_NONE,
	SHAPE_EMPTY,
	SHAPE_MUTUAL,
	SHAPE_PADDED
};

struct flight {
	uint16_t c[TLS_RECORDS_MOST]; /* client's lengths, the flight first */
	uint32_t packet[TLS_RECORDS_MOST];
	uint32_t at[TLS_RECORDS_MOST]; /* where it stands in the list */
	unsigned count;
	unsigned used;    /* records of the flight itself */
	bool ended_early; /* EndOfEarlyData stood before the flight */
};

/* What a Finished, an empty Certificate and the two in one record measure. */
struct sizes {
	unsigned tag; /* O: content type and tag */
	unsigned finished, empty;
};

static struct sizes
sizes_of(uint16_t suite)
{
	/* Not seen: as all suites but those of SHA-384 and CCM_8. */
	if (suite == 0)
		suite = 0x1301;
	unsigned o = 1 + tls_suite_tag_size(suite);

	return (struct sizes){
		.tag = o,
		.finished = 4 + tls_suite_hash_size(suite) + o,
		.empty = 8 + o,
	};
}

bool
mutual_is_verify(unsigned length, unsigned over)
{
	/* DER signatures are now and then an octet or two shorter. */
	/* clang-format off */
	static const struct { uint16_t lo, hi; } signatures[] = {
		{ 64, 64 },	/* Ed25519 */
		{ 68, 72 },	/* P-256 in DER */
		{ 100, 104 },	/* P-384 */
		{ 114, 114 },	/* Ed448 */
		{ 128, 128 },	/* RSA 1024 */
		{ 135, 139 },	/* P-521 */
		{ 256, 256 }, { 384, 384 }, { 512, 512 }, { 1024, 1024 },
	};
	/* clang-format on */
	if (length < 8 + over)
		return false;
	unsigned n = length - 8 - over;

	for (size_t i = 0; i < COUNT(signatures); i++) {
		if (n >= signatures[i].lo && n <= signatures[i].hi)
			return true;
	}
	return false;
}

static bool
all_multiples(const struct flight *f, unsigned block, unsigned tag)
{
	for (unsigned i = 0; i < f->count; i++) {
		if (f->c[i] <= tag || (f->c[i] - tag) % block != 0)
			return false;
	}
	return true;
}

/* Padding to blocks (RFC 8446 5.4) makes lengths say nothing. The tag comes
 * on top of the block. */
static bool
is_padded(const struct flight *f, const struct sizes *z)
{
	for (unsigned block = 64; block <= 4096; block *= 2) {
		if (f->count > 0 && all_multiples(f, block, z->tag - 1))
			return true;
	}
	return false;
}

/* The first client record against the exact values, p zero bytes of padding
 * added by JSSE (16) or none. */
static enum shape
exact_shape(unsigned first, const struct sizes *z)
{
	for (unsigned p = 0; p <= 16; p += 16) {
		if (first == z->finished + p)
			return SHAPE_NONE;
		if (first == z->finished + 8 + p || first == z->empty + p)
			return SHAPE_EMPTY;
	}
	return SHAPE_UNKNOWN;
}

static bool
tail_of_mutual(struct flight *f, const struct sizes *z)
{
	if (f->count == 0 || f->c[0] < 150)
		return false;
	for (unsigned i = 2; i < f->count; i++) {
		for (unsigned p = 0; p <= 16; p += 16) {
			if (f->c[i] == z->finished + p && f->c[i - 1] >= p &&
			    mutual_is_verify(f->c[i - 1] - p, z->tag)) {
				f->used = i + 1;
				return true;
			}
		}
	}
	return false;
}

static enum shape
shape_of(struct flight *f, const struct sizes *z, bool settings, bool *probable)
{
	*probable = false;
	f->used = 1;
	if (is_padded(f, z))
		return SHAPE_PADDED;
	enum shape s = exact_shape(f->c[0], z);

	if (s == SHAPE_EMPTY && f->c[0] < z->finished)
		f->used = 2;
	if (s != SHAPE_UNKNOWN)
		return s;
	if (tail_of_mutual(f, z))
		return SHAPE_MUTUAL;
	if (settings && f->c[0] < z->finished + 258) {
		/* ALPS or Channel ID adds a message: none and empty look
		 * alike, both mean no certificate. */
		*probable = f->c[0] < z->finished + 64;
		return *probable ? SHAPE_NONE : SHAPE_UNKNOWN;
	}
	return f->c[0] >= z->finished + 158 ? SHAPE_MUTUAL : SHAPE_UNKNOWN;
}

/* Only the client's direction: the suite is not known, but no two of these
 * answers share a length. */
static enum shape
shape_without_suite(struct flight *f)
{
	static const uint16_t suites[] = { 0x1301, 0x1302 };
	struct sizes z = sizes_of(suites[0]);
	bool probable;

	f->used = 1;
	if (is_padded(f, &z))
		return SHAPE_PADDED;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct flight copy = *f;
		enum shape s;

		z = sizes_of(suites[i]);
		s = exact_shape(f->c[0], &z);
		if (s == SHAPE_UNKNOWN && tail_of_mutual(&copy, &z))
			s = SHAPE_MUTUAL;
		if (s != SHAPE_UNKNOWN) {
			(void)shape_of(f, &z, false, &probable);
			return s;
		}
	}
	return f->c[0] >= 261 ? SHAPE_MUTUAL : SHAPE_UNKNOWN;
}

/*
 * The client's encrypted records after the ServerHello, in order. Early data
 * came before it, or, if it was accepted, up to EndOfEarlyData.
 */
static void
collect(const struct scene *s, const struct tls_records *r, struct flight *f)
{
	bool early = has(s, FACT_TLS_OFFERED_EARLY_DATA);
	struct sizes z = sizes_of(s->out->suite);
	bool open = early && (s->out->resumed || s->out->suite == 0);

	for (uint32_t i = early ? r->before_server_hello : 0; i < r->count;
	     i++) {
		const struct tls_record_seen *x = &r->r[i];

		if (x->type != 23 || x->side != s->client)
			continue;
		if (open && x->length == 4 + z.tag) {
			f->count = 0;
			f->ended_early = true;
			open = false;
			continue;
		}
		f->packet[f->count] = x->packet_low;
		f->at[f->count] = i;
		f->c[f->count++] = x->length;
	}
}

static bool
is_alert(unsigned length, const struct sizes *z)
{
	return length == 2 + z->tag || length == 2 + z->tag + 16;
}

/* A client that is turned away hears of it before its second message; where
 * the server is seen to be silent, be more careful. */
enum { GOES_ON_ALONE = 2, GOES_ON_UNANSWERED = 4 };

/*
 * Did the handshake end well? A server that turns a client away answers with
 * one alert and nothing else; what the client sends meanwhile proves nothing.
 * Where no certificate was asked for there is nothing to refuse.
 */
static enum tls_progress
progress_of(const struct scene *s, const struct tls_records *r,
    const struct flight *f, enum shape shape)
{
	unsigned client = 0, server = 0, alerts = 0;
	struct sizes z = sizes_of(s->out->suite);

	if (is_alert(f->c[0], &z))
		return TLS_PROGRESS_FAILED;
	if (f->used > f->count)
		return TLS_PROGRESS_INCOMPLETE;
	uint32_t end = f->packet[f->used - 1];

	/* Behind a hole records stand later in the list than on the wire. */
	for (uint32_t i = 0; i < r->count; i++) {
		const struct tls_record_seen *x = &r->r[i];

		if (x->type != 23 ||
		    (x->side == s->client ? i <= f->at[f->used - 1]
					  : x->packet_low < end))
			continue;
		/* A good-bye says nothing of how it went on. */
		client += x->side == s->client && !is_alert(x->length, &z);
		server += x->side == s->server;
		alerts += x->side == s->server && is_alert(x->length, &z);
	}
	if (server > alerts || shape == SHAPE_NONE || s->out->resumed)
		return TLS_PROGRESS_COMPLETE;
	if (server > 0)
		return TLS_PROGRESS_FAILED;
	unsigned enough =
	    silent(s, s->server) ? GOES_ON_ALONE : GOES_ON_UNANSWERED;

	return client >= enough ? TLS_PROGRESS_COMPLETE
				: TLS_PROGRESS_INCOMPLETE;
}

static void
lengths_text(const struct flight *f, char *to, size_t room)
{
	size_t n = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < f->count && i < 4 && n < room; i++) {
		int w = snprintf(to + n, room - n, "%s%u", i > 0 ? ", " : "",
		    (unsigned)f->c[i]);

		n += w > 0 ? (size_t)w : 0;
	}
}

static void
tell_shape(const struct scene *s, enum shape shape, const struct flight *f,
    bool probable)
{
	struct tls_state *t = s->out;
	char lengths[48] = "";

	if (s->words != NULL)
		lengths_text(f, lengths, sizeof(lengths));
	switch (shape) {
	case SHAPE_NONE:
		t->client = CLIENT_CERT_INFERRED_ABSENT;
		SAY(s,
		    "TLS 1.3 client records of %s bytes%s: no client "
		    "certificate was sent",
		    lengths,
		    probable ? " (application settings inside)"
			     : ", the first a Finished alone");
		return;
	case SHAPE_EMPTY:
		t->client = CLIENT_CERT_INFERRED_DECLINED;
		SAY(s,
		    "TLS 1.3 client records of %s bytes: an empty "
		    "Certificate and Finished, the client declined",
		    lengths);
		return;
	case SHAPE_MUTUAL:
		t->client = CLIENT_CERT_INFERRED_PRESENTED;
		SAY(s,
		    "TLS 1.3 client records of %s bytes: Certificate, "
		    "CertificateVerify and Finished",
		    lengths);
		return;
	case SHAPE_PADDED:
		SAY(s, "TLS 1.3 records of %s bytes are padded to blocks",
		    lengths);
		MISSING(s, "a key log: padding hides the lengths");
		break;
	case SHAPE_UNKNOWN:
		SAY(s, "TLS 1.3 client records of %s bytes fit no known shape",
		    lengths);
		MISSING(s, "a key log");
		break;
	}
	t->client = CLIENT_CERT_HIDDEN;
}

static void
say_resumed(const struct scene *s)
{
	s->out->client = CLIENT_CERT_HIDDEN;
	SAY(s,
	    "the session was resumed with a pre-shared key: certificates "
	    "belong to an earlier handshake");
	MISSING(s, "the first handshake of this session");
}

/* What the server sent as one record per message. */
struct server_flight {
	unsigned count;  /* records */
	unsigned before; /* of them before CertificateVerify; 0: not known */
	unsigned after, alerts; /* behind its Finished */
};

static void
collect_server(const struct scene *s, const struct tls_records *r,
    struct server_flight *f)
{
	struct sizes z = sizes_of(s->out->suite);
	unsigned previous = 0;

	*f = (struct server_flight){ .count = 0 };
	for (uint32_t i = 0; i < r->count; i++) {
		unsigned n = r->r[i].length;

		if (r->r[i].side != s->server || r->r[i].type != 23)
			continue;
		f->after += f->before > 0;
		f->alerts += f->before > 0 && is_alert(n, &z);
		for (unsigned p = 0; p <= 16; p += 16) {
			if (f->before == 0 && f->count >= 3 &&
			    n == z.finished + p && previous >= p &&
			    mutual_is_verify(previous - p, z.tag))
				f->before = f->count - 1;
		}
		previous = n;
		f->count++;
	}
}

/*
 * Where only the server was captured, its ACKs tell how long the client's
 * flight was: one that ends where a Finished ends held no certificate. Between
 * this and a flight with a certificate lies more than a hundred bytes.
 */
static bool
short_flight_acked(const struct scene *s)
{
	struct tls_state *t = s->out;
	unsigned finished = sizes_of(t->suite).finished;
	const struct learnt *ack = NULL;

	while ((ack = evidence_next(s->e, FACT_TLS_CLIENT_FLIGHT_ACK, ack)) !=
	    NULL) {
		if (ack->scope != s->scope || ack->number < finished + 5 ||
		    ack->number > finished + 74)
			continue;
		decide(t, CLIENT_CERT_INFERRED_ABSENT, CERTAINTY_INFERRED,
		    ack->packet);
		SAY(s,
		    "only the server's direction was captured; it "
		    "acknowledged %u bytes of the client's flight, too few "
		    "for a certificate",
		    (unsigned)ack->number);
		return true;
	}
	return false;
}

/*
 * Tickets hold what the server knows of the client: one that issues a pair of
 * them after the handshake, and later another pair that is longer by as much
 * as a certificate takes, has learnt it in between (RFC 8446 4.6.1, 4.6.2).
 */
enum { CERTIFICATE_LEAST = 200, TICKETS_LEAST = 2 };

static bool
longer_tickets(const struct scene *s, const struct tls_records *r,
    const struct server_flight *f)
{
	unsigned nth = 0, run = 0, tickets = 0, first = 0, length = 0;

	for (uint32_t i = 0; f->before > 0 && i <= r->count; i++) {
		const struct tls_record_seen *x = &r->r[i];

		if (i < r->count &&
		    (x->side != s->server || x->type != 23 ||
			nth++ < f->before + 2))
			continue;
		if (i < r->count && run > 0 && x->length == length) {
			run++;
			continue;
		}
		/* A run has ended: the tickets, or later ones. */
		if (tickets == 0) {
			tickets = run;
			first = length;
		} else if (run == tickets && run >= TICKETS_LEAST &&
		    length >= first + CERTIFICATE_LEAST) {
			return true;
		}
		run = 1;
		length = i < r->count ? x->length : 0;
	}
	return false;
}

static void
tell_longer_tickets(const struct scene *s)
{
	decide(s->out, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED, 0);
	SAY(s,
	    "only the server's direction was captured; it issued longer "
	    "tickets later, as if a client certificate had been asked for "
	    "after the handshake");
	MISSING(s, "the client's direction, or a key log");
}

/* Before CertificateVerify stand EncryptedExtensions and Certificate, and a
 * CertificateRequest between them if there is one. */
static void
server_only(const struct scene *s, const struct tls_records *r)
{
	struct tls_state *t = s->out;
	struct server_flight f;

	collect_server(s, r, &f);
	t->requested |= f.before == 3;
	t->progress = f.before > 0 && f.after > f.alerts
	    ? TLS_PROGRESS_COMPLETE
	    : TLS_PROGRESS_INCOMPLETE;
	if (f.before == 0 && f.count > 2)
		t->progress = TLS_PROGRESS_COMPLETE;
	if (t->resumed) {
		say_resumed(s);
		return;
	}
	if (longer_tickets(s, r, &f)) {
		tell_longer_tickets(s);
		return;
	}
	if (short_flight_acked(s))
		return;
	if (f.before == 2) {
		decide(t, CLIENT_CERT_INFERRED_ABSENT, CERTAINTY_INFERRED, 0);
		SAY(s,
		    "only the server's direction was captured; its flight "
		    "has no room for a CertificateRequest");
		return;
	}
	SAY(s, "only the server's direction was captured%s",
	    t->requested ? "; it asked for a client certificate" : "");
	MISSING(s, "the client's direction, or a key log");
}

/*
 * RFC 8446 4.6.2: a client that offered it may be asked for a certificate
 * later. The request is a record of the server; Certificate, CertificateVerify
 * and Finished follow it directly.
 */
enum { REQUEST_LEAST = 40 };

/* Certificate and CertificateVerify of the client stand at `x`. */
static bool
is_certificate_pair(const struct scene *s, const struct tls_record_seen *x,
    const struct sizes *z)
{
	return x[0].side == s->client && x[1].side == s->client &&
	    x[0].length >= 150 && mutual_is_verify(x[1].length, z->tag);
}

static void
later_certificate(const struct scene *s, const struct learnt *l,
    const struct tls_records *r, const struct flight *f)
{
	struct tls_state *t = s->out;
	struct sizes z = sizes_of(t->suite);
	uint32_t pair = 0;
	bool cut = false; /* nothing of the client follows it */

	for (uint32_t i = f->at[f->used - 1] + 1; i + 2 < r->count; i++) {
		const struct tls_record_seen *x = &r->r[i];

		if (!is_certificate_pair(s, x + 1, &z))
			continue;
		pair = i + 1;
		cut = i + 3 == r->count;
		if (cut || x[0].side != s->server ||
		    x[0].length < REQUEST_LEAST || x[3].side != s->client ||
		    x[3].length != z.finished)
			continue;
		decide(t, CLIENT_CERT_INFERRED_PRESENTED, CERTAINTY_INFERRED,
		    packet_of(l, x[1].packet_low));
		SAY(s,
		    "after the handshake the client answered the server with "
		    "records of %u, %u, %u bytes: Certificate, "
		    "CertificateVerify and Finished",
		    x[1].length, x[2].length, x[3].length);
		return;
	}
	/* With holes the frame around it may be missing. */
	if (pair == 0 ||
	    (!cut && !silent(s, s->server) &&
		s->f->lost[0] + s->f->lost[1] == 0))
		return;
	decide(t, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED,
	    packet_of(l, r->r[pair].packet_low));
	SAY(s,
	    "records of %u, %u bytes after the handshake may be a client "
	    "certificate that was asked for later",
	    r->r[pair].length, r->r[pair + 1].length);
	MISSING(s, "the packets that were not captured, or a key log");
}

/* Without the server's hello a flight may belong to a resumed session, and
 * early data stands in front of it. False: the lengths do not tell. */
static bool
server_hello_matters(const struct scene *s, enum shape shape)
{
	struct tls_state *t = s->out;

	if (t->suite != 0 ||
	    !((shape == SHAPE_NONE && has(s, FACT_TLS_OFFERED_PSK)) ||
		has(s, FACT_TLS_OFFERED_EARLY_DATA)))
		return false;
	t->client = CLIENT_CERT_HIDDEN;
	SAY(s,
	    "the client offered to resume a session; whether the server "
	    "did was not captured");
	MISSING(s, "the server's direction, or the first handshake");
	return true;
}

static void
judge_flight(const struct scene *s, const struct learnt *l,
    const struct tls_records *r, struct flight *f)
{
	struct tls_state *t = s->out;
	bool probable = false;
	enum shape shape;

	t->packet = packet_of(l, f->packet[0]);
	if (t->suite == 0) {
		shape = shape_without_suite(f);
	} else {
		struct sizes z = sizes_of(t->suite);

		shape =
		    shape_of(f, &z, has(s, FACT_TLS_OFFERED_ALPS), &probable);
	}
	t->progress = progress_of(s, r, f, shape);
	if (t->resumed) {
		say_resumed(s);
		return;
	}
	if (server_hello_matters(s, shape))
		return;
	tell_shape(s, shape, f, probable);
	if (t->post_auth && f->used <= f->count &&
	    (t->client == CLIENT_CERT_INFERRED_ABSENT ||
		t->client == CLIENT_CERT_INFERRED_DECLINED))
		later_certificate(s, l, r, f);
}

bool
mutual_records(const struct scene *s, enum fact fact,
    const struct learnt **from, struct tls_records *r)
{
	const struct learnt *l = NULL, *found = NULL;

	while ((l = evidence_next(s->e, fact, l)) != NULL) {
		if (l->scope == s->scope)
			found = l;
	}
	*from = found;
	if (found == NULL || found->bytes.n != sizeof(*r))
		return false;
	memcpy(r, found->bytes.p, sizeof(*r));
	if (r->count > TLS_RECORDS_MOST)
		r->count = TLS_RECORDS_MOST;
	return true;
}

void
mutual_by_lengths(const struct scene *s)
{
	struct tls_state *t = s->out;
	struct tls_records r = { .count = 0 };
	struct flight f = { .count = 0 };
	const struct learnt *l;

	decide(t, CLIENT_CERT_HIDDEN, CERTAINTY_INFERRED, 0);
	if (!mutual_records(s, FACT_TLS_RECORDS, &l, &r)) {
		SAY(s, "the client did not finish the handshake");
		return;
	}
	if (silent(s, s->client)) {
		server_only(s, &r);
		return;
	}
	if (lost(s, s->client)) {
		SAY(s, "bytes of the client's handshake were lost");
		MISSING(s, "the lost packets, or a key log");
		if (r.count > 2)
			t->progress = TLS_PROGRESS_COMPLETE;
		return;
	}
	collect(s, &r, &f);
	if (f.ended_early && t->suite == 0)
		t->resumed = true;
	if (f.count == 0) {
		SAY(s, "the client did not finish the handshake");
		return;
	}
	judge_flight(s, l, &r, &f);
}

static bool
has_alert(const struct scene *s, uint64_t packet)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(s->e, FACT_TLS_ALERT, l)) != NULL) {
		if (l->scope == s->scope && l->side == s->server &&
		    l->packet == packet)
			return true;
	}
	return false;
}

bool
mutual_server_went_on(const struct scene *s, uint64_t after, bool but_alerts)
{
	struct sizes z = sizes_of(s->out->suite);
	struct tls_records r;
	const struct learnt *l;

	if (!mutual_records(s, FACT_TLS_RECORDS, &l, &r))
		return false;
	for (uint32_t i = 0; i < r.count; i++) {
		uint64_t packet = packet_of(l, r.r[i].packet_low);

		if (r.r[i].side == s->server && r.r[i].type == 23 &&
		    packet > after &&
		    !(but_alerts &&
			(is_alert(r.r[i].length, &z) || has_alert(s, packet))))
			return true;
	}
	return false;
}
