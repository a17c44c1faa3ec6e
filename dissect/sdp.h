/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sdp.h - session descriptions, whatever carries them.
 */
#ifndef DISSECT_SDP_H
#define DISSECT_SDP_H

#include "dissect/dissect.h"

enum sdp_role { SDP_OFFER, SDP_ANSWER, SDP_CANNOT_TELL };

struct sdp_origin {
	uint64_t call; /* hash of the Call-ID, 0 if there is none */
	uint32_t cseq;
	enum sdp_role role;
	bool provisional; /* in a 1xx response */
};

/*
 * Learns SDP_MEDIA, SDP_CANDIDATE, SDP_KEY and SDP_MIKEY. Of a key nothing is
 * kept but the name of its suite. Returns the set of 1 << enum media_kind of
 * what the description holds; 0 if it is none.
 */
unsigned sdp_learn(struct session *s, struct slice body,
    const struct sdp_origin *origin);

#endif
