/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/protocols.h"
#include "tests/media.h"

enum { SSRC = 0x0a0b0c0d, CHANNEL = 0x4001, VOICE = 160 };

#define COOKIE_AND_ID \
	0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

static const uint8_t allocated[] = {
	0x01, 0x03, 0x00, 0x18,                /* Allocate success */
	COOKIE_AND_ID, 0x00, 0x16, 0x00, 0x08, /* XOR-RELAYED-ADDRESS */
	0x00, 0x01, 0xe2, 0x57, 0x2b, 0x12, 0xa4, 0x47, /* 10.0.0.5:49989 */
	0x00, 0x20, 0x00, 0x08,                         /* XOR-MAPPED-ADDRESS */
	0x00, 0x01, 0x21, 0x13, 0x2b, 0x12, 0xa4, 0x40, /* 10.0.0.2:1 */
};

static const uint8_t channel_bind[] = {
	0x00, 0x09, 0x00, 0x14,                /* ChannelBind request */
	COOKIE_AND_ID, 0x00, 0x0c, 0x00, 0x04, /* CHANNEL-NUMBER */
	0x40, 0x01, 0x00, 0x00, 0x00, 0x12, 0x00, 0x08, /* XOR-PEER-ADDRESS */
	0x00, 0x01, 0x54, 0x22, 0x2b, 0x12, 0xa4, 0x4b, /* 10.0.0.9:30000 */
};

static const uint8_t send_head[] = {
	0x00, 0x16, 0x00, 0x00, /* Send indication, length to be filled in */
	COOKIE_AND_ID, 0x00, 0x12, 0x00, 0x08,          /* XOR-PEER-ADDRESS */
	0x00, 0x01, 0x54, 0x22, 0x2b, 0x12, 0xa4, 0x4b, /* 10.0.0.9:30000 */
	0x00, 0x13, 0x00, 0x00, /* DATA, length to be filled in */
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

	memset(silence, 0xff, sizeof(silence));
	size_t n = rtp_write(p, &v->shape, silence, sizeof(silence));

	v->shape.seq++;
	v->shape.time += VOICE;
	return n;
}

static size_t
next_channel_data(struct voice *v, uint8_t *p)
{
	size_t n = next_rtp(v, p + 4);

	p[0] = CHANNEL >> 8;
	p[1] = CHANNEL & 0xff;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	return n + 4;
}

static size_t
next_send(struct voice *v, uint8_t *p)
{
	size_t n = next_rtp(v, p + sizeof(send_head));
	size_t body = sizeof(send_head) - 20 + n;

	memcpy(p, send_head, sizeof(send_head));
	p[2] = (uint8_t)(body >> 8);
	p[3] = (uint8_t)body;
	p[34] = (uint8_t)(n >> 8);
	p[35] = (uint8_t)n;
	return sizeof(send_head) + n;
}

static void
check_endpoint(const struct call *c, enum fact f, const char *want)
{
	const struct learnt *l = evidence_last(session_evidence(c->s), f);
	struct endpoint e;
	char text[ADDR_TEXT_MAX];

	assert_non_null(l);
	assert_int_equal(l->bytes.n, sizeof(e));
	memcpy(&e, l->bytes.p, sizeof(e));
	assert_string_equal(endpoint_text(&e, text), want);
}

static void
check_relayed_voice(const struct voice *v)
{
	const struct evidence *e = session_evidence(v->call.s);
	const struct learnt *l = evidence_last(e, FACT_MEDIA_STREAM);
	struct media_stream m;
	char text[ADDR_TEXT_MAX];

	assert_true(call_speaks(&v->call, "turn"));
	assert_true(call_speaks(&v->call, "rtp"));
	assert_int_equal(call_count(&v->call, FACT_TURN_DATA), 1);
	assert_true(call_media(&v->call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(m.signs, RTP_SIGN_FRAMED);
	assert_int_equal(call_carrier(&v->call, FACT_MEDIA_STREAM),
	    CARRIER_TURN);
	assert_string_equal(endpoint_text(&e->scopes[l->scope].peer, text),
	    "10.0.0.9:30000");
}

static void
test_channel_datagrams(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 8];

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	(void)call_datagram(&v.call, TO_CLIENT, allocated, sizeof(allocated));
	(void)call_datagram(&v.call, TO_SERVER, channel_bind,
	    sizeof(channel_bind));
	for (unsigned i = 0; i < 5; i++)
		(void)call_datagram(&v.call, TO_SERVER, p,
		    next_channel_data(&v, p));
	check_relayed_voice(&v);
	check_endpoint(&v.call, FACT_TURN_RELAYED, "10.0.0.5:49989");
	check_endpoint(&v.call, FACT_STUN_MAPPED, "10.0.0.2:1");
	check_endpoint(&v.call, FACT_TURN_PEER, "10.0.0.9:30000");
	assert_int_equal(call_count(&v.call, FACT_TURN_PEER), 1);
	call_end(&v.call);
}

static void
test_indications(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 64];

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	for (unsigned i = 0; i < 5; i++)
		(void)call_datagram(&v.call, TO_SERVER, p, next_send(&v, p));
	check_relayed_voice(&v);
	call_end(&v.call);
}

/* The same peer by indication and by channel is one inner session. */
static void
test_one_peer(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 64];

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	for (unsigned i = 0; i < 2; i++)
		(void)call_datagram(&v.call, TO_SERVER, p, next_send(&v, p));
	(void)call_datagram(&v.call, TO_SERVER, channel_bind,
	    sizeof(channel_bind));
	for (unsigned i = 0; i < 2; i++)
		(void)call_datagram(&v.call, TO_SERVER, p,
		    next_channel_data(&v, p));
	check_relayed_voice(&v);
	assert_int_equal(session_evidence(v.call.s)->scope_count, 2);
	call_end(&v.call);
}

/* The capture began after the bind. */
static void
test_unbound_channel(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 8];
	struct media_stream m;

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	for (unsigned i = 0; i < 6; i++)
		(void)call_datagram(&v.call, TO_CLIENT, p,
		    next_channel_data(&v, p));
	assert_true(call_media(&v.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	call_end(&v.call);
}

static void
test_text_is_not_channel_data(void **state)
{
	static const char text[] = "INVITE tel:1 SIP/2.0\r\n";
	struct call c;

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	for (unsigned i = 0; i < 4; i++)
		(void)call_datagram(&c, TO_SERVER, text, sizeof(text) - 1);
	assert_false(call_speaks(&c, "turn"));
	call_end(&c);
}

/* ---- streams: the same octets in one run ---- */

enum { RUN_ROOM = 64 * 1024 };

static size_t
write_run(struct voice *v, uint8_t *run, unsigned frames)
{
	size_t n = 0;

	memcpy(run, channel_bind, sizeof(channel_bind));
	n += sizeof(channel_bind);
	for (unsigned i = 0; i < frames; i++)
		n += next_channel_data(v, run + n); /* 172 + 4: no padding */
	return n;
}

static void
test_stream_any_cut(void **state)
{
	static const size_t steps[] = { 1, 7, 100, 1460, RUN_ROOM };
	uint8_t *run = malloc(RUN_ROOM);

	(void)state;
	assert_non_null(run);
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct voice v;

		voice_begin(&v, IPPROTO_NUM_TCP);
		size_t n = write_run(&v, run, 8);

		for (size_t at = 0; at < n; at += steps[i]) {
			size_t left = n - at;
			size_t now = left < steps[i] ? left : steps[i];

			call_stream(&v.call, TO_SERVER, run + at, now);
		}
		check_relayed_voice(&v);
		call_end(&v.call);
	}
	free(run);
}

/* Padding to four octets stands between frames of a stream. */
static void
test_stream_padding(void **state)
{
	struct voice v;
	uint8_t run[1024];
	struct media_stream m;

	(void)state;
	voice_begin(&v, IPPROTO_NUM_TCP);
	call_stream(&v.call, TO_SERVER, channel_bind, sizeof(channel_bind));
	for (unsigned i = 0; i < 8; i++) {
		uint8_t few[33];

		memset(few, 0x55, sizeof(few));
		size_t n = rtp_write(run + 4, &v.shape, few, sizeof(few));

		memcpy(run, (uint8_t[]){ 0x40, 0x01, 0, (uint8_t)n }, 4);
		memset(run + 4 + n, 0, 3);
		v.shape.seq++;
		call_stream(&v.call, TO_SERVER, run, 4 + n + 3);
	}
	assert_true(call_media(&v.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	call_end(&v.call);
}

static void
test_stream_gap(void **state)
{
	struct voice v;
	uint8_t *run = malloc(RUN_ROOM);
	uint8_t more[RTP_ROOM];
	struct media_stream m;

	(void)state;
	assert_non_null(run);
	voice_begin(&v, IPPROTO_NUM_TCP);
	size_t n = write_run(&v, run, 1);

	call_stream(&v.call, TO_SERVER, run, n);
	call_gap(&v.call, TO_SERVER, 100);
	/* the rest of a frame nobody saw the start of */
	memset(more, 0x7e, 76);
	call_stream(&v.call, TO_SERVER, more, 76);
	v.shape.ssrc = SSRC + 1;
	for (unsigned i = 0; i < 6; i++) {
		n = next_channel_data(&v, more);
		call_stream(&v.call, TO_SERVER, more, n);
	}
	assert_true(call_media(&v.call, SSRC + 1, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	free(run);
	call_end(&v.call);
}

static void
test_stream_mid(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM];
	struct media_stream m;

	(void)state;
	voice_begin(&v, IPPROTO_NUM_TCP);
	for (unsigned i = 0; i < 6; i++)
		call_stream(&v.call, TO_CLIENT, p, next_channel_data(&v, p));
	assert_true(call_media(&v.call, SSRC, 0, &m));
	call_end(&v.call);
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct voice v;
	size_t whole = *(const size_t *)ctx;

	voice_begin(&v, IPPROTO_NUM_UDP);
	(void)call_datagram(&v.call, TO_SERVER, channel_bind,
	    sizeof(channel_bind));
	(void)call_datagram(&v.call, TO_SERVER, piece.p, piece.n);
	assert_int_equal(call_count(&v.call, FACT_TURN_DATA), is_whole);
	(void)call_cut(&v.call, TO_SERVER, piece, (uint32_t)whole);
	call_end(&v.call);
}

static void
test_prefixes(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM + 64];
	size_t n;

	(void)state;
	voice_begin(&v, IPPROTO_NUM_UDP);
	n = next_send(&v, p);
	each_prefix(slice_of(p, n), try_piece, &n);
	call_end(&v.call);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channel_datagrams),
		cmocka_unit_test(test_indications),
		cmocka_unit_test(test_one_peer),
		cmocka_unit_test(test_unbound_channel),
		cmocka_unit_test(test_text_is_not_channel_data),
		cmocka_unit_test(test_stream_any_cut),
		cmocka_unit_test(test_stream_padding),
		cmocka_unit_test(test_stream_gap),
		cmocka_unit_test(test_stream_mid),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
