/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/protocols.h"
#include "tests/media.h"

enum { MESSAGE = 28, SSRC = 0x5a5a5a5a, VOICE = 160 };

/* CRC-32C of the first octets; written apart from the one under test. */
static uint32_t
sum(const uint8_t *p, size_t n)
{
	uint64_t crc = 0xffffffff;

	while (n-- > 0) {
		crc ^= *p++;
		for (unsigned i = 0; i < 8; i++)
			crc = (crc & 1) ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
	}
	return (uint32_t)(crc ^ 0xffffffff);
}

/* RFC 6189 section 5: header, preamble, length of three words, type. */
static void
write_message(uint8_t *p, const char *type)
{
	static const uint8_t head[16] = { 0x10, 0, 0, 1, 'Z', 'R', 'T', 'P', 1,
		2, 3, 4, 0x50, 0x5a, 0, 3 };
	uint32_t crc;

	memcpy(p, head, sizeof(head));
	memcpy(p + 16, type, 8);
	crc = sum(p, 24);
	for (unsigned i = 0; i < 4; i++)
		p[24 + i] = (uint8_t)(crc >> (8 * i));
}

static void
send_message(struct call *c, const char *type)
{
	uint8_t p[MESSAGE];

	write_message(p, type);
	(void)call_datagram(c, TO_SERVER, p, sizeof(p));
}

static void
test_sum(void **state)
{
	(void)state;
	/* RFC 3720 appendix B.4 */
	assert_int_equal(sum((const uint8_t[32]){ 0 }, 32), 0x8a9136aa);
}

static void
test_steps(void **state)
{
	static const char *const types[] = { "Hello   ", "HelloACK", "Hello   ",
		"Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2",
		"Conf2ACK", "Hello   ", "GoClear ", "ClearACK", "Error   " };
	static const unsigned want[] = { ZRTP_HELLO, ZRTP_COMMIT, ZRTP_CONFIRM,
		ZRTP_SECURE, ZRTP_GO_CLEAR };
	struct call c;
	const struct learnt *l = NULL;

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	for (size_t i = 0; i < COUNT(types); i++)
		send_message(&c, types[i]);
	assert_true(call_speaks(&c, "zrtp"));
	assert_int_equal(call_count(&c, FACT_ZRTP), COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		l = evidence_next(session_evidence(c.s), FACT_ZRTP, l);
		assert_non_null(l);
		assert_int_equal(l->number, want[i]);
	}
	call_end(&c);
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct sniff s = {
		.bytes = piece,
		.datagram = true,
		.wire = (uint32_t)piece.n,
	};

	(void)ctx;
	assert_int_equal(dissect_zrtp.probe(&s),
	    is_whole ? PROBE_YES : PROBE_NO);
}

static void
test_prefixes(void **state)
{
	uint8_t p[MESSAGE];

	(void)state;
	write_message(p, "Commit  ");
	each_prefix(slice_of(p, sizeof(p)), try_piece, NULL);
}

static void
test_wrong_sum(void **state)
{
	uint8_t p[MESSAGE];
	struct sniff s = { .bytes = { p, MESSAGE },
		.datagram = true,
		.wire = MESSAGE };

	(void)state;
	write_message(p, "Commit  ");
	assert_int_equal(dissect_zrtp.probe(&s), PROBE_YES);
	p[27] ^= 1;
	assert_int_equal(dissect_zrtp.probe(&s), PROBE_NO);
	/* a cut one has none to check */
	s.bytes.n = 24;
	assert_int_equal(dissect_zrtp.probe(&s), PROBE_YES);
}

static void
send_voice(struct call *c, struct rtp_shape *shape, bool secret, unsigned n)
{
	uint64_t seed = 1 + shape->seq;

	for (unsigned i = 0; i < n; i++) {
		uint8_t voice[VOICE + 4];
		uint8_t p[RTP_ROOM];
		size_t octets = secret ? VOICE + 4 : VOICE;

		memset(voice, 0xff, sizeof(voice));
		if (secret)
			dice_fill(&seed, voice, sizeof(voice));
		(void)call_datagram(c, TO_SERVER, p,
		    rtp_write(p, shape, voice, octets));
		shape->seq++;
		shape->time += VOICE;
	}
}

/* One SSRC: clear, protected, clear again. */
static void
test_stream_begins_anew(void **state)
{
	struct rtp_shape shape = { 0, 1, 0, SSRC };
	struct call c;
	struct media_stream m;

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	send_message(&c, "Hello   ");
	send_voice(&c, &shape, false, 30);
	assert_true(call_media(&c, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	send_message(&c, "Commit  ");
	send_message(&c, "Confirm1");
	send_message(&c, "Conf2ACK");
	send_voice(&c, &shape, true, 60);
	assert_true(call_media(&c, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_RANDOM);
	assert_int_equal(m.tag, 4);
	send_message(&c, "GoClear ");
	send_voice(&c, &shape, false, 30);
	assert_true(call_media(&c, SSRC, 0, &m));
	assert_int_equal(m.result, RESULT_CLEAR);
	call_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_wrong_sum),
		cmocka_unit_test(test_stream_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
