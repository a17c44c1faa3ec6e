/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/frames.h"

#include "dissect/protocols.h"
#include "tests/media.h"

enum { SSRC = 0x01020304, VOICE = 160 };

struct voice {
	struct call call;
	struct rtp_shape shape;
};

static void
voice_begin(struct voice *v)
{
	memset(v, 0, sizeof(*v));
	call_begin(&v->call, IPPROTO_NUM_TCP);
	v->shape = (struct rtp_shape){ 0, 10, 1000, SSRC };
}

static size_t
next_frame(struct voice *v, uint8_t *p)
{
	uint8_t silence[VOICE];

	memset(silence, 0xff, sizeof(silence));
	size_t n = rtp_write(p + 2, &v->shape, silence, sizeof(silence));

	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
	v->shape.seq++;
	v->shape.time += VOICE;
	return n + 2;
}

static void
check_voice(const struct voice *v, uint32_t ssrc)
{
	struct media_stream m;

	assert_true(call_media(&v->call, ssrc, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	assert_int_equal(m.signs, RTP_SIGN_FRAMED);
	assert_int_equal(call_carrier(&v->call, FACT_MEDIA_STREAM),
	    CARRIER_TCP);
	assert_int_equal(call_count(&v->call, FACT_FRAMED), 1);
	assert_true(call_speaks(&v->call, "rtp"));
}

static void
test_any_cut(void **state)
{
	static const size_t steps[] = { 1, 13, 174, 536, 4096 };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct voice v;
		uint8_t run[4096];
		size_t n = 0;

		voice_begin(&v);
		for (unsigned f = 0; f < 12; f++)
			n += next_frame(&v, run + n);
		for (size_t at = 0; at < n; at += steps[i]) {
			size_t left = n - at;

			call_stream(&v.call, TO_SERVER, run + at,
			    left < steps[i] ? left : steps[i]);
		}
		check_voice(&v, SSRC);
		call_end(&v.call);
	}
}

/* Two frames could still be chance. */
static void
test_two_frames_are_few(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM];

	(void)state;
	voice_begin(&v);
	for (unsigned i = 0; i < 2; i++)
		call_stream(&v.call, TO_SERVER, p, next_frame(&v, p));
	assert_int_equal(call_count(&v.call, FACT_FRAMED), 0);
	call_stream(&v.call, TO_SERVER, p, next_frame(&v, p));
	assert_int_equal(call_count(&v.call, FACT_FRAMED), 1);
	call_end(&v.call);
}

static void
test_gap(void **state)
{
	struct voice v;
	uint8_t p[RTP_ROOM];

	(void)state;
	voice_begin(&v);
	for (unsigned i = 0; i < 4; i++)
		call_stream(&v.call, TO_SERVER, p, next_frame(&v, p));
	call_gap(&v.call, TO_SERVER, 77);
	size_t n = next_frame(&v, p);

	call_stream(&v.call, TO_SERVER, p + 77, n - 77);
	v.shape.ssrc = SSRC + 1;
	for (unsigned i = 0; i < 6; i++)
		call_stream(&v.call, TO_SERVER, p, next_frame(&v, p));
	check_voice(&v, SSRC + 1);
	call_end(&v.call);
}

/* Empty frames keep a connection open. */
static void
test_empty_frames(void **state)
{
	static const uint8_t empty[4];
	struct voice v;
	uint8_t p[RTP_ROOM];

	(void)state;
	voice_begin(&v);
	for (unsigned i = 0; i < 4; i++) {
		call_stream(&v.call, TO_SERVER, p, next_frame(&v, p));
		if (i >= 2)
			call_stream(&v.call, TO_SERVER, empty, sizeof(empty));
	}
	check_voice(&v, SSRC);
	call_end(&v.call);
}

static void
test_random_stream(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct call c;
		uint8_t p[1400];

		call_begin(&c, IPPROTO_NUM_TCP);
		for (unsigned k = 0; k < 20; k++) {
			dice_fill(&seed, p, sizeof(p));
			call_stream(&c, (enum side)(k & 1), p, sizeof(p));
		}
		assert_int_equal(call_count(&c, FACT_FRAMED), 0);
		assert_false(call_speaks(&c, "turn"));
		assert_false(call_speaks(&c, "ms-turn"));
		call_end(&c);
	}
}

static enum frame
judge(const uint8_t *p, size_t n, size_t length)
{
	struct frame_judge j = { 0 };

	return frame_judge(&j, slice_of(p, n), length);
}

static void
test_first_octets(void **state)
{
	static const uint8_t rtp[12] = { 0x80, 0x00 };
	static const uint8_t rtcp[8] = { 0x80, 201, 0, 1 };
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	static const uint8_t dtls[13] = { 22, 0xfe, 0xfd };
	static const uint8_t zrtp[8] = { 0x10, 0, 0, 0, 'Z', 'R', 'T', 'P' };

	(void)state;
	assert_int_equal(judge(rtp, 12, 12), FRAME_GOOD);
	assert_int_equal(judge(rtp, 12, 11), FRAME_BAD);
	assert_int_equal(judge(rtp, 5, 12), FRAME_SHORT);
	assert_int_equal(judge(rtcp, 8, 8), FRAME_GOOD);
	assert_int_equal(judge(rtcp, 8, 7), FRAME_BAD);
	assert_int_equal(judge(stun, 20, 20), FRAME_GOOD);
	assert_int_equal(judge(stun, 20, 24), FRAME_BAD);
	assert_int_equal(judge(stun, 7, 20), FRAME_SHORT);
	assert_int_equal(judge(dtls, 13, 13), FRAME_GOOD);
	assert_int_equal(judge(dtls, 13, 12), FRAME_BAD);
	assert_int_equal(judge(zrtp, 8, 100), FRAME_GOOD);
	assert_int_equal(judge((const uint8_t *)"GET / HTTP", 10, 10),
	    FRAME_BAD);
	assert_int_equal(judge(rtp, 0, 0), FRAME_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_two_frames_are_few),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_empty_frames),
		cmocka_unit_test(test_random_stream),
		cmocka_unit_test(test_first_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
