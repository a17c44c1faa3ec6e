/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/rtcp.h"

#include "tests/media.h"

static const uint8_t compound[] = {
	0x81, 200, 0x00, 0x0c,                          /* SR, one report */
	0x11, 0x22, 0x33, 0x44,                         /* SSRC */
	0xe0, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, /* NTP time */
	0x00, 0x00, 0x01, 0x00,                         /* RTP time */
	0x00, 0x00, 0x00, 0x64, 0x00, 0x00, 0x3e, 0x80, /* sent */
	0x55, 0x66, 0x77, 0x88,                         /* report block */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, /* loss, highest */
	0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, /* jitter, LSR */
	0x00, 0x00, 0x00, 0x00,                         /* DLSR */
	0x81, 202, 0x00, 0x03,                          /* SDES */
	0x11, 0x22, 0x33, 0x44,                         /* SSRC */
	0x01, 0x04, 'a', '@', 'b', 'c', 0x00, 0x00,     /* CNAME */
};
enum { WHOLE = sizeof(compound), SR = 52, ROOM = WHOLE + 32 };

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct rtcp_look look;
	bool any = rtcp_look(piece, 0, &look);

	(void)ctx;
	assert_int_equal(any, piece.n >= SR);
	if (any)
		assert_int_equal(look.form == RTCP_CLEAR,
		    is_whole || piece.n == SR);
}

static void
test_clear(void **state)
{
	struct rtcp_look look;

	(void)state;
	assert_true(rtcp_look(slice_of(compound, WHOLE), 0, &look));
	assert_int_equal(look.form, RTCP_CLEAR);
	assert_int_equal(look.ssrc, 0x11223344);
	each_prefix(slice_of(compound, WHOLE), try_piece, NULL);
}

struct shape {
	size_t trailer;  /* octets appended */
	size_t index_at; /* from the end */
	bool encrypted;
	enum rtcp_form form;
};

static const struct shape shapes[] = {
	{ 14, 14, true, RTCP_SRTCP_80 },
	{ 15, 15, true, RTCP_SRTCP_80 }, /* MKI of one octet */
	{ 8, 8, true, RTCP_SRTCP_32 },
	{ 20, 4, true, RTCP_SRTCP_GCM },
	{ 14, 14, false, RTCP_SRTCP_NULL },
	{ 20, 4, false, RTCP_SRTCP_NULL },
};

static size_t
protect(const struct shape *shape, uint32_t index, uint64_t *seed, uint8_t *p)
{
	size_t n = WHOLE + shape->trailer;
	uint8_t *word = p + n - shape->index_at;

	memcpy(p, compound, WHOLE);
	dice_fill(seed, p + WHOLE, shape->trailer);
	if (shape->encrypted)
		dice_fill(seed, p + 8, WHOLE - 8);
	word[0] = (uint8_t)((shape->encrypted ? 0x80 : 0) | index >> 24);
	word[1] = (uint8_t)(index >> 16);
	word[2] = (uint8_t)(index >> 8);
	word[3] = (uint8_t)index;
	return n;
}

static void
test_protected(void **state)
{
	uint64_t seed = 31337;

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		unsigned right = 0;

		for (uint32_t index = 1; index <= 2000; index++) {
			struct rtcp_look look;
			uint8_t p[ROOM];
			size_t n = protect(&shapes[i], index, &seed, p);

			assert_true(
			    rtcp_look(slice_of(p, n), index - 1, &look));
			assert_int_not_equal(look.form, RTCP_CLEAR);
			if (shapes[i].encrypted)
				assert_int_not_equal(look.form,
				    RTCP_SRTCP_NULL);
			right +=
			    look.form == shapes[i].form && look.index == index;
		}
		assert_true(right >= 1995);
	}
}

/* The index is not where any known tag would have it. */
static void
test_probable(void **state)
{
	struct rtcp_look look;
	uint8_t p[ROOM];

	(void)state;
	memcpy(p, compound, WHOLE);
	memset(p + SR, 0x11, ROOM - SR);
	assert_true(rtcp_look(slice_of(p, ROOM), 0, &look));
	assert_int_equal(look.form, RTCP_SRTCP_PROBABLE);
}

static bool
last_seen(const struct call *c, struct rtcp_seen *seen)
{
	const struct learnt *l =
	    evidence_last(session_evidence(c->s), FACT_RTCP);

	if (l == NULL)
		return false;
	assert_int_equal(l->bytes.n, sizeof(*seen));
	memcpy(seen, l->bytes.p, sizeof(*seen));
	return true;
}

/* Clear at both ends of a protected session, as baresip sends it. */
static void
test_clear_ends(void **state)
{
	struct call c;
	struct rtcp_seen seen;
	uint64_t seed = 8;
	uint8_t p[ROOM];

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	(void)call_datagram(&c, TO_SERVER, compound, WHOLE);
	assert_true(call_speaks(&c, "rtcp"));
	for (uint32_t i = 1; i < 20; i++) {
		size_t n = protect(&shapes[0], i, &seed, p);

		(void)call_datagram(&c, TO_SERVER, p, n);
	}
	(void)call_datagram(&c, TO_SERVER, compound, WHOLE);
	session_end(c.s);
	assert_true(last_seen(&c, &seen));
	assert_int_equal(seen.count[RTCP_CLEAR], 2);
	assert_int_equal(seen.count[RTCP_SRTCP_80], 19);
	assert_int_equal(seen.first_clear, 1);
	assert_int_equal(seen.last_clear, 1);
	assert_int_equal(seen.ssrc, 0x11223344);
	assert_int_equal(seen.first, 1);
	assert_int_equal(seen.last, 21);
	assert_true(call_count(&c, FACT_RTCP) <= 5);
	call_end(&c);
}

/* A header alone is not enough; twice the same SSRC is. */
static void
test_guess_needs_two(void **state)
{
	struct call c;
	struct rtcp_seen seen;
	uint8_t p[ROOM];

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	memcpy(p, compound, WHOLE);
	memset(p + SR, 0x11, ROOM - SR);
	(void)call_datagram(&c, TO_CLIENT, p, ROOM);
	assert_false(call_speaks(&c, "rtcp"));
	p[7] ^= 1;
	(void)call_datagram(&c, TO_CLIENT, p, ROOM);
	assert_false(call_speaks(&c, "rtcp"));
	(void)call_datagram(&c, TO_CLIENT, p, ROOM);
	assert_true(call_speaks(&c, "rtcp"));
	assert_true(last_seen(&c, &seen));
	assert_int_equal(seen.count[RTCP_SRTCP_PROBABLE], 2);
	call_end(&c);
}

static void
test_cut_says_nothing(void **state)
{
	struct call c;

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	(void)call_cut(&c, TO_SERVER, slice_of(compound, SR), WHOLE);
	assert_false(call_speaks(&c, "rtcp"));
	call_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_protected),
		cmocka_unit_test(test_probable),
		cmocka_unit_test(test_clear_ends),
		cmocka_unit_test(test_guess_needs_two),
		cmocka_unit_test(test_cut_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
