/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames.h - do these look like frames of media on a stream? A judge sees the
 * beginning of one frame after the other and adds up what speaks for it. A
 * value on the stack.
 */
#ifndef DISSECT_FRAMES_H
#define DISSECT_FRAMES_H

#include "core/cursor.h"

enum frame {
	FRAME_BAD,   /* no datagram of RTP, RTCP, STUN, DTLS or ZRTP */
	FRAME_SHORT, /* too few octets are here to say */
	FRAME_GOOD
};

enum { FRAME_SSRCS = 4 };

struct frame_judge {
	uint32_t ssrc[FRAME_SSRCS];
	uint16_t seq[FRAME_SSRCS];
	unsigned ssrcs;
	unsigned frames; /* good ones */
	unsigned score;  /* 2 for RTP that continues, up to 4 for STUN */
};

/* `head`: what is there of a frame of `length` octets. */
enum frame frame_judge(struct frame_judge *j, struct slice head,
    size_t length) MUST_CHECK;
/* Three frames whose lengths hold, or one that cannot be chance. */
bool frame_convinced(const struct frame_judge *j);

/*
 * Looks for the next frame after a hole. `at` says whether frames begin at
 * `bytes`: FRAME_SHORT means perhaps. Gives the octets to leave out; FRAME_BAD
 * if no frame begins anywhere.
 */
typedef enum frame frame_at(const void *ctx, struct slice bytes);
enum frame frame_search(frame_at *at, const void *ctx, struct slice bytes,
    size_t *leave);

#endif
