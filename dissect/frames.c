/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first octets of RFC 7983 that can begin a datagram of media, with what
 * else of each protocol is certain.
 *
 * Spec: RFC 4571, RFC 7983, RFC 3550, RFC 8489, RFC 9147.
 */
#include "dissect/frames.h"

#include "dissect/rtcp.h"

enum {
	STEP_MOST = 16,
	FRAMES_LEAST = 3,
	SCORE_LEAST = 3,
	RTP_HEADER = 12,
	STUN_LEAST = 20,
	DTLS_HEADER = 13,
};

#define MODERN_COOKIE 0x2112a442u
#define ZRTP_COOKIE   0x5a525450u

static bool
continues(struct frame_judge *j, uint32_t ssrc, uint16_t seq)
{
	for (unsigned i = 0; i < j->ssrcs; i++) {
		if (j->ssrc[i] != ssrc)
			continue;
		uint16_t step = (uint16_t)(seq - j->seq[i]);

		j->seq[i] = seq;
		return step >= 1 && step <= STEP_MOST;
	}
	if (j->ssrcs == FRAME_SSRCS)
		return false;
	j->ssrc[j->ssrcs] = ssrc;
	j->seq[j->ssrcs++] = seq;
	return false;
}

/* RFC 3550 sections 5.1 and 6.4. */
static enum frame
judge_rtp(struct frame_judge *j, struct cursor c, size_t length)
{
	uint8_t second;
	uint16_t seq;
	uint32_t ssrc;

	if (length < 8)
		return FRAME_BAD;
	if (!cur_skip(&c, 1) || !cur_u8(&c, &second) || !cur_u16(&c, &seq))
		return FRAME_SHORT;
	if (rtcp_type(second)) {
		if ((size_t)seq * 4 + 4 > length)
			return FRAME_BAD;
		j->score += 1;
		return FRAME_GOOD;
	}
	if (length < RTP_HEADER)
		return FRAME_BAD;
	if (!cur_skip(&c, 4) || !cur_u32(&c, &ssrc))
		return FRAME_SHORT;
	if (continues(j, ssrc, seq))
		j->score += 2;
	return FRAME_GOOD;
}

/* RFC 8489 section 5 */
static enum frame
judge_stun(struct frame_judge *j, struct cursor c, size_t length)
{
	uint16_t octets;
	uint32_t cookie;

	if (length < STUN_LEAST)
		return FRAME_BAD;
	if (!cur_skip(&c, 2) || !cur_u16(&c, &octets) || !cur_u32(&c, &cookie))
		return FRAME_SHORT;
	if (cookie != MODERN_COOKIE || octets != length - STUN_LEAST)
		return FRAME_BAD;
	j->score += 4;
	return FRAME_GOOD;
}

/* RFC 6347 section 4.1 */
static enum frame
judge_dtls(struct frame_judge *j, struct cursor c, size_t length)
{
	uint16_t version;
	uint16_t octets;

	if (length < DTLS_HEADER)
		return FRAME_BAD;
	if (!cur_skip(&c, 1) || !cur_u16(&c, &version) || !cur_skip(&c, 8) ||
	    !cur_u16(&c, &octets))
		return FRAME_SHORT;
	if ((version != 0xfeff && version != 0xfefd) ||
	    octets > length - DTLS_HEADER)
		return FRAME_BAD;
	j->score += 3;
	return FRAME_GOOD;
}

/* RFC 6189 section 5 */
static enum frame
judge_zrtp(struct frame_judge *j, struct cursor c)
{
	uint32_t cookie;

	if (!cur_skip(&c, 4) || !cur_u32(&c, &cookie))
		return FRAME_SHORT;
	if (cookie != ZRTP_COOKIE)
		return FRAME_BAD;
	j->score += 3;
	return FRAME_GOOD;
}

enum frame
frame_judge(struct frame_judge *j, struct slice head, size_t length)
{
	struct cursor c = cur_of(slice_head(head, length));
	struct cursor look = c;
	uint8_t first;
	enum frame r = FRAME_BAD;

	if (!cur_u8(&look, &first))
		return length > 0 ? FRAME_SHORT : FRAME_BAD;
	if (first >= 128 && first <= 191)
		r = judge_rtp(j, c, length);
	else if (first <= 3)
		r = judge_stun(j, c, length);
	else if (first >= 20 && first <= 63)
		r = judge_dtls(j, c, length);
	else if (first == 16)
		r = judge_zrtp(j, c);
	if (r == FRAME_GOOD)
		j->frames++;
	return r;
}

bool
frame_convinced(const struct frame_judge *j)
{
	return (j->frames >= FRAMES_LEAST && j->score >= SCORE_LEAST) ||
	    j->score >= 4;
}

enum frame
frame_search(frame_at *at, const void *ctx, struct slice bytes, size_t *leave)
{
	for (size_t i = 0; i < bytes.n; i++) {
		enum frame r = at(ctx, slice_from(bytes, i));

		*leave = i;
		if (r != FRAME_BAD)
			return r;
	}
	*leave = bytes.n;
	return FRAME_BAD;
}
