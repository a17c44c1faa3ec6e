/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/protocols.h"
#include "tests/media.h"

enum { SSRC = 0x77777777, VOICE = 160 };

#define ID     9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6
#define COOKIE 0x00, 0x0f, 0x00, 0x04, 0x72, 0xc6, 0x4b, 0xc6

/* MS-TURN 2.2.1 and 2.2.2 */
static const uint8_t allocate[] = {
	0x00, 0x03, 0x00, 0x0d, ID,  /* Allocate request */
	COOKIE,                      /* magic cookie */
	0x00, 0x06, 0x00, 0x01, 'u', /* user name, not padded */
};
static const uint8_t allocated[] = {
	0x01, 0x03, 0x00, 0x20, ID, /* Allocate response */
	COOKIE,                     /* magic cookie */
	0x00, 0x01, 0x00, 0x08,     /* mapped address: the relayed one */
	0x00, 0x01, 0xc3, 0x50, 0x0a, 0x00, 0x00, 0x05, /* 10.0.0.5:50000 */
	0x80, 0x20, 0x00, 0x08, /* XOR mapped address, masked with the id */
	0x00, 0x01, 0x09, 0x09, 0x03, 0x08, 0x07, 0x04, /* 10.0.0.2:1 */
};
static const uint8_t set_active[] = {
	0x00, 0x06, 0x00, 0x14, ID,     /* Set Active Destination request */
	COOKIE, 0x00, 0x11, 0x00, 0x08, /* destination */
	0x00, 0x01, 0x75, 0x30, 0x0a, 0x00, 0x00, 0x09, /* 10.0.0.9:30000 */
};
static const uint8_t active[] = {
	0x01,
	0x06,
	0x00,
	0x08,
	ID, /* Set Active Destination response */
	COOKIE,
};
static const uint8_t indication_head[] = {
	0x01, 0x15, 0x00, 0x00, ID,                     /* Data indication */
	COOKIE, 0x00, 0x12, 0x00, 0x08,                 /* remote address */
	0x00, 0x01, 0x75, 0x30, 0x0a, 0x00, 0x00, 0x09, /* 10.0.0.9:30000 */
	0x00, 0x13, 0x00, 0x00,                         /* data */
};

struct voice {
	struct call call;
	struct rtp_shape shape;
};

static void
voice_begin(struct voice *v, uint8_t proto)
{
	memset(v, 0, sizeof(*v));
	call_begin(&v->call, proto);
	v->shape = (struct rtp_shape){ 0, 10, 1000, SSRC };
}

static size_t
next_rtp(struct voice *v, uint8_t *p)
{
	uint8_t silence[VOICE];

	memset(silence, 0xd5, sizeof(silence));
	size_t n = rtp_write(p, &v->shape, silence, sizeof(silence));

	v->shape.seq++;
	v->shape.time += VOICE;
	return n;
}

static size_t
frame(uint8_t type, const void *body, size_t n, uint8_t *p)
{
	p[0] = type;
	p[1] = 0;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	if (body != NULL)
		memcpy(p + 4, body, n);
	return n + 4;
}

static size_t
next_indication(struct voice *v, uint8_t *p)
{
	size_t head = sizeof(indication_head);
	size_t n = next_rtp(v, p + head);

	memcpy(p, indication_head, head);
	p[2] = (uint8_t)((head - 20 + n) >> 8);
	p[3] = (uint8_t)(head - 20 + n);
	p[head - 2] = (uint8_t)(n >> 8);
	p[head - 1] = (uint8_t)n;
	return head + n;
}

static void
check_endpoint(const struct call *c, enum fact f, const char *want)
{
	const struct learnt *l = evidence_last(session_evidence(c->s), f);
	struct endpoint e;
	char text[ADDR_TEXT_MAX];

	assert_non_null(l);
	memcpy(&e, l->bytes.p, sizeof(e));
	assert_string_equal(endpoint_text(&e, text), want);
}

static void
check_voice(const struct voice *v)
{
	struct media_stream m;

	assert_true(call_speaks(&v->call, "ms-turn"));
	assert_false(call_speaks(&v->call, "turn"));
	assert_int_equal(call_count(&v->call, FACT_STUN_MICROSOFT), 1);
	assert_true(call_media(&v->call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(m.signs, RTP_SIGN_FRAMED);
	assert_int_equal(call_carrier(&v->call, FACT_MEDIA_STREAM),
	    CARRIER_MS_TURN);
}

static void
check_peer(const struct voice *v, const char *want)
{
	const struct evidence *e = session_evidence(v->call.s);
	const struct learnt *l = evidence_last(e, FACT_MEDIA_STREAM);
	char text[ADDR_TEXT_MAX];

	assert_string_equal(endpoint_text(&e->scopes[l->scope].peer, text),
	    want);
}

static void
test_datagrams(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 64];

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	(void)call_datagram(&v.call, TO_SERVER, allocate, sizeof(allocate));
	(void)call_datagram(&v.call, TO_CLIENT, allocated, sizeof(allocated));
	check_endpoint(&v.call, FACT_TURN_RELAYED, "10.0.0.5:50000");
	check_endpoint(&v.call, FACT_STUN_MAPPED, "10.0.0.2:1");
	assert_true(evidence_has_text(session_evidence(v.call.s),
	    FACT_STUN_USERNAME, "u"));
	for (unsigned i = 0; i < 5; i++)
		(void)call_datagram(&v.call, TO_CLIENT, p,
		    next_indication(&v, p));
	check_voice(&v);
	check_peer(&v, "10.0.0.9:30000");
	call_end(&v.call);
}

/* ff 10: the length counts the session id, or does not. */
static void
test_multiplexed(void **state)
{
	(void)state;
	for (unsigned counts = 0; counts < 2; counts++) {
		struct voice v;
		uint8_t p[RTP_ROOM + 64] = { 0xff, 0x10 };

		voice_begin(&v, IPPROTO_NUM_UDP);
		for (unsigned i = 0; i < 5; i++) {
			size_t n = next_rtp(&v, p + 12);
			size_t told = counts ? n + 8 : n;

			memset(p + 4, 0x33, 8);
			p[2] = (uint8_t)(told >> 8);
			p[3] = (uint8_t)told;
			(void)call_datagram(&v.call, TO_SERVER, p, n + 12);
		}
		check_voice(&v);
		call_end(&v.call);
	}
}

static size_t
write_run(struct voice *v, uint8_t *run, unsigned frames)
{
	size_t n = frame(2, allocate, sizeof(allocate), run);

	n += frame(2, set_active, sizeof(set_active), run + n);
	n += frame(2, active, sizeof(active), run + n);
	for (unsigned i = 0; i < frames; i++) {
		size_t body = next_rtp(v, run + n + 4);

		n += frame(3, NULL, body, run + n);
	}
	return n;
}

static void
test_stream_any_cut(void **state)
{
	static const size_t steps[] = { 1, 9, 200, 4096 };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct voice v;
		uint8_t run[4096];

		voice_begin(&v, IPPROTO_NUM_TCP);
		size_t n = write_run(&v, run, 8);

		for (size_t at = 0; at < n; at += steps[i]) {
			size_t left = n - at;

			call_stream(&v.call, TO_SERVER, run + at,
			    left < steps[i] ? left : steps[i]);
		}
		check_voice(&v);
		check_peer(&v, "10.0.0.9:30000");
		call_end(&v.call);
	}
}

static void
test_stream_gap(void **state)
{
	struct voice v;
	uint8_t run[4096];
	struct media_stream m;

	(void)state;
	voice_begin(&v, IPPROTO_NUM_TCP);
	call_stream(&v.call, TO_SERVER, run, write_run(&v, run, 4));
	call_gap(&v.call, TO_SERVER, 50);
	memset(run, 0xd5, 126);
	call_stream(&v.call, TO_SERVER, run, 126);
	v.shape.ssrc = SSRC + 1;
	for (unsigned i = 0; i < 8; i++) {
		size_t body = next_rtp(&v, run + 4);

		call_stream(&v.call, TO_SERVER, run, frame(3, NULL, body, run));
	}
	assert_true(call_media(&v.call, SSRC + 1, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	call_end(&v.call);
}

/* TPKT also begins with 03 00. */
static void
test_tpkt_is_not_ours(void **state)
{
	static const uint8_t rdp[] = { 0x03, 0x00, 0x00, 0x0b, 0x06, 0xe0, 0x00,
		0x00, 0x00, 0x00, 0x00 };
	struct sniff s = { .bytes = { rdp, sizeof(rdp) }, .start = true };

	(void)state;
	assert_int_equal(dissect_ms_turn.probe(&s), PROBE_NO);
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct call c;
	struct sniff s = {
		.bytes = piece,
		.datagram = true,
		.wire = (uint32_t)piece.n,
	};

	assert_int_equal(dissect_ms_turn.probe(&s),
	    is_whole ? PROBE_YES : PROBE_NO);
	call_begin(&c, IPPROTO_NUM_UDP);
	(void)call_cut(&c, TO_CLIENT, piece, *(const uint32_t *)ctx);
	call_end(&c);
}

static void
test_prefixes(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 64];

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	uint32_t n = (uint32_t)next_indication(&v, p);

	each_prefix(slice_of(p, n), try_piece, &n);
	call_end(&v.call);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_multiplexed),
		cmocka_unit_test(test_stream_any_cut),
		cmocka_unit_test(test_stream_gap),
		cmocka_unit_test(test_tpkt_is_not_ours),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
