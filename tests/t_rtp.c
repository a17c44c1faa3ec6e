/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/rtp.h"

#include "dissect/media_test.h"
#include "dissect/protocols.h"
#include "tests/media.h"

enum { SSRC = 0x11223344, VOICE = 160 };

static const uint8_t full[] = {
	0xb2,                   /* version 2, padding, extension, two CSRCs */
	0x88,                   /* marker, payload type 8 */
	0x12, 0x34,             /* sequence number */
	0x00, 0x00, 0x01, 0x40, /* time stamp */
	0xde, 0xad, 0xbe, 0xef, /* SSRC */
	0x00, 0x00, 0x00, 0x01, /* CSRC */
	0x00, 0x00, 0x00, 0x02, /* CSRC */
	0xbe, 0xde, 0x00, 0x01, /* header extension of one word */
	0x10, 0x7f, 0x00, 0x00, /* audio level */
	0xd5, 0xd5, 0xd5, 0x01, /* payload, one octet of padding */
};

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct rtp_header h;
	size_t headers = sizeof(full) - 4;

	(void)is_whole;
	(void)ctx;
	assert_int_equal(rtp_parse(piece, sizeof(full), &h),
	    piece.n >= headers);
	if (piece.n >= headers) {
		assert_int_equal(h.octets, 4);
		assert_int_equal(h.payload.n, piece.n - headers);
	}
}

static void
test_header(void **state)
{
	struct rtp_header h;

	(void)state;
	assert_true(rtp_parse(slice_of(full, sizeof(full)), 100, &h));
	assert_int_equal(h.pt, 8);
	assert_true(h.marker && h.padding && h.extension);
	assert_int_equal(h.seq, 0x1234);
	assert_int_equal(h.time, 0x140);
	assert_int_equal(h.ssrc, 0xdeadbeef);
	assert_int_equal(h.octets, 100 - 28);
	each_prefix(slice_of(full, sizeof(full)), try_piece, NULL);
}

static void
test_not_rtp(void **state)
{
	uint8_t p[sizeof(full)];
	struct rtp_header h;

	(void)state;
	memcpy(p, full, sizeof(p));
	p[1] = 200;
	assert_false(rtp_parse(slice_of(p, sizeof(p)), sizeof(p), &h));
	memcpy(p, full, sizeof(p));
	p[0] = 0x72;
	assert_false(rtp_parse(slice_of(p, sizeof(p)), sizeof(p), &h));
	/* an extension longer than the packet */
	memcpy(p, full, sizeof(p));
	p[22] = 0x10;
	assert_false(rtp_parse(slice_of(p, sizeof(p)), sizeof(p), &h));
}

/* ---- streams ---- */

struct talk {
	struct call call;
	struct rtp_shape shape;
	uint64_t seed;
};

static void
talk_begin(struct talk *t)
{
	memset(t, 0, sizeof(*t));
	call_begin(&t->call, IPPROTO_NUM_UDP);
	t->shape = (struct rtp_shape){ 0, 65530, 1000, SSRC };
	t->seed = 2024;
}

static enum feed
talk_send(struct talk *t, enum side side, const void *payload, size_t n)
{
	uint8_t p[RTP_ROOM];
	enum feed r = call_datagram(&t->call, side, p,
	    rtp_write(p, &t->shape, payload, n));

	t->shape.seq++;
	t->shape.time += VOICE;
	return r;
}

static void
talk_silence(struct talk *t, unsigned packets)
{
	uint8_t voice[VOICE];

	memset(voice, 0xff, sizeof(voice));
	for (unsigned i = 0; i < packets; i++)
		(void)talk_send(t, TO_SERVER, voice, sizeof(voice));
}

static void
talk_srtp(struct talk *t, unsigned packets, size_t tag)
{
	uint8_t voice[VOICE + 32];

	for (unsigned i = 0; i < packets; i++) {
		dice_fill(&t->seed, voice, VOICE + tag);
		(void)talk_send(t, TO_SERVER, voice, VOICE + tag);
	}
}

static void
test_clear_stream(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	talk_silence(&t, 3);
	assert_false(call_speaks(&t.call, "rtp"));
	assert_int_equal(call_count(&t.call, FACT_MEDIA_STREAM), 0);
	talk_silence(&t, 1);
	assert_true(call_speaks(&t.call, "rtp"));
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(m.signs, RTP_SIGN_SEQUENCE);
	assert_int_equal(m.first, 1);
	assert_int_equal(m.wanted, 0);
	/* more of the same is no news */
	talk_silence(&t, 200);
	session_end(t.call.s);
	session_end(t.call.s);
	assert_int_equal(call_count(&t.call, FACT_MEDIA_STREAM), 1);
	call_end(&t.call);
}

static void
test_tagged_stream(void **state)
{
	static const uint8_t tags[] = { 4, 10, 11, 16 };

	(void)state;
	for (size_t i = 0; i < COUNT(tags); i++) {
		struct talk t;
		struct media_stream m;

		talk_begin(&t);
		talk_srtp(&t, 49, tags[i]);
		assert_false(call_media(&t.call, SSRC, 0, &m));
		talk_srtp(&t, 1, tags[i]);
		assert_true(call_media(&t.call, SSRC, 0, &m));
		assert_int_equal(m.result, RESULT_RANDOM);
		assert_int_equal(m.tag, tags[i]);
		assert_int_equal(m.tag_share, 100);
		call_end(&t.call);
	}
}

/* A new offer ends the encryption of a stream that goes on: told at the next
 * look, by two of them; what is still encrypted then stays so. */
static void
test_turns_clear(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	talk_srtp(&t, 2000, 10);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	size_t told = call_count(&t.call, FACT_MEDIA_STREAM);

	session_end(t.call.s);
	assert_int_equal(call_count(&t.call, FACT_MEDIA_STREAM), told);
	talk_silence(&t, 272);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(m.tag, MEDIA_TAG_NONE);
	assert_in_range(m.first, 1, 1);
	call_end(&t.call);
}

/* A short pattern, as an event of three packets makes it, is not enough. */
static void
test_one_odd_look(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	t.shape.seq = 0;
	talk_srtp(&t, 256, 10);
	talk_silence(&t, 3);
	talk_srtp(&t, 1000, 10);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	call_end(&t.call);
}

/* No tag by length: only the full hundred packets are enough. */
static void
test_untagged_stream(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	talk_srtp(&t, 99, 0);
	session_end(t.call.s);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_OPEN);
	assert_int_equal(m.wanted, 1);
	talk_srtp(&t, 1, 0);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	assert_int_equal(m.tag, 0);
	assert_int_equal(m.packets, 100);
	call_end(&t.call);
}

/* NULL cipher: readable, and yet there is a tag. */
static void
test_null_cipher(void **state)
{
	struct talk t;
	struct media_stream m;
	uint8_t voice[VOICE + 10];

	(void)state;
	talk_begin(&t);
	memset(voice, 0xd5, sizeof(voice));
	for (unsigned i = 0; i < 30; i++) {
		dice_fill(&t.seed, voice + VOICE, 10);
		(void)talk_send(&t, TO_SERVER, voice, sizeof(voice));
	}
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(m.tag, 10);
	call_end(&t.call);
}

static void
test_few_packets(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	talk_srtp(&t, 2, 10);
	assert_int_equal(call_count(&t.call, FACT_MEDIA_STREAM), 0);
	session_end(t.call.s);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.signs, 0);
	assert_int_equal(m.result, RESULT_OPEN);
	assert_int_equal(m.packets, 2);
	assert_int_equal(m.wanted, 98);
	assert_false(call_speaks(&t.call, "rtp"));
	call_end(&t.call);
}

/* Every packet comes twice, the copy some packets later. */
static void
test_duplicates(void **state)
{
	struct talk t;
	struct media_stream m;
	uint8_t voice[VOICE + 10];

	(void)state;
	talk_begin(&t);
	for (unsigned i = 0; i < 60; i++) {
		struct rtp_shape at = t.shape;
		uint64_t seed = t.seed;

		dice_fill(&t.seed, voice, sizeof(voice));
		(void)talk_send(&t, TO_SERVER, voice, sizeof(voice));
		struct rtp_shape after = t.shape;

		dice_fill(&seed, voice, sizeof(voice));
		t.shape = at;
		(void)talk_send(&t, TO_SERVER, voice, sizeof(voice));
		t.shape = after;
	}
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	assert_int_equal(m.packets, 50);
	assert_int_equal(m.duplicates, 49);
	call_end(&t.call);
}

static void
test_new_ssrc_and_type(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	talk_srtp(&t, 60, 10);
	t.shape.ssrc = SSRC + 1;
	talk_silence(&t, 10);
	assert_true(call_media(&t.call, SSRC + 1, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	t.shape.ssrc = SSRC;
	t.shape.pt = 8;
	talk_silence(&t, 10);
	assert_true(call_media(&t.call, SSRC, 8, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	call_end(&t.call);
}

/* A conference: more sources than there are places. */
static void
test_many_sources(void **state)
{
	struct talk t;
	uint8_t voice[VOICE];
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	memset(voice, 0x7f, sizeof(voice));
	for (unsigned round = 0; round < 8; round++) {
		for (unsigned i = 0; i < 40; i++) {
			t.shape.ssrc = SSRC + i / 10;
			t.shape.seq = (uint16_t)(100 + round);
			t.shape.time = round * VOICE;
			if (i % 10 == 0)
				(void)talk_send(&t, TO_CLIENT, voice,
				    sizeof(voice));
		}
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_true(call_media(&t.call, SSRC + i, 0, &m));
		assert_int_equal(m.result, RESULT_CLEAR);
	}
	for (unsigned i = 0; i < 3 * LIMIT_RTP_STREAMS; i++) {
		t.shape.ssrc = i;
		t.shape.seq = 7;
		talk_silence(&t, 6);
	}
	assert_true(call_media(&t.call, 3 * LIMIT_RTP_STREAMS - 1, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	call_end(&t.call);
}

/* Nothing may be claimed of octets that only begin like RTP. */
static void
test_random_datagrams(void **state)
{
	uint64_t seed = 77;

	(void)state;
	for (unsigned flow = 0; flow < 200; flow++) {
		struct call c;

		call_begin(&c, IPPROTO_NUM_UDP);
		for (unsigned i = 0; i < 150; i++) {
			uint8_t p[200];
			size_t n = 20 + dice(&seed) % 180;

			dice_fill(&seed, p, n);
			p[0] = 0x80 | (p[0] & 0x3f);
			(void)call_datagram(&c, (enum side)(i & 1), p, n);
		}
		session_end(c.s);
		assert_false(call_speaks(&c, "rtp"));
		assert_false(call_speaks(&c, "rtcp"));
		assert_true(call_count(&c, FACT_MEDIA_STREAM) <= 8);
		call_end(&c);
	}
}

/* The same header again and again, as DNSCrypt's client magic. */
static void
test_constant_header(void **state)
{
	struct call c;
	uint64_t seed = 3;

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	for (unsigned i = 0; i < 50; i++) {
		uint8_t p[256];

		memset(p, 0xa5, sizeof(p));
		dice_fill(&seed, p + 40, sizeof(p) - 40);
		(void)call_datagram(&c, TO_SERVER, p, sizeof(p));
	}
	session_end(c.s);
	assert_false(call_speaks(&c, "rtp"));
	call_end(&c);
}

/* All pictures of one time stamp: only a long run of numbers makes it RTP. */
static void
test_clock_stands(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	for (unsigned i = 0; i < 70; i++) {
		t.shape.time = 1000;
		talk_silence(&t, 1);
		assert_int_equal(call_speaks(&t.call, "rtp"), i >= 64);
	}
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	call_end(&t.call);

	/* Numbers that jump are a counter of something else. */
	talk_begin(&t);
	for (unsigned i = 0; i < 200; i++) {
		t.shape.time = 1000;
		t.shape.seq += 5;
		talk_silence(&t, 1);
	}
	assert_false(call_speaks(&t.call, "rtp"));
	call_end(&t.call);
}

/* The snap length left 20 octets of payload; lengths are those of the wire. */
static void
test_cut_packets(void **state)
{
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	for (unsigned i = 0; i < 60; i++) {
		uint8_t p[RTP_ROOM];
		uint8_t voice[20];

		dice_fill(&t.seed, voice, sizeof(voice));
		size_t n = rtp_write(p, &t.shape, voice, sizeof(voice));

		(void)call_cut(&t.call, TO_SERVER, slice_of(p, n),
		    RTP_HEADER_SIZE + VOICE + 10);
		t.shape.seq++;
		t.shape.time += VOICE;
	}
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	assert_int_equal(m.tag, 10);
	assert_int_equal(m.tested, 50 * 20);
	call_end(&t.call);
}

static void
test_events_and_noise(void **state)
{
	static const uint8_t event[4] = { 5, 10, 0, 160 };
	static const uint8_t noise[1] = { 0x40 };
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	talk_srtp(&t, 10, 10);
	t.shape.pt = 101;
	for (unsigned i = 0; i < 30; i++)
		(void)talk_send(&t, TO_SERVER, event, sizeof(event));
	t.shape.pt = 13;
	for (unsigned i = 0; i < 30; i++)
		(void)talk_send(&t, TO_SERVER, noise, sizeof(noise));
	session_end(t.call.s);
	assert_true(call_media(&t.call, SSRC, 101, &m));
	assert_int_equal(m.result, RESULT_OPEN);
	assert_int_equal(m.packets, 30);
	assert_int_equal(m.tested, 0);
	assert_int_equal(m.signs, RTP_SIGN_SEQUENCE);
	assert_true(call_media(&t.call, SSRC, 13, &m));
	assert_int_equal(m.tested, 0);
	call_end(&t.call);
}

static void
test_rdp_inside(void **state)
{
	uint8_t pdu[64] = { 0x03, 0x00, 0x00, 64, 0x02, 0xf0, 0x80 };
	struct talk t;
	struct media_stream m;

	(void)state;
	talk_begin(&t);
	for (unsigned i = 0; i < 8; i++) {
		dice_fill(&t.seed, pdu + 7, sizeof(pdu) - 7);
		(void)talk_send(&t, TO_SERVER, pdu, sizeof(pdu));
	}
	assert_true(call_media(&t.call, SSRC, 0, &m));
	assert_int_equal(m.rdp, 1);
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(call_count(&t.call, FACT_RDP_CLEAR), 1);
	call_end(&t.call);
}

static void
test_idle(void **state)
{
	struct talk t;
	uint8_t p[RTP_ROOM];
	void *own = calloc(1, dissect_rtp.state_size);

	(void)state;
	assert_non_null(own);
	talk_begin(&t);
	for (unsigned i = 0; i < 40; i++) {
		uint8_t voice[VOICE];

		memset(voice, 0xff, sizeof(voice));
		size_t n = rtp_write(p, &t.shape, voice, sizeof(voice));
		struct chunk c = { .bytes = slice_of(p, n), .wire = 172 };

		if (i < 16)
			assert_false(dissect_rtp.idle(own, c.bytes));
		if (i > 20)
			assert_true(dissect_rtp.idle(own, c.bytes));
		assert_int_equal(dissect_rtp.feed(t.call.s, own, &c), FEED_ON);
		t.shape.seq++;
		t.shape.time += VOICE;
	}
	p[1] = 8; /* another payload type */
	assert_false(dissect_rtp.idle(own, slice_of(p, 172)));
	p[1] = 0;
	p[11] ^= 1; /* another SSRC */
	assert_false(dissect_rtp.idle(own, slice_of(p, 172)));
	assert_false(dissect_rtp.idle(own, slice_of(p, 11)));
	dissect_rtp.drop(own);
	free(own);
	call_end(&t.call);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_not_rtp),
		cmocka_unit_test(test_clear_stream),
		cmocka_unit_test(test_tagged_stream),
		cmocka_unit_test(test_turns_clear),
		cmocka_unit_test(test_one_odd_look),
		cmocka_unit_test(test_untagged_stream),
		cmocka_unit_test(test_null_cipher),
		cmocka_unit_test(test_few_packets),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_new_ssrc_and_type),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_random_datagrams),
		cmocka_unit_test(test_constant_header),
		cmocka_unit_test(test_clock_stands),
		cmocka_unit_test(test_cut_packets),
		cmocka_unit_test(test_events_and_noise),
		cmocka_unit_test(test_rdp_inside),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
