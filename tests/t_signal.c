/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "audit/signal.h"
#include "core/clock.h"
#include "core/text.h"

enum { FLOWS = 8, ARENA = 1024 * 1024, TICKET = 192, TICKET_RECORD = 234 };

/* Flows made by hand. A flow is finished before it is added. */
struct draft {
	struct arena arena;
	struct evidence e;
	struct flow_view view;
	uint64_t packet;
	struct record record;
};

struct stage {
	struct draft flow[FLOWS];
	struct signals *signals;
};

static int
open_stage(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	for (unsigned i = 0; i < FLOWS; i++) {
		arena_init(&s->flow[i].arena, ARENA);
		evidence_init(&s->flow[i].e, CARRIER_UDP);
	}
	s->signals = signals_new();
	assert_non_null(s->signals);
	*state = s;
	return 0;
}

static int
close_stage(void **state)
{
	struct stage *s = *state;

	signals_free(s->signals);
	for (unsigned i = 0; i < FLOWS; i++) {
		notice_free(s->flow[i].record.whole);
		arena_done(&s->flow[i].arena);
	}
	free(s);
	return 0;
}

static struct endpoint
at(const char *text, uint16_t port)
{
	struct endpoint e = { .port = port };

	assert_true(addr_parse(slice_text(text), &e.addr));
	return e;
}

/* Flow i from one end to the other at this second. */
static struct draft *
begin(struct stage *s, unsigned i, struct endpoint src, struct endpoint dst,
    int64_t second)
{
	struct draft *d = &s->flow[i];

	d->view.tuple.src = src;
	d->view.tuple.dst = dst;
	d->view.first_packet = 1000 * (i + 1);
	d->packet = d->view.first_packet;
	d->view.start = second * 1000000000;
	d->view.end = d->view.start + 1000000000;
	d->view.bytes[0] = d->view.bytes[1] = 1000;
	return d;
}

static void
learn(struct draft *d, enum fact f, enum side side, uint64_t number)
{
	struct learnt l = {
		.fact = (uint16_t)f,
		.side = (uint8_t)side,
		.packet = ++d->packet,
		.time = d->view.start,
		.number = number,
	};

	evidence_learn(&d->e, &d->arena, &l);
}

static void
learn_octets(struct draft *d, enum fact f, enum side side, const void *p,
    size_t n)
{
	struct learnt l = {
		.fact = (uint16_t)f,
		.side = (uint8_t)side,
		.packet = ++d->packet,
		.time = d->view.start,
		.bytes = slice_of(p, n),
	};

	evidence_learn(&d->e, &d->arena, &l);
}

static void
finish(struct stage *s, unsigned i)
{
	struct draft *d = &s->flow[i];

	d->record.whole = notice_new(&d->view, &d->e, 0);
	assert_non_null(d->record.whole);
	d->record.first_packet = d->view.first_packet;
	assert_true(signals_add(s->signals, &d->record, d->record.whole));
}

/* ---- session descriptions ---- */

enum { CALL = 77, INVITE = 1 };

static struct sdp_media
line(uint8_t is_answer, const char *profile, struct endpoint e)
{
	struct sdp_media m;

	memset(&m, 0, sizeof(m));
	m.call = CALL;
	m.cseq = INVITE;
	m.is_answer = is_answer;
	m.kind = MEDIA_AUDIO;
	m.at = e;
	m.rtcp = e;
	m.rtcp.port++;
	m.secure = strstr(profile, "SAVP") != NULL;
	(void)snprintf(m.profile, sizeof(m.profile), "%s", profile);
	return m;
}

static void
describe(struct draft *d, enum side side, const struct sdp_media *m)
{
	learn_octets(d, FACT_SDP_MEDIA, side, m, sizeof(*m));
}

/* One signalling flow with this offer and, if given, this answer; the best
 * promise for a media flow between the two. */
static struct promise
promised(struct stage *s, const struct sdp_media *offer,
    const struct sdp_media *answer, enum cover cover)
{
	struct draft *d =
	    begin(s, 0, at("10.0.0.1", 40000), at("10.0.0.9", 5060), 10);
	struct promise out[LIMIT_PROMISES];

	d->e.scopes[0].cover = (uint8_t)cover;
	describe(d, TO_SERVER, offer);
	if (answer != NULL)
		describe(d, TO_CLIENT, answer);
	finish(s, 0);
	begin(s, 1, at("10.0.0.1", 50000), at("10.0.0.2", 60000), 12);
	finish(s, 1);
	signals_settle(s->signals);
	assert_true(
	    signals_promises(s->signals, s->flow[1].record.whole, out) >= 1);
	assert_ptr_equal(out[0].by, &s->flow[0].record);
	return out[0];
}

struct bargain {
	const char *offer;
	uint8_t offer_keys;
	const char *answer; /* NULL: none was seen */
	uint8_t answer_keys;
	bool dtls, rejected;
	bool answered, secure, clear, by_dtls, readable;
};

/* MS-SDPEXT 3.1.5.4: RTP/AVP with a=crypto is encryption left to choice; the
 * answer decides. RFC 3264, RFC 4568. */
static const struct bargain bargains[] = {
	/* clang-format off */
	{ "RTP/AVP", 0, "RTP/AVP", 0, false, false, true, false, true, false, false },
	{ "RTP/SAVP", 1, "RTP/SAVP", 1, false, false, true, true, false, false, true },
	{ "RTP/AVP", 1, "RTP/AVP", 1, false, false, true, true, false, false, true },
	{ "RTP/AVP", 2, "RTP/SAVP", 1, false, false, true, true, false, false, true },
	{ "RTP/AVP", 1, "RTP/AVP", 0, false, false, true, false, true, false, false },
	{ "RTP/SAVP", 1, "RTP/SAVP", 0, false, true, true, false, false, false, false },
	{ "UDP/TLS/RTP/SAVP", 0, "UDP/TLS/RTP/SAVP", 0, true, false,
	    true, true, false, true, false },
	{ "UDP/TLS/RTP/SAVP", 1, "UDP/TLS/RTP/SAVP", 0, true, false,
	    true, true, false, true, false },
	{ "RTP/AVP", 0, NULL, 0, false, false, false, false, true, false, false },
	{ "RTP/SAVP", 1, NULL, 0, false, false, false, true, false, false, true },
	{ "RTP/AVP", 1, NULL, 0, false, false, false, false, false, false, false },
	{ "UDP/TLS/RTP/SAVP", 0, NULL, 0, true, false, false, true, false, true, false },
	/* clang-format on */
};

static void
check_bargain(const struct bargain *b, enum cover cover)
{
	void *state = NULL;
	struct sdp_media offer = line(0, b->offer, at("10.0.0.1", 50000));
	struct sdp_media answer =
	    line(1, b->answer != NULL ? b->answer : "", at("10.0.0.2", 60000));
	struct promise p;

	assert_int_equal(open_stage(&state), 0);
	offer.crypto_lines = b->offer_keys;
	answer.crypto_lines = b->answer_keys;
	offer.dtls = answer.dtls = b->dtls;
	answer.rejected = b->rejected;
	p = promised(state, &offer, b->answer != NULL ? &answer : NULL, cover);
	if (p.answered != b->answered || p.secure != b->secure ||
	    p.clear != b->clear || p.dtls != b->by_dtls)
		print_error("%s answered by %s\n", b->offer,
		    b->answer != NULL ? b->answer : "nobody");
	assert_int_equal(p.answered, b->answered);
	assert_int_equal(p.secure, b->secure);
	assert_int_equal(p.clear, b->clear);
	assert_int_equal(p.dtls, b->by_dtls);
	assert_int_equal(p.keys_readable, cover == COVER_NONE && b->readable);
	assert_int_equal(p.media->is_answer, b->answer != NULL);
	(void)close_stage(&state);
}

static void
offer_and_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bargains); i++) {
		check_bargain(&bargains[i], COVER_NONE);
		check_bargain(&bargains[i], COVER_TLS);
	}
}

/* The other half may travel in another flow: a proxy between the two. */
static void
halves_in_two_flows(void **state)
{
	struct stage *s = *state;
	struct sdp_media offer = line(0, "RTP/SAVP", at("10.0.0.1", 50000));
	struct sdp_media answer = line(1, "RTP/SAVP", at("10.0.0.2", 60000));
	struct promise out[LIMIT_PROMISES];
	struct draft *d;

	offer.crypto_lines = answer.crypto_lines = 1;
	/* The answer is read first, and under TLS. */
	d = begin(s, 0, at("10.0.0.9", 40001), at("10.0.0.2", 5061), 10);
	d->e.scopes[0].cover = COVER_TLS;
	describe(d, TO_CLIENT, &answer);
	finish(s, 0);
	d = begin(s, 1, at("10.0.0.1", 40000), at("10.0.0.9", 5060), 9);
	describe(d, TO_SERVER, &offer);
	finish(s, 1);
	begin(s, 2, at("10.0.0.2", 60000), at("10.0.0.1", 50000), 12);
	finish(s, 2);
	signals_settle(s->signals);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[2].record.whole, out), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(out[i].answered);
		assert_true(out[i].secure);
		/* One of the two keys could be read. */
		assert_true(out[i].keys_readable);
	}
}

/* A request that was forked: who answers in another way does not change what
 * the first one agreed on, and the offer promises neither for certain. */
static void
forked_call(void **state)
{
	struct stage *s = *state;
	struct sdp_media offer = line(0, "RTP/AVP", at("10.0.0.1", 50000));
	struct sdp_media safe = line(1, "RTP/AVP", at("10.0.0.2", 60000));
	struct sdp_media plain = line(1, "RTP/AVP", at("10.0.0.3", 60002));
	struct promise out[LIMIT_PROMISES];
	struct draft *d =
	    begin(s, 0, at("10.0.0.1", 40000), at("10.0.0.9", 5060), 10);

	offer.crypto_lines = safe.crypto_lines = 1;
	describe(d, TO_SERVER, &offer);
	describe(d, TO_CLIENT, &safe);
	describe(d, TO_CLIENT, &plain);
	finish(s, 0);
	/* the far end is behind a NAT: the offer alone is known */
	begin(s, 1, at("10.0.0.1", 50000), at("192.0.2.7", 4000), 12);
	finish(s, 1);
	begin(s, 2, at("10.0.0.1", 50002), at("10.0.0.2", 60000), 12);
	finish(s, 2);
	begin(s, 3, at("10.0.0.1", 50002), at("10.0.0.3", 60002), 12);
	finish(s, 3);
	signals_settle(s->signals);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[1].record.whole, out), 1);
	assert_true(out[0].answered && out[0].forked && !out[0].clear);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[2].record.whole, out), 1);
	assert_true(out[0].secure && !out[0].forked && out[0].keys_readable);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[3].record.whole, out), 1);
	assert_true(out[0].clear && !out[0].secure);
}

/* RFC 4568 section 6.3.1: an answer that takes the suite without encryption. */
static void
null_suite(void **state)
{
	struct sdp_media offer = line(0, "RTP/SAVP", at("10.0.0.1", 50000));
	struct sdp_media answer = line(1, "RTP/SAVP", at("10.0.0.2", 60000));

	offer.crypto_lines = 2;
	offer.null_cipher = 1;
	answer.crypto_lines = 1;
	answer.null_cipher = 1;
	struct promise p = promised(*state, &offer, &answer, COVER_NONE);

	assert_true(p.answered && p.clear && !p.secure && !p.keys_readable);
}

struct reuse {
	bool answered;
	int64_t bye, start; /* seconds; 0: no BYE */
	bool found;
};

/* The call is agreed on in second 10000. */
static const struct reuse reuses[] = {
	{ true, 0, 10000, true },
	{ true, 0, 9000, false }, /* media that ended long before */
	{ true, 0, 9950, true }, { true, 0, 13000, true },
	{ true, 0, 14000, false }, { true, 10100, 10050, true },
	{ true, 10100, 10103, true }, /* late packets */
	{ true, 10100, 10110, false }, { false, 0, 10200, true }, /* it rings */
	{ false, 0, 10400, false },
	{ true, 0, 10000 + 400 * 86400, true }, /* a clock that jumped */
};

/* Ports are used again. */
static void
reused_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reuses); i++) {
		const struct reuse *u = &reuses[i];
		void *own = NULL;

		assert_int_equal(open_stage(&own), 0);
		struct stage *s = own;
		struct sdp_media offer =
		    line(0, "RTP/SAVP", at("10.0.0.1", 50000));
		struct sdp_media answer =
		    line(1, "RTP/SAVP", at("10.0.0.2", 60000));
		struct promise out[LIMIT_PROMISES];
		struct draft *d = begin(s, 0, at("10.0.0.1", 40000),
		    at("10.0.0.9", 5060), 10000);

		describe(d, TO_SERVER, &offer);
		if (u->answered)
			describe(d, TO_CLIENT, &answer);
		if (u->bye != 0) {
			d->view.start = u->bye * NS_PER_S;
			learn(d, FACT_SIP_BYE, TO_SERVER, CALL);
		}
		finish(s, 0);
		begin(s, 1, at("10.0.0.1", 50000), at("10.0.0.3", 60002),
		    u->start);
		finish(s, 1);
		signals_settle(s->signals);
		if (signals_promises(s->signals, s->flow[1].record.whole,
			out) != u->found)
			print_error("case %zu\n", i);
		assert_int_equal(
		    signals_promises(s->signals, s->flow[1].record.whole, out),
		    u->found);
		(void)close_stage(&own);
	}
}

static void
one_of_two_lines(void **state)
{
	struct stage *s = *state;
	struct sdp_media first = line(0, "RTP/AVP", at("10.0.0.1", 50000));
	struct sdp_media second = line(0, "RTP/SAVP", at("10.0.0.1", 50002));
	struct sdp_media answer = line(1, "RTP/SAVP", at("10.0.0.2", 60002));
	struct promise out[LIMIT_PROMISES];
	struct draft *d =
	    begin(s, 0, at("10.0.0.1", 40000), at("10.0.0.9", 5060), 10);

	second.index = answer.index = 1;
	second.crypto_lines = answer.crypto_lines = 1;
	describe(d, TO_SERVER, &first);
	describe(d, TO_SERVER, &second);
	describe(d, TO_CLIENT, &answer);
	finish(s, 0);
	begin(s, 1, at("10.0.0.1", 50002), at("10.0.0.2", 60002), 12);
	finish(s, 1);
	begin(s, 2, at("10.0.0.1", 50000), at("10.0.0.2", 60000), 12);
	finish(s, 2);
	signals_settle(s->signals);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[1].record.whole, out), 2);
	assert_true(out[0].answered);
	assert_int_equal(out[0].media->index, 1);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[2].record.whole, out), 1);
	assert_false(out[0].answered);
	assert_true(out[0].clear);
}

/* ---- addresses ---- */

static void
control_packets(void **state)
{
	struct stage *s = *state;
	struct sdp_media offer = line(0, "RTP/AVP", at("10.0.0.1", 50000));
	struct promise out[LIMIT_PROMISES];
	struct draft *d =
	    begin(s, 0, at("10.0.0.1", 40000), at("10.0.0.9", 5060), 10);

	describe(d, TO_SERVER, &offer);
	finish(s, 0);
	begin(s, 1, at("10.0.0.1", 50001), at("10.0.0.2", 60001), 12);
	finish(s, 1);
	begin(s, 2, at("10.0.0.1", 50002), at("10.0.0.2", 60002), 12);
	finish(s, 2);
	begin(s, 3, at("10.0.0.3", 50000), at("10.0.0.2", 60002), 12);
	finish(s, 3);
	signals_settle(s->signals);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[1].record.whole, out), 1);
	assert_true(out[0].is_rtcp);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[2].record.whole, out), 0);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[3].record.whole, out), 0);
}

static void
candidates(void **state)
{
	struct stage *s = *state;
	struct sdp_media offer = line(0, "RTP/SAVP", at("10.0.0.1", 50000));
	struct sdp_candidate c;
	struct promise out[LIMIT_PROMISES];
	struct draft *d =
	    begin(s, 0, at("10.0.0.1", 40000), at("10.0.0.9", 5060), 10);

	memset(&c, 0, sizeof(c));
	c.call = CALL;
	c.cseq = INVITE;
	c.component = 2;
	c.at = at("192.0.2.5", 3478);
	offer.crypto_lines = 1;
	describe(d, TO_SERVER, &offer);
	learn_octets(d, FACT_SDP_CANDIDATE, TO_SERVER, &c, sizeof(c));
	/* Of no line: it is nobody's. */
	c.index = 3;
	c.at = at("192.0.2.6", 3478);
	learn_octets(d, FACT_SDP_CANDIDATE, TO_SERVER, &c, sizeof(c));
	finish(s, 0);
	begin(s, 1, at("192.0.2.5", 3478), at("10.0.0.2", 60000), 12);
	finish(s, 1);
	begin(s, 2, at("192.0.2.6", 3478), at("10.0.0.2", 60000), 12);
	finish(s, 2);
	signals_settle(s->signals);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[1].record.whole, out), 1);
	assert_true(out[0].is_rtcp);
	assert_true(out[0].secure);
	assert_true(out[0].keys_readable);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[2].record.whole, out), 0);
}

static void
newest_first(void **state)
{
	struct stage *s = *state;
	struct sdp_media old = line(0, "RTP/AVP", at("10.0.0.1", 50000));
	struct sdp_media new = line(0, "RTP/SAVP", at("10.0.0.1", 50000));
	struct sdp_media late = line(0, "RTP/AVP", at("10.0.0.1", 50000));
	struct promise out[LIMIT_PROMISES];
	const struct sdp_media *const all[] = { &old, &new, &late };
	static const int64_t seconds[] = { 10, 100, 150 };

	new.call = CALL + 1;
	late.call = CALL + 2;
	for (unsigned i = 0; i < 3; i++) {
		describe(begin(s, i, at("10.0.0.1", (uint16_t)(40000 + i)),
			     at("10.0.0.9", 5060), seconds[i]),
		    TO_SERVER, all[i]);
		finish(s, i);
	}
	begin(s, 3, at("10.0.0.1", 50000), at("10.0.0.2", 60000), 101);
	finish(s, 3);
	signals_settle(s->signals);
	assert_int_equal(
	    signals_promises(s->signals, s->flow[3].record.whole, out), 3);
	assert_true(out[0].secure);
	assert_ptr_equal(out[0].by, &s->flow[1].record);
	assert_ptr_equal(out[2].by, &s->flow[2].record);
}

static void
relays(void **state)
{
	struct stage *s = *state;
	struct endpoint relayed = at("192.0.2.50", 55000);
	struct endpoint other = at("192.0.2.50", 55001);
	struct sdp_media offer = line(0, "RTP/SAVP", relayed);
	struct promise out[LIMIT_PROMISES];
	struct draft *d =
	    begin(s, 0, at("10.0.0.1", 40000), at("192.0.2.50", 3478), 10);

	learn_octets(d, FACT_TURN_RELAYED, TO_CLIENT, &relayed,
	    sizeof(relayed));
	finish(s, 0);
	describe(begin(s, 1, at("10.0.0.1", 40001), at("10.0.0.9", 5060), 11),
	    TO_SERVER, &offer);
	finish(s, 1);
	signals_settle(s->signals);
	assert_ptr_equal(signals_relay(s->signals, &relayed),
	    &s->flow[0].record);
	assert_null(signals_relay(s->signals, &other));
	/* What the client sends to its relay was promised as well. */
	assert_int_equal(
	    signals_promises(s->signals, s->flow[0].record.whole, out), 1);
	assert_true(out[0].secure);
}

/* ---- resumed sessions ---- */

struct shake {
	uint16_t version;
	bool resumed, certificate;
	const char *id;    /* the server's session id */
	const char *gives; /* ticket it issues */
	const char *takes; /* ticket, or id, the client offers */
	const char *sni;
	uint16_t record; /* TLS 1.3: length of a record of tickets */
	uint16_t size;   /* of the identity offered */
};

static void
add_lengths(struct draft *d, const struct shake *h)
{
	static const uint16_t none[] = { 53 }, mutual[] = { 905, 281, 53 };
	const uint16_t *c = h->certificate ? mutual : none;
	struct tls_records r;

	memset(&r, 0, sizeof(r));
	for (unsigned i = 0; i < (h->certificate ? 3 : 1); i++)
		r.r[r.count++] = (struct tls_record_seen){ .length = c[i],
			.type = 23,
			.side = TO_SERVER };
	r.r[r.count++] = (struct tls_record_seen){ .length = h->record,
		.type = 23,
		.side = TO_CLIENT };
	learn_octets(d, FACT_TLS_RECORDS, TO_SERVER, &r, sizeof(r));
}

static void
text(struct draft *d, enum fact f, enum side side, const char *what)
{
	if (what != NULL)
		learn_octets(d, f, side, what, strlen(what));
}

static void
shake_hands(struct stage *s, unsigned i, int64_t second, const struct shake *h)
{
	struct draft *d = begin(s, i, at("10.0.0.1", (uint16_t)(40000 + i)),
	    at("10.0.0.2", 5061), second);

	learn(d, FACT_TLS_CLIENT_HELLO, TO_SERVER, 5);
	text(d, FACT_TLS_SNI, TO_SERVER, h->sni);
	text(d, FACT_TLS_OFFERED_TICKET, TO_SERVER, h->takes);
	text(d, FACT_TLS_CLIENT_SESSION_ID, TO_SERVER, h->takes);
	if (h->size != 0)
		learn(d, FACT_TLS_OFFERED_TICKET_SIZE, TO_SERVER, h->size);
	learn(d, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	learn(d, FACT_TLS_VERSION, TO_CLIENT, h->version);
	learn(d, FACT_TLS_SUITE, TO_CLIENT,
	    h->version == 0x0304 ? 0x1301 : 0xc02f);
	text(d, FACT_TLS_SERVER_SESSION_ID, TO_CLIENT, h->id);
	text(d, FACT_TLS_ISSUED_TICKET, TO_CLIENT, h->gives);
	if (h->version == 0x0304) {
		if (h->resumed)
			learn(d, FACT_TLS_PSK_CHOSEN, TO_CLIENT, 1);
		add_lengths(d, h);
	} else if (!h->resumed) {
		text(d, FACT_TLS_SERVER_CHAIN, TO_CLIENT, "xxxx");
		learn(d, FACT_TLS_SERVER_HELLO_DONE, TO_CLIENT, 1);
		if (h->certificate)
			learn(d, FACT_TLS_CLIENT_VERIFY, TO_SERVER, 0x0401);
		learn(d, FACT_TLS_CLIENT_KEY_EXCHANGE, TO_SERVER, 1);
	}
	if (h->version != 0x0304) {
		learn(d, FACT_TLS_CCS, TO_SERVER, 1);
		learn(d, FACT_TLS_CCS, TO_CLIENT, 1);
	}
	finish(s, i);
}

static const struct record *
first_of(const struct stage *s, unsigned i, bool *exact)
{
	return signals_first_handshake(s->signals, s->flow[i].record.whole,
	    exact);
}

static void
resumed_by_bytes(void **state)
{
	struct stage *s = *state;
	bool exact = false;

	/* Read in the order of the files, not of the clock. */
	shake_hands(s, 0, 60,
	    &(struct shake){ .version = 0x0303,
		.resumed = true,
		.takes = "ticket-1",
		.gives = "ticket-2" });
	shake_hands(s, 1, 90,
	    &(struct shake){ .version = 0x0303,
		.resumed = true,
		.takes = "ticket-2",
		.id = "ticket-2" });
	shake_hands(s, 2, 30,
	    &(struct shake){ .version = 0x0303,
		.certificate = true,
		.id = "id-1",
		.gives = "ticket-1" });
	shake_hands(s, 3, 99,
	    &(struct shake){ .version = 0x0302,
		.resumed = true,
		.takes = "id-1",
		.id = "id-1" });
	shake_hands(s, 4, 99,
	    &(struct shake){ .version = 0x0303,
		.resumed = true,
		.takes = "id-9",
		.id = "id-9" });
	signals_settle(s->signals);
	assert_ptr_equal(first_of(s, 0, &exact), &s->flow[2].record);
	assert_true(exact);
	/* A ticket that a resumed session gave out. */
	assert_ptr_equal(first_of(s, 1, &exact), &s->flow[2].record);
	assert_true(exact);
	assert_ptr_equal(first_of(s, 3, &exact), &s->flow[2].record);
	assert_true(exact);
	/* An echo of what the client invented is nobody's. */
	assert_null(first_of(s, 4, &exact));
}

static void
resumed_by_length(void **state)
{
	struct stage *s = *state;
	bool exact = true;

	shake_hands(s, 0, 60,
	    &(struct shake){ .version = 0x0304,
		.resumed = true,
		.sni = "a",
		.size = TICKET });
	shake_hands(s, 1, 30,
	    &(struct shake){ .version = 0x0304,
		.sni = "a",
		.record = TICKET_RECORD });
	shake_hands(s, 2, 70,
	    &(struct shake){ .version = 0x0304,
		.certificate = true,
		.sni = "a",
		.record = TICKET_RECORD });
	shake_hands(s, 3, 40,
	    &(struct shake){ .version = 0x0304,
		.certificate = true,
		.sni = "a",
		.record = 1114 });
	shake_hands(s, 4, 60,
	    &(struct shake){ .version = 0x0304,
		.resumed = true,
		.sni = "a",
		.size = 1072 });
	shake_hands(s, 5, 60,
	    &(struct shake){ .version = 0x0304,
		.resumed = true,
		.sni = "b",
		.size = TICKET });
	shake_hands(s, 6, 80,
	    &(struct shake){ .version = 0x0304,
		.resumed = true,
		.sni = "a",
		.size = TICKET });
	shake_hands(s, 7, 60,
	    &(struct shake){ .version = 0x0304,
		.resumed = true,
		.sni = "a",
		.size = TICKET + 1 });
	signals_settle(s->signals);
	assert_ptr_equal(first_of(s, 0, &exact), &s->flow[1].record);
	assert_false(exact);
	/* The length tells the one with a certificate inside. */
	assert_ptr_equal(first_of(s, 4, &exact), &s->flow[3].record);
	/* Another name. */
	assert_null(first_of(s, 5, &exact));
	/* Two earlier ones fit and do not agree. */
	assert_null(first_of(s, 6, &exact));
	assert_null(first_of(s, 7, &exact));
}

/* Nonce and extensions of the stacks that were measured. */
static void
ticket_lengths(void **state)
{
	static const struct {
		uint16_t record, size;
		bool fits;
	} rows[] = {
		{ 234, 192, true },   /* OpenSSL: nonce 8 */
		{ 242, 192, true },   /* ... early data allowed */
		{ 147, 113, true },   /* Go: none */
		{ 198, 162, true },   /* NSS: 2 */
		{ 268, 230, true },   /* GnuTLS: 4 */
		{ 98, 32, true },     /* rustls: 32 */
		{ 1185, 1134, true }, /* JSSE: 1, and 16 of padding */
		{ 381, 160, true },   /* BoringSSL: two, 1 and 4 each */
		{ 234, 193, false },
		{ 192, 192, false },
		{ 300, 192, false },
		{ 234, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		void *own = NULL;
		bool exact;

		assert_int_equal(open_stage(&own), 0);
		shake_hands(own, 0, 30,
		    &(struct shake){ .version = 0x0304,
			.certificate = true,
			.record = rows[i].record });
		shake_hands(own, 1, 60,
		    &(struct shake){ .version = 0x0304,
			.resumed = true,
			.size = rows[i].size });
		signals_settle(((struct stage *)own)->signals);
		if ((first_of(own, 1, &exact) != NULL) != rows[i].fits)
			print_error("record %u, identity %u\n", rows[i].record,
			    rows[i].size);
		assert_int_equal(first_of(own, 1, &exact) != NULL,
		    rows[i].fits);
		(void)close_stage(&own);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offer_and_answer),
		TEST(halves_in_two_flows),
		TEST(forked_call),
		TEST(null_suite),
		cmocka_unit_test(reused_port),
		TEST(one_of_two_lines),
		TEST(control_packets),
		TEST(candidates),
		TEST(newest_first),
		TEST(relays),
		TEST(resumed_by_bytes),
		TEST(resumed_by_length),
		cmocka_unit_test(ticket_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
